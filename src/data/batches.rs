//! Batches in a seeded order, made ahead of time on a thread of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::array::Array;
use crate::panics::panic_text;
use crate::random::{self, Purpose};

use super::{DataError, Dataset, IoError, Split, batch};

/// How many batches wait ready.
const CAPACITY: usize = 4;

/// The images of one training step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The number of the step, from 1.
    pub step: u64,
    /// How many epochs were finished before it.
    pub epoch: u64,
    /// Which images of the split these are.
    pub indices: Vec<u32>,
    /// `[b, c, h, w]`, values in `[0, 1]`.
    pub images: Array,
    /// What an encoder sees instead of them, where that is something else: spoilt ones.
    pub spoilt: Option<Array>,
    /// The class of each image; none when the set has no classes.
    pub labels: Option<Vec<u32>>,
}

impl Batch {
    /// What an encoder sees, `[b, c, h, w]`.
    pub fn seen(&self) -> &Array {
        self.spoilt.as_ref().unwrap_or(&self.images)
    }
}

/// An endless iterator over the batches of a split, epoch after epoch.
///
/// The order of epoch e is a permutation drawn from (seed, e); an epoch's last batch may be smaller. Which
/// images a step sees depends only on the seed, the batch size and the step's number: an iterator that starts
/// late sees what an earlier one would have seen. After an error it ends.
#[derive(Debug)]
pub struct Batches {
    /// Taken when dropped, which tells the thread to stop.
    receiver: Option<Receiver<Result<Batch, DataError>>>,
    thread: Option<JoinHandle<()>>,
    steps_per_epoch: u64,
}

impl Batches {
    /// Starts making batches of `batch_size` images, the first one for step `first_step`.
    ///
    /// # Errors
    /// When the split is empty, the batch size or the first step is 0, or no thread can be started.
    pub fn new(
        dataset: Arc<dyn Dataset>,
        split: Split,
        batch_size: usize,
        seed: u64,
        first_step: u64,
    ) -> Result<Self, DataError> {
        let images = dataset.len(split);
        let bad = |found: &str, expected| {
            Err(DataError::BadBatches { found: found.to_owned(), expected })
        };
        if images == 0 || u32::try_from(images).is_err() {
            return bad(&format!("{images} {split} images"), "1 to 4294967295");
        }
        if batch_size == 0 {
            return bad("batches of no images", "a batch size of at least 1");
        }
        if first_step == 0 {
            return bad("first step 0", "steps from 1");
        }
        let steps_per_epoch = images.div_ceil(batch_size) as u64;
        let maker = Maker { dataset, split, batch_size, seed, steps_per_epoch };
        let (sender, receiver) = sync_channel(CAPACITY);
        let thread = std::thread::Builder::new()
            .name("batches".to_owned())
            .spawn(move || maker.run(first_step, &sender))
            .map_err(IoError::at("start a thread", Path::new("batches")))?;
        Ok(Self { receiver: Some(receiver), thread: Some(thread), steps_per_epoch })
    }

    /// The number of batches in an epoch, the smaller last one counted.
    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, DataError>;

    /// Waits for the next batch.
    fn next(&mut self) -> Option<Self::Item> {
        // The thread sends an error before it ends by itself; after that the channel is closed.
        self.receiver.as_ref()?.recv().ok()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        // First the channel: a thread that waits to send gets an error and ends.
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            // It catches its panics, so there is nothing to learn from how it ended.
            drop(thread.join());
        }
    }
}

/// What the thread works with.
struct Maker {
    dataset: Arc<dyn Dataset>,
    split: Split,
    batch_size: usize,
    seed: u64,
    steps_per_epoch: u64,
}

impl Maker {
    /// Sends batches until nobody wants them or making one fails.
    fn run(&self, first_step: u64, sender: &SyncSender<Result<Batch, DataError>>) {
        let made = catch_unwind(AssertUnwindSafe(|| self.send_all(first_step, sender)));
        if let Err(panic) = made {
            let reason = panic_text(panic.as_ref());
            // A receiver that is gone wants no error either.
            drop(sender.send(Err(DataError::Panicked { reason })));
        }
    }

    fn send_all(&self, first_step: u64, sender: &SyncSender<Result<Batch, DataError>>) {
        let mut order = Vec::new();
        let mut order_epoch = None;
        for step in first_step.. {
            let epoch = (step - 1) / self.steps_per_epoch;
            if order_epoch != Some(epoch) {
                order = random::permutation(
                    self.seed,
                    epoch,
                    Purpose::Shuffle,
                    self.dataset.len(self.split),
                );
                order_epoch = Some(epoch);
            }
            let start = ((step - 1) % self.steps_per_epoch) as usize * self.batch_size;
            let end = (start + self.batch_size).min(order.len());
            if sender.send(Ok(self.make(step, epoch, &order[start..end]))).is_err() {
                return;
            }
        }
    }

    fn make(&self, step: u64, epoch: u64, indices: &[u32]) -> Batch {
        Batch {
            step,
            epoch,
            indices: indices.to_vec(),
            images: batch(&*self.dataset, self.split, indices),
            spoilt: None,
            labels: indices
                .iter()
                .map(|&index| self.dataset.label(self.split, index as usize))
                .collect(),
        }
    }
}
