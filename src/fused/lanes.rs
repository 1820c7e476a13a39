//! Sums of products over many values at once, in the registers of a processor: what convolutions and the search for
//! codes are made of.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::space::of_len;

/// Rows of a panel: as many sums share each value that is read.
pub(crate) const PANEL: usize = 4;
/// Values of the widest register, in whose multiples lines are kept.
pub(crate) const LANES: usize = 16;

/// A number of values in whole registers of any processor.
pub(crate) const fn whole(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

/// Copies values, few as they may be: a call for each row of a small plane would take longer than the row.
#[inline]
pub(crate) fn copy(to: &mut [f32], from: &[f32]) {
    let (to, to_rest) = to.as_chunks_mut::<8>();
    let (from, from_rest) = from.as_chunks::<8>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

/// Some matrices `[rows, taps]` in the order in which they are read: panels of four rows, in each matrix after matrix, in
/// each tap after tap.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    rows: usize,
    taps: usize,
    matrices: usize,
    values: Vec<f32>,
}

impl Panels {
    /// The one matrix whose values `at(row, tap)` tells.
    pub(crate) fn new([rows, taps]: [usize; 2], at: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(rows * taps);
        for first in (0..rows).step_by(PANEL) {
            let rows = first..rows.min(first + PANEL);
            for tap in 0..taps {
                values.extend(rows.clone().map(|row| at(row, tap)));
            }
        }
        Self { rows, taps, matrices: 1, values }
    }

    /// So many matrices, of which `fill` is given the first row of every panel and its values.
    pub(crate) fn filled(
        matrices: usize,
        [rows, taps]: [usize; 2],
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        let mut values = vec![0.0; matrices * rows * taps];
        let panels = values.par_chunks_mut(matrices * PANEL * taps).enumerate();
        panels.for_each(|(index, panel)| fill(index * PANEL, panel));
        Self { rows, taps, matrices, values }
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> u64 {
        4 * self.values.len() as u64
    }

    /// The rows of a matrix's panel, and its values `[taps, rows]`.
    pub(crate) fn panel(&self, matrix: usize, index: usize) -> (usize, &[f32]) {
        let first = index * PANEL;
        let rows = (self.rows - first).min(PANEL);
        let start = (first * self.matrices + matrix * rows) * self.taps;
        (rows, &self.values[start..][..rows * self.taps])
    }
}

/// Sums `[rows, whole(len)]` of the rows of some panels of a matrix: Σ over taps of `weight[row][tap] * values[offset[tap] + place]`.
pub(crate) struct Sums<'a> {
    pub(crate) panels: &'a Panels,
    pub(crate) matrix: usize,
    pub(crate) range: Range<usize>,
    /// They reach `whole(len)` beyond the last offset.
    pub(crate) values: &'a [f32],
    pub(crate) offsets: &'a [usize],
    pub(crate) len: usize,
    pub(crate) totals: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // With the weight and the values of a tap they fill the registers.
        let widest = if S::REGISTER_COUNT >= 32 { 6 } else { 2 };
        let registers = self.len.div_ceil(S::F32_LANES);
        let blocks = registers.div_ceil(widest);
        for block in 0..blocks {
            let [first, end] = [block, block + 1].map(|block| registers * block / blocks);
            let place = first * S::F32_LANES;
            let mut range = self.range.clone();
            if end - first == 1 {
                range = self.pairs(simd, place);
            }
            for panel in range {
                match end - first {
                    6 => self.panel::<S, 6>(simd, panel, place),
                    5 => self.panel::<S, 5>(simd, panel, place),
                    4 => self.panel::<S, 4>(simd, panel, place),
                    3 => self.panel::<S, 3>(simd, panel, place),
                    2 => self.panel::<S, 2>(simd, panel, place),
                    _ => self.panel::<S, 1>(simd, panel, place),
                }
            }
        }
    }
}

impl Sums<'_> {
    /// The sums of two panels at a time at one register of places, which alone would wait for their last products; what
    /// is left of the range.
    #[inline(always)]
    fn pairs<S: Simd>(&mut self, simd: S, place: usize) -> Range<usize> {
        let mut left = self.range.clone();
        while left.len() >= 2 {
            let panels = [left.start, left.start + 1];
            let [(PANEL, first), (PANEL, second)] =
                panels.map(|panel| self.panels.panel(self.matrix, panel))
            else {
                break;
            };
            let mut sums = [[[simd.splat_f32s(0.0)]; PANEL]; 2];
            let weights = first.as_chunks::<PANEL>().0.iter().zip(second.as_chunks::<PANEL>().0);
            for (&offset, (first, second)) in self.offsets.iter().zip(weights) {
                let line = &self.values[place + offset..][..S::F32_LANES];
                let value = S::as_simd_f32s(line).0[0];
                for (sums, weights) in sums.iter_mut().zip([first, second]) {
                    for ([sum], &weight) in sums.iter_mut().zip(weights) {
                        *sum = simd.mul_add_e_f32s(simd.splat_f32s(weight), value, *sum);
                    }
                }
            }
            for (panel, sums) in panels.into_iter().zip(sums) {
                self.put::<S, PANEL, 1>(panel, place, sums);
            }
            left.start += 2;
        }
        left
    }

    #[inline(always)]
    fn panel<S: Simd, const N: usize>(&mut self, simd: S, panel: usize, place: usize) {
        match self.panels.panel(self.matrix, panel) {
            (4, weights) => self.block::<S, 4, N>(simd, weights, panel, place),
            (3, weights) => self.block::<S, 3, N>(simd, weights, panel, place),
            (2, weights) => self.block::<S, 2, N>(simd, weights, panel, place),
            (_, weights) => self.block::<S, 1, N>(simd, weights, panel, place),
        }
    }

    /// The sums of `R` rows at `N` registers of places.
    #[inline(always)]
    fn block<S: Simd, const R: usize, const N: usize>(
        &mut self,
        simd: S,
        weights: &[f32],
        panel: usize,
        place: usize,
    ) {
        let sums = block::<S, R, N>(simd, [0.0; R], weights, &self.values[place..], self.offsets);
        self.put::<S, R, N>(panel, place, sums);
    }

    /// Keeps the sums of a panel's rows from a place on.
    #[inline(always)]
    fn put<S: Simd, const R: usize, const N: usize>(
        &mut self,
        panel: usize,
        place: usize,
        sums: [[S::f32s; N]; R],
    ) {
        let stride = whole(self.len);
        let first = (panel - self.range.start) * PANEL;
        for (row, sums) in (first..).zip(sums) {
            let line = &mut self.totals[row * stride + place..][..N * S::F32_LANES];
            S::as_mut_simd_f32s(line).0.copy_from_slice(&sums);
        }
    }
}

/// Where sums start, and Σ over taps of `weights[tap][row] * values[offsets[tap] + place]`, for the first `N` registers
/// of places.
#[inline(always)]
pub(crate) fn block<S: Simd, const R: usize, const N: usize>(
    simd: S,
    starts: [f32; R],
    weights: &[f32],
    values: &[f32],
    offsets: &[usize],
) -> [[S::f32s; N]; R] {
    let mut sums = starts.map(|start| [simd.splat_f32s(start); N]);
    let (weights, _) = weights.as_chunks::<R>();
    for (&offset, weights) in offsets.iter().zip(weights) {
        let line = &values[offset..][..N * S::F32_LANES];
        let line: &[S::f32s; N] = S::as_simd_f32s(line).0.try_into().expect("as many as asked");
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = simd.splat_f32s(weight);
            for (sum, &value) in sums.iter_mut().zip(line) {
                *sum = simd.mul_add_e_f32s(weight, value, *sum);
            }
        }
    }
    sums
}

/// Some matrices of lines `[rows, len]` in the order in which they are read: panels of four rows, in each matrix after
/// matrix, in each sixteen places after sixteen.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    len: usize,
    matrices: usize,
    values: &'a mut [f32],
}

impl<'a> Lines<'a> {
    /// So many matrices in some memory, of what was there before.
    pub(crate) fn new(memory: &'a mut Vec<f32>, matrices: usize, [rows, len]: [usize; 2]) -> Self {
        let len = whole(len);
        let values = of_len(memory, matrices * rows.next_multiple_of(PANEL) * len);
        Self { len, matrices, values }
    }

    /// Sets all values to zero.
    pub(crate) fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// The panels of all matrices, one after the other.
    pub(crate) fn panels(&mut self) -> impl IndexedParallelIterator<Item = LinePanel<'_>> {
        let len = PANEL * self.len;
        let panels = self.values.par_chunks_exact_mut(self.matrices * len);
        panels.map(move |values| LinePanel { len, values })
    }
}

/// Four rows of all matrices.
pub(crate) struct LinePanel<'a> {
    len: usize,
    values: &'a mut [f32],
}

impl LinePanel<'_> {
    /// Sets the values of a row of a matrix from a place on.
    #[inline(always)]
    pub(crate) fn set(&mut self, matrix: usize, row: usize, mut place: usize, mut values: &[f32]) {
        let panel = &mut self.values[matrix * self.len..][..self.len];
        while !values.is_empty() {
            let count = (LANES - place % LANES).min(values.len());
            let (now, later) = values.split_at(count);
            let start = place / LANES * LANES * PANEL + row * LANES + place % LANES;
            copy(&mut panel[start..][..count], now);
            (place, values) = (place + count, later);
        }
    }
}

/// Sums `[rows, taps]` of some rows of a matrix, counted up: Σ over places of
/// `line[row][place] * values[offset[tap] + place]`.
pub(crate) struct Dots<'a> {
    pub(crate) lines: &'a Lines<'a>,
    pub(crate) matrix: usize,
    pub(crate) rows: Range<usize>,
    /// They reach the lines' length beyond the last offset.
    pub(crate) values: &'a [f32],
    pub(crate) offsets: &'a [usize],
    pub(crate) totals: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let most = if S::REGISTER_COUNT >= 32 { 5 } else { 2 };
        for first in self.rows.clone().step_by(PANEL) {
            let mut tap = 0;
            while tap < self.offsets.len() {
                let count = (self.offsets.len() - tap).min(most);
                match count {
                    5 => self.block::<S, 5>(simd, first, tap),
                    4 => self.block::<S, 4>(simd, first, tap),
                    3 => self.block::<S, 3>(simd, first, tap),
                    2 => self.block::<S, 2>(simd, first, tap),
                    _ => self.block::<S, 1>(simd, first, tap),
                }
                tap += count;
            }
        }
    }
}

impl Dots<'_> {
    /// Counts the sums of four rows and `N` taps up.
    #[inline(always)]
    fn block<S: Simd, const N: usize>(&mut self, simd: S, first: usize, tap: usize) {
        let len = self.lines.len;
        let start = first * self.lines.matrices + self.matrix * PANEL;
        let panel = &self.lines.values[start * len..][..PANEL * len];
        let mut sums = [[simd.splat_f32s(0.0); N]; PANEL];
        let values: [&[f32]; N] =
            std::array::from_fn(|index| &self.values[self.offsets[tap + index]..][..len]);
        let per = LANES / S::F32_LANES;
        for (step, lines) in panel.chunks_exact(PANEL * LANES).enumerate() {
            for part in 0..per {
                let place = step * LANES + part * S::F32_LANES;
                let lines: [S::f32s; PANEL] = std::array::from_fn(|row| {
                    S::as_simd_f32s(&lines[row * LANES + part * S::F32_LANES..][..S::F32_LANES]).0
                        [0]
                });
                for index in 0..N {
                    let value = S::as_simd_f32s(&values[index][place..][..S::F32_LANES]).0[0];
                    for row in 0..PANEL {
                        sums[row][index] = simd.mul_add_e_f32s(lines[row], value, sums[row][index]);
                    }
                }
            }
        }
        let taps = self.offsets.len();
        for (row, sums) in (first..self.rows.end).zip(sums) {
            let row = row - self.rows.start;
            for (total, sum) in self.totals[row * taps + tap..][..N].iter_mut().zip(sums) {
                *total += simd.reduce_sum_f32s(sum);
            }
        }
    }
}
