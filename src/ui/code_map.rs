//! The picture as a grid of codes: each cell can be given another one.

use egui::{Align2, DragValue, FontId, Key, Popup, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::codebook_view::CodebookView;
use super::lattice::Lattice;
use super::words::{self, measure};
use super::{Command, Scene, keys, sliders, theme};
use crate::session::codebook::{CodeMap, Codebook};

/// A map with this much room to its right has its controls there.
const BESIDE: f32 = 168.0;
/// Between a map and its controls.
const GAP: f32 = 12.0;
/// The smallest digits that can be read, and the largest that are used.
const DIGITS: [f32; 2] = [8.0, 11.0];

/// The map in a square of `side` points, and what changes it; a codebook beside it can be clicked in too.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CodebookView,
    is_beside_codebook: bool,
    side: f32,
    out: &mut Vec<Command>,
) {
    if ui.available_width() >= side + GAP + BESIDE {
        ui.horizontal_top(|ui| {
            map_ui(ui, scene, view, side);
            ui.add_space(GAP - ui.spacing().item_spacing.x);
            ui.vertical(|ui| controls(ui, scene, view, is_beside_codebook, out));
        });
    } else {
        map_ui(ui, scene, view, side);
        controls(ui, scene, view, is_beside_codebook, out);
    }
}

fn map_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut CodebookView, side: f32) {
    let (square, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let response = ui.interact(square, egui::Id::unique("code map"), Sense::click());
    let (Some(map), Some(codebook)) = (scene.code_map, scene.codebook) else {
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Code map"));
        ui.painter().rect_filled(square, 0.0, theme::EMPTY);
        let font = egui::TextStyle::Body.resolve(ui.style());
        let text = "The picture's codes will be here";
        ui.painter().text(square.center(), Align2::CENTER_CENTER, text, font, theme::MUTED);
        return;
    };
    let lattice = Lattice::square_cells(ui, square, map.shape);
    let pointed = response.hover_pos().and_then(|at| lattice.cell_at(at));
    if response.clicked() {
        response.request_focus();
        // Another click lets go of a cell.
        let clicked = pointed.or(view.cell).or(Some(0));
        view.cell = clicked.filter(|_| clicked != view.cell);
    }
    let way = keys::arrows(ui, &response);
    if way != [0, 0] {
        let to = |cell| keys::walk(cell, way, map.shape[1], map.codes.len());
        view.cell = Some(view.cell.map_or(0, to));
    }
    if ui.input(|input| input.key_pressed(Key::Escape)) && !Popup::is_any_open(ui.ctx()) {
        view.cell = None;
    }
    paint(ui, &lattice, map, view);
    let rows = map.shape[0] / map.grids.max(1);
    (1..map.grids).for_each(|grid| lattice.part_rows(ui, grid * rows));
    keys::focus_ring(ui, &response, lattice.rect);
    response.widget_info(|| described(map, view.cell));
    if let Some((cell, code)) = pointed.and_then(|cell| Some((cell, map.code(cell)?))) {
        view.hover(code);
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        response.on_hover_ui_at_pointer(|ui| tell_cell(ui, codebook, map, cell, code));
    }
}

/// What a screen reader says.
fn described(map: &CodeMap, cell: Option<usize>) -> WidgetInfo {
    let mut info = WidgetInfo::labeled(Role::Image, true, "Code map");
    let chosen = cell.and_then(|cell| Some((cell, map.code(cell)?)));
    info.current_text_value = Some(match chosen {
        Some((cell, code)) => format!("Cell {cell}: code {code}"),
        None => format!("{} by {} cells", map.shape[0], map.shape[1]),
    });
    info
}

fn tell_cell(ui: &mut Ui, codebook: &Codebook, map: &CodeMap, cell: usize, code: usize) {
    ui.label(format!("Code {code}, {}", words::state(codebook.state(code))));
    let [row, column] = map.place(cell);
    let edited = if map.is_edited(cell) { ", changed by hand" } else { "" };
    let grid = match map.grids {
        0 | 1 => String::new(),
        _ => format!("{} {}, ", codebook.layout.word(), map.grid_of(cell) + 1),
    };
    let place = format!("cell {cell}: {grid}row {}, column {}{edited}", row + 1, column + 1);
    ui.label(theme::muted(place));
    ui.label(theme::muted("Click to put another code here."));
}

/// Equal codes in equal colours; numbers where there is room for them.
fn paint(ui: &Ui, lattice: &Lattice, map: &CodeMap, view: &CodebookView) {
    let hovered = view.hovered();
    let shown = hovered.filter(|&code| map.codes.contains(&(code as u32)));
    let is_meant = |code: u32| shown.is_none_or(|shown| shown == code as usize);
    let colour = |cell: usize| {
        let code = map.codes.get(cell).copied()?;
        let colour = theme::code_colour(code);
        Some(if is_meant(code) { colour } else { theme::faded(colour) })
    };
    lattice.fill(ui, colour);
    let longest = map.codes.iter().max().map_or(1, |code| code.to_string().len());
    let size = (lattice.cell.x / (longest as f32 * 0.6 + 0.8)).min(DIGITS[1]);
    if size >= DIGITS[0] {
        let font = FontId::monospace(size);
        for (cell, &code) in map.codes.iter().enumerate().filter(|(_, code)| is_meant(**code)) {
            let ink = theme::ink_on(theme::code_colour(code));
            let at = lattice.cell_rect(cell).center();
            ui.painter().text(at, Align2::CENTER_CENTER, code.to_string(), font.clone(), ink);
        }
    }
    for cell in (0..map.codes.len()).filter(|&cell| map.is_edited(cell)) {
        lattice.mark_corner(ui, cell);
    }
    if let Some(shown) = shown {
        lattice.outline(ui, &map.codes, shown);
    }
    if let Some(cell) = view.cell {
        theme::frame_around(ui, lattice.cell_rect(cell));
    }
}

/// What changes the cell that is chosen, and the way back.
fn controls(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CodebookView,
    is_beside_codebook: bool,
    out: &mut Vec<Command>,
) {
    let chosen = scene.code_map.and_then(|map| {
        let cell = view.cell?;
        Some((cell, map.code(cell)?))
    });
    match (chosen, scene.codebook) {
        (Some((cell, code)), Some(codebook)) => {
            ui.horizontal_wrapped(|ui| edit_cell(ui, codebook, view, cell, code, out));
        }
        _ => {
            ui.label(theme::muted("Click a cell to change its code."));
        }
    }
    if chosen.is_some() && is_beside_codebook && ui.available_width() < BESIDE * 2.0 {
        ui.label(theme::muted("or click a code in the heatmap").small());
    }
    let reset = |ui: &mut Ui, out: &mut Vec<Command>| {
        let is_edited = scene.code_map.is_some_and(|map| map.edited.contains(&true));
        let hint = "Give every cell the code that the encoder chose.";
        if sliders::enabled(ui, is_edited, "Reset codes", hint) {
            out.extend([Command::BeginEdit, Command::ResetCells]);
        }
    };
    if ui.available_width() < BESIDE + GAP {
        reset(ui, out);
        ui.horizontal(|ui| sliders::history(ui, scene, out));
    } else {
        ui.horizontal(|ui| {
            reset(ui, out);
            sliders::history(ui, scene, out);
            sliders::clipboard(ui, out);
        });
    }
}

/// Another code for a cell: by number, from its neighbours, or into the inspector.
fn edit_cell(
    ui: &mut Ui,
    codebook: &Codebook,
    view: &mut CodebookView,
    cell: usize,
    code: usize,
    out: &mut Vec<Command>,
) {
    let label = ui.label(format!("Cell {cell}")).on_hover_text("The cell with the white frame.").id;
    let mut number = code as u32;
    let siblings = codebook.siblings(code);
    let range = siblings.start as u32..=siblings.end.saturating_sub(1) as u32;
    let drag = ui.add(DragValue::new(&mut number).range(range).speed(0.25)).labelled_by(label);
    let drag = drag.on_hover_text("Its code: type a number, or drag.");
    let taken = drag.drag_started();
    let changed = drag.changed() && number as usize != code;
    // The keyboard and a screen reader change a value without taking hold of it.
    if taken || (changed && !drag.dragged() && !drag.drag_stopped()) {
        out.push(Command::BeginEdit);
    }
    if changed {
        out.push(Command::SetCell { cell, code: number });
    }
    let near = view.cell_details(codebook, code).neighbours.clone();
    let menu = ui.menu_button("Nearest", |ui| {
        for near in near {
            let state = words::state(codebook.state(near.code));
            let text = format!("Code {}, {} away, {state}", near.code, measure(near.distance));
            let item = ui.button(text);
            if item.hovered() {
                view.hover(near.code);
            }
            if item.clicked() {
                set_cell(cell, near.code, out);
                ui.close();
            }
        }
    });
    menu.response.on_hover_text("The codes whose vectors lie nearest to this one's.");
    let hint = "Show all that is known of this code.";
    if ui.button("Inspect").on_hover_text(hint).clicked() {
        view.select(Some(code));
        out.push(Command::SelectCode(Some(code)));
    }
}

/// Puts a code into a cell, with a way back.
pub(super) fn set_cell(cell: usize, code: usize, out: &mut Vec<Command>) {
    out.extend([Command::BeginEdit, Command::SetCell { cell, code: code as u32 }]);
}

/// Shows on a picture which of its pieces have a code, in whichever of the grids one below the other; `shape` is
/// that of one grid.
pub(super) fn light(ui: &Ui, picture: Rect, shape: [usize; 2], codes: &[u32], code: usize) {
    let lattice = Lattice::over(picture, shape);
    let cells = (shape[0] * shape[1]).max(1);
    let has = |cell: usize| codes.iter().skip(cell).step_by(cells).any(|&c| c as usize == code);
    let lit: Vec<u32> = (0..cells).map(|cell| u32::from(has(cell))).collect();
    lattice.fill(ui, |cell| (lit.get(cell) != Some(&1)).then_some(theme::SHADE));
    lattice.outline(ui, &lit, 1);
}
