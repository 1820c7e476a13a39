//! Values of a layer that are left out at random while it learns.
//!
//! # Source
//! Dropout: a simple way to prevent neural networks from overfitting (Srivastava et al., 2014); what is kept grows
//! instead of what is used later shrinking, as their section 10 has it.

use burn::tensor::{Device, Tensor, TensorData};

/// What a layer's values are multiplied with: 0 for the share `left_out` of them, 1 / (1 − `left_out`) for the rest.
///
/// # Shapes
/// - `draws`: b · n numbers from `[0, 1)`
/// - result: `[b, n]`
pub fn kept(draws: Vec<f32>, [b, n]: [usize; 2], left_out: f64, device: &Device) -> Tensor<2> {
    let scale = (1.0 / (1.0 - left_out)) as f32;
    let factor = |draw: f32| if f64::from(draw) < left_out { 0.0 } else { scale };
    let factors: Vec<f32> = draws.into_iter().map(factor).collect();
    Tensor::from_data(TensorData::new(factors, [b, n]), device)
}
