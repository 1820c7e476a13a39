//! All that can be done by name or by a key, as one list: the palette searches it, the keyboard and the help read it.

mod codes;
mod explore;
mod files;
mod keep;
mod map;
mod models;
mod prior;
mod train;
mod window;

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use super::{Command, Scene, View, code_map, own_picture};
use crate::language::{Language, speak, spoken};

/// Something that a person can do.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// What it is called.
    pub(super) name: String,
    /// What it belongs to and is called in English, for the palette of a window in another language.
    pub(super) english: String,
    /// What it belongs to.
    pub(super) group: &'static str,
    /// The keys that do it.
    pub(super) keys: Option<KeyboardShortcut>,
    /// Whether it can be done now.
    pub(super) is_offered: bool,
    /// What does it.
    pub(super) commands: Vec<Command>,
}

/// Collects actions.
struct Actions {
    group: &'static str,
    all: Vec<Action>,
}

impl Actions {
    fn add(&mut self, name: impl Into<String>, keys: Option<KeyboardShortcut>, command: Command) {
        self.add_if(true, name, keys, command);
    }

    fn add_if(
        &mut self,
        is_offered: bool,
        name: impl Into<String>,
        keys: Option<KeyboardShortcut>,
        command: Command,
    ) {
        self.add_all_if(is_offered, name, keys, vec![command]);
    }

    /// Several commands that are one action.
    fn add_all_if(
        &mut self,
        is_offered: bool,
        name: impl Into<String>,
        keys: Option<KeyboardShortcut>,
        commands: Vec<Command>,
    ) {
        let group = self.group;
        let (name, english) = (name.into(), String::new());
        self.all.push(Action { name, english, group, keys, is_offered, commands });
    }
}

/// A key alone.
const PLAIN: Modifiers = Modifiers::NONE;
/// Ctrl, or ⌘ where that is usual.
const CTRL: Modifiers = Modifiers::COMMAND;
/// The same with Shift.
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// A key with modifiers, as actions have it.
#[expect(clippy::unnecessary_wraps, reason = "an action has keys or none")]
const fn keys(modifiers: Modifiers, key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(modifiers, key))
}

/// Whether there is a latent space to be in.
fn explores(scene: &Scene<'_>) -> bool {
    let model = &scene.model;
    !model.family.is_empty() && !model.only_classifies && !model.only_codes
}

/// Everything that can be done, in the order of the help.
pub(super) fn all(scene: &Scene<'_>, view: &View) -> Vec<Action> {
    let mut actions = listed(scene, view);
    let language = spoken();
    if view.command_palette.is_some() && language != Language::English {
        speak(Language::English);
        let in_english = listed(scene, view);
        speak(language);
        for (action, Action { group, name, .. }) in actions.iter_mut().zip(in_english) {
            action.english = format!("{group} {name}");
        }
    }
    actions
}

fn listed(scene: &Scene<'_>, view: &View) -> Vec<Action> {
    let mut actions = Actions { group: "", all: Vec::new() };
    explore::explore(&mut actions, scene);
    explore::pad(&mut actions, scene);
    codes::codes(&mut actions, scene, view);
    map::map(&mut actions, scene, view);
    prior::prior(&mut actions, scene);
    keep::keep(&mut actions, scene, view);
    keep::directions(&mut actions, scene, view);
    models::layers(&mut actions, scene);
    models::own_picture(&mut actions, scene, view);
    models::side_by_side(&mut actions, scene);
    train::training(&mut actions, scene, view);
    train::runs(&mut actions, scene);
    models::evaluate(&mut actions, scene, view);
    files::files(&mut actions, scene, view);
    window::window(&mut actions, scene, view);
    actions.all
}

/// The keys of what asks for this.
pub(super) fn keys_of(actions: &[Action], command: &Command) -> Option<KeyboardShortcut> {
    actions.iter().find(|action| action.commands.contains(command))?.keys
}

/// Keys as a person knows them.
pub(super) fn written(ctx: &egui::Context, keys: KeyboardShortcut) -> String {
    // What Shift makes of a key has a sign of its own.
    if keys.logical_key == Key::Questionmark {
        return "?".to_owned();
    }
    ctx.format_shortcut(&keys)
}

/// Keys that press whatever has the keyboard.
const PRESSES: [Key; 2] = [Key::Space, Key::Enter];

/// What the keyboard asks for, unless a text field has it.
pub(super) fn of_keys(ui: &Ui, scene: &Scene<'_>, actions: &[Action]) -> Vec<Command> {
    if ui.ctx().text_edit_focused() {
        return Vec::new();
    }
    let is_focused = ui.ctx().memory(|memory| memory.focused().is_some());
    let mut commands = Vec::new();
    // Those with the most modifiers first: Ctrl+Z is no part of Ctrl+Shift+Z.
    let mut with_keys: Vec<_> =
        actions.iter().filter_map(|action| Some((action.keys?, action))).collect();
    let modifiers =
        |keys: &KeyboardShortcut| u8::from(keys.modifiers.command) + u8::from(keys.modifiers.shift);
    with_keys.sort_by_key(|(keys, _)| std::cmp::Reverse(modifiers(keys)));
    let plain = with_keys.iter().filter(|(keys, _)| keys.modifiers.is_none());
    let is_own = |key: &Key| {
        (is_focused && PRESSES.contains(key)) || code_map::takes_key(ui.ctx(), scene, *key)
    };
    let own: Vec<Key> = plain.map(|(keys, _)| keys.logical_key).filter(is_own).collect();
    ui.input_mut(|input| {
        for (keys, action) in with_keys {
            if action.is_offered
                && !own.contains(&keys.logical_key)
                && input.consume_shortcut(&keys)
            {
                commands.extend(action.commands.iter().cloned());
            }
        }
        for event in &input.events {
            match event {
                egui::Event::Copy => commands.push(Command::CopyPoint),
                egui::Event::Paste(text) => commands.push(Command::PastePoint(text.clone())),
                egui::Event::PasteImage(image) => commands.push(own_picture::pasted(image)),
                _ => {}
            }
        }
    });
    commands
}
