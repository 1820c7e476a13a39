//! From a picture to a point without an encoder: gradient descent on the latent of a decoder.

use std::num::NonZeroUsize;

use crate::array::Array;
use crate::codec::CodecError;
use crate::engine::EngineError;
use crate::engine::gradient::Gradient;
use crate::graph::Graph;
use crate::latent::draws;
use crate::picture::ValueRange;
use crate::watch::Watch;

/// The share of the steps at the end over which they become shorter, so that the point settles.
const SETTLE: f32 = 0.3;

/// How to look for the point.
#[derive(Clone, Debug, PartialEq)]
pub struct InvertOptions {
    /// Steps of the descent.
    pub steps: NonZeroUsize,
    /// The length of a step, in the latent's own units (deviations of the prior).
    pub rate: f32,
    /// What the mean square of the latent costs, against the mean squared error of pixels in `[0, 1]`.
    pub prior_weight: f32,
    /// Points that are moved at once; the first is the one that is given, where one is, the others draws.
    pub starts: NonZeroUsize,
    /// Seed of the draws.
    pub seed: u64,
}

/// How far the descent is.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// Steps that were taken.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The best point so far, flat.
    pub latent: Vec<f32>,
    /// Its picture, `[1, c, h, w]` in `[0, 1]`.
    pub image: Array,
    /// Its mean squared error, on pixels in `[0, 1]`.
    pub error: f32,
    /// The smallest mean squared error of all points, step by step.
    pub errors: Vec<f32>,
}

/// Moves points until their pictures are like `target`; the best one of all steps is what is found.
///
/// `tell` hears of every step and says whether the search goes on.
///
/// # Shapes
/// `target` has as many values as a picture, in `[0, 1]`; `from` as many as a latent.
///
/// # Errors
/// When the decoder chooses codes, when something has another shape, or when no step gives numbers.
///
/// # Source
/// Generative Visual Manipulation on the Natural Image Manifold (Zhu et al., 2016, section 3.1, arXiv:1609.03552),
/// with Adam in the place of L-BFGS.
pub fn invert(
    decoder: &Graph,
    range: ValueRange,
    target: &Array,
    from: Option<&[f32]>,
    options: &InvertOptions,
    tell: &mut dyn FnMut(&Descent) -> bool,
) -> Result<Descent, CodecError> {
    let gradient = Gradient::new(decoder, "image")?;
    let starts = options.starts.get();
    let mut points = draws(gradient.input_shape(), starts, options.seed);
    let len = points.row_len();
    if let Some(from) = from {
        if from.len() != len {
            let what = "the point to begin at".to_owned();
            return Err(EngineError::Length { what, found: from.len(), expected: len }.into());
        }
        points.data_mut()[..len].copy_from_slice(from);
    }
    let target = range.images_from_unit(target);
    // Squared errors of the model's own pixels as ones of pixels in [0, 1].
    let to_unit = (range.hi - range.lo).powi(-2);
    let mut adam = Adam::new(points.data().len());
    let steps = options.steps.get();
    let mut best: Option<(f32, Descent)> = None;
    let mut errors = Vec::with_capacity(steps);
    for step in 1..=steps {
        let fit = gradient.fit(&points, &target, &Watch::default())?;
        let mut slopes = fit.gradient.data().to_vec();
        for (slope, value) in slopes.iter_mut().zip(points.data()) {
            *slope = *slope * to_unit + options.prior_weight * 2.0 * value / len as f32;
        }
        let cost = |row: usize| {
            let square = points.row(row).iter().map(|value| value * value).sum::<f32>();
            fit.errors[row] * to_unit + options.prior_weight * square / len as f32
        };
        let finite = (0..starts).filter(|&row| cost(row).is_finite());
        let winner = finite.min_by(|&a, &b| cost(a).total_cmp(&cost(b)));
        let winner =
            winner.ok_or("search for the point: no point has an error that is a number")?;
        errors.push(fit.errors[winner] * to_unit);
        if best.as_ref().is_none_or(|(least, _)| cost(winner) < *least) {
            let descent = Descent {
                step,
                steps,
                latent: points.row(winner).to_vec(),
                image: range.images_to_unit(&fit.outputs.rows(winner, winner + 1)),
                error: fit.errors[winner] * to_unit,
                errors: Vec::new(),
            };
            best = Some((cost(winner), descent));
        }
        if let Some((_, best)) = &mut best {
            best.step = step;
            best.errors.clone_from(&errors);
            if !tell(best) {
                break;
            }
        }
        let left = (steps - step) as f32 / steps as f32;
        adam.step(points.data_mut(), &slopes, options.rate * (left / SETTLE).min(1.0));
    }
    best.map(|(_, best)| best).ok_or_else(|| "search for the point: no step was taken".into())
}

/// Steps along slopes that are smoothed and set to one scale.
///
/// # Source
/// Adam: A Method for Stochastic Optimization (Kingma & Ba, 2015, algorithm 1, arXiv:1412.6980).
struct Adam {
    means: Vec<f32>,
    squares: Vec<f32>,
    steps: i32,
}

impl Adam {
    const BETAS: [f32; 2] = [0.9, 0.999];
    const EPSILON: f32 = 1e-8;

    fn new(len: usize) -> Self {
        Self { means: vec![0.0; len], squares: vec![0.0; len], steps: 0 }
    }

    fn step(&mut self, values: &mut [f32], slopes: &[f32], rate: f32) {
        self.steps += 1;
        let [mean_share, square_share] = Self::BETAS;
        let [mean_scale, square_scale] = Self::BETAS.map(|beta| 1.0 - beta.powi(self.steps));
        let kept = self.means.iter_mut().zip(&mut self.squares);
        for ((value, slope), (mean, square)) in values.iter_mut().zip(slopes).zip(kept) {
            *mean = mean_share * *mean + (1.0 - mean_share) * slope;
            *square = square_share * *square + (1.0 - square_share) * slope * slope;
            let scale = (*square / square_scale).sqrt() + Self::EPSILON;
            *value -= rate * (*mean / mean_scale) / scale;
        }
    }
}
