//! The runs of a folder, each told from its files: what it is, how far it came, what it measured last.
//!
//! Reading never fails as a whole: of a damaged run is told what is wrong with it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::Value;

use super::run_dir::{METRICS_LEAD, RunConfig, RunDir};
use super::{FormatError, write_whole};

/// The file of a run directory that holds what a person notes of it.
pub const NOTES: &str = "notes.txt";
/// The longest notes that are kept, in bytes.
pub const MOST_NOTES: usize = 16_384;
/// The folder beside runs that takes those that were deleted.
pub const DELETED: &str = "deleted";

/// A description is no longer, in bytes.
const MOST_CONFIG: u64 = 1 << 24;
/// The newest rows of the curves are looked for in so many bytes at their end.
const TAIL: u64 = 1 << 18;
/// Folders are looked into no deeper for their size.
const MOST_NESTED: usize = 6;

/// How a run that is not in training ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All its steps are done.
    Finished,
    /// Before its end.
    Stopped,
    /// A curve was no number any more.
    Diverged,
    /// Its files cannot be read; says what is wrong.
    Damaged(String),
}

/// What is told of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// Where it is kept.
    pub dir: PathBuf,
    /// Its directory's name.
    pub name: String,
    /// The recipe's name.
    pub recipe: String,
    /// The data's specification.
    pub data: String,
    /// Updates done.
    pub step: u64,
    /// Updates in the whole run.
    pub total_steps: u64,
    /// What its newest checkpoint measured on held-out images, by name.
    pub measures: BTreeMap<String, f64>,
    /// When its files changed last, in seconds since 1970 (UTC).
    pub changed_secs: u64,
    /// Time spent training, in seconds.
    pub trained_secs: f64,
    /// What it takes on the disk, in bytes.
    pub bytes: u64,
    /// The steps of its whole checkpoints, ascending.
    pub checkpoints: Vec<u64>,
    /// What a person noted.
    pub notes: String,
    /// How it ended.
    pub ended: Ended,
    /// Its description, key by key.
    pub config: BTreeMap<String, String>,
}

/// The directories of the runs in a folder, which may be one itself. What is no run is left out.
///
/// # Errors
/// When the folder cannot be listed.
pub fn runs_in(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    if looks_like_run(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = match fs::read_dir(folder) {
        // The runs folder is made with the first run.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FormatError::io("list the runs", folder))?,
    };
    let mut runs: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| looks_like_run(path)).collect();
    runs.sort();
    Ok(runs)
}

/// Whether there is a run, or what is left of one.
fn looks_like_run(path: &Path) -> bool {
    let is_there = |name: &str| path.join(name).exists();
    let has_steps = is_there("checkpoints") && is_there("metrics.csv");
    has_steps
        || config_bytes(path).is_some_and(|bytes| bytes > MOST_CONFIG || RunDir::is_described(path))
}

/// The size of a description; nothing where there is none, or something else than a file in its place.
fn config_bytes(dir: &Path) -> Option<u64> {
    let file = fs::metadata(dir.join("config.json")).ok()?;
    file.is_file().then_some(file.len())
}

/// What the files of a run tell.
pub fn summary(dir: &Path) -> RunSummary {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut told = RunSummary {
        dir: dir.to_owned(),
        name,
        recipe: String::new(),
        data: String::new(),
        step: 0,
        total_steps: 0,
        measures: BTreeMap::new(),
        changed_secs: changed_secs(dir),
        trained_secs: 0.0,
        bytes: bytes(dir, MOST_NESTED),
        checkpoints: Vec::new(),
        notes: read_notes(dir),
        ended: Ended::Stopped,
        config: BTreeMap::new(),
    };
    // Whatever is no file might never end.
    match config_bytes(dir) {
        Some(bytes) if bytes > MOST_CONFIG => {
            let why = format!("config.json has {bytes} bytes (expected at most {MOST_CONFIG})");
            told.ended = Ended::Damaged(why);
            return told;
        }
        None => {
            let why = "no config.json (expected one that zscope train wrote)";
            told.ended = Ended::Damaged(why.to_owned());
            return told;
        }
        Some(_) => {}
    }
    if let Err(error) = fill(&mut told) {
        told.ended = Ended::Damaged(error.to_string());
    }
    told
}

fn fill(told: &mut RunSummary) -> Result<(), FormatError> {
    let (run, config) = RunDir::open(&told.dir)?;
    told.recipe.clone_from(&config.recipe);
    told.data.clone_from(&config.data);
    told.total_steps = config.total_steps;
    told.config = keys(&config);
    let mut diverged = false;
    if let Some(row) = last_row(&run.metrics_file()) {
        told.step = row.step;
        told.trained_secs = row.elapsed_secs;
        diverged = row.is_broken;
    }
    let checkpoints = run.checkpoints()?;
    told.checkpoints = checkpoints.iter().map(|checkpoint| checkpoint.state.step).collect();
    if let Some(newest) = checkpoints.last() {
        told.step = told.step.max(newest.state.step);
        told.trained_secs = told.trained_secs.max(newest.state.elapsed_secs);
    }
    let measured = checkpoints.iter().rev().find(|checkpoint| !checkpoint.state.eval.is_empty());
    if let Some(measured) = measured {
        let values = measured.state.eval.iter();
        let values = values.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        told.measures = values.collect();
    }
    told.ended = if diverged {
        Ended::Diverged
    } else if checkpoints.is_empty() {
        Ended::Damaged("no whole checkpoint (expected checkpoints/step-N directories)".to_owned())
    } else if told.step >= told.total_steps {
        Ended::Finished
    } else {
        Ended::Stopped
    };
    Ok(())
}

/// The newest row of the curves.
struct Row {
    step: u64,
    elapsed_secs: f64,
    /// Whether one of its values is no number.
    is_broken: bool,
}

/// The last whole row of `metrics.csv`; nothing where there is none.
fn last_row(path: &Path) -> Option<Row> {
    let len = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    let text = String::from_utf8_lossy(&tail);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let cells: Vec<&str> = whole.rsplit('\n').next()?.trim_end().split(',').collect();
    let number = |cell: &&str| cell.parse::<f64>().ok();
    let elapsed_secs = number(cells.get(1)?).filter(|secs| secs.is_finite() && *secs >= 0.0)?;
    let values = cells.get(METRICS_LEAD..).unwrap_or_default();
    let is_broken = values.iter().filter_map(number).any(|value| !value.is_finite());
    Some(Row { step: cells[0].parse().ok()?, elapsed_secs, is_broken })
}

/// Every key of a description with its value, those of parts as `model.latent_dim`; the recipe's own come without
/// `settings.` before them.
fn keys(config: &RunConfig) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Object(all)) = serde_json::to_value(config) {
        for (name, value) in &all {
            let is_recipes = name == "settings";
            flatten(if is_recipes { "" } else { name }, value, &mut found);
        }
    }
    found
}

fn flatten(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                let name = if name.is_empty() { part.clone() } else { format!("{name}.{part}") };
                flatten(&name, value, found);
            }
        }
        Value::String(text) => drop(found.insert(name.to_owned(), text.clone())),
        // 5 and 5.0 are one number.
        Value::Number(number) => {
            let text = number.as_f64().filter(|_| number.is_f64()).map(|number| number.to_string());
            found.insert(name.to_owned(), text.unwrap_or_else(|| number.to_string()));
        }
        other => drop(found.insert(name.to_owned(), other.to_string())),
    }
}

/// When a run's own files changed last.
fn changed_secs(dir: &Path) -> u64 {
    let changed = |name: &str| {
        let at = fs::metadata(dir.join(name)).and_then(|file| file.modified()).ok()?;
        Some(at.duration_since(UNIX_EPOCH).ok()?.as_secs())
    };
    ["config.json", "metrics.csv", "checkpoints"].into_iter().filter_map(changed).max().unwrap_or(0)
}

/// What a folder takes on the disk; links are not followed.
fn bytes(folder: &Path, nested: usize) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() && nested > 0 => bytes(&entry.path(), nested - 1),
        Ok(found) if found.is_file() => found.len(),
        _ => 0,
    };
    entries.flatten().map(size).sum()
}

fn read_notes(dir: &Path) -> String {
    let path = dir.join(NOTES);
    if !path.is_file() {
        return String::new();
    }
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MOST_NOTES as u64).read_to_end(&mut bytes));
    read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&bytes).into_owned())
}

/// Keeps what a person notes of a run, cut to [`MOST_NOTES`]; without a text the file goes.
///
/// # Errors
/// When the disk refuses; what was noted before stays then.
pub fn write_notes(dir: &Path, text: &str) -> Result<(), FormatError> {
    let path = dir.join(NOTES);
    let text = text.trim_end();
    if text.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(FormatError::io("remove the notes", &path)(error))
            }
            _ => Ok(()),
        };
    }
    let text = &text[..text.floor_char_boundary(MOST_NOTES)];
    write_whole(&path, |out| out.write_all(text.as_bytes()))
}

/// Moves a run into the folder [`DELETED`] beside it, under a name that is free there; gives its new place.
///
/// # Errors
/// When it is no run, or the disk refuses.
pub fn put_away(dir: &Path) -> Result<PathBuf, FormatError> {
    let parent = dir.parent().filter(|_| looks_like_run(dir));
    let name = dir.file_name().zip(parent);
    let Some((name, parent)) = name else {
        return Err(FormatError::content("delete the run", "no run", "a run directory", dir));
    };
    let deleted = parent.join(DELETED);
    fs::create_dir_all(&deleted).map_err(FormatError::io("make", &deleted))?;
    let name = name.to_string_lossy();
    let numbered = (2..).map(|number| deleted.join(format!("{name}-{number}")));
    let free = std::iter::once(deleted.join(&*name)).chain(numbered).find(|path| !path.exists());
    let to = free.unwrap_or_else(|| deleted.join(&*name));
    fs::rename(dir, &to).map_err(FormatError::io("delete the run", dir))?;
    Ok(to)
}
