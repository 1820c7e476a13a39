//! The vector-quantized variational autoencoder as a description: its sizes, and how its tensors become graphs.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, section 4.1, arXiv:1711.00937), with the
//! channels of the authors' published example.

use serde::{Deserialize, Serialize};

use super::extent::{ExtentError, check_extents};
use super::quantizer::{self, QuantizerConfig, QuantizerConfigError};
use super::{Architecture, CodeGraphs, Networks, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};
use crate::picture::ImageShape;

/// Everything that fixes the shapes of a VQ-VAE and the meaning of its codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VqVaeConfig {
    /// The images it takes and makes, in `[0, 1]`.
    pub image: ImageShape,
    /// Channels at the resolution of the codes; the first convolution of several has half as many.
    pub hidden: usize,
    /// Residual blocks on either side.
    pub res_blocks: usize,
    /// Channels inside a residual block.
    pub res_hidden: usize,
    /// How often the image is halved.
    pub levels: usize,
    /// How vectors become codes.
    #[serde(flatten)]
    pub quantizer: QuantizerConfig,
}

/// A VQ-VAE's sizes do not go together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum VqVaeConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// The image cannot be halved as often as asked.
    #[error(
        "images of {found} cannot be halved {levels} times (expected sides that are multiples of {}: \
         choose another image_size or fewer levels)",
        1 << levels
    )]
    Indivisible {
        /// The images.
        found: ImageShape,
        /// How often they should be halved.
        levels: usize,
    },
    /// The quantizer's sizes do not go together.
    #[error(transparent)]
    Quantizer(#[from] QuantizerConfigError),
}

impl VqVaeConfig {
    /// The model of the paper for images of a shape: 128 channels, two residual blocks of 32, two levels,
    /// 512 codes of 64 dimensions and β = 0.25. The codes follow moving averages.
    pub fn new(image: ImageShape) -> Self {
        Self {
            image,
            hidden: 128,
            res_blocks: 2,
            res_hidden: 32,
            levels: 2,
            quantizer: QuantizerConfig::new(),
        }
    }

    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When a value is out of range or the image cannot be halved often enough.
    pub fn check(&self) -> Result<(), VqVaeConfigError> {
        let extents = [
            ("the number of image channels", self.image.channels, 1, 4),
            ("the image height", self.image.height, 1, 1024),
            ("the image width", self.image.width, 1, 1024),
            ("hidden", self.hidden, 2, 4096),
            ("res_blocks", self.res_blocks, 0, 64),
            ("res_hidden", self.res_hidden, 1, 4096),
            ("levels", self.levels, 1, 6),
        ];
        check_extents(extents)?;
        let side = 1 << self.levels;
        if !self.image.height.is_multiple_of(side) || !self.image.width.is_multiple_of(side) {
            return Err(VqVaeConfigError::Indivisible { found: self.image, levels: self.levels });
        }
        Ok(self.quantizer.check()?)
    }

    /// Rows and columns of codes in one image.
    pub fn grid(&self) -> [usize; 2] {
        [self.image.height >> self.levels, self.image.width >> self.levels]
    }

    /// The channels before and after every halving, from the image down.
    pub fn halvings(&self) -> Vec<[usize; 2]> {
        let mut from = self.image.channels;
        let after =
            |level| if level == 0 && self.levels > 1 { self.hidden / 2 } else { self.hidden };
        (0..self.levels)
            .map(|level| [std::mem::replace(&mut from, after(level)), after(level)])
            .collect()
    }
}

impl Architecture for VqVaeConfig {
    fn family(&self) -> &'static str {
        "vq-vae"
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    /// Averages, and codes that never move, are not counted.
    fn num_parameters(&self) -> u64 {
        let shapes = self.tensors().into_iter().filter(|(name, _)| self.quantizer.fits(name));
        shapes.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, d) = (self.hidden, self.quantizer.code_dim);
        let mut tensors = Vec::new();
        let mut layer = |name: &str, weight: [usize; 4], outputs: usize| {
            tensors.push((format!("{name}.weight"), weight.to_vec()));
            tensors.push((format!("{name}.bias"), vec![outputs]));
        };
        for (index, [wide, narrow]) in self.halvings().into_iter().enumerate() {
            layer(&format!("encoder.down.{index}"), [narrow, wide, 4, 4], narrow);
            // The decoder's first doubling mirrors the encoder's last halving.
            let mirrored = self.levels - 1 - index;
            layer(&format!("decoder.up.{mirrored}"), [narrow, wide, 4, 4], wide);
        }
        for side in ["encoder", "decoder"] {
            for index in 0..self.res_blocks {
                let name = format!("{side}.blocks.{index}");
                layer(&format!("{name}.conv1"), [self.res_hidden, hidden, 3, 3], self.res_hidden);
                layer(&format!("{name}.conv2"), [hidden, self.res_hidden, 1, 1], hidden);
            }
        }
        layer("encoder.conv", [hidden, hidden, 3, 3], hidden);
        layer("encoder.project", [d, hidden, 1, 1], d);
        layer("decoder.conv", [hidden, d, 3, 3], hidden);
        tensors.extend(self.quantizer.tensors());
        tensors
    }

    fn latent(&self) -> Vec<usize> {
        let [h, w] = self.grid();
        vec![self.quantizer.code_dim, h, w]
    }

    fn activations(&self) -> usize {
        let [h, w] = self.grid();
        let halved: usize = (1..=self.levels)
            .map(|level| (self.image.height >> level) * (self.image.width >> level) * self.hidden)
            .sum();
        let residual = self.res_blocks * (2 * self.hidden + 2 * self.res_hidden) * h * w;
        let quantizers = self.quantizer.layout().per_cell();
        let quantized = (4 + 2 * quantizers) * self.quantizer.code_dim * h * w;
        2 * (2 * halved + residual) + quantized + 6 * self.image.len()
    }

    /// The encoder's outputs are `latent` `[d, h, w]`, before quantization, and those of [`CodeGraphs::quantizer`];
    /// the decoder quantizes latents and turns them into `image` `[c, h, w]`, in `[0, 1]`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        Ok(Networks {
            encoder: Some(encoder(self, tensors)?),
            decoder: Some(decoder(self, tensors)?),
            codes: Some(CodeGraphs {
                quantizer: code_finder(self, tensors)?,
                decoder: Some(code_decoder(self, tensors)?),
                layout: self.quantizer.layout(),
            }),
        })
    }

    fn quantizer(&self) -> Option<&QuantizerConfig> {
        Some(&self.quantizer)
    }
}

fn encoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let image = config.image;
    let mut graph = GraphBuilder::new(&[image.channels, image.height, image.width], tensors)?;
    let input = graph.input();
    let latent = latent_of(&mut graph, config, input)?;
    graph.output("latent", latent)?;
    quantizer::quantized(&mut graph, &config.quantizer, latent)?;
    graph.finish()
}

fn decoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let [h, w] = config.grid();
    let mut graph = GraphBuilder::new(&[config.quantizer.code_dim, h, w], tensors)?;
    let latent = graph.input();
    let quantized = quantizer::quantized(&mut graph, &config.quantizer, latent)?;
    let image = image_of(&mut graph, config, quantized)?;
    graph.output("image", image)?;
    graph.finish()
}

fn code_finder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let [h, w] = config.grid();
    let mut graph = GraphBuilder::new(&[config.quantizer.code_dim, h, w], tensors)?;
    let latent = graph.input();
    quantizer::quantized(&mut graph, &config.quantizer, latent)?;
    graph.finish()
}

fn code_decoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let shape = config.quantizer.indices_shape(config.grid());
    let mut graph = GraphBuilder::new(&shape, tensors)?;
    let indices = graph.input();
    let quantized = quantizer::codes_of(&mut graph, &config.quantizer, indices)?;
    let image = image_of(&mut graph, config, quantized)?;
    graph.output("image", image)?;
    graph.finish()
}

/// From an image `[c, h, w]` to the vectors that are quantized, `[d, h, w]`.
fn latent_of(
    graph: &mut GraphBuilder<'_>,
    config: &VqVaeConfig,
    image: ValueId,
) -> Result<ValueId, GraphError> {
    let mut x = image;
    for index in 0..config.levels {
        x = conv(graph, x, &format!("encoder.down.{index}"), [2, 1], &relu())?;
    }
    x = residual_stack(graph, x, "encoder", config.res_blocks)?;
    conv(graph, x, "encoder.project", [1, 0], &Epilogue::default())
}

/// From quantized vectors `[d, h, w]` to an image `[c, h, w]`.
fn image_of(
    graph: &mut GraphBuilder<'_>,
    config: &VqVaeConfig,
    quantized: ValueId,
) -> Result<ValueId, GraphError> {
    let mut x = residual_stack(graph, quantized, "decoder", config.res_blocks)?;
    for index in 0..config.levels {
        let name = format!("decoder.up.{index}");
        let last = index + 1 == config.levels;
        let activation = if last { Activation::Sigmoid } else { Activation::Relu };
        let op = Op::ConvTranspose2d {
            input: x,
            weight: format!("{name}.weight"),
            stride: [2, 2],
            padding: [1, 1],
            output_padding: [0, 0],
            epilogue: Epilogue::bias(format!("{name}.bias")).with_activation(activation),
        };
        x = graph.add(name, op)?;
    }
    Ok(x)
}

/// A convolution, blocks of x + conv2(relu(conv1(relu(x)))), and a last relu.
fn residual_stack(
    graph: &mut GraphBuilder<'_>,
    input: ValueId,
    side: &str,
    blocks: usize,
) -> Result<ValueId, GraphError> {
    let end = |index| if index == blocks { relu() } else { Epilogue::default() };
    let mut x = conv(graph, input, &format!("{side}.conv"), [1, 1], &end(0))?;
    for index in 0..blocks {
        let name = format!("{side}.blocks.{index}");
        let rectified = Op::Activate { input: x, activation: Activation::Relu };
        let rectified = graph.add(format!("{name}.relu"), rectified)?;
        let inner = conv(graph, rectified, &format!("{name}.conv1"), [1, 1], &relu())?;
        let sum = end(index + 1).with_residual(x);
        x = conv(graph, inner, &format!("{name}.conv2"), [1, 0], &sum)?;
    }
    Ok(x)
}

/// A convolution with the bias of its layer, of one stride and one padding on all sides.
fn conv(
    graph: &mut GraphBuilder<'_>,
    input: ValueId,
    name: &str,
    [stride, padding]: [usize; 2],
    epilogue: &Epilogue,
) -> Result<ValueId, GraphError> {
    let epilogue = Epilogue { bias: Some(format!("{name}.bias")), ..epilogue.clone() };
    let op = Op::Conv2d {
        input,
        weight: format!("{name}.weight"),
        upsample: 1,
        stride: [stride; 2],
        padding: [padding; 4],
        epilogue,
    };
    graph.add(name, op)
}

fn relu() -> Epilogue {
    Epilogue::default().with_activation(Activation::Relu)
}
