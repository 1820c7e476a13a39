//! The data: where it comes from, what it looks like, how its classes are spread.

use egui::{TextEdit, Ui};

use super::words::grouped;
use super::{Command, Scene, View, picture, theme};
use crate::language::tr;

/// The preview leaves room for the form below it.
const PREVIEW_HEIGHT: f32 = 96.0;
/// What the button beside the progress bar takes.
const CANCEL_WIDTH: f32 = 64.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let heading = ui.label(theme::heading(tr!("Data"))).id;
    source(ui, view, heading, out);
    let data = scene.data;
    if let Some(progress) = data.opening {
        opening(ui, progress, out);
        return;
    }
    if data.name.is_empty() {
        ui.label(theme::muted(tr!("The images to learn from will be shown here.")));
        return;
    }
    ui.label(format!("{}, {}", data.name, data.shape));
    let [train, test] = data.counts;
    ui.label(theme::muted(tr!(
        "{} to learn from, {} held out",
        grouped(train as u64),
        grouped(test as u64)
    )));
    if let Some(sheet) = scene.pictures.preview {
        let room = egui::vec2(ui.available_width(), PREVIEW_HEIGHT);
        picture::fitted(ui, sheet, room, tr!("Training images"));
    }
    classes(ui, &data.classes);
}

fn source(ui: &mut Ui, view: &mut View, heading: egui::Id, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut view.form.data).desired_width(ui.available_width() - 76.0);
        let response = ui.add(field).on_hover_text(tr!(
            "shapes, mnist:DIR, fashion-mnist:DIR, cifar10:DIR, dsprites:FILE or folder:DIR, with ?key=value options; Enter opens it"
        )).labelled_by(heading);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered {
            out.push(Command::OpenData(view.form.data.trim().to_owned()));
        }
        let hint = tr!("Choose a folder of pictures or of MNIST files.");
        if ui.button(tr!("Folder…")).on_hover_text(hint).clicked() {
            out.push(Command::PickData);
        }
    });
}

/// How far opening has come, and a way out.
fn opening(ui: &mut Ui, (done, all): (usize, usize), out: &mut Vec<Command>) {
    let is_counted = all > 0;
    let (share, text) = if is_counted {
        let text = tr!("opening {} of {}", grouped(done as u64), grouped(all as u64));
        (done as f32 / all as f32, text)
    } else {
        (0.0, tr!("opening").to_owned())
    };
    ui.horizontal(|ui| {
        let bar = egui::ProgressBar::new(share).desired_width(ui.available_width() - CANCEL_WIDTH);
        ui.add(bar.text(text).animate(!is_counted));
        if ui.button(tr!("Cancel")).on_hover_text(tr!("Stop opening these images.")).clicked() {
            out.push(Command::CancelData);
        }
    });
}

fn classes(ui: &mut Ui, classes: &[(String, usize)]) {
    if classes.is_empty() {
        return;
    }
    let most = classes.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    egui::CollapsingHeader::new(tr!("{} classes", classes.len())).show(ui, |ui| {
        egui::Grid::new("classes").num_columns(2).spacing([8.0, 2.0]).show(ui, |ui| {
            for (name, count) in classes {
                ui.label(name);
                let share = *count as f32 / most as f32;
                let bar =
                    egui::ProgressBar::new(share).desired_width(110.0).text(grouped(*count as u64));
                ui.add(bar.fill(theme::colours().accent.gamma_multiply(0.35)));
                ui.end_row();
            }
        });
    });
}
