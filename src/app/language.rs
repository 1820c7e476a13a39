//! The language of the window, kept from one start of the program to the next.

use crate::language::{Language, spoken};

/// What it is called where eframe keeps it.
const KEY: &str = "language";

/// The language that was chosen, or else the system's where that is there; English for scripts, whose pictures must not
/// depend on a person.
pub(super) fn at_start(storage: Option<&dyn eframe::Storage>) -> Language {
    let Some(storage) = storage else { return Language::English };
    let kept = storage.get_string(KEY).and_then(|tag| Language::from_tag(&tag));
    let of_system = || Language::from_tag(&sys_locale::get_locale()?);
    kept.or_else(of_system).unwrap_or_default()
}

/// Keeps it.
pub(super) fn keep(storage: &mut dyn eframe::Storage) {
    storage.set_string(KEY, spoken().tag().to_owned());
}
