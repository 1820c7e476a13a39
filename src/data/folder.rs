//! A folder of pictures of any size and format, cropped to squares of one size.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage, imageops,
};
use rayon::prelude::*;

use crate::picture::ImageShape;

use super::captions::CaptionTable;
use super::stored::{Parts, Stored};
use super::{Background, DataError, FolderOptions, IoError, Watch};

const GIB: f64 = (1u64 << 30) as f64;
/// What the pixels of a set may take.
const MAX_BYTES: u64 = 8 << 30;
/// The longest side of a picture file, in pixels: guards against files that claim to be enormous.
const MAX_SIDE_PX: u32 = 20_000;
/// What one picture may take while it is decoded, in bytes.
const MAX_DECODED_BYTES: u64 = 512 << 20;
/// How many unreadable files are named.
const MAX_NAMED: usize = 5;

/// Reads every picture under `dir`.
///
/// The first-level sub-folders are the classes when at least two of them hold pictures.
pub(super) fn open(
    dir: &Path,
    options: &FolderOptions,
    watch: Watch<'_>,
) -> Result<Stored, DataError> {
    let mut found = Found::default();
    found.walk(dir, watch)?;
    if found.pictures.is_empty() {
        return Err(no_images("no files that are called like pictures".to_owned(), dir));
    }
    let shape = ImageShape::new(options.channels, options.size, options.size);
    check_memory(found.pictures.len(), options, shape, dir)?;

    let Decoded { pixels, pictures, unreadable } =
        read_all(&found.pictures, options, shape, watch)?;
    if pictures.is_empty() {
        return Err(no_images(unreadable_text(&unreadable, found.pictures.len(), dir), dir));
    }
    let mut warnings = found.warnings;
    if !unreadable.is_empty() {
        warnings.push(unreadable_text(&unreadable, found.pictures.len(), dir));
    }
    if pictures.len() == 1 {
        warnings
            .push("there is only one image: the train and the test part are the same".to_owned());
    }
    let (class_names, labels) = classes(&pictures, dir, &mut warnings);
    let mut captions: Vec<Option<String>> =
        pictures.par_iter().map(|picture| found.captions.of(picture)).collect();
    if captions.iter().all(Option::is_none) {
        captions.clear();
    }
    Ok(Stored {
        name: super::name_of(dir),
        shape,
        pixels,
        labels,
        class_names,
        captions,
        lone_texts: found.captions.lone(),
        parts: Parts::drawn(pictures.len(), options.seed),
        warnings,
    })
}

/// What lies under a folder.
#[derive(Default)]
struct Found {
    /// Sorted.
    pictures: Vec<PathBuf>,
    captions: CaptionTable,
    warnings: Vec<String>,
}

impl Found {
    /// Collects pictures and captions, each folder once however many links lead to it; hidden ones are left out.
    fn walk(&mut self, root: &Path, watch: Watch<'_>) -> Result<(), DataError> {
        let mut seen = BTreeSet::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            if watch.cancel.load(Ordering::Relaxed) {
                return Err(DataError::Cancelled);
            }
            match self.list(&folder, &mut seen, &mut folders) {
                Ok(()) => {}
                Err(source) if folder == root => {
                    return Err(IoError::at("open a folder of images", &folder)(source).into());
                }
                Err(error) => {
                    self.warnings.push(format!("folder left out, {error}: {}", folder.display()));
                }
            }
        }
        self.pictures.sort();
        Ok(())
    }

    fn list(
        &mut self,
        folder: &Path,
        seen: &mut BTreeSet<PathBuf>,
        folders: &mut Vec<PathBuf>,
    ) -> std::io::Result<()> {
        if !seen.insert(fs::canonicalize(folder)?) {
            return Ok(());
        }
        let mut deeper = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            // Follows links; one that leads nowhere is kept if it is called like a picture, and named later.
            let metadata = fs::metadata(&path);
            if metadata.as_ref().is_ok_and(fs::Metadata::is_dir) {
                deeper.push(path);
            } else if entry.file_name() == "captions.tsv" {
                self.warnings.extend(self.captions.read(folder));
            } else if is_picture(&path) && metadata.map_or(true, |metadata| metadata.is_file()) {
                self.pictures.push(path);
            }
        }
        // Reversed, because the last is taken first: of two links to one folder, always the same one is used.
        deeper.sort_by(|left, right| right.cmp(left));
        folders.extend(deeper);
        Ok(())
    }
}

/// Whether the name ends like one of a format that is read.
fn is_picture(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| format.reading_enabled())
}

fn no_images(found: String, dir: &Path) -> DataError {
    let formats: Vec<&str> = ImageFormat::all()
        .filter(ImageFormat::reading_enabled)
        .flat_map(|format| format.extensions_str().iter().copied())
        .collect();
    DataError::NoImages { found, formats: formats.join(" "), dir: dir.to_owned() }
}

fn check_memory(
    images: usize,
    options: &FolderOptions,
    shape: ImageShape,
    dir: &Path,
) -> Result<(), DataError> {
    let needed = images as u64 * shape.len() as u64;
    if needed <= MAX_BYTES {
        return Ok(());
    }
    Err(DataError::TooLarge {
        images,
        size: options.size,
        channels: options.channels,
        needed_gib: needed as f64 / GIB,
        limit_gib: MAX_BYTES as f64 / GIB,
        dir: dir.to_owned(),
    })
}

/// A file that could not be read, and why.
type Unreadable = (PathBuf, String);

/// What came of the files.
struct Decoded {
    /// `[n, c, h, w]`.
    pixels: Vec<u8>,
    /// The files of these pixels.
    pictures: Vec<PathBuf>,
    unreadable: Vec<Unreadable>,
}

/// Decodes all pictures in parallel; the order stays.
fn read_all(
    pictures: &[PathBuf],
    options: &FolderOptions,
    shape: ImageShape,
    watch: Watch<'_>,
) -> Result<Decoded, DataError> {
    let len = shape.len();
    let mut pixels = vec![0u8; pictures.len() * len];
    let done = AtomicUsize::new(0);
    let results: Vec<Option<Result<(), String>>> = pixels
        .par_chunks_exact_mut(len)
        .zip(pictures)
        .map(|(out, path)| {
            if watch.cancel.load(Ordering::Relaxed) {
                return None;
            }
            let result = read_picture(path, options).map(|image| write_planes(&image, shape, out));
            (watch.on_progress)(done.fetch_add(1, Ordering::Relaxed) + 1, pictures.len());
            Some(result)
        })
        .collect();

    let mut readable: Vec<PathBuf> = Vec::with_capacity(pictures.len());
    let mut unreadable = Vec::new();
    for (index, (path, result)) in pictures.iter().zip(results).enumerate() {
        match result.ok_or(DataError::Cancelled)? {
            Ok(()) => {
                pixels.copy_within(index * len..(index + 1) * len, readable.len() * len);
                readable.push(path.clone());
            }
            Err(reason) => unreadable.push((path.clone(), reason)),
        }
    }
    pixels.truncate(readable.len() * len);
    Ok(Decoded { pixels, pictures: readable, unreadable })
}

/// "12 of 300 files could not be read: a.png (why), …", with the first few named.
fn unreadable_text(unreadable: &[Unreadable], all: usize, dir: &Path) -> String {
    let named: Vec<String> = unreadable
        .iter()
        .take(MAX_NAMED)
        .map(|(path, reason)| {
            format!("{} ({reason})", path.strip_prefix(dir).unwrap_or(path).display())
        })
        .collect();
    let rest = if unreadable.len() > MAX_NAMED { ", …" } else { "" };
    format!("{} of {all} files could not be read: {}{rest}", unreadable.len(), named.join(", "))
}

/// The square picture in a file, at the size that was asked for.
fn read_picture(path: &Path, options: &FolderOptions) -> Result<RgbImage, String> {
    // A decoder that panics on a broken file must not take the others with it.
    let decoded =
        catch_unwind(|| decode(path)).map_err(|_panic| "its decoder failed".to_owned())?;
    let image = decoded.map_err(|error| error.to_string().replace('\n', " "))?;
    let side = image.width().min(image.height());
    let square =
        image.crop_imm((image.width() - side) / 2, (image.height() - side) / 2, side, side);
    let flat = composite(&square, options.background);
    let size = options.size as u32;
    if side == size {
        return Ok(flat);
    }
    Ok(imageops::resize(&flat, size, size, imageops::FilterType::Lanczos3))
}

/// Decodes a file the right way up, within the limits.
fn decode(path: &Path) -> image::ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    limits.check_dimensions(width, height)?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Puts transparent pixels on a background.
fn composite(image: &DynamicImage, background: Background) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let behind = u32::from(background.level());
    let rgba = image.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0.map(u32::from);
        let over = |level: u32| ((level * alpha + behind * (255 - alpha) + 127) / 255) as u8;
        image::Rgb([over(red), over(green), over(blue)])
    })
}

/// Writes an image as planes, `[c, h, w]`.
fn write_planes(image: &RgbImage, shape: ImageShape, out: &mut [u8]) {
    if shape.channels == 1 {
        out.copy_from_slice(imageops::grayscale(image).as_raw());
        return;
    }
    let plane = shape.height * shape.width;
    for (index, pixel) in image.pixels().enumerate() {
        for (channel, &level) in pixel.0.iter().enumerate() {
            out[channel * plane + index] = level;
        }
    }
}

/// The names of the first-level sub-folders and which one each picture is in.
fn classes(
    pictures: &[PathBuf],
    dir: &Path,
    warnings: &mut Vec<String>,
) -> (Vec<String>, Option<Vec<u32>>) {
    let folder_of = |picture: &PathBuf| -> Option<String> {
        let mut parts = picture.strip_prefix(dir).ok()?.components();
        let first = parts.next()?;
        parts.next().map(|_file| first.as_os_str().to_string_lossy().into_owned())
    };
    let folders: Vec<Option<String>> = pictures.iter().map(folder_of).collect();
    let names: BTreeSet<&String> = folders.iter().flatten().collect();
    if names.len() < 2 {
        return (Vec::new(), None);
    }
    let outside = folders.iter().filter(|folder| folder.is_none()).count();
    if outside > 0 {
        warnings.push(format!(
            "{outside} images lie beside the class folders, so the set has no classes"
        ));
        return (Vec::new(), None);
    }
    let numbers: BTreeMap<&String, u32> = names.iter().copied().zip(0..).collect();
    let labels = folders.iter().flatten().map(|folder| numbers[folder]).collect();
    (names.into_iter().cloned().collect(), Some(labels))
}
