//! Where pixels go: images mirrored, moved and turned. What comes in from outside is a reflection.

use crate::picture::ImageShape;

/// Mirrors an image `[c, h, w]` left to right.
pub fn flip(image: &mut [f32], shape: ImageShape) {
    debug_assert_eq!(image.len(), shape.len(), "an image of the given shape");
    for row in image.chunks_exact_mut(shape.width) {
        row.reverse();
    }
}

/// Moves the frame over an image `[c, h, w]` by whole pixels: pixel (y, x) becomes the one that was at
/// (y + `down`, x + `across`). The same as a crop after padding by reflection, edges not repeated.
pub fn shift(image: &mut [f32], shape: ImageShape, down: isize, across: isize) {
    debug_assert_eq!(image.len(), shape.len(), "an image of the given shape");
    if (down, across) == (0, 0) {
        return;
    }
    let (h, w) = (shape.height, shape.width);
    let columns: Vec<usize> = (0..w).map(|x| reflected(x.cast_signed() + across, w)).collect();
    let rows: Vec<usize> = (0..h).map(|y| reflected(y.cast_signed() + down, h)).collect();
    for plane in image.chunks_exact_mut(h * w) {
        let before = plane.to_vec();
        for (row, &y) in plane.chunks_exact_mut(w).zip(&rows) {
            for (value, &x) in row.iter_mut().zip(&columns) {
                *value = before[y * w + x];
            }
        }
    }
}

/// Turns an image `[c, h, w]` about its middle, counter-clockwise as it is seen, between pixels by bilinear
/// interpolation.
pub fn rotate(image: &mut [f32], shape: ImageShape, degrees: f32) {
    debug_assert_eq!(image.len(), shape.len(), "an image of the given shape");
    if degrees == 0.0 {
        return;
    }
    let (h, w) = (shape.height, shape.width);
    let (middle_y, middle_x) = ((h - 1) as f32 / 2.0, (w - 1) as f32 / 2.0);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let before = image.to_vec();
    for y in 0..h {
        for x in 0..w {
            // Where this pixel comes from: its place turned back. Rows count downwards.
            let (dy, dx) = (y as f32 - middle_y, x as f32 - middle_x);
            let from =
                Between::new(middle_y + cos * dy + sin * dx, middle_x + cos * dx - sin * dy, shape);
            for (channel, plane) in before.chunks_exact(h * w).enumerate() {
                image[(channel * h + y) * w + x] = from.value(plane);
            }
        }
    }
}

/// A place between four pixels of a plane.
struct Between {
    /// The pixels: upper left, upper right, lower left, lower right.
    pixels: [usize; 4],
    /// How far down and right of the upper left one, `[0, 1)`.
    down: f32,
    right: f32,
}

impl Between {
    fn new(y: f32, x: f32, shape: ImageShape) -> Self {
        let (top, left) = (y.floor(), x.floor());
        let row = |below: isize| reflected(top as isize + below, shape.height) * shape.width;
        let column = |beside: isize| reflected(left as isize + beside, shape.width);
        let pixels =
            [row(0) + column(0), row(0) + column(1), row(1) + column(0), row(1) + column(1)];
        Self { pixels, down: y - top, right: x - left }
    }

    fn value(&self, plane: &[f32]) -> f32 {
        let [upper_left, upper_right, lower_left, lower_right] = self.pixels.map(|i| plane[i]);
        let mix = |a: f32, b: f32, share: f32| (1.0 - share) * a + share * b;
        let upper = mix(upper_left, upper_right, self.right);
        let lower = mix(lower_left, lower_right, self.right);
        // Weights that sum to 1 but for rounding.
        mix(upper, lower, self.down).clamp(0.0, 1.0)
    }
}

/// The place in `0..len` that a place outside is a reflection of, however far away: …2 1 0 1 2 … for `len` 3.
fn reflected(place: isize, len: usize) -> usize {
    let period = 2 * len.saturating_sub(1);
    if period == 0 {
        return 0;
    }
    let within = place.rem_euclid(period.cast_signed()) as usize;
    within.min(period - within)
}
