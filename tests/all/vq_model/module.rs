//! The training module: its names, its first values, and the lowered graphs against it.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::vq_model::{Latents, VqModelConfig};
use zscope::model::params::{self, array_from_tensor, tensor_from_array};
use zscope::model::vq_model::VqModel;
use zscope::random::{Purpose, normals, uniforms};

use super::{config, configs};
use crate::common::{Tolerance, assert_close, first_difference, shared_arrays};
use crate::engine_matches_twin::gpu;

const CODEBOOK: &str = "quantize.embedding.weight";

/// A module's first values, larger and with norms that are no identities, and a codebook of vectors as latents have.
fn tensors(config: &VqModelConfig, seed: u64) -> NamedArrays {
    let mut tensors = params::collect(&VqModel::new(config, seed, &Device::flex()));
    if let Some(codebook) = config.codebook() {
        tensors.insert(CODEBOOK.to_owned(), Array::zeros(codebook));
    }
    for (index, array) in tensors.values_mut().enumerate() {
        let noise = normals(seed, index as u64, Purpose::Explore, array.data().len());
        for (value, noise) in array.data_mut().iter_mut().zip(noise) {
            *value = 1.5 * *value + 0.2 * noise;
        }
    }
    tensors
}

/// The module of everything but the codebook.
fn module(config: &VqModelConfig, tensors: &NamedArrays) -> VqModel {
    let own = tensors.iter().filter(|(name, _)| name.as_str() != CODEBOOK);
    let own = own.map(|(name, array)| (name.clone(), array.clone())).collect();
    params::load(VqModel::new(config, 0, &Device::flex()), &own).expect("a module")
}

fn on_cpu(array: &Array) -> Tensor<4> {
    tensor_from_array(array, &Device::flex())
}

fn images(config: &VqModelConfig, b: usize) -> Array {
    let pixels = uniforms(7, 1, Purpose::Explore, b * config.image.len(), -1.0, 1.0);
    Array::new(config.image.batch(b), pixels).expect("pixels")
}

fn latents(config: &VqModelConfig, b: usize) -> Array {
    let [d, h, w] = config.latent_planes();
    let values = normals(7, 2, Purpose::Explore, b * d * h * w);
    Array::new([b, d, h, w], values).expect("latents")
}

/// The first difference of the graphs of some tensors from the module of others, on one engine.
fn difference(
    config: &VqModelConfig,
    of_graphs: &NamedArrays,
    of_module: &NamedArrays,
    engine: EngineKind,
) -> Option<String> {
    let b = 2;
    let networks = config.lower(of_graphs).expect("graphs");
    let module = module(config, of_module);
    let run = |graph, input: &Array| {
        Runner::new(engine, graph, gpu()).expect("a runner").run(input).expect("a run")
    };
    let mut encoded = run(networks.encoder.as_ref().expect("an encoder"), &images(config, b));
    let expected = array_from_tensor(module.encode(on_cpu(&images(config, b))));
    let mut latent = encoded.remove("latent").expect("a latent").into_data();
    if let Some(logvar) = encoded.remove("logvar") {
        // The module has them one behind the other.
        let len = latent.len() / b;
        let joined = latent.chunks(len).zip(logvar.data().chunks(len));
        latent = joined.flat_map(|(mean, logvar)| [mean, logvar].concat()).collect();
    }
    let decoded = run(networks.decoder.as_ref().expect("a decoder"), &latents(config, b));
    // The module decodes what is quantized already.
    let quantized = decoded.get("quantized").cloned().unwrap_or_else(|| latents(config, b));
    let painted = array_from_tensor(module.decode(on_cpu(&quantized)));
    let pairs = [
        ("latent", latent.as_slice(), expected.data()),
        ("image", decoded["image"].data(), painted.data()),
    ];
    pairs.into_iter().find_map(|(name, found, expected)| {
        let spread = expected.iter().fold(0.0f32, |m, v| m.max((v - expected[0]).abs()));
        assert!(spread > 0.1, "{name} of {config:?} is lifeless");
        first_difference(found, expected, Tolerance::ENGINE)
            .map(|difference| format!("{engine}, {config:?}, {name}: {difference}"))
    })
}

#[test]
fn lowered_graphs_match_the_module() {
    for config in configs() {
        let tensors = tensors(&config, 3);
        for engine in [EngineKind::Cpu, EngineKind::Twin] {
            assert_eq!(difference(&config, &tensors, &tensors, engine), None);
        }
    }
}

#[test]
fn shaders_match_the_module() {
    if gpu().is_none() {
        return;
    }
    for config in configs() {
        let tensors = tensors(&config, 4);
        assert_eq!(difference(&config, &tensors, &tensors, EngineKind::Wgsl), None);
    }
}

/// Biases that change nothing: a softmax does not see what all scores have in common.
fn is_silent(name: &str) -> bool {
    name.ends_with("to_k.bias")
}

#[test]
fn comparison_sees_one_changed_tensor() {
    for config in [configs().swap_remove(0), configs().swap_remove(2)] {
        let tensors = tensors(&config, 3);
        for (name, array) in &tensors {
            if is_silent(name) || name == CODEBOOK {
                continue;
            }
            let mut changed = tensors.clone();
            let noise = normals(9, 1, Purpose::Explore, array.data().len());
            let values = changed.get_mut(name).expect("there").data_mut();
            values.iter_mut().zip(noise).for_each(|(value, noise)| *value += 0.3 * noise);
            let seen = difference(&config, &tensors, &changed, EngineKind::Cpu);
            assert!(seen.is_some(), "{name} changed and nothing differs");
        }
    }
}

#[test]
fn parameters_are_the_described_tensors() {
    for config in configs() {
        let model = VqModel::new(&config, 1, &Device::flex());
        let shapes = |arrays: &NamedArrays| -> BTreeMap<String, Vec<usize>> {
            arrays.iter().map(|(name, array)| (name.clone(), array.shape().to_vec())).collect()
        };
        let mut described: BTreeMap<_, _> = config.tensors().into_iter().collect();
        assert_eq!(described.len(), config.tensors().len(), "every name once");
        // The codebook is the quantizer's.
        described.remove(CODEBOOK);
        assert_eq!(shapes(&params::collect(&model)), described, "{config:?}");
    }
}

#[test]
fn first_values_follow_the_rule_and_the_seed() {
    let config = config([3, 8, 8], &[16, 24], &[false, true]);
    let new = |seed, device: &Device| params::collect(&VqModel::new(&config, seed, device));
    let tensors = new(11, &Device::flex());
    assert_eq!(tensors, new(11, &Device::flex().autodiff()), "with gradients or without");
    let other = new(12, &Device::flex());
    for (name, array) in &tensors {
        if name.contains("norm") {
            let expected = if name.ends_with("weight") { 1.0 } else { 0.0 };
            assert_eq!(array.data(), vec![expected; array.data().len()], "{name}");
            continue;
        }
        assert_ne!(array, &other[name], "{name} under another seed");
        let layer = name.rsplit_once('.').expect("layer and part").0;
        let bound = 1.0 / (tensors[&format!("{layer}.weight")].row_len() as f32).sqrt();
        let largest = array.data().iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= bound && largest > 0.5 * bound, "{name}: {largest} of {bound}");
    }
}

#[test]
fn log_variances_are_cut_off() {
    let normal = Latents::Normal { use_quant_conv: false, use_post_quant_conv: false };
    let config = VqModelConfig { latents: normal, ..config([1, 4, 4], &[4], &[false]) };
    let mut tensors = tensors(&config, 5);
    let bias = tensors.get_mut("encoder.conv_out.bias").expect("there").data_mut();
    bias.copy_from_slice(&[100.0, 0.0, 0.0, 1e3, -1e3, 0.0]);
    let encoder = config.lower(&tensors).expect("graphs").encoder.expect("an encoder");
    for engine in [EngineKind::Twin, EngineKind::Cpu] {
        let mut runner = Runner::new(engine, &encoder, None).expect("a runner");
        let outputs = runner.run(&images(&config, 1)).expect("a run");
        let logvar = outputs["logvar"].data();
        assert_eq!(logvar[..16], [20.0; 16], "{engine}: above");
        assert_eq!(logvar[16..32], [-30.0; 16], "{engine}: below");
        assert!(logvar[32..].iter().all(|value| value.abs() < 20.0), "{engine}: between");
        assert!(outputs["latent"].data()[..16].iter().all(|value| *value > 50.0), "means are not");
    }
}

/// The module on diffusers' own weights.
#[test]
fn the_module_matches_diffusers() {
    let case = "oracles/vqmodel_midattn";
    let Some(io) = shared_arrays(&format!("{case}/io.safetensors")) else { return };
    let weights = format!("{case}/diffusion_pytorch_model.safetensors");
    let Some(tensors) = shared_arrays(&weights) else { return };
    let config = VqModelConfig {
        layers_per_block: 1,
        norm_num_groups: 8,
        latents: Latents::Codes { num_vq_embeddings: 64, vq_embed_dim: 3, by_projection: false },
        ..config([3, 32, 32], &[32, 64], &[false, false])
    };
    let module = module(&config, &tensors);
    let latents = array_from_tensor(module.encode(on_cpu(&io["input"])));
    assert_close(latents.data(), io["latents"].data(), Tolerance::ENGINE);
    let decoded = array_from_tensor(module.decode(on_cpu(&io["codebook_entry"])));
    assert_close(decoded.data(), io["decoded"].data(), Tolerance::ENGINE);
}

/// What an adaptive weight needs: gradients at the last convolution, without going back through the decoder.
#[test]
fn detached_features_give_the_gradient_of_the_last_weight() {
    let config = config([3, 6, 10], &[6, 8], &[true, false]);
    let device = Device::flex().autodiff();
    let model = VqModel::new(&config, 2, &device);
    let quantized: Tensor<4> = tensor_from_array(&latents(&config, 2), &device);
    let gradient = |painted: Tensor<4>| {
        let gradients = painted.square().mean().backward();
        array_from_tensor(model.last_weight().grad(&gradients).expect("it depends on the weight"))
    };
    let whole = gradient(model.decode(quantized.clone()));
    let part = gradient(model.paint(model.features(quantized).detach()));
    assert_eq!(whole.shape(), [3, 6, 3, 3], "the last convolution's");
    assert_close(part.data(), whole.data(), Tolerance::TIGHT);
    assert!(whole.data().iter().any(|value| value.abs() > 1e-4), "a gradient");
}
