//! Networks of these operations on every engine.

use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, GraphBuilder, Op};

use crate::common::{Tolerance, assert_close};
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
