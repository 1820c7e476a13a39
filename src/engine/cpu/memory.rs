//! What a run takes at its peak, told from the graph before anything runs.

use super::convs::Layer;
use super::planes;
use crate::graph::{Graph, Node, Op};

/// Bytes that the values of one item take at most, with what the node that runs then works on.
pub(super) fn peak(graph: &Graph, last_reads: &[usize]) -> u64 {
    let bytes = |node: &Node| match node.op {
        Op::Reshape { .. } => 0,
        _ => 4 * node.num_values() as u64,
    };
    // What is kept is there all the time.
    let kept: usize = graph.nodes().iter().map(Node::num_kept).sum();
    let mut live = 4 * kept as u64;
    let mut peak = 0;
    for (index, node) in graph.nodes().iter().enumerate() {
        let freed = graph.nodes().iter().zip(last_reads).filter(|(_, last)| **last == index);
        let freed: u64 = freed.map(|(node, _)| bytes(node)).sum();
        let written =
            if matches!(node.op, Op::GroupNorm { .. }) && freed > 0 { 0 } else { bytes(node) };
        peak = peak.max(live + written + workspace(graph, node));
        live = live + bytes(node) - freed;
    }
    peak
}

/// Bytes that a node works on, beside what it reads and writes.
fn workspace(graph: &Graph, node: &Node) -> u64 {
    let own = node.num_values();
    let read = |input| graph.node(input).num_values();
    let values = match &node.op {
        Op::Conv2d { .. } | Op::ConvTranspose2d { .. } => {
            return Layer::of(graph, node).map_or(0, |layer| layer.workspace(graph));
        }
        Op::GroupNorm { .. } => 0,
        Op::LayerNorm { .. } => 3 * own,
        Op::Attention { heads, .. } => {
            let tokens = own / node.shape[0];
            3 * planes::SCORES.min(heads * tokens * tokens) + 5 * own
        }
        Op::CachedAttention { slots, .. } => 5 * own + slots * rayon::current_num_threads(),
        // Factors and summands for every place, and two steps between.
        Op::Modulate { .. } => 4 * own,
        // The vectors as they lie and as they are ranked, and what is told of each.
        Op::NearestCode { input, .. } => 2 * read(*input) + 4 * own,
        Op::Input
        | Op::Linear { .. }
        | Op::Reshape { .. }
        | Op::Slice { .. }
        | Op::Activate { .. }
        | Op::Affine { .. }
        | Op::Clamp { .. }
        | Op::Gather { .. } => own,
        Op::ArgMax { input, .. } => read(*input),
        // The scores as they are read, guided, and sorted.
        Op::Draw { logits, .. } => 3 * read(*logits),
    };
    4 * values as u64
}
