//! How the latents of a model with a codebook and its codes stand for each other, whichever quantizer it has.

use std::sync::Arc;

use super::{Bound, Levels, Projection, codes_of_latent, draw_codes, latent_of_codes, near_ties};
use crate::array::Array;
use crate::language::tr_later;

/// What a code is, and how several of them make one vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CodeLayout {
    /// The vector itself.
    #[default]
    Whole,
    /// The same, but all codes are one map of vectors that never move.
    Mapped,
    /// The vector itself, but a projection of latents chooses it, not the distance from them.
    Projected(Arc<Projection>),
    /// A point of a grid, whose vectors are bounded to it.
    Levels(Levels),
    /// One part of the vector each, for every head.
    Heads {
        /// How many parts the vector has.
        heads: usize,
        /// Whether all heads choose from the same codes, or each from codes of its own.
        shared: bool,
    },
    /// One summand of the vector each, every one from codes of its own.
    Residual {
        /// How many summands there are.
        quantizers: usize,
    },
}

impl CodeLayout {
    /// The codes of one cell.
    pub fn per_cell(&self) -> usize {
        match self {
            Self::Whole | Self::Mapped | Self::Projected(_) | Self::Levels(_) => 1,
            Self::Heads { heads, .. } => *heads,
            Self::Residual { quantizers } => *quantizers,
        }
    }

    /// The codebooks that lie in the rows of all codes, one after the other.
    pub fn parts(&self) -> usize {
        match self {
            Self::Heads { shared: true, .. } => 1,
            _ => self.per_cell(),
        }
    }

    /// What the codes of one cell are told apart by, for a person.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Heads { .. } => tr_later!("head"),
            _ => tr_later!("quantizer"),
        }
    }

    /// Why no single code can be moved or kept from moving; nothing where it can.
    pub fn why_fixed(&self) -> Option<&'static str> {
        match self {
            Self::Levels(_) => Some(
                "The codes of finite scalar quantization are a fixed grid: none can be moved, and none needs to be.",
            ),
            Self::Mapped => Some(
                "SimVQ moves all codes at once by one linear map: no single code can be moved or kept.",
            ),
            Self::Projected(_) => Some(
                "A projection chooses the codes, wherever they are: none is chosen more often for being moved.",
            ),
            _ => None,
        }
    }
}

/// A codebook with what its codes mean. Codes are counted over all rows: those of a second quantizer go on after
/// those of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeSpace {
    /// All codes, `[parts * k, d]`.
    pub codebook: Arc<Array>,
    /// What they are.
    pub layout: CodeLayout,
}

impl From<Arc<Array>> for CodeSpace {
    /// Codes that are vectors.
    fn from(codebook: Arc<Array>) -> Self {
        Self { codebook, layout: CodeLayout::Whole }
    }
}

impl CodeSpace {
    /// The values of one cell of a latent.
    pub fn vector_len(&self) -> usize {
        let d = self.codebook.row_len().max(1);
        if let CodeLayout::Heads { heads, .. } = self.layout { heads * d } else { d }
    }

    /// The codes of one codebook, k.
    pub fn part_len(&self) -> usize {
        self.codebook.num_rows() / self.layout.parts()
    }

    /// Which of the codebooks a code is in.
    pub fn part_of(&self, code: usize) -> usize {
        (code / self.part_len().max(1)).min(self.layout.parts() - 1)
    }

    /// The codes that the `slot`th code of a cell is one of.
    pub fn range(&self, slot: usize) -> std::ops::Range<usize> {
        let part = if self.layout.parts() == 1 { 0 } else { slot };
        part * self.part_len()..(part + 1) * self.part_len()
    }

    /// The codes that the `slot`th code of a cell is one of, `[k, d]`.
    fn part(&self, slot: usize) -> Array {
        let range = self.range(slot);
        self.codebook.rows(range.start, range.end)
    }

    /// Codes as the indices that a model's decoder reads, each counted in its own codebook.
    pub fn indices(&self, codes: &[u32]) -> Vec<f32> {
        codes.iter().map(|&code| (code as usize % self.part_len().max(1)) as f32).collect()
    }

    /// Indices that a model's encoder gave for one image, `[q * cells]`, as codes.
    pub fn codes(&self, indices: &[f32]) -> Vec<u32> {
        let cells = indices.len() / self.layout.per_cell();
        let code = |(place, &index): (usize, &f32)| {
            let range = self.range(place / cells.max(1));
            (range.start + index as usize).min(range.end.saturating_sub(1)) as u32
        };
        indices.iter().enumerate().map(code).collect()
    }

    /// The codes that are chosen for one latent, those nearest to it but for projections, `[q * cells]`: all cells of the first quantizer, then of the next.
    ///
    /// # Shapes
    /// - `latent`: flat `[d, cells]`
    pub fn codes_of_latent(&self, latent: &[f32]) -> Vec<u32> {
        let bounded = match &self.layout {
            CodeLayout::Projected(projection) => return projection.codes(latent),
            CodeLayout::Levels(levels) => on_planes(levels, latent, Bound::bounded),
            _ => latent.to_vec(),
        };
        let of_slot = |slot| self.nearest_in(slot, &self.target(&bounded, slot));
        (0..self.layout.per_cell()).flat_map(of_slot).collect()
    }

    fn nearest_in(&self, slot: usize, planes: &[f32]) -> Vec<u32> {
        let first = self.range(slot).start as u32;
        codes_of_latent(&self.part(slot), planes).into_iter().map(|code| first + code).collect()
    }

    /// How many choices among codes rounding decides; see [`near_ties`].
    ///
    /// # Shapes
    /// - `vectors`: `[b, d, ..]` as they are compared with codes, bounded where they are
    pub fn near_ties(&self, vectors: &Array) -> u64 {
        if let CodeLayout::Projected(projection) = &self.layout {
            return projection.near_ties(vectors);
        }
        let of_slot = |slot: usize| {
            let rows = (0..vectors.num_rows()).map(|item| self.target(vectors.row(item), slot));
            let data: Vec<f32> = rows.flatten().collect();
            let shape = [vectors.num_rows(), data.len() / vectors.num_rows().max(1)];
            Array::new(shape, data).map_or(0, |targets| near_ties(&targets, &self.part(slot)))
        };
        (0..self.layout.per_cell()).map(of_slot).sum()
    }

    /// What the `slot`th codes are chosen for, flat `[d, cells]`, of vectors as they are compared with codes.
    fn target(&self, vectors: &[f32], slot: usize) -> Vec<f32> {
        match &self.layout {
            CodeLayout::Whole
            | CodeLayout::Mapped
            | CodeLayout::Projected(_)
            | CodeLayout::Levels(_) => vectors.to_vec(),
            CodeLayout::Heads { heads, .. } => {
                let len = vectors.len() / heads;
                vectors[slot * len..(slot + 1) * len].to_vec()
            }
            CodeLayout::Residual { .. } => {
                let mut rest = vectors.to_vec();
                for earlier in 0..slot {
                    let chosen = self.nearest_in(earlier, &rest);
                    let codes = latent_of_codes(&self.codebook, &chosen);
                    rest.iter_mut().zip(codes).for_each(|(rest, value)| *rest -= value);
                }
                rest
            }
        }
    }

    /// A latent that these codes are chosen for, flat `[d, cells]`; exactly their vectors, but for codes that latents
    /// are bounded to or projected on.
    ///
    /// # Shapes
    /// - `codes`: `[q * cells]`, as [`CodeSpace::codes_of_latent`] gives them
    pub fn latent_of_codes(&self, codes: &[u32]) -> Vec<f32> {
        let cells = codes.len() / self.layout.per_cell();
        let slots = codes.chunks_exact(cells.max(1));
        match &self.layout {
            CodeLayout::Whole | CodeLayout::Mapped => latent_of_codes(&self.codebook, codes),
            CodeLayout::Projected(projection) => projection.latent(codes),
            CodeLayout::Levels(levels) => {
                let vectors = latent_of_codes(&self.codebook, codes);
                on_planes(levels, &vectors, Bound::unbounded)
            }
            CodeLayout::Heads { .. } => {
                slots.flat_map(|codes| latent_of_codes(&self.codebook, codes)).collect()
            }
            CodeLayout::Residual { .. } => {
                let mut latent = vec![0.0; self.vector_len() * cells];
                for codes in slots {
                    let vectors = latent_of_codes(&self.codebook, codes);
                    latent.iter_mut().zip(vectors).for_each(|(sum, value)| *sum += value);
                }
                latent
            }
        }
    }

    /// Codes for `cells` cells, `[q * cells]`, each drawn for itself by its share among those it is one of.
    ///
    /// # Shapes
    /// - `shares`: of all codes, `[parts * k]`
    pub fn draw(&self, shares: &[f32], cells: usize, seed: u64, index: u64) -> Vec<u32> {
        let slots = self.layout.per_cell();
        if self.layout.parts() == 1 {
            return draw_codes(shares, slots * cells, seed, index);
        }
        let of_slot = |slot: usize| {
            let range = self.range(slot);
            let first = range.start as u32;
            let shares = shares.get(range).unwrap_or_default();
            let drawn = draw_codes(shares, cells, seed, index * slots as u64 + slot as u64);
            drawn.into_iter().map(move |code| first + code)
        };
        (0..slots).flat_map(of_slot).collect()
    }

    /// The codes of a cell, `[q]`, that show one code as much alone as can be: heads with the same codes all have
    /// it, other codebooks their code that is nearest to nothing.
    pub fn alone(&self, code: usize) -> Vec<u32> {
        let shortest = |slot: usize| {
            let length = |code: &usize| -> f32 {
                self.codebook.row(*code).iter().map(|value| value * value).sum()
            };
            self.range(slot).min_by(|a, b| length(a).total_cmp(&length(b))).unwrap_or(0)
        };
        let of_slot = |slot| if self.range(slot).contains(&code) { code } else { shortest(slot) };
        (0..self.layout.per_cell()).map(|slot| of_slot(slot) as u32).collect()
    }

    /// The vector that a place of [`CodeSpace::codes_of_latent`] was chosen for: what its code would have to be to
    /// stand for it exactly. Nothing where there is no such place.
    ///
    /// # Shapes
    /// - `latent`: flat `[d, cells]`
    pub fn vector_at(&self, latent: &[f32], place: usize) -> Option<Vec<f32>> {
        let cells = latent.len() / self.vector_len();
        let slot = place / cells.max(1);
        (slot < self.layout.per_cell()).then(|| {
            self.target(latent, slot)[place % cells..].iter().step_by(cells).copied().collect()
        })
    }
}

/// A function of every value of a latent, `[d, cells]`, by the bound of its plane.
fn on_planes(levels: &Levels, latent: &[f32], change: fn(&Bound, f32) -> f32) -> Vec<f32> {
    let bounds = levels.bounds();
    let cells = (latent.len() / bounds.len().max(1)).max(1);
    let value = |(place, value): (usize, &f32)| {
        bounds.get(place / cells).map_or(*value, |bound| change(bound, *value))
    };
    latent.iter().enumerate().map(value).collect()
}
