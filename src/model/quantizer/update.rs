//! What moves codes beside the gradient: moving averages and new beginnings.

use burn::tensor::{Bool, IndexingUpdateOp, Int, Tensor, TensorData};

use super::{Quantized, Quantizer, refilled, row_mask};
use crate::random::{self, Purpose};

/// Keeps the size of a code that nobody chooses from zero (the ε of Laplace smoothing).
const SMOOTHING: f64 = 1e-5;

/// How codes move beside the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodebookRules {
    /// Share of the old averages that stays in an update, γ, in `[0, 1)`.
    pub decay: f64,
    /// Codes whose average use falls below this many vectors a batch start again; 0 for never. It has to lie
    /// below the mean use, n / k, or some codes start again at every update.
    pub restart_threshold: f64,
}

impl Quantizer {
    /// What follows a batch, after the optimizer's step where there is one: the averages take the batch in,
    /// codes follow them where they do, and codes out of use start again at vectors of the batch.
    ///
    /// Gives back which codes started again, `[q * k]`. Those get the size of the threshold, and the sum that goes
    /// with it. Vectors are drawn from (`seed`, `step`) without repetition as far as the batch has enough.
    /// Codes marked in `frozen`, `[q * k]`, are those of before the batch, whatever the optimizer did; their use is
    /// still counted, and their sums are kept such that a code that thaws goes on from where it is. Where codes do
    /// not move one by one, their use is counted and nothing else.
    ///
    /// Nothing is read back.
    ///
    /// # Source
    /// Averages: van den Oord et al., 2017, appendix A.1, eq. 6 to 8, arXiv:1711.00937, with the authors'
    /// Laplace smoothing of the sizes. Restarts: Jukebox (Dhariwal et al., 2020, section 3.1, arXiv:2005.00341).
    #[must_use = "gives back the moved codebook"]
    pub fn update(
        self,
        batch: &Quantized,
        rules: &CodebookRules,
        frozen: Option<&Tensor<1, Bool>>,
        seed: u64,
        step: u64,
    ) -> (Self, Tensor<1, Bool>) {
        let d = batch.codebook.dims()[1];
        let parts = self.config.layout().parts();
        let new = 1.0 - rules.decay;
        let mut sizes = self.cluster_size.val().inner() * rules.decay + batch.counts.clone() * new;
        if !self.config.moves_codes() {
            let none = sizes.clone().lower_elem(0.0);
            return (Self { cluster_size: refilled(self.cluster_size, sizes), ..self }, none);
        }
        let smooth_sizes = smoothed(sizes.clone()); // [k, 1]
        let mut sums = self.embed_avg.as_ref().map(|avg| {
            avg.val().inner() * rules.decay + sums_of(batch) * new // [k, d]
        });
        let mut codes = match &sums {
            Some(sums) => sums.clone() / smooth_sizes.clone(),
            None => self.codebook(),
        };
        codes = self.comparable(codes);
        if let Some(frozen) = frozen {
            let mask = row_mask(frozen, d);
            codes = codes.mask_where(mask.clone(), batch.codebook.clone());
            let as_if = batch.codebook.clone() * smooth_sizes;
            sums = sums.map(|sums| sums.mask_where(mask, as_if));
        }
        let restarted = dead(&sizes, rules.restart_threshold, frozen);
        if rules.restart_threshold > 0.0 {
            let fresh = fresh_vectors(batch, &restarted, parts, seed, step); // [k, d]
            let mask = row_mask(&restarted, d);
            codes = codes.mask_where(mask.clone(), fresh.clone());
            sizes = sizes.mask_fill(restarted.clone(), rules.restart_threshold);
            sums = sums.map(|sums| sums.mask_where(mask, fresh * rules.restart_threshold));
        }
        let moved = Self {
            codebook: self.codebook.map(|codebook| refilled(codebook, codes)),
            cluster_size: refilled(self.cluster_size, sizes),
            embed_avg: self.embed_avg.zip(sums).map(|(avg, sums)| refilled(avg, sums)),
            ..self
        };
        (moved, restarted)
    }
}

/// Sizes with a little added to each, of the same sum: (N + ε) / (ΣN + kε) · ΣN, as `[k, 1]`.
fn smoothed(sizes: Tensor<1>) -> Tensor<2> {
    let k = sizes.dims()[0] as f64;
    let total = sizes.clone().sum(); // [1]
    let share = total.clone() / (total + k * SMOOTHING); // [1]
    ((sizes + SMOOTHING) * share).unsqueeze_dim(1) // [k, 1]
}

/// The sum of the vectors that chose each code, `[k, d]`.
fn sums_of(batch: &Quantized) -> Tensor<2> {
    let zeros = Tensor::zeros(batch.codebook.dims(), &batch.codebook.device());
    let (indices, vectors) = (batch.indices.clone(), batch.vectors.clone());
    zeros.select_assign(0, indices, vectors, IndexingUpdateOp::Add) // [k, d]
}

/// Which codes are used too little and may be moved, `[k]`.
fn dead(sizes: &Tensor<1>, threshold: f64, frozen: Option<&Tensor<1, Bool>>) -> Tensor<1, Bool> {
    let dead = sizes.clone().lower_elem(threshold);
    match frozen {
        Some(frozen) => dead.bool_and(frozen.clone().bool_not()),
        None => dead,
    }
}

/// A vector of the batch for every dead code, `[q * k, d]`; the rows of the others mean nothing. Codes of each of
/// the `parts` get those that were quantized by it.
///
/// The host draws an order of the batch's vectors, and the device deals them out to the dead codes in turn,
/// so that none is dealt twice before each was dealt once.
fn fresh_vectors(
    batch: &Quantized,
    dead: &Tensor<1, Bool>,
    parts: usize,
    seed: u64,
    step: u64,
) -> Tensor<2> {
    let (n, k) = (batch.vectors.dims()[0] / parts, dead.dims()[0] / parts);
    let dealt = (0..parts).map(|part| {
        let order = random::permutation(seed ^ (part as u64) << 48, step, Purpose::Restart, n);
        let order: Vec<i32> = order.iter().cycle().take(k).map(|row| row.cast_signed()).collect();
        let order = Tensor::<1, Int>::from_data(TensorData::new(order, [k]), &dead.device());
        let dead = dead.clone().narrow(0, part * k, k);
        let turn = (dead.int().cumsum(0) - 1).clamp_min(0); // [k]
        let vectors = batch.vectors.clone().narrow(0, part * n, n);
        vectors.select(0, order.select(0, turn)) // [k, d]
    });
    Tensor::cat(dealt.collect(), 0) // [q * k, d]
}
