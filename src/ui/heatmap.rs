//! The heatmap of a codebook as one picture, and which code lies where in it. Pure functions.

use egui::{Color32, ColorImage};

use super::theme;
use crate::metrics::code_use::CodeState;

/// Cells are never larger, in pixels.
const LARGEST_PX: usize = 28;
/// Cells of this size have a gap of one pixel between them.
const WITH_GAP_PX: usize = 5;
/// Below this, there is no room for a frame around nothing: only nothing is drawn.
const WITH_FRAME_PX: usize = 4;
/// Cells that do not fit stay this large and are scrolled.
const SMALLEST_PX: usize = 3;
/// Of more codes than this, cells may be smaller.
const MANY: usize = 20_000;
/// What they then are.
const SMALLEST_OF_MANY_PX: usize = 2;

/// How the cells of a heatmap lie: row by row, from the top left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeatGrid {
    /// How many there are.
    pub cells: usize,
    /// How many lie side by side.
    pub columns: usize,
    /// The side of each, its gap included, in pixels.
    pub cell_px: usize,
}

impl HeatGrid {
    /// The largest cells that fit into `room_px`, width and height. Where even the smallest do not, they are
    /// as wide as the room and higher.
    pub fn fit(cells: usize, room_px: [usize; 2]) -> Self {
        let smallest = if cells > MANY { SMALLEST_OF_MANY_PX } else { SMALLEST_PX };
        let grid = |cell_px: usize| {
            let columns = (room_px[0] / cell_px).clamp(1, cells.max(1));
            Self { cells, columns, cell_px }
        };
        let sizes = (smallest..=LARGEST_PX).rev().map(grid);
        sizes
            .clone()
            .find(|grid| grid.size_px()[1] <= room_px[1] && grid.cell_px <= room_px[0])
            .unwrap_or_else(|| grid(smallest))
    }

    /// How many rows there are; the last one may be short.
    pub fn rows(self) -> usize {
        self.cells.div_ceil(self.columns.max(1))
    }

    /// Width and height in pixels.
    pub fn size_px(self) -> [usize; 2] {
        [self.columns * self.cell_px, self.rows() * self.cell_px]
    }

    /// The place, counted row by row, under a point in pixels from the top left.
    pub fn place_at(self, [x, y]: [f32; 2]) -> Option<usize> {
        let cell = |at: f32| (at >= 0.0).then(|| at as usize / self.cell_px.max(1));
        let (column, row) = (cell(x)?, cell(y)?);
        let place = row * self.columns + column;
        (column < self.columns && place < self.cells).then_some(place)
    }

    /// Where a place is drawn: left, top and side in pixels, without the gap.
    pub fn cell(self, place: usize) -> [usize; 3] {
        let columns = self.columns.max(1);
        let gap = usize::from(self.cell_px >= WITH_GAP_PX);
        let [column, row] = [place % columns, place / columns];
        [column * self.cell_px, row * self.cell_px, self.cell_px - gap.min(self.cell_px)]
    }
}

/// What a heatmap tells.
#[derive(Clone, Copy, Debug)]
pub struct Heat<'a> {
    /// The codes, from the first place on.
    pub order: &'a [usize],
    /// How often each code was chosen, `[k]`.
    pub counts: &'a [u64],
    /// Where each code stands, `[k]`; of codes beyond its end nothing is known.
    pub states: &'a [CodeState],
    /// What is drawn of codes of whose use nothing is known: the norm of each, `[k]`.
    pub norms: &'a [f32],
    /// Which codes are frozen, `[k]`; codes beyond its end are free.
    pub frozen: &'a [bool],
    /// Whether brightness follows the logarithm of use.
    pub log: bool,
}

/// How bright a count is drawn beside the greatest, in `[0, 1]`; on the logarithmic scale log(1 + n).
pub fn brightness(count: u64, most: u64, log: bool) -> f32 {
    let (count, most) = (count as f64, most.max(1) as f64);
    let share = if log { count.ln_1p() / most.ln_1p() } else { count / most };
    share.min(1.0) as f32
}

/// The least and the greatest of norms: what is drawn darkest and brightest.
pub fn span(norms: &[f32]) -> [f32; 2] {
    let finite = norms.iter().copied().filter(|norm| norm.is_finite());
    finite.fold([f32::INFINITY, 0.0], |[lo, hi], norm| [lo.min(norm), hi.max(norm)])
}

/// How bright a norm is drawn, in `[0, 1]`; half where all are alike.
pub fn norm_brightness(norm: f32, [lo, hi]: [f32; 2]) -> f32 {
    if hi > lo { ((norm - lo) / (hi - lo)).clamp(0.0, 1.0) } else { 0.5 }
}

/// The count of a brightness: the other way of [`brightness`].
pub fn count_at(brightness: f32, most: u64, log: bool) -> u64 {
    let (share, most) = (f64::from(brightness.clamp(0.0, 1.0)), most.max(1) as f64);
    let count = if log { (share * most.ln_1p()).exp_m1() } else { share * most };
    count.round() as u64
}

/// The heatmap. Used codes are filled with their brightness, dying ones are hatched, of dead ones only the
/// frame is there, frozen ones have a cut corner: told apart by form, not only by colour.
pub fn image(heat: Heat<'_>, grid: HeatGrid) -> ColorImage {
    let size = grid.size_px();
    let mut image = ColorImage::filled(size, Color32::TRANSPARENT);
    let most = heat.counts.iter().copied().max().unwrap_or(0);
    let span = span(heat.norms);
    for (place, &code) in heat.order.iter().enumerate().take(grid.cells) {
        let [left, top, side] = grid.cell(place);
        let count = heat.counts.get(code).copied().unwrap_or(0);
        let norm = heat.norms.get(code).filter(|_| heat.states.is_empty());
        let look = CellLook {
            side,
            state: heat.states.get(code).copied().or(norm.map(|_| CodeState::Used)),
            brightness: match norm {
                Some(&norm) => norm_brightness(norm, span),
                None => brightness(count, most, heat.log),
            },
            is_frozen: heat.frozen.get(code).copied().unwrap_or(false),
        };
        for y in 0..side {
            let row = (top + y) * size[0] + left;
            for (x, pixel) in image.pixels[row..row + side].iter_mut().enumerate() {
                *pixel = look.pixel(x, y);
            }
        }
    }
    image
}

/// How one cell looks.
#[derive(Clone, Copy, Debug)]
pub struct CellLook {
    /// Its side in pixels.
    pub side: usize,
    /// Where its code stands, if that is known.
    pub state: Option<CodeState>,
    /// How bright it is, in `[0, 1]`.
    pub brightness: f32,
    /// Whether its code is frozen.
    pub is_frozen: bool,
}

impl CellLook {
    /// The colour of a pixel, from the top left.
    pub fn pixel(self, x: usize, y: usize) -> Color32 {
        let fill = self.fill(x, y);
        if !self.is_frozen {
            return fill;
        }
        // The top right corner, and a dark line along it where there is room.
        let from_corner = (self.side - 1).saturating_sub(x) + y;
        let corner = (self.side / 3).max(1);
        if from_corner < corner {
            let ground =
                if self.state == Some(CodeState::Dead) { theme::colours().stage } else { fill };
            if self.side < 6 { theme::ink_on(ground) } else { theme::colours().lit }
        } else if from_corner == corner && self.side >= 6 {
            theme::colours().stage
        } else {
            fill
        }
    }

    fn fill(self, x: usize, y: usize) -> Color32 {
        match self.state {
            None => theme::colours().unknown,
            Some(CodeState::Used) => theme::viridis(self.brightness),
            Some(CodeState::Dying) => {
                let period = (self.side / 3).clamp(2, 5);
                let is_stripe = (x + y) % period < period.div_ceil(3);
                if is_stripe { theme::colours().hatch } else { theme::viridis(self.brightness) }
            }
            Some(CodeState::Dead) => {
                let edge = [
                    x,
                    y,
                    self.side - 1 - x.min(self.side - 1),
                    self.side - 1 - y.min(self.side - 1),
                ];
                let thick = if self.side >= 16 { 2 } else { 1 };
                let is_frame =
                    self.side >= WITH_FRAME_PX && edge.into_iter().min().is_some_and(|e| e < thick);
                if is_frame { theme::colours().dead } else { theme::colours().stage }
            }
        }
    }
}
