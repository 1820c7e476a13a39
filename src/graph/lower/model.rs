//! Every description of a model as one type, told apart by its family.

use serde::{Deserialize, Serialize};

use super::Architecture;
use super::classifier::ClassifierConfig;
use super::codebook::CodebookConfig;
use super::described::DescribedConfig;
use super::gan::GanConfig;
use super::multimodal::MultimodalConfig;
use super::prior::{PriorConfig, TextConfig};
use super::tiny::TinyConfig;
use super::vae::VaeConfig;
use super::vae_gan::VaeGanConfig;
use super::vq_model::VqModelConfig;
use super::vq_vae::VqVaeConfig;
use super::vqgan::VqganConfig;

/// The network of a run, by family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "kebab-case")]
pub enum ModelConfig {
    /// A variational autoencoder.
    Vae(VaeConfig),
    /// A vector-quantized autoencoder.
    VqVae(VqVaeConfig),
    /// A generative adversarial network.
    Gan(GanConfig),
    /// An autoencoder with an adversary.
    VaeGan(VaeGanConfig),
    /// An autoencoder of codes or of normal latents with an adversary that judges patches.
    Vqgan(VqganConfig),
    /// A classifier.
    Classifier(ClassifierConfig),
    /// An autoencoder of codes or of normal latents without an adversary, as other libraries give it.
    VqModel(VqModelConfig),
    /// A small autoencoder that previews latents.
    Tiny(TinyConfig),
    /// An autoencoder of no standard layout, as a person tells of it.
    Described(DescribedConfig),
    /// A codebook without its model.
    Codebook(CodebookConfig),
    /// An autoencoder of codes with a prior over them.
    Prior(PriorConfig),
    /// An autoencoder of images and of texts by the same codes.
    Multimodal(MultimodalConfig),
}

impl ModelConfig {
    /// The same network for images of other sides, where it is one that takes any.
    pub fn at(&self, sides: [usize; 2]) -> Option<Self> {
        match self {
            Self::VqModel(config) => Some(Self::VqModel(config.at(sides))),
            Self::Tiny(config) => Some(Self::Tiny(config.at(sides))),
            Self::Vqgan(config) => {
                let autoencoder = config.autoencoder.at(sides);
                Some(Self::Vqgan(VqganConfig { autoencoder, ..config.clone() }))
            }
            _ => None,
        }
    }

    /// The texts that it knows, if it knows some.
    pub fn text(&self) -> Option<TextConfig> {
        match self {
            Self::Prior(config) => config.text,
            Self::Multimodal(config) => Some(config.text),
            _ => None,
        }
    }
}

impl std::ops::Deref for ModelConfig {
    type Target = dyn Architecture;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Vae(config) => config,
            Self::VqVae(config) => config,
            Self::Gan(config) => config,
            Self::VaeGan(config) => config,
            Self::Vqgan(config) => config,
            Self::Classifier(config) => config,
            Self::VqModel(config) => config,
            Self::Tiny(config) => config,
            Self::Described(config) => config,
            Self::Codebook(config) => config,
            Self::Prior(config) => config,
            Self::Multimodal(config) => config,
        }
    }
}
