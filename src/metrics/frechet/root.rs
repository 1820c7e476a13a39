//! The trace of the root of a product of two covariances, without the product.
//!
//! With Σ₁ = A Aᵀ and Σ₂ = B Bᵀ, the eigenvalues of (Σ₁^½ Σ₂ Σ₁^½)^½ are the singular values of Aᵀ B: no root is
//! taken of what rounding left of a zero, which matters where covariances lack rank.

use crate::latent::right_angles::{dot, turned_apart};

/// tr (Σ₁^½ Σ₂ Σ₁^½)^½ of two covariances `[d, d]`; nothing where it does not settle.
pub(super) fn trace_of_root(a: &[f64], b: &[f64], d: usize) -> Option<f64> {
    let (mut a, mut b) = (factor(a, d), factor(b, d));
    // Either way round it is the same; the fewer rows, the less work.
    if a.len() > b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    let product = a.iter().map(|a| b.iter().map(|b| dot(a, b)).collect()).collect();
    sum_of_singular_values(product)
}

/// Vectors whose outer squares sum to a covariance `[d, d]`, as many as it has rank.
///
/// Cholesky decomposition with complete pivoting (Golub & Van Loan, "Matrix Computations", section 4.2.8); what
/// is left under the rounding of the largest variance counts as none.
fn factor(covariance: &[f64], d: usize) -> Vec<Vec<f64>> {
    let mut rest = covariance.to_vec(); // [d, d]
    let variance = |rest: &[f64], i: usize| rest[i * d + i];
    let largest = |rest: &[f64]| {
        (0..d).max_by(|&i, &j| variance(rest, i).total_cmp(&variance(rest, j))).unwrap_or(0)
    };
    let rounding = d as f64 * f64::EPSILON * variance(&rest, largest(&rest));
    let mut vectors = Vec::new();
    while vectors.len() < d {
        let pivot = largest(&rest);
        let scale = variance(&rest, pivot);
        if scale <= rounding {
            break;
        }
        let row = &rest[pivot * d..(pivot + 1) * d];
        let vector: Vec<f64> = row.iter().map(|value| value / scale.sqrt()).collect();
        for (row, &at_row) in rest.chunks_exact_mut(d).zip(&vector) {
            row.iter_mut().zip(&vector).for_each(|(value, at)| *value -= at_row * at);
        }
        vectors.push(vector);
    }
    vectors
}

/// The sum of the singular values of a matrix, given by its rows.
fn sum_of_singular_values(rows: Vec<Vec<f64>>) -> Option<f64> {
    let rows = turned_apart(rows)?;
    Some(rows.iter().map(|row| dot(row, row).sqrt()).sum())
}
