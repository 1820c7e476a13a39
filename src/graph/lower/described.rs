//! An autoencoder of no standard layout as a description: its layers in order, by the names of their tensors.
//!
//! A [`Description`] is what a person writes beside a checkpoint; with the checkpoint's tensors, whose shapes fix all
//! the others, it becomes a [`DescribedConfig`].

mod layers;
mod names;
mod networks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Architecture, Networks, check_shapes, is_fitted};
use crate::array::NamedArrays;
use crate::graph::{Activation, Graph, GraphError, Node};
use crate::picture::{ImageShape, PixelLikelihood, ValueRange};

/// The tensors of a layer that weighs its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The name of the factors.
    pub weight: String,
    /// The name of the summands `[out]`, where there are some.
    pub bias: Option<String>,
}

/// A convolution, `[in, h, w]` to `[out, h', w']`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv {
    /// Kernels `[out, in, kh, kw]` and summands.
    pub keys: Keys,
    /// Rows and columns between neighbouring outputs.
    pub stride: [usize; 2],
    /// Zeros around the planes: top, bottom, left, right.
    pub padding: [usize; 4],
}

/// A function of every value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `max(x, 0)`.
    Relu,
    /// `x` where positive, else this slope times `x`.
    LeakyRelu(f32),
    /// `x * sigmoid(x)`.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

impl From<Function> for Activation {
    fn from(function: Function) -> Self {
        match function {
            Function::Relu => Self::Relu,
            Function::LeakyRelu(slope) => Self::LeakyRelu(slope),
            Function::Silu => Self::Silu,
            Function::Tanh => Self::Tanh,
            Function::Sigmoid => Self::Sigmoid,
        }
    }
}

/// One step from a value to the next, as PyTorch's modules of these names compute it when they are in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "snake_case")]
pub enum Layer {
    /// A convolution.
    Conv(Conv),
    /// A transposed convolution, `[in, h, w]` to `[out, h', w']`.
    ConvTranspose {
        /// Kernels `[in, out, kh, kw]` and summands.
        keys: Keys,
        /// Rows and columns between the prints of neighbouring inputs.
        stride: [usize; 2],
        /// Rows and columns cut off on either side.
        padding: [usize; 2],
        /// Rows and columns more at the bottom and at the right.
        output_padding: [usize; 2],
    },
    /// A matrix product, `[in]` to `[out]`.
    Linear {
        /// The matrix `[out, in]` and summands.
        keys: Keys,
    },
    /// Batch normalization by the means and variances that training kept, of planes `[c, h, w]` or a vector `[c]`.
    BatchNorm {
        /// What the names of `weight`, `bias`, `running_mean` and `running_var`, all `[c]`, begin with.
        key: String,
        /// What is added to the variances.
        epsilon: f32,
    },
    /// Normalization of groups of channels, of planes `[c, h, w]` or a vector `[c]`.
    GroupNorm {
        /// What the names of `weight` and `bias`, both `[c]`, begin with.
        key: String,
        /// The number of groups.
        groups: usize,
        /// What is added to the variances.
        epsilon: f32,
    },
    /// Attention of every place of planes `[c, h, w]` to all places, between three maps of single places.
    Attention {
        /// The maps `[c, c]` or `[c, c, 1, 1]` of query, key and value.
        keys: [Keys; 3],
        /// The number of heads.
        heads: usize,
    },
    /// The sum of what some layers make of a value and of the value itself.
    Residual {
        /// The layers.
        layers: Vec<Self>,
        /// What the value goes through before it is added; none for the value as it is.
        shortcut: Vec<Self>,
    },
    /// A function of every value.
    Activation {
        /// The function.
        function: Function,
    },
    /// Every row and column of planes as often as told.
    Upsample {
        /// How often.
        factor: usize,
    },
    /// The same values under another shape.
    Reshape {
        /// Their new shape.
        shape: Vec<usize>,
    },
    /// The same values as a vector.
    Flatten,
    /// `scale * x + shift` of every value.
    Affine {
        /// Factor.
        scale: f32,
        /// Summand.
        shift: f32,
    },
    /// Every value no lower than one limit and no higher than another.
    Clamp {
        /// The lower limit.
        lo: f32,
        /// The upper limit.
        hi: f32,
    },
}

/// What the encoder's last value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latent {
    /// Vectors `[d, h, w]`, each of which the nearest code stands for.
    Codes {
        /// The name of the codes.
        codebook: String,
        /// Whether they are stored as `[d, k]` rather than `[k, d]`.
        transposed: bool,
    },
    /// What two lists of layers make means and log-variances of.
    Layers {
        /// To the means.
        mean: Vec<Layer>,
        /// To the log-variances.
        logvar: Vec<Layer>,
    },
    /// Means, and log-variances behind them.
    Halves,
    /// Means and log-variances in turn: a mean, its log-variance, the next mean.
    Interleaved,
    /// The latent itself, which has no variance.
    Plain,
}

/// What a person tells of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The images it takes and makes.
    pub image: ImageShape,
    /// Black and white in them.
    pub range: ValueRange,
    /// From an image on.
    pub encoder: Vec<Layer>,
    /// What the encoder ends with.
    pub latent: Latent,
    /// From a latent, or the codes that stand for it, to an image.
    pub decoder: Vec<Layer>,
    /// Whether it was trained on Bernoulli pixels, of which the decoder's last layer, a sigmoid, makes the means.
    pub bernoulli: bool,
}

/// A description with what the tensors add to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedConfig {
    /// What a person tells.
    pub description: Description,
    /// The shapes of all tensors that it names.
    pub tensors: BTreeMap<String, Vec<usize>>,
    /// The shape of a latent, `[d]` or `[d, h, w]`.
    pub latent: Vec<usize>,
    /// The values that encoder and decoder compute for one image.
    pub values: usize,
}

impl Description {
    /// The most layers of a model, inner ones counted.
    pub const MOST_LAYERS: usize = 500;
    /// How deep layers may lie in others.
    pub const DEEPEST: usize = 8;
    /// The most rows and columns of an image.
    pub const LARGEST_SIDE: usize = 4096;
    /// The most values that one layer may make of an image: 128 channels of 1024 × 1024, in 512 MiB.
    pub const MOST_VALUES: usize = 1 << 27;
    /// Black and white lie no further from zero.
    pub const FARTHEST: f32 = 1e6;

    /// Checks that the sizes make sense.
    ///
    /// # Errors
    /// The place and the quantity, what was found and what is expected.
    pub fn check(&self) -> Result<(), GraphError> {
        let expect = |holds, place: &str, what: &str, found: String, expected: String| {
            if holds { Ok(()) } else { Err(GraphError::mismatch(place, what, found, expected)) }
        };
        let image = self.image;
        let side = 1..=Self::LARGEST_SIDE;
        let fits = (1..=4).contains(&image.channels)
            && side.contains(&image.height)
            && side.contains(&image.width);
        let most = format!("1 to 4 channels and sides of 1 to {}", Self::LARGEST_SIDE);
        expect(fits, "image", "shape", image.to_string(), most)?;
        let ValueRange { lo, hi } = self.range;
        let found = format!("{lo} to {hi}");
        let fits = lo < hi && lo.abs() <= Self::FARTHEST && hi.abs() <= Self::FARTHEST;
        let limits = format!("black below white, within ±{}", Self::FARTHEST);
        expect(fits, "range", "black to white", found, limits)?;
        let has_variance = !matches!(self.latent, Latent::Codes { .. } | Latent::Plain);
        let found = "bernoulli for latents without a variance".to_owned();
        let expected = "none of codes and plain latents".to_owned();
        expect(has_variance || !self.bernoulli, "likelihood", "choice", found, expected)?;
        let (count, depth) = self.extent();
        let most = format!("at most {}", Self::MOST_LAYERS);
        expect(
            count <= Self::MOST_LAYERS,
            "encoder",
            "layers of the model",
            count.to_string(),
            most,
        )?;
        let most = format!("at most {}", Self::DEEPEST);
        expect(depth <= Self::DEEPEST, "encoder", "layers within layers", depth.to_string(), most)
    }

    /// The model that it is of tensors, which may be more than those it names.
    ///
    /// # Errors
    /// When a tensor is missing or holds values that are not finite, when shapes do not fit each other, or when sizes
    /// make no sense. Nodes are called by their place, such as `encoder.2.layers.0` for the first layer of a residual
    /// block that is the encoder's third layer; what follows a space is a part of it.
    pub fn with_tensors(self, tensors: &NamedArrays) -> Result<DescribedConfig, GraphError> {
        self.check()?;
        let networks = networks::networks(&self, tensors)?;
        let shapes = |name: String| Some((name.clone(), tensors.get(&name)?.shape().to_vec()));
        let graphs = [&networks.encoder, &networks.decoder].into_iter().flatten();
        let values = graphs.flat_map(Graph::nodes).map(Node::num_values).sum();
        let latent = networks.encoder.as_ref().and_then(|graph| graph.output_shape("latent"));
        Ok(DescribedConfig {
            tensors: self.names().into_iter().filter_map(shapes).collect(),
            latent: latent.unwrap_or_default().to_vec(),
            values,
            description: self,
        })
    }
}

impl Architecture for DescribedConfig {
    fn family(&self) -> &'static str {
        match self.description.latent {
            Latent::Codes { .. } => "vq-vae",
            Latent::Layers { .. } | Latent::Halves | Latent::Interleaved => "vae",
            Latent::Plain => "autoencoder",
        }
    }

    fn image(&self) -> ImageShape {
        self.description.image
    }

    fn check(&self) -> Result<(), String> {
        self.description.check().map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.tensors.iter().map(|(name, shape)| (name.clone(), shape.clone())).collect()
    }

    /// What a normalization keeps is not counted.
    fn num_parameters(&self) -> u64 {
        let fitted = self.tensors.iter().filter(|(name, _)| is_fitted(name));
        fitted.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn latent(&self) -> Vec<usize> {
        self.latent.clone()
    }

    fn range(&self) -> ValueRange {
        self.description.range
    }

    fn activations(&self) -> usize {
        self.values
    }

    /// The encoder's outputs are `latent` `[d]` or `[d, h, w]` with `logvar` of its shape where there is one; for codes
    /// `latent` `[d, h, w]`, before quantization, `indices` `[h, w]` and `quantized` `[d, h, w]`. The decoder, which
    /// quantizes first where there are codes, makes `image` `[c, h, w]`, and `logits` for Bernoulli pixels.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        self.description.check()?;
        let networks = networks::networks(&self.description, tensors)?;
        let latent = networks.encoder.as_ref().and_then(|graph| graph.output_shape("latent"));
        if latent != Some(&self.latent) {
            let (found, expected) = (format!("{latent:?}"), format!("{:?}", self.latent));
            return Err(GraphError::mismatch("latent", "shape", found, expected));
        }
        Ok(networks)
    }

    fn likelihood(&self, _tensors: &NamedArrays) -> Option<PixelLikelihood> {
        self.description.bernoulli.then_some(PixelLikelihood::Bernoulli)
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        let Latent::Codes { codebook, transposed } = &self.description.latent else { return None };
        match *self.tensors.get(codebook)?.as_slice() {
            [d, k] if *transposed => Some([k, d]),
            [k, d] => Some([k, d]),
            _ => None,
        }
    }
}
