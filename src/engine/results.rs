//! What running a graph gives, whichever engine runs it.

use super::EngineError;
use crate::array::{Array, NamedArrays, ShapeError};
use crate::graph::{Graph, USAGE};

/// The values of a run, or of one chunk of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The values of every output, in the order of the graph's outputs, one item after the other.
    pub outputs: Vec<Vec<f32>>,
    /// How many vectors chose each row of the weight that is searched; empty where the graph searches no codebook.
    pub usage: Vec<u64>,
}

impl Results {
    /// Those of no items.
    pub(super) fn new(graph: &Graph) -> Self {
        let outputs = graph.outputs().map(|_| Vec::new()).collect();
        Self { outputs, usage: vec![0; graph.num_codes()] }
    }

    /// Adds those of the items that follow.
    pub(super) fn append(&mut self, chunk: Self) {
        for (values, more) in self.outputs.iter_mut().zip(chunk.outputs) {
            if values.is_empty() {
                *values = more;
            } else {
                values.extend(more);
            }
        }
        for (count, more) in self.usage.iter_mut().zip(chunk.usage) {
            *count += more;
        }
    }

    /// Counts the codes that `indices` name, of a codebook whose rows begin with `first`.
    pub(super) fn count(&mut self, first: usize, indices: &[f32]) {
        for &index in indices {
            self.usage[first + index as usize] += 1;
        }
    }

    /// All outputs of `batch` items under their names and in their shapes, and the use of codes.
    pub(super) fn named(self, graph: &Graph, batch: usize) -> Result<NamedArrays, EngineError> {
        let mut named = NamedArrays::new();
        let outputs = graph.outputs().zip(self.outputs);
        for ((name, value), data) in outputs {
            let mut shape = vec![batch];
            shape.extend_from_slice(&graph.node(value).shape);
            named.insert(name.to_owned(), array(name, shape, data)?);
        }
        if !self.usage.is_empty() {
            let counts: Vec<f32> = self.usage.iter().map(|&count| count as f32).collect();
            named.insert(USAGE.to_owned(), array(USAGE, vec![counts.len()], counts)?);
        }
        Ok(named)
    }
}

fn array(name: &str, shape: Vec<usize>, data: Vec<f32>) -> Result<Array, EngineError> {
    Array::new(shape, data).map_err(|ShapeError { found, expected, .. }| EngineError::Length {
        what: format!("output `{name}`"),
        found,
        expected,
    })
}
