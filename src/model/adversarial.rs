//! Adversarial losses on a discriminator's scores, and penalties on its gradients.

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, softplus};

/// How far on either side of an image a gradient's own gradient is taken from. A rectifier that turns between the
/// two places counts for 1 / ε times its turn, so that few may; below this rounding is felt.
const STEP: f64 = 3e-4;
/// Shorter gradients have no direction.
const TINY: f64 = 1e-12;

/// What the two networks play for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdversarialLoss {
    /// log D(x) + log(1 − D(G(z))), which the generator minimises: it learns little while the discriminator wins.
    ///
    /// # Source
    /// Goodfellow et al. (2014, eq. 1, arXiv:1406.2661).
    Minimax,
    /// The same for the discriminator; the generator maximises log D(G(z)).
    ///
    /// # Source
    /// Goodfellow et al. (2014, section 3).
    NonSaturating,
    /// max(0, 1 − D(x)) + max(0, 1 + D(G(z))); the generator maximises D(G(z)).
    ///
    /// # Source
    /// Geometric GAN (Lim & Ye, 2017, arXiv:1705.02894).
    Hinge,
    /// Half the squared distances of scores from 1 and 0.
    ///
    /// # Source
    /// Least Squares GAN (Mao et al., 2017, eq. 9, arXiv:1611.04076).
    LeastSquares,
    /// D(G(z)) − D(x), for discriminators of slope one at most.
    ///
    /// # Source
    /// Wasserstein GAN (Arjovsky et al., 2017, arXiv:1701.07875).
    Wasserstein,
}

impl AdversarialLoss {
    /// All of them, with their names.
    pub const NAMED: [(&str, Self); 5] = [
        ("non-saturating", Self::NonSaturating),
        ("minimax", Self::Minimax),
        ("hinge", Self::Hinge),
        ("least-squares", Self::LeastSquares),
        ("wasserstein", Self::Wasserstein),
    ];

    /// The loss of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, loss)| *loss)
    }

    /// What the discriminator minimises, `[1]`: the mean over real scores plus that over made ones.
    ///
    /// `smoothing` s takes 1 − s for the target of real images, in the losses that have targets (Salimans et al.,
    /// 2016, section 3.4, arXiv:1606.03498).
    ///
    /// # Shapes
    /// - `real`, `made`: `[b]`, of any b each
    pub fn discriminator(self, real: Tensor<1>, made: Tensor<1>, smoothing: f64) -> Tensor<1> {
        match self {
            Self::Minimax | Self::NonSaturating => {
                // −t log σ(r) − (1 − t) log(1 − σ(r)) = softplus(r) − t r
                let of_real = softplus(real.clone(), 1.0) - real * (1.0 - smoothing);
                of_real.mean() + softplus(made, 1.0).mean()
            }
            Self::Hinge => relu(real.neg() + 1.0).mean() + relu(made + 1.0).mean(),
            Self::LeastSquares => {
                ((real - (1.0 - smoothing)).square().mean() + made.square().mean()) * 0.5
            }
            Self::Wasserstein => made.mean() - real.mean(),
        }
    }

    /// What the generator minimises, `[1]`.
    ///
    /// # Shapes
    /// - `made`: `[b]`
    pub fn generator(self, made: Tensor<1>) -> Tensor<1> {
        match self {
            Self::Minimax => softplus(made, 1.0).mean().neg(),
            Self::NonSaturating => softplus(made.neg(), 1.0).mean(),
            Self::Hinge | Self::Wasserstein => made.mean().neg(),
            Self::LeastSquares => (made - 1.0).square().mean() * 0.5,
        }
    }
}

/// A penalty on the gradient g of the scores by the images.
#[derive(Clone, Debug)]
pub struct Penalty {
    /// Its value, `[1]`, without gradients.
    pub value: Tensor<1>,
    /// What has its gradient by the discriminator's parameters, `[1]`; its own value means nothing.
    ///
    /// burn differentiates once, so that the gradient of a function of |g| is taken from a difference: with
    /// u = g / |g| held fixed, |g| = uᵀ ∂D/∂x = (D(x + εu) − D(x − εu)) / 2ε, and the gradient of the right side
    /// by the parameters is that of |g| up to ε².
    pub surrogate: Tensor<1>,
}

/// λ (|g| − 1)², mean over the batch, at points between real and made images.
///
/// # Shapes
/// - `at`: `[b, ..]`; `score` gives `[b]`
///
/// # Source
/// Improved Training of Wasserstein GANs (Gulrajani et al., 2017, eq. 3, arXiv:1704.00028).
pub fn gradient_penalty<const D: usize>(
    at: Tensor<D>,
    lambda: f64,
    score: impl Fn(Tensor<D>) -> Tensor<1>,
) -> Penalty {
    let slope = Slope::new(at, &score);
    let excess = slope.lengths.clone() - 1.0; // [b]
    Penalty {
        value: excess.clone().square().mean() * lambda,
        surrogate: slope.surrogate(excess * (2.0 * lambda), score),
    }
}

/// γ/2 |g|², mean over the batch, at real images.
///
/// # Shapes
/// - `at`: `[b, ..]`; `score` gives `[b]`
///
/// # Source
/// Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018, eq. 9, arXiv:1801.04406).
pub fn r1_penalty<const D: usize>(
    at: Tensor<D>,
    gamma: f64,
    score: impl Fn(Tensor<D>) -> Tensor<1>,
) -> Penalty {
    let slope = Slope::new(at, &score);
    Penalty {
        value: slope.lengths.clone().square().mean() * (gamma / 2.0),
        surrogate: slope.surrogate(slope.lengths.clone() * gamma, score),
    }
}

/// The gradient of scores by images.
struct Slope<const D: usize> {
    /// Where, `[b, ..]`.
    at: Tensor<D>,
    /// |g| of every image, `[b]`, without gradients.
    lengths: Tensor<1>,
    /// g / |g|, `[b, ..]`, zero where |g| is.
    directions: Tensor<D>,
}

impl<const D: usize> Slope<D> {
    fn new(at: Tensor<D>, score: &impl Fn(Tensor<D>) -> Tensor<1>) -> Self {
        let at = at.detach().require_grad();
        let grads = score(at.clone()).sum().backward();
        let gradient = at.grad(&grads).unwrap_or_else(|| at.clone().inner().zeros_like());
        let b = at.dims()[0];
        let flat = gradient.clone().reshape([b as i32, -1]); // [b, n]
        let lengths = flat.square().sum_dim(1).sqrt().squeeze_dim::<1>(1); // [b]
        let mut shape = [1; D];
        shape[0] = b;
        let directions = gradient / (lengths.clone() + TINY).reshape(shape);
        Self {
            at: at.detach(),
            lengths: Tensor::from_inner(lengths),
            directions: Tensor::from_inner(directions),
        }
    }

    /// The mean of `weights`, `[b]`, times |g|, in which only |g| has a gradient.
    fn surrogate(&self, weights: Tensor<1>, score: impl Fn(Tensor<D>) -> Tensor<1>) -> Tensor<1> {
        let step = self.directions.clone() * STEP;
        let ahead = score(self.at.clone() + step.clone());
        let behind = score(self.at.clone() - step);
        ((ahead - behind) * weights).mean() / (2.0 * STEP)
    }
}
