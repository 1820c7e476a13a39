//! The first values of a new run, taken from a trained model instead of drawn at random.

use std::fmt;

use crate::array::NamedArrays;
use crate::formats::run_dir::ModelConfig;

/// Which part of a trained model is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The encoder alone.
    Encoder,
    /// The decoder alone.
    Decoder,
}

impl Part {
    /// Both parts that a model can be asked for by name.
    pub const NAMED: [(&str, Self); 2] = [("encoder", Self::Encoder), ("decoder", Self::Decoder)];

    /// Whether a tensor belongs to it.
    fn has(self, tensor: &str) -> bool {
        let name = Self::NAMED.iter().find(|(_, part)| *part == self).map(|(name, _)| *name);
        name.is_none_or(|name| tensor.split('.').next() == Some(name))
    }
}

/// A trained model to start from.
#[derive(Clone, Debug)]
pub struct Init {
    /// What the model is called, for the run's description.
    pub name: String,
    /// Which part of it is taken.
    pub part: Part,
    /// Its tensors.
    pub tensors: NamedArrays,
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        let part = Part::NAMED.iter().find(|(_, part)| *part == self.part);
        part.map_or(Ok(()), |(name, _)| write!(f, ":{name}"))
    }
}

/// A trained model does not fit the new run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "start from {model}: the tensor {tensor} {found} (expected the shape {expected:?}; give this run the keys of that \
     one, or take only the part that fits: :encoder or :decoder)"
)]
pub struct InitError {
    model: String,
    tensor: String,
    found: String,
    expected: Vec<usize>,
}

impl Init {
    /// The tensors that a model of this description takes over.
    ///
    /// # Errors
    /// When one of them is missing or has another shape.
    pub fn first_values(mut self, model: &ModelConfig) -> Result<NamedArrays, InitError> {
        let mut taken = NamedArrays::new();
        for (tensor, expected) in model.tensors() {
            if !self.part.has(&tensor) {
                continue;
            }
            let found = self.tensors.remove(&tensor);
            match found {
                Some(array) if array.shape() == expected => {
                    taken.insert(tensor, array);
                }
                other => {
                    let found = other.map_or("is missing".to_owned(), |array| {
                        format!("has the shape {:?}", array.shape())
                    });
                    return Err(InitError { model: self.to_string(), tensor, found, expected });
                }
            }
        }
        Ok(taken)
    }
}
