//! Which rows of a matrix lie nearest to each other, exactly: distances come block by block from matrix products.

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chart::smallest;
use super::{dot, squared_distance};
use crate::array::Array;
use crate::watch::{Part, Stopped};

/// Rows of a block, whose distances to [`COLUMNS`] others are known at once: both stay in a core's cache.
const ROWS: usize = 128;
const COLUMNS: usize = 1024;
/// Rows beyond those wanted that are compared by exact distances: products round.
const SPARE: usize = 8;

/// How far apart two latents are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The length of the way between them.
    #[default]
    Euclidean,
    /// One minus the cosine of the angle between them, in `[0, 2]`; 1 where one has no length.
    Cosine,
}

impl Metric {
    /// How far apart two latents of one length are.
    pub fn distance(self, a: &[f32], b: &[f32]) -> f32 {
        match self {
            Self::Euclidean => squared_distance(a, b).sqrt(),
            Self::Cosine => {
                let lengths = (dot(a, a) * dot(b, b)).sqrt();
                let cosine = if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 };
                (1.0 - cosine) as f32
            }
        }
    }
}

/// The nearest rows to a latent, the nearest first, of equally near ones the lowest, with their distances.
///
/// # Shapes
/// - `latents`: `[n, ..]`, rows as long as `latent`
pub fn nearest_rows_to(
    latents: &Array,
    latent: &[f32],
    metric: Metric,
    most: usize,
) -> Vec<(u32, f32)> {
    let far: Vec<f32> = latents
        .data()
        .par_chunks_exact(latent.len().max(1))
        .map(|row| metric.distance(row, latent))
        .collect();
    smallest((0..).zip(far).filter(|(_, far)| far.is_finite()), most)
}

/// The nearest other rows of each row, the nearest first, of equally near ones the lowest.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// How many each row has.
    pub k: usize,
    /// Their numbers, `[n, k]`.
    pub rows: Vec<u32>,
    /// How far they are, `[n, k]`.
    pub distances: Vec<f32>,
}

/// The `k` nearest other rows of each row by the length of the way, or all of them where there are fewer.
///
/// Looks at all pairs: 70,000 rows of 50 values take some ten seconds on two cores. On an index of approximate
/// neighbours nothing depends then.
///
/// # Shapes
/// - `matrix`: `[n, d]`, finite
///
/// # Errors
/// When whoever watches ends it.
pub fn nearest_rows(matrix: &Array, k: usize, watch: Part<'_>) -> Result<Neighbours, Stopped> {
    let (n, d) = (matrix.num_rows(), matrix.row_len());
    let k = k.min(n.saturating_sub(1));
    let centred = centred(matrix);
    let squares: Vec<f32> =
        centred.chunks_exact(d.max(1)).map(|row| dot(row, row) as f32).collect();
    let (done, blocks) = (AtomicUsize::new(0), n.div_ceil(ROWS).max(1));
    let of_block = |block: usize| -> Result<Vec<(u32, f32)>, Stopped> {
        let range = block * ROWS..n.min((block + 1) * ROWS);
        let mut near = vec![Nearest::new(k + SPARE); range.len()];
        let mut products = Array2::<f32>::zeros((range.len(), COLUMNS));
        let rows = view(&centred, range.clone(), d);
        for start in (0..n).step_by(COLUMNS) {
            let columns = start..n.min(start + COLUMNS);
            let others = view(&centred, columns.clone(), d);
            let mut products = products.slice_mut(ndarray::s![.., ..columns.len()]);
            general_mat_mul(-2.0, &rows, &others.t(), 0.0, &mut products);
            for (near, products) in near.iter_mut().zip(products.rows()) {
                near.look(start as u32, &products, &squares[columns.clone()]);
            }
            watch.tell(done.load(Ordering::Relaxed) as f64 / blocks as f64)?;
        }
        done.fetch_add(1, Ordering::Relaxed);
        let exact = |(row, near): (usize, Nearest)| {
            let mut near: Vec<(u32, f32)> = near
                .found
                .into_iter()
                .filter(|(other, _)| *other as usize != row)
                .map(|(other, _)| {
                    (other, squared_distance(matrix.row(row), matrix.row(other as usize)).sqrt())
                })
                .collect();
            near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            near.truncate(k);
            near
        };
        Ok(range.zip(near).flat_map(exact).collect())
    };
    let found: Result<Vec<_>, Stopped> = (0..blocks).into_par_iter().map(of_block).collect();
    let (rows, distances) = found?.into_iter().flatten().unzip();
    Ok(Neighbours { k, rows, distances })
}

/// All rows around their mean, which keeps products small beside distances.
fn centred(matrix: &Array) -> Vec<f32> {
    let d = matrix.row_len().max(1);
    let mut mean = vec![0.0f64; d];
    for row in matrix.data().chunks_exact(d) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let n = matrix.num_rows().max(1) as f64;
    let mean: Vec<f32> = mean.into_iter().map(|sum| (sum / n) as f32).collect();
    let rows = matrix.data().chunks_exact(d);
    rows.flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean)).collect()
}

fn view(rows: &[f32], range: std::ops::Range<usize>, d: usize) -> ArrayView2<'_, f32> {
    let shape = (range.len(), d);
    ArrayView2::from_shape(shape, &rows[range.start * d..range.end * d]).expect("whole rows")
}

/// The best of many, of which most are refused at a glance.
#[derive(Clone)]
struct Nearest {
    most: usize,
    /// What is no better than this is none of the best.
    limit: f32,
    found: Vec<(u32, f32)>,
}

impl Nearest {
    fn new(most: usize) -> Self {
        // One more, as a row finds itself.
        Self { most: most + 1, limit: f32::INFINITY, found: Vec::new() }
    }

    /// Looks at rows from `first` on: their squares, and minus two times their products with this row.
    fn look(&mut self, first: u32, products: &ndarray::ArrayView1<'_, f32>, squares: &[f32]) {
        for (at, (product, square)) in (first..).zip(products.iter().zip(squares)) {
            let far = product + square;
            if far < self.limit {
                self.found.push((at, far));
                if self.found.len() >= 4 * self.most {
                    self.settle();
                }
            }
        }
    }

    fn settle(&mut self) {
        let order = |a: &(u32, f32), b: &(u32, f32)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        if self.found.len() > self.most {
            self.found.select_nth_unstable_by(self.most - 1, order);
            self.found.truncate(self.most);
            self.limit = self.found[self.most - 1].1;
        }
    }
}
