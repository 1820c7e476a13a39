//! Twin of `adam.wgsl`.

use crate::engine::params::AdamParams;

/// One update by Adam's rule.
///
/// # Shapes
/// All `[n]`; `output` has what becomes of the values and of both moments.
pub fn adam(
    params: &AdamParams,
    values: &[f32],
    gradient: &[f32],
    moments: [&[f32]; 2],
    output: [&mut [f32]; 3],
) {
    let AdamParams { len, beta_1, beta_2, rate, epsilon, shrink, .. } = *params;
    let [beta_1, beta_2, rate, epsilon, shrink] =
        [beta_1, beta_2, rate, epsilon, shrink].map(f64::from);
    let mut output = output;
    for i in 0..len as usize {
        let slope = f64::from(gradient[i]);
        let mean = beta_1 * f64::from(moments[0][i]) + (1.0 - beta_1) * slope;
        let square = beta_2 * f64::from(moments[1][i]) + (1.0 - beta_2) * slope * slope;
        let value = shrink * f64::from(values[i]) - rate * mean / (square.sqrt() + epsilon);
        for (output, made) in output.iter_mut().zip([value, mean, square]) {
            output[i] = made as f32;
        }
    }
}
