//! Tiles that go through a transform together: neighbours in the order of all tiles, as many as a register holds.
//!
//! Where a row has fewer, two rows of tiles share a register. Which lane a tile is in differs with how a processor tells
//! every other value of a row apart; it is the same wherever tiles of the same rows and columns are taken.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::filter::Register;
use super::{TILE, Tiles};

impl Tiles<'_> {
    /// Tiles of an item, down and across.
    pub(super) fn tiles(&self) -> [usize; 2] {
        self.count.map(|count| count / TILE)
    }

    /// All tiles.
    pub(super) fn all(&self) -> usize {
        self.items * self.tiles().iter().product::<usize>()
    }

    /// Rows of tiles that share a register, if registers of so many lanes are filled.
    pub(super) fn rows_of(&self, lanes: usize) -> Option<usize> {
        let [down, across] = self.tiles();
        if across.is_multiple_of(lanes) {
            return Some(1);
        }
        (across * 2 == lanes && down.is_multiple_of(2)).then_some(2)
    }

    /// Does `work` with the widest registers that are filled.
    pub(super) fn dispatch(&self, work: impl WithSimd<Output = ()>) {
        match Arch::new() {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) if self.rows_of(16).is_some() => Simd::vectorize(simd, work),
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) if self.rows_of(8).is_some() => Simd::vectorize(*simd, work),
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) if self.rows_of(8).is_some() => Simd::vectorize(simd, work),
            #[cfg(target_arch = "aarch64")]
            Arch::Neon(simd) if self.rows_of(4).is_some() => Simd::vectorize(simd, work),
            _ => Simd::vectorize(Scalar, work),
        }
    }

    /// The item, the row and the column of tiles, and the number of the first tile of every register.
    #[inline(always)]
    pub(super) fn each(&self, lanes: usize, rows: usize, mut step: impl FnMut([usize; 3], usize)) {
        let [down, across] = self.tiles();
        for item in 0..self.items {
            for y in (0..down).step_by(rows) {
                for x in (0..across).step_by(lanes / rows) {
                    step([item, y, x], (item * down + y) * across + x);
                }
            }
        }
    }
}

/// Every first and every second value of some rows, together twice as many as a register holds.
#[inline(always)]
pub(super) fn apart<S: Simd, const G: usize>(simd: S, rows: [&[f32]; G]) -> [Register<S>; TILE] {
    let per_row = TILE * S::F32_LANES / G;
    let mut values = [simd.splat_f32s(0.0); TILE];
    for (row, values) in rows.into_iter().zip(values.chunks_exact_mut(TILE / G)) {
        values.copy_from_slice(S::as_simd_f32s(&row[..per_row]).0);
    }
    let [first, second] = simd.deinterleave_shfl_f32s(values);
    [Register(simd, first), Register(simd, second)]
}

/// The values of rows of which these are every first and every second.
#[inline(always)]
pub(super) fn together<S: Simd>(
    simd: S,
    [Register(_, first), Register(_, second)]: [Register<S>; TILE],
    rows: &mut [f32],
) {
    let values = simd.interleave_shfl_f32s([first, second]);
    S::as_mut_simd_f32s(rows).0.copy_from_slice(&values);
}

/// A column of some rows.
#[inline(always)]
pub(super) fn column_of<V: Copy, const C: usize, const N: usize>(
    rows: &[[V; C]; N],
    column: usize,
) -> [V; N] {
    let mut values = [rows[0][column]; N];
    for (value, row) in values.iter_mut().zip(rows) {
        *value = row[column];
    }
    values
}
