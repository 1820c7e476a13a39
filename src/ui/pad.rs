//! The pad: four corners, everything between them, thumbnails behind the pointer.

use egui::{Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};

use super::{Command, Scene, picture, theme};
use crate::latent::Mixing;
use crate::session::explore::CornerSource;

const CORNERS: [&str; 4] = ["Top left", "Top right", "Bottom left", "Bottom right"];

/// A square of `side` points to drag in.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, side: f32, out: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    let response = response.on_hover_cursor(egui::CursorIcon::Crosshair);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Latent pad"));
    ui.painter().rect_filled(rect, 0.0, theme::EMPTY);
    if let Some(tiles) = scene.pictures.pad {
        picture::paint(ui, tiles, rect);
    }
    if let Some([u, v]) = scene.explore.pad() {
        let at = rect.min + vec2(u * side, v * side);
        ui.painter().circle_stroke(at, 7.0, Stroke::new(3.0, theme::STAGE));
        ui.painter().circle_stroke(at, 7.0, Stroke::new(1.5, theme::ACCENT));
    }
    if response.drag_started() || response.clicked() {
        out.push(Command::BeginEdit);
    }
    let held = response.dragged() || response.clicked();
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| held) {
        let at = (pointer - rect.min) / side;
        out.push(Command::SetPad([at.x.clamp(0.0, 1.0), at.y.clamp(0.0, 1.0)]));
    }
    response.context_menu(|ui| {
        for (index, name) in CORNERS.into_iter().enumerate() {
            ui.menu_button(name, |ui| corner_menu(ui, scene, index, out));
        }
    });
}

/// The row under the pad: corners and how they are mixed.
pub(super) fn controls(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ui.menu_button("Corners", |ui| {
            if ui.button("Redraw all four").clicked() {
                out.extend((0..CORNERS.len()).map(Command::RedrawCorner));
            }
            let watched = scene.pictures.probe.as_ref().map_or(0, |probe| probe.psnr_db.len());
            let has_four = watched >= CORNERS.len();
            if has_four && ui.button("Four watched images").clicked() {
                let image = |index| CornerSource::Image(index);
                out.extend((0..4).map(|index| Command::SetCorner { index, source: image(index) }));
            }
            ui.separator();
            for (index, name) in CORNERS.into_iter().enumerate() {
                ui.menu_button(name, |ui| corner_menu(ui, scene, index, out));
            }
        })
        .response
        .on_hover_text(
            "What the corners of the pad are: watched images, draws from the prior, or this point.",
        );
        for (mixing, name, hint) in [
            (
                Mixing::Slerp,
                "Spherical",
                "Along great circles: keeps the length that draws from the prior have.",
            ),
            (Mixing::Lerp, "Linear", "Along straight lines."),
        ] {
            let chosen = scene.explore.mixing() == mixing;
            if ui.selectable_label(chosen, name).on_hover_text(hint).clicked() {
                out.push(Command::SetMixing(mixing));
            }
        }
    });
}

fn corner_menu(ui: &mut Ui, scene: &Scene<'_>, index: usize, out: &mut Vec<Command>) {
    if ui.button("A fresh draw").clicked() {
        out.push(Command::RedrawCorner(index));
        ui.close();
    }
    if ui.button("The point I am at").clicked() {
        out.push(Command::SetCorner { index, source: CornerSource::Point });
        ui.close();
    }
    let Some(probe) = &scene.pictures.probe else { return };
    ui.menu_button("A watched image", |ui| {
        for image in 0..probe.psnr_db.len() {
            if ui.button(format!("Image {}", image + 1)).clicked() {
                out.push(Command::SetCorner { index, source: CornerSource::Image(image) });
                ui.close();
            }
        }
    });
}
