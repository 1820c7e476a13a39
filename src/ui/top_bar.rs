//! The bar at the top: the model, how training goes, and its buttons.

use egui::{Align, Button, Layout, ProgressBar, TextEdit, Ui};

use super::words::{duration, grouped};
use super::{Command, Scene, View, theme};
use crate::session::Phase;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(theme::heading("Zscope"));
        ui.separator();
        open(ui, view, out);
        ui.separator();
        model(ui, scene);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons(ui, scene, out);
            progress(ui, scene);
        });
    });
}

fn open(ui: &mut Ui, view: &mut View, out: &mut Vec<Command>) {
    let hint = "Open a run directory, a checkpoint, a picture or a folder of pictures. Dropping it on the window does the same.";
    if ui.button("Open…").on_hover_text(hint).clicked() {
        out.push(Command::PickModel);
    }
    let field =
        TextEdit::singleline(&mut view.open_path).hint_text("or type a path").desired_width(150.0);
    let response = ui.add(field).on_hover_text("A path; Enter opens it.");
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if entered && !view.open_path.trim().is_empty() {
        out.push(Command::OpenPath(view.open_path.trim().into()));
    }
}

fn model(ui: &mut Ui, scene: &Scene<'_>) {
    let model = &scene.model;
    ui.label(egui::RichText::new(model.name).strong());
    ui.label(theme::muted(model.family)).on_hover_text("The model's family");
    ui.label(theme::muted(model.engine)).on_hover_text("What decodes the picture");
}

fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let session = scene.session;
    let Some(run) = session.run() else {
        ui.label(theme::muted("no training yet"));
        return;
    };
    if let Some(secs) = session.secs_left() {
        ui.label(theme::number(format!("{} left", duration(secs))));
    }
    if let Some(speed) = session.images_per_s() {
        ui.label(theme::number(format!("{} img/s", grouped(speed as u64))))
            .on_hover_text("Training images a second");
    }
    let text = match session.phase() {
        Phase::Idle => "waiting".to_owned(),
        Phase::Running => {
            format!("step {} of {}", grouped(session.step()), grouped(run.total_steps))
        }
        Phase::Paused => format!("paused at step {}", grouped(session.step())),
        Phase::Finished(_) => format!("finished at step {}", grouped(session.step())),
        Phase::Diverged => format!("diverged at step {}", grouped(session.step())),
        Phase::Failed => format!("broke at step {}", grouped(session.step())),
    };
    let share = session.progress().unwrap_or(0.0) as f32;
    let epochs = session.epochs().unwrap_or(0.0);
    ui.add(
        ProgressBar::new(share)
            .desired_width(190.0)
            .fill(theme::ACCENT.gamma_multiply(0.55))
            .text(text),
    )
    .on_hover_text(format!("{epochs:.2} epochs, {}", run.device));
}

fn buttons(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let phase = scene.session.phase();
    let running = phase == Phase::Running;
    let paused = phase == Phase::Paused;
    let mut button = |text: &str, enabled: bool, hint: &str, command: Command| {
        let response = ui.add_enabled(enabled, Button::new(text)).on_hover_text(hint);
        if response.clicked() {
            out.push(command);
        }
    };
    button("Stop", running || paused, "Save a checkpoint and end the run.", Command::Stop);
    button("Save", running || paused, "Save a checkpoint now and go on.", Command::SaveCheckpoint);
    button("Step", paused, "Take a single step, then wait again.", Command::StepOnce);
    if paused {
        button("Resume", true, "Go on training (Space).", Command::Resume);
    } else {
        button(
            "Pause",
            running,
            "Wait after this step; everything stays explorable (Space).",
            Command::Pause,
        );
    }
}
