//! Points that a person keeps, and sums of them.

use serde::{Deserialize, Serialize};

use super::explore::Place;

/// The most points that are kept for a model: as many as a sheet has pictures.
pub const MOST_BOOKMARKS: usize = 256;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

/// A point with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub place: Place,
}

/// The points that are kept for one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bookmarks {
    marks: Vec<Bookmark>,
}

impl std::ops::Deref for Bookmarks {
    type Target = [Bookmark];

    fn deref(&self) -> &[Bookmark] {
        &self.marks
    }
}

impl Bookmarks {
    /// Keeps a place under the next free number; does nothing and gives nothing where there are too many.
    pub fn add(&mut self, place: Place) -> Option<&Bookmark> {
        self.add_as(place, |number| format!("Point {number}"))
    }

    /// The same, under the name that `name` gives a number.
    pub fn add_as(&mut self, place: Place, name: impl FnMut(u32) -> String) -> Option<&Bookmark> {
        if self.marks.len() >= MOST_BOOKMARKS {
            return None;
        }
        let name = (1..).map(name);
        let name =
            name.into_iter().find(|name| self.marks.iter().all(|mark| mark.name != *name))?;
        self.marks.push(Bookmark { name, place });
        self.marks.last()
    }

    /// Gives a bookmark another name; an empty one is none.
    pub fn rename(&mut self, index: usize, name: &str) {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        if let Some(mark) = self.marks.get_mut(index).filter(|_| !name.is_empty()) {
            mark.name = name;
        }
    }

    /// Puts a bookmark at another place.
    pub fn replace(&mut self, index: usize, place: Place) {
        if let Some(mark) = self.marks.get_mut(index) {
            mark.place = place;
        }
    }

    /// Forgets a bookmark.
    pub fn remove(&mut self, index: usize) {
        if index < self.marks.len() {
            self.marks.remove(index);
        }
    }

    /// Forgets what is no place of a latent space of so many dimensions.
    pub fn retain_fitting(&mut self, d: usize) {
        self.marks.retain(|mark| {
            mark.place.latent.len() == d && mark.place.latent.iter().all(|value| value.is_finite())
        });
        self.marks.truncate(MOST_BOOKMARKS);
    }
}

/// `a + strength (c − b)`: what leads from `b` to `c`, put onto `a`. Of three latents of one length.
///
/// # Source
/// Radford et al. 2016, "Unsupervised representation learning with deep convolutional generative adversarial networks",
/// section 6.3.2, arXiv:1511.06434.
pub fn analogy(a: &[f32], b: &[f32], c: &[f32], strength: f32) -> Vec<f32> {
    a.iter().zip(b).zip(c).map(|((a, b), c)| a + strength * (c - b)).collect()
}
