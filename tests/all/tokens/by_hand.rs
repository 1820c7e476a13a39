//! Hand-computed numbers on the twin and on the CPU.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::{Op, ValueId};

use super::{causal_attention, layer_norm};
use crate::common::{Tolerance, assert_close};
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
