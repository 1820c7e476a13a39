//! Batches in, outputs read back: for the command line, for evaluation, for tests.

use super::network::{Network, Passes};
use super::step::encode;
use crate::array::Array;
use crate::engine::{EngineError, plan};

/// The number of values that are kept on the device at once, unless one item needs more: 512 MiB.
const TOTAL_VALUES: usize = 128 << 20;

/// Runs batches of a network; the passes for the batch size used last stay prepared.
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

    /// The values of all outputs, in the order of the graph's outputs. Reads them back: a sync point.
    ///
    /// # Shapes
    /// `input [b, ..]` with the graph's input shape, of at most [`Self::largest_batch`] items.
    ///
    /// # Errors
    /// When the device fails.
    pub fn run(&mut self, input: &Array) -> Result<Vec<Vec<f32>>, EngineError> {
        let batch = input.num_rows();
        let prepared = match self.prepared.take() {
            // A last chunk may be smaller: what lies behind it is computed from old values and not read.
            Some(prepared) if (batch..=batch * 2).contains(&prepared.passes.plan.batch) => prepared,
            _ => Prepared::new(&self.network, batch)?,
        };
        let prepared = self.prepared.insert(prepared);
        let bytes = prepared.run(&self.network, input)?;
        Ok(prepared.split(batch, &bytes))
    }
}

impl Prepared {
    fn new(network: &Network, batch: usize) -> Result<Self, EngineError> {
        let passes = Passes::new(network, batch)?;
        let values: usize = passes.plan.outputs.iter().map(|output| output.item_len * batch).sum();
        Ok(Self { passes, staging: network.gpu().staging(values as u64 * 4)? })
    }

    /// All outputs one after the other, each for the whole prepared batch.
    fn run(&self, network: &Network, input: &Array) -> Result<Vec<u8>, EngineError> {
        let gpu = network.gpu();
        gpu.checked("running the network", || {
            gpu.queue().write_buffer(self.passes.input(), 0, bytemuck::cast_slice(input.data()));
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encode(&mut encoder, &self.passes.steps);
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
            gpu.queue().submit([encoder.finish()]);
        })?;
        gpu.read(&self.staging)
    }

    /// The first `batch` items of every output.
    fn split(&self, batch: usize, bytes: &[u8]) -> Vec<Vec<f32>> {
        let mut rest = bytes;
        let mut outputs = Vec::with_capacity(self.passes.plan.outputs.len());
        for output in &self.passes.plan.outputs {
            let (of_this, of_others) = rest.split_at(output.item_len * self.passes.plan.batch * 4);
            outputs.push(bytemuck::pod_collect_to_vec(&of_this[..output.item_len * batch * 4]));
            rest = of_others;
        }
        outputs
    }
}
