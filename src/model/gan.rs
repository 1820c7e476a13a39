//! The generator of a generative adversarial network.
//!
//! # Source
//! Generative Adversarial Networks (Goodfellow et al., 2014, arXiv:1406.2661); DCGAN (Radford et al., 2015,
//! arXiv:1511.06434).

use burn::module::{Module, Param};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::{Device, Int, Tensor};

use super::batch_norm::{BatchNorm, BatchStatistics};
use crate::fused::Convolve as _;
use crate::graph::lower::gan::{GanConfig, SLOPE};
use crate::graph::lower::vae::Arch;

/// Makes images of latents. Its parts are named as in `graph::lower::gan`.
#[derive(Module, Debug)]
pub struct Generator {
    layers: Vec<LinearLayer>,
    doublings: Vec<Doubling>,
    /// What each class adds to the first layer's outputs, `[classes, out]`.
    classes: Option<Param<Tensor<2>>>,
    #[module(skip)]
    grid: [usize; 3],
    #[module(skip)]
    is_leaky: bool,
}

#[derive(Module, Debug)]
struct LinearLayer {
    linear: Linear,
    norm: Option<BatchNorm>,
}

#[derive(Module, Debug)]
struct Doubling {
    conv: ConvTranspose2d,
    norm: Option<BatchNorm>,
}

/// How batch normalisation sees a batch on its way through.
enum Pass {
    /// Its own statistics, which are collected.
    Train(Vec<BatchStatistics>),
    /// The running statistics.
    Infer,
}

impl Generator {
    /// A generator of zeros; the values come from [`params`](super::params).
    pub fn new(config: &GanConfig, device: &Device) -> Self {
        let layers = config.linear().into_iter().map(|layer| LinearLayer {
            linear: LinearConfig::new(layer.inputs, layer.outputs)
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: layer.norm.map(|channels| BatchNorm::new(channels, device)),
        });
        let doublings = config.doublings().into_iter().map(|layer| Doubling {
            conv: ConvTranspose2dConfig::new([layer.inputs, layer.outputs], [4, 4])
                .with_stride([2, 2])
                .with_padding([1, 1])
                .with_bias(layer.norm.is_none())
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: layer.norm.map(|channels| BatchNorm::new(channels, device)),
        });
        let grid = config.grid();
        let first = config.linear()[0].outputs;
        let rows = || Param::from_tensor(Tensor::zeros([config.classes, first], device));
        Self {
            layers: layers.collect(),
            doublings: doublings.collect(),
            classes: (config.classes > 0).then(rows),
            grid: [grid.channels, grid.height, grid.width],
            is_leaky: config.arch == Arch::Mlp,
        }
    }

    /// Makes a batch as in training, where batch normalisation sees nothing but this batch, and gives the
    /// statistics of every normalisation in order.
    ///
    /// # Shapes
    /// - `latent`: `[b, d]`; `labels`: `[b]`; result: `[b, c, h, w]` in `[-1, 1]`
    pub fn learn(
        &self,
        latent: Tensor<2>,
        labels: Option<Tensor<1, Int>>,
    ) -> (Tensor<4>, Vec<BatchStatistics>) {
        let mut pass = Pass::Train(Vec::new());
        let images = self.make(latent, labels, &mut pass);
        match pass {
            Pass::Train(statistics) => (images, statistics),
            Pass::Infer => (images, Vec::new()),
        }
    }

    /// Makes a batch with the running statistics.
    ///
    /// # Shapes
    /// - `latent`: `[b, d]`; `labels`: `[b]`; result: `[b, c, h, w]` in `[-1, 1]`
    pub fn generate(&self, latent: Tensor<2>, labels: Option<Tensor<1, Int>>) -> Tensor<4> {
        self.make(latent, labels, &mut Pass::Infer)
    }

    fn make(
        &self,
        latent: Tensor<2>,
        labels: Option<Tensor<1, Int>>,
        pass: &mut Pass,
    ) -> Tensor<4> {
        let [c, h, w] = self.grid;
        let b = latent.dims()[0];
        let mut x = latent;
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers[..last].iter().enumerate() {
            x = layer.linear.forward(x);
            x = if index == 0 { self.with_class(x, labels.clone()) } else { x };
            x = self.activate(pass.normalise(layer.norm.as_ref(), x));
        }
        x = self.layers[last].linear.forward(x);
        let x = if last == 0 { self.with_class(x, labels) } else { x };
        let x = x.reshape([b, c, h, w]); // [b, c, h, w]
        let mut x = pass.normalise(self.layers[last].norm.as_ref(), x);
        for doubling in &self.doublings {
            x = doubling.conv.convolve(self.activate(x));
            x = pass.normalise(doubling.norm.as_ref(), x);
        }
        tanh(x)
    }

    /// Adds what a class adds to the first layer's outputs, `[b, out]`.
    fn with_class(&self, x: Tensor<2>, labels: Option<Tensor<1, Int>>) -> Tensor<2> {
        match (&self.classes, labels) {
            (Some(classes), Some(labels)) => x + classes.val().select(0, labels),
            _ => x,
        }
    }

    fn activate<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if self.is_leaky { leaky_relu(x, f64::from(SLOPE)) } else { relu(x) }
    }

    /// The same with its running statistics moved towards those of a batch, in the order of [`Generator::learn`].
    #[must_use = "gives back the generator with moved statistics"]
    pub fn moved(mut self, statistics: Vec<BatchStatistics>) -> Self {
        let of_layers = self.layers.iter_mut().map(|layer| &mut layer.norm);
        let of_doublings = self.doublings.iter_mut().map(|doubling| &mut doubling.norm);
        let norms = of_layers.chain(of_doublings).filter(|norm| norm.is_some());
        for (norm, of_batch) in norms.zip(statistics) {
            *norm = norm.take().map(|norm| norm.moved(&of_batch));
        }
        self
    }
}

impl Pass {
    fn normalise<const D: usize>(&mut self, norm: Option<&BatchNorm>, x: Tensor<D>) -> Tensor<D> {
        match (norm, self) {
            (None, _) => x,
            (Some(norm), Self::Infer) => norm.by_running(x),
            (Some(norm), Self::Train(statistics)) => {
                let (x, of_batch) = norm.by_batch(x);
                statistics.push(of_batch);
                x
            }
        }
    }
}
