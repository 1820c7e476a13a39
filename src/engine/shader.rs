//! The shaders' sources and the one-level textual `#import` that joins them.

use super::EngineError;
use super::dispatch::{NEIGHBOUR_WORKGROUP, Tile};

/// A compute pass: one file in `shaders/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shader {
    /// Matrix product with epilogue, in tiles.
    Linear,
    /// The same without tiles: for processors that imitate a graphics device, and where tiles would be all but empty.
    LinearSerial,
    /// Cross-correlation with epilogue, in tiles.
    Conv2d,
    /// The same without tiles.
    Conv2dSerial,
    /// Transposed cross-correlation with epilogue, in tiles.
    ConvTranspose2d,
    /// The same without tiles.
    ConvTranspose2dSerial,
    /// Normalization of groups of channels.
    GroupNorm,
    /// Normalization of places over their channels.
    LayerNorm,
    /// Attention of every token to all tokens.
    Attention,
    /// Attention of one token to those that are kept.
    CachedAttention,
    /// A factor and a summand for every place.
    Modulate,
    /// A function of a range of every item.
    Elementwise,
    /// Mixtures of four corner latents.
    LatentMix,
    /// The nearest codes of vectors, in tiles.
    NearestCode,
    /// The same without tiles.
    NearestCodeSerial,
    /// The largest of scores.
    ArgMax,
    /// The codes of indices.
    Gather,
    /// Indices drawn by scores.
    Draw,
    /// Images into a texture.
    Pixels,
    /// The gradient of a convolution by its kernels, in tiles.
    KernelGradient,
    /// The sums of planes over all items.
    ChannelSums,
    /// Sums over parts.
    PartSums,
    /// One update by Adam's rule.
    Adam,
}

/// How the weights of sums, those of `linear` and of convolutions, lie on a device; all others are `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WeightStorage {
    /// As they are.
    #[default]
    Single,
    /// Rounded to IEEE halves, two in a word.
    Half,
}

/// The files that shaders import, by name.
const SHARED: [(&str, &str); 18] = [
    ("activation.wgsl", include_str!("../../shaders/shared/activation.wgsl")),
    ("angle.wgsl", include_str!("../../shaders/shared/angle.wgsl")),
    ("conv2d_bindings.wgsl", include_str!("../../shaders/shared/conv2d_bindings.wgsl")),
    (
        "conv_transpose2d_bindings.wgsl",
        include_str!("../../shaders/shared/conv_transpose2d_bindings.wgsl"),
    ),
    ("dispatch.wgsl", include_str!("../../shaders/shared/dispatch.wgsl")),
    ("epilogue.wgsl", include_str!("../../shaders/shared/epilogue.wgsl")),
    ("eights.wgsl", include_str!("../../shaders/shared/eights.wgsl")),
    ("half_weight.wgsl", include_str!("../../shaders/shared/half_weight.wgsl")),
    ("layout.wgsl", include_str!("../../shaders/shared/layout.wgsl")),
    ("linear_bindings.wgsl", include_str!("../../shaders/shared/linear_bindings.wgsl")),
    ("nearest.wgsl", include_str!("../../shaders/shared/nearest.wgsl")),
    ("own_reads.wgsl", include_str!("../../shaders/shared/own_reads.wgsl")),
    ("product.wgsl", include_str!("../../shaders/shared/product.wgsl")),
    ("shared_reads.wgsl", include_str!("../../shaders/shared/shared_reads.wgsl")),
    ("tile.wgsl", include_str!("../../shaders/shared/tile.wgsl")),
    ("weight.wgsl", include_str!("../../shaders/shared/weight.wgsl")),
    ("whole.wgsl", include_str!("../../shaders/shared/whole.wgsl")),
    ("workgroup.wgsl", include_str!("../../shaders/shared/workgroup.wgsl")),
];

impl Shader {
    /// Every shader.
    pub const ALL: [Self; 23] = [
        Self::Linear,
        Self::LinearSerial,
        Self::Conv2d,
        Self::Conv2dSerial,
        Self::ConvTranspose2d,
        Self::ConvTranspose2dSerial,
        Self::GroupNorm,
        Self::LayerNorm,
        Self::Attention,
        Self::CachedAttention,
        Self::Modulate,
        Self::Elementwise,
        Self::LatentMix,
        Self::NearestCode,
        Self::NearestCodeSerial,
        Self::ArgMax,
        Self::Gather,
        Self::Draw,
        Self::Pixels,
        Self::KernelGradient,
        Self::ChannelSums,
        Self::PartSums,
        Self::Adam,
    ];

    /// The name of its file without the ending, of its twin and of its test.
    pub fn stem(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::LinearSerial => "linear_serial",
            Self::Conv2d => "conv2d",
            Self::Conv2dSerial => "conv2d_serial",
            Self::ConvTranspose2d => "conv_transpose2d",
            Self::ConvTranspose2dSerial => "conv_transpose2d_serial",
            Self::GroupNorm => "group_norm",
            Self::LayerNorm => "layer_norm",
            Self::Attention => "attention",
            Self::CachedAttention => "cached_attention",
            Self::Modulate => "modulate",
            Self::Elementwise => "elementwise",
            Self::LatentMix => "latent_mix",
            Self::NearestCode => "nearest_code",
            Self::NearestCodeSerial => "nearest_code_serial",
            Self::ArgMax => "arg_max",
            Self::Gather => "gather",
            Self::Draw => "draw",
            Self::Pixels => "pixels",
            Self::KernelGradient => "kernel_gradient",
            Self::ChannelSums => "channel_sums",
            Self::PartSums => "part_sums",
            Self::Adam => "adam",
        }
    }

    /// Its source with all imports in their places, for weights that are stored one way or the other, and for a tile
    /// where it works in tiles or its invocations read together.
    ///
    /// # Errors
    /// When it imports a file that does not exist.
    pub fn source(self, weights: WeightStorage, tile: Option<Tile>) -> Result<String, EngineError> {
        let source = match self {
            Self::Linear => include_str!("../../shaders/linear.wgsl"),
            Self::LinearSerial => include_str!("../../shaders/linear_serial.wgsl"),
            Self::Conv2d => include_str!("../../shaders/conv2d.wgsl"),
            Self::Conv2dSerial => include_str!("../../shaders/conv2d_serial.wgsl"),
            Self::ConvTranspose2d => include_str!("../../shaders/conv_transpose2d.wgsl"),
            Self::ConvTranspose2dSerial => {
                include_str!("../../shaders/conv_transpose2d_serial.wgsl")
            }
            Self::GroupNorm => include_str!("../../shaders/group_norm.wgsl"),
            Self::LayerNorm => include_str!("../../shaders/layer_norm.wgsl"),
            Self::Attention => include_str!("../../shaders/attention.wgsl"),
            Self::CachedAttention => include_str!("../../shaders/cached_attention.wgsl"),
            Self::Modulate => include_str!("../../shaders/modulate.wgsl"),
            Self::Elementwise => include_str!("../../shaders/elementwise.wgsl"),
            Self::LatentMix => include_str!("../../shaders/latent_mix.wgsl"),
            Self::NearestCode => include_str!("../../shaders/nearest_code.wgsl"),
            Self::NearestCodeSerial => include_str!("../../shaders/nearest_code_serial.wgsl"),
            Self::ArgMax => include_str!("../../shaders/arg_max.wgsl"),
            Self::Gather => include_str!("../../shaders/gather.wgsl"),
            Self::Draw => include_str!("../../shaders/draw.wgsl"),
            Self::Pixels => include_str!("../../shaders/pixels.wgsl"),
            Self::KernelGradient => include_str!("../../shaders/kernel_gradient.wgsl"),
            Self::ChannelSums => include_str!("../../shaders/channel_sums.wgsl"),
            Self::PartSums => include_str!("../../shaders/part_sums.wgsl"),
            Self::Adam => include_str!("../../shaders/adam.wgsl"),
        };
        let mut source = source.to_owned();
        if weights == WeightStorage::Half {
            source = source.replace("#import weight.wgsl", "#import half_weight.wgsl");
        }
        let reads_together = tile.is_some() && source.contains(OWN_READS);
        if reads_together {
            source = source.replace(OWN_READS, "#import shared_reads.wgsl");
        }
        let source = resolve_imports(&source)?;
        let Some(tile) = tile else { return Ok(source) };
        let source = with_constant(&source, "CHANNEL_TILE", tile.channels);
        let source = with_constant(&source, "PLACE_TILE", tile.places);
        Ok(if reads_together {
            with_constant(&source, "WORKGROUP_SIZE", NEIGHBOUR_WORKGROUP)
        } else {
            source
        })
    }
}

/// Where invocations read for themselves.
const OWN_READS: &str = "#import own_reads.wgsl";

/// A source in which a constant, if it is there, has another value.
fn with_constant(source: &str, name: &str, value: u32) -> String {
    let begins = format!("const {name}: u32 = ");
    let line = |line: &str| {
        if line.starts_with(&begins) { format!("{begins}{value}u;\n") } else { format!("{line}\n") }
    };
    source.lines().map(line).collect()
}

/// `source` with every line `#import NAME` replaced by the file of that name in `shaders/shared/`.
///
/// One level: imported files import nothing.
///
/// # Errors
/// When there is no such file.
pub fn resolve_imports(source: &str) -> Result<String, EngineError> {
    let mut resolved = String::new();
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("#import ") {
            let file = SHARED.iter().find(|(shared, _)| *shared == name.trim());
            let (_, text) =
                file.ok_or_else(|| EngineError::Import { name: name.trim().to_owned() })?;
            resolved.push_str(text);
        } else {
            resolved.push_str(line);
        }
        resolved.push('\n');
    }
    Ok(resolved)
}
