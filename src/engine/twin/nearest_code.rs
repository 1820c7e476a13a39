//! Twin of `nearest_code.wgsl`.

use crate::engine::params::NearestCodeParams;

/// The index of the code with the least sum of squared differences, of equally near ones the lowest; 0 for a vector
/// with a value that is not finite. Summed in `f64`.
///
/// The codebook is `codes` rows from `first` on; the index counts from there. How often each is chosen is counted from the indices by whoever runs a graph.
///
/// # Shapes
/// `input [b, dim, plane]`, `codebook [rows, dim]`, `output [b, plane]`.
pub fn nearest_code(
    params: &NearestCodeParams,
    input: &[f32],
    codebook: &[f32],
    output: &mut [f32],
) {
    let [plane, dim] = [params.plane as usize, params.dim as usize];
    let codebook = &codebook[params.first as usize * dim..];
    for (vector, index) in output.iter_mut().enumerate().take(params.vectors as usize) {
        let start = vector / plane * dim * plane + vector % plane;
        let mut nearest = 0;
        let mut shortest = f64::INFINITY;
        for code in 0..params.codes as usize {
            let mut distance = 0.0;
            for i in 0..dim {
                let value = f64::from(input[start + i * plane]);
                distance += (value - f64::from(codebook[code * dim + i])).powi(2);
            }
            // Never true of a distance that is infinite or no number.
            if distance < shortest {
                (nearest, shortest) = (code, distance);
            }
        }
        *index = nearest as f32;
    }
}
