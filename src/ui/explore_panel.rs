//! The explorer: sliders, pad and picture side by side, the watched reconstructions below.

use egui::{Ui, vec2};

use super::words::grouped;
use super::{Command, Scene, pad, picture, probe, sliders, theme};

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let room = ui.available_size();
    // The reconstructions need three rows of tiles; the rest is the explorer's.
    let probe_height = (room.y * 0.34).clamp(120.0, 300.0);
    let top = room.y - probe_height - 12.0;
    let side = (top - 60.0).min((room.x - 300.0) / 2.0).max(120.0);
    ui.allocate_ui(vec2(room.x, top), |ui| {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(room.x - 2.0 * side - 40.0);
                title(ui, "Dimensions", "Sorted by how much each says about the image. Drag; double-click a number to type.");
                sliders::show(ui, scene, side, out);
            });
            ui.add_space(8.0);
            ui.vertical(|ui| {
                title(ui, "Pad", "Drag between the four corners. Right-click to choose what a corner is.");
                pad::show(ui, scene, side, out);
                pad::controls(ui, scene, out);
            });
            ui.add_space(8.0);
            ui.vertical(|ui| {
                title(ui, "Picture", "Drag on the picture to walk.");
                picture::walkable(ui, scene, side, out);
                controls(ui, scene, out);
            });
        });
    });
    ui.add_space(8.0);
    probe::show(ui, scene);
}

fn title(ui: &mut Ui, name: &str, hint: &str) {
    ui.label(theme::heading(name)).on_hover_text(hint);
}

fn controls(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let explore = scene.explore;
        let dims = explore.plane_dims();
        let along = dims
            .map_or_else(|| "Random directions".to_owned(), |[u, v]| format!("Along z{u} × z{v}"));
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
        if ui.button("Save…").on_hover_text("Save the picture as a PNG file.").clicked() {
            out.push(Command::SavePicture(None));
        }
        if scene.model.is_live {
            let mut frozen = explore.is_frozen();
            let hint = "Keep these weights while training goes on.";
            if ui.checkbox(&mut frozen, "Freeze").on_hover_text(hint).changed() {
                out.push(Command::Freeze(frozen));
            }
        }
        ui.label(theme::muted(format!("step {}", grouped(scene.model.step))))
            .on_hover_text("Updates behind the weights that make this picture");
    });
}
