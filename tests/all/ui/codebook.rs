//! The codebook's views: the heatmap, the inspector of one code, the picture as codes.

use std::sync::Arc;
use std::time::Instant;

use eframe::egui;
use egui::accesskit::Role;
use egui::{Event, Key, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::latent::{CodeLayout, Levels};
use zscope::session::Session;
use zscope::session::codebook::{CodeMap, Codebook, ReviveFrom, Usage};
use zscope::session::explore::Explore;
use zscope::ui::{Clock, CodesAsk, Command, Order, Pane, Picture};

use super::behaviour::painted;
use super::made_up::{self, D, GRID, WINDOW_STEPS, is_past, is_rare, is_unused};
use super::window::{SIZES, Window, asked, describe, is_enabled, nodes, press, says};

fn book<'a>(harness: &'a Harness<'_, Window>) -> &'a Codebook {
    harness.state().codebook.as_ref().expect("a codebook")
}

fn selected(code: usize) -> Vec<Command> {
    vec![Command::SelectCode(Some(code))]
}

/// Where a code lies on the screen.
fn place_of(harness: &Harness<'_, Window>, code: usize) -> Pos2 {
    let view = &harness.state().view.codebook;
    let place = view.places().iter().position(|&found| found == code).expect("a place");
    let scale = harness.ctx.pixels_per_point();
    let [left, top, side] = view.grid().cell(place).map(|px| px as f32 / scale);
    // The picture begins at a whole pixel.
    let corner = harness.get_by_label("Codebook heatmap").rect().min;
    (corner * scale).round() / scale + vec2(left + side / 2.0, top + side / 2.0)
}

pub fn click_at(harness: &mut Harness<'_, Window>, at: Pos2) -> Vec<Command> {
    harness.hover_at(at);
    for pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    let commands = asked(harness);
    harness.remove_cursor();
    harness.run_ok();
    commands
}

/// Where a cell of the code map lies.
pub fn cell_at(harness: &Harness<'_, Window>, cell: usize) -> Pos2 {
    let rect = harness.get_by_label("Code map").rect();
    let side = (rect.width() / GRID[0].max(GRID[1]) as f32).floor();
    let place = vec2((cell % GRID[1]) as f32 + 0.5, (cell / GRID[1]) as f32 + 0.5);
    rect.min + place * side
}

fn value(harness: &Harness<'_, Window>, label: &str) -> String {
    harness.get_by_label(label).value().unwrap_or_default()
}

#[test]
fn a_click_selects_the_code_under_it_in_every_order() {
    for (name, order) in
        [("Index", Order::Index), ("Use", Order::Use), ("Similarity", Order::Similarity)]
    {
        let mut harness = Window::with_codes(512).open(SIZES[0]);
        assert_eq!(press(&mut harness, name), [], "{name} asks for nothing");
        assert_eq!(harness.state().view.codebook.order, order, "{name}");
        for code in [17, 0, 511, 203] {
            let at = place_of(&harness, code);
            assert_eq!(click_at(&mut harness, at), selected(code), "code {code} by {name}");
            assert_eq!(harness.state().view.codebook.selected, Some(code), "{name}");
            assert!(says(&harness, &format!("Code {code}")), "the inspector shows code {code}");
            assert!(
                value(&harness, "Codebook heatmap").starts_with(&format!("Code {code},")),
                "told"
            );
        }
        let places = harness.state().view.codebook.places().to_vec();
        let counts = book(&harness).window_counts();
        match order {
            Order::Index => assert!(places.is_sorted(), "by number"),
            Order::Use => {
                assert!(places.is_sorted_by_key(|&code| u64::MAX - counts[code]), "by use");
            }
            Order::Norm | Order::Plane => unreachable!("elsewhere"),
            Order::Similarity => {
                let known = book(&harness).plane.clone().unwrap();
                assert_eq!(places, known.order, "by similarity");
            }
        }
    }
}

/// A pixel of the heatmap is a pixel of the screen, whatever a point is.
#[test]
fn codes_are_found_on_screens_of_any_scale() {
    for scale in [1.0, 1.25, 1.5, 2.0, 3.0] {
        let mut harness = Window::with_codes(509).open(SIZES[0].map(|side| side * scale));
        harness.set_pixels_per_point(scale);
        asked(&mut harness);
        for code in [0, 100, 508] {
            let at = place_of(&harness, code);
            assert_eq!(click_at(&mut harness, at), selected(code), "code {code} at scale {scale}");
        }
        let rect = harness.get_by_label("Codebook heatmap").rect();
        let size = harness.state().view.codebook.grid().size_px();
        assert!(
            (rect.width() * scale - size[0] as f32).abs() < 0.51,
            "{rect} for {size:?} at {scale}"
        );
    }
}

#[test]
fn the_keyboard_walks_opens_and_revives() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    let step = |harness: &mut Harness<'_, Window>, key| {
        harness.key_press(key);
        asked(harness)
    };
    harness.get_by_label("Codebook heatmap").focus();
    asked(&mut harness);
    let columns = harness.state().view.codebook.grid().columns;
    for (key, expected) in [
        (Key::ArrowUp, 0),
        (Key::ArrowLeft, 0),
        (Key::ArrowRight, 1),
        (Key::ArrowRight, 2),
        (Key::ArrowDown, 2 + columns),
        (Key::ArrowLeft, 1 + columns),
        (Key::ArrowUp, 1),
    ] {
        assert_eq!(step(&mut harness, key), [], "walking asks for nothing: {key:?}");
        assert_eq!(harness.state().view.codebook.cursor, expected, "{key:?}");
        assert!(
            harness.get_by_label("Codebook heatmap").is_focused(),
            "the heatmap keeps the keyboard"
        );
    }
    let revive = |code| Command::ReviveCodes { codes: vec![code], from: ReviveFrom::Random };
    assert_eq!(step(&mut harness, Key::R), [revive(1)], "R revives");
    assert_eq!(harness.state().view.codebook.selected, None, "and opens nothing");
    assert_eq!(step(&mut harness, Key::Enter), selected(1), "Enter opens");
    assert_eq!(step(&mut harness, Key::ArrowRight), selected(2), "an open inspector follows");
    assert_eq!(step(&mut harness, Key::R), [revive(2)], "R revives that one");
    // To the last place and not beyond, though the last row is short.
    for _ in 0..20 {
        step(&mut harness, Key::ArrowDown);
    }
    for _ in 0..70 {
        step(&mut harness, Key::ArrowRight);
    }
    let places = harness.state().view.codebook.places().len();
    let cursor = harness.state().view.codebook.cursor;
    assert!(cursor < places, "{cursor}");
    harness.key_press(Key::Tab);
    asked(&mut harness);
    assert!(!harness.get_by_label("Codebook heatmap").is_focused(), "Tab goes on");
    assert_eq!(step(&mut harness, Key::R), [], "without the keyboard R is a letter");
}

#[test]
fn a_tooltip_tells_how_a_code_is_used() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let dying = (0..512).find(|&code| is_rare(code)).unwrap();
    let past = (0..512).find(|&code| is_past(code)).unwrap();
    for (code, words) in [
        (
            17,
            vec![
                "Code 17, used",
                "uses, ",
                " % of the vectors of the window",
                "last used at step 400",
            ],
        ),
        (dying, vec!["dying", "last used at step 370"]),
        (past, vec!["dead", "0 uses, 0 % of the vectors", "last used at step 200"]),
        (5, vec!["Code 5, dead", "never used"]),
        (3, vec!["Code 3, used, frozen"]),
    ] {
        let at = place_of(&harness, code);
        harness.hover_at(at);
        harness.run_steps(6);
        let text = painted(&harness);
        for words in words {
            assert!(text.contains(words), "{words:?} of code {code} in\n{text}");
        }
        assert_eq!(harness.state().view.codebook.hovered(), Some(code), "under the pointer");
        harness.remove_cursor();
        harness.run_steps(3);
    }
    assert_eq!(harness.state().view.codebook.hovered(), None, "nothing any more");
    press(&mut harness, "Batch");
    let at = place_of(&harness, 17);
    harness.hover_at(at);
    harness.run_steps(6);
    assert!(painted(&harness).contains("of the last batch"), "the other clock");
}

#[test]
fn two_clocks_are_told_apart() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let summary = "464 of 512 used, 22 dying, 26 dead · perplexity ";
    assert!(painted(&harness).contains(summary), "{}", painted(&harness));
    assert!(painted(&harness).contains("(window), "), "both perplexities");
    let heatmap = |harness: &mut Harness<'_, Window>| {
        let codebook = harness.state().codebook.clone().unwrap();
        let mut view = harness.state().view.codebook.clone();
        view.log = !view.log;
        view.take_picture(&codebook).expect("another scale, another picture")
    };
    let window = heatmap(&mut harness);
    press(&mut harness, "Batch");
    assert_eq!(harness.state().view.codebook.clock, Clock::Batch, "the last batch");
    assert!(heatmap(&mut harness) != window, "another picture");
    assert!(painted(&harness).contains(summary), "states are those of the window all the same");
    press(&mut harness, &format!("Window ({WINDOW_STEPS} steps)"));
    assert!(heatmap(&mut harness) == window, "as before");
    harness.get_by_role_and_label(Role::CheckBox, "log").click();
    asked(&mut harness);
    assert!(!harness.state().view.codebook.log, "linear");
    for words in ["used", "dying", "dead", "frozen"] {
        assert!(painted(&harness).lines().any(|line| line == words), "{words} in the legend");
    }
    assert!(nodes(&harness).iter().any(|node| {
        node.accesskit_node().label().is_some_and(|label| label.starts_with("Colours from 0 to "))
    }));
}

/// The texture is made anew only when it would look different.
#[test]
fn the_heatmap_is_drawn_once() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let book = harness.state().codebook.clone().unwrap();
    let is_new = |harness: &mut Harness<'_, Window>, book: &Codebook| {
        asked(harness);
        let mut view = harness.state().view.codebook.clone();
        view.take_picture(book).is_some()
    };
    assert!(!is_new(&mut harness, &book), "it has been taken");
    let at = place_of(&harness, 30);
    harness.hover_at(at);
    assert!(!is_new(&mut harness, &book), "hovering changes nothing of it");
    let mut frozen = book.clone();
    frozen.frozen[8] = true;
    assert!(is_new(&mut harness, &frozen), "a frozen code is marked");
    let size = harness.state().view.codebook.grid().size_px();
    assert_eq!(harness.state().heatmap.as_ref().unwrap().size(), size, "a pixel is a pixel");
}

/// The most used codes first, but never so that one moves away under the pointer.
#[test]
fn codes_stay_under_the_pointer() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    press(&mut harness, "Use");
    let at = place_of(&harness, 17);
    harness.hover_at(at);
    harness.run_steps(4);
    let before = harness.state().view.codebook.places().to_vec();
    let Usage::Trained(usage) = &book(&harness).usage else { panic!("trained") };
    let mut usage = usage.as_ref().clone();
    let mut counts = vec![1.0; 512];
    counts[17] = 1e6;
    for step in 401..410 {
        usage.add_step(step, &counts, &[]);
    }
    harness.state_mut().codebook.as_mut().unwrap().usage = Usage::Trained(Arc::new(usage));
    harness.run_steps(4);
    assert_eq!(harness.state().view.codebook.places(), before, "held");
    harness.remove_cursor();
    harness.run_steps(4);
    assert_eq!(harness.state().view.codebook.places()[0], 17, "in order again");
}

#[test]
fn revive_all_dead_spares_the_frozen() {
    let mut window = Window::with_codes(512);
    window.codebook.as_mut().unwrap().frozen[45] = true;
    let mut harness = window.open(SIZES[0]);
    let codes: Vec<usize> =
        (0..512).filter(|&code| (is_unused(code) || is_past(code)) && code != 45).collect();
    assert_eq!(codes.len(), 25, "of 26");
    let expected = Command::ReviveCodes { codes, from: ReviveFrom::Random };
    assert_eq!(press(&mut harness, "Revive all dead"), [expected], "all others");
    let mut harness = Window::with_codes(4).open(SIZES[0]);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Revive all dead"), "none is dead");
}

fn inspect(code: usize) -> Harness<'static, Window> {
    let mut window = Window::with_codes(512);
    window.view.codebook.select(Some(code));
    // High enough to show all of it.
    let mut harness = window.open([1280.0, 1400.0]);
    asked(&mut harness);
    harness
}

#[test]
fn the_inspector_acts_on_its_code() {
    let mut harness = inspect(17);
    for (item, from) in [
        ("Onto a random vector", ReviveFrom::Random),
        ("Onto the farthest vector", ReviveFrom::Farthest),
    ] {
        press(&mut harness, "Revive this code");
        let expected = Command::ReviveCodes { codes: vec![17], from };
        assert_eq!(press(&mut harness, item), [expected], "{item}");
    }
    let freeze = |frozen| Command::FreezeCodes { codes: vec![17], frozen };
    assert_eq!(press(&mut harness, "Freeze this code"), [freeze(true)], "freeze");
    harness.state_mut().codebook.as_mut().unwrap().frozen[17] = true;
    asked(&mut harness);
    assert!(says(&harness, "it is frozen"), "told");
    assert_eq!(press(&mut harness, "Thaw this code"), [freeze(false)], "thaw");
    assert_eq!(press(&mut harness, "Undo the change of codes"), [Command::UndoCodes], "undo");
    harness.state_mut().codebook.as_mut().unwrap().can_undo = false;
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Undo the change of codes"), "nothing to undo");
    assert_eq!(press(&mut harness, "Copy the vector"), [], "copying asks for nothing");
    assert_eq!(press(&mut harness, "Close the inspector"), [Command::SelectCode(None)], "closed");
    assert!(harness.query_by_label("Freeze this code").is_none(), "it is gone");
}

#[test]
fn codes_are_changed_only_in_training() {
    let mut window = Window::with_codes(512);
    window.view.codebook.select(Some(17));
    window.is_live = false;
    window.session = Session::default();
    window.trains_on = Some("shapes");
    let mut harness = window.open([1280.0, 1400.0]);
    asked(&mut harness);
    for name in ["Freeze this code", "Undo the change of codes", "Revive all dead"] {
        assert!(!is_enabled(&harness, name), "{name}: it does not train");
    }
    assert!(says(&harness, "while the model trains"), "told");
    let ways = nodes(&harness).into_iter().filter(|node| {
        let label = node.accesskit_node().label();
        label.is_some_and(|label| label.starts_with("Train this model on"))
    });
    ways.last().expect("a way to train it").click();
    assert_eq!(asked(&mut harness), [Command::TrainOn], "the way on is beside it");
}

#[test]
fn the_vector_is_copied_as_text() {
    let mut harness = inspect(17);
    harness.get_by_label("Copy the vector").click();
    harness.step();
    let copied =
        harness.output().platform_output.commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
    let copied = copied.expect("something is copied");
    let values: Vec<f32> = copied.split(", ").map(|value| value.parse().unwrap()).collect();
    assert_eq!(values, book(&harness).vector(17), "every value");
}

/// Onto the vector that the encoder gave a cell of the picture: `latent` is `[d, h, w]`.
#[test]
fn a_code_is_revived_onto_the_vector_of_a_cell() {
    let mut harness = inspect(17);
    let cells = GRID[0] * GRID[1];
    let latent: Vec<f32> = (0..D * cells).map(|index| index as f32).collect();
    let codes = Arc::clone(&book(&harness).codes);
    let shares: Arc<[f32]> = vec![1.0; codes.num_rows()].into();
    let mut explore = Explore::with_codes(cells, codes, shares);
    explore.set_latent(&latent);
    harness.state_mut().explore = Some(explore);
    let at = cell_at(&harness, 12);
    click_at(&mut harness, at);
    press(&mut harness, "Revive this code");
    let vector = (0..D).map(|dim| (dim * cells + 12) as f32).collect();
    let expected = Command::ReviveCodes { codes: vec![17], from: ReviveFrom::Vector(vector) };
    assert_eq!(press(&mut harness, "Onto the vector of cell 12"), [expected], "its column");
}

#[test]
fn the_inspector_tells_what_is_known() {
    let harness = inspect(5);
    let text = painted(&harness);
    let why = book(&harness).why(5);
    // The sentence is wrapped.
    assert!(text.replace('\n', " ").contains(&why) || says(&harness, &why), "{why}\n{text}");
    for words in [
        "Code 5",
        "dead",
        "0 batch · 0 window · 0 in all",
        "Use over time: none",
        "died again: no use after step 151",
        "restarted 2 times, steps 150 to 151",
        "never used",
        "Vector, 16 values",
        "Nearest codes",
        "What the code decodes to will be here.",
        "No piece of the data chose it yet.",
    ] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    let past = (0..512).find(|&code| is_past(code)).unwrap();
    let harness = inspect(past);
    assert!(painted(&harness).contains("died at step 200 (last use)"), "{}", painted(&harness));
    assert!(harness.query_by_label(&format!("Use of code {past} over time")).is_some(), "a plot");
    let usage = made_up::codebook(1);
    let mut window = Window::with_codes(1);
    window.codebook = Some(Codebook { usage: Usage::Unknown, survey: None, ..usage });
    window.view.codebook.select(Some(0));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "was not counted"), "{}", painted(&harness));
}

#[test]
fn pictures_of_a_code_are_named() {
    let mut harness = inspect(17);
    let strip =
        |tiles: f32| Some(Picture { id: egui::TextureId::default(), size: vec2(tiles * 8.0, 8.0) });
    let pictures = &mut harness.state_mut().pictures;
    (pictures.code_alone, pictures.code_in_context, pictures.code_patches) =
        (strip(1.0), strip(8.0), strip(12.0));
    asked(&mut harness);
    for name in [
        "The code decoded alone",
        "The code inside of pictures",
        "Pieces of the data that choose the code",
    ] {
        let rect = harness.get_by_label(name).rect();
        assert!(rect.width() >= 24.0 && rect.height() >= 16.0, "{name}: {rect}");
    }
    // Each piece says where it comes from.
    let at = harness.get_by_label("Pieces of the data that choose the code").rect().left_top();
    harness.hover_at(at + vec2(4.0, 4.0));
    harness.run_steps(6);
    assert!(
        painted(&harness).contains("image 17, cell 0, 0 from the code"),
        "{}",
        painted(&harness)
    );
}

#[test]
fn neighbours_are_a_click_away() {
    let mut harness = inspect(17);
    let near = book(&harness).neighbours(17, 8);
    assert_eq!(near.len(), 8, "eight");
    let row = |harness: &Harness<'_, Window>, code: usize| {
        let start = format!("Code {code}, ");
        let found = nodes(harness).into_iter().find(|node| {
            let node = node.accesskit_node();
            node.role() == Role::Button
                && node.label().is_some_and(|label| label.starts_with(&start))
        });
        found.unwrap_or_else(|| panic!("a row for {code}")).rect()
    };
    for near in &near {
        let rect = row(&harness, near.code);
        harness.hover_at(rect.center());
        harness.run_steps(3);
        assert_eq!(harness.state().view.codebook.hovered(), Some(near.code), "lit in the heatmap");
    }
    let at = row(&harness, near[3].code).center();
    assert_eq!(click_at(&mut harness, at), selected(near[3].code), "it takes its place");
}

#[test]
fn cells_are_changed_in_every_way() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let at = cell_at(&harness, 12);
    assert_eq!(click_at(&mut harness, at), [], "choosing a cell asks for nothing");
    assert_eq!(harness.state().view.codebook.cell, Some(12), "chosen");
    assert_eq!(value(&harness, "Code map"), "Cell 12: code 17", "told");
    let set = |code| vec![Command::BeginEdit, Command::SetCell { cell: 12, code }];

    // By number.
    let number = harness.get_by_role_and_label(Role::SpinButton, "Cell 12");
    number.click();
    let mut commands = asked(&mut harness);
    harness.key_combination_modifiers(egui::Modifiers::COMMAND, &[Key::A]);
    harness.event(Event::Text("404".to_owned()));
    harness.key_press(Key::Enter);
    commands.extend(asked(&mut harness));
    commands.dedup();
    // What is typed is taken as it is typed: the last one counts.
    assert_eq!(commands.first(), Some(&Command::BeginEdit), "a way back: {commands:?}");
    let typed = Command::Codes(CodesAsk::Paint(vec![(12, 404)]));
    assert_eq!(commands.last(), Some(&typed), "{commands:?}");
    harness.get_by_role_and_label(Role::SpinButton, "Cell 12").set_value_accesskit(1e9);
    let last = [Command::BeginEdit, Command::Codes(CodesAsk::Paint(vec![(12, 511)]))];
    assert_eq!(asked(&mut harness), last, "never beyond the codebook");

    // From its neighbours.
    let near = book(&harness).neighbours(17, 8);
    let start = format!("Put code {}, ", near[2].code);
    let item = nodes(&harness)
        .into_iter()
        .find(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(&start)));
    item.expect("an item").click();
    let walked =
        vec![Command::BeginEdit, Command::Codes(CodesAsk::Paint(vec![(12, near[2].code as u32)]))];
    assert_eq!(asked(&mut harness), walked, "a neighbour");

    // From the heatmap.
    let at = place_of(&harness, 300);
    assert_eq!(click_at(&mut harness, at), set(300), "from the heatmap");
    assert_eq!(harness.state().view.codebook.selected, None, "which then opens no inspector");

    assert_eq!(press(&mut harness, "Inspect"), selected(17), "its code in the inspector");
    let reset = [Command::BeginEdit, Command::ResetCells];
    assert_eq!(press(&mut harness, "Reset codes"), reset, "all as the encoder chose");
    harness.state_mut().code_map.as_mut().unwrap().edited.fill(false);
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Reset codes"), "nothing to reset");
    harness.key_press(Key::Escape);
    asked(&mut harness);
    assert_eq!(harness.state().view.codebook.cell, None, "let go");
}

#[test]
fn the_keyboard_walks_the_code_map() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    harness.get_by_label("Code map").focus();
    asked(&mut harness);
    let [h, w] = GRID;
    for (key, expected) in [
        (Key::ArrowRight, 0),
        (Key::ArrowRight, 1),
        (Key::ArrowDown, 1 + w),
        (Key::ArrowLeft, w),
        (Key::ArrowLeft, w),
    ] {
        harness.key_press(key);
        assert_eq!(asked(&mut harness), [], "{key:?}");
        assert_eq!(harness.state().view.codebook.cell, Some(expected), "{key:?}");
    }
    for _ in 0..h + 3 {
        harness.key_press(Key::ArrowDown);
        asked(&mut harness);
    }
    assert_eq!(harness.state().view.codebook.cell, Some((h - 1) * w), "not beyond the border");
}

/// Cells of what is drawn over the picture and over the map.
fn lit_cells(harness: &Harness<'_, Window>) -> usize {
    fn count(shape: &egui::Shape) -> usize {
        match shape {
            egui::Shape::Rect(rect) => {
                let is_outline = rect.stroke.color == zscope::ui::theme::colours().lit
                    && rect.stroke.width < 1.5
                    && rect.stroke_kind == egui::StrokeKind::Inside;
                usize::from(is_outline)
            }
            egui::Shape::Vec(shapes) => shapes.iter().map(count).sum(),
            _ => 0,
        }
    }
    harness.output().shapes.iter().map(|shape| count(&shape.shape)).sum()
}

#[test]
fn a_hovered_code_lights_its_cells() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let uses = |harness: &Harness<'_, Window>, code: u32| {
        let map = harness.state().code_map.as_ref().unwrap();
        map.codes.iter().filter(|&&found| found == code).count()
    };
    assert_eq!(lit_cells(&harness), 0, "none");
    assert!(uses(&harness, 17) > 10, "it comes often");
    let hover = |harness: &mut Harness<'_, Window>, at: Pos2| {
        harness.hover_at(at);
        harness.run_steps(6);
        lit_cells(harness)
    };
    let at = place_of(&harness, 17);
    // On the picture and on the map.
    assert_eq!(hover(&mut harness, at), 2 * uses(&harness, 17), "from the heatmap");
    let unseen = (0..512).find(|&code| uses(&harness, code) == 0).unwrap();
    let at = place_of(&harness, unseen as usize);
    assert_eq!(hover(&mut harness, at), 0, "a code that the picture lacks");
    let at = cell_at(&harness, 12);
    assert_eq!(hover(&mut harness, at), 2 * uses(&harness, 17), "from the map itself");
    assert!(painted(&harness).contains("cell 12: row 2, column 5"), "{}", painted(&harness));
}

#[test]
fn a_selected_code_lights_the_watched_images() {
    let mut window = Window::with_codes(512);
    window.view.dock.show(Pane::Reconstructions);
    let mut harness = window.open([1920.0, 1080.0]);
    asked(&mut harness);
    let before = lit_cells(&harness);
    harness.state_mut().view.codebook.select(Some(5));
    asked(&mut harness);
    assert!(lit_cells(&harness) > before, "its cells");
    assert!(says(&harness, "Image 6 uses the code in "), "and in the inspector");
}

#[test]
fn how_codes_are_used_is_told_once() {
    let mut harness = Window::with_codes(512).open([1920.0, 1080.0]);
    asked(&mut harness);
    let told = painted(&harness).lines().filter(|line| line.contains(" of 512 used")).count();
    assert_eq!(told, 1, "{}", painted(&harness));
}

#[test]
fn tabs_are_remembered() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    assert!(harness.query_by_label("Codebook heatmap").is_some(), "the codebook first");
    assert_eq!(press(&mut harness, "Reconstructions"), [], "asks for nothing");
    assert!(harness.state().view.dock.shows(Pane::Reconstructions), "remembered");
    assert!(harness.query_by_label("Codebook heatmap").is_none(), "the other one");
    assert!(harness.query_by_label("Original images").is_some(), "reconstructions");
    press(&mut harness, "Codebook");
    assert!(harness.query_by_label("Codebook heatmap").is_some(), "back");

    let harness = Window::full(3).open(SIZES[0]);
    for name in ["Codebook", "Codebook heatmap", "Code map"] {
        assert!(harness.query_by_label(name).is_none(), "no {name} without a codebook");
    }
    assert!(harness.query_by_role_and_label(Role::Slider, "Dimension 0").is_some(), "sliders");
    let harness = Window::with_codes(512).open(SIZES[0]);
    assert!(harness.query_by_role(Role::Slider).is_some(), "the smoothing of the curves");
    assert!(
        harness.query_by_role_and_label(Role::Slider, "Dimension 0").is_none(),
        "no dimensions"
    );
}

#[test]
fn what_is_chosen_goes_with_its_codebook() {
    let mut harness = inspect(500);
    harness.state_mut().view.codebook.cell = Some(60);
    harness.state_mut().codebook = Some(made_up::codebook(40));
    asked(&mut harness);
    assert_eq!(harness.state().view.codebook.selected, None, "there is no code 500");
    assert_eq!(harness.state().view.codebook.cell, Some(60), "the picture is the same");
    harness.state_mut().code_map = None;
    asked(&mut harness);
    assert_eq!(harness.state().view.codebook.cell, None, "no picture, no cell");
    assert!(painted(&harness).contains("picture's codes will be here"), "said");
    harness.state_mut().codebook = None;
    asked(&mut harness);
    assert!(harness.query_by_label("Codebook heatmap").is_none(), "no codebook");
}

/// Models that were opened rather than trained.
#[test]
fn codebooks_without_a_history_are_shown() {
    let mut window = Window::with_codes(512);
    let counts: Vec<u64> = (0..512).map(|code| if code % 40 == 5 { 0 } else { 100 }).collect();
    window.codebook.as_mut().unwrap().usage = Usage::Evaluated(counts.into());
    window.view.codebook.select(Some(5));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    for words in
        ["vectors evaluated", "499 of 512 used, 0 dying, 13 dead · perplexity 499.0 (evaluation)"]
    {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    assert!(harness.query_by_role_and_label(Role::Button, "Batch").is_none(), "there is no batch");
    assert!(!text.contains("Use over time"), "and no past");

    harness.state_mut().codebook.as_mut().unwrap().usage = Usage::Unknown;
    harness.state_mut().codebook.as_mut().unwrap().plane = None;
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["use not counted yet", "512 codes", "not counted"] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    for name in ["Similarity", "PCA"] {
        assert!(!is_enabled(&harness, name), "{name} is not worked out yet");
    }
    let at = place_of(&harness, 300);
    assert_eq!(click_at(&mut harness, at), selected(300), "codes can be looked at all the same");
}

/// What a frame takes in which nothing changes.
fn frame_ms(harness: &mut Harness<'_, Window>) -> f64 {
    asked(harness);
    let start = Instant::now();
    harness.run_steps(20);
    start.elapsed().as_secs_f64() * 1e3 / 20.0
}

/// A frame costs no more for many codes than for few.
#[test]
fn any_number_of_codes_is_drawn() {
    let numbers = [1, 2, 512, 16_384, 65_536];
    for k in numbers {
        let mut window = Window::with_codes(k);
        window.view.codebook.select(Some(k - 1));
        window.view.codebook.order = Order::Plane;
        let frame_ms = frame_ms(&mut window.open(SIZES[0]));
        assert!(frame_ms < 60.0, "{frame_ms:.1} ms a frame for the plane of {k} codes");
    }
    for k in numbers {
        let mut window = Window::with_codes(k);
        window.view.codebook.select(Some(k - 1));
        let mut harness = window.open(SIZES[0]);
        let frame_ms = frame_ms(&mut harness);
        assert!(frame_ms < 60.0, "{frame_ms:.1} ms a frame for {k} codes");
        let grid = harness.state().view.codebook.grid();
        assert_eq!(grid.cells, k, "all of them");
        let at = place_of(&harness, 0);
        assert_eq!(click_at(&mut harness, at), selected(0), "the first of {k}");
    }
    let mut window = Window::with_codes(512);
    let plane = window.codebook.as_mut().unwrap().plane.as_mut().unwrap();
    Arc::make_mut(plane).order = vec![3; 7];
    window.view.codebook.order = Order::Similarity;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let places = harness.state().view.codebook.places();
    assert!(places.len() == 512 && places.is_sorted(), "an order that is none is not followed");
}

fn windows() -> Vec<(&'static str, Window)> {
    let mut inspected = Window::with_codes(512);
    inspected.view.codebook.select(Some(7));
    inspected.view.codebook.cell = Some(12);
    let mut on_plane = Window::with_codes(512);
    on_plane.view.codebook.order = Order::Plane;
    on_plane.view.codebook.select(Some(7));
    let mut images = Window::with_codes(512);
    images.view.dock.show(Pane::Reconstructions);
    images.view.codebook.select(Some(5));
    let mut bare = Window::with_codes(512);
    bare.codebook.as_mut().unwrap().usage = Usage::Unknown;
    bare.code_map = None;
    vec![
        ("plain", Window::with_codes(512)),
        ("palette", super::canvas::palette_window(512)),
        ("changes", super::canvas::changes_window()),
        ("inspected", inspected),
        ("plane", on_plane),
        ("images", images),
        ("bare", bare),
    ]
}

#[test]
fn codebook_widgets_have_names_of_their_own() {
    for (scene, window) in windows() {
        let mut harness = window.open_without_system_fonts(SIZES[0]);
        let rest = harness.try_run();
        assert!(rest.is_ok(), "{scene} stays at rest: {}", rest.unwrap_err());
        assert_eq!(asked(&mut harness), [], "and asks for nothing by itself");
        let unnamed = harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{scene}:\n{}", unnamed.join("\n"));
        let mut names = Vec::new();
        for node in nodes(&harness) {
            let role = node.accesskit_node().role();
            let label = node.accesskit_node().label().unwrap_or_default();
            assert!(label.chars().count() <= 60, "{scene}: {label:?} is a whole tooltip");
            assert!(role != Role::Image || !label.is_empty(), "{scene}: {}", describe(&node));
            if role == Role::Button {
                names.push(label);
            }
        }
        names.sort();
        let shared: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(shared.is_empty(), "{scene}: {shared:?}");
    }
}

#[test]
fn codebook_widgets_explain_themselves() {
    for (scene, window) in windows() {
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        let mut silent = Vec::new();
        let widgets: Vec<(String, egui::Rect)> = nodes(&harness)
            .iter()
            .filter(|node| {
                let role = node.accesskit_node().role();
                let takes_input = matches!(
                    role,
                    Role::Button | Role::CheckBox | Role::ComboBox | Role::SpinButton
                );
                // Names of views that have no room, and the library's arrows beside them.
                let label = node.accesskit_node().label().unwrap_or_default();
                let is_name = zscope::ui::Pane::ALL.iter().any(|pane| pane.name() == label);
                let scrolls = is_name || label.starts_with("Scroll tabs");
                takes_input && !scrolls && node.rect().bottom() < 580.0
            })
            .map(|node| (describe(node), node.rect()))
            .collect();
        for (name, rect) in widgets {
            harness.remove_cursor();
            harness.run_steps(3);
            let before = painted(&harness);
            harness.hover_at(rect.center());
            harness.run_steps(6);
            if painted(&harness).lines().all(|line| before.lines().any(|known| known == line)) {
                silent.push(name);
            }
        }
        assert!(silent.is_empty(), "{scene}: {} say nothing:\n{}", silent.len(), silent.join("\n"));
    }
}

/// Codes that cannot move are shown like others, and it is said why nothing moves them.
#[test]
fn codes_of_a_grid_say_why_they_stay() {
    let mut window = Window::with_codes(60);
    let levels = Levels::new(vec![4, 3, 5]).expect("levels");
    let codebook = window.codebook.as_mut().expect("a codebook");
    codebook.layout = CodeLayout::Levels(levels);
    window.view.codebook.select(Some(17));
    let mut harness = window.open([1280.0, 1400.0]);
    asked(&mut harness);
    for name in ["Revive this code", "Freeze this code", "Revive all dead"] {
        assert!(!is_enabled(&harness, name), "{name}: nothing can move");
    }
    assert!(says(&harness, "fixed grid"), "told");
}

/// The grids of two quantizers lie one below the other, and each takes codes of its own.
#[test]
fn every_quantizer_has_its_grid_of_codes() {
    let mut window = Window::with_codes(512);
    window.codebook.as_mut().expect("a codebook").layout = CodeLayout::Residual { quantizers: 2 };
    let cells = GRID[0] * GRID[1];
    let (low, high) = (0..cells as u32, 256..256 + cells as u32);
    window.code_map = Some(CodeMap {
        shape: [2 * GRID[0], GRID[1]],
        grids: 2,
        codes: low.chain(high).collect(),
        edited: vec![false; 2 * cells],
    });
    window.view.codebook.select(Some(300));
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(says(&harness, "quantizer 2"), "the inspector names the codebook");
    // The third cell of the second grid.
    let rect = harness.get_by_label("Code map").rect();
    let side = (rect.width() / (2 * GRID[0]) as f32).floor();
    let at = rect.min + vec2(2.5, GRID[0] as f32 + 0.5) * side;
    click_at(&mut harness, at);
    let cell = cells + 2;
    assert_eq!(harness.state().view.codebook.cell, Some(cell), "chosen");
    assert_eq!(value(&harness, "Code map"), format!("Cell {cell}: code 258"), "told");
    let number = format!("Cell {cell}");
    let set = |code| vec![Command::BeginEdit, Command::Codes(CodesAsk::Paint(vec![(cell, code)]))];
    let beyond = [(1e9, 511), (0.0, 256)];
    for (typed, taken) in beyond {
        harness.get_by_role_and_label(Role::SpinButton, &number).set_value_accesskit(typed);
        assert_eq!(asked(&mut harness), set(taken), "only codes of its own quantizer");
    }
}
