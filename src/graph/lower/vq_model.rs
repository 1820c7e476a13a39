//! The convolutional autoencoder of VQGAN and of latent diffusion as a description, under diffusers' tensor names:
//! its `VQModel`, whose latents are codes, and its `AutoencoderKL`, whose latents are normal.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, table 7, arXiv:2012.09841); High-Resolution Image Synthesis with Latent
//! Diffusion Models (Rombach et al., 2022, section 3.1, arXiv:2112.10752).

mod diffusers;
mod layers;
mod tensors;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::layers::{CODEBOOK, LOGVAR_LIMITS, PROJECTION, SPATIAL_GROUPS};

use super::extent::{ExtentError, check_extents};
use super::{Architecture, CodeGraphs, Networks, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{GraphError, MAX_CODES};
use crate::latent::{CodeLayout, Projection};
use crate::picture::{ImageShape, ValueRange};

/// What stands at one resolution of the encoder; the names are diffusers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownBlock {
    /// Residual blocks.
    #[serde(rename = "DownEncoderBlock2D")]
    Plain,
    /// Residual blocks, each with attention behind it.
    #[serde(rename = "AttnDownEncoderBlock2D")]
    Attention,
}

/// What stands at one resolution of the decoder; the names are diffusers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpBlock {
    /// Residual blocks.
    #[serde(rename = "UpDecoderBlock2D")]
    Plain,
    /// Residual blocks, each with attention behind it.
    #[serde(rename = "AttnUpDecoderBlock2D")]
    Attention,
}

/// What the decoder's normalizations depend on; the names are diffusers'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormType {
    /// Their own planes alone.
    #[default]
    Group,
    /// The latent as well, which scales and shifts each place (Zheng et al., 2022, arXiv:2209.09002).
    Spatial,
}

impl NormType {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_group(&self) -> bool {
        *self == Self::Group
    }
}

/// What a latent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latents {
    /// Codes of a codebook, as in diffusers' `VQModel`.
    Codes {
        /// Number of codes, k.
        num_vq_embeddings: usize,
        /// Dimensions of a code, d.
        vq_embed_dim: usize,
        /// Whether a projection of the vector chooses its code, as in `GumbelVQ` of taming-transformers, and not the
        /// distance from it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_projection: bool,
    },
    /// Means and variances of normal distributions, as in diffusers' `AutoencoderKL`.
    Normal {
        /// Whether a convolution follows the encoder.
        use_quant_conv: bool,
        /// Whether a convolution precedes the decoder.
        use_post_quant_conv: bool,
    },
}

/// Everything that fixes the shapes of the autoencoder; the fields are called as diffusers calls them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VqModelConfig {
    /// The images it takes and makes, in `[-1, 1]`.
    pub image: ImageShape,
    /// Channels of every level, from the image down; between two levels the image is halved.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks of a level of the encoder; one of the decoder has one more.
    pub layers_per_block: usize,
    /// The encoder's levels, from the image down.
    pub down_block_types: Vec<DownBlock>,
    /// The decoder's levels, from the latent up.
    pub up_block_types: Vec<UpBlock>,
    /// Whether the two residual blocks in the middle have attention between them.
    pub mid_block_add_attention: bool,
    /// Groups of channels that are normalized together.
    pub norm_num_groups: usize,
    /// What the decoder's normalizations depend on.
    #[serde(default, skip_serializing_if = "NormType::is_group")]
    pub norm_type: NormType,
    /// Channels between the decoder and what precedes it.
    pub latent_channels: usize,
    /// What a latent is.
    pub latents: Latents,
}

/// The sizes of an autoencoder do not go together, or it is one of another kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VqModelConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// A list has not one entry a level.
    #[error("{what} has {found} entries (expected {expected}, as many as block_out_channels)")]
    Levels {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The number of levels.
        expected: usize,
    },
    /// Channels do not fall into groups.
    #[error(
        "a level has {channels} channels for {groups} groups (expected multiples of norm_num_groups in block_out_channels)"
    )]
    Groups {
        /// The channels of a level.
        channels: usize,
        /// The number of groups.
        groups: usize,
    },
    /// The image cannot be halved as often as there are steps between levels.
    #[error(
        "images of {found} cannot be halved {halvings} times (expected sides that are multiples of {})",
        1 << halvings
    )]
    Indivisible {
        /// The images.
        found: ImageShape,
        /// How often they should be halved.
        halvings: usize,
    },
    /// A configuration does not parse.
    #[error(
        "reading the configuration: {0} (expected the config.json of a VQModel or AutoencoderKL)"
    )]
    Json(String),
    /// A model of another kind.
    #[error("{key} is {found} (expected {expected})")]
    Unsupported {
        /// What is different.
        key: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// One resolution of the encoder or the decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Channels before and after each residual block.
    pub blocks: Vec<[usize; 2]>,
    /// Whether attention follows each of them.
    pub attention: bool,
    /// Whether the planes are halved, or doubled, behind the last.
    pub resamples: bool,
}

impl Level {
    /// Channels behind its last block.
    pub fn channels(&self) -> usize {
        self.blocks.last().map_or(0, |[_, channels]| *channels)
    }
}

impl VqModelConfig {
    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When a value is out of range, lists differ in length, channels do not fall into groups, or the image cannot be
    /// halved often enough.
    pub fn check(&self) -> Result<(), VqModelConfigError> {
        check_extents([
            ("the number of image channels", self.image.channels, 1, 4),
            ("the image height", self.image.height, 1, 4096),
            ("the image width", self.image.width, 1, 4096),
            ("the length of block_out_channels", self.block_out_channels.len(), 1, 8),
            ("layers_per_block", self.layers_per_block, 1, 16),
            ("norm_num_groups", self.norm_num_groups, 1, 4096),
            ("latent_channels", self.latent_channels, 1, 4096),
        ])?;
        if let Latents::Codes { num_vq_embeddings, vq_embed_dim, .. } = self.latents {
            check_extents([
                ("num_vq_embeddings", num_vq_embeddings, 1, MAX_CODES),
                ("vq_embed_dim", vq_embed_dim, 1, 4096),
            ])?;
        }
        let channels = self.block_out_channels.iter();
        check_extents(channels.map(|&found| ("an entry of block_out_channels", found, 1, 8192)))?;
        self.check_levels()
    }

    fn check_levels(&self) -> Result<(), VqModelConfigError> {
        let expected = self.block_out_channels.len();
        let lists = [
            ("down_block_types", self.down_block_types.len()),
            ("up_block_types", self.up_block_types.len()),
        ];
        if let Some((what, found)) = lists.into_iter().find(|(_, found)| *found != expected) {
            return Err(VqModelConfigError::Levels { what, found, expected });
        }
        let groups = self.norm_num_groups;
        let ungrouped = |channels: &&usize| !channels.is_multiple_of(groups);
        if let Some(&channels) = self.block_out_channels.iter().find(ungrouped) {
            return Err(VqModelConfigError::Groups { channels, groups });
        }
        if self.norm_type == NormType::Spatial {
            self.check_spatial()?;
        }
        let halvings = self.halvings();
        let side = 1 << halvings;
        if !self.image.height.is_multiple_of(side) || !self.image.width.is_multiple_of(side) {
            return Err(VqModelConfigError::Indivisible { found: self.image, halvings });
        }
        Ok(())
    }

    /// Normalizations that depend on the latent take it as it is, and in a fixed number of groups.
    fn check_spatial(&self) -> Result<(), VqModelConfigError> {
        let groups = SPATIAL_GROUPS;
        let ungrouped = |channels: &&usize| !channels.is_multiple_of(groups);
        if let Some(&channels) = self.block_out_channels.iter().find(ungrouped) {
            return Err(VqModelConfigError::Groups { channels, groups });
        }
        let [latent, _, _] = self.latent_planes();
        if latent != self.latent_channels {
            return Err(VqModelConfigError::Unsupported {
                key: "vq_embed_dim",
                found: latent.to_string(),
                expected: "latent_channels, as norm_type is spatial",
            });
        }
        Ok(())
    }

    /// The same for images of other sides.
    pub fn at(&self, [height, width]: [usize; 2]) -> Self {
        Self { image: ImageShape::new(self.image.channels, height, width), ..self.clone() }
    }

    /// Whether a projection of vectors chooses their codes, and not the distance from them.
    pub fn is_projected(&self) -> bool {
        matches!(self.latents, Latents::Codes { by_projection: true, .. })
    }

    /// Whether a burn module of it exists: of normalizations by the latent and of projections there is none.
    pub fn has_module(&self) -> bool {
        self.norm_type == NormType::Group && !self.is_projected()
    }

    /// How often the image is halved.
    pub fn halvings(&self) -> usize {
        self.block_out_channels.len() - 1
    }

    /// Rows and columns of a latent.
    pub fn grid(&self) -> [usize; 2] {
        [self.image.height >> self.halvings(), self.image.width >> self.halvings()]
    }

    /// The shape of a latent: before quantization, or of the mean, `[d, h, w]`.
    pub fn latent_planes(&self) -> [usize; 3] {
        let [h, w] = self.grid();
        let d = match self.latents {
            Latents::Codes { vq_embed_dim, .. } => vq_embed_dim,
            Latents::Normal { .. } => self.latent_channels,
        };
        [d, h, w]
    }

    /// Channels behind the encoder's last convolution: for normal latents means and log-variances.
    pub fn encoded_channels(&self) -> usize {
        match self.latents {
            Latents::Codes { .. } => self.latent_channels,
            Latents::Normal { .. } => 2 * self.latent_channels,
        }
    }

    /// Channels before and after the convolution behind the encoder, if there is one.
    pub fn quant_conv(&self) -> Option<[usize; 2]> {
        let encoded = self.encoded_channels();
        match self.latents {
            Latents::Codes { vq_embed_dim, .. } => Some([encoded, vq_embed_dim]),
            Latents::Normal { use_quant_conv, .. } => use_quant_conv.then_some([encoded; 2]),
        }
    }

    /// Channels before and after the convolution in front of the decoder, if there is one.
    pub fn post_quant_conv(&self) -> Option<[usize; 2]> {
        let channels = [self.latent_planes()[0], self.latent_channels];
        match self.latents {
            Latents::Codes { .. } => Some(channels),
            Latents::Normal { use_post_quant_conv, .. } => use_post_quant_conv.then_some(channels),
        }
    }

    fn code_layout(&self, tensors: &NamedArrays) -> CodeLayout {
        let [weight, bias] =
            ["weight", "bias"].map(|part| tensors.get(&format!("{PROJECTION}.{part}")));
        match (weight, bias) {
            (Some(weight), Some(bias)) if self.is_projected() => {
                CodeLayout::Projected(Arc::new(Projection::new(weight, bias)))
            }
            _ => CodeLayout::Whole,
        }
    }

    /// Channels at the lowest resolution.
    pub fn mid_channels(&self) -> usize {
        self.block_out_channels.last().copied().unwrap_or(0)
    }

    /// The encoder's levels, from the image down.
    pub fn down_levels(&self) -> Vec<Level> {
        let first = self.block_out_channels.first().copied().unwrap_or(0);
        let attention = self.down_block_types.iter().map(|block| *block == DownBlock::Attention);
        levels(first, self.block_out_channels.iter().copied(), attention, self.layers_per_block)
    }

    /// The decoder's levels, from the latent up.
    pub fn up_levels(&self) -> Vec<Level> {
        let channels = self.block_out_channels.iter().rev().copied();
        let attention = self.up_block_types.iter().map(|block| *block == UpBlock::Attention);
        levels(self.mid_channels(), channels, attention, self.layers_per_block + 1)
    }
}

/// Levels of `blocks` residual blocks, of which the first of each takes over the channels of the level before.
fn levels(
    first: usize,
    channels: impl ExactSizeIterator<Item = usize>,
    attention: impl Iterator<Item = bool>,
    blocks: usize,
) -> Vec<Level> {
    let last = channels.len() - 1;
    let mut before = first;
    let level = |(index, (channels, attention)): (usize, (usize, bool))| {
        let mut sizes = vec![[channels; 2]; blocks];
        sizes[0][0] = std::mem::replace(&mut before, channels);
        Level { blocks: sizes, attention, resamples: index < last }
    };
    channels.zip(attention).enumerate().map(level).collect()
}

impl Architecture for VqModelConfig {
    fn family(&self) -> &'static str {
        match self.latents {
            Latents::Codes { .. } => "vqgan",
            Latents::Normal { .. } => "autoencoder-kl",
        }
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn sides_of(&self, grid: [usize; 2]) -> Option<[usize; 2]> {
        Some(grid.map(|side| side.saturating_mul(1 << self.halvings())))
    }

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        tensors::tensors(self)
    }

    fn latent(&self) -> Vec<usize> {
        self.latent_planes().to_vec()
    }

    fn range(&self) -> ValueRange {
        ValueRange::SIGNED
    }

    fn activations(&self) -> usize {
        // What normalization, activation, convolution and attention keep for every value that they make.
        const BLOCK: usize = 6;
        const ATTENTION: usize = 5;
        let levels = self.block_out_channels.len();
        let values = |level: &Level, scale: usize| {
            let plane = (self.image.height >> scale) * (self.image.width >> scale);
            let made: usize = level.blocks.iter().map(|[_, channels]| channels * plane).sum();
            let scores = 3 * level.blocks.len() * plane * plane;
            BLOCK * made + if level.attention { ATTENTION * made + scores } else { 0 }
        };
        let down = self.down_levels();
        let down = down.iter().enumerate().map(|(index, level)| values(level, index));
        let up = self.up_levels();
        let up = up.iter().enumerate().map(|(index, level)| values(level, levels - 1 - index));
        let channels = self.mid_channels();
        let attention = self.mid_block_add_attention;
        let mid = Level { blocks: vec![[channels; 2]; 2], attention, resamples: false };
        down.sum::<usize>() + up.sum::<usize>() + 2 * values(&mid, levels - 1)
    }

    /// For codes the encoder's outputs are `latent` `[d, h, w]`, before quantization, `indices` `[h, w]` and
    /// `quantized` `[d, h, w]`, and the decoder quantizes latents; for normal latents they are `latent` (the mean) and
    /// `logvar`, both `[d, h, w]`. The decoder makes `image` `[c, h, w]`, in `[-1, 1]` but for what overshoots.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        let codes = match self.latents {
            Latents::Normal { .. } => None,
            Latents::Codes { .. } => Some(CodeGraphs {
                quantizer: layers::quantizer(self, tensors)?,
                decoder: Some(layers::code_decoder(self, tensors)?),
                layout: self.code_layout(tensors),
            }),
        };
        Ok(Networks {
            encoder: Some(layers::encoder(self, tensors)?),
            decoder: Some(layers::decoder(self, tensors)?),
            codes,
        })
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        match self.latents {
            Latents::Codes { num_vq_embeddings, vq_embed_dim, .. } => {
                Some([num_vq_embeddings, vq_embed_dim])
            }
            Latents::Normal { .. } => None,
        }
    }
}
