//! Checkpoints in several files, told of by an index.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{READ, Weights};
use crate::formats::{FormatError, contained};

/// The longest index that is read, in bytes; real ones of thousands of tensors stay under one MiB.
const MAX_INDEX_BYTES: u64 = 16 << 20;
/// The most files that one checkpoint is split into.
const MAX_FILES: usize = 1000;

/// What counts in `….safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Opens the files that an index of Hugging Face's layout names, all in its own folder.
    ///
    /// # Errors
    /// When the index does not parse, names a file elsewhere or a tensor that its file lacks, or a file cannot be read.
    ///
    /// # Panics
    /// Never: an index without files is an error.
    pub fn open_index(path: &Path) -> Result<Self, FormatError> {
        let wrong =
            |found: String, expected: &str| FormatError::content(READ, found, expected, path);
        let text = crate::formats::read_text(path, MAX_INDEX_BYTES)?;
        let index: Index = serde_json::from_str(&text)
            .map_err(|error| wrong(error.to_string(), "an index with a weight_map"))?;
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, file) in &index.weight_map {
            parts.entry(file).or_default().push(tensor);
        }
        if parts.is_empty() || parts.len() > MAX_FILES {
            let found = format!("{} files", parts.len());
            return Err(wrong(found, "an index of 1 to 1000 files"));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut all: Option<Self> = None;
        for (file, tensors) in parts {
            let part = Self::open(&contained(folder, file)?)?;
            if let Some(tensor) = tensors.iter().find(|tensor| !part.has(tensor)) {
                return Err(wrong(
                    format!("{tensor} in {file}, which lacks it"),
                    "tensors that are there",
                ));
            }
            let part = part.renamed(|name| tensors.contains(&name).then(|| name.to_owned()))?;
            all = Some(match all {
                Some(all) => all.joined(part)?,
                None => Self { path: path.to_owned(), ..part },
            });
        }
        Ok(all.expect("at least one file"))
    }
}
