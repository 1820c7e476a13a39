//! Nodes whose values are large: they are computed with little beside what they read and write.

use std::f32::consts::FRAC_2_PI;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::read;
use crate::engine::EngineError;
use crate::graph::{Activation, Graph, Node, Op};

/// Of fewer values an item, 256 KiB, whole batches are computed at once: their loops start too often otherwise.
const LARGE: usize = 1 << 16;

/// Kernels of more values, 4 MiB, are not kept a second time as tensors.
const LARGE_KERNELS: usize = 1 << 20;

/// Whether a node is computed piece by piece, item by item.
pub(super) fn is_large(graph: &Graph, node: &Node) -> bool {
    let kernels = match &node.op {
        Op::Conv2d { weight, .. } => graph.weight(weight).data().len(),
        Op::GroupNorm { .. } => 0,
        _ => return false,
    };
    let values = node.op.inputs().map(|value| graph.node(value).num_values());
    kernels > LARGE_KERNELS || values.fold(node.num_values(), usize::max) >= LARGE
}

/// `activation((value - mean) / sqrt(variance + epsilon) * weight + bias)`, mean and variance being those of a group
/// of channels; in place where nothing else holds the value.
///
/// # Shapes
/// `value [b, c * plane]`, `weight [c]`, `bias [c]`; the result is as `value`.
pub(super) fn group_norm(
    value: Tensor<2>,
    [weight, bias]: [&[f32]; 2],
    groups: usize,
    epsilon: f32,
    activation: Activation,
) -> Result<Tensor<2>, EngineError> {
    let ([batch, len], device) = (value.dims(), value.device());
    let channels = weight.len() / groups;
    let plane = len / weight.len();
    let mut values = read(value, || "reading planes to normalize".to_owned())?;
    values.par_chunks_mut(len / groups).enumerate().for_each(|(group, values)| {
        let mean = mean(values, f64::from);
        let variance = self::mean(values, |value| (f64::from(value) - mean).powi(2));
        let scale = 1.0 / (variance + f64::from(epsilon)).sqrt();
        for (index, values) in values.chunks_mut(plane).enumerate() {
            let channel = group % groups * channels + index;
            let factor = (scale * f64::from(weight[channel])) as f32;
            for value in values {
                let deviation = (f64::from(*value) - mean) as f32;
                *value = applied(activation, deviation * factor + bias[channel]);
            }
        }
    });
    Ok(Tensor::from_data(TensorData::new(values, [batch, len]), &device))
}

/// The mean of a function of all values, in sums of lanes that a processor adds up together.
fn mean(values: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    for lanes in values.chunks(LANES) {
        for (sum, value) in sums.iter_mut().zip(lanes) {
            *sum += of(*value);
        }
    }
    sums.iter().sum::<f64>() / values.len() as f64
}

/// A function of one number.
pub(super) fn applied(activation: Activation, x: f32) -> f32 {
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu(slope) => {
            if x < 0.0 {
                slope * x
            } else {
                x
            }
        }
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::Gelu => {
            let bent = (x * x * 0.044_715 + 1.0) * x;
            x * sigmoid(2.0 * FRAC_2_PI.sqrt() * bent)
        }
    }
}
