//! Prepared engines as one model that encodes and decodes.

use super::Runner;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, Memory, Way, no_encoder};
use crate::graph::lower::NoDecoder;
use crate::watch::Watch;

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
    fn watch(&mut self, watch: &Watch) {
        let runners = [&mut self.encoder, &mut self.decoder, &mut self.code_decoder];
        for runner in runners.into_iter().flatten() {
            runner.watch(watch);
        }
    }

    fn memory(&self, way: Way) -> Option<Memory> {
        let runner = match way {
            Way::Encode => &self.encoder,
            Way::Decode => &self.decoder,
            Way::DecodeIndices => &self.code_decoder,
        };
        runner.as_ref().map(Runner::memory)
    }

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

/// A class-conditional model asked for the classes that it is told, or for all in turn: one codec a class.
pub struct ByClass {
    codecs: Vec<Box<dyn Codec>>,
    told: Option<Vec<u32>>,
}

impl ByClass {
    /// Joins the codecs of all classes, at least one.
    pub fn new(codecs: Vec<Box<dyn Codec>>) -> Self {
        debug_assert!(!codecs.is_empty(), "a model that knows classes");
        Self { codecs, told: None }
    }

    /// The class of a row of a batch: as told, else row r is of the class r modulo their number.
    fn class_of(&self, row: usize) -> usize {
        let told = self.told.as_ref().and_then(|told| told.get(row));
        told.map_or(row, |&class| class as usize) % self.codecs.len()
    }

    /// Runs each row of a batch by the codec of its class.
    fn run(
        &mut self,
        batch: &Array,
        of_class: impl Fn(&mut dyn Codec, &Array) -> Result<NamedArrays, CodecError>,
    ) -> Result<NamedArrays, CodecError> {
        let b = batch.num_rows();
        let mut outputs = NamedArrays::new();
        for class in 0..self.codecs.len() {
            let rows: Vec<usize> = (0..b).filter(|&row| self.class_of(row) == class).collect();
            if rows.is_empty() {
                continue;
            }
            let data = rows.iter().flat_map(|&row| batch.row(row)).copied().collect();
            let mut shape = batch.shape().to_vec();
            shape[0] = rows.len();
            let some = Array::new(shape, data)?;
            for (name, made) in of_class(self.codecs[class].as_mut(), &some)? {
                let mut shape = made.shape().to_vec();
                shape[0] = b;
                let all = outputs.entry(name).or_insert_with(|| Array::zeros(shape));
                let len = made.row_len();
                for (place, &row) in rows.iter().enumerate() {
                    all.data_mut()[row * len..][..len].copy_from_slice(made.row(place));
                }
            }
        }
        Ok(outputs)
    }
}

impl Codec for ByClass {
    fn watch(&mut self, watch: &Watch) {
        for codec in &mut self.codecs {
            codec.watch(watch);
        }
    }

    fn memory(&self, way: Way) -> Option<Memory> {
        self.codecs.first().and_then(|codec| codec.memory(way))
    }

    fn set_classes(&mut self, classes: Option<&[u32]>) {
        self.told = classes.map(<[u32]>::to_vec);
    }

    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        self.run(images, |codec, images| codec.encode(images))
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        self.run(latent, |codec, latent| codec.decode(latent))
    }

    fn engine(&self) -> &'static str {
        self.codecs.first().map_or("none", |codec| codec.engine())
    }

    fn describe(&self) -> String {
        self.codecs.first().map_or_else(String::new, |codec| codec.describe())
    }
}
