//! The recipes: which keys each family has, and how settings become a model's configuration.

mod quantizer;
mod shared;
mod vae;
mod vq_vae;

use crate::formats::run_dir::ModelConfig;
use crate::picture::ImageShape;

use super::settings::{Key, SettingError, Settings};

/// A family that can be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Variational autoencoder, β included.
    Vae,
    /// Vector-quantized autoencoder.
    VqVae,
}

impl Recipe {
    /// All recipes.
    pub const ALL: &'static [Self] = &[Self::Vae, Self::VqVae];

    /// The name on the command line and in run directories.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::VqVae => "vq-vae",
        }
    }

    /// The recipe of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|recipe| recipe.name() == name)
    }

    /// One sentence on what it trains.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Vae => "Variational autoencoder: a smooth latent space to drag through",
            Self::VqVae => {
                "Vector-quantized autoencoder: pictures as grids of codes from a codebook"
            }
        }
    }

    /// The sizes of a model from its settings and the images it is to learn.
    ///
    /// # Errors
    /// When the sizes do not go together.
    pub fn model_config(
        self,
        settings: &Settings,
        image: ImageShape,
    ) -> Result<ModelConfig, SettingError> {
        match self {
            Self::Vae => vae::config(settings, image).map(ModelConfig::Vae),
            Self::VqVae => vq_vae::config(settings, image).map(ModelConfig::VqVae),
        }
    }

    /// Its keys.
    pub const fn keys(self) -> &'static [Key] {
        match self {
            Self::Vae => vae::KEYS,
            Self::VqVae => vq_vae::KEYS,
        }
    }
}
