//! The thread that decodes for the window: newest wish first, and what takes long only while no newer point is wanted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::{self, ColorImage};

use super::textures;
use crate::app::wake::{SOON, wake};
use crate::array::Array;
use crate::codec::CodecError;
use crate::engine::EngineError;
use crate::engine::sizes::Sizes;
use crate::graph::lower::Networks;
use crate::latest::Latest;
use crate::picture::ValueRange;
use crate::session::sheets::{SheetName, SheetTiles};
use crate::session::tiles::PAD_TILES;
use crate::session::wanted::{Job, Point, Wanted};
use crate::watch::Watch;

/// The longest that small pictures, and a point's by newer weights, wait to be shown while others are drawn.
const TILE_WAIT: Duration = Duration::from_millis(150);

/// Between two frames that show how far a large picture is.
const COURSE_WAIT: Duration = Duration::from_millis(100);

/// What [`Desk::course`] holds while no large picture is in the making.
const IDLE: u32 = u32::MAX;

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

/// Pictures of sheets that wait for the window, by sheet and number.
pub(super) type SheetOutbox = Arc<Mutex<BTreeMap<(SheetName, usize), ColorImage>>>;

/// A picture of the point.
pub(super) struct Drawn {
    /// One image, in `[0, 1]`.
    pub(super) images: Array,
    /// How much smaller it is along each side than it should be.
    pub(super) factor: usize,
    /// The seconds that it took.
    pub(super) secs: f32,
}

/// The thread behind a [`ThreadDecoder`](super::ThreadDecoder).
pub(super) struct Worker {
    pub(super) errors: Latest<String>,
    pub(super) latents: Sizes,
    pub(super) codes: Option<Sizes>,
    pub(super) desk: Arc<Desk>,
    pub(super) point: Latest<Drawn>,
    /// The tiles of the pad by their numbers.
    pub(super) tiles: Vec<Latest<ColorImage>>,
    pub(super) sheet_tiles: SheetOutbox,
    /// Width and height of a tile.
    pub(super) tile_px: [usize; 2],
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
            let can_wait =
                weights.is_some() || matches!(job, Some(Job::Tiles { .. } | Job::Sheet(_)));
            let drawn = pool.install(|| self.draw(weights, job));
            self.desk.course.store(IDLE, Ordering::Relaxed);
            if let Err(error) = drawn {
                self.errors.put(error.to_string());
            }
            // A frame for every few tiles of the pad would cost more than the tiles.
            let wait = can_wait && self.desk.wanted().has_tiles();
            let wait = if wait { TILE_WAIT } else { SOON };
            self.ctx.request_repaint_after(wait);
        }
    }

    /// Waits for something to do; nothing when the window is done with this thread.
    fn next(&self) -> Option<(Option<Networks>, Option<Job>)> {
        let mut wanted = self.desk.wanted();
        loop {
            if wanted.is_over() {
                return None;
            }
            let weights = wanted.take_weights();
            let tiles = if self.latents.is_slow() { 1 } else { PAD_TILES };
            let job = wanted.take_job(tiles);
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
            Some(Job::Whole(point)) => self.draw_whole(point),
            Some(Job::Tiles { tiles, latents }) => self.draw_tiles(&tiles, latents),
            Some(Job::Sheet(tiles)) => self.draw_sheet(&tiles),
            None => Ok(()),
        }
    }

    /// The picture of a point, or where that takes long a smaller one for now.
    fn draw_point(&mut self, point: Point) -> Result<(), CodecError> {
        let begun = Instant::now();
        let Some((sizes, values)) = self.sizes(&point) else { return Ok(()) };
        if !sizes.is_slow() {
            let images = sizes.whole(values, &Watch::default())?;
            self.put(images, 1, begun);
            return Ok(());
        }
        let (factor, images) = sizes.preview(values, &Watch::default())?;
        self.put(images, factor, begun);
        self.desk.wanted().ask_whole(point);
        Ok(())
    }

    /// The large picture of a point, given up as soon as a newer one is wanted.
    fn draw_whole(&mut self, point: Point) -> Result<(), CodecError> {
        let (desk, ctx) = (Arc::clone(&self.desk), self.ctx.clone());
        let told = Mutex::new(Instant::now());
        let watch = Watch::new(move |share| {
            desk.course.store((share * 1000.0) as u32, Ordering::Relaxed);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.elapsed() > COURSE_WAIT {
                *told = Instant::now();
                wake(&ctx);
            }
            !desk.wanted().is_urgent()
        });
        let begun = Instant::now();
        let Some((sizes, values)) = self.sizes(&point) else { return Ok(()) };
        match unless_stopped(sizes.whole(values, &watch))? {
            Some(images) => self.put(images, 1, begun),
            // Later, unless a newer point is wanted: that one forgets it.
            None => self.desk.wanted().ask_whole(point),
        }
        Ok(())
    }

    /// Tiles of the pad.
    fn draw_tiles(&mut self, tiles: &[usize], latents: Vec<f32>) -> Result<(), CodecError> {
        let watch = self.gives_way();
        match small(&mut self.latents, latents, &watch)? {
            Some(images) => {
                let images = in_unit(images, self.range);
                for (index, &tile) in tiles.iter().enumerate() {
                    let image = images.rows(index, index + 1);
                    self.tiles[tile].put(textures::thumbnail(&image, self.tile_px));
                }
            }
            None => self.desk.wanted().put_back(tiles),
        }
        Ok(())
    }

    /// Pictures of a sheet.
    fn draw_sheet(
        &mut self,
        SheetTiles { sheet, tiles, points }: &SheetTiles,
    ) -> Result<(), CodecError> {
        let watch = self.gives_way();
        let values = points.iter().flat_map(Point::values).copied().collect();
        let sizes = match points.first() {
            Some(Point::Codes(_)) => self.codes.as_mut(),
            _ => Some(&mut self.latents),
        };
        let Some(sizes) = sizes else { return Ok(()) };
        match small(sizes, values, &watch)? {
            Some(images) => {
                let images = in_unit(images, self.range);
                let mut drawn = self.sheet_tiles.lock().unwrap_or_else(PoisonError::into_inner);
                for (index, &tile) in tiles.iter().enumerate() {
                    let image = images.rows(index, index + 1);
                    drawn.insert((*sheet, tile), textures::thumbnail(&image, self.tile_px));
                }
            }
            None => self.desk.wanted().put_back_sheet(*sheet, tiles),
        }
        Ok(())
    }

    /// Ends a run as soon as a newer point is wanted.
    fn gives_way(&self) -> Watch {
        let desk = Arc::clone(&self.desk);
        Watch::new(move |_| !desk.wanted().is_urgent())
    }

    /// What decodes a point, and what it is made of.
    fn sizes(&mut self, point: &Point) -> Option<(&mut Sizes, Vec<f32>)> {
        match point {
            Point::Latent(latent) => Some((&mut self.latents, latent.clone())),
            Point::Codes(codes) => self.codes.as_mut().map(|sizes| (sizes, codes.clone())),
        }
    }

    fn put(&self, images: Array, factor: usize, begun: Instant) {
        let secs = begun.elapsed().as_secs_f32();
        self.point.put(Drawn { images: in_unit(images, self.range), factor, secs });
    }
}

/// Small images where whole ones take long; nothing where whoever watched ended the run.
fn small(sizes: &mut Sizes, latents: Vec<f32>, watch: &Watch) -> Result<Option<Array>, CodecError> {
    let images = if sizes.is_slow() {
        sizes.preview(latents, watch).map(|(_, images)| images)
    } else {
        sizes.whole(latents, watch)
    };
    unless_stopped(images)
}

/// Nothing where whoever watched ended the run.
fn unless_stopped(images: Result<Array, CodecError>) -> Result<Option<Array>, CodecError> {
    match images {
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Stopped(_))) => Ok(None),
        images => images.map(Some),
    }
}

fn in_unit(mut images: Array, range: ValueRange) -> Array {
    for value in images.data_mut() {
        *value = range.to_unit(*value);
    }
    images
}
