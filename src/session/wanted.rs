//! What a window wants of a thread that decodes: only the newest of each kind, and what of it comes first.

use super::sheets::{SheetName, SheetPoints, SheetTiles, Sheets};
use super::tiles::{Corners, Tiles};
use crate::graph::lower::Networks;

/// What a picture is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// A latent, flat.
    Latent(Vec<f32>),
    /// Indices of codes, `[q * cells]`.
    Codes(Vec<f32>),
}

impl Point {
    /// What a decoder reads.
    pub fn values(&self) -> &[f32] {
        match self {
            Self::Latent(values) | Self::Codes(values) => values,
        }
    }
}

/// The next thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// The point, at once: a preview where the whole picture takes long.
    Point(Point),
    /// The whole picture of a point that has a preview.
    Whole(Point),
    /// A few tiles of the pad.
    Tiles {
        /// Their numbers.
        tiles: Vec<usize>,
        /// Their latents, one after the other.
        latents: Vec<f32>,
    },
    /// A few pictures of a sheet.
    Sheet(SheetTiles),
}

/// What is yet to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    weights: Option<Networks>,
    point: Option<Point>,
    whole: Option<Point>,
    corners: Option<Corners>,
    tiles: Tiles,
    sheets: Sheets,
    is_over: bool,
}

impl Wanted {
    /// Nothing any more: the thread is to end.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether the thread is to end.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Newer weights, before anything else is drawn; all sheets are out of date.
    pub fn ask_weights(&mut self, networks: Networks) {
        self.weights = Some(networks);
        self.sheets.renew();
    }

    /// Another point, which lies on the pad at `pad` if it does.
    pub fn ask_point(&mut self, point: Point, pad: Option<[f32; 2]>) {
        self.point = Some(point);
        self.tiles.follow(pad);
    }

    /// The whole picture of a point that was drawn as a preview.
    pub fn ask_whole(&mut self, point: Point) {
        self.whole = Some(point);
    }

    /// All tiles of the pad anew.
    pub fn ask_tiles(&mut self, corners: Corners) {
        // Between other corners all tiles are equally wrong.
        if self.corners.as_ref() != Some(&corners) {
            self.tiles.forget();
        }
        self.corners = Some(corners);
        self.tiles.ask();
    }

    /// Tiles that were taken and not drawn.
    pub fn put_back(&mut self, tiles: &[usize]) {
        self.tiles.put_back(tiles);
    }

    /// The sheets that are looked at from now on.
    pub fn ask_sheets(&mut self, sheets: &SheetPoints) {
        self.sheets.want(sheets);
    }

    /// Pictures of a sheet that were taken and not drawn.
    pub fn put_back_sheet(&mut self, sheet: SheetName, tiles: &[usize]) {
        self.sheets.put_back(sheet, tiles);
    }

    /// Whether small pictures are missing.
    pub fn has_tiles(&self) -> bool {
        !self.tiles.is_empty() || !self.sheets.is_empty()
    }

    /// Whether there is something that a whole picture and tiles give way to.
    pub fn is_urgent(&self) -> bool {
        self.is_over || self.weights.is_some() || self.point.is_some()
    }

    /// Takes the newest weights.
    pub fn take_weights(&mut self) -> Option<Networks> {
        self.weights.take()
    }

    /// Takes what comes first: the point, its whole picture, then at most `count` tiles of the pad, then of sheets.
    pub fn take_job(&mut self, count: usize) -> Option<Job> {
        if let Some(point) = self.point.take() {
            // The whole picture of an older one has become worthless.
            self.whole = None;
            return Some(Job::Point(point));
        }
        if let Some(point) = self.whole.take() {
            return Some(Job::Whole(point));
        }
        if let Some(corners) = &self.corners {
            let tiles = self.tiles.take(count);
            let latents = tiles.iter().flat_map(|&tile| corners.latent_of(tile)).collect();
            if !tiles.is_empty() {
                return Some(Job::Tiles { tiles, latents });
            }
        }
        self.sheets.take(count).map(Job::Sheet)
    }
}
