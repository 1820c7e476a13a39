//! Losses as differentiable tensor expressions, in nats.

use burn::tensor::Tensor;

/// KL divergence of N(mean, exp(logvar)) from the standard normal, for every element.
///
/// # Shapes
/// - `mean`, `logvar`, result: `[b, d]`
///
/// # Source
/// Auto-Encoding Variational Bayes (Kingma & Welling, 2013, appendix B, arXiv:1312.6114).
pub fn gaussian_kl(mean: Tensor<2>, logvar: Tensor<2>) -> Tensor<2> {
    (mean.square() + logvar.clone().exp() - logvar - 1.0) * 0.5
}

/// The KL term that is minimised when every dimension has `free_nats` to spend: the sum over d of
/// max(λ, `KL_d`).
///
/// # Shapes
/// - `kl_per_dim`: `[d]`, mean over the batch; result: `[1]`
///
/// # Source
/// Improved Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016, eq. 15 with one
/// dimension a group, arXiv:1606.04934).
pub fn free_bits(kl_per_dim: Tensor<1>, free_nats: f64) -> Tensor<1> {
    if free_nats > 0.0 { kl_per_dim.clamp_min(free_nats).sum() } else { kl_per_dim.sum() }
}

/// Negative log-likelihood of `target` under independent Bernoulli pixels, for every element.
/// Targets need not be 0 or 1.
///
/// # Shapes
/// - `logits`, `target`, result: `[b, c, h, w]`, target in `[0, 1]`
///
/// # Source
/// −x log p − (1 − x) log(1 − p) with p = sigmoid(l), written as max(l, 0) − x l + log(1 + e^−|l|),
/// which never overflows.
pub fn bernoulli_nll(logits: Tensor<4>, target: Tensor<4>) -> Tensor<4> {
    let size = logits.clone().abs();
    // max(l, 0) as (l + |l|) / 2, whose gradient is right at 0 too.
    (logits.clone() + size.clone()) * 0.5 - logits * target + size.neg().exp().log1p()
}

/// Negative log-likelihood of `target` under independent `N(mean, exp(log_sigma)²)`, for every element.
///
/// # Shapes
/// - `mean`, `target`, result: `[b, c, h, w]`; `log_sigma`: `[1]`
///
/// # Source
/// Simple and Effective VAE Training with Calibrated Decoders (Rybkin et al., 2021, eq. 4, arXiv:2006.13202).
pub fn gaussian_nll(mean: Tensor<4>, target: Tensor<4>, log_sigma: Tensor<1>) -> Tensor<4> {
    let half_log_two_pi = 0.5 * (2.0 * std::f64::consts::PI).ln();
    let log_sigma = log_sigma.reshape([1, 1, 1, 1]); // [1, 1, 1, 1]
    let scaled = (target - mean) * log_sigma.clone().neg().exp();
    scaled.square() * 0.5 + log_sigma + half_log_two_pi
}
