//! Codes that a learnt projection chooses, whatever their vectors are.

use rayon::prelude::*;

use super::nearest::{product, rows_of};
use crate::array::Array;

/// How well each code fits a vector: `z . w + b`, of which the largest counts.
///
/// # Source
/// DALL-E (Ramesh et al., 2021, section 2.1, arXiv:2102.12092), as `GumbelQuantize` of taming-transformers has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// `[k, d]`
    rows: Array,
    /// `[k]`
    bias: Vec<f32>,
}

impl Projection {
    /// Takes over the weights of a layer.
    ///
    /// # Shapes
    /// - `weight`: `[k, d]` or `[k, d, 1, 1]`; `bias`: `[k]`
    ///
    /// # Panics
    /// When they do not have as many rows.
    pub fn new(weight: &Array, bias: &Array) -> Self {
        assert_eq!(weight.num_rows(), bias.data().len(), "a summand for every code");
        let shape = [weight.num_rows(), weight.row_len()];
        let rows = Array::new(shape, weight.data().to_vec()).expect("the same values");
        Self { rows, bias: bias.data().to_vec() }
    }

    /// The best codes of one latent, `[cells]`, of equally good ones the lowest.
    ///
    /// # Shapes
    /// - `latent`: flat `[d, cells]`
    pub fn codes(&self, latent: &[f32]) -> Vec<u32> {
        let d = self.rows.row_len().max(1);
        let Ok(item) = Array::new([1, latent.len()], latent.to_vec()) else { return Vec::new() };
        let best = |vector: &[f32]| self.two_best(vector)[0].0;
        rows_of(&item, d).par_chunks_exact(d).map(best).collect()
    }

    /// How many vectors have two best codes whose scores agree within 1e-5 of them.
    ///
    /// # Shapes
    /// - `latents`: `[b, d, ..]`
    pub fn near_ties(&self, latents: &Array) -> u64 {
        const TOLERANCE: f32 = 1e-5;
        let d = self.rows.row_len().max(1);
        let is_tie = |vector: &&[f32]| {
            let [(_, best), (_, second)] = self.two_best(vector);
            best - second <= TOLERANCE * best.abs()
        };
        rows_of(latents, d).par_chunks_exact(d).filter(is_tie).count() as u64
    }

    /// A latent that lies along the rows of some codes, far enough for their summands not to matter: what chooses
    /// them, unless a longer row lies along theirs.
    ///
    /// # Shapes
    /// - result: flat `[d, cells]`
    pub fn latent(&self, codes: &[u32]) -> Vec<f32> {
        let mut latent = vec![0.0; self.rows.row_len() * codes.len()];
        let highest = self.bias.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (cell, &code) in codes.iter().enumerate() {
            let code = (code as usize).min(self.rows.num_rows().saturating_sub(1));
            let row = self.rows.row(code);
            let square = product(row, row).max(f32::MIN_POSITIVE);
            let behind = highest - self.bias[code];
            let scale = (4.0 * behind / square).max(1.0);
            for (plane, value) in row.iter().enumerate() {
                latent[plane * codes.len() + cell] = scale * value;
            }
        }
        latent
    }

    /// The two codes of the largest scores, with these; one code twice where there is no other.
    fn two_best(&self, vector: &[f32]) -> [(u32, f32); 2] {
        let mut best = [(0, f32::NEG_INFINITY); 2];
        for (code, (row, bias)) in
            (0..).zip(self.rows.data().chunks_exact(vector.len()).zip(&self.bias))
        {
            let score = product(vector, row) + bias;
            if score > best[0].1 {
                best = [(code, score), best[0]];
            } else if score > best[1].1 {
                best[1] = (code, score);
            }
        }
        best
    }
}
