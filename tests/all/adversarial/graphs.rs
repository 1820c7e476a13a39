//! Discriminators as graphs, which have normalization, singular values and the class in their weights, against burn.

use burn::tensor::{Device, Int, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::Graph;
use zscope::graph::lower::discriminator::{DISCRIMINATOR, DiscriminatorConfig, DiscriminatorNorm};
use zscope::graph::lower::gan::GanConfig;
use zscope::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use zscope::graph::lower::vae_gan::VaeGanConfig;
use zscope::graph::lower::{Architecture, Shown};
use zscope::model::discriminator::Discriminator;
use zscope::model::params;
use zscope::picture::{ImageShape, ValueRange};
use zscope::random::{Purpose, uniforms};

use super::game::{configs, scrambled};
use crate::common::{Tolerance, assert_says, first_difference};
use crate::engine_matches_twin::gpu;

const IMAGES: usize = 3;

/// Images in `[-1, 1]`.
fn images(image: ImageShape) -> Array {
    let pixels = uniforms(3, 0, Purpose::Explore, IMAGES * image.len(), -1.0, 1.0);
    Array::new(image.batch(IMAGES), pixels).expect("pixels")
}

fn module(config: &GanConfig, tensors: &NamedArrays) -> Discriminator {
    let GanConfig { arch, image, classes, .. } = *config;
    let judge = Discriminator::new(&config.discriminator, arch, image, classes, &Device::flex());
    params::load(judge, &params::under(tensors, DISCRIMINATOR)).expect("its own tensors")
}

/// The scores of the module, with each image counted as one of `class`.
fn scores(judge: &Discriminator, images: &Array, class: Option<usize>) -> Vec<f32> {
    let device = Device::flex();
    let images = params::tensor_from_array(images, &device);
    let labels = class.map(|class| Tensor::<1, Int>::full([IMAGES], class as f64, &device));
    params::array_from_tensor(judge.judge(images, labels).scores).into_data()
}

/// The batch's statistics instead of the running ones, so that the module, which judges by the former, and a graph,
/// which judges by the latter, have the same.
fn with_statistics_of(config: &GanConfig, tensors: &mut NamedArrays, images: &Array) {
    let mut judge = module(config, tensors);
    // By a tenth each time.
    for _ in 0..400 {
        let of_batch = judge.judge(params::tensor_from_array(images, &Device::flex()), None);
        judge = judge.moved(of_batch.statistics);
    }
    let moved = params::prefixed(DISCRIMINATOR, params::collect(&judge));
    let graph = lowered(config, &moved, 0);
    for (name, mut array) in moved {
        if let Some(layer) = name.strip_suffix(".norm.running_var") {
            let layer = layer.trim_start_matches("discriminator.");
            let conv = graph.find(&format!("{layer}.conv")).expect("a convolution");
            let [_, h, w] = *graph.node(conv).shape else { panic!("planes") };
            // Running variances are the unbiased ones, a batch is divided by the others.
            let count = (IMAGES * h * w) as f32;
            array.data_mut().iter_mut().for_each(|value| *value *= (count - 1.0) / count);
        }
        tensors.insert(name, array);
    }
}

fn lowered(config: &dyn Architecture, tensors: &NamedArrays, class: usize) -> Graph {
    let shown = Shown { class, ..Shown::default() };
    config.lower_discriminator(tensors, shown).expect("lowered").expect("a discriminator")
}

#[track_caller]
fn assert_scores(graph: &Graph, images: &Array, expected: &[f32], what: &str) {
    for engine in [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl] {
        if engine == EngineKind::Wgsl && gpu().is_none() {
            continue;
        }
        let mut runner = Runner::new(engine, graph, gpu()).expect("a runner");
        let found = runner.run(images).expect("ran").remove("score").expect("a score");
        assert_eq!(found.shape(), [IMAGES, 1], "one for each image");
        let difference = first_difference(found.data(), expected, Tolerance::ENGINE);
        assert!(difference.is_none(), "{engine} {what}: {difference:?}");
    }
}

#[test]
fn discriminators_as_graphs_match_burn_on_every_engine() {
    for norm in [DiscriminatorNorm::None, DiscriminatorNorm::Batch, DiscriminatorNorm::Spectral] {
        for config in configs() {
            let config =
                GanConfig { discriminator: DiscriminatorConfig { channels: 3, norm }, ..config };
            assert!(config.has_discriminator(), "a game of two");
            let images = images(config.image);
            let mut tensors = scrambled(&config);
            if norm == DiscriminatorNorm::Batch {
                with_statistics_of(&config, &mut tensors, &images);
            }
            let judge = module(&config, &tensors);
            let mut all = Vec::new();
            for class in 0..config.classes.max(1) {
                let told = (config.classes > 0).then_some(class);
                let expected = scores(&judge, &images, told);
                let graph = lowered(&config, &tensors, class);
                assert_scores(&graph, &images, &expected, &format!("{config:?}, class {class}"));
                all.push(expected);
            }
            assert!(all.windows(2).all(|two| two[0] != two[1]), "classes are told apart");
        }
    }
}

#[test]
fn the_discriminator_of_an_autoencoder_takes_images_in_its_range() {
    for arch in [Arch::Conv, Arch::Mlp] {
        let vae = VaeConfig {
            arch,
            image: ImageShape::new(1, 16, 16),
            latent_dim: 4,
            hidden: 8,
            channels: 2,
            likelihood: Likelihood::Bernoulli,
            sigma: Sigma::Learned,
            classes: 0,
        };
        let discriminator = DiscriminatorConfig { channels: 3, norm: DiscriminatorNorm::Spectral };
        let config = VaeGanConfig { vae, discriminator: discriminator.clone() };
        let tensors = scrambled(&config);
        let image = config.image();
        let judge = Discriminator::new(&discriminator, arch, image, 0, &Device::flex());
        let judge = params::load(judge, &params::under(&tensors, DISCRIMINATOR)).expect("a judge");
        let signed = images(image);
        let expected = scores(&judge, &signed, None);
        let unit = ValueRange::SIGNED.images_to_unit(&signed);
        assert_scores(&lowered(&config, &tensors, 0), &unit, &expected, "a range of its own");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let config = configs().into_iter().find(|config| config.classes == 3).expect("with classes");
    let tensors = scrambled(&config);
    let shown = |class| Shown { class, ..Shown::default() };
    let error = config.lower_discriminator(&tensors, shown(3)).expect_err("three classes");
    assert_says(&error.to_string(), &["0 to 2"]);
    let vector = "discriminator.layers.0.singular";
    let mut missing = tensors.clone();
    missing.remove(vector);
    let error = config.lower_discriminator(&missing, shown(0)).expect_err("no singular vector");
    assert_says(&error.to_string(), &[vector]);
    let mut misshaped = tensors;
    misshaped.insert(vector.to_owned(), Array::zeros([7]));
    let error = config.lower_discriminator(&misshaped, shown(0)).expect_err("another shape");
    assert_says(&error.to_string(), &[vector, "[7]"]);
    let vae = VaeConfig {
        arch: Arch::Mlp,
        image: ImageShape::new(1, 4, 4),
        latent_dim: 2,
        hidden: 3,
        channels: 1,
        likelihood: Likelihood::Bernoulli,
        sigma: Sigma::Learned,
        classes: 0,
    };
    assert!(!vae.has_discriminator(), "a VAE has none");
    let none = vae.lower_discriminator(&NamedArrays::new(), shown(0)).expect("nothing to lower");
    assert!(none.is_none(), "so there is nothing to look into");
}
