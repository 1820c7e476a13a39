//! Points of images and of texts that belong together are near each other, and far from others.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

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

/// The mean negative log-probability of choosing given codes, in nats, `[1]`, where nearer codes are likelier: the logit of
/// a code is minus the squared distance, as a share of the mean of all of them, which is held fixed, times
/// exp(`log_scale`).
///
/// # Shapes
/// - `vectors`: `[n, d]`; `codes`: `[k, d]`, without gradients; `chosen`: `[n]`; `log_scale`: `[1]`
///
/// # Source
/// The code with the least distance is the one that van den Oord et al. (2017, eq. 1, arXiv:1711.00937) choose; a softmax
/// over distances makes the choice a likelihood (Sønderby et al., 2017, Continuous Relaxation Training of Discrete Latent
/// Variable Image Models).
pub fn choice(
    vectors: Tensor<2>,
    codes: Tensor<2>,
    chosen: Tensor<1, Int>,
    log_scale: Tensor<1>,
) -> Tensor<1> {
    let [n, _] = vectors.dims();
    let lengths = codes.clone().square().sum_dim(1).transpose(); // [1, k]
    let [codes, lengths] = [codes, lengths].map(|it| grown(it, &vectors));
    let own = vectors.clone().square().sum_dim(1); // [n, 1]
    let distances = own + lengths - vectors.matmul(codes.transpose()) * 2.0; // [n, k]
    let mean = distances.clone().detach().mean().clamp_min(TINY).reshape([1, 1]);
    let scale = log_scale.clamp_max(MOST_SCALE.ln()).exp().reshape([1, 1]);
    log_softmax(distances.neg() / mean * scale, 1).gather(1, chosen.reshape([n, 1])).mean().neg()
}

/// Constants where there are gradients.
fn grown(constant: Tensor<2>, like: &Tensor<2>) -> Tensor<2> {
    if like.device().is_autodiff() { Tensor::from_inner(constant) } else { constant }
}

/// Rows at unit length.
///
/// # Shapes
/// - `rows`, result: `[n, a]`
pub(super) fn unit(rows: Tensor<2>) -> Tensor<2> {
    let lengths = rows.clone().square().sum_dim(1).clamp_min(TINY).sqrt(); // [n, 1]
    rows / lengths
}
