//! Multi-head quantization: a vector is cut into parts, and each is quantized for itself.
//!
//! With q heads and k codes a vector has k^q values for the price of q · k distances. The heads choose from one
//! codebook, as is usual, or each from its own.
//!
//! # Source
//! Product quantization (Jégou et al., 2011, section II-B, doi:10.1109/TPAMI.2010.57) inside of an autoencoder, as
//! in the decomposed codes of Kaiser et al., 2018, section 4.1, arXiv:1803.03382, whose slices have codes of their
//! own; the shared codebook is that of the multi-headed quantizers of common libraries.

use burn::tensor::Tensor;

use super::codebook::Choice;

/// What every head chose, and the codes beside each other as `pass` gives them, `[n, d]`.
pub(super) fn choices(
    vectors: &Tensor<2>,
    heads: usize,
    search: impl Fn(Tensor<2>, usize) -> Choice,
    pass: impl Fn(&Choice) -> Tensor<2>,
) -> (Vec<Choice>, Tensor<2>) {
    let len = vectors.dims()[1] / heads;
    let of_head = |head: usize| search(vectors.clone().narrow(1, head * len, len), head);
    let choices: Vec<Choice> = (0..heads).map(of_head).collect();
    let codes = choices.iter().map(pass).collect();
    (choices, Tensor::cat(codes, 1)) // [n, d]
}
