//! The curves of another run, kept to be seen behind those of this one.

use std::path::{Path, PathBuf};

use super::{Series, Session};

/// The curves that a run had told when they were taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    name: String,
    step: u64,
    run_dir: Option<PathBuf>,
    data: Option<String>,
    series: Vec<(String, Series)>,
}

impl Compared {
    /// As many runs can be compared with this one; more lines would tell nothing.
    pub const MOST: usize = 3;

    /// What a run has told so far, under a name for people.
    pub fn of(name: impl Into<String>, session: &Session) -> Self {
        let told = session.series().filter(|(_, series)| !series.is_empty());
        let series = told.map(|(name, series)| (name.to_owned(), series.clone())).collect();
        let run = session.run();
        Self {
            name: name.into(),
            step: session.step(),
            run_dir: run.map(|run| run.run_dir.clone()),
            data: run.map(|run| run.data.clone()),
            series,
        }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Updates that it had done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Where it is kept.
    pub fn run_dir(&self) -> Option<&Path> {
        self.run_dir.as_deref()
    }

    /// What it learned from.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// Whether it has told nothing.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Its curves by name.
    pub fn series(&self) -> impl ExactSizeIterator<Item = (&str, &Series)> {
        self.series.iter().map(|(name, series)| (name.as_str(), series))
    }

    /// The curve of that name.
    pub fn series_by_name(&self, name: &str) -> Option<&Series> {
        self.series().find(|(known, _)| *known == name).map(|(_, series)| series)
    }
}
