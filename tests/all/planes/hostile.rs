//! Networks that cannot be.

use zscope::array::{Array, NamedArrays};
use zscope::graph::{Activation, Graph, GraphBuilder, GraphError, Op};

use super::{attention, group_norm, upsampling};
use crate::graph::{array, assert_refused, graph_of, named};

fn norm_graph(
    input: &[usize],
    [weight, bias]: [&[usize]; 2],
    groups: usize,
    epsilon: f32,
) -> Result<Graph, GraphError> {
    let weights = named([("w", Array::zeros(weight)), ("b", Array::zeros(bias))]);
    graph_of(input, &weights, |input| group_norm(input, groups, epsilon, Activation::Silu))
}

#[test]
fn impossible_normalizations_are_refused() {
    let fits = norm_graph(&[6, 2, 5], [&[6], &[6]], 3, 1e-6).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[6, 2, 5][..]), "the same shape");
    for groups in [0, 4, 12, usize::MAX] {
        let words = format!("groups: found {groups}, expected a divisor of the 6 channels");
        assert_refused(norm_graph(&[6, 2, 5], [&[6], &[6]], groups, 1e-6), &words);
    }
    for epsilon in [0.0, -1e-6, f32::NAN, f32::INFINITY] {
        assert_refused(norm_graph(&[6, 2, 5], [&[6], &[6]], 3, epsilon), "epsilon: found");
    }
    assert_refused(
        norm_graph(&[6, 2, 5], [&[5], &[6]], 3, 1e-6),
        "values of weight `w`: found 5, expected 6, one a channel",
    );
    assert_refused(norm_graph(&[6, 2, 5], [&[6], &[7]], 3, 1e-6), "values of weight `b`: found 7");
    assert_refused(norm_graph(&[6, 2, 5], [&[6, 1], &[6]], 3, 1e-6), "expected [c]");
    assert_refused(norm_graph(&[6], [&[6], &[6]], 3, 1e-6), "expected [c, h, w]");
    let weights = named([("w", array(&[1], &[f32::NAN])), ("b", Array::zeros([1]))]);
    let op = |input| group_norm(input, 1, 1e-6, Activation::None);
    assert_refused(graph_of(&[1, 1, 1], &weights, op), "weight `w`: found 1 of 1 values");
    let weights = named([("w", Array::zeros([1])), ("b", Array::zeros([1]))]);
    let op = |input| group_norm(input, 1, 1e-6, Activation::LeakyRelu(f32::INFINITY));
    assert_refused(graph_of(&[1, 1, 1], &weights, op), "slope: found inf");
    let weights = named([("w", Array::zeros([1]))]);
    let op = |input| group_norm(input, 1, 1e-6, Activation::None);
    assert_refused(graph_of(&[1, 1, 1], &weights, op), "weight `b`: found nothing");
}

#[test]
fn impossible_attention_is_refused() {
    let fits = attention(&[12, 3, 2], 2).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[4, 3, 2][..]), "the shape of the query");
    for heads in [0, 3, 8, usize::MAX] {
        let words = format!("heads: found {heads}, expected a divisor of the 4 channels");
        assert_refused(attention(&[12, 3, 2], heads), &words);
    }
    assert_refused(attention(&[12], 1), "input shape: found [4], expected [c, h, w]");
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(&[4, 3, 2], &none).expect("a builder");
    let query = builder.input();
    let slice = Op::Slice { input: query, start: 0, len: 2 };
    let fewer = builder.add("fewer", slice).expect("a node");
    let turned = Op::Reshape { input: query, shape: vec![4, 2, 3] };
    let turned = builder.add("turned", turned).expect("a node");
    for (key, value, words) in [
        (fewer, query, "key shape: found [2, 3, 2], expected [4, 3, 2], as the query"),
        (query, turned, "value shape: found [4, 2, 3], expected [4, 3, 2], as the query"),
    ] {
        let op = Op::Attention { query, key, value, heads: 1, causal: false };
        let message = builder.add("node", op).expect_err("should be refused").to_string();
        assert!(message.contains(words), "{message:?} does not say {words:?}");
    }
}

#[test]
fn impossible_upsampling_is_refused() {
    let of = |input: &[usize], factor| {
        let weights = named([("w", Array::zeros([1, input[0], 1, 1]))]);
        graph_of(input, &weights, |input| upsampling(input, factor, [0; 4]))
    };
    assert!(of(&[2, 3, 3], 2).is_ok(), "one that fits");
    for factor in [0, usize::MAX, (1 << 16) + 1] {
        assert_refused(of(&[2, 3, 3], factor), &format!("upsampling: found {factor}, expected 1"));
    }
    assert_refused(of(&[1, 2, 2], 1 << 16), "shape of the upsampled planes: found [1, 131072");
}

#[test]
fn impossible_limits_are_refused() {
    let none = NamedArrays::new();
    let of = |lo, hi| graph_of(&[2], &none, |input| Op::Clamp { input, lo, hi });
    assert!(of(-1.0, 1.0).is_ok(), "limits in order");
    assert_refused(of(1.0, -1.0), "limits: found (1.0, -1.0), expected a lower and an upper one");
    assert_refused(of(f32::NAN, 1.0), "lower limit: found NaN");
    assert_refused(of(0.0, f32::INFINITY), "upper limit: found inf");
}
