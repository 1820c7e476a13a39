//! The window that a path is typed in, where the system has no dialog.

use eframe::egui;
use egui::Key;
use egui_kittest::kittest::Queryable as _;
use zscope::ui::{Command, PathPrompt};

use super::behaviour::painted;
use super::window::{SIZES, Window, asked, press};

fn prompted(path: &str) -> Window {
    let mut window = Window::full(3);
    window.view.path_prompt = Some(PathPrompt::new("Save the workspace", path.to_owned()));
    window
}

#[test]
fn a_typed_path_is_taken_by_enter() {
    let mut harness = prompted("/tmp/").open(SIZES[0]);
    asked(&mut harness);
    assert!(painted(&harness).contains("Save the workspace"), "what it is for");
    harness.get_by_label("Path").type_text("mine.zscope");
    harness.run();
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), [Command::TypedPath("/tmp/mine.zscope".into())]);
    assert!(harness.state().view.path_prompt.is_none(), "closed");
}

#[test]
fn a_suggested_path_is_taken_by_the_button() {
    let mut harness = prompted("picture.png").open(SIZES[0]);
    asked(&mut harness);
    assert_eq!(press(&mut harness, "Take this path"), [Command::TypedPath("picture.png".into())]);
    assert!(harness.state().view.path_prompt.is_none(), "closed");
}

#[test]
fn cancelling_does_nothing() {
    for leave in ["Cancel", "Escape"] {
        let mut harness = prompted("picture.png").open(SIZES[0]);
        asked(&mut harness);
        if leave == "Cancel" {
            assert_eq!(press(&mut harness, leave), []);
        } else {
            harness.key_press(Key::Escape);
            assert_eq!(asked(&mut harness), []);
        }
        assert!(harness.state().view.path_prompt.is_none(), "{leave}");
    }
}
