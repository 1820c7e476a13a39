//! From a point in latent space to a texture: WGSL passes on the window's device, or the CPU engine on
//! a thread of its own that serves only the newest request.

mod thread;
mod tile_texture;
mod wgsl;
mod worker;

use std::collections::BTreeMap;

use eframe::egui;
use eframe::egui_wgpu::RenderState;

use self::thread::ThreadDecoder;
use self::wgsl::WgslDecoder;
use super::textures;
use crate::array::Array;
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineError, EngineKind};
use crate::graph::lower::Networks;
use crate::picture::{ImageShape, ValueRange};
use crate::session::explore::Explore;
use crate::session::sheets::{SheetName, SheetPoints};
use crate::session::tiles::Corners;
use crate::session::wanted::Point;
use crate::ui::{Picture, SheetPicture, Unfinished};

/// The most operations of a picture that shaders draw within a frame; a larger one is drawn on the thread, piece by
/// piece, so that the window has its device in between.
const FLOPS_IN_A_FRAME: u64 = 4_000_000_000;

/// The most tiles of a sheet along each side of its texture.
const SHEET_TILES: usize = 16;

/// Draws the explorer's pictures.
pub(super) enum Decoder {
    /// Compute shaders, straight into textures.
    Wgsl(Box<WgslDecoder>),
    /// The CPU engine or the twins, on a thread.
    Thread(Box<ThreadDecoder>),
}

impl Decoder {
    /// A decoder of a model's latents with the engine that was asked for.
    pub(super) fn new(
        kind: EngineKind,
        networks: &Networks,
        image: ImageShape,
        range: ValueRange,
        gpu: Option<&Gpu>,
        state: Option<&RenderState>,
        ctx: &egui::Context,
    ) -> Result<Self, EngineError> {
        let real_gpu = gpu.is_some_and(|gpu| !gpu.is_software());
        let wants_wgsl = kind.is_wgsl() || (kind == EngineKind::Auto && real_gpu);
        let is_large = networks.decoder()?.flops() > FLOPS_IN_A_FRAME;
        if wants_wgsl
            && !is_large
            && let (Some(gpu), Some(state)) = (gpu, state)
        {
            let gpu = gpu.with_weights(kind.weights());
            return Ok(Self::Wgsl(Box::new(WgslDecoder::new(&gpu, state, networks, range)?)));
        }
        let kind = match kind {
            EngineKind::Twin => EngineKind::Twin,
            _ if wants_wgsl && is_large => kind,
            _ => EngineKind::Cpu,
        };
        Ok(Self::Thread(Box::new(ThreadDecoder::new(kind, networks, image, range, gpu, ctx)?)))
    }

    /// Takes over newer weights of the same networks.
    pub(super) fn update_weights(&mut self, networks: &Networks) -> Result<(), EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.update_weights(networks),
            Self::Thread(thread) => {
                thread.ask(|wanted| wanted.ask_weights(networks.clone()));
                Ok(())
            }
        }
    }

    /// Draws the point that a person stands at, or the codes that were put into its cells.
    pub(super) fn draw_point(&mut self, explore: &Explore) -> Result<(), EngineError> {
        let is_edited = !explore.edited_cells().is_empty();
        let codes = is_edited.then(|| explore.indices()).flatten();
        match self {
            Self::Wgsl(wgsl) => wgsl.draw_point(explore, codes.as_deref()),
            Self::Thread(thread) => {
                let point = match codes {
                    Some(codes) => Point::Codes(codes),
                    None => Point::Latent(explore.latent().to_vec()),
                };
                thread.ask(|wanted| wanted.ask_point(point, explore.pad()));
                Ok(())
            }
        }
    }

    /// Draws a latent, whatever the explorer is at.
    pub(super) fn draw_latent(&mut self, latent: &[f32]) -> Result<(), EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.draw_latent(latent),
            Self::Thread(thread) => {
                thread.ask(|wanted| wanted.ask_point(Point::Latent(latent.to_vec()), None));
                Ok(())
            }
        }
    }

    /// All thumbnails of the pad are out of date.
    pub(super) fn ask_tiles(&mut self, explore: &Explore) -> Result<(), EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.ask_tiles(explore),
            Self::Thread(thread) => {
                thread.ask(|wanted| wanted.ask_tiles(Corners::of(explore)));
                Ok(())
            }
        }
    }

    /// Draws thumbnails of the pad that are out of date, as many as a frame has time for and the nearest to the point
    /// first; tells whether some are left to later frames. A thread draws them by itself.
    pub(super) fn draw_tiles(&mut self) -> Result<bool, EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.draw_tiles(),
            Self::Thread(_) => Ok(false),
        }
    }

    /// Shows these sheets of small pictures from now on, and no other.
    pub(super) fn want_sheets(&mut self, wanted: &SheetPoints) -> Result<(), EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.want_sheets(wanted),
            Self::Thread(thread) => {
                thread.ask(|desk| desk.ask_sheets(wanted));
                Ok(())
            }
        }
    }

    /// The sheets that have been looked at, as far as they are drawn.
    pub(super) fn sheets(&self) -> BTreeMap<SheetName, SheetPicture> {
        match self {
            Self::Wgsl(wgsl) => wgsl.sheet_pictures(),
            Self::Thread(thread) => thread.sheet_pictures(),
        }
    }

    /// Gives a thread a moment to draw the point that was just asked for, so that a hand sees it in this very
    /// frame; a slower picture comes with a later one.
    pub(super) fn settle(&mut self, ctx: &egui::Context) {
        if let Self::Thread(thread) = self {
            thread.settle(ctx);
        }
    }

    /// Shows what has been drawn since the last frame.
    pub(super) fn poll(&mut self, ctx: &egui::Context) {
        if let Self::Thread(thread) = self {
            thread.poll(ctx);
        }
    }

    /// What went wrong on the thread since the last call.
    pub(super) fn take_error(&mut self) -> Option<String> {
        match self {
            Self::Wgsl(_) => None,
            Self::Thread(thread) => thread.take_error(),
        }
    }

    /// The picture of the point.
    pub(super) fn point(&self) -> Option<Picture> {
        match self {
            Self::Wgsl(wgsl) => Some(wgsl.point_picture()),
            Self::Thread(thread) => thread.point_picture(),
        }
    }

    /// The seconds that the newest picture of the point took, where that is known: shaders do not wait to tell.
    pub(super) fn decode_secs(&self) -> Option<f32> {
        match self {
            Self::Wgsl(_) => None,
            Self::Thread(thread) => thread.decode_secs(),
        }
    }

    /// What stands in for the picture of the point while that is in the making.
    pub(super) fn unfinished(&self) -> Option<Unfinished> {
        match self {
            Self::Wgsl(_) => None,
            Self::Thread(thread) => thread.unfinished(),
        }
    }

    /// The thumbnails of the pad, as far as they are there.
    pub(super) fn pad(&self) -> Option<Picture> {
        match self {
            Self::Wgsl(wgsl) => Some(wgsl.pad_picture()),
            Self::Thread(thread) => thread.pad_picture(),
        }
    }

    /// The picture of the point as `[c, h, w]` in `[0, 1]`, to be saved.
    pub(super) fn read_point(&self, image: ImageShape) -> Result<Option<Array>, EngineError> {
        match self {
            Self::Wgsl(wgsl) => wgsl.read_point(image).map(Some),
            Self::Thread(thread) => Ok(thread.point_pixels()),
        }
    }

    /// What decodes, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Wgsl(wgsl) => wgsl.describe(),
            Self::Thread(thread) => thread.describe(),
        }
    }
}
