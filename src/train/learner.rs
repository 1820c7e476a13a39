//! What the worker asks of a family: one update, its state, and pictures to look at.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::recipe;
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::corrupt::Corruption;
use crate::data::{Batch, Dataset};
use crate::formats::FormatError;
use crate::formats::run_dir::RunDir;
use crate::metrics::evaluate::{Evaluation, Examined};
use crate::model::dropout::kept;
use crate::model::params::ParamError;
use crate::random::{self, Purpose};
use crate::session::codebook::ReviveFrom;

/// What an update tells; nothing of it is read back yet.
pub(crate) struct Told {
    /// One scalar for each curve that does not follow from `codes`, `[scalars]`.
    pub(crate) scalars: Tensor<1>,
    /// For families with a codebook of k codes in all: how many vectors of the batch chose each, then which started
    /// again (1) and which did not (0), `[2k]`.
    pub(crate) codes: Option<Tensor<1>>,
}

/// Some rows of a codebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Codes {
    /// The vectors, one after the other.
    pub(crate) vectors: Vec<f32>,
    /// The moving average of how many vectors of a batch chose each.
    pub(crate) sizes: Vec<f32>,
}

/// How a checkpoint is measured.
pub(crate) struct Measuring<'a> {
    /// Updates done.
    pub(crate) step: u64,
    /// Images that are run at once: no more than an update takes.
    pub(crate) batch: usize,
    /// Seed of posterior samples and draws.
    pub(crate) seed: u64,
    /// The keys as they stand.
    pub(crate) settings: &'a Settings,
}

impl Measuring<'_> {
    /// How the images are spoilt before they are encoded, where they are.
    pub(crate) fn corruption(&self) -> Option<Corruption> {
        recipe::corruption(self.settings)
    }

    /// Images as batches.
    pub(crate) fn batches(&self, examined: &Examined) -> impl Iterator<Item = Examined> {
        let (count, batch) = (examined.images.num_rows(), self.batch.max(1));
        let starts = (0..count).step_by(batch);
        starts.map(move |start| examined.rows(start, count.min(start + batch)))
    }
}

/// What held-out images say of a model.
pub(crate) struct Measured {
    /// What is worth a curve, with its name.
    pub(crate) values: Vec<(&'static str, f64)>,
    /// What a checkpoint is judged by, lower is better: the loss at the final weights of its terms. Nothing for
    /// families that no loss judges, of which the newest checkpoint counts.
    pub(crate) loss: Option<f64>,
    /// Whether all that a checkpoint is worth keeping by are numbers.
    pub(crate) is_sound: bool,
    /// What a person should know, in one sentence.
    pub(crate) warning: Option<String>,
}

impl Measured {
    /// What was evaluated of a model that reconstructs, judged by `loss`.
    pub(crate) fn of_reconstructions(evaluation: &Evaluation, loss: f64) -> Self {
        let is_sound = loss.is_finite() && evaluation.skipped == 0;
        Self { values: evaluation.headline(), loss: Some(loss), is_sound, warning: None }
    }
}

/// One family in training.
pub(crate) trait Learner {
    /// The curves of the scalars that [`Learner::step`] gives, the minimised loss first, and of what its codes tell.
    fn curves(&self) -> Vec<String>;

    /// What comes before the first update of a new run, and needs to see the data.
    fn begin(&mut self, _dataset: &dyn Dataset, _settings: &Settings) {}

    /// What a person should know of a run when it begins or goes on, in one sentence.
    fn notice(&self) -> Option<String> {
        None
    }

    /// What the update of a step belongs to, for families that train in phases.
    fn phase(&self, _step: u64, _settings: &Settings) -> Option<&'static str> {
        None
    }

    /// One update.
    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told;

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

    /// Measures the model on held-out images.
    ///
    /// # Errors
    /// When the model fails.
    fn measure(&self, held_out: &Examined, how: &Measuring<'_>) -> Result<Measured, CodecError>;

    /// Keeps what the run's directory is to have beside its checkpoints.
    ///
    /// # Errors
    /// When the disk refuses.
    fn keep(&mut self, _run: &RunDir) -> Result<(), FormatError> {
        Ok(())
    }

    /// The number of codes, for families with a codebook that they train.
    fn num_codes(&self) -> Option<usize> {
        None
    }

    /// Why no single code can be moved or kept from moving; nothing where it can.
    fn why_fixed(&self) -> Option<&'static str> {
        None
    }

    /// Vectors of the last batch to put codes onto, `[n, d]`, and the codes that they are for: those that were
    /// asked for, or fewer where there are too few vectors. Another `draw` gives other random ones. A sync point.
    fn vectors_for_codes(
        &self,
        _codes: &[usize],
        _from: &ReviveFrom,
        _draw: u64,
    ) -> (Vec<usize>, Array) {
        (Vec::new(), Array::zeros([0, 0]))
    }

    /// Codes as they are now. A sync point.
    fn codes(&self, _codes: &[usize]) -> Codes {
        Codes::default()
    }

    /// Puts codes somewhere; those that have no row stay. A sync point.
    fn put_codes(&mut self, _codes: &[usize], _rows: &Codes) {}

    /// Keeps codes where they are from now on, or lets them move again.
    fn freeze(&mut self, _codes: &[usize], _frozen: bool) {}

    /// Which codes are kept where they are, `[k]`; empty for families without a codebook.
    fn frozen(&self) -> &[bool] {
        &[]
    }
}

/// What a layer of `n` values is multiplied with in an update, for each of `passes` of `b` images `[b, n]`: nothing
/// where no value is left out.
pub(crate) fn dropout(
    settings: &Settings,
    [passes, b, n]: [usize; 3],
    (seed, step): (u64, u64),
    device: &Device,
) -> Vec<Option<Tensor<2>>> {
    let left_out = settings.number("dropout");
    // A recipe without the key has no number there.
    if left_out.is_nan() || left_out <= 0.0 {
        return vec![None; passes];
    }
    let draws = random::uniforms(seed, step, Purpose::Dropout, passes * b * n, 0.0, 1.0);
    let of_pass = |draws: &[f32]| Some(kept(draws.to_vec(), [b, n], left_out, device));
    draws.chunks_exact(b * n).map(of_pass).collect()
}

/// The class of each image of a batch, `[b]`, for models that know so many; nothing where they know none.
pub(crate) fn labels(batch: &Batch, classes: usize, device: &Device) -> Option<Tensor<1, Int>> {
    let labels = batch.labels.as_ref().filter(|_| classes > 0)?;
    Some(Tensor::from_data(TensorData::new(labels.clone(), [labels.len()]), device))
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
