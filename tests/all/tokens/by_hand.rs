//! Hand-computed numbers on the twin and on the CPU.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::{DrawControls, Graph, Op, ValueId};

use super::{cached_attention, causal_attention, draw, drawn, layer_norm};
use crate::common::{Tolerance, assert_close, first_difference};
use crate::graph::{array, graph_of, named};

/// Fails unless a network of one operation gives these values.
#[track_caller]
fn assert_gives(
    input: &Array,
    weights: &NamedArrays,
    op: impl FnOnce(ValueId) -> Op,
    expected: &[f32],
) {
    let graph = graph_of(&input.shape()[1..], weights, op).expect("a graph");
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let y = Runner::new(kind, &graph, None).expect("a runner").run(input).expect("a run");
        assert_close(y["y"].data(), expected, Tolerance::TIGHT);
    }
}

#[test]
fn layer_norm_by_hand() {
    let weights = named([
        ("w", array(&[4], &[3.0, 1.0, 1.0, 6.0])),
        ("b", array(&[4], &[0.0, 1.0, 0.0, 5.0])),
    ]);
    // Two places: 1 3 5 7 has mean 4 and variance 5, over sqrt(5 + 4); 2 2 2 2 does not deviate.
    let x = array(&[1, 4, 1, 2], &[1.0, 2.0, 3.0, 2.0, 5.0, 2.0, 7.0, 2.0]);
    let third = 1.0 / 3.0;
    let expected = [-3.0, 0.0, 1.0 - third, 1.0, third, 0.0, 11.0, 5.0];
    assert_gives(&x, &weights, |input| layer_norm(input, 4.0), &expected);
}

#[test]
fn causal_attention_by_hand() {
    let ln3 = 3.0f32.ln();
    // Two rows of one place. The first sees itself alone; the second's scores are 0 and ln 3, which weigh 1/4 and 3/4.
    let graph = causal_attention(&[3, 2, 1], 1);
    let input = array(&[1, 3, 2, 1], &[5.0, 1.0, 0.0, ln3, 10.0, 20.0]);
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let y = Runner::new(kind, &graph, None).expect("a runner").run(&input).expect("a run");
        assert_close(y["y"].data(), &[10.0, 17.5], Tolerance::TIGHT);
    }
    assert_eq!(graph.flops(), 2 * 2 * 3, "two per multiply-add of three pairs, twice");
}

/// What engines give for query, key, value and position, one run after the other, on the same runner.
#[track_caller]
fn assert_runs(graph: &Graph, runs: &[(&[f32], &[f32])]) {
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let mut runner = Runner::new(kind, graph, None).expect("a runner");
        for (index, (input, expected)) in runs.iter().enumerate() {
            let len = graph.input_shape()[0];
            let y = runner.run(&array(&[input.len() / len, len], input)).expect("a run");
            let same = first_difference(y["y"].data(), expected, Tolerance::TIGHT);
            assert_eq!(same, None, "run {index} on {kind}");
        }
    }
}

#[test]
fn cached_attention_by_hand() {
    let ln3 = 3.0f32.ln();
    let graph = cached_attention([1, 1], 1, 3).expect("a graph");
    assert_runs(
        &graph,
        &[
            // One place sees itself; of two the scores are 0 and ln 3, which weigh 1/4 and 3/4.
            (&[1.0, 0.0, 10.0, 0.0], &[10.0]),
            (&[1.0, ln3, 20.0, 1.0], &[17.5]),
            (&[0.0, 9.0, 60.0, 2.0], &[30.0]),
            // Anew: what lies behind the position is not seen. A fraction is cut off, and nothing is past the end.
            (&[1.0, 5.0, 2.0, 0.0], &[2.0]),
            (&[1.0, 5.0, 6.0, 1.9], &[4.0]),
            (&[0.0, 5.0, 1.0, 70.0], &[3.0]),
            (&[0.0, 5.0, 4.0, 2.0], &[4.0]),
            (&[1.0, 1.0, 8.0, f32::NAN], &[8.0]),
            (&[1.0, 1.0, 9.0, -3.0], &[9.0]),
        ],
    );
    // Two items at places of their own, of two sequences each: keys and values of the first item, then of the second.
    let graph = cached_attention([1, 2], 1, 2).expect("a graph");
    assert_runs(
        &graph,
        &[
            (
                &[1.0, 1.0, 0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 1.0, 0.0, 0.0, 3.0, 4.0, 0.0],
                &[1.0, 2.0, 3.0, 4.0],
            ),
            (
                &[1.0, 1.0, 0.0, ln3, 5.0, 6.0, 1.0, 1.0, 1.0, 0.0, 0.0, 8.0, 9.0, 0.0],
                &[3.0, 5.0, 8.0, 9.0],
            ),
        ],
    );
    // Two heads of two values: the second asks for nothing in particular.
    let graph = cached_attention([4, 1], 2, 2).expect("a graph");
    let scale = std::f32::consts::SQRT_2;
    assert_runs(
        &graph,
        &[
            (
                &[0.0, 1.0, 0.0, 0.0, 9.0, 0.0, 7.0, 7.0, 1.0, 2.0, 3.0, 4.0, 0.0],
                &[1.0, 2.0, 3.0, 4.0],
            ),
            (
                &[0.0, 1.0, 0.0, 0.0, 5.0, scale * ln3, 7.0, 7.0, 5.0, 6.0, 5.0, 6.0, 1.0],
                &[4.0, 5.0, 4.0, 5.0],
            ),
        ],
    );
}

#[test]
fn draws_by_hand() {
    // Probabilities 0.1, 0.2, 0.3 and 0.4; without the condition a quarter each.
    let alone = [1.0f32, 2.0, 3.0, 4.0].map(f32::ln);
    let both: Vec<f32> = alone.iter().flat_map(|score| [*score, 0.0]).collect();
    let plain = DrawControls::default();
    let at = |u, controls: DrawControls| DrawControls { u, ..controls };
    let two = DrawControls { top_k: 2, ..plain };
    let nucleus = |top_p| DrawControls { top_p, ..plain };
    let range = |first, count| DrawControls { first, count, ..plain };
    let cold = DrawControls { temperature: 0.5, ..plain };
    let greedy = |first, count| DrawControls { temperature: 0.0, ..range(first, count) };
    let cases = [
        (at(0.0, plain), 0),
        (at(0.09, plain), 0),
        (at(0.11, plain), 1),
        (at(0.31, plain), 2),
        (at(0.61, plain), 3),
        (at(0.999, plain), 3),
        // 3 and 4 of 7.
        (at(0.42, two), 2),
        (at(0.44, two), 3),
        // Before the third there is 0.4, before the second 0.7.
        (at(0.0, nucleus(0.41)), 2),
        (at(0.0, nucleus(0.39)), 3),
        (at(0.0, nucleus(0.71)), 1),
        (at(0.0, nucleus(0.0)), 0),
        // 0.3 and 0.4 of 0.7: before the third there is 0.57 of what the largest two are.
        (at(0.0, DrawControls { top_k: 2, top_p: 0.5, ..plain }), 3),
        (at(0.39, range(1, 2)), 1),
        (at(0.41, range(1, 2)), 2),
        (at(0.0, range(2, 0)), 2),
        (at(0.9, range(9, 9)), 3),
        // 1, 4, 9 and 16 of 30.
        (at(0.16, cold), 1),
        (at(0.17, cold), 2),
        (greedy(0, 0), 3),
        (greedy(1, 2), 2),
    ];
    let guided = |guidance, u| DrawControls { guidance, u, ..plain };
    let cases_of_both = [
        (guided(1.0, 0.31), 2),
        (guided(2.0, 0.16), 1),
        (guided(2.0, 0.17), 2),
        (guided(0.0, 0.26), 1),
        (guided(-1.0, 0.47), 0),
        (guided(-1.0, 0.49), 1),
    ];
    let odd = [2.0, 5.0, f32::NAN, 5.0, f32::INFINITY, 1.0];
    let cases_of_odd = [
        (greedy(0, 0), 1),
        (greedy(2, 0), 3),
        (greedy(4, 1), 4),
        (at(0.9, range(4, 1)), 4),
        // Of equal ones all stay.
        (at(0.49, DrawControls { top_k: 1, ..plain }), 1),
        (at(0.51, DrawControls { top_k: 1, ..plain }), 3),
        (at(0.51, nucleus(0.01)), 3),
    ];
    for (scores, sizes, cases) in [
        (&alone[..], [4, 1], &cases[..]),
        (&both, [4, 2], &cases_of_both),
        (&odd, [6, 1], &cases_of_odd),
    ] {
        let graph = draw(sizes, DrawControls::LEN).expect("a graph");
        let (controls, expected): (Vec<_>, Vec<usize>) = cases.iter().copied().unzip();
        for kind in [EngineKind::Twin, EngineKind::Cpu] {
            let mut runner = Runner::new(kind, &graph, None).expect("a runner");
            assert_eq!(drawn(&mut runner, scores, &controls), expected, "{kind}: {controls:?}");
        }
    }
}

#[test]
fn controls_from_values_are_whole_where_they_count() {
    let controls =
        DrawControls { top_k: 3, first: 2, count: 5, u: 0.25, ..DrawControls::default() };
    assert_eq!(DrawControls::from_values(controls.values()), controls, "there and back");
    let odd = DrawControls::from_values([0.5, 2.9, 0.1, 3.0, 0.2, -1.0, f32::NAN]);
    assert_eq!((odd.top_k, odd.first, odd.count), (2, 0, 0), "cut off, below zero, no number");
}
