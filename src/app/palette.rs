//! What every code decodes to, made in the background row by row.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui::{self, Color32, ColorImage};

use super::codes::Job;
use super::jobs::Done;
use super::{ZscopeApp, textures};
use crate::array::Array;
use crate::codec::CodecError;
use crate::engine::{EngineError, EngineKind};
use crate::formats::pictures;
use crate::graph::lower::CodeGraphs;
use crate::language::tr;
use crate::measure::code_tiles::CodeTiles;
use crate::picture::{ValueRange, luminance};
use crate::ui::{Palette, Pane};
use crate::watch::Watch;

/// Codes that are shown, from the first on.
const MOST: usize = 16_384;
/// Tiles are no larger, in pixels.
const TILE_PX: usize = 32;
/// While codes move, the palette is made anew no more often than this, nor than so many times as long as it took.
const RENEW: Duration = Duration::from_secs(10);
const RESTS: u32 = 8;
/// One that takes longer tells how far it is each time.
const TOLD: Duration = Duration::from_secs(2);
/// A palette of fewer operations is made before a person asks to see it.
const CHEAP_FLOPS: u64 = 60_000_000_000;

/// The palette and the job that makes it.
#[derive(Default)]
pub(super) struct PaletteJob {
    pub(super) job: Job,
    question: u64,
    cancel: Arc<AtomicBool>,
    is_stopped: bool,
    took: Duration,
    texture: Option<egui::TextureHandle>,
    /// The newest tiles, `[known, c, h, w]`.
    tiles: Vec<f32>,
    shape: [usize; 3],
    brightness: Vec<f32>,
    wanted: usize,
    done: usize,
}

impl Drop for PaletteJob {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// A row of tiles.
pub(super) struct Row {
    /// The first code of it.
    pub(super) first: usize,
    /// Codes in all.
    pub(super) wanted: usize,
    /// `[n, c, h, w]` in `[0, 1]`
    pub(super) tiles: Array,
}

fn columns(wanted: usize) -> usize {
    (wanted as f64).sqrt().ceil() as usize
}

impl PaletteJob {
    fn shown(&self) -> Palette {
        let columns = columns(self.wanted);
        // Following training, a quick one is not worth a bar that comes and goes.
        let is_told = self.brightness.len() < self.wanted || self.took > TOLD;
        Palette {
            sheet: self.texture.as_ref().map(textures::picture),
            columns,
            rows: self.wanted.div_ceil(columns.max(1)),
            known: self.brightness.len(),
            wanted: self.wanted,
            brightness: self.brightness.clone(),
            share: (self.job.is_running && is_told)
                .then(|| self.done as f32 / self.wanted.max(1) as f32),
            is_stopped: self.is_stopped,
        }
    }
}

impl ZscopeApp {
    /// Makes the palette where it is out of date and somebody looks at it.
    pub(super) fn start_palette(&mut self) {
        let Some(model) = &self.model else { return };
        let Some(graphs) = model.networks.codes.as_ref() else { return };
        let Some(decoder) = &graphs.decoder else { return };
        let wanted = graphs.codebook().num_rows().min(MOST);
        let is_cheap =
            decoder.flops().saturating_mul(wanted as u64) < CHEAP_FLOPS && !model.is_live;
        let is_seen = self.view.dock.shows(Pane::Palette) || is_cheap;
        let palette = &mut self.codes.palette;
        let interval = RENEW.max(palette.took * RESTS);
        if !is_seen || palette.is_stopped || !palette.job.starts(interval) {
            return;
        }
        let (graphs, range) = (graphs.clone(), model.range);
        let question = self.next_question();
        let palette = &mut self.codes.palette;
        palette.question = question;
        palette.cancel = Arc::default();
        (palette.wanted, palette.done) = (wanted, 0);
        let cancel = Arc::clone(&palette.cancel);
        self.jobs.spawn("palette", move |done| {
            let start = Instant::now();
            let made = make(&graphs, range, wanted, &cancel, &|row| {
                done(Done::PaletteRow { question, row });
            });
            let made = made.map(|()| start.elapsed()).map_err(|error| error.to_string());
            done(Done::Palette { question, made });
        });
        self.pictures.palette = self.codes.palette.shown();
    }

    pub(super) fn palette_row_made(&mut self, ctx: &egui::Context, question: u64, row: &Row) {
        let palette = &mut self.codes.palette;
        let &[count, c, h, w] = row.tiles.shape() else { return };
        if palette.question != question {
            return;
        }
        if palette.shape != [c, h, w] {
            (palette.shape, palette.texture) = ([c, h, w], None);
            palette.tiles.clear();
            palette.brightness.clear();
        }
        let columns = columns(row.wanted);
        let texture = palette.texture.get_or_insert_with(|| {
            let size = [columns * w, row.wanted.div_ceil(columns) * h];
            let blank = ColorImage::filled(size, Color32::TRANSPARENT);
            ctx.load_texture("palette", blank, egui::TextureOptions::NEAREST)
        });
        let place = [0, row.first / columns * h];
        texture.set_partial(
            place,
            textures::tiled(&row.tiles, count),
            egui::TextureOptions::NEAREST,
        );
        let start = row.first * c * h * w;
        let end = start + row.tiles.data().len();
        if palette.tiles.len() < end {
            palette.tiles.resize(end, 0.0);
            palette.brightness.resize(row.first + count, 0.0);
        }
        palette.tiles[start..end].copy_from_slice(row.tiles.data());
        for index in 0..count {
            palette.brightness[row.first + index] = brightness(row.tiles.row(index), c);
        }
        palette.done = row.first + count;
        self.pictures.palette = palette.shown();
    }

    pub(super) fn palette_made(&mut self, question: u64, made: Result<Duration, String>) {
        let palette = &mut self.codes.palette;
        if palette.question != question {
            return;
        }
        palette.job.is_running = false;
        match made {
            Ok(took) => palette.took = took,
            Err(_) if palette.is_stopped => {}
            Err(error) => {
                palette.is_stopped = true;
                self.notice(tr!("draw the palette: {}", error), true);
            }
        }
        self.pictures.palette = self.codes.palette.shown();
    }

    pub(super) fn make_palette(&mut self) {
        let palette = &mut self.codes.palette;
        palette.is_stopped = false;
        palette.job.hurry();
    }

    pub(super) fn cancel_palette(&mut self) {
        let palette = &mut self.codes.palette;
        if palette.job.is_running {
            palette.is_stopped = true;
            palette.cancel.store(true, Ordering::Relaxed);
        }
        self.pictures.palette = palette.shown();
    }

    /// Writes the palette in the order in which it is shown.
    pub(super) fn save_palette(&mut self, path: PathBuf) {
        let palette = &self.codes.palette;
        let known = palette.brightness.len();
        let [c, h, w] = palette.shape;
        let places = self.view.codebook.palette_places();
        // A script may ask before the palette was ever shown.
        let order: Vec<usize> =
            if places.is_empty() { (0..known).collect() } else { places.to_vec() };
        let tiles: Vec<f32> = order
            .iter()
            .filter(|&&code| code < known)
            .flat_map(|code| palette.tiles[code * c * h * w..][..c * h * w].iter().copied())
            .collect();
        self.jobs.spawn_save(move || {
            if known == 0 {
                return Err(
                    "save the palette: no code has been decoded yet (open the Palette first)"
                        .to_owned(),
                );
            }
            let tiles = Array::new([known, c, h, w], tiles).map_err(|error| error.to_string())?;
            let sheet = pictures::sheet(&tiles, columns(known), 1);
            pictures::write_picture(&path, &sheet).map_err(|error| error.to_string())?;
            Ok(path)
        });
    }
}

/// Decodes codes alone, a row of the palette at a time.
fn make(
    graphs: &CodeGraphs,
    range: ValueRange,
    wanted: usize,
    cancel: &Arc<AtomicBool>,
    tell: &dyn Fn(Row),
) -> Result<(), CodecError> {
    let mut codes = CodeTiles::new(graphs, range, EngineKind::Auto)?;
    let flag = Arc::clone(cancel);
    let watch = Watch::new(move |_| !flag.load(Ordering::Relaxed));
    let columns = columns(wanted);
    for first in (0..wanted).step_by(columns.max(1)) {
        let tiles = codes.tiles(first..wanted.min(first + columns), &watch)?;
        if cancel.load(Ordering::Relaxed) {
            return Err(EngineError::Stopped(crate::watch::Stopped).into());
        }
        tell(Row { first, wanted, tiles: shrunk(&tiles) });
    }
    Ok(())
}

/// Tiles no larger than they are shown, by the mean of squares.
fn shrunk(tiles: &Array) -> Array {
    let &[n, c, h, w] = tiles.shape() else { return tiles.clone() };
    let factor = h.max(w).div_ceil(TILE_PX).max(1);
    let [rows, columns] = [h, w].map(|side| (side / factor).max(1));
    let mut data = Vec::with_capacity(n * c * rows * columns);
    for plane in tiles.data().chunks_exact(h * w) {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)))
        {
            let values = (0..factor.min(h))
                .flat_map(|y| &plane[(row * factor + y) * w + column * factor..][..factor.min(w)]);
            data.push(values.sum::<f32>() / (factor.min(h) * factor.min(w)) as f32);
        }
    }
    Array::new([n, c, rows, columns], data).unwrap_or_else(|_| tiles.clone())
}

/// How bright a tile is on average.
fn brightness(tile: &[f32], channels: usize) -> f32 {
    let plane = (tile.len() / channels.max(1)).max(1);
    let mut means = tile.chunks(plane).map(|values| values.iter().sum::<f32>() / plane as f32);
    let first = means.next().unwrap_or(0.0);
    match (means.next(), means.next()) {
        (Some(green), Some(blue)) => luminance([first, green, blue]),
        _ => first,
    }
}
