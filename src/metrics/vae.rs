//! The two parts of a VAE's bound, in nats: divergence from the prior and reconstruction.

use crate::array::Array;

/// A dimension whose mean KL is over this many nats carries information.
pub const ACTIVE_NATS: f64 = 0.1;

/// Where the logarithm of a probability ends, as in torch's `binary_cross_entropy`: a wrong, certain
/// pixel costs 100 nats and not infinity.
const LOWEST_LOG: f64 = -100.0;

/// The divergence of a normal distribution from the standard normal one, in nats.
///
/// # Source
/// VAE (Kingma & Welling 2013, appendix B, arXiv:1312.6114).
pub fn gaussian_kl(mean: f32, logvar: f32) -> f64 {
    let (mean, logvar) = (f64::from(mean), f64::from(logvar));
    // exp_m1 keeps the digits of a posterior that has collapsed onto the prior.
    0.5 * (mean * mean + logvar.exp_m1() - logvar)
}

/// The divergence of one sample's posterior from the prior: [`gaussian_kl`] summed over dimensions, in nats.
pub fn kl_nats(mean: &[f32], logvar: &[f32]) -> f64 {
    debug_assert_eq!(mean.len(), logvar.len(), "one variance a mean");
    mean.iter().zip(logvar).map(|(&mean, &logvar)| gaussian_kl(mean, logvar)).sum()
}

/// How many dimensions carry information: those over [`ACTIVE_NATS`].
pub fn active_units(kl_per_dim: &[f64]) -> usize {
    kl_per_dim.iter().filter(|&&kl| kl > ACTIVE_NATS).count()
}

/// The KL of every dimension, gathered over batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KlPerDim {
    sums: Vec<f64>,
    samples: u64,
}

impl KlPerDim {
    /// Adds the posteriors of a batch.
    ///
    /// # Shapes
    /// `mean` and `logvar` are `[b, d]` or `[b, d, h, w]`, the same in every batch; every position of a
    /// latent is a dimension of its own.
    pub fn add(&mut self, mean: &Array, logvar: &Array) {
        debug_assert_eq!(mean.shape(), logvar.shape(), "one variance a mean");
        self.sums.resize(mean.row_len(), 0.0);
        for i in 0..mean.num_rows() {
            for (sum, (&mean, &logvar)) in
                self.sums.iter_mut().zip(mean.row(i).iter().zip(logvar.row(i)))
            {
                *sum += gaussian_kl(mean, logvar);
            }
        }
        self.samples += mean.num_rows() as u64;
    }

    /// The mean over samples of every dimension's KL, in nats; zeros before the first sample.
    pub fn per_dim(&self) -> Vec<f64> {
        let samples = self.samples.max(1) as f64;
        self.sums.iter().map(|sum| sum / samples).collect()
    }

    /// The mean over samples of the whole KL, in nats.
    pub fn total(&self) -> f64 {
        self.per_dim().iter().sum()
    }

    /// How many dimensions carry information.
    pub fn active_units(&self) -> usize {
        active_units(&self.per_dim())
    }
}

/// The cost of an image under independent Bernoulli pixels given their logits, summed over pixels, in nats.
/// `target` is in [0, 1] and need not be binary.
///
/// # Source
/// VAE (Kingma & Welling 2013, appendix C.1, arXiv:1312.6114), in the stable form of torch's
/// `binary_cross_entropy_with_logits`.
pub fn bernoulli_nats_from_logits(logits: &[f32], target: &[f32]) -> f64 {
    sum_over_pixels(logits, target, |logit, x| {
        // The first term is max(logit, 0), written so that a NaN stays one.
        0.5 * (logit + logit.abs()) - logit * x + (-logit.abs()).exp().ln_1p()
    })
}

/// The cost of an image under independent Bernoulli pixels given their probabilities, summed over pixels,
/// in nats; logarithms end at −100. `target` is in [0, 1] and need not be binary.
///
/// # Source
/// As [`bernoulli_nats_from_logits`]; the limit is that of torch's `binary_cross_entropy`.
pub fn bernoulli_nats_from_probs(probs: &[f32], target: &[f32]) -> f64 {
    // `clamp` keeps the NaN of a value that is no probability.
    let limited = |log: f64| log.clamp(LOWEST_LOG, f64::INFINITY);
    sum_over_pixels(probs, target, |p, x| -x * limited(p.ln()) - (1.0 - x) * limited((-p).ln_1p()))
}

/// The cost of an image under independent normal pixels around `recon`, summed over pixels, in nats.
/// A density may be over 1, so this may be negative.
///
/// # Units
/// `sigma` is the standard deviation in the images' own range.
///
/// # Source
/// VAE (Kingma & Welling 2013, appendix C.2, arXiv:1312.6114), with a fixed variance.
pub fn gaussian_nats(recon: &[f32], target: &[f32], sigma: f64) -> f64 {
    let log_scale = sigma.ln() + 0.5 * std::f64::consts::TAU.ln();
    sum_over_pixels(recon, target, |mean, x| 0.5 * ((x - mean) / sigma).powi(2) + log_scale)
}

/// The sum of `cost(model, target)` over all values.
fn sum_over_pixels(model: &[f32], target: &[f32], cost: impl Fn(f64, f64) -> f64) -> f64 {
    debug_assert_eq!(model.len(), target.len(), "images of one shape");
    model.iter().zip(target).map(|(&model, &target)| cost(model.into(), target.into())).sum()
}
