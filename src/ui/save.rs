//! A button that saves something: to a path that is typed, or to one from the system's dialog.

use std::path::PathBuf;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, TextEdit, Ui};

/// Shows the button; gives the path that was typed, or none inside when the dialog is wanted.
pub(super) fn button(
    ui: &mut Ui,
    text: &str,
    hint: &str,
    path: &mut String,
) -> Option<Option<PathBuf>> {
    let mut wanted = None;
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::new(text).config(config).ui(ui, |ui| {
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(path).hint_text("a path").desired_width(200.0);
            let field = ui.add(field).on_hover_text("Where to; Enter saves.");
            let entered =
                field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let clicked = ui.button("Save there").on_hover_text("Save to this path.").clicked();
            if (entered || clicked) && !path.trim().is_empty() {
                wanted = Some(Some(PathBuf::from(path.trim())));
            }
            if ui.button("Choose…").on_hover_text("Choose a place in a dialog.").clicked() {
                wanted = Some(None);
            }
            if wanted.is_some() {
                ui.close();
            }
        });
    });
    response.on_hover_text(hint);
    wanted
}
