//! Normalization in place.

use rayon::prelude::*;

use crate::fused::activate;
use crate::graph::Activation;

/// `activation((value - mean) / sqrt(variance + epsilon) * weight + bias)`, mean and variance being those of a group
/// of channels.
///
/// # Shapes
/// `values [b, c * plane]`, as is the result, `weight [c]`, `bias [c]`.
pub(super) fn group_norm(
    mut values: Vec<f32>,
    plane: usize,
    [weight, bias]: [&[f32]; 2],
    groups: usize,
    epsilon: f32,
    activation: Activation,
) -> Vec<f32> {
    let channels = weight.len() / groups;
    values.par_chunks_mut(channels * plane).enumerate().for_each(|(group, values)| {
        let mean = mean(values, f64::from);
        let variance = self::mean(values, |value| (f64::from(value) - mean).powi(2));
        let scale = 1.0 / (variance + f64::from(epsilon)).sqrt();
        for (index, values) in values.chunks_mut(plane).enumerate() {
            let channel = group % groups * channels + index;
            let factor = (scale * f64::from(weight[channel])) as f32;
            for value in &mut *values {
                let deviation = (f64::from(*value) - mean) as f32;
                *value = deviation * factor + bias[channel];
            }
            activate(activation, values);
        }
    });
    values
}

/// The mean of a function of all values, in sums of lanes that a processor adds up together.
fn mean(values: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    for lanes in values.chunks(LANES) {
        for (sum, value) in sums.iter_mut().zip(lanes) {
            *sum += of(*value);
        }
    }
    sums.iter().sum::<f64>() / values.len() as f64
}
