//! Vectors and the codes nearest to them, on the host: for views and for choices that are made now and then.

use rayon::prelude::*;

use crate::array::Array;

/// The nearest code of each vector, of equally near ones the lowest, and its squared distance; a vector that
/// is no number has code 0 and an infinite distance.
///
/// # Shapes
/// - `vectors`: `[n, d]`; `codebook`: `[k, d]`, k at least 1
pub fn nearest_codes(vectors: &Array, codebook: &Array) -> Vec<(u32, f32)> {
    let d = vectors.row_len().max(1);
    let nearest = |vector: &[f32]| {
        let mut best = (0, f32::INFINITY);
        for (code, row) in (0..).zip(codebook.data().chunks_exact(d)) {
            let distance = squared_distance(vector, row);
            if distance < best.1 {
                best = (code, distance);
            }
        }
        best
    };
    vectors.data().par_chunks_exact(d).map(nearest).collect()
}

/// The nearest other code of each code in its own codebook, of equally near ones the lowest, and its squared distance;
/// nothing where there is none at a finite distance.
///
/// # Shapes
/// - `codebook`: `[parts * k, d]`, the codes of `parts` codebooks one after the other; result: `[parts * k]`
pub fn nearest_others(codebook: &Array, parts: usize) -> Vec<Option<(usize, f32)>> {
    let k = (codebook.num_rows() / parts.max(1)).max(1);
    let nearest = |code: usize| {
        let first = code / k * k;
        let others = (first..first + k).filter(|&other| other != code);
        let all =
            others.map(|other| (other, squared_distance(codebook.row(code), codebook.row(other))));
        all.filter(|(_, square)| square.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))
    };
    (0..codebook.num_rows()).into_par_iter().map(nearest).collect()
}

/// The squared Euclidean distance of two vectors of one length.
pub fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    sum_of(a, b, |a, b| (a - b) * (a - b))
}

/// The dot product of two vectors of one length.
pub(super) fn product(a: &[f32], b: &[f32]) -> f32 {
    sum_of(a, b, |a, b| a * b)
}

/// The sum of a function of pairs, in lanes that a processor adds side by side.
#[inline]
fn sum_of(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += of(a[lane], b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| of(*a, *b)).sum();
    sums.iter().sum::<f32>() + rest
}

/// How many vectors have two nearest codes whose squared distances agree within 1e-5 of them: rounding decides
/// which of the two is chosen.
///
/// # Shapes
/// - `latents`: `[b, d]` or `[b, d, h, w]`; `codebook`: `[k, d]`
pub fn near_ties(latents: &Array, codebook: &Array) -> u64 {
    const TOLERANCE: f64 = 1e-5;
    let d = codebook.row_len().max(1);
    let vectors = rows_of(latents, d);
    let is_tie = |vector: &[f32]| {
        let mut best = [f32::INFINITY; 2];
        for row in codebook.data().chunks_exact(d) {
            let distance = squared_distance(vector, row);
            if distance < best[0] {
                best = [distance, best[0]];
            } else if distance < best[1] {
                best[1] = distance;
            }
        }
        // Far more exact sums are worth their while only for those that are close.
        if best[1] > best[0] * 1.001 {
            return false;
        }
        let exact = |row: &[f32]| -> f64 {
            row.iter().zip(vector).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        let mut exact: Vec<f64> = codebook.data().chunks_exact(d).map(exact).collect();
        exact.sort_unstable_by(f64::total_cmp);
        exact.get(1).is_some_and(|second| second - exact[0] <= TOLERANCE * second)
    };
    vectors.par_chunks_exact(d).filter(|vector| is_tie(vector)).count() as u64
}

/// `[b, d, h, w]` as vectors one after the other, each of `d` values; `[b, d]` as it is.
pub(super) fn rows_of(latents: &Array, d: usize) -> Vec<f32> {
    let plane = (latents.row_len() / d).max(1);
    let mut rows = Vec::with_capacity(latents.data().len());
    for item in latents.data().chunks_exact(plane * d) {
        for cell in 0..plane {
            rows.extend((0..d).map(|value| item[value * plane + cell]));
        }
    }
    rows
}
