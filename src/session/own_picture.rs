//! Pictures that a person brings along: which ones, what the model makes of one, and the search for its point.

use std::path::PathBuf;
use std::sync::Arc;

use crate::array::Array;

/// The most pictures that are kept.
pub const MOST: usize = 12;

/// Where a picture comes from: it is read anew for every model, which has a size of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Pixels from the clipboard, RGBA row by row.
    Pixels {
        /// Width and height.
        size: [usize; 2],
        /// Four bytes a pixel, colours not multiplied with their opacity.
        rgba: Arc<[u8]>,
    },
}

/// A picture that was brought along.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// Tells it apart from all others.
    pub number: u64,
    /// What people call it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
}

/// How a reconstruction errs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Mean squared error, on pixels in `[0, 1]`.
    pub mse: f64,
    /// Peak signal-to-noise ratio in dB.
    pub psnr_db: f64,
    /// Structural similarity, at most 1.
    pub ssim: f64,
}

/// The place of a number among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// How many of them are smaller.
    pub below: usize,
    /// How many there are.
    pub of: usize,
}

impl Rank {
    /// The place of `value` among `others`.
    pub fn of(value: f64, others: &[f64]) -> Self {
        Self { below: others.iter().filter(|other| **other < value).count(), of: others.len() }
    }
}

/// What the model makes of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The picture as the model sees it, `[c, h, w]` in `[0, 1]`.
    pub picture: Array,
    /// What comes back, of the same shape; nothing without an encoder.
    pub reconstruction: Option<Array>,
    /// How that errs.
    pub errors: Option<Errors>,
    /// Where the encoder puts it, flat.
    pub latent: Option<Vec<f32>>,
    /// How unsure the encoder is of each dimension, as the deviation of its posterior; nothing for families that have
    /// none.
    pub deviation: Option<Vec<f32>>,
    /// The KL of the posterior to the prior in nats.
    pub kl_nats: Option<f64>,
    /// Its codes, with rows, columns and the number of grids that lie one below the other.
    pub codes: Option<(Vec<u32>, [usize; 2], usize)>,
    /// Its mean squared error among those of watched images.
    pub error_rank: Option<Rank>,
    /// Its KL among those of watched images.
    pub kl_rank: Option<Rank>,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            picture: Array::zeros([1, 1, 1]),
            reconstruction: None,
            errors: None,
            latent: None,
            deviation: None,
            kl_nats: None,
            codes: None,
            error_rank: None,
            kl_rank: None,
        }
    }
}

/// How far a search for a picture's point is.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The picture whose point it is.
    pub number: u64,
    /// Whether it goes on.
    pub is_running: bool,
    /// Steps that were taken, and in all.
    pub steps: [usize; 2],
    /// The smallest mean squared error, step by step, on pixels in `[0, 1]`.
    pub errors: Vec<f32>,
    /// The best point so far, flat.
    pub latent: Vec<f32>,
    /// The mean squared error of its picture.
    pub error: f32,
}

/// The pictures that a person brought along. Holds numbers, no textures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPictures {
    pictures: Vec<Own>,
    chosen: Option<u64>,
    found: Option<(u64, Arc<Found>)>,
    search: Option<Search>,
    last: u64,
}

impl OwnPictures {
    /// All of them, the newest first.
    pub fn pictures(&self) -> &[Own] {
        &self.pictures
    }

    /// The one that is looked at.
    pub fn chosen(&self) -> Option<&Own> {
        self.pictures.iter().find(|own| Some(own.number) == self.chosen)
    }

    /// What the model makes of it, once that is known.
    pub fn found(&self) -> Option<&Arc<Found>> {
        self.found
            .as_ref()
            .filter(|(number, _)| Some(*number) == self.chosen)
            .map(|(_, found)| found)
    }

    /// The search for its point.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref().filter(|search| Some(search.number) == self.chosen)
    }

    /// The point of the picture that is looked at: the best that a search has found, else the encoder's.
    pub fn latent(&self) -> Option<&[f32]> {
        let searched = self.search().map(|search| search.latent.as_slice());
        searched.or_else(|| self.found()?.latent.as_deref())
    }

    /// Adds a picture and looks at it; the same source as before comes first again. The oldest of too many goes.
    pub fn add(&mut self, name: String, source: Source) -> u64 {
        self.last += 1;
        self.pictures.retain(|own| own.source != source);
        self.pictures.insert(0, Own { number: self.last, name, source });
        self.pictures.truncate(MOST);
        self.chosen = Some(self.last);
        self.last
    }

    /// Looks at another one.
    pub fn choose(&mut self, number: u64) {
        if self.pictures.iter().any(|own| own.number == number) {
            self.chosen = Some(number);
        }
    }

    /// Takes one away; the next newest is looked at then.
    pub fn remove(&mut self, number: u64) {
        self.pictures.retain(|own| own.number != number);
        if self.chosen == Some(number) {
            self.chosen = self.pictures.first().map(|own| own.number);
        }
    }

    /// Takes what the model makes of a picture; kept only while that is looked at.
    pub fn take_found(&mut self, number: u64, found: Arc<Found>) {
        if self.chosen == Some(number) {
            self.found = Some((number, found));
        }
    }

    /// What was found is of another model.
    pub fn forget_found(&mut self) {
        self.found = None;
        self.search = None;
    }

    /// Takes how far a search is.
    pub fn take_search(&mut self, search: Search) {
        self.search = Some(search);
    }

    /// The search has ended.
    pub fn end_search(&mut self) {
        if let Some(search) = &mut self.search {
            search.is_running = false;
        }
    }
}
