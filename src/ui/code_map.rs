//! The picture as a grid of codes, which is painted on like a canvas.

mod controls;
mod tools;

use egui::{Align2, FontId, Key, Popup, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use self::controls::BESIDE;
use super::codebook_view::CodebookView;
use super::lattice::Lattice;
use super::{CodesAsk, Command, Scene, View, icons, keys, theme, words};
use crate::language::{told, tr};
use crate::session::canvas::Tool;
use crate::session::codebook::{CodeMap, Codebook};

/// Between a map and its controls.
const GAP: f32 = 12.0;
/// The smallest digits that can be read, and the largest that are used.
const DIGITS: [f32; 2] = [8.0, 11.0];

/// The map's name for the keyboard, the same wherever it is shown.
fn id() -> egui::Id {
    egui::Id::unique("code map")
}

/// What a tool is called.
pub(super) fn tool_name(tool: Tool) -> &'static str {
    tools::described(tool).0
}

/// Its keys.
pub(super) fn listed_keys() -> Vec<keys::Listed> {
    tools::listed_keys()
}

/// Whether the map has the keyboard and a use for a key, which then means nothing else.
pub(super) fn takes_key(ctx: &egui::Context, scene: &Scene<'_>, key: Key) -> bool {
    let can_erase = scene.prior.line().is_some();
    ctx.memory(|memory| memory.has_focus(id())) && tools::has_use_for(key, can_erase)
}

/// The map in a square of `side` points, and what changes it; a codebook beside it can be clicked in too.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut View,
    is_beside_codebook: bool,
    side: f32,
    out: &mut Vec<Command>,
) {
    let sheets = &mut view.sheets;
    let view = &mut view.codebook;
    let can_erase = scene.prior.line().is_some();
    if view.canvas.tool == Tool::Erase && !can_erase {
        view.canvas.tool = Tool::Select;
    }
    if ui.available_width() >= side + GAP + BESIDE {
        ui.horizontal_top(|ui| {
            map_ui(ui, scene, view, side, out);
            ui.add_space(GAP - ui.spacing().item_spacing.x);
            ui.vertical(|ui| {
                tools::bar(ui, view, scene.code_map.is_some(), can_erase);
                controls::show(ui, scene, (view, sheets), is_beside_codebook, false, out);
            });
        });
    } else {
        tools::bar(ui, view, scene.code_map.is_some(), can_erase);
        let side = side - tools::BUTTON - ui.spacing().item_spacing.y;
        map_ui(ui, scene, view, side, out);
        controls::show(ui, scene, (view, sheets), is_beside_codebook, true, out);
    }
}

fn map_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CodebookView,
    side: f32,
    out: &mut Vec<Command>,
) {
    let (square, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    // A click is told from a drag only where both mean something: a finger that rests long clicks, and would end
    // a stroke.
    let sense = match view.canvas.tool {
        Tool::Select => Sense::click_and_drag(),
        _ => Sense::drag(),
    };
    let response = ui.interact(square, id(), sense);
    let (Some(map), Some(codebook)) = (scene.code_map, scene.codebook) else {
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, tr!("Code map")));
        ui.painter().rect_filled(square, 0.0, theme::colours().empty);
        let font = egui::TextStyle::Body.resolve(ui.style());
        let text = tr!("The picture's codes will be here");
        ui.painter().text(
            square.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            theme::colours().muted,
        );
        return;
    };
    let lattice = Lattice::square_cells(ui, square, map.grid_shape(), map.grids);
    let pointed = response.hover_pos().and_then(|at| lattice.cell_at(at));
    tools::use_tool(ui, &response, &lattice, (map, codebook), view, out);
    let way = keys::arrows(ui, &response);
    if way != [0, 0] {
        let to = |cell| keys::walk(cell, way, map.shape[1], map.codes.len());
        view.cell = Some(view.cell.map_or(0, to));
        view.canvas.selection = None;
    }
    if response.has_focus() {
        tools::keys(ui, view, scene.prior.line().is_some());
        if scene.prior.line().is_some() {
            tools::erase_chosen(ui, map, view, out);
        }
    }
    if ui.input(|input| input.key_pressed(Key::Escape)) && !Popup::is_any_open(ui.ctx()) {
        (view.cell, view.canvas.selection) = (None, None);
    }
    paint(ui, &lattice, map, view);
    for &cell in scene.prior.erased() {
        let ink = theme::colours().lit;
        ui.painter().rect_filled(lattice.cell_rect(cell), 0.0, theme::colours().stage);
        icons::hatch(ui.painter(), lattice.cell_rect(cell), ink);
    }
    lattice.part_grids(ui);
    tools::preview(ui, &response, &lattice, map, view);
    keys::focus_ring(ui, &response, lattice.rect);
    response.widget_info(|| described(map, view));
    if let Some((cell, code)) = pointed.and_then(|cell| Some((cell, map.code(cell)?))) {
        view.hover(code);
        let cursor = match view.canvas.tool {
            Tool::Select => egui::CursorIcon::PointingHand,
            _ => egui::CursorIcon::Crosshair,
        };
        let response = response.on_hover_cursor(cursor);
        // A tooltip would cover what is painted.
        if !response.is_pointer_button_down_on() && !view.canvas.tool.has_brush() {
            let hint = hint(view, codebook, code);
            response.on_hover_ui_at_pointer(|ui| tell_cell(ui, codebook, map, (cell, code), &hint));
        }
    }
}

/// What a screen reader says.
fn described(map: &CodeMap, view: &CodebookView) -> WidgetInfo {
    let mut info = WidgetInfo::labeled(Role::Image, true, tr!("Code map"));
    let chosen = view.cell.and_then(|cell| Some((cell, map.code(cell)?)));
    info.current_text_value = Some(match (view.canvas.selection, chosen) {
        (Some(area), _) => {
            let ([rows, columns], [row, column]) = (area.shape, area.corner);
            tr!("{} by {} cells from row {}, column {}", rows, columns, row + 1, column + 1)
        }
        (None, Some((cell, code))) => tr!("Cell {}: code {}", cell, code),
        (None, None) => tr!("{} by {} cells", map.shape[0], map.shape[1]),
    });
    info
}

/// What a press does to a cell that has a code.
fn hint(view: &CodebookView, codebook: &Codebook, code: usize) -> String {
    let current = view.canvas.code as usize;
    let is_foreign = !codebook.siblings(code).contains(&current);
    match view.canvas.tool {
        Tool::Select => tr!("Click to put another code here.").to_owned(),
        Tool::Pick => tr!("Click to paint with this code.").to_owned(),
        Tool::Fill if is_foreign => tr!(
            "Code {} is one of another {}: pick one of this grid.",
            current,
            told(codebook.layout.word())
        ),
        Tool::Fill => tr!("Click to fill all around with code {}.", current),
        Tool::Paste => tr!("Click to put what was copied here.").to_owned(),
        Tool::Brush | Tool::Clone | Tool::Erase => String::new(),
    }
}

fn tell_cell(
    ui: &mut Ui,
    codebook: &Codebook,
    map: &CodeMap,
    (cell, code): (usize, usize),
    hint: &str,
) {
    ui.label(tr!("Code {}, {}", code, words::state(codebook.state(code))));
    let [row, column] = map.place(cell);
    let edited = if map.is_edited(cell) { tr!(", changed by hand") } else { "" };
    let grid = match map.grids {
        0 | 1 => String::new(),
        _ => tr!("{} {}, ", told(codebook.layout.word()), map.grid_of(cell) + 1),
    };
    let place = tr!("cell {}: {}row {}, column {}{}", cell, grid, row + 1, column + 1, edited);
    ui.label(theme::muted(place));
    ui.label(theme::muted(hint));
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
    if let Some(area) = view.canvas.selection {
        for frame in tools::frames(lattice, map, area) {
            theme::frame_around(ui, frame);
        }
    } else if let Some(cell) = view.cell {
        theme::frame_around(ui, lattice.cell_rect(cell));
    }
}

/// Takes a code that was pressed elsewhere: as the current one of a tool, or into the cells that are chosen. Says
/// whether it had a use for it.
pub(super) fn take_code(
    scene: &Scene<'_>,
    view: &mut CodebookView,
    code: usize,
    out: &mut Vec<Command>,
) -> bool {
    view.canvas.code = code as u32;
    if view.canvas.tool != Tool::Select {
        return view.canvas.tool.takes_code();
    }
    let (Some(cell), Some(map)) = (view.cell, scene.code_map) else { return false };
    match view.canvas.selection {
        None => out.extend([Command::BeginEdit, Command::SetCell { cell, code: code as u32 }]),
        Some(area) => {
            let grids = 0..map.grids.max(1);
            let cells = grids.flat_map(|grid| area.places().map(move |place| (grid, place)));
            let takes = |cell: &usize| {
                let (old, codebook) = (map.code(*cell), scene.codebook);
                old.zip(codebook)
                    .is_some_and(|(old, codebook)| codebook.siblings(old).contains(&code))
            };
            let cells = cells.filter_map(|(grid, place)| map.cell(grid, place)).filter(takes);
            let cells = cells.map(|cell| (cell, code as u32)).collect();
            out.extend([Command::BeginEdit, Command::Codes(CodesAsk::Paint(cells))]);
        }
    }
    true
}

/// Shows on a picture which of its pieces have a code, in whichever of the grids one below the other; `shape` is
/// that of one grid.
pub(super) fn light(ui: &Ui, picture: Rect, shape: [usize; 2], codes: &[u32], code: usize) {
    let lattice = Lattice::over(picture, shape);
    let cells = (shape[0] * shape[1]).max(1);
    let has = |cell: usize| codes.iter().skip(cell).step_by(cells).any(|&c| c as usize == code);
    let lit: Vec<u32> = (0..cells).map(|cell| u32::from(has(cell))).collect();
    lattice.fill(ui, |cell| (lit.get(cell) != Some(&1)).then_some(theme::colours().shade));
    lattice.outline(ui, &lit, 1);
}
