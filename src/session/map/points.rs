//! Encoded images and draws from the prior.

use serde::{Deserialize, Serialize};

use crate::array::Array;
use crate::data::Split;
use crate::language::tr_later;
use crate::session::lenient::or_default;

/// Which images are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Splits {
    /// Those that a model learns from.
    Train,
    /// Those that are held out.
    #[default]
    Test,
    /// All.
    Both,
}

impl Splits {
    /// What people call them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => tr_later!("train"),
            Self::Test => tr_later!("test"),
            Self::Both => tr_later!("train and test"),
        }
    }
}

/// What lies on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extent {
    /// Which images.
    #[serde(deserialize_with = "or_default")]
    pub splits: Splits,
    /// At most so many of them, 1 to [`Extent::MOST`], evenly spread.
    pub images: usize,
    /// So many draws from the prior beside them, at most [`Extent::MOST_DRAWS`].
    pub draws: usize,
}

impl Default for Extent {
    fn default() -> Self {
        Self { splits: Splits::default(), images: 10_000, draws: 0 }
    }
}

impl Extent {
    /// More images are not encoded.
    pub const MOST: usize = 70_000;
    /// More draws are not made.
    pub const MOST_DRAWS: usize = 5_000;
    /// The draws of a model that cannot encode, where none are asked for.
    pub const DRAWS_ALONE: usize = 2_000;
    /// The latents together have no more values: a gibibyte.
    pub const MOST_VALUES: usize = 1 << 28;

    /// The same within its limits.
    pub fn admitted(self) -> Self {
        let images = self.images.clamp(1, Self::MOST);
        Self { images, draws: self.draws.min(Self::MOST_DRAWS), ..self }
    }

    /// Where points of this extent come from, for a data set with so many images to learn from and held out, and
    /// latents of `d` values: images that are evenly spread, those to learn from first, then draws.
    pub fn sources(self, [train, test]: [usize; 2], d: usize) -> Vec<Source> {
        let (from_train, from_test) = match self.splits {
            Splits::Train => (train, 0),
            Splits::Test => (0, test),
            Splits::Both => (train, test),
        };
        let all = from_train + from_test;
        let room = Self::MOST_VALUES / d.max(1);
        let draws = self.draws.min(room);
        let images = self.images.min(all).min(room - draws);
        let image = |at: usize| {
            let number = (at as u64 * all as u64 / images as u64) as usize;
            if number < from_train {
                Source::Image { split: Split::Train, index: number as u32 }
            } else {
                Source::Image { split: Split::Test, index: (number - from_train) as u32 }
            }
        };
        (0..images).map(image).chain((0..draws as u32).map(Source::Draw)).collect()
    }
}

/// Where a point comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An image of the data.
    Image {
        /// Of which part.
        split: Split,
        /// Its number in that part.
        index: u32,
    },
    /// A draw from the prior, by its number.
    Draw(u32),
}

/// What a model makes of draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Of one image.
    pub shape: crate::picture::ImageShape,
    /// Levels of 8 bits, `[draws, c, h, w]`.
    pub levels: Vec<u8>,
}

/// Images and draws in latent space, as one state of a model puts them there.
#[derive(Clone, Debug)]
pub struct Points {
    /// Updates behind its weights.
    pub step: u64,
    /// Their latents, `[n, d]`.
    pub latents: Array,
    /// Where they come from, `[n]`.
    pub sources: Vec<Source>,
    /// Their classes, `[n]`.
    pub labels: Vec<Option<u32>>,
    /// What the data knows of them: the values of each factor, `[factors][n]`; NaN for draws.
    pub factors: Vec<Vec<f32>>,
    /// The code that each has in most of its cells, `[n]`, for models with a codebook.
    pub codes: Option<Vec<u32>>,
    /// What draws look like, where that does not take too long.
    pub made: Option<Made>,
}

impl Points {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// How many of them are draws; they come last.
    pub fn draws(&self) -> usize {
        self.sources.iter().rev().take_while(|source| matches!(source, Source::Draw(_))).count()
    }
}
