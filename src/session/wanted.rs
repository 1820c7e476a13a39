//! What a window wants of a thread that decodes: only the newest of each kind, and what of it comes first.

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
}

/// What is yet to be drawn.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    weights: Option<Networks>,
    point: Option<Point>,
    whole: Option<Point>,
    corners: Option<Corners>,
    tiles: Tiles,
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

    /// Newer weights, before anything else is drawn.
    pub fn ask_weights(&mut self, networks: Networks) {
        self.weights = Some(networks);
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

    /// Whether tiles are missing.
    pub fn has_tiles(&self) -> bool {
        !self.tiles.is_empty()
    }

    /// Whether there is something that a whole picture and tiles give way to.
    pub fn is_urgent(&self) -> bool {
        self.is_over || self.weights.is_some() || self.point.is_some()
    }

    /// Takes the newest weights.
    pub fn take_weights(&mut self) -> Option<Networks> {
        self.weights.take()
    }

    /// Takes what comes first: the point, its whole picture, then at most `count` tiles.
    pub fn take_job(&mut self, count: usize) -> Option<Job> {
        if let Some(point) = self.point.take() {
            // The whole picture of an older one has become worthless.
            self.whole = None;
            return Some(Job::Point(point));
        }
        if let Some(point) = self.whole.take() {
            return Some(Job::Whole(point));
        }
        let corners = self.corners.as_ref()?;
        let tiles = self.tiles.take(count);
        let latents = tiles.iter().flat_map(|&tile| corners.latent_of(tile)).collect();
        (!tiles.is_empty()).then_some(Job::Tiles { tiles, latents })
    }
}
