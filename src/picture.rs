//! What a model's images are: their shape, the range of their values, and how probable a pixel is.

use serde::{Deserialize, Serialize};

use crate::array::Array;

/// Extent of one image, `[c, h, w]` in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// Colour planes: 1 (grey) or 3 (RGB).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// A shape from its three extents.
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// The number of values in one image.
    pub const fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether an image has no values at all.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The shape of the images of a batch `[b, c, h, w]`.
    ///
    /// # Panics
    /// When there are not four axes.
    pub fn of_batch(shape: &[usize]) -> Self {
        let &[_, channels, height, width] = shape else {
            panic!("images of shape {shape:?}, expected [b, c, h, w]")
        };
        Self { channels, height, width }
    }

    /// The shape of a batch, `[b, c, h, w]`.
    pub fn batch(self, b: usize) -> Vec<usize> {
        vec![b, self.channels, self.height, self.width]
    }
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}

/// The interval that black and white map to in a model's own pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRange {
    /// Black.
    pub lo: f32,
    /// White.
    pub hi: f32,
}

impl ValueRange {
    /// `[0, 1]`.
    pub const UNIT: Self = Self { lo: 0.0, hi: 1.0 };
    /// `[-1, 1]`.
    pub const SIGNED: Self = Self { lo: -1.0, hi: 1.0 };

    /// A value of this range from one in `[0, 1]`.
    pub fn from_unit(self, value: f32) -> f32 {
        self.lo + value * (self.hi - self.lo)
    }

    /// The value in `[0, 1]` from one of this range; not clamped.
    pub fn to_unit(self, value: f32) -> f32 {
        (value - self.lo) / (self.hi - self.lo)
    }

    /// Images of this range from ones in `[0, 1]`.
    pub fn images_from_unit(self, images: &Array) -> Array {
        let mut images = images.clone();
        images.data_mut().iter_mut().for_each(|value| *value = self.from_unit(*value));
        images
    }

    /// Images in `[0, 1]` from ones of this range; not clamped.
    pub fn images_to_unit(self, images: &Array) -> Array {
        let mut images = images.clone();
        images.data_mut().iter_mut().for_each(|value| *value = self.to_unit(*value));
        images
    }
}

/// How probable a pixel is around its reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum PixelLikelihood {
    /// Bernoulli with the reconstruction as its mean; pixels are not binarised.
    Bernoulli,
    /// Normal around the reconstruction.
    Gaussian {
        /// Its deviation, of the pixel range.
        sigma: f64,
    },
}

/// The luminance of an RGB pixel, in its own range.
///
/// # Source
/// ITU-R BT.601, section 2.5.1: the weights of the colours in luma.
pub fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// An 8-bit level from a value in `[0, 1]`, clamped, rounded to nearest; NaN becomes 0.
pub fn level_from_unit(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}
