//! Checkpoints of taming-transformers and latent-diffusion: Lightning's `.ckpt` or its twin in safetensors, alone or
//! inside of a whole Stable Diffusion, with the YAML that they were trained by or without.
//!
//! The network is told from names and shapes; the YAML adds what they do not show, and has to agree with them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Foreign, MAX_CONFIG_BYTES, OPEN, common_prefix, infer, left_out};
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;
use crate::formats::{FormatError, contained, read_text, yaml};
use crate::graph::lower::vq_model::{CODEBOOK, Latents, VqModelConfig};

/// Levels that are looked for, at most.
const MAX_LEVELS: usize = 16;

/// What stands before the names, where a checkpoint has them: `state_dict.` for Lightning's, `first_stage_model.`
/// inside of a whole diffusion model, or both.
pub(super) fn prefix(weights: &Weights) -> Option<String> {
    common_prefix(weights, "encoder.conv_in.weight", "encoder.down.0.block.0.conv1.weight")
}

/// The YAML of a checkpoint: `<stem>.yaml`, else the only one of its folder.
pub(super) fn yaml_of(file: &Path) -> Result<Option<PathBuf>, FormatError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let own = file.with_extension("yaml");
    let path = if own.is_file() {
        own
    } else {
        let entries = std::fs::read_dir(folder).map_err(FormatError::io(OPEN, folder))?;
        let paths = entries.take(super::MAX_FILES).filter_map(Result::ok).map(|entry| entry.path());
        let mut yamls =
            paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
        match (yamls.next(), yamls.next()) {
            (Some(only), None) => only,
            _ => return Ok(None),
        }
    };
    contained(folder, &super::name_of(&path)).map(Some)
}

/// The model of a checkpoint whose names have a prefix.
pub(super) fn open(
    weights: Weights,
    prefix: &str,
    yaml: Option<&Path>,
) -> Result<Foreign, FormatError> {
    let levels = (0..MAX_LEVELS)
        .take_while(|level| {
            weights.has(&format!("{prefix}encoder.down.{level}.block.0.conv1.weight"))
        })
        .count();
    let weights = weights.renamed(|name| renamed(name.strip_prefix(prefix)?, levels))?;
    let described = yaml.map(Described::read).transpose()?;
    let side = described.as_ref().and_then(|described| described.sizes.resolution);
    let model = infer::vq_model(&weights, side)?;
    let mut notes = Vec::new();
    match &described {
        Some(described) => described.check(&model)?,
        None => notes.push(format!(
            "No YAML lies beside the checkpoint: the network was told from the shapes of its tensors, and images of \
             {0} by {0} are assumed.",
            model.image.height
        )),
    }
    if prefix.contains("first_stage_model.") {
        notes.push("It is the first stage of a larger model, whose rest is left alone.".to_owned());
    }
    if model.is_projected() {
        notes.push(
            "A projection chooses its codes: always the best, where taming-transformers draws among them.".to_owned(),
        );
    }
    let target = described.as_ref().map_or("", |described| described.target.as_str());
    let is_taming = match target.split('.').next() {
        Some("taming") => true,
        Some("ldm") => false,
        _ => {
            matches!(model.latents, Latents::Codes { .. }) && !prefix.contains("first_stage_model.")
        }
    };
    let model = ModelConfig::VqModel(model);
    notes.extend(left_out(&weights, &model));
    let mut facts = serde_json::Map::new();
    if !target.is_empty() {
        facts.insert("target".to_owned(), target.into());
    }
    let source = if is_taming { "taming" } else { "ldm" };
    Ok(Foreign { source, model, weights, notes, facts })
}

/// diffusers' name of a tensor; nothing for what is not part of the autoencoder, such as its discriminator.
fn renamed(name: &str, levels: usize) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let tail = |from: usize| parts[from..].join(".");
    let block = |from: usize| {
        let rest = tail(from);
        rest.strip_prefix("nin_shortcut.")
            .map_or(rest.clone(), |rest| format!("conv_shortcut.{rest}"))
    };
    let attention = |from: usize| {
        let part = match *parts.get(from)? {
            "norm" => "group_norm",
            "q" => "to_q",
            "k" => "to_k",
            "v" => "to_v",
            "proj_out" => "to_out.0",
            _ => return None,
        };
        Some(format!("{part}.{}", tail(from + 1)))
    };
    Some(match *parts.as_slice() {
        ["quant_conv" | "post_quant_conv", _]
        | ["quantize", "embedding", "weight"]
        | ["quantize", "proj", _] => name.to_owned(),
        ["quantize", "embed", "weight"] => CODEBOOK.to_owned(),
        [net @ ("encoder" | "decoder"), "conv_in" | "conv_out", _] => format!("{net}.{}", tail(1)),
        [net @ ("encoder" | "decoder"), "norm_out", last] => format!("{net}.conv_norm_out.{last}"),
        [net @ ("encoder" | "decoder"), "mid", part, ..] => match part {
            "block_1" => format!("{net}.mid_block.resnets.0.{}", block(3)),
            "block_2" => format!("{net}.mid_block.resnets.1.{}", block(3)),
            "attn_1" => format!("{net}.mid_block.attentions.0.{}", attention(3)?),
            _ => return None,
        },
        ["encoder", "down", level, part, ..] => {
            let level: usize = level.parse().ok()?;
            let name = format!("encoder.down_blocks.{level}");
            inner(&name, "downsamplers", part, &parts, &block, &attention)?
        }
        ["decoder", "up", level, part, ..] => {
            // These count from the image down, diffusers' from the latent up.
            let level = levels.checked_sub(1)?.checked_sub(level.parse().ok()?)?;
            let name = format!("decoder.up_blocks.{level}");
            inner(&name, "upsamplers", part, &parts, &block, &attention)?
        }
        _ => return None,
    })
}

/// A name within a level.
fn inner(
    level: &str,
    resampler: &str,
    part: &str,
    parts: &[&str],
    block: &dyn Fn(usize) -> String,
    attention: &dyn Fn(usize) -> Option<String>,
) -> Option<String> {
    let index = parts.get(4)?;
    Some(match part {
        "block" => format!("{level}.resnets.{index}.{}", block(5)),
        "attn" => format!("{level}.attentions.{index}.{}", attention(5)?),
        "downsample" | "upsample" => format!("{level}.{resampler}.0.{}", parts[4..].join(".")),
        _ => return None,
    })
}

/// What counts in a YAML.
#[derive(Deserialize)]
struct Yaml {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    target: String,
    #[serde(default)]
    params: Params,
}

#[derive(Default, Deserialize)]
struct Params {
    embed_dim: Option<usize>,
    n_embed: Option<usize>,
    ddconfig: Option<Sizes>,
    /// The autoencoder of a diffusion model or of a transformer.
    first_stage_config: Option<Box<Model>>,
}

#[derive(Clone, Default, Deserialize)]
struct Sizes {
    resolution: Option<usize>,
    in_channels: Option<usize>,
    ch: Option<usize>,
    ch_mult: Option<Vec<usize>>,
    num_res_blocks: Option<usize>,
    z_channels: Option<usize>,
}

/// The autoencoder that a YAML describes.
struct Described {
    path: PathBuf,
    target: String,
    embed_dim: Option<usize>,
    n_embed: Option<usize>,
    sizes: Sizes,
}

impl Described {
    fn read(path: &Path) -> Result<Self, FormatError> {
        let text = read_text(path, MAX_CONFIG_BYTES)?;
        let wrong = |found: String| {
            FormatError::content(OPEN, found, "a YAML with model.target and model.params", path)
        };
        let value = yaml::parse(&text).map_err(wrong)?;
        let yaml: Yaml = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        let mut model = yaml.model;
        if let Some(inner) = model.params.first_stage_config.take() {
            model = *inner;
        }
        let Params { embed_dim, n_embed, ddconfig, .. } = model.params;
        let sizes = ddconfig.unwrap_or_default();
        Ok(Self { path: path.to_owned(), target: model.target, embed_dim, n_embed, sizes })
    }

    /// Refuses a YAML that tells of another network than the tensors do.
    fn check(&self, model: &VqModelConfig) -> Result<(), FormatError> {
        let differs = |key: &str, told: String, found: String| {
            let told = format!("{key} is {told}");
            FormatError::content(OPEN, told, format!("{found}, as the tensors have it"), &self.path)
        };
        let [codes, dim] = match model.latents {
            Latents::Codes { num_vq_embeddings, vq_embed_dim, .. } => {
                [Some(num_vq_embeddings), Some(vq_embed_dim)]
            }
            Latents::Normal { .. } => [None; 2],
        };
        for (key, told, found) in [
            ("n_embed", self.n_embed, codes),
            ("embed_dim", self.embed_dim, dim),
            ("in_channels", self.sizes.in_channels, Some(model.image.channels)),
            ("num_res_blocks", self.sizes.num_res_blocks, Some(model.layers_per_block)),
            ("z_channels", self.sizes.z_channels, Some(model.latent_channels)),
        ] {
            if let (Some(told), Some(found)) = (told, found)
                && told != found
            {
                return Err(differs(key, told.to_string(), found.to_string()));
            }
        }
        if let (Some(ch), Some(multiples)) = (self.sizes.ch, &self.sizes.ch_mult) {
            let told: Vec<usize> =
                multiples.iter().map(|&times| ch.saturating_mul(times)).collect();
            if told != model.block_out_channels {
                let found = format!("channels of {:?}", model.block_out_channels);
                return Err(differs("ch times ch_mult", format!("{told:?}"), found));
            }
        }
        Ok(())
    }
}
