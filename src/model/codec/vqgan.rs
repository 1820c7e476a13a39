//! An autoencoder of codes or of normal latents as a codec.

use burn::tensor::{Device, Tensor};

use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::patchgan::PatchGanConfig;
use crate::graph::lower::quantizer::CodebookUpdate;
use crate::graph::lower::vq_model::VqModelConfig;
use crate::graph::lower::vqgan::{CLUSTER_SIZE, VqganConfig};
use crate::model::params::{self, ParamError};
use crate::model::quantizer::counts;
use crate::model::vqgan::{Normal, Vqgan};

const NO_CODEBOOK: &str =
    "decode codes: the model has no codebook (expected latents=codes; decode latents)";

/// The training module itself, on any burn device.
pub struct VqganCodec {
    model: Vqgan,
    device: Device,
}

impl VqganCodec {
    /// A trained module, free of gradients, on `device`.
    pub fn from_module(model: Vqgan, device: Device) -> Self {
        Self { model, device }
    }

    /// A module from the tensors of a checkpoint, without its discriminator's.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn new(
        config: &VqganConfig,
        tensors: &NamedArrays,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let model = Vqgan::new(config, 0, device).with_tensors(tensors)?;
        Ok(Self { model, device: device.clone() })
    }

    /// The same of an autoencoder that has no adversary and whose codes do not move.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn of_autoencoder(
        config: &VqModelConfig,
        tensors: &NamedArrays,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let image_channels = config.image.channels;
        let config = VqganConfig {
            autoencoder: config.clone(),
            discriminator: PatchGanConfig { image_channels, channels: 1, layers: 1 },
            update: CodebookUpdate::Loss,
            perceptual: None,
        };
        let mut tensors = tensors.clone();
        if let Some([codes, _]) = config.codebook() {
            tensors.insert(CLUSTER_SIZE.to_owned(), Array::zeros([codes]));
        }
        Self::new(&config, &tensors, device)
    }

    /// What the decoder gets for latents; with indices and how often each code was chosen, where latents are codes.
    fn quantized(&self, latent: Tensor<4>) -> (NamedArrays, Tensor<4>) {
        let mut arrays = NamedArrays::new();
        let Some(indices) = self.model.indices(latent.clone()) else { return (arrays, latent) };
        let Some(codes) = self.model.codes(indices.clone()) else { return (arrays, latent) };
        if let Some(quantizer) = self.model.quantizer() {
            let usage = counts(indices.clone().flatten(0, 2), quantizer.codebook().dims()[0]);
            arrays.insert("usage".to_owned(), params::array_from_tensor(usage));
        }
        arrays.insert("indices".to_owned(), params::array_from_tensor(indices.float()));
        arrays.insert("quantized".to_owned(), params::array_from_tensor(codes.clone()));
        (arrays, codes)
    }
}

impl Codec for VqganCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let images = params::tensor_from_array(images, &self.device);
        let encoded = self.model.autoencoder().encode(images);
        let (mut arrays, latent) = if self.model.quantizer().is_some() {
            (self.quantized(encoded.clone()).0, encoded)
        } else {
            let normal = Normal::of(encoded);
            let logvar = params::array_from_tensor(normal.logvar);
            (NamedArrays::from([("logvar".to_owned(), logvar)]), normal.mean)
        };
        arrays.insert("latent".to_owned(), params::array_from_tensor(latent));
        Ok(arrays)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let latent = params::tensor_from_array(latent, &self.device);
        let (mut arrays, codes) = self.quantized(latent);
        let image = self.model.autoencoder().decode(codes);
        arrays.insert("image".to_owned(), params::array_from_tensor(image));
        Ok(arrays)
    }

    fn decode_indices(&mut self, indices: &Array) -> Result<NamedArrays, CodecError> {
        let indices = params::tensor_from_array::<3>(indices, &self.device).int();
        let codes = self.model.codes(indices).ok_or(NO_CODEBOOK)?;
        let image = self.model.autoencoder().decode(codes.clone());
        Ok(NamedArrays::from([
            ("quantized".to_owned(), params::array_from_tensor(codes)),
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
