//! Models of other libraries: what kind lies at a path, what network it is, and where its weights are.
//!
//! Configurations and weights come from strangers: nothing is run, nothing outside of the opened folder is read, and
//! no tensor is read before its name and shape are known to be right.

mod codebook;
mod described;
mod diffusers;
mod infer;
mod taesd;
mod taming;

use std::path::{Path, PathBuf};

use super::run_dir::ModelConfig;
use super::weights::Weights;
use super::{FormatError, contained};

const OPEN: &str = "cannot open the model";

/// The longest configuration that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Where an autoencoder lies in a folder: in itself, or as part of a pipeline.
const PARTS: [&str; 4] = [".", "vae", "vqvae", "movq"];

/// Files of a folder that are looked at, at most.
const MAX_FILES: usize = 10_000;

/// What files of models are called by their ends.
pub const ENDINGS_OF_MODELS: [&str; 6] = ["safetensors", "ckpt", "pth", "pt", "bin", "toml"];

/// A model of another library whose weights are not read yet.
#[derive(Debug)]
pub struct Foreign {
    /// Whose layout it is: `diffusers`, `taming`, `ldm` or `taesd`; `described` for one that a TOML tells of, `tensor` for
    /// a codebook alone.
    pub source: &'static str,
    /// The network.
    pub model: ModelConfig,
    /// Its weights, by the network's names.
    pub weights: Weights,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
    /// What the configuration says beyond the network, for example `scaling_factor`.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// The model of another library at a path: a folder of diffusers, a pipeline of it that holds an autoencoder, a
/// checkpoint of taming-transformers or latent-diffusion, the pair of files of TAESD, or a TOML that tells of a model of
/// no standard layout. Of a checkpoint of no layout that is known, the tensor that looks most like a codebook. Nothing
/// where there is none.
///
/// # Errors
/// When there is one that cannot be read or is of a kind that cannot be run.
pub fn find(path: &Path) -> Result<Option<Foreign>, FormatError> {
    if path.is_dir() { in_folder(path) } else { in_file(path).map(Some) }
}

/// Whether what lies at a path is called as models are; only names are looked at, and whether a `config.json` is
/// diffusers'.
pub fn is_model(path: &Path) -> bool {
    if !path.is_dir() {
        return is_called_model(path);
    }
    let has_config = |part: &str| matches!(diffusers::config_of(&path.join(part)), Ok(Some(_)));
    PARTS.iter().any(|part| has_config(part))
        || described::in_folder(path).is_some()
        || weight_files(path).is_ok_and(|files| !files.is_empty())
}

fn is_called_model(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS_OF_MODELS.contains(&ending))
}

/// The tensor of a name as a codebook alone, out of a checkpoint of whatever layout.
///
/// # Errors
/// When there is no such tensor, or it can be no codebook.
pub fn find_codebook(path: &Path, tensor: &str) -> Result<Foreign, FormatError> {
    let file =
        if path.is_dir() { only_file(path, &weight_files(path)?)? } else { Some(path.to_owned()) };
    let file =
        file.ok_or_else(|| FormatError::content(OPEN, "no weights", "a checkpoint", path))?;
    codebook::named(Weights::open(&file)?, tensor)
}

fn in_folder(folder: &Path) -> Result<Option<Foreign>, FormatError> {
    for part in PARTS {
        let here = folder.join(part);
        if let Some(config) = diffusers::config_of(&here)? {
            let mut found = diffusers::open(&here, &config)?;
            if part != "." {
                found
                    .notes
                    .push(format!("It is the {part} of a pipeline; the rest of it is left alone."));
            }
            return Ok(Some(found));
        }
    }
    if let Some(description) = described::in_folder(folder) {
        return described::open(&description).map(Some);
    }
    let files = weight_files(folder)?;
    if let Some(pair) = taesd::pair(&files) {
        return taesd::open(&pair).map(Some);
    }
    only_file(folder, &files)?.map(|file| in_file(&file)).transpose()
}

/// The file of a folder that holds its weights, of several the one with a YAML of its own name; nothing where none does.
fn only_file(folder: &Path, files: &[PathBuf]) -> Result<Option<PathBuf>, FormatError> {
    let mut with_yaml = files.iter().filter(|file| file.with_extension("yaml").is_file());
    let told = with_yaml.next().filter(|_| with_yaml.next().is_none());
    match (files, told) {
        ([], _) => Ok(None),
        ([file], _) | (_, Some(file)) => contained(folder, &name_of(file)).map(Some),
        (several, None) => {
            let names: Vec<String> = several.iter().take(6).map(|file| name_of(file)).collect();
            let dots = if several.len() > names.len() { ", …" } else { "" };
            let found = format!("{} checkpoints ({}{dots})", several.len(), names.join(", "));
            Err(FormatError::content(OPEN, found, "one, or the path of the one to open", folder))
        }
    }
}

fn in_file(file: &Path) -> Result<Foreign, FormatError> {
    if described::is_description(file) {
        return described::open(file);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let weights = Weights::open(file)?;
    if taesd::is_half(&weights)
        && let Some(pair) = taesd::pair_of(file)
    {
        return taesd::open(&pair);
    }
    if let Some(prefix) = taming::prefix(&weights) {
        return taming::open(weights, &prefix, taming::yaml_of(file)?.as_deref());
    }
    if let Some(config) = diffusers::config_of(folder)? {
        return diffusers::with_weights(folder, &config, weights);
    }
    if let Some(prefix) = infer::prefix(&weights) {
        return infer::open(weights, &prefix);
    }
    if let Some(description) = described::of_weights(file) {
        return described::open(&description);
    }
    let candidates = codebook::candidates(&weights);
    if !candidates.is_empty() {
        return codebook::open(weights, &candidates);
    }
    let names: Vec<&str> = weights.names().take(4).collect();
    let found = format!("tensors of no known layout ({}, …)", names.join(", "));
    let expected = "those of diffusers' VQModel, AutoencoderKL or AutoencoderTiny, of taming-transformers or \
                    latent-diffusion, or of TAESD; a model.toml beside them can tell of others";
    Err(FormatError::content(OPEN, found, expected, file))
}

/// The files of a folder that look like weights, sorted.
fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let entries = std::fs::read_dir(folder).map_err(FormatError::io(OPEN, folder))?;
    let is_weights = |path: &PathBuf| {
        is_called_model(path) && !described::is_description(path) && path.is_file()
    };
    let paths = entries.take(MAX_FILES).filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(is_weights).collect();
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What stands before a name in every tensor, where one ends with it and others show that they are siblings.
fn common_prefix(weights: &Weights, first: &str, second: &str) -> Option<String> {
    let prefixes = weights.names().filter_map(|name| name.strip_suffix(first));
    let ends_a_part = |prefix: &&str| prefix.is_empty() || prefix.ends_with('.');
    let has_both = |prefix: &&str| weights.has(&format!("{prefix}{second}"));
    let shortest = prefixes.filter(ends_a_part).filter(has_both).min_by_key(|prefix| prefix.len());
    shortest.map(str::to_owned)
}

/// Says which tensors of a checkpoint the network does not have, if there are some.
fn left_out(weights: &Weights, model: &ModelConfig) -> Option<String> {
    let known: std::collections::BTreeSet<String> =
        model.tensors().into_iter().map(|(name, _)| name).collect();
    let others: Vec<&str> = weights.names().filter(|name| !known.contains(*name)).collect();
    let first = others.first()?;
    Some(match others.len() {
        1 => format!("One tensor is not part of the network and is left out: {first}."),
        n => {
            format!("{n} tensors are not part of the network and are left out, {first} among them.")
        }
    })
}
