//! What is measured: the models, the images, and how.

use egui::{Align, Button, DragValue, Label, Layout, ProgressBar, TextEdit, Ui, WidgetInfo};

use super::super::words::grouped;
use super::super::{Command, Scene, theme};
use super::{MeasureForm, told_progress};
use crate::data::Split;
use crate::language::tr;
use crate::session::evaluate::{Entry, Evaluate, Origin, Progress, State};

/// What the button that takes a model away needs.
const REMOVE_WIDTH: f32 = 28.0;
/// What the button beside the progress bar takes.
const CANCEL_WIDTH: f32 = 64.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, form: &mut MeasureForm, out: &mut Vec<Command>) {
    let evaluate = scene.evaluate;
    ui.label(theme::heading(tr!("Models")))
        .on_hover_text(tr!("Each is measured at its best checkpoint, all on the same images."));
    for (index, entry) in evaluate.entries().iter().enumerate() {
        model(ui, evaluate, index, entry, out);
    }
    if evaluate.entries().is_empty() {
        ui.label(theme::muted(tr!("No model yet: add a run, or open one.")));
    }
    add(ui, evaluate, form, out);
    ui.add_space(8.0);
    ui.separator();
    images(ui, evaluate, form);
    judge(ui, form, out);
    ui.add_space(8.0);
    measure(ui, evaluate, form, out);
}

fn model(ui: &mut Ui, evaluate: &Evaluate, index: usize, entry: &Entry, out: &mut Vec<Command>) {
    let removes = ui
        .horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let remove = ui.small_button("×").on_hover_text(tr!("Take it out of the list."));
                let name = tr!("Take out {}", entry.label);
                remove.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.set_max_width((ui.available_width() - 4.0).max(REMOVE_WIDTH));
                    let label = Label::new(egui::RichText::new(&entry.label).strong()).truncate();
                    ui.add(label).on_hover_text(&entry.candidate.model);
                });
                remove.clicked()
            })
            .inner
        })
        .inner;
    if removes {
        out.push(Command::StopEvaluating(index));
    }
    let origin = match entry.origin {
        Origin::Explorer => tr!("in the explorer"),
        Origin::Compared => tr!("its curves are compared"),
        Origin::Added => tr!("added"),
    };
    let text = match &entry.state {
        State::New => tr!("{}, not measured yet", origin),
        State::Waiting => tr!("waiting for its turn").to_owned(),
        State::Measuring => match evaluate.progress() {
            Some(Progress { done, all, .. }) if all > 0 => {
                let [done, all] = [done, all].map(|count| grouped(u64::from(count)));
                tr!("measuring, {} of {}", done, all)
            }
            _ => tr!("opening").to_owned(),
        },
        State::Measured(found) => tr!("measured, step {}", grouped(found.step)),
        State::Failed(message) => {
            let text = egui::RichText::new(message).color(theme::colours().error).small();
            ui.add(Label::new(text).wrap());
            ui.add_space(4.0);
            return;
        }
    };
    ui.add(Label::new(theme::muted(text).small()).truncate());
    ui.add_space(4.0);
}

/// Ways to add a model.
fn add(ui: &mut Ui, evaluate: &Evaluate, form: &mut MeasureForm, out: &mut Vec<Command>) {
    let has_room = evaluate.entries().len() < Evaluate::MOST;
    ui.add_enabled_ui(has_room, |ui| {
        ui.horizontal(|ui| {
            let full = tr!("There are as many models as the table has room for.");
            let button =
                ui.button(tr!("Add a run…")).on_hover_text(tr!("Choose a run in a dialog."));
            if button.on_disabled_hover_text(full).clicked() {
                out.push(Command::EvaluateRun(None));
            }
            let field = TextEdit::singleline(&mut form.add_path).hint_text(tr!("or type a path"));
            let field = ui
                .add(field.desired_width(ui.available_width() - 8.0))
                .on_hover_text(tr!("A run, DIR@latest or DIR@STEP; Enter adds it."))
                .on_disabled_hover_text(full);
            let entered =
                field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if entered && !form.add_path.trim().is_empty() {
                out.push(Command::EvaluateRun(Some(form.add_path.trim().into())));
                form.add_path.clear();
            }
        });
    });
}

/// Which images, and how many.
fn images(ui: &mut Ui, evaluate: &Evaluate, form: &mut MeasureForm) {
    let heading = ui.label(theme::heading(tr!("Images"))).id;
    let own = evaluate.own_data().map_or_else(
        || tr!("what the first model learned from").to_owned(),
        |data| tr!("{} (the first model's own)", data),
    );
    let field = TextEdit::singleline(&mut form.data).hint_text(&own);
    ui.add(field.desired_width(ui.available_width() - 8.0))
        .on_hover_text(tr!(
            "Images to measure on: shapes, mnist:DIR, fashion-mnist:DIR, cifar10:DIR, dsprites:FILE or folder:DIR, with ?key=value options. Empty: {}.",
            own
        ))
        .labelled_by(heading);
    ui.horizontal(|ui| {
        ui.label(tr!("Part"));
        let parts = [
            (Split::Test, tr!("Held out"), tr!("Images that training did not show: what counts.")),
            (
                Split::Train,
                tr!("Training"),
                tr!(
                    "Images that training showed: better here only means that a model has learned them by heart."
                ),
            ),
        ];
        for (split, name, hint) in parts {
            let button = Button::selectable(form.split == split, name);
            if ui.add(button).on_hover_text(hint).clicked() {
                form.split = split;
            }
        }
    });
    ui.horizontal(|ui| {
        let hint = tr!("How many images, the first ones. More take longer and tell more surely.");
        let label = ui.label(tr!("Images")).on_hover_text(hint).id;
        let drag = DragValue::new(&mut form.images).range(1..=1_000_000).speed(10.0);
        ui.add(drag).on_hover_text(hint).labelled_by(label);
        let hint = tr!("Where draws come from: the same seed gives every model the same ones.");
        let label = ui.label(tr!("Seed")).on_hover_text(hint).id;
        let drag = DragValue::new(&mut form.seed).range(0..=u64::from(u32::MAX));
        ui.add(drag).on_hover_text(hint).labelled_by(label);
    });
}

/// A classifier whose features tell sets of images apart.
fn judge(ui: &mut Ui, form: &mut MeasureForm, out: &mut Vec<Command>) {
    let hint = tr!(
        "Compare sets of images by what a trained classifier sees in them, and count the classes that are drawn. Without one, pixels pooled to a coarse grid are compared."
    );
    if ui.button(tr!("Judge by a classifier…")).on_hover_text(hint).clicked() {
        out.push(Command::PickClassifier);
    }
    let field = TextEdit::singleline(&mut form.classifier).hint_text(tr!("none: by pooled pixels"));
    let name = tr!("The classifier's run directory; empty for none.");
    ui.add(field.desired_width(ui.available_width() - 8.0)).on_hover_text(name);
}

/// The button that begins, or how far it is.
fn measure(ui: &mut Ui, evaluate: &Evaluate, form: &MeasureForm, out: &mut Vec<Command>) {
    if let Some(progress) = evaluate.progress() {
        ui.horizontal(|ui| {
            let bar = ProgressBar::new(progress.share())
                .desired_width(ui.available_width() - CANCEL_WIDTH)
                .fill(theme::colours().accent.gamma_multiply(0.55));
            ui.add(bar);
            let hint = tr!("Stop after what is being measured now; what is measured stays.");
            let button = ui.add_enabled(!progress.is_stopping, Button::new(tr!("Cancel")));
            if button.on_hover_text(hint).on_disabled_hover_text(tr!("It stops.")).clicked() {
                out.push(Command::CancelMeasuring);
            }
        });
        ui.label(theme::muted(told_progress(progress)).small());
        return;
    }
    let can = !evaluate.entries().is_empty();
    let button = Button::new(tr!("Measure")).fill(theme::colours().accent.gamma_multiply(0.45));
    let hint = tr!("Measure all models of the list on these images, in the background.");
    let button = ui.add_enabled(can, button).on_hover_text(hint);
    if button.on_disabled_hover_text(tr!("Add a run first.")).clicked() {
        out.push(Command::Measure(Box::new(form.clone())));
    }
    if let Some(trouble) = evaluate.trouble() {
        let text = egui::RichText::new(trouble).color(theme::colours().error).small();
        ui.add(Label::new(text).wrap());
    }
}
