//! All that tells where a person stands, to be kept and taken up again.

use serde::{Deserialize, Serialize};

use super::{Corner, Explore, Place, SeedPlane};
use crate::latent::Mixing;

/// The point, the pad around it and how draws are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The point.
    pub place: Place,
    /// The corners of the pad: top left, top right, bottom left, bottom right.
    pub corners: [Corner; 4],
    /// How they are mixed.
    pub mixing: Mixing,
    /// Where the pad lies on the plane of seeds, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<SeedPlane>,
    /// How far from the middle of the prior draws lie.
    pub temperature: f32,
}

impl Explore {
    /// Where a person stands.
    pub fn standing(&self) -> Standing {
        Standing {
            place: self.place(),
            corners: self.corners.clone(),
            mixing: self.mixing,
            seeds: self.seeds,
            temperature: self.temperature,
        }
    }

    /// Stands there again; nothing moves where that is no place of this latent space. There is no way back.
    pub fn stand(&mut self, standing: &Standing) {
        let Standing { place, corners, mixing, seeds, temperature } = standing;
        let fits = corners.iter().all(|corner| self.is_point(&corner.latent));
        let is_number = temperature.is_finite()
            && seeds.is_none_or(|seeds| seeds.at.iter().all(|value| value.is_finite()));
        if !fits || !self.fits(place) || !is_number {
            return;
        }
        self.corners.clone_from(corners);
        (self.mixing, self.seeds) = (*mixing, *seeds);
        self.temperature = temperature.clamp(0.0, 2.0);
        let cells = self.valid_cells(&place.cells);
        self.go_to(Place { cells, ..place.clone() });
        self.undo.clear();
        self.redo.clear();
        self.is_untouched = false;
    }
}
