//! Twin of `gather.wgsl`.

use crate::engine::params::GatherParams;

/// The codes that indices name, counted from row `first` of the codebook on: fractions are cut off, what is negative or no number names the first code, what lies
/// past the end the last one.
///
/// # Shapes
/// `input [items, plane]`, `codebook [rows, dim]`, `output [items, dim, plane]`.
pub fn gather(params: &GatherParams, input: &[f32], codebook: &[f32], output: &mut [f32]) {
    let [plane, dim] = [params.plane as usize, params.dim as usize];
    let codebook = &codebook[params.first as usize * dim..];
    for item in 0..params.items as usize {
        for position in 0..plane {
            // The conversion makes 0 of negative numbers and of NaN.
            let index = input[item * plane + position] as usize;
            let code = index.min(params.codes as usize - 1);
            for i in 0..dim {
                output[(item * dim + i) * plane + position] = codebook[code * dim + i];
            }
        }
    }
}
