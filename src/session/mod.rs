//! What is true now: a pure reducer over the events of a run.
//!
//! Accepts events in any order and with any content: it never panics, and what does not fit becomes a
//! warning. It has no clock, does no I/O and knows nothing of windows: time comes with the events.

pub mod anchor;
pub mod bookmarks;
pub mod canvas;
pub mod codebook;
mod compared;
pub mod directions;
pub mod evaluate;
pub mod explore;
pub mod inside;
pub mod kept;
pub mod lenient;
pub mod long_jobs;
pub mod map;
pub mod own_picture;
pub mod pace;
pub mod prior;
pub mod queue;
pub mod runs;
mod series;
pub mod sheets;
mod steps;
pub mod strip;
pub mod sweep;
pub mod texts;
pub mod tiles;
pub mod traversals;
pub mod walk;
pub mod wanted;
pub mod words;

use std::path::PathBuf;

use crate::event::{Event, FinishReason, RunStarted, StepRecord, Value};
use crate::language::tr_later;
pub use compared::Compared;
pub use series::{Ema, Series, decimate, thin, write_csv};
pub use steps::Steps;

/// How many different warnings are kept; the oldest go first.
pub const MAX_WARNINGS: usize = 100;

/// Changes of one setting that lie no further apart than this many steps share a mark.
const MARKS_APART: u64 = 25;

/// The share of the past in the speed that the time left is told from.
const SPEED_WEIGHT: f64 = 0.9;

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has happened yet.
    #[default]
    Idle,
    /// Steps are being taken.
    Running,
    /// It waits for a person.
    Paused,
    /// It has ended as it should.
    Finished(FinishReason),
    /// A loss stopped being a number.
    Diverged,
    /// It broke.
    Failed,
}

impl Phase {
    /// Whether the run has ended, in whichever way.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished(_) | Self::Diverged | Self::Failed)
    }
}

/// Something to be marked on the curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The first step that it concerns.
    pub step: u64,
    /// What happened, for example `lr 0.001 to 0.0005`.
    pub text: String,
}

/// A checkpoint on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Updates done when it was saved.
    pub step: u64,
    /// Its directory.
    pub path: PathBuf,
}

/// A warning, however often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The step of its last coming.
    pub step: u64,
    /// One sentence.
    pub message: String,
    /// How often it came.
    pub count: u64,
}

/// Why a run ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step at which it ended.
    pub step: u64,
    /// What was attempted and what was found.
    pub message: String,
    /// The last good checkpoint.
    pub last_checkpoint: Option<PathBuf>,
}

/// Everything that is known of a run.
#[derive(Debug, Default, PartialEq)]
pub struct Session {
    run: Option<RunStarted>,
    phase: Phase,
    step: u64,
    speed: Speed,
    /// The run's curves in their order, then what evaluations told, as it came.
    series: Vec<(String, Series)>,
    marks: Vec<Mark>,
    checkpoints: Vec<Checkpoint>,
    warnings: Vec<Warning>,
    failure: Option<Failure>,
    elapsed_secs: Option<f64>,
}

impl Session {
    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started(run) => self.start(run),
            Event::StepsDone { steps, images_per_s } => {
                for record in steps {
                    self.add_step(record);
                }
                self.speed.add(*images_per_s);
                if let Some(last) = steps.last().filter(|_| images_per_s.is_finite()) {
                    self.series_named("images_per_s").push(last.step, *images_per_s as f32);
                }
                if self.phase == Phase::Idle {
                    self.phase = Phase::Running;
                }
            }
            Event::Evaluated { step, values } => {
                for (name, value) in values {
                    self.series_named(name).push(*step, *value as f32);
                }
            }
            Event::CheckpointSaved { step, path } => {
                self.checkpoints.retain(|known| known.path != *path);
                self.checkpoints.push(Checkpoint { step: *step, path: path.clone() });
            }
            Event::SettingChanged { step, name, from, to } => {
                self.mark_change(*step, name, from, to);
            }
            Event::CodesChanged { step, message } => {
                self.marks.push(Mark { step: *step, text: message.clone() });
            }
            Event::PhaseChanged { step, phase } => {
                self.marks.push(Mark { step: *step, text: phase.clone() });
            }
            Event::Paused { step } => self.go_on(*step, Phase::Paused),
            Event::Resumed { step } => self.go_on(*step, Phase::Running),
            Event::Warning { step, message } => self.warn(*step, message),
            Event::Diverged { step, message, last_checkpoint } => {
                self.fail(Phase::Diverged, *step, message, last_checkpoint.as_ref());
            }
            Event::Failed { step, message, last_checkpoint } => {
                self.fail(Phase::Failed, *step, message, last_checkpoint.as_ref());
            }
            Event::Finished { step, reason, elapsed_secs } => {
                self.go_on(*step, Phase::Finished(*reason));
                self.elapsed_secs = Some(*elapsed_secs);
            }
        }
    }

    /// Marks a change of a setting; one that follows close on another of the same setting joins it, as a
    /// hand that drags a value makes many.
    fn mark_change(&mut self, step: u64, name: &str, from: &Value, to: &Value) {
        let start = format!("{name} {from} to ");
        let close = self.marks.last_mut().filter(|mark| {
            step.saturating_sub(mark.step) <= MARKS_APART
                && mark.text.starts_with(&format!("{name} "))
        });
        match close {
            Some(mark) => {
                let known = mark
                    .text
                    .rsplit_once(" to ")
                    .map_or(start, |(known, _)| format!("{known} to "));
                mark.text = format!("{known}{to}");
            }
            None => self.marks.push(Mark { step, text: format!("{start}{to}") }),
        }
    }

    /// A run starts. One that goes on from a checkpoint of the same directory keeps its past up to there.
    fn start(&mut self, run: &RunStarted) {
        let goes_on = run.first_step > 0
            && self.run.as_ref().is_some_and(|known| known.run_dir == run.run_dir);
        if !goes_on {
            *self = Self::default();
        }
        self.series.iter_mut().for_each(|(_, series)| series.cut_after(run.first_step));
        self.marks.retain(|mark| mark.step <= run.first_step);
        self.checkpoints.retain(|checkpoint| checkpoint.step <= run.first_step);
        let past = std::mem::take(&mut self.series);
        self.series = run.curves.iter().map(|name| (name.clone(), Series::default())).collect();
        for (name, series) in past {
            *self.series_named(&name) = series;
        }
        if goes_on {
            let text = tr_later!("continued from a checkpoint").to_owned();
            self.marks.push(Mark { step: run.first_step, text });
        }
        self.run = Some(run.clone());
        self.phase = Phase::Running;
        self.step = run.first_step;
        self.speed = Speed::default();
        self.failure = None;
        self.elapsed_secs = None;
    }

    fn add_step(&mut self, record: &StepRecord) {
        let expected = self.run.as_ref().map_or(0, |run| run.curves.len());
        for ((_, series), &value) in self.series[..expected].iter_mut().zip(&record.values) {
            series.push(record.step, value);
        }
        if record.values.len() != expected {
            let found = record.values.len();
            self.warn(record.step, &format!("a step told {found} values for {expected} curves"));
        }
        self.step = record.step;
    }

    /// The run is at `step` and in `phase`, unless it has ended: no late message revives it.
    fn go_on(&mut self, step: u64, phase: Phase) {
        if !self.phase.is_over() {
            self.phase = phase;
            self.step = step;
        }
    }

    fn fail(&mut self, phase: Phase, step: u64, message: &str, last_checkpoint: Option<&PathBuf>) {
        self.phase = phase;
        self.step = step;
        let last_checkpoint = last_checkpoint.cloned();
        self.failure = Some(Failure { step, message: message.to_owned(), last_checkpoint });
    }

    /// Notes a warning; a repeated one is counted and moves to the end.
    fn warn(&mut self, step: u64, message: &str) {
        let known = self.warnings.iter().position(|warning| warning.message == message);
        let count = known.map_or(0, |i| self.warnings.remove(i).count);
        if self.warnings.len() == MAX_WARNINGS {
            self.warnings.remove(0);
        }
        self.warnings.push(Warning { step, message: message.to_owned(), count: count + 1 });
    }

    /// The first series of that name, made where there is none.
    fn series_named(&mut self, name: &str) -> &mut Series {
        let known = self.series.iter().position(|(known, _)| known == name);
        let i = known.unwrap_or_else(|| {
            self.series.push((name.to_owned(), Series::default()));
            self.series.len() - 1
        });
        &mut self.series[i].1
    }

    /// What the run said when it started.
    pub fn run(&self) -> Option<&RunStarted> {
        self.run.as_ref()
    }

    /// Where the run stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Updates done so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Passes over the training images so far, with its fraction.
    pub fn epochs(&self) -> Option<f64> {
        let per_epoch = self.run.as_ref()?.steps_per_epoch;
        (per_epoch > 0).then(|| self.step as f64 / per_epoch as f64)
    }

    /// The share of the run that is done, in [0, 1].
    pub fn progress(&self) -> Option<f64> {
        let total = self.run.as_ref()?.total_steps;
        (total > 0).then(|| (self.step as f64 / total as f64).min(1.0))
    }

    /// Images a second over the newest block of steps.
    pub fn images_per_s(&self) -> Option<f64> {
        self.speed.newest
    }

    /// The seconds that are left at the recent speed, for a run that has not ended.
    pub fn secs_left(&self) -> Option<f64> {
        let run = self.run.as_ref().filter(|_| !self.phase.is_over())?;
        let images = run.total_steps.saturating_sub(self.step) as f64 * run.batch as f64;
        Some(images / self.speed.smoothed()?)
    }

    /// The seconds that the run has trained, all its parts together, once it has finished.
    pub fn elapsed_secs(&self) -> Option<f64> {
        self.elapsed_secs
    }

    /// The curves by name: those of the steps in the run's order, then those of evaluations as they came.
    pub fn series(&self) -> impl ExactSizeIterator<Item = (&str, &Series)> {
        self.series.iter().map(|(name, series)| (name.as_str(), series))
    }

    /// The curve of that name.
    pub fn series_by_name(&self, name: &str) -> Option<&Series> {
        self.series().find(|(known, _)| *known == name).map(|(_, series)| series)
    }

    /// What is to be marked on the curves, as it came.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The checkpoints on the disk, as they were saved.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// The warnings, each once, the one that came last at the end; [`MAX_WARNINGS`] at most.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Why the run ended before its time.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

/// How fast the run is, in images a second.
#[derive(Clone, Debug, Default, PartialEq)]
struct Speed {
    newest: Option<f64>,
    average: f64,
    share: f64,
}

impl Speed {
    /// Adds the speed over one block; one that is no speed is left out.
    fn add(&mut self, images_per_s: f64) {
        if images_per_s.is_finite() && images_per_s > 0.0 {
            self.newest = Some(images_per_s);
            self.average = SPEED_WEIGHT * self.average + (1.0 - SPEED_WEIGHT) * images_per_s;
            self.share = SPEED_WEIGHT * self.share + (1.0 - SPEED_WEIGHT);
        }
    }

    /// The debiased moving average.
    fn smoothed(&self) -> Option<f64> {
        (self.share > 0.0).then(|| self.average / self.share)
    }
}
