//! What the worker asks of a family: one update, its state, and pictures to look at.

use burn::tensor::Tensor;

use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::Codec;
use crate::data::Batch;
use crate::model::params::ParamError;

/// One family in training.
pub(crate) trait Learner {
    /// The names of the scalars that [`Learner::step`] gives, the minimised loss first.
    fn curves(&self) -> Vec<String>;

    /// One update. The scalars stay on the device: `[curves]`, unread.
    fn step(&mut self, batch: &Batch, settings: &Settings) -> Tensor<1>;

    /// The model's tensors. A sync point.
    fn model(&self) -> NamedArrays;

    /// The optimizer's moments and the updates behind them. A sync point.
    fn optimizer(&self) -> (NamedArrays, u64);

    /// Goes back to a checkpoint.
    ///
    /// # Errors
    /// When the tensors are not this model's.
    fn restore(
        &mut self,
        model: &NamedArrays,
        optimizer: NamedArrays,
        updates: u64,
    ) -> Result<(), ParamError>;

    /// The model as it is now, to encode and decode with.
    fn codec(&self) -> Box<dyn Codec>;

    /// The weight of the KL term that evaluation counts with, now that warm-up is over.
    fn final_beta(&self, settings: &Settings) -> f64;
}

/// Reads a block of scalars back at once.
#[expect(clippy::disallowed_methods, reason = "sync point: the only one of the training loop")]
pub(crate) fn read_scalars(rows: Vec<Tensor<1>>) -> Array {
    let count = rows.len();
    let width = rows.first().map_or(0, |row| row.dims()[0]);
    let values = if rows.is_empty() {
        Vec::new()
    } else {
        Tensor::cat(rows, 0).try_into_vec_as::<f32>().expect("float tensors convert to f32")
    };
    Array::new([count, width], values).expect("every step gives one scalar a curve")
}
