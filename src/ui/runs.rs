//! The page of runs: those that wait for their turn at the left, all that there are beside them.

mod details;
mod queue;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use egui::{CentralPanel, Modal, Panel, TextEdit, Ui};

use super::words::grouped;
use super::{Command, RunsAsk, Scene, TrainForm, View, save, setup_panel, tasks, theme};
use crate::formats::run_list::{DELETED, RunSummary};
use crate::language::tr;
use crate::session::runs::{Column, Standing, shown};
pub use queue::QueuedRun;

/// What is chosen of the runs, and which would be queued.
#[derive(Clone, Debug)]
pub struct RunsView {
    /// Only runs with these words are listed.
    pub words: String,
    /// What they are sorted by.
    pub column: Column,
    /// Whether the greatest comes first.
    pub falling: bool,
    /// The directories of those that are chosen.
    pub chosen: BTreeSet<PathBuf>,
    /// The one that was chosen last, where a choice of several begins.
    last: Option<PathBuf>,
    /// The notes that are being typed, and of which run.
    notes: Option<(PathBuf, String)>,
    /// Whether keys in which runs agree are left out.
    only_differing: bool,
    /// Those that are to be deleted once a person says yes.
    deleting: Vec<PathBuf>,
    /// The path that is typed to list another folder.
    folder_path: String,
    /// The path that is typed to save the table.
    save_path: String,
    /// What would be queued.
    pub form: TrainForm,
    /// The key of a sweep.
    sweep_key: String,
    /// Its values.
    sweep_values: String,
}

impl Default for RunsView {
    fn default() -> Self {
        Self {
            words: String::new(),
            column: Column::default(),
            falling: true,
            chosen: BTreeSet::new(),
            last: None,
            notes: None,
            only_differing: true,
            deleting: Vec::new(),
            folder_path: String::new(),
            save_path: String::new(),
            form: TrainForm::default(),
            sweep_key: "seed".to_owned(),
            sweep_values: String::new(),
        }
    }
}

impl RunsView {
    /// Takes notes that were typed and are not kept yet, and the directory of their run.
    pub fn take_notes(&mut self) -> Option<(PathBuf, String)> {
        self.notes.take()
    }
}

/// The directory of the run in training.
pub(super) fn training<'a>(scene: &Scene<'a>) -> Option<&'a Path> {
    let run = scene.session.run().filter(|_| !scene.session.phase().is_over())?;
    Some(&run.run_dir)
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    setup_panel(ui, "queue", |ui| {
        queue::show(ui, scene, &mut view.runs, out);
        ui.add_space(8.0);
        ui.separator();
        folders(ui, scene, &mut view.runs, out);
    });
    let view = &mut view.runs;
    let all = &scene.runs.all;
    view.chosen.retain(|dir| all.iter().any(|run| run.dir == *dir));
    let chosen: Vec<&RunSummary> =
        all.iter().filter(|run| view.chosen.contains(&run.dir)).collect();
    let height = (ui.available_height() * 0.36).clamp(150.0, 300.0);
    if !all.is_empty() {
        Panel::bottom("run details")
            .resizable(true)
            .default_size(height)
            .size_range(120.0..=600.0)
            .frame(theme::panel_frame())
            .show(ui, |ui| {
                ui.set_min_height(ui.available_height());
                details::show(ui, scene, &chosen, view, out);
            });
    }
    CentralPanel::default().frame(theme::stage_frame()).show(ui, |ui| {
        let places = shown(all, training(scene), &view.words, view.column, view.falling);
        toolbar(ui, scene, view, places.len(), out);
        if all.is_empty() {
            return empty(ui, scene);
        }
        if places.is_empty() {
            ui.add_space(8.0);
            ui.label(theme::muted(tr!("No run has all of these words.")));
            return;
        }
        table::show(ui, scene, &places, view, out);
    });
    confirm(ui, scene, view, out);
}

fn toolbar(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut RunsView,
    count: usize,
    out: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.label(theme::heading(tr!("Runs")));
        let hint = tr!("Only runs that have all of these words in their path, state, recipe, data or notes are listed.");
        let field = TextEdit::singleline(&mut view.words).hint_text(tr!("find by words"));
        let field = ui.add(field.desired_width(200.0)).on_hover_text(hint);
        field.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::TextInput, true, tr!("Find runs by words"))
        });
        let refresh = ui.add_enabled(!scene.runs.is_reading, egui::Button::new(tr!("Read again")));
        let hint = tr!("Look for runs again, also for those that other programs have made.");
        let busy = tr!("They are being read.");
        if refresh.on_hover_text(hint).on_disabled_hover_text(busy).clicked() {
            out.push(Command::Runs(RunsAsk::Refresh));
        }
        let all = scene.runs.all.len();
        if all > 0 {
            let hint = tr!("Save the listed runs: .csv is the table with all its columns, .png the page as it is on the screen.");
            if let Some(place) = save::button(ui, tr!("Save…"), hint, &mut view.save_path) {
                out.push(Command::Runs(RunsAsk::Save(place.path())));
            }
        }
        let text = match (count, view.chosen.len()) {
            (1, 0) if all == 1 => tr!("1 run").to_owned(),
            (count, 0) if count == all => tr!("{} runs", grouped(all as u64)),
            (count, 0) => tr!("{} of {} runs", count, all),
            (_, chosen) => tr!("{} of {} runs chosen", chosen, all),
        };
        ui.label(theme::muted(text));
        // In this row nothing below it moves.
        tasks(ui, scene.tasks, out);
    });
    for trouble in &scene.runs.troubles {
        ui.label(egui::RichText::new(trouble).small().color(theme::colours().error));
    }
}

fn empty(ui: &mut Ui, scene: &Scene<'_>) {
    ui.add_space(12.0);
    if !scene.runs.is_read {
        ui.label(theme::muted(tr!("The runs are being read.")));
        return;
    }
    let folder = scene.runs_folder;
    let lines = [
        tr!("Every run in {} will be listed here: what it is, how far it came, what it measured, and what you note of it.", folder),
        tr!("Train a model on the page Explore, or queue one or several at the left: they begin at once, one after the other.").to_owned(),
        tr!("Runs elsewhere, such as those of the command line, are listed once you add their folder at the left.").to_owned(),
    ];
    for line in lines {
        ui.add(egui::Label::new(theme::muted(line)).wrap());
        ui.add_space(4.0);
    }
}

/// Where runs are looked for.
fn folders(ui: &mut Ui, scene: &Scene<'_>, view: &mut RunsView, out: &mut Vec<Command>) {
    ui.label(theme::heading(tr!("Folders of runs")));
    let own = egui::Label::new(theme::muted(scene.runs_folder).small()).truncate();
    ui.add(own).on_hover_text(tr!("New runs are kept in {}.", scene.runs_folder));
    for (index, folder) in scene.runs.folders.iter().enumerate() {
        ui.horizontal(|ui| {
            let remove = ui
                .small_button("×")
                .on_hover_text(tr!("List its runs no more; nothing is deleted."));
            let label = tr!("List {} no more", folder);
            remove.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
            if remove.clicked() {
                out.push(Command::Runs(RunsAsk::RemoveFolder(index)));
            }
            let text = egui::Label::new(egui::RichText::new(folder).small()).truncate();
            ui.add(text).on_hover_text(folder);
        });
    }
    ui.horizontal(|ui| {
        if ui
            .button(tr!("Add…"))
            .on_hover_text(tr!("Choose a folder of runs in a dialog."))
            .clicked()
        {
            out.push(Command::Runs(RunsAsk::AddFolder(None)));
        }
        let field = TextEdit::singleline(&mut view.folder_path).hint_text(tr!("or type a path"));
        let field = ui
            .add(field.desired_width(ui.available_width() - 8.0))
            .on_hover_text(tr!("A folder of runs, or a run; Enter adds it."));
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && !view.folder_path.trim().is_empty() {
            out.push(Command::Runs(RunsAsk::AddFolder(Some(view.folder_path.trim().into()))));
            view.folder_path.clear();
        }
    });
}

/// Asks whether runs are meant to be deleted.
fn confirm(ui: &Ui, scene: &Scene<'_>, view: &mut RunsView, out: &mut Vec<Command>) {
    if view.deleting.is_empty() {
        return;
    }
    let modal = Modal::new(egui::Id::unique("delete runs")).show(ui.ctx(), |ui| {
        ui.set_max_width(420.0);
        let name = |dir: &PathBuf| dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names: Vec<String> = view.deleting.iter().take(8).map(name).collect();
        let more = view.deleting.len() - names.len();
        let names = names.join(", ");
        ui.label(theme::heading(tr!("Delete runs")));
        ui.label(if more > 0 { tr!("{} and {} more", names, more) } else { names });
        ui.label(theme::muted(tr!(
            "They are moved into the folder {}/ beside them, from where they can be taken back by hand; nothing is erased.",
            DELETED
        )));
        ui.add_space(6.0);
        let mut is_over = false;
        ui.horizontal(|ui| {
            let hint = tr!("Move them into the folder of deleted runs.");
            if ui.button(tr!("Move to deleted")).on_hover_text(hint).clicked() {
                // One may have begun to train since.
                let idle = view.deleting.iter().filter(|dir| training(scene) != Some(dir.as_path()));
                out.push(Command::Runs(RunsAsk::Delete(idle.cloned().collect())));
                is_over = true;
            }
            is_over |= ui.button(tr!("Keep them")).on_hover_text(tr!("Delete nothing.")).clicked();
        });
        is_over
    });
    if modal.inner || modal.should_close() {
        view.deleting.clear();
    }
}

/// Updates that a run has done, and in all.
fn steps(scene: &Scene<'_>, run: &RunSummary, standing: Standing) -> [u64; 2] {
    match (standing, scene.session.run()) {
        (Standing::Training, Some(now)) => [scene.session.step(), now.total_steps],
        _ => [run.step, run.total_steps],
    }
}
