//! Codebooks: looking codes up, and the search for the nearest, in which products in single precision propose and sums
//! in `f64` decide.

use rayon::prelude::*;

use crate::array::Array;
use crate::fused::{Ranked, Ranking, products};

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
/// `|z - e|^2 = |z|^2 - 2 (z.e - |e|^2 / 2)`, so that scores rank the codes, but only within the rounding of `f32`. Where
/// the largest is not larger than the next by more, the sums of squared differences of all that may be nearest decide:
/// the same sums in the same order as the twin's, hence the same indices.
#[derive(Debug)]
pub(super) struct Search {
    /// The codes, `[k, d]`.
    codebook: Array,
    ranking: Ranking,
    /// The largest `|e|`.
    longest: f64,
}

impl Search {
    /// Prepares a codebook `[k, d]`.
    pub(super) fn new(codebook: Array) -> Self {
        let rows = (0..codebook.num_rows()).map(|code| codebook.row(code));
        let longest = rows.map(square).fold(0.0, f64::max).sqrt();
        let ranking = Ranking::new(codebook.data(), codebook.row_len());
        Self { codebook, ranking, longest }
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.ranking.bytes()
    }

    /// The index of the nearest code of every vector.
    ///
    /// # Shapes
    /// `input [b, d, plane]`; the result is `[b, plane]`.
    pub(super) fn nearest(&self, input: &[f32], plane: usize) -> Vec<f32> {
        let ranked = self.ranking.of(input, plane).into_par_iter().enumerate();
        let dim = self.codebook.row_len();
        let nearest = ranked.map(|(index, ranked)| {
            let values = || {
                let vector = &input[index / plane * dim * plane + index % plane..];
                vector.iter().step_by(plane).take(dim).copied().collect::<Vec<f32>>()
            };
            self.nearest_to(values, ranked) as f32
        });
        nearest.collect()
    }

    /// The index of the code nearest to a vector that was ranked.
    fn nearest_to(&self, vector: impl Fn() -> Vec<f32>, ranked: Ranked) -> usize {
        let codes = 0..self.codebook.num_rows();
        let length = f64::from(ranked.square).sqrt();
        let reach = (length + self.longest).powi(2);
        if reach.is_nan() || reach > SAFE_SQUARE {
            // The scores say nothing.
            return decide(&self.codebook, &vector(), codes);
        }
        // A sum of n products, taken in any order, is off by at most n u / (1 - n u) of the sum of their sizes with
        // u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, 2002, eq. 3.5); n times the epsilon is more.
        let dim = self.codebook.row_len() as f64;
        let sizes = self.longest * (length + 0.5 * self.longest);
        let bound = (dim + 2.0) * f64::from(f32::EPSILON) * sizes
            // What rounding adds whatever the sizes: underflow of products, and the sums in `f64`.
            + dim * (f64::from(f32::MIN_POSITIVE) + f64::EPSILON * reach);
        let limit = f64::from(ranked.score) - 2.0 * bound;
        if f64::from(ranked.next) < limit {
            return ranked.code as usize;
        }
        let vector = vector();
        let products = products(self.codebook.data(), &vector);
        let score = |code: usize| f64::from(products[code]) + f64::from(self.ranking.start(code));
        decide(&self.codebook, &vector, codes.filter(|&code| score(code) >= limit))
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
