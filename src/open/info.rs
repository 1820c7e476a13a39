//! What a model is, in numbers.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Opened;
use crate::graph::lower::ModelConfig;
use crate::graph::lower::prior::{Order, PriorConfig};
use crate::language::tr_later;

/// What `zscope info` tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Info {
    /// The family's name.
    pub family: &'static str,
    /// Whose file format it is.
    pub source: &'static str,
    /// Values that training fits.
    pub parameters: u64,
    /// Updates behind the weights.
    pub step: u64,
    /// The images.
    pub image: ImageInfo,
    /// The latents.
    pub latent: LatentInfo,
    /// The codebook, where there is one.
    pub codebook: Option<CodebookInfo>,
    /// How vectors become codes, where there is a codebook.
    pub quantizer: Option<QuantizerInfo>,
    /// The prior over the codes, where there is one.
    pub prior: Option<PriorInfo>,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
    /// What its own configuration says beyond the network, for example `scaling_factor`.
    pub facts: Map<String, Value>,
}

/// The codebook of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CodebookInfo {
    /// Codes, those of several quantizers together.
    pub size: usize,
    /// Dimensions of a code.
    pub dim: usize,
}

/// How a model's vectors become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuantizerInfo {
    /// As `--set quantizer=…` names it.
    pub method: &'static str,
    /// Codes that stand for one vector: those of several quantizers or heads.
    pub quantizers: usize,
}

/// The prior over a model's codes: a transformer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriorInfo {
    /// The family of the autoencoder.
    pub over: &'static str,
    /// In which order it tells codes.
    pub order: Order,
    /// The classes that it can be asked for.
    pub classes: Vec<String>,
    /// The codes of one image.
    pub places: usize,
    /// Values of a code in the table.
    pub embedding: usize,
    /// Values of a code inside.
    pub width: usize,
    /// Its layers.
    pub layers: usize,
    /// Its heads of attention.
    pub heads: usize,
}

impl From<&PriorConfig> for PriorInfo {
    fn from(config: &PriorConfig) -> Self {
        Self {
            over: config.codes.family(),
            order: config.order,
            classes: config.classes.clone(),
            places: config.num_places(),
            embedding: config.embedding,
            width: config.width,
            layers: config.layers,
            heads: config.heads,
        }
    }
}

/// The images of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageInfo {
    /// Colour planes.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Black and white.
    pub range: [f32; 2],
}

/// The latents of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatentInfo {
    /// `continuous` or `codes`.
    pub kind: &'static str,
    /// The shape without its batch.
    pub shape: Vec<usize>,
    /// Rows and columns, where it has them.
    pub grid: Option<[usize; 2]>,
}

impl Opened {
    /// What it is, in numbers.
    pub fn info(&self) -> Info {
        let image = self.image;
        let shape = self.model.latent();
        let grid = match shape[..] {
            [_, h, w] => Some([h, w]),
            _ => None,
        };
        let codebook = self.model.codebook().map(|[size, dim]| CodebookInfo { size, dim });
        let quantizer = self.model.quantizer().map(|config| QuantizerInfo {
            method: config.method.name(),
            quantizers: config.layout().per_cell(),
        });
        Info {
            family: self.model.family(),
            source: self.source,
            parameters: self.model.num_parameters(),
            step: self.step,
            image: ImageInfo {
                channels: image.channels,
                height: image.height,
                width: image.width,
                range: [self.range.lo, self.range.hi],
            },
            latent: LatentInfo {
                kind: if codebook.is_some() { tr_later!("codes") } else { tr_later!("continuous") },
                shape,
                grid,
            },
            codebook,
            quantizer,
            prior: match &self.model {
                ModelConfig::Prior(config) => Some(config.into()),
                _ => None,
            },
            notes: self.notes.clone(),
            facts: self.facts.clone(),
        }
    }
}
