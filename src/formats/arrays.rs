//! Arrays by name in safetensors files.
//!
//! Format: <https://github.com/huggingface/safetensors#format>.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use half::f16;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::{FormatError, write_whole};
use crate::array::{Array, NamedArrays};

/// The longest header that is read, in bytes; real ones of several thousand tensors stay under one MiB.
const MAX_HEADER_BYTES: u64 = 16 << 20;

const READ: &str = "cannot read arrays";

/// A dense, row-major array of whole numbers, for example codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indices {
    /// The extent of every axis, outermost first.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub data: Vec<i32>,
}

/// Arrays of whole numbers by name.
pub type NamedIndices = BTreeMap<String, Indices>;

/// An open safetensors file whose header was checked; arrays are read and converted as they are asked for.
#[derive(Debug)]
pub struct ArrayFile {
    path: PathBuf,
    source: Source,
    header: Metadata,
    /// Where the first array begins in the file.
    data_start: u64,
}

/// Where the bytes of an [`ArrayFile`] are.
#[derive(Debug)]
enum Source {
    File(File),
    Bytes(&'static [u8]),
}

impl Source {
    /// Fills `out` with the bytes from `offset` on.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(out)
            }
            Self::Bytes(bytes) => {
                let rest = bytes.get(offset as usize..).unwrap_or_default();
                rest.get(..out.len())
                    .map(|part| out.copy_from_slice(part))
                    .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}

impl ArrayFile {
    /// Opens a file and checks its header against its length.
    ///
    /// # Errors
    /// When it cannot be read or is not a whole safetensors file.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let file = File::open(path).map_err(FormatError::io(READ, path))?;
        let len = file.metadata().map_err(FormatError::io(READ, path))?.len();
        Self::parse(Source::File(file), len, path)
    }

    /// Opens a file that is part of the program.
    ///
    /// # Errors
    /// When it is not a whole safetensors file.
    pub fn from_bytes(bytes: &'static [u8]) -> Result<Self, FormatError> {
        Self::parse(Source::Bytes(bytes), bytes.len() as u64, Path::new("(embedded)"))
    }

    fn parse(source: Source, len: u64, path: &Path) -> Result<Self, FormatError> {
        let wrong =
            |found: String| FormatError::content(READ, found, "a whole safetensors file", path);
        let mut prefix = [0; 8];
        if len < 8 {
            return Err(wrong(format!("{len} bytes")));
        }
        source.read_at(0, &mut prefix).map_err(FormatError::io(READ, path))?;
        let header_len = u64::from_le_bytes(prefix);
        if header_len > MAX_HEADER_BYTES.min(len - 8) {
            return Err(wrong(format!("a header of {header_len} bytes in a file of {len}")));
        }
        let mut bytes = vec![0; header_len as usize];
        source.read_at(8, &mut bytes).map_err(FormatError::io(READ, path))?;
        let header: Metadata = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("a header that does not parse: {error}")))?;
        let data_start = 8 + header_len;
        let data_len = len - data_start;
        if header.data_len() as u64 != data_len {
            let told = header.data_len();
            return Err(wrong(format!(
                "{data_len} bytes of arrays where the header tells of {told}"
            )));
        }
        for (name, info) in header.tensors().into_iter().collect::<BTreeMap<_, _>>() {
            if !is_addressable(&info.shape) {
                return Err(wrong(format!("the shape {:?} of {name}", info.shape)));
            }
        }
        Ok(Self { path: path.to_owned(), source, header, data_start })
    }

    /// The names of all arrays, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.header.offset_keys();
        names.sort_unstable();
        names
    }

    /// The shape of an array, outermost axis first.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.header.info(name)?.shape)
    }

    /// Whether an array holds whole numbers.
    pub fn is_integer(&self, name: &str) -> bool {
        let dtype = self.header.info(name).map(|info| info.dtype);
        matches!(dtype, Some(Dtype::U8 | Dtype::I32 | Dtype::I64))
    }

    /// The texts that the file carries beside its arrays.
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.header.metadata().clone().unwrap_or_default().into_iter().collect()
    }

    /// One array as `f32`; stored as f32, f16, bf16, f64, i32, i64 or u8.
    ///
    /// # Errors
    /// When there is no such array, it is of another type, or the file cannot be read.
    pub fn array(&self, name: &str) -> Result<Array, FormatError> {
        let (info, bytes) = self.bytes(name)?;
        let data: Vec<f32> = match info.dtype {
            Dtype::F32 => values(&bytes, f32::from_le_bytes),
            Dtype::F16 => values(&bytes, |b| f16::from_le_bytes(b).to_f32()),
            // bf16 is the upper half of an f32.
            Dtype::BF16 => values(&bytes, |b: [u8; 2]| f32::from_le_bytes([0, 0, b[0], b[1]])),
            Dtype::F64 => values(&bytes, |b| f64::from_le_bytes(b) as f32),
            Dtype::I32 => values(&bytes, |b| i32::from_le_bytes(b) as f32),
            Dtype::I64 => values(&bytes, |b| i64::from_le_bytes(b) as f32),
            Dtype::U8 => bytes.iter().map(|&byte| f32::from(byte)).collect(),
            other => {
                let expected = "f32, f16, bf16, f64, i32, i64 or u8";
                return Err(self.wrong(format!("{name} of type {other}"), expected));
            }
        };
        Array::new(info.shape.clone(), data)
            .map_err(|error| self.wrong(format!("{name}: {error}"), "values that fill the shape"))
    }

    /// One array as whole numbers; stored as i32, i64 or u8.
    ///
    /// # Errors
    /// When there is no such array, it is of another type or has a value outside of i32, or the file
    /// cannot be read.
    pub fn indices(&self, name: &str) -> Result<Indices, FormatError> {
        let (info, bytes) = self.bytes(name)?;
        let data = match info.dtype {
            Dtype::I32 => values(&bytes, i32::from_le_bytes),
            Dtype::U8 => bytes.iter().map(|&byte| i32::from(byte)).collect(),
            Dtype::I64 => {
                let wide = values(&bytes, i64::from_le_bytes);
                let narrow = wide.iter().map(|&value| i32::try_from(value));
                narrow.collect::<Result<_, _>>().map_err(|error| {
                    self.wrong(format!("{name}: {error}"), "whole numbers that fit i32")
                })?
            }
            other => {
                return Err(self.wrong(format!("{name} of type {other}"), "i32, i64 or u8"));
            }
        };
        Ok(Indices { shape: info.shape.clone(), data })
    }

    /// All arrays as `f32`.
    ///
    /// # Errors
    /// As [`ArrayFile::array`].
    pub fn arrays(&self) -> Result<NamedArrays, FormatError> {
        self.names().into_iter().map(|name| Ok((name.clone(), self.array(&name)?))).collect()
    }

    /// The stored bytes of one array.
    fn bytes(&self, name: &str) -> Result<(&TensorInfo, Vec<u8>), FormatError> {
        let Some(info) = self.header.info(name) else {
            let names = self.names().join(", ");
            let found = if names.is_empty() { "no array at all".to_owned() } else { names };
            return Err(self.wrong(found, format!("an array named {name}")));
        };
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        self.source
            .read_at(self.data_start + start as u64, &mut bytes)
            .map_err(FormatError::io(READ, &self.path))?;
        Ok((info, bytes))
    }

    fn wrong(&self, found: impl Into<String>, expected: impl Into<String>) -> FormatError {
        FormatError::content(READ, found, expected, &self.path)
    }
}

/// Writes arrays and texts into one safetensors file, whole or not at all.
///
/// The same content always gives the same bytes.
///
/// # Errors
/// When an array and an index array share a name, a name is reserved, or the file cannot be written.
pub fn write_arrays(
    path: &Path,
    arrays: &NamedArrays,
    indices: &NamedIndices,
    texts: &BTreeMap<String, String>,
) -> Result<(), FormatError> {
    let header = header(arrays, indices, texts).map_err(|found| {
        FormatError::content("cannot write arrays", found, "names of their own", path)
    })?;
    write_whole(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for array in arrays.values() {
            write_all(out, array.data().iter().map(|value| value.to_le_bytes()))?;
        }
        for array in indices.values() {
            write_all(out, array.data.iter().map(|value| value.to_le_bytes()))?;
        }
        Ok(())
    })
}

/// The header, padded so that the arrays start at a multiple of eight bytes. Written here and not by the
/// crate because that one keeps texts in a hash map, whose order changes from run to run.
fn header(
    arrays: &NamedArrays,
    indices: &NamedIndices,
    texts: &BTreeMap<String, String>,
) -> Result<String, String> {
    const TEXTS: &str = "__metadata__";
    let mut header = serde_json::Map::new();
    if !texts.is_empty() {
        header.insert(TEXTS.to_owned(), serde_json::json!(texts));
    }
    let floats = arrays.iter().map(|(name, a)| (name, Dtype::F32, a.shape(), a.data().len()));
    let whole = indices.iter().map(|(name, a)| (name, Dtype::I32, &a.shape[..], a.data.len()));
    let mut start = 0;
    for (name, dtype, shape, len) in floats.chain(whole) {
        if shape.iter().product::<usize>() != len {
            return Err(format!("{len} values of {name} in the shape {shape:?}"));
        }
        let end = start + 4 * len;
        let info =
            serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] });
        if name == TEXTS || header.insert(name.clone(), info).is_some() {
            return Err(format!("a second {name}"));
        }
        start = end;
    }
    let mut header = serde_json::Value::Object(header).to_string();
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    Ok(header)
}

fn write_all(out: &mut impl Write, values: impl Iterator<Item = [u8; 4]>) -> io::Result<()> {
    for value in values {
        out.write_all(&value)?;
    }
    Ok(())
}

/// Whether no product of extents overflows, whichever of them are left out.
fn is_addressable(shape: &[usize]) -> bool {
    shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent.max(1))).is_some()
}

/// All values of a byte string, `N` bytes each.
pub(super) fn values<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| value(chunk)).collect()
}
