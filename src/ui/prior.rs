//! Draws from the prior over the codes, and how probable it finds those of the picture.

mod bits;
mod controls;
mod texts;
mod words;

use std::sync::Arc;

use egui::{Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, vec2};

pub use self::words::WordsView;

use super::lattice::Lattice;
use super::{Command, Scene, View, theme, tiles};
use crate::graph::lower::prior::Order;
use crate::language::tr;
use crate::sample::places;
use crate::session::prior::{Prior, PriorAsk, PriorLine};
use crate::session::sheets::SheetName;
use crate::session::wanted::Point;

/// The least and the greatest side of a picture, in points.
const TILE: [f32; 2] = [40.0, 160.0];
/// Between two pictures.
const GAP: f32 = 4.0;
/// The least and the greatest side of the map of bits, in points.
const BITS: [f32; 2] = [56.0, 260.0];
/// The height of the pictures and the map at least, in points.
const LEAST: f32 = 122.0;
/// What is told of the map takes this width at least, in points.
const TOLD: f32 = 152.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let Some(line) = scene.prior.line() else { return none(ui, scene, view, out) };
    let height = ui.available_height();
    // In a small view all of it scrolls.
    ScrollArea::vertical().id_salt("prior").auto_shrink(false).show(ui, |ui| {
        let top = ui.cursor().top();
        controls::show(ui, scene, line, view, out);
        words::show(ui, scene, line, &mut view.prior_words);
        let used = ui.cursor().top() - top;
        let room = vec2(ui.available_width(), (height - used).max(LEAST));
        let bits = (room.y - bits::AROUND).min(room.x * 0.35).clamp(BITS[0], BITS[1]);
        let beside = bits.max(TOLD.min(room.x * 0.4));
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width((room.x - beside - 16.0).max(TILE[0]));
                drawn(ui, scene, line, view, (room.y, height - used < LEAST), out);
            });
            ui.vertical(|ui| bits::show(ui, scene, line, bits, &mut view.prior_words));
        });
    });
}

/// What is there instead for a model without a prior.
fn none(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let text = tr!(
        "Pictures drawn from a prior will be here: a transformer that learns which codes go together, and fills what is erased. Train one on this model, or open a run of the recipe prior."
    );
    ui.label(theme::muted(text));
    let Some(path) = scene.model.codes_of.as_deref() else { return };
    let hint = tr!("Puts the recipe prior with the codes of this model into the form on the left.");
    if ui.button(tr!("Set up a prior over these codes")).on_hover_text(hint).clicked() {
        view.form.choose_prior(path);
        out.push(Command::ShowPage(super::Page::Explore));
    }
}

/// The pictures, as far as they are drawn, in a height; they scroll there unless all around them does.
fn drawn(
    ui: &mut Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    view: &mut View,
    (height, all_scrolls): (f32, bool),
    out: &mut Vec<Command>,
) {
    let prior = scene.prior;
    let count = prior.drawn().len();
    if count == 0 {
        ui.label(theme::muted(tr!("Nothing is drawn yet.")));
        return;
    }
    view.sheets.insert(SheetName::Draws, points(prior, line));
    let room = vec2(ui.available_width(), height);
    let side = tile_side(count, room);
    let columns = ((room.x + GAP) / (side + GAP)).floor().max(1.0) as usize;
    let columns = columns.min(count);
    let mut pictures = |ui: &mut Ui| {
        let rows = count.div_ceil(columns);
        let size = vec2(columns as f32, rows as f32) * (side + GAP);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        for picture in 0..count {
            let place = vec2((picture % columns) as f32, (picture / columns) as f32);
            let tile = Rect::from_min_size(rect.min + place * (side + GAP), Vec2::splat(side));
            if ui.is_rect_visible(tile) {
                one(ui, scene, line, picture, tile, out);
            }
        }
    };
    if all_scrolls {
        pictures(ui);
    } else {
        let scroll = ScrollArea::vertical().auto_shrink([false, false]).max_height(height);
        scroll.show(ui, pictures);
    }
}

/// One picture: what is not drawn yet stays empty; a click goes there.
fn one(
    ui: &Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    picture: usize,
    tile: Rect,
    out: &mut Vec<Command>,
) {
    let prior = scene.prior;
    let response = ui.interact(tile, egui::Id::unique(("drawn", picture)), Sense::click());
    tiles::paint(ui, scene, SheetName::Draws, picture, tile);
    let codes = &prior.drawn()[picture];
    let is_open = |cell: usize| {
        let of_cell = codes.get(cell * line.per_cell..(cell + 1) * line.per_cell);
        of_cell.is_none_or(|codes| codes.contains(&None))
    };
    if codes.contains(&None) {
        let lattice = Lattice::over(tile, line.grid);
        lattice.fill(ui, |cell| is_open(cell).then_some(theme::colours().unknown));
    }
    let is_whole = prior.whole(picture).is_some();
    response
        .widget_info(|| WidgetInfo::labeled(Role::Button, is_whole, tr!("Draw {}", picture + 1)));
    if response.hovered() || response.has_focus() {
        theme::frame_around(ui, tile.shrink(2.0));
    }
    if response.clicked() && is_whole {
        out.push(Command::Prior(PriorAsk::Take(picture)));
    }
    let hint = match (is_whole, prior.fills()) {
        (false, _) => tr!("It is being drawn."),
        (true, false) => tr!("Click to go there."),
        (true, true) => tr!("Click to put these codes into the cells that are erased."),
    };
    response.on_hover_text(hint);
}

/// What the decoder makes pictures of: codes that are not drawn yet are the first one, and hidden.
fn points(prior: &Prior, line: &PriorLine) -> Arc<[Point]> {
    let of_picture = |codes: &Vec<Option<u32>>| {
        let codes: Vec<u32> = codes.iter().map(|code| code.unwrap_or(0)).collect();
        Point::Codes(places::to_indices(&codes, line.grid, line.per_cell).into_data())
    };
    prior.drawn().iter().map(of_picture).collect()
}

/// The largest side at which all pictures fit into the room, in whole points.
fn tile_side(count: usize, room: Vec2) -> f32 {
    let fits = |side: &u32| {
        let pitch = *side as f32 + GAP;
        let columns = ((room.x + GAP) / pitch).floor().max(1.0);
        (count as f32 / columns).ceil() * pitch <= room.y + GAP
    };
    let [least, most] = TILE.map(|side| side as u32);
    (least..=most).rev().find(fits).unwrap_or(least) as f32
}

/// Whether a prior fills pictures in a few steps.
fn is_masked(line: &PriorLine) -> bool {
    line.order == Order::Masked
}
