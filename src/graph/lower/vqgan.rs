//! The autoencoder of VQGAN or of latent diffusion with an adversary, as a description: the autoencoder itself lies in
//! [`super::vq_model`], under diffusers' names; beside it stand a discriminator and what the quantizer keeps.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, section 3.1, arXiv:2012.09841).

use serde::{Deserialize, Serialize};

pub use super::discriminator::DISCRIMINATOR;
use super::patchgan::PatchGanConfig;
use super::quantizer::CodebookUpdate;
use super::vq_model::VqModelConfig;
use super::{Architecture, Networks, Shown, check_shapes, is_fitted};
use crate::array::NamedArrays;
use crate::graph::{Graph, GraphError};
use crate::picture::{ImageShape, ValueRange};

/// The moving average of how many vectors of a batch chose each code, `[k]`.
pub const CLUSTER_SIZE: &str = "quantizer.cluster_size";
/// The moving average of the sum of those vectors, `[k, d]`; only where the codes follow it.
pub const EMBED_AVG: &str = "quantizer.embed_avg";

/// Everything that fixes the shapes of the autoencoder and its discriminator, and how its codes move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VqganConfig {
    /// Encoder and decoder, with what a latent is.
    pub autoencoder: VqModelConfig,
    /// What judges the decoder's images.
    pub discriminator: PatchGanConfig,
    /// What moves the codes.
    pub update: CodebookUpdate,
    /// The classifier that compares images by what it sees in them, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perceptual: Option<PinnedClassifier>,
}

/// A trained classifier as it was when a run began with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedClassifier {
    /// Its checkpoint's weights.
    pub file: String,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: String,
}

impl VqganConfig {
    fn sides(&self) -> [usize; 2] {
        [self.autoencoder.image.height, self.autoencoder.image.width]
    }
}

impl Architecture for VqganConfig {
    fn family(&self) -> &'static str {
        self.autoencoder.family()
    }

    fn image(&self) -> ImageShape {
        self.autoencoder.image
    }

    fn sides_of(&self, grid: [usize; 2]) -> Option<[usize; 2]> {
        self.autoencoder.sides_of(grid)
    }

    fn check(&self) -> Result<(), String> {
        Architecture::check(&self.autoencoder)?;
        let image = self.autoencoder.image;
        self.discriminator.check(image.channels, image)
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = self.autoencoder.tensors();
        if let Some([k, d]) = self.codebook() {
            tensors.push((CLUSTER_SIZE.to_owned(), vec![k]));
            if self.update == CodebookUpdate::Ema {
                tensors.push((EMBED_AVG.to_owned(), vec![k, d]));
            }
        }
        let judge = self.discriminator.tensors().into_iter();
        tensors.extend(judge.map(|(name, shape)| (format!("{DISCRIMINATOR}.{name}"), shape)));
        tensors
    }

    /// The averages of codes are not counted.
    fn num_parameters(&self) -> u64 {
        let fitted = |name: &str| name != CLUSTER_SIZE && name != EMBED_AVG && is_fitted(name);
        let shapes = self.tensors().into_iter().filter(|(name, _)| fitted(name));
        shapes.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn latent(&self) -> Vec<usize> {
        self.autoencoder.latent()
    }

    fn range(&self) -> ValueRange {
        self.autoencoder.range()
    }

    /// Images and reconstructions are judged once for the discriminator, reconstructions again for the decoder.
    fn activations(&self) -> usize {
        self.autoencoder.activations() + 3 * self.discriminator.activations(self.sides())
    }

    /// The networks of the autoencoder.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        self.autoencoder.lower(tensors)
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        self.autoencoder.codebook()
    }

    fn has_discriminator(&self) -> bool {
        true
    }

    fn lower_discriminator(
        &self,
        tensors: &NamedArrays,
        _shown: Shown,
    ) -> Result<Option<Graph>, GraphError> {
        check_shapes(self, tensors)?;
        self.discriminator.lower(tensors, DISCRIMINATOR, self.sides()).map(Some)
    }
}
