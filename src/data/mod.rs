//! Sources of images: files and procedures become batches of `f32` arrays with values in `[0, 1]`.
//!
//! A [`DataSpec`] names a source in one line of text, [`open`] makes a [`Dataset`] of it, and
//! [`Batches`] walks over that in a seeded order on a thread of its own. Everything that comes from a file is
//! hostile until it is parsed: counts are checked before memory is taken.
//! Knows nothing of burn, of windows, or of models.

pub mod augment;
mod batches;
mod bytes;
mod captions;
mod cifar;
pub mod corrupt;
mod dsprites;
mod error;
pub mod fetch;
mod folder;
mod idx;
mod npz;
mod recognise;
pub mod shapes;
mod spec;
mod stored;
mod turns;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::array::Array;
use crate::language::tr_later;
use crate::picture::ImageShape;

pub use batches::{Batch, Batches};
pub use error::{DataError, IoError};
pub use recognise::recognise;
pub use spec::{Background, CaptionStyle, DataSpec, DspritesOptions, FolderOptions, ShapesOptions};
pub use turns::{examined, turned};

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The images that a model learns from.
    Train,
    /// The images that are held out.
    Test,
}

impl std::str::FromStr for Split {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "train" => Ok(Self::Train),
            "test" => Ok(Self::Test),
            _ => Err(DataError::UnknownSplit { found: text.to_owned() }),
        }
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Train => tr_later!("train"),
            Self::Test => tr_later!("test"),
        })
    }
}

/// A known cause of the differences between images, such as the angle of a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorInfo {
    /// What varies, in lower case.
    pub name: String,
    /// Which values it takes.
    pub kind: FactorKind,
}

/// The values that a factor takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FactorKind {
    /// One of several; the value is the index of its name.
    Categories(Vec<String>),
    /// Any number in `[lo, hi]`.
    Continuous {
        /// The smallest value.
        lo: f32,
        /// The largest value.
        hi: f32,
    },
}

/// A set of images of one shape, in a train and a test part.
///
/// Every method that takes an index panics when it is not below [`Dataset::len`] of that split.
pub trait Dataset: Send + Sync {
    /// What people call it, for titles: "MNIST", or the name of a folder.
    fn name(&self) -> &str;

    /// The shape of every image.
    fn shape(&self) -> ImageShape;

    /// The number of images in a part; at least 1.
    fn len(&self, split: Split) -> usize;

    /// Writes the pixels of one image, in `[0, 1]`.
    ///
    /// # Shapes
    /// `out` is `[c, h, w]`.
    ///
    /// # Panics
    /// When `out` has another length.
    fn pixels(&self, split: Split, index: usize, out: &mut [f32]);

    /// The class of one image, an index into [`Dataset::class_names`]; none when the set has no classes.
    fn label(&self, split: Split, index: usize) -> Option<u32>;

    /// The names of the classes; empty when the set has none.
    fn class_names(&self) -> &[String];

    /// The known causes of variation; empty for most sets.
    fn factors(&self) -> &[FactorInfo] {
        &[]
    }

    /// The value of every factor for one image, in the order of [`Dataset::factors`].
    fn factor_values(&self, split: Split, index: usize) -> Option<Vec<f32>> {
        let _ = (split, index);
        None
    }

    /// One line of text that describes an image.
    fn caption(&self, split: Split, index: usize) -> Option<String>;

    /// Texts that belong to no image, to learn from as texts.
    fn lone_texts(&self) -> &[String] {
        &[]
    }

    /// Whether training never saw an image's combination of causes, although it saw each cause; no image of the training
    /// part, and none at all of most sets.
    fn is_held_out(&self, split: Split, index: usize) -> bool {
        let _ = (split, index);
        false
    }

    /// What was amiss while opening, a sentence each, worth showing to a person.
    fn warnings(&self) -> &[String];
}

/// How far a slow opening has come and whether to go on, shared with the thread that watches it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Called with (images done, images in all), from several threads.
    pub on_progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Set to stop early with [`DataError::Cancelled`].
    pub cancel: &'a AtomicBool,
}

/// Opens a source; whatever it keeps of the images is in memory afterwards.
///
/// # Errors
/// When files are missing, unreadable or malformed, or when the images would not fit into memory.
pub fn open(spec: &DataSpec) -> Result<Arc<dyn Dataset>, DataError> {
    open_watched(spec, Watch { on_progress: &|_, _| (), cancel: &AtomicBool::new(false) })
}

/// Opens a source as [`open`] does, reports progress where it takes long, and can be stopped.
///
/// # Errors
/// As [`open`], and [`DataError::Cancelled`] when it was stopped.
pub fn open_watched(spec: &DataSpec, watch: Watch<'_>) -> Result<Arc<dyn Dataset>, DataError> {
    Ok(match spec {
        DataSpec::Shapes(options) => Arc::new(shapes::Shapes::new(*options)),
        DataSpec::Mnist(dir) => Arc::new(idx::open(idx::Family::Mnist, dir)?),
        DataSpec::FashionMnist(dir) => Arc::new(idx::open(idx::Family::FashionMnist, dir)?),
        DataSpec::Cifar10 { dir, seed } => Arc::new(cifar::open(dir, *seed)?),
        DataSpec::Dsprites { file, options } => Arc::new(dsprites::open(file, options, watch)?),
        DataSpec::Folder { dir, options } => Arc::new(folder::open(dir, options, watch)?),
    })
}

/// The images at `indices`, in that order, with values in `[0, 1]`.
///
/// # Shapes
/// `[b, c, h, w]`.
///
/// # Panics
/// When an index is not below the length of the split.
pub fn batch(dataset: &dyn Dataset, split: Split, indices: &[u32]) -> Array {
    let shape = dataset.shape();
    let mut images = Array::zeros(shape.batch(indices.len())); // [b, c, h, w]
    for (&index, out) in indices.iter().zip(images.data_mut().chunks_exact_mut(shape.len())) {
        dataset.pixels(split, index as usize, out);
    }
    images
}

/// The number of images in each class of a part, in the order of [`Dataset::class_names`]; empty without classes.
pub fn class_counts(dataset: &dyn Dataset, split: Split) -> Vec<usize> {
    let mut counts = vec![0; dataset.class_names().len()];
    for label in (0..dataset.len(split)).filter_map(|index| dataset.label(split, index)) {
        counts[label as usize] += 1;
    }
    counts
}

/// The last part of a path as text, for names in titles.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
