//! Prepared engines as one model that encodes and decodes.

use super::Runner;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, no_encoder, take};
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

/// A class-conditional model asked for its classes in turn: one codec a class.
pub struct ClassesInTurn {
    codecs: Vec<Box<dyn Codec>>,
}

impl ClassesInTurn {
    /// Joins the codecs of all classes, at least one.
    pub fn new(codecs: Vec<Box<dyn Codec>>) -> Self {
        debug_assert!(!codecs.is_empty(), "a model that knows classes");
        Self { codecs }
    }
}

impl Codec for ClassesInTurn {
    fn encode(&mut self, _images: &Array) -> Result<NamedArrays, CodecError> {
        Err(no_encoder())
    }

    /// Row r is decoded as the class r modulo their number.
    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let (b, count) = (latent.num_rows(), self.codecs.len());
        let mut images: Vec<Vec<f32>> = vec![Vec::new(); b];
        let mut shape = Vec::new();
        for (class, codec) in self.codecs.iter_mut().enumerate().take(b) {
            let rows: Vec<usize> = (class..b).step_by(count).collect();
            let data = rows.iter().flat_map(|&row| latent.row(row)).copied().collect();
            let mut some = latent.shape().to_vec();
            some[0] = rows.len();
            let made = take(&mut codec.decode(&Array::new(some, data)?)?, "image")?;
            for (place, &row) in rows.iter().enumerate() {
                images[row] = made.row(place).to_vec();
            }
            shape = made.shape().to_vec();
        }
        if let Some(items) = shape.first_mut() {
            *items = b;
        }
        let image = Array::new(shape, images.concat())?;
        Ok(NamedArrays::from([("image".to_owned(), image)]))
    }

    fn engine(&self) -> &'static str {
        self.codecs.first().map_or("none", |codec| codec.engine())
    }

    fn describe(&self) -> String {
        self.codecs.first().map_or_else(String::new, |codec| codec.describe())
    }
}
