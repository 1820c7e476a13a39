//! Two prepared engines as one model that encodes and decodes.

use super::Runner;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};

/// An encoder and a decoder on the same engine.
#[derive(Debug)]
pub struct EngineCodec {
    encoder: Runner,
    decoder: Runner,
}

impl EngineCodec {
    /// Joins the two.
    pub fn new(encoder: Runner, decoder: Runner) -> Self {
        Self { encoder, decoder }
    }
}

impl Codec for EngineCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        Ok(self.encoder.run(images)?)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        Ok(self.decoder.run(latent)?)
    }

    fn engine(&self) -> &'static str {
        self.decoder.kind().name()
    }

    fn describe(&self) -> String {
        self.decoder.describe()
    }
}
