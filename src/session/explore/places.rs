//! Points that are kept, and the way back to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Explore, Prior};
use crate::session::wanted::Point;

/// A point, and where on the pad it lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The latent, flat.
    pub latent: Vec<f32>,
    /// Where on the pad it lies, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad: Option<[f32; 2]>,
    /// Codes that were put into cells instead of those nearest to the latent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cells: BTreeMap<usize, u32>,
}

impl Place {
    /// The place of a latent.
    pub fn of(latent: Vec<f32>) -> Self {
        Self { latent, pad: None, cells: BTreeMap::new() }
    }
}

impl Explore {
    /// Where a person is.
    pub fn place(&self) -> Place {
        Place { latent: self.latent.clone(), pad: self.pad, cells: self.cells.clone() }
    }

    /// Whether a place is one of this latent space.
    pub fn fits(&self, place: &Place) -> bool {
        self.is_point(&place.latent)
    }

    /// Goes to a place, from where undoing leads back; ignored where it is none of this latent space.
    pub fn visit(&mut self, place: &Place) {
        if !self.fits(place) {
            return;
        }
        self.begin_edit();
        let cells = self.valid_cells(&place.cells);
        self.go_to(Place { cells, ..place.clone() });
    }

    /// What the picture of a place is made of.
    pub fn point_of(&self, place: &Place) -> Point {
        let cells = self.valid_cells(&place.cells);
        let codes = self.codes_at(&place.latent, &cells).filter(|_| !cells.is_empty());
        match (codes, &self.prior) {
            (Some(codes), Prior::Codes { space, .. }) => Point::Codes(space.indices(&codes)),
            _ => Point::Latent(place.latent.clone()),
        }
    }

    /// The latent of a place whose picture is the same: with the vectors of the codes that were put into its cells.
    pub fn latent_of(&self, place: &Place) -> Vec<f32> {
        let cells = self.valid_cells(&place.cells);
        let codes = self.codes_at(&place.latent, &cells).filter(|_| !cells.is_empty());
        match (codes, &self.prior) {
            (Some(codes), Prior::Codes { space, .. }) => space.latent_of_codes(&codes),
            _ => place.latent.clone(),
        }
    }

    /// The codes of a place's picture, as [`Explore::codes`] gives those of the point; nothing for latents without a
    /// codebook and places of another latent space. Costs a look at all codes for each cell.
    pub fn codes_of(&self, place: &Place) -> Option<Vec<u32>> {
        let cells = self.valid_cells(&place.cells);
        self.fits(place).then(|| self.codes_at(&place.latent, &cells)).flatten()
    }

    /// Those of some codes that can stand in their cells.
    pub(super) fn valid_cells(&self, cells: &BTreeMap<usize, u32>) -> BTreeMap<usize, u32> {
        let Prior::Codes { space, .. } = &self.prior else { return BTreeMap::new() };
        let count = (self.latent.len() / space.vector_len()).max(1);
        let is_valid = |cell: usize, code: u32| {
            let slot = cell / count;
            slot < space.layout.per_cell() && space.range(slot).contains(&(code as usize))
        };
        cells
            .iter()
            .filter(|&(&cell, &code)| is_valid(cell, code))
            .map(|(&cell, &code)| (cell, code))
            .collect()
    }
}
