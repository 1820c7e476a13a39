//! Measures against hand-computed numbers and against scikit-image, torch and scipy.

mod attributes;
mod classes;
mod diversity;
mod frechet;
mod ms_ssim;
mod precision_recall;
mod sharpness;

use zscope::array::Array;
use zscope::formats::arrays::ArrayFile;
use zscope::metrics::{
    KlPerDim, Mean, PSNR_CAP_DB, bernoulli_nats_from_logits, bernoulli_nats_from_probs,
    gaussian_kl, gaussian_nats, kl_nats, mse, per_row, psnr_db, psnr_db_from_mse, ssim,
};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use crate::common::{Tolerance, assert_close, first_difference, shared};

fn oracle(case: &str) -> Option<ArrayFile> {
    let path = shared(&format!("oracles/{case}/io.safetensors"))?;
    Some(ArrayFile::open(&path).expect("oracle opens"))
}

fn to_f32(values: impl IntoIterator<Item = f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9 * expected.abs().max(1.0)
}

/// Samples of `d` values one after the other.
fn rows(d: usize, values: &[f32]) -> Array {
    Array::new([values.len() / d, d], values.to_vec()).expect("whole rows")
}

/// `n` samples of `d` values, uniform in `[lo, lo + 1)`.
fn cloud(seed: u64, n: usize, d: usize, lo: f32) -> Array {
    rows(d, &uniforms(seed, 0, Purpose::Evaluate, n * d, lo, lo + 1.0))
}

/// The same samples, the last first.
fn backwards(samples: &Array) -> Array {
    let data = (0..samples.num_rows()).rev().flat_map(|i| samples.row(i).to_vec()).collect();
    Array::new(samples.shape(), data).expect("the same values")
}

/// The same samples with one value changed.
fn with_value(samples: &Array, index: usize, value: f32) -> Array {
    let mut changed = samples.clone();
    changed.data_mut()[index] = value;
    changed
}

#[test]
fn psnr_by_hand_and_capped() {
    assert!(close(mse(&[0.0, 0.5], &[0.5, 0.5]), 0.125), "mse");
    assert!(close(psnr_db(&[0.0; 4], &[1.0; 4]), 0.0), "black on white is 0 dB");
    assert!(close(psnr_db_from_mse(0.01), 20.0), "20 dB");
    assert!(
        close(psnr_db(&[0.3; 9], &[0.3; 9]), PSNR_CAP_DB),
        "identical images are capped, not infinite"
    );
    assert!(psnr_db(&[f32::NAN], &[0.0]).is_nan(), "a broken image is not a perfect one");
}

#[test]
fn image_measures_match_the_reference() {
    let Some(file) = oracle("metrics_ssim_psnr") else { return };
    for case in ["gray28", "rgb64", "rgb32x48"] {
        let array = |name: &str| file.array(&format!("{case}.{name}")).expect(name);
        let (a, b) = (array("a"), array("b"));
        let &[_, c, h, w] = a.shape() else { panic!("{case} holds images") };
        let shape = ImageShape::new(c, h, w);
        let psnr = to_f32(per_row(&a, &b, psnr_db));
        assert_close(&psnr, array("psnr").data(), Tolerance::TIGHT);
        let found = to_f32(per_row(&a, &b, |a, b| ssim(a, b, shape)));
        let tolerance = Tolerance { abs: 1e-7, rel: 1e-6 }; // both in f64, the reference stored as f32
        assert_close(&found, array("skimage_gauss").data(), tolerance);
        // Negative controls: another convention, and one changed pixel.
        let other = array("skimage_default");
        assert!(
            first_difference(&found, other.data(), tolerance).is_some(),
            "{case}: another window"
        );
        let mut changed = b.clone();
        changed.data_mut()[h / 2 * w + w / 2] += 0.1;
        let changed = to_f32(per_row(&a, &changed, |a, b| ssim(a, b, shape)));
        assert!(first_difference(&changed, &found, tolerance).is_some(), "{case}: one pixel");
    }
}

#[test]
fn ssim_by_hand() {
    // Flat images have no variance: only (2ab + C1) / (a² + b² + C1) is left.
    let shape = ImageShape::new(1, 13, 12);
    let (a, b) = (vec![0.25; shape.len()], vec![0.5; shape.len()]);
    let expected = (2.0 * 0.125 + 1e-4) / (0.0625 + 0.25 + 1e-4);
    assert!((ssim(&a, &b, shape) - expected).abs() < 1e-9, "flat images");
    for shape in [ImageShape::new(3, 17, 11), ImageShape::new(1, 28, 28)] {
        let image = uniforms(1, 2, Purpose::Evaluate, shape.len(), 0.0, 1.0);
        let other = uniforms(1, 3, Purpose::Evaluate, shape.len(), 0.0, 1.0);
        assert!((ssim(&image, &image, shape) - 1.0).abs() < 1e-12, "an image is like itself");
        assert!(close(ssim(&image, &other, shape), ssim(&other, &image, shape)), "symmetric");
        assert!(ssim(&image, &other, shape) < 0.5, "noise is not like other noise");
    }
}

#[test]
fn ssim_window_shrinks_with_small_images() {
    for (h, w) in [(1, 1), (1, 30), (2, 2), (3, 40), (10, 10), (5, 11)] {
        let shape = ImageShape::new(1, h, w);
        let image = uniforms(4, h as u64, Purpose::Evaluate, shape.len(), 0.0, 1.0);
        let other: Vec<f32> = image.iter().map(|x| 1.0 - x).collect();
        assert!((ssim(&image, &image, shape) - 1.0).abs() < 1e-9, "{h}×{w} like itself");
        let unlike = ssim(&image, &other, shape);
        assert!((-1.0..1.0).contains(&unlike), "{h}×{w}: {unlike}");
    }
    // One pixel: (2ab + C1) / (a² + b² + C1) by hand.
    let found = ssim(&[0.2], &[0.4], ImageShape::new(1, 1, 1));
    assert!((found - 0.1601 / 0.2001).abs() < 1e-6, "{found}");
}

#[test]
fn kl_by_hand() {
    assert!(close(gaussian_kl(0.0, 0.0), 0.0), "the prior itself");
    assert!(close(gaussian_kl(2.0, 0.0), 2.0), "½ μ²");
    assert!(close(gaussian_kl(0.0, 1.0), 0.5 * (std::f64::consts::E - 2.0)), "½ (e − 1 − 1)");
    let tiny = gaussian_kl(0.0, 1e-6);
    assert!((tiny - 2.5e-13).abs() < 1e-18, "no cancellation near the prior: {tiny}");
    let mut gathered = KlPerDim::default();
    assert_eq!(gathered.active_units(), 0, "nothing yet");
    let batch =
        |values: &[f32]| Array::new([values.len() / 2, 2], values.to_vec()).expect("two dims");
    gathered.add(&batch(&[2.0, 0.1]), &batch(&[0.0, 0.0]));
    gathered.add(&batch(&[0.0, 0.1, 4.0, 0.1]), &batch(&[0.0; 4]));
    let per_dim = gathered.per_dim();
    assert_close(&to_f32(per_dim), &[10.0 / 3.0, 0.005], Tolerance::TIGHT);
    assert_eq!(gathered.active_units(), 1, "0.005 nats are none");
    assert!((gathered.total() - (10.0 / 3.0 + 0.005)).abs() < 1e-6, "total");
}

#[test]
fn kl_matches_the_reference() {
    let Some(file) = oracle("losses_vae") else { return };
    let array = |name: &str| file.array(name).expect(name);
    let (mean, logvar) = (array("mu"), array("logvar"));
    let per_sample = to_f32(per_row(&mean, &logvar, kl_nats));
    assert_close(&per_sample, array("kl_per_sample").data(), Tolerance::TIGHT);
    let mut gathered = KlPerDim::default();
    gathered.add(&mean.rows(0, 2), &logvar.rows(0, 2));
    gathered.add(&mean.rows(2, 6), &logvar.rows(2, 6));
    let expected = array("kl_per_dim_batch_mean");
    assert_close(&to_f32(gathered.per_dim()), expected.data(), Tolerance::TIGHT);
    assert!((gathered.total() - 3.499_929_189_682_007).abs() < 1e-5, "kl_batch_mean");
    assert_eq!(gathered.active_units(), 5, "all five are over 0.1 nat");
    // Negative control: mean and log-variance swapped.
    let swapped = to_f32(per_row(&logvar, &mean, kl_nats));
    assert!(
        first_difference(&swapped, array("kl_per_sample").data(), Tolerance::TIGHT).is_some(),
        "swapped"
    );
}

#[test]
fn reconstruction_by_hand() {
    let ln2 = std::f64::consts::LN_2;
    assert!(close(bernoulli_nats_from_logits(&[0.0, 0.0], &[0.0, 0.7]), 2.0 * ln2), "a fair coin");
    assert!(
        close(bernoulli_nats_from_probs(&[0.5, 0.25], &[1.0, 0.0]), ln2 - 0.75f64.ln()),
        "probs"
    );
    assert!(
        close(bernoulli_nats_from_probs(&[0.0, 1.0], &[1.0, 0.0]), 200.0),
        "wrong and certain: 100 each"
    );
    assert!(close(bernoulli_nats_from_probs(&[0.0, 1.0], &[0.0, 1.0]), 0.0), "right and certain");
    assert!(
        close(bernoulli_nats_from_logits(&[500.0, -500.0], &[0.0, 1.0]), 1000.0),
        "no overflow"
    );
    assert!(bernoulli_nats_from_logits(&[f32::NAN], &[0.5]).is_nan(), "NaN is not hidden");
    assert!(bernoulli_nats_from_probs(&[f32::NAN], &[0.5]).is_nan(), "NaN is not hidden");
    assert!(bernoulli_nats_from_probs(&[1.5], &[0.5]).is_nan(), "nor what is no probability");
    let standard = 0.5 * std::f64::consts::TAU.ln();
    assert!(close(gaussian_nats(&[0.0, 1.0], &[0.0, 3.0], 1.0), 2.0 * standard + 2.0), "σ 1");
    assert!(
        close(gaussian_nats(&[0.5], &[0.5], 0.1), standard + 0.1f64.ln()),
        "below zero for a small σ"
    );
}

#[test]
fn logits_and_probabilities_agree() {
    let logits = uniforms(1, 0, Purpose::Evaluate, 97, -6.0, 6.0);
    let target = uniforms(1, 1, Purpose::Evaluate, 97, 0.0, 1.0);
    let probs: Vec<f32> = logits.iter().map(|l| 1.0 / (1.0 + (-l).exp())).collect();
    let (from_logits, from_probs) =
        (bernoulli_nats_from_logits(&logits, &target), bernoulli_nats_from_probs(&probs, &target));
    assert!((from_logits - from_probs).abs() < 1e-3, "{from_logits} and {from_probs}");
}

#[test]
fn reconstruction_matches_the_reference() {
    let Some(file) = oracle("losses_vae") else { return };
    let array = |name: &str| file.array(name).expect(name);
    let check = |found: Vec<f32>, name: &str| {
        assert_close(&found, array(name).data(), Tolerance::TIGHT);
        let mut changed = found;
        changed[3] *= 1.001;
        assert!(
            first_difference(&changed, array(name).data(), Tolerance::TIGHT).is_some(),
            "{name}"
        );
    };
    let (logits, x, recon) = (array("logits"), array("x"), array("recon"));
    let measured =
        |a: &Array, b: &Array, f: &dyn Fn(&[f32], &[f32]) -> f64| to_f32(per_row(a, b, f));
    let from_logits = measured(&logits, &x, &bernoulli_nats_from_logits);
    check(from_logits, "bce_per_sample_from_logits");
    let binary = array("x_binary");
    let from_binary = measured(&logits, &binary, &bernoulli_nats_from_logits);
    check(from_binary, "bce_per_sample_from_logits_binary");
    let edge = (array("recon_with_0_and_1"), array("x_for_0_and_1"));
    let from_probs = measured(&edge.0, &edge.1, &bernoulli_nats_from_probs);
    check(from_probs, "bce_per_sample_with_0_and_1");
    for (sigma, name) in [(0.1, "0.1"), (1.0, "1")] {
        let nats = measured(&recon, &x, &|a, b| gaussian_nats(a, b, sigma));
        check(nats, &format!("gaussian_nll_per_sample_sigma{name}"));
    }
}

#[test]
fn mean_counts_what_it_cannot_use() {
    let mut mean = Mean::default();
    assert_eq!(mean.mean(), None, "nothing yet, and not NaN");
    mean.extend([1.0, f64::NAN, 3.0, f64::INFINITY]);
    assert_eq!((mean.mean(), mean.count(), mean.skipped()), (Some(2.0), 2, 2), "two of four");
}
