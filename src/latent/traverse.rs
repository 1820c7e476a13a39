//! Along single dimensions: one value of a latent swept over a range, the rest held.

use serde::{Deserialize, Serialize};

use super::interpolate::fraction;
use crate::array::Array;

/// The values that a dimension is swept over, both included, in the latent's own units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The first value.
    pub lo: f32,
    /// The last value.
    pub hi: f32,
}

impl Range {
    /// Three standard deviations of a normal prior to either side.
    pub const PRIOR: Self = Self { lo: -3.0, hi: 3.0 };

    /// Value `i` of `n` evenly spaced ones; a single one lies in the middle.
    fn value(self, i: usize, n: usize) -> f32 {
        let t = fraction(i, n);
        (1.0 - t) * self.lo + t * self.hi
    }
}

/// A dimension that the latent does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot traverse dimension {dim} (the latent has {num_dims}, counted from 0)")]
pub struct DimensionError {
    /// The dimension asked for.
    pub dim: usize,
    /// How many there are.
    pub num_dims: usize,
}

/// `n` copies of `base` in which `dim` takes evenly spaced values of `range`.
///
/// # Shapes
/// `[n, d]`.
///
/// # Errors
/// When `base` has no dimension `dim`.
pub fn traverse(base: &[f32], dim: usize, range: Range, n: usize) -> Result<Array, DimensionError> {
    traverse_grid(base, &[dim], range, n)
}

/// The traversals of several dimensions, one after the other: row `i * n + j` is step `j` of `dims[i]`.
///
/// # Shapes
/// `[dims * n, d]`.
///
/// # Errors
/// When `base` lacks one of the dimensions.
pub fn traverse_grid(
    base: &[f32],
    dims: &[usize],
    range: Range,
    n: usize,
) -> Result<Array, DimensionError> {
    let num_dims = base.len();
    if let Some(&dim) = dims.iter().find(|&&dim| dim >= num_dims) {
        return Err(DimensionError { dim, num_dims });
    }
    let mut out = Array::zeros([dims.len() * n, num_dims]);
    for (row, values) in out.data_mut().chunks_exact_mut(num_dims.max(1)).enumerate() {
        values.copy_from_slice(base);
        values[dims[row / n]] = range.value(row % n, n);
    }
    Ok(out)
}
