//! A small classifier as a description: what generators are measured by, and what perceptual losses look through.
//!
//! It learns the labels at hand or, where there are none, by how many quarter turns an image was rotated.

use serde::{Deserialize, Serialize};

use super::extent::{ExtentError, check_extents};
use super::vae::Level;
use super::{Architecture, Networks, Task, check_shapes};
use crate::array::NamedArrays;
use crate::graph::{Activation, Epilogue, GraphBuilder, GraphError, Op};
use crate::picture::ImageShape;

/// What a classifier tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// The classes of the data.
    Classes,
    /// Quarter turns (Gidaris et al., 2018, arXiv:1803.07728).
    Rotation,
}

/// Everything that fixes the shapes of a classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierConfig {
    /// The images it takes, in `[0, 1]`.
    pub image: ImageShape,
    /// Channels after the first convolution; each further one doubles them, up to four times as many.
    pub channels: usize,
    /// Values before the last layer, which measures compare images by.
    pub features: usize,
    /// What it tells apart.
    pub labels: Labels,
    /// How many of them there are.
    pub classes: usize,
}

/// A classifier's sizes do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassifierConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// Turned images would have another shape.
    #[error("images of {found} cannot be turned (expected square images, or data with classes)")]
    NotSquare {
        /// The images.
        found: ImageShape,
    },
}

impl ClassifierConfig {
    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When an extent is out of range, or images that are to be turned are not square.
    pub fn check(&self) -> Result<(), ClassifierConfigError> {
        let extents = [
            ("the number of image channels", self.image.channels, 1, 4),
            ("the image height", self.image.height, 1, 1024),
            ("the image width", self.image.width, 1, 1024),
            ("channels", self.channels, 1, 1024),
            ("features", self.features, 1, 65_536),
            ("the number of classes", self.classes, 2, 65_536),
        ];
        check_extents(extents)?;
        if self.labels == Labels::Rotation && self.image.height != self.image.width {
            return Err(ClassifierConfigError::NotSquare { found: self.image });
        }
        Ok(())
    }

    /// The convolutions, from the image down.
    pub fn levels(&self) -> Vec<Level> {
        Level::halvings(self.image, self.channels, 4 * self.channels)
    }

    /// What the linear layers see.
    pub fn grid(&self) -> ImageShape {
        self.levels().last().map_or(self.image, |level| level.narrow)
    }
}

impl Architecture for ClassifierConfig {
    fn family(&self) -> &'static str {
        "classifier"
    }

    fn task(&self) -> Task {
        Task::Classify
    }

    fn image(&self) -> ImageShape {
        self.image
    }

    fn check(&self) -> Result<(), String> {
        Self::check(self).map_err(|error| error.to_string())
    }

    fn tells_classes(&self) -> bool {
        self.labels == Labels::Classes
    }

    fn latent(&self) -> Vec<usize> {
        Vec::new()
    }

    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut layer = |name: &str, weight: Vec<usize>| {
            let outputs = weight[0];
            tensors.push((format!("{name}.weight"), weight));
            tensors.push((format!("{name}.bias"), vec![outputs]));
        };
        for (index, level) in self.levels().into_iter().enumerate() {
            let sizes = vec![level.narrow.channels, level.wide.channels, 4, 4];
            layer(&format!("convs.{index}"), sizes);
        }
        layer("features", vec![self.features, self.grid().len()]);
        layer("head", vec![self.classes, self.features]);
        tensors
    }

    fn activations(&self) -> usize {
        let convolved: usize = self.levels().iter().map(|level| 2 * level.narrow.len()).sum();
        convolved + 2 * (self.features + self.classes)
    }

    /// The encoder's outputs are `logits` `[k]` and `features` `[f]`.
    fn lower(&self, tensors: &NamedArrays) -> Result<Networks, GraphError> {
        check_shapes(self, tensors)?;
        let image = self.image;
        let mut graph = GraphBuilder::new(&[image.channels, image.height, image.width], tensors)?;
        let relu = Epilogue::default().with_activation(Activation::Relu);
        let mut x = graph.input();
        for index in 0..self.levels().len() {
            let name = format!("convs.{index}");
            let op = Op::Conv2d {
                input: x,
                weight: format!("{name}.weight"),
                stride: [2, 2],
                padding: [1; 4],
                upsample: 1,
                epilogue: Epilogue { bias: Some(format!("{name}.bias")), ..relu.clone() },
            };
            x = graph.add(name, op)?;
        }
        let flat = vec![self.grid().len()];
        let x = graph.add("flat", Op::Reshape { input: x, shape: flat })?;
        let linear = |input, name: &str, epilogue: Epilogue| Op::Linear {
            input,
            weight: format!("{name}.weight"),
            epilogue: Epilogue { bias: Some(format!("{name}.bias")), ..epilogue },
        };
        let features = graph.add("features", linear(x, "features", relu))?;
        let logits = graph.add("head", linear(features, "head", Epilogue::default()))?;
        graph.output("logits", logits)?;
        graph.output("features", features)?;
        Ok(Networks { encoder: Some(graph.finish()?), decoder: None, codes: None })
    }
}
