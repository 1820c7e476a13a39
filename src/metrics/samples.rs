//! What every measure of whole sets asks of them before it counts anything.

use crate::array::Array;
use crate::picture::ImageShape;

/// The largest magnitude of a value: squares of it, summed over a million values, still fit an `f32`.
const LARGEST: f32 = 1e15;

/// Sets of samples that cannot be measured, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// There are not enough of them.
    #[error("{action}: found {found} {set} samples (expected at least {least})")]
    TooFew {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
    },
    /// Two sets that are to be of one size are not.
    #[error("{action}: found {found} {set} samples (expected {expected}, as many as {other} ones)")]
    UnequalCounts {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// How many there are.
        found: usize,
        /// How many the other set has.
        expected: usize,
        /// The other set.
        other: &'static str,
    },
    /// Samples of two sets are not of one length.
    #[error(
        "{action}: found {set} samples of {found} values (expected {expected}, as {other} ones have)"
    )]
    UnequalLengths {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// How many values a sample has.
        found: usize,
        /// How many a sample of the other set has.
        expected: usize,
        /// The other set.
        other: &'static str,
    },
    /// Samples without values.
    #[error("{action}: found {set} samples of no values (expected at least one)")]
    NoValues {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
    },
    /// A value that is no number, or a huge one.
    #[error("{action}: found {value} in {set} sample {row} (expected numbers within ±1e15)")]
    OutOfRange {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// Which sample, from 0.
        row: usize,
        /// The value.
        value: f32,
    },
    /// Samples that are no images, or too small ones.
    #[error(
        "{action}: found {set} samples of shape {found:?} \
         (expected [b, c, h, w] with h and w at least {least_side_px})"
    )]
    NotImages {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// The shape of all of them.
        found: Vec<usize>,
        /// The smallest side of an image, in pixels.
        least_side_px: usize,
    },
    /// Neighbourhoods without a neighbour.
    #[error("{action}: found neighbourhoods of 0 samples (expected at least 1)")]
    NoNeighbours {
        /// What was attempted.
        action: &'static str,
    },
    /// Probabilities that are none.
    #[error(
        "{action}: found {found} in {set} sample {row} (expected numbers from 0 to 1 that sum to 1)"
    )]
    NotProbabilities {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
        /// Which sample, from 0.
        row: usize,
        /// What is wrong with it.
        found: String,
    },
    /// Nothing to compare with.
    #[error("{action}: found {set} images of one colour each (expected some with edges)")]
    Flat {
        /// What was attempted.
        action: &'static str,
        /// Which set.
        set: &'static str,
    },
    /// The singular values of two covariances did not settle.
    #[error(
        "{action}: the singular values did not settle (expected them to within 60 sweeps); \
         this is a defect, please report it"
    )]
    Unsettled {
        /// What was attempted.
        action: &'static str,
    },
}

/// One of the sets that a measure is given.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    /// The measure, as a sentence begins: "measure precision and recall".
    pub(super) action: &'static str,
    /// What the set is to the measure: "real", "generated".
    pub(super) name: &'static str,
    pub(super) samples: &'a Array,
}

impl<'a> Set<'a> {
    /// A set of at least `least` samples, whose values are all usable.
    pub(super) fn new(
        action: &'static str,
        name: &'static str,
        samples: &'a Array,
        least: usize,
    ) -> Result<Self, SampleError> {
        let set = name;
        let found = samples.num_rows();
        if found < least {
            return Err(SampleError::TooFew { action, set, found, least });
        }
        let length = samples.row_len();
        if length == 0 {
            return Err(SampleError::NoValues { action, set });
        }
        // Which NaN is not in either.
        let usable = -LARGEST..=LARGEST;
        let unusable = samples.data().iter().position(|value| !usable.contains(value));
        if let Some(index) = unusable {
            let value = samples.data()[index];
            return Err(SampleError::OutOfRange { action, set, row: index / length, value });
        }
        Ok(Self { action, name, samples })
    }

    /// The number of samples.
    pub(super) fn len(self) -> usize {
        self.samples.num_rows()
    }

    /// This set, if its samples are as long as those of `other`.
    pub(super) fn as_long_as(self, other: Self) -> Result<Self, SampleError> {
        let (found, expected) = (self.samples.row_len(), other.samples.row_len());
        if found == expected {
            return Ok(self);
        }
        let (action, set, other) = (self.action, self.name, other.name);
        Err(SampleError::UnequalLengths { action, set, found, expected, other })
    }

    /// This set, if it has as many samples as `other`.
    pub(super) fn as_many_as(self, other: Self) -> Result<Self, SampleError> {
        let (found, expected) = (self.len(), other.len());
        if found == expected {
            return Ok(self);
        }
        let (action, set, other) = (self.action, self.name, other.name);
        Err(SampleError::UnequalCounts { action, set, found, expected, other })
    }

    /// The shape of the images that this set is of.
    pub(super) fn images(self, least_side_px: usize) -> Result<ImageShape, SampleError> {
        match *self.samples.shape() {
            [_, c, h, w] if h >= least_side_px && w >= least_side_px => {
                Ok(ImageShape::new(c, h, w))
            }
            _ => Err(SampleError::NotImages {
                action: self.action,
                set: self.name,
                found: self.samples.shape().to_vec(),
                least_side_px,
            }),
        }
    }
}
