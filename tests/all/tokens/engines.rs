//! Networks of these operations on every engine.

use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, GraphBuilder, Op};

use super::causal_attention;
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::{gpu, latents, random_weights};

#[test]
fn normalized_tokens_agree_on_every_engine() {
    let Some(gpu) = gpu() else { return };
    let weights = random_weights(1, &[("w", &[13]), ("b", &[13]), ("up", &[29, 13])]);
    let mut builder = GraphBuilder::new(&[13, 1, 7], &weights).expect("a builder");
    let input = builder.input();
    let norm = builder.add("norm", super::layer_norm(input, 1e-5)).expect("a node");
    let up = Op::Conv2d {
        input: norm,
        weight: "up".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue: Epilogue::default().with_activation(Activation::Gelu),
    };
    let up = builder.add("up", up).expect("a node");
    builder.output("y", up).expect("an output");
    let graph = builder.finish().expect("a graph");
    for batch in [1, 5] {
        let input = latents(&graph, batch);
        let expected = &twin::run(&graph, &input).expect("a run")["y"];
        for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
            let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
            let found = &runner.run(&input).expect("a run")["y"];
            assert_close(found.data(), expected.data(), Tolerance::ENGINE);
        }
    }
}

#[test]
fn places_see_nothing_that_comes_later() {
    let Some(gpu) = gpu() else { return };
    // The second is of more scores than the CPU keeps at once.
    for (shape, heads) in [([12, 3, 7], 2), ([6, 1, 1511], 2)] {
        let graph = causal_attention(&shape, heads);
        let tokens = shape[1] * shape[2];
        let input = latents(&graph, 1);
        let mut other = input.clone();
        let seen = tokens * 2 / 3;
        for plane in other.data_mut().chunks_mut(tokens) {
            plane[seen..].iter_mut().for_each(|value| *value = 3.0 - *value);
        }
        let expected = &twin::run(&graph, &input).expect("a run")["y"];
        for kind in [EngineKind::Twin, EngineKind::Wgsl, EngineKind::Cpu] {
            let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
            let found = runner.run(&input).expect("a run").remove("y").expect("its output");
            assert_close(found.data(), expected.data(), Tolerance::ENGINE);
            let changed = &runner.run(&other).expect("a run")["y"];
            let (planes, others) = (found.data().chunks(tokens), changed.data().chunks(tokens));
            for (plane, changed) in planes.zip(others) {
                assert_close(&changed[..seen], &plane[..seen], Tolerance::TIGHT);
                let same = first_difference(&changed[seen..], &plane[seen..], Tolerance::ENGINE);
                assert!(same.is_some(), "control: later places change on {kind}");
            }
        }
    }
}
