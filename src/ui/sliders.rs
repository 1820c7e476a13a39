//! A slider a latent dimension, the one that says most about the image first.

use egui::{Button, Slider, Ui};

use super::{Command, Scene, theme};
use crate::language::tr;
use crate::session::explore::DEAD_NATS;

/// A row wider than this tells the KL beside the name.
const WITH_KL: f32 = 250.0;
/// Of more dimensions only the rows in view are made; the keyboard and a screen reader reach all of fewer.
const MANY: usize = 512;
/// Sliders reach this many deviations of the prior.
const REACH: f32 = 4.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, height: f32, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let explore = scene.explore;
        if ui
            .button(tr!("Draw"))
            .on_hover_text(tr!("Jump to a random draw from the prior."))
            .clicked()
        {
            out.push(Command::JumpToDraw);
        }
        if ui
            .button(tr!("Zero"))
            .on_hover_text(tr!("Go to the origin of the latent space."))
            .clicked()
        {
            out.push(Command::BeginEdit);
            out.push(Command::SetLatent(vec![0.0; explore.latent().len()]));
        }
        history(ui, scene, out);
        clipboard(ui, out);
    });
    let order = scene.explore.order();
    let area = egui::ScrollArea::vertical().max_height(height).auto_shrink([false, false]);
    let mut rows = |ui: &mut Ui, shown: std::ops::Range<usize>| {
        for &dim in &order[shown] {
            row(ui, scene, dim, out);
        }
    };
    if order.len() <= MANY {
        area.show(ui, |ui| rows(ui, 0..order.len()));
    } else {
        let row_height = ui.spacing().interact_size.y;
        area.show_rows(ui, row_height, order.len(), rows);
    }
}

/// The way back and forth through latent edits.
pub(super) fn history(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    if enabled(ui, scene.explore.can_undo(), tr!("Undo"), tr!("Take the last move back (Ctrl+Z)."))
    {
        out.push(Command::Undo);
    }
    if enabled(ui, scene.explore.can_redo(), tr!("Redo"), tr!("Make it again (Ctrl+Shift+Z).")) {
        out.push(Command::Redo);
    }
}

/// The point to the clipboard and back, where there is room: the keyboard does the same.
pub(super) fn clipboard(ui: &mut Ui, out: &mut Vec<Command>) {
    const ROOM: f32 = 106.0;
    if ui.available_width() < ROOM {
        return;
    }
    let copy = tr!(
        "Copy the point as numbers (Ctrl+C): its latent, or the codes of its picture; of selected cells, their codes."
    );
    if ui.button(tr!("Copy")).on_hover_text(copy).clicked() {
        out.push(Command::CopyPoint);
    }
    let paste = tr!(
        "Go to a point that was copied, or comes from elsewhere as numbers (Ctrl+V). Of a path, what is there is opened."
    );
    if ui.button(tr!("Paste")).on_hover_text(paste).clicked() {
        ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste);
    }
}

/// A button that may be out of use; whether it was clicked.
pub(super) fn enabled(ui: &mut Ui, enabled: bool, text: &str, hint: &str) -> bool {
    let response = ui.add_enabled(enabled, Button::new(text));
    response.on_hover_text(hint).on_disabled_hover_text(hint).clicked()
}

fn row(ui: &mut Ui, scene: &Scene<'_>, dim: usize, out: &mut Vec<Command>) {
    let kl = scene.explore.kl()[dim];
    let dead = kl < DEAD_NATS;
    ui.horizontal(|ui| {
        if dead {
            ui.set_opacity(0.5);
        }
        let name = format!("z{dim}");
        let told = if kl.is_nan() {
            tr!("KL not known yet").to_owned()
        } else {
            format!("KL {kl:.3} nats")
        };
        let hint = if dead {
            tr!("{}: this dimension is dead, it says nothing about the image", told)
        } else {
            told
        };
        ui.add_sized([28.0, 18.0], egui::Label::new(theme::number(&name))).on_hover_text(&hint);
        if ui.available_width() > WITH_KL {
            let told = if kl.is_nan() { String::new() } else { format!("{kl:.2}") };
            let label = egui::Label::new(theme::muted(told).small());
            ui.add_sized([32.0, 18.0], label).on_hover_text(&hint);
        }
        let mut value = scene.explore.latent()[dim];
        ui.spacing_mut().slider_width = (ui.available_width() - 92.0).max(60.0);
        let slider = Slider::new(&mut value, -REACH..=REACH)
            .clamping(egui::SliderClamping::Never)
            .trailing_fill(false)
            .fixed_decimals(2);
        let response = ui.add(slider).on_hover_text(hint);
        response.widget_info(|| {
            let mut info =
                egui::WidgetInfo::slider(true, f64::from(value), tr!("Dimension {}", dim));
            info.label = Some(tr!("Dimension {}", dim));
            info
        });
        // A screen reader and the keyboard change a value without taking hold of it.
        if response.drag_started()
            || (response.changed() && !response.dragged() && !response.drag_stopped())
        {
            out.push(Command::BeginEdit);
        }
        if response.changed() {
            out.push(Command::SetDim { dim, value });
        }
        let hint = tr!("Set to zero");
        let reset = ui.add_enabled(value != 0.0, Button::new("0").small());
        let reset = reset.on_hover_text(hint).on_disabled_hover_text(hint);
        reset.widget_info(|| {
            let label = tr!("Set dimension {} to zero", dim);
            egui::WidgetInfo::labeled(egui::Role::Button, value != 0.0, label)
        });
        if reset.clicked() {
            out.push(Command::BeginEdit);
            out.push(Command::SetDim { dim, value: 0.0 });
        }
    });
}
