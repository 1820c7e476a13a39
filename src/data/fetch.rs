//! Downloads the standard sets, file by file, verified, and resumed where an earlier attempt stopped.
//!
//! A transfer goes to `NAME.part`; only a file whose length and SHA-256 are right gets its final name.

mod sets;
mod transfer;
mod unpack;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};

use super::IoError;

pub use sets::{SET_NAMES, remote_files};

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name in the output folder, and behind the base address of a mirror.
    pub name: String,
    /// Where it is, in the order in which the addresses are tried.
    pub urls: Vec<String>,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// When it is a `.tar.gz` archive: what to unpack. The archive itself is then deleted.
    pub members: Vec<Member>,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name in the output folder; in the archive, whatever folder it is in.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// How far a download has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The file that is being transferred.
    pub file: String,
    /// Bytes of the whole set that are on disk.
    pub done_bytes: u64,
    /// Bytes of the whole set.
    pub total_bytes: u64,
}

/// What a finished download did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Files that were downloaded or unpacked now.
    pub new_files: Vec<PathBuf>,
    /// Files that were already there, complete and verified.
    pub kept_files: Vec<PathBuf>,
}

/// Why a set could not be downloaded. What has arrived stays in `NAME.part`, so that trying again goes on there.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No set of this name can be downloaded.
    #[error("download a data set: found name {found:?} (expected {})", SET_NAMES.join(", "))]
    UnknownSet {
        /// The name that was given.
        found: String,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] IoError),
    /// No address gave the file.
    #[error(
        "download {name}: {} (expected {bytes} bytes with the published checksum); \
         try again later, which goes on where it stopped, or name a mirror",
        failures_text(failures)
    )]
    Download {
        /// The file.
        name: String,
        /// Its published length.
        bytes: u64,
        /// Each address with what went wrong there.
        failures: Vec<(String, Failure)>,
    },
    /// A verified archive does not hold what it should, which is a defect of the table.
    #[error("unpack {archive}: {name} {failure}")]
    Unpack {
        /// The archive.
        archive: String,
        /// The file in it.
        name: String,
        /// What is wrong with it.
        failure: Failure,
    },
    /// A person asked to stop.
    #[error("download a data set: cancelled; trying again goes on where it stopped")]
    Cancelled,
}

/// What went wrong with one file at one address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server answered something else than the file.
    #[error("answered status {0}")]
    Status(u16),
    /// No connection, or it broke.
    #[error("did not answer: {0}")]
    Connection(String),
    /// The transfer ended early, several times.
    #[error("stopped after {found} bytes")]
    Interrupted {
        /// How much there is.
        found: u64,
    },
    /// There is more than there should be.
    #[error("sent more than {expected} bytes")]
    TooLong {
        /// The published length.
        expected: u64,
    },
    /// The content is not the published one; it was deleted.
    #[error("sent a file with SHA-256 {found} (expected {expected}), which was deleted")]
    Checksum {
        /// The SHA-256 of what arrived.
        found: String,
        /// The published SHA-256.
        expected: String,
    },
    /// An archive lacks the file.
    #[error("is missing")]
    Missing,
}

fn failures_text(failures: &[(String, Failure)]) -> String {
    let items: Vec<String> =
        failures.iter().map(|(url, failure)| format!("{url} {failure}")).collect();
    if items.is_empty() { "no address to download it from".to_owned() } else { items.join("; ") }
}

/// Downloads a set into a folder, which is made if need be.
///
/// `mirrors` are base addresses to use in place of the built-in ones; the name of the file is put behind each.
/// Files that are already there and right are left alone.
///
/// # Errors
/// When the name is unknown, no address gives a file that verifies, the disk refuses, or it was cancelled.
pub fn fetch(
    name: &str,
    out_dir: &Path,
    mirrors: &[String],
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<Fetched, FetchError> {
    let mut files = remote_files(name)?;
    if !mirrors.is_empty() {
        for file in &mut files {
            file.urls = mirrors
                .iter()
                .map(|base| format!("{}/{}", base.trim_end_matches('/'), file.name))
                .collect();
        }
    }
    fetch_files(&files, out_dir, progress, cancel)
}

/// Downloads the files of a table of one's own, as [`fetch`] does.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_files(
    files: &[RemoteFile],
    out_dir: &Path,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<Fetched, FetchError> {
    fs::create_dir_all(out_dir).map_err(IoError::at("make a folder", out_dir))?;
    let total_bytes = files.iter().map(|file| file.bytes).sum();
    let mut earlier_bytes = 0;
    let mut fetched = Fetched::default();
    let agent = transfer::agent();
    for file in files {
        let mut report = |file_bytes: u64| {
            let done_bytes = earlier_bytes + file_bytes;
            progress(Progress { file: file.name.clone(), done_bytes, total_bytes });
        };
        let products = file.products(out_dir);
        if all_right(&products, cancel)? {
            fetched.kept_files.extend(products.into_iter().map(|product| product.path));
        } else {
            let archive = transfer::download(&agent, file, out_dir, &mut report, cancel)?;
            if !file.members.is_empty() {
                unpack::unpack(&archive, file, out_dir, cancel)?;
            }
            fetched.new_files.extend(products.into_iter().map(|product| product.path));
        }
        report(file.bytes);
        earlier_bytes += file.bytes;
    }
    Ok(fetched)
}

/// A file that is there in the end.
struct Product<'a> {
    path: PathBuf,
    bytes: u64,
    sha256: &'a str,
}

impl<'a> Product<'a> {
    fn new(out_dir: &Path, name: &str, bytes: u64, sha256: &'a str) -> Self {
        Self { path: out_dir.join(name), bytes, sha256 }
    }
}

impl RemoteFile {
    fn products(&self, out_dir: &Path) -> Vec<Product<'_>> {
        if self.members.is_empty() {
            return vec![Product::new(out_dir, &self.name, self.bytes, &self.sha256)];
        }
        self.members
            .iter()
            .map(|of| Product::new(out_dir, &of.name, of.bytes, &of.sha256))
            .collect()
    }
}

/// Whether all files are there with the right content.
fn all_right(products: &[Product<'_>], cancel: &AtomicBool) -> Result<bool, FetchError> {
    for product in products {
        let has_length = fs::metadata(&product.path)
            .is_ok_and(|found| found.is_file() && found.len() == product.bytes);
        if !has_length || sha256_of(&product.path, cancel)? != product.sha256 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The SHA-256 of a file in hexadecimal digits.
fn sha256_of(path: &Path, cancel: &AtomicBool) -> Result<String, FetchError> {
    let mut file = fs::File::open(path).map_err(IoError::at("read a file to verify it", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        check(cancel)?;
        match file.read(&mut buffer).map_err(IoError::at("read a file to verify it", path))? {
            0 => return Ok(format!("{:x}", hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Stops when a person asked to.
fn check(cancel: &AtomicBool) -> Result<(), FetchError> {
    if cancel.load(Ordering::Relaxed) { Err(FetchError::Cancelled) } else { Ok(()) }
}

/// Where `path` is written before it is complete.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
