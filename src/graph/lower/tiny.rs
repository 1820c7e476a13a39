//! The small distilled autoencoder that previews latent diffusion, under the tensor names of diffusers'
//! `AutoencoderTiny`.
//!
//! # Source
//! TAESD (madebyollin/taesd), as diffusers describes it.

mod diffusers;

use serde::{Deserialize, Serialize};

use super::{Architecture, Networks, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};
use crate::picture::{ImageShape, ValueRange};

/// Latents are bent softly to this magnitude before they are decoded.
const MAGNITUDE: f32 = 3.0;

/// Everything that fixes the shapes of the autoencoder; the fields are called as diffusers calls them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TinyConfig {
    /// The images it takes and makes.
    pub image: ImageShape,
    /// The range of their values: diffusers maps from and to `[-1, 1]`, the original works on `[0, 1]`.
    pub range: ValueRange,
    /// Channels of the latent.
    pub latent_channels: usize,
    /// Channels of every level of the encoder, from the image down; between two levels the image is halved.
    pub encoder_block_out_channels: Vec<usize>,
    /// Residual blocks of each of them.
    pub num_encoder_blocks: Vec<usize>,
    /// Channels of every level of the decoder, from the latent up.
    pub decoder_block_out_channels: Vec<usize>,
    /// Residual blocks of each of them.
    pub num_decoder_blocks: Vec<usize>,
    /// How many rows and columns each of a level's becomes on the next.
    pub upsampling_scaling_factor: usize,
}

/// One entry of the sequence of layers that a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// Three by three.
    Conv { channels: [usize; 2], stride: usize, upsample: usize, has_bias: bool },
    /// Three convolutions around an identity, rectified.
    Block { channels: usize },
    /// A rectifier.
    Relu,
    /// Upsampling, which the convolution behind it does.
    Upsample,
}

impl TinyConfig {
    fn encoder_layers(&self) -> Vec<Layer> {
        let channels = &self.encoder_block_out_channels;
        let mut layers = Vec::new();
        for (level, (&wide, &blocks)) in channels.iter().zip(&self.num_encoder_blocks).enumerate() {
            layers.push(if level == 0 {
                conv([self.image.channels, wide], true)
            } else {
                // Between levels of different widths diffusers has no layers that fit.
                Layer::Conv { channels: [wide; 2], stride: 2, upsample: 1, has_bias: false }
            });
            layers.extend(vec![Layer::Block { channels: wide }; blocks]);
        }
        layers.push(conv([self.deepest(), self.latent_channels], true));
        layers
    }

    fn decoder_layers(&self) -> Vec<Layer> {
        let channels = &self.decoder_block_out_channels;
        let first = channels.first().copied().unwrap_or(0);
        let mut layers = vec![conv([self.latent_channels, first], true), Layer::Relu];
        let last = channels.len().saturating_sub(1);
        for (level, (&wide, &blocks)) in channels.iter().zip(&self.num_decoder_blocks).enumerate() {
            layers.extend(vec![Layer::Block { channels: wide }; blocks]);
            if level == last {
                layers.push(conv([wide, self.image.channels], true));
            } else {
                let upsample = self.upsampling_scaling_factor;
                layers.push(Layer::Upsample);
                layers.push(Layer::Conv {
                    channels: [wide; 2],
                    stride: 1,
                    upsample,
                    has_bias: false,
                });
            }
        }
        layers
    }

    fn deepest(&self) -> usize {
        self.encoder_block_out_channels.last().copied().unwrap_or(0)
    }

    /// Rows and columns of a latent: halved sides are rounded up.
    pub fn grid(&self) -> [usize; 2] {
        let halvings = self.encoder_block_out_channels.len() - 1;
        [self.image.height, self.image.width].map(|side| side.div_ceil(1 << halvings))
    }

    /// The same for other images.
    pub fn at(&self, [height, width]: [usize; 2]) -> Self {
        Self { image: ImageShape::new(self.image.channels, height, width), ..self.clone() }
    }

    /// How much larger a side of a decoded image is than that of its latent.
    pub fn enlargement(&self) -> usize {
        self.upsampling_scaling_factor.pow(self.decoder_block_out_channels.len() as u32 - 1)
    }
}

fn conv(channels: [usize; 2], has_bias: bool) -> Layer {
    Layer::Conv { channels, stride: 1, upsample: 1, has_bias }
}

impl Architecture for TinyConfig {
    fn family(&self) -> &'static str {
        "autoencoder-tiny"
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn sides_of(&self, grid: [usize; 2]) -> Option<[usize; 2]> {
        Some(grid.map(|side| side.saturating_mul(self.enlargement())))
    }

    fn check(&self) -> Result<(), String> {
        let extent = |what: &str, found: usize, lo: usize, hi: usize| {
            let fits = (lo..=hi).contains(&found);
            fits.then_some(()).ok_or_else(|| format!("{what} is {found} (expected {lo} to {hi})"))
        };
        extent("the number of image channels", self.image.channels, 1, 4)?;
        extent("the image height", self.image.height, 1, 4096)?;
        extent("the image width", self.image.width, 1, 4096)?;
        extent("latent_channels", self.latent_channels, 1, 4096)?;
        extent("upsampling_scaling_factor", self.upsampling_scaling_factor, 1, 8)?;
        for (what, channels, blocks) in [
            (
                "encoder_block_out_channels",
                &self.encoder_block_out_channels,
                &self.num_encoder_blocks,
            ),
            (
                "decoder_block_out_channels",
                &self.decoder_block_out_channels,
                &self.num_decoder_blocks,
            ),
        ] {
            extent(&format!("the length of {what}"), channels.len(), 1, 8)?;
            if blocks.len() != channels.len() {
                let (found, expected) = (blocks.len(), channels.len());
                return Err(format!(
                    "{found} numbers of blocks (expected {expected}, as many as {what})"
                ));
            }
            for &wide in channels {
                extent(&format!("an entry of {what}"), wide, 1, 8192)?;
                // A sequence of layers has no place where the number of channels changes.
                if wide != channels[0] {
                    return Err(format!("{what} is {channels:?} (expected one number throughout)"));
                }
            }
            for &count in blocks {
                extent("a number of blocks", count, 0, 32)?;
            }
        }
        let [rows, columns] = self.grid().map(|side| side * self.enlargement());
        let whole = [self.image.height, self.image.width];
        if self.enlargement() != 1 << (self.encoder_block_out_channels.len() - 1) {
            return Err(format!(
                "images of {} by {} become {rows} by {columns} (expected a decoder that enlarges as often as the encoder halves)",
                whole[0], whole[1]
            ));
        }
        Ok(())
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut conv = |name: String, [inputs, outputs]: [usize; 2], has_bias: bool| {
            tensors.push((format!("{name}.weight"), vec![outputs, inputs, 3, 3]));
            if has_bias {
                tensors.push((format!("{name}.bias"), vec![outputs]));
            }
        };
        for (part, layers) in
            [("encoder", self.encoder_layers()), ("decoder", self.decoder_layers())]
        {
            for (index, layer) in layers.iter().enumerate() {
                let name = format!("{part}.layers.{index}");
                match *layer {
                    Layer::Conv { channels, has_bias, .. } => conv(name, channels, has_bias),
                    Layer::Block { channels } => {
                        for inner in [0, 2, 4] {
                            conv(format!("{name}.conv.{inner}"), [channels; 2], true);
                        }
                    }
                    Layer::Relu | Layer::Upsample => {}
                }
            }
        }
        tensors
    }

    fn latent(&self) -> Vec<usize> {
        let [h, w] = self.grid();
        vec![self.latent_channels, h, w]
    }

    fn range(&self) -> ValueRange {
        self.range
    }

    fn activations(&self) -> usize {
        let plane = self.image.height * self.image.width;
        let widest = self.encoder_block_out_channels.iter().max().copied().unwrap_or(0);
        let blocks: usize = self.num_encoder_blocks.iter().chain(&self.num_decoder_blocks).sum();
        3 * plane * widest * blocks
    }

    /// The encoder's output is `latent` `[d, h, w]`; the decoder makes `image` `[c, h', w']`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        Ok(Networks {
            encoder: Some(self.encoder(tensors)?),
            decoder: Some(self.decoder(tensors)?),
            codes: None,
        })
    }
}

impl TinyConfig {
    fn encoder(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        let ImageShape { channels, height, width } = self.image;
        let mut graph = GraphBuilder::new(&[channels, height, width], tensors)?;
        let input = graph.input();
        // The layers work on [0, 1].
        let ValueRange { lo, hi } = self.range;
        let (scale, shift) = (1.0 / (hi - lo), -lo / (hi - lo));
        let unit = graph.add("encoder.unit", Op::Affine { input, scale, shift })?;
        let latent = sequence(&mut graph, "encoder.layers", &self.encoder_layers(), unit)?;
        graph.output("latent", latent)?;
        graph.finish()
    }

    fn decoder(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        let mut graph = GraphBuilder::new(&self.latent(), tensors)?;
        let mut x = graph.input();
        let shrink = Op::Affine { input: x, scale: 1.0 / MAGNITUDE, shift: 0.0 };
        x = graph.add("decoder.shrunk", shrink)?;
        x = graph.add("decoder.bent", Op::Activate { input: x, activation: Activation::Tanh })?;
        x = graph.add("decoder.limited", Op::Affine { input: x, scale: MAGNITUDE, shift: 0.0 })?;
        x = sequence(&mut graph, "decoder.layers", &self.decoder_layers(), x)?;
        let ValueRange { lo, hi } = self.range;
        let image =
            graph.add("decoder.range", Op::Affine { input: x, scale: hi - lo, shift: lo })?;
        graph.output("image", image)?;
        graph.finish()
    }
}

fn sequence(
    graph: &mut GraphBuilder<'_>,
    name: &str,
    layers: &[Layer],
    input: ValueId,
) -> Result<ValueId, GraphError> {
    let mut x = input;
    for (index, layer) in layers.iter().enumerate() {
        let name = format!("{name}.{index}");
        x = match *layer {
            Layer::Conv { stride, upsample, has_bias, .. } => {
                let bias = has_bias.then(|| format!("{name}.bias"));
                let epilogue = Epilogue { bias, ..Epilogue::default() };
                convolve(graph, name, x, [stride, upsample], epilogue)?
            }
            Layer::Block { .. } => block(graph, &name, x)?,
            Layer::Relu => {
                graph.add(name, Op::Activate { input: x, activation: Activation::Relu })?
            }
            Layer::Upsample => x,
        };
    }
    Ok(x)
}

/// relu(x + conv(relu(conv(relu(conv(x)))))).
fn block(graph: &mut GraphBuilder<'_>, name: &str, input: ValueId) -> Result<ValueId, GraphError> {
    let mut x = input;
    for inner in [0, 2, 4] {
        let name = format!("{name}.conv.{inner}");
        let epilogue = Epilogue {
            bias: Some(format!("{name}.bias")),
            residual: (inner == 4).then_some(input),
            activation: Activation::Relu,
        };
        x = convolve(graph, name, x, [1, 1], epilogue)?;
    }
    Ok(x)
}

fn convolve(
    graph: &mut GraphBuilder<'_>,
    name: String,
    input: ValueId,
    [stride, upsample]: [usize; 2],
    epilogue: Epilogue,
) -> Result<ValueId, GraphError> {
    let weight = format!("{name}.weight");
    let op = Op::Conv2d { input, weight, upsample, stride: [stride; 2], padding: [1; 4], epilogue };
    graph.add(name, op)
}
