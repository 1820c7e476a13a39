//! PyTorch's own files: zip archives as `torch.save` writes them since 1.6, and the older stream of pickles.
//!
//! A reader of our own, as the crates that exist refuse checkpoints with keys that are no texts, which Lightning's
//! callbacks are, or hand out memory before it is known that a file is honest.

mod pickle;
mod storages;
mod tensors;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use half::f16;

use self::storages::Storages;
use self::tensors::{Dtype, Place};
use super::READ;
use crate::array::Array;
use crate::formats::FormatError;
use crate::formats::arrays::values;

const EXPECTED: &str = "a safetensors file, or what torch.save writes";

/// An open file of PyTorch's.
#[derive(Debug)]
pub(super) struct TorchFile {
    path: PathBuf,
    tensors: BTreeMap<String, Place>,
    storages: RefCell<Storages>,
    /// The storage that was read last: many tensors can be parts of one.
    last: RefCell<Option<(String, Rc<Vec<u8>>)>>,
}

impl TorchFile {
    pub(super) fn open(path: &Path) -> Result<Self, FormatError> {
        let file = File::open(path).map_err(FormatError::io(READ, path))?;
        let (tensors, storages) = storages::open(file)
            .map_err(|found| FormatError::content(READ, found, EXPECTED, path))?;
        let (storages, last) = (RefCell::new(storages), RefCell::new(None));
        Ok(Self { path: path.to_owned(), tensors, storages, last })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.shape)
    }

    pub(super) fn array(&self, name: &str) -> Result<Array, FormatError> {
        let wrong = |found: String| FormatError::content(READ, found, "a whole file", &self.path);
        let place = self.tensors.get(name).ok_or_else(|| wrong(format!("no {name}")))?;
        let bytes = self.storage(place).map_err(wrong)?;
        let numbers = gathered(place, &bytes);
        Array::new(place.shape.clone(), floats(place.storage.dtype, &numbers))
            .map_err(|error| wrong(format!("{name}: {error}")))
    }

    fn storage(&self, place: &Place) -> Result<Rc<Vec<u8>>, String> {
        let key = &place.storage.key;
        let last = self.last.borrow().clone();
        if let Some((_, bytes)) = last.filter(|(known, _)| known == key) {
            return Ok(bytes);
        }
        self.last.take();
        let bytes = Rc::new(self.storages.borrow_mut().read(&place.storage)?);
        *self.last.borrow_mut() = Some((key.clone(), Rc::clone(&bytes)));
        Ok(bytes)
    }
}

/// The bytes of a tensor in row-major order. It lies within its storage, as was checked when it was opened.
fn gathered<'a>(place: &Place, storage: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
    let size = place.storage.dtype.size();
    let mut expected = 1;
    let is_dense = place.shape.iter().zip(&place.strides).rev().all(|(&extent, &stride)| {
        let fits = extent == 1 || stride == expected;
        expected *= extent;
        fits
    });
    let len = place.len();
    if is_dense || len == 0 {
        let start = if len == 0 { 0 } else { place.offset * size };
        return storage[start..start + len * size].into();
    }
    let mut bytes = Vec::with_capacity(len * size);
    let mut at = vec![0; place.shape.len()];
    for _ in 0..len {
        let steps = at.iter().zip(&place.strides).map(|(&index, &stride)| index * stride);
        let start = (place.offset + steps.sum::<usize>()) * size;
        bytes.extend_from_slice(&storage[start..start + size]);
        for axis in (0..at.len()).rev() {
            at[axis] += 1;
            if at[axis] < place.shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    bytes.into()
}

fn floats(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    match dtype {
        Dtype::F32 => values(bytes, f32::from_le_bytes),
        Dtype::F16 => values(bytes, |b| f16::from_le_bytes(b).to_f32()),
        // bf16 is the upper half of an f32.
        Dtype::Bf16 => values(bytes, |b: [u8; 2]| f32::from_le_bytes([0, 0, b[0], b[1]])),
        Dtype::F64 => values(bytes, |b| f64::from_le_bytes(b) as f32),
        Dtype::I64 => values(bytes, |b| i64::from_le_bytes(b) as f32),
        Dtype::I32 => values(bytes, |b| i32::from_le_bytes(b) as f32),
        Dtype::I16 => values(bytes, |b| f32::from(i16::from_le_bytes(b))),
        Dtype::I8 => values(bytes, |b| f32::from(i8::from_le_bytes(b))),
        Dtype::U8 | Dtype::Bool => bytes.iter().map(|&byte| f32::from(byte)).collect(),
    }
}
