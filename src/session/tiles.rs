//! The thumbnails of the pad: what they lie between, which are out of date, and which of those come first.

use std::cmp::Reverse;

use super::explore::Explore;
use crate::latent::{Mixing, latent_from_pad};

/// Tiles along each side of the pad.
pub const PAD_TILES: usize = 7;

/// The corners of a pad, and how they are mixed.
#[derive(Clone, Debug, PartialEq)]
pub struct Corners {
    /// Top left, top right, bottom left, bottom right, each `[d]`.
    pub latents: [Vec<f32>; 4],
    /// How they are mixed.
    pub mixing: Mixing,
}

impl Corners {
    /// Those of the explorer's pad.
    pub fn of(explore: &Explore) -> Self {
        let latents = explore.corner_slices().map(<[f32]>::to_vec);
        Self { latents, mixing: explore.mixing() }
    }

    /// Whether the explorer's pad has them.
    pub fn are_of(&self, explore: &Explore) -> bool {
        self.mixing == explore.mixing()
            && self.latents.iter().zip(explore.corner_slices()).all(|(own, other)| own == other)
    }

    /// The latent in the middle of a tile.
    pub fn latent_of(&self, tile: usize) -> Vec<f32> {
        let [u, v] = Tiles::middle(tile);
        latent_from_pad(self.latents.each_ref().map(Vec::as_slice), self.mixing, u, v)
    }
}

/// Which tiles are out of date. Tiles have numbers, row by row from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiles {
    /// How often each was asked for since it was drawn.
    asked: [u32; PAD_TILES * PAD_TILES],
    /// The place on the pad that they are drawn from outwards.
    place: [f32; 2],
}

impl Default for Tiles {
    /// Nothing to draw, and the point in the middle.
    fn default() -> Self {
        Self { asked: [0; PAD_TILES * PAD_TILES], place: [0.5; 2] }
    }
}

impl Tiles {
    /// The place on the pad in the middle of a tile, in `[0, 1]`, right and down.
    pub fn middle(tile: usize) -> [f32; 2] {
        [tile % PAD_TILES, tile / PAD_TILES].map(|index| (index as f32 + 0.5) / PAD_TILES as f32)
    }

    /// Draws from where the point is now; from where it was where it has left the pad.
    pub fn follow(&mut self, pad: Option<[f32; 2]>) {
        self.place = pad.unwrap_or(self.place);
    }

    /// Every tile is out of date.
    pub fn ask(&mut self) {
        self.asked.iter_mut().for_each(|asked| *asked += 1);
    }

    /// No tile is to be drawn.
    pub fn forget(&mut self) {
        self.asked.fill(0);
    }

    /// Whether no tile is to be drawn.
    pub fn is_empty(&self) -> bool {
        self.asked.iter().all(|&asked| asked == 0)
    }

    /// Takes at most `count` tiles to be drawn now: the nearest to the point first, but before those any that were
    /// out of date when all were asked for anew, so that weights that change fast starve none.
    pub fn take(&mut self, count: usize) -> Vec<usize> {
        let mut tiles: Vec<usize> =
            (0..self.asked.len()).filter(|&tile| self.asked[tile] > 0).collect();
        let distance = |tile| {
            let [u, v] = Self::middle(tile);
            (u - self.place[0]).powi(2) + (v - self.place[1]).powi(2)
        };
        tiles.sort_by(|&a, &b| {
            let waited = |tile: usize| Reverse(self.asked[tile]);
            waited(a).cmp(&waited(b)).then(distance(a).total_cmp(&distance(b)))
        });
        tiles.truncate(count);
        for &tile in &tiles {
            self.asked[tile] = 0;
        }
        tiles
    }

    /// Gives back tiles that were taken and not drawn.
    pub fn put_back(&mut self, tiles: &[usize]) {
        for &tile in tiles {
            self.asked[tile] += 1;
        }
    }
}
