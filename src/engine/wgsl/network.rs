//! A graph with its weights on a device, and its passes for one batch size.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gpu::Gpu;
use super::step::Step;
use crate::engine::EngineError;
use crate::engine::plan::{Binding, Pass, Plan};
use crate::graph::Graph;

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
        let upload = |(name, array): (&String, &Arc<crate::array::Array>)| {
            Ok((name.clone(), gpu.filled_storage(&format!("weight `{name}`"), array.data())?))
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
        self.gpu.checked("updating weights", || {
            for (buffer, array) in self.weights.values().zip(graph.weights().values()) {
                self.gpu.queue().write_buffer(buffer, 0, bytemuck::cast_slice(array.data()));
            }
        })
    }
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
        let steps = plan
            .passes
            .iter()
            .map(|pass| step(network, &buffers, usage.as_ref(), pass))
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
    buffers: &[wgpu::Buffer],
    usage: Option<&wgpu::Buffer>,
    pass: &Pass,
) -> Result<Step, EngineError> {
    let resource = |binding: &Binding| match binding {
        Binding::Buffer(buffer) => Some(buffers[*buffer].as_entire_binding()),
        Binding::Weight(name) => Some(network.weights[name].as_entire_binding()),
        Binding::Usage => usage.map(wgpu::Buffer::as_entire_binding),
    };
    let inputs = pass.inputs.iter().filter_map(resource);
    let resources: Vec<_> = inputs.chain([buffers[pass.output].as_entire_binding()]).collect();
    let (shader, params) = (pass.kernel.shader(), pass.kernel.bytes());
    Step::new(&network.gpu, shader, params, pass.kernel.invocations(), &resources)
}
