//! Batch normalisation whose statistics are moved by hand, so that an update is a function of what went in.

use burn::module::{Module, Param};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};

use super::params;
use crate::graph::lower::BATCH_NORM_EPSILON;

/// The share of the newest batch in the running statistics, as in PyTorch.
const MOMENTUM: f64 = 0.1;

/// Normalises every channel over the batch in training, and by running statistics afterwards.
///
/// # Source
/// Batch Normalization (Ioffe & Szegedy, 2015, arXiv:1502.03167). As in PyTorch, the running variance takes the
/// unbiased variance of a batch, the normalisation the biased one.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// γ, `[c]`.
    weight: Param<Tensor<1>>,
    /// β, `[c]`.
    bias: Param<Tensor<1>>,
    /// `[c]`
    running_mean: Param<Tensor<1>>,
    /// `[c]`
    running_var: Param<Tensor<1>>,
}

/// What a batch says of its channels, without gradients.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// `[c]`
    mean: Tensor<1>,
    /// Unbiased, `[c]`.
    variance: Tensor<1>,
}

impl BatchNorm {
    /// γ = 1, β = 0, and the statistics of a standard normal.
    pub fn new(channels: usize, device: &Device) -> Self {
        let param = |value: f64| Param::from_tensor(Tensor::full([channels], value, device));
        Self {
            weight: param(1.0),
            bias: param(0.0),
            running_mean: param(0.0),
            running_var: param(1.0),
        }
    }

    /// Normalises by the batch's own statistics and gives them too.
    ///
    /// # Shapes
    /// `input` and result `[b, c, ..]`
    pub fn by_batch<const D: usize>(&self, input: Tensor<D>) -> (Tensor<D>, BatchStatistics) {
        let [b, c] = [input.dims()[0], input.dims()[1]];
        let n = (b * input.dims()[2..].iter().product::<usize>()) as f64;
        debug_assert_eq!(self.weight.dims(), [c], "one weight a channel");
        let epsilon = f64::from(BATCH_NORM_EPSILON);
        let made = batch_norm_train(input, self.weight.val(), self.bias.val(), epsilon);
        let unbiased = made.variance.detach() * (n / (n - 1.0).max(1.0));
        (made.output, BatchStatistics { mean: made.mean.detach(), variance: unbiased })
    }

    /// Normalises by the running statistics.
    ///
    /// # Shapes
    /// `input` and result `[b, c, ..]`
    pub fn by_running<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let epsilon = f64::from(BATCH_NORM_EPSILON);
        let (mean, variance) = (self.running_mean.val(), self.running_var.val());
        batch_norm(input, self.weight.val(), self.bias.val(), mean, variance, epsilon)
    }

    /// The same with its running statistics moved towards those of a batch.
    #[must_use = "gives back the layer with moved statistics"]
    pub fn moved(self, batch: BatchStatistics) -> Self {
        let towards = |running: Param<Tensor<1>>, new: Tensor<1>| {
            let moved = running.val().inner() * (1.0 - MOMENTUM) + new.inner() * MOMENTUM;
            params::replaced(running, Tensor::from_inner(moved))
        };
        Self {
            running_mean: towards(self.running_mean, batch.mean),
            running_var: towards(self.running_var, batch.variance),
            ..self
        }
    }
}
