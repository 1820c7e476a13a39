//! Where latents lie on a plane, and back.

use rayon::prelude::*;

use super::PrincipalPlane;
use crate::array::Array;

/// A plane through a latent space: a latent's place on it is linear, so that the way back is exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    origin: Vec<f64>,
    /// At right angles, at length 1; zeros where there is no second direction.
    axes: [Vec<f64>; 2],
}

impl Chart {
    /// The plane of two dimensions of `d`; of one and the same, or one that is not there, a line.
    pub fn of_dims(d: usize, [u, v]: [usize; 2]) -> Self {
        let axis = |dim: usize| {
            let mut axis = vec![0.0; d];
            axis.iter_mut().skip(dim).take(1).for_each(|value| *value = 1.0);
            axis
        };
        let second = if u == v { vec![0.0; d] } else { axis(v) };
        Self { origin: vec![0.0; d], axes: [axis(u), second] }
    }

    /// The plane in which rows spread most.
    pub fn of_principal(plane: &PrincipalPlane) -> Self {
        Self { origin: plane.mean().to_vec(), axes: plane.axes().clone() }
    }

    /// The number of dimensions, d.
    pub fn dim(&self) -> usize {
        self.origin.len()
    }

    /// Where a latent of `d` values lies.
    pub fn place(&self, latent: &[f32]) -> [f32; 2] {
        self.exact_place(latent).map(|along| along as f32)
    }

    fn exact_place(&self, latent: &[f32]) -> [f64; 2] {
        let mut place = [0.0; 2];
        for (dim, (&value, origin)) in latent.iter().zip(&self.origin).enumerate() {
            let value = f64::from(value) - origin;
            place[0] += value * self.axes[0][dim];
            place[1] += value * self.axes[1][dim];
        }
        place
    }

    /// Where every row lies.
    ///
    /// # Shapes
    /// - `latents`: `[n, d]`, or `[n, ..]` of `d` values
    pub fn places(&self, latents: &Array) -> Vec<[f32; 2]> {
        let d = latents.row_len().max(1);
        latents.data().par_chunks_exact(d).map(|latent| self.place(latent)).collect()
    }

    /// The latent nearest to another one that lies at a place: what is not seen on the plane stays as it is.
    pub fn moved(&self, latent: &[f32], to: [f32; 2]) -> Vec<f32> {
        let from = self.exact_place(latent);
        let [x, y] = [0, 1].map(|at: usize| f64::from(to[at]) - from[at]);
        let [u, v] = &self.axes;
        let values = latent.iter().zip(u.iter().zip(v));
        values.map(|(&value, (u, v))| (f64::from(value) + x * u + y * v) as f32).collect()
    }
}

/// The nearest of some places to a point, the nearest first, of equally near ones the lowest, with their squared
/// distances; places that are no numbers are none.
pub fn nearest_places(places: &[[f32; 2]], at: [f32; 2], most: usize) -> Vec<(u32, f32)> {
    let far = |place: &[f32; 2]| (place[0] - at[0]).powi(2) + (place[1] - at[1]).powi(2);
    let all = (0..).zip(places.iter().map(far)).filter(|(_, square)| square.is_finite());
    smallest(all, most)
}

/// The entries of the smallest values, the smallest first, of equal ones the lowest.
pub(super) fn smallest(all: impl Iterator<Item = (u32, f32)>, most: usize) -> Vec<(u32, f32)> {
    let mut near: Vec<(u32, f32)> = Vec::with_capacity(most + 1);
    for (index, value) in all {
        if near.len() < most || near.last().is_some_and(|last| value < last.1) {
            let at = near.partition_point(|known| known.1 <= value);
            near.insert(at, (index, value));
            near.truncate(most);
        }
    }
    near
}

/// A mixture of rows, each weighted by one over its squared distance: a row itself where that is zero. Nothing
/// without rows.
///
/// # Source
/// Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968, with power 2.
///
/// # Shapes
/// - `latents`: `[n, ..]`; `near`: rows and squared distances
pub fn mixed_by_distance(latents: &Array, near: &[(u32, f32)]) -> Option<Vec<f32>> {
    let (first, _) = near.first()?;
    if let Some((row, _)) = near.iter().find(|(_, square)| *square == 0.0) {
        return Some(latents.row(*row as usize).to_vec());
    }
    let weights: Vec<f64> = near.iter().map(|(_, square)| 1.0 / f64::from(*square)).collect();
    let total: f64 = weights.iter().sum();
    if !total.is_finite() {
        return Some(latents.row(*first as usize).to_vec());
    }
    let mut mixed = vec![0.0; latents.row_len()];
    for ((row, _), weight) in near.iter().zip(&weights) {
        for (sum, value) in mixed.iter_mut().zip(latents.row(*row as usize)) {
            *sum += weight / total * f64::from(*value);
        }
    }
    Some(mixed.into_iter().map(|value| value as f32).collect())
}

/// Whether a place lies inside of a closed line, by how often a ray from it crosses the line.
pub fn is_inside(line: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let ends = line.iter().zip(line.iter().cycle().skip(1));
    let crosses = |(a, b): &(&[f32; 2], &[f32; 2])| {
        let ([ax, ay], [bx, by]) = (**a, **b);
        (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
    };
    ends.filter(crosses).count() % 2 == 1
}
