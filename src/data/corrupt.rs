//! Training images spoilt on purpose, for a model that learns to mend them.

use std::str::FromStr;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::array::Array;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::random::{Purpose, normals, stream};

/// The key that it has among the settings of a run.
pub const KEY: &str = "corrupt";
/// The side of the patches that [`Corruption::Mask`] hides, in pixels.
pub const PATCH_PX: usize = 4;
/// What hides a patch.
const GREY: f32 = 0.5;
/// The most noise.
const MOST_SIGMA: f32 = 10.0;
/// The coarsest blocks, in pixels.
const MOST_FACTOR: usize = 1024;
/// Seed of held-out images, whatever a run's own is.
const HELD_OUT_SEED: u64 = u64::MAX;

/// How an image is spoilt. Its text form is `noise:σ`, `mask:p` or `downsample:n`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Corruption {
    /// Normal noise on every value, kept within `[0, 1]`.
    Noise {
        /// Its standard deviation, 0 to 10, of a range of 1.
        sigma: f32,
    },
    /// Patches of [`PATCH_PX`] pixels a side, grey in every channel.
    Mask {
        /// The probability of each patch to be hidden, 0 to 1.
        probability: f32,
    },
    /// Blocks of one colour, their mean.
    Downsample {
        /// The side of a block in pixels, 1 to 1024; those at the lower and right edge may be smaller.
        factor: usize,
    },
}

/// A text that names no corruption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorruptionError {
    /// There is no such kind.
    #[error(
        "read a corruption: found kind {found:?} (expected `noise:σ`, `mask:p` or `downsample:n`)"
    )]
    UnknownKind {
        /// What stands before the colon.
        found: String,
    },
    /// The number after the colon is none, or out of range.
    #[error("read a corruption: found {found:?} after `{kind}:` (expected {expected})")]
    BadStrength {
        /// The kind of corruption.
        kind: &'static str,
        /// What stands after the colon.
        found: String,
        /// What can stand there.
        expected: &'static str,
    },
}

impl Corruption {
    /// One of each kind, as strong as one may begin with.
    pub const USUAL: [Self; 3] = [
        Self::Noise { sigma: 0.2 },
        Self::Mask { probability: 0.5 },
        Self::Downsample { factor: 2 },
    ];

    /// The text forms, with what can stand in them.
    pub const FORMS: &str =
        tr_later!("noise:σ (0 to 10), mask:p (0 to 1), downsample:n (1 to 1024)");

    /// The corruption among the settings of a run, where there is one.
    pub fn of_settings(settings: &serde_json::Map<String, serde_json::Value>) -> Option<Self> {
        settings.get(KEY)?.as_str()?.parse().ok()
    }

    /// What stands before the colon.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Noise { .. } => "noise",
            Self::Mask { .. } => "mask",
            Self::Downsample { .. } => "downsample",
        }
    }

    /// Held-out images, spoilt: each by its number alone, the first of which is `first`. Runs, batches and steps
    /// do not matter, so that whatever is measured on an image is measured on the same one.
    ///
    /// # Shapes
    /// `images` and result: `[b, c, h, w]` in `[0, 1]`.
    ///
    /// # Panics
    /// When `images` has not four axes.
    pub fn apply_to_held_out(&self, images: &Array, first: u64) -> Array {
        let mut spoilt = images.clone();
        let len = images.row_len().max(1);
        for (index, row) in spoilt.data_mut().chunks_exact_mut(len).enumerate() {
            let image = images.rows(index, index + 1);
            row.copy_from_slice(self.apply(&image, HELD_OUT_SEED, first + index as u64).data());
        }
        spoilt
    }

    /// The images, spoilt. A pure function of the images, `seed` and `step`.
    ///
    /// # Shapes
    /// `images` and result: `[b, c, h, w]` in `[0, 1]`.
    ///
    /// # Panics
    /// When `images` has not four axes.
    pub fn apply(&self, images: &Array, seed: u64, step: u64) -> Array {
        let shape = ImageShape::of_batch(images.shape());
        let mut spoilt = images.clone();
        match *self {
            Self::Noise { sigma } => add_noise(spoilt.data_mut(), sigma, seed, step),
            Self::Mask { probability } => {
                let mut rng = stream(seed, step, Purpose::Corrupt);
                for image in spoilt.data_mut().chunks_exact_mut(shape.len()) {
                    hide_patches(image, shape, || rng.random::<f32>() < probability);
                }
            }
            Self::Downsample { factor } => {
                for plane in spoilt.data_mut().chunks_exact_mut(shape.height * shape.width) {
                    average_blocks(plane, shape.width, factor);
                }
            }
        }
        spoilt
    }
}

fn add_noise(values: &mut [f32], sigma: f32, seed: u64, step: u64) {
    let noise = normals(seed, step, Purpose::Corrupt, values.len());
    for (value, noise) in values.iter_mut().zip(noise) {
        *value = (*value + sigma * noise).clamp(0.0, 1.0);
    }
}

/// Hides the patches of an image `[c, h, w]` for which `is_hidden` says so; asked row by row.
fn hide_patches(image: &mut [f32], shape: ImageShape, mut is_hidden: impl FnMut() -> bool) {
    let (h, w) = (shape.height, shape.width);
    for top in (0..h).step_by(PATCH_PX) {
        for left in (0..w).step_by(PATCH_PX) {
            if !is_hidden() {
                continue;
            }
            let columns = left..(left + PATCH_PX).min(w);
            for plane in image.chunks_exact_mut(h * w) {
                for row in plane.chunks_exact_mut(w).skip(top).take(PATCH_PX) {
                    row[columns.clone()].fill(GREY);
                }
            }
        }
    }
}

/// Gives every block of a plane its mean.
fn average_blocks(plane: &mut [f32], w: usize, factor: usize) {
    for rows in plane.chunks_mut(factor * w) {
        for left in (0..w).step_by(factor) {
            let columns = left..(left + factor).min(w);
            let of_row =
                |row: &[f32]| row[columns.clone()].iter().copied().map(f64::from).sum::<f64>();
            let sum: f64 = rows.chunks_exact(w).map(of_row).sum();
            let mean = (sum / (rows.len() / w * columns.len()) as f64) as f32;
            for row in rows.chunks_exact_mut(w) {
                row[columns.clone()].fill(mean);
            }
        }
    }
}

impl FromStr for Corruption {
    type Err = CorruptionError;

    fn from_str(text: &str) -> Result<Self, CorruptionError> {
        let (kind, strength) = text.split_once(':').unwrap_or((text, ""));
        let bad = |kind, expected| {
            let found = strength.to_owned();
            CorruptionError::BadStrength { kind, found, expected }
        };
        let number = |most: f32| strength.parse().ok().filter(|value| (0.0..=most).contains(value));
        match kind {
            "noise" => number(MOST_SIGMA)
                .map(|sigma| Self::Noise { sigma })
                .ok_or_else(|| bad("noise", "a standard deviation from 0 to 10, as `noise:0.2`")),
            "mask" => number(1.0)
                .map(|probability| Self::Mask { probability })
                .ok_or_else(|| bad("mask", "a probability from 0 to 1, as `mask:0.5`")),
            "downsample" => strength
                .parse()
                .ok()
                .filter(|factor| (1..=MOST_FACTOR).contains(factor))
                .map(|factor| Self::Downsample { factor })
                .ok_or_else(|| {
                    bad("downsample", "a whole number from 1 to 1024, as `downsample:2`")
                }),
            _ => Err(CorruptionError::UnknownKind { found: kind.to_owned() }),
        }
    }
}

impl std::fmt::Display for Corruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Noise { sigma } => write!(f, "noise:{sigma}"),
            Self::Mask { probability } => write!(f, "mask:{probability}"),
            Self::Downsample { factor } => write!(f, "downsample:{factor}"),
        }
    }
}

impl From<Corruption> for String {
    fn from(corruption: Corruption) -> Self {
        corruption.to_string()
    }
}

impl TryFrom<String> for Corruption {
    type Error = CorruptionError;

    fn try_from(text: String) -> Result<Self, CorruptionError> {
        text.parse()
    }
}
