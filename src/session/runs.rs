//! The table of runs: its columns, its order, what words find in it, and how descriptions differ.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;

use super::series::csv_cell;
use crate::formats::run_list::{Ended, RunSummary};
use crate::language::tr_later;

/// All that is known of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunList {
    /// Every run, in no order.
    pub all: Vec<RunSummary>,
    /// Folders that a person added to the runs folder.
    pub folders: Vec<String>,
    /// Why folders cannot be listed.
    pub troubles: Vec<String>,
    /// Whether they are being read.
    pub is_reading: bool,
    /// Whether they were read at all.
    pub is_read: bool,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is in training here.
    Training,
    /// All its steps are done.
    Finished,
    /// It ended before that.
    Stopped,
    /// A loss stopped being a number.
    Diverged,
    /// Its files cannot be read.
    Damaged,
}

impl Standing {
    /// Where a run stands, if `training` is the directory of the one in training.
    pub fn of(run: &RunSummary, training: Option<&Path>) -> Self {
        match &run.ended {
            _ if training == Some(run.dir.as_path()) => Self::Training,
            Ended::Finished => Self::Finished,
            Ended::Stopped => Self::Stopped,
            Ended::Diverged => Self::Diverged,
            Ended::Damaged(_) => Self::Damaged,
        }
    }

    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => tr_later!("in training"),
            Self::Finished => tr_later!("finished"),
            Self::Stopped => tr_later!("stopped"),
            Self::Diverged => tr_later!("diverged"),
            Self::Damaged => tr_later!("damaged"),
        }
    }
}

/// A column of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// The directory's name.
    Name,
    /// Where it stands.
    State,
    /// The recipe.
    Recipe,
    /// What it learns from.
    Data,
    /// Updates done, and in all.
    Steps,
    /// Of held-out reconstructions.
    Psnr,
    /// Evidence lower bound.
    Elbo,
    /// Fréchet distance.
    Frechet,
    /// Codes used.
    Codes,
    /// When it changed last.
    #[default]
    Changed,
    /// Time spent training.
    Trained,
    /// On the disk.
    Bytes,
    /// What a person noted.
    Notes,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 13] = [
        Self::Name,
        Self::State,
        Self::Recipe,
        Self::Data,
        Self::Steps,
        Self::Psnr,
        Self::Elbo,
        Self::Frechet,
        Self::Codes,
        Self::Changed,
        Self::Trained,
        Self::Bytes,
        Self::Notes,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => tr_later!("Name"),
            Self::State => tr_later!("State"),
            Self::Recipe => tr_later!("Recipe"),
            Self::Data => tr_later!("Data"),
            Self::Steps => tr_later!("Steps"),
            Self::Psnr => "PSNR / dB",
            Self::Elbo => "ELBO / nats",
            Self::Frechet => "Fréchet",
            Self::Codes => tr_later!("Codes"),
            Self::Changed => tr_later!("Date (UTC)"),
            Self::Trained => tr_later!("Trained"),
            Self::Bytes => tr_later!("Size"),
            Self::Notes => tr_later!("Notes"),
        }
    }

    /// What it tells.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Name => tr_later!("The run's directory."),
            Self::State => tr_later!("In training here, finished, stopped, diverged, or damaged."),
            Self::Recipe => tr_later!("What is trained."),
            Self::Data => tr_later!("What it learns from."),
            Self::Steps => tr_later!("Updates that are done, of those in the whole run."),
            Self::Psnr => {
                tr_later!(
                    "Peak signal-to-noise ratio of held-out reconstructions, of the newest checkpoint. Higher is better."
                )
            }
            Self::Elbo => {
                tr_later!(
                    "Evidence lower bound on held-out images, of the newest checkpoint. Higher is better."
                )
            }
            Self::Frechet => {
                tr_later!(
                    "Fréchet distance between made and held-out images on pooled pixels, of the newest checkpoint. Lower is better."
                )
            }
            Self::Codes => tr_later!("Codes that held-out images use, of the newest checkpoint."),
            Self::Changed => tr_later!("When its files changed last."),
            Self::Trained => tr_later!("Time spent training, all its parts together."),
            Self::Bytes => tr_later!("What it takes on the disk."),
            Self::Notes => tr_later!("What you noted. Choose a run to write more."),
        }
    }

    /// The measure that the column tells.
    pub fn measure(self) -> Option<&'static str> {
        match self {
            Self::Psnr => Some("psnr_db"),
            Self::Elbo => Some("elbo_nats"),
            Self::Frechet => Some("frechet"),
            Self::Codes => Some("codes_used"),
            _ => None,
        }
    }

    /// Whether its first click brings the greatest up: numbers and dates do, words do not.
    pub fn falls_first(self) -> bool {
        !matches!(self, Self::Name | Self::State | Self::Recipe | Self::Data | Self::Notes)
    }
}

/// Which runs hold all of some words, anywhere in what is told of them, in the order of a column: their places in
/// `all`. Runs without a value come last, whichever the order; of equal ones the newest comes first.
pub fn shown(
    all: &[RunSummary],
    training: Option<&Path>,
    words: &str,
    column: Column,
    falling: bool,
) -> Vec<usize> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let holds = |run: &RunSummary| {
        let state = Standing::of(run, training).name();
        let dir = run.dir.display().to_string();
        let text = [&*dir, state, &*run.recipe, &*run.data, &*run.notes].join("\n").to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let mut places: Vec<usize> = (0..all.len()).filter(|&place| holds(&all[place])).collect();
    places.sort_by(|&a, &b| {
        let (a, b) = (&all[a], &all[b]);
        let newest = || b.changed_secs.cmp(&a.changed_secs).then_with(|| a.dir.cmp(&b.dir));
        order(a, b, training, column, falling).then_with(newest)
    });
    places
}

fn order(
    a: &RunSummary,
    b: &RunSummary,
    training: Option<&Path>,
    column: Column,
    falling: bool,
) -> Ordering {
    let turned = |order: Ordering| if falling { order.reverse() } else { order };
    let text = |a: &str, b: &str| match (a.is_empty(), b.is_empty()) {
        (false, false) => turned(a.to_lowercase().cmp(&b.to_lowercase())),
        (a_is_empty, b_is_empty) => a_is_empty.cmp(&b_is_empty),
    };
    if let Some(name) = column.measure() {
        let value = |run: &RunSummary| run.measures.get(name).copied().filter(|v| v.is_finite());
        return match (value(a), value(b)) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
    }
    match column {
        Column::Name => text(&a.name, &b.name),
        Column::Recipe => text(&a.recipe, &b.recipe),
        Column::Data => text(&a.data, &b.data),
        Column::Notes => text(&a.notes, &b.notes),
        Column::State => turned(Standing::of(a, training).cmp(&Standing::of(b, training))),
        Column::Steps => turned(a.step.cmp(&b.step)),
        Column::Trained => turned(a.trained_secs.total_cmp(&b.trained_secs)),
        Column::Bytes => turned(a.bytes.cmp(&b.bytes)),
        _ => turned(a.changed_secs.cmp(&b.changed_secs)),
    }
}

/// Runs as CSV, a line each: all that columns tell, with all digits, whatever language the window has. `training` is
/// the directory of the run in training, the updates that it has done, and those in all.
pub fn csv<'a>(
    runs: impl IntoIterator<Item = &'a RunSummary>,
    training: Option<(&Path, [u64; 2])>,
) -> String {
    let mut keys = vec!["name", "path", "state", "recipe", "data", "step", "total_steps"];
    keys.extend(Column::ALL.into_iter().filter_map(Column::measure));
    keys.extend(["changed_utc", "trained_secs", "bytes", "notes"]);
    let mut text = keys.join(",") + "\n";
    for run in runs {
        let standing = Standing::of(run, training.map(|(dir, _)| dir));
        let [step, total_steps] = match training {
            Some((_, steps)) if standing == Standing::Training => steps,
            _ => [run.step, run.total_steps],
        };
        let measured = |column: Column| {
            let value = run.measures.get(column.measure()?).filter(|value| value.is_finite());
            Some(value.map_or_else(String::new, f64::to_string))
        };
        let changed = if run.changed_secs > 0 { date(run.changed_secs) } else { String::new() };
        let mut cells = vec![
            run.name.clone(),
            run.dir.display().to_string(),
            standing.name().to_owned(),
            run.recipe.clone(),
            run.data.clone(),
            step.to_string(),
            total_steps.to_string(),
        ];
        cells.extend(Column::ALL.into_iter().filter_map(measured));
        cells.extend([changed, run.trained_secs.to_string()]);
        cells.extend([run.bytes.to_string(), run.notes.clone()]);
        text += &cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

/// A key of descriptions, and its value in each run that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    /// The key.
    pub key: String,
    /// A value a run.
    pub values: Vec<Option<String>>,
    /// Whether not all of them are the same.
    pub differs: bool,
}

/// Every key that at least one of some runs has: those in which they differ first, by name.
pub fn differences(runs: &[&RunSummary]) -> Vec<ConfigLine> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.config.keys()).collect();
    let line = |key: &String| {
        let values: Vec<_> = runs.iter().map(|run| run.config.get(key).cloned()).collect();
        let differs = values.windows(2).any(|pair| pair[0] != pair[1]);
        ConfigLine { key: key.clone(), values, differs }
    };
    let mut lines: Vec<ConfigLine> = keys.into_iter().map(line).collect();
    lines.sort_by_key(|line| !line.differs);
    lines
}

/// A moment as `2026-11-26 08:43`, of seconds since 1970, in UTC.
///
/// # Source
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub fn date(secs: u64) -> String {
    let (days, of_day) = (secs / 86_400, secs % 86_400);
    // From 1 March of the year 0, in eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (of_day / 3_600, of_day / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}
