//! A path to type, where the system has no dialog to choose one in.

use egui::{Key, Modal, Role, TextEdit, Ui, WidgetInfo};

use super::{Command, View, theme};
use crate::language::tr;

/// What a path is typed for, and what is typed.
#[derive(Clone, Debug)]
pub struct PathPrompt {
    title: &'static str,
    path: String,
    is_fresh: bool,
}

impl PathPrompt {
    /// One that begins with a path.
    pub const fn new(title: &'static str, path: String) -> Self {
        Self { title, path, is_fresh: true }
    }
}

/// Shows it while there is one.
pub(super) fn show(ui: &Ui, view: &mut View, out: &mut Vec<Command>) {
    let Some(prompt) = &mut view.path_prompt else { return };
    let mut is_over = false;
    let modal = Modal::new(egui::Id::unique("path prompt")).show(ui.ctx(), |ui| {
        ui.set_max_width(420.0);
        ui.label(theme::heading(prompt.title));
        ui.label(theme::muted(tr!(
            "This system shows no file dialog (one comes with a desktop's portal, or with zenity). Type the path."
        )));
        let field = TextEdit::singleline(&mut prompt.path).hint_text(tr!("a path"));
        let field = ui.add(field.desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, tr!("Path")));
        if std::mem::take(&mut prompt.is_fresh) {
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let path = prompt.path.trim();
            let done = ui.add_enabled(!path.is_empty(), egui::Button::new(tr!("Take this path")));
            let done = done.on_hover_text(tr!("Go on with this path; Enter does as well."));
            if done.clicked() || (entered && !path.is_empty()) {
                out.push(Command::TypedPath(path.into()));
                is_over = true;
            }
            is_over |= ui.button(tr!("Cancel")).on_hover_text(tr!("Do nothing.")).clicked();
        });
    });
    if is_over || modal.should_close() {
        view.path_prompt = None;
    }
}
