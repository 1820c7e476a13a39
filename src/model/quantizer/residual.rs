//! Residual quantization: every quantizer works on what those before it left over, and the codes are summed.
//!
//! # Source
//! SoundStream: An End-to-End Neural Audio Codec (Zeghidour et al., 2021, algorithm 1, arXiv:2107.03312). Each
//! quantizer has the commitment term of its own residual, and the terms are summed: High Fidelity Neural Audio
//! Compression (Défossez et al., 2022, eq. 3, arXiv:2210.13438).

use burn::tensor::Tensor;

use super::codebook::Choice;

/// What every quantizer chose, and the sum of the codes, `[n, d]`, without gradients.
///
/// No gradient passes from one quantizer to the next: a residual has that of the vectors, as if the codes before
/// it were constants.
pub(super) fn choices(
    vectors: &Tensor<2>,
    quantizers: usize,
    search: impl Fn(Tensor<2>, usize) -> Choice,
) -> (Vec<Choice>, Tensor<2>) {
    let first = search(vectors.clone(), 0);
    let mut sum = first.codes.clone();
    let mut choices = vec![first];
    for part in 1..quantizers {
        let last = &choices[part - 1];
        let rest = last.vectors.clone() - last.codes.clone(); // [n, d]
        let next = search(rest, part);
        sum = sum + next.codes.clone();
        choices.push(next);
    }
    (choices, sum)
}
