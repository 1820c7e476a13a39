//! The discriminator of adversarial families as a description. It judges images in training; its graph is there to be
//! looked into.

use serde::{Deserialize, Serialize};

use super::add_class;
use super::batch_norm::{Outputs, fold_named};
use super::gan::SLOPE;
use super::vae::{Arch, Level};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op};
use crate::picture::{ImageShape, ValueRange};

/// What a discriminator's tensors begin with.
pub const DISCRIMINATOR: &str = "discriminator";

/// Hidden widths of a multilayer discriminator.
const WIDTHS: [usize; 3] = [1024, 512, 256];

/// What keeps a discriminator's layers in bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscriminatorNorm {
    /// Nothing.
    None,
    /// Batch normalisation of every convolution but the first; of nothing in a multilayer one.
    Batch,
    /// Every weight is divided by its largest singular value (Miyato et al., 2018, arXiv:1802.05957).
    Spectral,
}

/// Everything that fixes the shapes of a discriminator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscriminatorConfig {
    /// Channels after the first convolution; doubled by each further one, up to eight times as many.
    pub channels: usize,
    /// What keeps it in bounds.
    pub norm: DiscriminatorNorm,
}

/// The sizes before and after one layer, and the batch normalisation behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgeLayer {
    /// Values or channels that come in.
    pub inputs: usize,
    /// Values or channels that go out.
    pub outputs: usize,
    /// Whether batch normalisation follows.
    pub has_norm: bool,
}

impl DiscriminatorConfig {
    fn levels(&self, arch: Arch, image: ImageShape) -> Vec<Level> {
        match arch {
            Arch::Mlp => Vec::new(),
            Arch::Conv => Level::halvings(image, self.channels, 8 * self.channels),
        }
    }

    /// The convolutions, from the image down.
    pub fn convolutions(&self, arch: Arch, image: ImageShape) -> Vec<JudgeLayer> {
        let levels = self.levels(arch, image).into_iter().enumerate();
        let layer = |(index, level): (usize, Level)| JudgeLayer {
            inputs: level.wide.channels,
            outputs: level.narrow.channels,
            has_norm: index > 0 && self.norm == DiscriminatorNorm::Batch,
        };
        levels.map(layer).collect()
    }

    /// The linear layers, the last of which gives the score.
    pub fn linear(&self, arch: Arch, image: ImageShape) -> Vec<JudgeLayer> {
        let hidden: &[usize] = match arch {
            Arch::Mlp => &WIDTHS,
            Arch::Conv => &[],
        };
        let grid = self.levels(arch, image).last().map_or(image, |level| level.narrow);
        let mut from = grid.len();
        let layer = |to| JudgeLayer {
            inputs: std::mem::replace(&mut from, to),
            outputs: to,
            has_norm: false,
        };
        hidden.iter().copied().chain([1]).map(layer).collect()
    }

    /// The values that the score is taken from.
    pub fn features(&self, arch: Arch, image: ImageShape) -> usize {
        self.linear(arch, image).last().map_or(0, |layer| layer.inputs)
    }

    /// The name and shape of every tensor, in PyTorch's layouts; one that is told of `classes` weighs its features
    /// by class too.
    pub fn tensors(
        &self,
        arch: Arch,
        image: ImageShape,
        classes: usize,
    ) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut layer = |name: String, inner: &str, weight: Vec<usize>, has_norm: bool| {
            let outputs = weight[0];
            tensors.push((format!("{name}.{inner}.weight"), weight));
            // A shift before a normalisation would be lost in it.
            if has_norm {
                tensors.extend(norm_tensors(&format!("{name}.norm"), outputs));
            } else {
                tensors.push((format!("{name}.{inner}.bias"), vec![outputs]));
            }
            if self.norm == DiscriminatorNorm::Spectral {
                tensors.push((format!("{name}.singular"), vec![outputs]));
            }
        };
        for (index, conv) in self.convolutions(arch, image).into_iter().enumerate() {
            let weight = vec![conv.outputs, conv.inputs, 4, 4];
            layer(format!("discriminator.convs.{index}"), "conv", weight, conv.has_norm);
        }
        for (index, linear) in self.linear(arch, image).into_iter().enumerate() {
            let weight = vec![linear.outputs, linear.inputs];
            layer(format!("discriminator.layers.{index}"), "linear", weight, false);
        }
        if classes > 0 {
            let features = self.features(arch, image);
            tensors.push(("discriminator.classes".to_owned(), vec![classes, features]));
        }
        tensors
    }

    /// The discriminator in use, image `[c, h, w]` in `range` to `score` `[1]`: batch normalization by its running
    /// statistics, the largest singular values, and what it is told of `class`, if it knows any, lie in its weights.
    /// Nodes are called as their tensors, behind [`DISCRIMINATOR`].
    ///
    /// # Errors
    /// When a tensor is missing, does not fit or holds values that are not finite, or when there is no such class.
    pub(super) fn lower(
        &self,
        tensors: &NamedArrays,
        (arch, image): (Arch, ImageShape),
        range: ValueRange,
        class: Option<usize>,
    ) -> Result<Graph, GraphError> {
        let (convs, layers) = (self.convolutions(arch, image), self.linear(arch, image));
        let of_conv = |index: usize| format!("convs.{index}");
        let of_layer = |index: usize| format!("layers.{index}");
        let of_tensor = |name: &str, part: &str| format!("{DISCRIMINATOR}.{name}.{part}");
        let mut folded = tensors.clone();
        if self.norm == DiscriminatorNorm::Spectral {
            let convs = (0..convs.len()).map(|index| (of_conv(index), "conv"));
            let layers = (0..layers.len()).map(|index| (of_layer(index), "linear"));
            for (layer, inner) in convs.chain(layers) {
                divide(&mut folded, &of_tensor(&layer, inner), &of_tensor(&layer, "singular"))?;
            }
        }
        for (index, _) in convs.iter().enumerate().filter(|(_, conv)| conv.has_norm) {
            let layer = of_conv(index);
            let (inner, norm) = (of_tensor(&layer, "conv"), of_tensor(&layer, "norm"));
            fold_named(&mut folded, &inner, &norm, Outputs::First)?;
        }
        let last = layers.len() - 1;
        if let Some(class) = class {
            let weight = of_tensor(&of_layer(last), "linear.weight");
            add_class(&mut folded, &[format!("{DISCRIMINATOR}.classes"), weight], class)?;
        }
        let mut graph = GraphBuilder::new(&[image.channels, image.height, image.width], &folded)?;
        let mut x = graph.input();
        if range != ValueRange::SIGNED {
            let scale = (ValueRange::SIGNED.hi - ValueRange::SIGNED.lo) / (range.hi - range.lo);
            let shift = ValueRange::SIGNED.lo - range.lo * scale;
            let op = Op::Affine { input: x, scale, shift };
            x = graph.add("range", op)?;
        }
        let leaky = Activation::LeakyRelu(SLOPE);
        for index in 0..convs.len() {
            let name = format!("{}.conv", of_conv(index));
            let op = Op::Conv2d {
                input: x,
                weight: of_tensor(&name, "weight"),
                stride: [2, 2],
                padding: [1; 4],
                upsample: 1,
                epilogue: Epilogue::bias(of_tensor(&name, "bias")).with_activation(leaky),
            };
            x = graph.add(name, op)?;
        }
        let shape = vec![layers[0].inputs];
        x = graph.add("flat", Op::Reshape { input: x, shape })?;
        for index in 0..=last {
            let name = format!("{}.linear", of_layer(index));
            let activation = if index == last { Activation::None } else { leaky };
            let op = Op::Linear {
                input: x,
                weight: of_tensor(&name, "weight"),
                epilogue: Epilogue::bias(of_tensor(&name, "bias")).with_activation(activation),
            };
            x = graph.add(name, op)?;
        }
        graph.output("score", x)?;
        graph.finish()
    }

    /// Values of one image on its way through.
    pub fn activations(&self, arch: Arch, image: ImageShape) -> usize {
        let levels = self.levels(arch, image);
        let convolved: usize = levels.iter().map(|level| 3 * level.narrow.len()).sum();
        let linear: usize = self.linear(arch, image).iter().map(|layer| 2 * layer.inputs).sum();
        convolved + linear
    }
}

/// Divides the weight of `layer`, `[out, ..]`, by its largest singular value |uᵀ W|, where u is `vector` `[out]`.
///
/// # Source
/// Spectral Normalization for GANs (Miyato et al., 2018, section 2.1 and appendix A, arXiv:1802.05957).
fn divide(tensors: &mut NamedArrays, layer: &str, vector: &str) -> Result<(), GraphError> {
    let weight = format!("{layer}.weight");
    let missing =
        |name: &str| GraphError::MissingWeight { node: layer.to_owned(), weight: name.to_owned() };
    let left = tensors.get(vector).ok_or_else(|| missing(vector))?.clone();
    let matrix = tensors.get_mut(&weight).ok_or_else(|| missing(&weight))?;
    let mut across = vec![0.0; matrix.row_len()];
    for (row, factor) in left.data().iter().enumerate() {
        for (sum, value) in across.iter_mut().zip(matrix.row(row)) {
            *sum += f64::from(*factor) * f64::from(*value);
        }
    }
    let sigma = across.iter().map(|value| value * value).sum::<f64>().sqrt();
    let divided = |value: &mut f32| *value = (f64::from(*value) / sigma) as f32;
    matrix.data_mut().iter_mut().for_each(divided);
    Ok(())
}

/// The tensors of a batch normalisation.
pub(super) fn norm_tensors(name: &str, channels: usize) -> Vec<(String, Vec<usize>)> {
    ["weight", "bias", "running_mean", "running_var"]
        .map(|part| (format!("{name}.{part}"), vec![channels]))
        .to_vec()
}
