//! Networks as plain data: nodes, per-item shapes and named `f32` weights, free of burn and of wgpu.
//!
//! A [`GraphBuilder`] is the only way to make a [`Graph`]; it infers every shape and refuses whatever does
//! not fit, so that engines can trust what they are given. Every value has the shape of one item: the batch
//! belongs to a run, not to the network. Weights keep PyTorch's layouts and a checkpoint's names.

mod builder;
mod describe;
mod draw;
mod error;
pub mod lower;
mod op;
mod rewire;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use builder::GraphBuilder;
pub use draw::DrawControls;
pub use error::GraphError;
pub use op::{Activation, Codes, Epilogue, Op, ValueId};
pub use rewire::Perturbation;

use crate::array::{Array, NamedArrays};

/// The most values that one item or one weight may have: what 32-bit offsets address with room to round up.
pub const MAX_VALUES: usize = 1 << 30;

/// The most codes that a codebook may have.
///
/// Indices are stored as `f32`, which holds every whole number up to 2^24; the largest codebooks that are
/// published have 2^18 codes (MAGVIT-v2, Yu et al., 2024, arXiv:2310.05737).
pub const MAX_CODES: usize = 1 << 18;

/// What a run of a graph that chooses codes gives besides its outputs, under this name: `[k]`, how many vectors
/// chose each row of the codebook's weight.
///
/// It is the one array that is of the run and not of an item: all items of all chunks are counted together.
/// Exact up to 2^24, rounded beyond. No output can have this name.
pub const USAGE: &str = "usage";

/// One step of a network; its output is the value of the same index.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What messages call it, unique in its graph.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// The shape of its output for one item.
    pub shape: Vec<usize>,
}

impl Node {
    /// The number of values in its output for one item.
    pub fn num_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of values that it keeps from one run to the next for one item, keys and values of attention; 0 for
    /// all but [`Op::CachedAttention`].
    pub fn num_kept(&self) -> usize {
        match self.op {
            Op::CachedAttention { slots, .. } => 2 * slots * self.num_values(),
            _ => 0,
        }
    }
}

/// A checked network in the order of its computation. Clones share the weights.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    weights: BTreeMap<String, Arc<Array>>,
    outputs: Vec<(String, ValueId)>,
}

impl Graph {
    /// The shape of one input item.
    pub fn input_shape(&self) -> &[usize] {
        &self.nodes[0].shape
    }

    /// Every node after those that it reads; the first is the input.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that computes `value`.
    pub fn node(&self, value: ValueId) -> &Node {
        &self.nodes[value.index()]
    }

    /// Names and values of the outputs, in the order in which they were named.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, ValueId)> {
        self.outputs.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The value of one output.
    pub fn output(&self, name: &str) -> Option<ValueId> {
        self.outputs().find(|(output, _)| *output == name).map(|(_, value)| value)
    }

    /// The shape of one item of one output.
    pub fn output_shape(&self, name: &str) -> Option<&[usize]> {
        self.output(name).map(|value| self.node(value).shape.as_slice())
    }

    /// The weights that the nodes name.
    pub fn weights(&self) -> &BTreeMap<String, Arc<Array>> {
        &self.weights
    }

    /// One weight that a node of this graph names.
    ///
    /// # Panics
    /// When no node names it.
    pub fn weight(&self, name: &str) -> &Array {
        &self.weights[name]
    }

    /// The same network with other weights of the same names and shapes; further arrays are ignored.
    ///
    /// # Errors
    /// When a weight is missing, has another shape, or holds values that are not finite.
    pub fn with_weights(&self, weights: &NamedArrays) -> Result<Self, GraphError> {
        let mut newer = BTreeMap::new();
        for (name, old) in &self.weights {
            let node = || self.node_that_reads(name);
            let array = weights
                .get(name)
                .ok_or_else(|| GraphError::MissingWeight { node: node(), weight: name.clone() })?;
            if array.shape() != old.shape() {
                return Err(GraphError::mismatch(
                    &node(),
                    format!("shape of weight `{name}`"),
                    format!("{:?}", array.shape()),
                    format!("{:?}", old.shape()),
                ));
            }
            let is_codebook = self.nodes.iter().any(|node| node.op.codebook() == Some(name));
            builder::check_finite(name, array, is_codebook)?;
            newer.insert(name.clone(), Arc::new(array.clone()));
        }
        Ok(Self { weights: newer, ..self.clone() })
    }

    /// The same network for items of another shape, where its operations allow that: convolutions do.
    ///
    /// # Errors
    /// When a value does not have the shape that an operation needs.
    pub fn with_input_shape(&self, shape: &[usize]) -> Result<Self, GraphError> {
        let input = &self.nodes[0];
        shape::checked_len(&input.name, "input shape", shape)?;
        let nodes = vec![Node { shape: shape.to_vec(), ..input.clone() }];
        let mut graph = Self { nodes, ..self.clone() };
        for node in &self.nodes[1..] {
            let shape = shape::infer(&graph, &node.name, &node.op)?;
            graph.nodes.push(Node { shape, ..node.clone() });
        }
        Ok(graph)
    }

    /// The values that are choices among codes, and the codebook of each; all in one weight.
    pub fn choices(&self) -> impl Iterator<Item = (ValueId, &Codes)> {
        self.nodes.iter().enumerate().filter_map(|(index, node)| match &node.op {
            Op::NearestCode { codebook, .. } | Op::ArgMax { codebook, .. } => {
                Some((ValueId(index), codebook))
            }
            _ => None,
        })
    }

    /// Whether runs keep something for the next one, so that all items of a run have to fit at once.
    pub fn keeps_values(&self) -> bool {
        self.nodes.iter().any(|node| node.num_kept() > 0)
    }

    /// The number of codes whose use is counted; 0 where none is chosen.
    pub fn num_codes(&self) -> usize {
        self.choices().next().map_or(0, |(_, codebook)| self.weight(&codebook.weight).num_rows())
    }

    /// The first row and the number of rows of a codebook.
    pub fn rows_of(&self, codebook: &Codes) -> [usize; 2] {
        let rows = self.weight(&codebook.weight).num_rows() / codebook.parts;
        [codebook.part * rows, rows]
    }

    /// Whether the two differ in nothing but the values of their weights.
    pub fn same_structure(&self, other: &Self) -> bool {
        let shapes = |graph: &Self| -> Vec<(String, Vec<usize>)> {
            graph
                .weights
                .iter()
                .map(|(name, array)| (name.clone(), array.shape().to_vec()))
                .collect()
        };
        self.nodes == other.nodes && self.outputs == other.outputs && shapes(self) == shapes(other)
    }

    /// The number of values in all weights, shared ones counted once.
    pub fn num_parameters(&self) -> usize {
        self.weights.values().map(|array| array.data().len()).sum()
    }

    /// Floating-point operations for one item: two per multiply-add of sums and of attention, three per value
    /// that is compared with one of a code; the rest is left out.
    pub fn flops(&self) -> u64 {
        self.nodes.iter().map(|node| self.flops_of(node)).sum()
    }

    /// The part of [`Self::flops`] that one of its nodes takes.
    pub fn flops_of(&self, node: &Node) -> u64 {
        let per_value = |weight: &str| self.weight(weight).row_len() as u64;
        match &node.op {
            Op::Linear { weight, .. } | Op::Conv2d { weight, .. } => {
                2 * node.num_values() as u64 * per_value(weight)
            }
            Op::ConvTranspose2d { input, weight, .. } => {
                2 * self.node(*input).num_values() as u64 * per_value(weight)
            }
            Op::Attention { causal, .. } => {
                let tokens = (node.num_values() / node.shape[0]) as u64;
                // Two for a product, two for its part of a mixture; half of the pairs where they are in order.
                let per_value = if *causal { 2 * (tokens + 1) } else { 4 * tokens };
                node.num_values() as u64 * per_value
            }
            // As if all places that are kept were there.
            Op::CachedAttention { slots, .. } => 4 * (node.num_values() * slots) as u64,
            Op::NearestCode { codebook, .. } => {
                let [_, rows] = self.rows_of(codebook);
                3 * node.num_values() as u64 * rows as u64 * per_value(&codebook.weight)
            }
            Op::Input
            | Op::GroupNorm { .. }
            | Op::LayerNorm { .. }
            | Op::Modulate { .. }
            | Op::Reshape { .. }
            | Op::Slice { .. }
            | Op::Activate { .. }
            | Op::Affine { .. }
            | Op::Clamp { .. }
            | Op::ArgMax { .. }
            | Op::Gather { .. }
            | Op::Draw { .. } => 0,
        }
    }

    fn node_that_reads(&self, weight: &str) -> String {
        let reads = |node: &&Node| node.op.weights().any(|name| name == weight);
        self.nodes.iter().find(reads).map(|node| node.name.clone()).unwrap_or_default()
    }
}
