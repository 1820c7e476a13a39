//! Who lies nearest to whom: squared distances between all rows of two sets, folded as they are made.
//!
//! No matrix of distances is kept, so memory grows with the samples alone.

use rayon::prelude::*;

use crate::array::Array;
use crate::latent::squared_distance;

/// Queries that a reference is compared with while it is in the cache.
const BLOCK: usize = 32;

/// For each row of `queries` what `fold` makes of its squared distances to all `references`, in their order;
/// `fold` is told the state, the query, the reference and the distance.
pub(super) fn fold_distances<S: Clone + Send + Sync>(
    queries: &Array,
    references: &Array,
    start: &S,
    fold: impl Fn(&mut S, usize, usize, f32) + Sync,
) -> Vec<S> {
    let d = queries.row_len();
    let of_block = |(block, rows): (usize, &[f32])| {
        let mut states = vec![start.clone(); rows.len() / d];
        for (reference, row) in references.data().chunks_exact(d).enumerate() {
            for (index, (state, query)) in states.iter_mut().zip(rows.chunks_exact(d)).enumerate() {
                fold(state, block * BLOCK + index, reference, squared_distance(query, row));
            }
        }
        states
    };
    queries.data().par_chunks(BLOCK * d).enumerate().flat_map_iter(of_block).collect()
}

/// The squared distance of each row to its `k`-th nearest other row; infinite where there are fewer others.
pub(super) fn kth_nearest(samples: &Array, k: usize) -> Vec<f32> {
    let nearest = fold_distances(samples, samples, &vec![f32::INFINITY; k], |best, i, j, found| {
        if i != j && found < best[k - 1] {
            let place = best.partition_point(|&distance| distance <= found);
            best[place..].rotate_right(1);
            best[place] = found;
        }
    });
    nearest.into_iter().map(|best| best[k - 1]).collect()
}

/// The squared distance of each query to the nearest reference.
pub(super) fn nearest(queries: &Array, references: &Array) -> Vec<f32> {
    fold_distances(queries, references, &f32::INFINITY, |best, _, _, found| {
        *best = best.min(found);
    })
}
