//! Twin of `kernel_gradient.wgsl`.

use std::ops::Range;

use super::offset4;
use crate::engine::params::KernelGradientParams;

/// The gradient of a convolution by its kernels, in sums over each part of the coarse places, which are counted item by
/// item; where they are asked for, the sums of the coarse planes over them.
///
/// # Shapes
/// `coarse [b, c, h, w]`, `fine [b, c', h', w']`; `output` has `[c, c', kh, kw]` of each part from a multiple of `part_stride`
/// on, and `[c]` from `kernel_len` on behind it.
pub fn kernel_gradient(
    params: &KernelGradientParams,
    coarse: &[f32],
    fine: &[f32],
    output: &mut [f32],
) {
    let KernelGradientParams { coarse_channels, fine_channels, .. } = *params;
    let [kh, kw] = [params.kernel_height, params.kernel_width];
    for part in 0..params.parts {
        let output = &mut output[(part * params.part_stride) as usize..];
        let mut place = 0;
        for channel in 0..coarse_channels {
            for other in 0..fine_channels {
                for tap in (0..kh).flat_map(|ky| (0..kw).map(move |kx| [ky, kx])) {
                    let sum = sum_of(params, [coarse, fine], part, [channel, other], tap);
                    output[place] = sum as f32;
                    place += 1;
                }
            }
        }
        if params.has_sums != 0 {
            let sums = &mut output[params.kernel_len as usize..][..coarse_channels as usize];
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum = plane_sum(params, coarse, part, channel as u32) as f32;
            }
        }
    }
}

/// The coarse places of a part, of all items one after the other.
fn places(params: &KernelGradientParams, part: u32) -> Range<u32> {
    let all = params.batch * params.coarse_height * params.coarse_width;
    (part * params.part_len).min(all)..((part + 1) * params.part_len).min(all)
}

fn plane_sum(params: &KernelGradientParams, coarse: &[f32], part: u32, channel: u32) -> f64 {
    let plane = params.coarse_height * params.coarse_width;
    let value = |place: u32| {
        let planes = place / plane * params.coarse_channels + channel;
        f64::from(coarse[(planes * plane + place % plane) as usize])
    };
    places(params, part).map(value).sum()
}

fn sum_of(
    params: &KernelGradientParams,
    [coarse, fine]: [&[f32]; 2],
    part: u32,
    [channel, other]: [u32; 2],
    [ky, kx]: [u32; 2],
) -> f64 {
    let plane = params.coarse_height * params.coarse_width;
    let coarse_shape =
        [params.batch, params.coarse_channels, params.coarse_height, params.coarse_width];
    let fine_shape = [params.batch, params.fine_channels, params.fine_height, params.fine_width];
    let mut sum = 0.0;
    for place in places(params, part) {
        let [item, at] = [place / plane, place % plane];
        let [row, column] = [at / params.coarse_width, at % params.coarse_width];
        let fine_row = (row * params.stride_y + ky).checked_sub(params.pad_top);
        let fine_column = (column * params.stride_x + kx).checked_sub(params.pad_left);
        // Outside the planes lie zeros; above and left of them the subtraction has no result.
        let (Some(fine_row), Some(fine_column)) = (fine_row, fine_column) else { continue };
        if fine_row < params.fine_height && fine_column < params.fine_width {
            let value = coarse[offset4(coarse_shape, [item, channel, row, column])];
            let met = fine[offset4(fine_shape, [item, other, fine_row, fine_column])];
            sum += f64::from(value) * f64::from(met);
        }
    }
    sum
}
