//! Corruption: each kind by hand, its text form, and all of them as pure functions of seed and step.

use zscope::array::Array;
use zscope::data::corrupt::{Corruption, CorruptionError, PATCH_PX};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use crate::common::{Tolerance, assert_close, assert_says};

fn images(b: usize, shape: ImageShape) -> Array {
    let values = uniforms(6, 0, Purpose::Evaluate, b * shape.len(), 0.0, 1.0);
    Array::new(shape.batch(b), values).expect("images")
}

fn corruption(text: &str) -> Corruption {
    text.parse().expect(text)
}

#[test]
fn text_and_corruption_round_trip() {
    for (text, expected) in [
        ("noise:0.2", Corruption::Noise { sigma: 0.2 }),
        ("noise:0", Corruption::Noise { sigma: 0.0 }),
        ("mask:0.75", Corruption::Mask { probability: 0.75 }),
        ("downsample:4", Corruption::Downsample { factor: 4 }),
    ] {
        assert_eq!(corruption(text), expected, "{text}");
        assert_eq!(expected.to_string(), text, "canonical text");
        let json = serde_json::to_string(&expected).expect("a string");
        assert_eq!(json, format!("{text:?}"), "in files");
        assert_eq!(serde_json::from_str::<Corruption>(&json).expect(text), expected, "from files");
    }
}

#[test]
fn one_of_each_kind_to_begin_with() {
    for usual in Corruption::USUAL {
        let text = usual.to_string();
        assert_eq!(corruption(&text), usual, "{text} is in range");
        assert_eq!(text.split(':').next(), Some(usual.kind()), "{text}");
        assert!(Corruption::FORMS.contains(&format!("{}:", usual.kind())), "{text} is told");
    }
    assert_eq!(Corruption::USUAL.map(Corruption::kind), ["noise", "mask", "downsample"]);
}

#[test]
fn settings_tell_the_corruption() {
    for (json, expected) in [
        (r#"{"corrupt": "mask:0.5"}"#, Some(Corruption::Mask { probability: 0.5 })),
        (r#"{"corrupt": "none"}"#, None),
        (r#"{"corrupt": 1}"#, None),
        ("{}", None),
    ] {
        let settings = serde_json::from_str(json).expect("an object");
        assert_eq!(Corruption::of_settings(&settings), expected, "{json}");
    }
}

#[test]
fn errors_say_what_can_stand_there() {
    let refused = |text: &str| text.parse::<Corruption>().expect_err(text);
    for text in ["", "blur:3", "Noise:1", " mask:1", ":0.2"] {
        let error = refused(text);
        assert!(matches!(error, CorruptionError::UnknownKind { .. }), "{text}: {error}");
        assert_says(&error.to_string(), &["noise:σ", "mask:p", "downsample:n"]);
    }
    for (text, words) in [
        ("noise", &["noise", "\"\"", "0 to 10"][..]),
        ("noise:much", &["\"much\"", "noise:0.2"]),
        ("noise:-0.1", &["\"-0.1\"", "0 to 10"]),
        ("noise:NaN", &["\"NaN\"", "0 to 10"]),
        ("noise:inf", &["\"inf\"", "0 to 10"]),
        ("noise:11", &["\"11\"", "0 to 10"]),
        ("mask:1.5", &["\"1.5\"", "0 to 1", "mask:0.5"]),
        ("mask:0.5:2", &["\"0.5:2\""]),
        ("downsample:0", &["\"0\"", "1 to 1024"]),
        ("downsample:1.5", &["\"1.5\"", "whole number"]),
        ("downsample:99999999999999999999999", &["1 to 1024"]),
    ] {
        assert_says(&refused(text).to_string(), words);
    }
    assert!(serde_json::from_str::<Corruption>("\"mask:2\"").is_err(), "files are checked too");
}

#[test]
fn no_strength_no_change() {
    let images = images(3, ImageShape::new(3, 7, 10));
    for text in ["noise:0", "mask:0", "downsample:1"] {
        assert_eq!(corruption(text).apply(&images, 1, 2), images, "{text}");
    }
}

#[test]
fn corruption_is_a_function_of_seed_and_step() {
    let images = images(5, ImageShape::new(2, 11, 9));
    for text in ["noise:0.2", "noise:10", "mask:0.5", "downsample:3", "downsample:1024"] {
        let once = corruption(text).apply(&images, 1, 2);
        assert_eq!(once, corruption(text).apply(&images, 1, 2), "{text} again");
        assert_eq!(once.shape(), images.shape(), "{text}: shape");
        assert!(once.data().iter().all(|value| (0.0..=1.0).contains(value)), "{text}: range");
        assert_ne!(once, images, "{text} spoils");
        let is_random = !text.starts_with("downsample");
        assert_eq!(once != corruption(text).apply(&images, 1, 3), is_random, "{text}: step");
        assert_eq!(once != corruption(text).apply(&images, 2, 2), is_random, "{text}: seed");
    }
}

#[test]
fn noise_has_its_deviation() {
    let images = Array::filled([10, 1, 40, 40], 0.5);
    let noisy = corruption("noise:0.1").apply(&images, 3, 4);
    let n = noisy.data().len() as f64;
    let mean = noisy.data().iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let squares = noisy.data().iter().map(|&value| (f64::from(value) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / n).sqrt();
    assert!((mean - 0.5).abs() < 0.005, "mean {mean}");
    assert!((deviation - 0.1).abs() < 0.005, "deviation {deviation}");
    let images = noisy.data().chunks(1600).collect::<Vec<_>>();
    assert!(images[0] != images[1], "every image has noise of its own");
}

#[test]
fn patches_are_hidden_whole() {
    // The last patches are two pixels high and one wide.
    let shape = ImageShape::new(3, 10, 13);
    let images = Array::filled(shape.batch(200), 0.25);
    let masked = corruption("mask:0.3").apply(&images, 1, 1);
    let mut hidden = 0;
    for image in 0..200 {
        let row = masked.row(image);
        let at = |c: usize, y: usize, x: usize| row[(c * 10 + y) * 13 + x];
        for y in 0..10 {
            for x in 0..13 {
                let first = at(0, y / PATCH_PX * PATCH_PX, x / PATCH_PX * PATCH_PX);
                let pixel = [at(0, y, x), at(1, y, x), at(2, y, x)];
                assert_eq!(pixel[..], [first; 3][..], "one patch, one colour, in every channel");
                assert!([0.25, 0.5].contains(&first), "grey or as it was: {first}");
            }
        }
        let corners = (0..12).map(|i| at(0, i / 4 * PATCH_PX, i % 4 * PATCH_PX));
        hidden += corners.filter(|&corner| corner > 0.25).count();
    }
    let share = hidden as f64 / (200.0 * 12.0);
    assert!((share - 0.3).abs() < 0.04, "{share} of the patches");
    let all = corruption("mask:1").apply(&images, 1, 1);
    assert_eq!(all, Array::filled(shape.batch(200), 0.5), "all hidden");
}

#[test]
fn blocks_by_hand() {
    let image = vec![0.0, 0.2, 0.4, 0.4, 0.6, 0.8, 0.6, 0.8, 1.0];
    let images = Array::new([1, 1, 3, 3], image).expect("an image");
    let coarse = corruption("downsample:2").apply(&images, 0, 0);
    // The blocks at the edge are smaller.
    let expected = [0.3, 0.3, 0.6, 0.3, 0.3, 0.6, 0.7, 0.7, 1.0];
    assert_close(coarse.data(), &expected, Tolerance::TIGHT);
    let one_colour = corruption("downsample:7").apply(&images, 0, 0);
    assert_close(one_colour.data(), &[4.8 / 9.0; 9], Tolerance::TIGHT);
}
