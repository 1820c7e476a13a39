//! Twin of `part_sums.wgsl`.

use crate::engine::params::PartSumsParams;

/// Sums over parts.
///
/// # Shapes
/// `sums [parts, n]`, `output [n]`.
pub fn part_sums(params: &PartSumsParams, sums: &[f32], output: &mut [f32]) {
    let len = params.len as usize;
    for (place, sum) in output.iter_mut().enumerate() {
        let of_part = |part: usize| f64::from(sums[part * len + place]);
        *sum = (0..params.parts as usize).map(of_part).sum::<f64>() as f32;
    }
}
