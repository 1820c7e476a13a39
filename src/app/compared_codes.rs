//! The codebook beside that of another checkpoint or model, and what its views write to files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::ZscopeApp;
use super::codes::Job;
use super::jobs::Done;
use super::survey::survey;
use crate::array::Array;
use crate::codec::CodecError;
use crate::data::Dataset;
use crate::data::corrupt::Corruption;
use crate::formats::run_dir::RunDir;
use crate::formats::write_whole;
use crate::graph::lower::Networks;
use crate::language::tr;
use crate::metrics::code_use::per_million;
use crate::open::Opened;
use crate::picture::ValueRange;
use crate::session::codebook::{Changes, Pairing, Side};
use crate::ui::Pane;
use crate::watch::Watch;

/// How often the checkpoints of a run are listed while they can be chosen.
const LIST: Duration = Duration::from_secs(3);

/// The comparison and the jobs behind it.
#[derive(Default)]
pub(super) struct Comparing {
    question: u64,
    cancel: Arc<AtomicBool>,
    other: Option<Arc<Other>>,
    list: Job,
}

/// The other codebook, and how often codes of both are used.
pub(super) struct Other {
    name: String,
    codes: Array,
    counts: [Vec<u64>; 2],
}

/// How far comparing is.
pub(super) enum Compared {
    /// The share that is done.
    Share(f32),
    /// What was found, or why nothing was; nothing where a person stopped it.
    Done(Result<Option<(Arc<Other>, Changes)>, String>),
}

/// What a survey takes.
struct Subject {
    networks: Networks,
    range: ValueRange,
    corruption: Option<Corruption>,
}

impl ZscopeApp {
    /// Lists the checkpoints of the run that the model belongs to, while they can be chosen.
    pub(super) fn list_checkpoints(&mut self) {
        if !self.view.dock.shows(Pane::Changes) {
            return;
        }
        self.codes.comparing.list.is_stale = true;
        if !self.codes.comparing.list.starts(LIST) {
            return;
        }
        let question = self.model_question;
        match self.run_dir() {
            Some(dir) => self.jobs.spawn("checkpoints", move |done| {
                done(Done::Checkpoints { question, checkpoints: checkpoints(&dir) });
            }),
            None => self.checkpoints_listed(Vec::new()),
        }
    }

    pub(super) fn checkpoints_listed(&mut self, checkpoints: Vec<(u64, PathBuf)>) {
        self.codes.comparing.list.is_running = false;
        self.codes.compared.checkpoints = checkpoints;
    }

    /// The directory of the run that the model in the explorer belongs to.
    fn run_dir(&self) -> Option<PathBuf> {
        let opened = self.model.as_ref().and_then(|model| model.opened.as_ref());
        match opened {
            Some(opened) => opened.run_dir.clone(),
            None => self.session.run().map(|run| run.run_dir.clone()),
        }
    }

    /// Compares the codebook with that of the model at a path.
    pub(super) fn compare_codes(&mut self, path: PathBuf) {
        let Some(codebook) = &self.codes.codebook else {
            return self.notice(
                tr!("compare codes: the model in the explorer has no codebook (open one that has)"),
                true,
            );
        };
        let k = codebook.size() / codebook.layout.parts();
        let is_same_run = self.run_dir().is_some_and(|dir| is_of_run(&path, &dir));
        let pairing = &mut self.view.codebook.pairing;
        if is_same_run {
            *pairing = Pairing::Number;
        } else if *pairing == Pairing::Number {
            *pairing =
                if k <= Pairing::MOST_ONE_TO_ONE { Pairing::OneToOne } else { Pairing::Nearest };
        }
        self.codes.comparing.other = None;
        self.codes.compared.changes = None;
        self.start_comparing(Some(path));
    }

    /// Matches the codes in another way.
    pub(super) fn pair_codes(&mut self, pairing: Pairing) {
        self.view.codebook.pairing = pairing;
        if self.codes.comparing.other.is_some() {
            self.start_comparing(None);
        }
    }

    pub(super) fn cancel_comparing_codes(&mut self) {
        self.codes.comparing.cancel.store(true, Ordering::Relaxed);
        self.codes.compared.share = None;
    }

    /// Compares with the model at a path, or matches once more with the one that is known.
    fn start_comparing(&mut self, path: Option<PathBuf>) {
        self.cancel_comparing_codes();
        let question = self.next_question();
        let Some(codebook) = &self.codes.codebook else { return };
        let Some(model) = &self.model else { return };
        let comparing = &mut self.codes.comparing;
        (comparing.question, comparing.cancel) = (question, Arc::default());
        let cancel = Arc::clone(&comparing.cancel);
        let known = comparing.other.clone();
        let (codes, parts) = (Arc::clone(&codebook.codes), codebook.layout.parts());
        let told = codebook.window_counts().to_vec();
        let surveyed = codebook.survey.as_ref().map(|survey| survey.counts.clone());
        let here = Subject {
            networks: model.networks.clone(),
            range: model.range,
            corruption: model.corruption,
        };
        let fitting = self.dataset.as_ref().filter(|(_, data)| data.shape() == model.image);
        let dataset = fitting.map(|(_, data)| Arc::clone(data));
        let pairing = self.view.codebook.pairing;
        (self.codes.compared.share, self.codes.compared.error) = (Some(0.0), None);
        self.jobs.spawn("compare codes", move |done| {
            let goes_on = |share| {
                done(Done::CodesCompared { question, compared: Compared::Share(share) });
                !cancel.load(Ordering::Relaxed)
            };
            let other = match (known, path) {
                (Some(other), _) => Ok(Some(other)),
                (None, Some(path)) => {
                    let shape = [parts, codes.row_len()];
                    look_at(
                        &path,
                        shape,
                        (&here, surveyed, told),
                        dataset.as_deref(),
                        &cancel,
                        &goes_on,
                    )
                }
                (None, None) => Ok(None),
            };
            let found = other.map(|other| {
                let other = other?;
                let [ours, theirs] = [0, 1].map(|side: usize| other.counts[side].as_slice());
                let sides = [
                    Side { codes: &codes, counts: ours },
                    Side { codes: &other.codes, counts: theirs },
                ];
                let mut told = 0.0;
                let changes =
                    Changes::between(other.name.clone(), sides, parts, pairing, |share| {
                        // Some hundred rows a second: not each is worth a frame.
                        if share - told < 0.02 {
                            return !cancel.load(Ordering::Relaxed);
                        }
                        told = share;
                        goes_on(0.7 + 0.3 * share)
                    });
                Some((Arc::clone(&other), changes?))
            });
            done(Done::CodesCompared { question, compared: Compared::Done(found) });
        });
    }

    pub(super) fn codes_compared(&mut self, question: u64, compared: Compared) {
        if self.codes.comparing.question != question {
            return;
        }
        let shown = &mut self.codes.compared;
        match compared {
            Compared::Share(share) => shown.share = shown.share.map(|_| share),
            Compared::Done(found) => {
                shown.share = None;
                match found {
                    Ok(Some((other, changes))) => {
                        shown.changes = Some(Arc::new(changes));
                        self.codes.comparing.other = Some(other);
                    }
                    Ok(None) => {}
                    Err(error) => shown.error = Some(error),
                }
            }
        }
    }

    /// Writes how the codes moved, in the order in which it is shown.
    pub(super) fn save_code_changes(&mut self, path: PathBuf) {
        let changes = self.codes.compared.changes.clone();
        let order = self.view.codebook.changes_order;
        self.jobs.spawn_save(move || {
            let changes = changes.ok_or("save changes: no codebooks are compared yet")?;
            let saved = write_whole(&path, |out| changes.write_csv(order, out));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Writes which code stands beside which.
    pub(super) fn save_code_pairs(&mut self, path: PathBuf) {
        let codebook = self.codes.codebook.as_ref();
        let survey = codebook.and_then(|codebook| codebook.survey.clone());
        self.jobs.spawn_save(move || {
            let survey = survey
                .ok_or("save pairs: no held-out images were looked at yet (open the data)")?;
            let codes = survey.counts.len();
            let saved = write_whole(&path, |out| survey.beside.write_csv(codes, out));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }
}

/// Opens the other model, and counts how both use their codes on the same held-out images where there are some.
fn look_at(
    path: &Path,
    [parts, d]: [usize; 2],
    (here, surveyed, told): (&Subject, Option<Vec<u64>>, Vec<u64>),
    dataset: Option<&dyn Dataset>,
    cancel: &Arc<AtomicBool>,
    goes_on: &dyn Fn(f32) -> bool,
) -> Result<Option<Arc<Other>>, String> {
    let opened = crate::open::open(&text(path)).map_err(|error| error.to_string())?;
    let name = name_of(&opened);
    let Some(graphs) = &opened.networks.codes else {
        return Err(format!(
            "compare codes: {name} is a {} model (expected one with a codebook)",
            opened.model.family()
        ));
    };
    let codes = graphs.codebook().clone();
    if codes.row_len() != d || graphs.layout.parts() != parts {
        return Err(format!(
            "compare codes: {name} has {} codebooks of codes of {} values (expected {parts} of {d}, as the model in the \
             explorer has)",
            graphs.layout.parts(),
            codes.row_len(),
        ));
    }
    if !goes_on(0.1) {
        return Ok(None);
    }
    let flag = Arc::clone(cancel);
    let watch = Watch::new(move |_| !flag.load(Ordering::Relaxed));
    let there = Subject {
        networks: opened.networks.clone(),
        range: opened.range,
        corruption: opened.corruption,
    };
    let images = dataset.filter(|data| data.shape() == opened.image);
    let counted = |subject: &Subject| -> Result<Option<Vec<u64>>, CodecError> {
        let Some(images) = images else { return Ok(None) };
        let found = survey(&subject.networks, subject.range, images, subject.corruption, &watch)?;
        Ok(found.map(|found| found.survey.counts))
    };
    let both = || -> Result<Option<[Vec<u64>; 2]>, CodecError> {
        let Some(theirs) = counted(&there)? else { return Ok(None) };
        goes_on(0.5);
        let ours = match surveyed.clone() {
            Some(ours) => Some(ours),
            None => counted(here)?,
        };
        Ok(ours.map(|ours| [ours, theirs]))
    };
    let counts = match both() {
        Ok(counts) => counts,
        Err(_) if cancel.load(Ordering::Relaxed) => return Ok(None),
        Err(error) => return Err(format!("compare codes: {error}")),
    };
    // Without images, what training counted.
    let counts = counts.unwrap_or_else(|| [told, used(&opened)]);
    goes_on(0.7);
    Ok(Some(Arc::new(Other { name, codes, counts })))
}

/// How often codes were chosen in training; empty where nothing tells.
fn used(opened: &Opened) -> Vec<u64> {
    match &opened.usage {
        Some(usage) => usage.window().to_vec(),
        None => opened.told_use().and_then(per_million).unwrap_or_default(),
    }
}

fn name_of(opened: &Opened) -> String {
    let dir = opened.run_dir.as_deref().unwrap_or(&opened.path);
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    if opened.run.is_some() { format!("{name}, step {}", opened.step) } else { name.into_owned() }
}

/// Whether a path names a run or one of its checkpoints.
fn is_of_run(path: &Path, dir: &Path) -> bool {
    let named = text(path).rsplit_once('@').map(|(run, _)| PathBuf::from(run));
    path.starts_with(dir) || named.is_some_and(|run| run == dir)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The whole checkpoints of a run, the newest first, as they are opened by name.
fn checkpoints(dir: &Path) -> Vec<(u64, PathBuf)> {
    let Ok((run, _)) = RunDir::open(dir) else { return Vec::new() };
    let found = run.checkpoints().unwrap_or_default();
    let named = |step: u64| (step, PathBuf::from(format!("{}@{step}", dir.display())));
    found.iter().rev().map(|checkpoint| named(checkpoint.state.step)).collect()
}
