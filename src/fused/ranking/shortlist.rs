//! Which codes of a large codebook can be nearest at all: products in bytes, of which a processor takes four times as
//! many as in single precision, with a bound on how far they are off.
//!
//! A vector and a code, both without the mean of all codes, are rounded to `s q` with whole numbers `q` up to 127. Of the
//! score `z·e - |e|²/2` the product is then off by at most `|z - ẑ| |e| + |ẑ| |e - ê|`, by Cauchy and Schwarz. Codes whose
//! score is below the largest by more than twice that are not nearest; the few others are scored in single precision.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::ops::Range;

use pulp::Simd;

use super::super::activation::ROUND;
use super::super::lanes::PANEL;
use super::bytes::Bytes;
use super::rounded::Rounded;

/// Values of a vector in one product of bytes.
pub(super) const GROUP: usize = 4;
/// The largest whole number that a value is rounded to.
pub(super) const STEPS: f32 = 127.0;
/// What is added to a vector's whole numbers, as one side of the product has no sign.
pub(super) const SHIFT: i32 = 128;
/// Codebooks of fewer codes are compared with as fast as vectors are rounded.
const LEAST_CODES: usize = 128;
/// Sums of more products would leave whole numbers of 32 bits, and single precision's bound of a length.
const MOST_VALUES: usize = 4096;
/// Lengths of codes whose products with vectors of common lengths neither overflow nor vanish.
const LENGTHS: Range<f32> = 1e-9..1e9;

/// Codes in bytes.
#[derive(Clone, Debug)]
pub(super) struct Shortlist {
    bytes: Bytes,
    pub(super) dim: usize,
    /// The mean of all codes.
    pub(super) center: Vec<f32>,
    /// Four values of four codes in turn: panel after panel `[groups, PANEL]`.
    codes: Vec<[i32; PANEL]>,
    /// What takes the vectors' shift off the products.
    begins: Vec<[i32; PANEL]>,
    /// -|e|²/2, without the mean.
    starts: Vec<[f32; PANEL]>,
    /// What a whole number of a code is worth.
    pub(super) scale: f32,
    /// The largest distance of a code from its rounded one.
    pub(super) error: f32,
    /// The largest length without the mean, and with it.
    pub(super) longest: [f32; 2],
}

/// Four codes of which one may be a vector's nearest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The vector's place behind the first of those that were asked for.
    pub(super) lane: usize,
    /// The first code by four.
    pub(super) panel: usize,
}

impl Shortlist {
    /// Rounds codes `[k, dim]`, if there are enough of them and they are of common lengths.
    pub(super) fn new(bytes: Bytes, codes: &[f32], dim: usize) -> Option<Self> {
        let count = codes.len() / dim;
        if count < LEAST_CODES || !count.is_multiple_of(PANEL) || dim > MOST_VALUES {
            return None;
        }
        let mut center = vec![0.0; dim];
        for code in codes.chunks_exact(dim) {
            for (center, value) in center.iter_mut().zip(code) {
                *center += value / count as f32;
            }
        }
        let without_mean: Vec<f32> =
            codes.iter().zip(center.iter().cycle()).map(|(value, center)| value - center).collect();
        let length = |codes: &[f32]| codes.chunks_exact(dim).map(length).fold(0.0, f32::max);
        let longest = [length(&without_mean), length(codes)];
        let largest = without_mean.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        // Sums are not finite where one of the values is not.
        if !longest.iter().all(|length| LENGTHS.contains(length))
            || center.iter().any(|c| !c.is_finite())
        {
            return None;
        }
        let scale = largest / STEPS;
        let whole = |value: &f32| (value / scale + ROUND) - ROUND;
        let panel_len = PANEL * dim;
        let mut words = Vec::with_capacity(count / PANEL * dim.div_ceil(GROUP));
        for panel in without_mean.chunks_exact(panel_len) {
            for first in (0..dim).step_by(GROUP) {
                let word = |row: usize| {
                    let values = &panel[row * dim..][first..dim.min(first + GROUP)];
                    let mut word = [0; GROUP];
                    for (byte, value) in word.iter_mut().zip(values) {
                        *byte = (whole(value) as i8).cast_unsigned();
                    }
                    i32::from_le_bytes(word)
                };
                words.push(std::array::from_fn(word));
            }
        }
        let rows = without_mean.chunks_exact(dim);
        let begin =
            |code: &[f32]| -SHIFT * code.iter().map(|value| whole(value) as i32).sum::<i32>();
        let off = |code: &[f32]| {
            length(&code.iter().map(|value| value - whole(value) * scale).collect::<Vec<_>>())
        };
        let begins: Vec<i32> = rows.clone().map(begin).collect();
        let starts: Vec<f32> = rows.clone().map(|code| -0.5 * length_squared(code)).collect();
        Some(Self {
            bytes,
            dim,
            center,
            codes: words,
            begins: begins.as_chunks().0.to_vec(),
            starts: starts.as_chunks().0.to_vec(),
            scale,
            error: rows.map(off).fold(0.0, f32::max),
            longest,
        })
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let per_panel = self.dim.div_ceil(GROUP) + 2;
        4 * (self.starts.len() * PANEL * per_panel + self.dim) as u64
    }

    /// Tells which codes may be nearest to the vectors at some places, and then at the next: in the order of codes, or
    /// nothing where these are too many to be worth it.
    pub(super) fn each(
        &self,
        rounded: &Rounded,
        mut tell: impl FnMut(Range<usize>, Option<&[Candidate]>),
    ) {
        let lanes = self.bytes.lanes();
        let registers = rounded.row / lanes;
        let blocks = registers.div_ceil(self.bytes.widest());
        let mut largest = vec![0.0; self.starts.len() * self.bytes.widest() * lanes];
        let mut candidates = Vec::new();
        for block in 0..blocks {
            let places =
                (registers * block / blocks * lanes)..(registers * (block + 1) / blocks * lanes);
            candidates.clear();
            let mut screen = Screen {
                list: self,
                rounded,
                place: places.start,
                largest: &mut largest,
                candidates: &mut candidates,
            };
            let is_short = self.bytes.screen(&mut screen, places.len() / lanes);
            tell(places, is_short.then_some(&candidates));
        }
    }
}

/// Looks for the candidates of some vectors.
pub(super) struct Screen<'a> {
    list: &'a Shortlist,
    rounded: &'a Rounded,
    /// The first vector.
    place: usize,
    /// The largest score of four codes each, `[panels, vectors]`.
    largest: &'a mut [f32],
    candidates: &'a mut Vec<Candidate>,
}

impl Screen<'_> {
    /// Fills the candidates of `N` registers of vectors; false where there are too many, or a length is not finite.
    ///
    /// `dot` adds to sums the products of every vector's four values with a code's, `float` tells whole numbers in single
    /// precision, `reaches` which of some values are as large as others, a bit each.
    #[inline(always)]
    pub(super) fn of<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        dot: impl Fn(S::i32s, S::i32s, i32) -> S::i32s,
        float: impl Fn(S::i32s) -> S::f32s,
        reaches: impl Fn(S::f32s, S::f32s) -> u32,
    ) -> bool {
        let (list, rounded, place) = (self.list, self.rounded, self.place);
        let width = N * S::F32_LANES;
        let registers = |values: &[f32]| -> [S::f32s; N] {
            S::as_simd_f32s(&values[..width]).0.try_into().expect("as many as asked")
        };
        if !rounded.margins[place..][..width].iter().all(|margin| margin.is_finite()) {
            return false;
        }
        let scales = registers(&rounded.scales[place..]);
        let margins = registers(&rounded.margins[place..]);
        let lowest = [simd.splat_f32s(f32::NEG_INFINITY); N];
        let mut limits = lowest;
        let groups = list.dim.div_ceil(GROUP);
        let panels = list.codes.chunks_exact(groups).zip(&list.begins).zip(&list.starts);
        for (((codes, begins), starts), largest) in panels.zip(self.largest.chunks_exact_mut(width))
        {
            let mut sums = begins.map(|begin| [simd.splat_i32s(begin); N]);
            for (codes, words) in codes.iter().zip(rounded.words.chunks_exact(rounded.row)) {
                let words = S::as_simd_i32s(&words[place..][..width]).0;
                let words: &[S::i32s; N] = words.try_into().expect("as many as asked");
                for (sums, &code) in sums.iter_mut().zip(codes) {
                    for (sum, &words) in sums.iter_mut().zip(words) {
                        *sum = dot(*sum, words, code);
                    }
                }
            }
            let mut most = lowest;
            for (sums, &start) in sums.into_iter().zip(starts) {
                let start = simd.splat_f32s(start);
                for ((most, sum), &scale) in most.iter_mut().zip(sums).zip(&scales) {
                    *most = simd.max_f32s(*most, simd.mul_add_e_f32s(float(sum), scale, start));
                }
            }
            for (limit, &most) in limits.iter_mut().zip(&most) {
                *limit = simd.max_f32s(*limit, most);
            }
            S::as_mut_simd_f32s(largest).0.copy_from_slice(&most);
        }
        for (limit, margin) in limits.iter_mut().zip(margins) {
            *limit = simd.sub_f32s(*limit, margin);
        }
        let most = width * list.starts.len() / 16;
        for (panel, largest) in self.largest.chunks_exact(width).take(list.starts.len()).enumerate()
        {
            let largest = registers(largest).into_iter().zip(limits);
            for (index, (largest, limit)) in largest.enumerate() {
                let mut near = reaches(largest, limit);
                while near != 0 {
                    let lane = index * S::F32_LANES + near.trailing_zeros() as usize;
                    self.candidates.push(Candidate { lane, panel });
                    near &= near - 1;
                }
            }
            if self.candidates.len() > most {
                return false;
            }
        }
        true
    }
}

/// The length of a vector.
fn length(vector: &[f32]) -> f32 {
    length_squared(vector).sqrt()
}

fn length_squared(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum()
}
