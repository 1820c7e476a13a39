//! What goes with the tool at hand: the code of a cell and its neighbours, the current code, the brush, the source.

use std::ops::Range;

use egui::{DragValue, Key, Modifiers, Popup, Sense, Ui, Vec2, WidgetInfo};

use crate::language::{told, tr, tr_later};
use crate::session::anchor::Anchor;
use crate::session::canvas::{LARGEST_BRUSH, Region, Tool};
use crate::session::codebook::{CodeMap, Codebook};
use crate::session::explore::Place;
use crate::session::prior::PriorAsk;
use crate::session::sheets::SheetPoints;
use crate::ui::codebook_view::CodebookView;
use crate::ui::words::{self, measure};
use crate::ui::{CodesAsk, Command, Pane, Scene, anchors, code_tile, sliders, theme};

/// Room for tools beside a map, and at least for words under it.
pub(super) const BESIDE: f32 = 168.0;
/// A tile of the current code, in points.
const CURRENT: f32 = 22.0;
/// A tile of a neighbour, in points.
const CANDIDATE: f32 = 30.0;
/// Between tiles.
const GAP: f32 = 3.0;
/// Fewer neighbours than this are no row: they go into a menu.
const LEAST_CANDIDATES: usize = 4;
const NEAREST: &str = tr_later!(
    "The codes whose vectors lie nearest to that of the code that was here; , and . walk along them."
);

/// What belongs to the tool, and the way back; `is_low` where there are only two rows for it.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    (view, sheets): (&mut CodebookView, &mut SheetPoints),
    is_beside_codebook: bool,
    is_low: bool,
    out: &mut Vec<Command>,
) {
    match (scene.code_map, scene.codebook) {
        (Some(map), Some(codebook)) => {
            of_tool(ui, scene, (map, codebook), (view, sheets), is_low, out);
        }
        _ => {
            ui.label(theme::muted(tr!("Click a cell to change its code.")));
        }
    }
    let is_chosen = view.cell.is_some() && view.canvas.tool == Tool::Select;
    if is_chosen && is_beside_codebook && !is_low {
        ui.label(theme::muted(tr!("or click a code of the codebook")).small());
    }
    let is_edited = scene.code_map.is_some_and(|map| map.edited.contains(&true));
    let reset = |ui: &mut Ui, out: &mut Vec<Command>| {
        let hint = tr!("Give every cell the code that the encoder chose.");
        if sliders::enabled(ui, is_edited, tr!("Reset codes"), hint) {
            out.extend([Command::BeginEdit, Command::ResetCells]);
        }
    };
    if is_low {
        ui.horizontal(|ui| {
            reset(ui, out);
            sliders::history(ui, scene, out);
            sliders::clipboard(ui, out);
        });
    } else {
        ui.horizontal_wrapped(|ui| {
            sliders::history(ui, scene, out);
            sliders::clipboard(ui, out);
        });
        reset(ui, out);
    }
}

fn of_tool(
    ui: &mut Ui,
    scene: &Scene<'_>,
    (map, codebook): (&CodeMap, &Codebook),
    (view, sheets): (&mut CodebookView, &mut SheetPoints),
    is_low: bool,
    out: &mut Vec<Command>,
) {
    match view.canvas.tool {
        Tool::Select => match view.cell.and_then(|cell| Some((cell, map.code(cell)?))) {
            Some((cell, code)) => {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    edit_cell(ui, codebook, view, (cell, code), is_low, out);
                    if is_low {
                        walk(ui, scene, (map, codebook), view, is_low, out);
                    }
                });
                if !is_low {
                    walk(ui, scene, (map, codebook), view, is_low, out);
                }
            }
            None => {
                ui.label(theme::muted(tr!("Click a cell to change its code.")));
            }
        },
        Tool::Brush | Tool::Fill | Tool::Pick => {
            ui.horizontal(|ui| {
                current(ui, scene, codebook, view);
                if view.canvas.tool == Tool::Brush && is_low {
                    brush(ui, view);
                }
            });
            if is_low {
                return;
            }
            if view.canvas.tool == Tool::Brush {
                ui.horizontal(|ui| brush(ui, view));
            }
            ui.label(
                theme::muted(tr!(
                    "Choose a code in the palette or the codebook, or hold Alt and click a cell."
                ))
                .small(),
            );
        }
        Tool::Clone => {
            ui.horizontal(|ui| {
                source(ui, scene, map, view, sheets);
                if is_low {
                    brush(ui, view);
                }
            });
            if !is_low {
                ui.horizontal(|ui| brush(ui, view));
                let told = match &view.canvas.source {
                    Some((name, _)) => tr!("Paints codes of {}, each at its own place.", name),
                    None => tr!("Choose whose codes to paint with.").to_owned(),
                };
                ui.label(theme::muted(told).small());
            }
        }
        Tool::Erase if is_low => {
            ui.horizontal(|ui| {
                brush(ui, view);
                fill_erased(ui, scene, out);
            });
        }
        Tool::Erase => {
            ui.horizontal(|ui| brush(ui, view));
            ui.horizontal_wrapped(|ui| fill_erased(ui, scene, out));
            let told = tr!("{} cells are erased.", scene.prior.erased().len());
            ui.label(theme::muted(told).small());
        }
        Tool::Paste => {
            let told = match &view.canvas.clipboard {
                Some(region) if region.fits(map) => {
                    let [rows, columns] = region.shape();
                    tr!("{} × {} codes: click where their top left goes.", rows, columns)
                }
                Some(_) => {
                    tr!("What was copied is of a model with another number of grids.").to_owned()
                }
                None => tr!("Nothing copied yet: select cells and copy them.").to_owned(),
            };
            ui.add(egui::Label::new(theme::muted(told).small()).wrap());
        }
    }
}

/// The code that the brush paints with.
fn current(ui: &mut Ui, scene: &Scene<'_>, codebook: &Codebook, view: &mut CodebookView) {
    let code = view.canvas.code as usize;
    let (square, response) = ui.allocate_exact_size(Vec2::splat(CURRENT), Sense::hover());
    code_tile::paint(ui, scene, square, code, codebook.state(code));
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Image, true, tr!("What the current code decodes to"))
    });
    response.on_hover_text(code_tile::told(codebook, code));
    let label = ui.label(tr!("Code")).on_hover_text(tr!("The code to paint with.")).id;
    let last = codebook.size().saturating_sub(1) as u32;
    let value = DragValue::new(&mut view.canvas.code).range(0..=last).speed(0.25);
    let value = ui.add(value).labelled_by(label);
    value.on_hover_text(tr!("The code to paint with: type a number, or drag."));
}

fn brush(ui: &mut Ui, view: &mut CodebookView) {
    let label = ui.label(tr!("Size")).on_hover_text(tr!("The brush, in cells across.")).id;
    let value = DragValue::new(&mut view.canvas.brush).range(1..=LARGEST_BRUSH).speed(0.1);
    ui.add(value)
        .labelled_by(label)
        .on_hover_text(tr!("The brush, in cells across ([ and ] change it)."));
}

/// Another code for a cell by its number, or into the inspector.
fn edit_cell(
    ui: &mut Ui,
    codebook: &Codebook,
    view: &mut CodebookView,
    (cell, code): (usize, usize),
    is_low: bool,
    out: &mut Vec<Command>,
) {
    let label =
        ui.label(tr!("Cell {}", cell)).on_hover_text(tr!("The cell with the white frame.")).id;
    let mut number = code as u32;
    let siblings = codebook.siblings(code);
    let range = siblings.start as u32..=siblings.end.saturating_sub(1) as u32;
    let drag = ui.add(DragValue::new(&mut number).range(range).speed(0.25)).labelled_by(label);
    let drag = drag.on_hover_text(tr!("Its code: type a number, or drag."));
    let taken = drag.drag_started();
    let changed = drag.changed() && number as usize != code;
    // The keyboard and a screen reader change a value without taking hold of it.
    if taken || (changed && !drag.dragged() && !drag.drag_stopped()) {
        out.push(Command::BeginEdit);
    }
    if changed {
        out.push(Command::Codes(CodesAsk::Paint(vec![(cell, number)])));
    }
    let hint = tr!("Show all that is known of this code.");
    if ui.button(tr!("Inspect")).on_hover_text(hint).clicked() {
        view.select(Some(code));
        out.push(Command::SelectCode(Some(code)));
    }
    if let Some(area) = view.canvas.selection.filter(|_| !is_low) {
        let [rows, columns] = area.shape;
        ui.label(theme::muted(format!("{rows} × {columns}")))
            .on_hover_text(tr!("Rows and columns of cells that are selected together."));
    }
}

/// The neighbours of the chosen cell's code by the distance of their vectors, to be walked to; those of all cells
/// that are selected go along.
fn walk(
    ui: &mut Ui,
    scene: &Scene<'_>,
    (map, codebook): (&CodeMap, &Codebook),
    view: &mut CodebookView,
    is_low: bool,
    out: &mut Vec<Command>,
) {
    let Some(at) = view.walk_origins(map, codebook) else { return };
    let candidates = view.candidates();
    let mut to = None;
    let has_keyboard = ui.memory(|memory| memory.has_focus(super::id()));
    let mut step = |by: isize| {
        to = at.checked_add_signed(by).filter(|&rank| rank < candidates.len());
    };
    if has_keyboard && !Popup::is_any_open(ui.ctx()) {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Comma) {
            step(-1);
        }
        if pressed(Key::Period) {
            step(1);
        }
    }
    let row = |ui: &mut Ui, view: &mut CodebookView| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(GAP);
            let all = 0..candidates.len();
            tiles(ui, scene, (codebook, &candidates), view, (all, at), CANDIDATE)
        })
        .inner
    };
    let fit = ((ui.available_width() + GAP) / (CURRENT + GAP)) as usize;
    let chosen = if is_low && fit >= LEAST_CANDIDATES {
        ui.spacing_mut().item_spacing.x = GAP;
        let end = fit.max(at + 1).min(candidates.len());
        let shown = end.saturating_sub(fit)..end;
        tiles(ui, scene, (codebook, &candidates), view, (shown, at), CURRENT)
    } else if is_low {
        // In the line of the cell there is no room.
        let menu = ui.menu_button(tr!("Nearest"), |ui| {
            ui.set_max_width(5.0 * (CANDIDATE + GAP));
            let chosen = row(ui, view);
            if chosen.is_some() {
                ui.close();
            }
            chosen
        });
        menu.response.on_hover_text(told(NEAREST));
        menu.inner.flatten()
    } else {
        let back = tr!("Go back one code towards the one that was here (,).");
        let on = tr!(
            "Go on to the next nearest code (.). Selected cells all walk, each from its own code."
        );
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label(theme::muted(tr!("Nearest")).small()).on_hover_text(told(NEAREST));
            if code_tile::named_button(ui, "‹", tr!("Walk back"), back, at > 0) {
                step(-1);
            }
            if code_tile::named_button(ui, "›", tr!("Walk on"), on, at + 1 < candidates.len()) {
                step(1);
            }
        });
        row(ui, view)
    };
    if let Some(rank) = chosen.or(to).filter(|&rank| rank != at) {
        let cells = view.walked(codebook, rank);
        out.extend([Command::BeginEdit, Command::Codes(CodesAsk::Paint(cells))]);
    }
}

/// A tile for the code that was there and each of its neighbours, as far as they are shown; which was pressed.
fn tiles(
    ui: &mut Ui,
    scene: &Scene<'_>,
    (codebook, candidates): (&Codebook, &[(usize, f32)]),
    view: &mut CodebookView,
    (shown, at): (Range<usize>, usize),
    side: f32,
) -> Option<usize> {
    let mut chosen = None;
    for (rank, &(code, distance)) in candidates.iter().enumerate().take(shown.end).skip(shown.start)
    {
        let state = words::state(codebook.state(code));
        let name = match rank {
            0 => tr!("Put code {} back, {}", code, state),
            _ => tr!("Put code {}, {} away, {}", code, measure(distance), state),
        };
        let response = code_tile::button(ui, scene, codebook, code, side, &name, rank == at);
        if response.hovered() {
            view.hover(code);
        }
        if response.on_hover_text(name).clicked() {
            chosen = Some(rank);
        }
    }
    chosen
}

/// Whose codes the clone brush paints with.
fn source(
    ui: &mut Ui,
    scene: &Scene<'_>,
    map: &CodeMap,
    view: &mut CodebookView,
    sheets: &mut SheetPoints,
) {
    let name = view.canvas.source.as_ref().map_or(tr!("Choose a source…"), |(name, _)| name);
    let menu = ui.menu_button(name.to_owned(), |ui| {
        let mut chosen: Option<(String, Option<Region>)> = None;
        let whole = |codes: Vec<u32>| Region::whole(map.grid_shape(), map.grids, codes);
        let called = |name| tr!("Codes of {}", name);
        let offered = points(scene);
        if let Some(point) = anchors::list_as(ui, scene, sheets, &offered, None, called) {
            let codes = codes_of(scene, point).and_then(whole);
            chosen = Some((anchors::name(&scene.anchors(), point), codes));
        }
        if !offered.is_empty() {
            ui.separator();
        }
        let hint = tr!(
            "Keep the codes of the picture as they are now; then go elsewhere and paint them in."
        );
        if ui.button(tr!("This picture")).on_hover_text(hint).clicked() {
            chosen = Some((tr!("a kept picture").to_owned(), whole(map.codes.clone())));
        }
        let hint = tr!("Codes that are drawn afresh, each by its use.");
        if ui.button(tr!("A new draw")).on_hover_text(hint).clicked() {
            view.canvas.draws += 1;
            let codes = scene.explore.draw_codes(u64::MAX - view.canvas.draws);
            chosen = Some((tr!("draw {}", view.canvas.draws), codes.and_then(whole)));
        }
        let hint = tr!("The codes that the encoder chose: painting takes changes back.");
        if ui.button(tr!("As encoded")).on_hover_text(hint).clicked() {
            chosen =
                Some((tr!("the encoder").to_owned(), scene.explore.chosen_codes().and_then(whole)));
        }
        let copied =
            view.canvas.clipboard.clone().filter(|region| region.shape() == map.grid_shape());
        let hint = tr!("A whole picture's codes that were copied.");
        if sliders::enabled(ui, copied.is_some(), tr!("The clipboard"), hint) {
            chosen = Some((tr!("the clipboard").to_owned(), copied));
        }
        if let Some((name, codes)) = chosen {
            view.canvas.source = codes.map(|codes| (name, codes));
            ui.close();
        }
    });
    menu.response
        .on_hover_text(tr!(
            "Whose codes the brush puts in: an image, a bookmark, a draw, or this picture as it is now."
        ))
        .widget_info(|| {
            WidgetInfo::labeled(egui::Role::Button, true, tr!("Source of the clone brush"))
        });
}

/// The points whose codes can be painted with.
fn points(scene: &Scene<'_>) -> Vec<Anchor> {
    let is_offered = |anchor: &Anchor| match anchor {
        Anchor::Point | Anchor::Origin | Anchor::MapSelection => false,
        Anchor::Image(index) => watched_codes(scene, *index).is_some(),
        Anchor::OwnPicture | Anchor::MapPoint | Anchor::Bookmark(_) => true,
    };
    scene.anchors().all().filter(is_offered).collect()
}

/// The codes of a watched image.
fn watched_codes<'a>(scene: &Scene<'a>, index: usize) -> Option<&'a [u32]> {
    let survey = scene.codebook?.survey.as_ref()?;
    survey.watched.get(index).map(Vec::as_slice)
}

/// The codes of a point.
fn codes_of(scene: &Scene<'_>, point: Anchor) -> Option<Vec<u32>> {
    match point {
        Anchor::Image(index) => watched_codes(scene, index).map(<[u32]>::to_vec),
        Anchor::Bookmark(index) => scene.explore.codes_of(&scene.bookmarks.get(index)?.place),
        _ => scene.explore.codes_of(&Place::of(scene.anchors().latent(point)?)),
    }
}

/// The prior draws what is erased, in its own view.
fn fill_erased(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let is_erased = !scene.prior.erased().is_empty();
    let hint = tr!("Draw what is erased in the picture, several times: click one to take it.");
    let fill = ui.add_enabled(is_erased, egui::Button::new(tr!("Fill erased")));
    if fill.on_hover_text(hint).clicked() {
        out.extend([Command::Prior(PriorAsk::Fill), Command::ShowPane(Pane::Prior)]);
    }
    if is_erased
        && ui.button(tr!("Restore")).on_hover_text(tr!("Bring all erased cells back.")).clicked()
    {
        out.push(Command::Prior(PriorAsk::Restore));
    }
}
