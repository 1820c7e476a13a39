//! Moving averages, restarts, frozen codes, and their state on the way to the disk.

use std::collections::BTreeSet;

use burn::optim::GradientsParams;
use burn::tensor::Device;
use zscope::array::Array;
use zscope::model::params;
use zscope::model::quantizer::{CodebookRules, Quantizer};
use zscope::train::optimizer::{Adam, Rates};

use super::{
    array, assert_reads, marks, mask, noise, on_cpu, oracle, quantizer, rows, tracked, whole,
};
use crate::common::{Tolerance, assert_close, first_difference};

const NEVER: CodebookRules = CodebookRules { decay: 0.8, restart_threshold: 0.0 };

/// One tensor of a quantizer.
fn tensor(quantizer: &Quantizer, name: &str) -> Array {
    params::collect(quantizer).remove(name).unwrap_or_else(|| panic!("no {name}"))
}

/// A quantizer whose averages are as given.
fn with_state(codebook: &Array, sizes: &Array, sums: &Array) -> Quantizer {
    let state = [("codebook", codebook), ("cluster_size", sizes), ("embed_avg", sums)];
    let state = state.map(|(name, array)| (name.to_owned(), array.clone()));
    params::load(quantizer(codebook, true, false), &state.into()).expect("loaded")
}

#[test]
fn averages_by_hand() {
    // Two vectors choose the first code, one the second, none the third.
    let codes = array(&[3, 1], &[0.0, 10.0, 100.0]);
    let vectors = array(&[3, 1], &[1.0, 2.0, 9.0]);
    let quantizer = quantizer(&codes, true, false);
    assert_eq!(tensor(&quantizer, "cluster_size").data(), [1.0; 3], "sizes start as told");
    assert_eq!(tensor(&quantizer, "embed_avg"), codes, "sums start at code × size");
    let batch = quantizer.forward(on_cpu(&vectors), None);
    let rules = CodebookRules { decay: 0.75, restart_threshold: 0.0 };
    let (quantizer, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert_eq!(marks(restarted), [false; 3]);
    // N = 0.75 + 0.25 n, m = 0.75 e + 0.25 Σz, e = m / N but for ε.
    assert_eq!(tensor(&quantizer, "cluster_size").data(), [1.25, 1.0, 0.75]);
    assert_eq!(tensor(&quantizer, "embed_avg").data(), [0.75, 7.5 + 2.25, 75.0]);
    let eps = 1e-5;
    let smooth = |size: f32| (size + eps) / (3.0 + 3.0 * eps) * 3.0;
    let expected = [0.75 / smooth(1.25), 9.75 / smooth(1.0), 75.0 / smooth(0.75)];
    assert_close(tensor(&quantizer, "codebook").data(), &expected, Tolerance::TIGHT);
}

#[test]
fn averages_match_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_ema_8") else { return };
    let sizes = file.array("cluster_size0").expect("sizes");
    assert_eq!(sizes.data(), [1.0; 16], "sizes start at ones");
    let sums = rows(&file, "embed_avg0");
    assert_close(sums.data(), rows(&file, "codebook0").data(), Tolerance::TIGHT);
    let mut quantizer = with_state(&rows(&file, "codebook0"), &sizes, &sums);
    for step in 1..=3 {
        let name = |what: &str| format!("step{step}.{what}");
        let batch = quantizer.forward(tracked(&rows(&file, &name("x"))), None);
        let indices = file.indices(&name("indices")).expect("indices");
        assert_eq!(whole(batch.indices.clone()), indices.data, "step {step}");
        assert_reads(&file, &name("quantized"), &super::values(batch.codes.clone()));
        quantizer = quantizer.update(&batch, &NEVER, None, 1, step).0;
        for what in ["codebook", "cluster_size", "embed_avg"] {
            assert_reads(&file, &name(what), tensor(&quantizer, what).data());
        }
    }
    // Negative control: another decay is another codebook.
    let batch = quantizer.forward(tracked(&rows(&file, "step1.x")), None);
    let other = CodebookRules { decay: 0.81, ..NEVER };
    let [a, b] = [NEVER, other]
        .map(|rules| tensor(&quantizer.clone().update(&batch, &rules, None, 1, 4).0, "codebook"));
    assert!(first_difference(a.data(), b.data(), Tolerance::TIGHT).is_some(), "another decay");
}

/// There the smoothed sizes are stored, and the next step goes on from them.
#[test]
fn averages_match_pythae() {
    let Some(file) = oracle("pythae_quantizers") else { return };
    for step in 2..=3 {
        let before = |what: &str| file.array(&format!("ema.step{}.{what}", step - 1)).expect(what);
        let after = |what: &str| format!("ema.step{step}.{what}");
        let quantizer =
            with_state(&before("codebook"), &before("cluster_size"), &before("ema_embed"));
        let batch = quantizer.forward(tracked(&rows(&file, &after("z_bhwc"))), None);
        let indices = file.indices(&after("indices")).expect("indices");
        assert_eq!(whole(batch.indices.clone()), indices.data, "step {step}");
        let rules = CodebookRules { decay: 0.95, restart_threshold: 0.0 };
        let quantizer = quantizer.update(&batch, &rules, None, 1, step).0;
        assert_reads(&file, &after("codebook"), tensor(&quantizer, "codebook").data());
        assert_reads(&file, &after("ema_embed"), tensor(&quantizer, "embed_avg").data());
        let sizes = tensor(&quantizer, "cluster_size");
        let total: f32 = sizes.data().iter().sum();
        let k = sizes.data().len() as f32;
        let smooth = |size: &f32| (size + 1e-5) / (total + k * 1e-5) * total;
        let smooth: Vec<f32> = sizes.data().iter().map(smooth).collect();
        assert_reads(&file, &after("cluster_size"), &smooth);
    }
}

/// A codebook with codes at 0, 1000, 2000 ..., and vectors near the first ones.
fn mostly_dead(n: usize, k: usize, used: usize) -> (Array, Array) {
    let codes: Vec<f32> = (0..k).map(|code| 1000.0 * code as f32).collect();
    let vectors: Vec<f32> =
        (0..n).map(|row| 1000.0 * (row % used) as f32 + 1.0 + row as f32).collect();
    (array(&[n, 1], &vectors), array(&[k, 1], &codes))
}

#[test]
fn dead_codes_start_again_at_vectors_of_the_batch() {
    for ema in [true, false] {
        let (vectors, codes) = mostly_dead(40, 9, 3);
        let quantizer = quantizer(&codes, ema, false);
        let batch = quantizer.forward(tracked(&vectors), None);
        // Sizes 0.5 + 0.5 · 13 or so for the first three, 0.5 for the others.
        let rules = CodebookRules { decay: 0.5, restart_threshold: 0.75 };
        let update = |seed, step| quantizer.clone().update(&batch, &rules, None, seed, step);
        let (moved, restarted) = update(7, 3);
        let restarted = marks(restarted);
        assert_eq!(restarted, [[false; 3].as_slice(), &[true; 6]].concat());
        let (codebook, sizes) = (tensor(&moved, "codebook"), tensor(&moved, "cluster_size"));
        let mut fresh = BTreeSet::new();
        for code in 3..9 {
            let value = codebook.data()[code];
            assert!(vectors.data().contains(&value), "{value} is no vector of the batch");
            assert!(fresh.insert(value.to_bits()), "{value} twice");
            assert_eq!(sizes.row(code), [0.75]);
            if ema {
                assert_eq!(tensor(&moved, "embed_avg").row(code), [value * 0.75]);
            }
        }
        assert!(sizes.data()[..3].iter().all(|size| *size > 6.0), "{sizes:?}");
        // Codes in use are where the update without restarts has them.
        let never = CodebookRules { restart_threshold: 0.0, ..rules };
        let (kept, none) = quantizer.clone().update(&batch, &never, None, 7, 3);
        assert_eq!(marks(none), [false; 9]);
        assert_eq!(tensor(&kept, "codebook").data()[..3], codebook.data()[..3]);
        // Seed and step decide.
        assert_eq!(tensor(&update(7, 3).0, "codebook"), codebook);
        assert_ne!(tensor(&update(7, 4).0, "codebook"), codebook, "another step");
        assert_ne!(tensor(&update(8, 3).0, "codebook"), codebook, "another seed");
    }
}

#[test]
fn fewer_vectors_than_dead_codes() {
    let (vectors, codes) = mostly_dead(2, 7, 1);
    let quantizer = quantizer(&codes, true, false);
    let batch = quantizer.forward(on_cpu(&vectors), None);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 0.75 };
    let (moved, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert_eq!(marks(restarted), [false, true, true, true, true, true, true]);
    let codebook = tensor(&moved, "codebook");
    for vector in vectors.data() {
        let copies =
            codebook.data()[1..].iter().filter(|code| code.to_bits() == vector.to_bits()).count();
        assert_eq!(copies, 3, "both vectors are dealt out evenly: {codebook:?}");
    }
}

#[test]
fn a_single_code_of_a_single_dimension() {
    let quantizer = quantizer(&array(&[1, 1], &[5.0]), true, false);
    let batch = quantizer.forward(on_cpu(&array(&[3, 1], &[1.0, 2.0, 6.0])), None);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 1.0 };
    let (moved, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert_eq!(marks(restarted), [false]);
    assert_eq!(tensor(&moved, "cluster_size").data(), [2.0]);
    assert_close(tensor(&moved, "codebook").data(), &[7.0 / 2.0], Tolerance::TIGHT);
}

/// Every code that nobody chose goes away at once, though the batch has fewer vectors than there are codes.
#[test]
fn all_codes_dead_but_one() {
    let (vectors, codes) = mostly_dead(5, 512, 1);
    let mut quantizer = quantizer(&codes, true, false);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 0.6 };
    for step in 1..=3 {
        let batch = quantizer.forward(on_cpu(&vectors), None);
        let (moved, restarted) = quantizer.update(&batch, &rules, None, 1, step);
        assert!(marks(restarted).iter().filter(|mark| **mark).count() >= 500, "step {step}");
        let codebook = tensor(&moved, "codebook");
        assert!(codebook.data().iter().all(|value| value.is_finite()), "step {step}");
        quantizer = moved;
    }
    let batch = quantizer.forward(on_cpu(&vectors), None);
    let distance = super::values(batch.commitment_loss)[0];
    assert!(distance < 1e-3, "every vector is almost a code by now: {distance}");
}

#[test]
fn sizes_are_averaged_under_the_loss_too() {
    let (vectors, codes) = mostly_dead(12, 5, 2);
    let quantizer = quantizer(&codes, false, false);
    let batch = quantizer.forward(on_cpu(&vectors), None);
    let (moved, _) = quantizer.update(&batch, &NEVER, None, 1, 1);
    let used = 0.8 + 0.2 * 6.0;
    assert_close(
        tensor(&moved, "cluster_size").data(),
        &[used, used, 0.8, 0.8, 0.8],
        Tolerance::TIGHT,
    );
    assert_eq!(tensor(&moved, "codebook"), codes, "only the optimizer moves the codes");
}

/// One update by Adam and by the rules.
fn train(
    quantizer: Quantizer,
    adam: &mut Adam,
    vectors: &Array,
    frozen: Option<&[bool]>,
    step: u64,
) -> (Quantizer, Vec<bool>) {
    let frozen = frozen.map(mask);
    let batch = quantizer.forward(tracked(vectors), frozen.as_ref());
    let gradients = batch.loss(0.25).backward();
    let gradients = GradientsParams::from_grads(gradients, &quantizer);
    let quantizer = adam.step(&Rates::plain(0.1), quantizer, gradients);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 0.75 };
    let (quantizer, restarted) = quantizer.update(&batch, &rules, frozen.as_ref(), 1, step);
    (quantizer, marks(restarted))
}

#[test]
fn nothing_moves_a_frozen_code() {
    for (ema, cosine) in [(true, false), (false, false), (true, true), (false, true)] {
        let codes = noise(1, &[6, 3]);
        let mut quantizer = quantizer(&codes, ema, cosine);
        let mut adam = Adam::new(0.9, 0.999);
        // Moments first: a gradient of zero would go on moving the code.
        for step in 1..=3 {
            quantizer = train(quantizer, &mut adam, &noise(step, &[30, 3]), None, step).0;
        }
        let before = tensor(&quantizer, "codebook");
        let frozen = [true, false, true, false, false, true];
        let mut dead = 0;
        for step in 4..=9 {
            // Vectors near one code: the others are soon out of use.
            let mut vectors = noise(step, &[4, 3]);
            for (index, value) in vectors.data_mut().iter_mut().enumerate() {
                *value = 0.1 * *value + before.row(1)[index % 3];
            }
            let (moved, restarted) = train(quantizer, &mut adam, &vectors, Some(&frozen), step);
            quantizer = moved;
            dead += restarted.iter().filter(|mark| **mark).count();
            let both = frozen.iter().zip(&restarted).any(|(frozen, again)| *frozen && *again);
            assert!(!both, "a frozen code started again");
        }
        let after = tensor(&quantizer, "codebook");
        assert!(dead > 0, "some code started again");
        let stayed: Vec<bool> = (0..6).map(|code| before.row(code) == after.row(code)).collect();
        assert_eq!(stayed, frozen, "ema {ema}, cosine {cosine}");
        let sizes = tensor(&quantizer, "cluster_size");
        assert!(sizes.data()[0] < 0.5, "its use is counted all the same: {sizes:?}");
        // It thaws where it is: averages that nothing new enters keep it there.
        if ema {
            let vectors = array(&[1, 3], after.row(1));
            let batch = quantizer.forward(on_cpu(&vectors), None);
            let rules = CodebookRules { decay: 0.999, restart_threshold: 0.0 };
            let (thawed, _) = quantizer.update(&batch, &rules, None, 1, 10);
            let thawed = tensor(&thawed, "codebook");
            assert_close(thawed.row(0), after.row(0), Tolerance { abs: 1e-3, rel: 1e-3 });
        }
    }
}

#[test]
fn angles_keep_codes_at_unit_length() {
    for ema in [true, false] {
        let mut quantizer = quantizer(&noise(2, &[8, 4]), ema, true);
        let mut adam = Adam::new(0.9, 0.999);
        for step in 1..=4 {
            let mut vectors = noise(step, &[32, 4]);
            vectors.data_mut().iter_mut().for_each(|value| *value *= 30.0);
            quantizer = train(quantizer, &mut adam, &vectors, None, step).0;
            let codebook = tensor(&quantizer, "codebook");
            for code in 0..8 {
                let square: f32 = codebook.row(code).iter().map(|value| value * value).sum();
                assert!((square - 1.0).abs() < 1e-5, "ema {ema}, code {code}: {square}");
            }
        }
    }
}

/// With averages the optimizer has nothing to move; state survives the disk's form and goes on alike.
#[test]
fn state_comes_back() {
    for ema in [true, false] {
        let mut quantizer = quantizer(&noise(3, &[5, 2]), ema, false);
        let mut adam = Adam::new(0.9, 0.999);
        for step in 1..=2 {
            quantizer = train(quantizer, &mut adam, &noise(step, &[11, 2]), None, step).0;
        }
        let state = params::collect(&quantizer);
        let names: Vec<&str> = state.keys().map(String::as_str).collect();
        let expected: &[&str] = if ema {
            &["cluster_size", "codebook", "embed_avg"]
        } else {
            &["cluster_size", "codebook"]
        };
        assert_eq!(names, expected);
        let moments: Vec<String> = adam.save().0.into_keys().collect();
        assert_eq!(moments.is_empty(), ema, "{moments:?}");
        assert!(moments.iter().all(|name| name.starts_with("codebook.")), "{moments:?}");
        let device = Device::flex().autodiff();
        let empty = Quantizer::new(&super::config(5, 2, ema), &device);
        let loaded = params::load(empty, &state).expect("loaded");
        let [went_on, resumed] = [quantizer, loaded].map(|quantizer| {
            let batch = quantizer.forward(on_cpu(&noise(9, &[11, 2])), None);
            params::collect(&quantizer.update(&batch, &NEVER, None, 1, 3).0)
        });
        assert_eq!(went_on, resumed);
    }
}

#[test]
fn codes_of_another_shape_are_refused() {
    let quantizer = quantizer(&noise(4, &[5, 2]), true, false);
    let error = quantizer.with_codes(&noise(4, &[2, 5]), 1.0).expect_err("another shape");
    assert_eq!(
        error.to_string(),
        "the tensor quantizer.codebook has shape [2, 5], expected [5, 2]"
    );
}
