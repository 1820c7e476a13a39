//! Gathering measures over images and batches.

use crate::array::Array;

/// A running mean that keeps count of what it could not use.
///
/// Values that are not finite are left out of the mean and counted, so that one broken image neither
/// hides the others nor puts a NaN into a report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: u64,
    skipped: u64,
}

impl Mean {
    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.sum += value;
            self.count += 1;
        } else {
            self.skipped += 1;
        }
    }

    /// The mean of the finite values, or nothing when there were none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// How many values the mean is of.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many values were not finite.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

impl Extend<f64> for Mean {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

/// `measure` of every pair of items along the outermost axis of two arrays of one shape.
pub fn per_row<'a>(
    a: &'a Array,
    b: &'a Array,
    measure: impl Fn(&[f32], &[f32]) -> f64 + 'a,
) -> impl Iterator<Item = f64> + 'a {
    debug_assert_eq!(a.shape(), b.shape(), "arrays of one shape");
    (0..a.num_rows()).map(move |i| measure(a.row(i), b.row(i)))
}
