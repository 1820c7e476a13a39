//! The page of runs, the queue beside it, and the film strip, by their accessible labels.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::formats::run_list::Ended;
use zscope::session::runs::Column;
use zscope::ui::{Command, Page, Pane, QueueAsk, QueuedRun, RunsAsk, StripAsk, TrainForm, View};

use super::behaviour::type_and_enter;
use super::window::{SIZES, Window, asked, drag, is_enabled, press, says};
use crate::runs::made_up;

/// The page over three runs, one of them damaged.
fn page() -> Window {
    let mut window =
        Window { view: View { page: Page::Runs, ..View::default() }, ..Window::full(3) };
    let mut damaged = made_up("broken", 0, 5);
    damaged.ended = Ended::Damaged("no whole checkpoint".to_owned());
    damaged.config.clear();
    let mut good = made_up("good", 1_000, 20);
    good.measures.insert("psnr_db".to_owned(), 21.5);
    good.notes.push_str("the sharp one");
    window.runs.all = vec![made_up("early", 10, 10), damaged, good];
    window.runs.is_read = true;
    window
}

/// Three runs that wait.
fn queued() -> Window {
    let mut window = page();
    for run in QueuedRun::swept(&TrainForm::default(), "beta", "1, 2, 4").expect("values") {
        window.queue.add(run);
    }
    window
}

/// With a run and its checkpoints in the explorer.
fn strip() -> Window {
    let mut window = Window::running(3, 10);
    window.view.dock.show(Pane::FilmStrip);
    window.strip.set_steps(vec![0, 2, 5, 10]);
    window.strip.draw(5);
    window
}

/// What fills the page, and the strip, in different ways.
pub fn scenes() -> Vec<(&'static str, Window)> {
    let empty = Window { view: View { page: Page::Runs, ..View::default() }, ..Window::full(3) };
    vec![("no runs", empty), ("runs", page()), ("a queue", queued()), ("a film strip", strip())]
}

fn click(harness: &mut Harness<'_, Window>, run: &str, modifiers: Modifiers) -> Vec<Command> {
    asked(harness);
    harness.get_by_role_and_label(Role::Button, &format!("Run {run}")).click_modifiers(modifiers);
    asked(harness)
}

fn chosen(harness: &Harness<'_, Window>) -> Vec<String> {
    let dirs = harness.state().view.runs.chosen.iter();
    dirs.map(|dir| dir.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn runs_are_listed_found_and_sorted() {
    let mut harness = page().open(SIZES[0]);
    asked(&mut harness);
    let tops = |harness: &Harness<'_, Window>| {
        ["early", "broken", "good"].map(|name| {
            harness
                .query_by_role_and_label(Role::Button, &format!("Run {name}"))
                .map(|node| node.rect().top() as i64)
        })
    };
    let [early, broken, good] = tops(&harness).map(|top| top.expect("listed"));
    assert!(good < early && early < broken, "the newest first");
    press(&mut harness, "Sort by Name");
    let [early, broken, good] = tops(&harness).map(|top| top.expect("listed"));
    assert!(broken < early && early < good, "by name");
    press(&mut harness, "Sort by Name");
    assert!(harness.state().view.runs.falling && harness.state().view.runs.column == Column::Name);
    harness.state_mut().view.runs.words = "sharp".to_owned();
    asked(&mut harness);
    let [early, _, good] = tops(&harness);
    assert!(early.is_none() && good.is_some(), "by words in notes");
    harness.state_mut().view.runs.words = "nothing such".to_owned();
    asked(&mut harness);
    assert!(says(&harness, "No run has all of these words"));
}

#[test]
fn runs_are_chosen_by_hand_and_box() {
    let mut harness = page().open(SIZES[0]);
    click(&mut harness, "good", Modifiers::NONE);
    assert_eq!(chosen(&harness), ["good"]);
    click(&mut harness, "early", Modifiers::NONE);
    assert_eq!(chosen(&harness), ["early"], "the other instead");
    click(&mut harness, "good", Modifiers::COMMAND);
    assert_eq!(chosen(&harness), ["early", "good"], "and one beside it");
    assert!(says(&harness, "lr") && says(&harness, "0.1000"), "what differs");
    assert!(!says(&harness, "recipe"), "what agrees is left out");
    harness.get_by_role_and_label(Role::CheckBox, "Only what differs").click();
    asked(&mut harness);
    assert!(says(&harness, "recipe"), "until it is asked for");
    harness.get_by_role_and_label(Role::CheckBox, "Choose good").click();
    asked(&mut harness);
    assert_eq!(chosen(&harness), ["early"]);
    click(&mut harness, "good", Modifiers::NONE);
    click(&mut harness, "broken", Modifiers::SHIFT);
    assert_eq!(chosen(&harness).len(), 3, "all between");
    let dirs = vec!["/runs/early".into(), "/runs/good".into()];
    let compare = press(&mut harness, "Compare curves");
    assert_eq!(compare, [Command::Runs(RunsAsk::CompareCurves(dirs))], "all but the damaged one");
    harness.state_mut().runs.all.remove(0);
    asked(&mut harness);
    assert_eq!(chosen(&harness), ["broken", "good"], "what is gone is not chosen");
}

#[test]
fn a_chosen_run_is_opened_and_gone_on_with() {
    let mut harness = page().open(SIZES[0]);
    click(&mut harness, "early", Modifiers::NONE);
    let explore = Command::ShowPage(Page::Explore);
    let open = Command::OpenPath("/runs/early".into());
    assert_eq!(press(&mut harness, "Open run"), [open, explore.clone()]);
    let resume = Command::ResumeRun { dir: "/runs/early".into(), more_epochs: 0 };
    assert_eq!(press(&mut harness, "Continue"), [resume, explore.clone()]);
    click(&mut harness, "good", Modifiers::NONE);
    let resume = Command::ResumeRun { dir: "/runs/good".into(), more_epochs: 10 };
    assert_eq!(press(&mut harness, "Train on for 10 more epochs"), [resume, explore]);
    let evaluate =
        [Command::EvaluateRun(Some("/runs/good".into())), Command::ShowPage(Page::Evaluate)];
    assert_eq!(press(&mut harness, "Add to Evaluate"), evaluate);
    click(&mut harness, "broken", Modifiers::NONE);
    assert!(says(&harness, "no whole checkpoint"), "what is wrong");
    assert!(!is_enabled(&harness, "Add to Evaluate") && !is_enabled(&harness, "Continue"));
    assert!(is_enabled(&harness, "Delete…"), "but it can be put away");
}

#[test]
fn deleting_asks_first() {
    let mut harness = page().open(SIZES[0]);
    click(&mut harness, "early", Modifiers::NONE);
    assert_eq!(press(&mut harness, "Delete…"), [], "nothing yet");
    assert_eq!(press(&mut harness, "Keep them"), [], "and nothing then");
    press(&mut harness, "Delete…");
    let delete = Command::Runs(RunsAsk::Delete(vec!["/runs/early".into()]));
    assert_eq!(press(&mut harness, "Move to deleted"), [delete]);
    assert!(harness.query_by_label("Move to deleted").is_none(), "closed");
}

#[test]
fn notes_are_kept_once_the_field_is_left() {
    let mut harness = page().open(SIZES[0]);
    click(&mut harness, "early", Modifiers::NONE);
    harness.get_by_role_and_label(Role::MultilineTextInput, "Notes of the run").focus();
    asked(&mut harness);
    harness.event(egui::Event::Text("blurred".to_owned()));
    assert_eq!(asked(&mut harness), [], "still typing");
    let expected =
        Command::Runs(RunsAsk::SetNotes { dir: "/runs/early".into(), text: "blurred".to_owned() });
    assert_eq!(click(&mut harness, "good", Modifiers::NONE), [expected]);
}

#[test]
fn the_queue_is_ordered_held_and_cleared() {
    let mut harness = queued().open(SIZES[0]);
    asked(&mut harness);
    let numbers: Vec<u64> = harness.state().queue.iter().map(|queued| queued.number).collect();
    let earlier = press(&mut harness, "Earlier: 2. vae-beta=2");
    assert_eq!(earlier, [Command::Queue(QueueAsk::Move { number: numbers[1], place: 0 })]);
    let later = press(&mut harness, "Later: 1. vae-beta=1");
    assert_eq!(later, [Command::Queue(QueueAsk::Move { number: numbers[0], place: 1 })]);
    assert!(!is_enabled(&harness, "Earlier: 1. vae-beta=1"), "there is none before it");
    let out = press(&mut harness, "Take out: 3. vae-beta=4");
    assert_eq!(out, [Command::Queue(QueueAsk::Remove(numbers[2]))]);
    assert_eq!(press(&mut harness, "Hold"), [Command::Queue(QueueAsk::Hold(true))]);
    harness.state_mut().queue.hold(true);
    assert_eq!(press(&mut harness, "Go on"), [Command::Queue(QueueAsk::Hold(false))]);
    assert_eq!(press(&mut harness, "Clear"), [Command::Queue(QueueAsk::Clear)]);
}

#[test]
fn one_run_or_a_sweep_is_queued() {
    let mut harness = page().open(SIZES[0]);
    let add = Command::Queue(QueueAsk::Add(Box::default()));
    assert_eq!(press(&mut harness, "Queue 1 run"), [add]);
    harness.get_by_role_and_label(Role::TextInput, "Values of the sweep").focus();
    asked(&mut harness);
    harness.event(egui::Event::Text("1 to 3 in 3".to_owned()));
    let (key, values) = ("seed".to_owned(), "1 to 3 in 3".to_owned());
    let sweep = Command::Queue(QueueAsk::Sweep { form: Box::default(), key, values });
    assert_eq!(press(&mut harness, "Queue 3 runs"), [sweep]);
    harness.get_by_role_and_label(Role::TextInput, "Values of the sweep").focus();
    asked(&mut harness);
    harness.event(egui::Event::Text("much".to_owned()));
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Queue 1 run"), "what is no value is not queued");
}

#[test]
fn a_run_is_queued_beside_training() {
    let mut harness = Window::full(3).open(SIZES[0]);
    let add = Command::Queue(QueueAsk::Add(Box::default()));
    assert_eq!(press(&mut harness, "Queue"), [add]);
    let mut harness = Window::running(3, 10).open(SIZES[0]);
    let page = press(&mut harness, "Queue another run…");
    assert_eq!(page, [Command::ShowPage(Page::Runs)], "set up while another goes on");
}

#[test]
fn folders_come_and_go() {
    let mut window = page();
    window.runs.folders = vec!["/elsewhere/runs".to_owned()];
    let mut harness = window.open(SIZES[0]);
    let remove = press(&mut harness, "List /elsewhere/runs no more");
    assert_eq!(remove, [Command::Runs(RunsAsk::RemoveFolder(0))]);
    let typed = type_and_enter(&mut harness, "A folder of runs", " /more ");
    assert_eq!(typed, [Command::Runs(RunsAsk::AddFolder(Some("/more".into())))]);
    assert_eq!(press(&mut harness, "Read again"), [Command::Runs(RunsAsk::Refresh)]);
}

#[test]
fn dragging_along_the_strip_goes_back_in_time() {
    let mut harness = strip().open(SIZES[0]);
    asked(&mut harness);
    let rect = harness.get_by_label("Checkpoints").rect();
    let quarter = rect.width() / 4.0;
    let place = |index: f32| egui::pos2(rect.left() + (index + 0.5) * quarter, rect.top() + 20.0);
    let commands = drag(&mut harness, &[place(3.0), place(2.0), place(1.0), place(0.0)]);
    let steps: Vec<u64> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Strip(StripAsk::Show(step)) => Some(*step),
            _ => None,
        })
        .collect();
    assert_eq!(steps.last(), Some(&0), "to the first: {commands:?}");
    assert!(steps.windows(2).all(|pair| pair[0] >= pair[1]), "one after the other: {steps:?}");
    assert!(!is_enabled(&harness, "Newest again"), "nothing of it is shown yet");
    let state = harness.state_mut();
    assert_eq!(state.strip.go(2), Some(2));
    state.strip.loaded(2, true);
    assert_eq!(press(&mut harness, "Newest again"), [Command::Strip(StripAsk::Newest)]);
    harness.get_by_label("Checkpoints").focus();
    asked(&mut harness);
    harness.key_press(egui::Key::ArrowRight);
    assert_eq!(asked(&mut harness), [Command::Strip(StripAsk::Show(5))], "by keys as well");
    let size = vec2(rect.width(), rect.height());
    assert!(size.x > 100.0 && size.y > 40.0, "{size:?}");
}

#[test]
fn without_a_run_the_strip_says_what_will_be_there() {
    let mut window = Window::full(3);
    window.view.dock.show(Pane::FilmStrip);
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "checkpoints will be here"));
    assert!(
        harness
            .root()
            .children_recursive()
            .all(|node| node.accesskit_node().label().as_deref() != Some("Checkpoints"))
    );
}
