//! The codes on the plane of their principal components.

use std::sync::Arc;

use eframe::egui;
use egui::accesskit::Role;
use egui::{Event, Key, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use zscope::latent::PrincipalPlane;
use zscope::session::codebook::ReviveFrom;
use zscope::ui::{Command, Order, Pane};

use super::behaviour::painted;
use super::codebook::click_at;
use super::made_up::{is_past, is_rare};
use super::window::{SIZES, Window, asked, is_enabled, press};

/// Its accessible name.
const NAME: &str = "Codes by PCA";

/// A window on the plane of `k` codes.
fn opened(k: usize, size: [f32; 2]) -> Harness<'static, Window> {
    let mut harness = Window::with_codes(k).open(size);
    assert_eq!(press(&mut harness, "PCA"), [], "it asks for nothing");
    assert_eq!(harness.state().view.codebook.order, Order::Plane, "laid out so");
    harness
}

fn plane<'a>(harness: &'a Harness<'_, Window>) -> &'a PrincipalPlane {
    harness.state().codebook.as_ref().and_then(|book| book.plane.as_deref()).expect("a plane")
}

/// Where a code lies on the screen.
fn place_of(harness: &Harness<'_, Window>, code: usize) -> Pos2 {
    let seen = harness.state().view.codebook.seen().expect("the plane is seen");
    let [x, y] = seen.px(plane(harness).places[code].expect("a place"));
    let scale = harness.ctx.pixels_per_point();
    harness.get_by_label(NAME).rect().min + vec2(x, y) / scale
}

/// Codes whose dots lie by themselves.
fn lonely(harness: &Harness<'_, Window>, among: impl Fn(usize) -> bool) -> Vec<usize> {
    let places: Vec<Pos2> =
        (0..plane(harness).places.len()).map(|code| place_of(harness, code)).collect();
    let is_lonely = |&code: &usize| {
        let far = |other: usize| other == code || places[other].distance(places[code]) > 3.0;
        among(code) && (0..places.len()).all(far)
    };
    (0..places.len()).filter(is_lonely).collect()
}

#[test]
fn a_click_selects_the_code_under_it() {
    for scale in [1.0, 1.5] {
        let mut harness = opened(512, SIZES[0].map(|side| side * scale));
        harness.set_pixels_per_point(scale);
        asked(&mut harness);
        let codes = lonely(&harness, |_| true);
        assert!(codes.len() > 20, "{} of 512", codes.len());
        for code in codes.into_iter().step_by(12) {
            let at = place_of(&harness, code);
            let expected = [Command::SelectCode(Some(code))];
            assert_eq!(click_at(&mut harness, at), expected, "code {code} at scale {scale}");
            let told = harness.get_by_label(NAME).value().unwrap_or_default();
            assert!(told.starts_with(&format!("Code {code},")), "{told}");
        }
    }
}

#[test]
fn axes_and_the_legend_say_what_they_are() {
    let mut harness = opened(512, SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    let shares = plane(&harness).shares;
    for (axis, share) in shares.iter().enumerate() {
        let words = format!("PC {}, {:.1} %", axis + 1, share * 100.0);
        assert!(text.contains(&words), "{words:?} in\n{text}");
    }
    for words in ["used", "dying", "dead", "frozen"] {
        assert!(text.lines().any(|line| line == words), "{words} in the legend");
    }
    assert!(harness.query_by_label("Codebook heatmap").is_none(), "in the heatmap's place");
    press(&mut harness, "Index");
    assert!(harness.query_by_label("Codebook heatmap").is_some(), "and back");
    assert!(
        harness.query_by_label(NAME).is_none() && harness.state().view.codebook.seen().is_none()
    );
}

#[test]
fn a_tooltip_tells_of_the_code_under_the_pointer() {
    let mut harness = opened(512, SIZES[0]);
    asked(&mut harness);
    for (among, words) in [
        ((|code| !is_past(code) && !is_rare(code) && code % 40 != 5) as fn(usize) -> bool, "used"),
        (is_past, "dead"),
        (is_rare, "dying"),
    ] {
        let code = lonely(&harness, among)[0];
        let at = place_of(&harness, code);
        harness.hover_at(at);
        harness.run_steps(6);
        let text = painted(&harness);
        assert!(text.contains(&format!("Code {code}, {words}")), "{code} in\n{text}");
        assert!(text.contains(" uses, "), "how often in\n{text}");
        assert_eq!(harness.state().view.codebook.hovered(), Some(code), "under the pointer");
        harness.remove_cursor();
        harness.run_steps(3);
    }
}

#[test]
fn the_keyboard_walks_on_the_plane() {
    let mut harness = opened(512, SIZES[0]);
    harness.get_by_label(NAME).focus();
    asked(&mut harness);
    let places = plane(&harness).places.clone();
    let cursor = |harness: &Harness<'_, Window>| harness.state().view.codebook.cursor;
    for (key, axis, way) in [
        (Key::ArrowRight, 0, 1.0),
        (Key::ArrowLeft, 0, -1.0),
        (Key::ArrowUp, 1, 1.0),
        (Key::ArrowDown, 1, -1.0),
    ] {
        let before = cursor(&harness);
        harness.key_press(key);
        assert_eq!(asked(&mut harness), [], "walking asks for nothing: {key:?}");
        let [from, to] = [before, cursor(&harness)].map(|code| places[code].unwrap()[axis]);
        assert!((to - from) * way > 0.0, "{key:?}: from {from} to {to}");
    }
    let code = cursor(&harness);
    harness.key_press(Key::R);
    let revive = Command::ReviveCodes { codes: vec![code], from: ReviveFrom::Random };
    assert_eq!(asked(&mut harness), [revive], "R revives");
    harness.key_press(Key::Enter);
    assert_eq!(asked(&mut harness), [Command::SelectCode(Some(code))], "Enter opens");
}

#[test]
fn the_wheel_comes_nearer_and_codes_stay_under_their_dots() {
    let mut harness = opened(512, SIZES[0]);
    asked(&mut harness);
    let before = harness.state().view.codebook.seen().unwrap();
    let code = lonely(&harness, |_| true)[3];
    let at = place_of(&harness, code);
    harness.hover_at(at);
    harness.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 120.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    });
    harness.run_steps(30);
    let after = harness.state().view.codebook.seen().unwrap();
    assert!(after.hi[0] - after.lo[0] < 0.8 * (before.hi[0] - before.lo[0]), "{after:?}");
    assert!(place_of(&harness, code).distance(at) < 2.0, "it stays under the pointer");
    let at = place_of(&harness, code);
    assert_eq!(click_at(&mut harness, at), [Command::SelectCode(Some(code))], "and is it");
}

#[test]
fn a_plane_that_is_not_known_is_not_shown() {
    let mut window = Window::with_codes(512);
    window.view.codebook.order = Order::Plane;
    window.codebook.as_mut().unwrap().plane = None;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "PCA"), "not worked out yet");
    assert!(harness.query_by_label("Codebook heatmap").is_some(), "the heatmap until it is");
    // One of another codebook.
    let other = Window::with_codes(40).codebook.unwrap().plane;
    harness.state_mut().codebook.as_mut().unwrap().plane = other;
    asked(&mut harness);
    assert!(harness.query_by_label("Codebook heatmap").is_some(), "not that of another one");
    let codes = Arc::clone(&harness.state().codebook.as_ref().unwrap().codes);
    let plane = Some(Arc::new(PrincipalPlane::of(&codes, None)));
    harness.state_mut().codebook.as_mut().unwrap().plane = plane;
    asked(&mut harness);
    assert!(harness.query_by_role_and_label(Role::Image, NAME).is_some(), "there it is");
}

/// The texture is made anew only when it would look different.
#[test]
fn the_plane_is_drawn_once() {
    let mut harness = opened(512, SIZES[0]);
    asked(&mut harness);
    let is_new = |harness: &Harness<'_, Window>| {
        let book = harness.state().codebook.clone().unwrap();
        harness.state().view.codebook.clone().take_picture(&book)
    };
    assert!(is_new(&harness).is_none(), "it has been taken");
    harness.hover_at(place_of(&harness, 30));
    asked(&mut harness);
    assert!(is_new(&harness).is_none(), "hovering changes nothing of it");
    let seen = harness.state().view.codebook.seen().unwrap();
    assert_eq!(
        harness.state().heatmap.as_ref().unwrap().size(),
        seen.size_px,
        "a pixel is a pixel"
    );
    harness.state_mut().codebook.as_mut().unwrap().frozen[8] = true;
    assert_eq!(is_new(&harness).expect("a frozen code is marked").size, seen.size_px);
}

#[test]
fn all_codes_at_one_place_are_one_dot() {
    let mut window = Window::with_codes(1);
    window.view.codebook.order = Order::Plane;
    window.view.dock.show(Pane::Codebook);
    let mut harness = window.open(SIZES[1]);
    asked(&mut harness);
    let at = harness.get_by_label(NAME).rect().center();
    assert!(place_of(&harness, 0).distance(at) < 1.0, "in the middle");
    assert_eq!(click_at(&mut harness, at), [Command::SelectCode(Some(0))], "to be clicked");
}
