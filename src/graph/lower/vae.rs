//! The variational autoencoder as a description: its sizes, and how its tensors become graphs.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::extent::{ExtentError, check_extents};
use super::{Architecture, Networks, Shown, add_class, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};
use crate::picture::{ImageShape, PixelLikelihood};

/// How a VAE's networks are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arch {
    /// Linear layers only.
    Mlp,
    /// Strided convolutions down to a small grid, then linear layers.
    Conv,
}

/// How probable an image is, given its reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelihood {
    /// Independent Bernoulli pixels.
    Bernoulli,
    /// Independent normal pixels of one common deviation.
    Gaussian,
}

/// The pixel deviation of a Gaussian likelihood.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sigma {
    /// Given.
    Fixed(f32),
    /// A parameter of the model (Rybkin et al., 2021, arXiv:2006.13202).
    Learned,
}

impl Sigma {
    /// A learned deviation stays above e⁻⁵ (0.0067, under two grey levels), so that a perfect fit cannot
    /// send the likelihood to infinity.
    pub const LEAST_LOG: f32 = -5.0;

    /// log σ of a learned parameter: the parameter itself, bent softly so that it stays above
    /// [`Self::LEAST_LOG`] and never loses its gradient.
    ///
    /// # Source
    /// Rybkin et al. (2021), section 3.3: least + softplus(parameter − least).
    pub fn log_from_parameter(parameter: f32) -> f32 {
        let above = parameter - Self::LEAST_LOG;
        // ln(1 + eˣ) without overflow.
        Self::LEAST_LOG + above.max(0.0) + (-above.abs()).exp().ln_1p()
    }
}

/// Everything that fixes the shapes of a VAE and the meaning of its output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VaeConfig {
    /// Linear or convolutional.
    pub arch: Arch,
    /// The images it takes and makes, in `[0, 1]`.
    pub image: ImageShape,
    /// Dimensions of the latent vector.
    pub latent_dim: usize,
    /// Width of the hidden linear layer on either side.
    pub hidden: usize,
    /// Channels after the first convolution; each further one doubles them, up to four times as many.
    pub channels: usize,
    /// Distribution of the pixels.
    pub likelihood: Likelihood,
    /// Deviation of the pixels where the likelihood is Gaussian.
    pub sigma: Sigma,
    /// Classes that encoder and decoder are told of; 0 for none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub classes: usize,
}

/// Whether a model knows no classes.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(classes: &usize) -> bool {
    *classes == 0
}

/// One convolution of stride 2, seen from both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The side of the image.
    pub wide: ImageShape,
    /// The side of the latent.
    pub narrow: ImageShape,
}

impl Level {
    /// Convolutions stop at the first grid of this side or less.
    const GRID_TARGET: usize = 4;
    /// The largest grid that linear layers take over from convolutions.
    pub(super) const GRID_LIMIT: usize = 16;

    /// The halvings of an image, from it down: `channels` after the first, doubled by each further one up to
    /// `most`.
    pub(super) fn halvings(image: ImageShape, channels: usize, most: usize) -> Vec<Self> {
        let mut levels = Vec::new();
        let mut wide = image;
        let mut channels = channels;
        while wide.height.is_multiple_of(2)
            && wide.width.is_multiple_of(2)
            && wide.height.min(wide.width) > Self::GRID_TARGET
        {
            let narrow = ImageShape::new(channels, wide.height / 2, wide.width / 2);
            levels.push(Self { wide, narrow });
            wide = narrow;
            channels = (channels * 2).min(most);
        }
        levels
    }
}

/// A VAE's sizes do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaeConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// Convolutions cannot halve the image often enough.
    #[error(
        "images of {found} cannot be halved down to a grid of at most {limit}×{limit} \
         (choose an image_size that is a multiple of a higher power of two, or arch=mlp)",
        limit = Level::GRID_LIMIT
    )]
    Grid {
        /// The images.
        found: ImageShape,
    },
}

impl VaeConfig {
    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When an extent is out of range or convolutions cannot halve the image.
    pub fn check(&self) -> Result<(), VaeConfigError> {
        let extents = [
            ("the number of image channels", self.image.channels, 1, 4),
            ("the image height", self.image.height, 1, 1024),
            ("the image width", self.image.width, 1, 1024),
            ("latent_dim", self.latent_dim, 1, 4096),
            ("hidden", self.hidden, 1, 65_536),
            ("channels", self.channels, 1, 1024),
            ("the number of classes", self.classes, 0, 65_536),
        ];
        check_extents(extents)?;
        let grid = self.grid();
        if self.arch == Arch::Conv && grid.height.max(grid.width) > Level::GRID_LIMIT {
            return Err(VaeConfigError::Grid { found: self.image });
        }
        Ok(())
    }

    /// The convolutions from the image down, none for a multilayer perceptron.
    pub fn levels(&self) -> Vec<Level> {
        match self.arch {
            Arch::Mlp => Vec::new(),
            Arch::Conv => Level::halvings(self.image, self.channels, 4 * self.channels),
        }
    }

    /// What the linear layers see: the last convolution's output, or the image itself.
    pub fn grid(&self) -> ImageShape {
        self.levels().last().map_or(self.image, |level| level.narrow)
    }

    /// The pixel distribution that the model was trained with; a learned deviation is read from `tensors`.
    pub fn pixel_likelihood(&self, tensors: &NamedArrays) -> PixelLikelihood {
        let sigma = match self.sigma {
            Sigma::Fixed(sigma) => sigma,
            Sigma::Learned => {
                let log = tensors.get("decoder.log_sigma").and_then(|array| array.data().first());
                Sigma::log_from_parameter(log.copied().unwrap_or(0.0)).exp()
            }
        };
        match self.likelihood {
            Likelihood::Bernoulli => PixelLikelihood::Bernoulli,
            Likelihood::Gaussian => PixelLikelihood::Gaussian { sigma: f64::from(sigma) },
        }
    }

    /// Whether the deviation is a parameter.
    pub fn learns_sigma(&self) -> bool {
        self.likelihood == Likelihood::Gaussian && self.sigma == Sigma::Learned
    }
}

/// The layer of each part that a class is added to.
const TOLD_CLASSES: [(&str, &str); 2] = [("encoder", "fc"), ("decoder", "fc1")];

impl Architecture for VaeConfig {
    fn family(&self) -> &'static str {
        "vae"
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let grid = self.grid().len();
        let mut tensors = Vec::new();
        let mut layer = |name: &str, weight: Vec<usize>, outputs: usize| {
            tensors.push((format!("{name}.weight"), weight));
            tensors.push((format!("{name}.bias"), vec![outputs]));
        };
        let mut linear = |name: &str, inputs: usize, outputs: usize| {
            layer(name, vec![outputs, inputs], outputs);
        };
        linear("encoder.fc", grid, self.hidden);
        linear("encoder.mean", self.hidden, self.latent_dim);
        linear("encoder.logvar", self.hidden, self.latent_dim);
        linear("decoder.fc1", self.latent_dim, self.hidden);
        linear("decoder.fc2", self.hidden, grid);
        let levels = self.levels();
        for (index, level) in levels.iter().enumerate() {
            let (wide, narrow) = (level.wide.channels, level.narrow.channels);
            layer(&format!("encoder.convs.{index}"), vec![narrow, wide, 4, 4], narrow);
            // The decoder's first convolution mirrors the encoder's last.
            let mirrored = levels.len() - 1 - index;
            layer(&format!("decoder.convs.{mirrored}"), vec![narrow, wide, 4, 4], wide);
        }
        if self.learns_sigma() {
            tensors.push(("decoder.log_sigma".to_owned(), vec![1]));
        }
        if self.classes > 0 {
            for (part, _) in TOLD_CLASSES {
                tensors.push((format!("{part}.classes"), vec![self.classes, self.hidden]));
            }
        }
        tensors
    }

    fn latent(&self) -> Vec<usize> {
        vec![self.latent_dim]
    }

    fn activations(&self) -> usize {
        let levels = self.levels();
        let convolved: usize =
            levels.iter().map(|level| level.narrow.len() + level.wide.len()).sum();
        let linear = 2 * (self.grid().len() + self.hidden + self.latent_dim);
        let likelihood = 6 * self.image.len();
        2 * convolved + linear + likelihood
    }

    /// The encoder's outputs are `latent` (the mean) and `logvar`, both `[d]`; the decoder's are `logits` and
    /// `image`, both `[c, h, w]`, the image in `[0, 1]`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        self.lower_shown(tensors, Shown::default())
    }

    fn lower_shown(&self, tensors: &NamedArrays, shown: Shown) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        let mut folded = Cow::Borrowed(tensors);
        if self.classes > 0 {
            for (part, layer) in TOLD_CLASSES {
                let names = [format!("{part}.classes"), format!("{part}.{layer}.bias")];
                add_class(folded.to_mut(), &names, shown.class)?;
            }
        }
        Ok(Networks {
            encoder: Some(encoder(self, &folded)?),
            decoder: Some(decoder(self, &folded)?),
            codes: None,
        })
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn likelihood(&self, tensors: &NamedArrays) -> Option<PixelLikelihood> {
        Some(self.pixel_likelihood(tensors))
    }
}

fn encoder(config: &VaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let image = config.image;
    let mut graph = GraphBuilder::new(&[image.channels, image.height, image.width], tensors)?;
    let mut x = graph.input();
    for index in 0..config.levels().len() {
        let name = format!("encoder.convs.{index}");
        let op = Op::Conv2d {
            input: x,
            weight: format!("{name}.weight"),
            upsample: 1,
            stride: [2, 2],
            padding: [1; 4],
            epilogue: biased(&name).with_activation(Activation::Relu),
        };
        x = graph.add(name, op)?;
    }
    x = graph.add("encoder.flatten", Op::Reshape { input: x, shape: vec![config.grid().len()] })?;
    x = linear(&mut graph, x, "encoder.fc", Activation::Relu)?;
    let mean = linear(&mut graph, x, "encoder.mean", Activation::None)?;
    let logvar = linear(&mut graph, x, "encoder.logvar", Activation::None)?;
    graph.output("latent", mean)?;
    graph.output("logvar", logvar)?;
    graph.finish()
}

fn decoder(config: &VaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let mut graph = GraphBuilder::new(&[config.latent_dim], tensors)?;
    let levels = config.levels().len();
    let grid = config.grid();
    let x = graph.input();
    let x = linear(&mut graph, x, "decoder.fc1", Activation::Relu)?;
    let hidden = if levels == 0 { Activation::None } else { Activation::Relu };
    let x = linear(&mut graph, x, "decoder.fc2", hidden)?;
    let shape = vec![grid.channels, grid.height, grid.width];
    let mut x = graph.add("decoder.grid", Op::Reshape { input: x, shape })?;
    for index in 0..levels {
        let name = format!("decoder.convs.{index}");
        let last = index + 1 == levels;
        let activation = if last { Activation::None } else { Activation::Relu };
        let op = Op::ConvTranspose2d {
            input: x,
            weight: format!("{name}.weight"),
            stride: [2, 2],
            padding: [1, 1],
            output_padding: [0, 0],
            epilogue: biased(&name).with_activation(activation),
        };
        x = graph.add(name, op)?;
    }
    let image =
        graph.add("decoder.image", Op::Activate { input: x, activation: Activation::Sigmoid })?;
    graph.output("logits", x)?;
    graph.output("image", image)?;
    graph.finish()
}

fn linear(
    graph: &mut GraphBuilder<'_>,
    input: ValueId,
    name: &str,
    activation: Activation,
) -> Result<ValueId, GraphError> {
    let epilogue = biased(name).with_activation(activation);
    graph.add(name, Op::Linear { input, weight: format!("{name}.weight"), epilogue })
}

fn biased(name: &str) -> Epilogue {
    Epilogue::bias(format!("{name}.bias"))
}
