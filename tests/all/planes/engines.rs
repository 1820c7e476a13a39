//! Networks of these operations on every engine, and their plans.

use zscope::array::NamedArrays;
use zscope::engine::plan::{Binding, Plan};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};

use super::attention;
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::{gpu, latents, random_weights};

/// Planes of six, 5 by 7, through a block of attention to a picture of 10 by 14 between two limits.
fn network(seed: u64) -> Graph {
    let weights = random_weights(
        seed,
        &[
            ("norm.w", &[6]),
            ("norm.b", &[6]),
            ("q.w", &[6, 6]),
            ("k.w", &[6, 6, 1, 1]),
            ("v.w", &[6, 6]),
            ("q.b", &[6]),
            ("k.b", &[6]),
            ("v.b", &[6]),
            ("out.w", &[6, 6]),
            ("out.b", &[6]),
            ("up.w", &[3, 6, 3, 3]),
            ("up.b", &[3]),
        ],
    );
    let mut builder = GraphBuilder::new(&[6, 5, 7], &weights).expect("a builder");
    let input = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let conv = |input, name: &str, upsample: usize, epilogue: Epilogue| Op::Conv2d {
        input,
        weight: format!("{name}.w"),
        upsample,
        stride: [1, 1],
        padding: [upsample - 1; 4],
        epilogue: Epilogue { bias: Some(format!("{name}.b")), ..epilogue },
    };
    let norm = Op::GroupNorm {
        input,
        weight: "norm.w".into(),
        bias: "norm.b".into(),
        groups: 2,
        epsilon: 1e-6,
        activation: Activation::Silu,
    };
    let norm = add("norm", norm);
    let [query, key, value] =
        ["q", "k", "v"].map(|name| add(name, conv(norm, name, 1, Epilogue::default())));
    let mixed = add("attention", Op::Attention { query, key, value, heads: 3, causal: false });
    let sum = add("out", conv(mixed, "out", 1, Epilogue::default().with_residual(input)));
    let up = add("up", conv(sum, "up", 2, Epilogue::default()));
    let image = add("image", Op::Clamp { input: up, lo: -0.5, hi: 0.75 });
    builder.output("image", image).expect("an output");
    builder.finish().expect("a graph")
}

#[test]
fn networks_agree_on_every_engine() {
    let Some(gpu) = gpu() else { return };
    let graph = network(1);
    assert_eq!(graph.output_shape("image"), Some(&[3, 10, 14][..]), "twice as large");
    for batch in [1, 3] {
        let input = latents(&graph, batch);
        let expected = &twin::run(&graph, &input).expect("a run")["image"];
        let at_limits = expected.data().iter().filter(|value| [-0.5, 0.75].contains(*value));
        let share = at_limits.count() as f32 / expected.data().len() as f32;
        assert!((0.05..0.95).contains(&share), "some are cut off, some are not: {share}");
        for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
            let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
            let found = &runner.run(&input).expect("a run")["image"];
            assert_close(found.data(), expected.data(), Tolerance::ENGINE);
            runner.update_weights(&network(2)).expect("newer weights");
            let newer = &runner.run(&input).expect("a run")["image"];
            let same = first_difference(newer.data(), expected.data(), Tolerance::ENGINE);
            assert!(same.is_some(), "other weights give another picture: {kind}");
        }
    }
}

#[test]
fn attention_to_many_tokens_agrees_on_every_engine() {
    let Some(gpu) = gpu() else { return };
    // More scores than the CPU keeps at once.
    let graph = attention(&[6, 1, 1511], 2).expect("a graph");
    let input = latents(&graph, 1);
    let expected = &twin::run(&graph, &input).expect("a run")["y"];
    for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        let found = &runner.run(&input).expect("a run")["y"];
        assert_close(found.data(), expected.data(), Tolerance::ENGINE);
    }
}

#[test]
fn attention_reads_three_values_and_counts_its_products() {
    let graph = attention(&[6, 3, 5], 2).expect("a graph");
    // Two per multiply-add of 15 by 15 products and as many parts of mixtures, of two values each.
    assert_eq!(graph.flops(), 2 * 2 * 15 * 15 * 2);
    let plan = Plan::new(&graph, 4);
    let pass = plan.passes.last().expect("passes");
    let read: Vec<usize> = pass.reads().collect();
    assert_eq!(read.len(), 3, "query, key and value");
    assert!(!read.contains(&pass.output), "writes what it reads");
    assert!(read[0] != read[1] && read[1] != read[2], "three of them");
    assert_eq!(plan.buffers[pass.output], 2 * 15 * 4, "no room for scores");
}

#[test]
fn passes_bind_what_their_shaders_name() {
    let plan = Plan::new(&network(1), 1);
    let of = |node: &str| &plan.passes.iter().find(|pass| pass.node == node).expect("it").inputs;
    let weight = |name: &str| Binding::Weight(name.to_owned());
    assert_eq!(of("norm")[1..], [weight("norm.w"), weight("norm.b")], "factors and summands");
    assert_eq!(of("out")[1..], [weight("out.w"), weight("out.b"), Binding::Buffer(0)], "residual");
    // What the parameters say is not read is bound to something that is there.
    let [input, _, _, residual] = &of("q")[..] else { panic!("four bindings") };
    assert_eq!(input, residual, "in place of a residual");
}

#[test]
fn weights_may_be_shared_by_sums_and_convolutions() {
    let weights: NamedArrays = random_weights(3, &[("w", &[4, 4])]);
    let mut builder = GraphBuilder::new(&[4, 1, 1], &weights).expect("a builder");
    let input = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let conv = add("conv", super::upsampling(input, 1, [0; 4]));
    let flat = add("flat", Op::Reshape { input, shape: vec![4] });
    let (weight, epilogue) = ("w".into(), Epilogue::default());
    let linear = add("linear", Op::Linear { input: flat, weight, epilogue });
    builder.output("conv", conv).expect("an output");
    builder.output("linear", linear).expect("an output");
    let graph = builder.finish().expect("a graph");
    let input = latents(&graph, 3);
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let y = Runner::new(kind, &graph, None).expect("a runner").run(&input).expect("a run");
        assert_close(y["conv"].data(), y["linear"].data(), Tolerance::TIGHT);
    }
}
