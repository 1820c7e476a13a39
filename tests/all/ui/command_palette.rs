//! The palette, the list of keys, and what keys do.

use eframe::egui;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use zscope::session::anchor::Anchor;
use zscope::ui::{BookmarkAsk, Command, CommandPalette, Demo, Page, Pane, SeedsAsk, StationAsk};

use super::behaviour::{painted, text_field};
use super::window::{SIZES, Window, asked, press};

#[test]
fn what_is_typed_is_found_and_done() {
    let mut window = Window::full(3);
    window.view.command_palette = Some(CommandPalette::new());
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("random draw");
    harness.run();
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), [Command::JumpToDraw]);
    assert!(harness.state().view.command_palette.is_none(), "closed");
}

/// As the menu "Open" has it.
#[test]
fn a_name_may_be_typed_with_its_colon() {
    let mut window = Window::full(3);
    window.view.command_palette = Some(CommandPalette::new());
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("demo: vq-vae");
    harness.run();
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), [Command::OpenDemo(Demo::VqVae)]);
}

#[test]
fn arrows_choose_and_escape_closes() {
    let mut window = Window::full(3);
    window.view.command_palette = Some(CommandPalette::new());
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("show tr");
    harness.run();
    assert!(painted(&harness).contains("Show Traversals"), "{}", painted(&harness));
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::Escape);
    assert_eq!(asked(&mut harness), [], "nothing done");
    assert!(harness.state().view.command_palette.is_none(), "closed");
}

#[test]
fn nothing_of_that_name_says_so() {
    let mut window = Window::full(3);
    window.view.command_palette = Some(CommandPalette::new());
    let mut harness = window.open(SIZES[1]);
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("xyzzy");
    harness.run();
    assert!(painted(&harness).contains("Nothing is called so."));
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), []);
}

#[test]
fn keys_do_what_the_list_says() {
    let cases = [
        (Modifiers::NONE, Key::D, Command::JumpToDraw),
        (Modifiers::NONE, Key::B, Command::Bookmark(BookmarkAsk::Add)),
        (Modifiers::NONE, Key::K, Command::Station(StationAsk::Add(Anchor::Point))),
        (Modifiers::NONE, Key::S, Command::Seeds(SeedsAsk::Go([0.5; 2]))),
        (Modifiers::NONE, Key::E, Command::ShowPage(Page::Evaluate)),
        (Modifiers::NONE, Key::Num2, Command::ShowPane(Pane::Pad)),
        (Modifiers::COMMAND, Key::K, Command::ShowCommandPalette(true)),
        (Modifiers::COMMAND, Key::S, Command::SavePicture(None)),
        (Modifiers::SHIFT, Key::Questionmark, Command::ShowKeys(true)),
        (Modifiers::COMMAND, Key::Plus, Command::Zoom(1)),
    ];
    for (modifiers, key, command) in cases {
        let mut harness = Window::full(3).open(SIZES[0]);
        asked(&mut harness);
        harness.key_press_modifiers(modifiers, key);
        assert_eq!(asked(&mut harness), [command], "{modifiers:?} {key:?}");
    }
}

#[test]
fn keys_work_while_a_button_has_the_keyboard_and_press_it() {
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Draw").focus();
    asked(&mut harness);
    harness.key_press(Key::D);
    assert_eq!(asked(&mut harness), [Command::JumpToDraw], "a key of the window");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    assert_eq!(asked(&mut harness), [Command::ShowCommandPalette(true)], "with Ctrl");
    let mut harness = Window::running(3, 5).open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Save").focus();
    asked(&mut harness);
    harness.key_press(Key::Space);
    assert_eq!(asked(&mut harness), [Command::SaveCheckpoint], "Space presses the button");
    text_field(&harness, "Data").focus();
    asked(&mut harness);
    harness.key_press(Key::D);
    assert_eq!(asked(&mut harness), [], "a text field has its letters for itself");
}

#[test]
fn undo_and_redo_are_told_apart_by_shift() {
    let mut window = Window::full(3);
    let explore = window.explore.as_mut().expect("it has one");
    explore.jump_to_draw();
    explore.jump_to_draw();
    explore.undo();
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    assert_eq!(asked(&mut harness), [Command::Undo]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(asked(&mut harness), [Command::Redo]);
}

#[test]
fn letters_in_a_text_field_are_text() {
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    harness.state_mut().view.command_palette = Some(CommandPalette::new());
    asked(&mut harness);
    harness.key_press(Key::D);
    assert_eq!(asked(&mut harness), [], "the palette has the keyboard");
}

#[test]
fn all_keys_are_listed() {
    let mut window = Window::full(3);
    window.view.shows_keys = true;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["Keys", "Jump to a random draw", "Keep this point"] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    harness.key_press(Key::Escape);
    asked(&mut harness);
    assert!(!harness.state().view.shows_keys, "closed");
}

#[test]
fn bookmarks_and_stations_are_asked_for_by_their_names() {
    let mut window = Window::full(3);
    window.kept.bookmarks.add(window.explore.as_ref().expect("it has one").place());
    window.view.dock.show(Pane::Bookmarks);
    let mut harness = window.open(SIZES[0]);
    assert_eq!(press(&mut harness, "Bookmark Point 1"), [Command::Bookmark(BookmarkAsk::GoTo(0))]);
    assert_eq!(press(&mut harness, "Keep this point"), [Command::Bookmark(BookmarkAsk::Add)]);
    harness.state_mut().view.dock.show(Pane::Walk);
    assert_eq!(
        press(&mut harness, "Add this point"),
        [Command::Station(StationAsk::Add(Anchor::Point))]
    );
}
