//! Residual quantization: what one quantizer leaves over is the next one's.

use zscope::array::Array;
use zscope::graph::lower::quantizer::{Method, QuantizerConfig};
use zscope::model::params::{array_from_tensor, collect};
use zscope::model::quantizer::{CodebookRules, Quantizer};

use super::{
    array, config, index, noise, on_cpu, tracked, values, whole, with_codes, wrong_choice,
};

/// Stages of `k` codes each, whose rows lie one after the other in `codes`.
fn quantizer(codes: &Array, quantizers: usize, ema: bool) -> Quantizer {
    let plain = config(codes.num_rows() / quantizers, codes.row_len(), ema);
    let method = Method::Residual { quantizers };
    with_codes(&QuantizerConfig { method, ..plain }, codes)
}

#[test]
fn residuals_by_hand() {
    // First 0 and 10, then -1 and 1.
    let codes = array(&[4, 1], &[0.0, 10.0, -1.0, 1.0]);
    let vectors = tracked::<2>(&array(&[2, 1], &[8.0, 0.5]));
    let quantizer = quantizer(&codes, 2, false);
    let batch = quantizer.forward(vectors.clone(), None);
    // 8 = 10 - 2, of which -1 takes half; 0.5 = 0 + 0.5, which is nearest to 1.
    assert_eq!(whole(batch.indices.clone()), [1, 0, 2, 3], "rows of both codebooks");
    assert_eq!(values(batch.codes.clone()), [9.0, 1.0]);
    assert_eq!(values(batch.counts.clone()), [1.0, 1.0, 1.0, 1.0]);
    // Means of the squares of (-2, 0.5), and of (-1, -0.5), summed.
    assert_eq!(values(batch.commitment_loss.clone()), [2.125 + 0.625]);
    assert_eq!(values(batch.codebook_loss.clone().expect("moved by its loss")), [2.125 + 0.625]);
    // Each residual counts: d/dz = ((-2 - 1), (0.5 - 0.5)).
    let gradients = batch.commitment_loss.backward();
    assert_eq!(values(vectors.grad(&gradients).expect("commitment")), [-3.0, 0.0]);
    assert_eq!(whole(quantizer.indices(on_cpu(&array(&[2, 1], &[8.0, 0.5])))), [1, 0, 0, 1]);
}

#[test]
fn straight_through_is_the_identity() {
    let (vectors, codes, upstream) = (noise(1, &[29, 5]), noise(2, &[33, 5]), noise(3, &[29, 5]));
    let vectors = tracked::<2>(&vectors);
    let batch = quantizer(&codes, 3, false).forward(vectors.clone(), None);
    let gradients = (batch.codes * on_cpu(&upstream)).sum().backward();
    let gradient = values(vectors.grad(&gradients).expect("a gradient"));
    assert_eq!(gradient, upstream.data(), "once, however many quantizers there are");
}

#[test]
fn every_choice_is_the_nearest_of_its_own() {
    for (n, k, d, quantizers) in [(1, 1, 1, 2), (40, 7, 3, 4), (97, 13, 5, 3)] {
        let (vectors, codes) = (noise(4, &[n, d]), noise(5, &[quantizers * k, d]));
        let quantizer = quantizer(&codes, quantizers, true);
        let batch = quantizer.forward(on_cpu(&vectors), None);
        let indices = whole(quantizer.indices(on_cpu(&vectors)));
        assert_eq!(
            values(quantizer.codes(quantizer.indices(on_cpu(&vectors)))),
            values(batch.codes)
        );
        assert_eq!(values(batch.counts.sum()), [(quantizers * n) as f32]);
        let rows = whole(batch.indices);
        let mut rest = vectors.clone();
        for slot in 0..quantizers {
            let own = codes.rows(slot * k, (slot + 1) * k);
            let chosen = &indices[slot * n..(slot + 1) * n];
            assert_eq!(wrong_choice(chosen, &rest, &own), None, "quantizer {slot}");
            let expected: Vec<i32> = chosen.iter().map(|code| code + index(slot * k)).collect();
            assert_eq!(rows[slot * n..(slot + 1) * n], expected, "rows of all codes");
            for (row, &code) in rest.data_mut().chunks_exact_mut(d).zip(chosen) {
                let code = own.row(code as usize);
                row.iter_mut().zip(code).for_each(|(rest, value)| *rest -= value);
            }
        }
    }
}

/// Averages and restarts keep to their own codebook.
#[test]
fn codes_follow_what_their_own_quantizer_saw() {
    let codes = array(&[4, 1], &[0.0, 10.0, -1.0, 100.0]);
    let vectors = array(&[2, 1], &[8.0, 9.0]);
    let quantizer = quantizer(&codes, 2, true);
    let batch = quantizer.forward(on_cpu(&vectors), None);
    assert_eq!(whole(batch.indices.clone()), [1, 1, 2, 2]);
    let rules = CodebookRules { decay: 0.0, restart_threshold: 0.5 };
    let (moved, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert_eq!(super::marks(restarted), [true, false, false, true]);
    let found = array_from_tensor(moved.codebook());
    let near = |code: usize, expected: f32| (found.row(code)[0] - expected).abs() < 1e-3;
    assert!(near(1, 8.5) && near(2, -1.5), "means of vectors, and of residuals: {found:?}");
    assert!(near(0, 8.0) || near(0, 9.0), "onto a vector: {found:?}");
    assert!(near(3, -2.0) || near(3, -1.0), "onto a residual: {found:?}");
    assert_eq!(collect(&moved)["cluster_size"].data(), [0.5, 2.0, 2.0, 0.5]);
}
