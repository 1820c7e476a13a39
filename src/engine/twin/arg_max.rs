//! Twin of `arg_max.wgsl`.

use crate::engine::params::ArgMaxParams;

/// The index of the largest score of every place, of equally large ones the lowest; 0 where a score is not finite.
///
/// How often each is chosen is counted from the indices by whoever runs a graph.
///
/// # Shapes
/// `input [b, codes, plane]`, `output [b, plane]`.
pub fn arg_max(params: &ArgMaxParams, input: &[f32], output: &mut [f32]) {
    let [plane, codes] = [params.plane as usize, params.codes as usize];
    for (place, index) in output.iter_mut().enumerate().take(params.places as usize) {
        let start = place / plane * codes * plane + place % plane;
        let score = |code: usize| input[start + code * plane];
        let mut largest = 0;
        for code in 0..codes {
            if score(code) > score(largest) {
                largest = code;
            }
        }
        let is_finite = (0..codes).all(|code| score(code).is_finite());
        *index = if is_finite { largest as f32 } else { 0.0 };
    }
}
