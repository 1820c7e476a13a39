//! Which long jobs are under way and since when, to tell of those that end while nobody looks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A job under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LongJob {
    /// What it is called.
    pub name: String,
    /// What tells it from others of its name.
    pub number: u64,
}

/// All jobs under way, each with the time at which it was seen first.
#[derive(Clone, Debug, Default)]
pub struct LongJobs {
    began: BTreeMap<LongJob, Instant>,
}

impl LongJobs {
    /// Takes what is under way now; gives what has ended since, each with how long it took.
    pub fn follow(
        &mut self,
        running: impl IntoIterator<Item = LongJob>,
        now: Instant,
    ) -> Vec<(String, Duration)> {
        let before = std::mem::take(&mut self.began);
        for job in running {
            let began = before.get(&job).copied().unwrap_or(now);
            self.began.insert(job, began);
        }
        let ended = before.into_iter().filter(|(job, _)| !self.began.contains_key(job));
        ended.map(|(job, began)| (job.name, now.saturating_duration_since(began))).collect()
    }
}
