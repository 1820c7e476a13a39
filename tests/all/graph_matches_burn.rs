//! A lowered graph, on every engine, does what the training module does; and parameters as named arrays.

use std::collections::BTreeSet;

use burn::tensor::Device;
use zscope::array::{Array, NamedArrays};
use zscope::codec::Codec as _;
use zscope::engine::codec::{ByClass, EngineCodec};
use zscope::engine::dispatch::Lanes;
use zscope::engine::wgsl::{Gpu, headless};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use zscope::graph::lower::{Architecture as _, Networks, Shown};
use zscope::graph::{Graph, GraphError};
use zscope::model::codec::VaeCodec;
use zscope::model::params::{self, ParamError};
use zscope::model::vae::Vae;
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals, uniforms};

use crate::common::{Tolerance, first_difference};

fn config(
    arch: Arch,
    image: [usize; 3],
    latent_dim: usize,
    hidden: usize,
    channels: usize,
) -> VaeConfig {
    let [c, h, w] = image;
    let config = VaeConfig {
        arch,
        image: ImageShape::new(c, h, w),
        latent_dim,
        hidden,
        channels,
        likelihood: Likelihood::Bernoulli,
        sigma: Sigma::Learned,
        classes: 0,
    };
    config.check().expect("sizes that go together");
    config
}

fn with_likelihood(config: &VaeConfig, likelihood: Likelihood, sigma: Sigma) -> VaeConfig {
    VaeConfig { likelihood, sigma, ..config.clone() }
}

/// A module's first values, twice as large, so that outputs are of order one.
fn tensors(config: &VaeConfig, seed: u64) -> NamedArrays {
    let mut tensors = params::collect(&Vae::new(config, seed, &Device::flex()));
    for array in tensors.values_mut() {
        array.data_mut().iter_mut().for_each(|value| *value *= 2.0);
    }
    tensors
}

/// A batch of images and one of latents.
fn inputs(config: &VaeConfig, b: usize) -> (Array, Array) {
    let images = uniforms(7, 1, Purpose::Explore, b * config.image.len(), 0.0, 1.0);
    let latents = normals(7, 2, Purpose::Explore, b * config.latent_dim);
    let images = Array::new(config.image.batch(b), images).expect("pixels");
    (images, Array::new([b, config.latent_dim], latents).expect("latents"))
}

/// Everything that the training module gives, by name.
fn of_module(config: &VaeConfig, tensors: &NamedArrays, b: usize) -> NamedArrays {
    let (images, latents) = inputs(config, b);
    let mut codec =
        VaeCodec::new(config, tensors, Shown::default(), &Device::flex()).expect("a module");
    let mut outputs = codec.encode(&images).expect("encoded");
    outputs.append(&mut codec.decode(&latents).expect("decoded"));
    outputs
}

fn encoder_of(networks: &Networks) -> &Graph {
    networks.encoder.as_ref().expect("a family with an encoder")
}

fn decoder_of(networks: &Networks) -> &Graph {
    networks.decoder().expect("a family that makes images")
}

/// Everything that the lowered graphs give, by name.
fn of_graphs(
    config: &VaeConfig,
    networks: &Networks,
    b: usize,
    engine: EngineKind,
    gpu: Option<&Gpu>,
) -> NamedArrays {
    let (images, latents) = inputs(config, b);
    let run = |graph: &Graph, input: &Array| {
        Runner::new(engine, graph, gpu).expect("a runner").run(input).expect("outputs")
    };
    let mut outputs = run(encoder_of(networks), &images);
    outputs.append(&mut run(decoder_of(networks), &latents));
    outputs
}

/// The first output that differs, by name, shape or value.
fn difference(found: &NamedArrays, expected: &NamedArrays) -> Option<String> {
    if !found.keys().eq(expected.keys()) {
        return Some(format!("{:?}, expected {:?}", found.keys(), expected.keys()));
    }
    expected.iter().find_map(|(name, expected)| {
        let found = &found[name];
        if found.shape() != expected.shape() {
            return Some(format!("{name}: {:?}, expected {:?}", found.shape(), expected.shape()));
        }
        first_difference(found.data(), expected.data(), Tolerance::ENGINE)
            .map(|difference| format!("{name}: {difference}"))
    })
}

fn configs() -> Vec<VaeConfig> {
    vec![
        config(Arch::Mlp, [1, 28, 28], 20, 40, 1),
        config(Arch::Mlp, [3, 5, 7], 7, 11, 1),
        config(Arch::Mlp, [1, 1, 1], 1, 1, 1),
        // All matrices square: a forgotten transpose cannot show in a shape.
        config(Arch::Mlp, [1, 3, 3], 9, 9, 1),
        config(Arch::Conv, [1, 28, 28], 20, 33, 5),
        config(Arch::Conv, [3, 32, 32], 7, 16, 3),
        config(Arch::Conv, [3, 64, 64], 1, 13, 4),
        config(Arch::Conv, [1, 64, 64], 20, 8, 2),
        // Not square: 36×28 → 18×14 → 9×7, 20×8 → 10×4 and no further.
        config(Arch::Conv, [3, 36, 28], 7, 17, 4),
        config(Arch::Conv, [1, 20, 8], 1, 5, 3),
        // Odd from the start: no convolution at all.
        config(Arch::Conv, [3, 9, 7], 4, 6, 2),
    ]
}

#[test]
fn lowered_graphs_match_the_module() {
    for config in configs() {
        let tensors = tensors(&config, 3);
        let networks = config.lower(&tensors).expect("lowered");
        assert_eq!(decoder_of(&networks).input_shape(), [config.latent_dim], "latents are vectors");
        let expected = of_module(&config, &tensors, 3);
        let names: Vec<_> = expected.keys().map(String::as_str).collect();
        assert_eq!(names, ["image", "latent", "logits", "logvar"]);
        let spread = |name: &str| {
            let values = expected[name].data().iter();
            values.clone().fold(f32::MIN, |m, v| m.max(*v))
                - values.fold(f32::MAX, |m, v| m.min(*v))
        };
        if config.image.len() > 1 {
            assert!(spread("latent") > 0.05 && spread("image") > 0.05, "{config:?} is lifeless");
        }
        for engine in [EngineKind::Cpu, EngineKind::Twin] {
            let found = of_graphs(&config, &networks, 3, engine, None);
            if let Some(difference) = difference(&found, &expected) {
                panic!("{engine}, {config:?}: {difference}");
            }
        }
    }
}

#[test]
fn shaders_match_the_module() {
    if std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
        return;
    }
    let gpu = headless(true).expect("a Vulkan adapter: install the package mesa-vulkan-drivers");
    for config in
        [config(Arch::Conv, [3, 20, 12], 7, 17, 3), config(Arch::Mlp, [1, 5, 7], 1, 11, 1)]
    {
        let tensors = tensors(&config, 4);
        let networks = config.lower(&tensors).expect("lowered");
        let expected = of_module(&config, &tensors, 5);
        // As on this device, and as on others.
        for lanes in [gpu.lanes(), Lanes::Workgroups, Lanes::Alone] {
            let gpu = gpu.with_lanes(lanes);
            let found = of_graphs(&config, &networks, 5, EngineKind::Wgsl, Some(&gpu));
            if let Some(difference) = difference(&found, &expected) {
                panic!("wgsl, {lanes:?}, {config:?}: {difference}");
            }
        }
    }
}

#[test]
fn comparison_sees_one_changed_weight() {
    for config in [configs().swap_remove(1), configs().swap_remove(8)] {
        let tensors = tensors(&config, 3);
        let expected = of_module(&config, &tensors, 2);
        let differs = |changed: &NamedArrays| {
            let networks = config.lower(changed).expect("lowered");
            difference(&of_graphs(&config, &networks, 2, EngineKind::Cpu, None), &expected)
                .is_some()
        };
        assert!(!differs(&tensors), "unchanged");
        // One value of the layers whose outputs are told; all of a layer whose units a relu may silence.
        let told = ["encoder.mean.bias", "encoder.logvar.bias", "decoder.fc2.bias"];
        for (name, array) in &tensors {
            let mut changed = tensors.clone();
            let values = changed.get_mut(name).expect("there").data_mut();
            if told.contains(&name.as_str()) && config.levels().is_empty() {
                values[array.data().len() - 1] += 0.01;
            } else {
                for value in values {
                    *value += 0.05;
                }
            }
            assert!(differs(&changed), "{name} changed and nothing differs");
        }
    }
}

#[test]
fn names_of_parameters_are_those_of_graph_weights() {
    for base in configs() {
        for (likelihood, sigma) in [
            (Likelihood::Bernoulli, Sigma::Learned),
            (Likelihood::Gaussian, Sigma::Fixed(0.1)),
            (Likelihood::Gaussian, Sigma::Learned),
        ] {
            let config = with_likelihood(&base, likelihood, sigma);
            let model = Vae::new(&config, 1, &Device::flex());
            let tensors = params::collect(&model);
            let networks = config.lower(&tensors).expect("lowered");
            let graphs = [encoder_of(&networks), decoder_of(&networks)];
            let mut in_graphs: BTreeSet<&str> = graphs
                .iter()
                .flat_map(|graph| graph.weights().keys().map(String::as_str))
                .collect();
            if config.learns_sigma() {
                in_graphs.insert("decoder.log_sigma");
                assert_eq!(tensors["decoder.log_sigma"].data(), [0.0], "sigma starts at 1");
            }
            let in_module: BTreeSet<&str> = tensors.keys().map(String::as_str).collect();
            assert_eq!(in_module, in_graphs, "{config:?}");
            let values: usize = tensors.values().map(|array| array.data().len()).sum();
            assert_eq!(params::count(&model), values as u64, "{config:?}");
        }
    }
}

fn bits(arrays: &NamedArrays) -> Vec<(&str, &[usize], Vec<u32>)> {
    let of = |array: &Array| array.data().iter().map(|value| value.to_bits()).collect();
    arrays.iter().map(|(name, array)| (name.as_str(), array.shape(), of(array))).collect()
}

#[test]
fn parameters_come_back_bit_for_bit() {
    for base in configs() {
        let config = with_likelihood(&base, Likelihood::Gaussian, Sigma::Learned);
        let mut tensors = tensors(&config, 9);
        // Values that rounding or a detour would lose.
        for array in tensors.values_mut() {
            let odd = [-0.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::NEG_INFINITY];
            for (value, odd) in array.data_mut().iter_mut().zip(odd) {
                *value = odd;
            }
        }
        for device in [Device::flex(), Device::flex().autodiff()] {
            let model = params::load(Vae::new(&config, 0, &device), &tensors).expect("loaded");
            assert_eq!(bits(&params::collect(&model)), bits(&tensors), "{config:?}");
        }
    }
}

#[test]
fn wrong_tensors_are_errors() {
    let base = config(Arch::Conv, [3, 16, 8], 2, 5, 3);
    let config = with_likelihood(&base, Likelihood::Gaussian, Sigma::Learned);
    let whole = tensors(&config, 2);
    let load = |arrays: &NamedArrays| {
        let error = params::load(Vae::new(&config, 0, &Device::flex()), arrays).err();
        let codec = VaeCodec::new(&config, arrays, Shown::default(), &Device::flex()).err();
        assert_eq!(error, codec, "the codec says the same");
        error
    };
    assert_eq!(load(&whole), None, "whole");
    for (name, array) in &whole {
        let mut missing = whole.clone();
        missing.remove(name);
        let expected = array.shape().to_vec();
        let error = load(&missing).expect("missing");
        assert_eq!(error, ParamError::Missing { name: name.clone(), expected: expected.clone() });
        assert!(error.to_string().contains(name.as_str()), "{error}");
        // One row more, another rank, and for matrices the transpose.
        let mut longer = array.shape().to_vec();
        longer[0] += 1;
        let mut wrong = vec![longer, [&[1], array.shape()].concat(), Vec::new()];
        if let &[rows, columns] = array.shape()
            && rows != columns
        {
            wrong.push(vec![columns, rows]);
        }
        for found in wrong {
            let mut misshaped = whole.clone();
            misshaped.insert(name.clone(), Array::zeros(found.clone()));
            let error = load(&misshaped).expect("misshaped");
            assert_eq!(
                error,
                ParamError::Shape { name: name.clone(), found, expected: expected.clone() }
            );
            let in_graph = config.lower(&misshaped).err();
            if name != "decoder.log_sigma" {
                // A longer weight is taken at its word; then its bias does not fit.
                let error = in_graph.expect("misshaped, in the graph");
                let layer = name.rsplit_once('.').expect("layer and part").0;
                assert!(error.to_string().contains(layer), "{name}: {error}");
            }
        }
        if name != "decoder.log_sigma" {
            let error = config.lower(&missing).expect_err("missing, in the graph");
            assert!(matches!(&error, GraphError::MissingWeight { weight, .. } if weight == name));
            let mut broken = whole.clone();
            broken.get_mut(name).expect("there").data_mut()[0] = f32::NAN;
            let error = config.lower(&broken).expect_err("NaN, in the graph");
            assert!(matches!(&error, GraphError::NotFinite { weight, .. } if weight == name));
        }
    }
    let mut further = whole.clone();
    further.insert("encoder.fc2.weight".to_owned(), Array::zeros([1]));
    let expected = ParamError::Unused { name: "encoder.fc2.weight".to_owned() };
    assert_eq!(load(&further), Some(expected));
    // A missing one under another name is missing, not unused.
    let fc = further.remove("encoder.fc.bias").expect("there");
    further.insert("encoder.fc.bais".to_owned(), fc);
    let error = load(&further).expect("renamed");
    assert!(
        matches!(&error, ParamError::Missing { name, .. } if name == "encoder.fc.bias"),
        "{error}"
    );
}

/// Tensors of one configuration under another one: an error, whichever size differs.
#[test]
fn tensors_of_another_configuration_are_errors() {
    type Change = fn(&mut VaeConfig);
    let changes: [(&str, Change); 6] = [
        ("latent_dim", |c| c.latent_dim += 1),
        ("hidden", |c| c.hidden += 1),
        ("channels", |c| c.channels += 1),
        ("image height", |c| c.image.height += 4),
        ("image channels", |c| c.image.channels = 1),
        ("arch", |c| c.arch = if c.arch == Arch::Mlp { Arch::Conv } else { Arch::Mlp }),
    ];
    let mut taken = Vec::new();
    for base in [config(Arch::Conv, [3, 16, 8], 2, 5, 3), config(Arch::Mlp, [3, 16, 8], 2, 5, 3)] {
        let tensors = tensors(&base, 2);
        for (what, change) in changes {
            let mut other = base.clone();
            change(&mut other);
            if base.arch == Arch::Mlp && what == "channels" {
                continue; // of no meaning there
            }
            let module = params::load(Vae::new(&other, 0, &Device::flex()), &tensors);
            assert!(module.is_err(), "the module takes another {what}");
            if other.lower(&tensors).is_ok() {
                taken.push(format!("{what} ({:?})", base.arch));
            }
        }
        // An encoder for more dimensions than the decoder takes.
        let wider = self::tensors(&VaeConfig { latent_dim: 4, ..base.clone() }, 2);
        let mut mixed = tensors;
        for name in ["encoder.mean.weight", "encoder.mean.bias"] {
            mixed.insert(name.to_owned(), wider[name].clone());
        }
        if base.lower(&mixed).is_ok() {
            taken.push(format!("rows of encoder.mean ({:?})", base.arch));
        }
    }
    assert!(taken.is_empty(), "lowered without an error under another {}", taken.join(", "));
}

/// PyTorch's rule: uniform within ±1/√(fan-in), which comes from the weight without its first extent.
#[test]
fn first_values_follow_the_rule_and_the_seed() {
    let base = config(Arch::Conv, [3, 16, 16], 6, 50, 4);
    let config = with_likelihood(&base, Likelihood::Gaussian, Sigma::Learned);
    let new = |seed| params::collect(&Vae::new(&config, seed, &Device::flex()));
    let tensors = new(11);
    assert_eq!(bits(&tensors), bits(&new(11)), "the same seed");
    let other = new(12);
    let autodiff = params::collect(&Vae::new(&config, 11, &Device::flex().autodiff()));
    assert_eq!(bits(&tensors), bits(&autodiff), "with gradients or without");
    let mut firsts = BTreeSet::new();
    for (name, array) in &tensors {
        if name == "decoder.log_sigma" {
            continue;
        }
        assert_ne!(array, &other[name], "{name} under another seed");
        let layer = name.rsplit_once('.').expect("layer and part").0;
        let bound = 1.0 / (tensors[&format!("{layer}.weight")].row_len() as f32).sqrt();
        let largest = array.data().iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= bound, "{name}: {largest} is over {bound}");
        if array.data().len() >= 50 {
            let mean = array.data().iter().sum::<f32>() / array.data().len() as f32;
            assert!(
                largest > 0.8 * bound && mean.abs() < 0.35 * bound,
                "{name}: {largest}, {mean}"
            );
        }
        assert!(
            firsts.insert((array.data()[0] / bound).to_bits()),
            "{name} repeats another stream"
        );
    }
}

#[test]
fn a_class_conditional_vae_does_for_every_class_what_the_module_does() {
    let config = VaeConfig { classes: 3, ..config(Arch::Conv, [1, 12, 12], 4, 9, 3) };
    let tensors = tensors(&config, 3);
    assert_eq!(tensors["decoder.classes"].shape(), [3, 9], "what each class adds");
    let (images, latents) = inputs(&config, 5);
    let told = [2, 0, 1, 1, 0];
    let both = |codec: &mut dyn zscope::codec::Codec| {
        let mut outputs = codec.encode(&images).expect("encoded");
        outputs.append(&mut codec.decode(&latents).expect("decoded"));
        outputs
    };
    let mut module = VaeCodec::new(&config, &tensors, Shown::default(), &Device::flex()).unwrap();
    let first_class = both(&mut module);
    module.set_classes(Some(&told));
    let expected = both(&mut module);
    assert!(difference(&first_class, &expected).is_some(), "another class, another picture");
    let skips = std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1");
    let gpu = || headless(true).expect("a Vulkan adapter: install the package mesa-vulkan-drivers");
    let gpu = (!skips).then(gpu);
    for engine in [EngineKind::Cpu, EngineKind::Twin, EngineKind::Wgsl] {
        let gpu = (engine == EngineKind::Wgsl).then_some(gpu.as_ref()).flatten();
        if engine == EngineKind::Wgsl && gpu.is_none() {
            println!("SKIPPED: ZSCOPE_SKIP_GPU=1");
            continue;
        }
        let codecs = (0..3).map(|class| -> Box<dyn zscope::codec::Codec> {
            let shown = Shown { class, ..Shown::default() };
            let networks = config.lower_shown(&tensors, shown).expect("lowered");
            let runner = |graph: &Graph| Runner::new(engine, graph, gpu).expect("a runner");
            let (encoder, decoder) = (encoder_of(&networks), decoder_of(&networks));
            Box::new(EngineCodec::new(Some(runner(encoder)), Some(runner(decoder)), None))
        });
        let mut codec = ByClass::new(codecs.collect());
        codec.set_classes(Some(&told));
        assert_eq!(difference(&both(&mut codec), &expected), None, "{engine:?}");
        codec.set_classes(None);
        module.set_classes(Some(&[0, 1, 2, 0, 1]));
        assert_eq!(difference(&both(&mut codec), &both(&mut module)), None, "in turn");
        module.set_classes(Some(&told));
    }
    let error = config.lower_shown(&tensors, Shown { class: 3, ..Shown::default() }).err();
    assert!(error.is_some_and(|error| error.to_string().contains("0 to 2")), "no such class");
}
