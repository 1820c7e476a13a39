//! Attributes read back from pictures whose attributes are known.

use rayon::prelude::*;
use zscope::data::shapes::{Attribute, CaptionFactors, ShapeFactors, parse_caption, render};
use zscope::metrics::{AttributeScore, attributes_right, read_attributes};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals};

const CENTRED: ShapeFactors =
    ShapeFactors { shape: 3, colour: 6, background: 1, size: 0.22, angle: 0.4, x: 0.5, y: 0.37 };

fn drawn(factors: &ShapeFactors, size: usize) -> Vec<f32> {
    let mut image = vec![0.0; 3 * size * size];
    render(factors, size, &mut image);
    image
}

/// (1 2 1) / 4 along both axes; the border is repeated.
fn blurred(image: &[f32], size: usize) -> Vec<f32> {
    let along = |image: &[f32], step: usize| -> Vec<f32> {
        let value = |at: usize| {
            let place = at / step % size;
            let before = if place > 0 { at - step } else { at };
            let after = if place + 1 < size { at + step } else { at };
            0.25 * (image[before] + image[after]) + 0.5 * image[at]
        };
        (0..image.len()).map(value).collect()
    };
    along(&along(image, 1), size)
}

/// What is read of `count` pictures that were blurred and had noise added, against the truth.
fn score(size: usize, blurs: usize, noise: f32, count: u64) -> AttributeScore {
    let shape = ImageShape::new(3, size, size);
    let pairs: Vec<(CaptionFactors, CaptionFactors)> = (0..count)
        .into_par_iter()
        .map(|index| {
            let factors = ShapeFactors::drawn(77, index);
            let mut image = drawn(&factors, size);
            for _ in 0..blurs {
                image = blurred(&image, size);
            }
            if noise > 0.0 {
                let grains = normals(5, index, Purpose::Evaluate, image.len());
                for (value, grain) in image.iter_mut().zip(grains) {
                    *value = (*value + noise * grain).clamp(0.0, 1.0);
                }
            }
            let seen = read_attributes(&image, shape).expect("a picture");
            (CaptionFactors::of(&factors), seen.named())
        })
        .collect();
    let mut score = AttributeScore::default();
    for (truth, seen) in &pairs {
        score.add(truth, seen);
    }
    score
}

/// Prints how often each attribute is read right: `./dev test -- --nocapture attributes_are_read`.
#[test]
fn attributes_are_read_from_clean_blurred_and_noisy_pictures() {
    println!("side blur noise  {:?} all", Attribute::ALL.map(Attribute::name));
    for (size, blurs, noise, count, least) in [
        (32, 0, 0.0, 4000, 0.99),
        (32, 1, 0.0, 1000, 0.98),
        (32, 2, 0.0, 1000, 0.98),
        (32, 4, 0.0, 1000, 0.97),
        (32, 1, 0.03, 1000, 0.97),
        (16, 0, 0.0, 1000, 0.97),
        (64, 0, 0.0, 300, 0.99),
    ] {
        let score = score(size, blurs, noise, count);
        let shares = Attribute::ALL.map(|attribute| score.share(attribute).expect("all named"));
        let all = score.pictures_right().expect("pictures");
        println!("{size:4} {blurs:4} {noise:5} {shares:.4?} {all:.4}");
        for (share, attribute) in shares.iter().zip(Attribute::ALL) {
            let name = attribute.name();
            assert!(*share >= least, "{name} at {size} px, {blurs} blurs, noise {noise}: {share}");
        }
    }
}

#[test]
fn measures_are_those_that_were_drawn() {
    let shape = ImageShape::new(3, 32, 32);
    let seen = read_attributes(&drawn(&CENTRED, 32), shape).expect("a picture");
    let figure = seen.figure.expect("a figure");
    let found = figure.factors;
    assert_eq!((found.shape, found.colour, seen.background), (3, 6, 1));
    assert!((found.size - CENTRED.size).abs() < 0.002, "size {}", found.size);
    assert!((found.x - CENTRED.x).abs() < 0.002, "x {}", found.x);
    assert!((found.y - CENTRED.y).abs() < 0.002, "y {}", found.y);
    assert!(figure.overlap > 0.9, "overlap {}", figure.overlap);
}

#[test]
fn what_shows_no_shape_has_none() {
    let shape = ImageShape::new(3, 32, 32);
    let mut blank = vec![0.0; shape.len()];
    for (plane, level) in blank.chunks_exact_mut(1024).zip([24.0, 30.0, 74.0]) {
        plane.fill(level / 255.0);
    }
    let seen = read_attributes(&blank, shape).expect("a picture");
    assert_eq!((seen.background, seen.figure), (3, None), "plain navy");
    assert_eq!(seen.named().num_named(), 1, "only a background");
    let mut speck = blank.clone();
    speck[16 * 32 + 16] = 1.0;
    assert_eq!(read_attributes(&speck, shape).expect("a picture").figure, None, "one pixel");

    assert!(read_attributes(&blank, ImageShape::new(1, 32, 96)).is_none(), "one channel");
    assert!(read_attributes(&blank, ImageShape::new(3, 64, 16)).is_none(), "not square");
    assert!(read_attributes(&blank[..432], ImageShape::new(3, 12, 12)).is_none(), "too small");
    assert!(read_attributes(&blank[1..], shape).is_none(), "another length");
    blank[7] = f32::NAN;
    assert!(read_attributes(&blank, shape).is_none(), "no number");
    for poison in [f32::MAX, f32::MIN, 1e-40, -0.0] {
        let image = vec![poison; shape.len()];
        assert!(read_attributes(&image, shape).is_some(), "{poison} is read without a panic");
    }
    let noise = normals(1, 2, Purpose::Evaluate, shape.len());
    assert!(read_attributes(&noise, shape).is_some(), "noise is read without a panic");
}

#[test]
fn captions_are_compared_by_what_they_name() {
    let shape = ImageShape::new(3, 32, 32);
    let seen = read_attributes(&drawn(&CENTRED, 32), shape).expect("a picture").named();
    let asked = |text: &str| attributes_right(&parse_caption(text).expect(text), &seen);
    assert_eq!(asked("a large purple star on cream, top"), [Some(true); 5]);
    assert_eq!(asked("a purple ring"), [Some(false), Some(true), None, None, None]);
    assert_eq!(asked(""), [None; 5]);

    let mut score = AttributeScore::default();
    assert_eq!((score.share_of_all(), score.pictures_right()), (None, None), "nothing yet");
    for text in ["a large purple star on cream, top", "a purple ring", "a violet star"] {
        score.add(&parse_caption(text).expect(text), &seen);
    }
    assert_eq!(score.num_pictures(), 3);
    assert_eq!(score.share(Attribute::Shape), Some(2.0 / 3.0));
    assert_eq!(score.share(Attribute::Place), Some(1.0), "of the one that names it");
    assert_eq!(score.share_of_all(), Some(8.0 / 9.0));
    assert_eq!(score.pictures_right(), Some(2.0 / 3.0));
}
