//! Vectors turned until they are at right angles: the small singular value decomposition that others build on.

/// Sweeps after which rows must have settled; they take about ten.
const MOST_SWEEPS: usize = 60;

/// The rows of a matrix turned in pairs until all are at right angles; nothing where they do not settle.
///
/// Their lengths are then the matrix' singular values and their directions its right singular vectors, in no
/// order; of a symmetric matrix without negative eigenvalues, its eigenvalues and eigenvectors.
///
/// # Source
/// One-sided Jacobi rotations (Hestenes 1958; Golub & Van Loan, "Matrix Computations", section 8.6.3).
pub(crate) fn turned_apart(mut rows: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    for _ in 0..MOST_SWEEPS {
        let mut is_settled = true;
        for last in 1..rows.len() {
            let (before, after) = rows.split_at_mut(last);
            for row in before {
                is_settled &= !turn_apart(row, &mut after[0]);
            }
        }
        if is_settled {
            return Some(rows);
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

/// What of some vectors is at right angles to a basis and to those before, at length 1: as many as there are.
pub(crate) fn at_right_angles(vectors: Vec<Vec<f64>>, basis: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut fresh: Vec<Vec<f64>> = Vec::new();
    for mut vector in vectors {
        let length = dot(&vector, &vector).sqrt();
        // What rounding leaves the first time is gone the second time.
        for _ in 0..2 {
            for other in basis.iter().chain(&fresh) {
                let along = dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
        }
        let left = dot(&vector, &vector).sqrt();
        if left > 1e-10 * length {
            fresh.push(vector.iter().map(|value| value / left).collect());
        }
    }
    fresh
}

/// The dot product, in lanes that a compiler can add at once.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
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
