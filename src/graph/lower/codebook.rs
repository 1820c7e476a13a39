//! A codebook without its model: codes that can be looked at, and that find the nearest of them to a vector.

use serde::{Deserialize, Serialize};

use super::quantizer::{self, CLUSTER_SIZE, CODEBOOK, Method, QuantizerConfig};
use super::{Architecture, CodeGraphs, Networks, Task, check_shapes};
use crate::array::{Array, NamedArrays};
use crate::graph::{GraphBuilder, GraphError, MAX_CODES};
use crate::picture::ImageShape;

/// A codebook as a checkpoint stores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodebookConfig {
    /// The shape of its tensor: `[k, d]`, or `[heads, k, d]` for parts of a vector with codes of their own.
    pub stored: Vec<usize>,
    /// Whether it is stored as `[d, k]` instead.
    pub is_transposed: bool,
    /// The shape of the tensor that tells how often each code was chosen of late, where there is one.
    pub usage: Option<Vec<usize>>,
}

impl CodebookConfig {
    /// The most values of a code, those of all heads together.
    pub const LARGEST_DIM: usize = 4096;

    /// Heads, codes of one head and values of a code; zeros for shapes of no codebook.
    pub fn sizes(&self) -> [usize; 3] {
        match self.stored[..] {
            [dim, codes] if self.is_transposed => [1, codes, dim],
            [codes, dim] => [1, codes, dim],
            [heads, codes, dim] => [heads, codes, dim],
            _ => [0; 3],
        }
    }

    fn quantizer(&self) -> QuantizerConfig {
        let [heads, codes, dim] = self.sizes();
        let method = match heads {
            0 | 1 => Method::Codebook,
            _ => Method::MultiHead { heads, shared: false },
        };
        QuantizerConfig {
            codebook_size: codes,
            code_dim: heads * dim,
            method,
            ..QuantizerConfig::new()
        }
    }

    /// The codes, those of one head after those of another, `[heads * k, d]`.
    fn codes(&self, tensor: &Array) -> Result<Array, GraphError> {
        let [heads, codes, dim] = self.sizes();
        let mut data = tensor.data().to_vec();
        if self.is_transposed {
            for (index, value) in data.iter_mut().enumerate() {
                *value = tensor.data()[index % dim * codes + index / dim];
            }
        }
        let shape = [heads * codes, dim];
        Array::new(shape, data).map_err(|error| {
            GraphError::mismatch(CODEBOOK, "shape", error.to_string(), format!("{shape:?}"))
        })
    }
}

impl Architecture for CodebookConfig {
    fn family(&self) -> &'static str {
        "codebook"
    }

    fn image(&self) -> ImageShape {
        ImageShape::new(0, 0, 0)
    }

    fn check(&self) -> Result<(), String> {
        let [heads, codes, dim] = self.sizes();
        let all = heads.saturating_mul(codes);
        let fits = heads >= 1
            && codes >= 2
            && all <= MAX_CODES
            && dim >= 1
            && heads.saturating_mul(dim) <= Self::LARGEST_DIM;
        if !fits {
            return Err(format!(
                "a codebook of the shape {:?} (expected [codes, values] or [heads, codes, values] with 2 to \
                 {MAX_CODES} codes of 1 to {} values)",
                self.stored,
                Self::LARGEST_DIM
            ));
        }
        match &self.usage {
            Some(usage) if usage.iter().product::<usize>() != all => {
                Err(format!("the use of another number of codes: {usage:?} (expected {all})"))
            }
            _ => Ok(()),
        }
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let usage = self.usage.iter().map(|shape| (CLUSTER_SIZE.to_owned(), shape.clone()));
        [(CODEBOOK.to_owned(), self.stored.clone())].into_iter().chain(usage).collect()
    }

    fn num_parameters(&self) -> u64 {
        self.stored.iter().product::<usize>() as u64
    }

    fn activations(&self) -> usize {
        self.quantizer().code_dim
    }

    fn task(&self) -> Task {
        Task::Quantize
    }

    fn latent(&self) -> Vec<usize> {
        vec![self.quantizer().code_dim]
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        let [heads, codes, dim] = self.sizes();
        Some([heads * codes, dim])
    }

    /// Neither encoder nor decoder: only the search for the code nearest to a vector, `latent` `[d, 1, 1]`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        let missing = |weight: &str| GraphError::MissingWeight {
            node: "quantizer".to_owned(),
            weight: weight.to_owned(),
        };
        let stored = tensors.get(CODEBOOK).ok_or_else(|| missing(CODEBOOK))?;
        if self.usage.is_some() {
            let usage = tensors.get(CLUSTER_SIZE).ok_or_else(|| missing(CLUSTER_SIZE))?;
            check_usage(usage.data())?;
        }
        let own = NamedArrays::from([(CODEBOOK.to_owned(), self.codes(stored)?)]);
        let config = self.quantizer();
        let mut graph = GraphBuilder::new(&[config.code_dim, 1, 1], &own)?;
        let latent = graph.input();
        quantizer::quantized(&mut graph, &config, latent)?;
        let codes =
            CodeGraphs { quantizer: graph.finish()?, decoder: None, layout: config.layout() };
        Ok(Networks { encoder: None, decoder: None, codes: Some(codes) })
    }
}

/// Refuses what no use can be.
fn check_usage(usage: &[f32]) -> Result<(), GraphError> {
    match usage.iter().find(|share| !share.is_finite() || **share < 0.0) {
        None => Ok(()),
        Some(share) => {
            let expected = "finite numbers that are not negative";
            Err(GraphError::mismatch(CLUSTER_SIZE, "use", share, expected))
        }
    }
}
