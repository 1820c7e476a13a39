//! How often a classifier is right.

use serde::Serialize;

use crate::array::Array;

/// What was found of logits and their right classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Classification {
    images: u64,
    right: u64,
    nats: f64,
}

impl Classification {
    /// Counts images.
    ///
    /// # Shapes
    /// - `logits`: `[b, k]`; `labels`: `[b]`, each below k
    pub fn add(&mut self, logits: &Array, labels: &[u32]) {
        for (index, &label) in labels.iter().enumerate() {
            let row = logits.row(index);
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|&logit| f64::from(logit - most).exp()).sum();
            let of_label = row.get(label as usize).copied().unwrap_or(f32::NAN);
            self.images += 1;
            self.right += u64::from(of_label >= most);
            self.nats += sum.ln() - f64::from(of_label - most);
        }
    }

    /// How many images were counted.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Share of images whose right class has the largest logit; NaN of none.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.images as f64
    }

    /// Mean negative log-probability of the right class, in nats; NaN of none.
    pub fn cross_entropy(&self) -> f64 {
        self.nats / self.images as f64
    }
}

/// Probabilities of logits, row by row.
///
/// # Shapes
/// - `logits` and result: `[b, k]`
pub fn softmax(logits: &Array) -> Array {
    let mut probabilities = logits.clone();
    let k = logits.row_len().max(1);
    for row in probabilities.data_mut().chunks_exact_mut(k) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|value| *value = (*value - most).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
    probabilities
}
