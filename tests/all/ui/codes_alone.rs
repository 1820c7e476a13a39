//! The window on a codebook without its model: its codes, and in place of pictures why there are none.

use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use zscope::session::codebook::Usage;
use zscope::ui::{Order, Pane};

use super::behaviour::painted;
use super::made_up::codebook;
use super::window::{SIZES, Window, asked, is_enabled, press, says};

fn window(usage: Usage) -> Window {
    let mut alone = codebook(512);
    (alone.usage, alone.survey, alone.can_undo) = (usage, None, false);
    alone.frozen.clear();
    let mut window = Window::full(2);
    window.pictures.main = None;
    window.only_codes = true;
    window.notes = vec!["Other tensors that look like codebooks: b.codebook.".to_owned()];
    window.codebook = Some(alone);
    window.view.dock.show(Pane::Reconstructions);
    window
}

/// Scenes of a codebook alone, for tests of where things lie.
pub fn scenes() -> Vec<(&'static str, Window)> {
    let mut inspected = window(averaged());
    inspected.view.codebook.select(Some(8));
    vec![
        ("a codebook alone", window(averaged())),
        ("norms of a codebook alone", window(Usage::Unknown)),
        ("a code of a codebook alone", inspected),
    ]
}

/// Every eighth is dead, every eighth plus one dying.
fn averaged() -> Usage {
    let count = |code: usize| match code % 8 {
        0 => 0,
        1 => 3,
        _ => 2_000 + code as u64,
    };
    Usage::Averaged((0..512).map(count).collect::<Vec<u64>>().into())
}

#[test]
fn a_codebook_alone_says_what_is_missing_and_shows_its_codes() {
    for size in SIZES {
        let mut harness = window(averaged()).open(size);
        asked(&mut harness);
        let text = painted(&harness);
        for words in [
            "Only a codebook is open",
            "No pad, picture or sliders",
            "Other tensors that look like codebooks: b.codebook.",
            "384 of 512 used, 64 dying, 64 dead",
            "(moving average)",
            "use as the file tells it",
            "in a million",
        ] {
            assert!(text.contains(words), "{words:?} in\n{text}");
        }
        for words in ["Dimensions", "Reconstructions", "Revive all dead"] {
            assert!(!says(&harness, words), "{words}: there is nothing of the kind");
        }
        assert!(harness.query_by_label("Codebook heatmap").is_some(), "the codes are there");
    }
}

#[test]
fn a_code_of_a_codebook_alone_is_looked_into() {
    let mut window = window(averaged());
    window.view.codebook.select(Some(8));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["Code 8", "dead", "not even one vector in a million", "Nearest codes", "Norm"] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    for words in ["Alone", "In pictures", "Revive", "while the model trains", "evaluated"] {
        assert!(!text.contains(words), "{words:?} in\n{text}");
    }
    harness.state_mut().view.codebook.select(Some(2));
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["of 1.0\u{a0}M vectors by the checkpoint's moving average", "in a million"] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
}

#[test]
fn codes_of_unknown_use_are_shown_by_their_norms() {
    let mut harness = window(Usage::Unknown).open(SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["use not known", "512 codes", "norm "] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    assert!(!is_enabled(&harness, "Use"), "nothing tells it");
    assert_eq!(press(&mut harness, "Norm"), [], "no command");
    assert_eq!(harness.state().view.codebook.order, Order::Norm, "the longest first");
    let norms = harness.state().codebook.as_ref().expect("a codebook").norms();
    let places = harness.state().view.codebook.places();
    assert!(places.is_sorted_by(|&a, &b| norms[a] >= norms[b]), "{places:?}");
    let image = {
        let state = harness.state_mut();
        let book = Arc::new(state.codebook.clone().expect("a codebook"));
        state.view.codebook.log = !state.view.codebook.log;
        state.view.codebook.take_picture(&book).expect("a picture")
    };
    harness.state_mut().only_codes = false;
    harness.state_mut().view.dock.show(Pane::Codebook);
    asked(&mut harness);
    assert_eq!(harness.state().view.codebook.order, Order::Index, "as other models know it");
    assert!(image.pixels.first() == Some(&zscope::ui::theme::viridis(1.0)), "the longest");
}
