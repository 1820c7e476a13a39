//! The autoencoder of VQGAN or of latent diffusion with what lies between its two sides.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, section 3.1, arXiv:2012.09841); High-Resolution Image Synthesis with
//! Latent Diffusion Models (Rombach et al., 2022, section 3.1, arXiv:2112.10752).

use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor};

use super::loss::gaussian_kl;
use super::params::{self, ParamError};
use super::quantizer::{CodebookRules, Quantized, Quantizer, planes_of, rows_of};
use super::vq_model::VqModel;
use crate::array::{Array, NamedArrays};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::quantizer::QuantizerConfig;
use crate::graph::lower::vq_model::{CODEBOOK, LOGVAR_LIMITS};
use crate::graph::lower::vqgan::{CLUSTER_SIZE, EMBED_AVG, VqganConfig};

/// Where the two parts lie in the module. [`Vqgan::tensors`] gives the names of files.
const AUTOENCODER: &str = "autoencoder";
const OWN_CODEBOOK: &str = "quantizer.codebook";

/// An autoencoder and, where its latents are codes, a codebook.
#[derive(Module, Debug)]
pub struct Vqgan {
    autoencoder: VqModel,
    quantizer: Option<Quantizer>,
}

/// What became of a batch between encoder and decoder.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one an update, which goes no further")]
pub enum Between {
    /// Vectors were replaced by codes; n = b·h·w, image after image.
    Codes(Quantized),
    /// A sample was taken.
    Normal {
        /// KL divergence of an image's latent from the standard normal, mean over the batch, in nats, `[1]`.
        kl: Tensor<1>,
    },
}

/// A normal distribution for every place of a latent.
#[derive(Clone, Debug)]
pub struct Normal {
    /// `[b, d, h, w]`
    pub mean: Tensor<4>,
    /// `[b, d, h, w]`, cut off as diffusers does.
    pub logvar: Tensor<4>,
}

impl Vqgan {
    /// A model with PyTorch's first values, drawn from `seed`; codes begin like rows of a linear layer, and as if one
    /// vector a batch had chosen each.
    ///
    /// # Panics
    /// When `config` was not checked.
    pub fn new(config: &VqganConfig, seed: u64, device: &Device) -> Self {
        let quantizer = config.codebook().map(|[k, d]| {
            let sizes = QuantizerConfig {
                codebook_size: k,
                code_dim: d,
                update: config.update,
                ..QuantizerConfig::new()
            };
            let quantizer = Quantizer::new(&sizes, device);
            let keep = |path: &str| path != "codebook";
            // Another stream than the autoencoder's.
            let quantizer = params::init_uniform(quantizer, seed ^ 1 << 63, &keep);
            let codes = params::array_from_tensor(quantizer.codebook());
            quantizer.with_codes(&codes, 1.0).expect("the codebook's own shape")
        });
        Self { autoencoder: VqModel::new(&config.autoencoder, seed, device), quantizer }
    }

    /// Encoder and decoder.
    pub fn autoencoder(&self) -> &VqModel {
        &self.autoencoder
    }

    /// The codebook and its averages, where latents are codes.
    pub fn quantizer(&self) -> Option<&Quantizer> {
        self.quantizer.as_ref()
    }

    /// All tensors under the names of files: diffusers' for the autoencoder and its codes. A sync point.
    pub fn tensors(&self) -> NamedArrays {
        let own = params::collect(self).into_iter();
        own.map(|(name, array)| {
            let outer = match name.strip_prefix(AUTOENCODER) {
                Some(rest) => rest[1..].to_owned(),
                None if name == OWN_CODEBOOK => CODEBOOK.to_owned(),
                None => name,
            };
            (outer, array)
        })
        .collect()
    }

    /// The same with other tensors, named as [`Vqgan::tensors`] names them.
    ///
    /// # Errors
    /// When one is missing, has another shape, or belongs to no part.
    pub fn with_tensors(self, tensors: &NamedArrays) -> Result<Self, ParamError> {
        let own = tensors.iter().map(|(name, array)| {
            let inner = match name.as_str() {
                CODEBOOK => OWN_CODEBOOK.to_owned(),
                CLUSTER_SIZE | EMBED_AVG => name.clone(),
                _ => format!("{AUTOENCODER}.{name}"),
            };
            (inner, array.clone())
        });
        params::load(self, &own.collect())
    }

    /// The same with other codes; see [`Quantizer::with_codes`].
    ///
    /// # Errors
    /// When `codebook` is not `[k, d]`.
    pub fn with_codes(self, codebook: &Array, cluster_size: f64) -> Result<Self, ParamError> {
        let moved = |quantizer: Quantizer| quantizer.with_codes(codebook, cluster_size);
        Ok(Self { quantizer: self.quantizer.map(moved).transpose()?, ..self })
    }

    /// Images to vectors as they are compared with codes.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[-1, 1]`; result: `[b * h' * w', d]`
    pub fn vectors(&self, images: Tensor<4>) -> Tensor<2> {
        rows_of(self.autoencoder.encode(images))
    }

    /// Images to what the decoder gets in training: the nearest codes, or means moved by `noise` deviations.
    ///
    /// Codes marked in `frozen`, `[k]`, get no gradient.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]` in `[-1, 1]`; `noise`, result: `[b, d, h', w']`
    pub fn pass(
        &self,
        images: Tensor<4>,
        noise: Option<Tensor<4>>,
        frozen: Option<&Tensor<1, Bool>>,
    ) -> (Tensor<4>, Between) {
        let encoded = self.autoencoder.encode(images);
        let [b, _, h, w] = encoded.dims();
        if let Some(quantizer) = &self.quantizer {
            let quantized = quantizer.forward(rows_of(encoded), frozen);
            let planes = planes_of(quantized.codes.clone(), b, [h, w]);
            return (planes, Between::Codes(quantized));
        }
        let normal = Normal::of(encoded);
        let kl = normal.kl();
        let sample = match noise {
            Some(noise) => normal.mean + (normal.logvar * 0.5).exp() * noise,
            None => normal.mean,
        };
        (sample, Between::Normal { kl })
    }

    /// The nearest code of every vector; nothing where latents are normal.
    ///
    /// # Shapes
    /// - `latent`: `[b, d, h', w']`; result: `[b, h', w']`
    pub fn indices(&self, latent: Tensor<4>) -> Option<Tensor<3, Int>> {
        let [b, _, h, w] = latent.dims();
        let quantizer = self.quantizer.as_ref()?;
        Some(quantizer.indices(rows_of(latent)).reshape([b, h, w])) // [b, h', w']
    }

    /// The codes of given indices; nothing where latents are normal.
    ///
    /// # Shapes
    /// - `indices`: `[b, h', w']`, each below k; result: `[b, d, h', w']`
    pub fn codes(&self, indices: Tensor<3, Int>) -> Option<Tensor<4>> {
        let [b, h, w] = indices.dims();
        let codes = self.quantizer.as_ref()?.codes(indices.flatten(0, 2));
        Some(planes_of(codes, b, [h, w]))
    }

    /// What follows the optimizer's step; see [`Quantizer::update`]. Tells which codes started again, `[k]`.
    #[must_use = "gives back the model with the moved codebook"]
    pub fn update_codes(
        self,
        batch: &Quantized,
        rules: &CodebookRules,
        frozen: Option<&Tensor<1, Bool>>,
        seed: u64,
        step: u64,
    ) -> (Self, Option<Tensor<1, Bool>>) {
        let Some(quantizer) = self.quantizer else { return (self, None) };
        let (quantizer, restarted) = quantizer.update(batch, rules, frozen, seed, step);
        (Self { quantizer: Some(quantizer), ..self }, Some(restarted))
    }
}

impl Normal {
    /// From means and log-variances, one behind the other.
    ///
    /// # Shapes
    /// - `encoded`: `[b, 2 d, h, w]`
    ///
    /// # Panics
    /// When there is a single channel.
    pub fn of(encoded: Tensor<4>) -> Self {
        let [lo, hi] = LOGVAR_LIMITS;
        let [mean, logvar] = encoded.chunk(2, 1).try_into().expect("an even number of channels");
        Self { mean, logvar: logvar.clamp(lo, hi) }
    }

    /// KL divergence of an image's latent from the standard normal, mean over the batch, in nats, `[1]`.
    fn kl(&self) -> Tensor<1> {
        let b = self.mean.dims()[0];
        let rows = |planes: &Tensor<4>| planes.clone().flatten::<2>(1, 3); // [b, d * h * w]
        gaussian_kl(rows(&self.mean), rows(&self.logvar)).sum() / b as f64
    }
}
