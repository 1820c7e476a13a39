//! Run directories: `config.json`, `metrics.csv`, `samples/` and `checkpoints/step-N/`.
//!
//! A checkpoint is written under a temporary name, flushed and renamed as one directory, so whatever is
//! there is whole. `best` and `latest` are found by reading.

mod thinning;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::arrays::{ArrayFile, NamedIndices, write_arrays};
use super::{FormatError, write_whole};
use crate::array::NamedArrays;
use crate::data::corrupt::Corruption;
pub use crate::graph::lower::ModelConfig;
use crate::picture::{ImageShape, ValueRange};
pub use thinning::thinned;

/// The description of a run: everything that fixes it, beside the data itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Version of this layout.
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    /// The recipe's name.
    pub recipe: String,
    /// The data's specification, with absolute paths.
    pub data: String,
    /// The images.
    pub image: ImageShape,
    /// The range of their values.
    pub range: ValueRange,
    /// Images in one update.
    pub batch: usize,
    /// Seed of every random number.
    pub seed: u64,
    /// Updates in the whole run.
    pub total_steps: u64,
    /// Threads that train on the CPU; equal results need equal numbers.
    pub threads: usize,
    /// Where it trains: `cpu` or `gpu`.
    pub device: String,
    /// The recipe's keys.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The network.
    pub model: ModelConfig,
    /// The names of the classes that can be asked for, where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The trained model that its first values were taken from, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
}

/// The codes of training images that the run of a prior keeps.
pub const CODES_FILE: &str = "codes-train.safetensors";

/// The layout that this program writes.
pub const FORMAT: u32 = 1;

/// The use of the codebook in a checkpoint's directory.
const CODES: &str = "codes.safetensors";

/// Columns of `metrics.csv` before the curves: `step`, `elapsed_secs`, `images_per_s`.
pub(super) const METRICS_LEAD: usize = 3;

/// What a checkpoint holds beside its tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckpointState {
    /// Updates done.
    pub step: u64,
    /// Updates behind the optimizer's moments.
    pub optimizer_updates: u64,
    /// Wall time spent training so far.
    pub elapsed_secs: f64,
    /// Keys as they stood, changes while training included.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The evaluation loss on held-out images at the final loss weights: lower is better.
    pub eval_loss: Option<f64>,
    /// All that was measured on held-out images.
    pub eval: serde_json::Map<String, serde_json::Value>,
}

impl CheckpointState {
    /// How images were spoilt for the encoder, where they were.
    pub fn corruption(&self) -> Option<Corruption> {
        Corruption::of_settings(&self.settings)
    }

    /// The evaluation loss with the KL term weighted by `beta`; the stored one where that was its weight or
    /// its terms are not told.
    fn loss_at(&self, beta: Option<f64>) -> f64 {
        let own = self.settings.get("beta").and_then(serde_json::Value::as_f64);
        let beta = beta.filter(|_| own != beta);
        let term = |name: &str| self.eval.get(name).and_then(serde_json::Value::as_f64);
        match (beta, term("reconstruction_nats"), term("kl_nats")) {
            (Some(beta), Some(reconstruction), Some(kl)) => reconstruction + beta * kl,
            _ => self.eval_loss.unwrap_or(f64::INFINITY),
        }
    }
}

/// A checkpoint on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Its directory.
    pub path: PathBuf,
    /// What `state.json` says.
    pub state: CheckpointState,
}

impl Checkpoint {
    /// The model's tensors.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn model(&self) -> Result<NamedArrays, FormatError> {
        ArrayFile::open(&self.path.join("model.safetensors"))?.arrays()
    }

    /// The optimizer's moments.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn optimizer(&self) -> Result<NamedArrays, FormatError> {
        ArrayFile::open(&self.path.join("optimizer.safetensors"))?.arrays()
    }

    /// What is kept of the use of the codebook; nothing where there is none.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn codes(&self) -> Result<Option<NamedArrays>, FormatError> {
        let path = self.path.join(CODES);
        if !path.exists() {
            return Ok(None);
        }
        ArrayFile::open(&path)?.arrays().map(Some)
    }
}

/// What `metrics.csv` tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The curves' names.
    pub curves: Vec<String>,
    /// A step and one value a curve, oldest first.
    pub rows: Vec<(u64, Vec<f32>)>,
}

/// Which checkpoint of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The lowest evaluation loss at the newest corruption; the newest where nothing was evaluated.
    Best,
    /// The newest.
    Latest,
    /// The newest that could be evaluated; the newest where none was.
    Good,
    /// The one of this step.
    Step(u64),
}

/// A run directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Whether a directory looks like a run.
    pub fn is_run(path: &Path) -> bool {
        path.join("config.json").is_file() && path.join("checkpoints").is_dir()
    }

    /// Whether a directory holds a description of a run of this program, with or without its checkpoints, or a damaged
    /// one.
    pub fn is_described(path: &Path) -> bool {
        let Ok(text) = fs::read_to_string(path.join("config.json")) else { return false };
        let value: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        value.is_none_or(|value| value.get("format").is_some())
    }

    /// Makes a new run directory and writes its description.
    ///
    /// # Errors
    /// When `path` is a file or a non-empty directory (unless `force`, which then removes an older run's
    /// files and nothing else), or the disk refuses.
    pub fn create(path: &Path, config: &RunConfig, force: bool) -> Result<Self, FormatError> {
        let run = Self { path: path.to_owned() };
        if path.is_file() {
            return Err(run.error(
                "make the run directory",
                "it is a file",
                "a new or empty directory",
            ));
        }
        let occupied = path.is_dir()
            && fs::read_dir(path).map_err(FormatError::io("list", path))?.next().is_some();
        if occupied && !(force && (Self::is_run(path) || only_just_begun(path))) {
            let found = if force { "it holds other files and no run" } else { "it is not empty" };
            return Err(run.error(
                "make the run directory",
                found,
                "a new or empty directory; choose another --out, or pass --force to replace the run in it",
            ));
        }
        if occupied {
            run.remove_run_files()?;
        }
        fs::create_dir_all(run.checkpoints_dir()).map_err(FormatError::io("make", path))?;
        run.write_config(config)?;
        Ok(run)
    }

    /// Writes one model of a run as a new folder: its description and its tensors, without what goes on training.
    ///
    /// # Errors
    /// When the folder is there and not empty, or the disk refuses.
    pub fn export(
        folder: &Path,
        config: &RunConfig,
        tensors: &NamedArrays,
    ) -> Result<(), FormatError> {
        super::write_whole_folder(folder, |folder| {
            Self { path: folder.to_owned() }.write_config(config)?;
            let file = folder.join("model.safetensors");
            write_arrays(&file, tensors, &NamedIndices::new(), &BTreeMap::new())
        })
    }

    /// Opens an existing run directory.
    ///
    /// # Errors
    /// When it is not one.
    pub fn open(path: &Path) -> Result<(Self, RunConfig), FormatError> {
        let run = Self { path: path.to_owned() };
        let file = path.join("config.json");
        let text = fs::read_to_string(&file).map_err(FormatError::io("read", &file))?;
        // Another layout may lack what this one needs, so its number comes first.
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if let Some(format) = format.filter(|format| *format != u64::from(FORMAT)) {
            return Err(FormatError::content(
                "read the run",
                format!("format {format}"),
                format!("format {FORMAT}, as this version of the program writes"),
                &file,
            ));
        }
        let config: RunConfig = serde_json::from_str(&text).map_err(|e| {
            FormatError::content(
                "read the run",
                e.to_string(),
                "a config.json that zscope train wrote",
                &file,
            )
        })?;
        config.model.check().map_err(|error| {
            FormatError::content("read the run", error, "sizes that go together", &file)
        })?;
        Ok((run, config))
    }

    /// Where the run is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The curves, one row a step.
    pub fn metrics_file(&self) -> PathBuf {
        self.path.join("metrics.csv")
    }

    /// The scalars of every step so far. A torn last row and rows with cells that are no numbers are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_metrics(&self) -> Result<Metrics, FormatError> {
        let file = self.metrics_file();
        let bytes = fs::read(&file).map_err(FormatError::io("read", &file))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let header = lines.next().unwrap_or_default().trim_end();
        // The first columns are the step and what the clock said.
        let curves: Vec<String> = header.split(',').skip(METRICS_LEAD).map(str::to_owned).collect();
        let rows = lines.filter_map(|line| {
            let mut cells = line.trim_end().split(',');
            let step = cells.next()?.parse().ok()?;
            let values: Option<Vec<f32>> =
                cells.skip(METRICS_LEAD - 1).map(|cell| cell.parse().ok()).collect();
            Some((step, values.filter(|values| values.len() == curves.len())?))
        });
        let rows = rows.collect();
        Ok(Metrics { curves, rows })
    }

    /// Where sample pictures go.
    pub fn samples_dir(&self) -> PathBuf {
        self.path.join("samples")
    }

    /// Replaces the description.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_config(&self, config: &RunConfig) -> Result<(), FormatError> {
        write_json(&self.path.join("config.json"), config)
    }

    /// Writes a checkpoint as one directory: all of it or nothing. One that is already there stays.
    ///
    /// # Errors
    /// When the disk refuses; nothing is left behind then.
    pub fn save(
        &self,
        state: &CheckpointState,
        model: &NamedArrays,
        optimizer: &NamedArrays,
        codes: Option<&NamedArrays>,
    ) -> Result<Checkpoint, FormatError> {
        let path = self.checkpoint_dir(state.step);
        if whole_checkpoint(&path).is_none() {
            remove_dir(&path)?;
            let unfinished =
                self.checkpoints_dir().join(format!(".step-{}.unfinished", state.step));
            remove_dir(&unfinished)?;
            let written = fs::create_dir(&unfinished)
                .map_err(FormatError::io("make", &unfinished))
                .and_then(|()| write_tensors(&unfinished.join("model.safetensors"), model))
                .and_then(|()| write_tensors(&unfinished.join("optimizer.safetensors"), optimizer))
                .and_then(|()| {
                    codes.map_or(Ok(()), |codes| write_tensors(&unfinished.join(CODES), codes))
                })
                .and_then(|()| write_json(&unfinished.join("state.json"), state))
                .and_then(|()| sync_dir(&unfinished))
                .and_then(|()| {
                    fs::rename(&unfinished, &path).map_err(FormatError::io("rename", &unfinished))
                })
                .and_then(|()| sync_dir(&self.checkpoints_dir()));
            if let Err(error) = written {
                remove_dir(&unfinished).ok();
                return Err(error);
            }
        }
        Ok(Checkpoint { path, state: state.clone() })
    }

    /// All whole checkpoints, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, FormatError> {
        let dir = self.checkpoints_dir();
        let mut found = Vec::new();
        for entry in fs::read_dir(&dir).map_err(FormatError::io("list", &dir))? {
            let path = entry.map_err(FormatError::io("list", &dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let step = name.strip_prefix("step-").and_then(|step| step.parse::<u64>().ok());
            let checkpoint = whole_checkpoint(&path);
            found.extend(checkpoint.filter(|checkpoint| Some(checkpoint.state.step) == step));
        }
        found.sort_by_key(|checkpoint| checkpoint.state.step);
        Ok(found)
    }

    /// One checkpoint.
    ///
    /// # Errors
    /// When there is none, or none of that step.
    pub fn pick(&self, pick: Pick) -> Result<Checkpoint, FormatError> {
        let all = self.checkpoints()?;
        let steps = all.iter().map(|c| c.state.step.to_string()).collect::<Vec<_>>().join(", ");
        // β may have changed on the way: all are judged by the one that was in force last.
        let beta = all.last().and_then(|c| c.state.settings.get("beta")?.as_f64());
        // Losses of another corruption are those of another task: they do not compare.
        let task = all.last().and_then(|c| c.state.corruption());
        let best = || {
            all.iter()
                .filter(|c| c.state.eval_loss.is_some_and(f64::is_finite))
                .filter(|c| c.state.corruption() == task)
                .min_by(|a, b| a.state.loss_at(beta).total_cmp(&b.state.loss_at(beta)))
        };
        let picked = match pick {
            Pick::Best => best().or(all.last()),
            Pick::Latest => all.last(),
            Pick::Good => all.iter().rfind(|c| c.state.eval_loss.is_some()).or(all.last()),
            Pick::Step(step) => all.iter().find(|c| c.state.step == step),
        };
        picked.cloned().ok_or_else(|| match pick {
            Pick::Step(step) if self.checkpoint_dir(step).exists() => {
                damage(&self.checkpoint_dir(step))
            }
            Pick::Step(step) if !all.is_empty() => self.error(
                "open the checkpoint",
                &format!("no step {step}"),
                &format!("one of the steps {steps}"),
            ),
            _ => {
                self.error("open the run", "no whole checkpoint", "checkpoints/step-N directories")
            }
        })
    }

    /// Deletes all but the `newest` newest, the best, and at most `history` that tell how the run went, spread over
    /// its steps as [`thinned`] spreads them.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn prune(&self, newest: usize, history: usize) -> Result<(), FormatError> {
        let all = self.checkpoints()?;
        let best = self.pick(Pick::Best)?.state.step;
        let steps: Vec<u64> = all.iter().map(|checkpoint| checkpoint.state.step).collect();
        let history = thinned(&steps, history);
        let keep_from = all.len().saturating_sub(newest);
        for &step in &steps[..keep_from] {
            if step != best && !history.contains(&step) {
                self.forget(step)?;
            }
        }
        Ok(())
    }

    /// Deletes the checkpoint of a step.
    ///
    /// # Errors
    /// When there is none or the disk refuses.
    pub fn forget(&self, step: u64) -> Result<(), FormatError> {
        let path = self.checkpoint_dir(step);
        let doomed = path.with_file_name(format!(".step-{step}.deleted"));
        fs::rename(&path, &doomed).map_err(FormatError::io("rename", &path))?;
        remove_dir(&doomed)
    }

    /// Removes what a killed process left unfinished.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sweep(&self) -> Result<(), FormatError> {
        let dir = self.checkpoints_dir();
        for entry in fs::read_dir(&dir).map_err(FormatError::io("list", &dir))? {
            let path = entry.map_err(FormatError::io("list", &dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(".step-") && path.is_dir() {
                remove_dir(&path)?;
            }
        }
        Ok(())
    }

    fn checkpoints_dir(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    fn checkpoint_dir(&self, step: u64) -> PathBuf {
        self.checkpoints_dir().join(format!("step-{step}"))
    }

    /// An older run's own files; anything else in the directory stays.
    fn remove_run_files(&self) -> Result<(), FormatError> {
        for dir in [self.checkpoints_dir(), self.samples_dir()] {
            remove_steps(&dir)?;
        }
        let codes = self.path.join(CODES_FILE);
        for file in [self.metrics_file(), self.path.join("config.json"), codes] {
            match fs::remove_file(&file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(FormatError::io("remove", &file)(e));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn error(&self, attempt: &'static str, found: &str, expected: &str) -> FormatError {
        FormatError::content(attempt, found, expected, &self.path)
    }
}

/// Whether a directory holds nothing but the beginnings of a run: what a process that was killed at once
/// leaves behind.
fn only_just_begun(path: &Path) -> bool {
    let own = |name: &str| {
        ["config.json", "checkpoints", "metrics.csv", "samples", CODES_FILE].contains(&name)
    };
    fs::read_dir(path).is_ok_and(|entries| {
        entries.flatten().all(|entry| entry.file_name().to_str().is_some_and(own))
    })
}

/// The checkpoint in a directory, when all of it is there.
fn whole_checkpoint(path: &Path) -> Option<Checkpoint> {
    let text = fs::read_to_string(path.join("state.json")).ok()?;
    let state = serde_json::from_str(&text).ok()?;
    // Opening checks a file's header against its length.
    ArrayFile::open(&path.join("model.safetensors")).ok()?;
    ArrayFile::open(&path.join("optimizer.safetensors")).ok()?;
    let codes = path.join(CODES);
    if codes.exists() {
        ArrayFile::open(&codes).ok()?;
    }
    Some(Checkpoint { path: path.to_owned(), state })
}

/// What is wrong with a checkpoint that is not whole.
fn damage(path: &Path) -> FormatError {
    let state = path.join("state.json");
    let files = ["model.safetensors", "optimizer.safetensors"];
    let broken = files.iter().find_map(|file| ArrayFile::open(&path.join(file)).err());
    broken.unwrap_or_else(|| {
        let found = "no state that can be read";
        FormatError::content("open the checkpoint", found, "what zscope train wrote", &state)
    })
}

fn remove_dir(path: &Path) -> Result<(), FormatError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FormatError::io("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Removes what a run has put into `checkpoints/` or `samples/`, and the folder itself when that was all.
fn remove_steps(dir: &Path) -> Result<(), FormatError> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(FormatError::io("list", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.trim_start_matches('.').starts_with("step-") {
            continue;
        }
        if path.is_dir() {
            remove_dir(&path)?;
        } else {
            fs::remove_file(&path).map_err(FormatError::io("remove", &path))?;
        }
    }
    match fs::remove_dir(dir) {
        Err(e) if e.kind() != io::ErrorKind::DirectoryNotEmpty => {
            Err(FormatError::io("remove", dir)(e))
        }
        _ => Ok(()),
    }
}

/// Makes a directory's entries durable; a no-op where directories cannot be opened.
fn sync_dir(path: &Path) -> Result<(), FormatError> {
    if cfg!(unix) {
        fs::File::open(path)
            .and_then(|dir| dir.sync_all())
            .map_err(FormatError::io("flush", path))?;
    }
    Ok(())
}

fn write_tensors(path: &Path, tensors: &NamedArrays) -> Result<(), FormatError> {
    write_arrays(path, tensors, &NamedIndices::new(), &BTreeMap::new())
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FormatError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| FormatError::content("write", e.to_string(), "finite numbers", path))?;
    write_whole(path, |file| io::Write::write_all(file, text.as_bytes()))
}
