//! Draws shapes by their signed distance, which gives smooth edges at any size.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI, TAU};

use super::ShapeFactors;

/// In the order of [`super::COLOUR_NAMES`], sRGB levels.
pub(crate) const COLOUR_LEVELS: [[u8; 3]; 8] = [
    [226, 46, 52],
    [244, 128, 28],
    [246, 196, 16],
    [52, 168, 64],
    [16, 172, 172],
    [44, 104, 232],
    [142, 72, 200],
    [240, 104, 168],
];
/// In the order of [`super::BACKGROUND_NAMES`], sRGB levels; each stands out from every colour above.
pub(crate) const BACKGROUND_LEVELS: [[u8; 3]; 5] =
    [[250, 250, 250], [246, 234, 206], [200, 224, 246], [24, 30, 74], [44, 44, 46]];

/// How round corners are, as a fraction of the shape's size.
const ROUNDING: f32 = 0.06;
/// How far the tips of a triangle, the longest of all, reach from its centre, as a multiple of the size.
const EXTENT: f32 = TRIANGLE_TIP + ROUNDING;
const TRIANGLE_TIP: f32 = 1.25;

/// Draws one image with values in `[0, 1]`.
///
/// # Shapes
/// `out` is `[3, size, size]`.
///
/// # Panics
/// When `out` has another length, or when a category is not one of those that have names.
pub fn render(factors: &ShapeFactors, size: usize, out: &mut [f32]) {
    assert_eq!(out.len(), 3 * size * size, "room for one image of 3×{size}×{size}");
    let ink = COLOUR_LEVELS[factors.colour].map(|level| f32::from(level) / 255.0);
    let paper = BACKGROUND_LEVELS[factors.background].map(|level| f32::from(level) / 255.0);
    let plane = size * size;
    for (channel, value) in paper.iter().enumerate() {
        out[channel * plane..(channel + 1) * plane].fill(*value);
    }

    each_covered(factors, size, |at, cover| {
        for channel in 0..3 {
            out[channel * plane + at] = paper[channel] + cover * (ink[channel] - paper[channel]);
        }
    });
}

/// How much of each pixel the shape covers, in `[0, 1]`; colours do not matter.
///
/// # Shapes
/// `out` is `[size, size]`.
///
/// # Panics
/// When `out` has another length, or when the shape is not one of those that have names.
pub fn cover(factors: &ShapeFactors, size: usize, out: &mut [f32]) {
    assert_eq!(out.len(), size * size, "room for one plane of {size}×{size}");
    out.fill(0.0);
    each_covered(factors, size, |at, cover| out[at] = cover);
}

/// Calls `draw` with each pixel that the shape touches and how much of it is covered.
fn each_covered(factors: &ShapeFactors, size: usize, mut draw: impl FnMut(usize, f32)) {
    let pixels = size as f32;
    let outline = Outline::new(factors, pixels);
    // No shape reaches further from its centre than this, in pixels, with a pixel for the smooth edge.
    let reach = factors.size * pixels * EXTENT + 1.0;
    let (centre_x, centre_y) = (factors.x * pixels, factors.y * pixels);
    let span = |centre: f32| {
        (centre - reach).max(0.0) as usize..((centre + reach).max(0.0) as usize + 1).min(size)
    };
    for row in span(centre_y) {
        for column in span(centre_x) {
            let distance =
                outline.distance(column as f32 + 0.5 - centre_x, row as f32 + 0.5 - centre_y);
            let cover = (0.5 - distance).clamp(0.0, 1.0);
            if cover > 0.0 {
                draw(row * size + column, cover);
            }
        }
    }
}

/// The border of a shape; all lengths in pixels.
struct Outline {
    form: Form,
    cos: f32,
    sin: f32,
    rounding: f32,
}

enum Form {
    /// A band around the centre: |distance from a circle| up to half a width. A disc is a band around a point.
    Band { radius: f32, half_width: f32 },
    /// A star with its first point at angle 0; regular polygons are stars whose inner corners are flat.
    Star { half_sector: f32, tip: f32, edge: [f32; 2] },
    /// Two bars at right angles.
    Cross { long: f32, short: f32 },
}

impl Outline {
    fn new(factors: &ShapeFactors, pixels: f32) -> Self {
        let radius = factors.size * pixels;
        // Extents are chosen so that all shapes look about equally large, turns so that they stand upright.
        let (form, turned, rounding) = match factors.shape {
            0 => (Form::Band { radius: 0.0, half_width: radius }, 0.0, 0.0),
            1 => (star(4, 1.18 * radius, FRAC_PI_4.cos()), FRAC_PI_4, ROUNDING),
            2 => (star(3, TRIANGLE_TIP * radius, 0.5), -FRAC_PI_2, ROUNDING),
            3 => (star(5, 1.25 * radius, 0.46), -FRAC_PI_2, ROUNDING),
            4 => (Form::Cross { long: 1.08 * radius, short: 0.36 * radius }, 0.0, ROUNDING),
            5 => (Form::Band { radius: 0.76 * radius, half_width: 0.26 * radius }, 0.0, 0.0),
            other => panic!("shape {other} is not one of those that have names"),
        };
        let (sin, cos) = (factors.angle + turned).sin_cos();
        Self { form, cos, sin, rounding: rounding * radius }
    }

    /// How far outside of the border a point is, measured from the centre; negative inside.
    fn distance(&self, right: f32, down: f32) -> f32 {
        let x = self.cos * right + self.sin * down;
        let y = self.cos * down - self.sin * right;
        let sharp = match self.form {
            Form::Band { radius, half_width } => (x.hypot(y) - radius).abs() - half_width,
            Form::Star { half_sector, tip, edge } => star_distance(x, y, half_sector, tip, edge),
            Form::Cross { long, short } => {
                bar_distance(x, y, long, short).min(bar_distance(x, y, short, long))
            }
        };
        sharp - self.rounding
    }
}

/// A star whose inner corners lie at `inner` times the distance of its tips.
fn star(tips: u8, tip: f32, inner: f32) -> Form {
    let half_sector = PI / f32::from(tips);
    let (sin, cos) = half_sector.sin_cos();
    // From the tip at angle 0 to the inner corner at half a sector.
    Form::Star { half_sector, tip, edge: [tip * (inner * cos - 1.0), tip * inner * sin] }
}

/// Signed distance to a star: folded into half a sector, what is left is one edge.
fn star_distance(x: f32, y: f32, half_sector: f32, tip: f32, [edge_x, edge_y]: [f32; 2]) -> f32 {
    let sector = 2.0 * half_sector;
    let angle = (y.atan2(x) + TAU).rem_euclid(sector);
    let folded = angle.min(sector - angle);
    let (sin, cos) = folded.sin_cos();
    let length = x.hypot(y);
    let (from_tip_x, from_tip_y) = (length * cos - tip, length * sin);
    let along = (from_tip_x * edge_x + from_tip_y * edge_y) / (edge_x * edge_x + edge_y * edge_y);
    let along = along.clamp(0.0, 1.0);
    let distance = (from_tip_x - along * edge_x).hypot(from_tip_y - along * edge_y);
    let outside = edge_x * from_tip_y - edge_y * from_tip_x < 0.0;
    if outside { distance } else { -distance }
}

/// Signed distance to a rectangle of half the given sides.
fn bar_distance(x: f32, y: f32, half_width: f32, half_height: f32) -> f32 {
    let (over_x, over_y) = (x.abs() - half_width, y.abs() - half_height);
    over_x.max(0.0).hypot(over_y.max(0.0)) + over_x.max(over_y).min(0.0)
}
