//! Gradients through networks: against finite differences, and where they lead.

use std::num::NonZeroUsize;

use zscope::array::Array;
use zscope::engine::gradient::Gradient;
use zscope::engine::{EngineError, twin};
use zscope::graph::{Epilogue, GraphBuilder, Op};
use zscope::measure::invert::{InvertOptions, invert};
use zscope::picture::ValueRange;
use zscope::watch::Watch;

use super::{generator, latents};
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::noise;
use crate::graph::{array, graph_of, named};

/// The mean squared error of the picture of every latent, on the twin.
fn errors(graph: &zscope::graph::Graph, input: &Array, target: &Array) -> Vec<f64> {
    let images = twin::run(graph, input).unwrap().remove("image").unwrap();
    let error = |row: usize| zscope::metrics::mse(images.row(row), target.data());
    (0..images.num_rows()).map(error).collect()
}

#[test]
fn gradients_match_finite_differences() {
    let (graph, input) = (generator(), latents(4));
    let target = array(&[1, 5, 4], &noise(20, 20));
    let gradient = Gradient::new(&graph, "image").unwrap();
    let fit = gradient.fit(&input, &target, &Watch::default()).unwrap();
    let expected: Vec<f32> =
        errors(&graph, &input, &target).into_iter().map(|error| error as f32).collect();
    assert_close(&fit.errors, &expected, Tolerance::ENGINE);
    let step = 1e-3;
    let differences: Vec<f32> = (0..input.data().len())
        .map(|index| {
            let at = |way: f32| {
                let mut moved = input.clone();
                moved.data_mut()[index] += way * step;
                errors(&graph, &moved, &target)[index / 3]
            };
            ((at(1.0) - at(-1.0)) / f64::from(2.0 * step)) as f32
        })
        .collect();
    let tolerance = Tolerance { abs: 2e-4, rel: 2e-3 };
    assert_close(fit.gradient.data(), &differences, tolerance);
    assert!(differences.iter().any(|slope| slope.abs() > 0.01), "there is a slope at all");
    let mut wrong = fit.gradient.data().to_vec();
    wrong[5] = -wrong[5] + 0.01;
    assert!(first_difference(&wrong, &differences, tolerance).is_some(), "a wrong one is seen");
}

#[test]
fn gradients_pass_through_nodes_that_runs_compute_in_pieces() {
    // 4 × 160 × 160 values: runs look at such planes band by band.
    let weights = named([
        ("w", array(&[4, 1, 3, 3], &noise(1, 36))),
        ("n", array(&[4], &[1.0, 0.5, -1.0, 2.0])),
        ("b", array(&[4], &[0.0; 4])),
        ("out", array(&[1, 4, 1, 1], &noise(2, 4))),
    ]);
    let mut builder = GraphBuilder::new(&[1, 160, 160], &weights).unwrap();
    let conv = |input, weight: &str, padding| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding,
        epilogue: Epilogue::default(),
    };
    let value = builder.add("conv", conv(builder.input(), "w", [1; 4])).unwrap();
    let norm = Op::GroupNorm {
        input: value,
        weight: "n".into(),
        bias: "b".into(),
        groups: 2,
        epsilon: 1e-5,
        activation: zscope::graph::Activation::Tanh,
    };
    let value = builder.add("norm", norm).unwrap();
    let value = builder.add("out", conv(value, "out", [0; 4])).unwrap();
    builder.output("image", value).unwrap();
    let graph = builder.finish().unwrap();
    let input = array(&[1, 1, 160, 160], &noise(3, 160 * 160));
    let target = Array::zeros([1, 160, 160]);
    let fit = Gradient::new(&graph, "image").unwrap();
    let fit = fit.fit(&input, &target, &Watch::default()).unwrap();
    // Along the gradient the error changes by its length squared.
    let slope: f64 = fit.gradient.data().iter().map(|g| f64::from(*g).powi(2)).sum();
    let step = (0.01 / slope.sqrt()) as f32;
    let at = |way: f32| {
        let mut moved = input.clone();
        let moves = moved.data_mut().iter_mut().zip(fit.gradient.data());
        moves.for_each(|(value, slope)| *value += way * step * slope);
        errors(&graph, &moved, &target)[0]
    };
    let found = (at(1.0) - at(-1.0)) / f64::from(2.0 * step);
    assert!((found / slope - 1.0).abs() < 0.02, "{found} along the gradient, expected {slope}");
}

#[test]
fn what_has_no_gradient_is_refused() {
    let weights = named([("codes", array(&[2, 1], &[0.0, 1.0]))]);
    let codes =
        graph_of(&[1, 2, 2], &weights, |input| Op::NearestCode { input, codebook: "codes".into() })
            .unwrap();
    let error = Gradient::new(&codes, "y").unwrap_err();
    assert_eq!(error, EngineError::NoGradient { node: "node".to_owned() }, "codes");
    let graph = generator();
    let unknown = Gradient::new(&graph, "picture").unwrap_err();
    assert!(matches!(unknown, EngineError::UnknownOutput { .. }), "{unknown}");
    let gradient = Gradient::new(&graph, "image").unwrap();
    let short = gradient.fit(&latents(1), &Array::zeros([3]), &Watch::default()).unwrap_err();
    assert!(matches!(short, EngineError::Length { found: 3, expected: 20, .. }), "{short}");
    let wrong = gradient.fit(&Array::zeros([1, 4]), &Array::zeros([20]), &Watch::default());
    assert!(matches!(wrong, Err(EngineError::Input { .. })), "another shape of latents");
}

fn options(steps: usize, starts: usize, prior_weight: f32) -> InvertOptions {
    let count = |count| NonZeroUsize::new(count).unwrap();
    InvertOptions { steps: count(steps), rate: 0.05, prior_weight, starts: count(starts), seed: 3 }
}

#[test]
fn a_search_finds_a_picture_that_the_network_can_make() {
    let graph = generator();
    let truth = array(&[1, 3], &[0.8, -1.1, 0.4]);
    let target = twin::run(&graph, &truth).unwrap().remove("image").unwrap();
    for range in [ValueRange::UNIT, ValueRange { lo: -1.0, hi: 3.0 }] {
        let target = range.images_to_unit(&target);
        let mut told = Vec::new();
        let found = invert(&graph, range, &target, None, &options(400, 4, 0.0), &mut |descent| {
            told.push(descent.step);
            true
        })
        .unwrap();
        assert_eq!(told, (1..=400).collect::<Vec<_>>(), "every step is told of");
        assert_eq!(found.errors.len(), 400, "the error of every step");
        let first = found.errors[0];
        assert!(found.error < 0.01 * first, "from {first} to {}", found.error);
        // The point's own picture is what is told.
        let latent = array(&[1, 3], &found.latent);
        let image = twin::run(&graph, &latent).unwrap().remove("image").unwrap();
        assert_close(found.image.data(), range.images_to_unit(&image).data(), Tolerance::ENGINE);
    }
}

#[test]
fn a_search_begins_where_it_is_told_and_ends_when_it_is_told() {
    let graph = generator();
    let truth = [0.8, -1.1, 0.4];
    let target = twin::run(&graph, &array(&[1, 3], &truth)).unwrap().remove("image").unwrap();
    let unit = ValueRange::UNIT;
    let search = |from: Option<&[f32]>, options: &InvertOptions, last: usize| {
        invert(&graph, unit, &target, from, options, &mut |descent| descent.step < last).unwrap()
    };
    let at_once = search(Some(&truth), &options(50, 2, 0.0), 1);
    assert_eq!((at_once.step, &*at_once.latent), (1, &truth[..]), "the best is the start");
    assert!(at_once.error < 1e-9, "{}", at_once.error);
    let free = search(None, &options(200, 1, 0.0), 200);
    let held = search(None, &options(200, 1, 10.0), 200);
    let square = |latent: &[f32]| latent.iter().map(|value| value * value).sum::<f32>();
    assert!(square(&held.latent) < 0.05 * square(&free.latent), "the prior pulls to the origin");
    assert_eq!(search(None, &options(20, 3, 0.0), 20), search(None, &options(20, 3, 0.0), 20));
    let short = invert(&graph, unit, &target, Some(&[0.0]), &options(1, 1, 0.0), &mut |_| true);
    assert!(
        short.unwrap_err().to_string().contains("found 1 values, expected 3"),
        "another length"
    );
    let broken = Array::filled([1, 5, 4], f32::NAN);
    let broken = invert(&graph, unit, &broken, None, &options(5, 2, 0.0), &mut |_| true);
    assert!(broken.unwrap_err().to_string().contains("no point has an error"), "no numbers");
}
