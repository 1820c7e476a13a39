//! The VQ-VAE: its description, its module, and its lowered graphs against the module.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use zscope::array::{Array, NamedArrays};
use zscope::codec::Codec as _;
use zscope::engine::wgsl::{Gpu, headless};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::GraphError;
use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::quantizer::{CodebookUpdate, Method, QuantizerConfig};
use zscope::graph::lower::vq_vae::{VqVaeConfig, VqVaeConfigError};
use zscope::latent::Levels;
use zscope::metrics::code_use;
use zscope::model::codec::VqVaeCodec;
use zscope::model::params::{self, array_from_tensor, tensor_from_array};
use zscope::model::quantizer::{CodebookRules, kmeans, planes_of};
use zscope::model::vq_vae::VqVae;
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals, uniforms};
use zscope::train::optimizer::{Adam, Rates};

use crate::common::{Tolerance, first_difference};

/// A small model; `sizes` are hidden, `res_blocks`, `res_hidden`, levels, k and d.
fn config(image: [usize; 3], sizes: [usize; 6]) -> VqVaeConfig {
    let [c, h, w] = image;
    let [hidden, res_blocks, res_hidden, levels, codebook_size, code_dim] = sizes;
    let config = VqVaeConfig {
        hidden,
        res_blocks,
        res_hidden,
        levels,
        quantizer: QuantizerConfig { codebook_size, code_dim, ..QuantizerConfig::new() },
        ..VqVaeConfig::new(ImageShape::new(c, h, w))
    };
    config.check().expect("sizes that go together");
    config
}

fn configs() -> Vec<VqVaeConfig> {
    vec![
        config([1, 28, 28], [16, 2, 8, 2, 32, 6]),
        config([3, 16, 24], [7, 1, 5, 3, 11, 3]),
        config([3, 2, 2], [2, 0, 1, 1, 1, 1]),
        // Square weights: a forgotten transpose cannot show in a shape.
        config([1, 12, 8], [6, 3, 6, 2, 6, 6]),
        config([4, 10, 6], [9, 1, 4, 1, 5, 13]),
    ]
}

/// Every way of quantizing beside the plain codebook.
fn methods() -> Vec<Method> {
    vec![
        Method::Residual { quantizers: 3 },
        Method::MultiHead { heads: 2, shared: true },
        Method::MultiHead { heads: 3, shared: false },
        Method::SimVq,
        Method::Fsq { levels: Levels::new(vec![4, 3, 5]).expect("levels") },
    ]
}

/// The same model with another quantizer.
fn with_method(config: &VqVaeConfig, method: Method) -> VqVaeConfig {
    let quantizer = QuantizerConfig { cosine: false, code_dim: 6, ..config.quantizer.clone() };
    let quantizer = match method {
        Method::Fsq { levels } => quantizer.with_levels(levels),
        method => QuantizerConfig { method, ..quantizer },
    };
    let config = VqVaeConfig { quantizer, ..config.clone() };
    config.check().expect("choices that go together");
    config
}

/// Models with every quantizer.
fn configs_of_methods() -> Vec<VqVaeConfig> {
    let base = config([3, 16, 24], [7, 1, 5, 3, 11, 6]);
    methods().into_iter().map(|method| with_method(&base, method)).collect()
}

#[test]
fn sizes_out_of_range_are_errors() {
    type Change = fn(&mut VqVaeConfig);
    let cases: [(&str, Change); 14] = [
        ("the number of image channels is 0 (expected 1 to 4)", |c| c.image.channels = 0),
        ("the image height is 0 (expected 1 to 1024)", |c| c.image.height = 0),
        ("the image width is 2048 (expected 1 to 1024)", |c| c.image.width = 2048),
        ("hidden is 1 (expected 2 to 4096)", |c| c.hidden = 1),
        ("res_blocks is 65 (expected 0 to 64)", |c| c.res_blocks = 65),
        ("res_hidden is 0 (expected 1 to 4096)", |c| c.res_hidden = 0),
        ("levels is 0 (expected 1 to 6)", |c| c.levels = 0),
        ("levels is 64 (expected 1 to 6)", |c| c.levels = 64),
        ("codebook_size is 0 (expected 1 to 65536)", |c| c.quantizer.codebook_size = 0),
        ("code_dim is 5000 (expected 1 to 4096)", |c| c.quantizer.code_dim = 5000),
        ("commitment is NaN (expected 0 to 100)", |c| c.quantizer.commitment = f32::NAN),
        ("commitment is -1 (expected 0 to 100)", |c| c.quantizer.commitment = -1.0),
        (
            "images of 1×28×28 cannot be halved 3 times (expected sides that are multiples of 8: \
             choose another image_size or fewer levels)",
            |c| c.levels = 3,
        ),
        (
            "images of 1×28×30 cannot be halved 2 times (expected sides that are multiples of 4: \
             choose another image_size or fewer levels)",
            |c| c.image.width = 30,
        ),
    ];
    let good = VqVaeConfig::new(ImageShape::new(1, 28, 28));
    assert_eq!(good.check(), Ok(()));
    for (message, change) in cases {
        let mut bad = good.clone();
        change(&mut bad);
        assert_eq!(bad.check().expect_err(message).to_string(), message);
    }
    let indivisible = VqVaeConfig { levels: 3, ..good }.check();
    assert!(matches!(indivisible, Err(VqVaeConfigError::Indivisible { levels: 3, .. })));
}

#[test]
fn sizes_of_the_paper_by_hand() {
    let config = VqVaeConfig::new(ImageShape::new(1, 28, 28));
    assert_eq!(config.grid(), [7, 7]);
    assert_eq!(config.halvings(), [[1, 64], [64, 128]]);
    let blocks = 2 * (32 * 128 * 9 + 32 + 128 * 32 + 128);
    let encoder = 64 * 16 + 64 + 128 * 64 * 16 + 128 + 128 * 128 * 9 + 128 + blocks + 64 * 128 + 64;
    let decoder = 128 * 64 * 9 + 128 + blocks + 128 * 64 * 16 + 64 + 64 * 16 + 1;
    assert_eq!(config.num_parameters(), encoder + decoder + 512 * 64);
    let deep = VqVaeConfig { levels: 4, ..VqVaeConfig::new(ImageShape::new(3, 64, 32)) };
    assert_eq!(deep.grid(), [4, 2]);
    assert_eq!(deep.halvings(), [[3, 64], [64, 128], [128, 128], [128, 128]]);
    let flat = VqVaeConfig { levels: 1, ..deep };
    assert_eq!(flat.halvings(), [[3, 128]]);
}

#[test]
fn a_description_comes_back_from_json() {
    let config = VqVaeConfig {
        quantizer: QuantizerConfig {
            update: CodebookUpdate::Loss,
            cosine: true,
            ..config([3, 16, 24], [7, 1, 5, 3, 11, 3]).quantizer
        },
        ..config([3, 16, 24], [7, 1, 5, 3, 11, 3])
    };
    let text = serde_json::to_string(&config).expect("JSON");
    assert!(text.contains(r#""update":"loss""#), "{text}");
    assert_eq!(serde_json::from_str::<VqVaeConfig>(&text).expect("the same"), config);
    // As written before there was a choice of quantizers.
    let older = text.replace(r#","method":"codebook","gradient":"straight-through""#, "");
    assert_ne!(older, text, "both were left out");
    assert_eq!(serde_json::from_str::<VqVaeConfig>(&older).expect("the same"), config);
    for method in methods() {
        let config = with_method(&config, method);
        let text = serde_json::to_string(&config).expect("JSON");
        assert_eq!(serde_json::from_str::<VqVaeConfig>(&text).expect("the same"), config, "{text}");
    }
}

#[test]
fn tensors_are_those_of_the_module() {
    for base in configs().into_iter().chain(configs_of_methods()) {
        for update in [CodebookUpdate::Loss, CodebookUpdate::Ema] {
            let mut config = base.clone();
            config.quantizer.update = update;
            let tensors = params::collect(&VqVae::new(&config, 1, &Device::flex()));
            let found: BTreeMap<String, Vec<usize>> =
                tensors.iter().map(|(name, a)| (name.clone(), a.shape().to_vec())).collect();
            assert_eq!(found, config.tensors().into_iter().collect());
            assert_eq!(found.len(), config.tensors().len(), "every name once");
            let mut kept = vec!["quantizer.cluster_size", "quantizer.embed_avg"];
            if config.quantizer.method == Method::SimVq {
                kept.push("quantizer.codebook");
            }
            let fitted = tensors.iter().filter(|(name, _)| !kept.contains(&name.as_str()));
            let values: usize = fitted.map(|(_, array)| array.data().len()).sum();
            assert_eq!(config.num_parameters(), values as u64);
            // The averages begin as if one vector a batch had chosen each code.
            let ones = Array::filled([config.quantizer.num_codes()], 1.0);
            assert_eq!(tensors["quantizer.cluster_size"], ones);
            if config.quantizer.keeps_averages() {
                assert_eq!(tensors["quantizer.embed_avg"], tensors["quantizer.codebook"]);
            }
        }
    }
}

#[test]
fn first_values_follow_the_seed() {
    let config = config([3, 16, 24], [7, 1, 5, 3, 11, 3]);
    let new = |seed, device: &Device| params::collect(&VqVae::new(&config, seed, device));
    let tensors = new(1, &Device::flex());
    assert_eq!(tensors, new(1, &Device::flex().autodiff()), "with gradients or without");
    for (name, other) in new(2, &Device::flex()) {
        if name != "quantizer.cluster_size" {
            assert_ne!(tensors[&name], other, "{name} under another seed");
        }
        assert!(tensors[&name].data().iter().any(|value| *value != 0.0), "{name} is zero");
    }
}

/// A module's first values, larger, so that outputs are of order one.
fn tensors(config: &VqVaeConfig, seed: u64) -> NamedArrays {
    let mut tensors = params::collect(&VqVae::new(config, seed, &Device::flex()));
    for (name, array) in &mut tensors {
        let scale = if name.starts_with("quantizer") { 1.0 } else { 2.0 };
        array.data_mut().iter_mut().for_each(|value| *value *= scale);
    }
    tensors
}

fn module(config: &VqVaeConfig, tensors: &NamedArrays) -> VqVae {
    params::load(VqVae::new(config, 0, &Device::flex()), tensors).expect("a module")
}

fn on_cpu(array: &Array) -> Tensor<4> {
    tensor_from_array(array, &Device::flex())
}

fn images(config: &VqVaeConfig, b: usize) -> Array {
    let pixels = uniforms(7, 1, Purpose::Explore, b * config.image.len(), 0.0, 1.0);
    Array::new(config.image.batch(b), pixels).expect("pixels")
}

/// Vectors of the codes' shape.
fn vectors(config: &VqVaeConfig, b: usize) -> Array {
    let [h, w] = config.grid();
    let d = config.quantizer.code_dim;
    let values = normals(7, 2, Purpose::Explore, b * d * h * w);
    Array::new([b, d, h, w], values).expect("vectors")
}

/// The first output in which an engine differs from the module.
fn difference(
    config: &VqVaeConfig,
    of_graphs: &NamedArrays,
    of_module: &NamedArrays,
    engine: EngineKind,
    gpu: Option<&Gpu>,
) -> Option<String> {
    let b = 3;
    let (images, vectors) = (images(config, b), vectors(config, b));
    let mut module = VqVaeCodec::from_module(module(config, of_module), Device::flex());
    let networks = config.lower(of_graphs).expect("lowered");
    let codes = networks.codes.expect("a codebook");
    let shape = [vec![b], config.quantizer.indices_shape(config.grid())].concat();
    let (cells, k) = (shape.iter().product::<usize>(), config.quantizer.codebook_size);
    let numbers = (0..cells).map(|cell| (cell * 7 % k) as f32).collect();
    let indices = Array::new(shape, numbers).expect("indices");
    let quantized = |outputs: NamedArrays| -> NamedArrays {
        outputs.into_iter().filter(|(name, _)| name != "image").collect()
    };
    let cases = [
        (networks.encoder.expect("an encoder"), &images, module.encode(&images).expect("encoded")),
        (networks.decoder.expect("a decoder"), &vectors, module.decode(&vectors).expect("decoded")),
        (codes.quantizer, &vectors, quantized(module.decode(&vectors).expect("decoded"))),
        (
            codes.decoder.expect("one of codes"),
            &indices,
            module.decode_indices(&indices).expect("decoded"),
        ),
    ];
    cases.into_iter().find_map(|(graph, input, mut expected)| {
        let found = Runner::new(engine, &graph, gpu).expect("a runner").run(input).expect("run");
        // The code decoder says no more than the picture.
        expected.retain(|name, _| found.contains_key(name));
        assert!(found.keys().eq(expected.keys()), "{:?}, {:?}", found.keys(), expected.keys());
        found.iter().zip(&expected).find_map(|((name, found), (_, expected))| {
            let spread =
                expected.data().iter().fold(0.0f32, |m, v| m.max((v - expected.data()[0]).abs()));
            // The codes of a model that has learned nothing may all be one.
            let is_alive = spread > 0.01
                || expected.data().len() < 4
                || !["latent", "image"].contains(&name.as_str());
            assert!(is_alive, "{name} of {config:?} is lifeless");
            if found.shape() != expected.shape() {
                return Some(format!(
                    "{name}: {:?}, expected {:?}",
                    found.shape(),
                    expected.shape()
                ));
            }
            first_difference(found.data(), expected.data(), Tolerance::ENGINE)
                .map(|difference| format!("{engine}, {config:?}, {name}: {difference}"))
        })
    })
}

#[test]
fn lowered_graphs_match_the_module() {
    for config in configs().into_iter().chain(configs_of_methods()) {
        let tensors = tensors(&config, 3);
        for engine in [EngineKind::Cpu, EngineKind::Twin] {
            assert_eq!(difference(&config, &tensors, &tensors, engine, None), None);
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
    let plain = config([3, 16, 24], [7, 2, 5, 3, 11, 3]);
    for config in std::iter::once(plain).chain(configs_of_methods()) {
        let tensors = tensors(&config, 4);
        assert_eq!(difference(&config, &tensors, &tensors, EngineKind::Wgsl, Some(&gpu)), None);
    }
}

#[test]
fn comparison_sees_one_changed_tensor() {
    let config = config([1, 12, 8], [6, 2, 6, 2, 6, 6]);
    let tensors = tensors(&config, 3);
    let averages = ["quantizer.cluster_size", "quantizer.embed_avg"];
    for name in tensors.keys().filter(|name| !averages.contains(&name.as_str())) {
        let mut changed = tensors.clone();
        changed.get_mut(name).expect("there").data_mut().iter_mut().for_each(|value| *value += 0.1);
        let found = difference(&config, &changed, &tensors, EngineKind::Cpu, None);
        assert!(found.is_some(), "{name} changed and nothing differs");
    }
}

#[test]
fn wrong_tensors_are_errors() {
    let config = config([3, 16, 24], [7, 1, 5, 3, 11, 3]);
    let whole = tensors(&config, 2);
    let averages = ["quantizer.cluster_size", "quantizer.embed_avg"];
    for (name, array) in &whole {
        let mut misshaped = whole.clone();
        let shape = [array.shape(), &[1]].concat();
        misshaped.insert(name.clone(), array.clone().reshaped(shape).expect("the same values"));
        let error = config.lower(&misshaped).expect_err("another shape").to_string();
        assert!(error.contains(name.as_str()), "{error}");
        if averages.contains(&name.as_str()) {
            continue; // of use to training alone
        }
        let mut missing = whole.clone();
        missing.remove(name);
        let error = config.lower(&missing).expect_err("missing");
        assert!(matches!(&error, GraphError::MissingWeight { weight, .. } if weight == name));
    }
}

#[test]
fn codes_are_looked_up_and_found_again() {
    for config in configs() {
        let module = module(&config, &tensors(&config, 5));
        let latent = on_cpu(&vectors(&config, 2));
        let indices = module.indices(latent);
        let [h, w] = config.grid();
        assert_eq!(indices.dims(), [2, h, w]);
        let codes = module.codes(indices.clone());
        assert_eq!(codes.dims(), [2, config.quantizer.code_dim, h, w]);
        let again = module.indices(codes.clone());
        let values = |indices: Tensor<3, Int>| indices.try_into_vec_as::<i32>().expect("indices");
        assert_eq!(values(again), values(indices.clone()));
        // The code at image 1, row h - 1, column 0, by hand.
        let index = values(indices)[(h + h - 1) * w] as usize;
        let codebook = array_from_tensor(module.quantizer().codebook());
        let codes = array_from_tensor(codes);
        let at = |dim: usize| codes.data()[((config.quantizer.code_dim + dim) * h + h - 1) * w];
        let found: Vec<f32> = (0..config.quantizer.code_dim).map(at).collect();
        assert_eq!(found, codebook.row(index));
    }
    let module = module(&configs()[0], &tensors(&configs()[0], 5));
    let of = |index: i32| {
        let data = TensorData::new(vec![index], [1, 1, 1]);
        array_from_tensor(module.codes(Tensor::from_data(data, &Device::flex()))).into_data()
    };
    assert_ne!(of(3), of(4), "other codes are other vectors");
}

#[test]
fn the_loss_by_its_equation() {
    for (update, cosine) in [(CodebookUpdate::Loss, false), (CodebookUpdate::Ema, true)] {
        let mut config = config([1, 12, 8], [6, 2, 6, 2, 6, 6]);
        (config.quantizer.update, config.quantizer.cosine) = (update, cosine);
        let module = module(&config, &tensors(&config, 6));
        let images = images(&config, 3);
        let loss = module.loss(on_cpu(&images), on_cpu(&images), 0.5, 0.1, None);
        let [h, w] = config.grid();
        let decoded = module.decode(planes_of(loss.quantized.codes.clone(), 3, [h, w]));
        let decoded = array_from_tensor(decoded);
        assert!(decoded.data().iter().all(|pixel| (0.0..=1.0).contains(pixel)), "images");
        let squares = decoded.data().iter().zip(images.data());
        let mse = squares.map(|(a, b)| f64::from((a - b).powi(2))).sum::<f64>()
            / images.data().len() as f64;
        let scalar = |tensor: Tensor<1>| f64::from(array_from_tensor(tensor).data()[0]);
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-5 * expected.max(1.0), "{found}, {expected}");
        };
        close(scalar(loss.reconstruction), mse);
        let commitment = scalar(loss.quantized.commitment_loss.clone());
        let codebook = loss.quantized.codebook_loss.clone().map_or(0.0, scalar);
        assert_eq!(codebook > 0.0, update == CodebookUpdate::Loss);
        close(scalar(loss.total), mse / 0.1 + 0.5 * commitment + codebook);
        assert_eq!(loss.quantized.counts.dims(), [config.quantizer.codebook_size]);
    }
}

/// Stripes of two directions and several phases: few patterns, so that a small codebook is enough.
fn stripes(b: usize, seed: u64) -> Array {
    let phases = uniforms(seed, 1, Purpose::Explore, 2 * b, 0.0, 1.0);
    let mut pixels = Vec::with_capacity(b * 64);
    for phase in phases.chunks_exact(2) {
        for place in 0..64 {
            let along = if phase[1] < 0.5 { place % 8 } else { place / 8 };
            let shifted = (along + (phase[0] * 4.0) as usize) % 4;
            pixels.push(if shifted < 2 { 0.9 } else { 0.1 });
        }
    }
    Array::new([b, 1, 8, 8], pixels).expect("pixels")
}

#[test]
fn training_lowers_the_loss_and_repeats() {
    for (update, cosine) in
        [(CodebookUpdate::Ema, false), (CodebookUpdate::Loss, false), (CodebookUpdate::Ema, true)]
    {
        let mut config = config([1, 8, 8], [16, 1, 8, 2, 12, 6]);
        (config.quantizer.update, config.quantizer.cosine) = (update, cosine);
        let run = || {
            let device = Device::flex().autodiff();
            let mut model = VqVae::new(&config, 1, &device);
            let first =
                array_from_tensor(model.vectors(tensor_from_array(&stripes(64, 99), &device)));
            let codes = kmeans(&first, config.quantizer.codebook_size, 1);
            model = model.with_codes(&codes, 16.0 * 4.0 / 12.0).expect("codes");
            let mut adam = Adam::new(0.9, 0.999);
            let rules = CodebookRules { decay: 0.9, restart_threshold: 0.5 };
            let mut losses = Vec::new();
            for step in 1..=150 {
                let images = tensor_from_array(&stripes(16, step), &device);
                let loss = model.loss(images.clone(), images, 0.25, 0.16, None);
                let gradients = GradientsParams::from_grads(loss.total.backward(), &model);
                model = adam.step(&Rates::plain(1e-2), model, gradients);
                model = model.update_codes(&loss.quantized, &rules, None, 1, step).0;
                losses.push(array_from_tensor(loss.reconstruction).data()[0]);
                let counts = array_from_tensor(loss.quantized.counts).into_data();
                let counts: Vec<u64> = counts.into_iter().map(|count| count as u64).collect();
                let perplexity = code_use::perplexity(&counts);
                assert!((0.99..12.01).contains(&perplexity), "step {step}: {perplexity}");
            }
            (losses, params::collect(&model))
        };
        let (losses, tensors) = run();
        let first = losses[0];
        let last = losses[140..].iter().sum::<f32>() / 10.0;
        assert!(last < 0.6 * first, "{update:?}, cosine {cosine}: {losses:?}");
        assert_eq!(run(), (losses, tensors), "the same seed, the same run");
    }
}

/// Squared errors send nothing back through a saturated sigmoid: what is black everywhere has to become white again.
#[test]
fn black_pictures_learn_what_is_white() {
    let config = config([1, 8, 8], [16, 1, 8, 1, 12, 6]);
    let device = Device::flex().autodiff();
    let black = VqVae::new(&config, 1, &device);
    let mut tensors = params::collect(&black);
    let (_, bias) = tensors.iter_mut().rfind(|(name, _)| name.ends_with("up.0.bias")).expect("one");
    bias.data_mut().fill(-12.0);
    let mut model = params::load(black, &tensors).expect("the same shapes");
    let mut adam = Adam::new(0.9, 0.999);
    let images = || tensor_from_array::<4>(&Array::filled([4, 1, 8, 8], 0.9), &device);
    let mut errors = Vec::new();
    for _ in 0..60 {
        let loss = model.loss(images(), images(), 0.25, 0.1, None);
        let gradients = GradientsParams::from_grads(loss.total.backward(), &model);
        model = adam.step(&Rates::plain(1e-2), model, gradients);
        errors.push(array_from_tensor(loss.reconstruction).data()[0]);
    }
    assert!(errors[0] > 0.8, "it begins black: {errors:?}");
    assert!(errors[59] < 0.1 * errors[0], "it learns: {errors:?}");
}
