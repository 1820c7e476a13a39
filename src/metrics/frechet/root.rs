//! The trace of the root of a product of two covariances, without the product.
//!
//! With Σ₁ = A Aᵀ and Σ₂ = B Bᵀ, the eigenvalues of (Σ₁^½ Σ₂ Σ₁^½)^½ are the singular values of Aᵀ B: no root is
//! taken of what rounding left of a zero, which matters where covariances lack rank.

/// Sweeps after which the singular values must have settled; they take about ten.
const MOST_SWEEPS: usize = 60;

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
///
/// One-sided Jacobi rotations (Hestenes 1958; Golub & Van Loan, section 8.6.3): once all rows are at right angles,
/// their lengths are the singular values.
fn sum_of_singular_values(mut rows: Vec<Vec<f64>>) -> Option<f64> {
    for _ in 0..MOST_SWEEPS {
        let mut is_settled = true;
        for last in 1..rows.len() {
            let (before, after) = rows.split_at_mut(last);
            for row in before {
                is_settled &= !turn_apart(row, &mut after[0]);
            }
        }
        if is_settled {
            return Some(rows.iter().map(|row| dot(row, row).sqrt()).sum());
        }
    }
    None
}

/// Turns two rows in their plane until they are at right angles; says whether they were not.
fn turn_apart(a: &mut [f64], b: &mut [f64]) -> bool {
    let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
    if ab.abs() <= a.len() as f64 * f64::EPSILON * (aa * bb).sqrt() {
        return false;
    }
    let slope = (bb - aa) / (2.0 * ab);
    let tan = slope.signum() / (slope.abs() + slope.hypot(1.0));
    let cos = 1.0 / tan.hypot(1.0);
    let sin = cos * tan;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
    }
    true
}

/// The dot product, in lanes that a compiler can add at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}
