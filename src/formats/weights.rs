//! The named tensors of a checkpoint, whatever kind of file they lie in: safetensors, in one file or in shards, or a
//! PyTorch pickle.
//!
//! Tensors are read only when they are asked for, by name and shape: what a file holds beside them (optimizers,
//! discriminators) costs nothing.

mod shards;
mod torch;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use self::torch::TorchFile;
use super::FormatError;
use super::arrays::ArrayFile;
use crate::array::{Array, NamedArrays};

const READ: &str = "cannot read the weights";

/// Named tensors of one checkpoint.
#[derive(Debug)]
pub struct Weights {
    /// What was opened, for messages.
    path: PathBuf,
    files: Vec<Source>,
    /// Where each tensor lies, by the name that it goes by.
    places: BTreeMap<String, Place>,
}

#[derive(Debug)]
enum Source {
    Safetensors(ArrayFile),
    Torch(TorchFile),
}

/// A tensor in one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: usize,
    name: String,
}

impl Weights {
    /// Opens a checkpoint; what kind of file it is shows in its first bytes, not in its name.
    ///
    /// # Errors
    /// When it cannot be read or is no checkpoint.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let source = Source::open(path)?;
        let places = source.names().into_iter().map(|name| (name.clone(), Place { file: 0, name }));
        Ok(Self { path: path.to_owned(), places: places.collect(), files: vec![source] })
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The shape of a tensor, outermost axis first.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        let place = self.places.get(name)?;
        match &self.files[place.file] {
            Source::Safetensors(file) => file.shape(&place.name),
            Source::Torch(file) => file.shape(&place.name),
        }
    }

    /// The same tensors under other names; those that get none are left out.
    ///
    /// # Errors
    /// When two get the same name.
    pub fn renamed(self, rename: impl Fn(&str) -> Option<String>) -> Result<Self, FormatError> {
        let mut places = BTreeMap::new();
        for (old, place) in self.places {
            let Some(new) = rename(&old) else { continue };
            if let Some(other) = places.insert(new.clone(), place) {
                return Err(FormatError::content(
                    READ,
                    format!("{old} and {}, which both stand for {new}", other.name),
                    "one tensor for each",
                    &self.path,
                ));
            }
        }
        Ok(Self { places, ..self })
    }

    /// The same with those of another checkpoint, each under the names that it has.
    ///
    /// # Errors
    /// When both have a tensor of one name.
    pub fn joined(self, other: Self) -> Result<Self, FormatError> {
        let Self { path, mut files, mut places } = self;
        let before = files.len();
        files.extend(other.files);
        for (name, place) in other.places {
            if places.contains_key(&name) {
                let found = format!("{name} here and in {}", other.path.display());
                return Err(FormatError::content(READ, found, "one tensor of a name", &path));
            }
            places.insert(name, Place { file: before + place.file, ..place });
        }
        Ok(Self { path, files, places })
    }

    /// One tensor as `f32`.
    ///
    /// # Errors
    /// When there is none of that name, it holds no real numbers, or the file cannot be read.
    pub fn array(&self, name: &str) -> Result<Array, FormatError> {
        let place = self.places.get(name).ok_or_else(|| self.missing(&[name]))?;
        match &self.files[place.file] {
            Source::Safetensors(file) => file.array(&place.name),
            Source::Torch(file) => file.array(&place.name),
        }
    }

    /// The tensors of a description: their names with their shapes. A shape may have ones more at its end in the
    /// file: kernels of one place stand for matrices.
    ///
    /// # Errors
    /// When one is missing, has another shape or cannot be read; nothing is read before all names and shapes are
    /// known to be right.
    ///
    /// # Panics
    /// Never: shapes are compared before.
    pub fn read(&self, described: &[(String, Vec<usize>)]) -> Result<NamedArrays, FormatError> {
        let absent: Vec<&str> = described
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !self.has(name))
            .collect();
        if !absent.is_empty() {
            return Err(self.missing(&absent));
        }
        for (name, expected) in described {
            let found = self.shape(name).unwrap_or_default();
            let rest = found.strip_prefix(expected.as_slice());
            if !rest.is_some_and(|rest| rest.iter().all(|&extent| extent == 1)) {
                return Err(FormatError::content(
                    READ,
                    format!("{name} of the shape {found:?}"),
                    format!("{expected:?}, as the model's configuration says"),
                    &self.path,
                ));
            }
        }
        let read = |(name, shape): &(String, Vec<usize>)| {
            let array = self.array(name)?;
            let array = Array::new(shape.clone(), array.into_data()).expect("as many values");
            Ok((name.clone(), array))
        };
        described.iter().map(read).collect()
    }

    fn missing(&self, names: &[&str]) -> FormatError {
        let first = names.first().copied().unwrap_or_default();
        let more = match names.len() {
            0 | 1 => String::new(),
            2 => " and one more".to_owned(),
            n => format!(" and {} more", n - 1),
        };
        let found = match self.places.len() {
            0 => "no tensors at all".to_owned(),
            n => {
                let some: Vec<&str> = self.names().take(4).collect();
                let dots = if n > some.len() { ", …" } else { "" };
                format!("{n} tensors ({}{dots})", some.join(", "))
            }
        };
        FormatError::content(READ, found, format!("{first}{more} among them"), &self.path)
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, FormatError> {
        let mut first = [0; 9];
        let file = File::open(path).map_err(FormatError::io(READ, path))?;
        let mut read = Vec::new();
        file.take(first.len() as u64)
            .read_to_end(&mut read)
            .map_err(FormatError::io(READ, path))?;
        first[..read.len()].copy_from_slice(&read);
        // A length of eight bytes, then JSON.
        if first[8] == b'{' {
            return ArrayFile::open(path).map(Self::Safetensors);
        }
        TorchFile::open(path).map(Self::Torch)
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Safetensors(file) => file.names(),
            Self::Torch(file) => file.names(),
        }
    }
}
