//! Which pass computes a node, and with which parameters: the one place where a graph meets the shaders.

use super::params::{
    ArgMaxParams, AttentionParams, CachedAttentionParams, Conv2dParams, ConvTranspose2dParams,
    DrawParams, ElementwiseParams, GatherParams, GroupNormParams, LayerNormParams, LinearParams,
    ModulateParams, NearestCodeParams, activation_code,
};
use crate::graph::{Activation, Codes, Epilogue, Graph, Node, Op, ValueId};

/// A pass with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// `linear`.
    Linear(LinearParams),
    /// `conv2d`.
    Conv2d(Conv2dParams),
    /// `conv_transpose2d`.
    ConvTranspose2d(ConvTranspose2dParams),
    /// `group_norm`.
    GroupNorm(GroupNormParams),
    /// `layer_norm`.
    LayerNorm(LayerNormParams),
    /// `attention`.
    Attention(AttentionParams),
    /// `cached_attention`.
    CachedAttention(CachedAttentionParams),
    /// `modulate`.
    Modulate(ModulateParams),
    /// `elementwise`.
    Elementwise(ElementwiseParams),
    /// `nearest_code`.
    NearestCode(NearestCodeParams),
    /// `arg_max`.
    ArgMax(ArgMaxParams),
    /// `gather`.
    Gather(GatherParams),
    /// `draw`.
    Draw(DrawParams),
}

impl Kernel {
    /// The pass that computes `node` of `graph` for `batch` items; nothing for nodes that only rename a value.
    pub fn new(graph: &Graph, node: &Node, batch: usize) -> Option<Self> {
        let source = Source { graph, node, batch: batch as u32 };
        match &node.op {
            Op::Input | Op::Reshape { .. } => None,
            Op::Linear { weight, epilogue, .. } => {
                Some(Self::Linear(source.linear(weight, epilogue)))
            }
            Op::Conv2d {
                input,
                weight,
                upsample,
                stride,
                padding: [top, _, left, _],
                epilogue,
            } => {
                let params = source.conv2d(*input, weight, *stride, [*top, *left], epilogue);
                Some(Self::Conv2d(Conv2dParams { upsample: *upsample as u32, ..params }))
            }
            Op::ConvTranspose2d { input, weight, stride, padding, epilogue, .. } => {
                Some(Self::ConvTranspose2d(
                    source.conv_transpose2d(*input, weight, *stride, *padding, epilogue),
                ))
            }
            Op::GroupNorm { groups, epsilon, activation, .. } => {
                Some(Self::GroupNorm(source.group_norm(*groups, *epsilon, *activation)))
            }
            Op::LayerNorm { epsilon, .. } => Some(Self::LayerNorm(source.layer_norm(*epsilon))),
            Op::Attention { heads, causal, .. } => {
                Some(Self::Attention(source.attention(*heads, *causal)))
            }
            Op::CachedAttention { heads, slots, .. } => {
                Some(Self::CachedAttention(source.cached_attention(*heads, *slots)))
            }
            Op::Modulate { factor, activation, .. } => {
                Some(Self::Modulate(source.modulate(*factor, *activation)))
            }
            Op::Slice { input, start, .. } => {
                let entry = node.num_values() / node.shape[0];
                let slice = source.elementwise(*input, Activation::None);
                Some(Self::Elementwise(ElementwiseParams {
                    start: (start * entry) as u32,
                    ..slice
                }))
            }
            Op::Activate { input, activation } => {
                Some(Self::Elementwise(source.elementwise(*input, *activation)))
            }
            Op::Affine { input, scale, shift } => {
                let affine = source.elementwise(*input, Activation::None);
                Some(Self::Elementwise(ElementwiseParams {
                    scale: *scale,
                    shift: *shift,
                    ..affine
                }))
            }
            Op::Clamp { input, lo, hi } => {
                let clamp = source.elementwise(*input, Activation::None);
                Some(Self::Elementwise(ElementwiseParams {
                    has_limits: 1,
                    lo: *lo,
                    hi: *hi,
                    ..clamp
                }))
            }
            Op::NearestCode { input, codebook } => {
                Some(Self::NearestCode(source.nearest_code(*input, codebook)))
            }
            Op::ArgMax { codebook, .. } => Some(Self::ArgMax(source.arg_max(codebook))),
            Op::Gather { input, codebook } => Some(Self::Gather(source.gather(*input, codebook))),
            Op::Draw { logits, .. } => Some(Self::Draw(source.draw(*logits))),
        }
    }

    /// Its parameters as they lie in memory.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Linear(params) => bytemuck::bytes_of(params),
            Self::Conv2d(params) => bytemuck::bytes_of(params),
            Self::ConvTranspose2d(params) => bytemuck::bytes_of(params),
            Self::GroupNorm(params) => bytemuck::bytes_of(params),
            Self::LayerNorm(params) => bytemuck::bytes_of(params),
            Self::Attention(params) => bytemuck::bytes_of(params),
            Self::CachedAttention(params) => bytemuck::bytes_of(params),
            Self::Modulate(params) => bytemuck::bytes_of(params),
            Self::Elementwise(params) => bytemuck::bytes_of(params),
            Self::NearestCode(params) => bytemuck::bytes_of(params),
            Self::ArgMax(params) => bytemuck::bytes_of(params),
            Self::Gather(params) => bytemuck::bytes_of(params),
            Self::Draw(params) => bytemuck::bytes_of(params),
        }
    }
}

/// One node on its way to a kernel. The graph's shapes are checked, so that they are only read here.
struct Source<'a> {
    graph: &'a Graph,
    node: &'a Node,
    batch: u32,
}

/// Parameters of a convolution and of its transpose: one set of fields, from one set of shapes.
macro_rules! convolution {
    ($name:ident, $params:ident) => {
        fn $name(
            &self,
            input: ValueId,
            weight: &str,
            [stride_y, stride_x]: [usize; 2],
            [pad_top, pad_left]: [usize; 2],
            epilogue: &Epilogue,
        ) -> $params {
            let (activation, slope) = activation_code(epilogue.activation);
            let [in_channels, in_height, in_width] = planes(self.graph.node(input));
            let [out_channels, out_height, out_width] = planes(self.node);
            let [kernel_height, kernel_width] = self.kernel(weight);
            $params {
                batch: self.batch,
                in_channels,
                in_height,
                in_width,
                out_channels,
                out_height,
                out_width,
                kernel_height,
                kernel_width,
                stride_y: stride_y as u32,
                stride_x: stride_x as u32,
                pad_top: pad_top as u32,
                pad_left: pad_left as u32,
                has_bias: u32::from(epilogue.bias.is_some()),
                has_residual: u32::from(epilogue.residual.is_some()),
                activation,
                slope,
                ..$params::default()
            }
        }
    };
}

impl Source<'_> {
    fn linear(&self, weight: &str, epilogue: &Epilogue) -> LinearParams {
        let (activation, slope) = activation_code(epilogue.activation);
        LinearParams {
            rows: self.batch,
            in_features: self.graph.weight(weight).shape()[1] as u32,
            out_features: self.node.shape[0] as u32,
            has_bias: u32::from(epilogue.bias.is_some()),
            has_residual: u32::from(epilogue.residual.is_some()),
            activation,
            slope,
            pad0: 0,
        }
    }

    convolution!(conv2d, Conv2dParams);
    convolution!(conv_transpose2d, ConvTranspose2dParams);

    /// Rows and columns of kernels; a matrix has one of each.
    fn kernel(&self, weight: &str) -> [u32; 2] {
        match self.graph.weight(weight).shape() {
            &[_, _, height, width] => [height as u32, width as u32],
            _ => [1, 1],
        }
    }

    fn group_norm(&self, groups: usize, epsilon: f32, activation: Activation) -> GroupNormParams {
        let (activation, slope) = activation_code(activation);
        let [channels, height, width] = planes(self.node);
        GroupNormParams {
            items: self.batch,
            channels,
            plane: height * width,
            groups: groups as u32,
            epsilon,
            activation,
            slope,
            pad0: 0,
        }
    }

    fn layer_norm(&self, epsilon: f32) -> LayerNormParams {
        let [channels, height, width] = planes(self.node);
        LayerNormParams { items: self.batch, channels, plane: height * width, epsilon }
    }

    fn attention(&self, heads: usize, causal: bool) -> AttentionParams {
        let [channels, height, width] = planes(self.node);
        let dim = channels / heads as u32;
        AttentionParams {
            sequences: self.batch * heads as u32,
            dim,
            tokens: height * width,
            scale: (1.0 / f64::from(dim).sqrt()) as f32,
            causal: u32::from(causal),
            ..AttentionParams::default()
        }
    }

    fn cached_attention(&self, heads: usize, slots: usize) -> CachedAttentionParams {
        let [channels, _, streams] = planes(self.node);
        let dim = channels / heads as u32;
        CachedAttentionParams {
            items: self.batch,
            heads: heads as u32,
            dim,
            streams,
            slots: slots as u32,
            scale: (1.0 / f64::from(dim).sqrt()) as f32,
            ..CachedAttentionParams::default()
        }
    }

    fn modulate(&self, factor: ValueId, activation: Activation) -> ModulateParams {
        let (activation, slope) = activation_code(activation);
        let [channels, height, width] = planes(self.node);
        let [_, coarse, _] = planes(self.graph.node(factor));
        ModulateParams {
            planes: self.batch * channels,
            height,
            width,
            step: height / coarse,
            activation,
            slope,
            ..ModulateParams::default()
        }
    }

    /// Where a cell has several vectors, each is an item of its own.
    fn nearest_code(&self, input: ValueId, codebook: &Codes) -> NearestCodeParams {
        let [first, codes, dim] = self.codebook(codebook);
        let vectors = self.batch * self.node.num_values() as u32;
        let plane = plane(self.graph.node(input));
        NearestCodeParams { vectors, plane, dim, codes, first, ..NearestCodeParams::default() }
    }

    fn arg_max(&self, codebook: &Codes) -> ArgMaxParams {
        let [first, codes, _] = self.codebook(codebook);
        let plane = self.node.num_values() as u32;
        ArgMaxParams { places: self.batch * plane, plane, codes, first }
    }

    /// As [`Self::nearest_code`].
    fn gather(&self, input: ValueId, codebook: &Codes) -> GatherParams {
        let [first, codes, dim] = self.codebook(codebook);
        let plane = plane(self.node);
        let items = self.batch * self.graph.node(input).num_values() as u32 / plane;
        GatherParams { items, plane, dim, codes, first, ..GatherParams::default() }
    }

    fn draw(&self, logits: ValueId) -> DrawParams {
        let [codes, _, streams] = planes(self.graph.node(logits));
        DrawParams { items: self.batch, codes, streams, pad0: 0 }
    }

    /// The first row, the number of codes and of their values.
    fn codebook(&self, codebook: &Codes) -> [u32; 3] {
        let [first, codes] = self.graph.rows_of(codebook);
        [first, codes, self.graph.weight(&codebook.weight).row_len()].map(|value| value as u32)
    }

    /// Every value as it is, but for the activation.
    fn elementwise(&self, input: ValueId, activation: Activation) -> ElementwiseParams {
        let (activation, slope) = activation_code(activation);
        ElementwiseParams {
            items: self.batch,
            in_len: self.graph.node(input).num_values() as u32,
            out_len: self.node.num_values() as u32,
            scale: 1.0,
            activation,
            slope,
            ..ElementwiseParams::default()
        }
    }
}

/// The positions of vectors, `[d]` or `[d, h, w]`, in one item.
fn plane(vectors: &Node) -> u32 {
    (vectors.num_values() / vectors.shape[0]) as u32
}

/// Channels, rows and columns of a node whose output is known to have three axes.
fn planes(node: &Node) -> [u32; 3] {
    [node.shape[0] as u32, node.shape[1] as u32, node.shape[2] as u32]
}
