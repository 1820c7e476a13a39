//! The gradient by kernels in tiles: Gᵀ (Σ A y Aᵀ ⊙ Bᵀ d B) G, summed up over all tiles between the transforms.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::array::from_fn as array;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::filter::{Filter, Line, Register, Transforms};
use super::steps::{apart, column_of};
use super::{Spread, TILE, Tiles, row_of};
use crate::fused::lanes::{Dots, LANES, LinePanel, Lines, PANEL};
use crate::fused::space::of_len;

/// The gradient of a loss by kernels, summed up before their transform.
pub(in crate::fused) struct TileGradient {
    taps: usize,
    rows: usize,
    planes: usize,
    /// Rows that a thread sums up.
    per_part: usize,
    /// `[part, value, row of the part, plane]`
    sums: Vec<f32>,
}

impl TileGradient {
    /// Zeros for kernels of 2×2 or 3×3 taps.
    pub(in crate::fused) fn new(taps: usize, [rows, planes]: [usize; 2]) -> Self {
        let parts = rayon::current_num_threads();
        let per_part = rows.div_ceil(PANEL).div_ceil(parts) * PANEL;
        let sums = vec![0.0; (taps + 1).pow(2) * rows * planes];
        Self { taps, rows, planes, per_part, sums }
    }

    /// Adds what some tiles tell, of which `outputs(item, channel, y)` are the gradients by a row of outputs. Works in two
    /// pieces of memory.
    pub(in crate::fused) fn add<'a>(
        &mut self,
        tiles: &Tiles<'_>,
        outputs: impl Fn(usize, usize, usize) -> &'a [f32] + Sync,
        memory: [&mut Vec<f32>; 2],
    ) {
        match self.taps {
            2 => self.add_of::<2, 3>(tiles, &outputs, memory),
            _ => self.add_of::<3, 4>(tiles, &outputs, memory),
        }
    }

    fn add_of<'a, const R: usize, const N: usize>(
        &mut self,
        tiles: &Tiles<'_>,
        outputs: &(dyn Fn(usize, usize, usize) -> &'a [f32] + Sync),
        [values, lines]: [&mut Vec<f32>; 2],
    ) where
        Filter<R, N>: Transforms<R, N>,
    {
        let count = tiles.all();
        let row = row_of(count);
        let of_plane = N * N * row + LANES;
        let values = of_len(values, self.planes * of_plane);
        let mut lines = Lines::new(lines, N * N, [self.rows, count]);
        if !count.is_multiple_of(LANES) {
            // Registers reach behind the last tile.
            values.fill(0.0);
            lines.clear();
        }
        values.par_chunks_exact_mut(of_plane).zip(tiles.planes).for_each(|(to, &start)| {
            tiles.dispatch(Spread::<R, N> { tiles, start, row, to });
        });
        lines.panels().enumerate().for_each(|(index, panel)| {
            let first = index * PANEL;
            let rows = first..self.rows.min(first + PANEL);
            tiles.dispatch(Lay::<R, N> { tiles, rows, outputs, panel });
        });
        let offsets: Vec<usize> = (0..self.planes).map(|plane| plane * of_plane).collect();
        let (per_part, lines, values) = (self.per_part, &lines, &*values);
        let parts = self.sums.par_chunks_mut(N * N * per_part * self.planes).enumerate();
        parts.for_each(|(part, sums)| {
            let rows = part * per_part..self.rows.min((part + 1) * per_part);
            for (value, totals) in sums.chunks_exact_mut(rows.len() * self.planes).enumerate() {
                Arch::new().dispatch(Dots {
                    lines,
                    matrix: value,
                    rows: rows.clone(),
                    values: &values[value * row..],
                    offsets: &offsets,
                    totals,
                });
            }
        });
    }

    /// Tells every tap of every plane of a row.
    pub(in crate::fused) fn tell(&self, row: usize, tap: impl FnMut(usize, [usize; 2], f32)) {
        match self.taps {
            2 => self.tell_of::<2, 3>(row, tap),
            _ => self.tell_of::<3, 4>(row, tap),
        }
    }

    fn tell_of<const R: usize, const N: usize>(
        &self,
        row: usize,
        mut tap: impl FnMut(usize, [usize; 2], f32),
    ) where
        Filter<R, N>: Transforms<R, N>,
    {
        let first = row / self.per_part * self.per_part;
        let of_value = (self.rows - first).min(self.per_part) * self.planes;
        let sums = &self.sums[N * N * first * self.planes + (row - first) * self.planes..];
        for plane in 0..self.planes {
            let lines: [[Line<1>; R]; N] = array(|y| {
                Filter::<R, N>::of_sums(array(|x| [sums[(y * N + x) * of_value + plane]]))
            });
            #[expect(
                clippy::needless_range_loop,
                reason = "all columns together would not fit the registers"
            )]
            for x in 0..R {
                let column = Filter::<R, N>::of_sums(array(|y| lines[y][x]));
                for (y, [value]) in column.into_iter().enumerate() {
                    tap(plane, [y, x], value);
                }
            }
        }
    }
}

/// A y Aᵀ of the gradients by all outputs of some channels, into lines.
struct Lay<'a, 'b, const R: usize, const N: usize> {
    tiles: &'a Tiles<'a>,
    rows: Range<usize>,
    outputs: &'a (dyn Fn(usize, usize, usize) -> &'b [f32] + Sync),
    panel: LinePanel<'a>,
}

impl<const R: usize, const N: usize> WithSimd for Lay<'_, '_, R, N>
where
    Filter<R, N>: Transforms<R, N>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match self.tiles.rows_of(S::F32_LANES) {
            Some(2) => self.lay::<S, 2>(simd),
            _ => self.lay::<S, 1>(simd),
        }
    }
}

impl<const R: usize, const N: usize> Lay<'_, '_, R, N>
where
    Filter<R, N>: Transforms<R, N>,
{
    /// Takes registers of `G` rows of tiles.
    #[inline(always)]
    fn lay<S: Simd, const G: usize>(&mut self, simd: S) {
        for (row, channel) in self.rows.clone().enumerate() {
            self.tiles.each(S::F32_LANES, G, |[item, y, x], tile| {
                let lines: [[Register<S>; N]; TILE] = array(|line| {
                    let parts: [&[f32]; G] = array(|part| {
                        let y = (y + part) * TILE + line;
                        &(self.outputs)(item, channel, y)[x * TILE..]
                    });
                    Filter::<R, N>::of_outputs(apart(simd, parts))
                });
                for column in 0..N {
                    let values = Filter::<R, N>::of_outputs(column_of(&lines, column));
                    for (line, Register(_, values)) in values.into_iter().enumerate() {
                        let mut places = [0.0; LANES];
                        let places = &mut places[..S::F32_LANES];
                        S::as_mut_simd_f32s(places).0.copy_from_slice(&[values]);
                        self.panel.set(line * N + column, row, tile, places);
                    }
                }
            });
        }
    }
}
