//! The nearest code of a codebook: what all methods but one are made of.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937).

use burn::tensor::{Int, Tensor};

/// Vectors and what was chosen for them.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// What was quantized, `[n, d]`, with its gradient.
    pub(super) vectors: Tensor<2>,
    /// The chosen rows of all codes, `[n]`.
    pub(super) rows: Tensor<1, Int>,
    /// Their codes, `[n, d]`, without gradients.
    pub(super) codes: Tensor<2>,
}

impl Choice {
    /// The nearest of the `k` rows from `first` on for every vector.
    pub(super) fn new(
        vectors: Tensor<2>,
        codebook: &Tensor<2>,
        [first, k]: [usize; 2],
        nearest: fn(Tensor<2>, Tensor<2>) -> Tensor<1, Int>,
    ) -> Self {
        let part = codebook.clone().narrow(0, first, k); // [k, d]
        let rows = nearest(vectors.clone().inner(), part) + whole(first); // [n]
        let codes = codebook.clone().select(0, rows.clone()); // [n, d]
        Self { vectors, rows, codes }
    }

    /// Those of one quantizer after those of the other.
    pub(super) fn joined(choices: Vec<Self>) -> Self {
        let (vectors, rest): (Vec<_>, Vec<_>) =
            choices.into_iter().map(|choice| (choice.vectors, (choice.rows, choice.codes))).unzip();
        let (rows, codes) = rest.into_iter().unzip();
        Self {
            vectors: Tensor::cat(vectors, 0),
            rows: Tensor::cat(rows, 0),
            codes: Tensor::cat(codes, 0),
        }
    }
}

/// Rows scaled to unit length; rows of zeros stay, and their gradient is finite.
pub(super) fn unit(rows: Tensor<2>) -> Tensor<2> {
    const LEAST_SQUARE: f32 = 1e-12;
    let squares = rows.clone().square().sum_dim(1); // [n, 1]
    rows / (squares + LEAST_SQUARE).sqrt()
}

/// A number of codes, at most [`MAX_CODES`](crate::graph::MAX_CODES), as tensors of whole numbers take it.
pub(in crate::model) fn whole(count: usize) -> i32 {
    (count as u32).cast_signed()
}
