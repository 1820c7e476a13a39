//! What attention keeps from one run to the next, in the processor's memory.

use std::collections::BTreeMap;

use crate::graph::Graph;

/// The keys and values that the nodes of a graph keep for every item of a batch.
#[derive(Debug, Default)]
pub(super) struct Caches {
    batch: usize,
    /// By the place of the node in the graph, one item after the other.
    of_nodes: BTreeMap<usize, Vec<f32>>,
}

impl Caches {
    /// Sees to it that they are those of `batch` items: where there were others, all is zeros again.
    pub(super) fn prepare(&mut self, graph: &Graph, batch: usize) {
        if self.batch == batch {
            return;
        }
        let nodes = graph.nodes().iter().enumerate().filter(|(_, node)| node.num_kept() > 0);
        let zeros = nodes.map(|(index, node)| (index, vec![0.0; batch * node.num_kept()]));
        *self = Self { batch, of_nodes: zeros.collect() };
    }

    /// What a node keeps of all items; nothing for those that keep nothing.
    pub(super) fn of(&mut self, index: usize) -> &mut [f32] {
        self.of_nodes.get_mut(&index).map(Vec::as_mut_slice).unwrap_or_default()
    }

    /// What a node keeps of one item.
    pub(super) fn of_item(&mut self, index: usize, item: usize) -> &mut [f32] {
        let batch = self.batch;
        let all = self.of(index);
        let len = all.len() / batch;
        &mut all[item * len..][..len]
    }
}
