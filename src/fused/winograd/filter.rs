//! The transforms of one axis.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::array::from_fn as array;

use super::TILE;

/// Some values that go through a transform side by side.
pub(super) type Line<const W: usize> = [f32; W];

#[inline(always)]
pub(super) fn add<const W: usize>(a: Line<W>, b: Line<W>) -> Line<W> {
    array(|lane| a[lane] + b[lane])
}

#[inline(always)]
pub(super) fn half<const W: usize>(a: Line<W>) -> Line<W> {
    a.map(|value| 0.5 * value)
}

#[inline(always)]
pub(super) fn sub<const W: usize>(a: Line<W>, b: Line<W>) -> Line<W> {
    array(|lane| a[lane] - b[lane])
}

/// The transforms of one axis for kernels of `R` taps, `N` = `R` + 1.
pub(super) struct Filter<const R: usize, const N: usize>;

pub(super) trait Transforms<const R: usize, const N: usize> {
    /// Bᵀ d: of the values that a tile reads.
    fn of_values<const W: usize>(d: [Line<W>; N]) -> [Line<W>; N];
    /// Aᵀ m: of their products with kernels.
    fn of_products<const W: usize>(m: [Line<W>; N]) -> [Line<W>; TILE];
    /// A y: of gradients by outputs.
    fn of_outputs<const W: usize>(y: [Line<W>; TILE]) -> [Line<W>; N];
    /// Gᵀ u: of their products with values.
    fn of_sums<const W: usize>(u: [Line<W>; N]) -> [Line<W>; R];
    /// G g: of kernels.
    fn of_kernels<const W: usize>(g: [Line<W>; R]) -> [Line<W>; N];
}

impl Transforms<3, 4> for Filter<3, 4> {
    #[inline(always)]
    fn of_values<const W: usize>([a, b, c, d]: [Line<W>; 4]) -> [Line<W>; 4] {
        [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
    }

    #[inline(always)]
    fn of_products<const W: usize>([a, b, c, d]: [Line<W>; 4]) -> [Line<W>; TILE] {
        [add(a, add(b, c)), sub(sub(b, c), d)]
    }

    #[inline(always)]
    fn of_outputs<const W: usize>([a, b]: [Line<W>; TILE]) -> [Line<W>; 4] {
        [a, add(a, b), sub(a, b), b.map(|value| -value)]
    }

    #[inline(always)]
    fn of_sums<const W: usize>([a, b, c, d]: [Line<W>; 4]) -> [Line<W>; 3] {
        let (even, odd) = (half(add(b, c)), half(sub(b, c)));
        [add(a, even), odd, add(even, d)]
    }

    #[inline(always)]
    fn of_kernels<const W: usize>([a, b, c]: [Line<W>; 3]) -> [Line<W>; 4] {
        [a, half(add(add(a, c), b)), half(sub(add(a, c), b)), c]
    }
}

impl Transforms<2, 3> for Filter<2, 3> {
    #[inline(always)]
    fn of_values<const W: usize>([a, b, c]: [Line<W>; 3]) -> [Line<W>; 3] {
        [sub(a, b), b, sub(b, c)]
    }

    #[inline(always)]
    fn of_products<const W: usize>([a, b, c]: [Line<W>; 3]) -> [Line<W>; TILE] {
        [add(a, b), sub(b, c)]
    }

    #[inline(always)]
    fn of_outputs<const W: usize>([a, b]: [Line<W>; TILE]) -> [Line<W>; 3] {
        [a, add(a, b), b.map(|value| -value)]
    }

    #[inline(always)]
    fn of_sums<const W: usize>([a, b, c]: [Line<W>; 3]) -> [Line<W>; 2] {
        [add(a, b), add(b, c)]
    }

    #[inline(always)]
    fn of_kernels<const W: usize>([a, b]: [Line<W>; 2]) -> [Line<W>; 3] {
        [a, add(a, b), b]
    }
}
