//! The first values of a new run, taken from a trained model instead of drawn at random.

use std::fmt;

use crate::array::{Array, NamedArrays};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::vq_model::{CODEBOOK, VqModelConfig};
use crate::graph::lower::vqgan::{CLUSTER_SIZE, DISCRIMINATOR, EMBED_AVG, VqganConfig};
use crate::open::Opened;
use crate::picture::ImageShape;

/// Which part of a trained model is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The encoder alone.
    Encoder,
    /// The decoder alone.
    Decoder,
}

impl Part {
    /// Both parts that a model can be asked for by name.
    pub const NAMED: [(&str, Self); 2] = [("encoder", Self::Encoder), ("decoder", Self::Decoder)];

    /// Whether a tensor belongs to it.
    fn has(self, tensor: &str) -> bool {
        let name = Self::NAMED.iter().find(|(_, part)| *part == self).map(|(name, _)| *name);
        name.is_none_or(|name| tensor.split('.').next() == Some(name))
    }
}

/// A trained model to start from.
#[derive(Clone, Debug)]
pub struct Init {
    /// What the model is called, for the run's description.
    pub name: String,
    /// Which part of it is taken.
    pub part: Part,
    /// Its tensors.
    pub tensors: NamedArrays,
    /// The autoencoder of another library that a whole one is, which the new run then has, whatever its keys say.
    pub network: Option<VqModelConfig>,
}

impl Init {
    /// An opened model, or a part of it.
    pub fn of(opened: &Opened, part: Part) -> Self {
        let name = opened.path.display().to_string();
        let mut tensors = opened.tensors.clone();
        let network = match &opened.model {
            ModelConfig::VqModel(network) if part == Part::Whole => Some(network.clone()),
            _ => None,
        };
        // Averages of a codebook that has none begin at its codes, as if one vector a batch had chosen each.
        if let Some(codes) = network.as_ref().and_then(|_| tensors.get(CODEBOOK).cloned()) {
            tensors.insert(CLUSTER_SIZE.to_owned(), Array::filled([codes.num_rows()], 1.0));
            tensors.insert(EMBED_AVG.to_owned(), codes);
        }
        Self { name, part, tensors, network }
    }

    /// The description of the new run: with the network of the model where that is of another library.
    ///
    /// # Errors
    /// When no recipe but `vqgan` trains such a network, or it does not fit the images.
    pub fn described(&self, model: ModelConfig, image: ImageShape) -> Result<ModelConfig, String> {
        let Some(network) = &self.network else { return Ok(model) };
        let refused = |found: String| format!("start from {self}: {found}");
        let ModelConfig::Vqgan(config) = model else {
            let family = model.family();
            let found = format!("its network is no {family} (expected the recipe vqgan)");
            return Err(refused(found));
        };
        if !network.has_module() {
            let found = "its normalizations see the latent, or a projection chooses its codes (expected norm_type \
                         group, and the nearest codes)";
            return Err(refused(found.to_owned()));
        }
        if network.image.channels != image.channels {
            let found = format!("it takes {} channels", network.image.channels);
            return Err(refused(format!(
                "{found} (expected {}, as the images have)",
                image.channels
            )));
        }
        let autoencoder = network.at([image.height, image.width]);
        let model = ModelConfig::Vqgan(VqganConfig { autoencoder, ..config });
        model.check().map_err(refused)?;
        Ok(model)
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        let part = Part::NAMED.iter().find(|(_, part)| *part == self.part);
        part.map_or(Ok(()), |(name, _)| write!(f, ":{name}"))
    }
}

/// A trained model does not fit the new run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "start from {model}: the tensor {tensor} {found} (expected the shape {expected:?}; give this run the keys of that \
     one, or take only the part that fits: :encoder or :decoder)"
)]
pub struct InitError {
    model: String,
    tensor: String,
    found: String,
    expected: Vec<usize>,
}

impl Init {
    /// The tensors that a model of this description takes over.
    ///
    /// # Errors
    /// When one of them is missing or has another shape.
    pub fn first_values(mut self, model: &ModelConfig) -> Result<NamedArrays, InitError> {
        let mut taken = NamedArrays::new();
        for (tensor, expected) in model.tensors() {
            // Another library's autoencoder has no adversary, which then begins at random.
            let is_adversary = tensor.split('.').next() == Some(DISCRIMINATOR);
            if !self.part.has(&tensor) || self.network.is_some() && is_adversary {
                continue;
            }
            let found = self.tensors.remove(&tensor);
            match found {
                Some(array) if array.shape() == expected => {
                    taken.insert(tensor, array);
                }
                other => {
                    let found = other.map_or("is missing".to_owned(), |array| {
                        format!("has the shape {:?}", array.shape())
                    });
                    return Err(InitError { model: self.to_string(), tensor, found, expected });
                }
            }
        }
        Ok(taken)
    }
}
