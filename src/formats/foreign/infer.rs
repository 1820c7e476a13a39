//! What network a checkpoint of an autoencoder is, told from the names and shapes of its tensors alone.

use super::{Foreign, OPEN, common_prefix, left_out};
use crate::formats::FormatError;
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;
use crate::graph::lower::vq_model::{
    CODEBOOK, DownBlock, Latents, NormType, PROJECTION, UpBlock, VqModelConfig,
};
use crate::picture::ImageShape;

/// The side of images where nothing tells it; the networks take any.
pub(super) const USUAL_SIDE: usize = 256;
/// The groups of every normalization in taming-transformers, latent-diffusion and by default in diffusers.
const USUAL_GROUPS: usize = 32;
/// Levels, or blocks of a level, that are looked for, at most.
const MOST: usize = 16;

/// What stands before diffusers' names, where a checkpoint has them.
pub(super) fn prefix(weights: &Weights) -> Option<String> {
    common_prefix(weights, "encoder.conv_in.weight", "encoder.down_blocks.0.resnets.0.conv1.weight")
}

/// The model of a checkpoint under diffusers' names that has no configuration beside it.
pub(super) fn open(weights: Weights, prefix: &str) -> Result<Foreign, FormatError> {
    let weights =
        weights.renamed(|name| name.strip_prefix(prefix).map(super::diffusers::modern))?;
    let model = vq_model(&weights, None)?;
    let side = model.image.height;
    let model = ModelConfig::VqModel(model);
    let mut notes = vec![format!(
        "No config.json lies beside the weights: the network was told from their shapes, and images of {side} by {side} are assumed."
    )];
    notes.extend(left_out(&weights, &model));
    Ok(Foreign { source: "diffusers", model, weights, notes, facts: serde_json::Map::new() })
}

/// The autoencoder whose tensors these are, for images of a side, or of the usual one.
///
/// # Errors
/// When a tensor that says something is missing or has another number of axes, or the sizes do not go together.
pub(super) fn vq_model(
    weights: &Weights,
    side: Option<usize>,
) -> Result<VqModelConfig, FormatError> {
    let shapes = Shapes { weights };
    let [first, channels] = shapes.conv("encoder.conv_in")?;
    let mut widths = Vec::new();
    while let Some(width) = shapes.level(widths.len())? {
        widths.push(width);
    }
    let blocks =
        |index: &usize| weights.has(&format!("encoder.down_blocks.0.resnets.{index}.conv1.weight"));
    let attends = |part: &str| weights.has(&format!("{part}.attentions.0.to_q.weight"));
    let level = |index: usize| attends(&format!("encoder.down_blocks.{index}"));
    let down = (0..widths.len()).map(level);
    let level = |index: usize| attends(&format!("decoder.up_blocks.{index}"));
    let up = (0..widths.len()).map(level);
    let [_, latent_channels] = shapes.conv("decoder.conv_in")?;
    let latents = match weights.shape(CODEBOOK) {
        Some(&[num_vq_embeddings, vq_embed_dim]) => {
            let by_projection = weights.has(&format!("{PROJECTION}.weight"));
            Latents::Codes { num_vq_embeddings, vq_embed_dim, by_projection }
        }
        Some(other) => return Err(shapes.wrong(format!("a codebook of the shape {other:?}"))),
        None => Latents::Normal {
            use_quant_conv: weights.has("quant_conv.weight"),
            use_post_quant_conv: weights.has("post_quant_conv.weight"),
        },
    };
    let is_spatial = weights.has("decoder.mid_block.resnets.0.norm1.conv_y.weight");
    let halvings = widths.len().saturating_sub(1);
    let step = 1usize << halvings.min(MOST);
    let side = side.unwrap_or(USUAL_SIDE).max(step).next_multiple_of(step);
    let config = VqModelConfig {
        image: ImageShape::new(channels, side, side),
        layers_per_block: (0..MOST).take_while(blocks).count(),
        down_block_types: down
            .map(|attends| if attends { DownBlock::Attention } else { DownBlock::Plain })
            .collect(),
        up_block_types: up
            .map(|attends| if attends { UpBlock::Attention } else { UpBlock::Plain })
            .collect(),
        mid_block_add_attention: attends("encoder.mid_block"),
        norm_num_groups: groups([first].iter().chain(&widths)),
        norm_type: if is_spatial { NormType::Spatial } else { NormType::Group },
        latent_channels,
        latents,
        block_out_channels: widths,
    };
    config.check().map_err(|error| shapes.wrong(error.to_string()))?;
    Ok(config)
}

/// The usual number of groups, or for channels that are no multiples of it the largest power of two that divides all.
fn groups<'a>(mut channels: impl Iterator<Item = &'a usize>) -> usize {
    let together = channels.try_fold(USUAL_GROUPS, |groups, &channels| {
        let shift = (groups.trailing_zeros()).min(channels.trailing_zeros());
        (channels > 0).then_some(1usize << shift)
    });
    together.unwrap_or(1)
}

struct Shapes<'a> {
    weights: &'a Weights,
}

impl Shapes<'_> {
    /// Channels after and before a convolution.
    fn conv(&self, name: &str) -> Result<[usize; 2], FormatError> {
        match self.weights.shape(&format!("{name}.weight")) {
            Some(&[after, before, _, _]) => Ok([after, before]),
            Some(other) => Err(self.wrong(format!("{name}.weight of the shape {other:?}"))),
            None => Err(self.wrong(format!("no {name}.weight"))),
        }
    }

    /// The channels of a level of the encoder; nothing behind the last.
    fn level(&self, index: usize) -> Result<Option<usize>, FormatError> {
        let name = format!("encoder.down_blocks.{index}.resnets.0.conv1");
        if index >= MOST || !self.weights.has(&format!("{name}.weight")) {
            return Ok(None);
        }
        self.conv(&name).map(|[after, _]| Some(after))
    }

    fn wrong(&self, found: String) -> FormatError {
        let expected = "the tensors of a convolutional autoencoder with residual blocks";
        FormatError::content(OPEN, found, expected, self.weights.path())
    }
}
