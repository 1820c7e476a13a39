//! Where a person stands in latent space: the vector, the pad with its corners, and the way back.

mod places;
mod seeds;
mod standing;
mod text;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use places::Place;
pub use seeds::SeedPlane;
use serde::{Deserialize, Serialize};
pub use standing::Standing;
pub use text::PasteError;

use crate::latent::{CodeSpace, Mixing, Plane, latent_from_pad};
use crate::random::{Purpose, normals};

/// How many latent edits can be undone.
const UNDO_LIMIT: usize = 200;

/// One step of a walk is this share of the way from one draw of codes to another.
const WALK_SHARE: f32 = 0.25;

/// A dimension with less KL than this says next to nothing about the image.
pub const DEAD_NATS: f32 = 0.01;

/// Where a corner of the pad comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CornerSource {
    /// The mean latent of a watched image; follows the encoder while it learns.
    Image(usize),
    /// A draw from the prior.
    Draw(u64),
    /// A point that stays where it was put.
    Point,
}

/// One corner of the pad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corner {
    /// Where it comes from.
    pub source: CornerSource,
    /// Its latent, `[d]`.
    pub latent: Vec<f32>,
}

/// Where a draw comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Prior {
    /// The standard normal distribution of the latent.
    #[default]
    Normal,
    /// A code for each cell of a grid, each drawn for itself by its use.
    Codes {
        /// The codes and what they mean.
        space: CodeSpace,
        /// How often each is used, `[k]`, of any sum.
        shares: Arc<[f32]>,
    },
}

/// The state of exploration. Holds no picture: those are made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explore {
    latent: Vec<f32>,
    kl: Vec<f32>,
    order: Vec<usize>,
    corners: [Corner; 4],
    pad: Option<[f32; 2]>,
    mixing: Mixing,
    plane: Plane,
    plane_dims: Option<[usize; 2]>,
    frozen: bool,
    undo: VecDeque<Place>,
    redo: Vec<Place>,
    next_seed: u64,
    prior: Prior,
    /// How far from the middle of the prior draws lie, as a share of what it says.
    temperature: f32,
    /// Where the pad lies on the plane of seeds, where it is a piece of that.
    seeds: Option<SeedPlane>,
    /// Codes that a person has put into cells of the picture.
    cells: BTreeMap<usize, u32>,
    /// Whether nobody has moved or chosen anything.
    is_untouched: bool,
}

/// Where a person begins on the pad: in the middle between four images there is no image, in most spaces.
const START: [f32; 2] = [0.2, 0.2];

impl Explore {
    /// The origin of a latent space of `d` dimensions, with four draws as corners.
    pub fn new(d: usize) -> Self {
        let corners = std::array::from_fn(|index| {
            let seed = index as u64;
            Corner { source: CornerSource::Draw(seed), latent: draw(seed, d) }
        });
        Self {
            latent: vec![0.0; d],
            kl: vec![f32::NAN; d],
            order: (0..d).collect(),
            corners,
            pad: None,
            mixing: Mixing::default(),
            plane: Plane::of_dims(vec![0.0; d], 0, 1),
            plane_dims: Some([0, usize::from(d > 1)]),
            frozen: false,
            undo: VecDeque::new(),
            redo: Vec::new(),
            next_seed: 4,
            prior: Prior::Normal,
            temperature: 1.0,
            seeds: None,
            cells: BTreeMap::new(),
            is_untouched: true,
        }
    }

    /// The latents of a codebook's grids: `cells` vectors. Corners are draws of codes, ways
    /// between them straight, and walks go along random directions, as no dimension means anything alone.
    pub fn with_codes(cells: usize, space: impl Into<CodeSpace>, shares: Arc<[f32]>) -> Self {
        let space = space.into();
        let mut explore = Self::new(cells * space.vector_len());
        explore.prior = Prior::Codes { space, shares };
        explore.mixing = Mixing::Lerp;
        for index in 0..explore.corners.len() {
            explore.set_corner(index, CornerSource::Draw(index as u64), &[]);
        }
        explore.set_pad([0.5, 0.5]);
        explore.walk_random();
        explore.is_untouched = true;
        explore
    }

    /// Takes the newest codes; what was drawn from older ones stays where it is.
    pub fn set_codes(&mut self, newer: impl Into<CodeSpace>, shares: Arc<[f32]>) {
        let newer = newer.into();
        if let Prior::Codes { space, .. } = &self.prior
            && space.codebook.shape() == newer.codebook.shape()
            && space.layout == newer.layout
        {
            self.prior = Prior::Codes { space: newer, shares };
        }
    }

    /// A draw from the prior: the one that `seed:N` names on the command line, where the temperature is 1.
    pub fn draw(&self, seed: u64) -> Vec<f32> {
        let d = self.latent.len();
        match &self.prior {
            Prior::Normal => {
                draw(seed, d).into_iter().map(|value| value * self.temperature).collect()
            }
            Prior::Codes { space, shares } => {
                let cells = d / space.vector_len();
                let shares = seeds::sharpened(shares, self.temperature);
                space.latent_of_codes(&space.draw(&shares, cells, seed, 0))
            }
        }
    }

    /// The point that is looked at, `[d]`.
    pub fn latent(&self) -> &[f32] {
        &self.latent
    }

    /// KL of each dimension in nats; NaN where it is not known.
    pub fn kl(&self) -> &[f32] {
        &self.kl
    }

    /// All dimensions, the one that says most about the image first.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The four corners: top left, top right, bottom left, bottom right.
    pub fn corners(&self) -> &[Corner; 4] {
        &self.corners
    }

    /// Where on the pad the point lies, both in `[0, 1]`, right and down; nothing once it has left the pad.
    pub fn pad(&self) -> Option<[f32; 2]> {
        self.pad
    }

    /// How the corners are mixed.
    pub fn mixing(&self) -> Mixing {
        self.mixing
    }

    /// The dimensions that dragging on the picture moves, or nothing when it moves along random directions.
    pub fn plane_dims(&self) -> Option<[usize; 2]> {
        self.plane_dims
    }

    /// Whether the picture keeps the weights that it has.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Whether there is an edit to undo.
    pub fn can_undo(&self) -> bool {
        self.undo.iter().any(|place| self.is_elsewhere(place))
    }

    /// Whether there is an edit to do again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// Marks the state before an edit: what [`Explore::undo`] goes back to.
    pub fn begin_edit(&mut self) {
        self.is_untouched = false;
        if self.undo.back().is_none_or(|place| self.is_elsewhere(place)) {
            self.undo.push_back(self.place());
            if self.undo.len() > UNDO_LIMIT {
                self.undo.pop_front();
            }
        }
        self.redo.clear();
    }

    /// Goes back one edit.
    pub fn undo(&mut self) {
        while let Some(place) = self.undo.pop_back() {
            if self.is_elsewhere(&place) {
                self.redo.push(self.place());
                self.go_to(place);
                return;
            }
        }
    }

    /// Goes forward again.
    pub fn redo(&mut self) {
        if let Some(place) = self.redo.pop() {
            self.undo.push_back(self.place());
            self.go_to(place);
        }
    }

    fn is_elsewhere(&self, place: &Place) -> bool {
        place.latent != self.latent || place.cells != self.cells
    }

    /// Goes to a place that was left before: onto the pad only where its corners still mix to the same point.
    fn go_to(&mut self, place: Place) {
        self.pad = place.pad.filter(|at| self.latent_at_pad(*at) == place.latent);
        self.latent = place.latent;
        self.cells = place.cells;
    }

    /// The codes of the picture, `[cells]`: those nearest to the point, and those that a person put instead; where
    /// several quantizers or heads have a code in each cell, all cells of one before those of the next. Nothing for latents without a codebook. Costs a look at all codes for each cell.
    pub fn codes(&self) -> Option<Vec<u32>> {
        self.codes_at(&self.latent, &self.cells)
    }

    fn codes_at(&self, latent: &[f32], cells: &BTreeMap<usize, u32>) -> Option<Vec<u32>> {
        let Prior::Codes { space, .. } = &self.prior else { return None };
        let mut codes = space.codes_of_latent(latent);
        for (&cell, &code) in cells {
            if let Some(slot) = codes.get_mut(cell) {
                *slot = code;
            }
        }
        Some(codes)
    }

    /// The codes of the picture as the indices that a decoder reads.
    pub fn indices(&self) -> Option<Vec<f32>> {
        let Prior::Codes { space, .. } = &self.prior else { return None };
        self.codes().map(|codes| space.indices(&codes))
    }

    /// The vector that a cell's code was chosen for, and that a code can be put onto.
    pub fn vector_of_cell(&self, cell: usize) -> Option<Vec<f32>> {
        let Prior::Codes { space, .. } = &self.prior else { return None };
        space.vector_at(&self.latent, cell)
    }

    /// The codes that a person has put into cells; moving the point takes them away.
    pub fn edited_cells(&self) -> &BTreeMap<usize, u32> {
        &self.cells
    }

    /// Puts another code into a cell of the picture; ignored where there is no such cell or code, or the code is
    /// that of another quantizer.
    pub fn set_cell(&mut self, cell: usize, code: u32) {
        if self.takes(cell, code) {
            self.begin_edit();
            self.cells.insert(cell, code);
        }
    }

    /// Puts codes into cells of the picture, and tells how many were ignored: cells that are not there, and codes that
    /// are not there or those of another quantizer. A stroke of many is one edit, which [`Explore::begin_edit`] marks.
    pub fn paint(&mut self, cells: &[(usize, u32)]) -> usize {
        let before = cells.len();
        let taken: Vec<(usize, u32)> =
            cells.iter().copied().filter(|&(cell, code)| self.takes(cell, code)).collect();
        let ignored = before - taken.len();
        self.is_untouched &= taken.is_empty();
        self.cells.extend(taken);
        ignored
    }

    /// Whether a cell is there and the code is one that it can have.
    fn takes(&self, cell: usize, code: u32) -> bool {
        let Prior::Codes { space, .. } = &self.prior else { return false };
        let cells = self.latent.len() / space.vector_len();
        let slot = cell / cells.max(1);
        slot < space.layout.per_cell() && space.range(slot).contains(&(code as usize))
    }

    /// The codes of a draw from the prior, as [`Explore::codes`] gives those of the picture; nothing for latents
    /// without a codebook.
    pub fn draw_codes(&self, seed: u64) -> Option<Vec<u32>> {
        let Prior::Codes { space, shares } = &self.prior else { return None };
        let shares = seeds::sharpened(shares, self.temperature);
        Some(space.draw(&shares, self.latent.len() / space.vector_len(), seed, 0))
    }

    /// The codes that are chosen for the point, without those that a person put; nothing for latents without a
    /// codebook.
    pub fn chosen_codes(&self) -> Option<Vec<u32>> {
        let Prior::Codes { space, .. } = &self.prior else { return None };
        Some(space.codes_of_latent(&self.latent))
    }

    /// Gives every cell the code nearest to the point again.
    pub fn reset_cells(&mut self) {
        if !self.cells.is_empty() {
            self.begin_edit();
            self.cells.clear();
        }
    }

    /// Moves one dimension. Values that are not numbers and dimensions that are not there are ignored.
    pub fn set_dim(&mut self, dim: usize, value: f32) {
        if let Some(slot) = self.latent.get_mut(dim).filter(|_| value.is_finite()) {
            *slot = value;
            self.cells.clear();
            self.pad = None;
            self.is_untouched = false;
        }
    }

    /// Moves the whole point; ignored unless it has `d` finite values.
    pub fn set_latent(&mut self, latent: &[f32]) {
        if self.is_point(latent) {
            self.latent.copy_from_slice(latent);
            self.cells.clear();
            self.pad = None;
            self.is_untouched = false;
        }
    }

    /// Moves to a place on the pad, clamped to it.
    pub fn set_pad(&mut self, at: [f32; 2]) {
        self.cells.clear();
        self.go_to_pad(at);
    }

    fn go_to_pad(&mut self, at: [f32; 2]) {
        let [u, v] = at.map(|value| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.5 });
        let latent = self.latent_at_pad([u, v]);
        if self.is_point(&latent) {
            self.latent = latent;
            self.pad = Some([u, v]);
            self.is_untouched = false;
            self.follow_seeds([u, v]);
        }
    }

    /// The latent of a place on the pad.
    pub fn latent_at_pad(&self, [u, v]: [f32; 2]) -> Vec<f32> {
        latent_from_pad(self.corner_slices(), self.mixing, u, v)
    }

    /// The four corners' latents.
    pub fn corner_slices(&self) -> [&[f32]; 4] {
        std::array::from_fn(|index| self.corners[index].latent.as_slice())
    }

    /// Chooses how the corners are mixed.
    pub fn set_mixing(&mut self, mixing: Mixing) {
        self.mixing = mixing;
        self.follow_pad();
    }

    /// Puts a corner somewhere; `image` latents come from the watched batch.
    pub fn set_corner(&mut self, index: usize, source: CornerSource, image_latents: &[Vec<f32>]) {
        let latent = match &source {
            CornerSource::Image(image) => image_latents.get(*image).cloned(),
            CornerSource::Draw(seed) => Some(self.draw(*seed)),
            CornerSource::Point => Some(self.latent.clone()),
        };
        let fits = latent.filter(|latent| self.is_point(latent));
        if let (Some(corner), Some(latent)) = (self.corners.get_mut(index), fits) {
            *corner = Corner { source, latent };
            self.is_untouched = false;
            // Corners of one's own are no piece of the plane of seeds.
            self.seeds = None;
            self.follow_pad();
        }
    }

    /// Puts a corner onto a latent, where it stays; ignored where that is none of this latent space.
    pub fn put_corner(&mut self, index: usize, latent: Vec<f32>) {
        if !self.is_point(&latent) {
            return;
        }
        if let Some(corner) = self.corners.get_mut(index) {
            *corner = Corner { source: CornerSource::Point, latent };
            self.is_untouched = false;
            self.seeds = None;
            self.follow_pad();
        }
    }

    /// Draws a corner afresh.
    pub fn redraw_corner(&mut self, index: usize) {
        self.next_seed += 1;
        self.set_corner(index, CornerSource::Draw(self.next_seed), &[]);
    }

    /// Jumps to a fresh draw from the prior.
    pub fn jump_to_draw(&mut self) {
        self.next_seed += 1;
        self.begin_edit();
        self.latent = self.draw(self.next_seed);
        self.cells.clear();
        self.pad = None;
    }

    /// Takes the newest latents of the watched images: corners that are images follow, and where nobody has
    /// touched anything yet, the first four images become the corners and a place near to the first the point.
    /// Tells whether anything moved.
    pub fn follow_images(&mut self, image_latents: &[Vec<f32>]) -> bool {
        if self.is_untouched && image_latents.len() >= self.corners.len() {
            for index in 0..self.corners.len() {
                self.set_corner(index, CornerSource::Image(index), image_latents);
            }
            self.set_pad(START);
            self.is_untouched = false;
            return true;
        }
        let before = self.corners.clone();
        for index in 0..self.corners.len() {
            if let source @ CornerSource::Image(_) = self.corners[index].source.clone() {
                self.set_corner(index, source, image_latents);
            }
        }
        before != self.corners
    }

    /// Takes new KL values. The order of the sliders changes only when `reorder` says so, so that none
    /// moves away under a hand.
    pub fn set_kl(&mut self, kl: &[f32], reorder: bool) {
        if kl.len() != self.kl.len() {
            return;
        }
        self.kl.copy_from_slice(kl);
        if reorder {
            let weight = |dim: usize| if self.kl[dim].is_nan() { 0.0 } else { self.kl[dim] };
            self.order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
        }
    }

    /// Keeps the weights of the picture, or follows the newest again.
    pub fn set_frozen(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Begins a walk on the picture: from here along the two dimensions that say most, or along two random
    /// directions.
    pub fn begin_walk(&mut self) {
        self.begin_edit();
        if let Some([dim_u, dim_v]) = self.plane_dims {
            // A space of one dimension has no second to move along: one that it lacks stays where it is.
            let dim_v = if dim_v == dim_u { self.latent.len() } else { dim_v };
            self.plane = Plane::of_dims(self.latent.clone(), dim_u, dim_v);
        } else {
            self.plane.origin.clone_from(&self.latent);
        }
    }

    /// Moves on the walk, in steps from where it began, right and down.
    pub fn walk(&mut self, right: f32, down: f32) {
        let latent = self.plane.latent_from_plane(right, down);
        if self.is_point(&latent) {
            self.latent = latent;
            self.cells.clear();
            self.pad = None;
        }
    }

    /// Lets walks move along the two dimensions that say most.
    pub fn walk_dims(&mut self) {
        let first = self.order.first().copied().unwrap_or(0);
        let second = self.order.get(1).copied().unwrap_or(first);
        self.plane_dims = Some([first, second]);
    }

    /// Lets walks move along two random directions.
    pub fn walk_random(&mut self) {
        self.next_seed += 1;
        self.plane_dims = None;
        self.plane = match &self.prior {
            Prior::Normal => Plane::random(self.latent.clone(), self.next_seed, 0),
            Prior::Codes { .. } => {
                // From one draw towards another: the width of the picture is about the whole way.
                let way = |seed| -> Vec<f32> {
                    let (from, to) = (self.draw(seed), self.draw(!seed));
                    from.iter().zip(to).map(|(from, to)| (to - from) * WALK_SHARE).collect()
                };
                Plane {
                    axis_u: way(2 * self.next_seed),
                    axis_v: way(2 * self.next_seed + 1),
                    origin: self.latent.clone(),
                }
            }
        };
    }

    /// Keeps the point where the hand left it on the pad, now that the corners changed.
    fn follow_pad(&mut self) {
        if let Some(at) = self.pad {
            self.go_to_pad(at);
        }
    }

    /// Whether a vector is a place in this latent space.
    fn is_point(&self, latent: &[f32]) -> bool {
        latent.len() == self.latent.len() && latent.iter().all(|value| value.is_finite())
    }
}

fn draw(seed: u64, d: usize) -> Vec<f32> {
    normals(seed, 0, Purpose::Sample, d)
}
