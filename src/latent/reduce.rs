//! Long vectors as short ones that keep their distances as well as can be: their principal components.

use ndarray::{Array2, ArrayView2};

use super::right_angles::turned_apart;
use crate::array::Array;
use crate::random::{Purpose, normals};
use crate::watch::{Part, Stopped};

/// Components beyond those wanted, with which the search settles sooner.
const SPARE: usize = 8;
/// Looks at all rows.
const ROUNDS: usize = 6;
/// Rows that are multiplied at once.
const ROWS: usize = 1024;
/// Values that the components are told from; of more, rows evenly spread among them.
const MOST_VALUES: usize = 64 << 20;

/// The rows on their first `most` principal components, or themselves where they are no longer than that. Of rows
/// that hold values that are no numbers, these count as 0.
///
/// # Source
/// Subspace iteration with a random start (Halko, Martinsson & Tropp 2011, "Finding structure with randomness",
/// algorithm 4.4, arXiv:0909.4061).
///
/// # Shapes
/// - `matrix`: `[n, ..]`; result: `[n, min(d, most)]`
///
/// # Errors
/// When whoever watches ends it.
///
/// # Panics
/// Never: every row has as many values.
pub fn reduced(matrix: &Array, most: usize, watch: Part<'_>) -> Result<Array, Stopped> {
    let (n, d) = (matrix.num_rows(), matrix.row_len());
    if d <= most || n == 0 {
        let data = matrix.data().iter().map(|&value| finite(value)).collect();
        return Ok(Array::new([n, d], data).expect("the same values"));
    }
    let step = (n * d).div_ceil(MOST_VALUES).max(1);
    let sample: Vec<usize> = (0..n).step_by(step).collect();
    let mean = mean_of(matrix, &sample);
    let width = (most + SPARE).min(d);
    let mut basis = Array2::from_shape_vec((d, width), normals(0, 0, Purpose::Explore, d * width))
        .expect("as many draws");
    let mut weights = None;
    for round in 0..=ROUNDS {
        let part = |share: f64| (round as f64 + share) / (ROUNDS + 2) as f64;
        basis = at_right_angles(&basis);
        let mut image = Array2::<f32>::zeros((d, width));
        let mut inner = Array2::<f32>::zeros((width, width));
        for (block, rows) in sample.chunks(ROWS).enumerate() {
            watch.tell(part(block as f64 * ROWS as f64 / sample.len() as f64))?;
            let rows = centred(matrix, rows, &mean);
            let along = rows.dot(&basis);
            image += &rows.t().dot(&along);
            inner += &along.t().dot(&along);
        }
        if round == ROUNDS {
            weights = Some(inner);
        } else {
            basis = image;
        }
    }
    let turn = weights.map_or_else(|| Array2::eye(width), |inner| turn_of(&inner, most));
    let axes = basis.dot(&turn); // [d, most]
    let rows: Vec<usize> = (0..n).collect();
    let mut data = Vec::with_capacity(n * axes.ncols());
    for (block, rows) in rows.chunks(ROWS).enumerate() {
        let share = block as f64 * ROWS as f64 / n as f64;
        watch.tell((ROUNDS as f64 + 1.0 + share) / (ROUNDS + 2) as f64)?;
        data.extend(centred(matrix, rows, &mean).dot(&axes).iter());
    }
    Ok(Array::new([n, axes.ncols()], data).expect("a row for each"))
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

fn mean_of(matrix: &Array, rows: &[usize]) -> Vec<f32> {
    let mut sums = vec![0.0f64; matrix.row_len()];
    for &row in rows {
        let values = matrix.row(row).iter().map(|&value| f64::from(finite(value)));
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    sums.into_iter().map(|sum| (sum / rows.len().max(1) as f64) as f32).collect()
}

fn centred(matrix: &Array, rows: &[usize], mean: &[f32]) -> Array2<f32> {
    let values = rows.iter().flat_map(|&row| matrix.row(row).iter().zip(mean));
    let values = values.map(|(&value, mean)| finite(value) - mean).collect();
    Array2::from_shape_vec((rows.len(), mean.len()), values).expect("whole rows")
}

/// Columns of the same span at right angles, at length 1; those that add nothing are zeros.
fn at_right_angles(columns: &Array2<f32>) -> Array2<f32> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns.columns() {
        let mut vector: Vec<f64> = column.iter().map(|&value| f64::from(value)).collect();
        let length = super::right_angles::dot(&vector, &vector).sqrt();
        // What rounding leaves the first time is gone the second time.
        for _ in 0..2 {
            for other in &basis {
                let along = super::right_angles::dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
        }
        let left = super::right_angles::dot(&vector, &vector).sqrt();
        let scale = if left > 1e-6 * length { 1.0 / left } else { 0.0 };
        basis.push(vector.into_iter().map(|value| value * scale).collect());
    }
    Array2::from_shape_fn(columns.raw_dim(), |(row, column)| basis[column][row] as f32)
}

/// The mixtures of a basis along which most of the spread lies, the greatest first, of the spread within it.
fn turn_of(inner: &Array2<f32>, most: usize) -> Array2<f32> {
    let view: ArrayView2<'_, f32> = inner.view();
    let rows = view.rows().into_iter();
    let rows = rows.map(|row| row.iter().map(|&value| f64::from(value)).collect()).collect();
    let mut turned = turned_apart(rows).unwrap_or_default();
    let length = |row: &Vec<f64>| super::right_angles::dot(row, row).sqrt();
    turned.sort_by(|a, b| length(b).total_cmp(&length(a)));
    turned.truncate(most);
    let width = inner.nrows();
    Array2::from_shape_fn((width, turned.len()), |(row, column)| {
        let length = length(&turned[column]).max(f64::MIN_POSITIVE);
        (turned[column][row] / length) as f32
    })
}
