//! Below the table: what can be done with the chosen runs, notes, and how their descriptions differ.

use std::path::PathBuf;

use egui::{Button, Grid, Label, Role, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::super::{Command, Page, RunsAsk, Scene, theme};
use super::{RunsView, training};
use crate::formats::run_list::{Ended, RunSummary};
use crate::language::tr;
use crate::session::Compared;
use crate::session::runs::differences;

/// A value of a description is cut here, in points.
const VALUE_WIDTH: f32 = 190.0;
/// The width of notes.
const NOTES_WIDTH: f32 = 260.0;

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    chosen: &[&RunSummary],
    view: &mut RunsView,
    out: &mut Vec<Command>,
) {
    keep_notes(chosen, view, out);
    if chosen.is_empty() {
        ui.label(theme::muted(tr!(
            "Choose a run to open it, to go on with it, to note something of it; choose several to see how their descriptions differ and to lay their curves over each other."
        )));
        return;
    }
    buttons(ui, scene, chosen, view, out);
    ui.add_space(4.0);
    if let [run] = chosen {
        ui.horizontal_top(|ui| {
            ui.allocate_ui(vec2(NOTES_WIDTH, ui.available_height()), |ui| {
                ui.vertical(|ui| notes(ui, run, view, out));
            });
            ui.separator();
            ui.vertical(|ui| configs(ui, chosen, false));
        });
    } else {
        let hint = tr!("Leave out the keys in which all chosen runs agree.");
        ui.checkbox(&mut view.only_differing, tr!("Only what differs")).on_hover_text(hint);
        configs(ui, chosen, view.only_differing);
    }
}

/// What can be done with the chosen runs.
fn buttons(
    ui: &mut Ui,
    scene: &Scene<'_>,
    chosen: &[&RunSummary],
    view: &mut RunsView,
    out: &mut Vec<Command>,
) {
    let is_busy = training(scene).is_some();
    let is_whole = |run: &RunSummary| !matches!(run.ended, Ended::Damaged(_));
    let is_training = |run: &RunSummary| training(scene) == Some(run.dir.as_path());
    let whole: Vec<PathBuf> =
        chosen.iter().filter(|run| is_whole(run)).map(|run| run.dir.clone()).collect();
    ui.horizontal_wrapped(|ui| {
        if let [run] = chosen {
            ui.label(egui::RichText::new(&run.name).strong())
                .on_hover_text(run.dir.display().to_string());
            let can = is_whole(run) && !is_busy;
            let why = if is_whole(run) { tr!("A run is in training: stop it first.") } else { tr!("The run is damaged.") };
            let mut button = |text: &str, hint: &str, commands: Vec<Command>| {
                let button = ui.add_enabled(can, Button::new(text));
                if button.on_hover_text(hint).on_disabled_hover_text(why).clicked() {
                    out.extend(commands);
                }
            };
            let dir = || run.dir.clone();
            let explore = Command::ShowPage(Page::Explore);
            let hint = tr!("Put it into the explorer, with its curves (two clicks on its row).");
            button(tr!("Open run"), hint, vec![Command::OpenPath(dir()), explore.clone()]);
            let epochs = view.form.epochs;
            if run.ended == Ended::Finished {
                let resume = Command::ResumeRun { dir: dir(), more_epochs: epochs };
                let text = match epochs {
                    1 => tr!("Train on for 1 more epoch").to_owned(),
                    epochs => tr!("Train on for {} more epochs", epochs),
                };
                let hint = tr!("Go on with it beyond its end; the number of epochs is that of the form at the left.");
                button(&text, hint, vec![resume, explore]);
            } else {
                let resume = Command::ResumeRun { dir: dir(), more_epochs: 0 };
                let hint = tr!("Go on from its newest checkpoint to its end.");
                button(tr!("Continue"), hint, vec![resume, explore]);
            }
        }
        let hint = tr!(
            "Lay the curves over each other on the page Explore: the first run's drawn through, {} others' dashed or dotted.",
            Compared::MOST
        );
        let can = !whole.is_empty() && whole.len() <= Compared::MOST + 1;
        let compare = ui.add_enabled(can, Button::new(tr!("Compare curves"))).on_hover_text(hint);
        let most = Compared::MOST + 1;
        let why = tr!("At most {} runs that are not damaged can be compared.", most);
        if compare.on_disabled_hover_text(why).clicked() {
            out.push(Command::Runs(RunsAsk::CompareCurves(whole.clone())));
        }
        let can = !whole.is_empty();
        let hint = tr!("Put them on the page Evaluate, to be measured on the same images.");
        let evaluate = ui.add_enabled(can, Button::new(tr!("Add to Evaluate"))).on_hover_text(hint);
        if evaluate.on_disabled_hover_text(tr!("The run is damaged.")).clicked() {
            out.extend(whole.iter().map(|dir| Command::EvaluateRun(Some(dir.clone()))));
            out.push(Command::ShowPage(Page::Evaluate));
        }
        let idle: Vec<PathBuf> =
            chosen.iter().filter(|run| !is_training(run)).map(|run| run.dir.clone()).collect();
        let hint = tr!("Move them into a folder of deleted runs, after asking.");
        let button = Button::new(tr!("Delete…"));
        let delete = ui.add_enabled(!idle.is_empty(), button).on_hover_text(hint);
        let why = tr!("It is in training: stop it first.");
        if delete.on_disabled_hover_text(why).clicked() {
            view.deleting = idle;
        }
    });
    for run in chosen {
        if let Ended::Damaged(why) = &run.ended {
            let text = format!("{}: {why}", run.name);
            ui.add(Label::new(egui::RichText::new(text).color(theme::colours().error)).wrap());
        }
    }
}

/// Keeps what was typed of a run that is not the chosen one any more.
fn keep_notes(chosen: &[&RunSummary], view: &mut RunsView, out: &mut Vec<Command>) {
    let is_left = |(dir, _): &mut (PathBuf, String)| chosen.len() != 1 || chosen[0].dir != *dir;
    if let Some((dir, text)) = view.notes.take_if(is_left) {
        out.push(Command::Runs(RunsAsk::SetNotes { dir, text }));
    }
}

fn notes(ui: &mut Ui, run: &RunSummary, view: &mut RunsView, out: &mut Vec<Command>) {
    ui.label(theme::muted(tr!("Notes")));
    let mut text = view.notes.as_ref().map_or_else(|| run.notes.clone(), |(_, text)| text.clone());
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let field = TextEdit::multiline(&mut text)
            .hint_text(tr!("What do you want to remember of this run?"))
            .desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| {
            WidgetInfo::labeled(Role::MultilineTextInput, true, tr!("Notes of the run"))
        });
        if field.changed() {
            view.notes = Some((run.dir.clone(), text));
        }
        if field.lost_focus()
            && let Some((dir, text)) = view.notes.take()
        {
            out.push(Command::Runs(RunsAsk::SetNotes { dir, text }));
        }
        field.on_hover_text(tr!(
            "Kept in notes.txt of the run's directory, as soon as you leave the field."
        ));
    });
}

/// A table of the runs' descriptions.
fn configs(ui: &mut Ui, runs: &[&RunSummary], only_differing: bool) {
    let mut lines = differences(runs);
    lines.retain(|line| line.differs || !only_differing);
    if lines.is_empty() {
        let text = if runs.iter().all(|run| run.config.is_empty()) {
            tr!("There is no description that can be read.")
        } else {
            tr!("Their descriptions agree in every key.")
        };
        ui.label(theme::muted(text));
        return;
    }
    ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
        Grid::new("configs").striped(true).spacing([12.0, 3.0]).show(ui, |ui| {
            if runs.len() > 1 {
                ui.label("");
                for run in runs {
                    cell(ui, egui::RichText::new(&run.name).strong(), &run.name);
                }
                ui.end_row();
            }
            for line in &lines {
                let key = egui::RichText::new(&line.key);
                let is_lit = line.differs && runs.len() > 1;
                ui.label(if is_lit { key.strong() } else { key.color(theme::colours().muted) });
                for value in &line.values {
                    match value {
                        Some(value) => cell(ui, theme::number(value), value),
                        None => drop(ui.label(theme::muted(tr!("none")))),
                    }
                }
                ui.end_row();
            }
        });
    });
}

fn cell(ui: &mut Ui, text: egui::RichText, whole: &str) {
    ui.allocate_ui_with_layout(
        vec2(VALUE_WIDTH, 16.0),
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| ui.add(Label::new(text).truncate()).on_hover_text(whole),
    );
}
