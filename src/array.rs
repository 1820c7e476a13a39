//! The plain data that crosses module borders: dense `f32` arrays with a shape.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A dense, row-major `f32` array. Clones share the values until one of them changes its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: Arc<Vec<f32>>,
}

/// Arrays by name, for example the tensors of a checkpoint. Sorted, so that order never depends on hashing.
pub type NamedArrays = BTreeMap<String, Array>;

/// The number of values does not fit the shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("array of shape {shape:?} needs {expected} values, got {found}")]
pub struct ShapeError {
    /// The shape that was asked for.
    pub shape: Vec<usize>,
    /// The product of the shape.
    pub expected: usize,
    /// The number of values that were given.
    pub found: usize,
}

impl Array {
    /// Wraps `data` in `shape`.
    ///
    /// # Errors
    /// When the product of `shape` is not the length of `data`.
    pub fn new(shape: impl Into<Vec<usize>>, data: Vec<f32>) -> Result<Self, ShapeError> {
        Self::shaped(shape.into(), Arc::new(data))
    }

    fn shaped(shape: Vec<usize>, data: Arc<Vec<f32>>) -> Result<Self, ShapeError> {
        let expected = shape.iter().product();
        if expected == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(ShapeError { found: data.len(), shape, expected })
        }
    }

    /// An array filled with `value`.
    pub fn filled(shape: impl Into<Vec<usize>>, value: f32) -> Self {
        let shape = shape.into();
        let data = vec![value; shape.iter().product()];
        Self { shape, data: Arc::new(data) }
    }

    /// An array of zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        Self::filled(shape, 0.0)
    }

    /// The extent of every axis, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values in row-major order.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The values in row-major order, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        Arc::make_mut(&mut self.data).as_mut_slice()
    }

    /// Gives the values away.
    pub fn into_data(self) -> Vec<f32> {
        Arc::unwrap_or_clone(self.data)
    }

    /// The number of items along the outermost axis (1 for a scalar).
    pub fn num_rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The number of values in one item of the outermost axis.
    pub fn row_len(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// The values of item `index` of the outermost axis.
    pub fn row(&self, index: usize) -> &[f32] {
        let len = self.row_len();
        &self.data[index * len..(index + 1) * len]
    }

    /// Items `start..end` of the outermost axis.
    pub fn rows(&self, start: usize, end: usize) -> Self {
        if end - start == self.num_rows() {
            return self.clone();
        }
        let len = self.row_len();
        let mut shape = self.shape.clone();
        shape[0] = end - start;
        Self { shape, data: Arc::new(self.data[start * len..end * len].to_vec()) }
    }

    /// Items of several arrays one after the other along the outermost axis.
    ///
    /// # Panics
    /// When there is none, or their items differ in shape.
    pub fn joined(parts: &[Self]) -> Self {
        let mut shape = parts[0].shape.clone();
        assert!(parts.iter().all(|part| part.shape[1..] == shape[1..]), "items of one shape");
        shape[0] = parts.iter().map(Self::num_rows).sum();
        let data = parts.iter().flat_map(|part| part.data.iter().copied()).collect();
        Self { shape, data: Arc::new(data) }
    }

    /// The same values under another shape.
    ///
    /// # Errors
    /// When the number of values differs.
    pub fn reshaped(self, shape: impl Into<Vec<usize>>) -> Result<Self, ShapeError> {
        Self::shaped(shape.into(), self.data)
    }
}

/// The arrays of a part of a model, under the names that they have in it.
pub fn under(arrays: &NamedArrays, part: &str) -> NamedArrays {
    let own = arrays.iter().filter(|(name, _)| lies_under(name, part));
    own.map(|(name, array)| (name[part.len() + 1..].to_owned(), array.clone())).collect()
}

/// The arrays that do not belong to a part.
pub fn without(arrays: &NamedArrays, part: &str) -> NamedArrays {
    let others = arrays.iter().filter(|(name, _)| !lies_under(name, part));
    others.map(|(name, array)| (name.clone(), array.clone())).collect()
}

/// Arrays of a part as those of the whole.
pub fn prefixed(part: &str, arrays: NamedArrays) -> NamedArrays {
    arrays.into_iter().map(|(name, array)| (format!("{part}.{name}"), array)).collect()
}

/// Whether a name is one of a part.
pub fn lies_under(name: &str, part: &str) -> bool {
    name.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'))
}
