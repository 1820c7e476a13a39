//! CIFAR-10: the binary batches, plain or compressed, whichever are there.
//!
//! Layout: records of 3,073 bytes: one label, then the red, green and blue planes, each 32 × 32, row by row.
//! `NAME.filenames.txt` beside a batch, where it exists, holds the original file names, whose first part is a
//! finer noun than the class (`station_wagon_s_000293.png`); captions are made of it.

use std::path::{Path, PathBuf};

use crate::picture::ImageShape;

use super::DataError;
use super::bytes::{first_existing, open_plain_or_gzip, read_at_most};
use super::captions::read_text;
use super::stored::{Parts, Stored};

const SHAPE: ImageShape = ImageShape::new(3, 32, 32);
const RECORD: usize = 1 + SHAPE.len();
/// Ten times what a batch holds.
const MAX_RECORDS: usize = 100_000;
const BATCHES: [&str; 5] =
    ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"];
const CLASS_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const ACTION: &str = "read a CIFAR-10 batch";

/// Opens the batches that are in `dir`; `seed` chooses the test part when `test_batch` is not there.
pub(super) fn open(dir: &Path, seed: u64) -> Result<Stored, DataError> {
    let mut all = Records::default();
    let mut found = Vec::new();
    for stem in BATCHES {
        if let Some(path) = batch_file(dir, stem) {
            all.read(&path, dir, stem)?;
            found.push(stem);
        }
    }
    let train = all.labels.len();
    if train == 0 {
        return Err(DataError::MissingFiles {
            set: "CIFAR-10",
            missing: format!("{}.bin[.gz] or any other training batch", BATCHES[0]),
            advice: "`zscope data fetch cifar10 --out DIR` downloads them".to_owned(),
            dir: dir.to_owned(),
        });
    }
    let mut warnings = Vec::new();
    if found.len() < BATCHES.len() {
        let there = found.join(", ");
        warnings.push(format!(
            "{} of 5 training batches are there ({there}): {train} images",
            found.len()
        ));
    }
    let parts = if let Some(path) = batch_file(dir, "test_batch") {
        all.read(&path, dir, "test_batch")?;
        Parts::in_order(train, all.labels.len() - train)
    } else {
        warnings.push(
            "test_batch is not there: a tenth of the training images is held out instead"
                .to_owned(),
        );
        Parts::drawn(train, seed)
    };
    Ok(Stored {
        name: "CIFAR-10".to_owned(),
        shape: SHAPE,
        pixels: all.pixels,
        labels: Some(all.labels),
        class_names: CLASS_NAMES.map(str::to_owned).to_vec(),
        captions: all.captions,
        lone_texts: Vec::new(),
        parts,
        warnings,
    })
}

fn batch_file(dir: &Path, stem: &str) -> Option<PathBuf> {
    first_existing(dir, &[format!("{stem}.bin"), format!("{stem}.bin.gz")])
}

/// The records of all batches so far.
#[derive(Default)]
struct Records {
    /// `[n, c, h, w]`.
    pixels: Vec<u8>,
    labels: Vec<u32>,
    captions: Vec<Option<String>>,
}

impl Records {
    fn read(&mut self, path: &Path, dir: &Path, stem: &str) -> Result<(), DataError> {
        let limit = MAX_RECORDS * RECORD;
        let bytes = read_at_most(&mut open_plain_or_gzip(path)?, limit as u64 + 1, path)?;
        let malformed = |found: String, expected: &str| DataError::Malformed {
            action: ACTION,
            found,
            expected: expected.to_owned(),
            advice: "fetch the file again",
            path: path.to_owned(),
        };
        if bytes.is_empty() || bytes.len() > limit || !bytes.len().is_multiple_of(RECORD) {
            let more = if bytes.len() > limit { "more than " } else { "" };
            let found = format!("{more}{} bytes", bytes.len().min(limit));
            return Err(malformed(found, "1 to 100000 records of 3073 bytes"));
        }
        let first = self.labels.len();
        for record in bytes.chunks_exact(RECORD) {
            if record[0] > 9 {
                return Err(malformed(format!("label {}", record[0]), "labels 0 to 9"));
            }
            self.labels.push(record[0].into());
            self.pixels.extend_from_slice(&record[1..]);
        }
        let names = read_text(&dir.join(format!("{stem}.filenames.txt"))).unwrap_or_default();
        let nouns: Vec<&str> =
            names.lines().map(|line| line.split("_s_").next().unwrap_or(line)).collect();
        let has_nouns = nouns.len() == self.labels.len() - first;
        self.captions.extend(self.labels[first..].iter().enumerate().map(|(record, &label)| {
            Some(caption(if has_nouns { nouns[record] } else { CLASS_NAMES[label as usize] }))
        }));
        Ok(())
    }
}

/// "a photo of an estate car" from `estate_car`.
fn caption(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("a photo of {article} {}", noun.replace('_', " "))
}
