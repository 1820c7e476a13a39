//! Batch normalization folded into the layer before it.

use zscope::array::Array;
use zscope::engine::twin;
use zscope::graph::lower::batch_norm::{BatchNorm, Outputs, fold_batch_norm};
use zscope::graph::{Epilogue, Graph, Op, ValueId};

use crate::common::{Tolerance, assert_close, first_difference, shared_arrays};
use crate::engine_matches_twin::{latents, noise};
use crate::graph::{array, graph_of, named};

/// Owned tensors of a normalization: weight, bias, running mean, running variance.
struct Norm([Array; 4], f32);

impl Norm {
    fn view(&self) -> BatchNorm<'_> {
        let Self([weight, bias, running_mean, running_var], epsilon) = self;
        BatchNorm { weight, bias, running_mean, running_var, epsilon: *epsilon }
    }
}

fn norm(channels: usize) -> Norm {
    let of = |seed, offset| {
        let values: Vec<f32> =
            noise(seed, channels).into_iter().map(|value| value + offset).collect();
        array(&[channels], &values)
    };
    Norm([of(1, 0.0), of(2, 0.0), of(3, 0.0), of(4, 1.25)], 1e-5)
}

#[test]
fn folding_by_hand() {
    // Factors 6 / sqrt(3 + 1) and 1 / sqrt(24 + 1); summands (1 - 2) * 3 + 10 and (0 - 5) * 0.2 - 1.
    let parts = [[6.0, 1.0], [10.0, -1.0], [2.0, 5.0], [3.0, 24.0]];
    let norm = Norm(parts.map(|values| array(&[2], &values)), 1.0);
    let weight = array(&[2, 2], &[1.0, 2.0, 10.0, 20.0]);
    let bias = array(&[2], &[1.0, 0.0]);
    let folded = |outputs, bias| fold_batch_norm("fc", &weight, outputs, bias, &norm.view());
    let (w, b) = folded(Outputs::First, Some(&bias)).expect("folded");
    assert_close(w.data(), &[3.0, 6.0, 2.0, 4.0], Tolerance::TIGHT);
    assert_close(b.data(), &[7.0, -2.0], Tolerance::TIGHT);
    // Along the other axis, and without a bias: (0 - 2) * 3 + 10.
    let (w, b) = folded(Outputs::Second, None).expect("folded");
    assert_close(w.data(), &[3.0, 0.4, 30.0, 4.0], Tolerance::TIGHT);
    assert_close(b.data(), &[4.0, -2.0], Tolerance::TIGHT);
}

/// A layer on planes of three, 5 by 4, or on a vector of three.
fn layer(kind: &str, input: ValueId, has_bias: bool) -> Op {
    let weight = "w".to_owned();
    let epilogue = if has_bias { Epilogue::bias("b") } else { Epilogue::default() };
    match kind {
        "linear" => Op::Linear { input, weight, epilogue },
        "conv" => {
            Op::Conv2d { input, weight, upsample: 1, stride: [2, 1], padding: [1; 4], epilogue }
        }
        _ => Op::ConvTranspose2d {
            input,
            weight,
            stride: [2, 2],
            padding: [1, 1],
            output_padding: [0, 0],
            epilogue,
        },
    }
}

fn layer_graph(kind: &str, weight: &Array, bias: Option<&Array>) -> Graph {
    let mut weights = named([("w", weight.clone())]);
    weights.extend(bias.map(|bias| ("b".to_owned(), bias.clone())));
    let input: &[usize] = if kind == "linear" { &[3] } else { &[3, 5, 4] };
    graph_of(input, &weights, |input| layer(kind, input, bias.is_some())).expect("a graph")
}

/// `y` normalized channel by channel, in `f64`.
fn normalized(y: &Array, norm: &Norm) -> Vec<f32> {
    let channels = norm.0[0].data().len();
    let plane = y.row_len() / channels;
    let value = |(i, value): (usize, &f32)| {
        let of = |part: usize| f64::from(norm.0[part].data()[i / plane % channels]);
        let deviation = (f64::from(*value) - of(2)) / (of(3) + f64::from(norm.1)).sqrt();
        (deviation * of(0) + of(1)) as f32
    };
    y.data().iter().enumerate().map(value).collect()
}

#[test]
fn a_folded_layer_is_the_layer_and_the_normalization() {
    let kinds: [(&str, &[usize], Outputs); 3] = [
        ("linear", &[7, 3], Outputs::First),
        ("conv", &[7, 3, 3, 2], Outputs::First),
        ("transposed", &[3, 7, 4, 4], Outputs::Second),
    ];
    for (kind, shape, outputs) in kinds {
        let weight = array(shape, &noise(5, shape.iter().product()));
        let bias = array(&[7], &noise(6, 7));
        let norm = norm(7);
        for bias in [None, Some(&bias)] {
            let before = layer_graph(kind, &weight, bias);
            let input = latents(&before, 2);
            let y = &twin::run(&before, &input).expect("a run")["y"];
            let expected = normalized(y, &norm);
            let (w, b) = fold_batch_norm(kind, &weight, outputs, bias, &norm.view()).expect("one");
            assert_eq!(w.shape(), weight.shape(), "the weight's shape stays");
            let found = &twin::run(&layer_graph(kind, &w, Some(&b)), &input).expect("a run")["y"];
            assert_close(found.data(), &expected, Tolerance::TIGHT);
            let unfolded = first_difference(y.data(), &expected, Tolerance::ENGINE);
            assert!(unfolded.is_some(), "the normalization changes something");
        }
    }
}

#[test]
fn a_folded_normalization_matches_pytorch() {
    let Some(file) = shared_arrays("oracles/layers/io.safetensors") else { return };
    let of = |name: &str| file[&format!("batchnorm_eval.{name}")].clone();
    let parts = ["weight", "bias", "running_mean", "running_var"].map(of);
    let norm = Norm(parts, 1e-5);
    // Into a convolution that passes its channels on.
    let mut identity = Array::zeros([8, 8]);
    (0..8).for_each(|channel| identity.data_mut()[channel * 9] = 1.0);
    let folded = fold_batch_norm("conv", &identity, Outputs::First, None, &norm.view());
    let (w, b) = folded.expect("folded");
    let mut x = file["x"].clone();
    x.data_mut().iter_mut().for_each(|value| *value = 3.0 * *value + 1.0);
    let weights = named([("w", w), ("b", b)]);
    let conv = |input| Op::Conv2d {
        input,
        weight: "w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue: Epilogue::bias("b"),
    };
    let graph = graph_of(&x.shape()[1..], &weights, conv).expect("a graph");
    let y = &twin::run(&graph, &x).expect("a run")["y"];
    assert_close(y.data(), of("y").data(), Tolerance::TIGHT);
}

#[test]
fn what_does_not_fit_is_refused() {
    let weight = array(&[2, 3], &noise(5, 6));
    let refusal = |weight: &Array, outputs, bias: Option<&Array>, norm: &Norm| {
        let refused = fold_batch_norm("layer", weight, outputs, bias, &norm.view());
        refused.expect_err("should be refused").to_string()
    };
    let first = Outputs::First;
    let says = |message: String, words: &str| {
        assert!(message.starts_with("node `layer`: "), "{message:?} names no layer");
        assert!(message.contains(words), "{message:?} does not say {words:?}");
    };
    assert!(
        fold_batch_norm("layer", &weight, first, None, &norm(2).view()).is_ok(),
        "one that fits"
    );
    says(
        refusal(&weight, first, None, &norm(3)),
        "weight of the normalization: found [3], expected [2]",
    );
    says(refusal(&weight, Outputs::Second, None, &norm(2)), "found [2], expected [3]");
    let bias = Array::zeros([2, 1]);
    says(refusal(&weight, first, Some(&bias), &norm(2)), "bias of the layer: found [2, 1]");
    says(refusal(&Array::zeros([2]), first, None, &norm(2)), "shape of the weight: found [2]");
    says(
        refusal(&Array::zeros([2, 0]), first, None, &norm(2)),
        "shape of the weight: found [2, 0]",
    );
    for (part, words) in [(1, "bias of the norm"), (2, "running means"), (3, "running variances")] {
        let mut other = norm(2);
        other.0[part] = Array::zeros([1]);
        says(refusal(&weight, first, None, &other), words);
    }
    for variance in [-1.0, -1e-5, f32::NAN] {
        let mut broken = norm(2);
        broken.0[3].data_mut()[1] = variance;
        says(refusal(&weight, first, None, &broken), "running variance of channel 1");
    }
    for part in 0..3 {
        let mut broken = norm(2);
        broken.0[part].data_mut()[0] = f32::INFINITY;
        says(refusal(&weight, first, None, &broken), "expected finite numbers");
    }
}
