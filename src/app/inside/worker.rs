//! The thread that looks inside: the newest wish first, and all nodes while the hand rests.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::codec::CodecError;
use crate::engine::EngineError;
use crate::latest::Latest;
use crate::measure::inside::Inspector;
use crate::session::inside::{Look, Measured, Seen};
use crate::watch::Watch;

/// A hand that has not moved for so long rests.
const REST: Duration = Duration::from_millis(300);
/// A look that takes longer gives way to a newer one.
const PATIENCE: Duration = Duration::from_millis(150);
/// While weights come again and again, what is older than the first is measured anew after the second.
const STALE: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(40)];

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
        let mut unmeasured: Option<Box<Look>> = None;
        let mut measured_at: Option<Instant> = None;
        loop {
            let is_old = measured_at.is_none_or(|at| at.elapsed() > STALE[0]);
            let rest = if is_old { STALE[1] } else { REST };
            let done = match self.desk.next(unmeasured.as_ref().map(|_| rest)) {
                Next::Over => return,
                Next::Look(look) => {
                    let (desk, begun) = (Arc::clone(&self.desk), Instant::now());
                    let watch =
                        Watch::new(move |_| begun.elapsed() < PATIENCE || !desk.is_urgent());
                    let seen = pool.install(|| self.inspector.look(&look, &watch));
                    unmeasured = Some(look);
                    seen.map(|seen| self.seen.put(seen))
                }
                Next::Rest => {
                    let Some(look) = unmeasured.take() else { continue };
                    let desk = Arc::clone(&self.desk);
                    let watch = Watch::new(move |_| !desk.is_urgent());
                    measured_at = Some(Instant::now());
                    let measured = pool.install(|| self.inspector.measure(&look, &watch));
                    measured.map(|measured| self.measured.put(measured))
                }
            };
            match done {
                Err(error) if is_stopped(&error) => {}
                Err(error) => self.errors.put(error.to_string()),
                Ok(()) => {}
            }
            self.ctx.request_repaint();
        }
    }
}

/// Whether a run gave way to a newer wish.
fn is_stopped(error: &CodecError) -> bool {
    matches!(error.downcast_ref(), Some(EngineError::Stopped(_)))
}
