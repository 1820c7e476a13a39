//! The heavy things that a run shows while it goes on; only the newest of each is kept.

use std::path::Path;
use std::sync::Arc;

use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::formats::{FormatError, pictures};
use crate::latest::Latest;
use crate::metrics::code_use::CodeUse;

/// The slots that the worker fills and the window reads.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The model's tensors.
    pub weights: Latest<Weights>,
    /// Reconstructions of a fixed batch.
    pub probe: Latest<Probe>,
    /// The use of the codebook, for families that have one.
    pub codes: Latest<LiveCodes>,
}

/// A model's tensors as they stood after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Updates done.
    pub step: u64,
    /// The tensors by path, in PyTorch's layouts.
    pub tensors: NamedArrays,
}

/// A codebook in training, beside its vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveCodes {
    /// How often each code is chosen, and what happened to it.
    pub usage: Arc<CodeUse>,
    /// Which codes are kept where they are, `[k]`.
    pub frozen: Vec<bool>,
    /// Whether there is a change to be taken back.
    pub can_undo: bool,
}

/// A fixed batch of held-out images and what the model makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Updates done.
    pub step: u64,
    /// The images, `[b, c, h, w]` in `[0, 1]`.
    pub originals: Array,
    /// Their reconstructions from the mean latent, same shape.
    pub reconstructions: Array,
    /// The mean latents, `[b, ..]`.
    pub latents: Array,
}

impl Probe {
    /// How many images are watched.
    pub const IMAGES: usize = 16;

    /// Encodes and decodes `originals`.
    ///
    /// # Errors
    /// When the model fails.
    pub fn reconstruct(
        codec: &mut dyn Codec,
        step: u64,
        originals: &Array,
    ) -> Result<Self, CodecError> {
        let latents = take(&mut codec.encode(originals)?, "latent")?;
        let reconstructions = take(&mut codec.decode(&latents)?, "image")?;
        Ok(Self { step, originals: originals.clone(), reconstructions, latents })
    }

    /// Writes the originals above their reconstructions as one picture.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        pictures::write_picture(
            path,
            &pictures::strips(&[&self.originals, &self.reconstructions], 1),
        )
    }
}
