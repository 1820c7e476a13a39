//! Augmentation: each change by hand, and all of them as pure functions of seed and step.

use zscope::array::Array;
use zscope::data::augment::{Augment, ColourJitter, flip, jitter_colour, rotate, shift};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use crate::common::{Tolerance, assert_close};

fn images(b: usize, shape: ImageShape) -> Array {
    let values = uniforms(5, 0, Purpose::Evaluate, b * shape.len(), 0.0, 1.0);
    Array::new(shape.batch(b), values).expect("images")
}

fn applied(augment: Augment, images: &Array, seed: u64, step: u64) -> Array {
    let mut varied = images.clone();
    augment.apply(&mut varied, seed, step);
    varied
}

const ALL: Augment = Augment { flip: true, crop_px: 3, rotate_deg: 20.0, colour: 0.4 };

#[test]
fn flip_by_hand() {
    let mut image = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    flip(&mut image, ImageShape::new(1, 2, 3));
    assert_eq!(image[..], [0.3, 0.2, 0.1, 0.6, 0.5, 0.4][..], "{image:?}");
    let mut image = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    flip(&mut image, ImageShape::new(3, 1, 2));
    assert_eq!(image[..], [0.2, 0.1, 0.4, 0.3, 0.6, 0.5][..], "each channel by itself: {image:?}");
}

#[test]
fn shift_by_hand() {
    let row = [0.0, 0.1, 0.2, 0.3];
    for (across, expected) in [
        (0, [0.0, 0.1, 0.2, 0.3]),
        (1, [0.1, 0.2, 0.3, 0.2]),
        (-1, [0.1, 0.0, 0.1, 0.2]),
        (3, [0.3, 0.2, 0.1, 0.0]),
        (6, [0.0, 0.1, 0.2, 0.3]), // a whole period of reflections
    ] {
        let mut wide = row;
        shift(&mut wide, ImageShape::new(1, 1, 4), 0, across);
        assert_eq!(wide[..], expected[..], "across {across}: {wide:?}");
        let mut high = row;
        shift(&mut high, ImageShape::new(1, 4, 1), across, 2);
        assert_eq!(
            high[..],
            expected[..],
            "down {across}, where there is nothing across: {high:?}"
        );
    }
    let mut both = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    shift(&mut both, ImageShape::new(2, 2, 2), 1, -1);
    assert_eq!(both[..], [4.0, 3.0, 2.0, 1.0, 8.0, 7.0, 6.0, 5.0][..], "both ways: {both:?}");
}

#[test]
fn rotate_by_hand() {
    let turned = |image: &[f32], shape, degrees| {
        let mut image = image.to_vec();
        rotate(&mut image, shape, degrees);
        image
    };
    let three = ImageShape::new(1, 3, 3);
    let image = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    // Counter-clockwise: what was right is on top.
    let quarter = [0.3, 0.6, 0.9, 0.2, 0.5, 0.8, 0.1, 0.4, 0.7];
    assert_close(&turned(&image, three, 90.0), &quarter, Tolerance::TIGHT);
    let half: Vec<f32> = image.iter().rev().copied().collect();
    assert_close(&turned(&image, three, 180.0), &half, Tolerance::TIGHT);
    assert_close(&turned(&image, three, 360.0), &image, Tolerance::TIGHT);
    assert_eq!(turned(&image, three, 0.0), image, "no turn changes nothing at all");
    // By 45° the place above the middle comes from (1 − √½, 1 + √½): the middle has (1 − √½)² of it.
    let dot = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let found = turned(&dot, three, 45.0);
    let side = (1.0 - 0.5f32.sqrt()).powi(2);
    let expected = [0.0, side, 0.0, side, 1.0, side, 0.0, side, 0.0];
    // A corner comes from √2 away, beyond the edge: its reflection there is √2 − 1 inside it.
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let is_corner = index % 2 == 0 && index != 4;
        assert!(is_corner || (found - expected).abs() < 1e-6, "{index}: {found}, {expected}");
    }
    assert!((found[0] - (2f32.sqrt() - 1.0)).abs() < 1e-6, "a corner: {found:?}");
    let flat = vec![0.7; 2 * 5 * 6];
    assert_close(&turned(&flat, ImageShape::new(2, 5, 6), 33.0), &flat, Tolerance::TIGHT);
}

#[test]
fn colours_by_hand() {
    let shape = ImageShape::new(3, 1, 2);
    let image = [0.5, 0.2, 0.5, 0.4, 0.5, 0.6]; // (½, ½, ½) and (0.2, 0.4, 0.6)
    let none = ColourJitter { brightness: 1.0, contrast: 1.0, saturation: 1.0 };
    let jittered = |jitter| {
        let mut image = image;
        jitter_colour(&mut image, shape, jitter);
        image
    };
    assert_eq!(jittered(none)[..], image[..], "factors of 1 change nothing at all");
    let bright = jittered(ColourJitter { brightness: 2.0, ..none });
    assert_close(&bright, &[1.0, 0.4, 1.0, 0.8, 1.0, 1.0], Tolerance::TIGHT);
    // The second pixel's luminance: 0.299 · 0.2 + 0.587 · 0.4 + 0.114 · 0.6 = 0.363.
    let grey = jittered(ColourJitter { saturation: 0.0, ..none });
    assert_close(&grey, &[0.5, 0.363, 0.5, 0.363, 0.5, 0.363], Tolerance::TIGHT);
    let vivid = jittered(ColourJitter { saturation: 2.0, ..none });
    assert_close(&vivid, &[0.5, 0.037, 0.5, 0.437, 0.5, 0.837], Tolerance::TIGHT);
    let flat = jittered(ColourJitter { contrast: 0.0, ..none });
    assert_close(&flat, &[0.4315; 6], Tolerance::TIGHT);
    let mut two_channels = image;
    let strong = ColourJitter { brightness: 0.0, contrast: 0.0, saturation: 0.0 };
    jitter_colour(&mut two_channels, ImageShape::new(2, 1, 3), strong);
    assert_eq!(two_channels[..], image[..], "only colours have colours");
}

#[test]
fn augmentation_is_a_function_of_seed_and_step() {
    for shape in [ImageShape::new(3, 9, 13), ImageShape::new(1, 1, 1), ImageShape::new(1, 28, 28)] {
        let images = images(6, shape);
        assert_eq!(applied(Augment::NONE, &images, 1, 2), images, "no strength, no change");
        let once = applied(ALL, &images, 1, 2);
        assert_eq!(once, applied(ALL, &images, 1, 2), "the same again");
        assert_eq!(once.shape(), images.shape(), "shape");
        assert!(once.data().iter().all(|value| (0.0..=1.0).contains(value)), "range");
        if shape.len() > 1 {
            assert_ne!(once, images, "varied");
            assert_ne!(once, applied(ALL, &images, 1, 3), "another step");
            assert_ne!(once, applied(ALL, &images, 2, 2), "another seed");
        }
    }
    let wild = Augment { crop_px: 1000, rotate_deg: 180.0, colour: 1.0, flip: true };
    let found = applied(wild, &images(20, ImageShape::new(3, 5, 4)), 3, 3);
    assert!(found.data().iter().all(|value| (0.0..=1.0).contains(value)), "range");
}

#[test]
fn half_of_the_images_are_mirrored_and_every_place_is_reached() {
    let shape = ImageShape::new(1, 3, 3);
    let images = {
        let one: Vec<f32> = (1..10).map(|i| i as f32 / 10.0).collect();
        Array::new(shape.batch(1000), one.repeat(1000)).expect("images")
    };
    let mirrored = applied(Augment { flip: true, ..Augment::NONE }, &images, 1, 1);
    let count = (0..1000).filter(|&i| mirrored.row(i) != images.row(i)).count();
    assert!((430..570).contains(&count), "{count} of 1000");
    let crop = Augment { crop_px: 1, ..Augment::NONE };
    let moved = applied(crop, &images, 1, 1);
    let mut places: Vec<Vec<u32>> =
        (0..1000).map(|i| moved.row(i).iter().map(|value| value.to_bits()).collect()).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 9, "three by three places");
    // One setting does not change what another does.
    let both = applied(Augment { flip: true, ..crop }, &images, 1, 1);
    let mut expected = moved;
    for index in 0..1000 {
        if mirrored.row(index) != images.row(index) {
            let len = shape.len();
            flip(&mut expected.data_mut()[index * len..(index + 1) * len], shape);
        }
    }
    assert_eq!(both, expected, "mirrored as before");
}

#[test]
fn grey_images_keep_their_levels() {
    let images = images(8, ImageShape::new(1, 6, 6));
    let colour = Augment { colour: 1.0, ..Augment::NONE };
    assert_eq!(applied(colour, &images, 1, 1), images, "no colour");
    let text = serde_json::to_string(&ALL).expect("plain data");
    assert_eq!(serde_json::from_str::<Augment>(&text).expect("its own text"), ALL, "round trip");
    let none: Augment = serde_json::from_str("{}").expect("defaults");
    assert_eq!(none, Augment::NONE, "what is not named is off");
}
