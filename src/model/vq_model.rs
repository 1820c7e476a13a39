//! The convolutional autoencoder of VQGAN and of latent diffusion, without what lies between its two sides: a
//! quantizer, or the sampling of normal latents, is joined to it by whoever trains.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, arXiv:2012.09841); see `graph::lower::vq_model`.

mod blocks;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use self::blocks::{Block, MidBlock, conv, norm};
use super::group_norm::GroupNorm;
use super::params;
use crate::fused::Convolve as _;
use crate::graph::lower::vq_model::VqModelConfig;

/// The encoder and the decoder. Parameter paths are diffusers' tensor names.
#[derive(Module, Debug)]
pub struct VqModel {
    encoder: Encoder,
    quant_conv: Option<Conv2d>,
    post_quant_conv: Option<Conv2d>,
    decoder: Decoder,
}

#[derive(Module, Debug)]
struct Encoder {
    conv_in: Conv2d,
    down_blocks: Vec<Block>,
    mid_block: MidBlock,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

#[derive(Module, Debug)]
struct Decoder {
    conv_in: Conv2d,
    mid_block: MidBlock,
    up_blocks: Vec<Block>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl VqModel {
    /// A model with PyTorch's first values, drawn from `seed`; normalizations begin with factors of one and summands
    /// of zero.
    ///
    /// # Panics
    /// When `config` was not checked with [`VqModelConfig::check`].
    pub fn new(config: &VqModelConfig, seed: u64, device: &Device) -> Self {
        let point = |channels| conv(channels, 1, device);
        let model = Self {
            encoder: Encoder::new(config, device),
            quant_conv: config.quant_conv().map(point),
            post_quant_conv: config.post_quant_conv().map(point),
            decoder: Decoder::new(config, device),
        };
        params::init_uniform(model, seed, &|_| false)
    }

    /// Images to what is quantized; for normal latents means and log-variances, one behind the other, these not cut
    /// off.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[-1, 1]`; result: `[b, d, h', w']`, for normal latents `[b, 2 d, h', w']`
    pub fn encode(&self, images: Tensor<4>) -> Tensor<4> {
        let encoder = &self.encoder;
        let x = encoder.conv_in.convolve(images);
        let x = encoder.down_blocks.iter().fold(x, |x, block| block.forward(x));
        let x = encoder.mid_block.forward(x);
        let x = encoder.conv_out.convolve(silu(encoder.conv_norm_out.forward(x)));
        through(self.quant_conv.as_ref(), x)
    }

    /// Quantized vectors, or samples of normal latents, to images: [`VqModel::paint`] of [`VqModel::features`].
    ///
    /// # Shapes
    /// - `quantized`: `[b, d, h', w']`; result: `[b, c, h, w]`, in `[-1, 1]` but for what overshoots
    pub fn decode(&self, quantized: Tensor<4>) -> Tensor<4> {
        self.paint(self.features(quantized))
    }

    /// What the decoder's last convolution paints images of.
    ///
    /// An adaptive weight (Esser et al., 2021, eq. 7) needs gradients at that convolution alone: detached features
    /// give them without going back through the decoder.
    ///
    /// # Shapes
    /// - `quantized`: `[b, d, h', w']`; result: `[b, block_out_channels[0], h, w]`
    pub fn features(&self, quantized: Tensor<4>) -> Tensor<4> {
        let decoder = &self.decoder;
        let x = through(self.post_quant_conv.as_ref(), quantized);
        let x = decoder.mid_block.forward(decoder.conv_in.convolve(x));
        let x = decoder.up_blocks.iter().fold(x, |x, block| block.forward(x));
        silu(decoder.conv_norm_out.forward(x))
    }

    /// The last convolution.
    ///
    /// # Shapes
    /// - `features`: `[b, block_out_channels[0], h, w]`; result: `[b, c, h, w]`
    pub fn paint(&self, features: Tensor<4>) -> Tensor<4> {
        self.decoder.conv_out.convolve(features)
    }

    /// The weight of the last convolution, `[c, block_out_channels[0], 3, 3]`, with its gradient if it has one.
    pub fn last_weight(&self) -> Tensor<4> {
        self.decoder.conv_out.weight.val()
    }
}

/// `x` behind a convolution, if there is one.
fn through(conv: Option<&Conv2d>, x: Tensor<4>) -> Tensor<4> {
    match conv {
        Some(conv) => conv.convolve(x),
        None => x,
    }
}

impl Encoder {
    fn new(config: &VqModelConfig, device: &Device) -> Self {
        let (groups, deepest) = (config.norm_num_groups, config.mid_channels());
        let levels = config.down_levels();
        let [image, first] = [config.image.channels, config.block_out_channels[0]];
        Self {
            conv_in: conv([image, first], 3, device),
            down_blocks: levels.iter().map(|level| Block::down(level, groups, device)).collect(),
            mid_block: MidBlock::new(config, device),
            conv_norm_out: norm(deepest, groups, device),
            conv_out: conv([deepest, config.encoded_channels()], 3, device),
        }
    }
}

impl Decoder {
    fn new(config: &VqModelConfig, device: &Device) -> Self {
        let groups = config.norm_num_groups;
        let levels = config.up_levels();
        let [image, first] = [config.image.channels, config.block_out_channels[0]];
        Self {
            conv_in: conv([config.latent_channels, config.mid_channels()], 3, device),
            mid_block: MidBlock::new(config, device),
            up_blocks: levels.iter().map(|level| Block::up(level, groups, device)).collect(),
            conv_norm_out: norm(first, groups, device),
            conv_out: conv([first, image], 3, device),
        }
    }
}
