//! Twin of `conv_transpose2d.wgsl`.

use super::{epilogue, offset4};
use crate::engine::params::ConvTranspose2dParams;

/// `output = activation(prints of weight at every input + bias + residual)`, summed in `f64`.
///
/// Every input value prints a kernel into the output, as the operation is defined; the shader gathers instead.
///
/// # Shapes
/// `input [b, in, h, w]`, `weight [in, out, kh, kw]`, `bias [out]`, `residual` and `output [b, out, h', w']`;
/// `bias` and `residual` are not read unless the params say so.
pub fn conv_transpose2d(
    params: &ConvTranspose2dParams,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    residual: &[f32],
    output: &mut [f32],
) {
    let out_shape = [params.batch, params.out_channels, params.out_height, params.out_width];
    let plane = (params.out_height * params.out_width) as usize;
    let bias = (params.has_bias != 0).then_some(bias);
    let residual = (params.has_residual != 0).then_some(residual);
    for item in 0..params.batch {
        for channel in 0..params.out_channels {
            let sums = plane_sums(params, input, weight, item, channel);
            let first = offset4(out_shape, [item, channel, 0, 0]);
            for (place, sum) in (first..first + plane).zip(sums) {
                let bias = bias.map_or(0.0, |bias| bias[channel as usize]);
                let residual = residual.map_or(0.0, |residual| residual[place]);
                output[place] = epilogue(sum, bias, residual, params.activation, params.slope);
            }
        }
    }
}

/// The sums of one output plane.
fn plane_sums(
    params: &ConvTranspose2dParams,
    input: &[f32],
    weight: &[f32],
    item: u32,
    channel: u32,
) -> Vec<f64> {
    let in_shape = [params.batch, params.in_channels, params.in_height, params.in_width];
    let kernels =
        [params.in_channels, params.out_channels, params.kernel_height, params.kernel_width];
    let mut sums = vec![0.0; (params.out_height * params.out_width) as usize];
    for in_channel in 0..params.in_channels {
        for in_row in 0..params.in_height {
            for in_column in 0..params.in_width {
                let value =
                    f64::from(input[offset4(in_shape, [item, in_channel, in_row, in_column])]);
                for ky in 0..params.kernel_height {
                    for kx in 0..params.kernel_width {
                        // Padding cuts the outermost rows and columns off.
                        let row = (in_row * params.stride_y + ky).checked_sub(params.pad_top);
                        let column =
                            (in_column * params.stride_x + kx).checked_sub(params.pad_left);
                        let (Some(row), Some(column)) = (row, column) else {
                            continue;
                        };
                        if row < params.out_height && column < params.out_width {
                            let factor = weight[offset4(kernels, [in_channel, channel, ky, kx])];
                            sums[(row * params.out_width + column) as usize] +=
                                value * f64::from(factor);
                        }
                    }
                }
            }
        }
    }
    sums
}
