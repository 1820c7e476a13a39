//! Texts as grids of codes, by a model that reads texts; and what else is written of grids.

use super::{SampleError, output, prepared};
use crate::array::{Array, NamedArrays};
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineKind, Runner};
use crate::graph::lower::ModelConfig;
use crate::graph::lower::multimodal::MultimodalConfig;
use crate::graph::lower::prior::PriorConfig;

/// A reader of texts that is ready.
pub struct Reader {
    config: MultimodalConfig,
    runner: Runner,
}

impl Reader {
    /// The reader of a model's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of the model, or the engine cannot run here.
    pub fn new(
        config: &MultimodalConfig,
        tensors: &NamedArrays,
        engine: EngineKind,
        gpu: Option<&Gpu>,
    ) -> Result<Self, SampleError> {
        let graph = config.lower_reader(tensors)?;
        Ok(Self { config: config.clone(), runner: prepared(&graph, engine, gpu)? })
    }

    /// Texts to `indices` `[n, h, w]`, their codes as `latent` `[n, d, h, w]`, and `embedding` `[n, align]`.
    ///
    /// # Shapes
    /// - `texts`: `[n][text.places]`, n at least 1, as [`super::texts::numbers_of`] gives them
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// When a text has another length.
    pub fn read(&mut self, texts: &[Vec<u32>]) -> Result<NamedArrays, SampleError> {
        let read = texts.iter().flat_map(|text| self.config.reading(text)).collect();
        let shape = [texts.len(), 2, self.config.reader().places];
        Ok(self.runner.run(&Array::new(shape, read).expect("whole texts"))?)
    }

    /// The latent of one text, `[d * h * w]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn latent(&mut self, text: Vec<u32>) -> Result<Vec<f32>, SampleError> {
        Ok(output(self.read(&[text])?, "latent").into_data())
    }
}

/// What tells texts of the codes of a picture: a prior that knows texts, or a model's writer as one, with its tensors.
pub fn captioner(model: &ModelConfig, tensors: &NamedArrays) -> Option<(PriorConfig, NamedArrays)> {
    match model {
        ModelConfig::Prior(config) if config.text.is_some() => {
            Some((config.clone(), tensors.clone()))
        }
        ModelConfig::Multimodal(config) => {
            Some((config.captioner(), config.captioner_tensors(tensors)))
        }
        _ => None,
    }
}
