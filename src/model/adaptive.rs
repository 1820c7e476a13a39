//! Two losses on a decoder's images, weighed against each other by what they ask of its last layer.
//!
//! burn differentiates once, and going back uses a graph up. Each term is therefore taken back to the images alone,
//! [`Pull`]; from there to the last layer for its length, and once, all terms together, through the whole network.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, eq. 7, arXiv:2012.09841), with the bounds of its authors' program.

use burn::tensor::Tensor;

/// Added to the length that is divided by, δ.
const DELTA: f64 = 1e-4;
/// The largest weight.
const LARGEST: f64 = 1e4;

/// A term of a loss on images: its value, and its gradient by every pixel.
#[derive(Clone, Debug)]
pub struct Pull {
    /// `[1]`, without gradients.
    pub value: Tensor<1>,
    /// `[b, c, h, w]`, without gradients.
    pub gradient: Tensor<4>,
}

impl Pull {
    /// A loss at some images.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]`, on a device with gradients; `loss` gives `[1]`
    pub fn of(images: &Tensor<4>, loss: impl FnOnce(Tensor<4>) -> Tensor<1>) -> Self {
        let images = images.clone().detach().require_grad();
        let value = loss(images.clone());
        let grads = value.backward();
        let none = || images.clone().inner().zeros_like();
        Self { gradient: images.grad(&grads).unwrap_or_else(none), value: value.inner() }
    }

    /// The sum of this term and `weight` times another.
    #[must_use]
    pub fn plus(self, other: &Self, weight: f64) -> Self {
        Self {
            value: self.value + other.value.clone() * weight,
            gradient: self.gradient + other.gradient.clone() * weight,
        }
    }

    /// What has this term's gradient when it is taken back further, `[1]`; its own value means nothing.
    ///
    /// # Shapes
    /// - `images`: as the term's, with the graph behind them
    pub fn surrogate(&self, images: Tensor<4>) -> Tensor<1> {
        (images * Tensor::from_inner(self.gradient.clone())).sum()
    }

    /// The length of the term's gradient by the weight of the layer that paints the images, `[1]`, without gradients.
    ///
    /// # Shapes
    /// - `weight`: any, of the layer; `images`: as the term's, with that layer alone behind them
    pub fn length_at<const D: usize>(&self, weight: &Tensor<D>, images: Tensor<4>) -> Tensor<1> {
        let grads = self.surrogate(images).backward();
        let gradient = weight.grad(&grads);
        gradient.map_or_else(
            || self.value.zeros_like(),
            |gradient| gradient.square().sum().sqrt(), // [1]
        )
    }
}

/// λ of the paper, `[1]`: the length of the gradient of the reconstruction's loss over that of the adversary's, cut off
/// at ten thousand.
///
/// # Shapes
/// - `of_likeness`, `of_adversary`: `[1]`
pub fn adaptive_weight(of_likeness: Tensor<1>, of_adversary: Tensor<1>) -> Tensor<1> {
    (of_likeness / (of_adversary + DELTA)).clamp(0.0, LARGEST)
}
