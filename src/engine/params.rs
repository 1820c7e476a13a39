//! The parameters of every pass, as they lie in memory for a shader and as a twin reads them.
//!
//! `shader_validation` compares each struct with the one of the same name in its shader.

use bytemuck::{Pod, Zeroable};

use crate::graph::Activation;

/// Invocations in a workgroup.
pub const WORKGROUP_SIZE: u32 = 64;
/// Invocations in a workgroup of a shader that works in tiles.
pub const LANES: u32 = 256;
/// Columns, features or vectors of one invocation of a shader without tiles.
pub const PLACE_BLOCK: u32 = 4;

/// The code of [`Activation::Relu`]; that of [`Activation::None`] is 0.
pub const RELU: u32 = 1;
/// The code of [`Activation::LeakyRelu`].
pub const LEAKY_RELU: u32 = 2;
/// The code of [`Activation::Silu`].
pub const SILU: u32 = 3;
/// The code of [`Activation::Tanh`].
pub const TANH: u32 = 4;
/// The code of [`Activation::Sigmoid`].
pub const SIGMOID: u32 = 5;
/// The code of [`Activation::Gelu`].
pub const GELU: u32 = 6;

/// The code and the slope that stand for an activation in a params struct.
pub fn activation_code(activation: Activation) -> (u32, f32) {
    match activation {
        Activation::None => (0, 0.0),
        Activation::Relu => (RELU, 0.0),
        Activation::LeakyRelu(slope) => (LEAKY_RELU, slope),
        Activation::Silu => (SILU, 0.0),
        Activation::Tanh => (TANH, 0.0),
        Activation::Sigmoid => (SIGMOID, 0.0),
        Activation::Gelu => (GELU, 0.0),
    }
}

/// Parameters of `linear.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LinearParams {
    /// Items.
    pub rows: u32,
    /// Values of one input row.
    pub in_features: u32,
    /// Values of one output row.
    pub out_features: u32,
    /// 1 to add a bias.
    pub has_bias: u32,
    /// 1 to add a residual.
    pub has_residual: u32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// Unused.
    pub pad0: u32,
}

/// Parameters of `conv2d.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Conv2dParams {
    /// Items.
    pub batch: u32,
    /// Input planes.
    pub in_channels: u32,
    /// Input rows, before upsampling.
    pub in_height: u32,
    /// Input columns, before upsampling.
    pub in_width: u32,
    /// Output planes.
    pub out_channels: u32,
    /// Output rows.
    pub out_height: u32,
    /// Output columns.
    pub out_width: u32,
    /// Kernel rows.
    pub kernel_height: u32,
    /// Kernel columns.
    pub kernel_width: u32,
    /// Upsampled input rows between output rows.
    pub stride_y: u32,
    /// Upsampled input columns between output columns.
    pub stride_x: u32,
    /// Rows of zeros above.
    pub pad_top: u32,
    /// Columns of zeros on the left.
    pub pad_left: u32,
    /// 1 to add a bias.
    pub has_bias: u32,
    /// 1 to add a residual.
    pub has_residual: u32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// How many rows and columns each of the input's counts for, at least 1.
    pub upsample: u32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}

impl Conv2dParams {
    /// Blocks of columns of all items.
    pub fn place_blocks(&self) -> u32 {
        self.batch * self.out_height * self.out_width.div_ceil(PLACE_BLOCK)
    }
}

/// Parameters of `conv_transpose2d.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ConvTranspose2dParams {
    /// Items.
    pub batch: u32,
    /// Input planes.
    pub in_channels: u32,
    /// Input rows.
    pub in_height: u32,
    /// Input columns.
    pub in_width: u32,
    /// Output planes.
    pub out_channels: u32,
    /// Output rows.
    pub out_height: u32,
    /// Output columns.
    pub out_width: u32,
    /// Kernel rows.
    pub kernel_height: u32,
    /// Kernel columns.
    pub kernel_width: u32,
    /// Output rows between input rows.
    pub stride_y: u32,
    /// Output columns between input columns.
    pub stride_x: u32,
    /// Rows cut off above.
    pub pad_top: u32,
    /// Columns cut off on the left.
    pub pad_left: u32,
    /// 1 to add a bias.
    pub has_bias: u32,
    /// 1 to add a residual.
    pub has_residual: u32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
    /// Unused.
    pub pad2: u32,
}

impl ConvTranspose2dParams {
    /// Phases of the places: those of one meet the same taps.
    pub fn phases(&self) -> u32 {
        self.stride_y * self.stride_x
    }

    /// Blocks of columns of all items in one phase.
    pub fn place_blocks(&self) -> u32 {
        let columns = self.out_width.div_ceil(self.stride_x).div_ceil(PLACE_BLOCK);
        self.batch * self.out_height.div_ceil(self.stride_y) * columns
    }
}

/// Parameters of `elementwise.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ElementwiseParams {
    /// Items.
    pub items: u32,
    /// Values of one input item.
    pub in_len: u32,
    /// Values of one output item.
    pub out_len: u32,
    /// The first input value that is read.
    pub start: u32,
    /// Factor.
    pub scale: f32,
    /// Summand.
    pub shift: f32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// 1 to keep the scaled and shifted values between two limits.
    pub has_limits: u32,
    /// The lower limit.
    pub lo: f32,
    /// The upper limit.
    pub hi: f32,
    /// Unused.
    pub pad0: u32,
}

impl ElementwiseParams {
    /// The number of invocations that compute everything.
    pub fn invocations(&self) -> u32 {
        self.items * self.out_len
    }
}

/// Parameters of `group_norm.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct GroupNormParams {
    /// Items.
    pub items: u32,
    /// Planes.
    pub channels: u32,
    /// Values of one plane.
    pub plane: u32,
    /// Groups of planes.
    pub groups: u32,
    /// What is added to the variance.
    pub epsilon: f32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// Unused.
    pub pad0: u32,
}

impl GroupNormParams {
    /// The number of invocations that compute everything: a workgroup for each group.
    pub fn invocations(&self) -> u32 {
        (self.items * self.groups).saturating_mul(WORKGROUP_SIZE)
    }
}

/// Parameters of `layer_norm.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LayerNormParams {
    /// Items.
    pub items: u32,
    /// Planes.
    pub channels: u32,
    /// Values of one plane.
    pub plane: u32,
    /// What is added to the variance.
    pub epsilon: f32,
}

impl LayerNormParams {
    /// The number of invocations that compute everything: a workgroup for each place.
    pub fn invocations(&self) -> u32 {
        (self.items * self.plane).saturating_mul(WORKGROUP_SIZE)
    }
}

/// Parameters of `modulate.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ModulateParams {
    /// Planes of all items.
    pub planes: u32,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// Rows and columns that one factor counts for.
    pub step: u32,
    /// See [`activation_code`].
    pub activation: u32,
    /// Slope of the leaky activation.
    pub slope: f32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}

impl ModulateParams {
    /// The number of invocations that compute everything.
    pub fn invocations(&self) -> u32 {
        self.planes * self.height * self.width
    }
}

/// Parameters of `attention.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct AttentionParams {
    /// Heads of all items.
    pub sequences: u32,
    /// Values of one token in one head.
    pub dim: u32,
    /// Tokens of one item.
    pub tokens: u32,
    /// Factor of the products.
    pub scale: f32,
    /// 1 where tokens see none that come after them.
    pub causal: u32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
    /// Unused.
    pub pad2: u32,
}

impl AttentionParams {
    /// The number of invocations that compute everything.
    pub fn invocations(&self) -> u32 {
        self.sequences * self.tokens
    }
}

/// Parameters of `cached_attention.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct CachedAttentionParams {
    /// Items.
    pub items: u32,
    /// Heads of one item.
    pub heads: u32,
    /// Values of one token in one head.
    pub dim: u32,
    /// Sequences of one item.
    pub streams: u32,
    /// Places that are kept.
    pub slots: u32,
    /// Factor of the products.
    pub scale: f32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}

impl CachedAttentionParams {
    /// The number of invocations that compute everything: a workgroup for each head of each sequence.
    pub fn invocations(&self) -> u32 {
        (self.items * self.heads * self.streams).saturating_mul(WORKGROUP_SIZE)
    }
}

/// Parameters of `nearest_code.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct NearestCodeParams {
    /// Vectors of all items.
    pub vectors: u32,
    /// Vectors of one item.
    pub plane: u32,
    /// Values of one vector.
    pub dim: u32,
    /// Codes.
    pub codes: u32,
    /// The row of the first code.
    pub first: u32,
    /// Fills up to multiples of four.
    pub pad0: u32,
    /// The same.
    pub pad1: u32,
    /// The same.
    pub pad2: u32,
}

/// Parameters of `arg_max.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ArgMaxParams {
    /// Places of all items.
    pub places: u32,
    /// Places of one item.
    pub plane: u32,
    /// Scores of a place, one for each code.
    pub codes: u32,
    /// The row of the first code.
    pub first: u32,
}

/// Parameters of `gather.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct GatherParams {
    /// Items.
    pub items: u32,
    /// Indices of one item.
    pub plane: u32,
    /// Values of one code.
    pub dim: u32,
    /// Codes.
    pub codes: u32,
    /// The row of the first code.
    pub first: u32,
    /// Fills up to multiples of four.
    pub pad0: u32,
    /// The same.
    pub pad1: u32,
    /// The same.
    pub pad2: u32,
}

impl GatherParams {
    /// The number of invocations that compute everything.
    pub fn invocations(&self) -> u32 {
        self.items * self.plane * self.dim
    }
}

/// Parameters of `draw.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct DrawParams {
    /// Items.
    pub items: u32,
    /// Indices that may be drawn.
    pub codes: u32,
    /// Scores of an index, 1 or 2.
    pub streams: u32,
    /// Unused.
    pub pad0: u32,
}

impl DrawParams {
    /// The number of invocations that compute everything: a workgroup for each item.
    pub fn invocations(&self) -> u32 {
        self.items.saturating_mul(WORKGROUP_SIZE)
    }
}

/// Parameters of `latent_mix.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LatentMixParams {
    /// Positions.
    pub items: u32,
    /// Values of one latent.
    pub dim: u32,
    /// 1 to mix along great circles, 0 on straight lines.
    pub spherical: u32,
    /// Unused.
    pub pad0: u32,
}

impl LatentMixParams {
    /// The number of invocations that compute everything: a workgroup for each item.
    pub fn invocations(&self) -> u32 {
        self.items * WORKGROUP_SIZE
    }
}

/// Parameters of `pixels.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PixelsParams {
    /// Images.
    pub items: u32,
    /// Colour planes: 1 or 3.
    pub channels: u32,
    /// Rows of one image.
    pub height: u32,
    /// Columns of one image.
    pub width: u32,
    /// Images in a row of the picture.
    pub columns: u32,
    /// The value that is black.
    pub lo: f32,
    /// The inverse of the distance from black to white.
    pub scale: f32,
    /// Unused.
    pub pad0: u32,
}

impl PixelsParams {
    /// Width and height of the picture.
    pub fn size_px(&self) -> [u32; 2] {
        [self.columns * self.width, self.items.div_ceil(self.columns) * self.height]
    }

    /// The number of invocations that compute everything.
    pub fn invocations(&self) -> u32 {
        let [width, height] = self.size_px();
        width * height
    }
}

/// Parameters of `kernel_gradient.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct KernelGradientParams {
    /// Items.
    pub batch: u32,
    /// Coarse planes.
    pub coarse_channels: u32,
    /// Coarse rows.
    pub coarse_height: u32,
    /// Coarse columns.
    pub coarse_width: u32,
    /// Fine planes.
    pub fine_channels: u32,
    /// Fine rows.
    pub fine_height: u32,
    /// Fine columns.
    pub fine_width: u32,
    /// Kernel rows.
    pub kernel_height: u32,
    /// Kernel columns.
    pub kernel_width: u32,
    /// Fine rows from a coarse one to the next.
    pub stride_y: u32,
    /// Fine columns from a coarse one to the next.
    pub stride_x: u32,
    /// Fine rows of zeros above.
    pub pad_top: u32,
    /// Fine columns of zeros on the left.
    pub pad_left: u32,
    /// Parts of the coarse places of all items, each summed by itself.
    pub parts: u32,
    /// Coarse places of a part.
    pub part_len: u32,
    /// 1 to sum the coarse planes as well.
    pub has_sums: u32,
    /// Where those sums begin in a part: after the kernels, of whose values there are at most as many.
    pub kernel_len: u32,
    /// From the sums of a part to those of the next.
    pub part_stride: u32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}

impl KernelGradientParams {
    /// Values of a fine plane's kernels, for all fine planes.
    pub fn taps(&self) -> u32 {
        self.fine_channels * self.kernel_height * self.kernel_width
    }
}

/// Parameters of `channel_sums.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ChannelSumsParams {
    /// Items.
    pub batch: u32,
    /// Planes of one item.
    pub channels: u32,
    /// Values of one plane.
    pub plane: u32,
    /// Parts of the places of all items, each summed by itself.
    pub parts: u32,
    /// Places of a part.
    pub part_len: u32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
    /// Unused.
    pub pad2: u32,
}

impl ChannelSumsParams {
    /// The number of invocations that compute everything: a workgroup for each channel of each part.
    pub fn invocations(&self) -> u32 {
        (self.channels * self.parts).saturating_mul(WORKGROUP_SIZE)
    }
}

/// Parameters of `part_sums.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PartSumsParams {
    /// Parts.
    pub parts: u32,
    /// Values of a part.
    pub len: u32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}

/// Parameters of `adam.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct AdamParams {
    /// Values.
    pub len: u32,
    /// Share of the past in the mean of gradients.
    pub beta_1: f32,
    /// Share of the past in the mean of their squares.
    pub beta_2: f32,
    /// What the mean by the root of that of the squares is multiplied with.
    pub rate: f32,
    /// What is added to that root.
    pub epsilon: f32,
    /// What values are multiplied with before.
    pub shrink: f32,
    /// Unused.
    pub pad0: u32,
    /// Unused.
    pub pad1: u32,
}
