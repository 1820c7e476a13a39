//! What the codebook's panels remember: what is chosen, and numbers that are kept until they change.

mod details;
mod overview;
mod walk;

use std::sync::Arc;

use egui::ColorImage;

use self::details::BesideCode;
pub(super) use self::details::Details;
use self::overview::Overview;
use self::walk::Walk;
use super::heatmap::{self, Heat, HeatGrid};
use super::scatter::{self, Dot, Seen};
use super::theme;
use crate::latent::PrincipalPlane;
use crate::session::canvas::Canvas;
use crate::session::codebook::{ChangesOrder, CodeMap, Codebook, Pair, Pairing};

/// Which uses are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Those of the last batch.
    Batch,
    /// Those of the rolling window, or of the evaluation of a model without a history.
    #[default]
    Window,
    /// Those of the window by images, where texts share the codebook.
    Images,
    /// Those of the window by texts.
    Texts,
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
    /// The side of a tile of the palette, in points; nothing where it follows the room.
    pub palette_side: Option<f32>,
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
    /// The side of tiles that fill the room, as of the last frame.
    pub(super) palette_fit: f32,
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
            palette_side: None,
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
            palette_fit: 28.0,
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
        if let Some(codebook) = codebook {
            let is_held = std::mem::take(&mut self.is_held);
            self.overview.update(codebook, self.clock, self.order, is_held);
            return;
        }
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
        };
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
            is_light: theme::is_light(),
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
        BesideCode::of(&mut self.beside, codebook, code)
    }
}

/// What the picture of the codes was made of.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    version: u64,
    log: bool,
    grid: HeatGrid,
    seen: Option<Seen>,
    frozen: Vec<bool>,
    is_light: bool,
}
