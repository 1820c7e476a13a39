//! A model that encodes and decodes, however it is run.

use crate::array::{Array, NamedArrays};
use crate::watch::Watch;

/// What can go wrong when a model is run.
pub type CodecError = Box<dyn std::error::Error + Send + Sync>;

/// What a model is asked to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// [`Codec::encode`].
    Encode,
    /// [`Codec::decode`].
    Decode,
    /// [`Codec::decode_indices`].
    DecodeIndices,
}

/// Bytes that a run takes at its peak, as far as whoever runs it knows beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What the engine keeps of the weights, beside the model's own tensors.
    pub weights: u64,
    /// The values between the layers of one item, at the layer that needs most, with what this layer works on.
    pub values: u64,
}

/// Images to latents and latents to images; implemented by every engine and by training modules.
pub trait Codec {
    /// Says of which class each image of the batches to come is, row by row; without, they are of the class that is
    /// shown. Families that know no classes take no notice.
    fn set_classes(&mut self, _classes: Option<&[u32]>) {}

    /// Has every run from now on watched, where whoever runs it can tell how far it is.
    fn watch(&mut self, _watch: &Watch) {}

    /// What a run of one item takes, or nothing where that is not known. Batches are cut so that they take little
    /// more.
    fn memory(&self, _way: Way) -> Option<Memory> {
        None
    }

    /// Encodes a batch.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in the model's range
    /// - result: `latent` `[b, ..]`, and `logvar` of the same shape where the family has one; where it has a
    ///   codebook `indices` `[b, h, w]`, or `[b, q, h, w]` for several quantizers or heads, `quantized`
    ///   `[b, d, h, w]`, and `usage` `[k]`, how many vectors of this batch chose each of all codes; and `bounded`
    ///   `[b, d, h, w]` where other vectors than `latent` are compared with codes
    ///
    /// # Errors
    /// When the family has no encoder, the images have another shape or the device fails.
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError>;

    /// Decodes a batch.
    ///
    /// # Shapes
    /// - `latent`: `[b, ..]`, quantized first where the family has a codebook; result: `image` `[b, c, h, w]`, and
    ///   `logits` where the family has them
    ///
    /// # Errors
    /// When the latents have another shape or the device fails.
    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError>;

    /// Decodes codes.
    ///
    /// # Shapes
    /// - `indices`: `[b, h, w]` or `[b, q, h, w]`, whole numbers; result: `image` `[b, c, h, w]`
    ///
    /// # Errors
    /// When the family has no codebook, the indices have another shape or the device fails.
    fn decode_indices(&mut self, _indices: &Array) -> Result<NamedArrays, CodecError> {
        Err("decode codes: the model has no codebook (expected a family that has one; decode latents)".into())
    }

    /// The engine's name on the command line: `wgsl`, `cpu`, `twin` or `burn`.
    fn engine(&self) -> &'static str;

    /// Where it runs, for example `WGSL on NVIDIA H200`.
    fn describe(&self) -> String;
}

/// Takes one named output.
///
/// # Errors
/// When the model did not give it.
pub fn take(outputs: &mut NamedArrays, name: &str) -> Result<Array, CodecError> {
    outputs.remove(name).ok_or_else(|| format!("the model gave no {name}").into())
}

/// Takes the vectors that were compared with codes, `[b, d, h, w]`: the latents, or what these are bounded to.
///
/// # Errors
/// When the model gave neither.
pub fn compared(outputs: &mut NamedArrays) -> Result<Array, CodecError> {
    outputs.remove("bounded").map_or_else(|| take(outputs, "latent"), Ok)
}

/// What a family that only generates says to images.
pub fn no_encoder() -> CodecError {
    "encode images: the model only generates (expected a family with an encoder, such as vae or vq-vae)".into()
}
