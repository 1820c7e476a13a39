//! Points that can be named: where a person stands, images that are watched, chosen on the map or brought along, what
//! was kept.

use serde::{Deserialize, Serialize};

use super::bookmarks::Bookmarks;
use super::explore::Explore;
use super::map::Map;
use super::own_picture::OwnPictures;
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
    /// The picture that a person brought along and looks at, where a search or the encoder puts it.
    OwnPicture,
    /// The point of the map whose neighbours are shown.
    MapPoint,
    /// The mean of the points that are selected on the map.
    MapSelection,
    /// A watched image, where the encoder puts it.
    Image(usize),
    /// A bookmark.
    Bookmark(usize),
}

impl Anchor {
    /// Whether it means the same when the program is started again.
    pub fn is_kept(self) -> bool {
        !matches!(self, Self::OwnPicture | Self::MapPoint | Self::MapSelection)
    }
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
    /// What was brought along.
    pub own: &'a OwnPictures,
    /// Encoded images, and which of them are chosen.
    pub map: &'a Map,
}

impl Anchors<'_> {
    /// Every point that there is a name for.
    pub fn all(&self) -> impl Iterator<Item = Anchor> + use<> {
        let images = (0..self.watched.len()).map(Anchor::Image);
        let marks = (0..self.bookmarks.len()).map(Anchor::Bookmark);
        let chosen = self.chosen();
        [Anchor::Point, Anchor::Origin].into_iter().chain(chosen).chain(marks).chain(images)
    }

    /// Those that come and go with what is looked at elsewhere.
    pub fn chosen(&self) -> Vec<Anchor> {
        let mut all = vec![Anchor::OwnPicture, Anchor::MapPoint, Anchor::MapSelection];
        all.retain(|anchor| self.latent(*anchor).is_some());
        all
    }

    /// The latent of a point; nothing where it is gone or none of this latent space.
    pub fn latent(&self, anchor: Anchor) -> Option<Vec<f32>> {
        let d = self.explore.latent().len();
        let latent = match anchor {
            Anchor::Point => self.explore.latent_of(&self.explore.place()),
            Anchor::Origin => vec![0.0; d],
            Anchor::OwnPicture => self.own.latent()?.to_vec(),
            Anchor::MapPoint => self.map.latent(self.map.chosen()?)?.to_vec(),
            Anchor::MapSelection => self.map.selected_latent()?.to_vec(),
            Anchor::Image(image) => self.watched.get(image)?.clone(),
            Anchor::Bookmark(index) => self.explore.latent_of(&self.bookmarks.get(index)?.place),
        };
        (latent.len() == d && latent.iter().all(|value| value.is_finite())).then_some(latent)
    }

    /// What a point is called.
    pub fn name(&self, anchor: Anchor) -> String {
        match anchor {
            Anchor::Point => tr_later!("this point").to_owned(),
            Anchor::Origin => tr_later!("zero").to_owned(),
            Anchor::OwnPicture => tr_later!("your picture").to_owned(),
            Anchor::MapPoint => tr_later!("point on the map").to_owned(),
            Anchor::MapSelection => format!("selection on the map ({})", self.map.selected().len()),
            Anchor::Image(index) => format!("image {}", index + 1),
            Anchor::Bookmark(index) => {
                self.bookmarks.get(index).map_or_else(String::new, |mark| mark.name.clone())
            }
        }
    }
}
