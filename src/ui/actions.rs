//! All that can be done by name or by a key, as one list: the palette searches it, the keyboard and the help read it.

mod codes;
mod explore;
mod files;
mod keep;
mod map;
mod models;
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
    keep::keep(&mut actions, scene, view);
    keep::directions(&mut actions, scene, view);
    models::layers(&mut actions, scene);
    models::own_picture(&mut actions, scene, view);
    models::side_by_side(&mut actions, scene);
    train::training(&mut actions, scene, view);
    train::runs(&mut actions, scene);
    models::evaluate(&mut actions, scene, view);
    files::files(&mut actions, scene);
    window::window(&mut actions, scene, view);
    actions.all
}

<<<<<<< HEAD
fn explore(actions: &mut Actions, scene: &Scene<'_>) {
    let explore = scene.explore;
    actions.group = tr!("Explore");
    actions.add(tr!("Jump to a random draw"), keys(PLAIN, Key::D), Command::JumpToDraw);
    let zero = Command::SetLatent(vec![0.0; explore.latent().len()]);
    actions.add(tr!("Go to the middle of the latent space"), keys(PLAIN, Key::Num0), zero);
    actions.add_if(explore.can_undo(), tr!("Undo"), keys(CTRL, Key::Z), Command::Undo);
    actions.add_if(explore.can_redo(), tr!("Redo"), keys(CTRL_SHIFT, Key::Z), Command::Redo);
    actions.add(tr!("Copy the point as numbers"), None, Command::CopyPoint);
    let is_on_plane = explore.seeds().is_some();
    let (name, ask) = if is_on_plane {
        (tr!("Snap to the nearest seed"), SeedsAsk::Snap)
    } else {
        (tr!("Explore the plane of seeds"), SeedsAsk::Go([0.5; 2]))
    };
    actions.add(name, keys(PLAIN, Key::S), Command::Seeds(ask));
    actions.add_if(
        is_on_plane,
        tr!("Leave the plane of seeds"),
        None,
        Command::Seeds(SeedsAsk::Leave),
    );
    let corners = (0..4).map(Command::RedrawCorner);
    for (corner, redraw) in super::pad::CORNERS.into_iter().zip(corners) {
        actions.add(tr!("Redraw the pad's corner: {}", told(corner).to_lowercase()), None, redraw);
    }
    let is_live = scene.model.is_live;
    let (name, freeze) = if explore.is_frozen() {
        (tr!("Follow the newest weights"), false)
    } else {
        (tr!("Freeze the weights of the picture"), true)
    };
    actions.add_if(is_live, name, keys(PLAIN, Key::F), Command::Freeze(freeze));
    let strip = scene.strip;
    for (name, by) in
        [(tr!("Show the checkpoint before"), -1), (tr!("Show the checkpoint after"), 1)]
    {
        let beside = strip.beside(by).filter(|step| strip.at() != Some(*step));
        let show = Command::Strip(StripAsk::Show(beside.unwrap_or_default()));
        actions.add_if(beside.is_some(), name, None, show);
    }
    let newest = Command::Strip(StripAsk::Newest);
    actions.add_if(
        strip.shown().is_some(),
        tr!("Leave the checkpoint for the newest weights"),
        None,
        newest,
    );
    for (class, name) in scene.model.classes.iter().enumerate() {
        actions.add(tr!("Show class: {}", name), None, Command::ShowClass(class));
    }
}

fn codes(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Codes");
    let has_map = scene.code_map.is_some();
    // Their keys are the map's own, while it has the keyboard.
    for tool in Tool::ALL {
        let name = tr!("Take a tool: {}", told(code_map::tool_name(tool)).to_lowercase());
        actions.add_if(has_map, name, None, Command::Codes(CodesAsk::TakeTool(tool)));
    }
    actions.add_if(has_map, tr!("Give all cells the encoder's codes"), None, Command::ResetCells);
    let has_codes = scene.codebook.is_some();
    let has_tiles = scene.pictures.palette.known > 0;
    actions.add_if(
        has_tiles,
        tr!("Save the palette of codes…"),
        None,
        Command::Codes(CodesAsk::SavePalette(None)),
    );
    let has_pairs = scene.codebook.is_some_and(|codebook| codebook.survey.is_some());
    actions.add_if(
        has_pairs,
        tr!("Save which codes stand beside which…"),
        None,
        Command::Codes(CodesAsk::SavePairs(None)),
    );
    actions.add_if(
        has_codes,
        tr!("Compare the codebook with another model's…"),
        None,
        Command::Codes(CodesAsk::Compare(None)),
    );
}

fn keep(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Keep and walk");
    actions.add(tr!("Keep this point"), keys(PLAIN, Key::B), Command::Bookmark(BookmarkAsk::Add));
    actions.add(
        tr!("Add this point to the walk"),
        keys(PLAIN, Key::K),
        Command::Station(StationAsk::Add(Anchor::Point)),
    );
    let walk = scene.walk;
    let name = if walk.is_playing() { tr!("Halt the walk") } else { tr!("Play the walk") };
    let play = Command::Station(StationAsk::Play(!walk.is_playing()));
    actions.add_if(walk.stations().len() > 1, name, keys(PLAIN, Key::W), play);
    let reset = Command::Directions(DirectionsAsk::Reset);
    actions.add_if(
        scene.directions.is_moved(),
        tr!("Put all directions back to zero"),
        None,
        reset,
    );
    let load = Command::Directions(DirectionsAsk::Load(None));
    actions.add(tr!("Load directions…"), None, load);
    let save = Command::Directions(DirectionsAsk::Save(None));
    actions.add_if(!scene.directions.is_empty(), tr!("Save the directions…"), None, save);
    for (index, mark) in scene.bookmarks.iter().enumerate() {
        actions.add(tr!("Go to {}", mark.name), None, Command::Bookmark(BookmarkAsk::GoTo(index)));
    }
}

fn training(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Train");
    let phase = scene.session.phase();
    let is_running = matches!(phase, Phase::Running | Phase::Paused);
    let start = Command::StartTraining(Box::new(view.form.clone()));
    actions.add_if(!is_running, tr!("Start training"), keys(CTRL, Key::Enter), start);
    let queue = Command::Queue(QueueAsk::Add(Box::new(view.form.clone())));
    actions.add(tr!("Queue the run in the form"), None, queue);
    let hold = scene.queue.is_held();
    let name = if hold { tr!("Let the queue go on") } else { tr!("Hold the queue") };
    actions.add_if(!scene.queue.is_empty(), name, None, Command::Queue(QueueAsk::Hold(!hold)));
    let can_train_on = scene.model.trains_on.is_some() && !is_running;
    actions.add_if(can_train_on, tr!("Train this model on"), None, Command::TrainOn);
    let name = if phase == Phase::Paused { tr!("Resume training") } else { tr!("Pause training") };
    actions.add_if(is_running, name, keys(PLAIN, Key::Space), Command::TogglePause);
    let is_paused = phase == Phase::Paused;
    actions.add_if(
        is_paused,
        tr!("Take a single step"),
        keys(PLAIN, Key::Period),
        Command::StepOnce,
    );
    actions.add_if(is_running, tr!("Save a checkpoint now"), None, Command::SaveCheckpoint);
    actions.add_if(is_running, tr!("Stop training"), None, Command::Stop);
}

fn files(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Files");
    actions.add(tr!("Open a run or model folder…"), keys(CTRL, Key::O), Command::PickModel);
    actions.add(tr!("Open a model file…"), keys(CTRL_SHIFT, Key::O), Command::PickModelFile);
    actions.add(tr!("Open pictures or data…"), None, Command::PickData);
    actions.add(tr!("Open the demo VAE"), None, Command::OpenDemo(Demo::Vae));
    actions.add(tr!("Open the demo VQ-VAE"), None, Command::OpenDemo(Demo::VqVae));
    for path in scene.recent {
        actions.add(tr!("Open {}", path), None, Command::OpenPath(path.into()));
    }
    for (of, what) in CommandOf::ALL {
        actions.add(tr!("Copy as a command: {}", told(what)), None, Command::CopyLine(of));
    }
    actions.add(tr!("Save the point and bookmarks as tensors…"), None, Command::SavePoints(None));
    actions.add(tr!("Save the workspace…"), None, Command::SaveWorkspace(None));
    let has_picture = scene.pictures.main.is_some();
    actions.add_if(
        has_picture,
        tr!("Save the picture…"),
        keys(CTRL, Key::S),
        Command::SavePicture(None),
    );
    let has_run = scene.session.run().is_some();
    actions.add_if(has_run, tr!("Save all curves as CSV…"), None, Command::SaveCurves(None));
    actions.add(tr!("Compare with another run's curves…"), None, Command::CompareRun(None));
}

fn window(actions: &mut Actions, view: &View) {
    actions.group = tr!("Window");
    actions.add(
        tr!("Find something to do…"),
        keys(CTRL, Key::K),
        Command::ShowCommandPalette(true),
    );
    actions.add(
        tr!("Show all keys"),
        keys(Modifiers::SHIFT, Key::Questionmark),
        Command::ShowKeys(!view.shows_keys),
    );
    let (name, page) = match view.page {
        Page::Evaluate => (tr!("Go to the page Explore"), Page::Explore),
        _ => (tr!("Go to the page Evaluate"), Page::Evaluate),
    };
    actions.add(name, keys(PLAIN, Key::E), Command::ShowPage(page));
    let (name, page) = match view.page {
        Page::Runs => (tr!("Go back from the page Runs to Explore"), Page::Explore),
        _ => (tr!("Go to the page Runs"), Page::Runs),
    };
    actions.add(name, keys(PLAIN, Key::L), Command::ShowPage(page));
    let mut digits = DIGITS.into_iter();
    for pane in view.dock.offered() {
        let digit = digits.next().and_then(|digit| keys(PLAIN, digit));
        actions.add(tr!("Show {}", told(pane.name())), digit, Command::ShowPane(pane));
        if view.dock.shows(pane) {
            let save = Command::SaveView { pane, path: None };
            actions.add(tr!("Save the view {} as a picture…", told(pane.name())), None, save);
        }
    }
    actions.add(tr!("Reset the layout"), None, Command::ResetLayout);
    for (name, theme) in super::top_bar::THEMES {
        actions.add(tr!("Theme: {}", told(name).to_lowercase()), None, Command::SetTheme(theme));
    }
    for language in Language::ALL {
        actions.add(tr!("Language: {}", language.name()), None, Command::SetLanguage(language));
    }
    actions.add(tr!("Larger"), keys(CTRL, Key::Plus), Command::Zoom(1));
    actions.add(tr!("Smaller"), keys(CTRL, Key::Minus), Command::Zoom(-1));
    actions.add(tr!("As large as at first"), keys(CTRL, Key::Num0), Command::Zoom(0));
    actions.add(tr!("Quit"), keys(CTRL, Key::Q), Command::Quit);
}

/// The keys of what asks for this.
pub(super) fn keys_of(actions: &[Action], command: &Command) -> Option<KeyboardShortcut> {
    actions.iter().find(|action| action.command == *command)?.keys
}

=======
>>>>>>> p
/// Keys that press whatever has the keyboard.
const PRESSES: [Key; 2] = [Key::Space, Key::Enter];

/// What the keyboard asks for, unless a text field has it.
pub(super) fn of_keys(ui: &Ui, actions: &[Action]) -> Vec<Command> {
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
    let own: Vec<Key> = plain
        .map(|(keys, _)| keys.logical_key)
        .filter(|&key| (is_focused && PRESSES.contains(&key)) || code_map::takes_key(ui.ctx(), key))
        .collect();
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
