//! A graph and a batch size as passes over numbered buffers, reused as soon as nothing reads them any more.

use super::EngineError;
use super::kernel::Kernel;
use crate::graph::{Graph, MAX_VALUES, Op};

/// What a pass binds beside its parameters and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A buffer, by its number.
    Buffer(usize),
    /// A weight, by its name.
    Weight(String),
    /// The counts of how often each code is chosen.
    Usage,
    /// What a pass keeps for the next run, by its number.
    Cache(usize),
}

/// One pass with what it binds.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// The name of the node that it computes.
    pub node: String,
    /// What runs.
    pub kernel: Kernel,
    /// What it binds from 1 on, in the order of its shader.
    pub inputs: Vec<Binding>,
    /// The buffer that it writes and binds last, never one that it reads.
    pub output: usize,
    /// Floating-point operations of all items, as a graph counts them.
    pub flops: u64,
}

impl Pass {
    /// The buffers that it reads.
    pub fn reads(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().filter_map(|binding| match binding {
            Binding::Buffer(buffer) => Some(*buffer),
            Binding::Weight(_) | Binding::Usage | Binding::Cache(_) => None,
        })
    }
}

/// Where an output is when all passes have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedOutput {
    /// Its name.
    pub name: String,
    /// Its buffer.
    pub buffer: usize,
    /// The number of values of one item.
    pub item_len: usize,
}

/// Everything that a GPU needs to know about a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Items in one run.
    pub batch: usize,
    /// The number of values of every buffer, for the whole batch. The first holds the input.
    pub buffers: Vec<usize>,
    /// The number of values of everything that passes keep from one run to the next, for the whole batch.
    pub caches: Vec<usize>,
    /// What runs, in this order.
    pub passes: Vec<Pass>,
    /// Where the outputs are.
    pub outputs: Vec<PlannedOutput>,
    /// The number of codes whose use is counted; 0 where no pass chooses one.
    pub codes: usize,
}

impl Plan {
    /// The passes of `graph` for `batch` items.
    pub fn new(graph: &Graph, batch: usize) -> Self {
        let last_reads = last_reads(graph);
        let mut arena = Arena::default();
        let mut homes: Vec<usize> = Vec::with_capacity(last_reads.len());
        let (mut passes, mut caches) = (Vec::new(), Vec::new());
        for (index, node) in graph.nodes().iter().enumerate() {
            let home = match Kernel::new(graph, node, batch) {
                Some(kernel) => {
                    let output = arena.take(node.num_values() * batch);
                    let mut inputs = bindings(&node.op, &homes);
                    if node.num_kept() > 0 {
                        inputs.push(Binding::Cache(caches.len()));
                        caches.push(node.num_kept() * batch);
                    }
                    passes.push(Pass {
                        node: node.name.clone(),
                        kernel,
                        inputs,
                        output,
                        flops: graph.flops_of(node) * batch as u64,
                    });
                    output
                }
                // The input has a buffer of its own; a reshape is a second name for what it reads.
                None => match node.op.inputs().next() {
                    Some(value) => homes[value.index()],
                    None => arena.take(node.num_values() * batch),
                },
            };
            homes.push(home);
            arena.release(owners_read_last(graph, &last_reads, index).map(|value| homes[value]));
        }
        let planned = |(name, value): (&str, crate::graph::ValueId)| PlannedOutput {
            name: name.to_owned(),
            buffer: homes[value.index()],
            item_len: graph.node(value).num_values(),
        };
        Self {
            batch,
            passes,
            caches,
            outputs: graph.outputs().map(planned).collect(),
            buffers: arena.lens,
            codes: graph.num_codes(),
        }
    }

    /// The number of values of all buffers together, and of what is kept.
    pub fn num_values(&self) -> usize {
        self.buffers.iter().chain(&self.caches).sum()
    }
}

/// What the pass of `op` binds from 1 on, when every value before it has its home.
fn bindings(op: &Op, homes: &[usize]) -> Vec<Binding> {
    let mut buffers = op.inputs().map(|value| Binding::Buffer(homes[value.index()]));
    let mut weights = op.weights().map(|name| Binding::Weight(name.to_owned()));
    if op.epilogue().is_none() {
        // A choice by scores names the codebook for its use alone.
        let weights = weights.filter(|_| !matches!(op, Op::ArgMax { .. }));
        let chooses = matches!(op, Op::NearestCode { .. } | Op::ArgMax { .. });
        return buffers.chain(weights).chain(chooses.then_some(Binding::Usage)).collect();
    }
    // Something must be bound even where the parameters say that it is not read.
    let pair = |bindings: &mut dyn Iterator<Item = Binding>| {
        let first = bindings.next();
        let second = bindings.next().or_else(|| first.clone());
        [first, second]
    };
    let [input, residual] = pair(&mut buffers);
    let [weight, bias] = pair(&mut weights);
    [input, weight, bias, residual].into_iter().flatten().collect()
}

/// The most items that fit: no buffer over `buffer_limit` values, nor all outputs; all buffers together, with what is
/// kept from run to run, not over
/// `total_limit`, unless a single item needs more than that.
///
/// # Errors
/// When a single item needs a larger buffer than the limit.
pub fn largest_batch(
    graph: &Graph,
    buffer_limit: usize,
    total_limit: usize,
) -> Result<usize, EngineError> {
    let plan = Plan::new(graph, 1);
    // Outputs are read back together.
    let read_back = plan.outputs.iter().map(|output| output.item_len).sum();
    let largest = plan.buffers.iter().chain(&plan.caches).copied().fold(read_back, usize::max);
    // So are the counts of codes, which do not grow with the batch.
    let limit = buffer_limit.min(MAX_VALUES).saturating_sub(plan.codes);
    if largest > limit {
        let bytes = |values: usize| values as u64 * 4;
        let what = "bytes of the largest value of one item".to_owned();
        return Err(EngineError::TooLarge { what, found: bytes(largest), limit: bytes(limit) });
    }
    Ok((limit / largest).min(total_limit / plan.num_values()).max(1))
}

/// The share of a run's work that is done behind each node, roughly.
pub(super) fn work_shares(graph: &Graph) -> Vec<f64> {
    // Reading and writing a value takes as long as so many operations.
    const PER_VALUE: u64 = 16;
    let mut done = 0;
    let work: Vec<u64> = graph
        .nodes()
        .iter()
        .map(|node| {
            done += graph.flops_of(node) + PER_VALUE * node.num_values() as u64;
            done
        })
        .collect();
    work.into_iter().map(|work| work as f64 / done as f64).collect()
}

/// For every value the node after which nothing needs it: the last one that reads it or another name of it.
///
/// Outputs and the input are needed for ever.
pub(super) fn last_reads(graph: &Graph) -> Vec<usize> {
    const NEVER: usize = usize::MAX;
    let nodes = graph.nodes();
    let mut owners: Vec<usize> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        owners.push(if let Op::Reshape { input, .. } = node.op {
            owners[input.index()]
        } else {
            index
        });
    }
    // A value that nothing reads is free as soon as it is written.
    let mut last: Vec<usize> = (0..nodes.len()).collect();
    for (index, node) in nodes.iter().enumerate() {
        for value in node.op.inputs() {
            last[owners[value.index()]] = index;
        }
    }
    for (_, value) in graph.outputs() {
        last[owners[value.index()]] = NEVER;
    }
    last[0] = NEVER;
    owners.iter().map(|&owner| last[owner]).collect()
}

/// The values that nothing needs after node `index` and that are no second names of others.
fn owners_read_last(
    graph: &Graph,
    last_reads: &[usize],
    index: usize,
) -> impl Iterator<Item = usize> {
    let owns = |value: &usize| !matches!(graph.nodes()[*value].op, Op::Reshape { .. });
    (0..=index).filter(move |&value| last_reads[value] == index).filter(owns)
}

/// Buffers that are handed out and come back.
#[derive(Default)]
struct Arena {
    lens: Vec<usize>,
    free: Vec<usize>,
}

impl Arena {
    /// A free buffer of at least `len` values: the smallest that is large enough, else the largest, grown,
    /// else a new one.
    fn take(&mut self, len: usize) -> usize {
        let fitting = |(_, buffer): &(usize, &usize)| self.lens[**buffer] >= len;
        let by_len = |(_, buffer): &(usize, &usize)| self.lens[**buffer];
        let free = self.free.iter().enumerate();
        let choice =
            free.clone().filter(fitting).min_by_key(by_len).or_else(|| free.max_by_key(by_len));
        if let Some((place, _)) = choice {
            let buffer = self.free.swap_remove(place);
            self.lens[buffer] = self.lens[buffer].max(len);
            buffer
        } else {
            self.lens.push(len);
            self.lens.len() - 1
        }
    }

    fn release(&mut self, buffers: impl Iterator<Item = usize>) {
        self.free.extend(buffers);
    }
}
