//! Arrays of pixels as egui textures.

use eframe::egui::{Color32, ColorImage, Context, TextureHandle, TextureOptions, Vec2};
use image::{RgbaImage, imageops};

use crate::array::Array;
use crate::language::tr_later;
use crate::metrics::psnr_db;
use crate::picture::{ImageShape, level_from_unit};
use crate::train::live::Probe;
use crate::ui::{Picture, ProbePictures};

/// The picture behind a handle.
pub(super) fn picture(handle: &TextureHandle) -> Picture {
    let [width, height] = handle.size();
    Picture { id: handle.id(), size: Vec2::new(width as f32, height as f32) }
}

/// Fills a texture with images side by side in `columns`, making it where there is none.
pub(super) fn show(
    slot: &mut Option<TextureHandle>,
    ctx: &Context,
    name: &str,
    images: &Array,
    columns: usize,
    options: TextureOptions,
) {
    load(slot, ctx, name, tiled(images, columns), options);
}

/// Fills a texture whose pixels are those of the screen.
pub(super) fn set(slot: &mut Option<TextureHandle>, ctx: &Context, name: &str, image: ColorImage) {
    load(slot, ctx, name, image, TextureOptions::NEAREST);
}

fn load(
    slot: &mut Option<TextureHandle>,
    ctx: &Context,
    name: &str,
    image: ColorImage,
    options: TextureOptions,
) {
    match slot {
        Some(handle) => handle.set(image, options),
        None => *slot = Some(ctx.load_texture(name, image, options)),
    }
}

/// Images `[b, c, h, w]` in `[0, 1]` as one picture, `columns` wide; grey and RGB alike.
pub(super) fn tiled(images: &Array, columns: usize) -> ColorImage {
    let &[b, c, h, w] = images.shape() else {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    };
    let columns = columns.clamp(1, b.max(1));
    let size = [columns * w, b.div_ceil(columns) * h];
    let mut picture = ColorImage::filled(size, Color32::TRANSPARENT);
    for index in 0..b {
        let (row, column) = (index / columns, index % columns);
        let pixels = images.row(index);
        for y in 0..h {
            for x in 0..w {
                let level = |channel: usize| {
                    level_from_unit(pixels[channel.min(c - 1) * h * w + y * w + x])
                };
                picture.pixels[(row * h + y) * size[0] + column * w + x] =
                    rgb(level(0), level(1), level(2));
            }
        }
    }
    picture
}

/// One image `[1, c, h, w]` in `[0, 1]` as a picture of the given width and height.
pub(super) fn thumbnail(image: &Array, [width, height]: [usize; 2]) -> ColorImage {
    let picture = tiled(image, 1);
    let [from_width, from_height] = picture.size.map(|side| side as u32);
    let rgba = RgbaImage::from_raw(from_width, from_height, picture.as_raw().to_vec())
        .expect("four bytes a pixel");
    let filter = imageops::FilterType::Triangle;
    let resized = imageops::resize(&rgba, width as u32, height as u32, filter);
    ColorImage::from_rgba_premultiplied([width, height], resized.as_raw())
}

/// One texture of equal tiles in rows, empty at first, of which each can be filled alone.
pub(super) struct Sheet {
    texture: Option<TextureHandle>,
    /// Width and height.
    tile_px: [usize; 2],
    /// Tiles in a row and in a column.
    sides: [usize; 2],
}

impl Sheet {
    /// Rows of `columns` tiles each.
    pub(super) fn new(tile_px: [usize; 2], [columns, rows]: [usize; 2]) -> Self {
        Self { texture: None, tile_px, sides: [columns, rows] }
    }

    /// Fills a tile by its number, row by row from the top left.
    pub(super) fn set(&mut self, ctx: &Context, index: usize, tile: &ColorImage) {
        let ([width, height], [columns, rows]) = (self.tile_px, self.sides);
        let options = TextureOptions::LINEAR;
        let texture = self.texture.get_or_insert_with(|| {
            let size = [columns * width, rows * height];
            ctx.load_texture("tiles", ColorImage::filled(size, Color32::TRANSPARENT), options)
        });
        let place = [index % columns * width, index / columns * height];
        texture.set_partial(place, tile.clone(), options);
    }

    /// The whole of it, as soon as there is a tile.
    pub(super) fn picture(&self) -> Option<Picture> {
        self.texture.as_ref().map(picture)
    }
}

#[expect(clippy::disallowed_methods, reason = "pixels of a picture, not colours of the window")]
fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// The pixels of one RGBA picture as `[c, h, w]` in `[0, 1]`.
pub(super) fn array_from_rgba(rgba: &[u8], image: ImageShape) -> Array {
    let plane = image.height * image.width;
    let mut array = Array::zeros([image.channels, image.height, image.width]);
    for (index, value) in array.data_mut().iter_mut().enumerate() {
        let (channel, pixel) = (index / plane, index % plane);
        *value = f32::from(rgba[pixel * 4 + channel]) / 255.0;
    }
    array
}

/// The rows of the watched batch.
#[derive(Default)]
pub(super) struct ProbeTextures {
    rows: [Option<TextureHandle>; 3],
}

impl ProbeTextures {
    /// Shows a batch and its reconstructions, or draws.
    pub(super) fn show(&mut self, ctx: &Context, probe: &Probe) -> Option<ProbePictures> {
        let Some(originals) = &probe.originals else { return self.show_draws(ctx, probe) };
        let of_original = |images: &Array, index| psnr_db(images.row(index), originals.row(index));
        let psnr_of = |images: &Array| -> Vec<f64> {
            (0..originals.num_rows()).map(|index| of_original(images, index)).collect()
        };
        let mut errors = originals.clone();
        for (error, found) in errors.data_mut().iter_mut().zip(probe.images.data()) {
            *error = (*error - found).abs();
        }
        let rows = match &probe.spoilt {
            Some(spoilt) => [
                (tr_later!("Corrupted"), spoilt),
                (tr_later!("Restored"), &probe.images),
                (tr_later!("Clean"), originals),
            ],
            None => [
                (tr_later!("Original"), originals),
                (tr_later!("Model"), &probe.images),
                (tr_later!("Error"), &errors),
            ],
        };
        Some(ProbePictures {
            step: probe.step,
            columns: originals.num_rows(),
            rows: self.fill(ctx, &rows)?,
            psnr_db: psnr_of(&probe.images),
            spoilt_psnr_db: probe.spoilt.as_ref().map(psnr_of).unwrap_or_default(),
        })
    }

    fn show_draws(&mut self, ctx: &Context, probe: &Probe) -> Option<ProbePictures> {
        let count = probe.images.num_rows();
        let columns = count.div_ceil(3);
        let row = |index: usize| {
            probe.images.rows((index * columns).min(count), ((index + 1) * columns).min(count))
        };
        let images = [row(0), row(1), row(2)];
        let rows = [(tr_later!("Draws"), &images[0]), ("", &images[1]), ("", &images[2])];
        let rows = self.fill(ctx, &rows)?;
        let [psnr_db, spoilt_psnr_db] = [Vec::new(), Vec::new()];
        Some(ProbePictures { step: probe.step, columns, rows, psnr_db, spoilt_psnr_db })
    }

    fn fill(
        &mut self,
        ctx: &Context,
        rows: &[(&'static str, &Array); 3],
    ) -> Option<[(&'static str, Picture); 3]> {
        let mut pictures = [None; 3];
        for ((slot, (_, images)), shown) in self.rows.iter_mut().zip(rows).zip(&mut pictures) {
            show(slot, ctx, "watched", images, images.num_rows(), TextureOptions::NEAREST);
            *shown = slot.as_ref().map(picture);
        }
        let [first, second, third] = pictures;
        Some([(rows[0].0, first?), (rows[1].0, second?), (rows[2].0, third?)])
    }
}
