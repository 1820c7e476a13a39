//! Smaller pictures that stand in for large ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zscope::array::Array;
use zscope::engine::sizes::{Pooling, Sizes};
use zscope::engine::{EngineError, EngineKind, Runner, twin};
use zscope::graph::lower::vq_model::VqModelConfig;
use zscope::graph::{Graph, GraphBuilder, Op};
use zscope::watch::{Stopped, Watch};

use super::{autoencoder, decoder};
use crate::common::{Tolerance, assert_close};
use crate::engine_matches_twin::{latents, random_weights};

fn sizes(graph: &Graph, pooling: Pooling) -> Sizes {
    Sizes::new(Runner::new(EngineKind::Cpu, graph, None).expect("a runner"), pooling)
}

/// About 5 GFLOP: too many to be expected soon, a quarter of them are not.
fn large() -> Graph {
    let config = autoencoder(192, &[32, 32, 32], 1, 4);
    decoder(&VqModelConfig { mid_block_add_attention: false, ..config }, 9)
}

#[test]
fn a_preview_is_the_picture_of_a_pooled_grid() {
    let graph = large();
    let mut sizes = sizes(&graph, Pooling::Mean);
    assert!(sizes.is_slow(), "{} operations", graph.flops());
    let input = latents(&graph, 2);
    let (factor, found) =
        sizes.preview(input.data().to_vec(), &Watch::default()).expect("a preview");
    assert_eq!((factor, found.shape()), (2, &[2, 3, 96, 96][..]), "a quarter of the places");
    let pooled = |index: usize| {
        let (plane, y, x) = (index / (24 * 24), index / 24 % 24, index % 24);
        let at = |dy, dx| input.data()[plane * 48 * 48 + (2 * y + dy) * 48 + 2 * x + dx];
        (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0
    };
    let small = Array::new([2, 4, 24, 24], (0..2 * 4 * 24 * 24).map(pooled).collect());
    let smaller = graph.with_input_shape(&[4, 24, 24]).expect("a smaller network");
    let expected = Runner::new(EngineKind::Cpu, &smaller, None)
        .and_then(|mut runner| runner.run(&small.expect("a grid")))
        .expect("a run");
    assert_close(found.data(), expected["image"].data(), Tolerance::TIGHT);
}

#[test]
fn small_networks_are_never_previewed() {
    let graph = decoder(&autoencoder(16, &[8, 8], 1, 4), 1);
    let mut small = sizes(&graph, Pooling::Mean);
    assert!(!small.is_slow(), "{} operations", graph.flops());
    small.preview(vec![0.0; 4 * 8 * 8], &Watch::default()).expect_err("it has no other size");
}

#[test]
fn pictures_can_be_given_up_and_begun_again() {
    let graph = large();
    let mut sizes = sizes(&graph, Pooling::Mean);
    let input = latents(&graph, 1);
    let goes_on = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&goes_on);
    let watch = Watch::new(move |_| told.load(Ordering::Relaxed));
    let ended = sizes.whole(input.data().to_vec(), &watch).expect_err("it is to end");
    assert_eq!(ended.downcast_ref(), Some(&EngineError::Stopped(Stopped)), "{ended}");
    let ended = sizes.preview(input.data().to_vec(), &watch).expect_err("so is a smaller one");
    assert_eq!(ended.downcast_ref(), Some(&EngineError::Stopped(Stopped)), "{ended}");
    goes_on.store(true, Ordering::Relaxed);
    let found = sizes.whole(input.data().to_vec(), &watch).expect("a picture");
    assert_eq!(found.shape(), [1, 3, 192, 192], "whole");
}

#[test]
fn newer_weights_reach_both_sizes() {
    let graph = large();
    let mut sizes = sizes(&graph, Pooling::Mean);
    let input = latents(&graph, 1).into_data();
    let (_, old) = sizes.preview(input.clone(), &Watch::default()).expect("a preview");
    let weights = graph.weights().iter();
    let halved = weights.map(|(name, array)| {
        let data = array.data().iter().map(|value| 0.5 * value).collect();
        (name.clone(), Array::new(array.shape().to_vec(), data).expect("the same shape"))
    });
    let newer = graph.with_weights(&halved.collect()).expect("newer weights");
    sizes.update_weights(&newer).expect("an update");
    let (_, new) = sizes.preview(input, &Watch::default()).expect("a preview");
    assert_ne!(old, new, "the preview has the newer weights");
}

#[test]
fn codes_are_picked_not_mixed() {
    // A convolution that copies its input, over a grid large enough to be slow.
    let side = 64;
    let weights = random_weights(1, &[("w", &[3, 1, 3, 3]), ("v", &[3, 3, 91, 91])]);
    let mut graph = GraphBuilder::new(&[1, side, side], &weights).expect("a builder");
    let conv = |input, weight: &str, pad| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding: [pad; 4],
        epilogue: zscope::graph::Epilogue::default(),
    };
    let first = graph.add("first", conv(graph.input(), "w", 1)).expect("a node");
    let second = graph.add("second", conv(first, "v", 45)).expect("a node");
    graph.output("image", second).expect("an output");
    let graph = graph.finish().expect("a graph");
    let indices: Vec<f32> = (0..side * side).map(|index| (index % 7) as f32).collect();
    let mut sizes = sizes(&graph, Pooling::First);
    let Ok((factor, found)) = sizes.preview(indices.clone(), &Watch::default()) else {
        panic!("{} operations have a preview", graph.flops())
    };
    let small = side / factor;
    let picked = |index: usize| indices[index / small * factor * side + index % small * factor];
    let input = Array::new([1, 1, small, small], (0..small * small).map(picked).collect());
    let smaller = graph.with_input_shape(&[1, small, small]).expect("a smaller network");
    let expected = twin::run(&smaller, &input.expect("a grid")).expect("a run");
    assert_close(found.data(), expected["image"].data(), Tolerance::ENGINE);
}
