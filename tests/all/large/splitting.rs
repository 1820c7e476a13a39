//! Networks whose values are larger than a device's buffers.

use zscope::engine::split::split;
use zscope::engine::{EngineError, EngineKind, Runner, twin};
use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::vq_model::VqModelConfig;
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};

use super::{autoencoder, decoder, tensors};
use crate::common::{Tolerance, assert_close};
use crate::engine_matches_twin::{gpu, latents, random_weights};

/// Encoder and decoder of pictures of 32 by 32, whose largest values are 16 planes of them.
fn networks(seed: u64) -> [Graph; 2] {
    let config = autoencoder(32, &[16, 16], 1, 4);
    let networks = config.lower(&tensors(&config, seed)).expect("its graphs");
    [networks.encoder.expect("an encoder"), networks.decoder.expect("a decoder")]
}

/// A grid that grows by a transposed convolution and is changed place by place.
fn grown() -> Graph {
    let weights = random_weights(
        3,
        &[("up", &[6, 12, 4, 4]), ("b", &[12]), ("mix", &[12, 12]), ("out", &[2, 12, 3, 3])],
    );
    let mut graph = GraphBuilder::new(&[6, 7, 9], &weights).expect("a builder");
    let input = graph.input();
    let conv = |input, weight: &str, pad, epilogue| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding: [pad; 4],
        epilogue,
    };
    let up = |input| Op::ConvTranspose2d {
        input,
        weight: "up".into(),
        stride: [2, 2],
        padding: [1, 1],
        output_padding: [0, 0],
        epilogue: Epilogue::bias("b").with_activation(Activation::LeakyRelu(0.1)),
    };
    let planes = graph.add("up", up(input)).expect("a node"); // [12, 14, 18]
    let cut = |input, start, len| Op::Slice { input, start, len };
    let half = graph.add("half", cut(planes, 0, 6)).expect("a node");
    let changed = Op::Affine { input: half, scale: -0.5, shift: 0.25 };
    let changed = graph.add("changed", changed).expect("a node");
    let limited = Op::Clamp { input: changed, lo: -0.4, hi: 0.3 };
    let limited = graph.add("limited", limited).expect("a node");
    let waved = Op::Activate { input: limited, activation: Activation::Tanh };
    let waved = graph.add("waved", waved).expect("a node");
    let modulated = Op::Modulate {
        input: waved,
        factor: input,
        summand: input,
        activation: Activation::Sigmoid,
    };
    let modulated = graph.add("modulated", modulated).expect("a node");
    let few = graph.add("few", cut(modulated, 1, 1)).expect("a node");
    let mixed = Epilogue::bias("b").with_residual(planes).with_activation(Activation::Relu);
    let mixed = graph.add("mixed", conv(planes, "mix", 0, mixed)).expect("a node");
    let out = graph.add("out", conv(mixed, "out", 1, Epilogue::default())).expect("a node");
    graph.output("few", few).expect("an output");
    graph.output("out", out).expect("an output");
    graph.finish().expect("a graph")
}

fn largest(graph: &Graph) -> usize {
    graph.nodes().iter().map(zscope::graph::Node::num_values).max().unwrap_or(0)
}

#[test]
fn no_value_is_larger_than_the_limit_and_no_sum_is_lost() {
    let [encoder, decoder] = networks(1);
    for (graph, limit) in [(&encoder, 4096), (&decoder, 4096), (&decoder, 8192), (&grown(), 1512)] {
        assert!(largest(graph) > limit, "something to split");
        let fitted = split(graph, limit).expect("it falls into bands");
        assert!(largest(&fitted) <= limit, "{} of {limit}", largest(&fitted));
        assert_eq!(fitted.flops(), graph.flops(), "the same work");
        assert_eq!(fitted.num_parameters(), graph.num_parameters(), "the same weights, cut");
        let input = latents(graph, 1);
        let [found, expected] = [&fitted, graph].map(|graph| twin::run(graph, &input));
        let (found, expected) = (found.expect("a run"), expected.expect("a run"));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "names");
        for (name, expected) in &expected {
            assert_close(found[name].data(), expected.data(), Tolerance::TIGHT);
        }
    }
    let whole = split(&decoder, largest(&decoder)).expect("it fits");
    assert!(whole.same_structure(&decoder), "what fits stays as it is");
}

#[test]
fn small_buffers_give_the_same_pictures() {
    let Some(gpu) = gpu() else { return };
    for (index, graph) in networks(2).into_iter().chain([grown()]).enumerate() {
        let gpu = gpu.limited_to([4096, 4096, 1512][index]);
        let input = latents(&graph, 3);
        let expected = twin::run(&graph, &input).expect("a run");
        let mut runner = Runner::new(EngineKind::Wgsl, &graph, Some(&gpu)).expect("a runner");
        let found = runner.run(&input).expect("a run");
        for (name, expected) in &expected {
            assert_eq!(found[name].shape(), expected.shape(), "{name}");
            assert_close(found[name].data(), expected.data(), Tolerance::ENGINE);
        }
    }
}

#[test]
fn split_networks_take_newer_weights_and_other_sizes() {
    let Some(gpu) = gpu() else { return };
    let gpu = gpu.limited_to(4096);
    let [[_, old], [_, new]] = [networks(3), networks(4)];
    let mut runner = Runner::new(EngineKind::Wgsl, &old, Some(&gpu)).expect("a runner");
    runner.update_weights(&new).expect("an update");
    let smaller = new.with_input_shape(&[4, 6, 4]).expect("a smaller one");
    let mut resized = runner.resized(&smaller).expect("a smaller runner");
    for (runner, graph) in [(&mut runner, &new), (&mut resized, &smaller)] {
        let input = latents(graph, 2);
        let expected = twin::run(graph, &input).expect("a run");
        let found = runner.run(&input).expect("a run");
        assert_close(found["image"].data(), expected["image"].data(), Tolerance::ENGINE);
    }
}

#[test]
fn what_does_not_fall_into_bands_is_refused_with_what_to_do() {
    let config = autoencoder(32, &[16, 16], 1, 8);
    let graph = decoder(&VqModelConfig { mid_block_add_attention: false, ..config }, 5);
    let refused = split(&graph, 2048).expect_err("the picture itself is larger");
    let found = EngineError::TooLarge {
        what: "bytes of `decoder.conv_out` of one item, which does not fall into bands".to_owned(),
        found: 4 * 3 * 1024,
        limit: 4 * 2048,
    };
    assert_eq!(refused, found, "an output");
    assert!(refused.to_string().contains("the engine cpu has no such limit"), "{refused}");
    let graph = decoder(&autoencoder(32, &[16, 16], 1, 2), 5);
    let refused = split(&graph, 4096).expect_err("two groups do not fall into four bands");
    assert!(refused.to_string().contains("norm"), "{refused}");
    let refused = split(&graph, 1000).expect_err("the input itself is larger");
    assert!(refused.to_string().contains("`input`"), "{refused}");
}
