//! From (config, named arrays) to graphs: one file per architecture.

pub mod batch_norm;
pub mod classifier;
pub mod codebook;
pub mod described;
mod diffusers;
pub mod discriminator;
pub mod extent;
pub mod gan;
mod model;
pub mod multimodal;
pub mod patchgan;
pub mod prior;
pub mod quantizer;
pub mod tiny;
pub mod transformer;
pub mod vae;
pub mod vae_gan;
pub mod vq_model;
pub mod vq_vae;
pub mod vqgan;

use std::sync::Arc;

pub use model::ModelConfig;
use quantizer::QuantizerConfig;

use super::{Graph, GraphError};
use crate::array::{Array, NamedArrays};
use crate::latent::{CodeLayout, CodeSpace};
use crate::picture::{ImageShape, PixelLikelihood, ValueRange};

/// The networks of a model.
#[derive(Clone, Debug)]
pub struct Networks {
    /// Image `[c, h, w]` to `latent`, and `logvar` where the family has one; to `logits` and `features` for a
    /// classifier; nothing for families that only generate.
    pub encoder: Option<Graph>,
    /// Latent to `image`, quantized first where there is a codebook; nothing for families that make no images.
    pub decoder: Option<Graph>,
    /// What works on codes, for families with a codebook.
    pub codes: Option<CodeGraphs>,
}

/// The model makes no images, so that it has no latent space to make them of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model makes no images (expected a family that makes some, such as vae or gan)")]
pub struct NoDecoder;

/// A codebook alone neither encodes nor decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is only a codebook, without the networks that make codes of images and images of codes (expected a whole \
     model; zscope codebook tells of the codes)"
)]
pub struct OnlyCodes;

impl Networks {
    /// Latent to `image`.
    ///
    /// # Errors
    /// When the family makes no images.
    pub fn decoder(&self) -> Result<&Graph, NoDecoder> {
        self.decoder.as_ref().ok_or(NoDecoder)
    }
}

/// The networks of a codebook.
#[derive(Clone, Debug)]
pub struct CodeGraphs {
    /// Latent `[d, h, w]` to `indices` `[h, w]`, or `[q, h, w]` for several quantizers or heads, and `quantized`
    /// `[d, h, w]`; and `bounded` `[d, h, w]` where other vectors than the latent are compared with codes.
    pub quantizer: Graph,
    /// Indices to `image`; nothing for a codebook without its model.
    pub decoder: Option<Graph>,
    /// What a code is.
    pub layout: CodeLayout,
}

impl CodeGraphs {
    /// Indices to `image`.
    ///
    /// # Errors
    /// When there is only the codebook.
    pub fn decoder(&self) -> Result<&Graph, NoDecoder> {
        self.decoder.as_ref().ok_or(NoDecoder)
    }

    /// The codes of all codebooks, one after the other, `[k, d]`.
    ///
    /// # Panics
    /// Never: a quantizer has a codebook.
    pub fn codebook(&self) -> &Array {
        let codebook = self.quantizer.nodes().iter().find_map(|node| node.op.codebook());
        self.quantizer.weight(codebook.expect("a quantizer searches a codebook"))
    }

    /// The codes with what they mean.
    pub fn space(&self) -> CodeSpace {
        CodeSpace { codebook: Arc::new(self.codebook().clone()), layout: self.layout.clone() }
    }

    /// Rows and columns of cells.
    pub fn grid(&self) -> [usize; 2] {
        match *self.quantizer.input_shape() {
            [.., h, w] => [h, w],
            _ => [1, 1],
        }
    }
}

/// Which of the networks that a model holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The class that a class-conditional model is asked for.
    pub class: usize,
    /// Whether the moving average of the generator's weights is taken, where the family keeps one.
    pub averaged: bool,
}

impl Default for Shown {
    /// The first class, and the average.
    fn default() -> Self {
        Self { class: 0, averaged: true }
    }
}

/// What a model does with images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// It encodes and decodes them.
    Reconstruct,
    /// It makes them.
    Generate,
    /// It tells their class.
    Classify,
    /// It has nothing to do with them: it knows the codes that stand for vectors.
    Quantize,
}

/// The description of a model: what can be told of it, and made of its tensors, without training it.
pub trait Architecture {
    /// The family's name.
    fn family(&self) -> &'static str;

    /// The images that it takes and makes; without channels and sides where it has nothing to do with images.
    fn image(&self) -> ImageShape;

    /// The sides of the images that latents of so many rows and columns are decoded to, where the network takes any.
    fn sides_of(&self, _grid: [usize; 2]) -> Option<[usize; 2]> {
        None
    }

    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// What was found and what is expected.
    fn check(&self) -> Result<(), String>;

    /// The name and shape of every tensor, in PyTorch's layouts.
    fn tensors(&self) -> Vec<(String, Vec<usize>)>;

    /// Values that training fits.
    fn num_parameters(&self) -> u64 {
        self.tensors().iter().map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    /// The values that training keeps for one image, roughly: what memory is estimated from.
    fn activations(&self) -> usize;

    /// The networks of its tensors.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or holds values that are not finite.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError>;

    /// The same for a class or for other weights than the default ones; families without such a choice give theirs.
    ///
    /// # Errors
    /// As [`Architecture::lower`], and when there is no such class.
    fn lower_shown(&self, tensors: &NamedArrays, _shown: Shown) -> Result<Networks, GraphError> {
        self.lower(tensors)
    }

    /// Whether images are judged by a discriminator in training, which may be looked into.
    fn has_discriminator(&self) -> bool {
        false
    }

    /// The discriminator in use: image `[c, h, w]`, in the range of the model's own, to `score`, a number `[1]` or a map
    /// of patches `[1, h', w']`; the higher, the more it takes for data. Nothing where the family has none.
    ///
    /// # Errors
    /// As [`Architecture::lower_shown`].
    fn lower_discriminator(
        &self,
        _tensors: &NamedArrays,
        _shown: Shown,
    ) -> Result<Option<Graph>, GraphError> {
        Ok(None)
    }

    /// What it does with images.
    fn task(&self) -> Task {
        Task::Reconstruct
    }

    /// The shape of a latent without its batch; empty for families that have none.
    fn latent(&self) -> Vec<usize>;

    /// The range of the images' values.
    fn range(&self) -> ValueRange {
        ValueRange::UNIT
    }

    /// Classes that can be asked for; 0 for families that know none.
    fn classes(&self) -> usize {
        0
    }

    /// Whether it tells the data's classes; a classifier may tell quarter turns instead.
    fn tells_classes(&self) -> bool {
        false
    }

    /// Whether it keeps a moving average of the generator's weights beside them.
    fn has_average(&self) -> bool {
        false
    }

    /// The pixel distribution, for families that have one; a learned deviation is read from `tensors`.
    fn likelihood(&self, _tensors: &NamedArrays) -> Option<PixelLikelihood> {
        None
    }

    /// How vectors become codes, for families with a codebook.
    fn quantizer(&self) -> Option<&QuantizerConfig> {
        None
    }

    /// The number of codes of all codebooks and their dimensions, for families with a codebook.
    fn codebook(&self) -> Option<[usize; 2]> {
        self.quantizer().map(|config| [config.num_codes(), config.row_dim()])
    }
}

/// Whether training fits a tensor of that name: running statistics and singular vectors only follow.
fn is_fitted(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !last.starts_with("running_") && last != "singular"
}

/// Refuses tensors that are there in another shape than `architecture` gives them.
fn check_shapes(architecture: &dyn Architecture, tensors: &NamedArrays) -> Result<(), GraphError> {
    for (name, expected) in architecture.tensors() {
        if let Some(found) = tensors.get(&name).filter(|array| array.shape() != expected) {
            let (found, expected) = (format!("{:?}", found.shape()), format!("{expected:?}"));
            return Err(GraphError::mismatch(&name, "shape of the tensor", found, expected));
        }
    }
    Ok(())
}

/// Adds a row of `classes` to `bias`: what a class adds to a layer's outputs.
fn add_class(
    tensors: &mut NamedArrays,
    [classes, bias]: &[String; 2],
    class: usize,
) -> Result<(), GraphError> {
    let missing = |weight: &String| GraphError::MissingWeight {
        node: classes.clone(),
        weight: weight.clone(),
    };
    let rows = tensors.get(classes).ok_or_else(|| missing(classes))?;
    let count = rows.num_rows();
    if class >= count {
        let expected = format!("0 to {}", count.saturating_sub(1));
        return Err(GraphError::mismatch(classes, "class", class, expected));
    }
    let row: Array = rows.rows(class, class + 1);
    let values = tensors.get_mut(bias).ok_or_else(|| missing(bias))?;
    for (value, more) in values.data_mut().iter_mut().zip(row.data()) {
        *value += more;
    }
    Ok(())
}
