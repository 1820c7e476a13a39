//! How differently a classifier sees two batches of images.

use burn::tensor::Tensor;

use super::classifier::Classifier;

/// Added to squared lengths that are divided by; a place where a classifier sees nothing has no direction.
const TINY: f64 = 1e-6;

/// The squared distance of what a classifier sees at every place, as vectors of unit length over its channels: a mean
/// over places and images, and over its convolutions, `[1]`, from 0 to 2.
///
/// It has the form of LPIPS without that measure's weights and networks: its numbers do not compare with LPIPS, nor
/// with those of another classifier.
///
/// # Shapes
/// - `found`, `target`: `[b, c, h, w]` in `[0, 1]`
///
/// # Source
/// After The Unreasonable Effectiveness of Deep Features (Zhang et al., 2018, eq. 1, arXiv:1801.03924).
///
/// # Panics
/// Never: a classifier has a convolution.
pub fn seen_distance(classifier: &Classifier, found: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let pairs = classifier.planes(found).into_iter().zip(classifier.planes(target));
    let distances: Vec<Tensor<1>> = pairs
        .map(|(found, target)| (unit(found) - unit(target)).square().sum_dim(1).mean())
        .collect();
    Tensor::cat(distances, 0).mean()
}

/// Every place's vector over the channels, scaled to unit length.
///
/// # Shapes
/// - `planes`, result: `[b, c, h, w]`
fn unit(planes: Tensor<4>) -> Tensor<4> {
    let squares = planes.clone().square().sum_dim(1); // [b, 1, h, w]
    planes / (squares + TINY).sqrt()
}
