//! Training modules as codecs: the reference that every engine is held against.

mod vqgan;

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::classifier::Classifier;
use super::gan::Generator;
use super::params::{self, ParamError};
use super::quantizer::{counts, planes_of, rows_of, whole};
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
    classes: Classes,
}

impl VaeCodec {
    /// A trained module, free of gradients, on `device`; asked for its classes in turn where it knows some.
    pub fn from_module(model: Vae, classes: usize, device: Device) -> Self {
        Self { model, device, classes: Classes::in_turn(classes) }
    }

    /// A module from a checkpoint's tensors.
    ///
    /// # Errors
    /// When the tensors are not those of `config`.
    pub fn new(
        config: &VaeConfig,
        tensors: &NamedArrays,
        shown: Shown,
        device: &Device,
    ) -> Result<Self, ParamError> {
        let model = params::load(Vae::new(config, 0, device), tensors)?;
        let classes = Classes::shown(config.classes, shown);
        Ok(Self { model, device: device.clone(), classes })
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
    classes: Classes,
}

/// Which classes a model is asked for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// It knows none.
    None,
    /// One.
    One(usize),
    /// So many, in turn.
    InTurn(usize),
}

/// The same, unless somebody has said of which class each image is.
#[derive(Clone, Debug)]
struct Classes {
    asked: Asked,
    told: Option<Vec<u32>>,
}

impl Classes {
    const fn in_turn(count: usize) -> Self {
        let asked = if count > 0 { Asked::InTurn(count) } else { Asked::None };
        Self { asked, told: None }
    }

    const fn shown(count: usize, shown: Shown) -> Self {
        let asked = if count > 0 { Asked::One(shown.class) } else { Asked::None };
        Self { asked, told: None }
    }

    fn tell(&mut self, classes: Option<&[u32]>) {
        self.told = classes.map(<[u32]>::to_vec);
    }

    /// The class of each row of a batch, `[b]`; nothing for models that know none.
    fn labels(&self, b: usize, device: &Device) -> Option<Tensor<1, Int>> {
        let class_of = |row: usize| match (self.asked, &self.told) {
            (Asked::None, _) => None,
            (_, Some(told)) if row < told.len() => Some(told[row]),
            (Asked::One(class), _) => Some(class as u32),
            (Asked::InTurn(count), _) => Some((row % count) as u32),
        };
        let labels: Option<Vec<u32>> = (0..b).map(class_of).collect();
        labels.map(|labels| Tensor::from_data(TensorData::new(labels, [b]), device))
    }
}

impl GanCodec {
    /// A trained generator, free of gradients, on `device`; asked for its classes in turn where it knows some.
    pub fn from_module(generator: Generator, classes: usize, device: Device) -> Self {
        Self { generator, device, classes: Classes::in_turn(classes) }
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
        let classes = Classes::shown(config.classes, shown);
        Ok(Self { generator, device: device.clone(), classes })
    }
}

impl Codec for GanCodec {
    fn set_classes(&mut self, classes: Option<&[u32]>) {
        self.classes.tell(classes);
    }

    fn encode(&mut self, _images: &Array) -> Result<NamedArrays, CodecError> {
        Err(no_encoder())
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let labels = self.classes.labels(latent.num_rows(), &self.device);
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
        let quantizer = self.model.quantizer();
        let [b, _, h, w] = latent.dims();
        let bounded = quantizer.bounded(rows_of(latent.clone()));
        let indices = self.model.indices(latent);
        let codes = self.model.codes(indices.clone()); // [b, d, h, w]
        let mut arrays = NamedArrays::from([
            ("usage".to_owned(), params::array_from_tensor(self.usage(indices.clone()))),
            ("indices".to_owned(), self.in_grids(&params::array_from_tensor(indices.float()))),
            ("quantized".to_owned(), params::array_from_tensor(codes.clone())),
        ]);
        if let Some(bounded) = bounded {
            let bounded = params::array_from_tensor(planes_of(bounded, b, [h, w]));
            arrays.insert("bounded".to_owned(), bounded);
        }
        (arrays, codes)
    }

    /// How many vectors chose each row of all codes, `[q * k]`.
    fn usage(&self, indices: Tensor<3, Int>) -> Tensor<1> {
        let quantizer = self.model.quantizer();
        let [b, rows, w] = indices.dims();
        let (config, grids) = (quantizer.config(), quantizer.grids());
        if config.layout().parts() == 1 {
            return counts(indices.flatten(0, 2), config.num_codes());
        }
        let first = Tensor::<1, Int>::arange(0..i64::from(whole(grids)), &self.device);
        let first = first.reshape([1, grids, 1]) * whole(config.codebook_size); // [1, q, 1]
        let rows = indices.reshape([b, grids, rows / grids * w]) + first; // [b, q, h * w]
        counts(rows.flatten(0, 2), config.num_codes())
    }

    /// Indices as files hold them: grids one below the other, `[b, q * h, w]`, as `[b, q, h, w]` where there are
    /// several.
    fn in_grids(&self, indices: &Array) -> Array {
        let grids = self.model.quantizer().grids();
        match (grids, indices.shape()) {
            (2.., &[b, rows, w]) => {
                let shape = [b, grids, rows / grids, w];
                indices.clone().reshaped(shape).expect("the same values")
            }
            _ => indices.clone(),
        }
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
        let shape = match indices.shape() {
            &[b, grids, h, w] => [b, grids * h, w],
            &[b, h, w] => [b, h, w],
            other => return Err(format!("decode codes: indices of shape {other:?}").into()),
        };
        let indices = indices.clone().reshaped(shape)?;
        let indices = params::tensor_from_array::<3>(&indices, &self.device).int();
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
    fn set_classes(&mut self, classes: Option<&[u32]>) {
        self.classes.tell(classes);
    }

    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let labels = self.classes.labels(images.num_rows(), &self.device);
        let images = params::tensor_from_array(images, &self.device);
        let posterior = self.model.encode_kept(images, labels, None);
        Ok(NamedArrays::from([
            ("latent".to_owned(), params::array_from_tensor(posterior.mean)),
            ("logvar".to_owned(), params::array_from_tensor(posterior.logvar)),
        ]))
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let labels = self.classes.labels(latent.num_rows(), &self.device);
        let latent = params::tensor_from_array(latent, &self.device);
        let logits = self.model.decode_class(latent, labels);
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
