//! From a point in latent space to a texture: WGSL passes on the window's device, or the CPU engine on
//! a thread of its own that serves only the newest request.

mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eframe::egui;
use eframe::egui_wgpu::RenderState;

use self::worker::{Desk, Drawn, Point, Worker};
use super::textures;
use crate::array::Array;
use crate::engine::sizes::{Pooling, Sizes};
use crate::engine::wgsl::{Gpu, Network, Screen};
use crate::engine::{EngineError, EngineKind, Mix, Runner};
use crate::graph::lower::Networks;
use crate::latent::Mixing;
use crate::latest::Latest;
use crate::picture::{ImageShape, ValueRange};
use crate::session::explore::Explore;
use crate::ui::{PAD_TILES, Picture, Unfinished};

/// The longest that a frame waits for the picture of a point.
const SETTLE: Duration = Duration::from_millis(10);

/// The most operations of a picture that shaders draw within a frame; a larger one is drawn on the thread, piece by
/// piece, so that the window has its device in between.
const FLOPS_IN_A_FRAME: u64 = 4_000_000_000;

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
        let wants_wgsl = kind == EngineKind::Wgsl || (kind == EngineKind::Auto && real_gpu);
        let is_large = networks.decoder()?.flops() > FLOPS_IN_A_FRAME;
        if wants_wgsl
            && !is_large
            && let (Some(gpu), Some(state)) = (gpu, state)
        {
            return Ok(Self::Wgsl(Box::new(WgslDecoder::new(gpu, state, networks, range)?)));
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
                thread.ask(|wanted| wanted.weights = Some(networks.clone()));
                Ok(())
            }
        }
    }

    /// Draws the point that a person stands at, or the codes that were put into its cells.
    pub(super) fn draw_point(&mut self, explore: &Explore) -> Result<(), EngineError> {
        let is_edited = !explore.edited_cells().is_empty();
        let codes = is_edited.then(|| explore.indices()).flatten();
        match self {
            Self::Wgsl(wgsl) => match (codes, explore.pad()) {
                (Some(codes), _) => match &mut wgsl.codes {
                    Some((_, screen)) => screen.render_latents(&codes),
                    None => Ok(()),
                },
                (None, Some(at)) => {
                    wgsl.set_corners(explore)?;
                    wgsl.point.render_positions(&[at])
                }
                (None, None) => wgsl.point.render_latents(explore.latent()),
            },
            Self::Thread(thread) => {
                let point = match codes {
                    Some(codes) => Point::Codes(codes),
                    None => Point::Latent(explore.latent().to_vec()),
                };
                thread.ask(|wanted| wanted.point = Some(point));
                Ok(())
            }
        }
    }

    /// Draws rows of the pad's thumbnails, as many as a frame has time for, from `first` round and round.
    /// Gives how many were.
    pub(super) fn draw_pad_rows(
        &mut self,
        explore: &Explore,
        first: usize,
    ) -> Result<usize, EngineError> {
        match self {
            Self::Wgsl(wgsl) => {
                wgsl.set_corners(explore)?;
                wgsl.rows[first].render_positions(&row_positions(first))?;
                Ok(1)
            }
            Self::Thread(thread) => {
                for row in 0..PAD_TILES {
                    let latents = row_positions(row);
                    let latents =
                        latents.iter().flat_map(|at| explore.latent_at_pad(*at)).collect();
                    thread.ask(|wanted| {
                        wanted.rows.insert(row, latents);
                    });
                }
                Ok(PAD_TILES)
            }
        }
    }

    /// Gives a thread a moment to draw the point that was just asked for, so that a hand sees it in this very
    /// frame; a slower picture comes with a later one.
    pub(super) fn settle(&mut self, ctx: &egui::Context) {
        if let Self::Thread(thread) = self {
            let start = Instant::now();
            while thread.point.newer_than(thread.seen_point).is_none() && start.elapsed() < SETTLE {
                std::thread::sleep(Duration::from_micros(200));
            }
            thread.poll(ctx);
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
        let Self::Thread(thread) = self else { return None };
        let (seen, error) = thread.errors.newer_than(thread.seen_error)?;
        thread.seen_error = seen;
        Some(error.as_ref().clone())
    }

    /// The picture of the point.
    pub(super) fn point(&self) -> Option<Picture> {
        match self {
            Self::Wgsl(wgsl) => Some(wgsl.point_picture),
            Self::Thread(thread) => thread.point_texture.as_ref().map(|texture| {
                // A preview takes the place of the whole picture.
                let [height, width] = [thread.image.height, thread.image.width];
                let size = egui::vec2(width as f32, height as f32);
                Picture { size, ..textures::picture(texture) }
            }),
        }
    }

    /// What stands in for the picture of the point while that is in the making.
    pub(super) fn unfinished(&self) -> Option<Unfinished> {
        let Self::Thread(thread) = self else { return None };
        (thread.factor > 1).then(|| Unfinished {
            factor: thread.factor,
            share: thread.desk.share().unwrap_or_default(),
        })
    }

    /// The rows of the pad, from the top, as far as they are there.
    pub(super) fn rows(&self) -> Vec<Picture> {
        match self {
            Self::Wgsl(wgsl) => wgsl.row_pictures.clone(),
            Self::Thread(thread) => thread
                .row_textures
                .iter()
                .map_while(|row| row.as_ref().map(textures::picture))
                .collect(),
        }
    }

    /// The picture of the point as `[c, h, w]` in `[0, 1]`, to be saved.
    pub(super) fn read_point(&self, image: ImageShape) -> Result<Option<Array>, EngineError> {
        match self {
            Self::Wgsl(wgsl) => {
                Ok(Some(textures::array_from_rgba(&wgsl.point.read_back()?, image)))
            }
            Self::Thread(thread) => Ok(thread.point_pixels.clone()),
        }
    }

    /// What decodes, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Wgsl(wgsl) => format!("WGSL on {}", wgsl.adapter),
            Self::Thread(thread) => thread.described.clone(),
        }
    }
}

/// The pad positions in the middle of a row's thumbnails.
fn row_positions(row: usize) -> Vec<[f32; 2]> {
    let centre = |index: usize| (index as f32 + 0.5) / PAD_TILES as f32;
    (0..PAD_TILES).map(|column| [centre(column), centre(row)]).collect()
}

/// Compute shaders on the window's device.
pub(super) struct WgslDecoder {
    adapter: String,
    network: Network,
    point: Screen,
    point_picture: Picture,
    /// For models with a codebook: what draws codes into the point's texture, so that the frame that shows the
    /// point shows them too.
    codes: Option<(Network, Screen)>,
    rows: Vec<Screen>,
    row_pictures: Vec<Picture>,
    corners: Option<(Vec<Vec<f32>>, Mixing)>,
    state: RenderState,
}

impl WgslDecoder {
    fn new(
        gpu: &Gpu,
        state: &RenderState,
        networks: &Networks,
        range: ValueRange,
    ) -> Result<Self, EngineError> {
        let network = Network::new(gpu, networks.decoder()?)?;
        let point = Screen::new(&network, "image", range, 1, 1)?;
        let rows = (0..PAD_TILES)
            .map(|_| Screen::new(&network, "image", range, PAD_TILES, PAD_TILES))
            .collect::<Result<Vec<_>, _>>()?;
        let register = |screen: &Screen, filter| {
            let mut renderer = state.renderer.write();
            let [width, height] = screen.size_px();
            Picture {
                id: renderer.register_native_texture(&state.device, screen.view(), filter),
                size: egui::vec2(width as f32, height as f32),
            }
        };
        let codes = match &networks.codes {
            Some(graphs) => {
                let network = Network::new(gpu, graphs.decoder()?)?;
                let screen = point.sharing(&network, "image", range)?;
                Some((network, screen))
            }
            None => None,
        };
        Ok(Self {
            codes,
            adapter: gpu.name().to_owned(),
            point_picture: register(&point, wgpu::FilterMode::Nearest),
            row_pictures: rows.iter().map(|row| register(row, wgpu::FilterMode::Linear)).collect(),
            network,
            point,
            rows,
            corners: None,
            state: state.clone(),
        })
    }

    fn update_weights(&mut self, networks: &Networks) -> Result<(), EngineError> {
        self.network.update_weights(networks.decoder()?)?;
        match (&self.codes, &networks.codes) {
            (Some((network, _)), Some(graphs)) => network.update_weights(graphs.decoder()?),
            _ => Ok(()),
        }
    }

    /// Uploads the corners to every screen where they have changed.
    fn set_corners(&mut self, explore: &Explore) -> Result<(), EngineError> {
        let slices = explore.corner_slices();
        let same = self.corners.as_ref().is_some_and(|(known, mixing)| {
            *mixing == explore.mixing() && known.iter().zip(slices).all(|(known, now)| known == now)
        });
        if same {
            return Ok(());
        }
        let d = explore.latent().len();
        let corners = Array::new([4, d], slices.concat()).expect("four corners of one length");
        let mix = match explore.mixing() {
            Mixing::Lerp => Mix::Lerp,
            Mixing::Slerp => Mix::Slerp,
        };
        self.point.set_corners(&corners, mix)?;
        for row in &mut self.rows {
            row.set_corners(&corners, mix)?;
        }
        self.corners = Some((slices.map(<[f32]>::to_vec).to_vec(), explore.mixing()));
        Ok(())
    }
}

impl Drop for WgslDecoder {
    fn drop(&mut self) {
        let mut renderer = self.state.renderer.write();
        for picture in self.row_pictures.iter().chain([&self.point_picture]) {
            renderer.free_texture(&picture.id);
        }
    }
}

/// The CPU engine on a thread of its own.
pub(super) struct ThreadDecoder {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
    described: String,
    image: ImageShape,
    point: Latest<Drawn>,
    seen_point: u64,
    /// How much smaller than it should be the shown picture is along each side.
    factor: usize,
    point_pixels: Option<Array>,
    point_texture: Option<egui::TextureHandle>,
    rows: Vec<Latest<Array>>,
    seen_rows: [u64; PAD_TILES],
    row_textures: Vec<Option<egui::TextureHandle>>,
    errors: Latest<String>,
    seen_error: u64,
}

impl ThreadDecoder {
    fn new(
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
        let rows: Vec<Latest<Array>> = (0..PAD_TILES).map(|_| Latest::default()).collect();
        let errors = Latest::default();
        let worker = Worker {
            errors: errors.clone(),
            latents,
            codes,
            desk: Arc::clone(&desk),
            point: point.clone(),
            rows: rows.clone(),
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
            point_texture: None,
            rows,
            seen_rows: [0; PAD_TILES],
            row_textures: vec![None; PAD_TILES],
            errors,
            seen_error: 0,
        })
    }

    fn ask(&self, change: impl FnOnce(&mut worker::Wanted)) {
        self.desk.ask(change);
    }

    fn poll(&mut self, ctx: &egui::Context) {
        if let Some((seen, drawn)) = self.point.newer_than(self.seen_point) {
            (self.seen_point, self.factor) = (seen, drawn.factor);
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
        for (row, slot) in self.rows.iter().enumerate() {
            if let Some((seen, images)) = slot.newer_than(self.seen_rows[row]) {
                self.seen_rows[row] = seen;
                let options = egui::TextureOptions::LINEAR;
                textures::show(
                    &mut self.row_textures[row],
                    ctx,
                    "pad",
                    &images,
                    PAD_TILES,
                    options,
                );
            }
        }
    }
}

impl Drop for ThreadDecoder {
    fn drop(&mut self) {
        self.ask(|wanted| wanted.quit = true);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
