//! Long jobs that a person started: how far each is, and the way to end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use eframe::egui;

use crate::ui::TaskLine;
use crate::watch::Watch;

/// Shares are told in these steps.
const STEPS: f64 = 1000.0;

/// The jobs under way.
#[derive(Default)]
pub(super) struct Tasks {
    tasks: Vec<(u64, String, Arc<Course>)>,
    /// The number of the newest.
    newest: u64,
}

/// How far a job is, shared with its thread.
#[derive(Default)]
pub(super) struct Course {
    done: AtomicU32,
    is_over: AtomicBool,
    is_cancelled: AtomicBool,
}

/// A job's own end of its course: the job is over when it goes.
pub(super) struct Begun(Arc<Course>);

impl Begun {
    /// Tells the window how far the job is, and ends it where a person cancels.
    pub(super) fn watch(&self, ctx: &egui::Context) -> Watch {
        let (course, ctx) = (Arc::clone(&self.0), ctx.clone());
        Watch::new(move |share| {
            let done = (share * STEPS) as u32;
            if course.done.fetch_max(done, Ordering::Relaxed) < done {
                ctx.request_repaint();
            }
            !course.is_cancelled.load(Ordering::Relaxed)
        })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    /// A new job of a name.
    pub(super) fn begin(&mut self, name: &str) -> Begun {
        self.newest += 1;
        let course = Arc::new(Course::default());
        self.tasks.push((self.newest, name.to_owned(), Arc::clone(&course)));
        Begun(course)
    }

    /// Ends a job as soon as it asks whether to go on.
    pub(super) fn cancel(&self, number: u64) {
        for (_, _, course) in self.tasks.iter().filter(|(own, ..)| *own == number) {
            course.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets those that are over, and tells of the others.
    pub(super) fn lines(&mut self) -> Vec<TaskLine> {
        self.tasks.retain(|(_, _, course)| !course.is_over.load(Ordering::Relaxed));
        let line = |(number, name, course): &(u64, String, Arc<Course>)| TaskLine {
            number: *number,
            name: name.clone(),
            share: f64::from(course.done.load(Ordering::Relaxed)) / STEPS,
        };
        self.tasks.iter().map(line).collect()
    }

    /// Ends all of them.
    pub(super) fn cancel_all(&self) {
        for (_, _, course) in &self.tasks {
            course.is_cancelled.store(true, Ordering::Relaxed);
        }
    }
}
