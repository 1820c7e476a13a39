//! How much samples differ: from each other, and from the images that a model was trained on.
//!
//! Distances are root mean square differences per value, so that they compare across image sizes: from 0 to 1
//! for values in [0, 1].

use rayon::prelude::*;
use serde::Serialize;

use super::SampleError;
use super::image::ms_ssim;
use super::neighbours::{kth_nearest, nearest};
use super::samples::Set;
use crate::array::Array;
use crate::latent::squared_distance;

/// Two samples are near duplicates when they are nearer than this share of the data's median distance to the
/// nearest neighbour.
pub const NEAR_DUPLICATE: f64 = 0.5;

/// The mean distance of all pairs of a batch, per value.
///
/// The measure of mode collapse: for the images of a fixed batch of noise it falls towards 0 as a generator
/// gives the same image for any noise. Compare with that of a batch of data.
///
/// # Shapes
/// `samples`: `[b, ...]`, b at least 2.
///
/// # Errors
/// When there are fewer than 2 samples, or a value is no number.
pub fn mean_pairwise_distance(samples: &Array) -> Result<f64, SampleError> {
    Set::new("measure pairwise distances", "batch", samples, 2)?;
    let d = samples.row_len();
    Ok(mean_over_pairs(samples, |a, b| per_value(squared_distance(a, b), d)))
}

/// The mean [`ms_ssim`] of all pairs of a batch: 1 when all are the same, near 0 when they share nothing.
///
/// # Shapes
/// `images`: `[b, c, h, w]` in [0, 1], b at least 2.
///
/// # Errors
/// When there are fewer than 2 samples, they are no images, or a value is no number.
///
/// # Source
/// As a measure of a generator's variety: Odena et al. 2017, section 4.2 (arXiv:1610.09585), there within a class.
pub fn mean_pairwise_ms_ssim(images: &Array) -> Result<f64, SampleError> {
    let shape = Set::new("measure pairwise MS-SSIM", "batch", images, 2)?.images(1)?;
    Ok(mean_over_pairs(images, |a, b| ms_ssim(a, b, shape)))
}

fn mean_over_pairs(samples: &Array, measure: impl Fn(&[f32], &[f32]) -> f64 + Sync) -> f64 {
    let b = samples.num_rows();
    let with_later =
        |i: usize| -> f64 { (i + 1..b).map(|j| measure(samples.row(i), samples.row(j))).sum() };
    // Gathered before they are summed: the order of a sum must not depend on threads.
    let sums: Vec<f64> = (0..b).into_par_iter().map(with_later).collect();
    sums.iter().sum::<f64>() / (b * (b - 1) / 2) as f64
}

/// How many samples have a near twin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NearDuplicates {
    /// The distance per value up to which two samples are near duplicates.
    pub threshold: f64,
    /// Share of generated samples with another one that near. `[0, 1]`
    pub share: f64,
    /// The same share among the data: what `share` is to be compared with. `[0, 1]`
    pub data_share: f64,
}

/// How many generated samples have another within `fraction` (usually [`NEAR_DUPLICATE`]) of the median distance
/// from an image of the data to the nearest other.
///
/// The more samples, the nearer the nearest: compare sets of about one size.
///
/// # Shapes
/// `generated`: `[m, ...]`, `data`: `[n, ...]`, both of at least 2 rows.
///
/// # Errors
/// When a set has fewer than 2 samples, samples differ in length, or a value is no number.
pub fn near_duplicates(
    generated: &Array,
    data: &Array,
    fraction: f64,
) -> Result<NearDuplicates, SampleError> {
    const ACTION: &str = "count near duplicates";
    let data_set = Set::new(ACTION, "data", data, 2)?;
    Set::new(ACTION, "generated", generated, 2)?.as_long_as(data_set)?;
    let distances = |samples: &Array| -> Vec<f64> {
        let squared = kth_nearest(samples, 1);
        squared.into_iter().map(|squared| per_value(squared, samples.row_len())).collect()
    };
    let (of_generated, of_data) = (distances(generated), distances(data));
    let threshold = fraction * median(of_data.clone());
    let share = |distances: &[f64]| {
        let near = distances.iter().filter(|&&distance| distance <= threshold).count();
        near as f64 / distances.len() as f64
    };
    Ok(NearDuplicates { threshold, share: share(&of_generated), data_share: share(&of_data) })
}

/// The share of generated samples that are nearer to a training image than to any test image; one that is as
/// near to both counts half.
///
/// A model that has learnt the distribution gives one half, one that repeats its training images gives 1. For
/// that `train` and `test` are of one size: among more images there is a nearer one. Where they are not quite of
/// one distribution, as when other people wrote MNIST's test digits, compare with what further training images
/// score.
///
/// # Shapes
/// `generated`: `[m, ...]`, `train` and `test`: `[n, ...]`, none empty.
///
/// # Errors
/// When a set is empty, samples differ in length, `train` and `test` in number, or a value is no number.
///
/// # Source
/// The comparison of Meehan et al. 2020 (arXiv:2004.05675), who make a rank test of it, told as a share.
pub fn nearer_to_train(generated: &Array, train: &Array, test: &Array) -> Result<f64, SampleError> {
    const ACTION: &str = "look for repeated training images";
    let train_set = Set::new(ACTION, "training", train, 1)?;
    Set::new(ACTION, "test", test, 1)?.as_long_as(train_set)?.as_many_as(train_set)?;
    Set::new(ACTION, "generated", generated, 1)?.as_long_as(train_set)?;
    let (to_train, to_test) = (nearest(generated, train), nearest(generated, test));
    let half_points =
        to_train.iter().zip(&to_test).map(|(train, test)| match train.total_cmp(test) {
            std::cmp::Ordering::Less => 2,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 0,
        });
    Ok(half_points.sum::<u64>() as f64 / (2 * generated.num_rows()) as f64)
}

/// The root mean square difference of two samples of `d` values.
fn per_value(squared_distance: f32, d: usize) -> f64 {
    (f64::from(squared_distance) / d as f64).sqrt()
}

/// The value in the middle, or between the two there; at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { values[middle - 1].midpoint(values[middle]) }
}
