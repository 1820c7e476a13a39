//! Twin of `cached_attention.wgsl`.

use super::attention::softmax;
use crate::engine::params::CachedAttentionParams;

/// Keeps the key and the value of one token of every sequence in the slot of its position; then
/// `output = softmax(scale * query . keys) times values`, over the slots up to this one. Summed in `f64`.
///
/// # Shapes
/// `query`, `key`, `value` and `output [items, heads, dim, streams]`, `position [items]`,
/// `cache [items, heads, streams, 2, slots, dim]`, keys before values.
pub fn cached_attention(
    params: &CachedAttentionParams,
    query: &[f32],
    key: &[f32],
    value: &[f32],
    position: &[f32],
    cache: &mut [f32],
    output: &mut [f32],
) {
    let [heads, dim, streams] =
        [params.heads, params.dim, params.streams].map(|extent| extent as usize);
    let slots = params.slots as usize;
    for sequence in 0..params.items as usize * heads * streams {
        let (head, stream) = (sequence / streams, sequence % streams);
        let place = |i: usize| (head * dim + i) * streams + stream;
        // The conversion makes 0 of negative numbers and of NaN.
        let own = (position[head / heads] as usize).min(slots - 1);
        let kept = &mut cache[sequence * 2 * slots * dim..][..2 * slots * dim];
        let (keys, values) = kept.split_at_mut(slots * dim);
        for i in 0..dim {
            keys[own * dim + i] = key[place(i)];
            values[own * dim + i] = value[place(i)];
        }
        let score = |slot: usize| {
            let product = |i| f64::from(query[place(i)]) * f64::from(keys[slot * dim + i]);
            (0..dim).map(product).sum::<f64>() * f64::from(params.scale)
        };
        let weights = softmax((0..=own).map(score).collect());
        for i in 0..dim {
            let parts = weights.iter().enumerate();
            let sum: f64 =
                parts.map(|(slot, weight)| weight * f64::from(values[slot * dim + i])).sum();
            output[place(i)] = sum as f32;
        }
    }
}
