//! The autoencoder of images and of texts by the same codes.
//!
//! # Source
//! See `graph::lower::multimodal`.

mod contrast;

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::params::{self, ParamError};
use super::quantizer::{CodebookRules, Quantized, planes_of, rows_of};
use super::transformer::Transformer;
use super::vq_vae::VqVae;
use crate::array::NamedArrays;
use crate::graph::lower::multimodal::{Codebooks, MultimodalConfig};

pub use contrast::contrast;

/// Where the images' side lies in the module. [`Multimodal::tensors`] gives the names of files.
const IMAGES: &str = "images";
/// What cosines are multiplied with at first (Radford et al., 2021, section 2.4).
const FIRST_SCALE: f64 = 1.0 / 0.07;

/// Both sides. Its parts are named as in `graph::lower::multimodal`, those of images behind `images`.
#[derive(Module, Debug)]
pub struct Multimodal {
    images: VqVae,
    reader: Transformer,
    writer: Transformer,
    /// The codebook of texts, where they have their own.
    text_codes: Option<Embedding>,
    align_image: Linear,
    align_text: Linear,
    scale: Param<Tensor<1>>,
    #[module(skip)]
    config: MultimodalConfig,
}

/// Images and texts, some of which belong together.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// What is encoded, `[b, c, h, w]` in `[0, 1]`; it is to come out again.
    pub images: Tensor<4>,
    /// Texts as tokens, `[n, t]`.
    pub texts: Tensor<2, Int>,
    /// Which of their tokens are to be told, `[n * t]` of 0 and 1.
    pub said: Tensor<1>,
    /// To which image each of the first p texts belongs, `[p]`; the others belong to none.
    pub image_of: Tensor<1, Int>,
    /// Which of those p say the same, `[p, p]` of 0 and 1, with zeros on the diagonal.
    pub same: Tensor<2>,
}

/// The terms of the loss of a batch. Those of texts and of pairs are zero where there are none.
#[derive(Clone, Debug)]
pub struct MultimodalTerms {
    /// Mean squared error of images through their own codes, `[1]`.
    pub image: Tensor<1>,
    /// Mean negative log-probability of a token of texts behind their own codes, in nats, `[1]`.
    pub text: Tensor<1>,
    /// Mean squared error of images through the codes of their texts, `[1]`.
    pub image_of_text: Tensor<1>,
    /// Mean negative log-probability of a token of texts behind the codes of their images, in nats, `[1]`.
    pub text_of_image: Tensor<1>,
    /// Cross-entropy of telling the codes of images from their texts, cell by cell, in nats, `[1]`.
    pub codes_of_text: Tensor<1>,
    /// Cross-entropy of finding the text of an image among those of the batch, and the reverse, in nats, `[1]`.
    pub contrastive: Tensor<1>,
    /// The decoded images, `[b + p, c, h, w]`: through their own codes, then through those of their texts.
    pub decoded: Tensor<4>,
    /// The points of the first p texts beside which images are compared, of unit length, without gradients, `[p, align]`.
    pub points: Tensor<2>,
    /// Vectors of images.
    pub quantized: Quantized,
    /// For how many cells texts chose each code of the images' codebook, `[k]`; zeros where they have their own.
    pub text_counts: Tensor<1>,
}

impl Multimodal {
    /// A model with PyTorch's first values, drawn from `seed`; codes begin as those of a VQ-VAE.
    ///
    /// # Panics
    /// When `config` was not checked.
    pub fn new(config: &MultimodalConfig, seed: u64, device: &Device) -> Self {
        let [k, d] = [config.images.quantizer.codebook_size, config.images.quantizer.code_dim];
        let own_codes = |seed: u64| {
            let table = EmbeddingConfig::new(k, d).with_initializer(Initializer::Zeros);
            params::init_uniform(table.init(device), seed, &|_| false)
        };
        // Streams of their own.
        let stream = |number: u64| seed ^ number << 60;
        Self {
            images: VqVae::new(&config.images, seed, device),
            reader: Transformer::new(&config.reader(), stream(1), device),
            writer: Transformer::new(&config.writer(), stream(2), device),
            text_codes: (config.codebooks == Codebooks::Two).then(|| own_codes(stream(3))),
            align_image: align(config, stream(4), device),
            align_text: align(config, stream(5), device),
            scale: Param::from_tensor(Tensor::full([1], FIRST_SCALE.ln(), device)),
            config: config.clone(),
        }
    }

    /// The images' side.
    pub fn images(&self) -> &VqVae {
        &self.images
    }

    /// All tensors under the names of files: those of images as a VQ-VAE has them. A sync point.
    pub fn tensors(&self) -> NamedArrays {
        let all = params::collect(self);
        let images = params::under(&all, IMAGES);
        params::without(&all, IMAGES).into_iter().chain(images).collect()
    }

    /// The same with other tensors, named as [`Multimodal::tensors`] names them.
    ///
    /// # Errors
    /// When one is missing, has another shape, or belongs to no part.
    pub fn with_tensors(self, tensors: &NamedArrays) -> Result<Self, ParamError> {
        let is_of_images = |name: &str| {
            ["encoder", "quantizer", "decoder"].iter().any(|part| params::lies_under(name, part))
        };
        let inner = tensors.iter().map(|(name, array)| {
            let prefix = if is_of_images(name) { format!("{IMAGES}.") } else { String::new() };
            (prefix + name, array.clone())
        });
        params::load(self, &inner.collect())
    }

    /// The same with another images' side.
    #[must_use = "gives back the model with the other side"]
    pub fn with_images(self, images: VqVae) -> Self {
        Self { images, ..self }
    }

    /// How probable codes are of every cell of texts.
    ///
    /// # Shapes
    /// - `texts`: `[n, t]`; result: `[n * h * w, k]`
    pub fn read(&self, texts: Tensor<2, Int>) -> Tensor<2> {
        let ([n, t], cells) = (texts.dims(), self.config.cells());
        let device = texts.device();
        let cell = Tensor::full([n, cells], self.config.cell_token(), &device);
        let read = self.reader.look_up(Tensor::cat(vec![texts, cell], 1));
        let seen = self.reader.seen_at(read, span(0..t + cells, &device)); // [n, t + cells, c]
        let [_, _, c] = seen.dims();
        let of_cells = seen.slice([0..n, t..t + cells, 0..c]).reshape([n * cells, c]);
        self.reader.tell(of_cells)
    }

    /// The likeliest codes, with the gradient of the mean of all of them by their probabilities; and their numbers.
    ///
    /// # Shapes
    /// - `logits`: `[m, k]`; results: `[m, d]`, `[m]`
    pub fn chosen(&self, logits: Tensor<2>) -> (Tensor<2>, Tensor<1, Int>) {
        let codes = match &self.text_codes {
            Some(own) => own.weight.val(),
            None => grown(self.images.quantizer().codebook(), &logits),
        };
        let [m, _] = logits.dims();
        let numbers = logits.clone().argmax(1).reshape([m]);
        let hard = codes.clone().select(0, numbers.clone());
        let soft = softmax(logits, 1).matmul(codes);
        (soft.clone() + (hard - soft).detach(), numbers)
    }

    /// The logits of the tokens of texts behind grids.
    ///
    /// # Shapes
    /// - `texts`: `[n, t]`; `grids`: `[n * cells, d]`, grid after grid; result: `[n * t, tokens]`
    pub fn write(&self, texts: Tensor<2, Int>, grids: Tensor<2>) -> Tensor<2> {
        let ([n, t], cells) = (texts.dims(), self.config.cells());
        let [_, d] = grids.dims();
        let device = texts.device();
        let start = Tensor::full([n, 1], self.config.start_token(), &device);
        let before = texts.slice([0..n, 0..t - 1]);
        let table = self.writer.look_up(Tensor::cat(vec![start, before], 1)); // [n, t, d]
        let read = Tensor::cat(
            vec![
                table.clone().slice([0..n, 0..1, 0..d]),
                grids.reshape([n, cells, d]),
                table.slice([0..n, 1..t, 0..d]),
            ],
            1,
        );
        let rows = Tensor::cat(vec![span(t..t + cells, &device), span(0..t, &device)], 0);
        let seen = self.writer.seen_at(read, rows); // [n, cells + t, c]
        let [_, _, c] = seen.dims();
        let of_text = seen.slice([0..n, cells..cells + t, 0..c]);
        self.writer.tell(of_text.reshape([n * t, c]))
    }

    /// The terms of the loss of a batch. Codes marked in `frozen`, `[k]`, get no gradient.
    pub fn terms(&self, pairs: &Pairs, frozen: Option<&Tensor<1, Bool>>) -> MultimodalTerms {
        let Pairs { images, texts, said, image_of, .. } = pairs;
        let (b, n, p) = (images.dims()[0], texts.dims()[0], image_of.dims()[0]);
        let (cells, grid) = (self.config.cells(), self.config.images.grid());
        let zero = || Tensor::zeros([1], &images.device());
        let latents = self.images.encode(images.clone()); // [b, d, h, w]
        let quantized = self.images.quantizer().forward(rows_of(latents.clone()), frozen);
        let logits = (n > 0).then(|| self.read(texts.clone())); // [n * cells, k]
        let chosen = logits.clone().map(|logits| self.chosen(logits)); // [n * cells, d], [n * cells]
        let text = chosen.as_ref().map(|(codes, _)| self.nats(texts, codes.clone(), said));
        let of_pairs = chosen.as_ref().filter(|_| p > 0);
        let of_pairs =
            of_pairs.map(|(codes, _)| planes_of(codes.clone().slice(0..p * cells), p, grid));
        let planes = planes_of(quantized.codes.clone(), b, grid);
        let decoded = self.images.decode_leakily(match of_pairs.clone() {
            Some(of_pairs) => Tensor::cat(vec![planes, of_pairs], 0),
            None => planes,
        });
        let crossed = logits.zip(of_pairs).map(|(logits, of_pairs)| {
            let painted = decoded.clone().slice(b..b + p);
            let latents = latents.select(0, image_of.clone());
            self.crossed(
                pairs,
                painted,
                &quantized,
                logits.slice(0..p * cells),
                [latents, of_pairs],
            )
        });
        let Crossed { image_of_text, text_of_image, codes_of_text, contrastive, points } = crossed
            .unwrap_or_else(|| Crossed {
                image_of_text: zero(),
                text_of_image: zero(),
                codes_of_text: zero(),
                contrastive: zero(),
                points: Tensor::zeros([0, self.config.align], &images.device()),
            });
        let k = self.config.images.quantizer.codebook_size;
        let text_counts = match chosen.filter(|_| self.text_codes.is_none()) {
            Some((_, numbers)) => super::quantizer::counts(numbers, k),
            None => quantized.counts.zeros_like(),
        };
        MultimodalTerms {
            image: (decoded.clone().slice(0..b) - images.clone()).square().mean(),
            text: text.unwrap_or_else(zero),
            image_of_text,
            text_of_image,
            codes_of_text,
            contrastive,
            decoded,
            points: points.inner(),
            quantized,
            text_counts,
        }
    }

    /// The terms of pairs: of their images painted from texts, `[p, c, h, w]`, of the codes of all images, of what is
    /// told of the cells of the texts, `[p * cells, k]`, and of the vectors of images and the codes of texts,
    /// `[p, d, h, w]`.
    fn crossed(
        &self,
        pairs: &Pairs,
        painted: Tensor<4>,
        codes: &Quantized,
        logits: Tensor<2>,
        [of_images, of_texts]: [Tensor<4>; 2],
    ) -> Crossed {
        let Pairs { images, texts, said, image_of, same } = pairs;
        let ([p, ..], [_, t]) = (painted.dims(), texts.dims());
        let (b, cells) = (images.dims()[0], self.config.cells());
        let [_, d] = codes.codes.dims();
        let behind = codes.codes.clone().reshape([b, cells * d]).select(0, image_of.clone());
        let numbers = codes.indices.clone().reshape([b, cells]).select(0, image_of.clone());
        let told = log_softmax(logits, 1).gather(1, numbers.reshape([p * cells, 1]));
        let points = self.text_points(of_texts);
        let seen = self.image_points(of_images);
        Crossed {
            image_of_text: (painted - images.clone().select(0, image_of.clone())).square().mean(),
            text_of_image: self.nats(
                &texts.clone().slice(0..p),
                behind.reshape([p * cells, d]),
                &said.clone().slice(0..p * t),
            ),
            codes_of_text: told.mean().neg(),
            contrastive: contrast(seen, points.clone(), self.scale.val(), same.clone()),
            points,
        }
    }

    /// Where images lie beside texts, of unit length.
    ///
    /// # Shapes
    /// - `latents`: `[n, d, h, w]`; result: `[n, align]`
    pub fn image_points(&self, latents: Tensor<4>) -> Tensor<2> {
        contrast::unit(self.align_image.forward(latents.flatten(1, 3)))
    }

    /// Where texts lie beside images, of unit length.
    ///
    /// # Shapes
    /// - `latents`: `[n, d, h, w]`; result: `[n, align]`
    pub fn text_points(&self, latents: Tensor<4>) -> Tensor<2> {
        contrast::unit(self.align_text.forward(latents.flatten(1, 3)))
    }

    /// Mean negative log-probability of the tokens that are said, behind grids, in nats, `[1]`.
    fn nats(&self, texts: &Tensor<2, Int>, grids: Tensor<2>, said: &Tensor<1>) -> Tensor<1> {
        let [n, t] = texts.dims();
        let told = log_softmax(self.write(texts.clone(), grids), 1);
        let right = told.gather(1, texts.clone().reshape([n * t, 1])).reshape([n * t]);
        (right * said.clone()).sum().neg() / said.clone().sum().clamp_min(1.0)
    }

    /// What follows the optimizer's step; see [`VqVae::update_codes`].
    #[must_use = "gives back the model with the moved codebook"]
    pub fn update_codes(
        self,
        terms: &MultimodalTerms,
        rules: &CodebookRules,
        frozen: Option<&Tensor<1, Bool>>,
        (seed, step): (u64, u64),
    ) -> (Self, Tensor<1, Bool>) {
        let (images, restarted) =
            self.images.update_codes(&terms.quantized, rules, frozen, seed, step);
        (Self { images, ..self }, restarted)
    }
}

/// The terms of pairs.
struct Crossed {
    image_of_text: Tensor<1>,
    text_of_image: Tensor<1>,
    codes_of_text: Tensor<1>,
    contrastive: Tensor<1>,
    points: Tensor<2>,
}

/// Constants where there are gradients.
fn grown(constant: Tensor<2>, like: &Tensor<2>) -> Tensor<2> {
    if like.device().is_autodiff() { Tensor::from_inner(constant) } else { constant }
}

/// A layer without a bias from grids to points.
fn align(config: &MultimodalConfig, seed: u64, device: &Device) -> Linear {
    let layer = LinearConfig::new(config.latent_len(), config.align).with_bias(false);
    let layer = layer.with_initializer(Initializer::Zeros).init(device);
    params::init_uniform(layer, seed, &|_| false)
}

/// Whole numbers in order, `[end - start]`.
fn span(range: std::ops::Range<usize>, device: &Device) -> Tensor<1, Int> {
    let (len, values) = (range.len(), range.map(|value| value as u32).collect::<Vec<_>>());
    Tensor::from_data(TensorData::new(values, [len]), device)
}
