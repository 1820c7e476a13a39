//! Measures of models that mend, on models whose answers are known.

use zscope::array::{Array, NamedArrays};
use zscope::codec::{Codec, CodecError};
use zscope::data::corrupt::Corruption;
use zscope::metrics::evaluate::{EvaluateOptions, Evaluation, evaluate};
use zscope::metrics::{bernoulli_nats_from_logits, mse};
use zscope::picture::{ImageShape, PixelLikelihood, ValueRange};
use zscope::random::{Purpose, uniforms};

use super::corruption;

const SHAPE: ImageShape = ImageShape { channels: 2, height: 7, width: 5 };

/// A model that gives back what it sees, with logits that stay the same.
struct Mirror;

impl Codec for Mirror {
    fn encode(&mut self, images: &Array) -> Result<NamedArrays, CodecError> {
        let mut told = NamedArrays::new();
        told.insert("logvar".to_owned(), Array::filled(images.shape(), -50.0));
        told.insert("latent".to_owned(), images.clone());
        Ok(told)
    }

    fn decode(&mut self, latent: &Array) -> Result<NamedArrays, CodecError> {
        let mut told = NamedArrays::new();
        told.insert("logits".to_owned(), Array::filled(latent.shape(), 0.7));
        told.insert("image".to_owned(), latent.clone());
        Ok(told)
    }

    fn engine(&self) -> &'static str {
        "none"
    }

    fn describe(&self) -> String {
        "a mirror".to_owned()
    }
}

fn images(b: usize) -> Array {
    let values = uniforms(5, 0, Purpose::Evaluate, b * SHAPE.len(), 0.0, 1.0);
    Array::new(SHAPE.batch(b), values).expect("images")
}

fn options(range: ValueRange, corruption: Option<Corruption>) -> EvaluateOptions {
    let likelihood = Some(PixelLikelihood::Bernoulli);
    EvaluateOptions { seed: 1, likelihood, range, corruption, in_depth: true }
}

fn measured(images: &Array, batch: usize, corruption: Option<Corruption>) -> Evaluation {
    let (n, mut codec) = (images.num_rows(), Mirror);
    let rows = |start| images.rows(start, n.min(start + batch));
    let batches = (0..n).step_by(batch).map(|start| rows(start).into());
    let options = options(ValueRange::UNIT, corruption);
    evaluate(&mut codec, batches, None, &options).expect("measured")
}

#[test]
fn what_is_seen_is_spoilt_and_what_is_asked_for_is_clean() {
    let clean = images(11);
    for text in ["noise:0.3", "mask:0.5", "downsample:3"] {
        let spoilt = corruption(text).apply_to_held_out(&clean, 0);
        let found = measured(&clean, 4, Some(corruption(text)));
        let expected = mse(spoilt.data(), clean.data());
        assert!((found.mse - expected).abs() < 1e-9, "{text}: {} for {expected}", found.mse);
        assert!(expected > 0.005, "{text} spoils: {expected}");
        // A mirror betters nothing.
        assert_eq!(found.corrupted_psnr_db, Some(found.psnr_db), "{text}");
        let named = found.headline().into_iter().find(|(name, _)| *name == "corrupted_psnr_db");
        assert_eq!(named.map(|(_, value)| value), found.corrupted_psnr_db, "{text}");
        // The likelihood is that of the clean images.
        let nats = (0..11).map(|i| bernoulli_nats_from_logits(&[0.7; 70], clean.row(i)));
        let expected = nats.sum::<f64>() / 11.0;
        let elbo = found.elbo.expect("a bound");
        assert!((elbo.reconstruction_nats - expected).abs() < 1e-6, "{text}");
        // The posterior is that of the spoilt ones: its KL grows with their squares.
        let square = |images: &Array| images.data().iter().map(|v| v * v).sum::<f32>() / 11.0;
        let more = measured(&clean, 4, None).elbo.expect("a bound").kl_nats - elbo.kl_nats;
        let expected = f64::from(0.5 * (square(&clean) - square(&spoilt)));
        assert!((more - expected).abs() < 1e-3, "{text}: {more} for {expected}");
    }
    // Negative control: nothing is spoilt without a corruption, and a mirror is perfect.
    let plain = measured(&clean, 4, None);
    assert_eq!((plain.mse.to_bits(), plain.corrupted_psnr_db), (0.0f64.to_bits(), None));
}

#[test]
fn neither_batches_nor_calls_matter() {
    let clean = images(9);
    for text in ["noise:0.3", "mask:0.5", "downsample:3"] {
        let at_once = measured(&clean, 9, Some(corruption(text)));
        for batch in [1, 2, 7] {
            assert_eq!(measured(&clean, batch, Some(corruption(text))), at_once, "{text}, {batch}");
        }
    }
    // Negative control: another image at the front moves all numbers.
    let moved = measured(&clean.rows(1, 9), 8, Some(corruption("noise:0.3")));
    let last_eight = corruption("noise:0.3").apply_to_held_out(&clean.rows(1, 9), 1);
    assert!((moved.mse - mse(last_eight.data(), clean.rows(1, 9).data())).abs() > 1e-6);
}

#[test]
fn held_out_images_are_spoilt_by_their_numbers() {
    let clean = images(6);
    for text in ["noise:0.3", "mask:0.5", "downsample:2"] {
        let corruption = corruption(text);
        let all = corruption.apply_to_held_out(&clean, 10);
        for (start, end) in [(0, 1), (2, 5), (5, 6)] {
            let some = corruption.apply_to_held_out(&clean.rows(start, end), 10 + start as u64);
            assert_eq!(some, all.rows(start, end), "{text}: {start} to {end}");
        }
        let is_random = !text.starts_with("downsample");
        assert_eq!(corruption.apply_to_held_out(&clean, 11) != all, is_random, "{text}");
        // Images that are alike are not hidden alike.
        let alike = Array::new(SHAPE.batch(20), clean.row(0).repeat(20)).expect("images");
        let alike = corruption.apply_to_held_out(&alike, 0);
        let differ = (1..20).any(|image| alike.row(0) != alike.row(image));
        assert_eq!(differ, is_random, "{text}");
        // Nothing that training sees in its first steps.
        let trained =
            (0..200).any(|step| (0..4).any(|seed| corruption.apply(&clean, seed, step) == all));
        assert_eq!(trained, !is_random, "{text}");
    }
    let none = Array::zeros(SHAPE.batch(0));
    assert_eq!(corruption("noise:1").apply_to_held_out(&none, 0), none, "no image");
}

#[test]
fn the_range_of_the_model_is_kept() {
    let clean = images(5);
    let mut codec = Mirror;
    let noise = Some(corruption("noise:0.4"));
    let [unit, signed] = [ValueRange::UNIT, ValueRange::SIGNED].map(|range| {
        let options = options(range, noise);
        evaluate(&mut codec, [clean.clone().into()], None, &options).expect("measured").mse
    });
    assert!((unit - signed).abs() < 1e-6, "{unit} in [0, 1], {signed} in [-1, 1]");
    let options = options(ValueRange::SIGNED, None);
    let plain = evaluate(&mut codec, [clean.into()], None, &options).expect("measured");
    assert!(plain.mse < 1e-12 && plain.mse < unit, "evaluate spoils nothing: {}", plain.mse);
}
