//! The generative adversarial network as a description: its sizes, and how its generator becomes a graph.
//!
//! # Source
//! Generative Adversarial Networks (Goodfellow et al., 2014, arXiv:1406.2661); DCGAN (Radford et al., 2015,
//! arXiv:1511.06434).

use serde::{Deserialize, Serialize};

use super::batch_norm::{Outputs, fold_named};
use super::discriminator::{DiscriminatorConfig, norm_tensors};
use super::extent::{ExtentError, check_extents};
use super::vae::{Arch, Level};
use super::{Architecture, Networks, Shown, Task, add_class, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};
use crate::picture::{ImageShape, ValueRange};

/// The slope of leaky rectifiers below zero, as in DCGAN.
pub const SLOPE: f32 = 0.2;

/// Hidden widths of a multilayer generator.
const WIDTHS: [usize; 4] = [128, 256, 512, 1024];

/// Everything that fixes the shapes of a GAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GanConfig {
    /// Linear or convolutional.
    pub arch: Arch,
    /// The images it makes, in `[-1, 1]`.
    pub image: ImageShape,
    /// Dimensions of the latent vector.
    pub latent_dim: usize,
    /// Channels of the generator before its last convolution; twice as many before each earlier one, up to eight
    /// times as many.
    pub channels: usize,
    /// The discriminator.
    pub discriminator: DiscriminatorConfig,
    /// Number of classes that both are told of; 0 for none.
    pub classes: usize,
}

/// A GAN's sizes do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GanConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// Convolutions cannot halve the image often enough.
    #[error(
        "images of {found} cannot be halved down to a grid of at most {limit}×{limit} (choose an image_size that \
         is a multiple of a higher power of two, or arch=mlp)",
        limit = Level::GRID_LIMIT
    )]
    Grid {
        /// The images.
        found: ImageShape,
    },
}

/// One layer of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MakerLayer {
    /// Values or channels that come in.
    pub inputs: usize,
    /// Values or channels that go out.
    pub outputs: usize,
    /// The channels of the batch normalisation behind it, where there is one.
    pub norm: Option<usize>,
}

impl GanConfig {
    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When an extent is out of range or convolutions cannot halve the image.
    pub fn check(&self) -> Result<(), GanConfigError> {
        let extents = [
            ("the number of image channels", self.image.channels, 1, 4),
            ("the image height", self.image.height, 1, 1024),
            ("the image width", self.image.width, 1, 1024),
            ("latent_dim", self.latent_dim, 1, 4096),
            ("channels", self.channels, 1, 1024),
            ("d_channels", self.discriminator.channels, 1, 1024),
            ("the number of classes", self.classes, 0, 65_536),
        ];
        check_extents(extents)?;
        let grid = self.grid();
        if self.arch == Arch::Conv && grid.height.max(grid.width) > Level::GRID_LIMIT {
            return Err(GanConfigError::Grid { found: self.image });
        }
        Ok(())
    }

    /// The doublings of the generator's grid, seen from the image down; none for a multilayer one.
    fn levels(&self) -> Vec<Level> {
        match self.arch {
            Arch::Mlp => Vec::new(),
            Arch::Conv => Level::halvings(self.image, self.channels, 8 * self.channels),
        }
    }

    /// What the generator's linear layers give: the first grid, or the image itself.
    pub fn grid(&self) -> ImageShape {
        self.levels().last().map_or(self.image, |level| level.narrow)
    }

    /// The generator's linear layers.
    pub fn linear(&self) -> Vec<MakerLayer> {
        let grid = self.grid();
        let mut from = self.latent_dim;
        let hidden: &[usize] = match self.arch {
            Arch::Mlp => &WIDTHS,
            Arch::Conv => &[],
        };
        let layer = |(index, to): (usize, usize)| MakerLayer {
            inputs: std::mem::replace(&mut from, to),
            outputs: to,
            norm: match self.arch {
                // As in many implementations: not behind the first, where classes come in.
                Arch::Mlp => (index > 0 && index < hidden.len()).then_some(to),
                Arch::Conv => Some(grid.channels),
            },
        };
        hidden.iter().copied().chain([grid.len()]).enumerate().map(layer).collect()
    }

    /// The generator's transposed convolutions.
    pub fn doublings(&self) -> Vec<MakerLayer> {
        let levels = self.levels();
        let layer = |(index, level): (usize, &Level)| MakerLayer {
            inputs: level.narrow.channels,
            outputs: level.wide.channels,
            norm: (index > 0).then_some(level.wide.channels),
        };
        levels.iter().enumerate().rev().map(layer).collect()
    }

    /// What follows a hidden layer of the generator.
    pub fn activation(&self) -> Activation {
        match self.arch {
            Arch::Mlp => Activation::LeakyRelu(SLOPE),
            Arch::Conv => Activation::Relu,
        }
    }

    /// The tensors of the generator, or of its average, by its name.
    fn generator_tensors(&self, name: &str) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut layer = |name: String, inner: &str, weight: Vec<usize>, layer: MakerLayer| {
            tensors.push((format!("{name}.{inner}.weight"), weight));
            // A shift of a plane before its normalisation would be lost in it.
            if inner == "linear" || layer.norm.is_none() {
                tensors.push((format!("{name}.{inner}.bias"), vec![layer.outputs]));
            }
            if let Some(channels) = layer.norm {
                tensors.extend(norm_tensors(&format!("{name}.norm"), channels));
            }
        };
        for (index, linear) in self.linear().into_iter().enumerate() {
            let weight = vec![linear.outputs, linear.inputs];
            layer(format!("{name}.layers.{index}"), "linear", weight, linear);
        }
        for (index, doubling) in self.doublings().into_iter().enumerate() {
            let weight = vec![doubling.inputs, doubling.outputs, 4, 4];
            layer(format!("{name}.doublings.{index}"), "conv", weight, doubling);
        }
        if self.classes > 0 {
            let first = self.linear()[0].outputs;
            tensors.push((format!("{name}.classes"), vec![self.classes, first]));
        }
        tensors
    }
}

impl Architecture for GanConfig {
    fn family(&self) -> &'static str {
        "gan"
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = self.generator_tensors(GENERATOR);
        tensors.extend(self.generator_tensors(AVERAGE));
        tensors.extend(self.discriminator.tensors(self.arch, self.image, self.classes));
        tensors
    }

    /// Those of the generator and of the discriminator; neither the average nor statistics.
    fn num_parameters(&self) -> u64 {
        let is_fitted = |name: &str| !name.starts_with(AVERAGE) && super::is_fitted(name);
        let fitted = self.tensors().into_iter().filter(|(name, _)| is_fitted(name));
        fitted.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn latent(&self) -> Vec<usize> {
        vec![self.latent_dim]
    }

    fn activations(&self) -> usize {
        let doubled: usize = self.levels().iter().map(|level| 4 * level.wide.len()).sum();
        let linear: usize = self.linear().iter().map(|layer| 4 * layer.outputs).sum();
        // Real and made images both pass the discriminator.
        doubled + linear + 3 * self.discriminator.activations(self.arch, self.image)
    }

    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        self.lower_shown(tensors, Shown::default())
    }

    /// The decoder is the generator: its output is `image` `[c, h, w]`, in `[-1, 1]`.
    fn lower_shown(&self, tensors: &NamedArrays, shown: Shown) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        Ok(Networks { encoder: None, decoder: Some(generator(self, tensors, shown)?), codes: None })
    }

    fn task(&self) -> Task {
        Task::Generate
    }

    fn range(&self) -> ValueRange {
        ValueRange::SIGNED
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn has_average(&self) -> bool {
        true
    }

    fn has_discriminator(&self) -> bool {
        true
    }

    fn lower_discriminator(
        &self,
        tensors: &NamedArrays,
        shown: Shown,
    ) -> Result<Option<Graph>, GraphError> {
        check_shapes(self, tensors)?;
        let class = (self.classes > 0).then_some(shown.class);
        let (judge, sizes) = (&self.discriminator, (self.arch, self.image));
        judge.lower(tensors, sizes, self.range(), class).map(Some)
    }
}

/// What the generator is called in a file.
pub const GENERATOR: &str = "generator";
/// What its moving average is called.
pub const AVERAGE: &str = "average";

fn generator(config: &GanConfig, tensors: &NamedArrays, shown: Shown) -> Result<Graph, GraphError> {
    let name = if shown.averaged { AVERAGE } else { GENERATOR };
    let layers = config.linear();
    let doublings = config.doublings();
    let of_linear = |index: usize| format!("{name}.layers.{index}");
    let of_doubling = |index: usize| format!("{name}.doublings.{index}");
    let mut folded = tensors.clone();
    if config.classes > 0 {
        let names = [format!("{name}.classes"), format!("{name}.layers.0.linear.bias")];
        add_class(&mut folded, &names, shown.class)?;
    }
    for (index, _) in layers.iter().enumerate().filter(|(_, layer)| layer.norm.is_some()) {
        let layer = of_linear(index);
        let (inner, norm) = (format!("{layer}.linear"), format!("{layer}.norm"));
        fold_named(&mut folded, &inner, &norm, Outputs::First)?;
    }
    for (index, _) in doublings.iter().enumerate().filter(|(_, layer)| layer.norm.is_some()) {
        let layer = of_doubling(index);
        let (inner, norm) = (format!("{layer}.conv"), format!("{layer}.norm"));
        fold_named(&mut folded, &inner, &norm, Outputs::Second)?;
    }
    let mut graph = GraphBuilder::new(&[config.latent_dim], &folded)?;
    let hidden = config.activation();
    let mut x = graph.input();
    for index in 0..layers.len() {
        let is_last = index + 1 == layers.len() && doublings.is_empty();
        let activation = if is_last { Activation::Tanh } else { hidden };
        x = linear(&mut graph, x, &format!("{}.linear", of_linear(index)), activation)?;
    }
    let grid = config.grid();
    let shape = vec![grid.channels, grid.height, grid.width];
    x = graph.add(format!("{name}.grid"), Op::Reshape { input: x, shape })?;
    for index in 0..doublings.len() {
        let is_last = index + 1 == doublings.len();
        let activation = if is_last { Activation::Tanh } else { hidden };
        x = doubling(&mut graph, x, &format!("{}.conv", of_doubling(index)), activation)?;
    }
    graph.output("image", x)?;
    graph.finish()
}

fn linear(
    graph: &mut GraphBuilder<'_>,
    input: ValueId,
    name: &str,
    activation: Activation,
) -> Result<ValueId, GraphError> {
    let epilogue = Epilogue::bias(format!("{name}.bias")).with_activation(activation);
    graph.add(name, Op::Linear { input, weight: format!("{name}.weight"), epilogue })
}

fn doubling(
    graph: &mut GraphBuilder<'_>,
    input: ValueId,
    name: &str,
    activation: Activation,
) -> Result<ValueId, GraphError> {
    let op = Op::ConvTranspose2d {
        input,
        weight: format!("{name}.weight"),
        stride: [2, 2],
        padding: [1, 1],
        output_padding: [0, 0],
        epilogue: Epilogue::bias(format!("{name}.bias")).with_activation(activation),
    };
    graph.add(name, op)
}
