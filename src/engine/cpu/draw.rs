//! Indices drawn by scores.

use rayon::prelude::*;

use crate::graph::DrawControls;

/// The index that each item draws among its scores.
///
/// # Shapes
/// `logits [b, codes, streams]`, `controls [b, 7]`; the result is `[b]`.
pub(super) fn draw(logits: &[f32], controls: &[f32], codes: usize, streams: usize) -> Vec<f32> {
    let (controls, _) = controls.as_chunks::<{ DrawControls::LEN }>();
    let items = logits.par_chunks(codes * streams).zip(controls.par_iter());
    let index = |(logits, controls): (&[f32], &[f32; DrawControls::LEN])| {
        let controls = DrawControls::from_values(*controls);
        let [first, end] = controls.range(codes);
        let scores: Vec<f32> =
            logits.chunks(streams).map(|scores| controls.score(scores)).collect();
        first as f32 + drawn(&controls, &scores[first..end]) as f32
    };
    items.map(index).collect()
}

/// The place of one of the scores, those that are not finite left out; 0 where all are.
fn drawn(controls: &DrawControls, scores: &[f32]) -> usize {
    // Largest first: what stays is so many of them.
    let mut sorted: Vec<f32> = scores.iter().copied().filter(|score| score.is_finite()).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let Some(&largest) = sorted.first() else { return 0 };
    let is_random = controls.temperature > 0.0;
    if !is_random {
        let is_largest = |score: &f32| score.is_finite() && *score >= largest;
        return scores.iter().position(is_largest).unwrap_or(0);
    }
    let weight = |score: f32| ((score - largest) / controls.temperature).exp();
    if (1..sorted.len()).contains(&controls.top_k) {
        let least = sorted[controls.top_k - 1];
        sorted.truncate(sorted.partition_point(|score| *score >= least));
    }
    if controls.top_p > 0.0 && controls.top_p < 1.0 {
        let most = controls.top_p * sorted.iter().map(|score| weight(*score)).sum::<f32>();
        let (mut above, mut stay) = (0.0, 0);
        // None is larger than the one before it.
        for equals in sorted.chunk_by(|a, b| a <= b) {
            if above >= most {
                break;
            }
            stay += equals.len();
            above += equals.iter().map(|score| weight(*score)).sum::<f32>();
        }
        sorted.truncate(stay);
    }
    let least = sorted.last().copied().unwrap_or(largest);
    let kept = scores.iter().enumerate().filter(|(_, score)| score.is_finite() && **score >= least);
    let total: f32 = kept.clone().map(|(_, score)| weight(*score)).sum();
    let (mut running, mut last) = (0.0, 0);
    for (place, score) in kept {
        (running, last) = (running + weight(*score), place);
        if running > controls.u * total {
            break;
        }
    }
    last
}
