//! Sheets, strips and films of points, made in the background and written to files.

use std::path::{Path, PathBuf};

use eframe::egui;

use super::ZscopeApp;
use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::engine::{EngineKind, Runner};
use crate::formats::pictures;
use crate::graph::lower::Networks;
use crate::language::{tr, tr_later};
use crate::picture::ValueRange;
use crate::session::wanted::Point;
use crate::train::memory::{available_bytes, check_pictures};
use crate::watch::Watch;

/// Pictures that are made together.
const BATCH: usize = 8;

/// How pictures come into a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// In rows of so many.
    Sheet(usize),
    /// One after the other, a whole round in so many seconds, unless the file is a picture.
    Film(f32),
}

impl ZscopeApp {
    /// Writes a whole round of the walk.
    pub(super) fn save_walk(&mut self, ctx: &egui::Context, count: usize, path: PathBuf) {
        let (walk, explore) = (&self.kept.walk, &self.explore);
        let latents = walk.moments(count.clamp(2, 1000)).into_iter();
        let latents = latents.filter_map(|secs| walk.latent_at(secs, explore.mixing(), explore));
        let points: Vec<Point> = latents.map(Point::Latent).collect();
        if points.is_empty() {
            return self.notice(tr!("Save the walk: it has no stations yet."), true);
        }
        let speed = walk.speed.abs().max(0.05);
        let secs = walk.round_secs() / speed;
        self.save_pictures(ctx, points, Form::Film(secs), path);
    }

    /// Writes what points draw.
    pub(super) fn save_pictures(
        &mut self,
        ctx: &egui::Context,
        points: Vec<Point>,
        form: Form,
        path: PathBuf,
    ) {
        let Some(model) = &self.model else { return };
        let latent: usize = model.config.latent().iter().product();
        // As they are decoded, and once more as they are written.
        let values = latent + 2 * model.image.len();
        if let Err(error) = check_pictures(points.len(), values, available_bytes()) {
            return self.notice(tr!("save pictures: {}", error), true);
        }
        let (networks, range) = (model.networks.clone(), model.range);
        let task = self.tasks.begin(tr_later!("Saving pictures"));
        let watch = task.watch(ctx);
        self.jobs.spawn_save(move || {
            let images = decode(&networks, range, &points, &watch);
            // Over for the window only when the file is there.
            let saved = images.and_then(|images| write(&path, &images, form));
            drop(task);
            saved.map(|()| path).map_err(|error| format!("save pictures: {error}"))
        });
    }
}

/// Images of points, `[n, c, h, w]` in `[0, 1]`.
fn decode(
    networks: &Networks,
    range: ValueRange,
    points: &[Point],
    watch: &Watch,
) -> Result<Array, CodecError> {
    let is_codes = |point: &Point| matches!(point, Point::Codes(_));
    // Latents and codes go through graphs of their own.
    let mut runners = [None, None];
    let mut shape = Vec::new();
    let mut values = Vec::new();
    let mut before = 0;
    let alike = points.chunk_by(|a, b| is_codes(a) == is_codes(b));
    for batch in alike.flat_map(|points| points.chunks(BATCH)) {
        let graph = match &networks.codes {
            Some(codes) if is_codes(&batch[0]) => codes.decoder()?,
            _ => networks.decoder()?,
        };
        let slot = &mut runners[usize::from(is_codes(&batch[0]))];
        let runner = match slot {
            Some(runner) => runner,
            None => slot.insert(Runner::new(EngineKind::Cpu, graph, None)?),
        };
        let share = |count: f64| (before as f64 + count) / points.len() as f64;
        let done = |inner: f64| share(inner * batch.len() as f64);
        watch.whole().tell(done(0.0))?;
        let mut input = vec![batch.len()];
        input.extend_from_slice(graph.input_shape());
        let flat = batch.iter().flat_map(Point::values).copied().collect();
        let inner = watch.clone();
        runner.watch(&Watch::new({
            let (from, of) = (done(0.0), done(1.0) - done(0.0));
            move |share| inner.whole().tell(from + share * of).is_ok()
        }));
        let images = take(&mut runner.run(&Array::new(input, flat)?)?, "image")?;
        shape = images.shape().to_vec();
        before += batch.len();
        values.extend(images.data().iter().map(|&value| range.to_unit(value)));
    }
    if let Some(count) = shape.first_mut() {
        *count = points.len();
    }
    Ok(Array::new(shape, values)?)
}

fn write(path: &Path, images: &Array, form: Form) -> Result<(), CodecError> {
    let is_film = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gif"));
    match form {
        Form::Film(secs) if is_film => {
            pictures::write_film(path, images, secs / images.num_rows().max(1) as f32)?;
        }
        Form::Film(_) => {
            let strip = pictures::sheet(images, images.num_rows().max(1), 1);
            pictures::write_picture(path, &strip)?;
        }
        Form::Sheet(columns) => {
            pictures::write_picture(path, &pictures::sheet(images, columns, 1))?;
        }
    }
    Ok(())
}
