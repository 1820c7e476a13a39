//! Group normalization under PyTorch's parameter names.

use burn::module::{Module, Param};
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor};

/// Normalizes groups of neighbouring channels over all their places, image by image.
///
/// # Source
/// Group Normalization (Wu & He, 2018, eq. 1 to 3, arXiv:1803.08494).
#[derive(Module, Debug)]
pub struct GroupNorm {
    /// Factors, `[c]`.
    weight: Param<Tensor<1>>,
    /// Summands, `[c]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    epsilon: f64,
}

impl GroupNorm {
    /// A normalization with factors of one and summands of zero; `groups` divides `channels`.
    pub fn new(channels: usize, groups: usize, epsilon: f64, device: &Device) -> Self {
        debug_assert!(channels.is_multiple_of(groups), "{channels} channels in {groups} groups");
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
            groups,
            epsilon,
        }
    }

    /// # Shapes
    /// - `planes`, result: `[b, c, h, w]`
    pub fn forward(&self, planes: Tensor<4>) -> Tensor<4> {
        let [b, c, h, w] = planes.dims();
        let device = planes.device();
        let rows = b * self.groups;
        let grouped = planes.reshape([1, rows, c / self.groups * h * w]); // [1, b * groups, values]
        // Every group as a channel of one batch: burn differentiates this as one operation.
        let (ones, zeros) = (Tensor::ones([rows], &device), Tensor::zeros([rows], &device));
        let normalized = batch_norm_train(grouped, ones, zeros, self.epsilon).output;
        let normalized = normalized.reshape([b, c, h, w]); // [b, c, h, w]
        let of_channels = |values: Tensor<1>| values.reshape([1, c, 1, 1]); // [1, c, 1, 1]
        normalized * of_channels(self.weight.val()) + of_channels(self.bias.val())
    }
}
