//! The toolbar above the code map, and what the tools do to it.

use egui::{Key, Modifiers, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::language::{tr, tr_later};
use crate::session::canvas::{Area, LARGEST_BRUSH, Place, Tool, brush};
use crate::session::codebook::{CodeMap, Codebook};
use crate::session::prior::PriorAsk;
use crate::ui::codebook_view::CodebookView;
use crate::ui::lattice::Lattice;
use crate::ui::{CodesAsk, Command, icons, keys, theme};

/// A button of the toolbar, in points.
pub(super) const BUTTON: f32 = 18.0;

/// What a tool is called, its key, and what it does.
pub(super) fn described(tool: Tool) -> (&'static str, Key, &'static str) {
    match tool {
        Tool::Select => (
            tr!("Select cells"),
            Key::V,
            tr!(
                "Choose a cell; drag over a rectangle to copy it, or to walk all its codes. Shift and arrows do the same."
            ),
        ),
        Tool::Brush => (
            tr!("Brush"),
            Key::B,
            tr!("Paint with the current code. [ and ] change the brush; Alt picks a code."),
        ),
        Tool::Pick => (tr!("Pick a code"), Key::I, tr!("Make the code of a cell the current one.")),
        Tool::Fill => (
            tr!("Fill"),
            Key::F,
            tr!("Put the current code into all cells around that have the code of this one."),
        ),
        Tool::Clone => (
            tr!("Clone brush"),
            Key::C,
            tr!("Paint with the codes of another picture, each at its own place."),
        ),
        Tool::Erase => (
            tr!("Eraser"),
            Key::E,
            tr!(
                "Rub cells out for the prior to draw them anew: Fill erased, in its view. Alt brings them back."
            ),
        ),
        Tool::Paste => {
            (tr!("Paste codes"), Key::P, tr!("Put down the rectangle of codes that was copied."))
        }
    }
}

/// A button for each tool.
pub(super) fn bar(ui: &mut Ui, view: &mut CodebookView, enabled: bool, can_erase: bool) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().interact_size.y = BUTTON;
        for tool in offered(can_erase) {
            button(ui, view, tool, enabled);
        }
    });
}

/// The tools that there are; there is something to erase for where there is a prior.
fn offered(can_erase: bool) -> impl Iterator<Item = Tool> {
    Tool::ALL.into_iter().filter(move |tool| can_erase || *tool != Tool::Erase)
}

fn button(ui: &mut Ui, view: &mut CodebookView, tool: Tool, enabled: bool) {
    let (name, key, hint) = described(tool);
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (square, response) = ui.allocate_exact_size(Vec2::splat(BUTTON), sense);
    let is_on = enabled && view.canvas.tool == tool;
    let visuals = ui.style().interact_selectable(&response, is_on);
    if is_on || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(square, 3.0, visuals.weak_bg_fill);
    }
    let ink = if enabled { visuals.text_color() } else { theme::colours().unknown };
    icons::tool(ui.painter(), square.shrink(3.0), tool, ink);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, enabled, name);
        info.selected = Some(is_on);
        info
    });
    let hint = format!("{name} ({})\n{hint}", key.name());
    if response.on_hover_text(hint).clicked() {
        view.canvas.tool = tool;
    }
}

/// Keys beside those of tools, and what they do.
const OTHERS: [(Key, &str); 4] = [
    (Key::OpenBracket, tr_later!("A smaller brush")),
    (Key::CloseBracket, tr_later!("A larger brush")),
    (Key::Comma, tr_later!("One code back towards the one that was in the cell")),
    (Key::Period, tr_later!("On to the next nearest code, in the cells that are chosen")),
];

/// Keys that the window has no use for.
const PASSED_ON: &[keys::Listed] = &[
    (tr_later!("Arrows"), tr_later!("Choose the cell beside")),
    (tr_later!("Shift+Arrows"), tr_later!("Select a rectangle of cells, with the tool for that")),
    ("Enter", tr_later!("Use the tool on the chosen cell")),
    ("Alt", tr_later!("Held: any tool that paints picks a code")),
    ("Delete", tr_later!("Erase the chosen cells for a prior to draw; with Alt bring them back")),
    ("Escape", tr_later!("Let the chosen cells go")),
];

/// Whether a key does something on the map.
pub(super) fn has_use_for(key: Key, can_erase: bool) -> bool {
    OTHERS.iter().any(|(other, _)| *other == key)
        || offered(can_erase).any(|tool| described(tool).1 == key)
}

/// All of them as the help lists them.
pub(super) fn listed_keys() -> Vec<keys::Listed> {
    let tools = Tool::ALL.into_iter().map(|tool| {
        let (name, key, _) = described(tool);
        (key.name(), name)
    });
    let others = OTHERS.into_iter().map(|(key, does)| (key.symbol_or_name(), does));
    tools.chain(others).chain(PASSED_ON.iter().copied()).collect()
}

/// The keys of tools, while the map has the keyboard.
pub(super) fn keys(ui: &Ui, view: &mut CodebookView, can_erase: bool) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    for tool in offered(can_erase) {
        if pressed(described(tool).1) {
            view.canvas.tool = tool;
        }
    }
    let size = &mut view.canvas.brush;
    if pressed(Key::OpenBracket) {
        *size = (*size - 1).max(1);
    }
    if pressed(Key::CloseBracket) {
        *size = (*size + 1).min(LARGEST_BRUSH);
    }
}

/// Delete erases the cells that are chosen, of a rectangle those of all grids; with Alt it brings them back.
pub(super) fn erase_chosen(ui: &Ui, map: &CodeMap, view: &CodebookView, out: &mut Vec<Command>) {
    let pressed = |modifiers| ui.input_mut(|input| input.consume_key(modifiers, Key::Delete));
    let erased = if pressed(Modifiers::ALT) {
        false
    } else if pressed(Modifiers::NONE) {
        true
    } else {
        return;
    };
    let cells: Vec<usize> = match view.canvas.selection {
        Some(area) => {
            let grids = 0..map.grids.max(1);
            let places = grids.flat_map(|grid| area.places().map(move |place| (grid, place)));
            places.filter_map(|(grid, place)| map.cell(grid, place)).collect()
        }
        None => view.cell.into_iter().collect(),
    };
    if !cells.is_empty() {
        out.push(Command::Prior(PriorAsk::Erase { cells, erased }));
    }
}

/// The cell under a point, as its grid and its place in that.
fn place_at(lattice: &Lattice, map: &CodeMap, at: egui::Pos2) -> Option<(usize, Place)> {
    let cell = lattice.cell_at(at)?;
    Some((map.grid_of(cell), map.place(cell)))
}

/// What a hand does with a tool on the map.
pub(super) fn use_tool(
    ui: &Ui,
    response: &Response,
    lattice: &Lattice,
    (map, codebook): (&CodeMap, &Codebook),
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    if response.is_pointer_button_down_on() || response.clicked() {
        response.request_focus();
    }
    if view.canvas.tool == Tool::Select {
        return select(ui, response, lattice, map, view);
    }
    let (is_pressed, is_down, is_released, pointer) = ui.input(|input| {
        let pointer = &input.pointer;
        let [pressed, released] = [pointer.primary_pressed(), pointer.primary_released()];
        (pressed, pointer.primary_down(), released, pointer.interact_pos())
    });
    // A brush paints from the first touch on, and a tap may begin and end within one frame.
    let is_tap = is_pressed && is_released && response.contains_pointer();
    let is_held = is_tap || (is_down && response.is_pointer_button_down_on());
    let pointed = pointer.and_then(|at| place_at(lattice, map, at));
    let mut begins = is_held && is_pressed;
    let mut touched = pointed.filter(|_| is_held);
    // Enter does at the chosen cell what a press does.
    if response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        touched = view.cell.map(|cell| (map.grid_of(cell), map.place(cell)));
        begins = true;
    }
    if begins {
        view.canvas.stroke = None;
    }
    if let Some((grid, place)) = touched.filter(|_| view.canvas.tool == Tool::Erase) {
        let cells = view.canvas.pass_to(map, grid, place);
        let erased = !ui.input(|input| input.modifiers.alt);
        out.push(Command::Prior(PriorAsk::Erase { cells, erased }));
    } else if let Some((grid, place)) = touched {
        let picks = view.canvas.tool == Tool::Pick || ui.input(|input| input.modifiers.alt);
        if picks && view.canvas.stroke.is_none() {
            let code = map.cell(grid, place).and_then(|cell| map.code(cell));
            if let Some(code) = code.filter(|&code| code < codebook.size()) {
                view.canvas.code = code as u32;
                view.cursor = code;
            }
        } else {
            let cells = match view.canvas.tool {
                Tool::Fill if begins => view.canvas.fill_from(map, grid, place),
                Tool::Paste if begins => view.canvas.paste_at(map, place),
                Tool::Brush | Tool::Clone => view.canvas.stroke_to(map, grid, place),
                _ => Vec::new(),
            };
            // The codes of one quantizer are none of another's.
            let takes = |&(cell, code): &(usize, u32)| {
                map.code(cell).is_some_and(|old| codebook.siblings(old).contains(&(code as usize)))
            };
            let cells: Vec<(usize, u32)> = cells.into_iter().filter(takes).collect();
            if begins {
                out.push(Command::BeginEdit);
            }
            if !cells.is_empty() {
                out.push(Command::Codes(CodesAsk::Paint(cells)));
            }
        }
    }
    if !is_held {
        view.canvas.stroke = None;
    }
}

/// A click chooses a cell or lets it go, a drag or Shift with arrows a rectangle.
fn select(ui: &Ui, response: &Response, lattice: &Lattice, map: &CodeMap, view: &mut CodebookView) {
    if response.clicked() {
        let pointed = response.interact_pointer_pos().and_then(|at| lattice.cell_at(at));
        let clicked = pointed.or(view.cell).or(Some(0));
        let lets_go = clicked == view.cell && view.canvas.selection.is_none();
        view.cell = clicked.filter(|_| !lets_go);
        view.canvas.selection = None;
    }
    if response.drag_started() {
        let origin = ui.input(|input| input.pointer.press_origin());
        let began = origin.and_then(|at| lattice.cell_at(at));
        view.canvas.anchor = began.map(|cell| map.place(cell));
        view.cell = began.or(view.cell);
    }
    let pulled = response.interact_pointer_pos().filter(|_| response.dragged());
    if let (Some(anchor), Some(at)) = (view.canvas.anchor, pulled)
        && let Some((_, place)) = place_at(lattice, map, lattice.clamp(at))
    {
        view.canvas.selection = Some(Area::between(anchor, place));
    }
    if response.drag_stopped() {
        view.canvas.anchor = None;
    }
    let way = keys::arrows_with(ui, response, Modifiers::SHIFT);
    if way != [0, 0] {
        let cell = *view.cell.get_or_insert(0);
        let from = map.place(cell);
        let area = view.canvas.selection.unwrap_or_else(|| Area::between(from, from));
        let [rows, columns] = map.grid_shape();
        // The end that is not held by the chosen cell moves.
        let end = |axis: usize, by: isize, extent: usize| {
            let [first, last] = [area.corner[axis], area.corner[axis] + area.shape[axis] - 1];
            let end = if from[axis] == first { last } else { first };
            end.saturating_add_signed(by).min(extent.saturating_sub(1))
        };
        let to = [end(0, way[1], rows), end(1, way[0], columns)];
        view.canvas.selection = Some(Area::between(from, to));
    }
}

/// Shows which cells the tool at hand would change.
pub(super) fn preview(
    ui: &Ui,
    response: &Response,
    lattice: &Lattice,
    map: &CodeMap,
    view: &CodebookView,
) {
    let Some((grid, place)) = response.hover_pos().and_then(|at| place_at(lattice, map, at)) else {
        return;
    };
    let canvas = &view.canvas;
    let shape = map.grid_shape();
    let outline = |rect: Rect| {
        ui.painter().rect_stroke(
            rect,
            0.0,
            Stroke::new(1.0, theme::colours().lit),
            StrokeKind::Inside,
        );
    };
    if canvas.tool.has_brush() {
        let is_in_all = matches!(canvas.tool, Tool::Clone | Tool::Erase);
        let grids = if is_in_all { 0..map.grids.max(1) } else { grid..grid + 1 };
        for grid in grids {
            let cells = brush(place, canvas.brush, shape).filter_map(|place| map.cell(grid, place));
            cells.for_each(|cell| outline(lattice.cell_rect(cell)));
        }
    } else if let (Tool::Paste, Some(region)) = (canvas.tool, &canvas.clipboard) {
        let area = Area { corner: place, shape: region.shape() }.within(shape);
        if let Some(area) = area {
            frames(lattice, map, area).for_each(outline);
        }
    }
}

/// Where an area lies in every grid.
pub(super) fn frames<'a>(
    lattice: &'a Lattice,
    map: &'a CodeMap,
    area: Area,
) -> impl Iterator<Item = Rect> + 'a {
    let last = [0, 1].map(|axis: usize| area.corner[axis] + area.shape[axis] - 1);
    (0..map.grids.max(1)).filter_map(move |grid| {
        let [first, last] = [area.corner, last].map(|place| map.cell(grid, place));
        Some(lattice.cell_rect(first?).union(lattice.cell_rect(last?)))
    })
}
