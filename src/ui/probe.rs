//! A fixed batch of held-out images, what the model makes of them, and what it misses.

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::code_map::light;
use super::words::grouped;
use super::{Command, Picture, ProbePictures, Scene, SheetOf, SheetPaths, picture, save, theme};
use crate::language::{told, tr, tr_later};

const LABEL_WIDTH: f32 = 76.0;
/// The line below the images.
const LINE: f32 = 24.0;
/// A lower view has no room for a button.
const LEAST_WITH_SAVE: f32 = 160.0;

/// What the rows are.
pub(super) fn title(scene: &Scene<'_>) -> &'static str {
    let is_of_draws = |probe: &ProbePictures| probe.psnr_db.is_empty();
    if scene.pictures.probe.as_ref().is_some_and(is_of_draws) {
        tr_later!("Samples")
    } else {
        tr_later!("Reconstructions")
    }
}

/// What is shown, in one line.
pub(super) fn summary(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(probe) = &scene.pictures.probe else { return };
    if probe.psnr_db.is_empty() {
        let count = probe.columns * probe.rows.len();
        let step = grouped(probe.step);
        let text = theme::muted(tr!("{} fixed draws from the prior, step {}", count, step));
        ui.add(egui::Label::new(text).truncate());
    } else {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (count, step) = (probe.psnr_db.len(), grouped(probe.step));
        let psnr = format!("{:.1}", mean(&probe.psnr_db));
        let text = match &probe.spoilt_psnr_db[..] {
            [] => tr!("{} held-out images, step {}, mean PSNR {} dB", count, step, psnr),
            spoilt => tr!(
                "{} held-out images, step {}, mean PSNR {} dB, corrupted {} dB",
                count,
                step,
                psnr,
                format_args!("{:.1}", mean(spoilt))
            ),
        };
        ui.add(egui::Label::new(theme::muted(text)).truncate());
    }
}

/// The rows of tiles; on the images, the cells that have the code `lit`.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    lit: Option<usize>,
    paths: &mut SheetPaths,
    out: &mut Vec<Command>,
) {
    let Some(probe) = &scene.pictures.probe else {
        ui.label(theme::muted(tr!(
            "Held-out images and what the model makes of them will be here."
        )));
        return;
    };
    let count = probe.columns.max(1) as f32;
    let room = ui.available_size();
    let can_save = room.y >= LEAST_WITH_SAVE;
    let below = if can_save { 2.0 * LINE } else { LINE };
    let tile = ((room.x - LABEL_WIDTH) / count).min((room.y - below) / 3.0).max(8.0);
    for (index, (name, tiles)) in probe.rows.into_iter().enumerate() {
        let area = row(ui, told(name), tiles, vec2(tile * count, tile));
        if index == 0 {
            light_watched(ui, scene, lit, Rect::from_min_size(area.min, vec2(tile, tile)));
        }
    }
    if !probe.psnr_db.is_empty() {
        psnr(ui, probe, tile);
    }
    if can_save {
        save::sheet(ui, tr!("Save pictures…"), SheetOf::Reconstructions, paths, out);
    }
}

/// How well each image comes back.
fn psnr(ui: &mut Ui, probe: &ProbePictures, tile: f32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_sized([LABEL_WIDTH, 14.0], egui::Label::new(theme::muted("PSNR / dB").small()))
            .on_hover_text(tr!("Peak signal-to-noise ratio of each image. Higher is better."));
        for psnr in &probe.psnr_db {
            ui.add_sized(
                [tile, 14.0],
                egui::Label::new(theme::number(format!("{psnr:.1}")).size(10.0)),
            );
        }
    });
}

/// Shows where a code is chosen on the images, unless none of them uses it.
fn light_watched(ui: &Ui, scene: &Scene<'_>, lit: Option<usize>, first: Rect) {
    let survey = scene.codebook.and_then(|codebook| codebook.survey.as_ref());
    let (Some(code), Some(survey)) = (lit, survey) else { return };
    let count = scene.pictures.probe.as_ref().map_or(0, |probe| probe.psnr_db.len());
    let watched = &survey.watched[..count.min(survey.watched.len())];
    if watched.iter().any(|map| map.contains(&(code as u32))) {
        for (index, map) in watched.iter().enumerate() {
            let tile = first.translate(vec2(index as f32 * first.width(), 0.0));
            light(ui, tile, survey.shape, map, code);
        }
    }
}

fn row(ui: &mut Ui, name: &str, tiles: Picture, size: egui::Vec2) -> Rect {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 2.0);
        let (label, _) = ui.allocate_exact_size(vec2(LABEL_WIDTH, size.y), Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().text(
            label.left_center(),
            egui::Align2::LEFT_CENTER,
            name,
            font,
            theme::colours().muted,
        );
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("{name} {}", tr!("images")))
        });
        picture::paint(ui, tiles, rect);
        rect
    })
    .inner
}
