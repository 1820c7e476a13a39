//! SimVQ: a random codebook that never moves, seen through a linear map that is learned. Every gradient moves the
//! map, and so all codes at once: none is left behind.
//!
//! # Source
//! Addressing Representation Collapse in Vector Quantized Models with One Linear Layer (Zhu et al., 2024, section
//! 3.3, arXiv:2411.02038). The map has a bias, as the linear layer of the authors' code.

use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::array::Array;
use crate::model::params;
use crate::random::{self, Purpose};

use super::refilled;

/// A map of zeros: the values come from [`params`].
pub(super) fn map(d: usize, device: &Device) -> Linear {
    LinearConfig::new(d, d).with_initializer(Initializer::Zeros).init(device)
}

/// Codes of normal values with the variance 1 / d, hence about unit length, `[k, d]`.
pub(super) fn frozen_codes(seed: u64, k: usize, d: usize) -> Array {
    let scale = 1.0 / (d as f32).sqrt();
    let values = random::normals(seed, 0, Purpose::Init, k * d);
    let data = values.into_iter().map(|value| value * scale).collect();
    Array::new([k, d], data).expect("k codes of d values")
}

/// A map that gives the codes the mean and the covariance of vectors: √d L c + mean, with L Lᵀ the covariance.
///
/// # Shapes
/// - `vectors`: `[n, d]`, n at least 1
pub(super) fn fitted(transform: Linear, vectors: &Array) -> Linear {
    let d = vectors.row_len();
    let mean = mean(vectors);
    let root = root(&covariance(vectors, &mean), d);
    let scale = (d as f64).sqrt();
    // Laid out as [in, out].
    let value = |place: usize| (scale * root[place % d * d + place / d]) as f32;
    let weight = Array::new([d, d], (0..d * d).map(value).collect()).expect("d rows of d values");
    let bias = mean.iter().map(|value| *value as f32).collect();
    let bias = Array::new([d], bias).expect("d values");
    let device = transform.weight.val().device();
    let weight: Tensor<2> = params::tensor_from_array(&weight, &device);
    let bias: Tensor<1> = params::tensor_from_array(&bias, &device);
    Linear {
        weight: refilled(transform.weight, weight),
        bias: transform.bias.map(|param| refilled(param, bias)),
    }
}

/// The mean of rows, `[d]`.
fn mean(rows: &Array) -> Vec<f64> {
    let mut mean = vec![0.0; rows.row_len()];
    for row in 0..rows.num_rows() {
        mean.iter_mut().zip(rows.row(row)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let n = rows.num_rows().max(1) as f64;
    mean.into_iter().map(|sum| sum / n).collect()
}

/// The covariance of rows, `[d, d]`.
fn covariance(rows: &Array, mean: &[f64]) -> Vec<f64> {
    let (d, n) = (rows.row_len(), rows.num_rows().max(1) as f64);
    let mut covariance = vec![0.0; d * d];
    for row in 0..rows.num_rows() {
        let values = rows.row(row).iter().zip(mean);
        let centred: Vec<f64> = values.map(|(value, mean)| f64::from(*value) - mean).collect();
        for (sums, a) in covariance.chunks_exact_mut(d).zip(&centred) {
            sums.iter_mut().zip(&centred).for_each(|(sum, b)| *sum += a * b / n);
        }
    }
    covariance
}

/// The lower triangle L with L Lᵀ = `matrix`, `[d, d]`; directions in which nothing spreads have next to no length.
///
/// # Source
/// The decomposition of Cholesky, row by row (Golub & Van Loan, Matrix Computations, section 4.2).
fn root(matrix: &[f64], d: usize) -> Vec<f64> {
    let trace: f64 = (0..d).map(|i| matrix[i * d + i]).sum();
    let least = (1e-6 * trace / d as f64).max(1e-12);
    let mut root = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let products = (0..j).map(|m| root[i * d + m] * root[j * d + m]);
            let rest = matrix[i * d + j] - products.sum::<f64>();
            root[i * d + j] = if i == j { rest.max(least).sqrt() } else { rest / root[j * d + j] };
        }
    }
    root
}
