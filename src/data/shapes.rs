//! Procedural images whose causes are known: one coloured shape on a plain background.
//!
//! An image is a pure function of (seed, index). Every factor is drawn independently of the others, so the
//! set suits measures of disentanglement as well as captions.

mod grammar;
mod parse;
mod render;

use std::f32::consts::TAU;

use rand::RngExt as _;

use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::random::{self, Purpose};

use super::{CaptionStyle, Dataset, FactorInfo, FactorKind, ShapesOptions, Split};

pub use grammar::{Attribute, CaptionFactors, NUM_FORMS, caption_in_form, varied_caption};
pub use parse::{CaptionError, Role, parse_caption, with_values};
pub(crate) use render::{BACKGROUND_LEVELS, COLOUR_LEVELS};
pub use render::{cover, render};

/// The names of the shapes, which are the classes.
pub const SHAPE_NAMES: [&str; 6] = ["circle", "square", "triangle", "star", "cross", "ring"];
/// The names of the colours of shapes.
pub const COLOUR_NAMES: [&str; 8] =
    ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];
/// The names of the colours of backgrounds.
pub const BACKGROUND_NAMES: [&str; 5] = ["white", "cream", "sky", "navy", "charcoal"];

/// Words for the thirds of a range of sizes.
pub(super) const SIZE_WORDS: [&str; 3] = ["small", "medium", "large"];
/// Words for the ninths of an image, by rows.
pub(super) const PLACES: [[&str; 3]; 3] = [
    ["top left", "top", "top right"],
    ["left", "centre", "right"],
    ["bottom left", "bottom", "bottom right"],
];

/// Half the extent of a shape, as a fraction of the image.
const SIZES: (f32, f32) = (0.13, 0.24);
/// The centre of a shape, as a fraction of the image: however it is turned, no shape is cut off.
const POSITIONS: (f32, f32) = (0.33, 0.67);
/// The first index of the test part, far beyond any training index.
const TEST_START: u64 = 1 << 40;

/// The causes of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeFactors {
    /// Index into [`SHAPE_NAMES`].
    pub shape: usize,
    /// Index into [`COLOUR_NAMES`].
    pub colour: usize,
    /// Index into [`BACKGROUND_NAMES`].
    pub background: usize,
    /// Half the extent of the shape as a fraction of the image, in `[0.13, 0.24]`.
    pub size: f32,
    /// How far the shape is turned, clockwise, in radians, in `[0, 2π)`.
    pub angle: f32,
    /// The centre, as a fraction of the width from the left, in `[0.33, 0.67]`.
    pub x: f32,
    /// The centre, as a fraction of the height from the top, in `[0.33, 0.67]`.
    pub y: f32,
}

impl ShapeFactors {
    /// The causes that [`Dataset::factor_values`] of this source tells; nothing of other values.
    pub fn from_values(values: &[f32]) -> Option<Self> {
        let &[shape, colour, background, size, angle, x, y] = values else { return None };
        let index = |value: f32, names: &[&str]| {
            (value.fract() == 0.0 && (0.0..names.len() as f32).contains(&value))
                .then_some(value as usize)
        };
        Some(Self {
            shape: index(shape, &SHAPE_NAMES)?,
            colour: index(colour, &COLOUR_NAMES)?,
            background: index(background, &BACKGROUND_NAMES)?,
            size,
            angle,
            x,
            y,
        })
    }

    /// The causes of image `index` under `seed`.
    pub fn drawn(seed: u64, index: u64) -> Self {
        let mut rng = random::stream(seed, index, Purpose::Shapes);
        let mut between = |(lo, hi): (f32, f32)| lo + (hi - lo) * rng.random::<f32>();
        let (size, angle) = (between(SIZES), between((0.0, TAU)));
        let (x, y) = (between(POSITIONS), between(POSITIONS));
        Self {
            shape: rng.random_range(0..SHAPE_NAMES.len() as u32) as usize,
            colour: rng.random_range(0..COLOUR_NAMES.len() as u32) as usize,
            background: rng.random_range(0..BACKGROUND_NAMES.len() as u32) as usize,
            size,
            angle,
            x,
            y,
        }
    }

    /// One line that describes the image: "a small red triangle on navy, top left".
    pub fn caption(&self) -> String {
        let size = SIZE_WORDS[third(self.size, SIZES)];
        let place = PLACES[third(self.y, POSITIONS)][third(self.x, POSITIONS)];
        let (colour, shape) = (COLOUR_NAMES[self.colour], SHAPE_NAMES[self.shape]);
        format!("a {size} {colour} {shape} on {}, {place}", BACKGROUND_NAMES[self.background])
    }
}

/// Which third of `lo..hi` a value lies in: 0, 1 or 2.
pub(super) fn third(value: f32, (lo, hi): (f32, f32)) -> usize {
    (((value - lo) / (hi - lo) * 3.0) as usize).min(2)
}

/// The number that an image is drawn by.
fn number(split: Split, index: usize) -> u64 {
    let start = match split {
        Split::Train => 0,
        Split::Test => TEST_START,
    };
    start + index as u64
}

/// Every pair of a shape and a colour.
fn combinations() -> impl Iterator<Item = (usize, usize)> {
    (0..SHAPE_NAMES.len())
        .flat_map(|shape| (0..COLOUR_NAMES.len()).map(move |colour| (shape, colour)))
}

/// `count` pairs of a shape and a colour, chosen by the seed; every shape and every colour is left in another pair. At
/// most 24 of the 48: as long as more than 14 are left, one of them is not the last of its shape nor of its colour.
fn held_out(seed: u64, count: usize) -> Vec<(usize, usize)> {
    let mut left: Vec<(usize, usize)> = combinations().collect();
    let mut held_out = Vec::with_capacity(count);
    for at in random::permutation(seed, u64::MAX, Purpose::HeldOut, left.len()) {
        let (shape, colour) = (at as usize / COLOUR_NAMES.len(), at as usize % COLOUR_NAMES.len());
        let of_shape = left.iter().filter(|both| both.0 == shape).count();
        let of_colour = left.iter().filter(|both| both.1 == colour).count();
        if held_out.len() < count && of_shape > 1 && of_colour > 1 {
            left.retain(|both| *both != (shape, colour));
            held_out.push((shape, colour));
        }
    }
    held_out
}

/// The data set; nothing is stored, images are drawn when asked for.
#[derive(Clone, Debug)]
pub struct Shapes {
    options: ShapesOptions,
    /// Combinations of shape and colour that training does not see.
    held_out: Vec<(usize, usize)>,
    class_names: Vec<String>,
    factors: Vec<FactorInfo>,
}

impl Shapes {
    /// The set that `options` describe.
    pub fn new(options: ShapesOptions) -> Self {
        let names =
            |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
        let factor = |name: &str, kind| FactorInfo { name: name.to_owned(), kind };
        let range = |(lo, hi): (f32, f32)| FactorKind::Continuous { lo, hi };
        Self {
            options,
            held_out: held_out(options.seed, options.hold_out),
            class_names: names(&SHAPE_NAMES),
            factors: vec![
                factor(tr_later!("shape"), FactorKind::Categories(names(&SHAPE_NAMES))),
                factor(tr_later!("colour"), FactorKind::Categories(names(&COLOUR_NAMES))),
                factor(tr_later!("background"), FactorKind::Categories(names(&BACKGROUND_NAMES))),
                factor(tr_later!("size"), range(SIZES)),
                factor(tr_later!("angle"), range((0.0, TAU))),
                factor("x", range(POSITIONS)),
                factor("y", range(POSITIONS)),
            ],
        }
    }

    /// The causes of an image of the set.
    ///
    /// # Panics
    /// When `index` is not below the length of the split.
    pub fn factors_of(&self, split: Split, index: usize) -> ShapeFactors {
        let len = self.len(split);
        assert!(index < len, "index {index} is not below the {len} {split} images");
        let (seed, number) = (self.options.seed, number(split, index));
        let mut factors = ShapeFactors::drawn(seed, number);
        if split == Split::Train && self.holds_out(&factors) {
            let seen: Vec<(usize, usize)> =
                combinations().filter(|both| !self.held_out.contains(both)).collect();
            let mut rng = random::stream(seed, number, Purpose::HeldOut);
            let instead = rng.random_range(0..seen.len() as u32) as usize;
            (factors.shape, factors.colour) = seen[instead];
        }
        factors
    }

    fn holds_out(&self, factors: &ShapeFactors) -> bool {
        self.held_out.contains(&(factors.shape, factors.colour))
    }
}

impl Dataset for Shapes {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's names are not all literals")]
    fn name(&self) -> &str {
        "Shapes"
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(3, self.options.size, self.options.size)
    }

    fn len(&self, split: Split) -> usize {
        match split {
            Split::Train => self.options.train,
            Split::Test => self.options.test,
        }
    }

    fn pixels(&self, split: Split, index: usize, out: &mut [f32]) {
        render(&self.factors_of(split, index), self.options.size, out);
    }

    fn label(&self, split: Split, index: usize) -> Option<u32> {
        Some(self.factors_of(split, index).shape as u32)
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn factors(&self) -> &[FactorInfo] {
        &self.factors
    }

    fn factor_values(&self, split: Split, index: usize) -> Option<Vec<f32>> {
        let of = self.factors_of(split, index);
        Some(vec![
            of.shape as f32,
            of.colour as f32,
            of.background as f32,
            of.size,
            of.angle,
            of.x,
            of.y,
        ])
    }

    fn caption(&self, split: Split, index: usize) -> Option<String> {
        let factors = self.factors_of(split, index);
        Some(match self.options.captions {
            CaptionStyle::Plain => factors.caption(),
            CaptionStyle::Varied => {
                varied_caption(&factors, self.options.seed, number(split, index))
            }
        })
    }

    fn is_held_out(&self, split: Split, index: usize) -> bool {
        self.holds_out(&self.factors_of(split, index))
    }

    fn warnings(&self) -> &[String] {
        &[]
    }
}
