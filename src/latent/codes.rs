//! Grids of codes: drawn, and as the vectors that they stand for.

use rand::distr::{Distribution as _, weighted::WeightedIndex};

use crate::array::Array;
use crate::random::{Purpose, stream};

/// `cells` codes, each drawn independently by its share; evenly where no share is positive.
///
/// The draw depends on `seed` and `index` alone.
///
/// # Shapes
/// - `shares`: `[k]`, k at least 1, not negative; result: `[cells]`
pub fn draw_codes(shares: &[f32], cells: usize, seed: u64, index: u64) -> Vec<u32> {
    let mut rng = stream(seed, index, Purpose::Sample);
    let weights: Vec<f64> = shares.iter().map(|&share| f64::from(share.max(0.0))).collect();
    let even = || WeightedIndex::new(vec![1.0; shares.len().max(1)]);
    let Ok(distribution) = WeightedIndex::new(weights).or_else(|_| even()) else {
        return vec![0; cells];
    };
    (0..cells).map(|_| distribution.sample(&mut rng) as u32).collect()
}

/// The vectors that codes stand for, flat as `[d, cells]`: the layout of a latent of `d` planes.
///
/// # Shapes
/// - `codebook`: `[k, d]`; `codes`: `[cells]`, those past the end counted as the last
pub fn latent_of_codes(codebook: &Array, codes: &[u32]) -> Vec<f32> {
    let last = codebook.num_rows().saturating_sub(1);
    let mut latent = vec![0.0; codebook.row_len() * codes.len()];
    for (cell, &code) in codes.iter().enumerate() {
        for (plane, &value) in codebook.row((code as usize).min(last)).iter().enumerate() {
            latent[plane * codes.len() + cell] = value;
        }
    }
    latent
}

/// The codes nearest to the vectors of one latent, `[cells]`.
///
/// # Shapes
/// - `latent`: flat `[d, cells]`; `codebook`: `[k, d]`
pub fn codes_of_latent(codebook: &Array, latent: &[f32]) -> Vec<u32> {
    let d = codebook.row_len().max(1);
    let Ok(item) = Array::new([1, latent.len()], latent.to_vec()) else { return Vec::new() };
    let rows = super::nearest::rows_of(&item, d);
    let Ok(vectors) = Array::new([rows.len() / d, d], rows) else { return Vec::new() };
    super::nearest_codes(&vectors, codebook).into_iter().map(|(code, _)| code).collect()
}
