//! The recipes: which keys each family has, and how settings become a model's configuration.

mod adversarial;
mod classifier;
mod gan;
mod keys;
mod multimodal;
mod prior;
mod quantizer;
mod shared;
mod vae;
mod vae_gan;
mod vq_vae;
mod vqgan;

use crate::formats::run_dir::ModelConfig;
use crate::language::tr_later;
use crate::picture::ImageShape;

use super::settings::{Key, SettingError, Settings};

pub(super) use shared::{augment, corruption, scheduled, spoilt};

/// A family that can be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Variational autoencoder, β included.
    Vae,
    /// Vector-quantized autoencoder.
    VqVae,
    /// Generative adversarial network.
    Gan,
    /// Variational autoencoder with an adversary.
    VaeGan,
    /// Autoencoder with an adversary that judges patches, of codes or of normal latents.
    Vqgan,
    /// Classifier, to measure generators by.
    Classifier,
    /// Autoencoder of images and of texts by the same codes.
    Multimodal,
    /// Prior over the codes of a trained autoencoder.
    Prior,
}

impl Recipe {
    /// All recipes.
    pub const ALL: &'static [Self] = &[
        Self::Vae,
        Self::VqVae,
        Self::Gan,
        Self::VaeGan,
        Self::Vqgan,
        Self::Classifier,
        Self::Multimodal,
        Self::Prior,
    ];

    /// The name on the command line and in run directories.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::VqVae => "vq-vae",
            Self::Gan => "gan",
            Self::VaeGan => "vae-gan",
            Self::Vqgan => "vqgan",
            Self::Classifier => "classifier",
            Self::Multimodal => "multimodal",
            Self::Prior => "prior",
        }
    }

    /// The recipe of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|recipe| recipe.name() == name)
    }

    /// One sentence on what it trains.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Vae => {
                tr_later!("Variational autoencoder: a smooth latent space to drag through")
            }
            Self::VqVae => {
                tr_later!(
                    "Vector-quantized autoencoder: pictures as grids of codes from a codebook"
                )
            }
            Self::Gan => {
                tr_later!(
                    "Generative adversarial network: a generator learns to pass a discriminator"
                )
            }
            Self::VaeGan => {
                tr_later!("VAE with an adversary: a discriminator compares its reconstructions")
            }
            Self::Vqgan => tr_later!("VQGAN: codes or normal latents, judged patch by patch"),
            Self::Classifier => tr_later!("Classifier: what generators are measured by"),
            Self::Multimodal => {
                tr_later!("Images with texts: pictures and captions by the codes of one codebook")
            }
            Self::Prior => {
                tr_later!("Prior: how codes of a trained model follow each other, to draw new ones")
            }
        }
    }

    /// The sizes of a model from its settings, the images it is to learn and the names of their classes; of a prior
    /// also from the autoencoder of its `codes`.
    ///
    /// # Errors
    /// When the sizes do not go together.
    pub fn model_config(
        self,
        settings: &Settings,
        image: ImageShape,
        classes: &[String],
        codes: Option<&ModelConfig>,
    ) -> Result<ModelConfig, SettingError> {
        match self {
            Self::Vae => vae::config(settings, image, classes.len()).map(ModelConfig::Vae),
            Self::VqVae => vq_vae::config(settings, image).map(ModelConfig::VqVae),
            Self::Gan => gan::config(settings, image, classes.len()).map(ModelConfig::Gan),
            Self::VaeGan => vae_gan::config(settings, image).map(ModelConfig::VaeGan),
            Self::Vqgan => vqgan::config(settings, image).map(ModelConfig::Vqgan),
            Self::Classifier => {
                classifier::config(settings, image, classes.len()).map(ModelConfig::Classifier)
            }
            Self::Multimodal => multimodal::config(settings, image).map(ModelConfig::Multimodal),
            Self::Prior => prior::config(settings, codes, classes).map(ModelConfig::Prior),
        }
    }

    /// Its keys.
    pub const fn keys(self) -> &'static [Key] {
        match self {
            Self::Vae => vae::KEYS,
            Self::VqVae => vq_vae::KEYS,
            Self::Gan => gan::KEYS,
            Self::VaeGan => vae_gan::KEYS,
            Self::Vqgan => vqgan::KEYS,
            Self::Classifier => classifier::KEYS,
            Self::Multimodal => multimodal::KEYS,
            Self::Prior => prior::KEYS,
        }
    }
}
