//! Which way an input has to move for an output to become what is wanted: inversion of decoders.
//!
//! The CPU engine's arithmetic on burn's tape, which keeps all values: it takes more memory than a run.

use super::cpu::CpuNetwork;
use super::{EngineError, check_input};
use crate::array::Array;
use crate::graph::{Graph, Op, ValueId};
use crate::watch::Watch;

/// A network that can be differentiated by its input.
#[derive(Debug)]
pub struct Gradient {
    graph: Graph,
    output: ValueId,
    network: CpuNetwork,
}

/// How far outputs are from what is wanted, and which way inputs have to move.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The mean squared error of each item over its values, in the output's own units.
    pub errors: Vec<f32>,
    /// Its derivative by the item's input, of the input's shape.
    pub gradient: Array,
    /// The outputs, `[b, ..]`.
    pub outputs: Array,
}

impl Gradient {
    /// Prepares one output of a network; nothing else of it is computed.
    ///
    /// # Errors
    /// When there is no such output, or it depends on a choice among codes or on earlier runs.
    pub fn new(graph: &Graph, output: &str) -> Result<Self, EngineError> {
        let value = graph.output(output).ok_or_else(|| EngineError::UnknownOutput {
            found: output.to_owned(),
            expected: graph.outputs().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
        })?;
        let graph = graph.part(&[(output, value)])?;
        if let Some(node) = graph.nodes().iter().find(|node| has_no_gradient(&node.op)) {
            return Err(EngineError::NoGradient { node: node.name.clone() });
        }
        let output = graph.output(output).unwrap_or(value);
        let network = CpuNetwork::with_gradients(&graph);
        Ok(Self { graph, output, network })
    }

    /// The shape of one input item.
    pub fn input_shape(&self) -> &[usize] {
        self.graph.input_shape()
    }

    /// How far the outputs of `input` are from `target`, and the gradient.
    ///
    /// # Shapes
    /// `input [b, ..]` with the network's input shape; `target` has as many values as one output.
    ///
    /// # Errors
    /// When a shape is another, or when whoever watches ends the run.
    pub fn fit(&self, input: &Array, target: &Array, watch: &Watch) -> Result<Fit, EngineError> {
        check_input(&self.graph, input)?;
        let expected = self.graph.node(self.output).num_values();
        if target.data().len() != expected {
            let (what, found) = ("the wanted output".to_owned(), target.data().len());
            return Err(EngineError::Length { what, found, expected });
        }
        self.network.fit(&self.graph, self.output, [input, target], watch.whole())
    }
}

fn has_no_gradient(op: &Op) -> bool {
    matches!(
        op,
        Op::NearestCode { .. } | Op::ArgMax { .. } | Op::CachedAttention { .. } | Op::Draw { .. }
    )
}
