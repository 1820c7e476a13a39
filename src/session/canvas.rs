//! The picture's codes as a canvas: tools, and which cells each of them means. Pure functions of grids.
//!
//! A place is a row and a column of one grid; where several quantizers or heads have a grid each, the same place is
//! in all of them.

mod region;

use std::collections::BTreeSet;

pub use region::{Region, RegionError};

use super::codebook::CodeMap;

/// A row and a column.
pub type Place = [usize; 2];

/// The largest brush, in cells across.
pub const LARGEST_BRUSH: usize = 16;

/// What a hand on the code map does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Chooses a cell, or by dragging a rectangle of them.
    #[default]
    Select,
    /// Puts the current code into the cells under the brush.
    Brush,
    /// Makes the code of a cell the current one.
    Pick,
    /// Puts the current code into all cells around that have the code of the one that is clicked.
    Fill,
    /// Puts the codes of another picture into the cells under the brush.
    Clone,
    /// Puts down the rectangle of codes that was copied.
    Paste,
    /// Marks cells for a prior to draw anew.
    Erase,
}

impl Tool {
    /// All of them, in the order of the toolbar.
    pub const ALL: [Self; 7] =
        [Self::Select, Self::Brush, Self::Pick, Self::Fill, Self::Clone, Self::Paste, Self::Erase];

    /// Whether a code that is chosen elsewhere becomes the current one, rather than that of a chosen cell.
    pub fn takes_code(self) -> bool {
        matches!(self, Self::Brush | Self::Pick | Self::Fill)
    }

    /// Whether it works under a brush.
    pub fn has_brush(self) -> bool {
        matches!(self, Self::Brush | Self::Clone | Self::Erase)
    }
}

/// A rectangle of places; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The place at its top left.
    pub corner: Place,
    /// Rows and columns.
    pub shape: [usize; 2],
}

impl Area {
    /// The rectangle with two places at opposite corners.
    pub fn between(a: Place, b: Place) -> Self {
        let corner = [a[0].min(b[0]), a[1].min(b[1])];
        Self { corner, shape: [0, 1].map(|axis| a[axis].abs_diff(b[axis]) + 1) }
    }

    /// Its places, row by row.
    pub fn places(self) -> impl Iterator<Item = Place> {
        let [top, left] = self.corner;
        let [rows, columns] = self.shape;
        (top..top + rows).flat_map(move |row| (left..left + columns).map(move |at| [row, at]))
    }

    /// What of it lies in a grid of `shape`; nothing where none does.
    pub fn within(self, shape: [usize; 2]) -> Option<Self> {
        let cut = |axis: usize| {
            let room = shape[axis].checked_sub(self.corner[axis])?;
            Some(self.shape[axis].min(room)).filter(|&extent| extent > 0)
        };
        Some(Self { corner: self.corner, shape: [cut(0)?, cut(1)?] })
    }
}

/// What a person paints with, and what is copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// The tool in the hand.
    pub tool: Tool,
    /// The brush, in cells across.
    pub brush: usize,
    /// The current code.
    pub code: u32,
    /// The places that are chosen together.
    pub selection: Option<Area>,
    /// What was copied; it stays when the picture or the model goes.
    pub clipboard: Option<Region>,
    /// Where the clone brush takes its codes from, by name: those of a whole picture.
    pub source: Option<(String, Region)>,
    /// Where the stroke under way was last, and in which grid.
    pub stroke: Option<(usize, Place)>,
    /// Where the dragging of a selection began.
    pub anchor: Option<Place>,
    /// How many draws were taken as sources.
    pub draws: u64,
}

impl Default for Canvas {
    fn default() -> Self {
        Self {
            tool: Tool::default(),
            brush: 1,
            code: 0,
            selection: None,
            clipboard: None,
            source: None,
            stroke: None,
            anchor: None,
            draws: 0,
        }
    }
}

impl Canvas {
    /// Lets go of what belongs to a map that is not there any more. What was copied stays.
    pub fn fit(&mut self, map: Option<&CodeMap>, codes: usize) {
        let shape = map.map_or([0, 0], CodeMap::grid_shape);
        self.selection = self.selection.and_then(|area| area.within(shape));
        self.code = self.code.min(codes.saturating_sub(1) as u32);
        let fits = |(_, source): &(String, Region)| {
            map.is_some_and(|map| source.fits(map) && source.shape() == shape)
        };
        self.source = self.source.take().filter(fits);
        if map.is_none() {
            (self.stroke, self.anchor) = (None, None);
        }
    }

    /// The copy of what is selected.
    pub fn selected(&self, map: &CodeMap) -> Option<Region> {
        self.selection.and_then(|area| Region::of(map, area))
    }

    /// What a stroke to a place puts into which cells, from where the stroke was last; a first touch where there
    /// was none. Only cells that it changes.
    pub fn stroke_to(&mut self, map: &CodeMap, grid: usize, to: Place) -> Vec<(usize, u32)> {
        // A stroke stays in the grid where it began.
        let from = self.stroke.map_or(to, |(began, at)| if began == grid { at } else { to });
        if self.stroke.is_some_and(|(began, _)| began != grid) {
            return Vec::new();
        }
        self.stroke = Some((grid, to));
        let places = stroke(from, to, self.brush, map.grid_shape());
        let cells = match (self.tool, &self.source) {
            (Tool::Brush, _) => places
                .into_iter()
                .filter_map(|place| Some((map.cell(grid, place)?, self.code)))
                .collect(),
            (Tool::Clone, Some((_, source))) => source.at(map, [0, 0], places),
            _ => Vec::new(),
        };
        changed(map, cells)
    }

    /// The cells that a stroke to a place passes, in all grids, from where the stroke was last.
    pub fn pass_to(&mut self, map: &CodeMap, grid: usize, to: Place) -> Vec<usize> {
        let from = self.stroke.map_or(to, |(_, at)| at);
        self.stroke = Some((grid, to));
        let places = stroke(from, to, self.brush, map.grid_shape());
        let grids = 0..map.grids.max(1);
        let cells = grids.flat_map(|grid| places.iter().map(move |&place| (grid, place)));
        cells.filter_map(|(grid, place)| map.cell(grid, place)).collect()
    }

    /// What filling from a place puts into which cells.
    pub fn fill_from(&self, map: &CodeMap, grid: usize, place: Place) -> Vec<(usize, u32)> {
        let places = flood(map.grid_codes(grid), map.grid_shape(), place);
        let cells =
            places.into_iter().filter_map(|place| Some((map.cell(grid, place)?, self.code)));
        changed(map, cells.collect())
    }

    /// What pasting at a place puts into which cells; what would lie beyond a border is left out.
    pub fn paste_at(&self, map: &CodeMap, place: Place) -> Vec<(usize, u32)> {
        let Some(region) = &self.clipboard else { return Vec::new() };
        let area = Area { corner: place, shape: region.shape() }.within(map.grid_shape());
        changed(map, area.map_or(Vec::new(), |area| region.at(map, place, area.places())))
    }
}

/// Those that would change something.
fn changed(map: &CodeMap, cells: Vec<(usize, u32)>) -> Vec<(usize, u32)> {
    cells.into_iter().filter(|&(cell, code)| map.code(cell) != Some(code as usize)).collect()
}

/// The places under a round brush of `size` cells across; an even one reaches further down and right.
pub fn brush(at: Place, size: usize, shape: [usize; 2]) -> impl Iterator<Item = Place> {
    let size = size.clamp(1, LARGEST_BRUSH);
    // Twice the distances, so that the middle of an even brush is a whole number too.
    let middle = at.map(|at| 2 * at + usize::from(size.is_multiple_of(2)));
    let reach = size.div_ceil(2);
    let [rows, columns] =
        [0, 1].map(|axis| at[axis].saturating_sub(reach)..(at[axis] + reach + 1).min(shape[axis]));
    let is_under = move |place: &Place| {
        let square = |axis: usize| (2 * place[axis]).abs_diff(middle[axis]).pow(2);
        square(0) + square(1) <= size.pow(2)
    };
    rows.flat_map(move |row| columns.clone().map(move |column| [row, column])).filter(is_under)
}

/// The places that a brush passes on a straight way, each once.
pub fn stroke(from: Place, to: Place, size: usize, shape: [usize; 2]) -> BTreeSet<Place> {
    line(from, to).flat_map(|at| brush(at, size, shape)).collect()
}

/// The places of a straight line, both ends included: one for each step along its longer side.
fn line(from: Place, to: Place) -> impl Iterator<Item = Place> {
    let steps = from[0].abs_diff(to[0]).max(from[1].abs_diff(to[1]));
    (0..=steps).map(move |step| {
        [0, 1].map(|axis: usize| {
            let (a, b) = (from[axis] as f64, to[axis] as f64);
            (a + (b - a) * step as f64 / steps.max(1) as f64).round() as usize
        })
    })
}

/// The places that hang together with one, side by side, and have its code; `codes` is one grid, row by row.
pub fn flood(codes: &[u32], [rows, columns]: [usize; 2], start: Place) -> Vec<Place> {
    let index = |[row, column]: Place| row * columns + column;
    let is_inside = |[row, column]: Place| row < rows && column < columns;
    let Some(&wanted) = codes.get(index(start)).filter(|_| is_inside(start)) else {
        return Vec::new();
    };
    let mut seen = vec![false; codes.len()];
    let (mut open, mut found) = (vec![start], Vec::new());
    while let Some(place) = open.pop() {
        let at = index(place);
        if codes.get(at) != Some(&wanted) || std::mem::replace(&mut seen[at], true) {
            continue;
        }
        found.push(place);
        let [row, column] = place;
        let around = [
            [row.wrapping_sub(1), column],
            [row + 1, column],
            [row, column.wrapping_sub(1)],
            [row, column + 1],
        ];
        open.extend(around.into_iter().filter(|&place| is_inside(place)));
    }
    found
}
