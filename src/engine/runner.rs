//! One prepared engine for a graph, whichever it is.

use super::caches::Caches;
use super::cpu::CpuNetwork;
use super::shader::WeightStorage;
use super::split::split;
use super::wgsl::{self, BatchRunner, Gpu, Network};
use super::{EngineError, EngineKind, Results, check_input, plan, twin};
use crate::array::{Array, NamedArrays};
use crate::codec::Memory;
use crate::graph::{Graph, MAX_VALUES};
use crate::watch::Watch;

/// The number of values that the CPU engine keeps at once, unless one item needs more: 256 MiB.
const CPU_VALUES: usize = 64 << 20;

/// A network that is ready to run, on whichever engine.
#[derive(Debug)]
pub struct Runner {
    graph: Graph,
    engine: Engine,
    /// What engines on the processor keep for the next run.
    caches: Caches,
    /// The most items of one chunk, whatever else would fit.
    batch_limit: usize,
    watch: Watch,
}

#[derive(Debug)]
enum Engine {
    Wgsl(Box<BatchRunner>),
    Cpu(CpuNetwork),
    Twin,
}

impl Runner {
    /// Prepares `graph` for an engine; without a `gpu`, shaders look for a device of their own.
    ///
    /// # Errors
    /// When `kind` does not run graphs, when shaders were asked for and there is no device, or when the network
    /// does not fit on it.
    pub fn new(kind: EngineKind, graph: &Graph, gpu: Option<&Gpu>) -> Result<Self, EngineError> {
        let engine = match kind {
            EngineKind::Burn => return Err(EngineError::NotForGraphs(kind)),
            EngineKind::Twin => Engine::Twin,
            EngineKind::Cpu => Engine::Cpu(CpuNetwork::new(graph)),
            EngineKind::Wgsl | EngineKind::WgslHalf => {
                let gpu = gpu.map_or_else(|| wgsl::headless(false), |gpu| Ok(gpu.clone()))?;
                Engine::wgsl(&gpu.with_weights(kind.weights()), graph)?
            }
            EngineKind::Auto => {
                let hardware = gpu.cloned().map_or_else(wgsl::headless_hardware, Some);
                match hardware.filter(|gpu| !gpu.is_software()) {
                    Some(gpu) => match Engine::wgsl(&gpu, graph) {
                        Err(EngineError::TooLarge { .. }) => Engine::Cpu(CpuNetwork::new(graph)),
                        made => made?,
                    },
                    None => Engine::Cpu(CpuNetwork::new(graph)),
                }
            }
        };
        let watch = Watch::default();
        let (graph, caches) = (graph.clone(), Caches::default());
        Ok(Self { graph, engine, caches, batch_limit: usize::MAX, watch })
    }

    /// The same engine for `graph`, which differs from the present one in the shapes of its values alone; on a
    /// graphics device the two share their weights.
    ///
    /// # Errors
    /// When the network does not fit on the device.
    pub fn resized(&self, graph: &Graph) -> Result<Self, EngineError> {
        let engine = match &self.engine {
            Engine::Wgsl(runner) => {
                let network = runner.network();
                let gpu = network.gpu();
                let fitted = split(graph, gpu.max_buffer_values())?;
                // Where values are split, so are weights.
                let network = if fitted.weights().keys().eq(network.graph().weights().keys()) {
                    network.resized(&fitted)
                } else {
                    Network::new(gpu, &fitted)?
                };
                Engine::Wgsl(Box::new(BatchRunner::new(network)?))
            }
            Engine::Cpu(_) => Engine::Cpu(CpuNetwork::new(graph)),
            Engine::Twin => Engine::Twin,
        };
        let watch = Watch::default();
        let (graph, caches) = (graph.clone(), Caches::default());
        Ok(Self { graph, engine, caches, batch_limit: self.batch_limit, watch })
    }

    /// Runs at most `items` at once from now on, to bound memory further than the device does.
    pub fn limit_batch(&mut self, items: usize) {
        self.batch_limit = items.max(1);
    }

    /// The most items that run at once: those of a chunk, or of a whole run where the network keeps something for
    /// the next one.
    ///
    /// # Errors
    /// When a single item does not fit.
    pub fn largest_batch(&self) -> Result<usize, EngineError> {
        let largest = match &self.engine {
            Engine::Twin => usize::MAX,
            Engine::Cpu(_) => plan::largest_batch(&self.graph, MAX_VALUES, CPU_VALUES)?,
            Engine::Wgsl(runner) => runner.largest_batch(),
        };
        Ok(largest.min(self.batch_limit))
    }

    /// Has every run from now on watched.
    pub fn watch(&mut self, watch: &Watch) {
        self.watch = watch.clone();
    }

    /// What a run of one item takes. Batches are cut so that they take little more.
    pub fn memory(&self) -> Memory {
        match &self.engine {
            Engine::Wgsl(runner) => runner.memory(),
            Engine::Cpu(network) => network.memory(&self.graph),
            Engine::Twin => twin::memory(&self.graph),
        }
    }

    /// Every output for `input`, in chunks that fit; and [`USAGE`](crate::graph::USAGE) where the graph searches a
    /// codebook. What [`Op::CachedAttention`](crate::graph::Op::CachedAttention) keeps is there for the next run of as
    /// many items.
    ///
    /// # Shapes
    /// `input [b, ..]` with the graph's input shape; each output `[b, ..]` with its own; usage `[k]`.
    ///
    /// # Errors
    /// When `input` has another shape or no items, when the network keeps something for the next run and not all
    /// items fit at once, when the device fails, or when whoever watches ends it.
    pub fn run(&mut self, input: &Array) -> Result<NamedArrays, EngineError> {
        let batch = check_input(&self.graph, input)?;
        let largest = self.largest_batch()?;
        if self.graph.keeps_values() && batch > largest {
            return Err(EngineError::TooManyKept { found: batch, limit: largest });
        }
        let caches = &mut self.caches;
        if let Engine::Twin = self.engine {
            return twin::run_watched(&self.graph, input, caches, self.watch.whole());
        }
        let mut results = Results::new(&self.graph);
        for start in (0..batch).step_by(largest) {
            let end = batch.min(start + largest);
            let chunk = input.rows(start, end);
            let share = |items: usize| items as f64 / batch as f64;
            let part = self.watch.whole().between(share(start), share(end));
            results.append(match &mut self.engine {
                Engine::Wgsl(runner) => runner.run(&chunk, part)?,
                Engine::Cpu(network) => network.run(&self.graph, &chunk, caches, part, None)?,
                Engine::Twin => unreachable!("the twin has returned above"),
            });
        }
        results.named(&self.graph, batch)
    }

    /// Takes the weights of `graph`, which differs from the present one in nothing else.
    ///
    /// # Errors
    /// When `graph` has another structure, or when the device fails.
    pub fn update_weights(&mut self, graph: &Graph) -> Result<(), EngineError> {
        if !self.graph.same_structure(graph) {
            return Err(EngineError::OtherStructure);
        }
        match &mut self.engine {
            Engine::Wgsl(runner) => {
                let network = runner.network();
                network.update_weights(&*split(graph, network.gpu().max_buffer_values())?)?;
            }
            Engine::Cpu(network) => network.update_weights(graph),
            Engine::Twin => {}
        }
        self.graph = graph.clone();
        Ok(())
    }

    /// How long each node took for one item, in seconds, by the device's own clock; nothing where the engine is no
    /// graphics device or that has no clock. The CPU engine's nodes are timed by [`trace`](super::trace::trace).
    ///
    /// # Errors
    /// When `input` is not one item of the network's input, or when the device fails.
    pub fn node_secs(&mut self, input: &Array) -> Result<Option<Vec<f64>>, EngineError> {
        check_input(&self.graph, input)?;
        match &mut self.engine {
            Engine::Wgsl(runner) => {
                let passes = runner.pass_secs(&input.rows(0, 1))?;
                Ok(passes.map(|passes| by_node(&self.graph, &passes)))
            }
            Engine::Cpu(_) | Engine::Twin => Ok(None),
        }
    }

    /// The engine that runs: never auto.
    pub fn kind(&self) -> EngineKind {
        match &self.engine {
            Engine::Wgsl(runner) => match runner.network().gpu().weights() {
                WeightStorage::Single => EngineKind::Wgsl,
                WeightStorage::Half => EngineKind::WgslHalf,
            },
            Engine::Cpu(_) => EngineKind::Cpu,
            Engine::Twin => EngineKind::Twin,
        }
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What runs and where, for a person to read.
    pub fn describe(&self) -> String {
        match &self.engine {
            Engine::Wgsl(runner) => runner.network().gpu().describe(),
            Engine::Cpu(_) => "CPU (Flex)".to_owned(),
            Engine::Twin => "CPU (scalar twins)".to_owned(),
        }
    }
}

impl Engine {
    fn wgsl(gpu: &Gpu, graph: &Graph) -> Result<Self, EngineError> {
        let fitted = split(graph, gpu.max_buffer_values())?;
        Ok(Self::Wgsl(Box::new(BatchRunner::new(Network::new(gpu, &fitted)?)?)))
    }
}

/// The time of every node, whose passes have its name or begin with it and a slash where it fell into bands.
fn by_node(graph: &Graph, passes: &[(String, f64)]) -> Vec<f64> {
    let secs_of = |name: &str| -> f64 {
        let is_of = |pass: &str| {
            pass.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // Adding nothing gives minus zero.
        passes.iter().filter(|(pass, _)| is_of(pass)).map(|(_, secs)| secs).sum::<f64>() + 0.0
    };
    graph.nodes().iter().map(|node| secs_of(&node.name)).collect()
}
