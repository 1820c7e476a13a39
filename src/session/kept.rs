//! What a person keeps for a model: points, a walk and directions.

use serde::{Deserialize, Serialize};

use super::bookmarks::Bookmarks;
use super::directions::Directions;
use super::explore::Explore;
use super::walk::Walk;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Points with names.
    pub bookmarks: Bookmarks,
    /// Stations, and how the way between them goes.
    pub walk: Walk,
    /// Directions as sliders.
    pub directions: Directions,
}

impl Kept {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.bookmarks.is_empty() && self.walk.stations().is_empty() && self.directions.is_empty()
    }

    /// Forgets what is no place of the explorer's latent space.
    pub fn retain_fitting(&mut self, explore: &Explore) {
        self.bookmarks.retain_fitting(explore.latent().len());
        self.walk.retain_fitting(explore);
        self.directions.retain_fitting(explore.latent().len());
    }
}
