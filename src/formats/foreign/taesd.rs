//! TAESD as its own repository gives it: an encoder and a decoder, each a bare sequence of layers in a file of its own.

use std::path::{Path, PathBuf};

use super::{Foreign, OPEN, left_out, name_of};
use crate::formats::FormatError;
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::tiny::TinyConfig;
use crate::picture::{ImageShape, ValueRange};

/// Layers that are looked for, at most.
const MAX_LAYERS: usize = 512;

/// The files of an encoder and of its decoder.
pub(super) struct Pair {
    encoder: PathBuf,
    decoder: PathBuf,
}

/// The encoder and the decoder among some files, where there is one of each; of twins in several formats the last by
/// name, which is safetensors.
pub(super) fn pair(files: &[PathBuf]) -> Option<Pair> {
    files.iter().rev().find_map(|file| pair_of(file))
}

/// Whether a file is a bare sequence of layers: names that begin with a number.
pub(super) fn is_half(weights: &Weights) -> bool {
    let is_layer =
        |name: &str| name.split('.').next().is_some_and(|first| first.parse::<usize>().is_ok());
    weights.names().all(is_layer) && weights.names().next().is_some()
}

/// The pair that a file belongs to: `…encoder…` beside `…decoder…`.
pub(super) fn pair_of(file: &Path) -> Option<Pair> {
    let name = name_of(file);
    let sibling = |from: &str, to: &str| {
        let (before, after) = name.rsplit_once(from)?;
        let sibling = file.with_file_name(format!("{before}{to}{after}"));
        sibling.is_file().then_some(sibling)
    };
    if let Some(decoder) = sibling("encoder", "decoder") {
        return Some(Pair { encoder: file.to_owned(), decoder });
    }
    let encoder = sibling("decoder", "encoder")?;
    Some(Pair { encoder, decoder: file.to_owned() })
}

/// The model of a pair.
pub(super) fn open(pair: &Pair) -> Result<Foreign, FormatError> {
    let [encoder, decoder] = [Weights::open(&pair.encoder)?, Weights::open(&pair.decoder)?];
    let encoder = encoder.renamed(|name| layer(name, 0, "encoder"))?;
    // The decoder's first layer, which has no weights, is not counted in diffusers.
    let decoder = decoder.renamed(|name| layer(name, 1, "decoder"))?;
    let weights = encoder.joined(decoder)?;
    let model = described(&weights)?;
    model
        .check()
        .map_err(|found| FormatError::content(OPEN, found, "a pair of TAESD", weights.path()))?;
    let model = ModelConfig::Tiny(model);
    let notes = left_out(&weights, &model).into_iter().collect();
    Ok(Foreign { source: "taesd", model, weights, notes, facts: serde_json::Map::new() })
}

/// diffusers' name of the layer `<number>.<rest>`, counted from `first`; other names stay.
fn layer(name: &str, first: usize, part: &str) -> Option<String> {
    let (number, rest) = name.split_once('.')?;
    let number: usize = number.parse().ok()?;
    Some(format!("{part}.layers.{}.{rest}", number.checked_sub(first)?))
}

/// The network whose layers these are.
fn described(weights: &Weights) -> Result<TinyConfig, FormatError> {
    let (encoder, [image, latent_channels]) = levels(weights, "encoder")?;
    let (decoder, _) = levels(weights, "decoder")?;
    let columns = |levels: &[[usize; 2]]| -> (Vec<usize>, Vec<usize>) {
        levels.iter().map(|&[channels, blocks]| (channels, blocks)).unzip()
    };
    let (encoder_block_out_channels, num_encoder_blocks) = columns(&encoder);
    let (decoder_block_out_channels, num_decoder_blocks) = columns(&decoder);
    let side = super::infer::USUAL_SIDE;
    Ok(TinyConfig {
        image: ImageShape::new(image, side, side),
        range: ValueRange::UNIT,
        latent_channels,
        encoder_block_out_channels,
        num_encoder_blocks,
        decoder_block_out_channels,
        num_decoder_blocks,
        upsampling_scaling_factor: 2,
    })
}

/// Channels and blocks of every level of a network, and the channels that it takes and gives: convolutions without a
/// bias stand between levels.
fn levels(weights: &Weights, part: &str) -> Result<(Vec<[usize; 2]>, [usize; 2]), FormatError> {
    let wrong = |found: String| {
        FormatError::content(
            OPEN,
            found,
            "the layers of TAESD's encoder and decoder",
            weights.path(),
        )
    };
    let mut levels: Vec<[usize; 2]> = Vec::new();
    let mut ends = Vec::new();
    for index in 0..MAX_LAYERS {
        let name = format!("{part}.layers.{index}");
        if weights.has(&format!("{name}.conv.0.weight")) {
            levels.last_mut().ok_or_else(|| wrong(format!("{name} before any convolution")))?[1] +=
                1;
            continue;
        }
        let Some(shape) = weights.shape(&format!("{name}.weight")) else { continue };
        let &[after, before, 3, 3] = shape else {
            return Err(wrong(format!("{name}.weight of the shape {shape:?}")));
        };
        if weights.has(&format!("{name}.bias")) {
            ends.push([after, before]);
            if ends.len() == 1 {
                levels.push([after, 0]);
            }
        } else {
            levels.push([after, 0]);
        }
    }
    match ends.as_slice() {
        &[[_, before], [after, _]] => Ok((levels, [before, after])),
        other => Err(wrong(format!("{} convolutions with a bias in the {part}", other.len()))),
    }
}
