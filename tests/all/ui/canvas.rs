//! The code map as a canvas, the palette, and the codebook beside another one: by their accessible labels.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;
use egui::accesskit::Role;
use egui::{Key, TextureId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use zscope::session::canvas::{Area, Region, Tool};
use zscope::session::codebook::{Changes, CodeMap, ComparedCodes, Pairing, Side};
use zscope::ui::{CodesAsk, Command, Palette, PaletteOrder, Pane, Picture};

use super::behaviour::painted;
use super::codebook::{cell_at, click_at};
use super::made_up::{GRID, is_past, is_unused};
use super::window::{SIZES, Window, asked, drag, is_enabled, nodes, press, says};

fn canvas<'a>(harness: &'a Harness<'_, Window>) -> &'a zscope::session::canvas::Canvas {
    &harness.state().view.codebook.canvas
}

fn map(harness: &Harness<'_, Window>) -> CodeMap {
    harness.state().code_map.clone().expect("a map")
}

fn painted_cells(commands: &[Command]) -> Vec<(usize, u32)> {
    let cells = commands.iter().filter_map(|command| match command {
        Command::Codes(CodesAsk::Paint(cells)) => Some(cells.clone()),
        _ => None,
    });
    let mut cells: Vec<(usize, u32)> = cells.flatten().collect();
    // This window does not do as it is told, so that it is told again in the next frame.
    cells.dedup();
    cells
}

fn edits(commands: &[Command]) -> usize {
    commands.iter().filter(|command| **command == Command::BeginEdit).count()
}

#[test]
fn every_tool_is_a_button_and_a_key() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    for (name, key, tool) in [
        ("Brush", Key::B, Tool::Brush),
        ("Pick a code", Key::I, Tool::Pick),
        ("Fill", Key::F, Tool::Fill),
        ("Clone brush", Key::C, Tool::Clone),
        ("Paste codes", Key::P, Tool::Paste),
        ("Select cells", Key::V, Tool::Select),
    ] {
        assert_eq!(press(&mut harness, name), [], "{name} asks for nothing");
        assert_eq!(canvas(&harness).tool, tool, "{name}");
        harness.state_mut().view.codebook.canvas.tool = Tool::Select;
        harness.get_by_label("Code map").focus();
        asked(&mut harness);
        harness.key_press(key);
        asked(&mut harness);
        assert_eq!(canvas(&harness).tool, tool, "{key:?}");
    }
    harness.get_by_label("Code map").focus();
    asked(&mut harness);
    for (key, expected) in [(Key::CloseBracket, 2), (Key::CloseBracket, 3), (Key::OpenBracket, 2)] {
        harness.key_press(key);
        asked(&mut harness);
        assert_eq!(canvas(&harness).brush, expected, "{key:?}");
    }
    harness.state_mut().view.codebook.canvas.tool = Tool::Select;
    harness.state_mut().code_map = None;
    asked(&mut harness);
    assert!(!is_enabled(&harness, "Brush"), "there is nothing to paint on");
}

#[test]
fn a_stroke_is_one_edit() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let canvas = &mut harness.state_mut().view.codebook.canvas;
    (canvas.tool, canvas.code) = (Tool::Brush, 401);
    asked(&mut harness);
    let way = [cell_at(&harness, 8), cell_at(&harness, 10), cell_at(&harness, 13)];
    let commands = drag(&mut harness, &way);
    assert_eq!(edits(&commands), 1, "{commands:?}");
    assert_eq!(commands[0], Command::BeginEdit, "before anything is painted");
    let cells: std::collections::BTreeSet<_> = painted_cells(&commands).into_iter().collect();
    let expected: std::collections::BTreeSet<_> = (8..=13).map(|cell| (cell, 401)).collect();
    assert_eq!(cells, expected, "without gaps");
    // The next stroke begins anew.
    let at = cell_at(&harness, 40);
    let commands = drag(&mut harness, &[at, at]);
    assert_eq!((edits(&commands), painted_cells(&commands)), (1, vec![(40, 401)]), "one touch");
    assert_eq!(harness.state().view.codebook.selected, None, "no inspector opens");
}

#[test]
fn a_tap_within_one_frame_is_a_touch() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    press(&mut harness, "Pick a code");
    let at = cell_at(&harness, 13);
    harness.hover_at(at);
    asked(&mut harness);
    let button = |pressed| egui::Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    let tap = |harness: &mut Harness<'_, Window>| {
        harness.input_mut().events.extend([true, false].map(button));
        asked(harness)
    };
    assert_eq!(tap(&mut harness), [], "picking changes nothing");
    assert_eq!(canvas(&harness).code, map(&harness).codes[13], "the cell's code");
    let canvas = &mut harness.state_mut().view.codebook.canvas;
    (canvas.tool, canvas.code) = (Tool::Brush, 401);
    let commands = tap(&mut harness);
    assert_eq!((edits(&commands), painted_cells(&commands)), (1, vec![(13, 401)]), "painted");
}

#[test]
fn codes_are_picked_filled_and_taken_from_the_codebook() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    press(&mut harness, "Pick a code");
    let at = cell_at(&harness, 13);
    let code = map(&harness).codes[13];
    assert_eq!(drag(&mut harness, &[at, at]), [], "picking changes nothing");
    assert_eq!(canvas(&harness).code, code, "the cell's code");
    press(&mut harness, "Fill");
    let value = harness.get_by_role_and_label(Role::SpinButton, "Code");
    value.set_value_accesskit(33.0);
    asked(&mut harness);
    assert_eq!(canvas(&harness).code, 33, "typed");
    let at = cell_at(&harness, 12);
    let commands = drag(&mut harness, &[at, at]);
    let cells = painted_cells(&commands);
    let codes = map(&harness).codes;
    assert_eq!(edits(&commands), 1, "one edit");
    assert!(cells.contains(&(12, 33)), "the cell itself: {cells:?}");
    assert!(cells.iter().all(|&(cell, _)| codes[cell] == codes[12]), "only what is like it");
    press(&mut harness, "Brush");
    harness.state_mut().view.dock.show(Pane::Palette);
    asked(&mut harness);
    let palette = harness.get_by_label("Palette of codes").rect();
    let commands = click_at(&mut harness, palette.min + vec2(10.0, 10.0));
    assert_eq!(commands, [], "no inspector while painting");
    let first = harness.state().view.codebook.palette_places()[0];
    assert_eq!(canvas(&harness).code as usize, first, "it is the current one");
}

#[test]
fn rectangles_are_selected_walked_and_pasted() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    asked(&mut harness);
    let way = [9, 18, 27].map(|cell| cell_at(&harness, cell));
    assert_eq!(drag(&mut harness, &way), [], "selecting changes nothing");
    let area = Area { corner: [1, 1], shape: [3, 3] };
    assert_eq!(canvas(&harness).selection, Some(area), "three by three");
    assert!(says(&harness, "3 by 3 cells from row 2, column 2"), "told");
    // All of them step to the nearest code of their own.
    let commands = press(&mut harness, "Walk on");
    let (codebook, codes) = (harness.state().codebook.clone().unwrap(), map(&harness).codes);
    let cells = painted_cells(&commands);
    assert_eq!((edits(&commands), cells.len()), (1, 9), "one edit of nine cells");
    for (cell, code) in cells {
        let near = codebook.neighbours(codes[cell] as usize, 1)[0].code;
        assert_eq!(code as usize, near, "cell {cell}");
    }
    assert!(!is_enabled(&harness, "Walk back"), "nothing moved yet in this window");
    // A code of the codebook goes into all of them.
    press(&mut harness, "Paste codes");
    assert!(painted(&harness).contains("Nothing copied yet"), "told");
    let region = Region::of(&map(&harness), area).unwrap();
    harness.state_mut().view.codebook.canvas.clipboard = Some(region.clone());
    let at = cell_at(&harness, 36);
    let commands = drag(&mut harness, &[at, at]);
    assert_eq!(edits(&commands), 1, "one edit");
    for (cell, code) in painted_cells(&commands) {
        let [row, column] = map(&harness).place(cell);
        assert_eq!(region.code(0, [row - 4, column - 4]), Some(code), "cell {cell}");
    }
    press(&mut harness, "Select cells");
    harness.get_by_label("Code map").focus();
    harness.key_press(Key::Escape);
    asked(&mut harness);
    assert_eq!(
        (canvas(&harness).selection, harness.state().view.codebook.cell),
        (None, None),
        "let go"
    );
}

#[test]
fn the_keyboard_selects_walks_and_paints() {
    let mut harness = Window::with_codes(512).open(SIZES[0]);
    harness.get_by_label("Code map").focus();
    asked(&mut harness);
    harness.key_press(Key::ArrowRight);
    asked(&mut harness);
    for key in [Key::ArrowRight, Key::ArrowDown, Key::ArrowDown] {
        harness.key_press_modifiers(egui::Modifiers::SHIFT, key);
        asked(&mut harness);
    }
    let area = Area { corner: [0, 0], shape: [3, 2] };
    assert_eq!(canvas(&harness).selection, Some(area), "with Shift");
    harness.key_press(Key::Period);
    let commands = asked(&mut harness);
    assert_eq!(painted_cells(&commands).len(), 6, "{commands:?}");
    harness.key_press(Key::B);
    asked(&mut harness);
    harness.state_mut().view.codebook.canvas.code = 77;
    harness.key_press(Key::Enter);
    let commands = asked(&mut harness);
    assert_eq!((edits(&commands), painted_cells(&commands)), (1, vec![(0, 77)]), "Enter paints");
}

#[test]
fn codes_of_other_pictures_are_painted_in() {
    let mut window = Window::with_codes(512);
    let d = window.explore.as_ref().expect("it has one").latent().len();
    window.watched = vec![vec![0.0; d]; 16];
    let mut harness = window.open(SIZES[0]);
    press(&mut harness, "Clone brush");
    let at = cell_at(&harness, 20);
    assert_eq!(painted_cells(&drag(&mut harness, &[at, at])), [], "no source yet");
    press(&mut harness, "Source of the clone brush");
    press(&mut harness, "Codes of image 3");
    let survey = harness.state().codebook.as_ref().unwrap().survey.clone().unwrap();
    let way = [cell_at(&harness, 16), cell_at(&harness, 23)];
    let commands = drag(&mut harness, &way);
    let (codes, other) = (map(&harness).codes, &survey.watched[2]);
    let expected = (16..24).filter(|&cell| codes[cell] != other[cell]);
    let expected: std::collections::BTreeSet<_> =
        expected.map(|cell| (cell, other[cell])).collect();
    let cells: std::collections::BTreeSet<_> = painted_cells(&commands).into_iter().collect();
    assert_eq!(cells, expected, "the codes of image 3 at their own places");
    press(&mut harness, "Source of the clone brush");
    press(&mut harness, &format!("Codes of image {}", survey.watched.len()));
    assert!(canvas(&harness).source.is_some(), "the last one too");
    press(&mut harness, "Source of the clone brush");
    press(&mut harness, "This picture");
    assert!(
        canvas(&harness).source.as_ref().is_some_and(|(name, _)| name == "a kept picture"),
        "kept"
    );
}

#[test]
fn a_code_of_another_quantizer_is_not_painted() {
    let mut window = Window::with_codes(512);
    let layout = zscope::latent::CodeLayout::Residual { quantizers: 2 };
    window.codebook.as_mut().expect("a codebook").layout = layout;
    let cells = GRID[0] * GRID[1];
    window.code_map = Some(CodeMap {
        shape: [2 * GRID[0], GRID[1]],
        grids: 2,
        codes: (0..cells as u32).chain(256..256 + cells as u32).collect(),
        edited: vec![false; 2 * cells],
    });
    window.view.codebook.canvas.tool = Tool::Brush;
    window.view.codebook.canvas.code = 300;
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    let rect = harness.get_by_label("Code map").rect();
    let side = (rect.width() / (2 * GRID[0]) as f32).floor();
    let at = |row: usize| rect.min + vec2(2.5, row as f32 + 0.5) * side;
    assert_eq!(painted_cells(&drag(&mut harness, &[at(0), at(0)])), [], "the first grid");
    let painted = painted_cells(&drag(&mut harness, &[at(8), at(8)]));
    assert_eq!(painted, [(cells + 2, 300)], "the second");
}

fn palette(k: usize) -> Palette {
    let columns = (k as f64).sqrt().ceil() as usize;
    let rows = k.div_ceil(columns);
    let size = vec2(columns as f32 * 8.0, rows as f32 * 8.0);
    Palette {
        sheet: Some(Picture { id: TextureId::default(), size }),
        columns,
        rows,
        known: k,
        wanted: k,
        brightness: (0..k).map(|code| (code * 37 % k) as f32 / k as f32).collect(),
        share: None,
        is_stopped: false,
    }
}

pub fn palette_window(k: usize) -> Window {
    let mut window = Window::with_codes(k);
    window.pictures.palette = palette(k);
    window.view.dock.show(Pane::Palette);
    window
}

#[test]
fn the_palette_is_sorted_and_leads_to_codes() {
    let mut harness = palette_window(512).open(SIZES[0]);
    asked(&mut harness);
    let chain: Arc<[usize]> = (0..512).map(|place| place * 5 % 512).collect();
    harness.state_mut().codebook.as_mut().unwrap().chain = Some(Arc::clone(&chain));
    asked(&mut harness);
    let places =
        |harness: &Harness<'_, Window>| harness.state().view.codebook.palette_places().to_vec();
    assert_eq!(places(&harness), chain.to_vec(), "each near the one before");
    press(&mut harness, "Palette by number");
    assert!(places(&harness).into_iter().eq(0..512), "by number");
    press(&mut harness, "Palette by brightness");
    let bright = harness.state().pictures.palette.brightness.clone();
    assert!(places(&harness).is_sorted_by(|&a, &b| bright[a] <= bright[b]), "the darkest first");
    press(&mut harness, "Palette by use");
    let counts = harness.state().codebook.as_ref().unwrap().window_counts().to_vec();
    assert!(places(&harness).is_sorted_by(|&a, &b| counts[a] >= counts[b]), "the most used first");
    assert_eq!(harness.state().view.codebook.palette_order, PaletteOrder::Use, "remembered");
    let at = harness.get_by_label("Palette of codes").rect().min + vec2(12.0, 12.0);
    let first = places(&harness)[0];
    harness.hover_at(at);
    harness.run_steps(6);
    let text = painted(&harness);
    for words in [format!("Code {first}, used").as_str(), "uses, "] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    assert_eq!(
        click_at(&mut harness, at),
        [Command::SelectCode(Some(first))],
        "into the inspector"
    );
    harness.get_by_label("Palette of codes").focus();
    asked(&mut harness);
    harness.key_press(Key::ArrowRight);
    let second = places(&harness)[1];
    assert_eq!(asked(&mut harness), [Command::SelectCode(Some(second))], "the inspector follows");
}

#[test]
fn the_palette_in_the_making_can_be_stopped() {
    let mut window = palette_window(512);
    window.pictures.palette.known = 100;
    window.pictures.palette.share = Some(0.25);
    let mut harness = window.open(SIZES[0]);
    asked(&mut harness);
    assert!(painted(&harness).contains("128 of 512 codes"), "how far: {}", painted(&harness));
    assert_eq!(
        press(&mut harness, "Cancel tiles"),
        [Command::Codes(CodesAsk::CancelPalette)],
        "stop"
    );
    let palette = &mut harness.state_mut().pictures.palette;
    (palette.share, palette.is_stopped) = (None, true);
    asked(&mut harness);
    assert_eq!(
        press(&mut harness, "Make tiles"),
        [Command::Codes(CodesAsk::MakePalette)],
        "and go on"
    );
    let mut window = Window::with_codes(512);
    window.view.dock.show(Pane::Palette);
    let mut harness = window.open(SIZES[1]);
    asked(&mut harness);
    assert!(harness.query_by_label("Palette of codes").is_some(), "colours until there are tiles");
}

pub fn changes_window() -> Window {
    let mut window = Window::with_codes(512);
    window.view.dock.show(Pane::Changes);
    let here = window.codebook.as_ref().unwrap().codes.as_ref().clone();
    let mut there = here.clone();
    there.data_mut()[16 * 40] += 7.0;
    let counts: Vec<u64> =
        (0..512).map(|code| if is_unused(code) || is_past(code) { 0 } else { 9 }).collect();
    let before: Vec<u64> = (0..512).map(|code| if is_unused(code) { 0 } else { 9 }).collect();
    let sides = [Side { codes: &here, counts: &counts }, Side { codes: &there, counts: &before }];
    let changes =
        Changes::between("first, step 400".to_owned(), sides, 1, Pairing::Number, |_| true);
    window.compared_codes = ComparedCodes {
        checkpoints: vec![(800, PathBuf::from("runs/a@800")), (400, PathBuf::from("runs/a@400"))],
        changes: changes.map(Arc::new),
        ..ComparedCodes::default()
    };
    window
}

#[test]
fn codebooks_are_compared() {
    let mut harness = changes_window().open(SIZES[0]);
    asked(&mut harness);
    let text = painted(&harness);
    for words in ["first, step 400: moved 0", "7.0 at most", "13 died, 0 came alive", "died"] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    let row = |code: usize| format!("Code {code} moved ");
    let found = nodes(&harness).into_iter().find(|node| {
        node.accesskit_node().label().is_some_and(|label| label.starts_with("Code "))
            && node.accesskit_node().role() == Role::Button
    });
    let found = found.expect("a row");
    assert!(found.accesskit_node().label().unwrap().starts_with(&row(40)), "the farthest first");
    found.click();
    assert_eq!(asked(&mut harness), [Command::SelectCode(Some(40))], "into the inspector");
    press(&mut harness, "Compare with");
    let expected = Command::Codes(CodesAsk::Compare(Some(PathBuf::from("runs/a@400"))));
    assert_eq!(press(&mut harness, "Step 400"), [expected], "a checkpoint of the run");
    press(&mut harness, "Compare with");
    assert_eq!(
        press(&mut harness, "Another model…"),
        [Command::Codes(CodesAsk::Compare(None))],
        "a dialog"
    );
    for (name, pairing) in [("One to one", Pairing::OneToOne), ("To the nearest", Pairing::Nearest)]
    {
        assert_eq!(press(&mut harness, name), [Command::Codes(CodesAsk::Pair(pairing))], "{name}");
    }
    harness.state_mut().compared_codes =
        ComparedCodes { share: Some(0.3), ..ComparedCodes::default() };
    asked(&mut harness);
    assert_eq!(
        press(&mut harness, "Cancel comparing"),
        [Command::Codes(CodesAsk::CancelComparing)],
        "stop"
    );
    harness.state_mut().compared_codes =
        ComparedCodes { error: Some("compare codes: no".to_owned()), ..ComparedCodes::default() };
    asked(&mut harness);
    assert!(painted(&harness).contains("compare codes: no"), "told");
    assert!(painted(&harness).contains("Choose another checkpoint"), "and what to do");
}

#[test]
fn the_inspector_tells_what_stands_beside_a_code() {
    let mut window = Window::with_codes(512);
    window.view.codebook.select(Some(17));
    let mut harness = window.open([1280.0, 1400.0]);
    asked(&mut harness);
    assert!(painted(&harness).contains("Beside it"), "{}", painted(&harness));
    let survey = harness.state().codebook.as_ref().unwrap().survey.clone().unwrap();
    let right = survey.beside.around(17, zscope::session::codebook::Direction::Right);
    let start = format!("Right: code {}, ", right[0].code);
    let node = nodes(&harness)
        .into_iter()
        .find(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(&start)));
    node.expect("the most frequent one").click();
    assert_eq!(asked(&mut harness), [Command::SelectCode(Some(right[0].code))], "a click away");
}

#[test]
fn bits_are_told_below_the_codebook() {
    let mut window = Window::with_codes(512);
    let survey = window.codebook.as_mut().unwrap().survey.as_mut().unwrap();
    let survey = Arc::make_mut(survey);
    (survey.pixels, survey.png_bytes) = (1024, Some(64 * 2_048));
    let mut harness = window.open([1600.0, 900.0]);
    asked(&mut harness);
    // 64 cells of 9 bits.
    assert!(painted(&harness).contains("0.56 bits a pixel, PNG 16"), "{}", painted(&harness));
}
