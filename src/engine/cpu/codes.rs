//! Codebooks: looking codes up, and the search for the nearest, in which a matrix product proposes and sums in
//! `f64` decide.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::read;
use crate::array::Array;
use crate::engine::EngineError;

/// About as many products of vectors with codes are kept at once: 4 MiB, which caches hold.
pub(super) const PRODUCTS: usize = 1 << 20;

/// The fewest vectors that are worth reading the whole codebook for.
const FEWEST_ROWS: usize = 16;

/// Squared lengths below this leave products and their sums far from the largest `f32`.
const SAFE_SQUARE: f64 = 1e37;

/// The codes that `indices` name: those past the end the last, negative ones and NaN the first.
///
/// # Shapes
/// `indices [b, plane]`, `codebook [k, d]`; the result is `[b, d, plane]`.
pub(super) fn gather(codebook: &Array, indices: &[f32], plane: usize) -> Vec<f32> {
    let dim = codebook.row_len();
    let mut output = vec![0.0; indices.len() * dim];
    for (indices, output) in indices.chunks(plane).zip(output.chunks_mut(plane * dim)) {
        for (position, &index) in indices.iter().enumerate() {
            let code = codebook.row((index as usize).min(codebook.num_rows() - 1));
            for (i, value) in code.iter().enumerate() {
                output[i * plane + position] = *value;
            }
        }
    }
    output
}

/// The index of the largest score of every place, of equally large ones the lowest; 0 where a score is not finite.
///
/// # Shapes
/// `scores [b, codes, plane]`; the result is `[b, plane]`.
pub(super) fn largest(scores: &[f32], codes: usize, plane: usize) -> Vec<f32> {
    let mut indices = Vec::with_capacity(scores.len() / codes);
    for scores in scores.chunks(codes * plane) {
        let mut largest = scores[..plane].to_vec();
        let mut chosen = vec![0; plane];
        let mut finite = vec![true; plane];
        for (code, scores) in scores.chunks(plane).enumerate() {
            for (place, &score) in scores.iter().enumerate() {
                finite[place] &= score.is_finite();
                if score > largest[place] {
                    (largest[place], chosen[place]) = (score, code);
                }
            }
        }
        let index = |(code, is_finite)| if is_finite { code as f32 } else { 0.0 };
        indices.extend(chosen.into_iter().zip(finite).map(index));
    }
    indices
}

/// A codebook with what the search asks of it again and again.
///
/// `|z - e|^2 = |z|^2 + |e|^2 - 2 z.e`, so that products rank the codes, but only within the rounding of `z.e` in
/// `f32`. Of the codes that may be nearest within a bound of this rounding the sums of squared differences decide:
/// the same sums in the same order as the twin's, hence the same indices.
#[derive(Debug)]
pub(super) struct Search {
    /// The codes, `[k, d]`.
    codebook: Array,
    /// The same, `[d, k]`.
    transposed: Tensor<2>,
    /// `|e|^2` of every code.
    squares: Vec<f64>,
    /// The most by which rounding moves `2 z.e` for every code, for a `z` of length one.
    slacks: Vec<f64>,
    /// The largest `|e|`.
    longest: f64,
}

impl Search {
    /// Prepares a codebook `[k, d]`, which is also given as `transposed`, `[d, k]`.
    pub(super) fn new(codebook: Array, transposed: Tensor<2>) -> Self {
        let squares: Vec<f64> =
            (0..codebook.num_rows()).map(|code| square(codebook.row(code))).collect();
        // A product of d terms, summed in any order, is off by at most d u / (1 - d u) |z| |e| with u = 2^-24
        // (Higham, Accuracy and Stability of Numerical Algorithms, 2002, eq. 3.5); d times the epsilon is more.
        let per_length = 2.0 * codebook.row_len() as f64 * f64::from(f32::EPSILON);
        let slacks = squares.iter().map(|square| per_length * square.sqrt()).collect();
        let longest = squares.iter().copied().fold(0.0, f64::max).sqrt();
        Self { codebook, transposed, squares, slacks, longest }
    }

    /// The index of the nearest code of every vector.
    ///
    /// # Shapes
    /// `input [b, d, plane]`; the result is `[b, plane]`.
    pub(super) fn nearest(&self, input: &[f32], plane: usize) -> Result<Vec<f32>, EngineError> {
        let Self { codebook, transposed, .. } = self;
        let dim = codebook.row_len();
        let vectors = vectors(input, dim, plane); // [b * plane, d]
        let rows = (PRODUCTS / codebook.num_rows()).max(FEWEST_ROWS);
        let mut indices = Vec::with_capacity(vectors.len() / dim);
        for vectors in vectors.chunks(rows * dim) {
            let data = TensorData::new(vectors.to_vec(), [vectors.len() / dim, dim]);
            let vectors_tensor = Tensor::<2>::from_data(data, &transposed.device());
            let products = vectors_tensor.matmul(transposed.clone());
            let products = read(products, || "searching a codebook".to_owned())?; // [rows, k]
            let of_vector =
                |(vector, products): (&[f32], &[f32])| self.nearest_to(vector, products) as f32;
            let pairs = vectors.par_chunks(dim).zip(products.par_chunks(codebook.num_rows()));
            indices.par_extend(pairs.map(of_vector));
        }
        Ok(indices)
    }

    /// The index of the code nearest to `vector`, whose products with all codes are given.
    fn nearest_to(&self, vector: &[f32], products: &[f32]) -> usize {
        let codebook = &self.codebook;
        let length = square(vector).sqrt();
        let reach = (length + self.longest).powi(2);
        if reach.is_nan() || reach > SAFE_SQUARE {
            // The products say nothing.
            return decide(codebook, vector, 0..codebook.num_rows());
        }
        // What rounding adds whatever the length of a code: underflow of products, and the sums in `f64`.
        let dim = vector.len() as f64;
        let floor = dim * (f64::from(f32::MIN_POSITIVE) + f64::EPSILON * reach);
        let bounds = self.squares.iter().zip(&self.slacks).zip(products);
        let bounds = bounds
            .map(|((square, slack), product)| (square - 2.0 * f64::from(*product), slack * length));
        let mut limit = f64::INFINITY;
        for (distance, slack) in bounds.clone() {
            limit = if distance + slack < limit { distance + slack } else { limit };
        }
        limit += 4.0 * floor;
        let possible =
            bounds.enumerate().filter(|(_, (distance, slack))| distance - slack <= limit);
        decide(codebook, vector, possible.map(|(code, _)| code))
    }
}

/// The nearest of `candidates`, which ascend; of equally near ones the first, 0 for a vector that is not finite.
fn decide(codebook: &Array, vector: &[f32], candidates: impl Iterator<Item = usize>) -> usize {
    let mut nearest = 0;
    let mut shortest = f64::INFINITY;
    for code in candidates {
        let difference = |(z, e): (&f32, &f32)| (f64::from(*z) - f64::from(*e)).powi(2);
        let distance = vector.iter().zip(codebook.row(code)).map(difference).sum();
        if distance < shortest {
            (nearest, shortest) = (code, distance);
        }
    }
    nearest
}

fn square(vector: &[f32]) -> f64 {
    vector.iter().map(|&value| f64::from(value).powi(2)).sum()
}

/// `[b, d, plane]` as `[b * plane, d]`.
fn vectors(input: &[f32], dim: usize, plane: usize) -> Vec<f32> {
    let mut vectors = vec![0.0; input.len()];
    for (item, vectors) in input.chunks(dim * plane).zip(vectors.chunks_mut(dim * plane)) {
        for (position, vector) in vectors.chunks_mut(dim).enumerate() {
            for (i, value) in vector.iter_mut().enumerate() {
                *value = item[i * plane + position];
            }
        }
    }
    vectors
}
