//! Batches in, outputs read back: for the command line, for evaluation, for tests.

use super::clock;
use super::gpu::Gpu;
use super::network::{Network, Passes};
use super::step::{Step, encode};
use crate::array::Array;
use crate::codec::Memory;
use crate::engine::plan::{self, Plan};
use crate::engine::{EngineError, Results};
use crate::watch::Part;

/// The number of values that are kept on the device at once, unless one item needs more: 512 MiB.
const TOTAL_VALUES: usize = 128 << 20;

/// Floating-point operations that are handed over at once: more would keep a device from what else it has to do, and
/// could neither be watched nor ended. A small network is handed over whole.
const FLOPS_AT_ONCE: u64 = 16 << 30;

/// Runs batches of a network; the passes for the batch size used last stay prepared, with what they keep.
#[derive(Debug)]
pub struct BatchRunner {
    network: Network,
    largest_batch: usize,
    prepared: Option<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    passes: Passes,
    staging: wgpu::Buffer,
}

impl BatchRunner {
    /// A runner that has nothing prepared yet.
    ///
    /// # Errors
    /// When a single item does not fit on the device.
    pub fn new(network: Network) -> Result<Self, EngineError> {
        let largest_batch =
            plan::largest_batch(network.graph(), network.gpu().max_buffer_values(), TOTAL_VALUES)?;
        Ok(Self { network, largest_batch, prepared: None })
    }

    /// The network that it runs.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The most items that one run takes.
    pub fn largest_batch(&self) -> usize {
        self.largest_batch
    }

    /// What a run of one item takes, on the device.
    pub fn memory(&self) -> Memory {
        let graph = self.network.graph();
        let plan = Plan::new(graph, 1);
        let outputs: usize = plan.outputs.iter().map(|output| output.item_len).sum();
        Memory {
            weights: self.network.weight_bytes(),
            values: 4 * (plan.num_values() + outputs) as u64,
        }
    }

    /// The values of all outputs and the use of codes. Reads them back: a sync point.
    ///
    /// # Shapes
    /// `input [b, ..]` with the graph's input shape, of at most [`Self::largest_batch`] items.
    ///
    /// # Errors
    /// When the device fails, or when whoever watches ends the run.
    pub fn run(&mut self, input: &Array, part: Part<'_>) -> Result<Results, EngineError> {
        let batch = input.num_rows();
        let prepared = match self.prepared.take() {
            Some(prepared) if prepared.serves(batch) => prepared,
            _ => Prepared::new(&self.network, batch)?,
        };
        let prepared = self.prepared.insert(prepared);
        prepared.run(&self.network, input, part)
    }

    /// The seconds that the passes of one item take, with the node of each, in their order; nothing where the device
    /// has no clock. Waits for the device: a sync point.
    ///
    /// # Shapes
    /// `input [1, ..]` with the graph's input shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn pass_secs(&mut self, input: &Array) -> Result<Option<Vec<(String, f64)>>, EngineError> {
        let gpu = self.network.gpu();
        if !gpu.has_clock() {
            return Ok(None);
        }
        let passes = Passes::new(&self.network, 1)?;
        gpu.checked("writing the input", || {
            gpu.queue().write_buffer(passes.input(), 0, bytemuck::cast_slice(input.data()));
        })?;
        let secs = clock::secs(gpu, &passes.steps)?;
        let nodes = passes.plan.passes.iter().map(|pass| pass.node.clone());
        Ok(Some(nodes.zip(secs).collect()))
    }
}

impl Prepared {
    fn new(network: &Network, batch: usize) -> Result<Self, EngineError> {
        let passes = Passes::new(network, batch)?;
        let values: usize = passes.plan.outputs.iter().map(|output| output.item_len * batch).sum();
        let staging = network.gpu().staging((values + passes.plan.codes) as u64 * 4)?;
        Ok(Self { passes, staging })
    }

    /// Whether it can run `batch` items.
    fn serves(&self, batch: usize) -> bool {
        // A last chunk may be smaller: what lies behind it is computed from old values and not read, but it
        // would be counted, or kept.
        let plan = &self.passes.plan;
        let is_of_items = plan.codes == 0 && plan.caches.is_empty();
        let most = if is_of_items { batch * 2 } else { batch };
        (batch..=most).contains(&plan.batch)
    }

    /// All outputs of the items that are given, and the use of codes.
    fn run(
        &self,
        network: &Network,
        input: &Array,
        part: Part<'_>,
    ) -> Result<Results, EngineError> {
        let gpu = network.gpu();
        gpu.checked("writing the input", || {
            gpu.queue().write_buffer(self.passes.input(), 0, bytemuck::cast_slice(input.data()));
            if let Some(usage) = &self.passes.usage {
                gpu.queue().write_buffer(usage, 0, &vec![0; usage.size() as usize]);
            }
        })?;
        let all: u64 = self.passes.plan.passes.iter().map(|pass| pass.flops).sum();
        let (mut from, mut at_once, mut done) = (0, 0, 0);
        for (index, pass) in self.passes.plan.passes.iter().enumerate() {
            at_once += pass.flops;
            if at_once > FLOPS_AT_ONCE {
                Self::submit(gpu, &self.passes.steps[from..=index])?;
                gpu.wait()?;
                done += at_once;
                part.tell(done as f64 / all as f64)?;
                (from, at_once) = (index + 1, 0);
            }
        }
        gpu.checked("running the network", || {
            let mut encoder = gpu.encoder();
            encode(&mut encoder, &self.passes.steps[from..]);
            let mut place = 0;
            for output in &self.passes.plan.outputs {
                let size = (output.item_len * self.passes.plan.batch) as u64 * 4;
                encoder.copy_buffer_to_buffer(
                    &self.passes.buffers[output.buffer],
                    0,
                    &self.staging,
                    place,
                    size,
                );
                place += size;
            }
            if let Some(usage) = &self.passes.usage {
                encoder.copy_buffer_to_buffer(usage, 0, &self.staging, place, usage.size());
            }
            gpu.queue().submit([encoder.finish()]);
        })?;
        let results = gpu.read(&self.staging, |bytes| self.split(input.num_rows(), bytes))?;
        part.tell(1.0)?;
        Ok(results)
    }

    fn submit(gpu: &Gpu, steps: &[Step]) -> Result<(), EngineError> {
        gpu.checked("running a part of the network", || {
            let mut encoder = gpu.encoder();
            encode(&mut encoder, steps);
            gpu.queue().submit([encoder.finish()]);
        })
    }

    /// The first `batch` items of every output, and the use of codes, of all that was read back: the outputs of the
    /// whole prepared batch one after the other.
    fn split(&self, batch: usize, bytes: &[u8]) -> Results {
        let mut rest = bytes;
        let mut outputs = Vec::with_capacity(self.passes.plan.outputs.len());
        for output in &self.passes.plan.outputs {
            let (of_this, of_others) = rest.split_at(output.item_len * self.passes.plan.batch * 4);
            outputs.push(bytemuck::pod_collect_to_vec(&of_this[..output.item_len * batch * 4]));
            rest = of_others;
        }
        let counts: Vec<u32> = bytemuck::pod_collect_to_vec(rest);
        Results { outputs, usage: counts.into_iter().map(u64::from).collect() }
    }
}
