//! The PatchGAN discriminator: one logit for every patch of an image.
//!
//! # Source
//! Image-to-Image Translation with Conditional Adversarial Networks (Isola et al., 2017, sections 3.2.2 and 6.1.2,
//! arXiv:1611.07004), as VQGAN uses it (Esser et al., 2021, eq. 5, arXiv:2012.09841).

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, LeakyRelu, LeakyReluConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::batch_norm::{BatchNorm, BatchStatistics};
use super::params;
use crate::array::Array;
use crate::fused::Convolve as _;
use crate::graph::lower::patchgan::PatchGanConfig;
use crate::random::{Purpose, normals};

/// The slope of every rectifier for negative numbers.
const SLOPE: f64 = 0.2;

/// The deviation of first weights (Isola et al., 2017, section 6.2).
const DEVIATION: f32 = 0.02;

/// A discriminator; the places of its layers are those of PyTorch's `Sequential`, rectifiers counted.
#[derive(Module, Debug)]
pub struct PatchGan {
    main: Vec<Layer>,
}

#[derive(Module, Debug)]
enum Layer {
    Conv(Conv2d),
    Norm(BatchNorm),
    Rectify(LeakyRelu),
}

impl PatchGan {
    /// A discriminator with the paper's first values, drawn from `seed` (another one than the generator's, so that the
    /// two do not draw the same numbers): weights from N(0, 0.02²), factors of normalizations from N(1, 0.02²), biases
    /// zero, as summands are.
    ///
    /// # Panics
    /// When a size is zero.
    pub fn new(config: &PatchGanConfig, seed: u64, device: &Device) -> Self {
        let PatchGanConfig { image_channels, channels, layers } = *config;
        assert!(image_channels * channels * layers > 0, "a discriminator of no size: {config:?}");
        let rectify = || Layer::Rectify(LeakyReluConfig::new().with_negative_slope(SLOPE).init());
        let first = conv([image_channels, channels], 2, true, device);
        let mut main = vec![Layer::Conv(first), rectify()];
        for layer in 1..=layers {
            // The last of them looks further without halving.
            let stride = if layer == layers { 1 } else { 2 };
            let sizes = [config.width(layer - 1), config.width(layer)];
            main.push(Layer::Conv(conv(sizes, stride, false, device)));
            main.extend([Layer::Norm(BatchNorm::new(sizes[1], device)), rectify()]);
        }
        main.push(Layer::Conv(conv([config.width(layers), 1], 1, true, device)));
        with_first_values(Self { main }, seed)
    }

    /// The logit of every patch, high for real ones, by running statistics.
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]`; result: `[b, 1, h', w']`
    pub fn infer(&self, images: Tensor<4>) -> Tensor<4> {
        self.main.iter().fold(images, |x, layer| match layer {
            Layer::Conv(conv) => conv.convolve(x),
            Layer::Norm(norm) => norm.by_running(x),
            Layer::Rectify(rectify) => rectify.forward(x),
        })
    }

    /// The logit of every patch by the batch's own statistics, and these, for [`PatchGan::moved`].
    ///
    /// # Shapes
    /// - `images`: `[b, c, h, w]`; result: `[b, 1, h', w']`
    pub fn train(&self, images: Tensor<4>) -> (Tensor<4>, Vec<BatchStatistics>) {
        let mut statistics = Vec::new();
        let logits = self.main.iter().fold(images, |x, layer| match layer {
            Layer::Conv(conv) => conv.convolve(x),
            Layer::Norm(norm) => {
                let (x, batch) = norm.by_batch(x);
                statistics.push(batch);
                x
            }
            Layer::Rectify(rectify) => rectify.forward(x),
        });
        (logits, statistics)
    }

    /// The same with running statistics moved towards those of a batch, as PyTorch moves them in every training
    /// forward pass.
    ///
    /// # Panics
    /// When the statistics are those of a discriminator of another depth.
    pub fn moved(self, statistics: &[BatchStatistics]) -> Self {
        let norms = self.main.iter().filter(|layer| matches!(layer, Layer::Norm(_))).count();
        assert_eq!(norms, statistics.len(), "statistics of every normalization");
        let mut statistics = statistics.iter();
        let moved = |layer| match layer {
            Layer::Norm(norm) => {
                let batch = statistics.next().expect("as many as normalizations");
                Layer::Norm(norm.moved(batch))
            }
            other => other,
        };
        Self { main: self.main.into_iter().map(moved).collect() }
    }
}

fn with_first_values(model: PatchGan, seed: u64) -> PatchGan {
    let mut arrays = params::collect(&model);
    let weights = arrays.iter_mut().filter(|(name, _)| name.ends_with(".weight"));
    for (index, (_, array)) in weights.enumerate() {
        let mean = if array.shape().len() == 1 { 1.0 } else { 0.0 };
        let len = array.data().len();
        let drawn = normals(seed, index as u64, Purpose::Init, len).into_iter();
        let values = drawn.map(|value| mean + DEVIATION * value).collect();
        *array = Array::new(array.shape(), values).expect("as many values as before");
    }
    params::load(model, &arrays).expect("the model's own names and shapes")
}

/// A convolution of zeros, four by four.
fn conv([inputs, outputs]: [usize; 2], stride: usize, bias: bool, device: &Device) -> Conv2d {
    Conv2dConfig::new([inputs, outputs], [4, 4])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .with_bias(bias)
        .with_initializer(Initializer::Zeros)
        .init(device)
}
