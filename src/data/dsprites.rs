//! dSprites: white shapes on black whose causes are known, as one NumPy archive.
//!
//! Source: Matthey, Higgins, Hassabis, Lerchner, dSprites: Disentanglement testing Sprites dataset, 2017,
//! <https://github.com/google-deepmind/dsprites-dataset>. Every image is a function of its shape, scale,
//! orientation and position; the full set holds all 3 × 6 × 40 × 32 × 32 combinations, and any part of it is
//! read as well.
//!
//! Layout of the archive: `imgs`, u8 `[n, 64, 64]` of 0 and 1, and `latents_values`, f64 `[n, 5]`: shape (1, 2, 3),
//! scale, orientation, x, y; in the original a sixth column, the constant colour, comes first. What else is there
//! (`latents_classes`, which are the same values counted from 0, and `metadata`, a pickle) is not read.
//!
//! In memory a pixel is one bit: the full set takes 377 MB rather than 3 GB, and unpacking it is a shift.

use std::f32::consts::TAU;
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::language::tr_later;
use crate::picture::ImageShape;

use super::npz::{NpyArray, Npz, malformed};
use super::shapes::{PLACES, SIZE_WORDS, third};
use super::stored::Parts;
use super::{DataError, Dataset, DspritesOptions, FactorInfo, FactorKind, Split, Watch};

/// The side of every image of the archive, in pixels; a row is a word.
const SIDE: usize = u64::BITS as usize;
/// Every combination once.
const MAX_IMAGES: usize = 3 * 6 * 40 * 32 * 32;
const SHAPE_NAMES: [&str; 3] = ["square", "ellipse", "heart"];
const SCALES: (f32, f32) = (0.5, 1.0);
const POSITIONS: (f32, f32) = (0.0, 1.0);
/// The factors after the shape, with the interval that holds all their values.
const FACTORS: [(&str, (f32, f32)); 4] = [
    (tr_later!("scale"), SCALES),
    (tr_later!("orientation"), (0.0, TAU)),
    ("x", POSITIONS),
    ("y", POSITIONS),
];

/// Opens the archive `file`.
pub(super) fn open(
    file: &Path,
    options: &DspritesOptions,
    watch: Watch<'_>,
) -> Result<Dsprites, DataError> {
    if !DspritesOptions::SIZES.contains(&options.size) {
        return Err(DataError::BadOption {
            kind: "dsprites",
            key: "size".to_owned(),
            value: options.size.to_string(),
            expected: format!("one of {:?}", DspritesOptions::SIZES),
        });
    }
    let mut archive = Npz::open(file)?;
    let causes = read_causes(archive.array("latents_values", "<f8")?, file)?;
    let images = read_images(archive.array("imgs", "|u1")?, causes.len(), file, watch)?;
    let factor = |name: &str, kind| FactorInfo { name: name.to_owned(), kind };
    let class_names = SHAPE_NAMES.map(str::to_owned).to_vec();
    let mut factors = vec![factor(tr_later!("shape"), FactorKind::Categories(class_names.clone()))];
    factors.extend(FACTORS.map(|(name, (lo, hi))| factor(name, FactorKind::Continuous { lo, hi })));
    let parts = Parts::drawn(images.len(), options.seed);
    Ok(Dsprites { size: options.size, images, causes, parts, class_names, factors })
}

/// The causes of one image: the index of its shape, then the [`FACTORS`].
type Causes = [f32; 1 + FACTORS.len()];

fn read_causes(mut array: NpyArray<'_>, file: &Path) -> Result<Vec<Causes>, DataError> {
    let [images @ 2..=MAX_IMAGES, columns @ (5 | 6)] = array.shape[..] else {
        let found = format!("latents_values of shape {:?}", array.shape);
        let expected = format!("[n, 5] or [n, 6] with 2 to {MAX_IMAGES} images");
        return Err(malformed(found, expected, file));
    };
    let mut all = Vec::new();
    let mut row = vec![0; columns * size_of::<f64>()];
    for image in 0..images {
        array.read(&mut row)?;
        let (values, _) = row.as_chunks::<8>();
        // The last five: what precedes them is the colour.
        let values = std::array::from_fn(|at| f64::from_le_bytes(values[columns - 5 + at]));
        all.push(causes_from(values).ok_or_else(|| {
            let found = format!("latents {values:?} of image {image}");
            let expected = "shape 1, 2 or 3, scale 0.5 to 1, orientation 0 to 2π, x and y 0 to 1";
            malformed(found, expected, file)
        })?);
    }
    array.finish()?;
    Ok(all)
}

/// The causes behind a row of the archive: shape, scale, orientation, x, y.
fn causes_from(values: [f64; 5]) -> Option<Causes> {
    let mut causes = values.map(|value| value as f32);
    causes[0] -= 1.0;
    let has_shape = [0.0, 1.0, 2.0].contains(&causes[0]);
    let mut others = FACTORS.iter().zip(&causes[1..]);
    let are_within = others.all(|((_, (lo, hi)), value)| (lo..=hi).contains(&value));
    (has_shape && are_within).then_some(causes)
}

/// One bit a pixel: a word a row, its lowest bit the leftmost pixel.
type Bits = [u64; SIDE];

fn read_images(
    mut array: NpyArray<'_>,
    images: usize,
    file: &Path,
    watch: Watch<'_>,
) -> Result<Vec<Bits>, DataError> {
    if array.shape != [images, SIDE, SIDE] {
        let found = format!("imgs of shape {:?}", array.shape);
        let expected = format!("[{images}, {SIDE}, {SIDE}], as there are {images} rows of latents");
        return Err(malformed(found, expected, file));
    }
    // As many rows of latents have been read, so this is no empty promise.
    let mut all = Vec::with_capacity(images);
    let mut levels = [0; SIDE * SIDE];
    for image in 0..images {
        if watch.cancel.load(Ordering::Relaxed) {
            return Err(DataError::Cancelled);
        }
        array.read(&mut levels)?;
        if let Some(level) = levels.iter().find(|level| **level > 1) {
            let found = format!("level {level} in image {image}");
            return Err(malformed(found, "pixels of 0 and 1 only", file));
        }
        all.push(packed(&levels));
        (watch.on_progress)(image + 1, images);
    }
    array.finish()?;
    Ok(all)
}

/// Bits from levels of 0 and 1.
fn packed(levels: &[u8; SIDE * SIDE]) -> Bits {
    let mut bits = [0; SIDE];
    for (row, levels) in bits.iter_mut().zip(levels.as_chunks::<SIDE>().0) {
        for (column, &level) in levels.iter().enumerate() {
            *row |= u64::from(level) << column;
        }
    }
    bits
}

/// The open set.
pub(super) struct Dsprites {
    /// The side that is asked for, a divisor of [`SIDE`].
    size: usize,
    images: Vec<Bits>,
    /// One row an image.
    causes: Vec<Causes>,
    parts: Parts,
    class_names: Vec<String>,
    factors: Vec<FactorInfo>,
}

impl Dsprites {
    fn causes(&self, split: Split, index: usize) -> &Causes {
        &self.causes[self.parts.image(split, index)]
    }
}

impl Dataset for Dsprites {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's names are not all literals")]
    fn name(&self) -> &str {
        "dSprites"
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, self.size, self.size)
    }

    fn len(&self, split: Split) -> usize {
        self.parts.len(split)
    }

    fn pixels(&self, split: Split, index: usize, out: &mut [f32]) {
        let size = self.size;
        assert_eq!(out.len(), size * size, "room for one image of shape {}", self.shape());
        let bits = &self.images[self.parts.image(split, index)];
        // A pixel is the mean over a block, at full size of a single bit.
        let block = SIDE / size;
        let mask = u64::MAX >> (SIDE - block);
        for (line, rows) in out.chunks_exact_mut(size).zip(bits.chunks_exact(block)) {
            for (column, value) in line.iter_mut().enumerate() {
                let lit = rows.iter().map(|row| (row >> (column * block) & mask).count_ones());
                *value = lit.sum::<u32>() as f32 / (block * block) as f32;
            }
        }
    }

    fn label(&self, split: Split, index: usize) -> Option<u32> {
        Some(self.causes(split, index)[0] as u32)
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn factors(&self) -> &[FactorInfo] {
        &self.factors
    }

    fn factor_values(&self, split: Split, index: usize) -> Option<Vec<f32>> {
        Some(self.causes(split, index).to_vec())
    }

    /// "a small heart, top left".
    fn caption(&self, split: Split, index: usize) -> Option<String> {
        let &[shape, scale, _, x, y] = self.causes(split, index);
        let size = SIZE_WORDS[third(scale, SCALES)];
        let place = PLACES[third(y, POSITIONS)][third(x, POSITIONS)];
        Some(format!("a {size} {}, {place}", SHAPE_NAMES[shape as usize]))
    }

    fn warnings(&self) -> &[String] {
        &[]
    }
}
