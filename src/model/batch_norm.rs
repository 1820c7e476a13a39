//! Batch normalization under PyTorch's parameter names, with statistics that move only when they are told to.
//!
//! burn's own moves them inside its forward pass, in a cell of every thread, and towards the biased variance: a
//! resumed run would not equal an unbroken one, nor PyTorch's.

use burn::module::{Module, Param};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};

use super::params;
use crate::graph::lower::batch_norm::EPSILON;

/// The share of the newest batch in the running statistics, as in PyTorch.
const MOMENTUM: f64 = 0.1;

/// Normalizes every channel over a batch: by the batch's own statistics in training, by running ones in use.
///
/// # Source
/// Batch Normalization (Ioffe & Szegedy, 2015, algorithms 1 and 2, arXiv:1502.03167).
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Factors, `[c]`.
    weight: Param<Tensor<1>>,
    /// Summands, `[c]`.
    bias: Param<Tensor<1>>,
    /// Moving average of the means of batches, `[c]`.
    running_mean: Param<Tensor<1>>,
    /// Moving average of their unbiased variances, `[c]`.
    running_var: Param<Tensor<1>>,
}

/// What one batch says of its channels, without gradients.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// Means, `[c]`.
    mean: Tensor<1>,
    /// Unbiased variances, `[c]`.
    variance: Tensor<1>,
}

impl BatchNorm {
    /// Factors of one, summands of zero, and the statistics of standard normal numbers.
    pub fn new(channels: usize, device: &Device) -> Self {
        let parameter = |value| Param::from_tensor(Tensor::full([channels], value, device));
        Self {
            weight: parameter(1.0),
            bias: parameter(0.0),
            running_mean: parameter(0.0).set_require_grad(false),
            running_var: parameter(1.0).set_require_grad(false),
        }
    }

    /// Normalizes by running statistics.
    ///
    /// # Shapes
    /// - `values`, result: `[b, c, ..]`
    pub fn by_running<const D: usize>(&self, values: Tensor<D>) -> Tensor<D> {
        let (mean, variance) = (self.running_mean.val(), self.running_var.val());
        batch_norm(values, self.weight.val(), self.bias.val(), mean, variance, f64::from(EPSILON))
    }

    /// Normalizes by the batch's own statistics, and gives them for [`BatchNorm::moved`].
    ///
    /// # Shapes
    /// - `values`, result: `[b, c, ..]`
    pub fn by_batch<const D: usize>(&self, values: Tensor<D>) -> (Tensor<D>, BatchStatistics) {
        let shape = values.dims();
        let count = (shape[0] * shape[2..].iter().product::<usize>()) as f64;
        let trained =
            batch_norm_train(values, self.weight.val(), self.bias.val(), f64::from(EPSILON));
        // A single value has no unbiased variance; its biased one is zero.
        let unbiased = count / (count - 1.0).max(1.0);
        let statistics = BatchStatistics {
            mean: trained.mean.inner(),
            variance: trained.variance.inner() * unbiased,
        };
        (trained.output, statistics)
    }

    /// The same with running statistics moved towards those of a batch.
    pub fn moved(self, batch: &BatchStatistics) -> Self {
        Self {
            running_mean: towards(self.running_mean, &batch.mean),
            running_var: towards(self.running_var, &batch.variance),
            ..self
        }
    }
}

/// A running statistic, on a device with gradients or one without, moved towards the newest one.
fn towards(running: Param<Tensor<1>>, newest: &Tensor<1>) -> Param<Tensor<1>> {
    let value = running.val();
    let tracked = value.is_autodiff();
    let moved = value.inner() * (1.0 - MOMENTUM) + newest.clone() * MOMENTUM;
    params::replaced(running, if tracked { moved.autodiff() } else { moved })
}
