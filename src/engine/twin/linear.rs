//! Twin of `linear.wgsl`.

use super::epilogue;
use crate::engine::params::LinearParams;

/// `output = activation(input * transpose(weight) + bias + residual)`, summed in `f64`.
///
/// # Shapes
/// `input [rows, in]`, `weight [out, in]`, `bias [out]`, `residual [rows, out]`, `output [rows, out]`;
/// `bias` and `residual` are not read unless the params say so.
pub fn linear(
    params: &LinearParams,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    residual: &[f32],
    output: &mut [f32],
) {
    let [in_features, out_features] = [params.in_features as usize, params.out_features as usize];
    let bias = (params.has_bias != 0).then_some(bias);
    let residual = (params.has_residual != 0).then_some(residual);
    for row in 0..params.rows as usize {
        for feature in 0..out_features {
            let mut sum = 0.0;
            for i in 0..in_features {
                sum += f64::from(input[row * in_features + i])
                    * f64::from(weight[feature * in_features + i]);
            }
            let place = row * out_features + feature;
            let bias = bias.map_or(0.0, |bias| bias[feature]);
            let residual = residual.map_or(0.0, |residual| residual[place]);
            output[place] = epilogue(sum, bias, residual, params.activation, params.slope);
        }
    }
}
