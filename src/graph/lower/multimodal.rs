//! An autoencoder of images and of texts whose codes are those of one codebook, as a description.
//!
//! An image becomes a grid of vectors by convolutions, and those become the nearest codes. A text becomes a grid of codes
//! of the same size by a transformer, the *reader*: it reads the text beside one token for each cell, and tells of every
//! cell how probable each code is; the likeliest is taken. Codes of either become an image by convolutions, and a text by
//! another transformer, the *writer*, which tells the text behind the codes. So a text has a picture, and a picture a
//! text, by way of codes.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937), on both sides; Learning
//! Transferable Visual Models From Natural Language Supervision (Radford et al., 2021, section 2.3, arXiv:2103.00020)
//! for the space that images and texts are compared in.

mod graphs;

use serde::{Deserialize, Serialize};

use super::patchgan::PatchGanConfig;
use super::prior::{Order, PriorConfig, TextConfig};
use super::quantizer::{self, QuantizerConfig};
use super::transformer::TransformerConfig;
use super::vq_vae::VqVaeConfig;
use super::vqgan::DISCRIMINATOR;
use super::{Architecture, ModelConfig, Networks, Shown, is_fitted};
use crate::array::NamedArrays;
use crate::graph::{Graph, GraphError};
use crate::latent::CodeLayout;
use crate::picture::ImageShape;

/// The part of a model's tensors that makes grids of texts.
pub const READER: &str = "reader";
/// The part that makes texts of grids.
pub const WRITER: &str = "writer";
/// The codes of texts, where they have a codebook of their own, `[k, d]`.
pub const TEXT_CODES: &str = "text_codes.weight";
/// The layer that compares images with texts, `[align, d * h * w]`.
pub const IMAGE_ALIGN: &str = "align_image.weight";
/// The layer that compares texts with images, `[align, d * h * w]`.
pub const TEXT_ALIGN: &str = "align_text.weight";
/// The logarithm of what cosines are multiplied with, `[1]`.
pub const SCALE: &str = "scale";

/// Which codes texts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codebooks {
    /// Those of images.
    Shared,
    /// Codes of their own, as many of as many dimensions.
    Two,
}

/// What an adversary judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// Patches of images.
    Patches,
    /// Patches of images beside a text: whether they belong together (Generative Adversarial Text to Image
    /// Synthesis, Reed et al., 2016, section 4.1, arXiv:1605.05396).
    Pairs,
}

/// A discriminator and what it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adversary {
    /// What it judges.
    pub judged: Judged,
    /// Its sizes; where it judges pairs a text is further channels of its images, each of one value.
    pub network: PatchGanConfig,
}

/// Everything that fixes the shapes of the model and the meaning of its tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultimodalConfig {
    /// What encodes and decodes images, with its codebook.
    pub images: VqVaeConfig,
    /// Texts as tokens.
    pub text: TextConfig,
    /// Which codes texts have.
    pub codebooks: Codebooks,
    /// Values of a token inside of reader and writer.
    pub width: usize,
    /// Layers of each.
    pub layers: usize,
    /// Heads of attention of each.
    pub heads: usize,
    /// Dimensions of the space that images and texts are compared in.
    pub align: usize,
    /// What judges decoded images, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversary: Option<Adversary>,
}

impl MultimodalConfig {
    fn quantizer_config(&self) -> &QuantizerConfig {
        &self.images.quantizer
    }

    /// The tensors of the images' side alone: those of a VQ-VAE.
    pub fn tensors_of_images(&self, tensors: &NamedArrays) -> NamedArrays {
        let own = self.images.tensors().into_iter();
        own.filter_map(|(name, _)| Some((name.clone(), tensors.get(&name)?.clone()))).collect()
    }

    /// The cells of a grid.
    pub fn cells(&self) -> usize {
        self.images.grid().iter().product()
    }

    /// The values of a grid of vectors.
    pub fn latent_len(&self) -> usize {
        self.cells() * self.quantizer_config().code_dim
    }

    /// The token of a cell, which the reader makes a vector of: behind those of texts.
    pub fn cell_token(&self) -> u32 {
        self.text.tokens as u32
    }

    /// The token that the writer reads first: behind those of texts.
    pub fn start_token(&self) -> u32 {
        self.text.tokens as u32
    }

    /// A text that says nothing, `[text.places]`.
    pub fn silence(&self) -> Vec<u32> {
        vec![0; self.text.places]
    }

    /// What reads texts: their places, then the cells of a grid, each of which sees all of them.
    pub fn reader(&self) -> TransformerConfig {
        TransformerConfig {
            inputs: self.text.tokens + 1,
            outputs: self.quantizer_config().codebook_size,
            causal: false,
            ..self.writer()
        }
    }

    /// What writes texts. Its rows of positions are those of a text, then those of the cells, which are read first;
    /// vectors of codes stand in place of rows of its table.
    pub fn writer(&self) -> TransformerConfig {
        TransformerConfig {
            inputs: self.text.tokens + 1,
            outputs: self.text.tokens,
            places: self.text.places + self.cells(),
            embedding: self.quantizer_config().code_dim,
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            causal: true,
        }
    }

    /// The writer as a prior over codes and texts, which tells texts of images, and nothing else.
    pub fn captioner(&self) -> PriorConfig {
        PriorConfig {
            codes: Box::new(ModelConfig::VqVae(self.images.clone())),
            classes: Vec::new(),
            order: Order::Raster,
            text: Some(self.text),
            embedding: self.quantizer_config().code_dim,
            width: self.width,
            layers: self.layers,
            heads: self.heads,
        }
    }

    fn check_texts(&self) -> Result<(), String> {
        let quantizer = self.quantizer_config();
        if quantizer.layout() != CodeLayout::Whole {
            return Err(format!(
                "quantizer={} (expected codebook: texts and images share single codes)",
                quantizer.method.name()
            ));
        }
        let TextConfig { places, tokens } = self.text;
        if !(1..=4096).contains(&places) || !(3..=65_536).contains(&tokens) {
            return Err(format!(
                "texts of {places} places of {tokens} tokens (expected 1 to 4096 of 3 to 65536)"
            ));
        }
        if !(1..=4096).contains(&self.align) {
            return Err(format!("align is {} (expected 1 to 4096)", self.align));
        }
        let transformers = [self.reader(), self.captioner().transformer()];
        transformers.iter().try_for_each(|it| it.check().map_err(|error| error.to_string()))
    }

    fn check_adversary(&self) -> Result<(), String> {
        let Some(Adversary { judged, network }) = self.adversary else { return Ok(()) };
        let image = self.images.image;
        let of_text = if judged == Judged::Pairs { self.align } else { 0 };
        network.check(image.channels + of_text, image)
    }

    fn sides(&self) -> [usize; 2] {
        [self.images.image.height, self.images.image.width]
    }
}

impl Architecture for MultimodalConfig {
    fn family(&self) -> &'static str {
        "multimodal"
    }

    fn image(&self) -> ImageShape {
        self.images.image
    }

    fn check(&self) -> Result<(), String> {
        Architecture::check(&self.images)?;
        self.check_texts()?;
        self.check_adversary()
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let prefixed = |part: &str, tensors: Vec<(String, Vec<usize>)>| {
            let named = tensors.into_iter();
            named.map(|(name, shape)| (format!("{part}.{name}"), shape)).collect::<Vec<_>>()
        };
        let mut tensors = self.images.tensors();
        tensors.extend(prefixed(READER, self.reader().tensors()));
        tensors.extend(prefixed(WRITER, self.writer().tensors()));
        if self.codebooks == Codebooks::Two {
            let quantizer = self.quantizer_config();
            let shape = vec![quantizer.codebook_size, quantizer.code_dim];
            tensors.push((TEXT_CODES.to_owned(), shape));
        }
        for name in [IMAGE_ALIGN, TEXT_ALIGN] {
            tensors.push((name.to_owned(), vec![self.align, self.latent_len()]));
        }
        tensors.push((SCALE.to_owned(), vec![1]));
        if let Some(adversary) = self.adversary {
            tensors.extend(prefixed(DISCRIMINATOR, adversary.network.tensors()));
        }
        tensors
    }

    /// Averages of codes are not counted.
    fn num_parameters(&self) -> u64 {
        let averages = [quantizer::CLUSTER_SIZE, quantizer::EMBED_AVG];
        let fitted = |name: &str| is_fitted(name) && !averages.contains(&name);
        let shapes = self.tensors().into_iter().filter(|(name, _)| fitted(name));
        shapes.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    /// Both decoders run on codes of both sides.
    fn activations(&self) -> usize {
        let judged = self.adversary.map_or(0, |it| 5 * it.network.activations(self.sides()));
        2 * self.images.activations()
            + self.reader().activations()
            + 2 * self.writer().activations()
            + judged
    }

    /// The networks of images; those of texts are [`MultimodalConfig::lower_reader`] and the captioner's.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        super::check_shapes(self, tensors)?;
        self.images.lower(tensors)
    }

    fn latent(&self) -> Vec<usize> {
        self.images.latent()
    }

    fn quantizer(&self) -> Option<&QuantizerConfig> {
        Some(self.quantizer_config())
    }

    fn has_discriminator(&self) -> bool {
        // A judge of pairs would have to be shown a text as well.
        self.adversary.is_some_and(|adversary| adversary.judged == Judged::Patches)
    }

    fn lower_discriminator(
        &self,
        tensors: &NamedArrays,
        _shown: Shown,
    ) -> Result<Option<Graph>, GraphError> {
        let of_patches = self.adversary.filter(|_| self.has_discriminator());
        let Some(Adversary { network, .. }) = of_patches else { return Ok(None) };
        super::check_shapes(self, tensors)?;
        network.lower(tensors, DISCRIMINATOR, self.sides()).map(Some)
    }
}
