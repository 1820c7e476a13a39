//! The order of batches, resuming, and the thread that makes them.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zscope::data::{Batch, Batches, Dataset, Split, batch};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, permutation};

use super::{assert_says, opened};

/// Eleven images of one value each; remembers the threads that asked, and panics at one index if told so.
struct Toy {
    panics_at: Option<usize>,
    threads: Mutex<Vec<String>>,
}

impl Toy {
    fn new(panics_at: Option<usize>) -> Self {
        Self { panics_at, threads: Mutex::new(Vec::new()) }
    }
}

impl Dataset for Toy {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's names are not all literals")]
    fn name(&self) -> &str {
        "toy"
    }
    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 1, 1)
    }
    fn len(&self, split: Split) -> usize {
        if split == Split::Train { 11 } else { 0 }
    }
    fn pixels(&self, _split: Split, index: usize, out: &mut [f32]) {
        let name = std::thread::current().name().unwrap_or("unnamed").to_owned();
        self.threads.lock().expect("lock").push(name);
        assert_ne!(Some(index), self.panics_at, "index {index} is cursed");
        out[0] = index as f32 / 10.0;
    }
    fn label(&self, _split: Split, _index: usize) -> Option<u32> {
        None
    }
    fn class_names(&self) -> &[String] {
        &[]
    }
    fn caption(&self, _split: Split, _index: usize) -> Option<String> {
        None
    }
    fn warnings(&self) -> &[String] {
        &[]
    }
}

fn taken(
    set: &Arc<dyn Dataset>,
    size: usize,
    seed: u64,
    first_step: u64,
    count: usize,
) -> Vec<Batch> {
    let batches = Batches::new(set.clone(), Split::Train, size, seed, first_step).expect("batches");
    batches.take(count).map(|batch| batch.expect("batch")).collect()
}

#[test]
fn an_epoch_is_a_permutation() {
    let set: Arc<dyn Dataset> = Arc::new(Toy::new(None));
    let batches = Batches::new(set.clone(), Split::Train, 4, 5, 1).expect("batches");
    assert_eq!(batches.steps_per_epoch(), 3, "4 + 4 + 3");
    let all = taken(&set, 4, 5, 1, 9);
    for (at, found) in all.iter().enumerate() {
        assert_eq!((found.step, found.epoch), (at as u64 + 1, at as u64 / 3), "step and epoch");
        assert_eq!(
            found.images.shape(),
            [if at % 3 == 2 { 3 } else { 4 }, 1, 1, 1],
            "the last is smaller"
        );
        assert_eq!(
            found.images,
            batch(&*set, Split::Train, &found.indices),
            "images of the indices"
        );
        assert_eq!(found.labels, None, "no classes");
    }
    for epoch in 0..3u64 {
        let start = epoch as usize * 3;
        let order: Vec<u32> =
            all[start..start + 3].iter().flat_map(|batch| batch.indices.clone()).collect();
        assert_eq!(order, permutation(5, epoch, Purpose::Shuffle, 11), "epoch {epoch}");
    }
    assert_ne!(all[0].indices, all[3].indices, "epochs differ");
}

#[test]
fn resuming_sees_the_same_batches() {
    let set = opened("shapes?train=37&test=1&size=16").expect("shapes");
    let unbroken = taken(&set, 8, 3, 1, 14);
    for first_step in [1, 2, 5, 6, 7, 11] {
        let resumed = taken(&set, 8, 3, first_step, 15 - first_step as usize);
        assert_eq!(resumed, unbroken[first_step as usize - 1..], "from step {first_step}");
    }
    assert_ne!(taken(&set, 8, 4, 1, 14), unbroken, "another seed gives another order");
    assert_eq!(unbroken[0].labels.as_ref().map(Vec::len), Some(8), "a label an image");
}

#[test]
fn a_batch_larger_than_the_set_is_the_set() {
    let set: Arc<dyn Dataset> = Arc::new(Toy::new(None));
    let all = taken(&set, usize::MAX, 0, 3, 2);
    assert!(all.iter().all(|batch| batch.indices.len() == 11), "one batch an epoch");
    assert_eq!(all[0].epoch, 2, "step 3 is epoch 2");
}

/// Fails when `work` takes longer than ten seconds.
fn promptly(work: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new()
        .name("watched".to_owned())
        .spawn(move || {
            work();
            sender.send(()).expect("the test waits");
        })
        .expect("thread");
    receiver.recv_timeout(Duration::from_secs(10)).expect("should not hang");
}

#[test]
fn dropping_does_not_hang() {
    promptly(|| {
        let set: Arc<dyn Dataset> = Arc::new(Toy::new(None));
        for taken in [0, 1, 20] {
            let mut batches = Batches::new(set.clone(), Split::Train, 2, 0, 1).expect("batches");
            for _ in 0..taken {
                batches.next().expect("endless").expect("batch");
            }
            std::thread::sleep(Duration::from_millis(20)); // the channel is full now
            drop(batches);
        }
        assert_eq!(Arc::strong_count(&set), 1, "the threads have ended");
    });
}

#[test]
fn a_panic_reaches_the_consumer() {
    promptly(|| {
        let set: Arc<dyn Dataset> = Arc::new(Toy::new(Some(3)));
        let mut batches = Batches::new(set, Split::Train, 11, 0, 1).expect("batches");
        let message = batches.next().expect("an error").expect_err("a panic").to_string();
        assert_says(&message, &["index 3 is cursed"]);
        assert!(batches.next().is_none(), "then it ends");
    });
}

#[test]
fn batches_are_made_on_a_named_thread() {
    let toy = Arc::new(Toy::new(None));
    let set: Arc<dyn Dataset> = toy.clone();
    taken(&set, 11, 0, 1, 1);
    let threads = toy.threads.lock().expect("lock");
    assert!(threads.len() >= 11 && threads.iter().all(|name| name == "batches"), "{threads:?}");
}

#[test]
fn impossible_batches_are_refused() {
    let set: Arc<dyn Dataset> = Arc::new(Toy::new(None));
    for (split, size, first_step, words) in [
        (Split::Train, 0, 1, ["no images", "at least 1"]),
        (Split::Train, 4, 0, ["step 0", "from 1"]),
        (Split::Test, 4, 1, ["0 test images", "1 to"]),
    ] {
        let refused = Batches::new(set.clone(), split, size, 0, first_step);
        assert_says(&refused.expect_err("refused").to_string(), &words);
    }
}
