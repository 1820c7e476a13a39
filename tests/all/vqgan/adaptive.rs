//! The adaptive weight against PyTorch's numbers, and by hand.

use burn::tensor::activation::leaky_relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::model::adaptive::{Pull, adaptive_weight};
use zscope::model::adversarial::AdversarialLoss;
use zscope::model::params::{array_from_tensor, tensor_from_array};

use crate::common::{Tolerance, assert_close, first_difference, shared, shared_arrays};

const CASE: &str = "oracles/losses_vqgan_adaptive_weight";

fn device() -> Device {
    Device::flex().autodiff()
}

fn value(tensor: Tensor<1>) -> f32 {
    array_from_tensor(tensor).data()[0]
}

/// The oracle's discriminator.
fn judged(io: &NamedArrays, images: Tensor<4>) -> Tensor<4> {
    let weight = |name: &str| tensor_from_array::<4>(&io[name], &device());
    let options = |stride: usize| ConvOptions::new([stride; 2], [1, 1], [1, 1], 1);
    let x = conv2d(images, weight("disc_w0"), None, options(2));
    conv2d(leaky_relu(x, 0.2), weight("disc_w1"), None, options(1))
}

/// The gradient of the sum of a term by the last layer's weight.
fn gradient(pull: &Pull, weight: &Tensor<4>, images: Tensor<4>) -> Array {
    let grads = pull.surrogate(images).backward();
    array_from_tensor(weight.grad(&grads).expect("the images depend on it"))
}

#[test]
fn the_adaptive_weight_matches_pytorch() {
    let Some(io) = shared_arrays(&format!("{CASE}/io.safetensors")) else { return };
    let Some(case) = shared(&format!("{CASE}/case.json")) else { return };
    let text = std::fs::read_to_string(case).expect("the case reads");
    let case: serde_json::Value = serde_json::from_str(&text).expect("the case parses");
    let told = |name: &str| case["scalars"][name].as_f64().expect("a number") as f32;
    let tensor = |name: &str| tensor_from_array::<4>(&io[name], &device());
    let weight = tensor("last_weight").require_grad();
    let bias = tensor_from_array::<1>(&io["last_bias"], &device());
    let features = tensor("features");
    let paint = || {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        conv2d(features.clone(), weight.clone(), Some(bias.clone()), options)
    };
    assert_close(array_from_tensor(paint().inner()).data(), io["recon"].data(), Tolerance::TIGHT);
    let target = tensor("target");
    let likeness = Pull::of(&paint(), |images| (images - target).abs().mean());
    let adversary = Pull::of(&paint(), |images| {
        AdversarialLoss::Hinge.generator(judged(&io, images).flatten(0, 3))
    });
    let lengths = [&likeness, &adversary].map(|pull| pull.length_at(&weight, paint()));
    let [of_likeness, of_adversary] = lengths.clone();
    let adaptive = adaptive_weight(of_likeness, of_adversary);
    let disc_weight = f64::from(told("disc_weight"));
    let weighted = disc_weight * f64::from(value(adaptive.clone()));
    let both = likeness.clone().plus(&adversary, weighted);
    let [of_likeness, of_adversary] = lengths.map(value);
    let pairs = [
        ("nll_l1", value(likeness.value.clone())),
        ("g_loss", value(adversary.value.clone())),
        ("norm_grad_nll", of_likeness),
        ("norm_grad_g", of_adversary),
        ("ratio", value(adaptive)),
        ("d_weight", weighted as f32),
        ("total", value(both.value.clone())),
    ];
    for (name, found) in pairs {
        let difference = first_difference(&[found], &[told(name)], Tolerance::TIGHT);
        assert_eq!(difference, None, "{name}");
    }
    let gradients = [
        ("grad_nll_last_weight", &likeness),
        ("grad_g_last_weight", &adversary),
        ("grad_total_last_weight", &both),
    ];
    for (name, pull) in gradients {
        let found = gradient(pull, &weight, paint());
        let furthest = found.data().iter().zip(io[name].data()).map(|(f, e)| (f - e).abs());
        println!("{name}: within {:.1e}", furthest.fold(0.0, f32::max));
        assert_close(found.data(), io[name].data(), Tolerance::TIGHT);
    }
    let swapped = gradient(&likeness, &weight, paint());
    let expected = io["grad_total_last_weight"].data();
    let difference = first_difference(swapped.data(), expected, Tolerance::TIGHT);
    assert!(difference.is_some(), "a comparator that sees another gradient");
}

#[test]
fn the_adaptive_weight_by_hand() {
    let of = |likeness: f32, adversary: f32| {
        let one = |value: f32| Tensor::<1>::from_floats([value], &Device::flex());
        value(adaptive_weight(one(likeness), one(adversary)))
    };
    assert_close(&[of(3.0, 1.5 - 1e-4)], &[2.0], Tolerance::TIGHT);
    assert_close(&[of(0.0, 0.5)], &[0.0], Tolerance::TIGHT);
    // A discriminator that asks for nothing.
    assert_close(&[of(0.5, 0.0)], &[5000.0], Tolerance::TIGHT);
    assert_close(&[of(7.0, 0.0)], &[1e4], Tolerance::TIGHT);
}

/// Taking terms back piece by piece is the same as taking their sum back at once.
#[test]
fn pieces_are_the_whole() {
    let weight = Tensor::<4>::from_floats([[[[0.5]], [[-1.0]]]], &device()).require_grad();
    let features =
        Tensor::<4>::from_floats([[[[1.0, 2.0]], [[-0.5, 0.25]]]], &device()).require_grad();
    let paint = || {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        conv2d(features.clone(), weight.clone(), None, options)
    };
    let term = |images: Tensor<4>| images.square().mean();
    let at_once = term(paint()).backward();
    let pieces = Pull::of(&paint(), term).surrogate(paint()).backward();
    let of = |grads, tensor: &Tensor<4>| array_from_tensor(tensor.grad(grads).expect("there"));
    for tensor in [&weight, &features] {
        let (found, expected) = (of(&pieces, tensor), of(&at_once, tensor));
        assert_close(found.data(), expected.data(), Tolerance::TIGHT);
    }
}
