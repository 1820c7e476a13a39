//! t-SNE with repulsion by interpolation, by `bhtsne`.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use bhtsne::{Neighbor, tSNE};

use super::Moving;
use crate::array::Array;
use crate::latent::Neighbours;
use crate::watch::Stopped;

/// The usual number of neighbours that each vector feels.
const PERPLEXITY: usize = 30;
/// How often every vector is moved.
const EPOCHS: usize = 750;
/// The same for a layout that goes on with an earlier one.
const EPOCHS_ON: usize = 250;
/// How far vectors lie apart at first, so that none is pushed away too early.
const START_SPREAD: f32 = 1e-4;

/// How many neighbours each of `n` vectors feels.
pub(super) fn perplexity(n: usize) -> usize {
    PERPLEXITY.min((n - 1) / 3)
}

/// Lays out vectors whose neighbours are known; `goes_on` where they lie as an earlier layout put them.
///
/// # Source
/// van der Maaten & Hinton, "Visualizing Data using t-SNE", JMLR 2008; Linderman et al., "Fast interpolation-based
/// t-SNE for improved visualization of single-cell RNA-seq data", Nature Methods 2019; the start from principal
/// components is that of Kobak & Berens, "The art of using t-SNE for single-cell transcriptomics", Nature
/// Communications 2019.
pub(super) fn lay_out(
    vectors: &Array,
    neighbours: &Neighbours,
    first: &[[f32; 2]],
    goes_on: bool,
    epochs: Option<usize>,
    moving: Moving<'_>,
) -> Result<Vec<[f32; 2]>, Stopped> {
    let n = first.len();
    let table: Vec<Vec<Neighbor<f32>>> = (0..n)
        .map(|row| {
            let near = row * neighbours.k..(row + 1) * neighbours.k;
            let of = |at: usize| Neighbor {
                index: neighbours.rows[at] as usize,
                distance: neighbours.distances[at],
            };
            near.map(of).collect()
        })
        .collect();
    let rows: Vec<&[f32]> = (0..n).map(|row| vectors.row(row)).collect();
    let scale = if goes_on { 1.0 } else { START_SPREAD / deviation(first) };
    let start: Vec<f32> = first.iter().flatten().map(|value| value * scale).collect();
    let epochs = epochs.unwrap_or(if goes_on { EPOCHS_ON } else { EPOCHS });
    let moving = RefCell::new(moving);
    let mut tsne: tSNE<'_, f32, &[f32], 2> = tSNE::new(&rows);
    tsne.perplexity(perplexity(n) as f32).epochs(epochs).initial_embedding(start);
    if goes_on {
        tsne.stop_lying_epoch(0).momentum_switch_epoch(0);
    }
    tsne.epoch_callback(|epoch, places| {
        let share = (epoch + 1) as f32 / epochs as f32;
        let told = moving.borrow_mut().tell(share, || pairs(places));
        if let Err(stopped) = told {
            // The library has no other way out of its loop.
            resume_unwind(Box::new(stopped));
        }
    });
    let run = catch_unwind(AssertUnwindSafe(|| {
        tsne.fit_sne_with_neighbors(&table);
    }));
    match run {
        Ok(()) => Ok(pairs(&tsne.embedding())),
        Err(panic) if panic.is::<Stopped>() => Err(Stopped),
        Err(panic) => resume_unwind(panic),
    }
}

fn pairs(places: &[f32]) -> Vec<[f32; 2]> {
    let (pairs, _) = places.as_chunks::<2>();
    pairs.to_vec()
}

/// How far places spread along the first axis; 1 where they do not.
fn deviation(places: &[[f32; 2]]) -> f32 {
    let n = places.len() as f64;
    let mean = places.iter().map(|place| f64::from(place[0])).sum::<f64>() / n;
    let squares = places.iter().map(|place| (f64::from(place[0]) - mean).powi(2)).sum::<f64>();
    let deviation = (squares / n).sqrt() as f32;
    if deviation > 0.0 { deviation } else { 1.0 }
}
