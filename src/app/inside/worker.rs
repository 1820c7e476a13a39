//! The thread that looks inside: the newest wish first, all nodes while the hand rests, and then the watched images.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::app::wake::wake;
use crate::codec::CodecError;
use crate::engine::EngineError;
use crate::latest::Latest;
use crate::measure::inside::{Due, Inspector};
use crate::session::inside::{Look, Measured, Seen};
use crate::watch::Watch;

/// A hand that has not moved for so long rests.
const REST: Duration = Duration::from_millis(300);
/// A look that takes longer gives way to a newer one.
const PATIENCE: Duration = Duration::from_millis(150);
/// While weights come again and again, what is older than the first is measured anew after the second.
const STALE: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(40)];
/// A model learns beside it: the watched images, sixteen or so, are looked through anew after so many times what one of
/// them takes.
const TIMES: u32 = 64;

/// Where the window leaves what it wants to see.
#[derive(Default)]
pub(super) struct Desk {
    wish: Mutex<Wish>,
    bell: Condvar,
}

#[derive(Default)]
struct Wish {
    look: Option<Box<Look>>,
    is_over: bool,
}

impl Desk {
    /// Replaces what is wanted.
    pub(super) fn ask(&self, look: Look) {
        self.wish().look = Some(Box::new(look));
        self.bell.notify_one();
    }

    /// Nothing is wanted any more: the thread is to end.
    pub(super) fn end(&self) {
        self.wish().is_over = true;
        self.bell.notify_one();
    }

    fn is_urgent(&self) -> bool {
        let wish = self.wish();
        wish.is_over || wish.look.is_some()
    }

    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a wish, for `rest` at most where one is given.
    fn next(&self, rest: Option<Duration>) -> Next {
        let mut wish = self.wish();
        loop {
            if wish.is_over {
                return Next::Over;
            }
            if let Some(look) = wish.look.take() {
                return Next::Look(look);
            }
            let Some(rest) = rest else {
                wish = self.bell.wait(wish).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.bell.wait_timeout(wish, rest);
            let timed_out;
            (wish, timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
            if timed_out.timed_out() && wish.look.is_none() && !wish.is_over {
                return Next::Rest;
            }
        }
    }
}

/// What is to be done.
enum Next {
    Look(Box<Look>),
    Rest,
    Over,
}

/// The thread behind [`Looking`](super::Looking).
pub(super) struct Worker {
    pub(super) inspector: Inspector,
    pub(super) desk: Arc<Desk>,
    pub(super) seen: Latest<Seen>,
    pub(super) measured: Latest<Measured>,
    pub(super) errors: Latest<String>,
    pub(super) ctx: egui::Context,
}

impl Worker {
    pub(super) fn run(mut self) {
        // One thread, so that neither the picture of the point nor the trainer waits for it.
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else {
            self.errors.put("no threads to look with".to_owned());
            return;
        };
        let mut plan = Plan::default();
        loop {
            let next = self.desk.next(plan.rest(&self.inspector));
            let (desk, begun) = (Arc::clone(&self.desk), Instant::now());
            let done = match next {
                Next::Over => return,
                Next::Look(look) => {
                    let watch =
                        Watch::new(move |_| begun.elapsed() < PATIENCE || !desk.is_urgent());
                    let seen = pool.install(|| self.inspector.look(&look, &watch));
                    plan.ask(look);
                    seen.map(|seen| self.seen.put(seen))
                }
                Next::Rest => {
                    let Some((task, look)) = plan.begin(&self.inspector) else { continue };
                    let watch = Watch::new(move |_| !desk.is_urgent());
                    let found = pool.install(|| match task {
                        Task::Measure => self.inspector.measure(look, &watch).map(Some),
                        Task::Census => self.inspector.census_next(look, &watch),
                    });
                    let took = begun.elapsed();
                    plan.ended(task, took, found.as_ref().is_err_and(|error| !is_stopped(error)));
                    let Some(measured) = found.transpose() else { continue };
                    measured.map(|measured| self.measured.put(measured))
                }
            };
            match done {
                Err(error) if is_stopped(&error) => {}
                Err(error) => self.errors.put(error.to_string()),
                Ok(()) => {}
            }
            wake(&self.ctx);
        }
    }
}

/// What is done while nothing new is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// All nodes, for the picture that is shown.
    Measure,
    /// The next of the watched images.
    Census,
}

/// What is yet to be done for the newest wish.
#[derive(Default)]
struct Plan {
    look: Option<Box<Look>>,
    is_measured: bool,
    /// Whether the last thing that was done was one of the watched images.
    counts: bool,
    /// Whether a watched image failed, as the next one would too.
    has_failed: bool,
    measured_at: Option<Instant>,
    counted_at: Option<Instant>,
    /// What the last of the watched images took.
    took: Duration,
}

impl Plan {
    fn ask(&mut self, look: Box<Look>) {
        self.look = Some(look);
        (self.is_measured, self.counts, self.has_failed) = (false, false, false);
    }

    /// What comes next, and how long the hand is to rest before it.
    fn next(&self, inspector: &Inspector) -> Option<(Duration, Task)> {
        let look = self.look.as_ref()?;
        let is_old = self.measured_at.is_none_or(|at| at.elapsed() > STALE[0]);
        let measuring = (!self.is_measured).then_some(if is_old { STALE[1] } else { REST });
        let due = inspector.due(look).filter(|_| !self.has_failed);
        let counting = due.map(|due| match due {
            Due::Soon if self.counts => Duration::ZERO,
            Due::Soon => STALE[1],
            Due::Later => {
                let since = self.counted_at.map_or(Duration::MAX, |at| at.elapsed());
                STALE[0].max(TIMES * self.took).saturating_sub(since).max(STALE[1])
            }
        });
        let measuring = measuring.map(|rest| (rest, Task::Measure));
        let counting = counting.map(|rest| (rest, Task::Census));
        // What is shown comes before other images.
        [measuring, counting].into_iter().flatten().min_by_key(|(rest, _)| *rest)
    }

    fn rest(&self, inspector: &Inspector) -> Option<Duration> {
        self.next(inspector).map(|(rest, _)| rest)
    }

    fn begin(&mut self, inspector: &Inspector) -> Option<(Task, &Look)> {
        let (_, task) = self.next(inspector)?;
        if task == Task::Measure {
            self.is_measured = true;
            self.measured_at = Some(Instant::now());
        }
        Some((task, self.look.as_deref()?))
    }

    fn ended(&mut self, task: Task, took: Duration, has_failed: bool) {
        self.counts = task == Task::Census;
        if self.counts {
            self.counted_at = Some(Instant::now());
            self.took = took;
            self.has_failed = has_failed;
        }
    }
}

/// Whether a run gave way to a newer wish.
fn is_stopped(error: &CodecError) -> bool {
    matches!(error.downcast_ref(), Some(EngineError::Stopped(_)))
}
