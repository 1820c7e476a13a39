//! What the CPU engine computes piece by piece against the twin, and how much it says that this takes.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::lower::Architecture as _;
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};

use super::{autoencoder, decoder};
use crate::common::{Tolerance, assert_close};
use crate::engine_matches_twin::{latents, noise, random_weights};

/// A convolution between two shapes of planes.
struct Case {
    planes: [usize; 3],
    kernels: [usize; 3],
    upsample: usize,
    stride: [usize; 2],
    padding: [usize; 4],
    activation: Activation,
}

const fn case(planes: [usize; 3], kernels: [usize; 3]) -> Case {
    Case {
        planes,
        kernels,
        upsample: 1,
        stride: [1, 1],
        padding: [1; 4],
        activation: Activation::None,
    }
}

/// Every one of them is large, and the first two take several bands.
fn cases() -> Vec<Case> {
    vec![
        case([32, 151, 149], [3, 3, 3]),
        Case { upsample: 2, activation: Activation::Silu, ..case([17, 83, 79], [5, 3, 3]) },
        Case { stride: [2, 2], padding: [0, 1, 0, 1], ..case([5, 130, 134], [7, 3, 3]) },
        Case { upsample: 3, padding: [0; 4], ..case([2, 67, 59], [3, 1, 1]) },
        Case { padding: [0; 4], activation: Activation::Relu, ..case([11, 81, 83], [3, 1, 1]) },
        Case { padding: [5, 4, 3, 6], ..case([3, 157, 163], [2, 4, 5]) },
        Case {
            stride: [3, 2],
            padding: [2, 0, 0, 2],
            activation: Activation::LeakyRelu(0.2),
            ..case([4, 131, 137], [3, 5, 2])
        },
        Case {
            upsample: 2,
            stride: [2, 1],
            activation: Activation::Gelu,
            ..case([3, 101, 115], [4, 3, 3])
        },
        // Kernels so large that they count, over planes smaller than they are.
        Case { padding: [0, 6, 7, 0], ..case([700, 2, 3], [31, 7, 7]) },
    ]
}

impl Case {
    /// The convolution alone, then with its own output added to it.
    fn graph(&self) -> Graph {
        let ([c, ..], [out, kh, kw]) = (self.planes, self.kernels);
        let weights = random_weights(1, &[("w", &[out, c, kh, kw]), ("b", &[out])]);
        let mut graph = GraphBuilder::new(&self.planes, &weights).expect("a builder");
        let input = graph.input();
        let conv = |epilogue| Op::Conv2d {
            input,
            weight: "w".into(),
            upsample: self.upsample,
            stride: self.stride,
            padding: self.padding,
            epilogue,
        };
        let first = graph.add("plain", conv(Epilogue::default())).expect("a node");
        let epilogue = Epilogue::bias("b").with_residual(first).with_activation(self.activation);
        let second = graph.add("added", conv(epilogue)).expect("a node");
        graph.output("plain", first).expect("an output");
        graph.output("added", second).expect("an output");
        graph.finish().expect("a graph")
    }
}

fn assert_cpu_matches_twin(graph: &Graph, batch: usize) {
    let input = latents(graph, batch);
    let expected = twin::run(graph, &input).expect("a run");
    let mut runner = Runner::new(EngineKind::Cpu, graph, None).expect("a runner");
    let found = runner.run(&input).expect("a run");
    for (name, expected) in &expected {
        assert_eq!(found[name].shape(), expected.shape(), "{name}");
        assert_close(found[name].data(), expected.data(), Tolerance::ENGINE);
    }
}

#[test]
fn convolutions_in_bands_match_the_twin() {
    for (index, case) in cases().iter().enumerate() {
        assert_cpu_matches_twin(&case.graph(), 1 + index % 2);
    }
}

#[test]
fn large_normalizations_match_the_twin() {
    for (shape, groups, activation) in [
        ([6, 107, 109], 2, Activation::Silu),
        ([5, 127, 131], 5, Activation::None),
        ([4, 131, 129], 1, Activation::Tanh),
    ] {
        let weights = random_weights(2, &[("w", &shape[..1]), ("b", &shape[..1])]);
        let mut graph = GraphBuilder::new(&shape, &weights).expect("a builder");
        // Far from zero, where rounding shows.
        let far = Op::Affine { input: graph.input(), scale: 0.5, shift: 100.0 };
        let far = graph.add("far", far).expect("a node");
        let norm = |input| Op::GroupNorm {
            input,
            weight: "w".into(),
            bias: "b".into(),
            groups,
            epsilon: 1e-6,
            activation,
        };
        // The first must leave alone what the second reads; the second may overwrite it.
        let first = graph.add("first", norm(far)).expect("a node");
        let second = graph.add("second", norm(far)).expect("a node");
        graph.output("first", first).expect("an output");
        graph.output("second", second).expect("an output");
        assert_cpu_matches_twin(&graph.finish().expect("a graph"), 2);
    }
}

#[test]
fn a_decoder_in_pieces_matches_the_twin() {
    let graph = decoder(&autoencoder(64, &[16, 16], 1, 4), 3);
    assert!(graph.nodes().iter().any(|node| node.num_values() == 1 << 16), "it is large");
    assert_cpu_matches_twin(&graph, 1);
}

#[test]
fn items_of_a_batch_do_not_know_each_other() {
    let graph = cases()[1].graph();
    let input = latents(&graph, 3);
    let mut runner = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
    let together = runner.run(&input).expect("a run");
    for row in 0..3 {
        let alone = runner.run(&input.rows(row, row + 1)).expect("a run");
        assert_eq!(alone["added"].data(), together["added"].row(row), "item {row}");
    }
}

/// The autoencoder of Stable Diffusion, its decoder of weights that are zero.
fn stable_diffusion() -> Graph {
    let config = autoencoder(512, &[128, 256, 512, 512], 2, 32);
    let zeros = |(name, shape): (String, Vec<usize>)| (name, Array::zeros(shape));
    let tensors: NamedArrays = config.tensors().into_iter().map(zeros).collect();
    assert_eq!(config.num_parameters(), 83_653_863, "as the published one has");
    config.lower(&tensors).expect("its graphs").decoder.expect("a decoder")
}

#[test]
fn what_a_large_decoder_takes_is_known_beforehand() {
    let graph = stable_diffusion();
    assert_eq!(graph.output_shape("image"), Some(&[3, 512, 512][..]), "its picture");
    let mib = |bytes: u64| bytes >> 20;
    let runner = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
    let memory = runner.memory();
    // What the widest block reads and normalizes, 256 MiB each, what it makes of them, 128 MiB, and bands.
    assert!((640..700).contains(&mib(memory.values)), "{memory:?}");
    // Kernels of over 4 MiB, and those that meet very many places, are read where they are, others laid out.
    assert!(mib(memory.weights) < 27, "large kernels are read where they are: {memory:?}");
    let twin = Runner::new(EngineKind::Twin, &graph, None).expect("a runner").memory();
    assert!(twin.values > 4 * memory.values, "the twin keeps all values: {twin:?}");
}

#[test]
fn a_network_takes_items_of_another_size() {
    let config = autoencoder(64, &[16, 16], 1, 4);
    let graph = decoder(&config, 4);
    let smaller = graph.with_input_shape(&[4, 8, 16]).expect("a smaller one");
    let same = decoder(&autoencoder(16, &[16, 16], 1, 4), 4);
    assert_eq!(smaller.output_shape("image"), Some(&[3, 16, 32][..]), "its picture");
    let square = graph.with_input_shape(&[4, 8, 8]).expect("a smaller one");
    let input = latents(&square, 2);
    let [found, expected] = [&square, &same].map(|graph| twin::run(graph, &input).expect("a run"));
    assert_eq!(found, expected, "as if it had been described so");
    let refused = graph.with_input_shape(&[3, 8, 8]).expect_err("other channels");
    assert!(refused.to_string().contains("found 3, expected 4"), "{refused}");
    let mlp = {
        let weights = NamedArrays::from([(
            "w".to_owned(),
            Array::new([2, 3], noise(1, 6)).expect("a matrix"),
        )]);
        crate::graph::graph_of(&[3], &weights, |input| Op::Linear {
            input,
            weight: "w".into(),
            epilogue: Epilogue::default(),
        })
        .expect("a graph")
    };
    assert!(mlp.with_input_shape(&[6]).is_err(), "a matrix fits one size");
}
