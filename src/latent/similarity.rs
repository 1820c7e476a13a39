//! An order in which vectors that are alike lie near each other.

use crate::array::Array;
use crate::random::{Purpose, normals};

/// Rounds of the power iteration: where two directions spread so evenly that these do not tell them apart,
/// either orders the vectors as well.
const ROUNDS: usize = 500;

/// The rows of `codes` along the direction in which they spread most, their first principal component.
/// Equal inputs give equal orders; of rows at one place the lower comes first, and rows that hold values that
/// are no numbers come last.
///
/// The direction comes from a power iteration on the `[d, d]` covariance: one vector is needed, which does
/// not pay for a linear algebra library.
///
/// # Shapes
/// - `codes`: `[k, d]`; gives a permutation of `0..k`
///
/// # Source
/// Pearson, On lines and planes of closest fit to systems of points in space, 1901.
pub fn similarity_order(codes: &Array) -> Vec<usize> {
    let is_number = |&row: &usize| codes.row(row).iter().all(|value| value.is_finite());
    let (mut order, rest): (Vec<usize>, Vec<usize>) = (0..codes.num_rows()).partition(is_number);
    let mean = mean(codes, &order);
    let axis = first_component(&covariance(codes, &order, &mean), mean.len());
    let mut places = vec![0.0; codes.num_rows()];
    for &row in &order {
        let values = codes.row(row).iter().zip(&mean).zip(&axis);
        let place: f64 =
            values.map(|((value, mean), axis)| (f64::from(*value) - mean) * axis).sum();
        // -0 and 0 are one place.
        places[row] = place + 0.0;
    }
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]).then(a.cmp(&b)));
    order.extend(rest);
    order
}

/// The mean of those rows, `[d]`.
fn mean(codes: &Array, rows: &[usize]) -> Vec<f64> {
    let mut mean = vec![0.0; codes.row_len()];
    for &row in rows {
        for (sum, value) in mean.iter_mut().zip(codes.row(row)) {
            *sum += f64::from(*value);
        }
    }
    mean.iter().map(|sum| sum / rows.len().max(1) as f64).collect()
}

/// The covariance of those rows times their number, `[d, d]`.
fn covariance(codes: &Array, rows: &[usize], mean: &[f64]) -> Vec<f64> {
    let d = mean.len();
    let mut covariance = vec![0.0; d * d];
    let mut centred = vec![0.0; d];
    for &row in rows {
        for ((centred, value), mean) in centred.iter_mut().zip(codes.row(row)).zip(mean) {
            *centred = f64::from(*value) - mean;
        }
        for (sums, &a) in covariance.chunks_exact_mut(d.max(1)).zip(&centred) {
            for (sum, b) in sums.iter_mut().zip(&centred) {
                *sum += a * b;
            }
        }
    }
    covariance
}

/// The eigenvector of the largest eigenvalue, at length 1, its largest entry positive; zeros where nothing
/// spreads.
fn first_component(covariance: &[f64], d: usize) -> Vec<f64> {
    let mut axis: Vec<f64> =
        normals(0, 0, Purpose::Explore, d).into_iter().map(f64::from).collect();
    for _ in 0..ROUNDS {
        let product = |row: &[f64]| row.iter().zip(&axis).map(|(a, b)| a * b).sum::<f64>();
        let next: Vec<f64> = covariance.chunks_exact(d.max(1)).map(product).collect();
        let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
        if length == 0.0 || !length.is_finite() {
            return vec![0.0; d];
        }
        let next: Vec<f64> = next.iter().map(|value| value / length).collect();
        let moved = next.iter().zip(&axis).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        axis = next;
        if moved < 1e-12 {
            break;
        }
    }
    let largest = axis.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
    if largest.is_some_and(|value| value < 0.0) {
        return axis.iter().map(|value| -value).collect();
    }
    axis
}
