//! Twin of `conv2d.wgsl`.

use super::{epilogue, offset4};
use crate::engine::params::Conv2dParams;

/// `output = activation(weight over input + bias + residual)`, summed in `f64`.
///
/// Each row and column of the input counts `upsample` times; `stride` and `pad` are those of what comes of it.
///
/// # Shapes
/// `input [b, in, h, w]`, `weight [out, in, kh, kw]`, `bias [out]`, `residual` and `output [b, out, h', w']`;
/// `bias` and `residual` are not read unless the params say so.
pub fn conv2d(
    params: &Conv2dParams,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    residual: &[f32],
    output: &mut [f32],
) {
    let out_shape = [params.batch, params.out_channels, params.out_height, params.out_width];
    let bias = (params.has_bias != 0).then_some(bias);
    let residual = (params.has_residual != 0).then_some(residual);
    for item in 0..params.batch {
        for channel in 0..params.out_channels {
            for row in 0..params.out_height {
                for column in 0..params.out_width {
                    let sum = sum_at(params, input, weight, [item, channel, row, column]);
                    let place = offset4(out_shape, [item, channel, row, column]);
                    let bias = bias.map_or(0.0, |bias| bias[channel as usize]);
                    let residual = residual.map_or(0.0, |residual| residual[place]);
                    output[place] = epilogue(sum, bias, residual, params.activation, params.slope);
                }
            }
        }
    }
}

fn sum_at(
    params: &Conv2dParams,
    input: &[f32],
    weight: &[f32],
    [item, channel, row, column]: [u32; 4],
) -> f64 {
    let in_shape = [params.batch, params.in_channels, params.in_height, params.in_width];
    let kernels =
        [params.out_channels, params.in_channels, params.kernel_height, params.kernel_width];
    let mut sum = 0.0;
    for in_channel in 0..params.in_channels {
        for ky in 0..params.kernel_height {
            for kx in 0..params.kernel_width {
                // Outside the input lie zeros; above and left of it the subtraction has no result.
                let in_row = (row * params.stride_y + ky).checked_sub(params.pad_top);
                let in_column = (column * params.stride_x + kx).checked_sub(params.pad_left);
                let (Some(in_row), Some(in_column)) = (in_row, in_column) else {
                    continue;
                };
                let (in_row, in_column) = (in_row / params.upsample, in_column / params.upsample);
                if in_row < params.in_height && in_column < params.in_width {
                    let value = input[offset4(in_shape, [item, in_channel, in_row, in_column])];
                    let factor = weight[offset4(kernels, [channel, in_channel, ky, kx])];
                    sum += f64::from(value) * f64::from(factor);
                }
            }
        }
    }
    sum
}
