//! Hand-computed numbers on the twin, and PyTorch's on twin and CPU.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, Op};

use super::{attention, group_norm, upsampling};
use crate::common::{Tolerance, assert_close, shared_arrays};
use crate::graph::{array, graph_of, named, twin_of};

#[test]
fn group_norm_by_hand() {
    let weights = named([
        ("w", array(&[4], &[3.0, 6.0, 1.0, 1.0])),
        ("b", array(&[4], &[0.0, 1.0, 5.0, -5.0])),
    ]);
    let x = array(&[1, 4, 1, 2], &[1.0, 3.0, 5.0, 7.0, 2.0, 2.0, 2.0, 2.0]);
    let normalized =
        |activation| twin_of(&x, &weights, |input| group_norm(input, 2, 4.0, activation));
    // The first group has mean 4 and variance 5: deviations over sqrt(5 + 4). The second does not deviate.
    let expected = [-3.0, -1.0, 3.0, 7.0, 5.0, 5.0, -5.0, -5.0];
    assert_close(normalized(Activation::None).data(), &expected, Tolerance::TIGHT);
    let expected = [0.0, 0.0, 3.0, 7.0, 5.0, 5.0, 0.0, 0.0];
    assert_close(normalized(Activation::Relu).data(), &expected, Tolerance::TIGHT);
}

#[test]
fn attention_by_hand() {
    let ln3 = 3.0f32.ln();
    // The first token's scores are 0 and ln 3, which weigh 1/4 and 3/4; the second's are equal.
    let one = array(&[1, 3, 1, 2], &[1.0, 0.0, 0.0, ln3, 10.0, 20.0]);
    let of = |heads, input: &Array| {
        let graph = attention(&input.shape()[1..], heads).expect("a graph");
        twin::run(&graph, input).expect("a run").remove("y").expect("its output")
    };
    assert_close(of(1, &one).data(), &[17.5, 15.0], Tolerance::TIGHT);
    // Two heads do not see each other: the second one asks for nothing in particular.
    let two = [1.0, 0.0, 0.0, 0.0, 0.0, ln3, 7.0, 9.0, 10.0, 20.0, 2.0, 4.0];
    let two = array(&[1, 6, 2, 1], &two);
    assert_close(of(2, &two).data(), &[17.5, 15.0, 3.0, 3.0], Tolerance::TIGHT);
    // One head of four values: products count half.
    let mut four = Array::zeros([1, 12, 1, 2]);
    for (place, value) in [(0, 2.0), (9, ln3), (16, 10.0), (17, 20.0), (22, 2.0), (23, 4.0)] {
        four.data_mut()[place] = value;
    }
    let expected = [17.5, 15.0, 0.0, 0.0, 0.0, 0.0, 3.5, 3.0];
    assert_close(of(1, &four).data(), &expected, Tolerance::TIGHT);
}

#[test]
fn upsampling_by_hand() {
    let x = array(&[1, 1, 1, 2], &[1.0, 2.0]);
    let of = |kernel: Array, factor, padding| {
        let weights = named([("w", kernel)]);
        twin_of(&x, &weights, |input| upsampling(input, factor, padding))
    };
    let y = of(array(&[1, 1, 1, 1], &[10.0]), 2, [0; 4]);
    assert_eq!(y.shape(), [1, 1, 2, 4], "twice as many rows and columns");
    assert_eq!(y.data(), [10.0, 10.0, 20.0, 20.0].repeat(2), "each of them twice");
    // Zeros lie around the upsampled row 1 1 2 2, not around 1 2.
    let y = of(array(&[1, 1, 1, 3], &[1.0, 10.0, 100.0]), 2, [0, 0, 1, 1]);
    assert_eq!(y.data(), [110.0, 211.0, 221.0, 22.0].repeat(2), "a kernel over it");
    assert_eq!(of(array(&[1, 1, 1, 1], &[1.0]), 3, [0; 4]).shape(), [1, 1, 3, 6], "three times");
}

#[test]
fn a_matrix_is_kernels_of_one_place() {
    let weights = named([
        ("w", array(&[2, 3], &[1.0, 10.0, 100.0, 1.0, 0.0, -1.0])),
        ("b", array(&[2], &[0.5, 0.0])),
    ]);
    let x = array(&[1, 3, 1, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let conv = |input| Op::Conv2d {
        input,
        weight: "w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue: Epilogue::bias("b"),
    };
    let graph = graph_of(&[3, 1, 2], &weights, conv).expect("a graph");
    assert_eq!(graph.flops(), 2 * 2 * 2 * 3, "two per multiply-add");
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let y = Runner::new(kind, &graph, None).expect("a runner").run(&x).expect("a run");
        assert_eq!(y["y"].data(), [531.5, 642.5, -4.0, -4.0], "{kind}");
    }
}

#[test]
fn limits_by_hand() {
    let x = array(&[1, 5], &[-31.0, -30.0, 0.5, 20.0, 1e30]);
    let y = twin_of(&x, &NamedArrays::new(), |input| Op::Clamp { input, lo: -30.0, hi: 20.0 });
    assert_eq!(y.data(), [-30.0, -30.0, 0.5, 20.0, 20.0], "between the limits");
    let y = twin_of(&x, &NamedArrays::new(), |input| Op::Clamp { input, lo: 3.0, hi: 3.0 });
    assert_eq!(y.data(), [3.0; 5], "one limit");
}

#[test]
fn group_norm_matches_pytorch() {
    let Some(file) = shared_arrays("oracles/layers/io.safetensors") else { return };
    let of = |name: &str| file[&format!("groupnorm4_eps1e-6.{name}")].clone();
    let weights = named([("w", of("weight")), ("b", of("bias"))]);
    let mut x = file["x"].clone();
    x.data_mut().iter_mut().for_each(|value| *value = 3.0 * *value + 1.0);
    let norm = |input| group_norm(input, 4, 1e-6, Activation::None);
    let graph = graph_of(&x.shape()[1..], &weights, norm).expect("a graph");
    for kind in [EngineKind::Twin, EngineKind::Cpu] {
        let y = Runner::new(kind, &graph, None).expect("a runner").run(&x).expect("a run");
        assert_close(y["y"].data(), of("y").data(), Tolerance::TIGHT);
    }
}
