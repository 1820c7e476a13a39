//! Layer normalization under PyTorch's parameter names.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Normalizes the values of every token, then gives each of them a factor and a summand.
///
/// # Source
/// Layer Normalization (Ba et al., 2016, eq. 3 and 4, arXiv:1607.06450).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Factors, `[c]`.
    weight: Param<Tensor<1>>,
    /// Summands, `[c]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// A normalization with factors of one and summands of zero.
    pub fn new(width: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([width], device)),
            bias: Param::from_tensor(Tensor::zeros([width], device)),
            epsilon,
        }
    }

    /// # Shapes
    /// - `tokens`, result: `[n, c]`
    pub fn forward(&self, tokens: Tensor<2>) -> Tensor<2> {
        let mean = tokens.clone().mean_dim(1); // [n, 1]
        let centred = tokens - mean; // [n, c]
        let variance = centred.clone().square().mean_dim(1); // [n, 1]
        let normalized = centred / (variance + self.epsilon).sqrt();
        normalized * self.weight.val().unsqueeze() + self.bias.val().unsqueeze()
    }
}
