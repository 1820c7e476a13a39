//! Judges images: high scores for those that it takes for data.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::leaky_relu;
use burn::tensor::module::linear;
use burn::tensor::{Device, Int, Tensor};

use super::batch_norm::{BatchNorm, BatchStatistics};
use super::params;
use crate::fused::convolved;
use crate::graph::lower::discriminator::{DiscriminatorConfig, DiscriminatorNorm};
use crate::graph::lower::gan::SLOPE;
use crate::graph::lower::vae::Arch;
use crate::picture::ImageShape;

/// Added to lengths that are divided by.
const TINY: f64 = 1e-12;

/// Convolutions that halve the image, then linear layers down to one score.
#[derive(Module, Debug)]
pub struct Discriminator {
    convs: Vec<ConvLayer>,
    layers: Vec<LinearLayer>,
    /// What each class weighs the features by, `[classes, features]`.
    classes: Option<Param<Tensor<2>>>,
}

#[derive(Module, Debug)]
struct ConvLayer {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    singular: Option<Param<Tensor<1>>>,
}

#[derive(Module, Debug)]
struct LinearLayer {
    linear: Linear,
    singular: Option<Param<Tensor<1>>>,
}

/// What a discriminator says of a batch.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// One score an image, `[b]`; the logit of being data for the losses that have one.
    pub scores: Tensor<1>,
    /// What the last convolution saw in each image, `[b, features]`.
    pub features: Tensor<2>,
    /// The statistics of every batch normalisation, in order.
    pub statistics: Vec<BatchStatistics>,
}

impl Discriminator {
    /// A discriminator of zeros; the values come from [`params`].
    pub fn new(
        config: &DiscriminatorConfig,
        arch: Arch,
        image: ImageShape,
        classes: usize,
        device: &Device,
    ) -> Self {
        let singular = |outputs: usize| {
            (config.norm == DiscriminatorNorm::Spectral).then(|| start_vector(outputs, device))
        };
        let convs = config.convolutions(arch, image).into_iter().map(|layer| ConvLayer {
            conv: Conv2dConfig::new([layer.inputs, layer.outputs], [4, 4])
                .with_stride([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(!layer.has_norm)
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: layer.has_norm.then(|| BatchNorm::new(layer.outputs, device)),
            singular: singular(layer.outputs),
        });
        let layers = config.linear(arch, image).into_iter().map(|layer| LinearLayer {
            linear: LinearConfig::new(layer.inputs, layer.outputs)
                .with_initializer(Initializer::Zeros)
                .init(device),
            singular: singular(layer.outputs),
        });
        let features = config.features(arch, image);
        let rows = || Param::from_tensor(Tensor::zeros([classes, features], device));
        Self { convs: convs.collect(), layers: layers.collect(), classes: (classes > 0).then(rows) }
    }

    /// Whether a parameter of that path keeps the value that it began with, rather than a random one.
    pub fn keeps(path: &str) -> bool {
        path.ends_with(".singular")
    }

    /// Judges a batch, in which batch normalisation sees nothing but this batch. With classes, an image's score
    /// grows by the product of its features with the row of its class.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[-1, 1]`; `labels`: `[b]`
    ///
    /// # Source
    /// cGANs with Projection Discriminator (Miyato & Koyama, 2018, eq. 3, arXiv:1802.05637).
    pub fn judge(&self, images: Tensor<4>, labels: Option<Tensor<1, Int>>) -> Judgement {
        self.judge_kept(images, labels, None)
    }

    /// The same with some features left out of the scores.
    ///
    /// # Shapes
    /// - `kept`: `[b, features]`, what features are multiplied with
    pub fn judge_kept(
        &self,
        images: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
        kept: Option<Tensor<2>>,
    ) -> Judgement {
        let mut statistics = Vec::new();
        let mut x = images;
        for layer in &self.convs {
            x = layer.convolve(x);
            if let Some(norm) = &layer.norm {
                let (normalised, of_batch) = norm.by_batch(x);
                x = normalised;
                statistics.push(of_batch);
            }
            x = leaky(x);
        }
        let mut x = x.flatten::<2>(1, 3); // [b, c * h * w]
        let last = self.layers.len() - 1;
        for layer in &self.layers[..last] {
            x = leaky(layer.multiply(x));
        }
        let features = x;
        let seen = kept.map_or_else(|| features.clone(), |kept| features.clone() * kept);
        let scores = self.layers[last].multiply(seen.clone()).squeeze_dim::<1>(1); // [b]
        let scores = match (&self.classes, labels) {
            (Some(classes), Some(labels)) => {
                let rows = classes.val().select(0, labels); // [b, features]
                scores + (rows * seen).sum_dim(1).squeeze_dim::<1>(1)
            }
            _ => scores,
        };
        Judgement { scores, features, statistics }
    }

    /// The slopes of the scores at images along directions, `[b]`, with their gradient by the parameters: tangents
    /// pass every layer as differences do, and a rectifier with the slope that it has at the image. Batch
    /// normalization counts by its running statistics.
    ///
    /// # Shapes
    /// - `images`, `directions`: `[b, c, h, w]`; `labels`: `[b]`
    pub fn tangent(
        &self,
        images: Tensor<4>,
        directions: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
    ) -> Tensor<1> {
        let (mut x, mut along) = (images, directions);
        for layer in &self.convs {
            x = layer.convolve(x).detach();
            along = layer.convolve_difference(along);
            if let Some(norm) = &layer.norm {
                x = norm.by_running(x).detach();
                along = norm.tangent(along);
            }
            along = along * slope_at(x.clone());
            x = leaky(x);
        }
        let mut x = x.flatten::<2>(1, 3); // [b, c * h * w]
        let mut along = along.flatten::<2>(1, 3);
        let last = self.layers.len() - 1;
        for layer in &self.layers[..last] {
            x = layer.multiply(x).detach();
            along = layer.multiply_difference(along) * slope_at(x.clone());
            x = leaky(x);
        }
        let slopes = self.layers[last].multiply_difference(along.clone()).squeeze_dim::<1>(1);
        match (&self.classes, labels) {
            (Some(classes), Some(labels)) => {
                let rows = classes.val().select(0, labels); // [b, features]
                slopes + (rows * along).sum_dim(1).squeeze_dim::<1>(1)
            }
            _ => slopes,
        }
    }

    /// The same after one more round of the power iteration that finds singular values; as it was where nothing is
    /// divided by them.
    #[must_use = "gives back the discriminator with moved vectors"]
    pub fn iterated(mut self) -> Self {
        self.convs = self.convs.into_iter().map(ConvLayer::iterated).collect();
        self.layers = self.layers.into_iter().map(LinearLayer::iterated).collect();
        self
    }

    /// The same with its running statistics moved towards those of a batch, in the order of [`Judgement`].
    #[must_use = "gives back the discriminator with moved statistics"]
    pub fn moved(mut self, statistics: Vec<BatchStatistics>) -> Self {
        let mut statistics = statistics.into_iter();
        for layer in &mut self.convs {
            if layer.norm.is_some()
                && let Some(of_batch) = statistics.next()
            {
                layer.norm = layer.norm.take().map(|norm| norm.moved(&of_batch));
            }
        }
        self
    }
}

impl ConvLayer {
    fn convolve(&self, x: Tensor<4>) -> Tensor<4> {
        self.convolve_with(x, self.conv.bias.as_ref().map(Param::val))
    }

    /// What a difference of inputs becomes.
    fn convolve_difference(&self, x: Tensor<4>) -> Tensor<4> {
        self.convolve_with(x, None)
    }

    fn convolve_with(&self, x: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
        let weight = self.conv.weight.val(); // [out, in, 4, 4]
        let matrix = weight.clone().flatten::<2>(1, 3); // [out, in * 16]
        let weight = divided(weight, self.singular.as_ref(), matrix);
        convolved(x, weight, bias, [2, 2], [1; 4])
    }

    fn iterated(self) -> Self {
        let matrix = self.conv.weight.val().inner().flatten::<2>(1, 3);
        Self { singular: self.singular.map(|vector| next_vector(vector, matrix)), ..self }
    }
}

impl LinearLayer {
    fn multiply(&self, x: Tensor<2>) -> Tensor<2> {
        self.multiply_with(x, self.linear.bias.as_ref().map(Param::val))
    }

    /// What a difference of inputs becomes.
    fn multiply_difference(&self, x: Tensor<2>) -> Tensor<2> {
        self.multiply_with(x, None)
    }

    fn multiply_with(&self, x: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let weight = self.linear.weight.val(); // [in, out]
        let matrix = weight.clone().transpose(); // [out, in]
        let weight = divided(weight, self.singular.as_ref(), matrix);
        linear(x, weight, bias)
    }

    fn iterated(self) -> Self {
        let matrix = self.linear.weight.val().inner().transpose();
        Self { singular: self.singular.map(|vector| next_vector(vector, matrix)), ..self }
    }
}

fn leaky<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    leaky_relu(x, f64::from(SLOPE))
}

/// The slope of the leaky rectifier at every value, without a gradient.
fn slope_at<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.greater_elem(0.0).float() * (1.0 - f64::from(SLOPE)) + f64::from(SLOPE)
}

/// Where the power iteration starts: the same for every seed, and no direction left out.
fn start_vector(outputs: usize, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::full([outputs], 1.0 / (outputs as f64).sqrt(), device))
}

/// A weight over its largest singular value σ = uᵀ W v, in which the vectors have no gradient.
///
/// # Source
/// Spectral Normalization for GANs (Miyato et al., 2018, section 2.1 and appendix A, arXiv:1802.05957).
fn divided<const D: usize>(
    weight: Tensor<D>,
    singular: Option<&Param<Tensor<1>>>,
    matrix: Tensor<2>,
) -> Tensor<D> {
    let Some(left) = singular else { return weight };
    let left = left.val().detach().unsqueeze::<2>(); // [1, out]
    let right = unit(left.clone().matmul(matrix.clone().detach())); // [1, in]
    let sigma = (left.matmul(matrix) * right).sum(); // [1]
    weight / sigma.reshape([1; D])
}

/// One round: u becomes W Wᵀ u at unit length.
fn next_vector(vector: Param<Tensor<1>>, matrix: Tensor<2>) -> Param<Tensor<1>> {
    let left = vector.val().inner().unsqueeze::<2>(); // [1, out]
    let right = unit(left.matmul(matrix.clone())); // [1, in]
    let left = unit(right.matmul(matrix.transpose())); // [1, out]
    params::replaced(vector, Tensor::from_inner(left.squeeze_dim::<1>(0)))
}

/// A row at unit length.
fn unit(row: Tensor<2>) -> Tensor<2> {
    let length = row.clone().square().sum_dim(1).sqrt() + TINY;
    row / length
}
