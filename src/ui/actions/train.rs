//! Runs: the one that goes on, those that wait, and those that are over.

use egui::Key;

use super::{Actions, CTRL, PLAIN, keys};
use crate::language::{told, tr};
use crate::session::{Compared, Phase};
use crate::ui::{Command, QueueAsk, RunsAsk, Scene, View, curves};

pub(super) fn training(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Train");
    let phase = scene.session.phase();
    let is_running = matches!(phase, Phase::Running | Phase::Paused);
    let start = Command::StartTraining(Box::new(view.form.clone()));
    actions.add_if(!is_running, tr!("Start training"), keys(CTRL, Key::Enter), start);
    let queue = Command::Queue(QueueAsk::Add(Box::new(view.form.clone())));
    actions.add(tr!("Queue the run in the form"), None, queue);
    let hold = scene.queue.is_held();
    let name = if hold { tr!("Let the queue go on") } else { tr!("Hold the queue") };
    actions.add_if(!scene.queue.is_empty(), name, None, Command::Queue(QueueAsk::Hold(!hold)));
    let can_train_on = scene.model.trains_on.is_some() && !is_running;
    actions.add_if(can_train_on, tr!("Train this model on"), None, Command::TrainOn);
    let name = if phase == Phase::Paused { tr!("Resume training") } else { tr!("Pause training") };
    actions.add_if(is_running, name, keys(PLAIN, Key::Space), Command::TogglePause);
    let is_paused = phase == Phase::Paused;
    actions.add_if(
        is_paused,
        tr!("Take a single step"),
        keys(PLAIN, Key::Period),
        Command::StepOnce,
    );
    actions.add_if(is_running, tr!("Save a checkpoint now"), None, Command::SaveCheckpoint);
    actions.add_if(is_running, tr!("Stop training"), None, Command::Stop);
    for task in scene.tasks {
        let name = tr!("Cancel: {}", told(&task.name));
        actions.add(name, None, Command::CancelTask(task.number));
    }
}

pub(super) fn runs(actions: &mut Actions, scene: &Scene<'_>) {
    actions.group = tr!("Runs");
    let has_curves = !curves::are_empty(scene);
    actions.add_if(has_curves, tr!("Save all curves as CSV…"), None, Command::SaveCurves(None));
    let has_room = scene.compared.len() < Compared::MOST;
    let compare = tr!("Compare with another run's curves…");
    actions.add_if(has_room, compare, None, Command::CompareRun(None));
    let has_own = scene.session.series().any(|(_, series)| !series.is_empty());
    let keep = tr!("Keep this run's curves behind those of the next");
    actions.add_if(has_room && has_own, keep, None, Command::KeepCurves);
    let add = Command::Runs(RunsAsk::AddFolder(None));
    actions.add(tr!("List the runs of another folder…"), None, add);
    let refresh = Command::Runs(RunsAsk::Refresh);
    actions.add_if(!scene.runs.is_reading, tr!("Read the list of runs again"), None, refresh);
    let save = Command::Runs(RunsAsk::Save(None));
    let has_runs = !scene.runs.all.is_empty();
    actions.add_if(has_runs, tr!("Save the table of runs as CSV…"), None, save);
    for (index, folder) in scene.runs.folders.iter().enumerate() {
        let remove = Command::Runs(RunsAsk::RemoveFolder(index));
        actions.add(tr!("List {} no more", folder), None, remove);
    }
}
