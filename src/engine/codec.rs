//! Prepared engines as one model that encodes and decodes.

use super::Runner;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, no_encoder};

/// A decoder, and an encoder and what decodes codes where the family has them, on the same engine.
#[derive(Debug)]
pub struct EngineCodec {
    encoder: Option<Runner>,
    decoder: Runner,
    code_decoder: Option<Runner>,
}

impl EngineCodec {
    /// Joins them.
    pub fn new(encoder: Option<Runner>, decoder: Runner, code_decoder: Option<Runner>) -> Self {
        Self { encoder, decoder, code_decoder }
    }
}

impl Codec for EngineCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let encoder = self.encoder.as_mut().ok_or_else(no_encoder)?;
        Ok(encoder.run(images)?)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        Ok(self.decoder.run(latent)?)
    }

    fn decode_indices(&mut self, indices: &Array) -> Result<NamedArrays, CodecError> {
        let decoder = self.code_decoder.as_mut();
        let decoder = decoder.ok_or("decode codes: the model has no codebook")?;
        Ok(decoder.run(indices)?)
    }

    fn engine(&self) -> &'static str {
        self.decoder.kind().name()
    }

    fn describe(&self) -> String {
        self.decoder.describe()
    }
}
