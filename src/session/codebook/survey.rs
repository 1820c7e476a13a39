//! Where codes occur: the pieces of the data that choose each, and the watched pictures as codes.

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
}

impl Survey {
    /// Pieces that are kept of a code.
    pub const MOST: usize = 12;

    /// A survey of `k` codes that has seen nothing; its maps have `shape`, `[h, w]`.
    pub fn new(k: usize, shape: [usize; 2]) -> Self {
        Self { patches: vec![Vec::new(); k], counts: vec![0; k], shape, watched: Vec::new() }
    }

    /// Takes in a picture of the data: the code of each cell and the distance to it, both `[q * h * w]`.
    /// Codes that are not there are ignored; a piece whose distance is no number is only counted.
    pub fn add_image(&mut self, image: usize, codes: &[u32], distances: &[f32]) {
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

    /// How many cells of each watched picture have a code.
    pub fn uses(&self, code: usize) -> Vec<usize> {
        let has = |map: &Vec<u32>| map.iter().filter(|&&used| used as usize == code).count();
        self.watched.iter().map(has).collect()
    }
}
