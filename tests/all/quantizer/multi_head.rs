//! Multi-head quantization: the parts of a vector for themselves.

use zscope::array::Array;
use zscope::graph::lower::quantizer::{GradientPath, Method, QuantizerConfig};
use zscope::model::quantizer::{Quantizer, rotated};

use super::{
    array, config, index, noise, on_cpu, tracked, values, whole, with_codes, wrong_choice,
};
use crate::common::{Tolerance, assert_close};

fn quantizer(codes: &Array, heads: usize, shared: bool, gradient: GradientPath) -> Quantizer {
    let k = if shared { codes.num_rows() } else { codes.num_rows() / heads };
    let plain = config(k, heads * codes.row_len(), false);
    with_codes(
        &QuantizerConfig { method: Method::MultiHead { heads, shared }, gradient, ..plain },
        codes,
    )
}

#[test]
fn heads_by_hand() {
    let vectors = array(&[2, 2], &[1.0, 9.0, 6.0, 0.0]);
    // One codebook 0, 8: the vectors become (0, 8) and (8, 0).
    let codes = array(&[2, 1], &[0.0, 8.0]);
    let shared = quantizer(&codes, 2, true, GradientPath::StraightThrough);
    let batch = shared.forward(tracked(&vectors), None);
    assert_eq!(whole(batch.indices.clone()), [0, 1, 1, 0], "the first head of all vectors first");
    assert_eq!(values(batch.codes.clone()), [0.0, 8.0, 8.0, 0.0]);
    assert_eq!(values(batch.counts.clone()), [2.0, 2.0], "both heads count");
    // The mean of the squares of 1, 1, -2 and 0.
    assert_eq!(values(batch.commitment_loss.clone()), [1.5]);
    assert_eq!(values(batch.codebook_loss.clone().expect("moved by its loss")), [1.5]);
    // Codebooks 0, 8 and 1, 7.
    let codes = array(&[4, 1], &[0.0, 8.0, 1.0, 7.0]);
    let separate = quantizer(&codes, 2, false, GradientPath::StraightThrough);
    let batch = separate.forward(tracked(&vectors), None);
    assert_eq!(whole(batch.indices.clone()), [0, 1, 3, 2], "rows of both codebooks");
    assert_eq!(whole(separate.indices(on_cpu(&vectors))), [0, 1, 1, 0], "each in its own");
    assert_eq!(values(batch.codes.clone()), [0.0, 7.0, 8.0, 1.0]);
    assert_eq!(values(batch.commitment_loss), [(1.0 + 4.0 + 4.0 + 1.0) / 4.0]);
}

#[test]
fn every_head_chooses_the_nearest() {
    for (shared, parts) in [(true, 1), (false, 3)] {
        let (n, k, d) = (50, 11, 4);
        let (vectors, codes) = (noise(1, &[n, 3 * d]), noise(2, &[parts * k, d]));
        let quantizer = quantizer(&codes, 3, shared, GradientPath::StraightThrough);
        let batch = quantizer.forward(on_cpu(&vectors), None);
        let indices = whole(quantizer.indices(on_cpu(&vectors)));
        let found = values(quantizer.codes(quantizer.indices(on_cpu(&vectors))));
        assert_eq!(found, values(batch.codes), "decoding the indices gives the vectors back");
        assert_eq!(values(batch.counts.sum()), [3.0 * n as f32]);
        let rows = whole(batch.indices);
        for head in 0..3 {
            let part = if shared { 0 } else { head };
            let own = codes.rows(part * k, (part + 1) * k);
            let parts = (0..n).flat_map(|row| vectors.row(row)[head * d..(head + 1) * d].to_vec());
            let parts = array(&[n, d], &parts.collect::<Vec<_>>());
            let chosen = &indices[head * n..(head + 1) * n];
            assert_eq!(wrong_choice(chosen, &parts, &own), None, "head {head}");
            let expected: Vec<i32> = chosen.iter().map(|code| code + index(part * k)).collect();
            assert_eq!(rows[head * n..(head + 1) * n], expected, "rows of all codes");
        }
    }
}

#[test]
fn gradients_pass_to_every_head() {
    let (vectors, upstream, codes) = (noise(3, &[9, 6]), noise(4, &[9, 6]), noise(5, &[7, 3]));
    let gradient = |path| {
        let tensor = tracked::<2>(&vectors);
        let batch = quantizer(&codes, 2, true, path).forward(tensor.clone(), None);
        let gradients = (batch.codes.clone() * on_cpu(&upstream)).sum().backward();
        (values(batch.codes), values(tensor.grad(&gradients).expect("a gradient")))
    };
    assert_eq!(gradient(GradientPath::StraightThrough).1, upstream.data(), "the identity");
    // Each head is turned for itself.
    let (quantized, turned) = gradient(GradientPath::Rotation);
    let halves = |array: &[f32], head: usize| {
        let rows = array.chunks_exact(6).flat_map(|row| row[head * 3..(head + 1) * 3].to_vec());
        super::array(&[9, 3], &rows.collect::<Vec<_>>())
    };
    for head in 0..2 {
        let own = tracked::<2>(&halves(vectors.data(), head));
        let out = rotated(own.clone(), on_cpu(&halves(&quantized, head)));
        let gradients = (out * on_cpu::<2>(&halves(upstream.data(), head))).sum().backward();
        let expected = values(own.grad(&gradients).expect("a gradient"));
        assert_close(halves(&turned, head).data(), &expected, Tolerance::TIGHT);
    }
}
