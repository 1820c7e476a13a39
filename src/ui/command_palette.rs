//! The palette that finds what can be done by its name, and the list of all keys.

use egui::{Key, Label, Modal, RichText, ScrollArea, TextEdit, Ui};

use super::actions::{Action, written};
use super::{Command, View, theme, view_keys};
use crate::language::{told, tr};

/// The size of both, in points.
const SIZE: egui::Vec2 = egui::vec2(520.0, 380.0);

/// What is typed into the palette, and which of the found actions is chosen.
#[derive(Clone, Debug, Default)]
pub struct CommandPalette {
    words: String,
    chosen: usize,
    is_fresh: bool,
}

impl CommandPalette {
    /// An empty one.
    pub fn new() -> Self {
        Self { is_fresh: true, ..Self::default() }
    }
}

/// Shows what is open of the two.
pub(super) fn show(ui: &Ui, actions: &[Action], view: &mut View, out: &mut Vec<Command>) {
    if let Some(palette) = &mut view.command_palette {
        let mut run = Vec::new();
        let modal = Modal::new(egui::Id::unique("palette")).show(ui.ctx(), |ui| {
            ui.set_min_size(SIZE);
            ui.set_max_size(SIZE);
            run = find(ui, actions, palette);
        });
        if !run.is_empty() || modal.should_close() {
            view.command_palette = None;
        }
        out.extend(run);
    }
    if view.shows_keys {
        let modal = Modal::new(egui::Id::unique("keys")).show(ui.ctx(), |ui| {
            ui.set_min_size(SIZE);
            ui.set_max_size(SIZE);
            keys(ui, actions);
        });
        if modal.should_close() {
            view.shows_keys = false;
        }
    }
}

/// A field for words, and what they lead to; gives what a person chose.
fn find(ui: &mut Ui, actions: &[Action], palette: &mut CommandPalette) -> Vec<Command> {
    let field = TextEdit::singleline(&mut palette.words)
        .hint_text(tr!("What do you want to do?"))
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    field.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::TextInput, true, tr!("Find something to do"))
    });
    if std::mem::take(&mut palette.is_fresh) || field.lost_focus() {
        field.request_focus();
    }
    if field.changed() {
        palette.chosen = 0;
    }
    let found = matching(actions, &palette.words);
    let last = found.len().saturating_sub(1);
    let pressed =
        |key| ui.input_mut(|input| input.count_and_consume_key(egui::Modifiers::NONE, key));
    let [down, up] = [Key::ArrowDown, Key::ArrowUp].map(pressed);
    palette.chosen = (palette.chosen + down).saturating_sub(up).min(last);
    let entered = ui.input(|input| input.key_pressed(Key::Enter));
    let mut run = Vec::new();
    ui.separator();
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        if found.is_empty() {
            ui.label(theme::muted(tr!("Nothing is called so.")));
        }
        for (index, action) in found.iter().enumerate() {
            let is_chosen = index == palette.chosen;
            let name = RichText::new(&action.name);
            let keys = action.keys.map(|keys| written(ui.ctx(), keys)).unwrap_or_default();
            let button = egui::Button::selectable(is_chosen, name)
                .shortcut_text(keys)
                .min_size(egui::vec2(ui.available_width(), 0.0));
            let response = ui.add_enabled(action.is_offered, button);
            if is_chosen && (down + up > 0) {
                response.scroll_to_me(None);
            }
            let is_run = response.clicked() || (is_chosen && entered && action.is_offered);
            if is_run {
                run.clone_from(&action.commands);
            }
            response.on_disabled_hover_text(tr!("This cannot be done now."));
        }
    });
    run
}

/// The actions whose names have all words, in the window's language or in English: those that begin with them first, then
/// those whose names have least beside them.
fn matching<'a>(actions: &'a [Action], words: &str) -> Vec<&'a Action> {
    let words = words.to_lowercase();
    let has_all = |action: &&Action| {
        let name = format!("{} {} {}", action.group, action.name, action.english).to_lowercase();
        let words = words.split_whitespace();
        // A name is typed as it stands in a menu as well: "Demo: VAE".
        words.map(|word| word.trim_matches([':', '…', '.', ','])).all(|word| name.contains(word))
    };
    let mut found: Vec<&Action> = actions.iter().filter(has_all).collect();
    let begins = |action: &Action| action.name.to_lowercase().starts_with(words.trim());
    let beside = |action: &Action| if words.is_empty() { 0 } else { action.name.len() };
    found.sort_by_key(|action| (!action.is_offered, !begins(action), beside(action)));
    found
}

/// Every key and what it does.
fn keys(ui: &mut Ui, actions: &[Action]) {
    ui.label(theme::heading(tr!("Keys")));
    ui.label(theme::muted(tr!(
        "Ctrl+K finds everything by its name. Tab and the arrows reach every control."
    )));
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        egui::Grid::new("keys").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
            let mut group = "";
            for action in actions {
                let Some(keys) = action.keys else { continue };
                if action.group != group {
                    group = action.group;
                    ui.label(RichText::new(group).strong());
                    ui.end_row();
                }
                ui.label(theme::number(written(ui.ctx(), keys)));
                ui.add(Label::new(&action.name).truncate());
                ui.end_row();
            }
            for (keys, name) in [
                ("Ctrl+C", tr!("Copy the point as numbers")),
                ("Ctrl+V", tr!("Go to a point, or open a path, from the clipboard")),
            ] {
                ui.label(theme::number(keys));
                ui.label(name);
                ui.end_row();
            }
        });
        ui.add_space(8.0);
        ui.label(theme::muted(tr!("While a view has the keyboard, which Tab leads to:")));
        egui::Grid::new("keys of views")
            .num_columns(2)
            .spacing([24.0, 4.0])
            .show(ui, keys_of_views);
    });
}

fn keys_of_views(ui: &mut Ui) {
    for (pane, keys) in view_keys::all() {
        ui.label(RichText::new(told(pane.name())).strong());
        ui.end_row();
        for (keys, does) in keys {
            ui.label(theme::number(told(keys)));
            ui.add(Label::new(told(does)).truncate());
            ui.end_row();
        }
    }
}
