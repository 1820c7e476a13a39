//! A fixed batch of held-out images, what the model makes of them, and what it misses.

use egui::{Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::code_map::light;
use super::words::grouped;
use super::{
    Command, Picture, ProbePictures, Scene, SheetOf, SheetPaths, StationAsk, pad, picture, save,
    theme,
};
use crate::language::{told, tr, tr_later};
use crate::session::anchor::Anchor;

const LABEL_WIDTH: f32 = 76.0;
/// The line below the images.
const LINE: f32 = 24.0;
/// A lower view has no room for a button.
const LEAST_WITH_SAVE: f32 = 160.0;
/// The numbers above the images, in points; a lower view has no room for them.
const NUMBERS: f32 = 14.0;
const WITH_NUMBERS: f32 = 110.0;

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

/// The rows of tiles, an image by its number in each column; on the images, the cells that have the code `lit`.
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
    let has_numbers = !probe.psnr_db.is_empty() && room.y >= WITH_NUMBERS;
    let lines = if can_save { 2.0 * LINE } else { LINE };
    let around = if has_numbers { lines + NUMBERS } else { lines };
    let tile = ((room.x - LABEL_WIDTH) / count).min((room.y - around) / 3.0).max(8.0);
    let top = ui.cursor().top();
    if has_numbers {
        ui.add_space(NUMBERS);
    }
    let mut images = Rect::NOTHING;
    for (index, (name, tiles)) in probe.rows.into_iter().enumerate() {
        let area = row(ui, told(name), tiles, vec2(tile * count, tile));
        images |= area;
        if index == 0 {
            light_watched(ui, scene, lit, Rect::from_min_size(area.min, vec2(tile, tile)));
        }
    }
    for index in 0..probe.psnr_db.len() {
        let left = images.left() + index as f32 * tile;
        let column = Rect::from_x_y_ranges(left..=left + tile, images.y_range());
        image(ui, scene, index, column, out);
        if has_numbers {
            let at = pos2(column.center().x, top + NUMBERS - 1.0);
            let font = egui::TextStyle::Small.resolve(ui.style());
            let (number, colour) = ((index + 1).to_string(), theme::colours().muted);
            ui.painter().text(at, egui::Align2::CENTER_BOTTOM, number, font, colour);
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

/// A watched image with what the model makes of it: a click goes to its latent, and a menu tells what else it is for.
fn image(ui: &Ui, scene: &Scene<'_>, index: usize, column: Rect, out: &mut Vec<Command>) {
    if index >= scene.watched.len() {
        return;
    }
    let response = ui.interact(column, Id::unique(("watched image", index)), Sense::click());
    let name = tr!("Watched image {}", index + 1);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.hovered() || response.has_focus() {
        theme::frame_around(ui, column.shrink(2.0));
    }
    let anchor = Anchor::Image(index);
    if response.clicked() {
        out.push(Command::GoTo(anchor));
    }
    response.context_menu(|ui| {
        let mut entry = |ui: &mut Ui, text: &str, command: Command| {
            if ui.button(text).clicked() {
                out.push(command);
                ui.close();
            }
        };
        entry(ui, tr!("Go there"), Command::GoTo(anchor));
        if scene.has_traversals() {
            entry(ui, tr!("Use as base of traversals"), Command::TraverseFrom(anchor));
        }
        entry(ui, tr!("Add to the walk"), Command::Station(StationAsk::Add(anchor)));
        ui.menu_button(tr!("Put at a corner of the pad"), |ui| {
            for (index, name) in pad::CORNERS.into_iter().enumerate() {
                entry(ui, told(name), Command::PointToCorner { index, point: anchor });
            }
        });
    });
    response.on_hover_text(tr!("{}: click to go there; right-click for more.", name));
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
