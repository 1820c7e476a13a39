//! Attention of one token to those that are kept.

use rayon::prelude::*;

/// Values that a processor adds up together.
const LANES: usize = 8;

/// Keeps the key and the value of one token of every sequence in the slot of its position; then the mixture of the
/// values up to it, weighed by the softmax of the query's scaled products with the keys.
///
/// # Shapes
/// `query`, `key` and `value [b, heads, dim, streams]`, as is the result, `position [b]`,
/// `cache [b, heads, streams, 2, slots, dim]`, keys before values.
pub(super) fn attention(
    [query, key, value]: [&[f32]; 3],
    position: &[f32],
    cache: &mut [f32],
    [heads, streams, slots]: [usize; 3],
) -> Vec<f32> {
    let len = query.len() / (position.len() * heads); // dim * streams
    let dim = len / streams;
    let mut output = vec![0.0; query.len()];
    let of_head = |(head, (output, cache)): (usize, (&mut [f32], &mut [f32]))| {
        let own = (position[head / heads] as usize).min(slots - 1);
        for (stream, cache) in cache.chunks_mut(2 * slots * dim).enumerate() {
            let token = |values: &[f32]| -> Vec<f32> {
                values[head * len..][..len].iter().skip(stream).step_by(streams).copied().collect()
            };
            let (keys, values) = cache.split_at_mut(slots * dim);
            keys[own * dim..][..dim].copy_from_slice(&token(key));
            values[own * dim..][..dim].copy_from_slice(&token(value));
            let mixed = mixed(&token(query), keys, values, own);
            let places = output.iter_mut().skip(stream).step_by(streams);
            places.zip(mixed).for_each(|(place, value)| *place = value);
        }
    };
    let caches = cache.par_chunks_mut(streams * 2 * slots * dim);
    output.par_chunks_mut(len).zip(caches).enumerate().for_each(of_head);
    output
}

/// The mixture of the values of the slots up to the own one.
///
/// # Shapes
/// `query [dim]`, as is the result, `keys` and `values [slots, dim]`.
fn mixed(query: &[f32], keys: &[f32], values: &[f32], own: usize) -> Vec<f32> {
    let dim = query.len();
    let scale = 1.0 / (dim as f32).sqrt();
    let scores: Vec<f32> =
        keys.chunks(dim).take(own + 1).map(|key| scale * product(query, key)).collect();
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut mixed = vec![0.0; dim];
    let mut total = 0.0;
    for (score, values) in scores.iter().zip(values.chunks(dim)) {
        let weight = (score - largest).exp();
        total += weight;
        mixed.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
    }
    mixed.into_iter().map(|sum| sum / total).collect()
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
