//! Models of no standard layout, told by a TOML beside their weights.

use std::path::{Path, PathBuf};

use super::{Foreign, name_of};
use crate::array::NamedArrays;
use crate::formats::FormatError;
use crate::formats::described::Described;
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;

/// What a description is called that has not the name of its weights.
const USUAL: &str = "model.toml";
/// Names of tensors that a note names, at most.
const NAMED: usize = 3;

/// Whether a file is a description by its name.
pub(super) fn is_description(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "toml")
}

/// The description that lies in a folder: the usual one, or the only one beside weights.
pub(super) fn in_folder(folder: &Path) -> Option<PathBuf> {
    let usual = folder.join(USUAL);
    if usual.is_file() {
        return Some(usual);
    }
    let entries = std::fs::read_dir(folder).ok()?.take(super::MAX_FILES).filter_map(Result::ok);
    let mut files = entries.map(|entry| entry.path()).filter(|path| is_description(path));
    // One that lies among pictures tells of something else.
    let has_weights = super::weight_files(folder).is_ok_and(|files| !files.is_empty());
    files.next().filter(|_| files.next().is_none() && has_weights)
}

/// The description of some weights: of their own name, or the usual one.
pub(super) fn of_weights(file: &Path) -> Option<PathBuf> {
    [file.with_extension("toml"), file.with_file_name(USUAL)]
        .into_iter()
        .find(|path| path.is_file())
}

/// The model of a description.
pub(super) fn open(file: &Path) -> Result<Foreign, FormatError> {
    let described = Described::read(file)?;
    let weights = Weights::open(&described.weights_file()?)?;
    let weights = without_prefix(weights, &described.names())?;
    let found: Vec<String> = weights.names().map(str::to_owned).collect();
    described.check_names(&found)?;
    let untold = described.untold(&found);
    let mut notes = Vec::new();
    if let Some(first) = untold.first() {
        let some = untold.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let others = if untold.len() > NAMED { ", …" } else { "" };
        notes.push(match untold.len() {
            1 => format!("{} does not tell of one tensor of the weights: {first}.", name_of(file)),
            n => format!(
                "{} does not tell of {n} tensors of the weights: {some}{others}.",
                name_of(file)
            ),
        });
    }
    let read = |name: String| Ok((name.clone(), weights.array(&name)?));
    let tensors =
        described.names().into_iter().map(read).collect::<Result<NamedArrays, FormatError>>()?;
    let model = ModelConfig::Described(described.model(&tensors)?);
    Ok(Foreign { source: "described", model, weights, notes, facts: serde_json::Map::new() })
}

/// The weights without what stands before every name that is told, such as `state_dict.` of Lightning's checkpoints.
fn without_prefix(weights: Weights, told: &[String]) -> Result<Weights, FormatError> {
    let Some(first) = told.first().filter(|first| !weights.has(first)) else { return Ok(weights) };
    let has_all = |prefix: &&str| told.iter().all(|name| weights.has(&format!("{prefix}{name}")));
    let prefixes = weights.names().filter_map(|name| name.strip_suffix(first.as_str()));
    let ends_a_part = |prefix: &&str| prefix.ends_with('.');
    let prefix = prefixes.filter(ends_a_part).filter(has_all).min_by_key(|prefix| prefix.len());
    match prefix.map(str::to_owned) {
        Some(prefix) => weights.renamed(|name| name.strip_prefix(&prefix).map(str::to_owned)),
        None => Ok(weights),
    }
}
