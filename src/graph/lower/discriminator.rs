//! The discriminator of adversarial families as a description. It judges images in training and is never lowered.

use serde::{Deserialize, Serialize};

use super::vae::{Arch, Level};
use crate::picture::ImageShape;

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

    /// Values of one image on its way through.
    pub fn activations(&self, arch: Arch, image: ImageShape) -> usize {
        let levels = self.levels(arch, image);
        let convolved: usize = levels.iter().map(|level| 3 * level.narrow.len()).sum();
        let linear: usize = self.linear(arch, image).iter().map(|layer| 2 * layer.inputs).sum();
        convolved + linear
    }
}

/// The tensors of a batch normalisation.
pub(super) fn norm_tensors(name: &str, channels: usize) -> Vec<(String, Vec<usize>)> {
    ["weight", "bias", "running_mean", "running_var"]
        .map(|part| (format!("{name}.{part}"), vec![channels]))
        .to_vec()
}
