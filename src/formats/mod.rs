//! Files in and out: arrays and pictures. Whatever is read is hostile until parsed.
//!
//! A bad file gives a [`FormatError`], never a panic and never an allocation much larger than the file.
//! Nothing is ever half-written under its final name. Knows nothing of models or windows.

pub mod arrays;
pub mod described;
pub mod directions;
pub mod export;
pub mod foreign;
pub mod pictures;
pub mod run_dir;
pub mod run_list;
pub mod weights;
mod yaml;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The system refused.
    #[error("{attempt}: {error}: {}", path.display())]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// What the system said. Part of the message, hence not a source.
        error: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The content is not what it has to be.
    #[error("{attempt}: {found} (expected {expected}): {}", path.display())]
    Content {
        /// What was attempted.
        attempt: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
        /// The file.
        path: PathBuf,
    },
}

impl FormatError {
    /// The file that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. } | Self::Content { path, .. } => path,
        }
    }

    pub(crate) fn io(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { attempt, error, path: path.to_owned() }
    }

    pub(crate) fn content(
        attempt: &'static str,
        found: impl Into<String>,
        expected: impl Into<String>,
        path: &Path,
    ) -> Self {
        Self::Content {
            attempt,
            found: found.into(),
            expected: expected.into(),
            path: path.to_owned(),
        }
    }
}

/// The text of a file that is no longer than `limit` bytes.
///
/// # Errors
/// When it is longer, is no text or cannot be read.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String, FormatError> {
    const READ: &str = "cannot read the text";
    let file = File::open(path).map_err(FormatError::io(READ, path))?;
    let mut text = String::new();
    file.take(limit + 1).read_to_string(&mut text).map_err(FormatError::io(READ, path))?;
    if text.len() as u64 > limit {
        let found = format!("more than {limit} bytes");
        return Err(FormatError::content(READ, found, "a short text", path));
    }
    Ok(text)
}

/// The file of a name in a folder, where the name itself comes from a file: it may not lead out of the folder, not
/// by its parts and not by a link.
///
/// Links into the store of a Hugging Face cache, whose `snapshots` are made of them, are followed: the folder is then
/// that of the whole model, `blobs` and `snapshots` together.
///
/// # Errors
/// When there is no such file, or it lies elsewhere.
pub fn contained(folder: &Path, name: &str) -> Result<PathBuf, FormatError> {
    const OPEN: &str = "cannot open a file of the model";
    let path = folder.join(name);
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !plain {
        let found = format!("the name {name:?}");
        return Err(FormatError::content(
            OPEN,
            found,
            "a name inside of the model's folder",
            folder,
        ));
    }
    let real = path.canonicalize().map_err(FormatError::io(OPEN, &path))?;
    let root = folder.canonicalize().map_err(FormatError::io(OPEN, folder))?;
    if !real.starts_with(&root) && !store_of(&root).is_some_and(|store| real.starts_with(store)) {
        let found = format!("a link to {}", real.display());
        return Err(FormatError::content(
            OPEN,
            found,
            "a file inside of the model's folder",
            &path,
        ));
    }
    Ok(path)
}

/// Where a Hugging Face cache keeps the files that a folder below `snapshots` links to.
fn store_of(folder: &Path) -> Option<PathBuf> {
    let snapshots = folder.ancestors().find(|folder| folder.ends_with("snapshots"))?;
    let blobs = snapshots.with_file_name("blobs");
    blobs.is_dir().then_some(blobs)
}

/// Writes a file so that it is there whole or not at all.
///
/// `write` fills a temporary file beside `path`, which is flushed to the disk and renamed over `path`.
/// When anything fails the temporary is removed and whatever was at `path` stays.
///
/// # Errors
/// Those of `write` and of the system.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), FormatError> {
    write_and_rename(path, write).map_err(FormatError::io("cannot write", path))
}

fn write_and_rename(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = Temporary(temporary_beside(path)?);
    let mut file =
        BufWriter::new(OpenOptions::new().write(true).create_new(true).open(&temporary.0)?);
    write(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    drop(file);
    fs::rename(&temporary.0, path)?;
    sync(parent(path))
}

/// Writes a folder so that it is there whole or not at all.
///
/// `write` fills a temporary folder beside `folder`, which is then renamed; an empty folder of that name is
/// replaced. When anything fails the temporary is removed. What `write` writes it flushes itself.
///
/// # Errors
/// Those of `write` and of the system, for example when `folder` is there and not empty.
pub fn write_whole_folder(
    folder: &Path,
    write: impl FnOnce(&Path) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let refused = |error| FormatError::io("cannot write a folder", folder)(error);
    let temporary = Temporary(temporary_beside(folder).map_err(refused)?);
    fs::create_dir(&temporary.0).map_err(refused)?;
    write(&temporary.0)?;
    let rename = || {
        sync(&temporary.0)?;
        if folder.is_dir() {
            fs::remove_dir(folder)?; // refused unless empty
        }
        fs::rename(&temporary.0, folder)?;
        sync(parent(folder))
    };
    rename().map_err(refused)
}

/// A file or folder that is removed when this goes, unless it was renamed by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let removed =
            if self.0.is_dir() { fs::remove_dir_all(&self.0) } else { fs::remove_file(&self.0) };
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("a temporary file stays behind: {error}: {}", self.0.display());
        }
    }
}

/// A name beside `path` that nobody else uses.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    temporary.push(format!(".{}-{count}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// The folder that `path` is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes what was created and renamed in `folder` survive a power cut, on systems that can open folders.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
