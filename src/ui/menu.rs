//! Entries of menus, with the keys that do the same.

use egui::{Atom, Button, Checkbox, Response, RichText, Role, Ui, WidgetInfo};

use super::Command;
use super::actions::{self, Action};

/// An entry that asks for something.
pub(super) fn entry(ui: &mut Ui, actions: &[Action], name: &str, command: &Command) -> Response {
    let keys = keys_of(ui, actions, command);
    let mut button = Button::new(name);
    if let Some(keys) = &keys {
        button = button.shortcut_text(keys.as_str());
    }
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    tell_keys(ui, &response, keys);
    response
}

/// An entry that is on or off; `command` is what the keys ask for.
pub(super) fn switch(
    ui: &mut Ui,
    actions: &[Action],
    is_on: &mut bool,
    name: &str,
    command: &Command,
) -> Response {
    let keys = keys_of(ui, actions, command);
    let response = match &keys {
        Some(keys) => {
            let keys = RichText::new(keys).weak();
            ui.add(Checkbox::new(is_on, (name, Atom::grow(), keys)))
        }
        None => ui.checkbox(is_on, name),
    };
    let is_on = *is_on;
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_on, name));
    tell_keys(ui, &response, keys);
    response
}

fn keys_of(ui: &Ui, actions: &[Action], command: &Command) -> Option<String> {
    actions::keys_of(actions, command).map(|keys| actions::written(ui.ctx(), keys))
}

/// To screen readers: its name is what it does alone.
fn tell_keys(ui: &Ui, response: &Response, keys: Option<String>) {
    if let Some(keys) = keys {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_keyboard_shortcut(keys));
    }
}

/// Gives the keyboard to a field of a menu when that opens, so that what is typed next goes into it.
pub(super) fn give_keyboard(field: &Response) {
    // A menu is measured before it is shown, and takes no keys then.
    if !field.enabled() {
        return;
    }
    let ctx = &field.ctx;
    let now = ctx.cumulative_frame_nr();
    let shown_in = field.id.with("shown in");
    let before = ctx.data_mut(|data| std::mem::replace(data.get_temp_mut_or(shown_in, 0), now));
    if now > before + 1 {
        field.request_focus();
    }
}
