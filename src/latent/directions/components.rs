//! The directions along which the rows of a matrix spread most, as many as are asked for.

use rayon::prelude::*;

use super::super::right_angles::{at_right_angles, dot, turned_apart};
use super::along;
use crate::array::Array;
use crate::random::{Purpose, normals};
use crate::watch::{Part, Stopped};

/// Directions that are searched beyond those that are asked for: the last ones settle last.
const MORE: usize = 8;
/// Looks at all rows.
const ROUNDS: usize = 8;
/// In spaces of no more dimensions than this the search spans everything, so that what it finds is exact.
const EXACT_DIMS: usize = 256;
/// A direction with less than this share of the spread has none.
const NOTHING: f64 = 1e-12;
/// Rows whose sums are taken one after the other, so that results do not depend on the number of threads.
const ROWS: usize = 128;

/// A direction and how much lies along it.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Of length 1, `[d]`; its entry of the largest absolute value is positive.
    pub axis: Vec<f64>,
    /// The standard deviation of the rows along it, or the singular value.
    pub deviation: f64,
    /// Its share of the whole variance, or of all squared singular values, in `[0, 1]`.
    pub share: f64,
}

/// The first `count` principal components of some rows, the greatest first; fewer where the rows spread along fewer.
///
/// # Shapes
/// `rows`: `[n, d]`, finite
///
/// # Errors
/// When whoever watches ends it.
///
/// # Source
/// Block Krylov iteration (Musco & Musco 2015, "Randomized block Krylov methods for stronger and faster approximate
/// singular value decomposition", algorithm 2, arXiv:1504.05477).
pub fn principal_components(
    rows: &Array,
    count: usize,
    part: Part<'_>,
) -> Result<Vec<Component>, Stopped> {
    let n = rows.num_rows().max(1) as f64;
    let mut mean = vec![0.0; rows.row_len()];
    for row in 0..rows.num_rows() {
        mean.iter_mut().zip(rows.row(row)).for_each(|(sum, &z)| *sum += f64::from(z) / n);
    }
    let mut found = Spread { rows, mean }.components(count, part)?;
    for component in &mut found {
        component.deviation /= n.sqrt();
    }
    Ok(found)
}

/// The first `count` right singular vectors of a matrix with their singular values: the directions that a linear layer
/// of this weight passes on most of.
///
/// # Shapes
/// `matrix`: `[out, d]`
///
/// # Errors
/// When whoever watches ends it.
///
/// # Source
/// Shen & Zhou 2021, "Closed-form factorization of latent semantics in GANs", section 3.2, arXiv:2007.06600.
pub fn right_singular_vectors(
    matrix: &Array,
    count: usize,
    part: Part<'_>,
) -> Result<Vec<Component>, Stopped> {
    Spread { rows: matrix, mean: vec![0.0; matrix.row_len()] }.components(count, part)
}

/// The direction of latents that goes with a component of what was made of them: their regression on where that lies
/// along it. Nothing where neither follows the other.
///
/// # Shapes
/// `latents`: `[n, d]`; `made`: `[n, f]`; `axis`: `[f]`; result: `[d]`, of length 1
///
/// # Source
/// Härkönen et al. 2020, "`GANSpace`: discovering interpretable GAN controls", eq. 3, arXiv:2004.02546.
pub fn axes_of_scores(latents: &Array, made: &Array, axis: &[f64]) -> Option<Vec<f64>> {
    let n = latents.num_rows();
    let scores: Vec<f64> = (0..n).map(|row| along(made.row(row), axis)).collect();
    let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
    let mut sums = vec![0.0; latents.row_len()];
    for (row, score) in scores.iter().enumerate() {
        let score = score - mean;
        sums.iter_mut().zip(latents.row(row)).for_each(|(sum, &z)| *sum += score * f64::from(z));
    }
    let length = dot(&sums, &sums).sqrt();
    let is_direction = length.is_finite() && length > 0.0;
    is_direction.then(|| sums.into_iter().map(|sum| sum / length).collect())
}

/// Rows around a point.
struct Spread<'a> {
    rows: &'a Array,
    mean: Vec<f64>,
}

impl Spread<'_> {
    fn components(&self, count: usize, part: Part<'_>) -> Result<Vec<Component>, Stopped> {
        let d = self.mean.len();
        let whole = self.sum_of_squares();
        if d == 0 || !whole.is_finite() || whole <= 0.0 {
            return Ok(Vec::new());
        }
        let all = if d <= EXACT_DIMS { d.div_ceil(ROUNDS) } else { 0 };
        let width = (count + MORE).max(all).min(d);
        let draws = normals(0, 1, Purpose::Explore, width * d);
        let mut block: Vec<Vec<f64>> = draws
            .chunks_exact(d)
            .map(|row| row.iter().map(|&value| f64::from(value)).collect())
            .collect();
        let (mut basis, mut images) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            part.tell(round as f64 / ROUNDS as f64)?;
            let fresh = at_right_angles(block, &basis);
            if fresh.is_empty() {
                break;
            }
            block = self.times(&fresh, whole);
            basis.extend(fresh);
            images.extend(block.iter().cloned());
        }
        Ok(best(&basis, &images, count, whole))
    }

    /// The sum of all squares around the point.
    fn sum_of_squares(&self) -> f64 {
        let square = |row: usize| -> f64 { self.around(row).map(|value| value * value).sum() };
        (0..self.rows.num_rows()).map(square).sum()
    }

    fn around(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        self.rows.row(row).iter().zip(&self.mean).map(|(&value, mean)| f64::from(value) - mean)
    }

    /// The sum of squares and products, as a share of the whole, times some vectors. It is never made itself.
    fn times(&self, vectors: &[Vec<f64>], whole: f64) -> Vec<Vec<f64>> {
        let numbers: Vec<usize> = (0..self.rows.num_rows()).collect();
        let of_rows = |rows: &[usize]| {
            let mut sums = vec![vec![0.0; self.mean.len()]; vectors.len()];
            for &row in rows {
                let values: Vec<f64> = self.around(row).collect();
                for (sums, vector) in sums.iter_mut().zip(vectors) {
                    let along = dot(&values, vector) / whole;
                    sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += along * value);
                }
            }
            sums
        };
        let parts: Vec<Vec<Vec<f64>>> = numbers.par_chunks(ROWS).map(of_rows).collect();
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |mut sums, more| {
            for (sums, more) in sums.iter_mut().zip(more) {
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            sums
        })
    }
}

/// The best directions among all mixtures of a basis (Rayleigh and Ritz); `images` is the matrix times each vector.
fn best(basis: &[Vec<f64>], images: &[Vec<f64>], count: usize, whole: f64) -> Vec<Component> {
    let products = basis.iter().map(|a| images.iter().map(|b| dot(a, b)).collect()).collect();
    let mut weights = turned_apart(products).unwrap_or_default();
    let length = |weights: &Vec<f64>| dot(weights, weights).sqrt();
    weights.sort_by(|a, b| length(b).total_cmp(&length(a)));
    let component = |weights: Vec<f64>| {
        let share = length(&weights);
        let mut axis = vec![0.0; basis[0].len()];
        for (vector, weight) in basis.iter().zip(&weights) {
            axis.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight / share * value);
        }
        let largest = axis.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
        if largest.is_some_and(|largest| largest < 0.0) {
            for value in &mut axis {
                *value = -*value;
            }
        }
        Component { axis, deviation: (share * whole).sqrt(), share }
    };
    let found = weights.into_iter().take(count).take_while(|weights| length(weights) > NOTHING);
    found.map(component).collect()
}
