//! Small pictures beside the pad, in sheets: what each is made of, and which are yet to be drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::wanted::Point;

/// What a sheet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetName {
    /// Dimensions swept over a range.
    Traversals,
    /// Points that a person keeps.
    Bookmarks,
    /// The stations of a walk.
    Keyframes,
    /// One direction of the latent space.
    Directions,
    /// Draws from a prior over codes.
    Draws,
    /// Pictures of texts, and changes of the picture by one.
    Texts,
}

/// What sheets are made of, by their names.
pub type SheetPoints = BTreeMap<SheetName, Arc<[Point]>>;

/// Pictures of one sheet that are to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetTiles {
    /// Which sheet.
    pub sheet: SheetName,
    /// Their numbers in it.
    pub tiles: Vec<usize>,
    /// What they are made of, all latents or all codes.
    pub points: Vec<Point>,
}

/// All sheets that are looked at.
#[derive(Clone, Debug, Default)]
pub struct Sheets {
    sheets: BTreeMap<SheetName, Sheet>,
}

#[derive(Clone, Debug)]
struct Sheet {
    points: Arc<[Point]>,
    /// How often each was asked for since it was drawn.
    asked: Vec<u32>,
}

impl Sheets {
    /// Looks at these sheets from now on, and at no other. Pictures of points that stay as they are need no drawing.
    pub fn want(&mut self, wanted: &SheetPoints) {
        self.sheets.retain(|name, _| wanted.contains_key(name));
        for (&name, points) in wanted {
            match self.sheets.get_mut(&name) {
                Some(sheet) => sheet.replace(points),
                None => drop(self.sheets.insert(name, Sheet::new(points))),
            }
        }
    }

    /// All pictures are out of date, as weights have changed.
    pub fn renew(&mut self) {
        self.sheets.values_mut().flat_map(|sheet| &mut sheet.asked).for_each(|asked| *asked += 1);
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.sheets.values().all(|sheet| sheet.asked.iter().all(|&asked| asked == 0))
    }

    /// Takes at most `count` pictures of one sheet that are to be drawn now: those that waited longest first, so that
    /// points that change fast starve none, and of those the first ones.
    pub fn take(&mut self, count: usize) -> Option<SheetTiles> {
        let longest = |sheet: &Sheet| sheet.asked.iter().copied().max().unwrap_or(0);
        let (&name, sheet) = self
            .sheets
            .iter_mut()
            .filter(|(_, sheet)| longest(sheet) > 0)
            .max_by_key(|(name, sheet)| (longest(sheet), std::cmp::Reverse(**name)))?;
        let mut tiles: Vec<usize> =
            (0..sheet.asked.len()).filter(|&tile| sheet.asked[tile] > 0).collect();
        tiles.sort_by_key(|&tile| std::cmp::Reverse(sheet.asked[tile]));
        let is_codes = |tile: usize| matches!(sheet.points[tile], Point::Codes(_));
        let first = *tiles.first()?;
        let kind = is_codes(first);
        tiles.retain(|&tile| is_codes(tile) == kind);
        tiles.truncate(count);
        let points = tiles.iter().map(|&tile| sheet.points[tile].clone()).collect();
        for &tile in &tiles {
            sheet.asked[tile] = 0;
        }
        Some(SheetTiles { sheet: name, tiles, points })
    }

    /// Gives back pictures that were taken and not drawn.
    pub fn put_back(&mut self, sheet: SheetName, tiles: &[usize]) {
        let Some(sheet) = self.sheets.get_mut(&sheet) else { return };
        for &tile in tiles {
            if let Some(asked) = sheet.asked.get_mut(tile) {
                *asked += 1;
            }
        }
    }
}

impl Sheet {
    fn new(points: &Arc<[Point]>) -> Self {
        Self { points: Arc::clone(points), asked: vec![1; points.len()] }
    }

    fn replace(&mut self, points: &Arc<[Point]>) {
        if Arc::ptr_eq(&self.points, points) {
            return;
        }
        self.asked.resize(points.len(), 0);
        for (tile, (asked, point)) in self.asked.iter_mut().zip(points.iter()).enumerate() {
            if self.points.get(tile) != Some(point) {
                *asked += 1;
            }
        }
        self.points = Arc::clone(points);
    }
}
