//! Vectors in bytes, and how far off their products are.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use pulp::{Arch, Simd, WithSimd};

use super::super::activation::ROUND;
use super::super::lanes::LANES;
use super::shortlist::{GROUP, SHIFT, STEPS, Shortlist};

/// Vectors that were rounded, each by what is the largest of its own values.
pub(super) struct Rounded {
    /// Places of a row: whole registers.
    pub(super) row: usize,
    /// Four values in turn, `[groups, row]`.
    pub(super) words: Vec<i32>,
    /// What a product of whole numbers is worth.
    pub(super) scales: Vec<f32>,
    /// How far the score of a code that may be nearest is below the largest at most.
    pub(super) margins: Vec<f32>,
    /// The squared length of a vector.
    pub(super) squares: Vec<f32>,
    /// How far scores in single precision of codes that are not listed are below the largest at least.
    pub(super) gaps: Vec<f32>,
}

impl Rounded {
    /// Rounds vectors for a list.
    ///
    /// # Shapes
    /// `values [dim, row]`, a row of whole registers.
    pub(super) fn new(list: &Shortlist, values: &[f32], row: usize) -> Self {
        let [margins, scales, squares, gaps] = [(); 4].map(|()| vec![0.0; row]);
        let words = vec![0; list.dim.div_ceil(GROUP) * row];
        let mut rounded = Self { row, words, scales, margins, squares, gaps };
        Arch::new().dispatch(Round { list, values, rounded: &mut rounded });
        rounded
    }
}

struct Round<'a> {
    list: &'a Shortlist,
    values: &'a [f32],
    rounded: &'a mut Rounded,
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for first in (0..self.rounded.row).step_by(LANES) {
            self.at(first);
        }
    }
}

impl Round<'_> {
    /// The values of sixteen places.
    #[inline(always)]
    fn line(&self, value: usize, first: usize) -> &[f32; LANES] {
        let line = &self.values[value * self.rounded.row + first..];
        line.first_chunk().expect("rows of whole registers")
    }

    /// Rounds the vectors of sixteen places.
    #[inline(always)]
    fn at(&mut self, first: usize) {
        let list = self.list;
        let [mut largest, mut lengths, mut errors, mut squares] = [[0.0_f32; LANES]; 4];
        for (value, &center) in list.center.iter().enumerate() {
            for (largest, value) in largest.iter_mut().zip(self.line(value, first)) {
                let size = (value - center).abs();
                *largest = if size > *largest { size } else { *largest };
            }
        }
        let scales = largest.map(|largest| largest / STEPS);
        // What is too small to be divided by is rounded to nothing.
        let steps = scales.map(|scale| if scale < f32::MIN_POSITIVE { 0.0 } else { 1.0 / scale });
        for (group, centers) in list.center.chunks(GROUP).enumerate() {
            let mut words = [0_u32; LANES];
            for (byte, &center) in centers.iter().enumerate() {
                let line = self.line(group * GROUP + byte, first);
                for lane in 0..LANES {
                    let value = line[lane] - center;
                    let rounded = value * steps[lane] + ROUND;
                    let error = value - (rounded - ROUND) * scales[lane];
                    lengths[lane] += value * value;
                    errors[lane] += error * error;
                    squares[lane] = line[lane].mul_add(line[lane], squares[lane]);
                    // With the shift the lowest bits of a whole number are one of no sign.
                    words[lane] |= ((rounded.to_bits() ^ SHIFT as u32) & 0xff) << (8 * byte);
                }
            }
            let to = &mut self.rounded.words[group * self.rounded.row + first..][..LANES];
            to.copy_from_slice(&words.map(u32::cast_signed));
        }
        self.rounded.squares[first..][..LANES].copy_from_slice(&squares);
        let [longest, longest_as_is] = list.longest;
        // Of sums of as many products as values, and of the few operations around them.
        let rounding = (list.dim + 8) as f32 * f32::EPSILON;
        for lane in 0..LANES {
            let [length, error, as_is] = [lengths, errors, squares].map(|of| of[lane].sqrt());
            let bound = error * longest + (length + error) * list.error;
            let bound = 1.001 * bound + rounding * longest * (length + longest);
            let single = rounding * longest_as_is * (as_is + longest_as_is);
            self.rounded.scales[first + lane] = scales[lane] * list.scale;
            self.rounded.margins[first + lane] = 2.0 * bound + 4.0 * single;
            self.rounded.gaps[first + lane] = 2.0 * single;
        }
    }
}
