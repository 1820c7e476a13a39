//! What can go wrong with a data source, said so that a person can act on it.

use std::path::{Path, PathBuf};

/// The operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("{action}: {source}: {}", path.display())]
pub struct IoError {
    /// What was attempted.
    pub action: &'static str,
    /// The system's reason.
    pub source: std::io::Error,
    /// The file or folder.
    pub path: PathBuf,
}

impl IoError {
    /// Turns the system's reason into an error.
    pub(super) fn at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self { action, source, path: path.to_owned() }
    }
}

/// A data source that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The text names no kind of source that exists.
    #[error(
        "read a data source: found kind {found:?} (expected `shapes`, `mnist:DIR`, `fashion-mnist:DIR`, \
         `cifar10:DIR`, `dsprites:FILE` or `folder:DIR`, options as `?key=value&key=value`)"
    )]
    UnknownKind {
        /// What stands before the colon.
        found: String,
    },
    /// A kind that reads files was named without a folder.
    #[error("read a data source: `{kind}` names no folder (expected `{kind}:DIR`)")]
    NoFolder {
        /// The kind of source.
        kind: &'static str,
    },
    /// A kind that reads one file was named without it.
    #[error("read a data source: `{kind}` names no file (expected `{kind}:FILE`)")]
    NoFile {
        /// The kind of source.
        kind: &'static str,
    },
    /// A kind without files was given a folder.
    #[error(
        "read a data source: found {found:?} after `{kind}` (expected options only, as `{kind}?key=value`)"
    )]
    UnexpectedFolder {
        /// The kind of source.
        kind: &'static str,
        /// What stands after the colon.
        found: String,
    },
    /// An option that the kind does not have.
    #[error("read a data source: `{kind}` has no option {key:?} (expected {expected})")]
    UnknownOption {
        /// The kind of source.
        kind: &'static str,
        /// The option that was given.
        key: String,
        /// Every option of this kind, with its values.
        expected: String,
    },
    /// An option with a value that it cannot have.
    #[error("read a data source: option `{key}` of `{kind}` is {value:?} (expected {expected})")]
    BadOption {
        /// The kind of source.
        kind: &'static str,
        /// The option.
        key: String,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        expected: String,
    },
    /// The text names no part of a data set.
    #[error("read a split: found {found:?} (expected `train` or `test`)")]
    UnknownSplit {
        /// The text that was given.
        found: String,
    },
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] IoError),
    /// Files of a set are not there.
    #[error("open {set}: found no {missing}; {advice}: {}", dir.display())]
    MissingFiles {
        /// The name of the set.
        set: &'static str,
        /// The files, with their spellings.
        missing: String,
        /// How to get them.
        advice: String,
        /// Where they were looked for.
        dir: PathBuf,
    },
    /// A file holds something else than its format says.
    #[error("{action}: found {found} (expected {expected}); {advice}: {}", path.display())]
    Malformed {
        /// What was attempted.
        action: &'static str,
        /// What is in the file.
        found: String,
        /// What should be in it.
        expected: String,
        /// What to do.
        advice: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A folder without a single readable image.
    #[error("open a folder of images: found {found} (expected at least one image: {formats}): {}", dir.display())]
    NoImages {
        /// How many files there are, and why they could not be read.
        found: String,
        /// The file name endings that are read.
        formats: String,
        /// The folder.
        dir: PathBuf,
    },
    /// The images would not fit into memory.
    #[error(
        "open a folder of images: {images} images at {size}×{size}×{channels} take {needed_gib:.1} GiB \
         (expected at most {limit_gib:.1}); choose a smaller `size` or fewer images: {}", dir.display()
    )]
    TooLarge {
        /// The number of files.
        images: usize,
        /// The side of each image, in pixels.
        size: usize,
        /// The colour planes of each image.
        channels: usize,
        /// What they would take, in GiB.
        needed_gib: f64,
        /// What they may take, in GiB.
        limit_gib: f64,
        /// The folder.
        dir: PathBuf,
    },
    /// Batches were asked for that cannot be made.
    #[error("make batches: found {found} (expected {expected})")]
    BadBatches {
        /// What was asked for.
        found: String,
        /// What can be asked for.
        expected: &'static str,
    },
    /// The thread that makes batches failed.
    #[error(
        "make batches: the thread stopped: {reason} (expected it to go on); this is a defect, please report it"
    )]
    Panicked {
        /// The message of the panic.
        reason: String,
    },
    /// A person asked to stop.
    #[error("open a data source: cancelled")]
    Cancelled,
}
