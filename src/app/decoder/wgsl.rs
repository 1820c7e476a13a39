//! Compute shaders on the window's device, which draw within a frame.

use std::collections::BTreeMap;

use eframe::egui::vec2;
use eframe::egui_wgpu::RenderState;

use super::tile_texture::TileTexture;
use super::{SHEET_TILES, textures};
use crate::array::Array;
use crate::engine::wgsl::{Gpu, Network, Screen};
use crate::engine::{EngineError, Mix};
use crate::graph::lower::Networks;
use crate::latent::Mixing;
use crate::picture::{ImageShape, ValueRange};
use crate::session::explore::Explore;
use crate::session::sheets::{SheetName, SheetPoints, SheetTiles, Sheets};
use crate::session::tiles::{Corners, PAD_TILES, Tiles};
use crate::session::wanted::Point;
use crate::ui::{Picture, SheetPicture};

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
    pad: TileTexture,
    tiles: Tiles,
    sheets: Sheets,
    sheet_textures: BTreeMap<SheetName, TileTexture>,
    /// As `strip`, for codes; made when a sheet of codes is looked at.
    codes_strip: Option<Screen>,
    range: ValueRange,
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
        let pad = TileTexture::new(state, point.texture(), [PAD_TILES; 2])?;
        let point_picture = Picture {
            id: state.renderer.write().register_native_texture(
                &state.device,
                point.view(),
                wgpu::FilterMode::Nearest,
            ),
            size: vec2(point.texture().width() as f32, point.texture().height() as f32),
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
            point_picture,
            network,
            point,
            strip,
            pad,
            tiles: Tiles::default(),
            sheets: Sheets::default(),
            sheet_textures: BTreeMap::new(),
            codes_strip: None,
            range,
            corners: None,
            state: state.clone(),
        })
    }

    pub(super) fn update_weights(&mut self, networks: &Networks) -> Result<(), EngineError> {
        self.sheets.renew();
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

    /// Draws a latent as it is.
    pub(super) fn draw_latent(&mut self, latent: &[f32]) -> Result<(), EngineError> {
        self.point.render_latents(latent)
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
            return self.draw_sheet();
        }
        let mut places: Vec<_> = tiles.iter().map(|&tile| Tiles::middle(tile)).collect();
        // The strip has a fixed number of tiles.
        places.resize(TILES_IN_A_FRAME, [0.5; 2]);
        self.strip.render_positions(&places)?;
        self.pad.copy(self.strip.texture(), &tiles);
        Ok(self.has_tiles())
    }

    /// The sheets that are looked at from now on.
    pub(super) fn want_sheets(&mut self, wanted: &SheetPoints) -> Result<(), EngineError> {
        for name in wanted.keys() {
            if !self.sheet_textures.contains_key(name) {
                let sides = sheet_sides(&self.state, self.point.texture());
                let texture = TileTexture::new(&self.state, self.point.texture(), sides)?;
                self.sheet_textures.insert(*name, texture);
            }
        }
        self.sheets.want(wanted);
        Ok(())
    }

    /// Draws the pictures of sheets that come next, and tells whether some are left.
    fn draw_sheet(&mut self) -> Result<bool, EngineError> {
        let Some(SheetTiles { sheet, tiles, points }) = self.sheets.take(TILES_IN_A_FRAME) else {
            return Ok(false);
        };
        let mut values: Vec<f32> = points.iter().flat_map(Point::values).copied().collect();
        let one = values.len() / points.len().max(1);
        values.resize(one * TILES_IN_A_FRAME, 0.0);
        let strip = match (points.first(), &self.codes) {
            (Some(Point::Codes(_)), Some((network, _))) => {
                if self.codes_strip.is_none() {
                    let count = TILES_IN_A_FRAME;
                    let screen = Screen::new(network, "image", self.range, count, count)?;
                    self.codes_strip = Some(screen);
                }
                self.codes_strip.as_mut().unwrap_or(&mut self.strip)
            }
            _ => &mut self.strip,
        };
        strip.render_latents(&values)?;
        if let Some(texture) = self.sheet_textures.get(&sheet) {
            texture.copy(strip.texture(), &tiles);
        }
        Ok(self.has_tiles())
    }

    fn has_tiles(&self) -> bool {
        !self.tiles.is_empty() || !self.sheets.is_empty()
    }

    /// The sheets that have been looked at, as far as they are drawn.
    pub(super) fn sheet_pictures(&self) -> BTreeMap<SheetName, SheetPicture> {
        let picture = |texture: &TileTexture| SheetPicture {
            picture: texture.picture(),
            sides: texture.sides(),
        };
        self.sheet_textures.iter().map(|(&name, texture)| (name, picture(texture))).collect()
    }

    pub(super) fn point_picture(&self) -> Picture {
        self.point_picture
    }

    pub(super) fn pad_picture(&self) -> Picture {
        self.pad.picture()
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
        self.state.renderer.write().free_texture(&self.point_picture.id);
    }
}

/// How many columns and rows of tiles a sheet has: fewer of tiles so large that the device would have no texture for
/// them all.
fn sheet_sides(state: &RenderState, tile: &wgpu::Texture) -> [usize; 2] {
    let limit = state.device.limits().max_texture_dimension_2d as usize;
    let side = |tile_px: u32| SHEET_TILES.min(limit / (tile_px as usize).max(1)).max(1);
    [side(tile.width()), side(tile.height())]
}
