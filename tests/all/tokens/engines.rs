//! Networks of these operations on every engine.

use zscope::array::Array;
use zscope::engine::plan::{Binding, Plan, largest_batch};
use zscope::engine::{EngineError, EngineKind, Runner, twin};
use zscope::graph::{Activation, DrawControls, Epilogue, Graph, GraphBuilder, Op};
use zscope::random::{Purpose, uniforms};

use super::{cached_attention, causal_attention, draw, drawn, runners};
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

#[test]
fn draws_fall_as_often_as_their_scores_say() {
    const DRAWS: usize = 20_000;
    let Some(gpu) = gpu() else { return };
    let graph = draw([11, 1], DrawControls::LEN).expect("a graph");
    let scores: Vec<f32> = noise(1, 11).into_iter().map(|score| 2.0 * score).collect();
    let places = uniforms(2, 0, Purpose::Explore, DRAWS, 0.0, 1.0);
    let at = |u| DrawControls { u, temperature: 0.8, ..DrawControls::default() };
    let controls: Vec<_> = places.into_iter().map(at).collect();
    let weights: Vec<f64> = scores.iter().map(|score| f64::from(score / 0.8).exp()).collect();
    let total: f64 = weights.iter().sum();
    for mut runner in runners(&graph, gpu) {
        let mut counts = [0; 11];
        for index in drawn(&mut runner, &scores, &controls) {
            counts[index] += 1;
        }
        for (count, weight) in counts.into_iter().zip(&weights) {
            let share = weight / total;
            let deviation = (DRAWS as f64 * share * (1.0 - share)).sqrt();
            let off = (f64::from(count) - DRAWS as f64 * share).abs() / deviation;
            assert!(off < 4.0, "{count} of {share} on {}, {off} deviations", runner.kind());
        }
    }
}

#[test]
fn few_choices_are_the_largest_score() {
    let Some(gpu) = gpu() else { return };
    let graph = draw([37, 2], DrawControls::LEN).expect("a graph");
    let scores = noise(3, 74);
    let places = uniforms(4, 0, Purpose::Explore, 50, 0.0, 1.0);
    let all = |shape: DrawControls| -> Vec<DrawControls> {
        places.iter().map(|u| DrawControls { u: *u, guidance: 2.0, ..shape }).collect()
    };
    let plain = DrawControls::default();
    let guided =
        |code: usize| scores[2 * code + 1] + 2.0 * (scores[2 * code] - scores[2 * code + 1]);
    let largest = (0..37).max_by(|a, b| guided(*a).total_cmp(&guided(*b))).expect("codes");
    for mut runner in runners(&graph, gpu) {
        for shape in [
            DrawControls { temperature: 0.0, ..plain },
            DrawControls { temperature: 1e-4, ..plain },
            DrawControls { top_k: 1, ..plain },
            DrawControls { top_p: 1e-6, ..plain },
        ] {
            let found = drawn(&mut runner, &scores, &all(shape));
            assert!(found.iter().all(|index| *index == largest), "{shape:?} on {}", runner.kind());
        }
        let free = drawn(&mut runner, &scores, &all(plain));
        assert!(free.iter().any(|index| *index != largest), "control: {}", runner.kind());
    }
}

#[test]
fn guidance_of_one_is_the_first_stream_alone() {
    let Some(gpu) = gpu() else { return };
    let graphs = [1, 2].map(|streams| draw([17, streams], DrawControls::LEN).expect("a graph"));
    let [own, other] = [5, 6].map(|seed| noise(seed, 17));
    let both: Vec<f32> = own.iter().zip(&other).flat_map(|(own, other)| [*own, *other]).collect();
    let places = uniforms(7, 0, Purpose::Explore, 500, 0.0, 1.0);
    let shape = DrawControls { top_k: 9, top_p: 0.95, ..DrawControls::default() };
    let of = |guidance| -> Vec<DrawControls> {
        places.iter().map(|u| DrawControls { u: *u, guidance, ..shape }).collect()
    };
    for (mut alone, mut guided) in
        runners(&graphs[0], gpu).into_iter().zip(runners(&graphs[1], gpu))
    {
        let expected = drawn(&mut alone, &own, &of(1.0));
        assert_eq!(drawn(&mut guided, &both, &of(1.0)), expected, "{}", alone.kind());
        assert_ne!(drawn(&mut guided, &both, &of(4.0)), expected, "control: {}", alone.kind());
        let without = drawn(&mut alone, &other, &of(1.0));
        assert_eq!(drawn(&mut guided, &both, &of(0.0)), without, "{}", alone.kind());
    }
}

#[test]
fn the_cpu_draws_what_the_twin_does() {
    let graph = draw([301, 2], DrawControls::LEN).expect("a graph");
    let [mut twin, mut cpu] = [EngineKind::Twin, EngineKind::Cpu]
        .map(|kind| Runner::new(kind, &graph, None).expect("a runner"));
    // In steps, so that many are equal.
    let scores: Vec<f32> =
        noise(9, 602).into_iter().map(|score| (score * 20.0).round() / 4.0).collect();
    let mut controls = Vec::new();
    for (index, u) in uniforms(10, 0, Purpose::Explore, 300, 0.0, 1.0).into_iter().enumerate() {
        controls.push(DrawControls {
            temperature: [1.0, 0.5, 3.0][index % 3],
            top_k: [0, 1, 7, 100][index % 4],
            top_p: [1.0, 0.9, 0.33, 0.05, 0.0][index % 5],
            guidance: [1.0, 2.0][index % 2],
            u,
            first: index % 7 * 20,
            count: index % 11 * 10,
        });
    }
    let [found, expected] = [&mut cpu, &mut twin].map(|run| drawn(run, &scores, &controls));
    let differ = found.iter().zip(&expected).filter(|(found, expected)| found != expected).count();
    // Where a share of equal scores lies on an edge, rounding decides.
    assert!(differ <= 1, "{differ} of 300 differ: {found:?}, {expected:?}");
}

#[test]
fn what_is_kept_stays_whole_where_other_values_fall_into_bands() {
    let Some(gpu) = gpu() else { return };
    let weights = random_weights(1, &[("up", &[400, 4]), ("down", &[5, 400])]);
    let mut builder = GraphBuilder::new(&[4, 1, 2], &weights).expect("a builder");
    let query = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let flat = add("flat", Op::Reshape { input: query, shape: vec![8] });
    let position = add("position", Op::Slice { input: flat, start: 7, len: 1 });
    let (key, value) = (query, query);
    let (heads, slots) = (2, 3);
    let mixed = Op::CachedAttention { query, key, value, position, heads, slots };
    let mixed = add("mixed", mixed);
    let linear = |input, weight: &str, activation| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue: Epilogue::default().with_activation(activation),
    };
    let up = add("up", linear(mixed, "up", Activation::Gelu));
    let down = add("down", linear(up, "down", Activation::None));
    builder.output("y", down).expect("an output");
    let graph = builder.finish().expect("a graph");
    let limited = gpu.limited_to(300);
    let mut banded = Runner::new(EngineKind::Wgsl, &graph, Some(&limited)).expect("a runner");
    let mut twin = Runner::new(EngineKind::Twin, &graph, None).expect("a runner");
    for place in 0..3 {
        let mut input = latents(&graph, 1);
        for value in input.data_mut() {
            *value *= 1.0 + place as f32;
        }
        for item in input.data_mut().chunks_mut(8) {
            item[7] = place as f32;
        }
        let expected = &twin.run(&input).expect("a run")["y"];
        assert_close(
            banded.run(&input).expect("a run")["y"].data(),
            expected.data(),
            Tolerance::ENGINE,
        );
    }
}
