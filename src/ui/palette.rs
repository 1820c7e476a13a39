//! The codebook as a palette: a tile for each code, of what it decodes to.

use egui::{Rect, ScrollArea, Sense, Ui, Vec2, pos2, vec2};

use super::codebook_panel::{keys_and_clicks, named, tell_code};
use super::codebook_view::{CodebookView, PaletteOrder};
use super::words::grouped;
use super::{CodesAsk, Command, Picture, Scene, View, code_tile, keys, save, sliders, theme};
use crate::language::tr;
use crate::session::codebook::Codebook;

/// How large tiles can be, in points.
const SIDES: std::ops::RangeInclusive<f32> = 12.0..=96.0;
/// The smallest and the largest that follow the room.
const LEAST_FIT: u32 = 16;
const LARGEST_FIT: u32 = 64;
/// Between tiles.
const GAP: f32 = 2.0;
/// A frame around a tile at the border is seen whole.
const MARGIN: f32 = 3.0;

/// What codes decode to, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    /// All tiles in rows, by the number of their code.
    pub sheet: Option<Picture>,
    /// Tiles in a row.
    pub columns: usize,
    /// Rows of the sheet.
    pub rows: usize,
    /// The codes that have a tile: so many from the first on.
    pub known: usize,
    /// The codes that are to have one.
    pub wanted: usize,
    /// How bright each tile is, in `[0, 1]`, `[known]`.
    pub brightness: Vec<f32>,
    /// The share that is done, while tiles are made.
    pub share: Option<f32>,
    /// Whether a person stopped it.
    pub is_stopped: bool,
}

impl Palette {
    /// The sheet, and which part of it is a code's tile.
    pub(super) fn tile(&self, code: usize) -> Option<(Picture, Rect)> {
        let sheet = self.sheet.filter(|_| code < self.known)?;
        let size = vec2(self.columns.max(1) as f32, self.rows.max(1) as f32);
        let place = vec2((code % self.columns.max(1)) as f32, (code / self.columns.max(1)) as f32);
        let corner = (place / size).to_pos2();
        Some((sheet, Rect::from_min_size(corner, Vec2::splat(1.0) / size)))
    }
}

/// The codes in an order of the palette.
pub(super) fn sorted(
    codebook: &Codebook,
    palette: &Palette,
    counts: &[u64],
    order: PaletteOrder,
) -> Vec<usize> {
    let mut codes: Vec<usize> = (0..codebook.size()).collect();
    match order {
        PaletteOrder::Number => {}
        PaletteOrder::Similarity => {
            let chain = codebook.chain.as_ref().filter(|chain| chain.len() == codes.len());
            let plane = codebook.plane.as_ref().map(|plane| &plane.order);
            if let Some(order) = chain.map(|chain| chain.to_vec()).or(plane.cloned())
                && order.len() == codes.len()
            {
                codes = order;
            }
        }
        PaletteOrder::Use => {
            let count = |code: &usize| counts.get(*code).copied().unwrap_or(0);
            codes.sort_by_key(|code| (std::cmp::Reverse(count(code)), *code));
        }
        PaletteOrder::Brightness => {
            let bright = |code: &usize| palette.brightness.get(*code).copied().unwrap_or(2.0);
            codes.sort_by(|a, b| bright(a).total_cmp(&bright(b)).then(a.cmp(b)));
        }
    }
    codes
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let Some(codebook) = scene.codebook else {
        return note(
            ui,
            tr!("The codes of a model with a codebook will be here, each as what it decodes to."),
            scene,
            out,
        );
    };
    if scene.model.only_codes {
        return note(
            ui,
            tr!("Only a codebook is open: there is no decoder that makes pictures of its codes."),
            scene,
            out,
        );
    }
    let view = &mut view.codebook;
    toolbar(ui, scene, codebook, view, out);
    if !std::mem::take(&mut view.palette_is_held) || view.palette_places.len() != codebook.size() {
        let counts = view.overview.counts.clone();
        view.palette_places =
            sorted(codebook, &scene.pictures.palette, &counts, view.palette_order);
    }
    view.palette_fit = fitted(codebook.size(), ui.available_size());
    let side = view.palette_side.unwrap_or(view.palette_fit);
    ScrollArea::vertical().auto_shrink([false, false]).show_viewport(ui, |ui, seen| {
        sheet(ui, scene, codebook, view, (side, seen), out);
    });
}

fn note(ui: &mut Ui, text: &str, scene: &Scene<'_>, out: &mut Vec<Command>) {
    ui.add_space(0.25 * ui.available_height());
    ui.vertical_centered(|ui| {
        ui.add(egui::Label::new(theme::muted(text)).wrap());
        let hint = tr!("Open the embedded model that has a codebook.");
        if !scene.trains() && ui.button(tr!("Open the VQ-VAE demo")).on_hover_text(hint).clicked() {
            out.push(Command::OpenDemo(super::Demo::VqVae));
        }
    });
}

fn toolbar(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    let palette = &scene.pictures.palette;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(theme::muted(tr!("by")));
        for order in PaletteOrder::ALL {
            let (name, hint) = match order {
                PaletteOrder::Similarity => (
                    tr!("Similarity"),
                    tr!("Each code is followed by the nearest one that is left, by the distance of their vectors."),
                ),
                PaletteOrder::Use => (tr!("Use"), tr!("The most used codes first. Stays as it is under the pointer.")),
                PaletteOrder::Number => (tr!("Number"), tr!("Codes by their number.")),
                PaletteOrder::Brightness => (tr!("Brightness"), tr!("The darkest tiles first.")),
            };
            let is_known = knows(scene, codebook, view, order);
            let is_chosen = view.palette_order == order;
            let button = egui::Button::selectable(is_chosen, name);
            let response = ui.add_enabled(is_known, button).on_hover_text(hint);
            // The codebook, which may be in view as well, has orders of the same names.
            response.widget_info(|| {
                let label = tr!("Palette by {}", name.to_lowercase());
                egui::WidgetInfo::selected(egui::Role::Button, is_known, is_chosen, label)
            });
            if response.on_disabled_hover_text(tr!("Not known yet: it is worked out in the background.")).clicked() {
                view.palette_order = order;
            }
        }
        ui.separator();
        let label = ui.label(theme::muted(tr!("Tiles"))).on_hover_text(tr!("How large tiles are, in points.")).id;
        let mut side = view.palette_side.unwrap_or(view.palette_fit);
        let value = egui::DragValue::new(&mut side).range(SIDES).speed(0.5).max_decimals(0);
        let value = ui.add(value).labelled_by(label);
        if value.on_hover_text(tr!("How large tiles are, in points.")).changed() {
            view.palette_side = Some(side);
        }
        let fit = ui.selectable_label(view.palette_side.is_none(), tr!("Fit"));
        if fit.on_hover_text(tr!("As large as all tiles fit.")).clicked() {
            view.palette_side = None;
        }
        let hint = tr!("Save all tiles in this order as a PNG or JPEG file.");
        if let Some(place) = save::button(ui, tr!("Save palette…"), hint, &mut view.export_path) {
            out.push(Command::Codes(CodesAsk::SavePalette(place.path())));
        }
        if let Some(share) = palette.share {
            let done = grouped((share * palette.wanted as f32) as u64);
            let text = tr!("{} of {} codes", done, grouped(palette.wanted as u64));
            let bar = egui::ProgressBar::new(share).desired_width(132.0).text(text);
            ui.add(bar).on_hover_text(tr!("Decoding each code alone."));
            let hint = tr!("Stop making tiles. Those that are there stay.");
            if sliders::enabled(ui, true, tr!("Cancel tiles"), hint) {
                out.push(Command::Codes(CodesAsk::CancelPalette));
            }
        } else if palette.is_stopped {
            let hint = tr!("Decode each code alone, from the first on.");
            if sliders::enabled(ui, true, tr!("Make tiles"), hint) {
                out.push(Command::Codes(CodesAsk::MakePalette));
            }
        } else if palette.wanted < codebook.size() && palette.wanted > 0 {
            let text = tr!("the first {} codes", grouped(palette.wanted as u64));
            ui.label(theme::muted(text)).on_hover_text(tr!("The others are shown by their colour: there are too many."));
        }
    });
}

/// Whether what the palette is sorted by is known.
pub(super) fn knows(
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &CodebookView,
    order: PaletteOrder,
) -> bool {
    match order {
        PaletteOrder::Similarity => codebook.chain.is_some() || codebook.plane.is_some(),
        PaletteOrder::Use => !view.overview.counts.is_empty(),
        PaletteOrder::Number => true,
        PaletteOrder::Brightness => scene.pictures.palette.known > 0,
    }
}

/// The largest tiles of which so many fit into a room, as far as they are to be seen.
fn fitted(count: usize, room: Vec2) -> f32 {
    let fits = |side: &f32| {
        let columns = ((room.x - 2.0 * MARGIN) / (side + GAP)).floor().max(1.0) as usize;
        count.div_ceil(columns) as f32 * (side + GAP) + 2.0 * MARGIN <= room.y
    };
    (LEAST_FIT..=LARGEST_FIT).rev().map(|side| side as f32).find(fits).unwrap_or(LEAST_FIT as f32)
}

/// The tiles that are seen.
fn sheet(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    (side, seen): (f32, Rect),
    out: &mut Vec<Command>,
) {
    let step = side + GAP;
    let columns = (((ui.available_width() - 2.0 * MARGIN) / step) as usize).max(1);
    let count = view.palette_places.len();
    let rows = count.div_ceil(columns);
    let size = vec2(columns.min(count) as f32, rows as f32) * step - Vec2::splat(GAP);
    let (area, _) = ui.allocate_exact_size(size + Vec2::splat(2.0 * MARGIN), Sense::hover());
    let origin = area.min + Vec2::splat(MARGIN);
    let response = ui.interact(area, egui::Id::unique("palette"), Sense::click());
    let rect_of = |place: usize| {
        let at = vec2((place % columns) as f32, (place / columns) as f32) * step;
        Rect::from_min_size(origin + at, Vec2::splat(side))
    };
    let places = view.palette_places.clone();
    let code_at = |at: egui::Pos2| {
        let at = (at - origin) / step;
        let is_inside = at.x >= 0.0 && at.y >= 0.0 && (at.x as usize) < columns;
        let place = at.y.max(0.0) as usize * columns + at.x.max(0.0) as usize;
        places.get(place).copied().filter(|_| is_inside)
    };
    let first = ((seen.top() / step).max(0.0) as usize * columns).min(count);
    let last = (((seen.bottom() / step).ceil().max(0.0) as usize + 1) * columns).min(count);
    for (place, &code) in places.iter().enumerate().take(last).skip(first) {
        code_tile::paint(ui, scene, rect_of(place), code, view.overview.state(code));
    }
    let frame_of = |code: usize| Some(rect_of(places.iter().position(|&found| found == code)?));
    let is_shown = response.has_focus() || view.selected.is_some() || view.canvas.tool.takes_code();
    let chosen =
        if view.canvas.tool.takes_code() { view.canvas.code as usize } else { view.cursor };
    if let Some(frame) = frame_of(chosen).filter(|_| is_shown) {
        theme::frame_around(ui, frame);
    }
    if let Some(frame) = view.hovered().and_then(frame_of) {
        let stroke = egui::Stroke::new(1.0, theme::colours().lit);
        ui.painter().rect_stroke(frame.expand(1.0), 0.0, stroke, egui::StrokeKind::Outside);
    }
    let hovered = response.hover_pos().and_then(code_at);
    let clicked = match response.interact_pointer_pos() {
        Some(at) => code_at(at),
        None => Some(view.cursor),
    };
    let next = |view: &CodebookView, way| {
        let place = places.iter().position(|&code| code == view.cursor)?;
        places.get(keys::walk(place, way, columns, count)).copied()
    };
    if keys_and_clicks(ui, scene, &response, view, clicked, next, out)
        && let Some(frame) = places.iter().position(|&code| code == view.cursor)
    {
        let at = vec2((frame % columns) as f32, (frame / columns) as f32) * step;
        let tile = Vec2::splat(side);
        ui.scroll_to_rect(Rect::from_min_size(origin + at, tile).expand(3.0), None);
    }
    keys::focus_ring(ui, &response, area.intersect(ui.clip_rect()).shrink(2.0));
    named(&response, view, tr!("Palette of codes"));
    view.palette_is_held = hovered.is_some();
    if let Some(code) = hovered {
        view.hover(code);
        response.on_hover_ui_at_pointer(|ui| {
            let (square, _) = ui.allocate_exact_size(Vec2::splat(64.0), Sense::hover());
            let large = Rect::from_min_size(pos2(square.left(), square.top()), Vec2::splat(64.0));
            code_tile::paint(ui, scene, large, code, None);
            tell_code(ui, codebook, view, code);
        });
    }
}
