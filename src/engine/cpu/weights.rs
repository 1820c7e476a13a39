//! The weights of a graph as tensors, each in the shape in which burn wants it.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use crate::array::Array;
use crate::graph::{Epilogue, Graph, Node, Op};

/// A weight in the shape in which burn wants it.
#[derive(Clone, Debug)]
enum Weight {
    /// A value for every output or channel, `[out]`.
    Vector(Tensor<1>),
    /// A matrix, transposed to `[in, out]`.
    Matrix(Tensor<2>),
    /// Kernels as they are.
    Kernels(Tensor<4>),
}

/// Whether a node is computed from plain values where no gradient comes back through it.
pub(super) fn is_plain(node: &Node) -> bool {
    matches!(node.op, Op::GroupNorm { .. } | Op::Conv2d { .. } | Op::ConvTranspose2d { .. })
}

/// Whether a node's weights are tensors: codebooks are read as they are.
fn has_tensors(node: &Node, device: &Device) -> bool {
    let is_of_codes =
        matches!(node.op, Op::NearestCode { .. } | Op::ArgMax { .. } | Op::Gather { .. });
    !is_of_codes && (device.is_autodiff() || !is_plain(node))
}

/// Tensors by name. Graphs check the shapes, so that asking for another one than it has cannot happen.
#[derive(Debug)]
pub(super) struct Weights(BTreeMap<String, Weight>);

impl Weights {
    /// Copies the weights of `graph`, but for those of nodes that are computed without tensors.
    pub(super) fn new(graph: &Graph, device: &Device) -> Self {
        let weight = |array: &Array| {
            let data = || TensorData::new(array.data().to_vec(), array.shape().to_vec());
            match array.shape().len() {
                1 => Weight::Vector(Tensor::from_data(data(), device)),
                2 => Weight::Matrix(Tensor::<2>::from_data(data(), device).transpose()),
                4 => Weight::Kernels(Tensor::from_data(data(), device)),
                rank => unreachable!("no operation has a weight of {rank} axes"),
            }
        };
        let nodes = graph.nodes().iter().filter(|node| has_tensors(node, device));
        let names = nodes.flat_map(|node| node.op.weights());
        let named = names.map(|name| (name.to_owned(), weight(graph.weight(name))));
        Self(named.collect())
    }

    /// What they take.
    pub(super) fn bytes(&self) -> u64 {
        let values = |weight: &Weight| match weight {
            Weight::Vector(tensor) => tensor.shape().num_elements(),
            Weight::Matrix(tensor) => tensor.shape().num_elements(),
            Weight::Kernels(tensor) => tensor.shape().num_elements(),
        };
        4 * self.0.values().map(values).sum::<usize>() as u64
    }

    /// A vector `[out]`.
    pub(super) fn vector(&self, name: &str) -> Tensor<1> {
        match &self.0[name] {
            Weight::Vector(tensor) => tensor.clone(),
            other => unreachable!("graphs check that `{name}` has one axis: {other:?}"),
        }
    }

    /// A matrix, transposed to `[in, out]`.
    pub(super) fn matrix(&self, name: &str) -> Tensor<2> {
        match &self.0[name] {
            Weight::Matrix(tensor) => tensor.clone(),
            other => unreachable!("graphs check that `{name}` is a matrix: {other:?}"),
        }
    }

    /// Kernels of four axes; a matrix becomes `[out, in, 1, 1]`.
    pub(super) fn kernels(&self, name: &str) -> Tensor<4> {
        match &self.0[name] {
            Weight::Kernels(tensor) => tensor.clone(),
            Weight::Matrix(tensor) => {
                let [inputs, outputs] = tensor.dims();
                tensor.clone().transpose().reshape([outputs, inputs, 1, 1]) // [out, in, 1, 1]
            }
            other @ Weight::Vector(_) => {
                unreachable!("graphs check that `{name}` has two or four axes: {other:?}")
            }
        }
    }

    /// The bias of an epilogue that has one.
    pub(super) fn bias(&self, epilogue: &Epilogue) -> Option<Tensor<1>> {
        epilogue.bias.as_ref().map(|name| self.vector(name))
    }
}
