//! Networks of these operations on every engine.

use zscope::array::Array;
use zscope::engine::plan::{Binding, Plan, largest_batch};
use zscope::engine::{EngineError, EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};

use super::{cached_attention, causal_attention, runners};
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::{gpu, latents, noise, random_weights};
use crate::graph::array;

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

/// Queries, keys and values at random with a place for every item.
fn step(graph: &Graph, seed: u64, positions: &[f32]) -> Array {
    let len = graph.input_shape()[0];
    let mut input = array(&[positions.len(), len], &noise(seed, positions.len() * len));
    for (item, position) in input.data_mut().chunks_mut(len).zip(positions) {
        item[len - 1] = *position;
    }
    input
}

#[test]
fn engines_keep_the_same_from_run_to_run() {
    let Some(gpu) = gpu() else { return };
    let graph = cached_attention([12, 2], 3, 70).expect("a graph");
    let [mut twin, mut cpu, mut wgsl] = runners(&graph, gpu);
    for place in 0..70 {
        // The second item lags behind, the third begins anew now and then.
        let places = [place, place / 2, place % 9].map(|place| place as f32);
        let input = step(&graph, place as u64, &places);
        let expected = &twin.run(&input).expect("a run")["y"];
        for runner in [&mut cpu, &mut wgsl] {
            let found = &runner.run(&input).expect("a run")["y"];
            assert_close(found.data(), expected.data(), Tolerance::ENGINE);
        }
    }
}

#[test]
fn another_number_of_items_begins_anew() {
    let Some(gpu) = gpu() else { return };
    let graph = cached_attention([4, 1], 2, 3).expect("a graph");
    let [first, second] = [step(&graph, 1, &[0.0; 4]), step(&graph, 2, &[1.0; 4])];
    let fresh = &twin::run(&graph, &second).expect("a run")["y"];
    for mut runner in runners(&graph, gpu) {
        runner.run(&first).expect("a run");
        let kept = runner.run(&second).expect("a run").remove("y").expect("its output");
        let same = first_difference(kept.data(), fresh.data(), Tolerance::ENGINE);
        assert!(same.is_some(), "control: the first place is seen on {}", runner.kind());
        runner.run(&first.rows(0, 3)).expect("a run of fewer");
        let anew = &runner.run(&second).expect("a run")["y"];
        assert_close(anew.data(), fresh.data(), Tolerance::ENGINE);
    }
}

#[test]
fn items_that_do_not_fit_at_once_are_refused_where_places_are_kept() {
    let Some(gpu) = gpu() else { return };
    let graph = cached_attention([4, 1], 2, 3).expect("a graph");
    for mut runner in runners(&graph, gpu) {
        assert!(runner.largest_batch().expect("some") > 2, "{}", runner.kind());
        runner.limit_batch(2);
        assert_eq!(runner.largest_batch(), Ok(2), "{}", runner.kind());
        let error = runner.run(&step(&graph, 1, &[0.0; 3])).expect_err("too many");
        assert_eq!(error, EngineError::TooManyKept { found: 3, limit: 2 }, "{}", runner.kind());
        runner.run(&step(&graph, 1, &[0.0; 2])).expect("as many as fit");
    }
}

#[test]
fn what_is_kept_has_room_of_its_own() {
    let graph = cached_attention([4, 2], 2, 100).expect("a graph");
    let plan = Plan::new(&graph, 3);
    assert_eq!(plan.caches, [2 * 100 * 4 * 2 * 3], "keys and values of all items");
    let pass = plan.passes.last().expect("passes");
    assert_eq!(pass.inputs.last(), Some(&Binding::Cache(0)), "bound last");
    assert_eq!(pass.reads().count(), 4, "query, key, value and position");
    let none = cached_attention([4, 2], 2, 1).expect("a graph");
    let values = |graph: &Graph| Plan::new(graph, 3).buffers.iter().sum::<usize>();
    assert_eq!(values(&graph), values(&none), "no room among the values");
    // As many items as caches of 1600 values fit, though values are small.
    assert_eq!(largest_batch(&graph, 16_000, usize::MAX), Ok(10), "by the largest buffer");
    let fitting = largest_batch(&graph, usize::MAX, 5 * Plan::new(&graph, 1).num_values());
    assert_eq!(fitting, Ok(5), "by all of them");
    for kind in [EngineKind::Cpu, EngineKind::Twin] {
        let bytes = |graph| Runner::new(kind, graph, None).expect("a runner").memory().values;
        let more = bytes(&graph) - bytes(&none);
        assert!(more >= 4 * 2 * 99 * 8, "{more} bytes more on {kind}");
    }
}
