//! Twin of `modulate.wgsl`.

use super::activate;
use crate::engine::params::ModulateParams;

/// `output = activation(input * factor + summand)`, where every factor and summand counts for `step` by `step` places.
///
/// # Shapes
/// `input [planes, height, width]`, `factors` and `summands [planes, height / step, width / step]`, `output` as
/// `input`.
pub fn modulate(
    params: &ModulateParams,
    input: &[f32],
    factors: &[f32],
    summands: &[f32],
    output: &mut [f32],
) {
    let [height, width, step] = [params.height, params.width, params.step].map(|n| n as usize);
    let coarse = [height / step, width / step];
    for plane in 0..params.planes as usize {
        for row in 0..height {
            for column in 0..width {
                let index = (plane * height + row) * width + column;
                let place = (plane * coarse[0] + row / step) * coarse[1] + column / step;
                let product = f64::from(input[index]) * f64::from(factors[place]);
                let value = product + f64::from(summands[place]);
                output[index] = activate(value, params.activation, params.slope);
            }
        }
    }
}
