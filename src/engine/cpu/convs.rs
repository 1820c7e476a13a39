//! The convolutions of a graph, with what is added to their sums and what becomes of them in one go.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::engine::EngineError;
use crate::fused::{Conv, Kernels, activate};
use crate::graph::{Epilogue, Graph, Node, Op};
use crate::watch::Part;

/// Kernels of more values, 4 MiB, are not kept a second time in the order in which they are read.
const LARGE_KERNELS: usize = 1 << 20;
/// Nor those that meet more places: beside so many sums laying them out anew is little.
const MANY_PLACES: usize = 1 << 14;

/// A convolution node.
pub(super) struct Layer<'a> {
    conv: Conv,
    /// Whether it makes fine planes of coarse ones.
    is_to_fine: bool,
    weight: &'a str,
    epilogue: &'a Epilogue,
}

impl<'a> Layer<'a> {
    /// That of a node; `None` for other operations.
    pub(super) fn of(graph: &Graph, node: &'a Node) -> Option<Self> {
        let planes = |node: &Node| [node.shape[0], node.shape[1], node.shape[2]];
        // A matrix is kernels of one place.
        let kernel = |weight: &str| match *graph.weight(weight).shape() {
            [_, _, rows, columns] => [rows, columns],
            _ => [1, 1],
        };
        match &node.op {
            Op::Conv2d {
                input,
                weight,
                upsample,
                stride,
                padding: [top, _, left, _],
                epilogue,
            } => {
                let conv = Conv {
                    fine: planes(graph.node(*input)),
                    coarse: planes(node),
                    kernel: kernel(weight),
                    stride: *stride,
                    padding: [*top, *left],
                    upsample: *upsample,
                };
                Some(Self { conv, is_to_fine: false, weight, epilogue })
            }
            Op::ConvTranspose2d { input, weight, stride, padding, epilogue, .. } => {
                let conv = Conv {
                    fine: planes(node),
                    coarse: planes(graph.node(*input)),
                    kernel: kernel(weight),
                    stride: *stride,
                    padding: *padding,
                    upsample: 1,
                };
                Some(Self { conv, is_to_fine: true, weight, epilogue })
            }
            _ => None,
        }
    }

    fn kernels(&self, graph: &Graph) -> Kernels {
        let kernels = graph.weight(self.weight).data();
        if self.is_to_fine {
            self.conv.transposed_kernels(kernels)
        } else {
            self.conv.kernels(kernels)
        }
    }

    /// Whether its kernels are laid out anew for every run.
    fn is_large(&self, graph: &Graph) -> bool {
        let [_, rows, columns] = self.conv.coarse;
        graph.weight(self.weight).data().len() > LARGE_KERNELS || rows * columns >= MANY_PLACES
    }

    /// Bytes that it works on beside what it reads and makes.
    pub(super) fn workspace(&self, graph: &Graph) -> u64 {
        let kernels = if self.is_large(graph) { self.conv.kernel_bytes() } else { 0 };
        let planes =
            if self.is_to_fine { self.conv.fine_workspace() } else { self.conv.coarse_workspace() };
        kernels + planes
    }
}

/// The kernels of a graph's convolutions, by node.
#[derive(Debug, Default)]
pub(super) struct Convs(BTreeMap<usize, Kernels>);

impl Convs {
    /// Lays out the kernels of all convolutions but large ones.
    pub(super) fn new(graph: &Graph) -> Self {
        let nodes = graph.nodes().iter().enumerate();
        let layers = nodes.filter_map(|(index, node)| Some((index, Layer::of(graph, node)?)));
        let small = layers.filter(|(_, layer)| !layer.is_large(graph));
        Self(small.map(|(index, layer)| (index, layer.kernels(graph))).collect())
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> u64 {
        self.0.values().map(Kernels::bytes).sum()
    }

    /// What the convolution of a node makes of planes, and of what is added to its sums.
    ///
    /// # Shapes
    /// `input [b, c * h * w]`, `residual [b, c' * h' * w']`; the result is as `residual`.
    ///
    /// # Errors
    /// When whoever watches ends the run.
    pub(super) fn run(
        &self,
        graph: &Graph,
        (index, layer): (usize, &Layer<'_>),
        input: &[f32],
        residual: Option<&[f32]>,
        part: Part<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let kernels = match self.0.get(&index) {
            Some(kernels) => Cow::Borrowed(kernels),
            None => Cow::Owned(layer.kernels(graph)),
        };
        let bias = layer.epilogue.bias.as_deref().map(|bias| graph.weight(bias).data());
        let [channels, height, width] = graph.nodes()[index].shape[..] else {
            unreachable!("graphs check that convolutions make planes")
        };
        let finish = |item: usize, channel: usize, place: usize, values: &mut [f32]| {
            let bias = bias.map_or(0.0, |bias| bias[channel]);
            if let Some(residual) = residual {
                let start = (item * channels + channel) * height * width + place;
                for (value, more) in values.iter_mut().zip(&residual[start..]) {
                    *value += bias + more;
                }
            } else {
                for value in &mut *values {
                    *value += bias;
                }
            }
            activate(layer.epilogue.activation, values);
        };
        let made = if layer.is_to_fine {
            layer.conv.fine_of(input, &kernels, &finish, part)
        } else {
            layer.conv.coarse_of(input, &kernels, &finish, part)
        };
        Ok(made?)
    }
}
