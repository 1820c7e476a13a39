//! Other models and runs beside the one in the explorer.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ModelPlace;
use crate::app::{ZscopeApp, companions};
use crate::open::Opened;
use crate::session::Compared;
use crate::session::evaluate::Evaluate;
use crate::session::lenient::{known, or_default};
use crate::train::live::Probe;
use crate::ui::Link;

/// What is kept of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Others {
    /// Those that draw the same.
    #[serde(deserialize_with = "known")]
    companions: Vec<ModelPlace>,
    /// What all of them draw.
    #[serde(deserialize_with = "or_default")]
    link: Option<Link>,
    /// Runs whose curves lie behind those of the run.
    #[serde(deserialize_with = "known")]
    compared: Vec<PathBuf>,
    /// Models that a person added to those that are measured, as they are opened.
    #[serde(deserialize_with = "known")]
    evaluated: Vec<String>,
}

impl ZscopeApp {
    pub(super) fn others(&self) -> Others {
        let compared = self.compared.iter().filter_map(Compared::run_dir);
        let entries = self.evaluation.models.entries().iter();
        Others {
            companions: self.companions.opened().filter_map(companion_place).collect(),
            link: Some(self.companions.link).filter(|link| *link != Link::OwnPicture),
            compared: compared.filter_map(whole).collect(),
            evaluated: entries
                .filter(|entry| entry.is_kept)
                .map(|entry| kept_name(&entry.candidate.model))
                .collect(),
        }
    }

    /// Opens them beside those that there are, as far as they are still there and there is room.
    pub(super) fn take_up_others(&mut self, others: Others) {
        let link = others.link.filter(|link| match link {
            Link::Latent => true,
            Link::Image(index) => *index < Probe::IMAGES,
            // Pictures of one's own do not return.
            Link::OwnPicture => false,
        });
        if let Some(link) = link {
            self.link_companions(link);
        }
        let open: Vec<_> = self.companions.opened().filter_map(companion_place).collect();
        let room = companions::MOST.saturating_sub(open.len());
        let new = others.companions.iter().filter(|place| !open.contains(place));
        let new: Vec<PathBuf> = new.filter_map(ModelPlace::there).take(room).collect();
        for path in new {
            self.add_companion(&path);
        }
        let open: Vec<PathBuf> =
            self.compared.iter().filter_map(Compared::run_dir).filter_map(whole).collect();
        let room = Compared::MOST.saturating_sub(open.len());
        let new = others.compared.into_iter().filter(|dir| !open.contains(dir) && is_there(dir));
        for dir in new.take(room) {
            self.compare_run(dir);
        }
        let room = Evaluate::MOST.saturating_sub(self.evaluation.models.entries().len());
        let new = others.evaluated.iter().map(Path::new).filter(|model| is_there(model));
        for model in new.take(room) {
            self.evaluate_run(model);
        }
    }
}

/// The place of a model beside the one in the explorer: of a run, the checkpoint that is shown.
fn companion_place(opened: &Opened) -> Option<ModelPlace> {
    let Some(dir) = &opened.run_dir else { return ModelPlace::of(&opened.path) };
    let dir = whole(dir)?;
    Some(ModelPlace::Path(format!("{}@{}", dir.display(), opened.step).into()))
}

/// A path that holds wherever the program is started next; nothing where a text cannot hold it.
pub(super) fn whole(path: &Path) -> Option<PathBuf> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.to_str().is_some().then_some(whole)
}

/// The same for what a model is opened by, which may name a checkpoint of a run.
fn kept_name(model: &str) -> String {
    match whole(Path::new(model)) {
        Some(path) if path.exists() => path.display().to_string(),
        _ => model.to_owned(),
    }
}

/// Whether there is something to open; says so where there is not.
pub(super) fn is_there(model: &Path) -> bool {
    let text = model.to_string_lossy();
    let dir = text.rsplit_once('@').map(|(dir, _)| Path::new(dir));
    let is_demo = crate::app::demo::of_path(model).is_some();
    let is_there = is_demo || model.exists() || dir.is_some_and(Path::exists);
    if !is_there {
        log::warn!("{} of last time is gone", model.display());
    }
    is_there
}
