//! Training modules as codecs: the reference that every engine is held against.

use burn::tensor::Device;
use burn::tensor::activation::sigmoid;

use super::params::{self, ParamError};
use super::vae::Vae;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::graph::lower::vae::VaeConfig;

/// A VAE module as a codec: the training module itself, on any burn device.
pub struct VaeCodec {
    model: Vae,
    device: Device,
}

impl VaeCodec {
    /// A trained module, free of gradients, on `device`.
    pub fn from_module(model: Vae, device: Device) -> Self {
        Self { model, device }
    }

    /// A module from a checkpoint's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn new(
        config: &VaeConfig,
        tensors: &NamedArrays,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let model = params::load(Vae::new(config, 0, device), tensors)?;
        Ok(Self { model, device: device.clone() })
    }
}

impl Codec for VaeCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let posterior = self.model.encode(params::tensor_from_array(images, &self.device));
        Ok(NamedArrays::from([
            ("latent".to_owned(), params::array_from_tensor(posterior.mean)),
            ("logvar".to_owned(), params::array_from_tensor(posterior.logvar)),
        ]))
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let logits = self.model.decode_logits(params::tensor_from_array(latent, &self.device));
        let image = sigmoid(logits.clone());
        Ok(NamedArrays::from([
            ("logits".to_owned(), params::array_from_tensor(logits)),
            ("image".to_owned(), params::array_from_tensor(image)),
        ]))
    }

    fn engine(&self) -> &'static str {
        "burn"
    }

    fn describe(&self) -> String {
        format!("burn on {:?}", self.device)
    }
}
