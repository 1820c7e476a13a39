//! Which classes a generator reaches, by what a classifier says of its samples.

use serde::Serialize;

use super::SampleError;
use super::samples::Set;
use crate::array::Array;

/// The probability from which a sample counts as one of a class.
pub const CONFIDENT: f32 = 0.9;

/// How far probabilities may sum to something else than 1: rounding over thousands of classes.
const SUM_TOLERANCE: f64 = 1e-3;

/// How samples spread over classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCover {
    /// Samples of each class with a probability of at least [`CONFIDENT`].
    pub counts: Vec<usize>,
    /// Classes with at least one such sample.
    pub covered: usize,
    /// Samples of no class with such a probability.
    pub unsure: usize,
}

/// Counts samples by the class that a classifier is confident of.
///
/// # Shapes
/// `probabilities`: `[n, k]`, rows that sum to 1.
///
/// # Errors
/// When there is no sample, or a row is no distribution, as logits are none.
pub fn class_cover(probabilities: &Array) -> Result<ClassCover, SampleError> {
    let set = Set::new("count classes", "classified", probabilities, 1)?;
    let mut counts = vec![0; probabilities.row_len()];
    for index in 0..set.len() {
        let row = probabilities.row(index);
        check(set, index, row)?;
        // At most one class can have more than half.
        if let Some(class) = row.iter().position(|&probability| probability >= CONFIDENT) {
            counts[class] += 1;
        }
    }
    let covered = counts.iter().filter(|&&count| count > 0).count();
    let unsure = set.len() - counts.iter().sum::<usize>();
    Ok(ClassCover { counts, covered, unsure })
}

/// Refuses a row that is no distribution.
fn check(set: Set<'_>, row: usize, probabilities: &[f32]) -> Result<(), SampleError> {
    let bad = |found| {
        let (action, set) = (set.action, set.name);
        Err(SampleError::NotProbabilities { action, set, row, found })
    };
    // A softmax in f32 can round to a little over 1.
    let allowed = 0.0..=1.0 + SUM_TOLERANCE as f32;
    if let Some(value) = probabilities.iter().find(|value| !allowed.contains(*value)) {
        return bad(value.to_string());
    }
    let sum: f64 = probabilities.iter().map(|&value| f64::from(value)).sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return bad(format!("a sum of {sum}"));
    }
    Ok(())
}
