//! The heavy things that a run shows while it goes on; only the newest of each is kept.

use std::path::Path;
use std::sync::Arc;

use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::data::corrupt::Corruption;
use crate::formats::{FormatError, pictures};
use crate::latent;
use crate::latest::Latest;
use crate::metrics::code_use::CodeUse;
use crate::metrics::evaluate::Examined;
use crate::picture::ValueRange;

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
    /// How often texts choose each code, where they share the codebook with images.
    pub of_texts: Option<Arc<CodeUse>>,
    /// Which codes are kept where they are, `[k]`.
    pub frozen: Vec<bool>,
    /// Whether there is a change to be taken back.
    pub can_undo: bool,
}

/// A fixed batch that shows how a model changes: held-out images and what it makes of them, or what a family that
/// only generates makes of fixed draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Updates done.
    pub step: u64,
    /// The held-out images, `[b, c, h, w]` in `[0, 1]`; nothing for families that only generate.
    pub originals: Option<Array>,
    /// The same as the encoder sees them, where they are spoilt for the model to mend.
    pub spoilt: Option<Array>,
    /// Reconstructions from the mean latents, or images of the draws, `[b, c, h, w]` in `[0, 1]`.
    pub images: Array,
    /// The mean latents or the draws, `[b, ..]`.
    pub latents: Array,
}

impl Probe {
    /// How many images are watched.
    pub const IMAGES: usize = 16;
    /// How many draws are.
    pub const DRAWS: usize = 3 * Self::IMAGES;

    /// Encodes and decodes the first held-out images, spoilt where a corruption is given.
    ///
    /// # Errors
    /// When the model fails.
    pub fn reconstruct(
        codec: &mut dyn Codec,
        range: ValueRange,
        step: u64,
        examined: &Examined,
        corruption: Option<Corruption>,
    ) -> Result<Self, CodecError> {
        let Examined { images: originals, labels } = examined;
        codec.set_classes(labels.as_deref());
        let spoilt = corruption.map(|how| how.apply_to_held_out(originals, 0));
        let seen = range.images_from_unit(spoilt.as_ref().unwrap_or(originals));
        let latents = take(&mut codec.encode(&seen)?, "latent")?;
        let images = take(&mut codec.decode(&latents)?, "image")?;
        let images = range.images_to_unit(&images);
        Ok(Self { step, originals: Some(originals.clone()), spoilt, images, latents })
    }

    /// Decodes the first draws from the prior of latents of a shape.
    ///
    /// # Errors
    /// When the model fails.
    pub fn generate(
        codec: &mut dyn Codec,
        range: ValueRange,
        step: u64,
        latent: &[usize],
    ) -> Result<Self, CodecError> {
        let latents = latent::draws(latent, Self::DRAWS, 0);
        let images = take(&mut codec.decode(&latents)?, "image")?;
        let images = range.images_to_unit(&images);
        Ok(Self { step, originals: None, spoilt: None, images, latents })
    }

    /// Writes the originals above their reconstructions, or spoilt images above what was made of them and the clean
    /// ones, or the draws, as one picture.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        let picture = match (&self.originals, &self.spoilt) {
            (Some(originals), Some(spoilt)) => {
                pictures::strips(&[spoilt, &self.images, originals], 1)
            }
            (Some(originals), None) => pictures::strips(&[originals, &self.images], 1),
            (None, _) => pictures::sheet(&self.images, Self::IMAGES, 1),
        };
        pictures::write_picture(path, &picture)
    }
}
