//! A button that saves something: to a path that is typed, or to one from the system's dialog.

use std::path::PathBuf;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, TextEdit, Ui};

use crate::language::tr;

/// Where something is to be saved.
pub(super) enum Place {
    /// At a path that was typed.
    Typed(PathBuf),
    /// Wherever the system's dialog says.
    Asked,
}

impl Place {
    /// The typed path; nothing where the dialog is to be asked.
    pub(super) fn path(self) -> Option<PathBuf> {
        match self {
            Self::Typed(path) => Some(path),
            Self::Asked => None,
        }
    }
}

/// Shows the button; gives the place once a person has chosen one.
pub(super) fn button(ui: &mut Ui, text: &str, hint: &str, path: &mut String) -> Option<Place> {
    let mut wanted = None;
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::new(text).config(config).ui(ui, |ui| {
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(path).hint_text(tr!("a path")).desired_width(200.0);
            let field = ui.add(field).on_hover_text(tr!("Where to; Enter saves."));
            let entered =
                field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let clicked =
                ui.button(tr!("Save there")).on_hover_text(tr!("Save to this path.")).clicked();
            if (entered || clicked) && !path.trim().is_empty() {
                wanted = Some(Place::Typed(PathBuf::from(path.trim())));
            }
            if ui.button(tr!("Choose…")).on_hover_text(tr!("Choose a place in a dialog.")).clicked()
            {
                wanted = Some(Place::Asked);
            }
            if wanted.is_some() {
                ui.close();
            }
        });
    });
    response.on_hover_text(hint);
    wanted
}
