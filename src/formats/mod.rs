//! Files in and out: arrays and pictures. Whatever is read is hostile until parsed.
//!
//! A bad file gives a [`FormatError`], never a panic and never an allocation much larger than the file.
//! Nothing is ever half-written under its final name. Knows nothing of models or windows.

pub mod arrays;
pub mod described;
pub mod pictures;
pub mod run_dir;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
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
