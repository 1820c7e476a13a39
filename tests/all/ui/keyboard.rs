//! What the keyboard alone does in views, and where the window says so.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::session::anchor::Anchor;
use zscope::ui::{Command, Pane, StationAsk};

use super::behaviour::painted;
use super::window::{SIZES, Window, asked, nodes, press, says};

/// With a view in front.
fn with(mut window: Window, pane: Pane) -> Harness<'static, Window> {
    window.view.dock.show(pane);
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    harness
}

/// Gives the keyboard to what has that name.
fn focus(harness: &mut Harness<'_, Window>, name: &str) {
    harness.get_by_label(name).focus();
    assert_eq!(asked(harness), [], "{name} moves nothing yet");
    assert!(has_keyboard(harness, name), "{name} has the keyboard");
}

fn has_keyboard(harness: &Harness<'_, Window>, name: &str) -> bool {
    harness.get_by_label(name).accesskit_node().is_focused()
}

fn pressed(harness: &mut Harness<'_, Window>, modifiers: Modifiers, key: Key) -> Vec<Command> {
    harness.key_press_modifiers(modifiers, key);
    asked(harness)
}

fn is_near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn arrows_move_the_point_on_the_pad() {
    let mut window = Window::full(3);
    window.explore.as_mut().expect("it has one").set_pad([0.5, 0.98]);
    let mut harness = with(window, Pane::Pad);
    assert!(says(&harness, "50 % to the right, 98 % down"), "its value is told");
    focus(&mut harness, "Latent pad");
    for (modifiers, key, expected) in [
        (Modifiers::NONE, Key::ArrowRight, [0.55, 0.98]),
        (Modifiers::NONE, Key::ArrowLeft, [0.45, 0.98]),
        (Modifiers::NONE, Key::ArrowUp, [0.5, 0.93]),
        (Modifiers::NONE, Key::ArrowDown, [0.5, 1.0]),
        (Modifiers::SHIFT, Key::ArrowRight, [0.51, 0.98]),
        (Modifiers::SHIFT, Key::ArrowDown, [0.5, 0.99]),
    ] {
        let commands = pressed(&mut harness, modifiers, key);
        let [Command::BeginEdit, Command::SetPad(at)] = &commands[..] else {
            panic!("{modifiers:?} {key:?}: {commands:?}");
        };
        assert!(is_near(at, &expected), "{modifiers:?} {key:?}: {at:?}");
        assert!(has_keyboard(&harness, "Latent pad"), "arrows do not lead away");
    }
    assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::Enter), [], "there is no pointer");
}

#[test]
fn arrows_walk_on_the_picture() {
    let mut harness = with(Window::full(3), Pane::Picture);
    focus(&mut harness, "Decoded picture");
    // Four deviations of the prior over the whole picture.
    for (modifiers, key, expected) in [
        (Modifiers::NONE, Key::ArrowRight, [0.2, 0.0]),
        (Modifiers::NONE, Key::ArrowUp, [0.0, -0.2]),
        (Modifiers::SHIFT, Key::ArrowDown, [0.0, 0.04]),
    ] {
        let commands = pressed(&mut harness, modifiers, key);
        let [Command::BeginWalk, Command::Walk(way)] = &commands[..] else {
            panic!("{modifiers:?} {key:?}: {commands:?}");
        };
        assert!(is_near(way, &expected), "{modifiers:?} {key:?}: {way:?}");
    }
    let node = harness.get_by_label("Decoded picture");
    let told = node.accesskit_node().value().unwrap_or_default();
    assert!(told.starts_with("Along z"), "what it walks along: {told:?}");
}

#[test]
fn arrows_go_along_a_traversal_and_to_the_next_one() {
    let dims = 40;
    let mut harness = with(Window::full(dims), Pane::Traversals);
    let order = harness.state().explore.as_ref().expect("it has one").order().to_vec();
    let name = |place: usize| format!("Traversal of dimension {}", order[place]);
    focus(&mut harness, &name(0));
    let reach = 3.0;
    for (modifiers, key, expected) in [
        (Modifiers::NONE, Key::ArrowRight, 0.05 * 2.0 * reach),
        (Modifiers::SHIFT, Key::ArrowLeft, -0.01 * 2.0 * reach),
    ] {
        let commands = pressed(&mut harness, modifiers, key);
        let [Command::BeginEdit, Command::SetDim { dim, value }] = commands[..] else {
            panic!("{modifiers:?} {key:?}: {commands:?}");
        };
        assert!(dim == order[0] && is_near(&[value], &[expected]), "{dim} to {value}");
    }
    assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::ArrowUp), []);
    assert!(has_keyboard(&harness, &name(0)), "there is none above the first");
    for place in 1..dims {
        assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::ArrowDown), []);
        assert!(has_keyboard(&harness, &name(place)), "row {place} comes into view");
    }
    assert!(harness.query_by_label(&name(0)).is_none(), "the first one is out of view");
    assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::ArrowDown), []);
    assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::ArrowUp), []);
    assert!(has_keyboard(&harness, &name(dims - 2)), "and back");
    harness.state_mut().view.traversals.base = Anchor::Origin;
    asked(&mut harness);
    let commands = pressed(&mut harness, Modifiers::NONE, Key::ArrowRight);
    let [Command::BeginEdit, Command::SetLatent(latent)] = &commands[..] else {
        panic!("from the middle: {commands:?}");
    };
    let moved: Vec<usize> = (0..dims).filter(|dim| latent[*dim] != 0.0).collect();
    assert_eq!(moved, [order[dims - 2]], "the others are those of the middle");
}

#[test]
fn arrows_go_along_the_time_of_the_walk() {
    let mut window = Window::full(3);
    let place = window.explore.as_ref().expect("it has one").place();
    for _ in 0..3 {
        window.kept.walk.add(place.clone());
    }
    let length = window.kept.walk.length();
    window.kept.walk.seek(0.5 * length);
    let mut harness = with(window, Pane::Walk);
    let name = "Time of the walk";
    let told = format!("{:.1} s of {length:.1} s", 0.5 * length);
    assert!(says(&harness, &told), "{told}");
    focus(&mut harness, name);
    for (modifiers, key, expected) in
        [(Modifiers::NONE, Key::ArrowRight, 0.55), (Modifiers::SHIFT, Key::ArrowLeft, 0.49)]
    {
        let commands = pressed(&mut harness, modifiers, key);
        let [Command::BeginEdit, Command::Station(StationAsk::Seek(secs))] = commands[..] else {
            panic!("{modifiers:?} {key:?}: {commands:?}");
        };
        assert!(is_near(&[secs], &[expected * length]), "{secs} of {length}");
    }
    assert_eq!(pressed(&mut harness, Modifiers::NONE, Key::ArrowDown), [], "nothing lies below");
    assert!(has_keyboard(&harness, name), "it stays");
}

/// The texts of labels, in order.
fn labels(harness: &Harness<'_, Window>) -> Vec<String> {
    let labels = nodes(harness);
    let labels = labels.iter().filter(|node| node.accesskit_node().role() == Role::Label);
    labels.filter_map(|node| node.accesskit_node().value()).collect()
}

#[test]
fn keys_of_views_are_listed_by_view() {
    let mut window = Window::full(3);
    window.view.shows_keys = true;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let labels = labels(&harness);
    let head = "While a view has the keyboard, which Tab leads to:";
    let from = labels.iter().position(|label| label == head).expect("a heading");
    let listed = &labels[from + 1..];
    let of = |view: &str| {
        let is_view = |label: &&String| Pane::ALL.iter().any(|pane| pane.name() == label.as_str());
        let at = listed.iter().position(|label| label == view).expect("the view");
        listed[at + 1..].iter().take_while(|label| !is_view(label)).cloned().collect::<Vec<_>>()
    };
    for (view, keys) in [
        ("Pad", &["Arrows", "Shift+Arrows"][..]),
        ("Picture", &["Arrows", "Shift+Arrows"]),
        ("Traversals", &["Left, Right", "Up, Down"]),
        ("Walk", &["Left, Right"]),
        ("Codes", &["V", "B", "I", "F", "C", "P", "[", "]", ",", ".", "Alt", "Shift+Arrows"]),
        ("Codebook", &["R", "Enter"]),
        ("Map", &["Arrows", "Enter"]),
    ] {
        let listed = of(view);
        for key in keys {
            assert!(listed.iter().any(|label| label == key), "{view}: {key:?} in {listed:?}");
        }
    }
    assert!(of("Codes").iter().any(|label| label == "Clone brush"), "{:?}", of("Codes"));
}

#[test]
fn menus_show_the_keys_of_their_entries() {
    let mut harness = Window::full(3).open(SIZES[0]);
    press(&mut harness, "Open");
    let shown = painted(&harness);
    assert!(shown.contains("Ctrl+O") && shown.contains("Ctrl+Shift+O"), "{shown}");
    let entry = harness.get_by_role_and_label(Role::Button, "Model file…");
    assert_eq!(entry.accesskit_node().data().keyboard_shortcut(), Some("Ctrl+Shift+O"));
    press(&mut harness, "Open");
    press(&mut harness, "Views");
    let pad = harness.get_by_role_and_label(Role::CheckBox, "Pad");
    assert_eq!(pad.accesskit_node().data().keyboard_shortcut(), Some("2"));
    let keys = harness.get_by_role_and_label(Role::Button, "Keys");
    assert!(keys.accesskit_node().data().keyboard_shortcut().is_some(), "those of the help");
    assert_eq!(press(&mut harness, "Keys"), [Command::ShowKeys(true)]);
}
