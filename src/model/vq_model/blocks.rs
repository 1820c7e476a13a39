//! The blocks that encoder and decoder are made of; fields are called as diffusers calls its modules.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Tensor};

use crate::fused::Convolve as _;
use crate::graph::lower::vq_model::{Level, VqModelConfig};
use crate::model::group_norm::GroupNorm;

/// What every normalization adds to its variances.
const EPSILON: f64 = 1e-6;

/// One level: residual blocks, each with attention behind it where there is some, and then a step to the next one.
#[derive(Module, Debug)]
pub(super) struct Block {
    resnets: Vec<Residual>,
    attentions: Vec<Attention>,
    downsamplers: Vec<Downsampler>,
    upsamplers: Vec<Upsampler>,
}

/// Two residual blocks, with attention between them where there is some.
#[derive(Module, Debug)]
pub(super) struct MidBlock {
    resnets: Vec<Residual>,
    attentions: Vec<Attention>,
}

/// x + conv2(silu(norm2(conv1(silu(norm1(x)))))).
#[derive(Module, Debug)]
struct Residual {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    /// Stands for x where the number of channels changes.
    conv_shortcut: Option<Conv2d>,
}

/// x + out(attention(q(norm(x)), k(norm(x)), v(norm(x)))), with one head.
#[derive(Module, Debug)]
struct Attention {
    group_norm: GroupNorm,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Vec<Linear>,
}

/// To half as many rows and columns; zeros lie below and on the right only.
#[derive(Module, Debug)]
struct Downsampler {
    conv: Conv2d,
}

/// To twice as many rows and columns.
#[derive(Module, Debug)]
struct Upsampler {
    conv: Conv2d,
}

impl Block {
    /// A level of the encoder.
    pub(super) fn down(level: &Level, groups: usize, device: &Device) -> Self {
        let downsampler =
            |channels| Downsampler { conv: conv2d([channels; 2], 3, [2, 0, 1], device) };
        let downsamplers = level.resamples.then(|| downsampler(level.channels()));
        Self {
            downsamplers: downsamplers.into_iter().collect(),
            ..Self::new(level, groups, device)
        }
    }

    /// A level of the decoder.
    pub(super) fn up(level: &Level, groups: usize, device: &Device) -> Self {
        let upsampler = |channels| Upsampler { conv: conv([channels; 2], 3, device) };
        let upsamplers = level.resamples.then(|| upsampler(level.channels()));
        Self { upsamplers: upsamplers.into_iter().collect(), ..Self::new(level, groups, device) }
    }

    fn new(level: &Level, groups: usize, device: &Device) -> Self {
        let blocks = level.blocks.iter();
        let attended = blocks.clone().filter(|_| level.attention);
        Self {
            resnets: blocks.map(|channels| Residual::new(*channels, groups, device)).collect(),
            attentions: attended.map(|[_, c]| Attention::new(*c, groups, device)).collect(),
            downsamplers: Vec::new(),
            upsamplers: Vec::new(),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = through(&self.resnets, &self.attentions, x);
        let x = self.downsamplers.iter().fold(x, |x, down| down.conv.convolve(x));
        self.upsamplers.iter().fold(x, |x, up| up.conv.convolve(doubled(x)))
    }
}

impl MidBlock {
    pub(super) fn new(config: &VqModelConfig, device: &Device) -> Self {
        let (channels, groups) = (config.mid_channels(), config.norm_num_groups);
        let residual = |_| Residual::new([channels; 2], groups, device);
        let attention = || Attention::new(channels, groups, device);
        Self {
            resnets: (0..2).map(residual).collect(),
            attentions: config.mid_block_add_attention.then(attention).into_iter().collect(),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        through(&self.resnets, &self.attentions, x)
    }
}

/// Residual blocks, each with the attention of the same place behind it, if there is one.
fn through(blocks: &[Residual], attentions: &[Attention], x: Tensor<4>) -> Tensor<4> {
    blocks.iter().enumerate().fold(x, |x, (index, block)| {
        let x = block.forward(x);
        match attentions.get(index) {
            Some(attention) => attention.forward(x),
            None => x,
        }
    })
}

impl Residual {
    fn new([inputs, outputs]: [usize; 2], groups: usize, device: &Device) -> Self {
        let shortcut = || conv([inputs, outputs], 1, device);
        Self {
            norm1: norm(inputs, groups, device),
            conv1: conv([inputs, outputs], 3, device),
            norm2: norm(outputs, groups, device),
            conv2: conv([outputs; 2], 3, device),
            conv_shortcut: (inputs != outputs).then(shortcut),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = self.conv1.convolve(silu(self.norm1.forward(x.clone())));
        let inner = self.conv2.convolve(silu(self.norm2.forward(inner)));
        let shortcut = match &self.conv_shortcut {
            Some(conv) => conv.convolve(x),
            None => x,
        };
        shortcut + inner
    }
}

impl Attention {
    fn new(channels: usize, groups: usize, device: &Device) -> Self {
        let linear = || {
            let config = LinearConfig::new(channels, channels);
            config.with_initializer(Initializer::Zeros).init(device)
        };
        Self {
            group_norm: norm(channels, groups, device),
            to_q: linear(),
            to_k: linear(),
            to_v: linear(),
            to_out: vec![linear()],
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [b, c, h, w] = x.dims();
        let tokens = self.group_norm.forward(x.clone()).flatten::<3>(2, 3); // [b, c, h * w]
        let tokens = tokens.swap_dims(1, 2); // [b, h * w, c]
        let query = self.to_q.forward(tokens.clone()) / (c as f64).sqrt(); // [b, h * w, c]
        let key = self.to_k.forward(tokens.clone()).swap_dims(1, 2); // [b, c, h * w]
        let weights = softmax(query.matmul(key), 2); // [b, h * w, h * w]
        let mixed = weights.matmul(self.to_v.forward(tokens)); // [b, h * w, c]
        let mixed = self.to_out.iter().fold(mixed, |mixed, linear| linear.forward(mixed));
        x + mixed.swap_dims(1, 2).reshape([b, c, h, w]) // [b, c, h, w]
    }
}

/// Every row and column twice.
fn doubled(x: Tensor<4>) -> Tensor<4> {
    let [b, c, h, w] = x.dims();
    let repeated = x.reshape([b, c, h, 1, w, 1]).expand([b, c, h, 2, w, 2]);
    repeated.reshape([b, c, 2 * h, 2 * w]) // [b, c, 2 h, 2 w]
}

/// The normalization of this architecture.
pub(super) fn norm(channels: usize, groups: usize, device: &Device) -> GroupNorm {
    GroupNorm::new(channels, groups, EPSILON, device)
}

/// A convolution of zeros that keeps rows and columns: the values come from [`crate::model::params`].
pub(super) fn conv([inputs, outputs]: [usize; 2], kernel: usize, device: &Device) -> Conv2d {
    let around = (kernel - 1) / 2;
    conv2d([inputs, outputs], kernel, [1, around, around], device)
}

/// A convolution of zeros with a stride, and with zeros above and on the left, below and on the right.
fn conv2d(
    [inputs, outputs]: [usize; 2],
    kernel: usize,
    [stride, before, behind]: [usize; 3],
    device: &Device,
) -> Conv2d {
    Conv2dConfig::new([inputs, outputs], [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(before, before, behind, behind))
        .with_initializer(Initializer::Zeros)
        .init(device)
}
