//! The images of points, in the tiles of one texture: those that are shown, and as many others as there is room for.

use eframe::egui::{self, Color32, ColorImage, TextureOptions};

use crate::app::textures;
use crate::array::Array;
use crate::data::{self, Dataset};
use crate::session::map::{Points, Source};
use crate::ui::Thumbs;

/// The side of the texture in pixels.
const SIDE_PX: usize = 2048;
/// The side of a tile in pixels, at least and at most.
const TILE_PX: [usize; 2] = [32, 64];
/// Tiles that are filled in a frame.
const IN_A_FRAME: usize = 48;

/// The texture and who has which tile.
#[derive(Default)]
pub(super) struct Thumbnails {
    shown: Thumbs,
    texture: Option<egui::TextureHandle>,
    tile_px: usize,
    /// The frame in which each tile was last wanted, and the point that has it.
    tiles: Vec<(u64, Option<u32>)>,
    frame: u64,
}

impl Thumbnails {
    /// What panels see.
    pub(super) fn shown(&self) -> &Thumbs {
        &self.shown
    }

    /// Points have other images.
    pub(super) fn forget(&mut self) {
        self.shown.tiles.clear();
        self.tiles.fill((0, None));
    }

    /// Fills tiles of points that are wanted and have none; the rest comes with later frames.
    pub(super) fn fill(
        &mut self,
        ctx: &egui::Context,
        wanted: &[u32],
        points: &Points,
        data: Option<&dyn Dataset>,
    ) {
        self.frame += 1;
        for point in wanted {
            if let Some(&tile) = self.shown.tiles.get(point) {
                self.tiles[tile].0 = self.frame;
            }
        }
        let missing = wanted.iter().filter(|point| !self.shown.tiles.contains_key(point));
        let mut missing: Vec<u32> = missing.copied().collect();
        missing.dedup();
        let is_more = missing.len() > IN_A_FRAME;
        for point in missing.into_iter().take(IN_A_FRAME) {
            let Some(image) = image_of(point, points, data) else { continue };
            self.prepare(ctx, &image);
            let Some(tile) = self.free_tile() else { break };
            if let Some(before) = self.tiles[tile].1.replace(point) {
                self.shown.tiles.remove(&before);
            }
            self.tiles[tile].0 = self.frame;
            let side = SIDE_PX / self.tile_px;
            let place = [tile % side * self.tile_px, tile / side * self.tile_px];
            if let Some(texture) = &mut self.texture {
                let picture = fitted(&image, self.tile_px);
                texture.set_partial(place, picture, TextureOptions::LINEAR);
            }
            self.shown.tiles.insert(point, tile);
            ctx.request_repaint();
        }
        if is_more {
            ctx.request_repaint();
        }
    }

    /// Makes the texture, or another one for images of another size.
    fn prepare(&mut self, ctx: &egui::Context, image: &Array) {
        let [least, most] = TILE_PX;
        let side = image.shape().iter().skip(2).copied().max().unwrap_or(least);
        let tile_px = side.clamp(least, most);
        if self.texture.is_some() && self.tile_px == tile_px {
            return;
        }
        self.tile_px = tile_px;
        let count = SIDE_PX / tile_px;
        let px = count * tile_px;
        let empty = ColorImage::filled([px, px], Color32::TRANSPARENT);
        let texture = ctx.load_texture("images of points", empty, TextureOptions::LINEAR);
        let picture = Some(textures::picture(&texture));
        self.shown = Thumbs { picture, side: count, ..Thumbs::default() };
        self.texture = Some(texture);
        self.tiles = vec![(0, None); count * count];
    }

    /// The tile that was not wanted for longest; nothing where all are wanted now.
    fn free_tile(&self) -> Option<usize> {
        let oldest = self.tiles.iter().enumerate().min_by_key(|(_, (frame, _))| *frame);
        oldest.filter(|(_, (frame, _))| *frame < self.frame).map(|(tile, _)| tile)
    }
}

/// The image of a point, `[1, c, h, w]` in `[0, 1]`.
pub(super) fn image_of(point: u32, points: &Points, data: Option<&dyn Dataset>) -> Option<Array> {
    match *points.sources.get(point as usize)? {
        Source::Image { split, index } => {
            let data = data.filter(|data| (index as usize) < data.len(split))?;
            Some(data::batch(data, split, &[index]))
        }
        Source::Draw(_) => {
            let made = points.made.as_ref()?;
            let draw = point as usize - (points.len() - points.draws());
            let len = made.shape.len();
            let levels = made.levels.get(draw * len..(draw + 1) * len)?;
            let values = levels.iter().map(|level| f32::from(*level) / 255.0).collect();
            Array::new(made.shape.batch(1), values).ok()
        }
    }
}

/// An image in the middle of a square tile.
fn fitted(image: &Array, side: usize) -> ColorImage {
    let &[_, _, height, width] = image.shape() else {
        return ColorImage::filled([side, side], Color32::TRANSPARENT);
    };
    let scale = side as f32 / height.max(width).max(1) as f32;
    let size =
        [width, height].map(|extent| ((extent as f32 * scale).round() as usize).clamp(1, side));
    let small = textures::thumbnail(image, size);
    let mut tile = ColorImage::filled([side, side], Color32::BLACK);
    let [left, top] = size.map(|extent| (side - extent) / 2);
    for (row, pixels) in small.pixels.chunks_exact(size[0]).enumerate() {
        let at = (top + row) * side + left;
        tile.pixels[at..at + size[0]].copy_from_slice(pixels);
    }
    tile
}
