//! One file over HTTP, resumed by ranges.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, header};

use super::{Failure, FetchError, IoError, RemoteFile, check, part_of, sha256_of};

/// How often an address is tried when transfers from it break off.
const ATTEMPTS: u32 = 4;
/// The pause before a further attempt, times the number of attempts so far.
const PAUSE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);

/// How a transfer from one address ended, other than well.
enum End {
    /// Nothing else is worth trying.
    Fatal(FetchError),
    /// The same address may do better next time.
    Again(Failure),
    /// Only another address may do better.
    Elsewhere(Failure),
}

impl From<FetchError> for End {
    fn from(error: FetchError) -> Self {
        Self::Fatal(error)
    }
}

impl From<IoError> for End {
    fn from(error: IoError) -> Self {
        FetchError::from(error).into()
    }
}

/// What sends the requests: status codes are answers, and silence ends after a while.
pub(super) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .accept_encoding("identity") // the checksums are those of the files as they are
        .build()
        .into()
}

/// Downloads and verifies one file, and gives back its path. `report` is told how many bytes there are.
pub(super) fn download(
    agent: &Agent,
    file: &RemoteFile,
    out_dir: &Path,
    report: &mut dyn FnMut(u64),
    cancel: &AtomicBool,
) -> Result<PathBuf, FetchError> {
    let path = out_dir.join(&file.name);
    let part = part_of(&path);
    let mut failures: Vec<(String, Failure)> = Vec::new();
    for url in &file.urls {
        match from_address(agent, url, file, &part, report, cancel) {
            Ok(()) => {
                for (url, failure) in &failures {
                    log::warn!("{} came from another address, because {url} {failure}", file.name);
                }
                fs::rename(&part, &path)
                    .map_err(IoError::at("rename a finished download", &path))?;
                return Ok(path);
            }
            Err(End::Fatal(error)) => return Err(error),
            Err(End::Again(failure) | End::Elsewhere(failure)) => {
                failures.push((url.clone(), failure));
            }
        }
    }
    Err(FetchError::Download { name: file.name.clone(), bytes: file.bytes, failures })
}

/// Completes and verifies the part file from one address, with several attempts.
fn from_address(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    part: &Path,
    report: &mut dyn FnMut(u64),
    cancel: &AtomicBool,
) -> Result<(), End> {
    let mut attempt = 1;
    loop {
        check(cancel)?;
        match one_transfer(agent, url, file.bytes, part, report, cancel) {
            Ok(()) => return verify(file, part, cancel),
            Err(End::Again(_)) if attempt < ATTEMPTS => {
                std::thread::sleep(PAUSE * attempt);
                attempt += 1;
            }
            Err(end) => return Err(end),
        }
    }
}

/// Asks for what the part file lacks and appends it.
fn one_transfer(
    agent: &Agent,
    url: &str,
    bytes: u64,
    part: &Path,
    report: &mut dyn FnMut(u64),
    cancel: &AtomicBool,
) -> Result<(), End> {
    let mut out = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(part)
        .map_err(IoError::at("write a download", part))?;
    let mut have = out.metadata().map_err(IoError::at("write a download", part))?.len();
    if have > bytes {
        have = restart(&mut out, part)?;
    }
    if have == bytes {
        return Ok(()); // complete, but an earlier run ended before it could be verified
    }
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header(header::RANGE, format!("bytes={have}-"));
    }
    let response =
        request.call().map_err(|error| End::Again(Failure::Connection(error.to_string())))?;
    match response.status().as_u16() {
        206 if range_start(response.headers()) == Some(have) => {}
        200 => have = restart(&mut out, part)?, // a server that ignores ranges sends all of it again
        206 | 416 => {
            // The server's file and ours do not go together: the next attempt begins anew.
            restart(&mut out, part)?;
            return Err(End::Again(Failure::Status(response.status().as_u16())));
        }
        status @ (408 | 429 | 500..) => return Err(End::Again(Failure::Status(status))),
        status => return Err(End::Elsewhere(Failure::Status(status))),
    }
    out.seek(SeekFrom::Start(have)).map_err(IoError::at("write a download", part))?;
    let copied =
        copy(&mut response.into_body().into_reader(), &mut out, have, bytes, part, report, cancel);
    // What has arrived must be safe on disk before anything relies on it.
    out.sync_all().map_err(IoError::at("write a download", part))?;
    copied
}

/// Empties the part file.
fn restart(out: &mut File, part: &Path) -> Result<u64, FetchError> {
    out.set_len(0).map_err(IoError::at("write a download", part))?;
    Ok(0)
}

/// The first byte of the range that an answer holds, from "bytes 100-199/200".
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    range.split('-').next()?.trim().parse().ok()
}

/// Copies a body behind the `have` bytes that are there, up to `bytes` in all.
fn copy(
    body: &mut dyn Read,
    out: &mut File,
    mut have: u64,
    bytes: u64,
    part: &Path,
    report: &mut dyn FnMut(u64),
    cancel: &AtomicBool,
) -> Result<(), End> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        report(have);
        check(cancel)?;
        let count = match body.read(&mut buffer) {
            Ok(0) if have == bytes => return Ok(()),
            Ok(0) | Err(_) => return Err(End::Again(Failure::Interrupted { found: have })),
            Ok(count) => count,
        };
        have += count as u64;
        if have > bytes {
            restart(out, part)?;
            return Err(End::Elsewhere(Failure::TooLong { expected: bytes }));
        }
        out.write_all(&buffer[..count]).map_err(IoError::at("write a download", part))?;
    }
}

/// Compares the checksum, and deletes a part file that is wrong.
fn verify(file: &RemoteFile, part: &Path, cancel: &AtomicBool) -> Result<(), End> {
    let found = sha256_of(part, cancel)?;
    if found == file.sha256 {
        return Ok(());
    }
    fs::remove_file(part).map_err(IoError::at("delete a wrong download", part))?;
    Err(End::Elsewhere(Failure::Checksum { found, expected: file.sha256.clone() }))
}
