//! What the codebook's panels remember: what is chosen, and numbers that are kept until they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::ColorImage;

use super::heatmap::{self, Heat, HeatGrid};
use super::scatter::{self, Dot, Seen};
use crate::array::Array;
use crate::latent::PrincipalPlane;
use crate::metrics::code_use::{CodeState, perplexity};
use crate::session::canvas::Canvas;
use crate::session::codebook::{
    ChangesOrder, CodeMap, Codebook, Direction, Neighbour, Pair, Pairing, Survey, Usage,
};

/// How many neighbours of a code are shown.
pub(super) const NEIGHBOURS: usize = 8;
/// How many neighbours a cell can be walked to.
const CANDIDATES: usize = 9;

/// Which uses are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Those of the last batch.
    Batch,
    /// Those of the rolling window, or of the evaluation of a model without a history.
    #[default]
    Window,
}

/// How the codes are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By number.
    #[default]
    Index,
    /// The most used first.
    Use,
    /// The longest first.
    Norm,
    /// Those that are alike near each other.
    Similarity,
    /// Not in cells: where they lie on the plane of their two first principal components.
    Plane,
}

/// How the tiles of the palette are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaletteOrder {
    /// Each near the one before, by the distance of their vectors.
    #[default]
    Similarity,
    /// The most used first.
    Use,
    /// By number.
    Number,
    /// The darkest first.
    Brightness,
}

impl PaletteOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Similarity, Self::Use, Self::Number, Self::Brightness];
}

/// What the codebook's panels remember.
#[derive(Clone, Debug)]
pub struct CodebookView {
    /// The code in the inspector, which is shown where there is one.
    pub selected: Option<usize>,
    /// Where the keyboard is in the heatmap: a code.
    pub cursor: usize,
    /// The cell of the code map that a person is about to change.
    pub cell: Option<usize>,
    /// Which uses the heatmap tells.
    pub clock: Clock,
    /// How the codes are laid out.
    pub order: Order,
    /// Whether its brightness follows the logarithm of use.
    pub log: bool,
    /// What a person paints with on the code map.
    pub canvas: Canvas,
    /// How the palette is sorted.
    pub palette_order: PaletteOrder,
    /// The side of a tile of the palette, in points.
    pub palette_side: f32,
    /// How codes are matched with those of another codebook.
    pub pairing: Pairing,
    /// How codes beside their counterparts are sorted.
    pub changes_order: ChangesOrder,
    /// The path of another codebook that is typed.
    pub changes_path: String,
    /// The path that is typed to save what the codebook's views show.
    pub export_path: String,
    /// The code under the pointer, wherever it is shown, as of the last frame.
    hovered: Option<usize>,
    next_hovered: Option<usize>,
    /// Whether the pointer is over the heatmap, whose cells then stay where they are.
    pub(super) is_held: bool,
    pub(super) grid: HeatGrid,
    /// What is seen of the plane of codes, where they lie on it.
    pub(super) seen: Option<Seen>,
    pub(super) overview: Overview,
    /// The codes in the order of the palette, as of the last frame.
    pub(super) palette_places: Vec<usize>,
    /// Whether the pointer is over the palette, whose tiles then stay where they are.
    pub(super) palette_is_held: bool,
    drawn: Option<Drawn>,
    details: Option<Details>,
    beside: Option<BesideCode>,
    walk: Walk,
}

impl Default for CodebookView {
    fn default() -> Self {
        Self {
            selected: None,
            cursor: 0,
            cell: None,
            clock: Clock::default(),
            order: Order::default(),
            log: true,
            canvas: Canvas::default(),
            palette_order: PaletteOrder::default(),
            palette_side: 28.0,
            pairing: Pairing::default(),
            changes_order: ChangesOrder::default(),
            changes_path: String::new(),
            export_path: String::new(),
            hovered: None,
            next_hovered: None,
            is_held: false,
            grid: HeatGrid::default(),
            seen: None,
            overview: Overview::default(),
            drawn: None,
            palette_places: Vec::new(),
            palette_is_held: false,
            details: None,
            beside: None,
            walk: Walk::default(),
        }
    }
}

impl CodebookView {
    /// Puts a code into the inspector, or closes it.
    pub fn select(&mut self, code: Option<usize>) {
        self.selected = code;
        self.cursor = code.unwrap_or(self.cursor);
    }

    /// The code under the pointer, wherever it is shown.
    pub fn hovered(&self) -> Option<usize> {
        self.hovered
    }

    /// The pointer is over a code.
    pub(super) fn hover(&mut self, code: usize) {
        self.next_hovered = Some(code);
    }

    /// How the heatmap's cells lie, as of the last frame.
    pub fn grid(&self) -> HeatGrid {
        self.grid
    }

    /// What is seen of the plane of codes, as of the last frame; nothing where the heatmap is.
    pub fn seen(&self) -> Option<Seen> {
        self.seen
    }

    /// The plane that codes are to be laid out on, if they are and it is known.
    pub(super) fn plane(&self, codebook: &Codebook) -> Option<Arc<PrincipalPlane>> {
        let known = codebook.plane.as_ref().filter(|_| self.order == Order::Plane);
        known.filter(|plane| plane.places.len() == codebook.size()).map(Arc::clone)
    }

    /// The codes in the order of the palette, as of the last frame.
    pub fn palette_places(&self) -> &[usize] {
        &self.palette_places
    }

    /// The codes in the order of the heatmap's places, as of the last frame.
    pub fn places(&self) -> &[usize] {
        &self.overview.order
    }

    /// Brings all numbers up to date before a frame is drawn. What is chosen of a codebook that is not there
    /// any more is let go.
    pub(super) fn begin_frame(&mut self, codebook: Option<&Codebook>, map: Option<&CodeMap>) {
        let cells = map.map_or(0, |map| map.codes.len());
        let k = codebook.map_or(0, Codebook::size);
        self.hovered = self.next_hovered.take().filter(|&code| code < k);
        self.selected = self.selected.filter(|&code| code < k);
        self.cursor = self.cursor.min(k.saturating_sub(1));
        self.cell = self.cell.filter(|&cell| cell < cells);
        self.canvas.fit(map, k);
        match codebook {
            Some(codebook) => {
                let is_held = std::mem::take(&mut self.is_held);
                self.overview.update(codebook, self.clock, self.order, is_held);
            }
            None => {
                let kept = std::mem::take(self);
                *self = Self {
                    clock: kept.clock,
                    order: kept.order,
                    log: kept.log,
                    canvas: kept.canvas,
                    palette_order: kept.palette_order,
                    palette_side: kept.palette_side,
                    changes_order: kept.changes_order,
                    changes_path: kept.changes_path,
                    export_path: kept.export_path,
                    ..Self::default()
                }
            }
        }
    }

    /// Whether another frame is needed to show what the pointer is over now.
    pub(super) fn has_moved(&self) -> bool {
        self.hovered != self.next_hovered
    }

    /// The picture of the heatmap or the plane, if it is not the one that was taken last: to be shown in a texture
    /// with nearest sampling, a pixel of it a pixel of the screen. Call it after the frame was laid out, in the
    /// same frame, so that picture and layout are of one mind.
    pub fn take_picture(&mut self, codebook: &Codebook) -> Option<ColorImage> {
        let drawn = Drawn {
            version: self.overview.version,
            log: self.log,
            grid: self.grid,
            seen: self.seen,
            frozen: codebook.frozen.clone(),
        };
        if self.grid.cells == 0 || self.drawn.as_ref() == Some(&drawn) {
            return None;
        }
        self.drawn = Some(drawn);
        if let (Some(seen), Some(plane)) = (&self.seen, &codebook.plane) {
            let dot = |code| {
                let (state, brightness) = self.overview.look(code, self.log);
                Dot { state, brightness, is_frozen: codebook.is_frozen(code) }
            };
            return Some(scatter::image(&plane.places, seen, dot));
        }
        let heat = Heat {
            order: &self.overview.order,
            counts: &self.overview.counts,
            states: &self.overview.states,
            norms: &self.overview.norms,
            frozen: &codebook.frozen,
            log: self.log,
        };
        Some(heatmap::image(heat, self.grid))
    }

    /// What is known of the code in the inspector.
    pub(super) fn details(&mut self, codebook: &Codebook, code: usize) -> &Details {
        Details::of(&mut self.details, codebook, code)
    }

    /// What stands beside the code in the inspector, on each side; nothing where that was not counted.
    pub(super) fn beside(&mut self, codebook: &Codebook, code: usize) -> Option<&[Vec<Pair>; 4]> {
        let survey = codebook.survey.as_ref()?;
        let is_known =
            |known: &BesideCode| known.code == code && Arc::ptr_eq(&known.survey, survey);
        let known = match self.beside.take().filter(is_known) {
            Some(known) => known,
            None => BesideCode {
                code,
                survey: Arc::clone(survey),
                sides: Direction::ALL.map(|side| survey.beside.around(code, side)),
            },
        };
        Some(&self.beside.insert(known).sides)
    }

    /// Brings the walk of the chosen cells up to date with the map, and tells how far the first of them has come: 0 at
    /// the code that was there. Nothing where no cell is chosen.
    pub(super) fn walk_origins(&mut self, map: &CodeMap, codebook: &Codebook) -> Option<usize> {
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
        match rank.filter(|_| is_same) {
            Some(rank) => Some(rank),
            None => {
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
        }
    }

    /// The code that the chosen cell had when its walk began, and the nearest to it with their distances.
    pub(super) fn candidates(&self) -> Vec<(usize, f32)> {
        self.walk.candidates.clone()
    }

    /// The chosen cells, each with the code that lies as many steps from its own.
    pub(super) fn walked(&self, codebook: &Codebook, rank: usize) -> Vec<(usize, u32)> {
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
struct Walk {
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

/// What stands beside one code, kept until the survey changes.
#[derive(Clone, Debug)]
struct BesideCode {
    code: usize,
    survey: Arc<Survey>,
    sides: [Vec<Pair>; 4],
}

/// What the picture of the codes was made of.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    version: u64,
    log: bool,
    grid: HeatGrid,
    seen: Option<Seen>,
    frozen: Vec<bool>,
}

/// The numbers of a whole codebook, kept until it changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Overview {
    made_for: Option<Sources>,
    /// Whether cells stayed where they were though their order has changed.
    is_out_of_order: bool,
    /// Changes with everything below.
    version: u64,
    /// How often each code was chosen, by the clock that is looked at, `[k]`; empty where nothing was counted.
    pub counts: Vec<u64>,
    /// The sum of the counts.
    pub vectors: u64,
    /// The greatest count.
    pub most: u64,
    /// Where each code stands, over the window, `[k]`; empty where nothing was counted.
    pub states: Vec<CodeState>,
    /// The norm of each code, where nothing was counted or codes lie by their norms, `[k]`.
    pub norms: Vec<f32>,
    /// The least and the greatest of them.
    pub span: [f32; 2],
    /// The codes from the first place of the heatmap on.
    pub order: Vec<usize>,
    /// The place of each code.
    pub place: Vec<usize>,
    /// Perplexity over the window.
    pub perplexity: f64,
    /// Perplexity of the last batch, in training.
    pub batch_perplexity: Option<f64>,
}

#[derive(Clone, Debug)]
struct Sources {
    usage: Usage,
    plane: Option<Arc<PrincipalPlane>>,
    k: usize,
    clock: Clock,
    order: Order,
}

impl Sources {
    fn is_same(&self, other: &Self) -> bool {
        let same_plane = match (&self.plane, &other.plane) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        same_plane
            && self.usage.is_same(&other.usage)
            && self.lies_like(other)
            && self.clock == other.clock
    }

    /// Whether both ask for the same codes in the same kind of order.
    fn lies_like(&self, other: &Self) -> bool {
        (self.k, self.order) == (other.k, other.order)
    }
}

impl Overview {
    /// Brings the numbers up to date; with `is_held`, cells that would change places stay.
    fn update(&mut self, codebook: &Codebook, clock: Clock, order: Order, is_held: bool) {
        let sources = Sources {
            usage: codebook.usage.clone(),
            plane: codebook.plane.clone(),
            k: codebook.size(),
            clock,
            order,
        };
        let is_known = self.made_for.as_ref().is_some_and(|known| known.is_same(&sources));
        if is_known && (is_held || !self.is_out_of_order) {
            return;
        }
        let window = codebook.window_counts();
        let batch: Option<Vec<u64>> = codebook
            .batch_counts()
            .map(|counts| counts.iter().map(|&count| u64::from(count)).collect());
        self.perplexity = perplexity(window);
        self.batch_perplexity = batch.as_deref().map(perplexity);
        self.states = codebook.states();
        self.counts = match (clock, batch) {
            (Clock::Batch, Some(batch)) => batch,
            _ => window.to_vec(),
        };
        self.vectors = self.counts.iter().sum();
        self.most = self.counts.iter().copied().max().unwrap_or(0);
        let shows_norms = self.counts.is_empty() || order == Order::Norm;
        self.norms = if shows_norms { codebook.norms() } else { Vec::new() };
        self.span = heatmap::span(&self.norms);
        let stays = is_held && self.made_for.as_ref().is_some_and(|old| old.lies_like(&sources));
        self.is_out_of_order = stays;
        if !stays {
            self.lay_out(codebook, order);
        }
        self.made_for = Some(sources);
        self.version += 1;
    }

    fn lay_out(&mut self, codebook: &Codebook, order: Order) {
        let k = codebook.size();
        self.order = match &codebook.plane {
            Some(plane) if order == Order::Similarity => plane.order.clone(),
            _ => (0..k).collect(),
        };
        if order == Order::Use {
            let count = |code: usize| self.counts.get(code).copied().unwrap_or(0);
            self.order.sort_by_key(|&code| (std::cmp::Reverse(count(code)), code));
        }
        if order == Order::Norm {
            self.order.sort_by(|&a, &b| self.norms[b].total_cmp(&self.norms[a]).then(a.cmp(&b)));
        }
        self.place = vec![usize::MAX; k];
        for (place, &code) in self.order.iter().enumerate() {
            if let Some(slot) = self.place.get_mut(code) {
                *slot = place;
            }
        }
        // An order of another codebook is none.
        if self.order.len() != k || self.place.contains(&usize::MAX) {
            self.order = (0..k).collect();
            self.place = (0..k).collect();
        }
    }

    /// Where a code stands, if that is known.
    pub(super) fn state(&self, code: usize) -> Option<CodeState> {
        self.states.get(code).copied()
    }

    /// How often a code was chosen, by the clock that is looked at.
    pub(super) fn count(&self, code: usize) -> u64 {
        self.counts.get(code).copied().unwrap_or(0)
    }

    /// How a code is drawn, by its use, or by its norm where that is not known: as what, and how bright.
    pub(super) fn look(&self, code: usize, log: bool) -> (Option<CodeState>, f32) {
        match self.norms.get(code).filter(|_| self.states.is_empty()) {
            Some(&norm) => (Some(CodeState::Used), heatmap::norm_brightness(norm, self.span)),
            None => (self.state(code), heatmap::brightness(self.count(code), self.most, log)),
        }
    }

    /// How many codes stand there.
    pub(super) fn number_of(&self, state: CodeState) -> usize {
        self.states.iter().filter(|&&found| found == state).count()
    }
}

/// What is known of one code and takes a look at all of them, kept until the codebook changes.
#[derive(Clone, Debug)]
pub(super) struct Details {
    code: usize,
    codes: Arc<Array>,
    usage: Usage,
    is_frozen: bool,
    /// Why it is used, hardly used or dead.
    pub why: String,
    /// The nearest codes.
    pub neighbours: Vec<Neighbour>,
    /// Its Euclidean norm.
    pub norm: f32,
    /// Its place among all norms, 1 for the longest.
    pub norm_rank: usize,
}

impl Details {
    fn of<'a>(slot: &'a mut Option<Self>, codebook: &Codebook, code: usize) -> &'a Self {
        let is_known = |known: &Self| {
            known.code == code
                && Arc::ptr_eq(&known.codes, &codebook.codes)
                && known.usage.is_same(&codebook.usage)
                && known.is_frozen == codebook.is_frozen(code)
        };
        match slot.take().filter(is_known) {
            Some(known) => slot.insert(known),
            None => slot.insert(Self::new(codebook, code)),
        }
    }

    fn new(codebook: &Codebook, code: usize) -> Self {
        let norms = codebook.norms();
        let norm = norms.get(code).copied().unwrap_or(0.0);
        Self {
            code,
            codes: Arc::clone(&codebook.codes),
            usage: codebook.usage.clone(),
            is_frozen: codebook.is_frozen(code),
            why: codebook.why(code),
            neighbours: codebook.neighbours(code, NEIGHBOURS),
            norm,
            norm_rank: 1 + norms.iter().filter(|&&other| other > norm).count(),
        }
    }
}
