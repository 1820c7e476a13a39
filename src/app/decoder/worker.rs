//! The thread that decodes for the window: newest wish first, and a large picture only while nothing else is wanted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::array::Array;
use crate::codec::CodecError;
use crate::engine::EngineError;
use crate::engine::sizes::Sizes;
use crate::graph::lower::Networks;
use crate::latest::Latest;
use crate::picture::ValueRange;
use crate::watch::Watch;

/// The longest that a row of the pad waits to be shown while others are drawn.
const ROW_WAIT: Duration = Duration::from_millis(150);

/// Between two frames that show how far a large picture is.
const COURSE_WAIT: Duration = Duration::from_millis(100);

/// What [`Desk::course`] holds while no large picture is in the making.
const IDLE: u32 = u32::MAX;

/// What the picture is made of.
#[derive(Clone)]
pub(super) enum Point {
    /// A latent, flat.
    Latent(Vec<f32>),
    /// Indices of codes, `[q * cells]`.
    Codes(Vec<f32>),
}

/// What the window wants drawn; only the newest of each kind.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) weights: Option<Networks>,
    pub(super) point: Option<Point>,
    pub(super) rows: BTreeMap<usize, Vec<f32>>,
    /// The point whose preview was drawn, to be drawn whole when nothing else is wanted.
    whole: Option<Point>,
    pub(super) quit: bool,
}

impl Wanted {
    /// Whether something comes before a large picture.
    fn is_urgent(&self) -> bool {
        self.quit || self.weights.is_some() || self.point.is_some() || !self.rows.is_empty()
    }
}

/// Where the window leaves what it wants, and the worker how far it is.
pub(super) struct Desk {
    wanted: Mutex<Wanted>,
    bell: Condvar,
    /// Thousandths of the large picture in the making.
    course: AtomicU32,
}

impl Default for Desk {
    fn default() -> Self {
        Self { wanted: Mutex::default(), bell: Condvar::default(), course: AtomicU32::new(IDLE) }
    }
}

impl Desk {
    pub(super) fn ask(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.wanted());
        self.bell.notify_one();
    }

    /// The share of the large picture in the making that is done.
    pub(super) fn share(&self) -> Option<f32> {
        let course = self.course.load(Ordering::Relaxed);
        (course != IDLE).then_some(course as f32 / 1000.0)
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A picture of the point.
pub(super) struct Drawn {
    /// One image, in `[0, 1]`.
    pub(super) images: Array,
    /// How much smaller it is along each side than it should be.
    pub(super) factor: usize,
}

/// The next thing to draw.
enum Job {
    Point(Point),
    Row(usize, Vec<f32>),
    Whole(Point),
}

/// The thread behind a [`ThreadDecoder`](super::ThreadDecoder).
pub(super) struct Worker {
    pub(super) errors: Latest<String>,
    pub(super) latents: Sizes,
    pub(super) codes: Option<Sizes>,
    pub(super) desk: Arc<Desk>,
    pub(super) point: Latest<Drawn>,
    pub(super) rows: Vec<Latest<Array>>,
    pub(super) range: ValueRange,
    pub(super) ctx: egui::Context,
}

impl Worker {
    pub(super) fn run(mut self) {
        // One thread, so that decoding never waits for the trainer's pool.
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else {
            self.errors.put("no threads to decode on".to_owned());
            return;
        };
        while let Some((weights, job)) = self.next() {
            let is_row = matches!(job, Some(Job::Row(..)));
            let drawn = pool.install(|| self.draw(weights, job));
            self.desk.course.store(IDLE, Ordering::Relaxed);
            if let Err(error) = drawn {
                self.errors.put(error.to_string());
            }
            let is_last = self.desk.wanted().rows.is_empty();
            // A frame for every row of the pad would cost more than the row.
            let wait = if is_row && !is_last { ROW_WAIT } else { Duration::ZERO };
            self.ctx.request_repaint_after(wait);
        }
    }

    /// Waits for something to do; nothing when the window is done with this thread.
    fn next(&self) -> Option<(Option<Networks>, Option<Job>)> {
        let mut wanted = self.desk.wanted();
        loop {
            if wanted.quit {
                return None;
            }
            let weights = wanted.weights.take();
            let job = if let Some(point) = wanted.point.take() {
                wanted.whole = None;
                Some(Job::Point(point))
            } else if let Some((row, latents)) = wanted.rows.pop_first() {
                Some(Job::Row(row, latents))
            } else {
                wanted.whole.take().map(Job::Whole)
            };
            if job.is_some() || weights.is_some() {
                return Some((weights, job));
            }
            wanted = self.desk.bell.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn draw(&mut self, weights: Option<Networks>, job: Option<Job>) -> Result<(), CodecError> {
        if let Some(networks) = weights {
            self.latents.update_weights(networks.decoder()?)?;
            if let (Some(sizes), Some(codes)) = (&mut self.codes, &networks.codes) {
                sizes.update_weights(codes.decoder()?)?;
            }
        }
        match job {
            Some(Job::Point(point)) => self.draw_point(point),
            Some(Job::Row(row, latents)) => {
                let images = if self.latents.is_slow() {
                    self.latents.preview(latents)?.1
                } else {
                    self.latents.whole(latents, &Watch::default())?
                };
                self.rows[row].put(in_unit(images, self.range));
                Ok(())
            }
            Some(Job::Whole(point)) => self.draw_whole(point),
            None => Ok(()),
        }
    }

    /// The picture of a point, or where that takes long a smaller one for now.
    fn draw_point(&mut self, point: Point) -> Result<(), CodecError> {
        let Some((sizes, values)) = self.sizes(&point) else { return Ok(()) };
        if !sizes.is_slow() {
            let images = sizes.whole(values, &Watch::default())?;
            self.put(images, 1);
            return Ok(());
        }
        let (factor, images) = sizes.preview(values)?;
        self.put(images, factor);
        self.desk.wanted().whole = Some(point);
        Ok(())
    }

    /// The large picture of a point, given up as soon as anything else is wanted.
    fn draw_whole(&mut self, point: Point) -> Result<(), CodecError> {
        let (desk, ctx) = (Arc::clone(&self.desk), self.ctx.clone());
        let told = Mutex::new(Instant::now());
        let watch = Watch::new(move |share| {
            desk.course.store((share * 1000.0) as u32, Ordering::Relaxed);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.elapsed() > COURSE_WAIT {
                *told = Instant::now();
                ctx.request_repaint();
            }
            !desk.wanted().is_urgent()
        });
        let Some((sizes, values)) = self.sizes(&point) else { return Ok(()) };
        match sizes.whole(values, &watch) {
            Ok(images) => self.put(images, 1),
            Err(error) if matches!(error.downcast_ref(), Some(EngineError::Stopped(_))) => {
                // Later, unless a newer point is wanted: that one forgets it.
                self.desk.wanted().whole = Some(point);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What decodes a point, and what it is made of.
    fn sizes(&mut self, point: &Point) -> Option<(&mut Sizes, Vec<f32>)> {
        match point {
            Point::Latent(latent) => Some((&mut self.latents, latent.clone())),
            Point::Codes(codes) => self.codes.as_mut().map(|sizes| (sizes, codes.clone())),
        }
    }

    fn put(&self, images: Array, factor: usize) {
        self.point.put(Drawn { images: in_unit(images, self.range), factor });
    }
}

fn in_unit(mut images: Array, range: ValueRange) -> Array {
    for value in images.data_mut() {
        *value = range.to_unit(*value);
    }
    images
}
