//! Twin of `elementwise.wgsl`.

use super::activate;
use crate::engine::params::ElementwiseParams;

/// `output = activation(scale * input + shift)` over a range of every item.
///
/// # Shapes
/// `input [items, in_len]`, `output [items, out_len]`, read from `start` on.
pub fn elementwise(params: &ElementwiseParams, input: &[f32], output: &mut [f32]) {
    let [in_len, out_len, start] =
        [params.in_len as usize, params.out_len as usize, params.start as usize];
    for item in 0..params.items as usize {
        for i in 0..out_len {
            let value = input[item * in_len + start + i];
            output[item * out_len + i] = activate(
                f64::from(params.scale) * f64::from(value) + f64::from(params.shift),
                params.activation,
                params.slope,
            );
        }
    }
}
