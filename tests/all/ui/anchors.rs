//! Points that have names, by their labels: menus of them, and the watched images by their numbers.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::app::ZscopeApp;
use zscope::array::Array;
use zscope::session::anchor::Anchor;
use zscope::session::explore::{Explore, Place};
use zscope::session::map::{Ask, Map, Projection};
use zscope::session::own_picture::{Found, Source};
use zscope::session::sheets::SheetName;
use zscope::ui::{
    Command, CommandPalette, CompanionAsk, Demo, DirectionsAsk, Link, Pane, StationAsk, StripAsk,
};

use super::any_commands::open_demo;
use super::made_up::GRID;
use super::window::{SIZES, Window, asked, nodes, press, says};
use crate::map::state::{placed, points};

fn pixels() -> Source {
    Source::Pixels { size: [1, 1], rgba: vec![200, 40, 40, 255].into() }
}

/// A window with a picture of one's own, a point and a selection on the map, a bookmark and watched images.
fn window(pane: Pane) -> Window {
    let mut window = Window::full(2);
    window.watched = (0..16).map(|index| vec![index as f32, 0.0]).collect();
    let mut map = Map::default();
    map.set_points(points(1));
    map.set_placed(placed(&points(1), Projection::Pca));
    map.apply(&Ask::Choose(Some(7)));
    let line = vec![[-0.5, -0.5], [1.5, -0.5], [1.5, 0.5], [-0.5, 0.5]];
    map.apply(&Ask::SelectWithin { line, adds: false });
    window.map = map;
    window.explore = Some(Explore::new(2));
    window.kept.bookmarks.add(Place::of(vec![1.0, 2.0]));
    let number = window.own.add("cat.png".to_owned(), pixels());
    let latent = Some(vec![0.5, -1.0]);
    window.own.take_found(number, Arc::new(Found { latent, ..Found::default() }));
    window.view.dock.show(pane);
    window
}

/// Chooses in the menu whose button begins so.
#[track_caller]
fn choose(harness: &mut Harness<'_, Window>, menu: &str, name: &str) -> Vec<Command> {
    asked(harness);
    harness.get_by_label_contains(menu).click();
    press(harness, name)
}

#[test]
fn traversals_go_from_whatever_has_a_name() {
    let mut harness = window(Pane::Traversals).open(SIZES[0]);
    for (name, anchor, latent) in [
        ("your picture", Anchor::OwnPicture, [0.5, -1.0]),
        ("point on the map", Anchor::MapPoint, [2.0, 1.0]),
        ("selection on the map (2)", Anchor::MapSelection, [0.5, 0.0]),
        ("Point 1", Anchor::Bookmark(0), [1.0, 2.0]),
        ("image 7", Anchor::Image(6), [6.0, 0.0]),
        ("zero", Anchor::Origin, [0.0, 0.0]),
    ] {
        choose(&mut harness, "What the other dimensions are held at: ", name);
        let view = &harness.state().view;
        assert_eq!(view.traversals.base, anchor, "{name}");
        let row = view.sheets[&SheetName::Traversals][0].values();
        assert!(latent.contains(&row[1]) || latent.contains(&row[0]), "{name}: {row:?}");
        assert!(says(&harness, &format!("held at: {name}")), "{name} on the button");
    }
}

#[test]
fn what_is_gone_gives_way_to_the_point() {
    let mut window = window(Pane::Traversals);
    window.view.traversals.base = Anchor::OwnPicture;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert_eq!(harness.state().view.traversals.base, Anchor::OwnPicture);
    harness.state_mut().own.forget_found();
    harness.state_mut().map.apply(&Ask::Deselect);
    asked(&mut harness);
    assert_eq!(harness.state().view.traversals.base, Anchor::Point, "it has no latent any more");
    harness.get_by_label_contains("What the other dimensions are held at: ").click();
    asked(&mut harness);
    let offered = ["your picture", "selection on the map (0)", "point on the map"];
    let is_offered =
        offered.map(|name| harness.query_by_role_and_label(Role::Button, name).is_some());
    assert_eq!(is_offered, [false, false, true]);
}

#[test]
fn a_menu_goes_by_keyboard() {
    let mut harness = window(Pane::Traversals).open(SIZES[0]);
    asked(&mut harness);
    harness.get_by_label_contains("What the other dimensions are held at: ").focus();
    asked(&mut harness);
    harness.key_press(Key::Enter);
    asked(&mut harness);
    harness.key_press(Key::Tab);
    asked(&mut harness);
    let way = [
        (Key::ArrowDown, 0, "this point"),
        (Key::ArrowDown, 5, "Point 1"),
        (Key::ArrowDown, 1, "image 1"),
        (Key::ArrowRight, 2, "image 3"),
        (Key::ArrowDown, 2, "image 11"),
        (Key::ArrowUp, 2, "Point 1"),
        (Key::ArrowDown, 2, "image 9"),
    ];
    for (key, times, name) in way {
        for _ in 0..times {
            harness.key_press(key);
            asked(&mut harness);
        }
        let focused = nodes(&harness).into_iter().find(|node| node.accesskit_node().is_focused());
        let label = focused.and_then(|node| node.accesskit_node().label());
        assert_eq!(label.as_deref(), Some(name));
    }
    harness.key_press(Key::Enter);
    asked(&mut harness);
    assert_eq!(harness.state().view.traversals.base, Anchor::Image(8));
    assert!(harness.query_by_role_and_label(Role::Button, "image 12").is_none(), "closed");
}

#[test]
fn pictures_of_bookmarks_are_drawn_while_a_menu_shows_them() {
    let mut harness = window(Pane::Traversals).open(SIZES[0]);
    asked(&mut harness);
    let wants = |harness: &Harness<'_, Window>| {
        harness.state().view.sheets.contains_key(&SheetName::Bookmarks)
    };
    assert!(!wants(&harness), "nobody looks at them");
    harness.get_by_label_contains("What the other dimensions are held at: ").click();
    asked(&mut harness);
    assert!(wants(&harness));
    press(&mut harness, "Point 1");
    assert!(!wants(&harness), "the menu is closed");
}

#[test]
fn sums_directions_the_walk_and_the_strip_take_them_too() {
    let mut harness = window(Pane::Bookmarks).open(SIZES[0]);
    choose(&mut harness, "What is changed: a: ", "image 3");
    choose(&mut harness, "Where the change leads to: c: ", "your picture");
    choose(&mut harness, "Where the change leads from: b: ", "point on the map");
    let commands = press(&mut harness, "Go");
    let sum = Command::SetLatent(vec![2.0 + 0.5 - 2.0, -1.0 - 1.0]);
    assert_eq!(commands, [Command::BeginEdit, sum], "a + c - b");

    let mut harness = window(Pane::Directions).open(SIZES[0]);
    choose(&mut harness, "Where the direction leads from: ", "image 16");
    choose(&mut harness, "Where the direction leads to: ", "selection on the map (2)");
    let between = DirectionsAsk::Between { from: Anchor::Image(15), to: Anchor::MapSelection };
    assert_eq!(press(&mut harness, "Add"), [Command::Directions(between)]);

    let mut harness = window(Pane::Walk).open(SIZES[0]);
    let commands = choose(&mut harness, "Add a station", "point on the map");
    assert_eq!(commands, [Command::Station(StationAsk::Add(Anchor::MapPoint))]);

    let mut harness = window(Pane::FilmStrip).open(SIZES[0]);
    let commands = choose(&mut harness, "What each checkpoint draws: ", "your picture");
    assert_eq!(commands, [Command::Strip(StripAsk::Source(Anchor::OwnPicture))]);
}

#[test]
fn watched_images_have_numbers_and_uses() {
    for size in SIZES {
        let mut harness = window(Pane::Reconstructions).open(size);
        let commands = press(&mut harness, "Watched image 7");
        assert_eq!(commands, [Command::GoTo(Anchor::Image(6))], "a click at {size:?}");
        for (entry, command) in [
            ("Use as base of traversals", Command::TraverseFrom(Anchor::Image(15))),
            ("Add to the walk", Command::Station(StationAsk::Add(Anchor::Image(15)))),
        ] {
            harness.get_by_role_and_label(Role::Button, "Watched image 16").click_secondary();
            assert_eq!(press(&mut harness, entry), [command], "{entry}");
        }
    }
}

#[test]
fn all_models_draw_the_picture_of_ones_own() {
    let mut window = window(Pane::SideBySide);
    window.link = Link::Image(0);
    let mut harness = window.open(SIZES[0]);
    let link = |link| Command::Companion(CompanionAsk::Link(link));
    let what = "Which image all models draw: ";
    assert_eq!(choose(&mut harness, what, "your picture"), [link(Link::OwnPicture)]);
    assert_eq!(choose(&mut harness, what, "image 9"), [link(Link::Image(8))]);
    harness.state_mut().link = Link::Latent;
    harness.state_mut().watched.clear();
    assert_eq!(press(&mut harness, "Same image"), [link(Link::OwnPicture)], "the only image");
}

#[test]
fn codes_of_a_picture_and_of_bookmarks_are_painted_in() {
    let mut window = Window::with_codes(64);
    let d = window.explore.as_ref().expect("it has one").latent().len();
    let size = d / (GRID[0] * GRID[1]);
    let values = (0..64 * size).map(|at| at as f32).collect();
    let space = Arc::new(Array::new([64, size], values).expect("64 codes"));
    let explore = Explore::with_codes(GRID[0] * GRID[1], space, vec![1.0; 64].into());
    let latent = explore.draw(5);
    let expected = explore.draw_codes(5).expect("it has codes");
    window.explore = Some(explore);
    window.kept.bookmarks.add(Place::of(latent.clone()));
    let number = window.own.add("cat.png".to_owned(), pixels());
    let found = Found { latent: Some(latent), ..Found::default() };
    window.own.take_found(number, Arc::new(found));
    let mut harness = window.open(SIZES[0]);
    press(&mut harness, "Clone brush");
    for name in ["your picture", "Point 1"] {
        press(&mut harness, "Source of the clone brush");
        press(&mut harness, &format!("Codes of {name}"));
        let (called, codes) =
            harness.state().view.codebook.canvas.source.clone().expect("a source");
        let map = harness.state().code_map.clone().expect("a map");
        let places = (0..GRID[0]).flat_map(|row| (0..GRID[1]).map(move |at| [row, at]));
        let codes: Vec<u32> =
            codes.at(&map, [0, 0], places).iter().map(|(_, code)| *code).collect();
        assert_eq!((&*called, codes), (name, expected.clone()), "{name}");
    }
}

fn wait(
    harness: &mut Harness<'_, ZscopeApp>,
    what: &str,
    is_so: impl Fn(&Harness<'_, ZscopeApp>) -> bool,
) {
    for _ in 0..2000 {
        if is_so(harness) {
            return;
        }
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{what} never comes");
}

/// The whole program: a picture is traversed from, put at a corner, and drawn by other models, without going to it.
#[test]
fn a_picture_of_ones_own_is_a_point_like_others() {
    let mut harness = open_demo(Demo::Vae, Harness::builder().with_size([1280.0, 800.0]));
    let ctx = harness.ctx.clone();
    let apply = |harness: &mut Harness<'_, ZscopeApp>, command: Command| {
        harness.state_mut().apply(&ctx, command);
        harness.run_steps(2);
    };
    apply(&mut harness, Command::TraverseFrom(Anchor::OwnPicture));
    assert_eq!(harness.state().view().traversals.base, Anchor::Point, "there is none yet");
    let demo = CompanionAsk::Add(Some(PathBuf::from(Demo::Vae.path())));
    apply(&mut harness, Command::Companion(demo));
    apply(&mut harness, Command::Companion(CompanionAsk::Link(Link::OwnPicture)));
    apply(&mut harness, Command::ShowPane(Pane::SideBySide));
    let says_none = |harness: &Harness<'_, ZscopeApp>| {
        harness.query_by_label("There is no picture of your own.").is_some()
    };
    wait(&mut harness, "that there is no picture", says_none);
    apply(&mut harness, Command::AddPicture { name: "cat.png".to_owned(), source: pixels() });
    let goes = |harness: &Harness<'_, ZscopeApp>| {
        harness.query_by_role_and_label(Role::Image, "Latent of your picture").is_some()
    };
    wait(&mut harness, "the picture's latent", goes);
    let here = harness.state().explore().latent().to_vec();
    apply(&mut harness, Command::JumpToDraw);
    let away = harness.state().explore().latent().to_vec();
    assert_ne!(here, away);
    apply(&mut harness, Command::PointToCorner { index: 2, point: Anchor::OwnPicture });
    assert_eq!(harness.state().explore().corners()[2].latent, here, "a corner");
    apply(&mut harness, Command::TraverseFrom(Anchor::OwnPicture));
    assert_eq!(harness.state().view().traversals.base, Anchor::OwnPicture);
    assert!(harness.state().view().dock.shows(Pane::Traversals), "and they are shown");
    apply(&mut harness, Command::ShowPane(Pane::SideBySide));
    wait(&mut harness, "what the other model makes of it", |harness| !says_none(harness));
    apply(&mut harness, Command::GoTo(Anchor::OwnPicture));
    assert_eq!(harness.state().explore().latent(), here, "there");
    apply(&mut harness, Command::Undo);
    assert_eq!(harness.state().explore().latent(), away, "and back");
}

#[test]
fn the_palette_finds_them() {
    for (words, command) in [
        ("traverse from your picture", Command::TraverseFrom(Anchor::OwnPicture)),
        ("go to selection on the map", Command::GoTo(Anchor::MapSelection)),
        ("add point on the map", Command::Station(StationAsk::Add(Anchor::MapPoint))),
        ("go to image 12", Command::GoTo(Anchor::Image(11))),
    ] {
        let mut window = window(Pane::Map);
        window.view.command_palette = Some(CommandPalette::new());
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        harness.get_by_label("Find something to do").type_text(words);
        harness.run();
        harness.key_press(Key::Enter);
        assert_eq!(asked(&mut harness), [command], "{words}");
    }
}
