//! The distance between the Gaussians that fit two samples of features.

mod root;

use rayon::prelude::*;

use super::SampleError;
use super::samples::Set;
use crate::array::Array;

use root::trace_of_root;

const ACTION: &str = "measure the Fréchet distance";
/// Samples that are centred at a time; the memory beside the covariance is this many rows.
const BLOCK: usize = 256;

/// The Gaussian that fits a sample: its mean and its covariance (divided by n − 1), in `f64`.
///
/// Fit the one of a data set once and measure many models against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// `[d]`
    mean: Vec<f64>,
    /// `[d, d]`
    covariance: Vec<f64>,
}

impl Gaussian {
    /// The Gaussian of a sample of features, or of anything else that comes in rows.
    ///
    /// # Shapes
    /// `features`: `[n, d]`, n at least 2; further axes count as one.
    ///
    /// # Errors
    /// When there are fewer than 2 samples, or a value is no number.
    pub fn fit(features: &Array) -> Result<Self, SampleError> {
        Set::new(ACTION, "feature", features, 2)?;
        let (n, d) = (features.num_rows(), features.row_len());
        let mut sums = vec![0.0; d];
        for row in features.data().chunks_exact(d) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let mean: Vec<f64> = sums.into_iter().map(|sum| sum / n as f64).collect();
        let mut products = vec![0.0; d * d];
        for block in features.data().chunks(BLOCK * d) {
            let values = block.iter().zip(mean.iter().cycle());
            let centred: Vec<f64> = values.map(|(&value, mean)| f64::from(value) - mean).collect();
            add_products(&mut products, &centred, d);
        }
        let covariance = products.into_iter().map(|sum| sum / (n - 1) as f64).collect();
        Ok(Self { mean, covariance })
    }

    /// The mean of every feature, `[d]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance of every pair of features, `[d, d]`.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }
}

/// Adds the outer square of each row to `sums`, `[d, d]`; each sum in the order of the rows, whatever the threads.
fn add_products(sums: &mut [f64], rows: &[f64], d: usize) {
    sums.par_chunks_exact_mut(d).enumerate().for_each(|(i, sums)| {
        for row in rows.chunks_exact(d) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += row[i] * value);
        }
    });
}

/// The squared Fréchet (2-Wasserstein) distance of two Gaussians, in the features' own unit squared: 0 for
/// equal ones, else above.
///
/// |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½. The distance of two samples of one distribution is not 0 but
/// falls with their number: compare only numbers that were measured on as many samples. With fewer samples than
/// features the covariances lack rank; the distance is still that of the Gaussians which fit.
///
/// # Errors
/// When they are of different numbers of features.
///
/// # Source
/// Dowson & Landau 1982, "The Fréchet distance between multivariate normal distributions"; as a measure of
/// generated images: Heusel et al. 2017, eq. 6 (arXiv:1706.08500), there on Inception features. The root is of the
/// symmetric product instead of Σ₁ Σ₂, which has the same trace and needs no complex numbers.
pub fn frechet_distance(a: &Gaussian, b: &Gaussian) -> Result<f64, SampleError> {
    let (expected, found) = (a.mean.len(), b.mean.len());
    if found != expected {
        let (action, set, other) = (ACTION, "second", "first");
        return Err(SampleError::UnequalLengths { action, set, found, expected, other });
    }
    let means: f64 = a.mean.iter().zip(&b.mean).map(|(a, b)| (a - b).powi(2)).sum();
    let trace = |of: &Gaussian| of.covariance.iter().step_by(expected + 1).sum::<f64>();
    let root = trace_of_root(&a.covariance, &b.covariance, expected)
        .ok_or(SampleError::Unsettled { action: ACTION })?;
    // Rounding can take equal Gaussians a little below zero.
    Ok((means + trace(a) + trace(b) - 2.0 * root).max(0.0))
}
