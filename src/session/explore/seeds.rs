//! The plane of seeds: at every whole place lies a draw from the prior, between them everything is mixed. The pad shows
//! the square around the point.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Corner, CornerSource, Explore};

/// From a row of the plane to the next, as the visualizers of `StyleGAN` count them.
const SEEDS_IN_A_ROW: i64 = 100;
/// The plane ends so far from its middle, where fractions still have their digits.
const REACH: f64 = 1e6;

/// Where the pad lies on the plane of seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedPlane {
    /// The whole place at the pad's top left corner.
    pub cell: [i64; 2],
    /// Where the point lies, right and down.
    pub at: [f64; 2],
}

impl SeedPlane {
    /// The seed of a whole place.
    pub fn seed([x, y]: [i64; 2]) -> u64 {
        x.wrapping_add(SEEDS_IN_A_ROW.wrapping_mul(y)).cast_unsigned()
    }
}

impl Explore {
    /// Where the point lies on the plane of seeds, while the pad is a piece of it.
    pub fn seeds(&self) -> Option<SeedPlane> {
        self.seeds
    }

    /// Goes to a place on the plane of seeds; the pad becomes the square around it.
    pub fn set_seeds(&mut self, at: [f64; 2]) {
        if at.iter().any(|value| !value.is_finite()) {
            return;
        }
        let at = at.map(|value| value.clamp(-REACH, REACH));
        let cell = at.map(|value| value.floor() as i64);
        if self.seeds.is_none_or(|seeds| seeds.cell != cell) {
            self.put_seeds_at_corners(cell);
        }
        self.seeds = Some(SeedPlane { cell, at });
        self.cells.clear();
        self.go_to_pad([0, 1].map(|axis: usize| (at[axis] - cell[axis] as f64) as f32));
    }

    /// Goes to the nearest whole place of the plane of seeds, where the picture is that of one draw.
    pub fn snap_seeds(&mut self) {
        if let Some(seeds) = self.seeds {
            self.set_seeds(seeds.at.map(f64::round));
        }
    }

    /// Leaves the pad's corners where they are; they are no longer a piece of the plane.
    pub fn leave_seeds(&mut self) {
        self.seeds = None;
    }

    /// How far from the middle of the prior draws lie, as a share of what it says.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// Draws nearer to the middle of the prior, or farther from it: below 1 more typical pictures, above 1 stranger ones. Of
    /// codes, those that are used most are drawn more often, or less. Corners that are draws follow.
    pub fn set_temperature(&mut self, temperature: f32) {
        if !temperature.is_finite() {
            return;
        }
        self.temperature = temperature.clamp(0.0, 2.0);
        for index in 0..self.corners.len() {
            if let CornerSource::Draw(seed) = self.corners[index].source {
                self.corners[index].latent = self.draw(seed);
            }
        }
        self.follow_pad();
    }

    fn put_seeds_at_corners(&mut self, [x, y]: [i64; 2]) {
        for (index, place) in
            [[x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]].into_iter().enumerate()
        {
            let seed = SeedPlane::seed(place);
            let latent = self.draw(seed);
            self.corners[index] = Corner { source: CornerSource::Draw(seed), latent };
        }
    }

    /// The point has moved on the pad.
    pub(super) fn follow_seeds(&mut self, pad: [f32; 2]) {
        if let Some(seeds) = &mut self.seeds {
            let offset = |axis: usize| seeds.at[axis] - seeds.cell[axis] as f64;
            // What moved the point may have been a place on the plane, which has more digits.
            let is_there =
                (0..2).all(|axis| (offset(axis) as f32 - pad[axis]).abs() < f32::EPSILON);
            if !is_there {
                seeds.at = [0, 1].map(|axis: usize| seeds.cell[axis] as f64 + f64::from(pad[axis]));
            }
        }
    }
}

/// Shares of codes to the power of 1 / temperature; only the most used ones at 0.
///
/// # Source
/// The temperature of a softmax over the logarithms of the shares.
pub(super) fn sharpened(shares: &Arc<[f32]>, temperature: f32) -> Arc<[f32]> {
    #[expect(clippy::float_cmp, reason = "what is set when nobody moved the slider")]
    if temperature == 1.0 {
        return Arc::clone(shares);
    }
    let most = shares.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return Arc::clone(shares);
    }
    let power = 1.0 / temperature.max(1e-3);
    shares.iter().map(|&share| (share.max(0.0) / most).powf(power)).collect()
}
