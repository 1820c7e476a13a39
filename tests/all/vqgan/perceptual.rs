//! The term of a classifier: its value, its file, and what happens when that is another one.

use burn::tensor::Device;
use zscope::array::Array;
use zscope::event::Event;
use zscope::formats::run_dir::{ModelConfig, RunDir};
use zscope::graph::lower::classifier::{ClassifierConfig, Labels};
use zscope::model::classifier::Classifier;
use zscope::model::params::{array_from_tensor, tensor_from_array};
use zscope::model::perceptual::seen_distance;
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};
use zscope::train::recipe::Recipe;
use zscope::train::start::{Length, resume};

use super::{curve, events, folder, mean, plan, request, run};
use crate::common::assert_says;

/// A run of a small classifier.
fn classifier() -> tempfile::TempDir {
    let base = folder();
    let keys = ["channels=4", "features=8"];
    let plan = request(Recipe::Classifier, &keys, 10).plan(Some(base.path()), false);
    run(plan.expect("a plan"));
    base
}

#[test]
fn the_distance_is_none_for_equal_images_and_grows() {
    let config = ClassifierConfig {
        image: ImageShape::new(3, 10, 14),
        channels: 4,
        features: 5,
        labels: Labels::Classes,
        classes: 3,
    };
    let device = Device::flex();
    let classifier = Classifier::new(&config, 1, &device);
    let pixels = uniforms(3, 0, Purpose::Explore, 2 * config.image.len(), 0.0, 1.0);
    let target = Array::new(config.image.batch(2), pixels.clone()).expect("pixels");
    let distance = |share: f32| {
        let noise = uniforms(3, 1, Purpose::Explore, pixels.len(), 0.0, 1.0);
        let mixed = pixels.iter().zip(noise).map(|(pixel, noise)| pixel + share * (noise - pixel));
        let found = Array::new(config.image.batch(2), mixed.collect()).expect("pixels");
        let on = |array: &Array| tensor_from_array::<4>(array, &device);
        array_from_tensor(seen_distance(&classifier, on(&found), on(&target))).data()[0]
    };
    let found = [0.0, 0.1, 0.5, 1.0].map(distance);
    assert!(found[0].abs() < 1e-9, "equal images: {found:?}");
    assert!(found.is_sorted_by(|a, b| a < b), "further images lie further apart: {found:?}");
    assert!(found[3] <= 2.0, "vectors of unit length without negative parts: {found:?}");
}

#[test]
fn a_classifier_compares_and_is_pinned() {
    let judge = classifier();
    let (base, named) = (folder(), format!("perceptual={}", judge.path().display()));
    let keys = [named.as_str(), "lr=0.002", "disc_start=50", "disc_warmup=10"];
    let told = run(plan(base.path(), &keys, 60));
    let seen = curve(&told, "perceptual");
    assert!(mean(&seen[40..50]) < 0.8 * mean(&seen[..5]), "{seen:?}");
    let warned = told.iter().any(|event| matches!(event, Event::Warning { .. }));
    assert!(!warned, "nothing is missing");
    let (_, config) = RunDir::open(base.path()).expect("a run");
    let ModelConfig::Vqgan(config) = config.model else { unreachable!("a VQGAN") };
    let pinned = config.perceptual.expect("a classifier");
    assert_eq!(pinned.sha256.len(), 64, "{pinned:?}");

    run(resume(base.path(), Some(Length::Steps(62)), false).expect("the same file"));
    let bytes = std::fs::read(&pinned.file).expect("there");
    let last = bytes.len() - 1;
    let mut other = bytes.clone();
    other[last] ^= 1;
    std::fs::write(&pinned.file, other).expect("written");
    let failed = |words: &[&str]| {
        let plan = resume(base.path(), Some(Length::Steps(64)), false).expect("a plan");
        let events = events(plan);
        let Some(Event::Failed { message, .. }) = events.last() else {
            panic!("{:?}", events.last())
        };
        assert_says(message, words);
    };
    failed(&["classifier of the perceptual term", "SHA-256", &pinned.sha256, &pinned.file]);
    std::fs::remove_file(&pinned.file).expect("removed");
    failed(&["classifier of the perceptual term", "cannot be read", &pinned.file]);
    std::fs::write(&pinned.file, bytes).expect("put back");
    run(resume(base.path(), Some(Length::Steps(64)), false).expect("the same file again"));
}

#[test]
fn what_is_no_classifier_is_refused() {
    let vqgan = folder();
    run(plan(vqgan.path(), &[], 1));
    let [nothing, other] = [vqgan.path().join("nothing"), vqgan.path().to_owned()];
    for (run, word) in [(nothing, "no such file"), (other, "recipe vqgan")] {
        let key = format!("perceptual={}", run.display());
        let base = folder();
        let place = base.path().join("run");
        let error = request(Recipe::Vqgan, &[&key], 2).plan(Some(&place), false);
        let error = error.map(|_| ()).expect_err("should be refused").to_string();
        assert_says(&error, &["perceptual is", word, "expected a run of the recipe classifier"]);
        assert!(!place.exists(), "nothing is written");
    }
    let judge = classifier();
    let key = format!("perceptual={}", judge.path().display());
    let mut grey = request(Recipe::Vqgan, &[&key], 2);
    let Some(path) = crate::common::shared("data/fashion-mnist") else { return };
    grey.data = format!("fashion-mnist:{}", path.display()).parse().expect("a source");
    let base = folder();
    let error = grey.plan(Some(&base.path().join("run")), false).map(|_| ());
    let error = error.expect_err("should be refused").to_string();
    assert_says(&error, &["perceptual is", "3×16×16", "1×28×28"]);
}
