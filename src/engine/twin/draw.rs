//! Twin of `draw.wgsl`.

use crate::engine::params::DrawParams;
use crate::graph::DrawControls;

/// The index that each item draws among its scores, in the order of the indices the first behind which more of the
/// probability lies than the controls say; the first that may be drawn where no score is finite. Scores are compared
/// in `f32` and their probabilities summed in `f64`.
///
/// # Shapes
/// `logits [items, codes, streams]`, `controls [items, 7]`, `output [items]`.
pub fn draw(params: &DrawParams, logits: &[f32], controls: &[f32], output: &mut [f32]) {
    let [codes, streams] = [params.codes as usize, params.streams as usize];
    let controls = controls.as_chunks::<{ DrawControls::LEN }>().0;
    let items = logits.chunks(codes * streams).zip(controls).take(params.items as usize);
    for ((logits, controls), index) in items.zip(output) {
        let controls = DrawControls::from_values(*controls);
        let [first, end] = controls.range(codes);
        let scores = logits.chunks(streams).map(|scores| controls.score(scores)).enumerate();
        let allowed = scores.take(end).skip(first).filter(|(_, score)| score.is_finite());
        *index = drawn(&controls, allowed.collect()).unwrap_or(first) as f32;
    }
}

/// One of these indices, which have finite scores.
fn drawn(controls: &DrawControls, mut kept: Vec<(usize, f32)>) -> Option<usize> {
    let largest = kept.iter().map(|(_, score)| *score).reduce(f32::max)?;
    let is_random = controls.temperature > 0.0;
    if !is_random {
        return kept.iter().find(|(_, score)| *score >= largest).map(|(index, _)| *index);
    }
    let weight = |score: f32| (f64::from(score - largest) / f64::from(controls.temperature)).exp();
    if controls.top_k > 0 {
        let all = kept.clone();
        let larger = |score: f32| all.iter().filter(|(_, other)| *other > score).count();
        kept.retain(|(_, score)| larger(*score) < controls.top_k);
    }
    if controls.top_p > 0.0 && controls.top_p < 1.0 {
        let all = kept.clone();
        let mass = |counts: &dyn Fn(f32) -> bool| -> f64 {
            all.iter().filter(|(_, other)| counts(*other)).map(|(_, other)| weight(*other)).sum()
        };
        let most = f64::from(controls.top_p) * mass(&|_| true);
        kept.retain(|(_, score)| mass(&|other| other > *score) < most);
    }
    let total: f64 = kept.iter().map(|(_, score)| weight(*score)).sum();
    let mut running = 0.0;
    let reached = kept.iter().find(|(_, score)| {
        running += weight(*score);
        running > f64::from(controls.u) * total
    });
    reached.or(kept.last()).map(|(index, _)| *index)
}
