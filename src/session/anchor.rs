//! Points that can be named: where a person stands, watched images, what was kept.

use serde::{Deserialize, Serialize};

use super::bookmarks::Bookmarks;
use super::explore::Explore;
use crate::language::tr_later;

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The point that a person stands at.
    #[default]
    Point,
    /// The middle of the latent space.
    Origin,
    /// A watched image, where the encoder puts it.
    Image(usize),
    /// A bookmark.
    Bookmark(usize),
}

/// What anchors are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Anchors<'a> {
    /// Where a person stands.
    pub explore: &'a Explore,
    /// The latents of the watched images.
    pub watched: &'a [Vec<f32>],
    /// What was kept.
    pub bookmarks: &'a Bookmarks,
}

impl Anchors<'_> {
    /// Every point that there is a name for.
    pub fn all(&self) -> impl Iterator<Item = Anchor> + use<> {
        let images = (0..self.watched.len()).map(Anchor::Image);
        let marks = (0..self.bookmarks.len()).map(Anchor::Bookmark);
        [Anchor::Point, Anchor::Origin].into_iter().chain(marks).chain(images)
    }

    /// The latent of a point; nothing where it is gone.
    pub fn latent(&self, anchor: Anchor) -> Option<Vec<f32>> {
        let d = self.explore.latent().len();
        let latent = match anchor {
            Anchor::Point => self.explore.latent_of(&self.explore.place()),
            Anchor::Origin => vec![0.0; d],
            Anchor::Image(image) => self.watched.get(image)?.clone(),
            Anchor::Bookmark(index) => self.explore.latent_of(&self.bookmarks.get(index)?.place),
        };
        (latent.len() == d).then_some(latent)
    }

    /// What a point is called.
    pub fn name(&self, anchor: Anchor) -> String {
        match anchor {
            Anchor::Point => tr_later!("this point").to_owned(),
            Anchor::Origin => tr_later!("zero").to_owned(),
            Anchor::Image(index) => format!("image {}", index + 1),
            Anchor::Bookmark(index) => {
                self.bookmarks.get(index).map_or_else(String::new, |mark| mark.name.clone())
            }
        }
    }
}
