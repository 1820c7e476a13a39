//! The vector-quantized variational autoencoder.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937).

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Bool, Device, Int, Tensor};

use super::params::{self, ParamError};
use super::quantizer::{CodebookRules, Quantized, Quantizer, planes_of, rows_of};
use crate::array::Array;
use crate::fused::Convolve as _;
use crate::graph::lower::quantizer::{CLUSTER_SIZE, EMBED_AVG};
use crate::graph::lower::vq_vae::VqVaeConfig;

/// A vector-quantized autoencoder. Its parts are named as in `graph::lower::vq_vae`.
#[derive(Module, Debug)]
pub struct VqVae {
    encoder: Encoder,
    quantizer: Quantizer,
    decoder: Decoder,
}

#[derive(Module, Debug)]
struct Encoder {
    down: Vec<Conv2d>,
    conv: Conv2d,
    blocks: Vec<Residual>,
    project: Conv2d,
}

#[derive(Module, Debug)]
struct Decoder {
    conv: Conv2d,
    blocks: Vec<Residual>,
    up: Vec<ConvTranspose2d>,
}

/// The part of a gradient that passes the sigmoid by.
const LEAK: f64 = 0.02;

/// x + conv2(relu(conv1(relu(x)))).
#[derive(Module, Debug)]
struct Residual {
    conv1: Conv2d,
    conv2: Conv2d,
}

/// The terms of the loss of a batch.
#[derive(Clone, Debug)]
pub struct VqVaeLoss {
    /// What is minimised, `[1]`.
    pub total: Tensor<1>,
    /// Mean squared error of the pixels, `[1]`.
    pub reconstruction: Tensor<1>,
    /// The vectors and what stands for them, with the quantizer's terms; n = b·h·w, image after image.
    pub quantized: Quantized,
}

impl VqVae {
    /// A model with PyTorch's first values, drawn from `seed`; codes that move begin like rows of a linear layer,
    /// and as if one vector a batch had chosen each.
    ///
    /// # Panics
    /// When `config` was not checked with [`VqVaeConfig::check`].
    pub fn new(config: &VqVaeConfig, seed: u64, device: &Device) -> Self {
        let model = Self {
            encoder: Encoder::new(config, device),
            quantizer: Quantizer::new(&config.quantizer, device),
            decoder: Decoder::new(config, device),
        };
        let keep = [CLUSTER_SIZE, EMBED_AVG];
        let model = params::init_uniform(model, seed, &|path| keep.contains(&path));
        Self { quantizer: model.quantizer.begun(seed), ..model }
    }

    /// The same with other codes; see [`Quantizer::with_codes`].
    ///
    /// # Errors
    /// When `codebook` is not `[q * k, d]`.
    pub fn with_codes(self, codebook: &Array, cluster_size: f64) -> Result<Self, ParamError> {
        Ok(Self { quantizer: self.quantizer.with_codes(codebook, cluster_size)?, ..self })
    }

    /// The same whose codes spread as `vectors` do, where one map moves all of them; see [`Quantizer::fitted`].
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`, as [`VqVae::vectors`] gives them
    #[must_use = "gives back the fitted model"]
    pub fn fitted(self, vectors: &Array) -> Self {
        Self { quantizer: self.quantizer.fitted(vectors), ..self }
    }

    /// The same whose pictures begin a quarter of the way, in logits, from grey to the mean pixel of the data.
    ///
    /// From grey the first updates on dark data go into darkening everything, saturate the sigmoid and carry every
    /// vector away from its code, from which nothing comes back; at the mean nothing pulls at first, and small networks
    /// stay there for hundreds of updates.
    ///
    /// # Shapes
    /// - `mean`: of each channel, in `[0, 1]`
    ///
    /// # Panics
    /// Never: there is at least one doubling.
    #[must_use = "gives back the model with the moved bias"]
    pub fn begun_towards(mut self, mean: Tensor<1>) -> Self {
        let mean = mean.clamp(0.01, 0.99);
        let logit = mean.clone().log() - (mean.neg() + 1.0).log();
        let last = self.decoder.up.last_mut().expect("at least one doubling");
        last.bias = last.bias.take().map(|bias| bias.map(|_| (logit / 4.0).require_grad()));
        self
    }

    /// The codebook and its averages.
    pub fn quantizer(&self) -> &Quantizer {
        &self.quantizer
    }

    /// Images to the vectors that are quantized, as the encoder gives them.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[0, 1]`; result: `[b, d, h', w']`
    pub fn encode(&self, images: Tensor<4>) -> Tensor<4> {
        let encoder = &self.encoder;
        let x = encoder.down.iter().fold(images, |x, conv| relu(conv.convolve(x)));
        let x = residual_stack(&encoder.blocks, encoder.conv.convolve(x));
        encoder.project.convolve(relu(x))
    }

    /// Images to the vectors that are quantized, row by row.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[0, 1]`; result: `[b * h' * w', d]`
    pub fn vectors(&self, images: Tensor<4>) -> Tensor<2> {
        rows_of(self.encode(images))
    }

    /// The nearest code of every vector; the grids of several quantizers or heads one below the other.
    ///
    /// # Shapes
    /// - `latent`: `[b, d, h', w']`; result: `[b, q * h', w']`
    pub fn indices(&self, latent: Tensor<4>) -> Tensor<3, Int> {
        let [b, _, h, w] = latent.dims();
        let grids = self.quantizer.grids();
        let indices = self.quantizer.indices(rows_of(latent)).reshape([grids, b, h * w]);
        indices.swap_dims(0, 1).reshape([b, grids * h, w]) // [b, q * h', w']
    }

    /// What given indices stand for.
    ///
    /// # Shapes
    /// - `indices`: `[b, q * h', w']`, each below k; result: `[b, d, h', w']`
    pub fn codes(&self, indices: Tensor<3, Int>) -> Tensor<4> {
        let [b, rows, w] = indices.dims();
        let grids = self.quantizer.grids();
        let h = rows / grids;
        let indices =
            indices.reshape([b, grids, h * w]).swap_dims(0, 1).reshape([grids * b * h * w]);
        planes_of(self.quantizer.codes(indices), b, [h, w])
    }

    /// Quantized vectors to images in `[0, 1]`.
    ///
    /// # Shapes
    /// - `quantized`: `[b, d, h', w']`; result: `[b, c, h, w]`
    pub fn decode(&self, quantized: Tensor<4>) -> Tensor<4> {
        sigmoid(self.logits(quantized))
    }

    /// The same in value, with a gradient that does not vanish where pixels are black or white: a share of it passes
    /// the sigmoid by.
    ///
    /// # Shapes
    /// - `quantized`: `[b, d, h', w']`; result: `[b, c, h, w]`
    pub fn decode_leakily(&self, quantized: Tensor<4>) -> Tensor<4> {
        leaky_sigmoid(self.logits(quantized))
    }

    /// Quantized vectors to what the sigmoid makes images of.
    fn logits(&self, quantized: Tensor<4>) -> Tensor<4> {
        let decoder = &self.decoder;
        let x = residual_stack(&decoder.blocks, decoder.conv.convolve(quantized));
        decoder.up.iter().fold(x, |x, conv| conv.convolve(relu(x)))
    }

    /// The loss of a batch: the mean squared error of the pixels over `variance`, plus the codebook's loss, plus
    /// `beta` times the commitment (eq. 3). A share of the gradient passes the sigmoid by. Codes marked in `frozen`, `[q * k]`, get no gradient.
    ///
    /// # Shapes
    /// - `seen`, what is encoded, and `images`, what is to come out: `[b, c, h, w]` in `[0, 1]`
    pub fn loss(
        &self,
        seen: Tensor<4>,
        images: Tensor<4>,
        beta: f64,
        variance: f64,
        frozen: Option<&Tensor<1, Bool>>,
    ) -> VqVaeLoss {
        let latent = self.encode(seen);
        let [b, _, h, w] = latent.dims();
        let quantized = self.quantizer.forward(rows_of(latent), frozen);
        let decoded = self.decode_leakily(planes_of(quantized.codes.clone(), b, [h, w]));
        let reconstruction = (decoded - images).square().mean();
        let total = reconstruction.clone() / variance + quantized.loss(beta);
        VqVaeLoss { total, reconstruction, quantized }
    }

    /// What follows the optimizer's step; see [`Quantizer::update`].
    #[must_use = "gives back the model with the moved codebook"]
    pub fn update_codes(
        self,
        batch: &Quantized,
        rules: &CodebookRules,
        frozen: Option<&Tensor<1, Bool>>,
        seed: u64,
        step: u64,
    ) -> (Self, Tensor<1, Bool>) {
        let (quantizer, restarted) = self.quantizer.update(batch, rules, frozen, seed, step);
        (Self { quantizer, ..self }, restarted)
    }
}

impl Encoder {
    fn new(config: &VqVaeConfig, device: &Device) -> Self {
        let halvings = config.halvings().into_iter();
        Self {
            down: halvings.map(|channels| conv(channels, 4, 2, device)).collect(),
            conv: conv([config.hidden, config.hidden], 3, 1, device),
            blocks: residuals(config, device),
            project: conv([config.hidden, config.quantizer.code_dim], 1, 1, device),
        }
    }
}

impl Decoder {
    fn new(config: &VqVaeConfig, device: &Device) -> Self {
        let doubling = |[wide, narrow]: [usize; 2]| {
            ConvTranspose2dConfig::new([narrow, wide], [4, 4])
                .with_stride([2, 2])
                .with_padding([1, 1])
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        Self {
            conv: conv([config.quantizer.code_dim, config.hidden], 3, 1, device),
            blocks: residuals(config, device),
            up: config.halvings().into_iter().rev().map(doubling).collect(),
        }
    }
}

fn residuals(config: &VqVaeConfig, device: &Device) -> Vec<Residual> {
    let [hidden, inner] = [config.hidden, config.res_hidden];
    let residual = |_| Residual {
        conv1: conv([hidden, inner], 3, 1, device),
        conv2: conv([inner, hidden], 1, 1, device),
    };
    (0..config.res_blocks).map(residual).collect()
}

/// The sigmoid; its gradient is larger than its own by [`LEAK`] everywhere.
///
/// Squared errors send nothing back through a saturated sigmoid: sparse data such as dSprites, of which a black picture
/// is almost right, would stay black for good.
fn leaky_sigmoid(logits: Tensor<4>) -> Tensor<4> {
    let passed = logits.clone() - logits.clone().detach();
    sigmoid(logits) + passed * LEAK
}

fn residual_stack(blocks: &[Residual], x: Tensor<4>) -> Tensor<4> {
    blocks.iter().fold(x, |x, block| {
        let inner = relu(block.conv1.convolve(relu(x.clone())));
        x + block.conv2.convolve(inner)
    })
}

/// A convolution of zeros that keeps the grid, divided by the stride: the values come from [`params`].
fn conv([inputs, outputs]: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let padding = (kernel - 1) / 2;
    Conv2dConfig::new([inputs, outputs], [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_initializer(Initializer::Zeros)
        .init(device)
}
