//! Variational autoencoders, plain and β, multilayer or convolutional.
//!
//! # Source
//! Auto-Encoding Variational Bayes (Kingma & Welling, 2013, arXiv:1312.6114);
//! β-VAE (Higgins et al., 2017, <https://openreview.net/forum?id=Sy2fzU9gl>).

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, sigmoid, softplus};
use burn::tensor::{Device, Int, Tensor};

use super::loss;
use super::params;
use crate::fused::Convolve as _;
use crate::graph::lower::vae::{Likelihood, Sigma, VaeConfig};

/// A variational autoencoder. Its parts are named as in `graph::lower::vae`.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
}

#[derive(Module, Debug)]
struct Encoder {
    convs: Vec<Conv2d>,
    fc: Linear,
    mean: Linear,
    logvar: Linear,
    classes: Option<Param<Tensor<2>>>,
}

#[derive(Module, Debug)]
struct Decoder {
    fc1: Linear,
    fc2: Linear,
    convs: Vec<ConvTranspose2d>,
    classes: Option<Param<Tensor<2>>>,
    /// Logarithm of the pixel deviation, `[1]`; only where it is learned.
    log_sigma: Option<Param<Tensor<1>>>,
    #[module(skip)]
    grid: [usize; 3],
}

/// What an encoder says of a batch.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Means, `[b, d]`.
    pub mean: Tensor<2>,
    /// Logarithms of the variances, `[b, d]`.
    pub logvar: Tensor<2>,
}

impl Posterior {
    /// mean + exp(logvar / 2) · noise, `[b, d]`.
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + (self.logvar.clone() * 0.5).exp() * noise
    }
}

/// The terms of the negative evidence lower bound, in nats per image, mean over the batch.
#[derive(Clone, Debug)]
pub struct VaeLoss {
    /// What is minimised, `[1]`.
    pub total: Tensor<1>,
    /// Negative log-likelihood of the image, `[1]`.
    pub reconstruction: Tensor<1>,
    /// KL divergence of the posterior from the prior, unweighted, `[1]`.
    pub kl: Tensor<1>,
    /// The same for every latent dimension, `[d]`.
    pub kl_per_dim: Tensor<1>,
    /// Pixel deviation of a Gaussian likelihood, `[1]`.
    pub sigma: Option<Tensor<1>>,
}

/// How the KL term counts in [`Vae::loss`].
#[derive(Clone, Copy, Debug)]
pub struct KlWeight {
    /// The weight of the KL term now.
    pub beta: f64,
    /// Nats that each dimension may spend for free.
    pub free_nats: f64,
}

/// What a batch teaches a VAE.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// What is encoded, `[b, c, h, w]` in `[0, 1]`.
    pub seen: Tensor<4>,
    /// What is to come out, of the same shape.
    pub images: Tensor<4>,
    /// The class of each, `[b]`; nothing for models that know none.
    pub labels: Option<Tensor<1, Int>>,
    /// Standard normal numbers, `[b, d]`.
    pub noise: Tensor<2>,
    /// What the last hidden layer of the encoder is multiplied with, `[b, hidden]`; nothing for all of it.
    pub kept: Option<Tensor<2>>,
}

impl Lesson {
    /// Images that come out as they went in, of no known class.
    pub fn plain(images: Tensor<4>, noise: Tensor<2>) -> Self {
        Self { seen: images.clone(), images, labels: None, noise, kept: None }
    }
}

impl Vae {
    /// A model with PyTorch's first values, drawn from `seed`.
    ///
    /// # Panics
    /// When `config` was not checked with [`VaeConfig::check`].
    pub fn new(config: &VaeConfig, seed: u64, device: &Device) -> Self {
        let vae =
            Self { encoder: Encoder::new(config, device), decoder: Decoder::new(config, device) };
        params::init_uniform(vae, seed, &|path| path == "decoder.log_sigma")
    }

    /// Images to posteriors.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[0, 1]`; means and log-variances: `[b, d]`
    pub fn encode(&self, images: Tensor<4>) -> Posterior {
        self.encode_kept(images, None, None)
    }

    /// The same for images of known classes, with some values of the last hidden layer left out.
    ///
    /// # Shapes
    /// - `labels`: `[b]`, nothing where the model knows no classes
    /// - `kept`: `[b, hidden]`, what those values are multiplied with
    pub fn encode_kept(
        &self,
        images: Tensor<4>,
        labels: Option<Tensor<1, Int>>,
        kept: Option<Tensor<2>>,
    ) -> Posterior {
        let encoder = &self.encoder;
        let x = encoder.convs.iter().fold(images, |x, conv| relu(conv.convolve(x)));
        let x = x.flatten::<2>(1, 3); // [b, c * h * w]
        let x = relu(of_class(encoder.fc.forward(x), encoder.classes.as_ref(), labels));
        let x = kept.map_or_else(|| x.clone(), |kept| x.clone() * kept);
        Posterior { mean: encoder.mean.forward(x.clone()), logvar: encoder.logvar.forward(x) }
    }

    /// Latents to pixel logits; [`sigmoid`] of them is the image.
    ///
    /// # Shapes
    /// - `latent`: `[b, d]`; result: `[b, c, h, w]`
    pub fn decode_logits(&self, latent: Tensor<2>) -> Tensor<4> {
        self.decode_class(latent, None)
    }

    /// The same for images of known classes.
    ///
    /// # Shapes
    /// - `labels`: `[b]`, nothing where the model knows no classes
    pub fn decode_class(&self, latent: Tensor<2>, labels: Option<Tensor<1, Int>>) -> Tensor<4> {
        let decoder = &self.decoder;
        let b = latent.dims()[0];
        let x = relu(of_class(decoder.fc1.forward(latent), decoder.classes.as_ref(), labels));
        let x = decoder.fc2.forward(x);
        let [c, h, w] = decoder.grid;
        let x = x.reshape([b, c, h, w]); // [b, c, h, w]
        decoder.convs.iter().fold(x, |x, conv| conv.convolve(relu(x)))
    }

    /// Latents to images in `[0, 1]`.
    ///
    /// # Shapes
    /// - `latent`: `[b, d]`; result: `[b, c, h, w]`
    pub fn decode(&self, latent: Tensor<2>) -> Tensor<4> {
        sigmoid(self.decode_logits(latent))
    }

    /// The negative evidence lower bound of a batch with one sample an image.
    ///
    /// # Source
    /// Kingma & Welling (2013), eq. 10, with the KL term weighted by β (Higgins et al., 2017, eq. 4).
    pub fn loss(&self, config: &VaeConfig, lesson: Lesson, weight: KlWeight) -> VaeLoss {
        let Lesson { seen, images, labels, noise, kept } = lesson;
        let b = images.dims()[0] as f64;
        let posterior = self.encode_kept(seen, labels.clone(), kept);
        let logits = self.decode_class(posterior.sample(noise), labels);
        let (nll, sigma) = match config.likelihood {
            Likelihood::Bernoulli => (loss::bernoulli_nll(logits, images), None),
            Likelihood::Gaussian => {
                let log_sigma = self.log_sigma(config.sigma, &images.device());
                let nll = loss::gaussian_nll(sigmoid(logits), images, log_sigma.clone());
                (nll, Some(log_sigma.exp()))
            }
        };
        let reconstruction = nll.sum() / b;
        let kl = loss::gaussian_kl(posterior.mean, posterior.logvar); // [b, d]
        let kl_per_dim = kl.mean_dim(0).squeeze_dim::<1>(0); // [d]
        let total = reconstruction.clone()
            + loss::free_bits(kl_per_dim.clone(), weight.free_nats) * weight.beta;
        VaeLoss { total, reconstruction, kl: kl_per_dim.clone().sum(), kl_per_dim, sigma }
    }

    fn log_sigma(&self, sigma: Sigma, device: &Device) -> Tensor<1> {
        match (sigma, &self.decoder.log_sigma) {
            (Sigma::Fixed(value), _) => Tensor::full([1], value.ln(), device),
            (Sigma::Learned, Some(param)) => {
                let least = f64::from(Sigma::LEAST_LOG);
                softplus(param.val() - least, 1.0) + least
            }
            (Sigma::Learned, None) => Tensor::zeros([1], device),
        }
    }
}

impl Encoder {
    fn new(config: &VaeConfig, device: &Device) -> Self {
        let convs = config
            .levels()
            .iter()
            .map(|level| {
                Conv2dConfig::new([level.wide.channels, level.narrow.channels], [4, 4])
                    .with_stride([2, 2])
                    .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                    .with_initializer(Initializer::Zeros)
                    .init(device)
            })
            .collect();
        Self {
            convs,
            fc: linear(config.grid().len(), config.hidden, device),
            mean: linear(config.hidden, config.latent_dim, device),
            logvar: linear(config.hidden, config.latent_dim, device),
            classes: class_rows(config, device),
        }
    }
}

impl Decoder {
    fn new(config: &VaeConfig, device: &Device) -> Self {
        let convs = config
            .levels()
            .iter()
            .rev()
            .map(|level| {
                ConvTranspose2dConfig::new([level.narrow.channels, level.wide.channels], [4, 4])
                    .with_stride([2, 2])
                    .with_padding([1, 1])
                    .with_initializer(Initializer::Zeros)
                    .init(device)
            })
            .collect();
        let grid = config.grid();
        let log_sigma =
            config.learns_sigma().then(|| Param::from_tensor(Tensor::zeros([1], device)));
        Self {
            fc1: linear(config.latent_dim, config.hidden, device),
            fc2: linear(config.hidden, grid.len(), device),
            convs,
            classes: class_rows(config, device),
            log_sigma,
            grid: [grid.channels, grid.height, grid.width],
        }
    }
}

/// A linear layer of zeros: the values come from [`params`].
/// What each class adds to a hidden layer, `[classes, hidden]`.
fn class_rows(config: &VaeConfig, device: &Device) -> Option<Param<Tensor<2>>> {
    let rows = || Param::from_tensor(Tensor::zeros([config.classes, config.hidden], device));
    (config.classes > 0).then(rows)
}

/// A hidden layer's values `[b, hidden]`, with what the class of each adds.
fn of_class(
    x: Tensor<2>,
    classes: Option<&Param<Tensor<2>>>,
    labels: Option<Tensor<1, Int>>,
) -> Tensor<2> {
    match (classes, labels) {
        (Some(classes), Some(labels)) => x + classes.val().select(0, labels), // [b, hidden]
        _ => x,
    }
}

fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(device)
}
