//! From (config, named arrays) to graphs: one file per architecture.

pub mod vae;
pub mod vq_vae;

use super::{Graph, GraphError};
use crate::array::{Array, NamedArrays};

/// A model that turns images into latents and latents into images.
#[derive(Clone, Debug)]
pub struct Autoencoder {
    /// Image `[c, h, w]` to `latent`, and `logvar` where the family has one.
    pub encoder: Graph,
    /// Latent to `image`, quantized first where there is a codebook.
    pub decoder: Graph,
    /// What works on codes, for families with a codebook.
    pub codes: Option<CodeGraphs>,
}

impl Autoencoder {
    /// The same networks with other weights of the same names and shapes.
    ///
    /// # Errors
    /// When a weight is missing, has another shape, or holds values that are not finite.
    pub fn with_weights(&self, tensors: &NamedArrays) -> Result<Self, GraphError> {
        let codes = self.codes.as_ref().map(|codes| {
            Ok(CodeGraphs {
                quantizer: codes.quantizer.with_weights(tensors)?,
                decoder: codes.decoder.with_weights(tensors)?,
            })
        });
        Ok(Self {
            encoder: self.encoder.with_weights(tensors)?,
            decoder: self.decoder.with_weights(tensors)?,
            codes: codes.transpose()?,
        })
    }
}

/// The networks of a codebook.
#[derive(Clone, Debug)]
pub struct CodeGraphs {
    /// Latent `[d, h, w]` to `indices` `[h, w]` and `quantized` `[d, h, w]`.
    pub quantizer: Graph,
    /// Indices `[h, w]` to `image`.
    pub decoder: Graph,
}

impl CodeGraphs {
    /// The codes, `[k, d]`.
    ///
    /// # Panics
    /// Never: a quantizer has a codebook.
    pub fn codebook(&self) -> &Array {
        let codebook = self.quantizer.nodes().iter().find_map(|node| node.op.codebook());
        self.quantizer.weight(codebook.expect("a quantizer searches a codebook"))
    }
}
