//! All that can be done by name or by a key, as one list: the palette searches it, the keyboard and the help read it.

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use super::{Command, Demo, Page, Scene, View, own_picture};
use crate::session::Phase;
use crate::session::anchor::Anchor;

/// Something that a person can do.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// What it is called.
    pub(super) name: String,
    /// What it belongs to.
    pub(super) group: &'static str,
    /// The keys that do it.
    pub(super) keys: Option<KeyboardShortcut>,
    /// Whether it can be done now.
    pub(super) is_offered: bool,
    /// What does it.
    pub(super) command: Command,
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
        let group = self.group;
        self.all.push(Action { name: name.into(), group, keys, is_offered, command });
    }
}

const fn key(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}

const fn shift(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::SHIFT, key))
}

const fn command(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}

const fn command_shift(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key))
}

/// The keys of the first views.
const DIGITS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// Everything that can be done, in the order of the help.
pub(super) fn all(scene: &Scene<'_>, view: &View) -> Vec<Action> {
    let mut actions = Actions { group: "", all: Vec::new() };
    explore(&mut actions, scene);
    keep(&mut actions, scene);
    training(&mut actions, scene, view);
    files(&mut actions, scene);
    window(&mut actions, view);
    actions.all
}

fn explore(actions: &mut Actions, scene: &Scene<'_>) {
    let explore = scene.explore;
    actions.group = "Explore";
    actions.add("Jump to a random draw", key(Key::D), Command::JumpToDraw);
    let zero = Command::SetLatent(vec![0.0; explore.latent().len()]);
    actions.add("Go to the middle of the latent space", key(Key::Num0), zero);
    actions.add_if(explore.can_undo(), "Undo", command(Key::Z), Command::Undo);
    actions.add_if(explore.can_redo(), "Redo", command_shift(Key::Z), Command::Redo);
    actions.add("Copy the point as numbers", None, Command::CopyPoint);
    match explore.seeds() {
        None => actions.add("Explore the plane of seeds", key(Key::S), Command::SetSeeds([0.5; 2])),
        Some(_) => {
            actions.add("Snap to the nearest seed", key(Key::S), Command::SnapSeeds);
            actions.add("Leave the plane of seeds", None, Command::LeaveSeeds);
        }
    }
    let corners = (0..4).map(Command::RedrawCorner);
    for (corner, redraw) in super::pad::CORNERS.into_iter().zip(corners) {
        actions.add(format!("Redraw the pad's corner: {}", corner.to_lowercase()), None, redraw);
    }
    let is_live = scene.model.is_live;
    let (name, freeze) = match explore.is_frozen() {
        true => ("Follow the newest weights", false),
        false => ("Freeze the weights of the picture", true),
    };
    actions.add_if(is_live, name, key(Key::F), Command::Freeze(freeze));
    for (class, name) in scene.model.classes.iter().enumerate() {
        actions.add(format!("Show class: {name}"), None, Command::ShowClass(class));
    }
}

fn keep(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = "Keep and walk";
    actions.add("Keep this point", key(Key::B), Command::AddBookmark);
    actions.add("Add this point to the walk", key(Key::K), Command::AddStation(Anchor::Point));
    let walk = scene.walk;
    let name = if walk.is_playing() { "Halt the walk" } else { "Play the walk" };
    let play = Command::PlayWalk(!walk.is_playing());
    actions.add_if(walk.stations().len() > 1, name, key(Key::W), play);
    for (index, mark) in scene.bookmarks.iter().enumerate() {
        actions.add(format!("Go to {}", mark.name), None, Command::GoToBookmark(index));
    }
}

fn training(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = "Train";
    let phase = scene.session.phase();
    let is_running = matches!(phase, Phase::Running | Phase::Paused);
    let start = Command::StartTraining(Box::new(view.form.clone()));
    actions.add_if(!is_running, "Start training", command(Key::Enter), start);
    let can_train_on = scene.model.trains_on.is_some() && !is_running;
    actions.add_if(can_train_on, "Train this model on", None, Command::TrainOn);
    let name = if phase == Phase::Paused { "Resume training" } else { "Pause training" };
    actions.add_if(is_running, name, key(Key::Space), Command::TogglePause);
    let is_paused = phase == Phase::Paused;
    actions.add_if(is_paused, "Take a single step", key(Key::Period), Command::StepOnce);
    actions.add_if(is_running, "Save a checkpoint now", None, Command::SaveCheckpoint);
    actions.add_if(is_running, "Stop training", None, Command::Stop);
}

fn files(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = "Files";
    actions.add("Open a run or model folder…", command(Key::O), Command::PickModel);
    actions.add("Open a model file…", command_shift(Key::O), Command::PickModelFile);
    actions.add("Open pictures or data…", None, Command::PickData);
    actions.add("Open the demo VAE", None, Command::OpenDemo(Demo::Vae));
    actions.add("Open the demo VQ-VAE", None, Command::OpenDemo(Demo::VqVae));
    for path in scene.recent {
        actions.add(format!("Open {path}"), None, Command::OpenPath(path.into()));
    }
    actions.add("Save the workspace…", None, Command::SaveWorkspace(None));
    let has_picture = scene.pictures.main.is_some();
    actions.add_if(has_picture, "Save the picture…", command(Key::S), Command::SavePicture(None));
    let has_run = scene.session.run().is_some();
    actions.add_if(has_run, "Save all curves as CSV…", None, Command::SaveCurves(None));
    actions.add("Compare with another run's curves…", None, Command::CompareRun(None));
}

fn window(actions: &mut Actions, view: &View) {
    actions.group = "Window";
    actions.add("Find something to do…", command(Key::K), Command::ShowCommandPalette(true));
    actions.add("Show all keys", shift(Key::Questionmark), Command::ShowKeys(!view.shows_keys));
    let (name, page) = match view.page {
        Page::Explore => ("Go to the page Evaluate", Page::Evaluate),
        Page::Evaluate => ("Go to the page Explore", Page::Explore),
    };
    actions.add(name, key(Key::E), Command::ShowPage(page));
    let mut digits = DIGITS.into_iter();
    for pane in view.dock.offered() {
        let keys = digits.next().and_then(key);
        actions.add(format!("Show {}", pane.name()), keys, Command::ShowPane(pane));
    }
    actions.add("Reset the layout", None, Command::ResetLayout);
    actions.add("Larger", command(Key::Plus), Command::Zoom(1));
    actions.add("Smaller", command(Key::Minus), Command::Zoom(-1));
    actions.add("As large as at first", command(Key::Num0), Command::Zoom(0));
    actions.add("Quit", command(Key::Q), Command::Quit);
}

/// What the keyboard asks for, unless a text field has it.
pub(super) fn of_keys(ui: &Ui, actions: &[Action]) -> Vec<Command> {
    if ui.ctx().egui_wants_keyboard_input() {
        return Vec::new();
    }
    let mut commands = Vec::new();
    // Those with the most modifiers first: Ctrl+Z is no part of Ctrl+Shift+Z.
    let mut with_keys: Vec<_> =
        actions.iter().filter_map(|action| Some((action.keys?, action))).collect();
    let modifiers =
        |keys: &KeyboardShortcut| u8::from(keys.modifiers.command) + u8::from(keys.modifiers.shift);
    with_keys.sort_by_key(|(keys, _)| std::cmp::Reverse(modifiers(keys)));
    ui.input_mut(|input| {
        for (keys, action) in with_keys {
            if action.is_offered && input.consume_shortcut(&keys) {
                commands.push(action.command.clone());
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
