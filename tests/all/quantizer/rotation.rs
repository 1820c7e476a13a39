//! The rotation trick against hand-computed numbers and a PyTorch library.

use burn::tensor::{Device, Tensor};
use zscope::array::Array;
use zscope::graph::lower::quantizer::{GradientPath, QuantizerConfig};
use zscope::model::params::tensor_from_array;
use zscope::model::quantizer::rotated;

use super::{
    array, assert_reads, config, noise, on_cpu, oracle, rows, tracked, values, with_codes,
};
use crate::common::{Tolerance, assert_close, first_difference};

/// The rotated vectors, and the gradient of their product with `upstream`.
fn rotation(vectors: &Array, codes: &Array, upstream: &Array) -> [Vec<f32>; 2] {
    let vectors = tracked::<2>(vectors);
    let codes = tensor_from_array(codes, &Device::flex());
    let turned: Tensor<2> = rotated(vectors.clone(), codes);
    let gradients = (turned.clone() * on_cpu(upstream)).sum().backward();
    [values(turned), values(vectors.grad(&gradients).expect("a gradient"))]
}

#[test]
fn rotation_by_hand() {
    // (1, 0) onto (0, 2): a quarter turn and twice the length. The gradient turns back: (0, 1) to (2, 0), and
    // (1, 0), which is at a right angle to the code, to (0, -2).
    let (vectors, codes) =
        (array(&[2, 2], &[1.0, 0.0, 1.0, 0.0]), array(&[2, 2], &[0.0, 2.0, 0.0, 2.0]));
    let [turned, gradient] = rotation(&vectors, &codes, &array(&[2, 2], &[0.0, 1.0, 1.0, 0.0]));
    assert_close(&turned, codes.data(), Tolerance::TIGHT);
    assert_close(&gradient, &[2.0, 0.0, 0.0, -2.0], Tolerance::TIGHT);
    // Along the code only the length counts.
    let [_, gradient] = rotation(
        &array(&[1, 2], &[0.5, 0.5]),
        &array(&[1, 2], &[2.0, 2.0]),
        &array(&[1, 2], &[3.0, -1.0]),
    );
    assert_close(&gradient, &[12.0, -4.0], Tolerance::TIGHT);
}

#[test]
fn rotation_matches_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_rotation_trick") else { return };
    let [vectors, codes, upstream] = ["e", "q", "upstream"].map(|name| rows(&file, name));
    let [turned, gradient] = rotation(&vectors, &codes, &upstream);
    // One row is as long as 1e-6 and turns onto one of length one: its gradient is of order 1e6.
    for row in 0..vectors.num_rows() {
        let of = |array: &Array| array.row(row).to_vec();
        let d = vectors.row_len();
        let (out, grad) = (file.array("out").expect("out"), file.array("grad_e").expect("grad_e"));
        assert_close(&turned[row * d..(row + 1) * d], &of(&out), Tolerance::ENGINE);
        assert_close(&gradient[row * d..(row + 1) * d], &of(&grad), Tolerance::ENGINE);
        let mut wrong = gradient[row * d..(row + 1) * d].to_vec();
        wrong[1] += 1e-3 + 1e-3 * wrong.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(
            first_difference(&wrong, &of(&grad), Tolerance::ENGINE).is_some(),
            "row {row} changed"
        );
    }
}

#[test]
fn a_quantizer_rotates_its_gradient() {
    let Some(file) = oracle("vqp_euclidean") else { return };
    let [vectors, codes, upstream] = ["x", "codebook", "upstream"].map(|name| rows(&file, name));
    let plain = config(codes.num_rows(), codes.row_len(), false);
    let quantizer =
        with_codes(&QuantizerConfig { gradient: GradientPath::Rotation, ..plain }, &codes);
    let vectors = tracked::<2>(&vectors);
    let batch = quantizer.forward(vectors.clone(), None);
    assert_eq!(
        values(batch.codes.clone()),
        file.array("quantized_eval").expect("rows").data(),
        "exactly codes"
    );
    let gradients = (batch.codes * on_cpu(&upstream)).sum().backward();
    let gradient = values(vectors.grad(&gradients).expect("a gradient"));
    assert_reads(&file, "rotation.grad_x_from_out", &gradient);
    // Negative control: straight through it is upstream itself.
    let straight = first_difference(&gradient, upstream.data(), Tolerance::TIGHT);
    assert!(straight.is_some(), "the identity");
}

#[test]
fn zeros_have_finite_gradients() {
    let vectors = array(&[2, 3], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let codes = array(&[2, 3], &[1.0, 2.0, 3.0, -1.0, 0.0, 0.0]);
    for [vectors, codes] in [[&vectors, &codes], [&codes, &vectors]] {
        let [turned, gradient] = rotation(vectors, codes, &noise(1, &[2, 3]));
        assert!(
            turned.iter().chain(&gradient).all(|value| value.is_finite()),
            "{turned:?} {gradient:?}"
        );
    }
}
