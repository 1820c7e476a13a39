//! The transforms of one axis.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::array::from_fn as array;

use pulp::Simd;

use super::TILE;

/// What goes through a transform: values side by side.
pub(super) trait Values: Copy {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn half(self) -> Self;
    fn negative(self) -> Self;
}

/// Values in memory.
pub(super) type Line<const W: usize> = [f32; W];

impl<const W: usize> Values for Line<W> {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        array(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        array(|lane| self[lane] - other[lane])
    }

    #[inline(always)]
    fn half(self) -> Self {
        self.map(|value| 0.5 * value)
    }

    #[inline(always)]
    fn negative(self) -> Self {
        self.map(|value| -value)
    }
}

/// Values in a register.
#[derive(Clone, Copy)]
pub(super) struct Register<S: Simd>(pub(super) S, pub(super) S::f32s);

impl<S: Simd> Values for Register<S> {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(self.0, self.0.add_f32s(self.1, other.1))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(self.0, self.0.sub_f32s(self.1, other.1))
    }

    #[inline(always)]
    fn half(self) -> Self {
        Self(self.0, self.0.mul_f32s(self.0.splat_f32s(0.5), self.1))
    }

    #[inline(always)]
    fn negative(self) -> Self {
        Self(self.0, self.0.neg_f32s(self.1))
    }
}

/// The transforms of one axis for kernels of `R` taps, `N` = `R` + 1.
pub(super) struct Filter<const R: usize, const N: usize>;

pub(super) trait Transforms<const R: usize, const N: usize> {
    /// Bᵀ d: of the values that a tile reads.
    fn of_values<V: Values>(d: [V; N]) -> [V; N];
    /// Aᵀ m: of their products with kernels.
    fn of_products<V: Values>(m: [V; N]) -> [V; TILE];
    /// A y: of gradients by outputs.
    fn of_outputs<V: Values>(y: [V; TILE]) -> [V; N];
    /// Gᵀ u: of their products with values.
    fn of_sums<V: Values>(u: [V; N]) -> [V; R];
    /// G g: of kernels.
    fn of_kernels<V: Values>(g: [V; R]) -> [V; N];
}

impl Transforms<3, 4> for Filter<3, 4> {
    #[inline(always)]
    fn of_values<V: Values>([a, b, c, d]: [V; 4]) -> [V; 4] {
        [a.minus(c), b.plus(c), c.minus(b), b.minus(d)]
    }

    #[inline(always)]
    fn of_products<V: Values>([a, b, c, d]: [V; 4]) -> [V; TILE] {
        [a.plus(b.plus(c)), b.minus(c).minus(d)]
    }

    #[inline(always)]
    fn of_outputs<V: Values>([a, b]: [V; TILE]) -> [V; 4] {
        [a, a.plus(b), a.minus(b), b.negative()]
    }

    #[inline(always)]
    fn of_sums<V: Values>([a, b, c, d]: [V; 4]) -> [V; 3] {
        let (even, odd) = (b.plus(c).half(), b.minus(c).half());
        [a.plus(even), odd, even.plus(d)]
    }

    #[inline(always)]
    fn of_kernels<V: Values>([a, b, c]: [V; 3]) -> [V; 4] {
        [a, a.plus(c).plus(b).half(), a.plus(c).minus(b).half(), c]
    }
}

impl Transforms<2, 3> for Filter<2, 3> {
    #[inline(always)]
    fn of_values<V: Values>([a, b, c]: [V; 3]) -> [V; 3] {
        [a.minus(b), b, b.minus(c)]
    }

    #[inline(always)]
    fn of_products<V: Values>([a, b, c]: [V; 3]) -> [V; TILE] {
        [a.plus(b), b.minus(c)]
    }

    #[inline(always)]
    fn of_outputs<V: Values>([a, b]: [V; TILE]) -> [V; 3] {
        [a, a.plus(b), b.negative()]
    }

    #[inline(always)]
    fn of_sums<V: Values>([a, b, c]: [V; 3]) -> [V; 2] {
        [a.plus(b), b.plus(c)]
    }

    #[inline(always)]
    fn of_kernels<V: Values>([a, b]: [V; 2]) -> [V; 3] {
        [a, a.plus(b), b]
    }
}
