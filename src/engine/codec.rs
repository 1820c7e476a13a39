//! Prepared engines as one model that encodes and decodes.

use super::Runner;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, no_encoder};
use crate::graph::lower::NoDecoder;

/// An encoder, a decoder and what decodes codes, as far as the family has them, on the same engine.
#[derive(Debug)]
pub struct EngineCodec {
    encoder: Option<Runner>,
    decoder: Option<Runner>,
    code_decoder: Option<Runner>,
}

impl EngineCodec {
    /// Joins them.
    pub fn new(
        encoder: Option<Runner>,
        decoder: Option<Runner>,
        code_decoder: Option<Runner>,
    ) -> Self {
        Self { encoder, decoder, code_decoder }
    }

    fn any(&self) -> Option<&Runner> {
        self.decoder.as_ref().or(self.encoder.as_ref())
    }
}

impl Codec for EngineCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let encoder = self.encoder.as_mut().ok_or_else(no_encoder)?;
        Ok(encoder.run(images)?)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        Ok(self.decoder.as_mut().ok_or(NoDecoder)?.run(latent)?)
    }

    fn decode_indices(&mut self, indices: &Array) -> Result<NamedArrays, CodecError> {
        let decoder = self.code_decoder.as_mut();
        let decoder = decoder.ok_or("decode codes: the model has no codebook")?;
        Ok(decoder.run(indices)?)
    }

    fn engine(&self) -> &'static str {
        self.any().map_or("none", |runner| runner.kind().name())
    }

    fn describe(&self) -> String {
        self.any().map_or_else(String::new, Runner::describe)
    }
}
