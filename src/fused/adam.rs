//! Adam's rule in one pass over a tensor.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use pulp::Arch;
use rayon::prelude::*;

use super::{like, values};

/// Values that one thread updates at once.
const AT_ONCE: usize = 1 << 14;

/// The numbers of one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamRule {
    /// Share of the past in the mean of gradients.
    pub beta_1: f32,
    /// Share of the past in the mean of their squares.
    pub beta_2: f32,
    /// What the mean by the root of that of the squares is multiplied with.
    pub rate: f32,
    /// What is added to that root.
    pub epsilon: f32,
    /// What values are multiplied with before.
    pub shrink: f32,
}

impl AdamRule {
    /// The rule of the `update`th update, from 1 on, whose means are corrected for having begun at 0.
    ///
    /// # Source
    /// Adam (Kingma & Ba, 2014, arXiv:1412.6980), in the order of operations that section 2 gives at its end; weight decay
    /// apart from the gradient (Loshchilov & Hutter, 2017, algorithm 2, arXiv:1711.05101).
    pub fn new(betas: [f32; 2], epsilon: f64, update: usize, lr: f64, weight_decay: f64) -> Self {
        let [beta_1, beta_2] = betas;
        let [mean, square] = betas.map(|beta| 1.0 - f64::from(beta).powf(update as f64));
        Self {
            beta_1,
            beta_2,
            rate: (lr * square.sqrt() / mean) as f32,
            epsilon: (epsilon * square.sqrt()) as f32,
            shrink: (1.0 - lr * weight_decay) as f32,
        }
    }
}

/// What becomes of values and of the moments of their gradients.
///
/// # Shapes
/// All `[n]`.
pub fn adam(
    values: Tensor<1>,
    gradient: Tensor<1>,
    moments: [Tensor<1>; 2],
    rule: AdamRule,
) -> (Tensor<1>, [Tensor<1>; 2]) {
    let [moment_1, moment_2] = moments.map(Tensor::into_dispatch);
    let [values, gradient] = [values, gradient].map(Tensor::into_dispatch);
    let (values, moment_1, moment_2) =
        <Dispatch as AdamOps>::adam_update(values, gradient, moment_1, moment_2, rule);
    (Tensor::from_dispatch(values), [moment_1, moment_2].map(Tensor::from_dispatch))
}

/// The rule, as a backend does it.
#[backend_extension(Flex, Cube, Fusion)]
pub(crate) trait AdamOps: Backend {
    /// Values, the mean of their gradients and that of the squares, of the same.
    #[fusion(meta = |values, _, _, _, _| (values.clone(), values.clone(), values.clone()))]
    fn adam_update(
        values: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        moment_1: FloatTensor<Self>,
        moment_2: FloatTensor<Self>,
        rule: AdamRule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl AdamOps for Flex {
    fn adam_update(
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        moment_1: FloatTensor<Self>,
        moment_2: FloatTensor<Self>,
        rule: AdamRule,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [weights, gradient, moment_1, moment_2] =
            [weights, gradient, moment_1, moment_2].map(|tensor| tensor.to_contiguous());
        let mut made = [&weights, &moment_1, &moment_2].map(|tensor| values(tensor).to_vec());
        let [to_weights, to_mean, to_square] =
            made.each_mut().map(|values| values.par_chunks_mut(AT_ONCE));
        let chunks = to_weights.zip(to_mean).zip(to_square);
        chunks.zip(values(&gradient).par_chunks(AT_ONCE)).for_each(
            |(((weights, means), squares), slopes)| {
                Arch::new().dispatch(|| rule.update([weights, means, squares], slopes));
            },
        );
        let [to_weights, to_mean, to_square] = made;
        (like(&weights, to_weights), like(&moment_1, to_mean), like(&moment_2, to_square))
    }
}

impl AdamRule {
    #[expect(
        clippy::inline_always,
        reason = "else it has no wider instructions than the whole program's build"
    )]
    #[inline(always)]
    fn update(&self, [values, means, squares]: [&mut [f32]; 3], slopes: &[f32]) {
        let moments = means.iter_mut().zip(squares);
        for ((value, slope), (mean, square)) in values.iter_mut().zip(slopes).zip(moments) {
            *mean = self.beta_1 * *mean + (1.0 - self.beta_1) * slope;
            *square = self.beta_2 * *square + (1.0 - self.beta_2) * slope * slope;
            *value = self.shrink * *value - self.rate * *mean / (square.sqrt() + self.epsilon);
        }
    }
}
