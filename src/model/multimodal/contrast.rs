//! Points of images and of texts that belong together are near each other, and far from others.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// Cosines are multiplied with no more than this (Radford et al., 2021, section 2.5).
const MOST_SCALE: f64 = 100.0;
/// What is added to scores that do not count: their exponential is zero.
const NEVER: f64 = -1e9;
/// Vectors of smaller squared length have no direction.
const TINY: f64 = 1e-12;

/// The mean of two cross-entropies: of finding each image's text among all texts, and each text's image among all images,
/// in nats, `[1]`. Row i of `images` belongs to row i of `texts`.
///
/// # Shapes
/// - `images`, `texts`: `[p, a]`, of unit length; `log_scale`: `[1]`; `same`: `[p, p]`, 1 where two different rows are no
///   wrong answer to each other, else 0
///
/// # Source
/// CLIP (Radford et al., 2021, figure 3, arXiv:2103.00020).
pub fn contrast(
    images: Tensor<2>,
    texts: Tensor<2>,
    log_scale: Tensor<1>,
    same: Tensor<2>,
) -> Tensor<1> {
    let [p, _] = images.dims();
    let own = Tensor::eye(p, &images.device()); // [p, p]
    let scale = log_scale.clamp_max(MOST_SCALE.ln()).exp().reshape([1, 1]);
    let scores = images.matmul(texts.transpose()) * scale + same * NEVER; // [p, p]
    let found = |scores: Tensor<2>| {
        let right = log_softmax(scores, 1) * own.clone();
        right.sum().neg() / p as f64
    };
    (found(scores.clone()) + found(scores.transpose())) * 0.5
}

/// Rows at unit length.
///
/// # Shapes
/// - `rows`, result: `[n, a]`
pub(super) fn unit(rows: Tensor<2>) -> Tensor<2> {
    let lengths = rows.clone().square().sum_dim(1).clamp_min(TINY).sqrt(); // [n, 1]
    rows / lengths
}
