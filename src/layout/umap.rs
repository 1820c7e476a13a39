//! UMAP: the graph of neighbours by `umap-rs`, the moves of points along it by code of our own.
//!
//! The library's own moves (0.4.5) divide by 1 + a d^(2b+2) where the paper has 1 + a d^(2b): nothing far away is
//! pulled any more, and every layout becomes a ball.

use ndarray::Array2;
use rand::RngExt as _;
use rayon::prelude::*;
use umap_rs::{GraphParams, LearnedManifold, Umap, UmapConfig};

use super::Moving;
use crate::latent::Neighbours;
use crate::random::{Purpose, stream};
use crate::watch::Stopped;

/// How many neighbours of a vector are looked at, itself among them: the paper's usual number.
const NEIGHBOURS: usize = 15;
/// Points that every pull pushes away.
const PUSHED: usize = 5;
/// No step along an axis is longer.
const LONGEST: f32 = 4.0;
/// The width of the layout at first.
const START_WIDTH: f32 = 10.0;
/// A layout that goes on takes so many epochs, and begins with smaller steps: points find their new places, and those
/// of other groups do not drive each other apart again and again.
const EPOCHS_ON: usize = 100;
const STEP_ON: f32 = 0.25;
/// It begins no wider than this.
const MOST_WIDTH_ON: f32 = 25.0;
/// Rows that share a stream of random numbers, so that the result does not depend on the number of threads.
const ROWS: usize = 256;

/// How many other vectors are looked at, of `n`.
pub(super) fn neighbours(n: usize) -> usize {
    NEIGHBOURS.min(n - 1) - 1
}

/// Lays out vectors whose neighbours are known; `goes_on` where they lie as an earlier layout put them.
///
/// # Source
/// `McInnes`, Healy & Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction",
/// 2018, arXiv:1802.03426, algorithm 5; 15 neighbours, least distance 0.1, 5 negative samples, and 500 epochs or, of
/// more than 10,000 vectors, 200; 100 short ones to go on. Other than there, all points of an epoch move at once: each is pulled twice along an
/// edge, in place of once from either end.
pub(super) fn lay_out(
    neighbours: &Neighbours,
    first: &[[f32; 2]],
    goes_on: bool,
    epochs: Option<usize>,
    mut moving: Moving<'_>,
) -> Result<Vec<[f32; 2]>, Stopped> {
    let n = first.len();
    let manifold = manifold(neighbours, n);
    let edges = Edges::new(&manifold);
    let mut places = if goes_on { held(first) } else { spread(first) };
    let (all, first_step) = match n {
        _ if goes_on => (EPOCHS_ON, STEP_ON),
        0..=10_000 => (500, 1.0),
        _ => (200, 1.0),
    };
    let epochs = epochs.unwrap_or(all);
    for epoch in 0..epochs {
        let alpha = first_step * (1.0 - epoch as f32 / epochs as f32);
        places = edges.moved(&places, epoch, alpha);
        moving.tell((epoch + 1) as f32 / epochs as f32, || places.clone())?;
    }
    Ok(places)
}

fn manifold(neighbours: &Neighbours, n: usize) -> LearnedManifold {
    let columns = neighbours.k + 1;
    // Every row is its own nearest neighbour there.
    let with_self = |row: usize, column: usize| match column.checked_sub(1) {
        None => (row as u32, 0.0),
        Some(other) => {
            let at = row * neighbours.k + other;
            (neighbours.rows[at], neighbours.distances[at])
        }
    };
    let rows = Array2::from_shape_fn((n, columns), |(row, column)| with_self(row, column).0);
    let distances = Array2::from_shape_fn((n, columns), |(row, column)| with_self(row, column).1);
    let config = UmapConfig {
        graph: GraphParams { n_neighbors: columns, ..GraphParams::default() },
        ..UmapConfig::default()
    };
    // Only the number of its rows matters where neighbours are known.
    let data = Array2::zeros((n, 1));
    Umap::new(config).learn_manifold(data.view(), rows.view(), distances.view())
}

/// The places as wide as a layout is at first.
fn spread(places: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let range = |axis: usize| {
        let along = places.iter().map(|place| place[axis]);
        along.fold([f32::INFINITY, f32::NEG_INFINITY], |[lo, hi], at| [lo.min(at), hi.max(at)])
    };
    let ranges = [range(0), range(1)];
    let at = |place: &[f32; 2], axis: usize| {
        let [lo, hi] = ranges[axis];
        if hi > lo { (place[axis] - lo) / (hi - lo) * START_WIDTH } else { 0.0 }
    };
    places.iter().map(|place| [at(place, 0), at(place, 1)]).collect()
}

/// The places no wider than a layout that goes on is to begin.
fn held(places: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let values = |axis: usize| places.iter().map(move |place| place[axis]);
    let width = |axis: usize| {
        values(axis).fold(f32::NEG_INFINITY, f32::max) - values(axis).fold(f32::INFINITY, f32::min)
    };
    let scale = (MOST_WIDTH_ON / width(0).max(width(1))).min(1.0);
    places.iter().map(|place| place.map(|at| at * scale)).collect()
}

/// The edges of every point, and how points pull and push each other.
struct Edges {
    /// Where the edges of each point begin, `[n + 1]`.
    starts: Vec<usize>,
    /// Their other ends, and their weights as shares of the largest.
    ends: Vec<(u32, f32)>,
    a: f32,
    b: f32,
}

impl Edges {
    fn new(manifold: &LearnedManifold) -> Self {
        let graph = manifold.graph();
        let largest = graph.data().iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let n = manifold.n_vertices();
        let starts = (0..=n).map(|row| graph.indptr().index(row)).collect();
        let weights = graph.data().iter().map(|weight| weight / largest);
        let ends = graph.indices().iter().copied().zip(weights).collect();
        let (a, b) = manifold.curve_params();
        Self { starts, ends, a, b }
    }

    /// Where points lie after an epoch.
    fn moved(&self, places: &[[f32; 2]], epoch: usize, alpha: f32) -> Vec<[f32; 2]> {
        let mut after = places.to_vec();
        after.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, rows)| {
            let mut random = stream(epoch as u64, chunk as u64, Purpose::Layout);
            for (at, place) in rows.iter_mut().enumerate() {
                let row = chunk * ROWS + at;
                for &(end, weight) in &self.ends[self.starts[row]..self.starts[row + 1]] {
                    if !is_due(weight, epoch) {
                        continue;
                    }
                    for _ in 0..2 {
                        step(place, places[end as usize], alpha, |square| self.pull(square));
                    }
                    for _ in 0..PUSHED {
                        let other = random.random_range(0..places.len());
                        if other != row {
                            step(place, places[other], alpha, |square| self.push(square));
                        }
                    }
                }
            }
        });
        after
    }

    /// How much a point at a squared distance pulls, per unit of distance: the gradient of log(1 / (1 + a d^2b)).
    fn pull(&self, square: f32) -> f32 {
        let power = square.powf(self.b);
        -2.0 * self.a * self.b * power / square / (1.0 + self.a * power)
    }

    /// How much it pushes: the gradient of log(1 - 1 / (1 + a d^2b)), bounded near 0.
    fn push(&self, square: f32) -> f32 {
        2.0 * self.b / ((0.001 + square) * (1.0 + self.a * square.powf(self.b)))
    }
}

/// Whether an edge moves its ends in an epoch: the heaviest do in every one.
fn is_due(weight: f32, epoch: usize) -> bool {
    let times = |epochs: usize| (epochs as f64 * f64::from(weight)) as u64;
    times(epoch + 1) > times(epoch)
}

/// Moves a place along the way from another one, by a force that depends on how far that is.
fn step(place: &mut [f32; 2], other: [f32; 2], alpha: f32, force: impl Fn(f32) -> f32) {
    let way = [place[0] - other[0], place[1] - other[1]];
    let square = way[0] * way[0] + way[1] * way[1];
    if square > 0.0 {
        let force = force(square);
        for (value, way) in place.iter_mut().zip(way) {
            *value += alpha * (force * way).clamp(-LONGEST, LONGEST);
        }
    }
}
