//! Data sources: what they read, what they refuse, and the order of batches.

mod augment;
mod batches;
mod captions;
mod corrupt;
mod dsprites;
mod files;
mod folder;
mod shapes;
mod spec;

use std::sync::Arc;

use zscope::array::Array;
use zscope::data::{DataError, Dataset, Split, batch, open};

use crate::common::assert_says;

/// Opens a source by its text.
fn opened(text: &str) -> Result<Arc<dyn Dataset>, DataError> {
    open(&text.parse()?)
}

/// The message of the error that opening gives.
#[track_caller]
fn refusal(text: &str) -> String {
    match opened(text) {
        Ok(set) => panic!("{text} opened as {}, should be refused", set.name()),
        Err(error) => error.to_string(),
    }
}

/// All images of a part.
fn all_images(set: &dyn Dataset, split: Split) -> Array {
    let indices: Vec<u32> = (0..set.len(split) as u32).collect();
    batch(set, split, &indices)
}

/// Mean over every value.
fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| value as f64).sum::<f64>() / values.len() as f64
}
