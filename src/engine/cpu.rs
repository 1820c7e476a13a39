//! A graph over burn tensors on the Flex CPU backend.
//!
//! Every value is kept as `[b, values of an item]`, which is also its memory; only convolutions look at planes.

mod cached;
mod codes;
mod convs;
mod draw;
mod gradient;
mod memory;
mod norm;
mod planes;
mod weights;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::f32::consts::FRAC_2_PI;
use std::time::Instant;

use burn::tensor::activation::{leaky_relu, relu, sigmoid, silu, tanh};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor, TensorData};

use self::codes::Search;
use self::convs::{Convs, Layer};
use self::planes::planes;
use self::weights::{Weights, is_plain};
use super::caches::Caches;
use super::trace::Traced;
use super::{EngineError, Results, plan};
use crate::array::Array;
use crate::codec::Memory;
use crate::fused::{convolved, transposed};
use crate::graph::{Activation, Codes, Graph, Node, Op, ValueId};
use crate::watch::Part;

/// What is told of every node.
type Tell<'a> = &'a mut dyn FnMut(Traced<'_>);

/// A graph whose weights are laid out.
#[derive(Debug)]
pub(super) struct CpuNetwork {
    device: Device,
    weights: Weights,
    convs: Convs,
    /// The codebooks that are searched, by their part of the weight.
    searches: BTreeMap<usize, Search>,
    last_reads: Vec<usize>,
    /// The share of a run's work behind each node.
    shares: Vec<f64>,
}

impl CpuNetwork {
    /// Lays out the weights of `graph`, each as its operation reads it; large kernels stay where they are.
    pub(super) fn new(graph: &Graph) -> Self {
        Self::on(Device::flex(), graph)
    }

    fn on(device: Device, graph: &Graph) -> Self {
        let weights = Weights::new(graph, &device);
        let (searches, convs) = (searches_of(graph), convs_of(graph, &device));
        let (last_reads, shares) = (plan::last_reads(graph), plan::work_shares(graph));
        Self { device, weights, convs, searches, last_reads, shares }
    }

    /// Copies the weights of `graph`, which has the same structure as the one before.
    pub(super) fn update_weights(&mut self, graph: &Graph) {
        self.weights = Weights::new(graph, &self.device);
        self.convs = convs_of(graph, &self.device);
        self.searches = searches_of(graph);
    }

    /// What a run of one item takes.
    pub(super) fn memory(&self, graph: &Graph) -> Memory {
        let searches = self.searches.values().map(Search::bytes).sum::<u64>();
        let weights = self.weights.bytes() + self.convs.bytes() + searches;
        Memory { weights, values: memory::peak(graph, &self.last_reads) }
    }

    /// The values of all outputs and the use of codes; tells of every node where that is asked for. What nodes keep
    /// is of as many items. Reads them back: a sync point.
    pub(super) fn run(
        &self,
        graph: &Graph,
        input: &Array,
        caches: &mut Caches,
        part: Part<'_>,
        tell: Option<Tell<'_>>,
    ) -> Result<Results, EngineError> {
        caches.prepare(graph, input.num_rows());
        let shape = [input.num_rows(), input.row_len()];
        let input =
            Tensor::<2>::from_data(TensorData::new(input.data().to_vec(), shape), &self.device);
        let mut results = Results::new(graph);
        let outputs = self.forward(graph, input, &mut results, caches, part, tell)?;
        let named = results.outputs.iter_mut().zip(graph.outputs()).zip(outputs);
        for ((output, (name, _)), value) in named {
            *output = read(value, || format!("reading output `{name}`"))?;
        }
        Ok(results)
    }

    /// The tensors of all outputs; counts the codes that are chosen.
    fn forward(
        &self,
        graph: &Graph,
        input: Tensor<2>,
        results: &mut Results,
        caches: &mut Caches,
        part: Part<'_>,
        mut tell: Option<Tell<'_>>,
    ) -> Result<Vec<Tensor<2>>, EngineError> {
        const KEPT: &str = "a value is kept until its last reader has run";
        let mut values: Vec<Option<Tensor<2>>> = Vec::with_capacity(graph.nodes().len());
        let mut input = Some(input);
        let mut before = 0.0;
        for (index, node) in graph.nodes().iter().enumerate() {
            let inputs: Vec<_> =
                node.op.inputs().map(|value| values[value.index()].clone().expect(KEPT)).collect();
            // Freed before the node runs: what only this node holds it may overwrite.
            for (value, last) in values.iter_mut().zip(&self.last_reads) {
                if *last == index {
                    *value = None;
                }
            }
            let part = part.between(before, self.shares[index]);
            before = self.shares[index];
            let begun = Instant::now();
            let value = if let Op::Input = node.op {
                input.take().expect("a graph has one input")
            } else if !self.device.is_autodiff() && is_plain(node) {
                self.plain_node(graph, index, inputs, part)?
            } else {
                self.node(graph, node, inputs, results, caches.of(index))?
            };
            if let Some(tell) = &mut tell {
                let secs = begun.elapsed().as_secs_f64();
                let values = read(value.clone(), || format!("reading `{}`", node.name))?;
                tell(Traced { index, values: &values, secs });
            }
            values.push((self.last_reads[index] != index).then_some(value));
            part.tell(1.0)?;
        }
        let outputs = graph.outputs();
        Ok(outputs.map(|(_, value)| values[value.index()].clone().expect(KEPT)).collect())
    }

    /// The value of a node from those that it reads and what it keeps; counts the codes that it chooses.
    fn node(
        &self,
        graph: &Graph,
        node: &Node,
        inputs: Vec<Tensor<2>>,
        results: &mut Results,
        cache: &mut [f32],
    ) -> Result<Tensor<2>, EngineError> {
        let mut inputs = inputs.into_iter();
        let mut next = || inputs.next().expect("a node reads as many values as its operation has");
        let value = match &node.op {
            Op::Input | Op::Reshape { .. } => next(),
            Op::Linear { .. } | Op::Conv2d { .. } | Op::ConvTranspose2d { .. } => {
                self.weighted(graph, node, next(), inputs.next())
            }
            Op::GroupNorm { weight, bias, groups, epsilon, activation, .. } => {
                let (weight, bias) = (self.weights.vector(weight), self.weights.vector(bias));
                activate(planes::group_norm(next(), weight, bias, *groups, *epsilon), *activation)
            }
            Op::LayerNorm { weight, bias, epsilon, .. } => {
                let (weight, bias) = (self.weights.vector(weight), self.weights.vector(bias));
                planes::layer_norm(next(), weight, bias, *epsilon)
            }
            Op::Attention { heads, causal, .. } => {
                let tokens = node.num_values() / node.shape[0];
                planes::attention([next(), next(), next()], *heads, tokens, *causal)
            }
            Op::CachedAttention { heads, slots, .. } => {
                let mut value = || read(next(), || format!("reading a token of `{}`", node.name));
                let [query, key, value, position] = [value()?, value()?, value()?, value()?];
                let sizes = [*heads, node.shape[2], *slots];
                let mixed = cached::attention([&query, &key, &value], &position, cache, sizes);
                self.tensor(mixed, node)
            }
            Op::Modulate { input: value, factor, activation, .. } => {
                let [value, coarse] = [*value, *factor].map(|value| graph.node(value));
                let step = value.shape[1] / coarse.shape[1];
                let input = planes(next(), value);
                let [factor, summand] =
                    [next(), next()].map(|part| planes::upsampled(planes(part, coarse), step));
                activate((input * factor + summand).flatten(1, 3), *activation)
            }
            Op::Slice { start, .. } => {
                let entry = node.num_values() / node.shape[0];
                next().narrow(1, start * entry, node.num_values())
            }
            Op::Activate { activation, .. } => activate(next(), *activation),
            Op::Affine { scale, shift, .. } => next().mul_scalar(*scale).add_scalar(*shift),
            Op::Clamp { lo, hi, .. } => next().clamp(*lo, *hi),
            Op::NearestCode { input: value, codebook } => {
                let input = read(next(), || format!("reading the vectors of `{}`", node.name))?;
                let vectors = graph.node(*value);
                let plane = vectors.num_values() / vectors.shape[0];
                let indices = self.searches[&codebook.part].nearest(&input, plane);
                results.count(graph.rows_of(codebook)[0], &indices);
                self.tensor(indices, node)
            }
            Op::ArgMax { codebook, .. } => {
                let scores = read(next(), || format!("reading the scores of `{}`", node.name))?;
                let [first, count] = graph.rows_of(codebook);
                let indices = codes::largest(&scores, count, node.num_values());
                results.count(first, &indices);
                self.tensor(indices, node)
            }
            Op::Gather { codebook, .. } => {
                let indices = read(next(), || format!("reading the indices of `{}`", node.name))?;
                let plane = node.num_values() / node.shape[0];
                self.tensor(codes::gather(&codes_of(graph, codebook), &indices, plane), node)
            }
            Op::Draw { logits: value, .. } => {
                let logits = read(next(), || format!("reading the scores of `{}`", node.name))?;
                let controls = read(next(), || format!("reading the controls of `{}`", node.name))?;
                let &[codes, _, streams] = &graph.node(*value).shape[..] else {
                    unreachable!("graphs check that scores have three axes")
                };
                self.tensor(draw::draw(&logits, &controls, codes, streams), node)
            }
        };
        Ok(value)
    }

    /// The value of a node that computes a weighted sum.
    fn weighted(
        &self,
        graph: &Graph,
        node: &Node,
        input: Tensor<2>,
        residual: Option<Tensor<2>>,
    ) -> Tensor<2> {
        let weights = &self.weights;
        let (sum, epilogue) = match &node.op {
            Op::Linear { weight, epilogue, .. } => {
                (linear(input, weights.matrix(weight), weights.bias(epilogue)), epilogue)
            }
            Op::Conv2d {
                input: value,
                weight,
                upsample,
                stride,
                padding: [top, bottom, left, right],
                epilogue,
            } => {
                let input = planes::upsampled(planes(input, graph.node(*value)), *upsample);
                let padding = [*top, *bottom, *left, *right];
                let (kernels, bias) = (weights.kernels(weight), weights.bias(epilogue));
                let sum = convolved(input, kernels, bias, *stride, padding);
                (sum.flatten(1, 3), epilogue) // [b, out * h' * w']
            }
            Op::ConvTranspose2d {
                input: value,
                weight,
                stride,
                padding,
                output_padding,
                epilogue,
            } => {
                let input = planes(input, graph.node(*value)); // [b, in, h, w]
                let (kernels, bias) = (weights.kernels(weight), weights.bias(epilogue));
                let sum = transposed(input, kernels, bias, *stride, [*padding, *output_padding]);
                (sum.flatten(1, 3), epilogue) // [b, out * h' * w']
            }
            other => unreachable!("not a weighted sum: {other:?}"),
        };
        finish(sum, residual, epilogue.activation)
    }

    /// The value of a node that is computed from plain values.
    fn plain_node(
        &self,
        graph: &Graph,
        index: usize,
        inputs: Vec<Tensor<2>>,
        part: Part<'_>,
    ) -> Result<Tensor<2>, EngineError> {
        let node = &graph.nodes()[index];
        let mut inputs = inputs
            .into_iter()
            .map(|value| read(value, || format!("reading what `{}` reads", node.name)));
        let input = inputs.next().expect("a node reads as many values as its operation has")?;
        if let Op::GroupNorm { weight, bias, groups, epsilon, activation, .. } = &node.op {
            let weights = [weight, bias].map(|name| graph.weight(name).data());
            let plane = node.num_values() / node.shape[0];
            let normalized =
                norm::group_norm(input, plane, weights, *groups, *epsilon, *activation);
            return Ok(self.tensor(normalized, node));
        }
        let layer = Layer::of(graph, node).expect("only convolutions are left");
        let residual = inputs.next().transpose()?;
        let made = self.convs.run(graph, (index, &layer), &input, residual.as_deref(), part)?;
        Ok(self.tensor(made, node))
    }

    /// Values of a node for every item.
    fn tensor(&self, values: Vec<f32>, node: &Node) -> Tensor<2> {
        let shape = [values.len() / node.num_values(), node.num_values()];
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

/// The kernels of convolutions, where no gradient comes back through them.
fn convs_of(graph: &Graph, device: &Device) -> Convs {
    if device.is_autodiff() { Convs::default() } else { Convs::new(graph) }
}

fn searches_of(graph: &Graph) -> BTreeMap<usize, Search> {
    let prepared = |(_, codebook): (ValueId, &Codes)| {
        (codebook.part, Search::new(codes_of(graph, codebook).into_owned()))
    };
    let searched =
        |(value, _): &(ValueId, &Codes)| matches!(graph.node(*value).op, Op::NearestCode { .. });
    graph.choices().filter(searched).map(prepared).collect()
}

/// The rows of one codebook.
fn codes_of<'a>(graph: &'a Graph, codebook: &Codes) -> Cow<'a, Array> {
    let (weight, [first, count]) = (graph.weight(&codebook.weight), graph.rows_of(codebook));
    if codebook.parts == 1 {
        Cow::Borrowed(weight)
    } else {
        Cow::Owned(weight.rows(first, first + count))
    }
}

/// The values of a tensor: a sync point, described by `what` where it fails.
fn read<const D: usize>(
    tensor: Tensor<D>,
    what: impl FnOnce() -> String,
) -> Result<Vec<f32>, EngineError> {
    #[expect(clippy::disallowed_methods, reason = "sync point: values leave the tensors here")]
    let read = tensor.try_into_vec_as::<f32>();
    read.map_err(|source| EngineError::Backend { what: what(), message: source.to_string() })
}

/// What follows a weighted sum that holds its bias already.
fn finish(sum: Tensor<2>, residual: Option<Tensor<2>>, activation: Activation) -> Tensor<2> {
    let sum = if let Some(residual) = residual { sum + residual } else { sum };
    activate(sum, activation)
}

fn activate(value: Tensor<2>, activation: Activation) -> Tensor<2> {
    match activation {
        Activation::None => value,
        Activation::Relu => relu(value),
        Activation::LeakyRelu(slope) => leaky_relu(value, f64::from(slope)),
        Activation::Silu => silu(value),
        Activation::Tanh => tanh(value),
        Activation::Sigmoid => sigmoid(value),
        Activation::Gelu => {
            // Half of one and a tangent is the sigmoid of twice as much.
            let bent = (value.clone().square() * 0.044_715 + 1.0) * value.clone();
            value * sigmoid(bent * (2.0 * FRAC_2_PI.sqrt()))
        }
    }
}
