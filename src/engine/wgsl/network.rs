//! A graph with its weights on a device, and its passes for one batch size.

use std::collections::BTreeMap;
use std::sync::Arc;

use half::f16;

use super::gpu::Gpu;
use super::step::Step;
use crate::array::Array;
use crate::engine::EngineError;
use crate::engine::dispatch::Dispatch;
use crate::engine::plan::{Binding, Pass, Plan};
use crate::engine::shader::WeightStorage;
use crate::graph::{Graph, Node};

/// A graph whose weights lie on a device, once. Clones, screens and runners share them.
#[derive(Clone, Debug)]
pub struct Network {
    gpu: Gpu,
    graph: Arc<Graph>,
    weights: Arc<BTreeMap<String, wgpu::Buffer>>,
}

impl Network {
    /// Uploads the weights of `graph`.
    ///
    /// # Errors
    /// When a weight does not fit on the device.
    pub fn new(gpu: &Gpu, graph: &Graph) -> Result<Self, EngineError> {
        let upload = |(name, array): (&String, &Arc<Array>)| {
            let label = format!("weight `{name}`");
            let buffer = if stores_halves(gpu, graph, name) {
                gpu.filled_storage(&label, &halves(name, array)?)?
            } else {
                gpu.filled_storage(&label, array.data())?
            };
            Ok((name.clone(), buffer))
        };
        let weights = graph.weights().iter().map(upload).collect::<Result<_, EngineError>>()?;
        Ok(Self { gpu: gpu.clone(), graph: Arc::new(graph.clone()), weights: Arc::new(weights) })
    }

    /// The network of `graph`, which has the same weights.
    pub(in crate::engine) fn resized(&self, graph: &Graph) -> Self {
        Self { graph: Arc::new(graph.clone()), ..self.clone() }
    }

    /// The device that it lies on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The graph that it was made of, with its first weights.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Writes the weights of `graph` over the present ones; whatever runs next sees them.
    ///
    /// # Errors
    /// When `graph` has another structure, or when the device fails.
    pub fn update_weights(&self, graph: &Graph) -> Result<(), EngineError> {
        if !self.graph.same_structure(graph) {
            return Err(EngineError::OtherStructure);
        }
        let halves = |(name, array): (&String, &Arc<Array>)| {
            stores_halves(&self.gpu, graph, name).then(|| halves(name, array)).transpose()
        };
        let halves = graph.weights().iter().map(halves).collect::<Result<Vec<_>, _>>()?;
        self.gpu.checked("updating weights", || {
            let weights = graph.weights().values().zip(&halves);
            for (buffer, (array, halves)) in self.weights.values().zip(weights) {
                let bytes = match halves {
                    Some(halves) => bytemuck::cast_slice(halves),
                    None => bytemuck::cast_slice(array.data()),
                };
                self.gpu.queue().write_buffer(buffer, 0, bytes);
            }
        })
    }

    /// Bytes of all weights on the device.
    pub fn weight_bytes(&self) -> u64 {
        self.weights.values().map(wgpu::Buffer::size).sum()
    }
}

/// Whether a weight lies on the device as halves.
fn stores_halves(gpu: &Gpu, graph: &Graph, name: &str) -> bool {
    let is_of_sum = |node: &Node| node.op.kernels() == Some(name);
    gpu.weights() == WeightStorage::Half && graph.nodes().iter().any(is_of_sum)
}

/// Values as halves, two in a word; the last of an odd number with a zero.
fn halves(name: &str, array: &Array) -> Result<Vec<u32>, EngineError> {
    let half = |value: &f32| f16::from_f32(*value);
    if let Some(value) = array.data().iter().find(|value| !half(value).is_finite()) {
        return Err(EngineError::PastHalves { weight: name.to_owned(), value: *value });
    }
    let word = |pair: &[f32]| {
        let [low, high] = [pair.first(), pair.get(1)]
            .map(|value| value.map_or(0, |value| u32::from(half(value).to_bits())));
        low | high << 16
    };
    Ok(array.data().chunks(2).map(word).collect())
}

/// The passes of a network for one batch size, with their buffers.
#[derive(Debug)]
pub(super) struct Passes {
    pub(super) plan: Plan,
    pub(super) buffers: Vec<wgpu::Buffer>,
    /// How often each code was chosen since it was cleared, `u32`; nothing where no pass counts.
    pub(super) usage: Option<wgpu::Buffer>,
    pub(super) steps: Vec<Step>,
}

impl Passes {
    /// Allocates and binds everything that `batch` items need.
    pub(super) fn new(network: &Network, batch: usize) -> Result<Self, EngineError> {
        let plan = Plan::new(&network.graph, batch);
        let buffer = |values: &usize| network.gpu.storage("activations", *values);
        let buffers = plan.buffers.iter().map(buffer).collect::<Result<Vec<_>, _>>()?;
        let counts = (plan.codes > 0).then(|| network.gpu.storage("usage", plan.codes));
        let usage = counts.transpose()?;
        let cache = |values: &usize| network.gpu.storage("what is kept", *values);
        let caches = plan.caches.iter().map(cache).collect::<Result<Vec<_>, _>>()?;
        let steps = plan
            .passes
            .iter()
            .map(|pass| step(network, [&buffers, &caches], usage.as_ref(), pass))
            .collect::<Result<_, _>>()?;
        Ok(Self { plan, buffers, usage, steps })
    }

    /// The buffer that holds the input.
    pub(super) fn input(&self) -> &wgpu::Buffer {
        &self.buffers[0]
    }
}

fn step(
    network: &Network,
    [buffers, caches]: [&[wgpu::Buffer]; 2],
    usage: Option<&wgpu::Buffer>,
    pass: &Pass,
) -> Result<Step, EngineError> {
    let resource = |binding: &Binding| match binding {
        Binding::Buffer(buffer) => Some(buffers[*buffer].as_entire_binding()),
        Binding::Weight(name) => Some(network.weights[name].as_entire_binding()),
        Binding::Usage => usage.map(wgpu::Buffer::as_entire_binding),
        Binding::Cache(cache) => Some(caches[*cache].as_entire_binding()),
    };
    let inputs = pass.inputs.iter().filter_map(resource);
    let resources: Vec<_> = inputs.chain([buffers[pass.output].as_entire_binding()]).collect();
    let dispatch = Dispatch::of(&pass.kernel, network.gpu.lanes());
    Step::new(&network.gpu, dispatch, pass.kernel.bytes(), &resources)
}
