//! The variance of the Laplacian.

use zscope::array::Array;
use zscope::metrics::{laplacian_variance, mean_sharpness, sharpness_ratio};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use super::{backwards, with_value};
use crate::common::assert_says;

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
}

/// A plane of 3×4 pixels with one bright one; the kernel fits at two places, where it gives −4 and 1.
const DOT: [f32; 12] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

#[test]
fn sharpness_by_hand() {
    assert_near(laplacian_variance(&DOT, ImageShape::new(1, 3, 4)), 6.25);
    let green = [[0.0; 12], DOT, [0.0; 12]].concat();
    assert_near(laplacian_variance(&green, ImageShape::new(3, 3, 4)), 0.587 * 0.587 * 6.25);
    let second_of_two = [[0.0; 12], DOT].concat();
    assert_near(laplacian_variance(&second_of_two, ImageShape::new(2, 3, 4)), 0.25 * 6.25);
    let slope: Vec<f32> = (0..56).map(|i| (i % 8) as f32 * 0.1 + (i / 8) as f32 * 0.05).collect();
    assert_near(laplacian_variance(&slope, ImageShape::new(1, 7, 8)), 0.0);
    let images = Array::new([2, 1, 3, 4], [DOT, [0.5; 12]].concat()).expect("images");
    assert_near(mean_sharpness(&images).expect("images"), 3.125);
}

/// Noise, its three-pixel means across, and noise with more contrast.
#[test]
fn blur_is_below_one_and_noise_above() {
    let values = uniforms(1, 0, Purpose::Evaluate, 4 * 3 * 16 * 17, 0.2, 0.8);
    let blurred = values.chunks(17).flat_map(|row| {
        (0..17usize).map(|x| {
            let near = &row[x.saturating_sub(1)..(x + 2).min(17)];
            near.iter().sum::<f32>() / near.len() as f32
        })
    });
    let images = |data: Vec<f32>| Array::new([4, 3, 16, 17], data).expect("images");
    let harsh = images(values.iter().map(|value| 0.5 + 1.5 * (value - 0.5)).collect());
    let (blurred, data) = (images(blurred.collect()), images(values));
    let ratio = |generated: &Array| sharpness_ratio(generated, &data).expect("images");
    assert_near(ratio(&data), 1.0);
    assert_near(ratio(&backwards(&data)), 1.0);
    assert!(ratio(&blurred) < 0.6, "blurred: {}", ratio(&blurred));
    assert!((ratio(&harsh) - 2.25).abs() < 1e-3, "one and a half times the contrast, squared");
}

#[test]
fn sharpness_refuses_what_it_cannot_measure() {
    let good = Array::new([2, 1, 3, 4], [DOT, DOT].concat()).expect("images");
    let refused = |generated: &Array, data: &Array| {
        sharpness_ratio(generated, data).expect_err("refused").to_string()
    };
    let flat = Array::filled([2, 1, 3, 4], 0.5);
    assert_says(&refused(&good, &flat), &["sharpness", "data", "one colour", "edges"]);
    assert!(sharpness_ratio(&flat, &good).expect("images") == 0.0, "flat samples are a finding");
    let small = Array::zeros([2, 1, 2, 6]);
    assert_says(&refused(&small, &good), &["generated", "[2, 1, 2, 6]", "at least 3"]);
    assert_says(&refused(&good, &Array::zeros([1, 1, 4, 4])), &["of 12 values", "expected 16"]);
    assert_says(&refused(&with_value(&good, 20, f32::NAN), &good), &["NaN in generated sample 1"]);
    let none = mean_sharpness(&Array::zeros([0, 1, 3, 3])).expect_err("refused").to_string();
    assert_says(&none, &["found 0", "at least 1"]);
    let vectors = mean_sharpness(&Array::zeros([4, 9])).expect_err("refused").to_string();
    assert_says(&vectors, &["[4, 9]", "[b, c, h, w]"]);
}
