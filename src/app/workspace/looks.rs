//! How a person looks at everything: pages, tabs and options.

use serde::{Deserialize, Serialize};

use crate::app::ZscopeApp;
use crate::app::queue::KeptRun;
use crate::app::returning::Returning;
use crate::session::anchor::Anchor;
use crate::session::lenient::{known, or_default};
use crate::session::map;
use crate::session::traversals::Traversals;
use crate::ui::{KeptCurves, Kind, MapMode, Pane};
use crate::ui::{Page, TrainForm};

/// More views are not in front of others.
const MOST_FRONTS: usize = 2 * Pane::ALL.len();

/// What is kept of it; what a file does not tell stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Looks {
    #[serde(deserialize_with = "or_default")]
    page: Option<Page>,
    /// The views in front of others.
    #[serde(deserialize_with = "known")]
    fronts: Vec<(Kind, Pane)>,
    #[serde(deserialize_with = "or_default")]
    traversals: Option<Traversals>,
    #[serde(deserialize_with = "or_default")]
    map: Option<map::Choices>,
    #[serde(deserialize_with = "or_default")]
    map_mode: Option<MapMode>,
    #[serde(deserialize_with = "or_default")]
    curves: Option<KeptCurves>,
    /// What would be trained.
    #[serde(deserialize_with = "or_default")]
    form: Option<KeptRun>,
    /// What a person has the film strip draw.
    #[serde(deserialize_with = "or_default")]
    strip: Option<Anchor>,
}

impl ZscopeApp {
    pub(super) fn looks(&self) -> Looks {
        let view = &self.view;
        let traversals = Traversals { base: self.kept_base(), ..view.traversals.clone() };
        Looks {
            page: Some(view.page),
            fronts: view.dock.fronts(),
            traversals: Some(traversals),
            map: Some(self.kept_map()),
            map_mode: Some(view.map.mode),
            curves: Some(view.curves.kept()),
            form: Some(KeptRun::from(&view.form)),
            strip: self.kept_strip_source(),
        }
    }

    /// Looks at everything as it was kept; `opens` says whether at the model and the data of that time.
    pub(super) fn take_up_looks(&mut self, looks: Looks, opens: bool) {
        let view = &mut self.view;
        view.dock.bring(&looks.fronts[..looks.fronts.len().min(MOST_FRONTS)]);
        if let Some(curves) = looks.curves {
            view.curves.take_up(&curves);
        }
        view.map.mode = looks.map_mode.unwrap_or(view.map.mode);
        let traversals = looks.traversals.map(Traversals::admitted);
        let base = traversals.as_ref().map(|traversals| traversals.base);
        if let Some(traversals) = traversals {
            view.traversals = Traversals { base: Anchor::Point, ..traversals };
        }
        if let Some(form) = looks.form {
            match form.queued() {
                // The data of the form is what is open, or will be.
                Ok(run) => view.form = TrainForm { data: view.form.data.clone(), ..run.form },
                Err(error) => log::warn!("what was to be trained the last time: {error}"),
            }
        }
        self.returning = if opens {
            self.view.page = looks.page.unwrap_or(self.view.page);
            Returning::new(base, looks.strip, looks.map)
        } else {
            Returning::new(None, None, looks.map.map(map::Choices::for_any_model))
        };
    }
}
