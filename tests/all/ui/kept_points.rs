//! The points of the map in the whole program. Where the processor draws, their picture is kept while a hand moves the
//! map and drawn anew behind it: at rest it has to be the one that is drawn at once.

use eframe::egui;
use egui::{Event, Modifiers, PointerButton, Pos2, Vec2, vec2};
use egui_kittest::Harness;
use image::RgbaImage;
use zscope::app::ZscopeApp;
use zscope::session::map::{Ask, Colouring, Extent, Splits};
use zscope::ui::{Command, Demo, MapMode, Pane};

use super::any_commands::open_demo;

/// More than are drawn in one frame beside a picture that is kept.
const POINTS: usize = 12_000;

/// The whole program with that many images on its map.
fn opened() -> Harness<'static, ZscopeApp> {
    let mut harness = open_demo(Demo::Vae, Harness::builder().with_size([1280.0, 800.0]).wgpu());
    let ctx = harness.ctx.clone();
    let extent = Extent { splits: Splits::Train, images: POINTS, draws: 0 };
    for command in [
        Command::ShowPane(Pane::Map),
        Command::SetMapMode(MapMode::Pan),
        Command::Map(Ask::Extent(extent)),
        Command::Map(Ask::Encode),
    ] {
        harness.state_mut().apply(&ctx, command);
    }
    for _ in 0..4000 {
        harness.step();
        if harness.state().view().map.rect().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    harness.run_steps(5);
    harness
}

/// The next frame's picture of what lies around the middle of the map.
fn frame(harness: &mut Harness<'_, ZscopeApp>) -> RgbaImage {
    harness.step();
    let picture = harness.render().expect("an adapter: install the package mesa-vulkan-drivers");
    let rect = harness.state().view().map.rect().expect("the map is drawn").shrink(48.0);
    let [x, y, width, height] =
        [rect.left(), rect.top(), rect.width(), rect.height()].map(|at| at as u32);
    image::imageops::crop_imm(&picture, x, y, width, height).to_image()
}

/// The picture once nothing is left to be drawn.
fn at_rest(harness: &mut Harness<'_, ZscopeApp>) -> RgbaImage {
    let mut before = frame(harness);
    for _ in 0..30 {
        let after = frame(harness);
        if after == before {
            return after;
        }
        before = after;
    }
    panic!("it never rests")
}

/// The share of pixels that differ visibly.
fn difference(a: &RgbaImage, b: &RgbaImage) -> f32 {
    assert_eq!(a.dimensions(), b.dimensions(), "two pictures of one place");
    let differ = |(a, b): &(&image::Rgba<u8>, &image::Rgba<u8>)| {
        a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24)
    };
    a.pixels().zip(b.pixels()).filter(differ).count() as f32 / (a.width() * a.height()) as f32
}

/// The same, drawn all at once, as other colours are.
fn at_once(harness: &mut Harness<'_, ZscopeApp>) -> RgbaImage {
    let ctx = harness.ctx.clone();
    for colouring in [Colouring::Nothing, Colouring::Label] {
        harness.state_mut().apply(&ctx, Command::Map(Ask::Colour(colouring)));
        harness.run_steps(3);
    }
    at_rest(harness)
}

fn drag(harness: &mut Harness<'_, ZscopeApp>, from: Pos2, way: Vec2) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(from));
    harness.event(button(from, true));
    harness.step();
    for part in 1..=4 {
        harness.event(Event::PointerMoved(from + way * (part as f32 / 4.0)));
        harness.step();
    }
    harness.event(button(from + way, false));
    harness.event(Event::PointerGone);
    harness.step();
}

#[test]
fn a_kept_picture_of_points_comes_to_be_what_is_drawn_at_once() {
    if std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
        return;
    }
    let mut harness = opened();
    let first = at_rest(&mut harness);
    let mut colours: Vec<_> = first.pixels().map(|pixel| pixel.0).collect();
    colours.sort_unstable();
    colours.dedup();
    assert!(colours.len() > 50, "{} colours: there are points", colours.len());

    let middle = harness.state().view().map.rect().expect("the map is drawn").center();
    drag(&mut harness, middle, vec2(31.0, 17.0));
    let moved = at_rest(&mut harness);
    assert!(difference(&moved, &first) > 0.02, "it moved: {}", difference(&moved, &first));
    let anew = at_once(&mut harness);
    assert!(difference(&moved, &anew) < 0.01, "after a pan: {}", difference(&moved, &anew));

    harness.event(Event::PointerMoved(middle));
    harness.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 160.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(12);
    harness.event(Event::PointerGone);
    let stretched = frame(&mut harness);
    let sharp = at_rest(&mut harness);
    let anew = at_once(&mut harness);
    let [worst, rest] = [difference(&stretched, &anew), difference(&sharp, &anew)];
    assert!(rest < 0.01, "after a zoom: {rest}");
    assert!(worst >= 2.0 * rest, "before it is sharp: {worst}, at rest {rest}");
}
