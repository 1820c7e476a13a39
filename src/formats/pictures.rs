//! Pictures in and out: any common picture file to an image of a model, and back.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{self, CompressionType, PngEncoder};
use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{
    Delay, DynamicImage, ExtendedColorType, Frame, ImageDecoder as _, ImageEncoder as _,
    ImageReader, Limits, RgbImage, RgbaImage,
};

use super::{FormatError, write_whole, write_whole_folder};
use crate::array::Array;
use crate::picture::{ImageShape, level_from_unit};

/// The longest side of a picture that is read, in pixels.
const MAX_SIDE_PX: u32 = 16_384;
/// The most memory that a decoder may take, in bytes.
const MAX_DECODER_BYTES: u64 = 512 << 20;
/// Of 100: above this the eye finds no difference, and neither should a model.
const JPEG_QUALITY: u8 = 95;
/// What is between the images of a sheet: a grey that neither dark nor light images run into.
const GUTTER: f32 = 0.5;

const READ: &str = "cannot read a picture";
const WRITE: &str = "cannot write a picture";

/// Reads a picture file as an image of the given shape.
///
/// It is turned as its camera said, laid on white where it is transparent, cropped around its centre to the
/// shape's proportions, and resized (triangle filter, which averages when it shrinks). One channel is Rec. 601
/// luma, as in the tools that most grey data sets were made with.
///
/// # Shapes
/// `[c, h, w]`, in [0, 1].
///
/// # Errors
/// When the file cannot be read, is no picture or a huge one, or the shape has neither 1 nor 3 channels.
pub fn read_picture(path: &Path, shape: ImageShape) -> Result<Array, FormatError> {
    Ok(in_unit(&read_levels(path, shape)?, shape))
}

/// 8-bit levels in `[c, h, w]` order as values in [0, 1].
fn in_unit(levels: &[u8], shape: ImageShape) -> Array {
    let mut image = Array::zeros([shape.channels, shape.height, shape.width]);
    for (value, level) in image.data_mut().iter_mut().zip(levels) {
        *value = f32::from(*level) / 255.0;
    }
    image
}

/// Pixels as an image of the given shape, as [`read_picture`] makes one of a file.
///
/// # Shapes
/// `rgba` four bytes a pixel, row by row, width and height in `size`; the result is `[c, h, w]`, in [0, 1].
///
/// # Errors
/// When there are no pixels, more or fewer than `size` says, or the shape has neither 1 nor 3 channels.
pub fn picture_of_rgba(
    size: [usize; 2],
    rgba: &[u8],
    shape: ImageShape,
) -> Result<Array, FormatError> {
    let place = Path::new("(clipboard)");
    let wrong = |found: String, expected: &str| FormatError::content(READ, found, expected, place);
    let [Ok(width), Ok(height)] = size.map(u32::try_from) else {
        return Err(wrong(format!("{size:?} pixels"), "fewer"));
    };
    let pixels = RgbaImage::from_raw(width, height, rgba.to_vec());
    let pixels = pixels.filter(|_| width > 0 && height > 0 && rgba.len() == 4 * size[0] * size[1]);
    let found = format!("{} bytes of {width}×{height} pixels", rgba.len());
    let pixels = pixels.ok_or_else(|| wrong(found, "four bytes a pixel"))?;
    let levels = fitted(&pixels.into(), shape, place)?;
    Ok(in_unit(&levels, shape))
}

/// [`read_picture`] as 8-bit levels in `[c, h, w]` order: what a data set keeps in memory.
///
/// # Errors
/// As [`read_picture`].
pub fn read_levels(path: &Path, shape: ImageShape) -> Result<Vec<u8>, FormatError> {
    check_shape(shape, path)?;
    fitted(&decode(path)?, shape, path)
}

fn check_shape(shape: ImageShape, path: &Path) -> Result<(), FormatError> {
    if shape.is_empty() || !matches!(shape.channels, 1 | 3) {
        return Err(FormatError::content(
            READ,
            format!("the shape {shape}"),
            "1 or 3 channels",
            path,
        ));
    }
    Ok(())
}

/// A picture as 8-bit levels of an image of the given shape.
fn fitted(picture: &DynamicImage, shape: ImageShape, path: &Path) -> Result<Vec<u8>, FormatError> {
    check_shape(shape, path)?;
    let picture = crop_to(picture, shape);
    let (h, w) = (shape.height as u32, shape.width as u32);
    let picture = imageops::resize(&on_white(picture), w, h, FilterType::Triangle);
    let level = |channel: usize| {
        picture.pixels().map(
            move |pixel| {
                if shape.channels == 1 { luma(pixel.0) } else { pixel.0[channel] }
            },
        )
    };
    Ok((0..shape.channels).flat_map(level).collect())
}

/// The upright picture in a file, whichever of the known formats it has.
fn decode(path: &Path) -> Result<DynamicImage, FormatError> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(FormatError::io(READ, path))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits.clone());
    let decoded = reader.into_decoder().and_then(|mut decoder| {
        limits.reserve(decoder.total_bytes())?;
        // A picture whose orientation cannot be told is still a picture.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    });
    let expected = format!("a whole picture of at most {MAX_SIDE_PX} pixels a side");
    let wrong = |found: String| FormatError::content(READ, found, expected.clone(), path);
    let picture = decoded.map_err(|error| wrong(error.to_string()))?;
    if picture.width() == 0 || picture.height() == 0 {
        return Err(wrong("no pixels".to_owned()));
    }
    Ok(picture)
}

/// The largest part around the centre that has the shape's proportions.
fn crop_to(picture: &DynamicImage, shape: ImageShape) -> DynamicImage {
    let (w, h) = (u64::from(picture.width()), u64::from(picture.height()));
    let (want_w, want_h) = (shape.width as u64, shape.height as u64);
    let crop_w = (h * want_w / want_h).clamp(1, w);
    let crop_h = (w * want_h / want_w).clamp(1, h);
    let (x, y) = ((w - crop_w) / 2, (h - crop_h) / 2);
    picture.crop_imm(x as u32, y as u32, crop_w as u32, crop_h as u32)
}

/// The picture laid on white where it is transparent.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, alpha] = picture.get_pixel(x, y).0;
        let on_white = |level: u8| {
            let mixed = u32::from(level) * u32::from(alpha) + 255 * u32::from(255 - alpha);
            ((mixed + 127) / 255) as u8
        };
        image::Rgb([r, g, b].map(on_white))
    })
}

/// Rec. 601 luma; a grey pixel keeps its level exactly.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let weighted = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    ((weighted + 500) / 1000) as u8
}

/// Writes one image as `.png` or `.jpg`, whole or not at all.
///
/// # Shapes
/// `[c, h, w]` with 1 or 3 channels, in [0, 1]; clamped, and NaN is black.
///
/// # Errors
/// When the shape or the extension is another, or the file cannot be written.
pub fn write_picture(path: &Path, image: &Array) -> Result<(), FormatError> {
    let pixels = Pixels::new(image.shape(), image.data()).map_err(|found| {
        FormatError::content(WRITE, found, "[c, h, w] with 1 or 3 channels", path)
    })?;
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("png") => write_whole(path, |out| pixels.write_png(out)),
        Some("jpg" | "jpeg") => write_whole(path, |out| pixels.write_jpeg(out)),
        _ => {
            let found = format!("the extension {:?}", extension.to_string_lossy());
            Err(FormatError::content(WRITE, found, ".png or .jpg", path))
        }
    }
}

/// What images take as PNG files, all together, in bytes: each written by itself, as small as the encoder makes it.
///
/// # Shapes
/// `[b, c, h, w]` with 1 or 3 channels, in [0, 1].
///
/// # Errors
/// When the shape is another.
pub fn png_bytes(images: &Array) -> io::Result<u64> {
    let shape = images.shape().get(1..).unwrap_or_default();
    let mut bytes = 0;
    for i in 0..images.num_rows() {
        let pixels = Pixels::new(shape, images.row(i)).map_err(io::Error::other)?;
        let mut png = Vec::new();
        let filter = png::FilterType::Adaptive;
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, filter)
            .write_image(&pixels.levels, pixels.width, pixels.height, pixels.colour)
            .map_err(io::Error::other)?;
        bytes += png.len() as u64;
    }
    Ok(bytes)
}

/// Writes every image of a batch as `000000.png`, `000001.png`, … into a new folder, whole or not at all.
///
/// # Shapes
/// `[b, c, h, w]` with 1 or 3 channels, in [0, 1].
///
/// # Errors
/// When the shape is another, the folder is there and not empty, or it cannot be written.
pub fn write_folder(folder: &Path, images: &Array) -> Result<(), FormatError> {
    let wrong =
        |found| FormatError::content(WRITE, found, "[b, c, h, w] with 1 or 3 channels", folder);
    let shape = images.shape().get(1..).unwrap_or_default();
    write_whole_folder(folder, |temporary| {
        for i in 0..images.num_rows() {
            let mut png = Vec::new();
            let pixels = Pixels::new(shape, images.row(i)).map_err(wrong)?;
            pixels
                .write_png(&mut png)
                .and_then(|()| fs::write(temporary.join(format!("{i:06}.png")), png))
                .map_err(FormatError::io(WRITE, folder))?;
        }
        Ok(())
    })
}

/// Writes a batch as a `.gif` that runs there and back for ever, 12 pictures a second, whole or not at all.
///
/// # Shapes
/// `[b, c, h, w]` with 1 or 3 channels, in [0, 1].
///
/// # Errors
/// When the shape is another or the file cannot be written.
pub fn write_gif(path: &Path, images: &Array) -> Result<(), FormatError> {
    let count = images.num_rows();
    let frames = (0..count).chain((1..count.saturating_sub(1)).rev());
    write_frames(path, images, frames, 1.0 / 12.0)
}

/// Writes a batch as a `.gif` that begins anew for ever, whole or not at all.
///
/// # Shapes
/// `[b, c, h, w]` with 1 or 3 channels, in [0, 1].
///
/// # Units
/// `secs` is how long each picture stays, in seconds; at least 0.02, as programs show shorter ones slowly.
///
/// # Errors
/// When the shape is another or the file cannot be written.
pub fn write_film(path: &Path, images: &Array, secs: f32) -> Result<(), FormatError> {
    let secs = if secs.is_finite() { secs.clamp(0.02, 60.0) } else { 1.0 };
    write_frames(path, images, 0..images.num_rows(), secs)
}

fn write_frames(
    path: &Path,
    images: &Array,
    frames: impl IntoIterator<Item = usize>,
    secs: f32,
) -> Result<(), FormatError> {
    let shape = images.shape().get(1..).unwrap_or_default();
    let wrong =
        |found| FormatError::content(WRITE, found, "[b, c, h, w] with 1 or 3 channels", path);
    let frames = frames.into_iter().map(|i| Pixels::new(shape, images.row(i)).map_err(wrong));
    let frames = frames.collect::<Result<Vec<_>, _>>()?;
    write_whole(path, |out| {
        let mut encoder = GifEncoder::new(out);
        encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
        for frame in frames {
            let delay = Delay::from_saturating_duration(Duration::from_secs_f32(secs));
            let frame = Frame::from_parts(frame.into_rgba(), 0, 0, delay);
            encoder.encode_frame(frame).map_err(io::Error::other)?;
        }
        Ok(())
    })
}

/// A sheet of all images of a batch in rows of `columns`, with grey gutters between them.
///
/// # Shapes
/// `[b, c, h, w]` to `[c, rows * (h + gutter) - gutter, columns * (w + gutter) - gutter]`.
///
/// # Panics
/// When `images` has not four axes, or no images, or `columns` is 0.
pub fn sheet(images: &Array, columns: usize, gutter_px: usize) -> Array {
    let &[b, c, h, w] = images.shape() else { panic!("a sheet is made of [b, c, h, w]") };
    assert!(b > 0 && columns > 0, "a sheet has images and columns");
    let columns = columns.min(b);
    let height = b.div_ceil(columns) * (h + gutter_px) - gutter_px;
    let width = columns * (w + gutter_px) - gutter_px;
    let mut sheet = Array::filled([c, height, width], GUTTER);
    for (i, row) in images.data().chunks_exact(w).enumerate() {
        let (image, channel, y) = (i / (c * h), i / h % c, i % h);
        let top = image / columns * (h + gutter_px) + y;
        let left = image % columns * (w + gutter_px);
        let start = (channel * height + top) * width + left;
        sheet.data_mut()[start..start + w].copy_from_slice(row);
    }
    sheet
}

/// Batches of one shape under each other, a row each: for example originals over reconstructions.
///
/// # Shapes
/// Each `[b, c, h, w]`; as [`sheet`] with `b` columns.
///
/// # Panics
/// As [`sheet`], or when there are no batches.
pub fn strips(batches: &[&Array], gutter_px: usize) -> Array {
    let shape = batches[0].shape();
    debug_assert!(batches.iter().all(|batch| batch.shape() == shape), "batches of one shape");
    let together = batches.iter().flat_map(|batch| batch.data()).copied().collect();
    let mut all = shape.to_vec();
    all[0] *= batches.len();
    let together = Array::new(all, together).expect("batches of one shape fill their sum");
    sheet(&together, shape[0], gutter_px)
}

/// Images of any sizes side by side, their tops in line, with grey gutters between them and grey below lower ones. Grey
/// images stay grey among coloured ones.
///
/// # Shapes
/// Each `[c, h, w]`, with 1 channel or as many as all others that have more; to `[c, h, w]` of most channels, the
/// greatest height, and all widths with the gutters between them.
///
/// # Panics
/// When there are no images, or one has not three axes.
pub fn row(images: &[Array], gutter_px: usize) -> Array {
    assert!(!images.is_empty(), "a row has images");
    let most = |axis: usize| images.iter().map(|image| image.shape()[axis]).max().unwrap_or(0);
    let (channels, height) = (most(0), most(1));
    let widths = images.iter().map(|image| image.shape()[2] + gutter_px);
    let width = widths.sum::<usize>() - gutter_px;
    let mut row = Array::filled([channels, height, width], GUTTER);
    let mut left = 0;
    for image in images {
        let &[c, h, w] = image.shape() else { panic!("a row is made of [c, h, w]") };
        for channel in 0..channels {
            let plane = channel.min(c - 1) * h * w;
            for (y, line) in image.data()[plane..plane + h * w].chunks_exact(w).enumerate() {
                let start = (channel * height + y) * width + left;
                row.data_mut()[start..start + w].copy_from_slice(line);
            }
        }
        left += w + gutter_px;
    }
    row
}

/// 8-bit levels, channels innermost, as encoders want them.
struct Pixels {
    levels: Vec<u8>,
    width: u32,
    height: u32,
    colour: ExtendedColorType,
}

impl Pixels {
    /// The levels of an image `[c, h, w]`, or what is wrong with it.
    fn new(shape: &[usize], values: &[f32]) -> Result<Self, String> {
        let wrong = || format!("the shape {shape:?}");
        let &[c, h, w] = shape else { return Err(wrong()) };
        let colour = match c {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            _ => return Err(wrong()),
        };
        let (Ok(height), Ok(width)) = (u32::try_from(h), u32::try_from(w)) else {
            return Err(wrong());
        };
        if values.is_empty() {
            return Err(wrong());
        }
        let pixels = h * w;
        let value = |i: usize| values[i % c * pixels + i / c];
        let levels = (0..c * pixels).map(|i| level_from_unit(value(i))).collect(); // [h, w, c]
        Ok(Self { levels, width, height, colour })
    }

    /// The picture as an animation wants it.
    fn into_rgba(self) -> RgbaImage {
        let c = if self.colour == ExtendedColorType::L8 { 1 } else { 3 };
        RgbaImage::from_fn(self.width, self.height, |x, y| {
            let start = (y * self.width + x) as usize * c;
            let level = |channel: usize| self.levels[start + channel.min(c - 1)];
            image::Rgba([level(0), level(1), level(2), 255])
        })
    }

    fn write_png(&self, out: &mut impl Write) -> io::Result<()> {
        let encoder = PngEncoder::new(out);
        encoder
            .write_image(&self.levels, self.width, self.height, self.colour)
            .map_err(io::Error::other)
    }

    fn write_jpeg(&self, out: &mut impl Write) -> io::Result<()> {
        let encoder = JpegEncoder::new_with_quality(out, JPEG_QUALITY);
        encoder
            .write_image(&self.levels, self.width, self.height, self.colour)
            .map_err(io::Error::other)
    }
}
