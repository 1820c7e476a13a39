//! The views as tiles: where they are, how they come and go, and what is kept of their arrangement.

use std::collections::BTreeMap;

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use rand::RngExt as _;
use zscope::random::{Purpose, stream};
use zscope::ui::{Command, Kind, Pane, Shape};

use super::window::{SIZES, Window, asked, press};

fn views(pane: Pane) -> &'static str {
    match pane {
        Pane::Pad => "Latent pad",
        Pane::Picture => "Decoded picture",
        Pane::Codes => "Code map",
        Pane::Codebook => "Codebook heatmap",
        Pane::Reconstructions => "Original images",
        Pane::Map => {
            "Encoded images as points in latent space will be here, once a model and data of its size are open."
        }
        Pane::Dimensions => "Set dimension 0 to zero",
        Pane::Traversals => "Traversal of dimension 0",
        Pane::Directions => "Learn…",
        Pane::Bookmarks => "Keep this point",
        Pane::Walk => "Add this point",
        Pane::SideBySide => "Same latent",
        Pane::Palette => "Palette by brightness",
        Pane::Changes => "Path of the other model",
        Pane::Layers => {
            "The layers of a model that makes pictures will be here, with what each of them computes. Open one, or start a run."
        }
        Pane::OwnPicture => "Open picture…",
        Pane::FilmStrip => "What each checkpoint draws: this point",
    }
}

#[test]
fn every_view_comes_to_the_front_by_its_command() {
    for (kind, window) in [
        (Kind::Latent, Window::full as fn(usize) -> Window),
        (Kind::Codes, |_| Window::with_codes(64)),
    ] {
        for pane in Pane::ALL.into_iter().filter(|pane| pane.suits(kind)) {
            let mut window = window(3);
            window.view.dock.show(pane);
            let mut harness = window.open(SIZES[0]);
            asked(&mut harness);
            assert!(harness.query_by_label(views(pane)).is_some(), "{pane:?} of {kind:?}");
            assert!(harness.state().view.dock.shows(pane), "{pane:?}");
        }
    }
}

#[test]
fn a_view_is_closed_and_brought_back_by_the_menu() {
    let mut harness = Window::full(3).open(SIZES[0]);
    press(&mut harness, "Views");
    harness.get_by_role_and_label(Role::CheckBox, "Pad").click();
    let asked_for = asked(&mut harness);
    assert_eq!(asked_for, [Command::ClosePane(Pane::Pad)]);
    harness.state_mut().view.dock.close(Pane::Pad);
    asked(&mut harness);
    assert!(harness.query_by_label("Latent pad").is_none(), "gone");
    assert!(!harness.state().view.dock.has(Pane::Pad));
    harness.state_mut().view.dock.show(Pane::Pad);
    asked(&mut harness);
    assert!(harness.query_by_label("Latent pad").is_some(), "back");
    harness.state_mut().view.dock.reset();
    asked(&mut harness);
    assert!(
        harness.state().view.dock.shapes().is_empty(),
        "nothing to keep of what is as at first"
    );
}

#[test]
fn all_views_can_be_closed_and_opened_again() {
    let mut harness = Window::full(3).open(SIZES[1]);
    asked(&mut harness);
    let offered: Vec<Pane> = harness.state().view.dock.offered().collect();
    for &pane in &offered {
        harness.state_mut().view.dock.close(pane);
        asked(&mut harness);
    }
    for &pane in &offered {
        harness.state_mut().view.dock.show(pane);
    }
    asked(&mut harness);
    for pane in offered {
        assert!(harness.state().view.dock.has(pane), "{pane:?}");
    }
}

/// Any arrangement at all, also what no program would write.
fn any_shape(rng: &mut impl rand::Rng, depth: usize) -> Shape {
    let pane = |rng: &mut dyn FnMut(usize) -> usize| Pane::ALL[rng(Pane::ALL.len())];
    let shares = [0.0, -1.0, f32::NAN, f32::INFINITY, 0.3, 1.0, 250.0];
    match rng.random_range(0..3) {
        kind @ 0..2 if depth > 0 => {
            let count = rng.random_range(0..4);
            let children = (0..count)
                .map(|_| {
                    let share = shares[rng.random_range(0..shares.len())];
                    (share, any_shape(rng, depth - 1))
                })
                .collect();
            if kind == 0 { Shape::Row(children) } else { Shape::Column(children) }
        }
        _ => {
            let mut draw = |below: usize| rng.random_range(0..below);
            let panes = (0..draw(4)).map(|_| pane(&mut draw)).collect();
            Shape::Tabs { panes, active: Some(pane(&mut draw)) }
        }
    }
}

#[test]
fn any_kept_arrangement_is_shown_or_left_out() {
    for seed in 0..60 {
        let mut rng = stream(seed, 0, Purpose::Explore);
        let shapes =
            BTreeMap::from([Kind::Latent, Kind::Codes].map(|kind| (kind, any_shape(&mut rng, 4))));
        let mut window = if seed % 2 == 0 { Window::full(3) } else { Window::with_codes(64) };
        window.view.dock.arrange(&shapes);
        let mut harness = window.open(SIZES[1]);
        asked(&mut harness);
        // What is shown then is kept and comes back the same.
        let kept = harness.state().view.dock.shapes();
        let text = serde_json::to_string(&kept).expect("plain data");
        let read: BTreeMap<Kind, Shape> = serde_json::from_str(&text).expect("the same");
        assert_eq!(read, kept, "seed {seed}");
        harness.state_mut().view.dock.arrange(&read);
        asked(&mut harness);
        assert_eq!(harness.state().view.dock.shapes(), kept, "seed {seed}");
    }
}

#[test]
fn an_endless_nesting_is_no_arrangement() {
    let mut shape = Shape::Tabs { panes: vec![Pane::Pad], active: None };
    for _ in 0..200 {
        shape = Shape::Row(vec![(1.0, shape)]);
    }
    let mut window = Window::full(3);
    window.view.dock.arrange(&BTreeMap::from([(Kind::Latent, shape)]));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(harness.query_by_label("Decoded picture").is_some(), "as at first");
}
