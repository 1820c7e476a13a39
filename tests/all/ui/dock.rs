//! The views as tiles: where they are, how they come and go, and what is kept of their arrangement.

use std::collections::BTreeMap;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, vec2};
use egui_kittest::kittest::Queryable as _;
use rand::RngExt as _;
use zscope::random::{Purpose, stream};
use zscope::ui::{Command, CommandPalette, Grow, Kind, Pane, Shape, Towards};

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
        Pane::Prior => {
            "Pictures drawn from a prior will be here: a transformer that learns which codes go together, and fills what is erased. Train one on this model, or open a run of the recipe prior."
        }
        Pane::Words => {
            "Pictures of texts and texts of pictures will be here, for a model that learns both by the same codes: train one by the recipe multimodal, on shapes or a folder with a captions.tsv."
        }
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

fn tabs(panes: &[Pane], front: usize) -> Shape {
    Shape::Tabs { panes: panes.to_vec(), active: panes.get(front).copied() }
}

fn columns(shapes: &[Shape]) -> Shape {
    Shape::Row(shapes.iter().cloned().map(|shape| (1.0, shape)).collect())
}

fn rows(shapes: &[Shape]) -> Shape {
    Shape::Column(shapes.iter().cloned().map(|shape| (1.0, shape)).collect())
}

#[test]
fn a_view_moves_into_its_neighbour_or_beside_those_that_it_leaves() {
    use Pane::{Map, Pad, Picture, Walk};
    let shape = rows(&[columns(&[tabs(&[Pad], 0), tabs(&[Picture], 0)]), tabs(&[Map, Walk], 0)]);
    let moved = |pane, to| shape.moved(pane, to);
    assert_eq!(
        moved(Pad, Towards::Right),
        Some(rows(&[tabs(&[Picture, Pad], 1), tabs(&[Map, Walk], 0)])),
        "the tile that it leaves is gone, and so is the row of one"
    );
    assert_eq!(
        moved(Map, Towards::Up),
        Some(rows(&[columns(&[tabs(&[Pad, Map], 1), tabs(&[Picture], 0)]), tabs(&[Walk], 0)])),
    );
    let upper = columns(&[tabs(&[Pad], 0), tabs(&[Picture], 0)]);
    let lower = columns(&[tabs(&[Walk], 0), tabs(&[Map], 0)]);
    assert_eq!(moved(Map, Towards::Right), Some(rows(&[upper.clone(), lower])), "a new tile");
    let lower = columns(&[tabs(&[Walk], 0), tabs(&[Map], 0)]);
    assert_eq!(moved(Walk, Towards::Left), Some(rows(&[upper, lower])), "on the other side");
    assert_eq!(
        moved(Picture, Towards::Down),
        Some(rows(&[tabs(&[Pad], 0), tabs(&[Map, Walk, Picture], 2)])),
    );
    assert_eq!(moved(Pad, Towards::Left), None, "alone at its edge");
    assert_eq!(moved(Pane::Codes, Towards::Left), None, "not there");
}

#[test]
fn a_tile_grows_and_shrinks_within_its_row_until_the_others_are_small() {
    use Pane::{Map, Pad, Picture};
    let shape = rows(&[columns(&[tabs(&[Pad], 0), tabs(&[Picture], 0)]), tabs(&[Map], 0)]);
    let wider = shape.resized(Pad, Grow::Wider).expect("beside the picture");
    let Shape::Column(tiles) = &wider else { panic!("{wider:?}") };
    assert_eq!(tiles[0].1, Shape::Row(vec![(1.25, tabs(&[Pad], 0)), (1.0, tabs(&[Picture], 0))]));
    assert_eq!(wider.resized(Pad, Grow::Narrower), Some(shape.clone()));
    assert_eq!(shape.resized(Map, Grow::Wider), None, "nothing lies beside it");
    let taller = shape.resized(Pad, Grow::Taller).expect("over the map");
    let Shape::Column(tiles) = &taller else { panic!("{taller:?}") };
    assert_eq!(tiles.iter().map(|(share, _)| *share).collect::<Vec<_>>(), [1.25, 1.0]);
    let mut shape = shape;
    let mut steps = 0;
    while let Some(next) = shape.resized(Pad, Grow::Wider) {
        (shape, steps) = (next, steps + 1);
    }
    assert_eq!(steps, 9, "1.25 to the ninth beside 1 is the last below nine tenths");
}

#[test]
fn moves_lose_no_view() {
    let mut rng = stream(5, 0, Purpose::Explore);
    let mut harness = Window::full(3).open(SIZES[1]);
    asked(&mut harness);
    let offered: Vec<Pane> = harness.state().view.dock.offered().collect();
    let mut moves = 0;
    for _ in 0..60 {
        let pane = offered[rng.random_range(0..offered.len())];
        let (to, _) = Towards::ALL[rng.random_range(0..4)];
        let dock = &mut harness.state_mut().view.dock;
        if let Some(shape) = dock.moved(pane, to) {
            dock.rearrange(&shape);
            moves += 1;
        }
        asked(&mut harness);
        let dock = &harness.state().view.dock;
        assert!(offered.iter().all(|pane| dock.has(*pane)), "{pane:?} {to:?}");
    }
    assert!(moves > 30, "{moves}");
}

#[test]
fn the_command_palette_moves_views() {
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    harness.state_mut().view.command_palette = Some(CommandPalette::new());
    asked(&mut harness);
    harness.get_by_label("Find something to do").type_text("move pad to the left");
    harness.run();
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), [Command::MovePane(Pane::Pad, Towards::Left)]);
}

#[test]
fn a_view_that_is_dropped_onto_an_edge_parts_the_whole_tile() {
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    let rect = harness.state().view.dock.rect(Pane::Reconstructions).expect("in front");
    let from = harness.get_by_label("Bookmarks").rect().center();
    let to = rect.right_center() - vec2(20.0, 0.0);
    harness.drag_at(from);
    for step in 1..=8 {
        harness.hover_at(from.lerp(to, step as f32 / 8.0));
        asked(&mut harness);
    }
    harness.drop_at(to);
    for _ in 0..3 {
        asked(&mut harness);
    }
    let shapes = harness.state().view.dock.shapes();
    let Some(Shape::Column(tiles)) = shapes.get(&Kind::Latent) else { panic!("{shapes:?}") };
    let Shape::Row(lower) = &tiles[1].1 else { panic!("{tiles:?}") };
    let [(_, Shape::Tabs { panes, active }), (_, dropped)] = lower.as_slice() else {
        panic!("{lower:?}")
    };
    assert_eq!(*active, Some(Pane::Reconstructions));
    assert!(panes.contains(&Pane::Map) && !panes.contains(&Pane::Bookmarks), "{panes:?}");
    assert_eq!(*dropped, tabs(&[Pane::Bookmarks], 0));
}
