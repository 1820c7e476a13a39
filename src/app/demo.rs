//! The embedded models in the window.

use std::path::Path;

use super::ZscopeApp;
use super::jobs::Done;
use crate::ui::Demo;

impl ZscopeApp {
    /// Puts an embedded model into the explorer.
    pub(super) fn open_demo(&mut self, demo: Demo) {
        let Some(question) = self.ask_for_model() else { return };
        self.jobs.spawn("demo", move |done| {
            let opened = crate::open::open(demo.path()).map_err(|error| error.to_string());
            done(Done::Model { question, opened: opened.map(Box::new) });
        });
    }
}

/// Which embedded model an opened one is.
pub(super) fn of_path(path: &Path) -> Option<Demo> {
    [Demo::Vae, Demo::VqVae].into_iter().find(|demo| Path::new(demo.path()) == path)
}
