//! The autoencoder with an adversary as a description: a VAE, whose decoder is the generator, and a discriminator.
//!
//! # Source
//! Autoencoding beyond pixels using a learned similarity metric (Larsen et al., 2016, arXiv:1512.09300).

use serde::{Deserialize, Serialize};

use super::discriminator::DiscriminatorConfig;
use super::vae::VaeConfig;
use super::{Architecture, Networks, Shown, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Graph, GraphError};
use crate::picture::{ImageShape, PixelLikelihood};

/// Everything that fixes the shapes of a VAE-GAN and the meaning of its output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VaeGanConfig {
    /// Encoder and decoder.
    pub vae: VaeConfig,
    /// What judges the decoder's images.
    pub discriminator: DiscriminatorConfig,
}

impl VaeGanConfig {
    /// The name and shape of the discriminator's tensors.
    fn judge_tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.discriminator.tensors(self.vae.arch, self.vae.image, 0)
    }
}

impl Architecture for VaeGanConfig {
    fn family(&self) -> &'static str {
        "vae-gan"
    }

    fn image(&self) -> ImageShape {
        self.vae.image
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=1024).contains(&self.discriminator.channels) {
            let found = self.discriminator.channels;
            return Err(format!("d_channels is {found} (expected 1 to 1024)"));
        }
        self.vae.check().map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = self.vae.tensors();
        tensors.extend(self.judge_tensors());
        tensors
    }

    fn num_parameters(&self) -> u64 {
        let fitted = self.tensors().into_iter().filter(|(name, _)| super::is_fitted(name));
        fitted.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn latent(&self) -> Vec<usize> {
        self.vae.latent()
    }

    /// Reconstructions and draws both are decoded and judged.
    fn activations(&self) -> usize {
        3 * self.vae.activations()
            + 4 * self.discriminator.activations(self.vae.arch, self.vae.image)
    }

    /// The networks of the VAE.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        self.vae.lower(tensors)
    }

    fn likelihood(&self, tensors: &NamedArrays) -> Option<PixelLikelihood> {
        self.vae.likelihood(tensors)
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
        let (judge, sizes) = (&self.discriminator, (self.vae.arch, self.vae.image));
        judge.lower(tensors, sizes, self.range(), None).map(Some)
    }
}
