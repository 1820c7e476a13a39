//! Twin of `elementwise.wgsl`.

use super::activate;
use crate::engine::params::ElementwiseParams;

/// `output = activation(limited(scale * input + shift))` over a range of every item; limits where the params have them.
///
/// # Shapes
/// `input [items, in_len]`, `output [items, out_len]`, read from `start` on.
pub fn elementwise(params: &ElementwiseParams, input: &[f32], output: &mut [f32]) {
    let [in_len, out_len, start] =
        [params.in_len as usize, params.out_len as usize, params.start as usize];
    for item in 0..params.items as usize {
        for i in 0..out_len {
            let value = f64::from(input[item * in_len + start + i]);
            let scaled = f64::from(params.scale) * value + f64::from(params.shift);
            let limited = if params.has_limits == 0 {
                scaled
            } else {
                scaled.max(f64::from(params.lo)).min(f64::from(params.hi))
            };
            output[item * out_len + i] = activate(limited, params.activation, params.slope);
        }
    }
}
