//! Where codes occur: the pieces of the data that choose each, what stands beside them, and the watched pictures as codes.

use super::Beside;
use crate::latent::CodeLayout;
use crate::metrics::CodeRate;

/// A piece of a picture of the data that chooses a code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patch {
    /// The picture's number in the data.
    pub image: usize,
    /// The cell of its code map, row by row; grids of several quantizers one below the other.
    pub cell: usize,
    /// How far the encoder's vector lies from the code: the less, the more typical.
    pub distance: f32,
}

/// Where the codes of a codebook occur.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// For every code its most typical pieces of the data, nearest first, [`Survey::MOST`] at most.
    pub patches: Vec<Vec<Patch>>,
    /// How many pieces chose each code, `[k]`.
    pub counts: Vec<u64>,
    /// Rows and columns of one grid, `[h, w]`.
    pub shape: [usize; 2],
    /// The code maps of the watched pictures, each `[q * h * w]`.
    pub watched: Vec<Vec<u32>>,
    /// Which code stands beside which.
    pub beside: Beside,
    /// How many pictures were looked at.
    pub images: usize,
    /// Pixels of one.
    pub pixels: usize,
    /// What all of them take as PNG files, in bytes; nothing where none was written.
    pub png_bytes: Option<u64>,
}

impl Survey {
    /// Pieces that are kept of a code.
    pub const MOST: usize = 12;

    /// A survey of `k` codes that has seen nothing; its maps have `shape`, `[h, w]`.
    pub fn new(k: usize, shape: [usize; 2]) -> Self {
        Self { patches: vec![Vec::new(); k], counts: vec![0; k], shape, ..Self::default() }
    }

    /// Takes in a picture of the data: the code of each cell and the distance to it, both `[q * h * w]`.
    /// Codes that are not there are ignored; a piece whose distance is no number is only counted.
    pub fn add_image(&mut self, image: usize, codes: &[u32], distances: &[f32]) {
        self.images += 1;
        self.beside.add(codes, self.shape);
        for (cell, (&code, &distance)) in codes.iter().zip(distances).enumerate() {
            let Some(patches) = self.patches.get_mut(code as usize) else { continue };
            if let Some(count) = self.counts.get_mut(code as usize) {
                *count += 1;
            }
            if distance.is_finite() {
                // After its equals: the first that was seen stays first.
                let place = patches.partition_point(|patch| patch.distance <= distance);
                if place < Self::MOST {
                    patches.insert(place, Patch { image, cell, distance });
                    patches.truncate(Self::MOST);
                }
            }
        }
    }

    /// The pieces of the data that choose a code, most typical first.
    pub fn patches(&self, code: usize) -> &[Patch] {
        self.patches.get(code).map_or(&[], Vec::as_slice)
    }

    /// What the pictures take as codes; nothing where none was looked at.
    pub fn rate(&self, layout: &CodeLayout) -> Option<CodeRate> {
        let cells = self.shape[0] * self.shape[1];
        CodeRate::of(&self.counts, layout, cells, self.images, self.pixels, self.png_bytes)
    }

    /// How many cells of each watched picture have a code.
    pub fn uses(&self, code: usize) -> Vec<usize> {
        let has = |map: &Vec<u32>| map.iter().filter(|&&used| used as usize == code).count();
        self.watched.iter().map(has).collect()
    }
}
