//! The CPU engine on a thread of its own, as the window sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eframe::egui;

use super::SHEET_TILES;
use super::textures::{self, Sheet};
use super::worker::{Desk, Drawn, SheetOutbox, Worker};
use crate::array::Array;
use crate::engine::sizes::{Pooling, Sizes};
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineError, EngineKind, Runner};
use crate::graph::lower::Networks;
use crate::latest::Latest;
use crate::picture::{ImageShape, ValueRange};
use crate::session::sheets::SheetName;
use crate::session::tiles::PAD_TILES;
use crate::session::wanted::Wanted;
use crate::ui::{Picture, SheetPicture, Unfinished};

/// The longest that a frame waits for the picture of a point.
const SETTLE: Duration = Duration::from_millis(10);

/// The longest side of a tile of the pad: as many pixels as the largest screens show of one.
const MAX_TILE_PX: usize = 96;

/// Leaves wishes on a desk and shows what was drawn.
pub(in crate::app) struct ThreadDecoder {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
    described: String,
    image: ImageShape,
    point: Latest<Drawn>,
    seen_point: u64,
    /// How much smaller than it should be the shown picture is along each side.
    factor: usize,
    point_pixels: Option<Array>,
    decode_secs: Option<f32>,
    point_texture: Option<egui::TextureHandle>,
    tiles: Vec<Latest<egui::ColorImage>>,
    seen_tiles: [u64; PAD_TILES * PAD_TILES],
    pad: Sheet,
    sheets: BTreeMap<SheetName, Sheet>,
    sheet_tiles: SheetOutbox,
    tile_px: [usize; 2],
    errors: Latest<String>,
    seen_error: u64,
}

impl ThreadDecoder {
    pub(super) fn new(
        kind: EngineKind,
        networks: &Networks,
        image: ImageShape,
        range: ValueRange,
        gpu: Option<&Gpu>,
        ctx: &egui::Context,
    ) -> Result<Self, EngineError> {
        let latents = Sizes::new(Runner::new(kind, networks.decoder()?, gpu)?, Pooling::Mean);
        let codes = networks.codes.as_ref();
        let codes = codes.map(|codes| Runner::new(kind, codes.decoder()?, gpu)).transpose()?;
        let codes = codes.map(|runner| Sizes::new(runner, Pooling::First));
        let described = latents.describe();
        let desk = Arc::new(Desk::default());
        let point = Latest::default();
        let tiles: Vec<_> = (0..PAD_TILES * PAD_TILES).map(|_| Latest::default()).collect();
        let tile_px = [image.width, image.height].map(|side| side.min(MAX_TILE_PX));
        let errors = Latest::default();
        let sheet_tiles = SheetOutbox::default();
        let worker = Worker {
            errors: errors.clone(),
            latents,
            codes,
            desk: Arc::clone(&desk),
            point: point.clone(),
            tiles: tiles.clone(),
            sheet_tiles: Arc::clone(&sheet_tiles),
            tile_px,
            range,
            ctx: ctx.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("zscope-decode".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| errors.put(format!("no thread to decode on: {error}")))
            .ok();
        Ok(Self {
            desk,
            thread,
            described,
            image,
            point,
            seen_point: 0,
            factor: 1,
            point_pixels: None,
            decode_secs: None,
            point_texture: None,
            tiles,
            seen_tiles: [0; PAD_TILES * PAD_TILES],
            pad: Sheet::new(tile_px, [PAD_TILES; 2]),
            sheets: BTreeMap::new(),
            sheet_tiles,
            tile_px,
            errors,
            seen_error: 0,
        })
    }

    /// Changes what is wanted.
    pub(super) fn ask(&self, change: impl FnOnce(&mut Wanted)) {
        self.desk.ask(change);
    }

    /// Waits a moment for the point that was just asked for.
    pub(super) fn settle(&mut self, ctx: &egui::Context) {
        let start = Instant::now();
        while self.point.newer_than(self.seen_point).is_none() && start.elapsed() < SETTLE {
            std::thread::sleep(Duration::from_micros(200));
        }
        self.poll(ctx);
    }

    /// Shows what has been drawn since the last call.
    pub(super) fn poll(&mut self, ctx: &egui::Context) {
        if let Some((seen, drawn)) = self.point.newer_than(self.seen_point) {
            (self.seen_point, self.factor) = (seen, drawn.factor);
            self.decode_secs = Some(drawn.secs);
            textures::show(
                &mut self.point_texture,
                ctx,
                "point",
                &drawn.images,
                1,
                egui::TextureOptions::NEAREST,
            );
            let shape = [self.image.channels, self.image.height, self.image.width];
            // Nothing of a preview, which has another shape.
            self.point_pixels = drawn.images.clone().reshaped(shape).ok();
        }
        for (index, (slot, seen)) in self.tiles.iter().zip(&mut self.seen_tiles).enumerate() {
            if let Some((newest, tile)) = slot.newer_than(*seen) {
                *seen = newest;
                self.pad.set(ctx, index, &tile);
            }
        }
        let drawn =
            std::mem::take(&mut *self.sheet_tiles.lock().unwrap_or_else(PoisonError::into_inner));
        for ((name, index), tile) in drawn {
            let empty = || Sheet::new(self.tile_px, [SHEET_TILES; 2]);
            let sheet = self.sheets.entry(name).or_insert_with(empty);
            if index < SHEET_TILES * SHEET_TILES {
                sheet.set(ctx, index, &tile);
            }
        }
    }

    /// What went wrong since the last call.
    pub(super) fn take_error(&mut self) -> Option<String> {
        let (seen, error) = self.errors.newer_than(self.seen_error)?;
        self.seen_error = seen;
        Some(error.as_ref().clone())
    }

    pub(super) fn point_picture(&self) -> Option<Picture> {
        self.point_texture.as_ref().map(|texture| {
            // A preview takes the place of the whole picture.
            let size = egui::vec2(self.image.width as f32, self.image.height as f32);
            Picture { size, ..textures::picture(texture) }
        })
    }

    pub(super) fn pad_picture(&self) -> Option<Picture> {
        self.pad.picture()
    }

    pub(super) fn sheet_pictures(&self) -> BTreeMap<SheetName, SheetPicture> {
        let picture = |sheet: &Sheet| {
            Some(SheetPicture { picture: sheet.picture()?, sides: [SHEET_TILES; 2] })
        };
        let sheets = self.sheets.iter();
        sheets.filter_map(|(&name, sheet)| Some((name, picture(sheet)?))).collect()
    }

    pub(super) fn unfinished(&self) -> Option<Unfinished> {
        (self.factor > 1).then(|| Unfinished {
            factor: self.factor,
            share: self.desk.share().unwrap_or_default(),
        })
    }

    /// The whole picture of the point, where it is there.
    pub(super) fn point_pixels(&self) -> Option<Array> {
        self.point_pixels.clone()
    }

    pub(super) fn decode_secs(&self) -> Option<f32> {
        self.decode_secs
    }

    pub(super) fn describe(&self) -> String {
        self.described.clone()
    }
}

impl Drop for ThreadDecoder {
    fn drop(&mut self) {
        self.ask(Wanted::end);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
