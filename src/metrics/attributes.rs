//! What a picture of [`crate::data::shapes`] shows, read back from its pixels: whether a model drew what a caption asked
//! for is then a matter of counting.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use crate::data::shapes::{
    Attribute, BACKGROUND_LEVELS, COLOUR_LEVELS, CaptionFactors, SHAPE_NAMES, ShapeFactors, cover,
};
use crate::picture::ImageShape;

/// The least side of a picture that is read, in pixels.
pub const ATTRIBUTES_LEAST_PX: usize = 16;

/// How many pixels at each side are background.
const BORDER_PX: usize = 2;
/// What differs less from the background than this is nothing, as a distance of RGB values in `[0, 1]`.
const LEAST_CONTRAST: f32 = 0.2;
/// A pixel belongs to a figure where it is covered by more than this share.
const INSIDE: f32 = 0.35;
/// How far the soft edge of a figure reaches beyond what belongs to it, in pixels.
const EDGE_PX: usize = 2;
/// A smaller figure is none, in pixels.
const LEAST_AREA: f32 = 3.0;
/// The turns at which each shape is compared, over the part of a circle after which it looks the same.
const TURNS: [(usize, f32); 6] =
    [(1, TAU), (15, TAU / 4.0), (20, TAU / 3.0), (12, TAU / 5.0), (15, TAU / 4.0), (1, TAU)];
/// How often shapes are blurred before they are compared, with the kernel (1 2 1) / 4 along both axes.
const BLURS: [usize; 4] = [0, 1, 2, 4];

/// A figure that stands out from its background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// What comes nearest to it; measures may lie outside of what the data has.
    pub factors: ShapeFactors,
    /// How well that fits: what both cover as a share of what either covers, in `[0, 1]`.
    pub overlap: f32,
}

/// What is seen in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The background, an index into [`crate::data::shapes::BACKGROUND_NAMES`].
    pub background: usize,
    /// The largest figure; nothing where all is background.
    pub figure: Option<Figure>,
}

impl Seen {
    /// What a caption of the picture would name; only the background where there is no figure.
    pub fn named(&self) -> CaptionFactors {
        self.figure.map_or_else(
            || {
                let mut only = CaptionFactors::default();
                only.set(Attribute::Background, Some(self.background));
                only
            },
            |figure| CaptionFactors::of(&figure.factors),
        )
    }
}

/// Reads the attributes of a picture of one shape on a plain background: nothing of another kind of picture, that is one
/// without three channels, not square, smaller than [`ATTRIBUTES_LEAST_PX`] or with values that are no numbers.
///
/// The background is the median of the border. A colour is the one on whose line to the background the pixels lie,
/// which blur does not change; the cover along that line gives area and centre, and the shape is the one that, turned
/// and blurred, overlaps it most. A picture beside a boundary of thirds or ninths counts as any other.
///
/// # Errors of its own
/// The share read right of pictures whose attributes are known, as `./dev test -- --nocapture attributes_are_read` prints it;
/// shape, colour and background were right in every picture of each row. A blur is the kernel (1 2 1) / 4 along both axes.
///
/// | side | blurred | noise σ | pictures | size | place | all five |
/// |---|---|---|---|---|---|---|
/// | 32 | – | – | 4000 | 99.9 % | 99.7 % | 99.6 % |
/// | 32 | once | – | 1000 | 99.8 % | 99.5 % | 99.3 % |
/// | 32 | twice | – | 1000 | 99.7 % | 99.5 % | 99.2 % |
/// | 32 | four times | – | 1000 | 98.3 % | 99.5 % | 97.8 % |
/// | 32 | once | 0.03 | 1000 | 99.0 % | 99.0 % | 98.0 % |
/// | 16 | – | – | 1000 | 99.9 % | 98.6 % | 98.5 % |
/// | 64 | – | – | 300 | 100 % | 100 % | 100 % |
///
/// # Shapes
/// `image`: `[3, h, w]` in [0, 1].
pub fn read_attributes(image: &[f32], shape: ImageShape) -> Option<Seen> {
    let side = shape.height;
    let is_picture = shape.channels == 3 && shape.width == side && side >= ATTRIBUTES_LEAST_PX;
    if !is_picture || image.len() != shape.len() || image.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let paper = border_colour(image, side);
    let background = nearest(paper, &BACKGROUND_LEVELS);
    let figure = covered(image, paper).and_then(|(colour, plane)| {
        let plane = largest_figure(&plane, side)?;
        figure_of(&plane, side, colour, background)
    });
    Some(Seen { background, figure })
}

const fn rgb_at(image: &[f32], pixel: usize) -> [f32; 3] {
    let plane = image.len() / 3;
    [image[pixel], image[plane + pixel], image[2 * plane + pixel]]
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn unit(levels: [u8; 3]) -> [f32; 3] {
    levels.map(|level| f32::from(level) / 255.0)
}

fn nearest(colour: [f32; 3], levels: &[[u8; 3]]) -> usize {
    let distance = |levels: &[u8; 3]| {
        let apart = minus(colour, unit(*levels));
        dot(apart, apart)
    };
    least(levels.iter().map(distance))
}

/// The place of the least value, the first of several.
fn least(values: impl Iterator<Item = f32>) -> usize {
    values.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}

/// The median of each channel along the border.
fn border_colour(image: &[f32], side: usize) -> [f32; 3] {
    let is_border = |at: usize| at < BORDER_PX || at >= side - BORDER_PX;
    let pixels: Vec<usize> =
        (0..side * side).filter(|at| is_border(at / side) || is_border(at % side)).collect();
    std::array::from_fn(|channel| {
        let mut values: Vec<f32> = pixels.iter().map(|&at| rgb_at(image, at)[channel]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    })
}

/// The colour that the picture has beside its background, and how much of each pixel it covers, about `[0, 1]`; nothing
/// where nothing stands out.
fn covered(image: &[f32], paper: [f32; 3]) -> Option<(usize, Vec<f32>)> {
    let apart: Vec<[f32; 3]> =
        (0..image.len() / 3).map(|pixel| minus(rgb_at(image, pixel), paper)).collect();
    let most = apart.iter().map(|apart| dot(*apart, *apart)).fold(0.0, f32::max);
    if most < LEAST_CONTRAST * LEAST_CONTRAST {
        return None;
    }
    let along = |apart: [f32; 3], ink: [f32; 3]| dot(apart, ink) / dot(ink, ink);
    let inks = COLOUR_LEVELS.map(|levels| minus(unit(levels), paper));
    let beside = |ink: &[f32; 3]| -> f32 {
        let off_the_line = |apart: &[f32; 3]| {
            let share = along(*apart, *ink).clamp(0.0, 1.0);
            let rest = minus(*apart, ink.map(|value| share * value));
            dot(rest, rest)
        };
        apart.iter().map(off_the_line).sum()
    };
    let colour = least(inks.iter().map(beside));
    let cover = apart.iter().map(|apart| along(*apart, inks[colour]).clamp(-0.2, 1.2)).collect();
    Some((colour, cover))
}

/// The cover of the largest connected figure and its soft edge, 0 elsewhere.
fn largest_figure(cover: &[f32], side: usize) -> Option<Vec<f32>> {
    let mut figure_of_pixel = vec![0usize; cover.len()]; // 0: none yet
    let mut areas = vec![0.0f32];
    for start in 0..cover.len() {
        if cover[start] <= INSIDE || figure_of_pixel[start] > 0 {
            continue;
        }
        let number = areas.len();
        let (mut open, mut area) = (vec![start], 0.0);
        figure_of_pixel[start] = number;
        while let Some(at) = open.pop() {
            area += cover[at];
            for next in around(at, side, 1) {
                if cover[next] > INSIDE && figure_of_pixel[next] == 0 {
                    figure_of_pixel[next] = number;
                    open.push(next);
                }
            }
        }
        areas.push(area);
    }
    let largest = least(areas.iter().map(|area| -area));
    if areas[largest] < LEAST_AREA {
        return None;
    }
    let mut alone = vec![0.0; cover.len()];
    for at in (0..cover.len()).filter(|&at| figure_of_pixel[at] == largest) {
        for near in around(at, side, EDGE_PX) {
            alone[near] = cover[near];
        }
    }
    Some(alone)
}

/// The pixels at most `reach` rows and columns away, the pixel itself among them.
fn around(at: usize, side: usize, reach: usize) -> impl Iterator<Item = usize> {
    let span = move |at: usize| at.saturating_sub(reach)..(at + reach + 1).min(side);
    span(at / side).flat_map(move |row| span(at % side).map(move |column| row * side + column))
}

/// The area of each shape of size 1.
static AREAS: LazyLock<[f32; SHAPE_NAMES.len()]> = LazyLock::new(|| {
    const SIDE: usize = 128;
    const SIZE: f32 = 0.3;
    std::array::from_fn(|shape| {
        let factors = ShapeFactors {
            shape,
            colour: 0,
            background: 0,
            size: SIZE,
            angle: 0.0,
            x: 0.5,
            y: 0.5,
        };
        let area: f32 = drawn(&factors, SIDE).iter().sum();
        area / (SIZE * SIDE as f32).powi(2)
    })
});

fn drawn(factors: &ShapeFactors, side: usize) -> Vec<f32> {
    let mut plane = vec![0.0; side * side];
    cover(factors, side, &mut plane);
    plane
}

/// The shape that overlaps a figure most, with the figure's own area and centre.
fn figure_of(plane: &[f32], side: usize, colour: usize, background: usize) -> Option<Figure> {
    let area: f32 = plane.iter().sum();
    if area < LEAST_AREA {
        return None;
    }
    let pixels = side as f32;
    let centre = |of: fn(usize, usize) -> usize| {
        let moment: f32 =
            plane.iter().enumerate().map(|(at, share)| share * (of(at, side) as f32 + 0.5)).sum();
        (moment / area / pixels).clamp(0.0, 1.0)
    };
    let (x, y) = (centre(|at, side| at % side), centre(|at, side| at / side));
    let turned = |shape: usize, angle: f32| {
        let size = (area / AREAS[shape]).sqrt() / pixels;
        ShapeFactors { shape, colour, background, size, angle: angle.rem_euclid(TAU), x, y }
    };
    let mut best: Option<Figure> = None;
    let mut compare = |factors: ShapeFactors| {
        let found = overlap(&factors, plane, side);
        if best.is_none_or(|best| found > best.overlap) {
            best = Some(Figure { factors, overlap: found });
        }
        best
    };
    let mut finest = [0.0; SHAPE_NAMES.len()];
    for (shape, (turns, period)) in TURNS.into_iter().enumerate() {
        finest[shape] = period / turns as f32;
        for turn in 0..turns {
            compare(turned(shape, turn as f32 * finest[shape]));
        }
    }
    let near = compare(turned(0, 0.0))?.factors;
    for part in [-0.5, -0.25, 0.25, 0.5] {
        compare(turned(near.shape, near.angle + part * finest[near.shape]));
    }
    let mut figure = best?;
    // What small shapes cover is not quite that of large ones made small.
    for _ in 0..2 {
        let covers: f32 = drawn(&figure.factors, side).iter().sum();
        figure.factors.size *= (area / covers.max(1.0)).sqrt();
    }
    Some(figure)
}

/// How well a shape fits a figure at the blur at which it fits best.
fn overlap(factors: &ShapeFactors, plane: &[f32], side: usize) -> f32 {
    let mut shape = drawn(factors, side);
    let (mut blurred, mut best) = (0, 0.0f32);
    for blur in BLURS {
        for _ in blurred..blur {
            soften(&mut shape, side);
        }
        blurred = blur;
        let (both, either) = plane.iter().zip(&shape).fold((0.0, 0.0), |sums, (a, b)| {
            let a = a.clamp(0.0, 1.0);
            (sums.0 + a.min(*b), sums.1 + a.max(*b))
        });
        best = best.max(both / either);
    }
    best
}

/// Blurs with (1 2 1) / 4 along both axes; what is beyond the border is 0.
fn soften(plane: &mut [f32], side: usize) {
    let row_by_row = plane.to_vec();
    let value = |from: &[f32], at: usize, step: usize, along: usize| {
        let before = if along > 0 { from[at - step] } else { 0.0 };
        let after = if along + 1 < side { from[at + step] } else { 0.0 };
        0.25 * (before + after) + 0.5 * from[at]
    };
    for (at, out) in plane.iter_mut().enumerate() {
        *out = value(&row_by_row, at, 1, at % side);
    }
    let column_by_column = plane.to_vec();
    for (at, out) in plane.iter_mut().enumerate() {
        *out = value(&column_by_column, at, side, at / side);
    }
}

/// Whether a picture has each attribute that a caption names, in the order of [`Attribute::ALL`]; nothing where the
/// caption does not name it.
pub fn attributes_right(caption: &CaptionFactors, seen: &CaptionFactors) -> [Option<bool>; 5] {
    Attribute::ALL.map(|attribute| {
        let named = caption.get(attribute)?;
        Some(seen.get(attribute) == Some(named))
    })
}

/// How often pictures have what their captions name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttributeScore {
    named: [u64; Attribute::ALL.len()],
    right: [u64; Attribute::ALL.len()],
    pictures: u64,
    all_right: u64,
}

impl AttributeScore {
    /// Counts one picture.
    pub fn add(&mut self, caption: &CaptionFactors, seen: &CaptionFactors) {
        let right = attributes_right(caption, seen);
        for (at, right) in right.iter().enumerate() {
            self.named[at] += u64::from(right.is_some());
            self.right[at] += u64::from(*right == Some(true));
        }
        self.pictures += 1;
        self.all_right += u64::from(!right.contains(&Some(false)));
    }

    /// Of the captions that name an attribute, the share whose picture has it; nothing where none names it.
    pub fn share(&self, attribute: Attribute) -> Option<f64> {
        share(self.right[attribute as usize], self.named[attribute as usize])
    }

    /// Of everything that captions name, the share that pictures have.
    pub fn share_of_all(&self) -> Option<f64> {
        share(self.right.iter().sum(), self.named.iter().sum())
    }

    /// The share of pictures that have all that their captions name.
    pub fn pictures_right(&self) -> Option<f64> {
        share(self.all_right, self.pictures)
    }

    /// How many pictures were counted.
    pub const fn num_pictures(&self) -> u64 {
        self.pictures
    }
}

fn share(right: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| right as f64 / of as f64)
}
