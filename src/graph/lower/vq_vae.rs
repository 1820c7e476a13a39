//! The vector-quantized variational autoencoder as a description: its sizes, and how its tensors become graphs.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, section 4.1, arXiv:1711.00937), with the
//! channels of the authors' published example.

use serde::{Deserialize, Serialize};

use super::{Architecture, CodeGraphs, Networks, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};
use crate::picture::ImageShape;

const CODEBOOK: &str = "quantizer.codebook";

/// What moves the codes in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodebookUpdate {
    /// The gradient of a loss that pulls every code to the vectors it stands for (eq. 3).
    Loss,
    /// Moving averages of the vectors that every code stands for (appendix A.1).
    Ema,
}

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
    /// Number of codes, k.
    pub codebook_size: usize,
    /// Dimensions of a code, d.
    pub code_dim: usize,
    /// Weight of the commitment term, β.
    pub commitment: f32,
    /// What moves the codes.
    pub update: CodebookUpdate,
    /// Whether vectors and codes are compared by their angle. Codes are then stored with unit length, where
    /// the code nearest to a vector is also the one at the smallest angle, whatever the vector's length:
    /// |z − e|² = |z|² + 1 − 2 z·e.
    pub cosine: bool,
}

/// A VQ-VAE's sizes do not go together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum VqVaeConfigError {
    /// An extent is zero or absurd.
    #[error("{what} is {found} (expected {lo} to {hi})")]
    Extent {
        /// Which one.
        what: &'static str,
        /// Its value.
        found: usize,
        /// Least value.
        lo: usize,
        /// Greatest value.
        hi: usize,
    },
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
    /// The weight of the commitment term is no sensible number.
    #[error("commitment is {found} (expected 0 to 100)")]
    Commitment {
        /// Its value.
        found: f32,
    },
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
            codebook_size: 512,
            code_dim: 64,
            commitment: 0.25,
            update: CodebookUpdate::Ema,
            cosine: false,
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
            ("codebook_size", self.codebook_size, 1, 65_536),
            ("code_dim", self.code_dim, 1, 4096),
        ];
        for (what, found, lo, hi) in extents {
            if found < lo || found > hi {
                return Err(VqVaeConfigError::Extent { what, found, lo, hi });
            }
        }
        let side = 1 << self.levels;
        if !self.image.height.is_multiple_of(side) || !self.image.width.is_multiple_of(side) {
            return Err(VqVaeConfigError::Indivisible { found: self.image, levels: self.levels });
        }
        if !(0.0..=100.0).contains(&self.commitment) {
            return Err(VqVaeConfigError::Commitment { found: self.commitment });
        }
        Ok(())
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

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    /// The averages of [`CodebookUpdate::Ema`] are not counted.
    fn num_parameters(&self) -> u64 {
        let fitted = |name: &str| name != "quantizer.cluster_size" && name != "quantizer.embed_avg";
        let shapes = self.tensors().into_iter().filter(|(name, _)| fitted(name));
        shapes.map(|(_, shape)| shape.iter().product::<usize>() as u64).sum()
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, [k, d]) = (self.hidden, [self.codebook_size, self.code_dim]);
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
        tensors.push((CODEBOOK.to_owned(), vec![k, d]));
        tensors.push(("quantizer.cluster_size".to_owned(), vec![k]));
        if self.update == CodebookUpdate::Ema {
            tensors.push(("quantizer.embed_avg".to_owned(), vec![k, d]));
        }
        tensors
    }

    fn latent(&self) -> Vec<usize> {
        let [h, w] = self.grid();
        vec![self.code_dim, h, w]
    }

    fn activations(&self) -> usize {
        let [h, w] = self.grid();
        let halved: usize = (1..=self.levels)
            .map(|level| (self.image.height >> level) * (self.image.width >> level) * self.hidden)
            .sum();
        let residual = self.res_blocks * (2 * self.hidden + 2 * self.res_hidden) * h * w;
        let quantized = 6 * self.code_dim * h * w;
        2 * (2 * halved + residual) + quantized + 6 * self.image.len()
    }

    /// The encoder's outputs are `latent` `[d, h, w]`, before quantization, `indices` `[h, w]` and `quantized`
    /// `[d, h, w]`; the decoder quantizes latents and turns them into `image` `[c, h, w]`, in `[0, 1]`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        Ok(Networks {
            encoder: Some(encoder(self, tensors)?),
            decoder: Some(decoder(self, tensors)?),
            codes: Some(CodeGraphs {
                quantizer: quantizer(self, tensors)?,
                decoder: code_decoder(self, tensors)?,
            }),
        })
    }

    fn codebook(&self) -> Option<[usize; 2]> {
        Some([self.codebook_size, self.code_dim])
    }
}

fn encoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let image = config.image;
    let mut graph = GraphBuilder::new(&[image.channels, image.height, image.width], tensors)?;
    let input = graph.input();
    let latent = latent_of(&mut graph, config, input)?;
    graph.output("latent", latent)?;
    quantized(&mut graph, latent)?;
    graph.finish()
}

fn decoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let [h, w] = config.grid();
    let mut graph = GraphBuilder::new(&[config.code_dim, h, w], tensors)?;
    let latent = graph.input();
    let quantized = quantized(&mut graph, latent)?;
    let image = image_of(&mut graph, config, quantized)?;
    graph.output("image", image)?;
    graph.finish()
}

fn quantizer(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let [h, w] = config.grid();
    let mut graph = GraphBuilder::new(&[config.code_dim, h, w], tensors)?;
    let latent = graph.input();
    quantized(&mut graph, latent)?;
    graph.finish()
}

fn code_decoder(config: &VqVaeConfig, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let mut graph = GraphBuilder::new(&config.grid(), tensors)?;
    let indices = graph.input();
    let quantized = codes_of(&mut graph, indices)?;
    let image = image_of(&mut graph, config, quantized)?;
    graph.output("image", image)?;
    graph.finish()
}

/// The codes nearest to vectors `[d, h, w]`, as outputs: `indices` `[h, w]` and `quantized` `[d, h, w]`.
fn quantized(graph: &mut GraphBuilder<'_>, latent: ValueId) -> Result<ValueId, GraphError> {
    let nearest = Op::NearestCode { input: latent, codebook: CODEBOOK.to_owned() };
    let indices = graph.add("quantizer.indices", nearest)?;
    graph.output("indices", indices)?;
    let codes = codes_of(graph, indices)?;
    graph.output("quantized", codes)?;
    Ok(codes)
}

/// The codes that indices name.
fn codes_of(graph: &mut GraphBuilder<'_>, indices: ValueId) -> Result<ValueId, GraphError> {
    graph.add("quantizer.codes", Op::Gather { input: indices, codebook: CODEBOOK.to_owned() })
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
