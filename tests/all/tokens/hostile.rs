//! Networks that cannot be.

use zscope::array::{Array, NamedArrays};
use zscope::engine::EngineError;
use zscope::engine::gradient::Gradient;
use zscope::graph::{Graph, GraphBuilder, GraphError, Node, Op};

use super::{cached_attention, draw, layer_norm};
use crate::graph::{assert_refused, graph_of, named};

#[test]
fn impossible_layer_norms_are_refused() {
    let of =
        |input: &[usize], weight: &[usize], bias: &[usize], epsilon| -> Result<Graph, GraphError> {
            let weights = named([("w", Array::zeros(weight)), ("b", Array::zeros(bias))]);
            graph_of(input, &weights, |input| layer_norm(input, epsilon))
        };
    let fits = of(&[6, 1, 5], &[6], &[6], 1e-5).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[6, 1, 5][..]), "the same shape");
    for epsilon in [0.0, -1e-5, f32::NAN, f32::INFINITY] {
        assert_refused(of(&[6, 1, 5], &[6], &[6], epsilon), "epsilon: found");
    }
    let words = "values of weight `b`: found 5, expected 6, one a channel";
    assert_refused(of(&[6, 1, 5], &[6], &[5], 1e-5), words);
    assert_refused(of(&[6], &[6], &[6], 1e-5), "expected [c, h, w]");
}

#[test]
fn impossible_cached_attention_is_refused() {
    let fits = cached_attention([6, 2], 3, 5).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[6, 1, 2][..]), "the shape of the query");
    assert!(fits.keeps_values(), "keys and values");
    assert_eq!(fits.nodes().iter().map(Node::num_kept).sum::<usize>(), 2 * 5 * 6 * 2, "so many");
    let words = "heads: found 4, expected a divisor of the 6 channels";
    assert_refused(cached_attention([6, 2], 4, 5), words);
    assert_refused(cached_attention([6, 2], 3, 0), "shape of what is kept: found [2, 2, 0, 6]");
    assert_refused(cached_attention([6, 2], 3, usize::MAX), "shape of what is kept");
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(&[3, 2, 1], &none).expect("a builder");
    let query = builder.input();
    let flat = builder.add("flat", Op::Reshape { input: query, shape: vec![6] }).expect("a node");
    let some = builder.add("some", Op::Slice { input: flat, start: 0, len: 1 }).expect("a node");
    let row = builder.add("row", Op::Reshape { input: query, shape: vec![3, 1, 2] }).expect("it");
    for (query, key, position, words) in [
        (query, query, some, "rows of tokens: found 2, expected 1"),
        (row, query, some, "key shape: found [3, 2, 1], expected [3, 1, 2]"),
        (row, row, flat, "shape of the position: found [6], expected [1]"),
    ] {
        let op = Op::CachedAttention { query, key, value: query, position, heads: 1, slots: 4 };
        let message = builder.add("node", op).expect_err("should be refused").to_string();
        assert!(message.contains(words), "{message:?} does not say {words:?}");
    }
    let error = Gradient::new(&fits, "y").expect_err("no gradient");
    assert_eq!(error, EngineError::NoGradient { node: "mixed".to_owned() }, "earlier runs");
}

#[test]
fn impossible_draws_are_refused() {
    let fits = draw([5, 2], 7).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[1][..]), "an index");
    let drawn = fits.output("y").expect("its output");
    assert!(fits.holds_codes(drawn), "a number of a code");
    assert_refused(draw([5, 3], 7), "scores of an index: found 3, expected 1 or 2");
    assert_refused(draw([5, 1], 6), "shape of the controls: found [6], expected [7]");
    let words = "indices: found 262145, expected at most 262144";
    assert_refused(draw([(1 << 18) + 1, 1], 7), words);
    let none = NamedArrays::new();
    let flat = |input| Op::Draw { logits: input, controls: input };
    assert_refused(graph_of(&[7], &none, flat), "input shape: found [7], expected [k, 1, s]");
    assert_refused(graph_of(&[7, 2, 1], &none, flat), "rows of scores: found 2, expected 1");
    let error = Gradient::new(&fits, "y").expect_err("no gradient");
    assert_eq!(error, EngineError::NoGradient { node: "drawn".to_owned() }, "a choice");
}
