//! NumPy's `.npz`: a zip archive of `.npy` arrays, each read value by value.
//!
//! Layout of an array: the bytes `93 'NUMPY'`, a major and a minor version, the length of the header as a
//! little-endian u16 (u32 from version 2 on), the header, which is a Python dictionary of three entries, and
//! the values. Source: NumPy Enhancement Proposal 1, <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
//!
//! Only what is asked for is unpacked, only into memory that the caller has, and nothing is ever run: an array of
//! Python objects is a pickle, which is a program, and has none of the types that can be asked for.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::{DataError, IoError};

const MAGIC: &[u8] = b"\x93NUMPY";
/// A header with its alignment takes 128 bytes; this is NumPy's own limit.
const MAX_HEADER: usize = 10_000;
/// More characters than any type of single values has, and more extents than any array here. Both are shown to people.
const MAX_DTYPE: usize = 16;
const MAX_EXTENTS: usize = 8;
const READ: &str = "read a NumPy archive";

/// An archive of arrays.
pub(super) struct Npz<'p> {
    archive: ZipArchive<BufReader<File>>,
    path: &'p Path,
}

impl<'p> Npz<'p> {
    /// Reads the archive's table of contents.
    pub(super) fn open(path: &'p Path) -> Result<Self, DataError> {
        // Opening a pipe would wait for ever.
        if !fs::metadata(path).map_err(IoError::at(READ, path))?.is_file() {
            return Err(malformed("no file", "a NumPy archive, NAME.npz", path));
        }
        let file = BufReader::new(File::open(path).map_err(IoError::at(READ, path))?);
        let archive = ZipArchive::new(file).map_err(|error| zip_error(error, path))?;
        Ok(Self { archive, path })
    }

    /// Whether there is an array of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(&format!("{name}.npy")).is_some()
    }

    /// Starts to read an array whose values have the type `dtype`, for example `<f8`.
    pub(super) fn array(
        &mut self,
        name: &'static str,
        dtype: &str,
    ) -> Result<NpyArray<'_>, DataError> {
        let path = self.path;
        if !self.has(name) {
            return Err(malformed(
                format!("no array {name}"),
                format!("{name}.npy in the archive"),
                path,
            ));
        }
        let entry = self.archive.by_name(&format!("{name}.npy"));
        let mut values = Box::new(BufReader::new(entry.map_err(|error| zip_error(error, path))?));
        let header = match Header::read(&mut values) {
            Ok(Some(header)) => header,
            Ok(None) => {
                let found = format!("{name}.npy without a NumPy header");
                return Err(malformed(found, "one of version 1, 2 or 3", path));
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let found = format!("{name}.npy, which ends within its header");
                return Err(malformed(found, "a whole array", path));
            }
            Err(error) => return Err(IoError::at(READ, path)(error).into()),
        };
        if header.dtype != dtype || header.is_fortran {
            let order = if header.is_fortran { "column by column" } else { "row by row" };
            let found = format!("{name} of type {:?}, {order}", header.dtype);
            return Err(malformed(found, format!("type {dtype:?}, row by row"), path));
        }
        Ok(NpyArray { name, shape: header.shape, values, path })
    }
}

/// An array that is being read, row by row.
pub(super) struct NpyArray<'a> {
    name: &'static str,
    /// What the header promises, which may be anything.
    pub(super) shape: Vec<usize>,
    values: Box<dyn Read + 'a>,
    path: &'a Path,
}

impl NpyArray<'_> {
    /// Fills `bytes` with the next values.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Result<(), DataError> {
        self.values.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let found = format!("{}, whose values end early", self.name);
                malformed(found, format!("as many as its shape {:?}", self.shape), self.path)
            }
            _ => IoError::at(READ, self.path)(error).into(),
        })
    }

    /// Makes sure that there are no further values; this is also where the archive's checksum is compared.
    pub(super) fn finish(mut self) -> Result<(), DataError> {
        let further = self.values.read(&mut [0]).map_err(IoError::at(READ, self.path))?;
        if further == 0 {
            return Ok(());
        }
        let found = format!("{} with further values", self.name);
        Err(malformed(found, format!("as many as its shape {:?}", self.shape), self.path))
    }
}

/// What an array says of itself.
struct Header {
    dtype: String,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads up to the first value; none when this is no header.
    fn read(reader: &mut dyn Read) -> io::Result<Option<Self>> {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        if !start.starts_with(MAGIC) {
            return Ok(None);
        }
        let mut len = [0; 4];
        match start[MAGIC.len()] {
            1 => reader.read_exact(&mut len[..2])?,
            2 | 3 => reader.read_exact(&mut len)?,
            _ => return Ok(None),
        }
        let len = u32::from_le_bytes(len) as usize;
        if len > MAX_HEADER {
            return Ok(None);
        }
        let mut text = vec![0; len];
        reader.read_exact(&mut text)?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }

    /// Reads `{'descr': '|u1', 'fortran_order': False, 'shape': (20000, 64, 64), }`.
    fn parse(text: &str) -> Option<Self> {
        let entry = |key: &str| Some(text.split_once(&format!("'{key}':"))?.1.trim_start());
        let (dtype, _) = entry("descr")?.strip_prefix('\'')?.split_once('\'')?;
        let (shape, _) = entry("shape")?.strip_prefix('(')?.split_once(')')?;
        let extents = shape.split(',').map(str::trim).filter(|extent| !extent.is_empty());
        // Python 2 wrote long integers as `64L`.
        let extents = extents.map(|extent| extent.trim_end_matches('L').parse().ok());
        let shape: Vec<usize> = extents.collect::<Option<_>>()?;
        (dtype.len() <= MAX_DTYPE && shape.len() <= MAX_EXTENTS).then_some(Self {
            dtype: dtype.to_owned(),
            is_fortran: !entry("fortran_order")?.starts_with("False"),
            shape,
        })
    }
}

/// An archive that holds something else than it should.
pub(super) fn malformed(
    found: impl Into<String>,
    expected: impl Into<String>,
    path: &Path,
) -> DataError {
    DataError::Malformed {
        action: READ,
        found: found.into(),
        expected: expected.into(),
        advice: "fetch the file again",
        path: path.to_owned(),
    }
}

fn zip_error(error: ZipError, path: &Path) -> DataError {
    match error {
        ZipError::Io(source) => IoError::at(READ, path)(source).into(),
        other => malformed(other.to_string(), "a whole zip archive without a password", path),
    }
}
