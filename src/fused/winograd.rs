//! Convolutions in tiles of two by two places, each a product at every value of a transformed tile: fewer products than a
//! kernel has taps, by S. Winograd's minimal filters F(2×2, 3×3) and F(2×2, 2×2) (Lavin and Gray, "Fast algorithms for
//! convolutional neural networks", arXiv 1509.09308).
//!
//! A tile of outputs is what its n×n values make, n = r + 1 for kernels of r×r taps: Aᵀ (G g Gᵀ ⊙ Bᵀ d B) A. Sums over planes
//! are taken between the transforms, which so cost little where there are many planes on both sides. 3×3 taps take 16
//! products instead of 36, and 2×2 taps, of which a stride of two makes four kernels of 4×4, take 9 instead of 16.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

mod filter;
mod gradient;
mod steps;

use std::array::from_fn as array;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use self::filter::{Filter, Line, Register, Transforms};
pub(super) use self::gradient::TileGradient;
use self::steps::{apart, column_of, together};
use super::grid::Grid;
use super::lanes::{LANES, PANEL, Panels, Sums, whole};
use super::space::of_len;

/// Places of a tile of outputs, down and across.
pub(super) const TILE: usize = 2;

/// Planes on either side, and on one of them, from which the transforms are worth their while.
const ENOUGH: [usize; 2] = [32, 64];

/// Whether kernels of so many taps down and across, between so many planes, are better taken in tiles where either phase
/// of the outputs has so many rows and columns.
pub(super) fn suits(taps: usize, planes: [usize; 2], [height, width]: [usize; 2]) -> bool {
    let has_enough = planes[0].min(planes[1]) >= ENOUGH[0] && planes[0].max(planes[1]) >= ENOUGH[1];
    // Tiles fill whole registers.
    let is_filled = match width {
        8 => height.is_multiple_of(8),
        16 => height.is_multiple_of(4),
        _ => width.is_multiple_of(32) && height.is_multiple_of(2),
    };
    matches!(taps, 2 | 3) && has_enough && is_filled
}

/// Kernels `[rows, planes, r, r]` in the order in which products read them: a matrix for each value of a tile.
#[derive(Clone, Debug)]
pub(super) struct TileKernels {
    taps: usize,
    values: Panels,
}

/// Where the taps of kernels lie.
pub(super) struct Layout {
    pub(super) rows: usize,
    /// The first tap of every plane in the first row.
    pub(super) planes: Vec<usize>,
    /// From a row to the next, from a tap to the next one down, and to the next one across.
    pub(super) strides: [isize; 3],
}

impl TileKernels {
    /// Kernels of 2×2 or 3×3 taps.
    pub(super) fn new(taps: usize, layout: &Layout, kernels: &[f32]) -> Self {
        match taps {
            2 => Self::of::<2, 3>(layout, kernels),
            _ => Self::of::<3, 4>(layout, kernels),
        }
    }

    fn of<const R: usize, const N: usize>(layout: &Layout, kernels: &[f32]) -> Self
    where
        Filter<R, N>: Transforms<R, N>,
    {
        let (rows, planes, [down_rows, down, across]) =
            (layout.rows, layout.planes.len(), layout.strides);
        let values = Panels::filled(N * N, [rows, planes], |first, panel| {
            let count = PANEL.min(rows - first);
            for (index, &plane) in layout.planes.iter().enumerate() {
                let taps: [[Line<PANEL>; R]; R] = array(|y| {
                    array(|x| {
                        array(|row| {
                            let row = (first + row.min(count - 1)).cast_signed();
                            let [y, x] = [y, x].map(usize::cast_signed);
                            let steps = row * down_rows + y * down + x * across;
                            kernels[plane.wrapping_add_signed(steps)]
                        })
                    })
                });
                let lines = taps.map(Filter::<R, N>::of_kernels);
                for x in 0..N {
                    let column = Filter::<R, N>::of_kernels(array(|y| lines[y][x]));
                    for (y, line) in column.iter().enumerate() {
                        let to = &mut panel[((y * N + x) * planes + index) * count..];
                        match to.first_chunk_mut() {
                            Some(to) if count == PANEL => *to = *line,
                            _ => to[..count].copy_from_slice(&line[..count]),
                        }
                    }
                }
            }
        });
        Self { taps: R, values }
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> u64 {
        self.values.bytes()
    }
}

/// Bytes of all transformed planes and of all sums at so many places of outputs.
pub(super) fn workspace(taps: usize, planes: [usize; 2], places: usize) -> usize {
    4 * (taps + 1).pow(2) * planes.iter().sum::<usize>() * row_of(places / (TILE * TILE))
}

/// From so many tiles of one value to those of the next: an odd number of cache lines.
fn row_of(tiles: usize) -> usize {
    whole(tiles) | LANES
}

/// Tiles of some items in planes that lie in a grid.
pub(super) struct Tiles<'a> {
    pub(super) grid: &'a Grid,
    pub(super) values: &'a [f32],
    /// Where the first value that the first output meets lies in each plane.
    pub(super) planes: &'a [usize],
    pub(super) items: usize,
    /// Outputs of an item, down and across: even numbers, and across one of whole registers of tiles.
    pub(super) count: [usize; 2],
}

impl Tiles<'_> {
    /// The sums of some panels of rows, told row by row and tile by tile.
    pub(super) fn sums(
        &self,
        kernels: &TileKernels,
        range: Range<usize>,
        rows: usize,
        space: &mut Vec<f32>,
        take: impl Take,
    ) {
        match kernels.taps {
            2 => self.sums_of::<2, 3>(kernels, range, rows, space, take),
            _ => self.sums_of::<3, 4>(kernels, range, rows, space, take),
        }
    }

    fn sums_of<const R: usize, const N: usize>(
        &self,
        kernels: &TileKernels,
        range: Range<usize>,
        rows: usize,
        space: &mut Vec<f32>,
        take: impl Take,
    ) where
        Filter<R, N>: Transforms<R, N>,
    {
        let count = self.all();
        let (row, planes) = (row_of(count), self.planes.len());
        let sums_row = whole(count);
        let of_value = range.len() * PANEL * sums_row;
        let of_plane = N * N * row + LANES;
        let space = of_len(space, planes * of_plane + N * N * of_value);
        let (values, sums) = space.split_at_mut(planes * of_plane);
        for (to, &start) in values.chunks_exact_mut(of_plane).zip(self.planes) {
            self.dispatch(Spread::<R, N> { tiles: self, start, row, to });
        }
        let offsets: Vec<usize> = (0..planes).map(|plane| plane * of_plane).collect();
        for value in 0..N * N {
            Arch::new().dispatch(Sums {
                panels: &kernels.values,
                matrix: value,
                range: range.clone(),
                values: &values[value * row..],
                offsets: &offsets,
                len: count,
                totals: &mut sums[value * of_value..][..of_value],
            });
        }
        self.dispatch(Gather::<R, N, _> { tiles: self, rows, row: sums_row, of_value, sums, take });
    }
}

/// What takes outputs: inlined, as whatever is done for every few of them has to be.
pub(super) trait Take {
    /// Takes those of a row of tiles.
    fn take(&mut self, told: Told<'_>);
}

/// The outputs of a row of tiles.
pub(super) struct Told<'a> {
    pub(super) row: usize,
    pub(super) item: usize,
    /// The first of the two rows of outputs.
    pub(super) y: usize,
    /// The first column.
    pub(super) x: usize,
    pub(super) outputs: [&'a [f32]; TILE],
}

/// Bᵀ d B of all tiles of a plane, `[value, tile]`.
struct Spread<'a, const R: usize, const N: usize> {
    tiles: &'a Tiles<'a>,
    /// Where the plane is.
    start: usize,
    /// From a value to the next.
    row: usize,
    to: &'a mut [f32],
}

impl<const R: usize, const N: usize> WithSimd for Spread<'_, R, N>
where
    Filter<R, N>: Transforms<R, N>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match self.tiles.rows_of(S::F32_LANES) {
            Some(2) => self.spread::<S, 2>(simd),
            _ => self.spread::<S, 1>(simd),
        }
    }
}

impl<const R: usize, const N: usize> Spread<'_, R, N>
where
    Filter<R, N>: Transforms<R, N>,
{
    /// Takes registers of `G` rows of tiles.
    #[inline(always)]
    fn spread<S: Simd, const G: usize>(&mut self, simd: S) {
        let grid = self.tiles.grid;
        let mut made = self.to.chunks_exact_mut(self.row);
        let mut made: [[&mut [f32]; N]; N] =
            array(|_| array(|_| made.next().expect("a row for every value of a tile")));
        self.tiles.each(S::F32_LANES, G, |[item, y, x], tile| {
            let start = self.start + item * grid.item + y * TILE * grid.row + x * TILE;
            let mut rows = [[Register(simd, simd.splat_f32s(0.0)); N]; N];
            for (row, to) in rows.iter_mut().enumerate() {
                let mut values = *to;
                // The last columns of a tile are the first of its neighbour.
                for (step, columns) in values.chunks_mut(TILE).enumerate() {
                    let parts: [&[f32]; G] = array(|part| {
                        let from = start + (part * TILE + row) * grid.row + step * TILE;
                        &self.tiles.values[from..]
                    });
                    columns.copy_from_slice(&apart(simd, parts)[..columns.len()]);
                }
                *to = Filter::<R, N>::of_values(values);
            }
            for column in 0..N {
                let values = Filter::<R, N>::of_values(column_of(&rows, column));
                for (made, Register(_, values)) in made.iter_mut().zip(values) {
                    let to = &mut made[column][tile..][..S::F32_LANES];
                    S::as_mut_simd_f32s(to).0.copy_from_slice(&[values]);
                }
            }
        });
    }
}

/// Aᵀ m A of the sums `[value, row, tile]`.
struct Gather<'a, const R: usize, const N: usize, F> {
    tiles: &'a Tiles<'a>,
    rows: usize,
    row: usize,
    of_value: usize,
    sums: &'a [f32],
    take: F,
}

impl<const R: usize, const N: usize, F: Take> WithSimd for Gather<'_, R, N, F>
where
    Filter<R, N>: Transforms<R, N>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        match self.tiles.rows_of(S::F32_LANES) {
            Some(2) => self.gather::<S, 2>(simd),
            _ => self.gather::<S, 1>(simd),
        }
    }
}

impl<const R: usize, const N: usize, F: Take> Gather<'_, R, N, F>
where
    Filter<R, N>: Transforms<R, N>,
{
    /// Takes registers of `G` rows of tiles.
    #[inline(always)]
    fn gather<S: Simd, const G: usize>(&mut self, simd: S) {
        for row in 0..self.rows {
            let sums: [[&[f32]; N]; N] = array(|line| {
                array(|value| {
                    let from = (line * N + value) * self.of_value + row * self.row;
                    &self.sums[from..][..self.row]
                })
            });
            self.tiles.each(S::F32_LANES, G, |[item, y, x], tile| {
                let zero = Register(simd, simd.splat_f32s(0.0));
                let mut lines = [[zero; TILE]; N];
                for (to, sums) in lines.iter_mut().zip(&sums) {
                    let mut products = [zero; N];
                    for (to, sums) in products.iter_mut().zip(sums) {
                        to.1 = S::as_simd_f32s(&sums[tile..][..S::F32_LANES]).0[0];
                    }
                    *to = Filter::<R, N>::of_products(products);
                }
                let first = Filter::<R, N>::of_products(column_of(&lines, 0));
                let second = Filter::<R, N>::of_products(column_of(&lines, 1));
                let mut outputs = [[0.0; TILE * LANES]; TILE];
                for (y, outputs) in outputs.iter_mut().enumerate() {
                    together(simd, [first[y], second[y]], &mut outputs[..TILE * S::F32_LANES]);
                }
                let len = TILE * S::F32_LANES / G;
                for part in 0..G {
                    let [above, below] = &outputs;
                    self.take.take(Told {
                        row,
                        item,
                        y: (y + part) * TILE,
                        x: x * TILE,
                        outputs: [&above[part * len..][..len], &below[part * len..][..len]],
                    });
                }
            });
        }
    }
}
