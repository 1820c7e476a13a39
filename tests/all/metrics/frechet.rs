//! The Fréchet distance, and the pooled pixels that it can be measured on.

use zscope::array::Array;
use zscope::metrics::{Gaussian, POOL_GRID, SampleError, frechet_distance, pooled_pixels};
use zscope::random::{Purpose, normals, uniforms};

use super::{backwards, cloud, oracle, rows, with_value};
use crate::common::{Tolerance, assert_close, assert_says};

fn distance(a: &Array, b: &Array) -> Result<f64, SampleError> {
    frechet_distance(&Gaussian::fit(a)?, &Gaussian::fit(b)?)
}

#[track_caller]
fn assert_distance(a: &Array, b: &Array, expected: f64, relative: f64) {
    let found = distance(a, b).expect("two samples");
    let bound = relative * expected.abs().max(1.0);
    assert!((found - expected).abs() <= bound, "{found}, expected {expected} within {bound}");
}

#[test]
fn frechet_by_hand() {
    // Means 1 and 3, variances 2 and 8: (1 − 3)² + (√2 − √8)².
    assert_distance(&rows(1, &[0.0, 2.0]), &rows(1, &[1.0, 5.0]), 6.0, 1e-12);
    // Moved without a change of form: the square of the way.
    let square = rows(2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let moved = rows(2, &[3.0, 4.0, 4.0, 4.0, 3.0, 5.0, 4.0, 5.0]);
    assert_distance(&square, &moved, 25.0, 1e-12);
    // Every sample the same: no variance at all.
    assert_distance(&rows(2, &[1.0; 6]), &rows(2, &[2.0; 8]), 2.0, 1e-12);
    // A point against the square, whose variances are 1/3 each.
    assert_distance(&rows(2, &[0.5; 6]), &square, 2.0 / 3.0, 1e-7);
}

/// In two dimensions the trace of the root is √(tr Σ₁Σ₂ + 2 √(det Σ₁ det Σ₂)).
#[test]
fn frechet_of_tilted_ellipses() {
    let tilted = |seed: u64, mix: [f32; 4], shift: f32| {
        let numbers = normals(seed, 0, Purpose::Evaluate, 300);
        let mixed = numbers
            .chunks_exact(2)
            .flat_map(|x| [mix[0] * x[0] + mix[1] * x[1] + shift, mix[2] * x[0] + mix[3] * x[1]]);
        rows(2, &mixed.collect::<Vec<f32>>())
    };
    let (a, b) = (tilted(1, [2.0, 0.3, -1.0, 0.5], 0.0), tilted(2, [0.2, 1.5, 1.0, 0.1], 0.7));
    let (fit_a, fit_b) = (Gaussian::fit(&a).expect("fits"), Gaussian::fit(&b).expect("fits"));
    let det = |g: &Gaussian| {
        let &[xx, xy, yx, yy] = g.covariance() else { panic!("two by two") };
        xx * yy - xy * yx
    };
    let (cov_a, cov_b) = (fit_a.covariance(), fit_b.covariance());
    let product: f64 = cov_a.iter().zip(cov_b).map(|(a, b)| a * b).sum(); // tr Σ₁Σ₂
    let traces = cov_a[0] + cov_a[3] + cov_b[0] + cov_b[3];
    let means: f64 = fit_a.mean().iter().zip(fit_b.mean()).map(|(a, b)| (a - b).powi(2)).sum();
    let root = (product + 2.0 * (det(&fit_a) * det(&fit_b)).sqrt()).sqrt();
    assert_distance(&a, &b, means + traces - 2.0 * root, 1e-12);
}

#[test]
fn frechet_matches_the_reference() {
    let Some(file) = oracle("metrics_frechet") else { return };
    // From scipy's sqrtm, torchmetrics and a symmetric eigendecomposition. Where covariances lack rank all three
    // take roots of what rounding left of zeros, and agree with each other only to 1e-8; `exact` is from the
    // stored samples in arithmetic of 60 digits.
    for (case, exact, references, relative) in [
        (
            "d4",
            0.720_742_181_147_898,
            [0.720_742_181_144_894_5, 0.720_742_181_144_894_5, 0.720_742_181_148_013_5],
            1e-11,
        ),
        (
            "d16",
            3.104_616_636_399_545_6,
            [3.104_616_636_399_377_7, 3.104_616_636_399_186, 3.104_616_636_399_875],
            1e-12,
        ),
        (
            "d24_rank_deficient",
            26.434_217_108_979_22,
            [26.434_216_513_261_344, 26.434_216_569_073_3, 26.434_216_766_327_133],
            3e-8,
        ),
    ] {
        let array = |name: &str| file.array(&format!("{case}.{name}")).expect(name);
        let (a, b) = (array("x1"), array("x2"));
        assert_distance(&a, &b, exact, 1e-13);
        for reference in references {
            assert_distance(&a, &b, reference, relative);
        }
        assert_distance(&a, &a, 0.0, 1e-13);
        // The parts, and a negative control.
        let fit = Gaussian::fit(&b).expect("fits");
        let tolerance = Tolerance { abs: 1e-7, rel: 1e-6 }; // f64 against an f32 copy
        let to_f32 = |values: &[f64]| -> Vec<f32> { values.iter().map(|&x| x as f32).collect() };
        assert_close(&to_f32(fit.mean()), array("mu2").data(), tolerance);
        let covariance = to_f32(fit.covariance());
        assert_close(&covariance, array("cov2").data(), tolerance);
        let changed = distance(&with_value(&a, 5, a.data()[5] + 0.01), &b).expect("fits");
        let off = (changed - exact).abs();
        assert!(off > 100.0 * relative * exact, "{case}: one value shows, {off}");
    }
}

#[test]
fn frechet_invariants() {
    for (n, m, d) in [(2, 2, 1), (40, 31, 7), (300, 270, 33), (5, 6, 50)] {
        let (a, b) = (cloud(1, n, d, 0.0), cloud(2, m, d, 0.25));
        let found = distance(&a, &b).expect("two samples");
        assert!(found > 0.0, "other samples are some way off: {found}");
        assert_distance(&b, &a, found, 1e-7);
        assert_distance(&backwards(&a), &b, found, 1e-7);
        let same = distance(&a, &backwards(&a)).expect("two samples");
        assert!((0.0..1e-7).contains(&same), "the same samples: {same}");
    }
}

#[test]
fn frechet_refuses_what_it_cannot_measure() {
    let good = cloud(1, 5, 3, 0.0);
    let refused = |a: &Array, b: &Array| distance(a, b).expect_err("refused").to_string();
    assert_says(&refused(&cloud(1, 1, 3, 0.0), &good), &["Fréchet", "found 1 ", "at least 2"]);
    assert_says(&refused(&good, &cloud(1, 5, 4, 0.0)), &["of 4 values", "expected 3"]);
    assert_says(&refused(&good, &with_value(&good, 7, f32::NAN)), &["NaN in", "sample 2"]);
    assert_says(&refused(&with_value(&good, 0, f32::INFINITY), &good), &["inf in", "sample 0"]);
    assert_says(&refused(&with_value(&good, 0, -3e38), &good), &["sample 0", "1e15"]);
    assert_says(&refused(&good, &Array::zeros([4, 0])), &["no values"]);
    // The largest that are let through do not overflow.
    let large = Array::new([3, 1], vec![-1e15, 0.0, 1e15]).expect("three");
    assert_distance(&large, &rows(1, &[0.0, 0.0]), 1e30, 1e-6);
}

#[test]
fn pooling_by_hand() {
    let image: Vec<f32> = (0..16).map(|i| i as f32).collect();
    let images = Array::new([1, 1, 4, 4], image).expect("an image");
    let pooled = pooled_pixels(&images, 2).expect("an image");
    assert_eq!(pooled.shape(), [1, 4], "a value a cell");
    assert_close(pooled.data(), &[2.5, 4.5, 10.5, 12.5], Tolerance::TIGHT);
    // Cells of 1.5 pixels: the middle row and column are shared.
    let image = vec![4.0, 2.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 8.0];
    let images = Array::new([1, 1, 3, 3], image).expect("an image");
    let pooled = pooled_pixels(&images, 2).expect("an image");
    let expected = [4.0 + 1.0 + 1.0 + 0.25, 1.0 + 0.25, 1.0 + 0.25, 8.0 + 0.25];
    assert_close(pooled.data(), &expected.map(|sum| sum / 2.25), Tolerance::TIGHT);
    // Nothing to pool: every pixel is a cell.
    let images = Array::new([1, 2, 1, 3], (0..6).map(|i| i as f32).collect::<Vec<_>>());
    let images = images.expect("an image");
    let pooled = pooled_pixels(&images, POOL_GRID).expect("an image");
    assert_eq!((pooled.shape(), pooled.data()), (&[1, 6][..], images.data()), "as it was");
}

#[test]
fn pooling_keeps_the_mean() {
    for (h, w) in [(28, 28), (13, 17), (64, 48), (8, 9), (5, 31)] {
        let values = uniforms(3, h as u64, Purpose::Evaluate, 2 * 3 * h * w, 0.0, 1.0);
        let images = Array::new([2, 3, h, w], values).expect("images");
        let pooled = pooled_pixels(&images, POOL_GRID).expect("images");
        let cells = POOL_GRID.min(h) * POOL_GRID.min(w);
        assert_eq!(pooled.shape(), [2, 3 * cells], "{h}×{w}");
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        for (before, after) in images.data().chunks(h * w).zip(pooled.data().chunks(cells)) {
            assert_close(&[mean(after)], &[mean(before)], Tolerance::TIGHT);
        }
    }
    let refused = |images: Array, grid| pooled_pixels(&images, grid).expect_err("refused");
    assert_says(&refused(Array::zeros([2, 9]), 8).to_string(), &["[2, 9]", "[b, c, h, w]"]);
    assert_says(&refused(Array::zeros([2, 1, 3, 3]), 0).to_string(), &["no values"]);
    assert_says(&refused(Array::filled([2, 1, 3, 3], f32::NAN), 8).to_string(), &["NaN"]);
    let none = pooled_pixels(&Array::zeros([0, 1, 3, 3]), 2).expect("no images");
    assert_eq!(none.shape(), [0, 4], "no images have no features");
}
