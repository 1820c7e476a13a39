//! Twin of `layer_norm.wgsl`.

use crate::engine::params::LayerNormParams;

/// `output = (input - mean) / sqrt(variance + epsilon) * weight + bias`, where mean and variance are those of the
/// channels of a place. Summed in `f64`, the mean first.
///
/// # Shapes
/// `input [items, channels, plane]`, `weight [channels]`, `bias [channels]`, `output` as `input`.
pub fn layer_norm(
    params: &LayerNormParams,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    output: &mut [f32],
) {
    let [plane, channels] = [params.plane as usize, params.channels as usize];
    for place in 0..params.items as usize * plane {
        let start = place / plane * channels * plane + place % plane;
        let value = |channel: usize| f64::from(input[start + channel * plane]);
        let mean = (0..channels).map(value).sum::<f64>() / channels as f64;
        let square = |channel| (value(channel) - mean).powi(2);
        let variance = (0..channels).map(square).sum::<f64>() / channels as f64;
        let deviation = (variance + f64::from(params.epsilon)).sqrt();
        for channel in 0..channels {
            let normalized = (value(channel) - mean) / deviation;
            let scaled = normalized * f64::from(weight[channel]) + f64::from(bias[channel]);
            output[start + channel * plane] = scaled as f32;
        }
    }
}
