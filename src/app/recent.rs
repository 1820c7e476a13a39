//! The models that were opened last, kept from one start of the program to the next.

use crate::open::Opened;

/// What the list is called where eframe keeps it.
const KEY: &str = "recent models";
/// How many are kept.
const MOST: usize = 8;

/// Paths of models, the newest first.
#[derive(Debug, Default)]
pub(super) struct Recent(Vec<String>);

impl Recent {
    /// What was kept at the last end, without what is gone since.
    pub(super) fn kept(storage: Option<&dyn eframe::Storage>) -> Self {
        let kept: Vec<String> =
            storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default();
        let is_there = |path: &String| std::path::Path::new(path).exists();
        Self(kept.into_iter().filter(is_there).take(MOST).collect())
    }

    /// Keeps the list.
    pub(super) fn keep(&self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, KEY, &self.0);
    }

    /// Puts a model at the head; embedded ones, which have no file, are left out.
    pub(super) fn add(&mut self, opened: &Opened) {
        let path = opened.run_dir.as_ref().unwrap_or(&opened.path);
        let Ok(path) = path.canonicalize() else { return };
        let path = path.display().to_string();
        self.0.retain(|known| *known != path);
        self.0.insert(0, path);
        self.0.truncate(MOST);
    }

    /// The paths, the newest first.
    pub(super) fn paths(&self) -> &[String] {
        &self.0
    }
}
