//! Which data lies at a path that a person points at.

use std::fs;
use std::path::Path;

use super::npz::Npz;
use super::{DataSpec, DspritesOptions, FolderOptions};

/// The source at `path`: a NumPy archive of `imgs`, or a folder, by the names of its files; none for other files
/// and for a folder that cannot be read. Reads names only.
pub fn recognise(path: &Path) -> Option<DataSpec> {
    let owned = path.to_owned();
    if path.is_file() {
        let is_npz = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"));
        let has_images = is_npz && Npz::open(path).is_ok_and(|archive| archive.has("imgs"));
        let options = DspritesOptions::default();
        return has_images.then_some(DataSpec::Dsprites { file: owned, options });
    }
    let entries = fs::read_dir(path).ok()?;
    let names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    let has = |start: &str| {
        names.iter().any(|name| name.as_encoded_bytes().starts_with(start.as_bytes()))
    };
    Some(if has("train-images") {
        let is_fashion = path.to_string_lossy().to_lowercase().contains("fashion");
        if is_fashion { DataSpec::FashionMnist(owned) } else { DataSpec::Mnist(owned) }
    } else if has("data_batch_") {
        DataSpec::Cifar10 { dir: owned, seed: 0 }
    } else {
        DataSpec::Folder { dir: owned, options: FolderOptions::default() }
    })
}
