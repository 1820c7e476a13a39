//! Vectors on the plane in which they spread most, that of their two first principal components.

use rayon::prelude::*;

use super::right_angles::{at_right_angles, dot, turned_apart};
use crate::array::Array;
use crate::random::{Purpose, normals};

/// Directions that are searched at once: as many may spread equally without one being missed.
const BLOCK: usize = 4;
/// Looks at all rows before the search begins anew with the best that it found.
const ROUNDS: usize = 24;
/// How often it does. Where two directions spread so evenly that these looks do not tell them apart, either
/// is as good.
const RESTARTS: usize = 8;
/// How exact components are, as a share of the spread along the first.
const EXACT: f64 = 1e-8;
/// A direction with less than this share of the variance has none: it is the rounding of `f32` values.
const NOTHING: f64 = 1e-12;
/// Rows whose sums are taken one after the other, so that the result does not depend on the number of threads.
const ROWS: usize = 1024;

/// Where the rows of a matrix lie along the two directions in which they spread most.
///
/// # Source
/// Pearson, On lines and planes of closest fit to systems of points in space, 1901; Hotelling, Analysis of a
/// complex of statistical variables into principal components, 1933.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalPlane {
    /// The place of each row, from the mean of all, `[k]`; nothing for rows that hold values that are no numbers,
    /// which count for nothing else either.
    pub places: Vec<Option<[f64; 2]>>,
    /// How much of the variance lies along each direction, in `[0, 1]`.
    pub shares: [f64; 2],
    /// The rows along the first direction, a permutation of `0..k`: those that are alike lie near each other. Of
    /// rows at one place the lower comes first, and rows without a place come last.
    pub order: Vec<usize>,
    /// Both directions, `[d]`, at length 1; zeros where nothing spreads.
    axes: [Vec<f64>; 2],
    /// What places are counted from, `[d]`.
    mean: Vec<f64>,
}

impl PrincipalPlane {
    /// Both directions, `[d]`, at length 1 and at right angles; zeros where nothing spreads.
    pub fn axes(&self) -> &[Vec<f64>; 2] {
        &self.axes
    }

    /// The mean of the rows, `[d]`: where both places are 0.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The plane of some rows. Equal inputs give equal planes.
    ///
    /// Directions have two ends: the entry of the largest absolute value is positive, or, where these rows were
    /// `before` somewhere else on a plane, each direction is the end that is nearer to what it was.
    ///
    /// # Shapes
    /// - `codes`: `[k, d]`
    pub fn of(codes: &Array, before: Option<&Self>) -> Self {
        let rows = Centred::new(codes);
        let found = rows.components();
        let shares = std::array::from_fn(|at| found.get(at).map_or(0.0, |found| found.share));
        let axes = std::array::from_fn(|at| {
            let axis = found.get(at).map_or(vec![0.0; rows.mean.len()], |found| found.axis.clone());
            let known =
                before.map(|plane| &plane.axes[at]).filter(|axis| axis.len() == codes.row_len());
            let towards = match known {
                Some(known) => dot(known, &axis),
                None => axis
                    .iter()
                    .copied()
                    .reduce(|a, b| if b.abs() > a.abs() { b } else { a })
                    .unwrap_or(0.0),
            };
            if towards < 0.0 { axis.iter().map(|value| -value).collect() } else { axis }
        });
        let mut places = vec![None; codes.num_rows()];
        let mut centred = vec![0.0; rows.mean.len()];
        for &row in &rows.numbers {
            rows.centre(row, &mut centred);
            // -0 and 0 are one place.
            places[row] = Some([0, 1].map(|at: usize| dot(&centred, &axes[at]) + 0.0));
        }
        let mut order: Vec<usize> = (0..codes.num_rows()).collect();
        let along = |row: &usize| places[*row].map_or(f64::INFINITY, |[first, _]| first);
        order.sort_by(|a, b| along(a).total_cmp(&along(b)).then(a.cmp(b)));
        Self { places, shares, order, axes, mean: rows.mean }
    }
}

/// A direction and the share of the variance along it.
struct Component {
    axis: Vec<f64>,
    share: f64,
}

/// The rows that are numbers, around their mean.
struct Centred<'a> {
    codes: &'a Array,
    /// Which rows these are.
    numbers: Vec<usize>,
    /// `[d]`
    mean: Vec<f64>,
    /// The variance of all dimensions, times the number of rows.
    spread: f64,
}

impl<'a> Centred<'a> {
    fn new(codes: &'a Array) -> Self {
        let is_number = |row: &usize| codes.row(*row).iter().all(|value| value.is_finite());
        let numbers: Vec<usize> = (0..codes.num_rows()).filter(is_number).collect();
        // Around the first row, so that rows that are all equal are so exactly.
        let mut rows = Self { codes, mean: vec![0.0; codes.row_len()], numbers, spread: 0.0 };
        let Some(&first) = rows.numbers.first() else { return rows };
        let mut centred = rows.mean.clone();
        rows.mean = codes.row(first).iter().map(|&value| f64::from(value)).collect();
        let mut sums = vec![0.0; centred.len()];
        for &row in &rows.numbers {
            rows.centre(row, &mut centred);
            sums.iter_mut().zip(&centred).for_each(|(sum, value)| *sum += value);
        }
        let number = rows.numbers.len() as f64;
        rows.mean.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum / number);
        for &row in &rows.numbers {
            rows.centre(row, &mut centred);
            rows.spread += dot(&centred, &centred);
        }
        rows
    }

    /// A row around the mean, `[d]`.
    fn centre(&self, row: usize, centred: &mut [f64]) {
        let values = self.codes.row(row).iter().zip(&self.mean);
        for (centred, (&value, mean)) in centred.iter_mut().zip(values) {
            *centred = f64::from(value) - mean;
        }
    }

    /// The covariance, as a share of the whole variance, times up to [`BLOCK`] vectors.
    ///
    /// The covariance itself, `[d, d]`, is never made: of many long rows it takes longer than the whole search.
    fn spread_of(&self, vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let lanes = |dim: usize| {
            std::array::from_fn(|lane| vectors.get(lane).map_or(0.0, |vector| vector[dim]))
        };
        let vectors_by_dim: Vec<[f64; BLOCK]> = (0..self.mean.len()).map(lanes).collect();
        let of_rows = |rows: &[usize]| {
            let mut sums = vec![[0.0; BLOCK]; self.mean.len()];
            let mut centred = vec![0.0; self.mean.len()];
            for &row in rows {
                self.centre(row, &mut centred);
                let mut along = [0.0; BLOCK];
                for (value, vectors) in centred.iter().zip(&vectors_by_dim) {
                    along
                        .iter_mut()
                        .zip(vectors)
                        .for_each(|(along, vector)| *along += value * vector);
                }
                for (value, sums) in centred.iter().zip(&mut sums) {
                    sums.iter_mut().zip(along).for_each(|(sum, along)| *sum += value * along);
                }
            }
            sums
        };
        let parts: Vec<_> = self.numbers.par_chunks(ROWS).map(of_rows).collect();
        let sum = |lane: usize, dim: usize| parts.iter().map(|sums| sums[dim][lane]).sum::<f64>();
        let of_lane = |lane| (0..self.mean.len()).map(|dim| sum(lane, dim) / self.spread).collect();
        (0..vectors.len()).map(of_lane).collect()
    }

    /// The two directions along which most of the variance lies, the greater first; fewer where it has less.
    ///
    /// # Source
    /// Block Krylov iteration (Musco & Musco 2015, "Randomized block Krylov methods for stronger and faster
    /// approximate singular value decomposition", algorithm 2, arXiv:1504.05477), begun anew until it is exact.
    fn components(&self) -> Vec<Component> {
        let d = self.mean.len();
        if self.spread == 0.0 {
            return Vec::new();
        }
        let draws: Vec<f64> =
            normals(0, 0, Purpose::Explore, BLOCK * d).into_iter().map(f64::from).collect();
        let mut best: Vec<Vec<f64>> = draws.chunks_exact(d).map(<[f64]>::to_vec).collect();
        let mut components = Vec::new();
        for _ in 0..RESTARTS {
            let (mut basis, mut images) = (Vec::new(), Vec::new());
            let mut block = best;
            for _ in 0..ROUNDS {
                let fresh = at_right_angles(block, &basis);
                if fresh.is_empty() {
                    break;
                }
                block = self.spread_of(&fresh);
                basis.extend(fresh);
                images.extend(block.iter().cloned());
            }
            let is_exact;
            (components, best, is_exact) = best_of(&basis, &images);
            if is_exact {
                break;
            }
        }
        components
    }
}

/// The two best directions among all mixtures of a basis, [`BLOCK`] of them to go on with, and whether the two are
/// exact (Rayleigh and Ritz). `images` is the covariance times each vector of the basis.
fn best_of(basis: &[Vec<f64>], images: &[Vec<f64>]) -> (Vec<Component>, Vec<Vec<f64>>, bool) {
    let products = basis.iter().map(|a| images.iter().map(|b| dot(a, b)).collect()).collect();
    let mut weights = turned_apart(products).unwrap_or_default();
    let length = |weights: &Vec<f64>| dot(weights, weights).sqrt();
    weights.sort_by(|a, b| length(b).total_cmp(&length(a)));
    let (mut components, mut best) = (Vec::new(), Vec::new());
    let (mut most, mut is_exact) = (0.0f64, true);
    for weights in weights.iter().take(BLOCK) {
        let share = length(weights);
        if share <= NOTHING {
            break;
        }
        let mixed = |vectors: &[Vec<f64>]| {
            let mut sum = vec![0.0; vectors[0].len()];
            for (vector, weight) in vectors.iter().zip(weights) {
                sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight / share * value);
            }
            sum
        };
        let axis = mixed(basis);
        if components.len() < 2 {
            let off =
                mixed(images).into_iter().zip(&axis).map(|(image, axis)| image - share * axis);
            most = most.max(share);
            is_exact &= off.map(|off| off * off).sum::<f64>().sqrt() <= EXACT * most;
            components.push(Component { axis: axis.clone(), share });
        }
        best.push(axis);
    }
    (components, best, is_exact)
}
