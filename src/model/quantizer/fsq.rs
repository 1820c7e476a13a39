//! Finite scalar quantization: every dimension is bounded and rounded to one of a few levels, so that the codes are
//! all points of a grid. There is nothing to learn, nothing to search, and no code that could die.
//!
//! # Source
//! Finite Scalar Quantization: VQ-VAE Made Simple (Mentzer et al., 2023, section 3.1 and appendix A.1,
//! arXiv:2309.15505). Values halfway between two levels go to the lower one here, which is the nearest code of the
//! lowest index, as for every codebook; the authors' code rounds them to the even one.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Quantized, counts};
use crate::graph::lower::quantizer::{Method, QuantizerConfig};
use crate::latent::{Bound, Levels};
use crate::model::params;

/// The grid, `[k, d]`.
///
/// # Panics
/// When the quantizer is another.
pub(super) fn codes(config: &QuantizerConfig, device: &Device) -> Tensor<2> {
    let Method::Fsq { levels } = &config.method else {
        unreachable!("every other method has a codebook: {}", config.method.name())
    };
    params::tensor_from_array::<2>(&levels.codebook(), device).inner()
}

/// Rounds every vector; the gradient is that of the bound, straight through the rounding.
pub(super) fn forward(levels: &Levels, vectors: &Tensor<2>) -> Quantized {
    let bounded = bounded(levels, vectors);
    let constant = bounded.clone().inner();
    let device = constant.device();
    let indices = indices(levels, constant.clone());
    let codebook = params::tensor_from_array::<2>(&levels.codebook(), &device);
    let codes = codebook.clone().select(0, indices.clone()); // [n, d]
    Quantized {
        codes: codes + (bounded - constant.clone()),
        counts: counts(indices.clone(), codebook.dims()[0]),
        indices,
        codebook_loss: None,
        commitment_loss: Tensor::zeros([1], &device),
        vectors: constant,
        codebook,
    }
}

/// Vectors within the grid and a little beyond its edges, in the units of codes: tanh(z + shift) · scale − offset.
///
/// # Shapes
/// - `vectors`, result: `[n, d]`
pub(super) fn bounded(levels: &Levels, vectors: &Tensor<2>) -> Tensor<2> {
    let bounds = levels.bounds();
    let row = |of: fn(&Bound) -> f32| row(bounds.iter().map(of).collect(), vectors);
    let [shift, scale, offset] = [row(|b| b.shift), row(|b| b.scale), row(|b| b.offset)];
    (vectors.clone() + shift).tanh() * scale - offset
}

/// The code of every bounded vector, without gradients: the nearest level of each dimension.
///
/// # Shapes
/// - `bounded`: `[n, d]`; result: `[n]`
pub(super) fn indices(levels: &Levels, bounded: Tensor<2>) -> Tensor<1, Int> {
    let half_widths: Vec<f32> = levels.bounds().iter().map(|bound| bound.half_width).collect();
    let mut step = 1.0;
    let steps = levels.numbers().iter().map(|&count| {
        let here = step;
        step *= count as f32;
        here
    });
    let steps = row(steps.collect(), &bounded);
    let half_widths = row(half_widths, &bounded);
    let rounded = (bounded * half_widths.clone() - 0.5).ceil(); // [n, d]
    ((rounded + half_widths) * steps).sum_dim(1).squeeze_dim::<1>(1).int() // [n]
}

/// One row beside a matrix.
fn row(values: Vec<f32>, beside: &Tensor<2>) -> Tensor<2> {
    let d = values.len();
    Tensor::from_data(TensorData::new(values, [1, d]), &beside.device()) // [1, d]
}
