//! The `PatchGAN` discriminator as a description. It judges images in training; its graph is
//! there to be looked into.
//!
//! # Source
//! Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., 2017, sections 3.2.2 and 6.1.2,
//! arXiv:1611.07004).

use serde::{Deserialize, Serialize};

use super::batch_norm::{Outputs, fold_named};
use super::discriminator::norm_tensors;
use super::gan::SLOPE;
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op};
use crate::picture::ImageShape;

/// Channels are doubled no further than to so many times the first ones.
const WIDEST: usize = 8;

/// The sizes of a discriminator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchGanConfig {
    /// Channels of the images.
    pub image_channels: usize,
    /// Channels behind the first convolution; each further one doubles them, up to eight times as many.
    pub channels: usize,
    /// How often the image is halved; 3 makes patches of 70 by 70 pixels.
    pub layers: usize,
}

impl PatchGanConfig {
    /// Rows and columns of patches in images of so many rows and columns; zero where images are too small.
    pub fn grid(&self, sides: [usize; 2]) -> [usize; 2] {
        sides.map(|side| {
            let halved = (0..self.layers).fold(side, |side, _| side / 2);
            // Two more convolutions, four wide with one zero on either side, each take one off.
            halved.saturating_sub(2)
        })
    }

    /// Checks that the sizes make sense, and that it takes images with so many `channels` and the sides of `image`.
    ///
    /// # Errors
    /// When a value is out of range, or no patch is left of such images.
    pub fn check(&self, channels: usize, image: ImageShape) -> Result<(), String> {
        for (name, found, hi) in [("d_channels", self.channels, 1024), ("d_layers", self.layers, 8)]
        {
            if !(1..=hi).contains(&found) {
                return Err(format!("{name} is {found} (expected 1 to {hi})"));
            }
        }
        if self.image_channels != channels {
            return Err(format!(
                "the discriminator takes {} channels (expected {channels}, as the images have)",
                self.image_channels
            ));
        }
        if self.grid([image.height, image.width]).contains(&0) {
            return Err(format!(
                "d_layers is {}, which leaves no patch of images of {image} (expected fewer layers, or larger images)",
                self.layers
            ));
        }
        Ok(())
    }

    /// Channels behind the convolution of a number.
    pub fn width(&self, layer: usize) -> usize {
        self.channels * 2usize.saturating_pow(layer as u32).min(WIDEST)
    }

    /// The name and shape of every tensor, in PyTorch's layouts; layers are counted as those of its `Sequential`,
    /// rectifiers too.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let weight = |place: usize, [inputs, outputs]: [usize; 2]| {
            (format!("main.{place}.weight"), vec![outputs, inputs, 4, 4])
        };
        let bias = |place: usize, outputs: usize| (format!("main.{place}.bias"), vec![outputs]);
        let mut tensors = vec![weight(0, [self.image_channels, self.channels])];
        tensors.push(bias(0, self.channels));
        for layer in 1..=self.layers {
            let (place, outputs) = (3 * layer - 1, self.width(layer));
            tensors.push(weight(place, [self.width(layer - 1), outputs]));
            tensors.extend(norm_tensors(&format!("main.{}", place + 1), outputs));
        }
        let last = 3 * self.layers + 2;
        tensors.extend([weight(last, [self.width(self.layers), 1]), bias(last, 1)]);
        tensors
    }

    /// The discriminator in use, images `[c, h, w]` of so many rows and columns to `score` `[1, h', w']`, a logit for
    /// every patch: batch normalization by its running statistics lies in its weights. Nodes are called as their
    /// tensors in [`PatchGanConfig::tensors`], which lie behind `part`.
    ///
    /// # Errors
    /// When a tensor is missing, does not fit or holds values that are not finite, or when images are too small.
    pub(super) fn lower(
        &self,
        tensors: &NamedArrays,
        part: &str,
        [height, width]: [usize; 2],
    ) -> Result<Graph, GraphError> {
        let place = |place: usize| format!("{part}.main.{place}");
        let mut folded = tensors.clone();
        for layer in 1..=self.layers {
            let conv = 3 * layer - 1;
            fold_named(&mut folded, &place(conv), &place(conv + 1), Outputs::First)?;
        }
        let mut graph = GraphBuilder::new(&[self.image_channels, height, width], &folded)?;
        let mut x = graph.input();
        for layer in 0..=self.layers + 1 {
            let number = (3 * layer).saturating_sub(1);
            let tensor = place(number);
            let stride = if layer < self.layers { 2 } else { 1 };
            let is_last = layer > self.layers;
            let activation = if is_last { Activation::None } else { Activation::LeakyRelu(SLOPE) };
            let op = Op::Conv2d {
                input: x,
                weight: format!("{tensor}.weight"),
                stride: [stride; 2],
                padding: [1; 4],
                upsample: 1,
                epilogue: Epilogue::bias(format!("{tensor}.bias")).with_activation(activation),
            };
            x = graph.add(format!("main.{number}"), op)?;
        }
        graph.output("score", x)?;
        graph.finish()
    }

    /// Values of one image on its way through, with what normalization and rectifier keep.
    pub fn activations(&self, [height, width]: [usize; 2]) -> usize {
        let halved = (0..=self.layers).map(|layer| {
            let scale = (layer + 1).min(self.layers);
            3 * self.width(layer) * (height >> scale) * (width >> scale)
        });
        halved.sum()
    }
}
