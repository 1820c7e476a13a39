//! From tensors to the graphs of encoder, quantizer and decoder.

use super::{Latents, Level, NormType, VqModelConfig};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};

/// The name of the codes, `[k, d]`.
pub const CODEBOOK: &str = "quantize.embedding.weight";
/// The name of the layer that tells how well each code fits a vector, where that is learnt: kernels `[k, d, 1, 1]`.
pub const PROJECTION: &str = "quantize.proj";

/// The groups of every normalization that depends on the latent.
pub const SPATIAL_GROUPS: usize = 32;

/// What every normalization adds to its variances.
const EPSILON: f32 = 1e-6;

/// Log-variances outside are cut off, as diffusers does.
pub const LOGVAR_LIMITS: [f32; 2] = [-30.0, 20.0];

/// Image to `latent` with what belongs to it.
pub(super) fn encoder(config: &VqModelConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let image = config.image;
    let mut layers = Layers::new(config, &[image.channels, image.height, image.width], tensors)?;
    let mut x = layers.conv(layers.graph.input(), "encoder.conv_in", &Conv::SAME)?;
    for (index, level) in config.down_levels().iter().enumerate() {
        let name = format!("encoder.down_blocks.{index}");
        x = layers.level(x, &name, level)?;
        if level.resamples {
            x = layers.conv(x, &format!("{name}.downsamplers.0.conv"), &Conv::HALVE)?;
        }
    }
    x = layers.mid(x, "encoder.mid_block")?;
    x = layers.norm(x, "encoder.conv_norm_out", Activation::Silu)?;
    x = layers.conv(x, "encoder.conv_out", &Conv::SAME)?;
    if config.quant_conv().is_some() {
        x = layers.conv(x, "quant_conv", &Conv::POINT)?;
    }
    match config.latents {
        Latents::Codes { .. } => {
            layers.graph.output("latent", x)?;
            layers.quantized(x)?;
        }
        Latents::Normal { .. } => normal(&mut layers.graph, x, config.latent_channels)?,
    }
    layers.graph.finish()
}

/// Latent to `image`, quantized first where latents are codes.
pub(super) fn decoder(config: &VqModelConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let mut layers = Layers::new(config, &config.latent_planes(), tensors)?;
    let latent = layers.graph.input();
    let latent = match config.latents {
        Latents::Codes { .. } => layers.quantized(latent)?,
        Latents::Normal { .. } => latent,
    };
    layers.image_of(latent)?;
    layers.graph.finish()
}

/// Latent to `indices` and `quantized`.
pub(super) fn quantizer(
    config: &VqModelConfig,
    tensors: &NamedArrays,
) -> Result<Graph, GraphError> {
    let mut layers = Layers::new(config, &config.latent_planes(), tensors)?;
    let latent = layers.graph.input();
    layers.quantized(latent)?;
    layers.graph.finish()
}

/// Indices to `image`.
pub(super) fn code_decoder(
    config: &VqModelConfig,
    tensors: &NamedArrays,
) -> Result<Graph, GraphError> {
    let mut layers = Layers::new(config, &config.grid(), tensors)?;
    let indices = layers.graph.input();
    let codes = layers.codes_of(indices)?;
    layers.image_of(codes)?;
    layers.graph.finish()
}

/// Means and log-variances, one behind the other `[2 d, h, w]`, as the outputs `latent` and `logvar`.
fn normal(graph: &mut GraphBuilder<'_>, x: ValueId, len: usize) -> Result<(), GraphError> {
    let [lo, hi] = LOGVAR_LIMITS;
    let mean = graph.add("mean", Op::Slice { input: x, start: 0, len })?;
    let logvar = graph.add("logvar", Op::Slice { input: x, start: len, len })?;
    let logvar = graph.add("logvar.limited", Op::Clamp { input: logvar, lo, hi })?;
    graph.output("latent", mean)?;
    graph.output("logvar", logvar)
}

/// How a convolution steps over its planes.
struct Conv {
    upsample: usize,
    stride: usize,
    padding: [usize; 4],
    residual: Option<ValueId>,
}

impl Conv {
    /// One place at a time.
    const POINT: Self = Self { upsample: 1, stride: 1, padding: [0; 4], residual: None };
    /// Three by three around every place.
    const SAME: Self = Self { padding: [1; 4], ..Self::POINT };
    /// To half as many rows and columns; zeros lie below and on the right only.
    const HALVE: Self = Self { stride: 2, padding: [0, 1, 0, 1], ..Self::POINT };
    /// To twice as many rows and columns.
    const DOUBLE: Self = Self { upsample: 2, ..Self::SAME };
}

/// The layers of one network.
struct Layers<'a> {
    config: &'a VqModelConfig,
    graph: GraphBuilder<'a>,
    /// What normalizations depend on beside their own planes, if they do: the latent of the decoder.
    guide: Option<ValueId>,
}

impl<'a> Layers<'a> {
    fn new(
        config: &'a VqModelConfig,
        input_shape: &[usize],
        tensors: &'a NamedArrays,
    ) -> Result<Self, GraphError> {
        Ok(Self { config, graph: GraphBuilder::new(input_shape, tensors)?, guide: None })
    }

    /// The codes of vectors `[d, h, w]`, as outputs: `indices` `[h, w]` and `quantized` `[d, h, w]`.
    fn quantized(&mut self, latent: ValueId) -> Result<ValueId, GraphError> {
        let choice = if self.config.is_projected() {
            let scores = self.conv(latent, PROJECTION, &Conv::POINT)?;
            Op::ArgMax { input: scores, codebook: CODEBOOK.into() }
        } else {
            Op::NearestCode { input: latent, codebook: CODEBOOK.into() }
        };
        let indices = self.graph.add("quantize.indices", choice)?;
        self.graph.output("indices", indices)?;
        let codes = self.codes_of(indices)?;
        self.graph.output("quantized", codes)?;
        Ok(codes)
    }

    /// The codes that indices name.
    fn codes_of(&mut self, indices: ValueId) -> Result<ValueId, GraphError> {
        self.graph.add("quantize.codes", Op::Gather { input: indices, codebook: CODEBOOK.into() })
    }

    /// From vectors `[d, h, w]` to the output `image` `[c, h, w]`.
    fn image_of(&mut self, latent: ValueId) -> Result<(), GraphError> {
        self.guide = (self.config.norm_type == NormType::Spatial).then_some(latent);
        let mut x = latent;
        if self.config.post_quant_conv().is_some() {
            x = self.conv(x, "post_quant_conv", &Conv::POINT)?;
        }
        x = self.conv(x, "decoder.conv_in", &Conv::SAME)?;
        x = self.mid(x, "decoder.mid_block")?;
        for (index, level) in self.config.up_levels().iter().enumerate() {
            let name = format!("decoder.up_blocks.{index}");
            x = self.level(x, &name, level)?;
            if level.resamples {
                x = self.conv(x, &format!("{name}.upsamplers.0.conv"), &Conv::DOUBLE)?;
            }
        }
        x = self.norm(x, "decoder.conv_norm_out", Activation::Silu)?;
        x = self.conv(x, "decoder.conv_out", &Conv::SAME)?;
        self.graph.output("image", x)
    }

    fn level(&mut self, x: ValueId, name: &str, level: &Level) -> Result<ValueId, GraphError> {
        let mut x = x;
        for (index, &channels) in level.blocks.iter().enumerate() {
            x = self.residual_block(x, &format!("{name}.resnets.{index}"), channels)?;
            if level.attention {
                x = self.attention(x, &format!("{name}.attentions.{index}"))?;
            }
        }
        Ok(x)
    }

    fn mid(&mut self, x: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let channels = [self.config.mid_channels(); 2];
        let mut x = self.residual_block(x, &format!("{name}.resnets.0"), channels)?;
        if self.config.mid_block_add_attention {
            x = self.attention(x, &format!("{name}.attentions.0"))?;
        }
        self.residual_block(x, &format!("{name}.resnets.1"), channels)
    }

    /// x + conv2(silu(norm2(conv1(silu(norm1(x)))))), where a convolution of one place stands for x if the number of
    /// channels changes.
    fn residual_block(
        &mut self,
        x: ValueId,
        name: &str,
        [inputs, outputs]: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let inner = self.norm(x, &format!("{name}.norm1"), Activation::Silu)?;
        let inner = self.conv(inner, &format!("{name}.conv1"), &Conv::SAME)?;
        let inner = self.norm(inner, &format!("{name}.norm2"), Activation::Silu)?;
        let shortcut = if inputs == outputs {
            x
        } else {
            self.conv(x, &format!("{name}.conv_shortcut"), &Conv::POINT)?
        };
        let sum = Conv { residual: Some(shortcut), ..Conv::SAME };
        self.conv(inner, &format!("{name}.conv2"), &sum)
    }

    /// x + out(attention(q(norm(x)), k(norm(x)), v(norm(x)))), with one head.
    fn attention(&mut self, x: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let norm = if self.guide.is_some() { "spatial_norm" } else { "group_norm" };
        let normalized = self.norm(x, &format!("{name}.{norm}"), Activation::None)?;
        let mut projected =
            |part: &str| self.conv(normalized, &format!("{name}.{part}"), &Conv::POINT);
        let [query, key, value] = [projected("to_q")?, projected("to_k")?, projected("to_v")?];
        let mixed = Op::Attention { query, key, value, heads: 1, causal: false };
        let mixed = self.graph.add(format!("{name}.mixed"), mixed)?;
        let sum = Conv { residual: Some(x), ..Conv::POINT };
        self.conv(mixed, &format!("{name}.to_out.0"), &sum)
    }

    fn norm(
        &mut self,
        input: ValueId,
        name: &str,
        activation: Activation,
    ) -> Result<ValueId, GraphError> {
        let Some(guide) = self.guide else {
            let op = group_norm(input, name, self.config.norm_num_groups, activation);
            return self.graph.add(name, op);
        };
        let inner = format!("{name}.norm_layer");
        let op = group_norm(input, &inner, SPATIAL_GROUPS, Activation::None);
        let input = self.graph.add(inner, op)?;
        let factor = self.conv(guide, &format!("{name}.conv_y"), &Conv::POINT)?;
        let summand = self.conv(guide, &format!("{name}.conv_b"), &Conv::POINT)?;
        self.graph.add(name, Op::Modulate { input, factor, summand, activation })
    }

    fn conv(&mut self, input: ValueId, name: &str, conv: &Conv) -> Result<ValueId, GraphError> {
        let bias = Some(format!("{name}.bias"));
        let op = Op::Conv2d {
            input,
            weight: format!("{name}.weight"),
            upsample: conv.upsample,
            stride: [conv.stride; 2],
            padding: conv.padding,
            epilogue: Epilogue { bias, residual: conv.residual, activation: Activation::None },
        };
        self.graph.add(name, op)
    }
}

fn group_norm(input: ValueId, name: &str, groups: usize, activation: Activation) -> Op {
    Op::GroupNorm {
        input,
        weight: format!("{name}.weight"),
        bias: format!("{name}.bias"),
        groups,
        epsilon: EPSILON,
        activation,
    }
}
