//! The runs of all folders: read by a job, noted, compared, put away.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::apply::is_png;
use super::jobs::{Chosen, Done};
use super::{ZscopeApp, dialogs};
use crate::formats::run_list::{RunSummary, put_away, runs_in, summary, write_notes};
use crate::formats::write_whole;
use crate::language::{tr, tr_later};
use crate::session::Compared;
use crate::session::runs::{RunList, csv, shown};
use crate::ui::{Command, Page, RunsAsk};

/// What the job that reads runs has found.
pub(super) struct ReadRuns {
    all: Vec<RunSummary>,
    troubles: Vec<String>,
}

/// The list, and whether it is out of date.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) list: RunList,
    /// Whether something has changed since the newest job was asked.
    pub(super) is_stale: bool,
    question: u64,
    was_shown: bool,
}

impl ZscopeApp {
    /// Does what is asked of the table of runs.
    pub(super) fn ask_runs(&mut self, ctx: &egui::Context, ask: RunsAsk) {
        match ask {
            RunsAsk::Refresh => self.runs.is_stale = true,
            RunsAsk::AddFolder(Some(path)) => self.add_runs_folder(&path),
            RunsAsk::AddFolder(None) => dialogs::ask(&self.jobs, Chosen::RunsFolder),
            RunsAsk::RemoveFolder(index) => {
                if index < self.runs.list.folders.len() {
                    self.runs.list.folders.remove(index);
                    self.runs.is_stale = true;
                }
            }
            RunsAsk::Choose(names) => {
                let all = self.runs.list.all.iter();
                let chosen = all.filter(|run| names.contains(&run.name));
                self.view.runs.chosen = chosen.map(|run| run.dir.clone()).collect();
            }
            RunsAsk::SetNotes { dir, text } => self.note(dir, text),
            RunsAsk::Save(Some(path)) => self.save_runs(ctx, path),
            RunsAsk::Save(None) => dialogs::ask(&self.jobs, Chosen::RunTable),
            RunsAsk::CompareCurves(dirs) => self.compare_curves(ctx, dirs),
            RunsAsk::Delete(dirs) => self.delete_runs(dirs),
        }
    }

    /// Lists the runs of a folder as well.
    pub(super) fn add_runs_folder(&mut self, path: &Path) {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !path.is_dir() {
            let text = tr!(
                "add a folder of runs: there is no folder (expected one that holds run directories): {}",
                path.display()
            );
            return self.notice(text, true);
        }
        let path = path.display().to_string();
        if path != self.runs_folder && !self.runs.list.folders.contains(&path) {
            self.runs.list.folders.push(path);
        }
        self.runs.is_stale = true;
    }

    /// Reads the runs again where the page is shown and they may have changed.
    pub(super) fn follow_runs(&mut self, ctx: &egui::Context) {
        let is_shown = self.view.page == Page::Runs;
        let is_new = is_shown && !self.runs.was_shown;
        self.runs.was_shown = is_shown;
        let is_wanted = is_new || is_shown && self.runs.is_stale;
        if !is_wanted || self.runs.list.is_reading {
            return;
        }
        self.runs.is_stale = false;
        self.runs.list.is_reading = true;
        self.runs.question = self.next_question();
        let question = self.runs.question;
        let own = std::iter::once(&self.runs_folder);
        let folders: Vec<PathBuf> = own.chain(&self.runs.list.folders).map(PathBuf::from).collect();
        let task = self.tasks.begin(tr_later!("Reading runs"));
        let watch = task.watch(ctx);
        self.jobs.spawn("runs", move |done| {
            let mut found = ReadRuns { all: Vec::new(), troubles: Vec::new() };
            let mut dirs = Vec::new();
            for folder in &folders {
                match runs_in(folder) {
                    Ok(runs) => dirs.extend(runs),
                    Err(error) => found.troubles.push(error.to_string()),
                }
            }
            dirs.sort();
            dirs.dedup();
            for (index, dir) in dirs.iter().enumerate() {
                if watch.whole().tell(index as f64 / dirs.len() as f64).is_err() {
                    found
                        .troubles
                        .push("Reading was cancelled: not all runs are listed.".to_owned());
                    break;
                }
                found.all.push(summary(dir));
            }
            drop(task);
            done(Done::Runs { question, found });
        });
    }

    /// Takes over what was read.
    pub(super) fn runs_read(&mut self, question: u64, found: ReadRuns) {
        if question == self.runs.question {
            let list = &mut self.runs.list;
            (list.is_reading, list.is_read) = (false, true);
            (list.all, list.troubles) = (found.all, found.troubles);
        }
    }

    fn note(&mut self, dir: PathBuf, text: String) {
        if let Some(run) = self.runs.list.all.iter_mut().find(|run| run.dir == dir) {
            if run.notes == text {
                return;
            }
            run.notes.clone_from(&text);
        }
        self.jobs.spawn_kept("notes", move |done| {
            if let Err(error) = write_notes(&dir, &text) {
                done(Done::Saved(Err(error.to_string())));
            }
        });
    }

    /// Opens the first of some runs, and lays the curves of the others over its own; while a run is in training, all
    /// lie over the curves of that.
    fn compare_curves(&mut self, ctx: &egui::Context, mut dirs: Vec<PathBuf>) {
        let own = self.session.run().map(|run| run.run_dir.clone());
        let is_busy = self.training.is_some() || self.is_starting;
        if !is_busy && !own.as_ref().is_some_and(|own| dirs.contains(own)) && !dirs.is_empty() {
            self.apply(ctx, Command::OpenPath(dirs.remove(0)));
        }
        dirs.retain(|dir| Some(dir) != own.as_ref());
        dirs.truncate(Compared::MOST);
        while !self.compared.is_empty() {
            self.stop_comparing(0);
        }
        for dir in dirs {
            self.compare_run(dir);
        }
        self.view.page = Page::Explore;
    }

    /// Writes the listed runs in their order as CSV, or the page as it is on the screen.
    pub(super) fn save_runs(&mut self, ctx: &egui::Context, path: PathBuf) {
        if is_png(&path) {
            return self.save_page_of(ctx, Page::Runs, path);
        }
        let run = self.session.run().filter(|_| !self.session.phase().is_over());
        let training = run.map(|run| (&*run.run_dir, [self.session.step(), run.total_steps]));
        let (all, view) = (&self.runs.list.all, &self.view.runs);
        let dir = training.map(|(dir, _)| dir);
        let places = shown(all, dir, &view.words, view.column, view.falling);
        if places.is_empty() {
            return self.notice(tr!("Save the runs: none are listed."), true);
        }
        let text = csv(places.iter().map(|&place| &all[place]), training);
        self.jobs.spawn_save(move || {
            let saved = write_whole(&path, |out| std::io::Write::write_all(out, text.as_bytes()));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    fn delete_runs(&mut self, dirs: Vec<PathBuf>) {
        let training = self.session.run().filter(|_| self.training.is_some());
        let training = training.map(|run| run.run_dir.clone());
        for dir in dirs {
            if Some(&dir) == training.as_ref() {
                self.notice(tr!("{} is in training: stop it first.", dir.display()), true);
                continue;
            }
            match put_away(&dir) {
                Ok(to) => self.notice(tr!("Moved to {}", to.display()), false),
                Err(error) => self.notice(error.to_string(), true),
            }
        }
        self.runs.is_stale = true;
    }
}
