//! UMAP, by `umap-rs`.

use ndarray::Array2;
use umap_rs::{EuclideanMetric, GraphParams, MetricType, Optimizer, Umap, UmapConfig};

use super::Moving;
use crate::array::Array;
use crate::latent::Neighbours;
use crate::watch::Stopped;

/// How many neighbours of a vector are looked at, itself among them: the paper's usual number.
pub(super) const NEIGHBOURS: usize = 15;

/// Lays out vectors whose neighbours are known.
///
/// # Source
/// McInnes, Healy & Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction",
/// 2018, arXiv:1802.03426; 15 neighbours, least distance 0.1, and 500 epochs or, of more than 10,000 vectors, 200.
pub(super) fn lay_out(
    vectors: &Array,
    neighbours: &Neighbours,
    first: &[[f32; 2]],
    epochs: Option<usize>,
    mut moving: Moving<'_>,
) -> Result<Vec<[f32; 2]>, Stopped> {
    let n = first.len();
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
    let data = Array2::zeros((vectors.num_rows(), 1));
    let manifold =
        Umap::new(config.clone()).learn_manifold(data.view(), rows.view(), distances.view());
    let start = Array2::from_shape_fn((n, 2), |(row, axis)| first[row][axis]);
    let epochs = epochs.unwrap_or(if n <= 10_000 { 500 } else { 200 });
    let mut optimizer = Optimizer::new(manifold, start, epochs, &config, MetricType::Euclidean);
    let places = |optimizer: &Optimizer| {
        optimizer.embedding().rows().into_iter().map(|row| [row[0], row[1]]).collect()
    };
    while optimizer.remaining_epochs() > 0 {
        optimizer.step_epochs(1, &EuclideanMetric);
        let share = optimizer.current_epoch() as f32 / epochs as f32;
        moving.tell(share, || places(&optimizer))?;
    }
    Ok(places(&optimizer))
}
