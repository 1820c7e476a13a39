//! Pairs, near duplicates, and repeated training images.

use zscope::array::Array;
use zscope::metrics::{
    NEAR_DUPLICATE, mean_pairwise_distance, mean_pairwise_ms_ssim, ms_ssim, near_duplicates,
    nearer_to_train,
};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use super::{backwards, close, cloud, rows, with_value};
use crate::common::assert_says;

#[test]
fn pairs_by_hand() {
    let samples = rows(2, &[0.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let found = mean_pairwise_distance(&samples).expect("pairs");
    // √(2/2), √(1/2) and √(1/2).
    assert!(close(found, (1.0 + 2.0 * 0.5f64.sqrt()) / 3.0), "{found}");
    let found = mean_pairwise_distance(&Array::filled([5, 1, 4, 4], 0.3)).expect("pairs");
    assert!(found == 0.0, "collapsed: {found}");
    let black_and_white = [Array::zeros([1, 75]), Array::filled([1, 75], 1.0)];
    let data: Vec<f32> = black_and_white.into_iter().flat_map(Array::into_data).collect();
    let found = mean_pairwise_distance(&rows(75, &data)).expect("pairs");
    assert!(close(found, 1.0), "the most that there is, whatever the size: {found}");
    let samples = cloud(1, 61, 13, 0.0);
    let found = mean_pairwise_distance(&samples).expect("pairs");
    let turned = mean_pairwise_distance(&backwards(&samples)).expect("pairs");
    assert!(close(found, turned), "in any order");
    // Uniform numbers differ by √(1/6) on the root of the mean square.
    assert!((found - (1.0f64 / 6.0).sqrt()).abs() < 0.02, "{found}");
}

#[test]
fn pairs_of_images() {
    let shape = ImageShape::new(1, 24, 25);
    let one = uniforms(1, 1, Purpose::Evaluate, shape.len(), 0.0, 1.0);
    let other = uniforms(1, 2, Purpose::Evaluate, shape.len(), 0.0, 1.0);
    let batch = |images: &[&Vec<f32>]| {
        let data: Vec<f32> = images.iter().flat_map(|image| image.iter().copied()).collect();
        Array::new(shape.batch(images.len()), data).expect("images")
    };
    let same = mean_pairwise_ms_ssim(&batch(&[&one, &one, &one])).expect("pairs");
    assert!(close(same, 1.0), "collapsed: {same}");
    let found = mean_pairwise_ms_ssim(&batch(&[&one, &one, &other])).expect("pairs");
    let expected = (1.0 + 2.0 * ms_ssim(&one, &other, shape)) / 3.0;
    assert!(close(found, expected), "{found}, expected {expected}");
    assert!(found < 0.6, "noise differs: {found}");
}

#[test]
fn near_duplicates_by_hand() {
    // Neighbours of the data lie 1, 1, 1, 2 and ¼, ¼ apart: in the middle 1.
    let data = rows(1, &[0.0, 1.0, 2.0, 4.0, 10.0, 10.25]);
    let generated = rows(1, &[0.0, 0.5, 2.0, 5.0, 5.5, 5.875]);
    let found = near_duplicates(&generated, &data, NEAR_DUPLICATE).expect("enough");
    assert!(close(found.threshold, 0.5), "half of that: {found:?}");
    assert!(close(found.share, 5.0 / 6.0), "all but the 2: {found:?}");
    assert!(close(found.data_share, 2.0 / 6.0), "the last two: {found:?}");
    let turned = near_duplicates(&backwards(&generated), &backwards(&data), NEAR_DUPLICATE);
    assert_eq!(turned.expect("enough"), found, "in any order");
    // The data as its own samples has as many as itself, and copies have all.
    let (data, copies) = (cloud(1, 80, 6, 0.0), Array::filled([80, 6], 0.5));
    let found = near_duplicates(&data, &data, NEAR_DUPLICATE).expect("enough");
    assert!(close(found.share, found.data_share) && found.share < 0.3, "{found:?}");
    let found = near_duplicates(&copies, &data, NEAR_DUPLICATE).expect("enough");
    assert!(close(found.share, 1.0), "collapsed: {found:?}");
}

#[test]
fn repeated_training_images_by_hand() {
    let (train, test) = (rows(1, &[0.0, 10.0]), rows(1, &[1.0, 20.0]));
    // Nearer to: train, train, as near to both, test, train, test.
    let generated = rows(1, &[0.0, 0.25, 0.5, 0.875, 11.0, 19.0]);
    let found = nearer_to_train(&generated, &train, &test).expect("sets");
    assert!(close(found, 3.5 / 6.0), "{found}");
    let swapped = nearer_to_train(&generated, &test, &train).expect("sets");
    assert!(close(found + swapped, 1.0), "the rest is nearer to the test images");
    let (train, test) = (cloud(1, 300, 4, 0.0), cloud(2, 300, 4, 0.0));
    let repeats = nearer_to_train(&train, &train, &test).expect("sets");
    assert!(close(repeats, 1.0), "a model that repeats: {repeats}");
    let fair = nearer_to_train(&cloud(3, 500, 4, 0.0), &train, &test).expect("sets");
    assert!((fair - 0.5).abs() < 0.08, "a model that generalises: {fair}");
}

#[test]
fn diversity_refuses_what_it_cannot_measure() {
    let good = cloud(1, 4, 3, 0.0);
    let (one, wide) = (cloud(1, 1, 3, 0.0), cloud(1, 4, 5, 0.0));
    let broken = with_value(&good, 11, f32::NAN);
    let says = |error: Option<zscope::metrics::SampleError>, words: &[&str]| {
        assert_says(&error.expect("refused").to_string(), words);
    };
    says(mean_pairwise_distance(&one).err(), &["pairwise", "found 1 ", "at least 2"]);
    says(mean_pairwise_distance(&broken).err(), &["NaN in", "sample 3"]);
    says(mean_pairwise_ms_ssim(&good).err(), &["[4, 3]", "[b, c, h, w]"]);
    says(near_duplicates(&one, &good, 0.5).err(), &["found 1 generated", "at least 2"]);
    says(near_duplicates(&good, &wide, 0.5).err(), &["of 3 values", "expected 5"]);
    says(near_duplicates(&good, &broken, 0.5).err(), &["NaN in data sample 3"]);
    let other = cloud(2, 5, 3, 0.0);
    says(nearer_to_train(&good, &good, &other).err(), &["found 5 test", "expected 4", "training"]);
    says(nearer_to_train(&wide, &good, &good).err(), &["of 5 values", "expected 3"]);
    says(nearer_to_train(&good, &good, &broken).err(), &["NaN in test sample 3"]);
    let none = Array::zeros([0, 3]);
    says(nearer_to_train(&none, &good, &good).err(), &["found 0 generated"]);
    says(nearer_to_train(&good, &none, &none).err(), &["found 0 training"]);
}
