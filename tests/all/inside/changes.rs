//! Parts of networks and changes on their way: by hand on the twin, the same on every engine.

use zscope::array::Array;
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Graph, GraphError, Op, Perturbation};

use super::{generator, latents};
use crate::common::{Tolerance, assert_close, assert_says, first_difference};
use crate::engine_matches_twin::gpu;
use crate::graph::{array, graph_of, named};

fn change(node: &str, channel: Option<usize>, scale: f32, shift: f32) -> Perturbation {
    Perturbation { node: node.to_owned(), channel, scale, shift }
}

/// All outputs on an engine.
fn run(kind: EngineKind, graph: &Graph, input: &Array) -> zscope::array::NamedArrays {
    Runner::new(kind, graph, gpu()).unwrap().run(input).unwrap()
}

#[test]
fn a_part_gives_the_same_values_and_has_no_more_than_they_need() {
    let whole = generator();
    let input = latents(2);
    let expected = twin::run(&whole, &input).unwrap();
    let norm = whole.find("norm").unwrap();
    let part = whole.part(&[("norm too", norm)]).unwrap();
    let names: Vec<&str> = part.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["input", "fc", "planes", "norm"], "what it needs");
    assert!(!part.weights().contains_key("conv"), "nor weights of others");
    let found = twin::run(&part, &input).unwrap();
    assert_eq!(found["norm too"].data(), expected["features"].data(), "the same values");
    for node in whole.nodes() {
        let tap = whole.find(&node.name).unwrap();
        let part = whole.part(&[("tap", tap)]).unwrap();
        let found = twin::run(&part, &input).unwrap();
        for kind in [EngineKind::Cpu, EngineKind::Wgsl] {
            if kind == EngineKind::Wgsl && gpu().is_none() {
                continue;
            }
            let ran = run(kind, &part, &input);
            assert_close(ran["tap"].data(), found["tap"].data(), Tolerance::ENGINE);
        }
    }
}

#[test]
fn parts_that_make_no_sense_are_refused() {
    let whole = generator();
    let value = whole.find("fc").unwrap();
    assert_eq!(whole.part(&[]).unwrap_err(), GraphError::NoOutput, "nothing is wanted");
    let twice = whole.part(&[("a", value), ("a", value)]).unwrap_err();
    assert_eq!(twice, GraphError::DuplicateName { name: "a".to_owned() }, "one name twice");
    let small = whole.part(&[("fc", value)]).unwrap();
    let elsewhere = whole.find("out").unwrap();
    assert!(small.part(&[("out", elsewhere)]).is_err(), "a value of another graph");
    assert_eq!(whole.find("nowhere"), None, "no such node");
}

#[test]
fn changes_by_hand() {
    let weights = named([("w", array(&[2, 2, 1, 1], &[1.0, 0.0, 0.0, 1.0]))]);
    let graph = graph_of(&[2, 1, 2], &weights, |input| Op::Conv2d {
        input,
        weight: "w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue: zscope::graph::Epilogue::default(),
    })
    .unwrap();
    let input = array(&[1, 2, 1, 2], &[1.0, 2.0, 3.0, 4.0]);
    let y = |changes: &[Perturbation]| {
        let graph = graph.perturbed(changes).unwrap();
        twin::run(&graph, &input).unwrap().remove("y").unwrap().into_data()
    };
    assert_eq!(y(&[]), [1.0, 2.0, 3.0, 4.0], "as it is");
    assert_eq!(y(&[change("node", Some(1), 0.0, 0.0)]), [1.0, 2.0, 0.0, 0.0], "one taken out");
    assert_eq!(y(&[change("node", Some(0), 3.0, -1.0)]), [2.0, 5.0, 3.0, 4.0], "scaled and moved");
    assert_eq!(y(&[change("node", None, 2.0, 1.0)]), [3.0, 5.0, 7.0, 9.0], "all of it");
    let both = [change("node", Some(0), 0.0, 5.0), change("node", None, 10.0, 0.0)];
    assert_eq!(y(&both), [50.0, 50.0, 30.0, 40.0], "one after the other");
    assert_eq!(y(&[change("input", Some(0), -1.0, 0.0)]), [-1.0, -2.0, 3.0, 4.0], "the input");
    assert_eq!(y(&[change("nowhere", None, 0.0, 0.0)]), [1.0, 2.0, 3.0, 4.0], "of others");
}

#[test]
fn changed_networks_run_the_same_on_every_engine() {
    let input = latents(3);
    let cases = [
        vec![change("conv", Some(1), 0.0, 0.0)],
        vec![change("fc", Some(39), -2.0, 0.5), change("norm", None, 0.3, -0.1)],
        vec![change("planes", Some(0), 2.5, 1.0), change("planes", Some(1), 0.0, -1.0)],
        vec![change("input", Some(2), 0.0, 0.7), change("out", None, 0.5, 0.25)],
    ];
    let plain = twin::run(&generator(), &input).unwrap();
    for changes in cases {
        let graph = generator().perturbed(&changes).unwrap();
        let expected = twin::run(&graph, &input).unwrap();
        let differs =
            first_difference(expected["image"].data(), plain["image"].data(), Tolerance::ENGINE);
        assert!(differs.is_some(), "a change shows: {changes:?}");
        for kind in [EngineKind::Cpu, EngineKind::Wgsl] {
            if kind == EngineKind::Wgsl && gpu().is_none() {
                continue;
            }
            let found = run(kind, &graph, &input);
            for output in ["image", "features"] {
                assert_close(found[output].data(), expected[output].data(), Tolerance::ENGINE);
            }
        }
    }
}

#[test]
fn strength_is_a_weight_and_the_network_itself_stays() {
    let whole = generator();
    let weak = whole.perturbed(&[change("conv", Some(1), 0.9, 0.0)]).unwrap();
    let strong = whole.perturbed(&[change("conv", Some(1), 0.1, 0.4)]).unwrap();
    assert!(weak.same_structure(&strong), "an engine need not be prepared again");
    let other = whole.perturbed(&[change("conv", Some(0), 0.1, 0.4)]).unwrap();
    assert!(!weak.same_structure(&other), "another channel is another network");
    for (name, weight) in whole.weights() {
        assert_eq!(weight.data(), strong.weight(name).data(), "{name} is untouched");
    }
    let original = |node: &zscope::graph::Node| Graph::original_name(&node.name).map(str::to_owned);
    let names: Vec<Option<String>> = strong.nodes().iter().map(original).collect();
    let holds = |name: &str| names.iter().flatten().filter(|found| *found == name).count();
    assert_eq!((holds("conv"), holds("norm")), (2, 1), "before and after its change");
    assert_eq!(names.iter().filter(|name| name.is_none()).count(), 1, "the channel cut out");
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let whole = generator();
    let refused = |change: Perturbation| whole.perturbed(&[change]).unwrap_err().to_string();
    assert_says(&refused(change("conv", Some(2), 0.0, 0.0)), &["conv", "channel 2", "[2, 5, 4]"]);
    assert_says(&refused(change("conv", Some(0), f32::NAN, 0.0)), &["conv", "NaN", "finite"]);
    assert_says(&refused(change("conv", None, f32::INFINITY, 0.0)), &["scale", "inf"]);
    let weights = named([("codes", array(&[2, 1], &[0.0, 1.0]))]);
    let codes =
        graph_of(&[1, 2, 2], &weights, |input| Op::NearestCode { input, codebook: "codes".into() })
            .unwrap();
    assert!(codes.holds_codes(codes.find("node").unwrap()), "numbers of codes");
    let error = codes.perturbed(&[change("node", None, 0.0, 0.0)]).unwrap_err().to_string();
    assert_says(&error, &["node", "numbers of codes"]);
}

#[test]
fn nodes_are_told_in_words() {
    let graph = generator();
    let told = |name: &str| graph.describe(graph.node(graph.find(name).unwrap()));
    assert_eq!(told("input"), "input", "the input");
    assert_eq!(told("fc"), "linear, tanh", "a sum");
    assert_eq!(told("norm"), "norm of 1 groups, silu", "a norm");
    assert_eq!(told("conv"), "conv 3×3, + skip", "with a residual");
    assert_eq!(told("out"), "conv 1×1, sigmoid", "the last");
    let parameters: usize = graph.nodes().iter().map(|node| graph.parameters_of(node)).sum();
    assert_eq!(parameters, graph.num_parameters(), "no weight is shared here");
}
