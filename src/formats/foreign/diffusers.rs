//! Folders of diffusers: `config.json` beside `diffusion_pytorch_model.safetensors`, in whole or in shards, as f32,
//! f16 or bf16, or as the older `.bin`.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Foreign, MAX_CONFIG_BYTES, OPEN, left_out, name_of};
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;
use crate::formats::{FormatError, contained, read_text};
use crate::graph::lower::tiny::TinyConfig;
use crate::graph::lower::vq_model::VqModelConfig;

const CONFIG: &str = "config.json";
const CLASS: &str = "_class_name";

/// What weights are called, best first: whole before halves, safetensors before pickles.
const WEIGHTS: [&str; 10] = [
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.safetensors.index.fp16.json",
    "diffusion_pytorch_model.fp16.bin",
    "diffusion_pytorch_model.bf16.safetensors",
    "diffusion_pytorch_model.safetensors.index.bf16.json",
    "diffusion_pytorch_model.bf16.bin",
];

/// Keys that say something beyond the network.
const FACTS: [&str; 10] = [
    "scaling_factor",
    "shift_factor",
    "latents_mean",
    "latents_std",
    "force_upcast",
    "lookup_from_codebook",
    "latent_magnitude",
    "latent_shift",
    "_diffusers_version",
    "_name_or_path",
];

/// The configuration of a folder, if it holds one of diffusers.
pub(super) fn config_of(folder: &Path) -> Result<Option<Map<String, Value>>, FormatError> {
    let file = folder.join(CONFIG);
    if !file.is_file() {
        return Ok(None);
    }
    let text = read_text(&contained(folder, CONFIG)?, MAX_CONFIG_BYTES)?;
    let Ok(Value::Object(config)) = serde_json::from_str(&text) else { return Ok(None) };
    Ok(config.contains_key(CLASS).then_some(config))
}

/// The model of a folder with such a configuration.
pub(super) fn open(folder: &Path, config: &Map<String, Value>) -> Result<Foreign, FormatError> {
    let Some(name) = WEIGHTS.into_iter().find(|name| folder.join(name).is_file()) else {
        let expected =
            "diffusion_pytorch_model.safetensors or .bin, whole, sharded, .fp16 or .bf16";
        return Err(FormatError::content(OPEN, "a config.json without weights", expected, folder));
    };
    let file = contained(folder, name)?;
    let is_index = file.extension().is_some_and(|ending| ending == "json");
    let weights = if is_index { Weights::open_index(&file)? } else { Weights::open(&file)? };
    with_weights(folder, config, weights)
}

/// The model of such a configuration with some weights.
pub(super) fn with_weights(
    folder: &Path,
    config: &Map<String, Value>,
    weights: Weights,
) -> Result<Foreign, FormatError> {
    let path = folder.join(CONFIG);
    let wrong =
        |found: String| FormatError::content(OPEN, found, "a configuration that fits", &path);
    let class = config.get(CLASS).and_then(Value::as_str).unwrap_or_default();
    let (model, unknown) = match class {
        "VQModel" | "AutoencoderKL" => {
            let (model, unknown) =
                VqModelConfig::from_diffusers(config).map_err(|error| wrong(error.to_string()))?;
            (ModelConfig::VqModel(model), unknown)
        }
        "AutoencoderTiny" => {
            let (model, unknown) = TinyConfig::from_diffusers(config).map_err(wrong)?;
            (ModelConfig::Tiny(model), unknown)
        }
        other => {
            let found = format!("a model of the class {other:?}");
            let expected = "VQModel, AutoencoderKL or AutoencoderTiny";
            return Err(FormatError::content(OPEN, found, expected, &path));
        }
    };
    model.check().map_err(wrong)?;
    let weights = weights.renamed(|name| Some(modern(name)))?;
    let mut notes = Vec::new();
    if !unknown.is_empty() {
        notes.push(format!("Keys of {CONFIG} that are not known: {}.", unknown.join(", ")));
    }
    let file = name_of(weights.path());
    for (mark, what) in [(".fp16.", "f16"), (".bf16.", "bf16")] {
        if file.contains(mark) {
            notes.push(format!("The weights are stored as {what}; they are run as f32."));
        }
    }
    notes.extend(left_out(&weights, &model));
    let facts = FACTS.into_iter().filter_map(|key| {
        let value = config.get(key).filter(|value| !value.is_null())?;
        Some((key.to_owned(), value.clone()))
    });
    Ok(Foreign { source: "diffusers", model, weights, notes, facts: facts.collect() })
}

/// A tensor's name as newer releases write it: those before 0.17 called the parts of attention otherwise.
pub(super) fn modern(name: &str) -> String {
    let Some((before, after)) = name.split_once(".attentions.") else { return name.to_owned() };
    let mut parts: Vec<&str> = after.split('.').collect();
    if let Some(part) = parts.get_mut(1) {
        *part = match *part {
            "query" => "to_q",
            "key" => "to_k",
            "value" => "to_v",
            "proj_attn" => "to_out.0",
            other => other,
        };
    }
    format!("{before}.attentions.{}", parts.join("."))
}
