//! Looking inside of networks: parts, changes on the way, times, gradients, and what a session keeps of them.

mod changes;
mod dead;
mod gradient;
mod looking;
mod own_picture;
mod state;

use zscope::array::{Array, NamedArrays};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};

use crate::engine_matches_twin::noise;
use crate::graph::{array, named};

/// A small generator: 3 numbers to 2 × 5 × 4 planes, normalized, to a picture of 1 × 5 × 4; a residual goes by.
pub fn generator() -> Graph {
    let weights: NamedArrays = named([
        ("fc", array(&[40, 3], &noise(1, 120))),
        ("fc.b", array(&[40], &noise(2, 40))),
        ("norm", array(&[2], &[1.5, -0.7])),
        ("norm.b", array(&[2], &[0.1, 0.3])),
        ("conv", array(&[2, 2, 3, 3], &noise(3, 36))),
        ("conv.b", array(&[2], &noise(4, 2))),
        ("out", array(&[1, 2, 1, 1], &noise(5, 2))),
    ]);
    let mut builder = GraphBuilder::new(&[3], &weights).unwrap();
    let epilogue = Epilogue::bias("fc.b").with_activation(Activation::Tanh);
    let input = builder.input();
    let fc = builder.add("fc", Op::Linear { input, weight: "fc".into(), epilogue }).unwrap();
    let planes = builder.add("planes", Op::Reshape { input: fc, shape: vec![2, 5, 4] }).unwrap();
    let norm = Op::GroupNorm {
        input: planes,
        weight: "norm".into(),
        bias: "norm.b".into(),
        groups: 1,
        epsilon: 1e-5,
        activation: Activation::Silu,
    };
    let norm = builder.add("norm", norm).unwrap();
    let conv = |input, weight: &str, padding, epilogue| Op::Conv2d {
        input,
        weight: weight.into(),
        upsample: 1,
        stride: [1, 1],
        padding,
        epilogue,
    };
    let epilogue = Epilogue::bias("conv.b").with_residual(planes);
    let body = builder.add("conv", conv(norm, "conv", [1; 4], epilogue)).unwrap();
    let image = conv(body, "out", [0; 4], Epilogue::default().with_activation(Activation::Sigmoid));
    let image = builder.add("out", image).unwrap();
    builder.output("image", image).unwrap();
    builder.output("features", norm).unwrap();
    builder.finish().unwrap()
}

/// Inputs of it.
pub fn latents(count: usize) -> Array {
    array(&[count, 3], &noise(9, 3 * count))
}
