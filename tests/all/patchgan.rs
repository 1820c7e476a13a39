//! The PatchGAN discriminator against PyTorch's numbers, and its batch normalization.

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::graph::lower::patchgan::PatchGanConfig;
use zscope::model::params::{self, array_from_tensor, tensor_from_array};
use zscope::model::patchgan::PatchGan;
use zscope::random::{Purpose, normals};
use zscope::train::optimizer::{Adam, Rates};

use crate::common::{Tolerance, assert_close, first_difference, shared_arrays};

const CONFIG: PatchGanConfig = PatchGanConfig { image_channels: 3, channels: 8, layers: 3 };

/// Weights without the counters that PyTorch keeps beside running statistics.
fn oracle() -> Option<(NamedArrays, NamedArrays)> {
    let io = shared_arrays("oracles/patchgan_discriminator/io.safetensors")?;
    let mut weights = shared_arrays("oracles/patchgan_discriminator/model.safetensors")?;
    weights.retain(|name, _| !name.ends_with("num_batches_tracked"));
    Some((weights, io))
}

fn discriminator(weights: &NamedArrays, device: &Device) -> PatchGan {
    params::load(PatchGan::new(&CONFIG, 0, device), weights).expect("a discriminator")
}

#[test]
fn logits_match_pytorch() {
    let Some((weights, io)) = oracle() else { return };
    let device = Device::flex();
    let model = discriminator(&weights, &device);
    let images: Tensor<4> = tensor_from_array(&io["input"], &device);
    let inferred = array_from_tensor(model.infer(images.clone()));
    assert_close(inferred.data(), io["logits_eval"].data(), Tolerance::TIGHT);
    let (trained, _) = model.train(images);
    let trained = array_from_tensor(trained);
    assert_close(trained.data(), io["logits_train"].data(), Tolerance::TIGHT);
    let same = first_difference(trained.data(), inferred.data(), Tolerance::ENGINE);
    assert!(same.is_some(), "statistics of the batch are others than the running ones");
}

#[test]
fn gradients_of_images_match_pytorch() {
    let Some((weights, io)) = oracle() else { return };
    let device = Device::flex().autodiff();
    let model = discriminator(&weights, &device);
    let images = tensor_from_array::<4>(&io["input"], &device).require_grad();
    let (logits, _) = model.train(images.clone());
    let gradients = logits.mean().backward();
    let found = array_from_tensor(images.grad(&gradients).expect("logits depend on images"));
    let expected = io["grad_input_train"].data();
    // Gradients are small: what counts is their size.
    let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let tolerance = Tolerance { abs: 1e-5 * largest, rel: 1e-4 };
    assert_close(found.data(), expected, tolerance);
}

#[test]
fn running_statistics_match_pytorch() {
    let Some((weights, io)) = oracle() else { return };
    for device in [Device::flex(), Device::flex().autodiff()] {
        let model = discriminator(&weights, &device);
        let (_, statistics) = model.train(tensor_from_array(&io["input"], &device));
        let moved = params::collect(&model.moved(&statistics));
        let mut compared = 0;
        for (name, array) in &moved {
            let Some(expected) = io.get(&format!("after.{name}")) else {
                assert_eq!(array, &weights[name], "{name} does not move");
                continue;
            };
            assert_close(array.data(), expected.data(), Tolerance::TIGHT);
            let before = first_difference(array.data(), weights[name].data(), Tolerance::TIGHT);
            assert!(before.is_some(), "{name} moves");
            compared += 1;
        }
        assert_eq!(compared, 6, "means and variances of three normalizations");
    }
}

#[test]
fn statistics_by_hand() {
    // One layer of zeros: every value behind it is its bias, which does not vary.
    let config = PatchGanConfig { image_channels: 1, channels: 1, layers: 1 };
    let device = Device::flex();
    let mut weights = params::collect(&PatchGan::new(&config, 1, &device));
    let names: Vec<&str> = weights.keys().map(String::as_str).collect();
    let of_norm = ["bias", "running_mean", "running_var", "weight"].map(|p| format!("main.3.{p}"));
    let mut expected = vec!["main.0.bias", "main.0.weight", "main.2.weight"];
    expected.extend(of_norm.iter().map(String::as_str));
    expected.extend(["main.5.bias", "main.5.weight"]);
    assert_eq!(names, expected, "rectifiers count");
    for name in ["main.0.weight", "main.2.weight"] {
        weights.get_mut(name).expect("there").data_mut().fill(0.0);
    }
    // A kernel that takes one place of sixteen, for the first of two channels.
    weights.get_mut("main.0.bias").expect("there").data_mut()[0] = 3.0;
    weights.get_mut("main.2.weight").expect("there").data_mut()[5] = 1.0;
    let model = params::load(PatchGan::new(&config, 1, &device), &weights).expect("a model");
    let (_, statistics) = model.train(Tensor::zeros([2, 1, 8, 8], &device));
    let moved = params::collect(&model.moved(&statistics).moved(&statistics));
    // A tenth of the way to 3 and of the way from 1 to 0, twice.
    assert_close(moved["main.3.running_mean"].data(), &[0.57, 0.0], Tolerance::TIGHT);
    assert_close(moved["main.3.running_var"].data(), &[0.81, 0.81], Tolerance::TIGHT);
}

#[test]
fn patches_are_as_many_as_told() {
    let device = Device::flex();
    for layers in 1..=4 {
        let config = PatchGanConfig { image_channels: 1, channels: 2, layers };
        let model = PatchGan::new(&config, 1, &device);
        for sides in [[64, 48], [49, 67], [100, 256]] {
            let images = Tensor::zeros([1, 1, sides[0], sides[1]], &device);
            let [h, w] = config.grid(sides);
            assert_eq!(model.infer(images).dims(), [1, 1, h, w], "{layers} layers, {sides:?}");
        }
    }
    assert_eq!(CONFIG.grid([23, 24]), [0, 1], "too small, and just large enough");
}

#[test]
fn first_values_follow_the_seed() {
    let config = PatchGanConfig { channels: 32, ..CONFIG };
    let new = |seed, device: &Device| params::collect(&PatchGan::new(&config, seed, device));
    let tensors = new(5, &Device::flex());
    assert_eq!(tensors, new(5, &Device::flex().autodiff()), "with gradients or without");
    let other = new(6, &Device::flex());
    for (name, array) in &tensors {
        let values = array.data();
        if !name.ends_with(".weight") {
            let expected = if name.ends_with("running_var") { 1.0 } else { 0.0 };
            assert_eq!(values, vec![expected; values.len()], "{name}");
            continue;
        }
        assert_ne!(array, &other[name], "{name} under another seed");
        let center = if array.shape().len() == 1 { 1.0 } else { 0.0 };
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let deviation =
            (values.iter().map(|value| (value - center).powi(2)).sum::<f32>() / count).sqrt();
        assert!((mean - center).abs() < 0.01, "{name}: mean {mean}");
        assert!((0.015..0.025).contains(&deviation), "{name}: deviation {deviation}");
    }
    let widths = [0, 2, 5, 8, 11].map(|place| tensors[&format!("main.{place}.weight")].shape()[0]);
    assert_eq!(widths, [32, 64, 128, 256, 1], "channels double");
}

/// An optimizer moves weights and leaves running statistics to [`PatchGan::moved`].
#[test]
fn a_step_moves_weights_alone() {
    let device = Device::flex().autodiff();
    let model = PatchGan::new(&CONFIG, 7, &device);
    let before = params::collect(&model);
    let pixels = normals(8, 0, Purpose::Explore, 2 * 3 * 32 * 32);
    let images = Array::new([2, 3, 32, 32], pixels).expect("pixels");
    let (logits, statistics) = model.train(tensor_from_array(&images, &device));
    let gradients = GradientsParams::from_grads(logits.mean().backward(), &model);
    let model = Adam::new(0.5, 0.9).step(&Rates::plain(1e-3), model, gradients);
    for (name, array) in params::collect(&model) {
        let moved = array != before[&name];
        assert_eq!(moved, !name.contains("running"), "{name}");
    }
    // What was moved by hand can be trained on.
    let model = model.moved(&statistics);
    let (logits, _) = model.train(tensor_from_array(&images, &device));
    let gradients = GradientsParams::from_grads(logits.mean().backward(), &model);
    assert!(!gradients.is_empty(), "gradients after the statistics have moved");
}
