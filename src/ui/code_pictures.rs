//! The pictures of one code: strips with captions, and where it fires on the watched images.

use egui::{Align, Label, Layout, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::code_map::light;
use super::words::{grouped, measure};
use super::{Picture, Scene, picture, theme};
use crate::language::{told, tr};
use crate::session::codebook::{Codebook, Patch};

/// Strips are no higher, in points.
const STRIP_HEIGHT: f32 = 50.0;
/// What the name of a strip takes.
const NAME_WIDTH: f32 = 64.0;
/// A watched image, in points.
const IMAGE: f32 = 44.0;
/// Watched images that are shown, those that use the code most.
const IMAGES: usize = 3;
/// Between tiles.
const GAP: f32 = 2.0;

/// A row of tiles with its name to the left, in two rows where they are larger that way; without a picture,
/// what will be there. `patches` says where each tile comes from.
pub(super) fn strip(
    ui: &mut Ui,
    title: &str,
    hint: &str,
    strip: Option<Picture>,
    empty: &str,
    patches: &[Patch],
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let Some(strip) = strip else {
            name(ui, title, 16.0).on_hover_text(told(hint));
            ui.add(Label::new(theme::muted(told(empty)).small()).wrap());
            return;
        };
        name(ui, title, STRIP_HEIGHT).on_hover_text(told(hint));
        let count = (strip.size.x / strip.size.y.max(1.0)).round().max(1.0) as usize;
        let room = vec2(ui.available_width(), STRIP_HEIGHT);
        let side_in = |rows: usize| {
            let columns = count.div_ceil(rows) as f32;
            ((room.x + GAP) / columns).min((room.y + GAP) / rows as f32) - GAP
        };
        let rows = if side_in(2) > side_in(1) { 2 } else { 1 };
        // Whole pixels, where there is room for them.
        let texels = strip.size.y.max(1.0);
        let fit = side_in(rows).max(1.0);
        let side = if fit >= texels { (fit / texels).floor() * texels } else { fit };
        let columns = count.div_ceil(rows);
        let step = side + GAP;
        let size = vec2(columns as f32, rows as f32) * step - Vec2::splat(GAP);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let place = |tile: usize| vec2((tile % columns) as f32, (tile / columns) as f32) * step;
        for tile in 0..count {
            let [from, to] = [tile, tile + 1].map(|tile| tile as f32 / count as f32);
            let part = Rect::from_min_max(pos2(from, 0.0), pos2(to, 1.0));
            let tile_rect = Rect::from_min_size(rect.min + place(tile), Vec2::splat(side));
            picture::paint_part(ui, strip, tile_rect, part);
        }
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken(title)));
        let pointed = response.hover_pos().map(|at| {
            let cell = (at - rect.min) / step;
            cell.y as usize * columns + cell.x as usize
        });
        let patch = pointed.and_then(|tile| patches.get(tile)).map(|patch| {
            let [image, cell] = [patch.image, patch.cell].map(|number| grouped(number as u64));
            tr!("image {}, cell {}, {} from the code", image, cell, measure(patch.distance))
        });
        response.on_hover_text(patch.as_deref().unwrap_or(told(hint)));
    });
}

/// What a screen reader calls a strip.
fn spoken(title: &str) -> &'static str {
    let is_called = |name| told(title) == told(name);
    if is_called("Alone") {
        tr!("The code decoded alone")
    } else if is_called("In pictures") {
        tr!("The code inside of pictures")
    } else {
        tr!("Pieces of the data that choose the code")
    }
}

/// The name of a row, beside it.
pub(super) fn name(ui: &mut Ui, name: &str, height: f32) -> Response {
    let size = vec2(NAME_WIDTH, height);
    let left = Layout::left_to_right(Align::Center);
    let shown = ui.allocate_ui_with_layout(size, left, |ui| {
        ui.set_min_size(size);
        ui.label(theme::muted(told(name)).small())
    });
    shown.inner
}

/// The watched images that use the code most, its cells lit.
pub(super) fn fires(ui: &mut Ui, scene: &Scene<'_>, codebook: &Codebook, code: usize) {
    let (Some(survey), Some(probe)) = (&codebook.survey, &scene.pictures.probe) else { return };
    let uses = survey.uses(code);
    let mut images: Vec<usize> = (0..uses.len().min(probe.psnr_db.len())).collect();
    images.retain(|&image| uses[image] > 0);
    images.sort_by_key(|&image| (std::cmp::Reverse(uses[image]), image));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let height = if images.is_empty() { 16.0 } else { IMAGE };
        let hint = tr!("Where it is chosen on the watched images: those that use it most.");
        name(ui, tr!("Fires on"), height).on_hover_text(hint);
        if images.is_empty() {
            ui.add(Label::new(theme::muted(tr!("No watched image uses it.")).small()).wrap());
            return;
        }
        let count = probe.psnr_db.len().max(1) as f32;
        for &image in images.iter().take(IMAGES) {
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(IMAGE), Sense::hover());
            let left = image as f32 / count;
            let uv = Rect::from_min_max(pos2(left, 0.0), pos2(left + 1.0 / count, 1.0));
            picture::paint_part(ui, probe.rows[0].1, rect, uv);
            light(ui, rect, survey.shape, &survey.watched[image], code);
            let cells = grouped(uses[image] as u64);
            let name = tr!("Image {} uses the code in {} cells", image + 1, cells);
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
            response.on_hover_text(name);
        }
        if images.len() > IMAGES {
            let more = format!("+{}", images.len() - IMAGES);
            ui.label(theme::muted(more).small())
                .on_hover_text(tr!("Watched images more that use it."));
        }
    });
}
