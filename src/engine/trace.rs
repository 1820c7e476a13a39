//! A run that is watched node by node: what every value is, and how long each took.

use super::caches::Caches;
use super::cpu::CpuNetwork;
use super::{EngineError, check_input};
use crate::array::Array;
use crate::graph::Graph;
use crate::watch::Watch;

/// One node of a run.
#[derive(Clone, Copy, Debug)]
pub struct Traced<'a> {
    /// Its place among the nodes of the graph.
    pub index: usize,
    /// Its values for all items, one item after the other.
    pub values: &'a [f32],
    /// How long the CPU engine took to compute it.
    pub secs: f64,
}

/// Runs `graph` on the CPU engine and tells of every node as soon as it is computed, so that all values of a large
/// network are never held at once.
///
/// # Shapes
/// `input [b, ..]` with the graph's input shape.
///
/// # Errors
/// When `input` has another shape or no items, or when whoever watches ends the run.
pub fn trace(
    graph: &Graph,
    input: &Array,
    watch: &Watch,
    tell: &mut dyn FnMut(Traced<'_>),
) -> Result<(), EngineError> {
    check_input(graph, input)?;
    let caches = &mut Caches::default();
    let network = CpuNetwork::new(graph);
    network.run(graph, input, caches, watch.whole(), Some(tell)).map(|_results| ())
}
