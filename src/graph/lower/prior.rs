//! A prior over the codes of an autoencoder as a description: the autoencoder, which stays as it is, and a
//! transformer that tells how probable its grids of codes are.
//!
//! Codes are read row by row, those of one cell one after the other.

use serde::{Deserialize, Serialize};

use super::quantizer::QuantizerConfig;
use super::transformer::TransformerConfig;
use super::{Architecture, ModelConfig, Networks, Shown, Task};
use crate::array::NamedArrays;
use crate::graph::GraphError;
use crate::latent::CodeLayout;
use crate::picture::{ImageShape, PixelLikelihood, ValueRange};

/// The part of a model's tensors that are the transformer's.
pub const PRIOR: &str = "prior";

/// In which order a prior tells codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// One after the other, each from those before it (Generating Diverse High-Fidelity Images with VQ-VAE-2, Razavi
    /// et al., 2019, arXiv:1906.00446; Taming Transformers, Esser et al., 2021, arXiv:2012.09841).
    Raster,
    /// Several at once, each from all that are known (`MaskGIT`, Chang et al., 2022, arXiv:2202.04200).
    Masked,
}

/// Whether a prior tells the text of an image before its codes, or after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The text, then the image: pictures of texts.
    TextFirst,
    /// The image, then the text: captions of pictures.
    ImageFirst,
}

/// Texts beside images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextConfig {
    /// Tokens of a text; longer ones are cut off.
    pub places: usize,
    /// Different tokens: the first stands for nothing, the second for the end of a text.
    pub tokens: usize,
}

/// What a place of a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its row in the table of positions: the places of a text come before those of an image, in whichever order
    /// they are told.
    pub row: usize,
    /// The first token that it is one of.
    pub first: usize,
    /// How many tokens it is one of.
    pub count: usize,
}

impl Order {
    /// The name in settings and configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raster => "raster",
            Self::Masked => "masked",
        }
    }
}

/// Everything that fixes the shapes of a prior and the meaning of its tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorConfig {
    /// The autoencoder whose codes it is a prior over.
    pub codes: Box<ModelConfig>,
    /// The names of the classes that it can be asked for; none where it knows none.
    pub classes: Vec<String>,
    /// In which order it tells codes.
    pub order: Order,
    /// Texts that it tells beside images, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextConfig>,
    /// Values of a code in the table.
    pub embedding: usize,
    /// Values of a code inside of the transformer.
    pub width: usize,
    /// Its layers.
    pub layers: usize,
    /// Its heads of attention.
    pub heads: usize,
}

impl PriorConfig {
    /// How many codes a place chooses among: the first tokens.
    pub fn num_codes(&self) -> usize {
        self.codes.codebook().map_or(0, |[codes, _]| codes / self.layout().parts())
    }

    /// The codes of one cell.
    pub fn per_cell(&self) -> usize {
        self.layout().per_cell()
    }

    /// The codebooks that the codes of a cell are of: one, or one for each.
    pub fn parts(&self) -> usize {
        self.layout().parts()
    }

    fn layout(&self) -> CodeLayout {
        self.codes.quantizer().map(QuantizerConfig::layout).unwrap_or_default()
    }

    /// Rows and columns of cells.
    pub fn grid(&self) -> [usize; 2] {
        match *self.codes.latent() {
            [.., rows, columns] => [rows, columns],
            _ => [1, 1],
        }
    }

    /// The codes of one image.
    pub fn num_places(&self) -> usize {
        let [rows, columns] = self.grid();
        rows * columns * self.per_cell()
    }

    /// The places of a text; 0 where it tells none.
    pub fn text_places(&self) -> usize {
        self.text.map_or(0, |text| text.places)
    }

    /// The row of an image's first place in the table of positions: behind those of a text, and behind that of the start
    /// where it is one of the places that are told.
    pub fn first_of_image(&self) -> usize {
        self.text_places() + usize::from(self.order == Order::Masked)
    }

    /// Codes, then the tokens of texts: all that it can tell.
    fn num_told(&self) -> usize {
        self.num_codes() + self.text.map_or(0, |text| text.tokens)
    }

    /// A text that says nothing, `[text_places]`.
    pub fn silence(&self) -> Vec<u32> {
        vec![self.num_codes() as u32; self.text_places()]
    }

    /// Tokens of a text as those of a sequence.
    pub fn of_text(&self, tokens: &[u32]) -> Vec<u32> {
        tokens.iter().map(|token| self.num_codes() as u32 + token).collect()
    }

    /// Tokens of a sequence as those of a text.
    pub fn to_text(&self, tokens: &[u32]) -> Vec<u32> {
        tokens.iter().map(|token| token.saturating_sub(self.num_codes() as u32)).collect()
    }

    /// The places of a sequence, in order.
    pub fn places(&self, way: Way) -> Vec<Place> {
        let (text, codes) = (self.text_places(), self.num_codes());
        let words = self.num_told() - codes;
        let of_text = (0..text).map(|row| Place { row, first: codes, count: words });
        let of_image =
            (text..text + self.num_places()).map(|row| Place { row, first: 0, count: codes });
        match way {
            Way::TextFirst => of_text.chain(of_image).collect(),
            Way::ImageFirst => of_image.chain(of_text).collect(),
        }
    }

    /// The token that begins a sequence whose image comes before its text.
    pub fn image_start(&self) -> u32 {
        (self.num_told() + 1 + self.classes.len()) as u32
    }

    /// The token that a sequence begins with: that of a class, or of none.
    pub fn start(&self, class: Option<u32>) -> u32 {
        let none = self.num_told() as u32;
        class
            .filter(|class| (*class as usize) < self.classes.len())
            .map_or(none, |class| none + 1 + class)
    }

    /// The token that stands for a code that is not known.
    pub fn mask(&self) -> Option<u32> {
        let after_classes = self.num_told() + 1 + self.classes.len();
        (self.order == Order::Masked).then_some(after_classes as u32)
    }

    /// The transformer. Of codes in raster order it reads the start and all codes but the last, and tells at every
    /// place the next one; of masked codes it reads the start and all of them, and tells at every place its own.
    pub fn transformer(&self) -> TransformerConfig {
        let masked = usize::from(self.order == Order::Masked);
        let image_first = usize::from(self.text.is_some());
        TransformerConfig {
            inputs: self.num_told() + 1 + self.classes.len() + image_first + masked,
            outputs: self.num_told(),
            places: self.text_places() + self.num_places() + masked,
            embedding: self.embedding,
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            causal: self.order == Order::Raster,
        }
    }
}

impl Architecture for PriorConfig {
    fn family(&self) -> &'static str {
        "prior"
    }

    fn image(&self) -> ImageShape {
        self.codes.image()
    }

    fn sides_of(&self, grid: [usize; 2]) -> Option<[usize; 2]> {
        (grid == self.grid()).then(|| [self.image().height, self.image().width])
    }

    fn check(&self) -> Result<(), String> {
        self.codes.check()?;
        let is_prior = matches!(*self.codes, ModelConfig::Prior(_));
        let reconstructs = self.codes.task() == Task::Reconstruct;
        if is_prior || self.codes.codebook().is_none() || !reconstructs {
            let family = self.codes.family();
            return Err(format!("a prior over {family} (expected an autoencoder with a codebook)"));
        }
        if let Some(TextConfig { places, tokens }) = self.text {
            if !(1..=4096).contains(&places) || !(3..=65_536).contains(&tokens) {
                return Err(format!(
                    "texts of {places} places of {tokens} tokens (expected 1 to 4096 of 3 to 65536)"
                ));
            }
            if self.order == Order::Masked {
                return Err(
                    "order is masked with texts (expected order=raster, or text=no)".to_owned()
                );
            }
        }
        if self.classes.len() > 65_536 {
            return Err(format!("{} classes (expected at most 65536)", self.classes.len()));
        }
        self.transformer().check().map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let own = self.transformer().tensors().into_iter();
        let own = own.map(|(name, shape)| (format!("{PRIOR}.{name}"), shape));
        self.codes.tensors().into_iter().chain(own).collect()
    }

    /// The autoencoder stays as it is.
    fn num_parameters(&self) -> u64 {
        let tensors = self.transformer().tensors();
        tensors.iter().map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn activations(&self) -> usize {
        self.transformer().activations()
    }

    /// The networks of the autoencoder; those of the transformer are [`TransformerConfig`]'s.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        self.codes.lower(tensors)
    }

    fn lower_shown(&self, tensors: &NamedArrays, shown: Shown) -> Result<Networks, GraphError> {
        self.codes.lower_shown(tensors, shown)
    }

    fn task(&self) -> Task {
        self.codes.task()
    }

    fn latent(&self) -> Vec<usize> {
        self.codes.latent()
    }

    fn range(&self) -> ValueRange {
        self.codes.range()
    }

    fn likelihood(&self, tensors: &NamedArrays) -> Option<PixelLikelihood> {
        self.codes.likelihood(tensors)
    }

    fn quantizer(&self) -> Option<&QuantizerConfig> {
        self.codes.quantizer()
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        self.codes.codebook()
    }
}
