//! Twin of `group_norm.wgsl`.

use super::activate;
use crate::engine::params::GroupNormParams;

/// `output = activation((input - mean) / sqrt(variance + epsilon) * weight + bias)`, where mean and variance are those
/// of all values of a group of neighbouring channels. Summed in `f64`, the mean first.
///
/// # Shapes
/// `input [items, channels, plane]`, `weight [channels]`, `bias [channels]`, `output` as `input`.
pub fn group_norm(
    params: &GroupNormParams,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    output: &mut [f32],
) {
    let [plane, groups] = [params.plane as usize, params.groups as usize];
    let channels = params.channels as usize / groups;
    let len = channels * plane;
    for group in 0..params.items as usize * groups {
        let values = &input[group * len..(group + 1) * len];
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / len as f64;
        let square = |&value: &f32| (f64::from(value) - mean).powi(2);
        let variance = values.iter().map(square).sum::<f64>() / len as f64;
        let deviation = (variance + f64::from(params.epsilon)).sqrt();
        for (i, &value) in values.iter().enumerate() {
            let channel = group % groups * channels + i / plane;
            let normalized = (f64::from(value) - mean) / deviation;
            let scaled = normalized * f64::from(weight[channel]) + f64::from(bias[channel]);
            output[group * len + i] = activate(scaled, params.activation, params.slope);
        }
    }
}
