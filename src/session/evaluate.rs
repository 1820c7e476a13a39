//! Models that are measured side by side: which they are, how far measuring has come, what was found.
//!
//! Numbers of one table always come from the same images, asked for in the same way: a new measurement begins
//! with an empty table. Like the rest of the session it has no clock and does no I/O.

mod export;
mod table;

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use crate::data::Split;
use crate::measure::side_by_side::{Images, Pictures, Told};
use crate::measure::{Measure, Report};

pub use export::{ExportError, Format};
pub use table::{Column, Row, Table};

/// A model that can be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What people call it.
    pub name: String,
    /// What it is opened by: a run directory, for example.
    pub model: String,
    /// What it learned from, where that is known.
    pub data: Option<String>,
}

impl Candidate {
    /// The model at a path, of which nothing is known yet.
    pub fn at(path: &Path) -> Self {
        // Without what makes no difference, so that one model is known as one.
        let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, model: path.display().to_string(), data: None }
    }
}

/// How a model came to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the one in the explorer.
    Explorer,
    /// Its curves lie behind those of the run.
    Compared,
    /// It is neither, or not any more.
    Added,
}

/// Where measuring of a model stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// It has not been asked for.
    #[default]
    New,
    /// Others come first.
    Waiting,
    /// It is its turn.
    Measuring,
    /// It is done.
    Measured(Box<Found>),
    /// It could not be measured, and why.
    Failed(String),
}

/// What was found of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its family.
    pub family: String,
    /// Updates behind its weights.
    pub step: u64,
    /// Images that it was measured on.
    pub images: u64,
    /// Draws that were compared with as many images, where some were.
    pub draws: Option<u64>,
    /// What sets of images were compared by, where some were.
    pub features: Option<String>,
    /// The pixel distribution, where it has one.
    pub likelihood: Option<String>,
    /// How many draws of each class a classifier saw.
    pub classes: Option<Vec<usize>>,
    /// Whether its pictures are draws; nothing where it makes none.
    pub draws_pictures: Option<bool>,
    /// The numbers, in the order in which they are told.
    pub measures: Vec<Measure>,
    /// All of it, keyed as scripts expect.
    pub json: Map<String, Value>,
}

impl Found {
    /// What is kept of a report.
    pub fn of(family: &str, report: &Report, pictures: Option<&Pictures>) -> Self {
        let json = &report.json;
        Self {
            family: family.to_owned(),
            step: report.step,
            images: report.images,
            draws: json.get("draws").and_then(Value::as_u64),
            features: report.features.clone(),
            likelihood: json
                .get("likelihood")
                .and_then(|likelihood| likelihood.get("name")?.as_str().map(str::to_owned)),
            classes: report.classes.clone(),
            draws_pictures: pictures.map(|pictures| matches!(pictures, Pictures::Draws(_))),
            measures: report.measures(),
            json: json.clone(),
        }
    }

    /// The value of a measure.
    pub fn value(&self, name: &str) -> Option<f64> {
        let measure = self.measures.iter().find(|measure| measure.kind.name == name)?;
        measure.value.is_finite().then_some(measure.value)
    }
}

/// A model of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, which no other model ever gets.
    pub id: u64,
    /// What it is called; no two are called alike.
    pub label: String,
    /// Which model it is.
    pub candidate: Candidate,
    /// How it came here.
    pub origin: Origin,
    /// Whether a person added it, so that only a person takes it away.
    pub is_kept: bool,
    /// Where measuring stands.
    pub state: State,
}

/// How models are to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The images; those of the first model without any.
    pub data: Option<String>,
    /// Which part of them.
    pub split: Split,
    /// How many, at most.
    pub images: usize,
    /// Seed of draws and posterior samples.
    pub seed: u64,
    /// The classifier by which sets of images are compared, where there is one.
    pub classifier: Option<String>,
}

/// What the numbers of the table are based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// How they were asked for.
    pub asked: Asked,
    /// The images, once they are open.
    pub images: Option<Images>,
}

/// How far measuring has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The model whose turn it is, from 1; 0 before the first.
    pub model: usize,
    /// Models in all.
    pub models: usize,
    /// Images that are done of this model.
    pub done: u32,
    /// Images in all; 0 while something is being opened.
    pub all: u32,
    /// Whether it was told to stop.
    pub is_stopping: bool,
}

impl Progress {
    /// The share that is done, in `[0, 1]`.
    pub fn share(&self) -> f32 {
        let within = if self.all == 0 { 0.0 } else { self.done as f32 / self.all as f32 };
        let before = self.model.saturating_sub(1) as f32;
        ((before + within.min(1.0)) / self.models.max(1) as f32).min(1.0)
    }
}

/// The models and what was measured of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluate {
    entries: Vec<Entry>,
    next_id: u64,
    basis: Option<Basis>,
    /// The models under way, in their turns.
    turns: Vec<u64>,
    progress: Option<Progress>,
    trouble: Option<String>,
    /// Models that are offered by the explorer and the curves but were taken away here.
    dismissed: Vec<String>,
}

impl Evaluate {
    /// Models at most; more columns could not be read.
    pub const MOST: usize = 8;

    /// The models, that of the explorer first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the table's numbers are based on, once something was asked for.
    pub fn basis(&self) -> Option<&Basis> {
        self.basis.as_ref()
    }

    /// How far measuring has come, while it goes on.
    pub fn progress(&self) -> Option<Progress> {
        self.progress
    }

    /// Why nothing could be measured the last time, where that is so.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What the first model learned from, which is what models are measured on by default.
    pub fn own_data(&self) -> Option<&str> {
        self.entries.first()?.candidate.data.as_deref()
    }

    /// Follows the explorer and the curves: their models come and go here as they do there. One that was measured
    /// stays.
    pub fn follow(&mut self, explorer: Option<Candidate>, compared: Vec<Candidate>) {
        let mut offers: Vec<(Origin, Candidate)> =
            explorer.map(|candidate| (Origin::Explorer, candidate)).into_iter().collect();
        for candidate in compared {
            if offers.iter().all(|(_, offer)| offer.model != candidate.model) {
                offers.push((Origin::Compared, candidate));
            }
        }
        let is_offered = |model: &str| offers.iter().any(|(_, offer)| offer.model == model);
        self.dismissed.retain(|model| is_offered(model));
        self.entries.retain_mut(|entry| {
            let stays = entry.is_kept || !matches!(entry.state, State::New | State::Failed(_));
            if is_offered(&entry.candidate.model) {
                return true;
            }
            entry.origin = Origin::Added;
            stays
        });
        for (origin, offer) in offers {
            let known = self.entries.iter().position(|entry| entry.candidate.model == offer.model);
            let place = match known {
                Some(place) => {
                    let entry = &mut self.entries[place];
                    entry.candidate.data = offer.data.or(entry.candidate.data.take());
                    entry.origin = origin;
                    place
                }
                None if self.dismissed.contains(&offer.model) => continue,
                None if self.entries.len() >= Self::MOST => continue,
                None => {
                    self.push(origin, offer);
                    self.entries.len() - 1
                }
            };
            if origin == Origin::Explorer {
                self.entries[..=place].rotate_right(1);
            }
        }
        self.name_apart();
    }

    /// Adds a model; gives whether there was room. One that is there already stays as it is.
    pub fn add(&mut self, candidate: Candidate) -> bool {
        self.dismissed.retain(|model| *model != candidate.model);
        let known = self.entries.iter_mut().find(|entry| entry.candidate.model == candidate.model);
        if let Some(entry) = known {
            entry.is_kept = true;
            return true;
        }
        if self.entries.len() >= Self::MOST {
            return false;
        }
        self.push(Origin::Added, candidate);
        self.name_apart();
        true
    }

    fn push(&mut self, origin: Origin, candidate: Candidate) {
        let (id, label) = (self.next_id, candidate.name.clone());
        self.next_id += 1;
        let is_kept = origin == Origin::Added;
        self.entries.push(Entry { id, label, candidate, origin, is_kept, state: State::New });
    }

    /// Takes a model away by its place, and what was measured of it.
    pub fn remove(&mut self, index: usize) {
        if index < self.entries.len() {
            let entry = self.entries.remove(index);
            self.dismissed.push(entry.candidate.model);
            self.name_apart();
        }
    }

    /// Calls models of one name by the folder they lie in as well, or by all of their path.
    fn name_apart(&mut self) {
        let with_folder = |candidate: &Candidate| {
            let path = Path::new(&candidate.model);
            let folder = path.parent().and_then(Path::file_name);
            let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
            folder.map_or(candidate.model.clone(), |folder| format!("{folder}/{}", candidate.name))
        };
        let ways: [&dyn Fn(&Candidate) -> String; 3] =
            [&|candidate| candidate.name.clone(), &with_folder, &|candidate| {
                candidate.model.clone()
            }];
        let candidates: Vec<Candidate> =
            self.entries.iter().map(|entry| entry.candidate.clone()).collect();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let is_apart = |way: &&&dyn Fn(&Candidate) -> String| {
                let own = way(&candidates[index]);
                let mut others = candidates.iter().enumerate().filter(|(other, _)| *other != index);
                others.all(|(_, other)| way(other) != own)
            };
            let way = ways.iter().find(is_apart).unwrap_or(&ways[2]);
            entry.label = way(&candidates[index]);
        }
    }

    /// Begins to measure all models: what is to be measured, under which numbers. Nothing where there is no model or
    /// measuring goes on already.
    pub fn begin(&mut self, asked: Asked) -> Option<Vec<(u64, String)>> {
        if self.entries.is_empty() || self.progress.is_some() {
            return None;
        }
        for entry in &mut self.entries {
            entry.state = State::Waiting;
        }
        self.basis = Some(Basis { asked, images: None });
        self.trouble = None;
        self.turns = self.entries.iter().map(|entry| entry.id).collect();
        self.progress = Some(Progress { models: self.entries.len(), ..Progress::default() });
        let model = |entry: &Entry| (entry.id, entry.candidate.model.clone());
        Some(self.entries.iter().map(model).collect())
    }

    /// Measuring was told to stop.
    pub fn stop(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.is_stopping = true;
        }
    }

    /// Takes in what measuring tells. What it tells of models that were taken away since is left out.
    pub fn apply(&mut self, told: &Told) {
        match told {
            Told::Opened { images, .. } => {
                if let Some(basis) = &mut self.basis {
                    basis.images = Some(images.clone());
                }
            }
            Told::Progress { id, done, all } => {
                self.set(*id, State::Measuring);
                let turn = self.turns.iter().position(|turn| turn == id);
                if let (Some(progress), Some(turn)) = (&mut self.progress, turn) {
                    (progress.model, progress.done, progress.all) = (turn + 1, *done, *all);
                }
            }
            Told::Measured { id, family, report, pictures } => {
                let found = Found::of(family, report, pictures.as_ref());
                self.set(*id, State::Measured(Box::new(found)));
            }
            Told::Failed { id, message } => self.set(*id, State::Failed(message.clone())),
            Told::Ended { message } => {
                self.progress = None;
                self.trouble.clone_from(message);
                for entry in &mut self.entries {
                    if matches!(entry.state, State::Waiting | State::Measuring) {
                        entry.state = State::New;
                    }
                }
            }
        }
    }

    fn set(&mut self, id: u64, state: State) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            entry.state = state;
        }
    }
}
