//! A decoder at its own size, and at a smaller one for pictures that must come soon: convolutions take planes of any
//! size, so that a smaller grid of latents makes a smaller picture.

use std::time::{Duration, Instant};

use super::{EngineError, Runner};
use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::graph::Graph;
use crate::watch::Watch;

/// A picture that takes longer is preceded by a smaller one.
const SOON: Duration = Duration::from_millis(100);

/// Operations a second that are counted on before any was measured.
const FLOPS_PER_S: f64 = 20e9;

/// A network of fewer operations is drawn whole, however slow a moment is.
const LEAST_FLOPS: u64 = 200_000_000;

/// How much smaller a picture may be along each side.
const FACTORS: [usize; 3] = [2, 4, 8];

/// How a grid becomes smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// By the mean of a square, for vectors.
    Mean,
    /// By the upper left of a square, for numbers of codes.
    First,
}

/// A decoder with what makes smaller pictures of the same latents.
#[derive(Debug)]
pub struct Sizes {
    whole: Runner,
    pooling: Pooling,
    /// The factors that the network allows, with the network of each; none where it is small.
    smaller: Vec<(usize, Graph)>,
    /// The one of them that was used last.
    prepared: Option<(usize, Runner)>,
    /// How fast the smaller ones were.
    flops_per_s: f64,
    /// How long the last whole picture took.
    whole_secs: Option<f64>,
}

impl Sizes {
    /// Whole pictures are those of `whole`, whose output is `image`.
    pub fn new(whole: Runner, pooling: Pooling) -> Self {
        let smaller = smaller(whole.graph());
        Self { whole, pooling, smaller, prepared: None, flops_per_s: FLOPS_PER_S, whole_secs: None }
    }

    /// What runs, for people.
    pub fn describe(&self) -> String {
        self.whole.describe()
    }

    /// Takes over newer weights.
    ///
    /// # Errors
    /// When the network has another structure, or when the device fails.
    pub fn update_weights(&mut self, graph: &Graph) -> Result<(), EngineError> {
        self.whole.update_weights(graph)?;
        self.smaller = smaller(graph);
        if let Some((factor, runner)) = &mut self.prepared
            && let Some((_, graph)) = self.smaller.iter().find(|(other, _)| other == factor)
        {
            runner.update_weights(graph)?;
        }
        Ok(())
    }

    /// Whether a whole picture takes so long that a smaller one should come first, where there can be one.
    pub fn is_slow(&self) -> bool {
        let expected = self.whole.graph().flops() as f64 / FLOPS_PER_S;
        let secs = self.whole_secs.unwrap_or(expected);
        !self.smaller.is_empty() && secs > SOON.as_secs_f64()
    }

    /// Images `[b, c, h, w]` of latents, flat, one after the other.
    ///
    /// # Errors
    /// When the device fails, or when whoever watches ends the run.
    pub fn whole(&mut self, latents: Vec<f32>, watch: &Watch) -> Result<Array, CodecError> {
        let input = batch(latents, self.whole.graph().input_shape())?;
        self.whole.watch(watch);
        let start = Instant::now();
        let images = take(&mut self.whole.run(&input)?, "image")?;
        self.whole_secs = Some(start.elapsed().as_secs_f64() / input.num_rows() as f64);
        Ok(images)
    }

    /// Smaller images of latents, as large as come soon, and how much smaller they are along each side.
    ///
    /// # Errors
    /// When there is no smaller size, which is so wherever [`Self::is_slow`] denies, when the device fails, or when
    /// whoever watches ends the run.
    pub fn preview(
        &mut self,
        latents: Vec<f32>,
        watch: &Watch,
    ) -> Result<(usize, Array), CodecError> {
        let soon = |(_, graph): &&(usize, Graph)| {
            graph.flops() as f64 / self.flops_per_s <= SOON.as_secs_f64()
        };
        let choice = self.smaller.iter().find(soon).or(self.smaller.last());
        let (factor, graph) = choice.ok_or("draw a preview: the network has one size only")?;
        let runner = match self.prepared.take() {
            Some((prepared, runner)) if prepared == *factor => runner,
            _ => self.whole.resized(graph)?,
        };
        let (_, runner) = self.prepared.insert((*factor, runner));
        runner.watch(watch);
        let input = batch(latents, self.whole.graph().input_shape())?;
        let input = pooled(&input, *factor, self.pooling);
        let start = Instant::now();
        let images = take(&mut runner.run(&input)?, "image")?;
        let done = (graph.flops() * input.num_rows() as u64) as f64;
        self.flops_per_s = done / start.elapsed().as_secs_f64().max(1e-9);
        Ok((*factor, images))
    }
}

/// The networks of smaller pictures.
fn smaller(graph: &Graph) -> Vec<(usize, Graph)> {
    if graph.flops() < LEAST_FLOPS {
        return Vec::new();
    }
    FACTORS.iter().filter_map(|&factor| Some((factor, smaller_by(graph, factor)?))).collect()
}

/// The network of latents and pictures that are smaller by `factor` along each side, where there is one.
fn smaller_by(graph: &Graph, factor: usize) -> Option<Graph> {
    let shrunk = |shape: &[usize]| {
        let (planes, sides) = shape.split_at(shape.len().saturating_sub(2));
        let divides = sides.len() == 2 && sides.iter().all(|side| side.is_multiple_of(factor));
        let sides = sides.iter().map(|side| side / factor);
        divides.then(|| planes.iter().copied().chain(sides).collect::<Vec<_>>())
    };
    let smaller = graph.with_input_shape(&shrunk(graph.input_shape())?).ok()?;
    let image = shrunk(graph.output_shape("image")?)?;
    (smaller.output_shape("image") == Some(&image[..])).then_some(smaller)
}

/// Items of one shape, one after the other.
fn batch(values: Vec<f32>, item: &[usize]) -> Result<Array, CodecError> {
    let mut shape = item.to_vec();
    shape.insert(0, values.len() / item.iter().product::<usize>().max(1));
    Ok(Array::new(shape, values)?)
}

/// A grid whose sides are multiples of `factor`, smaller by it.
///
/// # Shapes
/// `grid [.., h, w]`; the result is `[.., h / factor, w / factor]`.
fn pooled(grid: &Array, factor: usize, pooling: Pooling) -> Array {
    let mut shape = grid.shape().to_vec();
    let axes = shape.len();
    let width = shape[axes - 1];
    shape[axes - 2] /= factor;
    shape[axes - 1] /= factor;
    let mut smaller = Array::zeros(shape);
    let columns = width / factor;
    for (index, value) in smaller.data_mut().iter_mut().enumerate() {
        // Rows of all planes follow one another, and each plane has a multiple of `factor` of them.
        let start = index / columns * factor * width + index % columns * factor;
        *value = match pooling {
            Pooling::First => grid.data()[start],
            Pooling::Mean => {
                let row = |y: usize| grid.data()[start + y * width..][..factor].iter().sum::<f32>();
                (0..factor).map(row).sum::<f32>() / (factor * factor) as f32
            }
        };
    }
    smaller
}
