//! Bytes of a file that may be compressed, never more of them than its format allows.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{DataError, IoError};

const READ: &str = "read a data file";
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Opens a file, unpacking it on the way if it begins as gzip does, whatever it is called.
///
/// None of the formats read through here can begin with those two bytes themselves.
pub(super) fn open_plain_or_gzip(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let mut reader = BufReader::new(File::open(path).map_err(IoError::at(READ, path))?);
    let start = reader.fill_buf().map_err(IoError::at(READ, path))?;
    if start.starts_with(&GZIP_MAGIC) {
        Ok(Box::new(MultiGzDecoder::new(reader)))
    } else {
        Ok(Box::new(reader))
    }
}

/// Reads to the end, but at most `limit` bytes.
///
/// Memory grows with what really arrives, so a header that promises too much costs nothing.
pub(super) fn read_at_most(
    reader: &mut dyn Read,
    limit: u64,
    path: &Path,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes).map_err(IoError::at(READ, path))?;
    Ok(bytes)
}

/// The first of several spellings that is a file in `dir`.
pub(super) fn first_existing(dir: &Path, names: &[String]) -> Option<std::path::PathBuf> {
    names.iter().map(|name| dir.join(name)).find(|path| path.is_file())
}
