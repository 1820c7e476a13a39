//! Hand-computed codes on the twin and on the CPU, and networks that cannot be.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::{Codes, Graph, GraphBuilder, GraphError, MAX_CODES, Op, USAGE, ValueId};

use super::{array, gather, largest, named, nearest, quantizer};

const ENGINES: [EngineKind; 2] = [EngineKind::Twin, EngineKind::Cpu];

fn run(kind: EngineKind, graph: &Graph, input: &Array) -> NamedArrays {
    Runner::new(kind, graph, None).expect("a runner").run(input).expect("a run")
}

/// A graph of one operation with a codebook, whose output is `y`.
fn graph_of(
    input: &[usize],
    codebook: Array,
    op: impl FnOnce(ValueId) -> Op,
) -> Result<Graph, GraphError> {
    let weights = named([("codes", codebook)]);
    let mut builder = GraphBuilder::new(input, &weights)?;
    let value = builder.add("node", op(builder.input()))?;
    builder.output("y", value)?;
    builder.finish()
}

#[test]
fn nearest_codes_by_hand() {
    // Three codes in the plane; the vectors of the grid are (0, 0), (1, 0.4), (0.6, 2) and (5, 5).
    let codebook = array(&[3, 2], &[0.0, 0.0, 1.0, 0.0, 0.0, 2.0]);
    let input = array(&[1, 2, 2, 2], &[0.0, 1.0, 0.6, 5.0, 0.0, 0.4, 2.0, 5.0]);
    let graph = quantizer(&[2, 2, 2], &codebook).expect("a graph");
    for kind in ENGINES {
        let outputs = run(kind, &graph, &input);
        // (5, 5) is 50, 41 and 34 away.
        assert_eq!(outputs["indices"], array(&[1, 2, 2], &[0.0, 1.0, 2.0, 2.0]), "{kind}");
        let quantized = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0];
        assert_eq!(outputs["quantized"], array(&[1, 2, 2, 2], &quantized), "{kind}");
        assert_eq!(outputs[USAGE], array(&[3], &[1.0, 1.0, 2.0]), "{kind}");
    }
}

#[test]
fn largest_scores_by_hand() {
    // At the four places of the grid: the second code, the first of two, the third, and one that is no number.
    let scores = [0.0, 7.0, -3.0, 9.0, 1.5, 7.0, -2.5, f32::NAN, 1.0, 6.0, -2.0, 0.0];
    let weights = named([("codes", array(&[3, 1], &[10.0, 20.0, 30.0]))]);
    let mut builder = GraphBuilder::new(&[3, 2, 2], &weights).expect("a builder");
    let indices = builder.add("largest", largest(builder.input())).expect("a node");
    let codes = builder.add("codes", gather(indices)).expect("a node");
    builder.output("indices", indices).expect("an output");
    builder.output("codes", codes).expect("an output");
    let graph = builder.finish().expect("a graph");
    for kind in ENGINES {
        let outputs = run(kind, &graph, &array(&[1, 3, 2, 2], &scores));
        assert_eq!(outputs["indices"], array(&[1, 2, 2], &[1.0, 0.0, 2.0, 0.0]), "{kind}");
        assert_eq!(outputs["codes"].data(), [20.0, 10.0, 30.0, 10.0], "{kind}");
        assert_eq!(outputs[USAGE].data(), [2.0, 1.0, 1.0], "{kind}");
    }
    let says = |shape: &[usize], part: &str| {
        let refused = graph_of(shape, Array::zeros([3, 1]), largest);
        let message = refused.expect_err("should be refused").to_string();
        assert!(message.contains(part), "{message}");
    };
    says(&[4, 2, 2], "scores of a place: found 4, expected 3");
    says(&[3, 2], "expected [k] or [k, h, w]");
}

#[test]
fn single_vectors_by_hand() {
    let codebook = array(&[2, 3], &[1.0, 2.0, 3.0, -1.0, -2.0, -3.0]);
    let graph = quantizer(&[3], &codebook).expect("a graph");
    for kind in ENGINES {
        let outputs = run(kind, &graph, &array(&[2, 3], &[0.0, 0.0, -1.0, 9.0, 0.0, 0.0]));
        assert_eq!(outputs["indices"], array(&[2, 1], &[1.0, 0.0]), "{kind}");
        let quantized = [-1.0, -2.0, -3.0, 1.0, 2.0, 3.0];
        assert_eq!(outputs["quantized"], array(&[2, 3], &quantized), "{kind}");
        assert_eq!(outputs[USAGE], array(&[2], &[1.0, 1.0]), "{kind}");
    }
}

#[test]
fn the_lowest_of_equally_near_codes_wins() {
    let codebook = array(&[5, 1], &[3.0, 1.0, -1.0, 1.0, 3.0]);
    let graph = quantizer(&[1, 1, 4], &codebook).expect("a graph");
    let input = array(&[1, 1, 1, 4], &[0.0, 1.0, 2.0, 4.0]);
    for kind in ENGINES {
        assert_eq!(run(kind, &graph, &input)["indices"].data(), [1.0, 1.0, 0.0, 0.0], "{kind}");
    }
}

#[test]
fn vectors_that_are_not_finite_have_index_0() {
    let codebook = array(&[2, 2], &[0.0, 0.0, 5.0, 5.0]);
    let graph = quantizer(&[2, 1, 5], &codebook).expect("a graph");
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let input = array(&[1, 2, 1, 5], &[nan, 5.0, inf, -inf, 4.0, 5.0, inf, nan, 5.0, 4.0]);
    for kind in ENGINES {
        let outputs = run(kind, &graph, &input);
        assert_eq!(outputs["indices"].data(), [0.0, 0.0, 0.0, 0.0, 1.0], "{kind}");
        assert_eq!(outputs[USAGE].data(), [4.0, 1.0], "{kind}");
    }
}

/// Indices from outside, and the code of three that each names.
pub(super) const ANY_INDICES: [(f32, usize); 14] = [
    (0.0, 0),
    (-0.0, 0),
    (1.0, 1),
    (1.999, 1),
    (2.0, 2),
    (2.5, 2),
    (3.0, 2),
    (1e30, 2),
    (f32::INFINITY, 2),
    (-0.5, 0),
    (-7.0, 0),
    (f32::NEG_INFINITY, 0),
    (f32::NAN, 0),
    (-f32::NAN, 0),
];

#[test]
fn any_index_names_a_code() {
    let codebook = array(&[3, 2], &[0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
    let graph = graph_of(&[2, 7], codebook, gather).expect("a graph");
    let indices: Vec<f32> = ANY_INDICES.iter().map(|(index, _)| *index).collect();
    let codes = || ANY_INDICES.iter().map(|(_, code)| *code as f32);
    let expected: Vec<f32> = codes().chain(codes().map(|code| code + 10.0)).collect();
    for kind in ENGINES {
        let outputs = run(kind, &graph, &array(&[1, 2, 7], &indices));
        assert_eq!(outputs["y"], array(&[1, 2, 2, 7], &expected), "{kind}");
        assert!(!outputs.contains_key(USAGE), "nothing is searched");
    }
}

#[test]
fn graphs_know_their_codebook() {
    let graph = quantizer(&[5, 4, 3], &Array::zeros([7, 5])).expect("a graph");
    assert_eq!(graph.output_shape("indices"), Some(&[4, 3][..]), "indices");
    assert_eq!(graph.output_shape("quantized"), Some(&[5, 4, 3][..]), "codes");
    assert_eq!(graph.flops(), 3 * 12 * 7 * 5, "three for every value that is compared");
    assert_eq!(graph.num_parameters(), 35, "one codebook, named twice");
    let choices: Vec<_> = graph.choices().collect();
    let [(indices, codebook)] = choices[..] else { panic!("one choice: {choices:?}") };
    assert_eq!(graph.output("indices"), Some(indices), "its value");
    assert_eq!((graph.num_codes(), graph.rows_of(codebook)), (7, [0, 7]), "its codes");
    let looks_up = graph_of(&[4, 3], Array::zeros([7, 5]), gather).expect("a graph");
    assert_eq!(
        (looks_up.choices().count(), looks_up.num_codes()),
        (0, 0),
        "looking up is no choice"
    );
}

// What cannot be.

#[track_caller]
fn assert_refused(result: Result<Graph, GraphError>, words: &str) {
    let message = result.expect_err("should be refused").to_string();
    assert!(message.contains(words), "{message:?} does not say {words:?}");
}

#[test]
fn impossible_quantizers_are_refused() {
    let of = |input: &[usize], codebook: &[usize]| quantizer(input, &Array::zeros(codebook));
    assert_refused(
        of(&[4, 2, 2], &[7, 5]),
        "values of a vector: found 4, expected 5, as in codebook `codes`",
    );
    assert_refused(of(&[5, 2], &[7, 5]), "input shape: found [5, 2], expected [d] or [d, h, w]");
    assert_refused(of(&[5, 2, 2], &[7, 5, 1]), "found [7, 5, 1], expected [k, d]");
    assert_refused(of(&[5, 2, 2], &[0, 5]), "found [0, 5]");
    let many = MAX_CODES + 1;
    assert_refused(of(&[1], &[many, 1]), "codes of `codes`: found 262145, expected at most 262144");
    assert!(of(&[1], &[MAX_CODES, 1]).is_ok(), "as many as there may be");
    let looks_up = |input: &[usize], codebook: &[usize]| {
        graph_of(input, Array::zeros(codebook), gather).map(|_| ()).expect_err("should be refused")
    };
    let message = looks_up(&[2], &[7, 5]).to_string();
    assert!(message.contains("found [2], expected [1] or [h, w]"), "{message}");
    assert!(looks_up(&[1], &[many, 1]).to_string().contains("at most 262144"), "too many codes");
}

#[test]
fn a_choice_from_another_weight_is_refused() {
    let weights = named([("codes", Array::zeros([3, 2])), ("others", Array::zeros([3, 2]))]);
    let mut builder = GraphBuilder::new(&[2], &weights).expect("a builder");
    let first = builder.add("first", nearest(builder.input())).expect("a node");
    let vector = builder.add("vector", gather(first)).expect("a node");
    let other = Op::NearestCode { input: vector, codebook: "others".into() };
    let error = builder.add("second", other).expect_err("should be refused").to_string();
    assert!(error.contains("`second`") && error.contains("beside `first`"), "{error}");
    let other = Op::ArgMax { input: vector, codebook: "others".into() };
    assert!(builder.add("second", other).is_err(), "whatever chooses them");
    assert!(builder.add("second", nearest(vector)).is_ok(), "the same codes once more");
}

/// Two codebooks of two codes each in one weight: each search counts in its own rows.
#[test]
fn parts_of_a_weight_are_codebooks() {
    let weights = named([("codes", array(&[4, 1], &[0.0, 1.0, 10.0, 20.0]))]);
    let mut builder = GraphBuilder::new(&[1, 1, 3], &weights).expect("a builder");
    for part in 0..2 {
        let codebook = Codes::part("codes", part, 2);
        let search = Op::NearestCode { input: builder.input(), codebook: codebook.clone() };
        let indices = builder.add(format!("nearest {part}"), search).expect("a node");
        builder.output(format!("indices {part}"), indices).expect("an output");
        let look_up = Op::Gather { input: indices, codebook };
        let codes = builder.add(format!("codes {part}"), look_up).expect("a node");
        builder.output(format!("codes {part}"), codes).expect("an output");
    }
    let graph = builder.finish().expect("a graph");
    assert_eq!(graph.flops(), 2 * 3 * 3 * 2, "two searches of two codes for three vectors");
    for kind in ENGINES {
        let outputs = run(kind, &graph, &array(&[1, 1, 1, 3], &[0.2, 0.9, 16.0]));
        assert_eq!(outputs["indices 0"].data(), [0.0, 1.0, 1.0], "{kind}");
        assert_eq!(outputs["codes 0"].data(), [0.0, 1.0, 1.0], "{kind}");
        assert_eq!(outputs["indices 1"].data(), [0.0, 0.0, 1.0], "{kind}");
        assert_eq!(outputs["codes 1"].data(), [10.0, 10.0, 20.0], "{kind}");
        assert_eq!(outputs[USAGE].data(), [1.0, 2.0, 2.0, 1.0], "{kind}");
    }
    let weights = named([("codes", Array::zeros([4, 1]))]);
    let refused = |part, parts| {
        let mut builder = GraphBuilder::new(&[1], &weights).expect("a builder");
        let codebook = Codes::part("codes", part, parts);
        let search = Op::NearestCode { input: builder.input(), codebook };
        builder.add("node", search).expect_err("should be refused").to_string()
    };
    assert!(refused(0, 3).contains("found 4, expected a multiple of 3 codebooks"), "uneven");
    assert!(refused(2, 2).contains("codebook: found 2, expected less than 2"), "too far");
    assert!(refused(0, 0).contains("expected a multiple of 0 codebooks"), "none");
}

/// Planes of several vectors a cell are quantized one after the other.
#[test]
fn a_cell_can_have_several_vectors() {
    let codebook = array(&[3, 2], &[0.0, 0.0, 1.0, 0.0, 0.0, 2.0]);
    // Two cells of two vectors: (0, 0) and (1, 0.4), then below them (0.6, 2) and (5, 5).
    let input = array(&[1, 4, 1, 2], &[0.0, 1.0, 0.0, 0.4, 0.6, 5.0, 2.0, 5.0]);
    let graph = quantizer(&[4, 1, 2], &codebook).expect("a graph");
    assert_eq!(graph.output_shape("indices"), Some(&[2, 1, 2][..]), "indices");
    assert_eq!(graph.output_shape("quantized"), Some(&[4, 1, 2][..]), "codes");
    for kind in ENGINES {
        let outputs = run(kind, &graph, &input);
        assert_eq!(outputs["indices"].data(), [0.0, 1.0, 2.0, 2.0], "{kind}");
        assert_eq!(outputs["quantized"].data(), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0], "{kind}");
        assert_eq!(outputs[USAGE].data(), [1.0, 1.0, 2.0], "{kind}");
    }
}

#[test]
fn no_output_is_called_usage() {
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(&[2], &none).expect("a builder");
    let error = builder.output(USAGE, builder.input()).expect_err("should be refused");
    assert!(error.to_string().contains("`usage` is what runs call"), "{error}");
}

#[test]
fn codes_that_are_not_finite_are_named() {
    let fine = quantizer(&[2], &Array::zeros([40, 2])).expect("a graph");
    let cases: [(&[usize], &str); 4] = [
        (&[3], "code 3 of `codes` holds values that are not finite"),
        (&[3, 17], "codes 3 and 17 of `codes` hold values"),
        (&[0, 1, 2, 3, 39], "codes 0, 1, 2, 3 and 39 of `codes`"),
        (&[3, 17, 18, 19, 20, 21, 30], "codes 3, 17, 18, 19, 20 and 2 more of `codes` hold"),
    ];
    for (broken, words) in cases {
        let mut codebook = Array::zeros([40, 2]);
        for &code in broken {
            codebook.data_mut()[2 * code + code % 2] = f32::NAN;
        }
        assert_refused(quantizer(&[2], &codebook), words);
        assert_refused(fine.with_weights(&named([("codes", codebook)])), words);
    }
    let infinite = Array::filled([1, 1], f32::INFINITY);
    assert_refused(graph_of(&[1], infinite, gather), "code 0 of `codes` holds");
}
