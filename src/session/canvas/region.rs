//! Rectangles of codes: cut out of one picture, put into another, and as text.

use super::{Area, Place};
use crate::session::codebook::CodeMap;

/// Why a text is no rectangle of codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// Something in it is no code.
    #[error("paste codes: {found:?} in row {row} is no code (expected whole numbers from 0 on)")]
    NoCode {
        /// What stands there.
        found: String,
        /// Its row, counted from 1.
        row: usize,
    },
    /// A row is longer or shorter than the first.
    #[error("paste codes: row {row} has {found} codes (expected {expected}, as the first row has)")]
    Uneven {
        /// The row, counted from 1.
        row: usize,
        /// How many codes it has.
        found: usize,
        /// How many the first has.
        expected: usize,
    },
    /// The rows do not make up as many grids as the model has.
    #[error(
        "paste codes: found {found} rows (expected as many for each of the model's {grids} grids of codes)"
    )]
    Grids {
        /// How many rows.
        found: usize,
        /// How many grids.
        grids: usize,
    },
}

/// A rectangle of codes; of a model with several grids, the codes of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Rows and columns.
    shape: [usize; 2],
    grids: usize,
    /// `[grids, rows, columns]`
    codes: Vec<u32>,
}

impl Region {
    /// The codes of an area of a picture; nothing where it reaches beyond the border.
    pub fn of(map: &CodeMap, area: Area) -> Option<Self> {
        let grids = map.grids.max(1);
        let code = |(grid, place)| map.codes.get(map.cell(grid, place)?).copied();
        let places = (0..grids).flat_map(|grid| area.places().map(move |place| (grid, place)));
        Some(Self { shape: area.shape, grids, codes: places.map(code).collect::<Option<_>>()? })
    }

    /// All codes of a picture, `[grids * rows * columns]` as in a [`CodeMap`]; nothing where there are none, or not
    /// as many.
    pub fn whole(shape: [usize; 2], grids: usize, codes: Vec<u32>) -> Option<Self> {
        let grids = grids.max(1);
        let fits = !codes.is_empty() && codes.len() == grids * shape[0] * shape[1];
        fits.then_some(Self { shape, grids, codes })
    }

    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Whether it has as many grids as a picture.
    pub fn fits(&self, map: &CodeMap) -> bool {
        self.grids == map.grids.max(1)
    }

    /// The code of a grid at a place of the rectangle.
    pub fn code(&self, grid: usize, [row, column]: Place) -> Option<u32> {
        let [rows, columns] = self.shape;
        let is_inside = grid < self.grids && row < rows && column < columns;
        is_inside.then(|| self.codes[(grid * rows + row) * columns + column])
    }

    /// The cells of a picture and the codes that they get at some places, with the rectangle's top left at `corner`;
    /// nothing for a picture of another number of grids.
    pub fn at(
        &self,
        map: &CodeMap,
        corner: Place,
        places: impl IntoIterator<Item = Place>,
    ) -> Vec<(usize, u32)> {
        if !self.fits(map) {
            return Vec::new();
        }
        let mut cells = Vec::new();
        for place in places {
            let [Some(row), Some(column)] =
                [0, 1].map(|axis| place[axis].checked_sub(corner[axis]))
            else {
                continue;
            };
            let of_grid = |grid| Some((map.cell(grid, place)?, self.code(grid, [row, column])?));
            cells.extend((0..self.grids).filter_map(of_grid));
        }
        cells
    }

    /// Rows of numbers, the grids one below the other with an empty line between.
    pub fn to_text(&self) -> String {
        let [rows, columns] = self.shape;
        let row = |codes: &[u32]| {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            codes.join("\t") + "\n"
        };
        let grid = |codes: &[u32]| codes.chunks(columns.max(1)).map(row).collect::<String>();
        let grids: Vec<String> = self.codes.chunks((rows * columns).max(1)).map(grid).collect();
        grids.join("\n")
    }

    /// Rows of numbers as a rectangle for a model with `grids` grids. Blanks, commas and semicolons part numbers;
    /// empty lines and brackets count for nothing.
    ///
    /// # Errors
    /// When something is no code, rows differ in length, or they are not as many for every grid.
    pub fn parse(text: &str, grids: usize) -> Result<Self, RegionError> {
        let grids = grids.max(1);
        let is_between = |c: char| c.is_whitespace() || ",;[](){}".contains(c);
        let mut codes = Vec::new();
        let (mut rows, mut columns) = (0, 0);
        for line in text.lines() {
            let words: Vec<&str> = line.split(is_between).filter(|word| !word.is_empty()).collect();
            if words.is_empty() {
                continue;
            }
            rows += 1;
            columns = if rows == 1 { words.len() } else { columns };
            if words.len() != columns {
                let (found, expected) = (words.len(), columns);
                return Err(RegionError::Uneven { row: rows, found, expected });
            }
            for word in words {
                let found = || word.chars().take(24).collect();
                let code = word.parse().ok();
                codes.push(code.ok_or_else(|| RegionError::NoCode { found: found(), row: rows })?);
            }
        }
        if rows == 0 || rows % grids != 0 {
            return Err(RegionError::Grids { found: rows, grids });
        }
        Ok(Self { shape: [rows / grids, columns], grids, codes })
    }
}
