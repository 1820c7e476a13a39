//! A model that encodes and decodes, however it is run.

use crate::array::{Array, NamedArrays};

/// What can go wrong when a model is run.
pub type CodecError = Box<dyn std::error::Error + Send + Sync>;

/// Images to latents and latents to images; implemented by every engine and by training modules.
pub trait Codec {
    /// Says of which class each image of the batches to come is, row by row; without, they are of the class that is
    /// shown. Families that know no classes take no notice.
    fn set_classes(&mut self, _classes: Option<&[u32]>) {}

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
