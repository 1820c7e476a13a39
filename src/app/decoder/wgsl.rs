//! Compute shaders on the window's device, which draw within a frame.

use eframe::egui::vec2;
use eframe::egui_wgpu::RenderState;

use super::textures;
use crate::array::Array;
use crate::engine::wgsl::{Gpu, Network, Screen};
use crate::engine::{EngineError, Mix};
use crate::graph::lower::Networks;
use crate::latent::Mixing;
use crate::picture::{ImageShape, ValueRange};
use crate::session::explore::Explore;
use crate::session::tiles::{Corners, PAD_TILES, Tiles};
use crate::ui::Picture;

/// The tiles of the pad that are drawn within a frame.
const TILES_IN_A_FRAME: usize = PAD_TILES;

/// Draws straight into textures that the window shows.
pub(in crate::app) struct WgslDecoder {
    network: Network,
    point: Screen,
    point_picture: Picture,
    /// For models with a codebook: what draws codes into the point's texture, so that the frame that shows the
    /// point shows them too.
    codes: Option<(Network, Screen)>,
    /// What tiles of the pad are drawn on, side by side, before each is copied to its place.
    strip: Screen,
    pad: wgpu::Texture,
    pad_picture: Picture,
    tiles: Tiles,
    corners: Option<Corners>,
    state: RenderState,
}

impl WgslDecoder {
    pub(super) fn new(
        gpu: &Gpu,
        state: &RenderState,
        networks: &Networks,
        range: ValueRange,
    ) -> Result<Self, EngineError> {
        let network = Network::new(gpu, networks.decoder()?)?;
        let point = Screen::new(&network, "image", range, 1, 1)?;
        let strip = Screen::new(&network, "image", range, TILES_IN_A_FRAME, TILES_IN_A_FRAME)?;
        let pad = pad_texture(&state.device, point.texture())?;
        let view = pad.create_view(&wgpu::TextureViewDescriptor::default());
        let register = |texture: &wgpu::Texture, view, filter| Picture {
            id: state.renderer.write().register_native_texture(&state.device, view, filter),
            size: vec2(texture.width() as f32, texture.height() as f32),
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
            point_picture: register(point.texture(), point.view(), wgpu::FilterMode::Nearest),
            pad_picture: register(&pad, &view, wgpu::FilterMode::Linear),
            network,
            point,
            strip,
            pad,
            tiles: Tiles::default(),
            corners: None,
            state: state.clone(),
        })
    }

    pub(super) fn update_weights(&mut self, networks: &Networks) -> Result<(), EngineError> {
        self.network.update_weights(networks.decoder()?)?;
        match (&self.codes, &networks.codes) {
            (Some((network, _)), Some(graphs)) => network.update_weights(graphs.decoder()?),
            _ => Ok(()),
        }
    }

    /// Draws the point, or the codes that were put into its cells.
    pub(super) fn draw_point(
        &mut self,
        explore: &Explore,
        codes: Option<&[f32]>,
    ) -> Result<(), EngineError> {
        self.tiles.follow(explore.pad());
        match (codes, explore.pad()) {
            (Some(codes), _) => match &mut self.codes {
                Some((_, screen)) => screen.render_latents(codes),
                None => Ok(()),
            },
            (None, Some(at)) => {
                self.set_corners(explore)?;
                self.point.render_positions(&[at])
            }
            (None, None) => self.point.render_latents(explore.latent()),
        }
    }

    /// All tiles of the pad are to be drawn anew.
    pub(super) fn ask_tiles(&mut self, explore: &Explore) -> Result<(), EngineError> {
        self.set_corners(explore)?;
        self.tiles.ask();
        Ok(())
    }

    /// Draws the tiles of the pad that come next, and tells whether some are left.
    pub(super) fn draw_tiles(&mut self) -> Result<bool, EngineError> {
        let tiles = self.tiles.take(TILES_IN_A_FRAME);
        if tiles.is_empty() {
            return Ok(false);
        }
        let mut places: Vec<_> = tiles.iter().map(|&tile| Tiles::middle(tile)).collect();
        // The strip has a fixed number of tiles.
        places.resize(TILES_IN_A_FRAME, [0.5; 2]);
        self.strip.render_positions(&places)?;
        let mut encoder =
            self.state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let [width, height] = [self.point.texture().width(), self.point.texture().height()];
        for (index, tile) in (0..).zip(tiles) {
            let place = |texture, column: u32, row: u32| wgpu::TexelCopyTextureInfo {
                texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: column * width, y: row * height, z: 0 },
                aspect: wgpu::TextureAspect::All,
            };
            let [column, row] = [tile % PAD_TILES, tile / PAD_TILES].map(|index| index as u32);
            encoder.copy_texture_to_texture(
                place(self.strip.texture(), index, 0),
                place(&self.pad, column, row),
                wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            );
        }
        self.state.queue.submit([encoder.finish()]);
        Ok(!self.tiles.is_empty())
    }

    pub(super) fn point_picture(&self) -> Picture {
        self.point_picture
    }

    pub(super) fn pad_picture(&self) -> Picture {
        self.pad_picture
    }

    /// The picture of the point. Waits for the device: a sync point.
    pub(super) fn read_point(&self, image: ImageShape) -> Result<Array, EngineError> {
        Ok(textures::array_from_rgba(&self.point.read_back()?, image))
    }

    pub(super) fn describe(&self) -> String {
        self.network.gpu().describe()
    }

    /// Uploads the corners where they have changed.
    fn set_corners(&mut self, explore: &Explore) -> Result<(), EngineError> {
        if self.corners.as_ref().is_some_and(|corners| corners.are_of(explore)) {
            return Ok(());
        }
        // Between other corners all tiles are equally wrong.
        self.tiles.forget();
        let corners = Corners::of(explore);
        let values = Array::new([4, explore.latent().len()], corners.latents.concat())
            .expect("four corners of one length");
        let mix = match corners.mixing {
            Mixing::Lerp => Mix::Lerp,
            Mixing::Slerp => Mix::Slerp,
        };
        self.point.set_corners(&values, mix)?;
        self.strip.set_corners(&values, mix)?;
        self.corners = Some(corners);
        Ok(())
    }
}

impl Drop for WgslDecoder {
    fn drop(&mut self) {
        let mut renderer = self.state.renderer.write();
        for picture in [&self.point_picture, &self.pad_picture] {
            renderer.free_texture(&picture.id);
        }
    }
}

/// An empty texture for all tiles of the pad, each as large as `tile`.
fn pad_texture(device: &wgpu::Device, tile: &wgpu::Texture) -> Result<wgpu::Texture, EngineError> {
    let [width, height] = [tile.width(), tile.height()].map(|side| side * PAD_TILES as u32);
    let limit = device.limits().max_texture_dimension_2d;
    if width.max(height) > limit {
        return Err(EngineError::TooLarge {
            what: "side of the pad in pixels".to_owned(),
            found: width.max(height).into(),
            limit: limit.into(),
        });
    }
    Ok(device.create_texture(&wgpu::TextureDescriptor {
        label: Some("pad"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: tile.format(),
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    }))
}
