//! The explorer: sliders, pad and picture side by side, the watched reconstructions below.

use egui::{Ui, vec2};

use super::words::grouped;
use super::{Command, Scene, pad, picture, probe, save, sliders, theme};

/// Between the three columns.
const GAP: f32 = 16.0;
/// A slider needs so much to be of use.
const LEAST_SLIDERS: f32 = 196.0;
/// A title above a column, and up to two rows of controls below.
const AROUND: f32 = 78.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, path: &mut String, out: &mut Vec<Command>) {
    let room = ui.available_size();
    // The reconstructions need three rows of tiles; the rest is the explorer's.
    let probe_height = (room.y * 0.34).clamp(108.0, 300.0);
    let top = room.y - probe_height - 8.0;
    let side = (top - AROUND).min((room.x - LEAST_SLIDERS) / 2.0 - GAP).max(120.0).floor();
    ui.allocate_ui(vec2(room.x, top), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.horizontal_top(|ui| {
            column(ui, room.x - 2.0 * (side + GAP), |ui| {
                let hint = "Sorted by how much each says about the image. Drag; double-click a number to type.";
                title(ui, "Dimensions", hint);
                sliders::show(ui, scene, side, out);
            });
            ui.add_space(GAP);
            column(ui, side, |ui| {
                let hint = "Drag between the four corners. Right-click to choose what a corner is.";
                title(ui, "Pad", hint);
                pad::show(ui, scene, side, out);
                pad::controls(ui, scene, out);
            });
            ui.add_space(GAP);
            column(ui, side, |ui| {
                title(ui, "Picture", "Drag on the picture to walk.");
                picture::walkable(ui, scene, side, out);
                controls(ui, scene, path, out);
            });
        });
    });
    ui.add_space(8.0);
    probe::show(ui, scene);
}

/// A column of a fixed width.
fn column(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.set_width(width);
        add(ui);
    });
}

fn title(ui: &mut Ui, name: &str, hint: &str) {
    ui.label(theme::heading(name)).on_hover_text(hint);
}

fn controls(ui: &mut Ui, scene: &Scene<'_>, path: &mut String, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        let explore = scene.explore;
        let along = match explore.plane_dims() {
            None => "Random directions".to_owned(),
            Some([u, v]) if u == v => format!("Along z{u}"),
            Some([u, v]) => format!("Along z{u} × z{v}"),
        };
        ui.menu_button(along, |ui| {
            if ui.button("The two dimensions that say most").clicked() {
                out.push(Command::WalkDims);
                ui.close();
            }
            if ui.button("Two random directions").clicked() {
                out.push(Command::WalkRandom);
                ui.close();
            }
        })
        .response
        .on_hover_text(
            "Where dragging on the picture walks: right along the first, down along the second.",
        );
        let hint = "Save the picture as a PNG or JPEG file.";
        if let Some(place) = save::button(ui, "Save…", hint, path) {
            out.push(Command::SavePicture(place.path()));
        }
        if scene.model.is_live {
            let mut frozen = explore.is_frozen();
            let hint = "Keep these weights while training goes on.";
            if ui.checkbox(&mut frozen, "Freeze").on_hover_text(hint).changed() {
                out.push(Command::Freeze(frozen));
            }
        }
        let step = theme::muted(format!("step {}", grouped(scene.model.step)));
        ui.add(egui::Label::new(step).extend())
            .on_hover_text("Updates behind the weights that make this picture");
    });
}
