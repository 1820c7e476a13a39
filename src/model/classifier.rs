//! A small convolutional classifier.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor};

use super::params;
use crate::fused::Convolve as _;
use crate::graph::lower::classifier::ClassifierConfig;

/// Tells the class of images. Its parts are named as in `graph::lower::classifier`.
#[derive(Module, Debug)]
pub struct Classifier {
    convs: Vec<Conv2d>,
    features: Linear,
    head: Linear,
}

/// What a classifier says of a batch.
#[derive(Clone, Debug)]
pub struct Classified {
    /// `[b, k]`
    pub logits: Tensor<2>,
    /// What the last layer sees, `[b, f]`.
    pub features: Tensor<2>,
}

impl Classifier {
    /// A classifier with PyTorch's first values, drawn from `seed`.
    ///
    /// # Panics
    /// When `config` was not checked with [`ClassifierConfig::check`].
    pub fn new(config: &ClassifierConfig, seed: u64, device: &Device) -> Self {
        let convs = config.levels().into_iter().map(|level| {
            Conv2dConfig::new([level.wide.channels, level.narrow.channels], [4, 4])
                .with_stride([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_initializer(Initializer::Zeros)
                .init(device)
        });
        let linear = |inputs: usize, outputs: usize| {
            LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(device)
        };
        let model = Self {
            convs: convs.collect(),
            features: linear(config.grid().len(), config.features),
            head: linear(config.features, config.classes),
        };
        params::init_uniform(model, seed, &|_| false)
    }

    /// The planes after every convolution, which perceptual losses compare: the finest first.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[0, 1]`; results: `[b, c', h', w']`
    pub fn planes(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut x = images;
        let planes = self.convs.iter().map(|conv| {
            x = relu(conv.convolve(x.clone()));
            x.clone()
        });
        planes.collect()
    }

    /// Classifies a batch.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[0, 1]`
    pub fn classify(&self, images: Tensor<4>) -> Classified {
        self.classify_kept(images, None)
    }

    /// The same with some features left out of the logits.
    ///
    /// # Shapes
    /// - `kept`: `[b, features]`, what features are multiplied with
    pub fn classify_kept(&self, images: Tensor<4>, kept: Option<Tensor<2>>) -> Classified {
        let x = self.convs.iter().fold(images, |x, conv| relu(conv.convolve(x)));
        let x = x.flatten::<2>(1, 3); // [b, c * h * w]
        let features = relu(self.features.forward(x));
        let seen = kept.map_or_else(|| features.clone(), |kept| features.clone() * kept);
        Classified { logits: self.head.forward(seen), features }
    }
}

impl Classified {
    /// Mean negative log-probability of the right classes, in nats, `[1]`.
    ///
    /// # Shapes
    /// - `labels`: `[b]`
    pub fn cross_entropy(&self, labels: Tensor<1, Int>) -> Tensor<1> {
        let b = labels.dims()[0];
        let right = log_softmax(self.logits.clone(), 1).gather(1, labels.reshape([b, 1])); // [b, 1]
        right.mean().neg()
    }

    /// Share of images whose most probable class is the right one, `[1]`, without gradients.
    ///
    /// # Shapes
    /// - `labels`: `[b]`
    pub fn accuracy(&self, labels: Tensor<1, Int>) -> Tensor<1> {
        let told = self.logits.clone().argmax(1).squeeze_dim::<1>(1); // [b]
        told.equal(labels).float().mean()
    }
}
