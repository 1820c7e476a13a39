//! The specification: every shader once more in plain Rust, one file each, scalar and obvious.
//!
//! Sums are taken in `f64` and stored as `f32`, so that a twin is nearer to the truth than either engine.
//! Each function takes what its shader binds, in the same order.

mod adam;
mod arg_max;
mod attention;
mod cached_attention;
mod channel_sums;
mod conv2d;
mod conv_transpose2d;
mod draw;
mod elementwise;
mod gather;
mod group_norm;
mod kernel_gradient;
mod latent_mix;
mod layer_norm;
mod linear;
mod modulate;
mod nearest_code;
mod part_sums;
mod pixels;

pub use adam::adam;
pub use arg_max::arg_max;
pub use attention::attention;
pub use cached_attention::cached_attention;
pub use channel_sums::channel_sums;
pub use conv_transpose2d::conv_transpose2d;
pub use conv2d::conv2d;
pub use draw::draw;
pub use elementwise::elementwise;
pub use gather::gather;
pub use group_norm::group_norm;
pub use kernel_gradient::kernel_gradient;
pub use latent_mix::latent_mix;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use modulate::modulate;
pub use nearest_code::nearest_code;
pub use part_sums::part_sums;
pub use pixels::pixels;

use super::caches::Caches;
use super::kernel::Kernel;
use super::params::{GELU, LEAKY_RELU, RELU, SIGMOID, SILU, TANH};
use super::plan::work_shares;
use super::{EngineError, Results, check_input};
use crate::array::{Array, NamedArrays};
use crate::codec::Memory;
use crate::graph::{Graph, Node, Op, ValueId};
use crate::watch::{Part, Watch};

/// Every output of `graph` for `input`, one item after the other; and [`USAGE`](crate::graph::USAGE) where the graph
/// searches a codebook. What [`Op::CachedAttention`] would find of earlier runs is zeros.
///
/// # Shapes
/// `input [b, ..]` with the graph's input shape; each output `[b, ..]` with its own; usage `[k]`.
///
/// # Errors
/// When `input` has another shape or no items.
pub fn run(graph: &Graph, input: &Array) -> Result<NamedArrays, EngineError> {
    run_watched(graph, input, &mut Caches::default(), Watch::default().whole())
}

/// What it takes for one item: the values of all nodes, and those that they keep.
pub(super) fn memory(graph: &Graph) -> Memory {
    let values: usize = graph.nodes().iter().map(|node| node.num_values() + node.num_kept()).sum();
    Memory { weights: 0, values: 4 * values as u64 }
}

/// [`run`], which tells how far it is and may be ended.
pub(super) fn run_watched(
    graph: &Graph,
    input: &Array,
    caches: &mut Caches,
    part: Part<'_>,
) -> Result<NamedArrays, EngineError> {
    let batch = check_input(graph, input)?;
    caches.prepare(graph, batch);
    let mut results = Results::new(graph);
    for index in 0..batch {
        let share = |items: usize| items as f64 / batch as f64;
        let part = part.between(share(index), share(index + 1));
        let values = run_item(graph, input, index, caches, part)?;
        for (output, (_, value)) in results.outputs.iter_mut().zip(graph.outputs()) {
            output.extend_from_slice(&values[value.index()]);
        }
        for (indices, codebook) in graph.choices() {
            let [first, _] = graph.rows_of(codebook);
            results.count(first, &values[indices.index()]);
        }
    }
    results.named(graph, batch)
}

/// The values of all nodes for one item.
fn run_item(
    graph: &Graph,
    input: &Array,
    item: usize,
    caches: &mut Caches,
    part: Part<'_>,
) -> Result<Vec<Vec<f32>>, EngineError> {
    let shares = work_shares(graph);
    let mut values: Vec<Vec<f32>> = Vec::with_capacity(graph.nodes().len());
    for (index, (node, share)) in graph.nodes().iter().zip(shares).enumerate() {
        let value = match &node.op {
            Op::Input => input.row(item).to_vec(),
            Op::Reshape { input, .. } => values[input.index()].clone(),
            _ => run_node(graph, node, &values, caches.of_item(index, item)),
        };
        values.push(value);
        part.tell(share)?;
    }
    Ok(values)
}

fn run_node(graph: &Graph, node: &Node, values: &[Vec<f32>], cache: &mut [f32]) -> Vec<f32> {
    let mut output = vec![0.0; node.num_values()];
    let value = |id: ValueId| values[id.index()].as_slice();
    let weight = |name: &str| graph.weight(name).data();
    let mut inputs = node.op.inputs().map(value);
    let [input, second, third, fourth] = std::array::from_fn(|_| inputs.next().unwrap_or_default());
    let mut weights = node.op.weights().map(weight);
    let [main, bias] = std::array::from_fn(|_| weights.next().unwrap_or_default());
    match Kernel::new(graph, node, 1) {
        Some(Kernel::Linear(params)) => linear(&params, input, main, bias, second, &mut output),
        Some(Kernel::Conv2d(params)) => conv2d(&params, input, main, bias, second, &mut output),
        Some(Kernel::ConvTranspose2d(params)) => {
            conv_transpose2d(&params, input, main, bias, second, &mut output);
        }
        Some(Kernel::GroupNorm(params)) => group_norm(&params, input, main, bias, &mut output),
        Some(Kernel::LayerNorm(params)) => layer_norm(&params, input, main, bias, &mut output),
        Some(Kernel::Attention(params)) => attention(&params, input, second, third, &mut output),
        Some(Kernel::CachedAttention(params)) => {
            cached_attention(&params, input, second, third, fourth, cache, &mut output);
        }
        Some(Kernel::Modulate(params)) => modulate(&params, input, second, third, &mut output),
        Some(Kernel::Elementwise(params)) => elementwise(&params, input, &mut output),
        Some(Kernel::NearestCode(params)) => nearest_code(&params, input, main, &mut output),
        Some(Kernel::ArgMax(params)) => arg_max(&params, input, &mut output),
        Some(Kernel::Gather(params)) => gather(&params, input, main, &mut output),
        Some(Kernel::Draw(params)) => draw(&params, input, second, &mut output),
        None => output.copy_from_slice(input),
    }
    output
}

/// What follows a weighted sum, in this order: bias, residual, activation.
fn epilogue(sum: f64, bias: f32, residual: f32, activation: u32, slope: f32) -> f32 {
    activate(sum + f64::from(bias) + f64::from(residual), activation, slope)
}

fn activate(x: f64, activation: u32, slope: f32) -> f32 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let bent = std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044_715 * x.powi(3));
    let result = match activation {
        RELU => x.max(0.0),
        LEAKY_RELU if x < 0.0 => f64::from(slope) * x,
        SILU => x * sigmoid,
        TANH => x.tanh(),
        SIGMOID => sigmoid,
        GELU => 0.5 * x * (1.0 + bent.tanh()),
        _ => x,
    };
    result as f32
}

/// The place in a row-major array of four axes.
fn offset4(shape: [u32; 4], place: [u32; 4]) -> usize {
    shape
        .iter()
        .zip(place)
        .fold(0, |offset, (&extent, index)| offset * extent as usize + index as usize)
}
