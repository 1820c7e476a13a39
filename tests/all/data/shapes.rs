//! Procedural shapes against geometry worked out by hand.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use zscope::data::shapes::{
    BACKGROUND_NAMES, COLOUR_NAMES, SHAPE_NAMES, ShapeFactors, Shapes, render,
};
use zscope::data::{Dataset as _, FactorInfo, FactorKind, ShapesOptions, Split, class_counts};

use super::{all_images, opened};
use crate::common::{Tolerance, assert_close, first_difference};

const SIZE: usize = 64;
const CENTRED: ShapeFactors =
    ShapeFactors { shape: 0, colour: 0, background: 0, size: 0.2, angle: 0.0, x: 0.5, y: 0.5 };

/// An image that was full of a loud value before.
fn drawn(factors: &ShapeFactors, size: usize) -> Vec<f32> {
    let mut image = vec![f32::NAN; 3 * size * size];
    render(factors, size, &mut image);
    image
}

/// How much of the image the shape covers, in pixels: what differs from the background, by the red plane.
fn covered(image: &[f32], size: usize) -> f32 {
    let red = &image[..size * size];
    let (paper, ink) = (red[0], red[size / 2 * size + size / 2]);
    red.iter().map(|value| (value - paper) / (ink - paper)).sum()
}

#[test]
fn areas_match_geometry() {
    let radius = CENTRED.size * SIZE as f32;
    let disc = covered(&drawn(&ShapeFactors { colour: 5, ..CENTRED }, SIZE), SIZE);
    let expected = PI * radius * radius;
    assert!((disc / expected - 1.0).abs() < 0.01, "disc covers {disc}, expected {expected}");
    let larger = covered(&drawn(&ShapeFactors { colour: 5, size: 0.21, ..CENTRED }, SIZE), SIZE);
    assert!(
        (larger / expected - 1.0).abs() > 0.01,
        "the comparison sees a radius that is 5 % larger"
    );

    // Half the diagonal is 1.18 radii; rounded corners reach 0.06 further outwards.
    let square = covered(&drawn(&ShapeFactors { shape: 1, colour: 5, ..CENTRED }, SIZE), SIZE);
    let (side, round) = (1.18 * radius * 2.0f32.sqrt(), 0.06 * radius);
    let expected = side * side + 4.0 * side * round + PI * round * round;
    assert!((square / expected - 1.0).abs() < 0.01, "square covers {square}, expected {expected}");
}

#[test]
fn symmetries_hold() {
    for (shape, turn) in [
        (1, FRAC_PI_2),
        (2, PI * 2.0 / 3.0),
        (3, PI * 2.0 / 5.0),
        (4, FRAC_PI_2),
        (5, 1.0),
        (0, 1.0),
    ] {
        let upright = drawn(&ShapeFactors { shape, ..CENTRED }, SIZE);
        let turned = drawn(&ShapeFactors { shape, angle: turn, ..CENTRED }, SIZE);
        assert_close(&turned, &upright, Tolerance { abs: 1e-3, rel: 0.0 });
    }
    let upright = drawn(&ShapeFactors { shape: 1, ..CENTRED }, SIZE);
    let tilted = drawn(&ShapeFactors { shape: 1, angle: FRAC_PI_4, ..CENTRED }, SIZE);
    let tolerance = Tolerance { abs: 1e-3, rel: 0.0 };
    assert!(first_difference(&tilted, &upright, tolerance).is_some(), "an eighth of a turn shows");
}

#[test]
fn triangle_points_up_and_turns_clockwise() {
    let tips = |angle| {
        let image = drawn(&ShapeFactors { shape: 2, colour: 5, angle, ..CENTRED }, SIZE);
        let shows = |row: usize, column: usize| (image[row * SIZE + column] - image[0]).abs() > 0.1;
        let reach = (1.2 * CENTRED.size * SIZE as f32) as usize;
        let middle = SIZE / 2;
        [
            shows(middle - reach, middle),
            shows(middle, middle + reach),
            shows(middle + reach, middle),
        ]
    };
    assert_eq!(tips(0.0), [true, false, false], "up");
    assert_eq!(tips(FRAC_PI_2), [false, true, false], "right");
    assert_eq!(tips(PI), [false, false, true], "down");
}

/// Whether any pixel at the border of a 128×128 image shows the shape.
fn touches_border(factors: &ShapeFactors) -> bool {
    let size = 128;
    let image = drawn(factors, size);
    let green = &image[size * size..2 * size * size];
    let mut border =
        (0..size).flat_map(|i| [i, (size - 1) * size + i, i * size, i * size + size - 1]);
    let paper = drawn(&CENTRED, size)[size * size];
    border.any(|at| green[at].to_bits() != paper.to_bits())
}

#[test]
fn no_shape_is_cut_off_anywhere() {
    let set = Shapes::new(ShapesOptions::default());
    let range = |name: &str| match set.factors().iter().find(|factor| factor.name == name) {
        Some(FactorInfo { kind: FactorKind::Continuous { lo, hi }, .. }) => (*lo, *hi),
        other => panic!("{name} should be continuous: {other:?}"),
    };
    let ((_, size), (x_lo, x_hi), (y_lo, y_hi)) = (range("size"), range("x"), range("y"));
    for (shape, name) in SHAPE_NAMES.iter().enumerate() {
        for (x, y) in [(x_lo, y_lo), (x_hi, y_lo), (x_lo, y_hi), (x_hi, y_hi)] {
            for step in 0..24 {
                let angle = step as f32 * PI / 12.0;
                let factors = ShapeFactors { shape, size, x, y, angle, ..CENTRED };
                assert!(!touches_border(&factors), "{name} at {x}, {y}");
            }
        }
    }
    assert!(
        touches_border(&ShapeFactors { x: 0.1, ..CENTRED }),
        "the comparison sees a disc that is cut off"
    );
}

/// CIE L*a*b* (D65) from sRGB in `[0, 1]`.
fn lab(rgb: [f32; 3]) -> [f32; 3] {
    let linear =
        rgb.map(|v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let row = |a: f32, b: f32, c: f32| a * linear[0] + b * linear[1] + c * linear[2];
    let xyz = [
        row(0.4124, 0.3576, 0.1805) / 0.9505,
        row(0.2126, 0.7152, 0.0722),
        row(0.0193, 0.1192, 0.9505) / 1.089,
    ];
    let [x, y, z] = xyz.map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(one: [f32; 3], other: [f32; 3]) -> f32 {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

#[test]
fn every_colour_stands_out_from_every_background() {
    let grey = |v: f32| lab([v, v, v]);
    assert!((distance(grey(0.0), grey(1.0)) - 100.0).abs() < 0.5, "black to white is 100");
    assert!(
        distance(lab([0.9, 0.8, 0.2]), lab([0.95, 0.85, 0.25])) < 40.0,
        "two yellows do not stand out"
    );
    for (colour, colour_name) in COLOUR_NAMES.iter().enumerate() {
        for (background, background_name) in BACKGROUND_NAMES.iter().enumerate() {
            let image = drawn(&ShapeFactors { colour, background, ..CENTRED }, 32);
            let at = |pixel: usize| lab([image[pixel], image[1024 + pixel], image[2048 + pixel]]);
            let contrast = distance(at(0), at(16 * 32 + 16));
            assert!(contrast > 40.0, "{colour_name} on {background_name}: {contrast}");
        }
    }
}

#[test]
fn images_depend_on_seed_and_index_only() {
    let first = opened("shapes?train=40&test=20").expect("shapes");
    let again = opened("shapes?train=7000&test=20").expect("shapes");
    let other = opened("shapes?train=40&test=20&seed=1").expect("shapes");
    let test = all_images(&*first, Split::Test);
    assert_eq!(
        test,
        all_images(&*again, Split::Test),
        "the test part does not depend on the training part"
    );
    assert_ne!(test, all_images(&*other, Split::Test), "another seed gives other images");
    let elsewhere = std::thread::spawn({
        let first = first.clone();
        move || all_images(&*first, Split::Test)
    });
    assert_eq!(elsewhere.join().expect("thread"), test, "the same on any thread");
    assert!(test.data().iter().all(|value| (0.0..=1.0).contains(value)), "values in [0, 1]");
}

#[test]
fn train_and_test_share_no_image() {
    let set = Shapes::new(ShapesOptions::default());
    let key = |split, index| format!("{:?}", set.factors_of(split, index));
    let train: std::collections::BTreeSet<String> =
        (0..50_000).map(|i| key(Split::Train, i)).collect();
    assert_eq!(train.len(), 50_000, "all training images differ");
    assert!(train.contains(&key(Split::Train, 7)), "the comparison finds an image that is in both");
    assert!(
        (0..10_000).all(|i| !train.contains(&key(Split::Test, i))),
        "no test image is a training image"
    );
}

#[test]
fn factors_labels_and_captions_agree() {
    let set = opened("shapes").expect("shapes");
    assert_eq!((set.len(Split::Train), set.len(Split::Test)), (50_000, 10_000), "defaults");
    for index in 0..500 {
        let values = set.factor_values(Split::Train, index).expect("factors");
        assert_eq!(values.len(), set.factors().len(), "one value a factor");
        let caption = set.caption(Split::Train, index).expect("caption");
        for (value, factor) in values.iter().zip(set.factors()) {
            match &factor.kind {
                FactorKind::Categories(names) => {
                    assert!(
                        caption.contains(&names[*value as usize]),
                        "{caption:?} names the {}",
                        factor.name
                    );
                }
                FactorKind::Continuous { lo, hi } => {
                    assert!((*lo..=*hi).contains(value), "{} {value} in {lo}..{hi}", factor.name);
                }
            }
        }
        assert_eq!(
            set.label(Split::Train, index),
            Some(values[0] as u32),
            "the label is the shape"
        );
    }
    let counts = class_counts(&*set, Split::Test);
    assert_eq!(counts.iter().sum::<usize>(), 10_000, "every image has a class");
    assert!(
        counts.iter().all(|count| (1500..1850).contains(count)),
        "classes are balanced: {counts:?}"
    );

    let corner = ShapeFactors { shape: 2, size: 0.13, x: 0.33, y: 0.33, background: 3, ..CENTRED };
    assert_eq!(corner.caption(), "a small red triangle on navy, top left", "by hand");
    assert_eq!(
        ShapeFactors { size: 0.24, ..CENTRED }.caption(),
        "a large red circle on white, centre",
        "by hand"
    );
}
