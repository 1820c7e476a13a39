//! Walking the codes of chosen cells to the codes that lie nearest.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::CodebookView;
use crate::array::Array;
use crate::session::codebook::{CodeMap, Codebook};

/// How many neighbours a cell can be walked to.
const CANDIDATES: usize = 9;

impl CodebookView {
    /// Brings the walk of the chosen cells up to date with the map, and tells how far the first of them has come: 0 at
    /// the code that was there. Nothing where no cell is chosen.
    pub(in crate::ui) fn walk_origins(
        &mut self,
        map: &CodeMap,
        codebook: &Codebook,
    ) -> Option<usize> {
        let first = self.cell?;
        let cells: Vec<usize> = match self.canvas.selection {
            None => vec![first],
            Some(area) => (0..map.grids.max(1))
                .flat_map(|grid| area.places().map(move |place| (grid, place)))
                .filter_map(|(grid, place)| map.cell(grid, place))
                .collect(),
        };
        let lead = if cells.contains(&first) { first } else { *cells.first()? };
        let now = map.code(lead)?;
        let is_same = self.walk.is_of(lead, &cells, codebook);
        let rank = self.walk.candidates.iter().position(|&(code, _)| code == now);
        if is_same && rank.is_some() {
            return rank;
        }
        // Somewhere else, or changed by other means: from here on.
        let origins = cells.iter().filter_map(|&cell| Some((cell, map.code(cell)?)));
        self.walk = Walk {
            codes: Some(Arc::clone(&codebook.codes)),
            lead,
            origins: origins.collect(),
            candidates: candidates(codebook, now),
        };
        Some(0)
    }

    /// The code that the chosen cell had when its walk began, and the nearest to it with their distances.
    pub(in crate::ui) fn candidates(&self) -> Vec<(usize, f32)> {
        self.walk.candidates.clone()
    }

    /// The chosen cells, each with the code that lies as many steps from its own.
    pub(in crate::ui) fn walked(&self, codebook: &Codebook, rank: usize) -> Vec<(usize, u32)> {
        let mut known: BTreeMap<usize, usize> = BTreeMap::new();
        let mut code_of = |origin: usize| {
            *known.entry(origin).or_insert_with(|| {
                candidates(codebook, origin).get(rank).map_or(origin, |&(code, _)| code)
            })
        };
        self.walk.origins.iter().map(|&(cell, origin)| (cell, code_of(origin) as u32)).collect()
    }
}

/// A code and its nearest ones, itself first.
fn candidates(codebook: &Codebook, code: usize) -> Vec<(usize, f32)> {
    let near = codebook.neighbours(code, CANDIDATES).into_iter();
    std::iter::once((code, 0.0)).chain(near.map(|near| (near.code, near.distance))).collect()
}

/// Cells on their way through the neighbours of the codes that they had.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// The codebook that it is a walk in.
    codes: Option<Arc<Array>>,
    /// The cell whose neighbours are shown.
    lead: usize,
    /// All cells with their codes when it began.
    origins: Vec<(usize, usize)>,
    /// The code that the leading cell had, and the nearest to it.
    candidates: Vec<(usize, f32)>,
}

impl Walk {
    fn is_of(&self, lead: usize, cells: &[usize], codebook: &Codebook) -> bool {
        let same_codes =
            self.codes.as_ref().is_some_and(|codes| Arc::ptr_eq(codes, &codebook.codes));
        same_codes && self.lead == lead && self.origins.iter().map(|(cell, _)| cell).eq(cells)
    }
}
