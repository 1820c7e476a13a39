//! How far two samples cover each other, judged by neighbourhoods.

use serde::Serialize;

use super::SampleError;
use super::neighbours::{fold_distances, kth_nearest};
use super::samples::Set;
use crate::array::Array;

/// The neighbours that make up a neighbourhood, as in Naeem et al. 2020; Kynkäänniemi et al. 2019 take 3.
pub const NEIGHBOURS: usize = 5;

const ACTION: &str = "measure precision and recall";

/// Quality and variety of a generator apart, both on features.
///
/// A sample's neighbourhood is the ball around it that reaches to its k-th nearest other sample of its own set.
/// Two sets of one distribution have precision and recall a little below 1 (how much depends on the features),
/// density near 1 and coverage near 1 − 2^−k: compare with what held-out images score against training images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrecisionRecall {
    /// Share of generated samples that lie in the neighbourhood of a real one: how many look right. `[0, 1]`
    pub precision: f64,
    /// Share of real samples that lie in the neighbourhood of a generated one: how many could have been
    /// generated. `[0, 1]`; one generated outlier with a large neighbourhood can feign it.
    pub recall: f64,
    /// How many real neighbourhoods a generated sample lies in, by k: above 1 where it stays in the densest
    /// parts. `[0, n / k]` for n real samples.
    pub density: f64,
    /// Share of real samples with a generated one in their neighbourhood: how much of the variety is there.
    /// `[0, 1]`
    pub coverage: f64,
}

/// Precision, recall, density and coverage of generated samples against real ones, with neighbourhoods of `k`.
///
/// Takes all distances within and between the sets, (n + m)² of them, on all cores of the pool that calls.
///
/// # Shapes
/// `real`: `[n, d]`, `generated`: `[m, d]`, both of more than `k` rows; further axes count as one.
///
/// # Errors
/// When a set has no more than `k` samples, samples differ in length, `k` is 0, or a value is no number.
///
/// # Source
/// Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", eqs. 1
/// and 2 (arXiv:1904.06991); density and coverage: Naeem et al. 2020 (arXiv:2002.09797). A sample on
/// the very edge of a neighbourhood lies in it, as in the former.
pub fn precision_recall(
    real: &Array,
    generated: &Array,
    k: usize,
) -> Result<PrecisionRecall, SampleError> {
    if k == 0 {
        return Err(SampleError::NoNeighbours { action: ACTION });
    }
    let least = k.saturating_add(1);
    let real_set = Set::new(ACTION, "real", real, least)?;
    Set::new(ACTION, "generated", generated, least)?.as_long_as(real_set)?;
    let (real_radii, generated_radii) = (kth_nearest(real, k), kth_nearest(generated, k));
    // How many real neighbourhoods each generated sample lies in.
    let around = fold_distances(generated, real, &0u64, |count, _, other, distance| {
        *count += u64::from(distance <= real_radii[other]);
    });
    // Whether each real sample lies in a generated neighbourhood, and whether one generated lies in its own.
    let met = fold_distances(real, generated, &(false, false), |met, own, other, distance| {
        met.0 |= distance <= generated_radii[other];
        met.1 |= distance <= real_radii[own];
    });
    let (n, m) = (real.num_rows() as f64, generated.num_rows() as f64);
    Ok(PrecisionRecall {
        precision: around.iter().filter(|&&count| count > 0).count() as f64 / m,
        recall: met.iter().filter(|met| met.0).count() as f64 / n,
        density: around.iter().sum::<u64>() as f64 / (k as f64 * m),
        coverage: met.iter().filter(|met| met.1).count() as f64 / n,
    })
}
