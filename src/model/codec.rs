//! Training modules as codecs: the reference that every engine is held against.

mod vqgan;

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::classifier::Classifier;
use super::gan::Generator;
use super::params::{self, ParamError};
use super::quantizer::counts;
use super::vae::Vae;
use super::vq_vae::VqVae;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, no_encoder};
use crate::graph::lower::classifier::ClassifierConfig;
use crate::graph::lower::gan::{AVERAGE, GENERATOR, GanConfig};
use crate::graph::lower::vae::VaeConfig;
use crate::graph::lower::vq_vae::VqVaeConfig;
use crate::graph::lower::{NoDecoder, Shown};

pub use self::vqgan::VqganCodec;

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

/// A classifier module as a codec that only encodes, to logits and features.
pub struct ClassifierCodec {
    model: Classifier,
    device: Device,
}

impl ClassifierCodec {
    /// A trained module, free of gradients, on `device`.
    pub fn from_module(model: Classifier, device: Device) -> Self {
        Self { model, device }
    }

    /// A module from a checkpoint's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn new(
        config: &ClassifierConfig,
        tensors: &NamedArrays,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let model = params::load(Classifier::new(config, 0, device), tensors)?;
        Ok(Self { model, device: device.clone() })
    }
}

impl Codec for ClassifierCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let told = self.model.classify(params::tensor_from_array(images, &self.device));
        Ok(NamedArrays::from([
            ("logits".to_owned(), params::array_from_tensor(told.logits)),
            ("features".to_owned(), params::array_from_tensor(told.features)),
        ]))
    }

    fn decode(&mut self, _latent: &Array) -> Result<NamedArrays, CodecError> {
        Err(NoDecoder.into())
    }

    fn engine(&self) -> &'static str {
        "burn"
    }

    fn describe(&self) -> String {
        format!("burn on {:?}", self.device)
    }
}

/// A generator as a codec that only decodes.
pub struct GanCodec {
    generator: Generator,
    device: Device,
    class: Option<usize>,
}

impl GanCodec {
    /// A trained generator, free of gradients, on `device`; asked for the first class where it knows classes.
    pub fn from_module(generator: Generator, classes: usize, device: Device) -> Self {
        Self { generator, device, class: (classes > 0).then_some(0) }
    }

    /// A module from a checkpoint's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of `config`, or there is no such class.
    pub fn new(
        config: &GanConfig,
        tensors: &NamedArrays,
        shown: Shown,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let name = if shown.averaged { AVERAGE } else { GENERATOR };
        let own = params::under(tensors, name);
        let generator = params::load(Generator::new(config, device), &own)?;
        let class = (config.classes > 0).then_some(shown.class);
        Ok(Self { generator, device: device.clone(), class })
    }
}

impl Codec for GanCodec {
    fn encode(&mut self, _images: &Array) -> Result<NamedArrays, CodecError> {
        Err(no_encoder())
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let b = latent.num_rows();
        let labels = self.class.map(|class| Tensor::full([b], class as i64, &self.device));
        let latent = params::tensor_from_array(latent, &self.device);
        let image = params::array_from_tensor(self.generator.generate(latent, labels));
        Ok(NamedArrays::from([("image".to_owned(), image)]))
    }

    fn engine(&self) -> &'static str {
        "burn"
    }

    fn describe(&self) -> String {
        format!("burn on {:?}", self.device)
    }
}

/// A VQ-VAE module as a codec: the training module itself, on any burn device.
pub struct VqVaeCodec {
    model: VqVae,
    device: Device,
}

impl VqVaeCodec {
    /// A trained module, free of gradients, on `device`.
    pub fn from_module(model: VqVae, device: Device) -> Self {
        Self { model, device }
    }

    /// A module from a checkpoint's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn new(
        config: &VqVaeConfig,
        tensors: &NamedArrays,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let model = params::load(VqVae::new(config, 0, device), tensors)?;
        Ok(Self { model, device: device.clone() })
    }

    /// Indices and codes of latents, and how often each code was chosen.
    fn quantized(&self, latent: &Array) -> (NamedArrays, Tensor<4>) {
        let latent = params::tensor_from_array::<4>(latent, &self.device);
        let indices = self.model.indices(latent);
        let codes = self.model.codes(indices.clone()); // [b, d, h, w]
        let k = self.model.quantizer().codebook().dims()[0];
        let usage = counts(indices.clone().flatten(0, 2), k);
        let arrays = NamedArrays::from([
            ("indices".to_owned(), params::array_from_tensor(indices.float())),
            ("quantized".to_owned(), params::array_from_tensor(codes.clone())),
            ("usage".to_owned(), params::array_from_tensor(usage)),
        ]);
        (arrays, codes)
    }
}

impl Codec for VqVaeCodec {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let latent = self.model.encode(params::tensor_from_array(images, &self.device));
        let latent = params::array_from_tensor(latent);
        let (mut arrays, _) = self.quantized(&latent);
        arrays.insert("latent".to_owned(), latent);
        Ok(arrays)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let (mut arrays, codes) = self.quantized(latent);
        let image = params::array_from_tensor(self.model.decode(codes));
        arrays.insert("image".to_owned(), image);
        Ok(arrays)
    }

    fn decode_indices(&mut self, indices: &Array) -> Result<NamedArrays, CodecError> {
        let indices = params::tensor_from_array::<3>(indices, &self.device).int();
        let codes = self.model.codes(indices);
        Ok(NamedArrays::from([
            ("quantized".to_owned(), params::array_from_tensor(codes.clone())),
            ("image".to_owned(), params::array_from_tensor(self.model.decode(codes))),
        ]))
    }

    fn engine(&self) -> &'static str {
        "burn"
    }

    fn describe(&self) -> String {
        format!("burn on {:?}", self.device)
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
