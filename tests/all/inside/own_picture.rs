//! Pictures of one's own: what a model makes of them, and what a session keeps.

use std::sync::Arc;

use zscope::array::Array;
use zscope::engine::twin;
use zscope::formats::pictures::picture_of_rgba;
use zscope::graph::lower::Networks;
use zscope::measure::own_picture::examine;
use zscope::metrics::{kl_nats, mse, psnr_db};
use zscope::picture::{ImageShape, ValueRange};
use zscope::session::own_picture::{Found, MOST, OwnPictures, Rank, Search, Source};

use super::generator;
use super::looking::{encoder, networks};
use crate::common::{Tolerance, assert_close, assert_says};
use crate::engine_matches_twin::noise;
use crate::graph::array;

fn unit_noise(seed: u64, len: usize) -> Vec<f32> {
    noise(seed, len).into_iter().map(|value| 0.5 + 0.5 * value).collect()
}

#[test]
fn a_picture_is_encoded_and_comes_back() {
    let range = ValueRange::SIGNED;
    let picture = array(&[1, 5, 4], &unit_noise(40, 20));
    let others = array(&[6, 1, 5, 4], &unit_noise(41, 120));
    let found = examine(&networks(), range, &picture, Some(&others)).unwrap();
    let own = range.images_from_unit(&picture).reshaped([1, 1, 5, 4]).unwrap();
    let told = twin::run(&encoder(), &own).unwrap();
    assert_close(found.latent.as_ref().unwrap(), told["latent"].data(), Tolerance::ENGINE);
    let deviations: Vec<f32> = told["logvar"].data().iter().map(|v| (v / 2.0).exp()).collect();
    assert_close(found.deviation.as_ref().unwrap(), &deviations, Tolerance::ENGINE);
    let kl = kl_nats(told["latent"].data(), told["logvar"].data());
    assert!((found.kl_nats.unwrap() - kl).abs() < 1e-3 * kl, "{:?} and {kl}", found.kl_nats);
    let back = twin::run(&generator(), &told["latent"]).unwrap().remove("image").unwrap();
    let back = range.images_to_unit(&back);
    let errors = found.errors.unwrap();
    let expected = mse(picture.data(), back.data());
    assert!((errors.mse - expected).abs() < 1e-5, "{} and {expected}", errors.mse);
    assert!((errors.psnr_db - psnr_db(picture.data(), back.data())).abs() < 0.01, "in dB");
    assert!(errors.ssim < 1.0, "noise does not come back");
    assert_eq!(found.error_rank.map(|rank| rank.of), Some(6), "among all others");
    assert_eq!(found.kl_rank.map(|rank| rank.of), Some(6), "among all others");
    assert!(found.codes.is_none(), "no codebook");
    // A picture among copies of itself is unlike none of them.
    let same = array(&[2, 1, 5, 4], &picture.data().repeat(2));
    let found = examine(&networks(), range, &picture, Some(&same)).unwrap();
    assert_eq!(found.error_rank, Some(Rank { below: 0, of: 2 }), "none errs less");
}

#[test]
fn without_an_encoder_there_is_the_picture_alone() {
    let networks = Networks { encoder: None, ..networks() };
    let picture = array(&[1, 5, 4], &unit_noise(40, 20));
    let found = examine(&networks, ValueRange::UNIT, &picture, None).unwrap();
    assert_eq!(found, Found { picture, ..Found::default() }, "nothing else is known");
}

#[test]
fn pixels_become_an_image_as_files_do() {
    let shape = ImageShape::new(3, 1, 2);
    let rgba = [255, 0, 0, 255, 0, 0, 255, 0];
    let image = picture_of_rgba([2, 1], &rgba, shape).unwrap();
    // Red, and white where it is transparent: channel by channel.
    assert_eq!(image.data(), [1.0, 1.0, 0.0, 1.0, 0.0, 1.0], "laid on white");
    let grey = picture_of_rgba([2, 1], &rgba, ImageShape::new(1, 1, 2)).unwrap();
    assert_eq!(grey.shape(), [1, 1, 2], "one channel");
    for (size, bytes) in [([0, 0], 0), ([2, 1], 7), ([2, 2], 8), ([usize::MAX, 1], 8), ([1, 1], 8)]
    {
        let error = picture_of_rgba(size, &vec![0; bytes], shape).unwrap_err().to_string();
        assert_says(&error, &["picture", "clipboard"]);
    }
    assert!(picture_of_rgba([2, 1], &rgba, ImageShape::new(2, 1, 2)).is_err(), "two channels");
}

fn pixels(number: usize) -> Source {
    Source::Pixels { size: [1, 1], rgba: vec![number as u8; 4].into() }
}

#[test]
fn pictures_are_kept_the_newest_first_and_bounded() {
    let mut own = OwnPictures::default();
    assert!(own.chosen().is_none(), "none at first");
    let numbers: Vec<u64> = (0..20).map(|n| own.add(format!("picture {n}"), pixels(n))).collect();
    assert_eq!(own.pictures().len(), MOST, "the oldest have gone");
    assert_eq!(own.chosen().unwrap().name, "picture 19", "the newest is looked at");
    own.choose(numbers[15]);
    assert_eq!(own.chosen().unwrap().name, "picture 15", "another one");
    own.choose(numbers[0]);
    assert_eq!(own.chosen().unwrap().name, "picture 15", "that one has gone");
    own.add("again".to_owned(), pixels(15));
    assert_eq!(own.pictures().len(), MOST, "the same picture is kept once");
    assert_eq!(own.pictures()[0].name, "again", "and comes first");
    let chosen = own.chosen().unwrap().number;
    own.remove(chosen);
    assert_eq!(own.chosen().unwrap().name, "picture 19", "the next newest");
}

#[test]
fn what_was_found_belongs_to_its_picture() {
    let mut own = OwnPictures::default();
    let first = own.add("first".to_owned(), pixels(1));
    let second = own.add("second".to_owned(), pixels(2));
    own.take_found(first, Arc::new(Found::default()));
    assert!(own.found().is_none(), "an answer about another picture");
    own.take_found(second, Arc::new(Found::default()));
    assert!(own.found().is_some(), "about this one");
    own.take_search(Search {
        number: second,
        is_running: true,
        steps: [1, 2],
        errors: vec![0.5],
        latent: vec![0.0],
        error: 0.5,
    });
    own.choose(first);
    assert!(own.found().is_none() && own.search().is_none(), "nothing of the other");
    own.choose(second);
    own.end_search();
    assert!(own.search().is_some_and(|search| !search.is_running), "it has ended, and stays");
    own.forget_found();
    assert!(own.found().is_none() && own.search().is_none(), "another model");
    let picture = Array::zeros([1, 1, 1]);
    assert_eq!(Found::default().picture, picture, "a picture of nothing");
}
