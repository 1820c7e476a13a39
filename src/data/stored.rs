//! A data set whose 8-bit pixels are all in memory: what every file format is read into.

use crate::picture::ImageShape;
use crate::random::{self, Purpose};

use super::{Dataset, Split};

/// Images in memory; the two parts are lists of indices into them.
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) shape: ImageShape,
    /// `[n, c, h, w]`.
    pub(super) pixels: Vec<u8>,
    /// One an image, below the number of class names; none when the set has no classes.
    pub(super) labels: Option<Vec<u32>>,
    pub(super) class_names: Vec<String>,
    /// One an image, or empty when the set has no captions at all.
    pub(super) captions: Vec<Option<String>>,
    /// Texts of no image.
    pub(super) lone_texts: Vec<String>,
    pub(super) parts: Parts,
    pub(super) warnings: Vec<String>,
}

/// Which images belong to which part.
pub(super) struct Parts {
    train: Vec<u32>,
    test: Vec<u32>,
}

impl Parts {
    /// The first `train` images, then `test` further ones.
    pub(super) fn in_order(train: usize, test: usize) -> Self {
        Self {
            train: (0..train as u32).collect(),
            test: (train as u32..(train + test) as u32).collect(),
        }
    }

    /// A tenth of `n` images, at least one, chosen by `seed` for the test part; a single image is in both.
    ///
    /// The training part stays in order. The test part is shuffled: often only its first images are looked at, and
    /// many sets come sorted.
    pub(super) fn drawn(n: usize, seed: u64) -> Self {
        if n < 2 {
            let all: Vec<u32> = (0..n as u32).collect();
            return Self { train: all.clone(), test: all };
        }
        let mut test = random::permutation(seed, 0, Purpose::Split, n);
        let mut train = test.split_off((n / 10).max(1));
        train.sort_unstable();
        Self { train, test }
    }

    fn of(&self, split: Split) -> &[u32] {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    /// The number of images in a part.
    pub(super) fn len(&self, split: Split) -> usize {
        self.of(split).len()
    }

    /// The number of the image at `index` of a part.
    ///
    /// # Panics
    /// When `index` is not below the length of the part.
    pub(super) fn image(&self, split: Split, index: usize) -> usize {
        self.of(split)[index] as usize
    }
}

impl Dataset for Stored {
    fn name(&self) -> &str {
        &self.name
    }

    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn len(&self, split: Split) -> usize {
        self.parts.len(split)
    }

    fn pixels(&self, split: Split, index: usize, out: &mut [f32]) {
        let len = self.shape.len();
        assert_eq!(out.len(), len, "room for one image of shape {}", self.shape);
        let start = self.parts.image(split, index) * len;
        for (value, &level) in out.iter_mut().zip(&self.pixels[start..start + len]) {
            *value = f32::from(level) / 255.0;
        }
    }

    fn label(&self, split: Split, index: usize) -> Option<u32> {
        self.labels.as_ref().map(|labels| labels[self.parts.image(split, index)])
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn caption(&self, split: Split, index: usize) -> Option<String> {
        self.captions.get(self.parts.image(split, index)).cloned().flatten()
    }

    fn lone_texts(&self) -> &[String] {
        &self.lone_texts
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
