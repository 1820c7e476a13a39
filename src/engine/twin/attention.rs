//! Twin of `attention.wgsl`.

use crate::engine::params::AttentionParams;

/// `output = softmax(scale * query . key) over the keys, times value`, for every token of every sequence; where the
/// params are causal, over its own key and those before it. Summed in `f64`.
///
/// # Shapes
/// `query`, `key`, `value` and `output [sequences, dim, tokens]`.
pub fn attention(
    params: &AttentionParams,
    query: &[f32],
    key: &[f32],
    value: &[f32],
    output: &mut [f32],
) {
    let [dim, tokens] = [params.dim as usize, params.tokens as usize];
    for sequence in 0..params.sequences as usize {
        let place = |i: usize, token: usize| (sequence * dim + i) * tokens + token;
        for token in 0..tokens {
            let score = |other: usize| {
                let product =
                    |i| f64::from(query[place(i, token)]) * f64::from(key[place(i, other)]);
                (0..dim).map(product).sum::<f64>() * f64::from(params.scale)
            };
            let seen = if params.causal == 0 { tokens } else { token + 1 };
            let weights = softmax((0..seen).map(score).collect());
            for i in 0..dim {
                let parts = weights.iter().enumerate();
                let sum: f64 =
                    parts.map(|(other, weight)| weight * f64::from(value[place(i, other)])).sum();
                output[place(i, token)] = sum as f32;
            }
        }
    }
}

/// Exponentials divided by their sum; the largest score is subtracted first, so that none overflows.
pub(super) fn softmax(scores: Vec<f64>) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = scores.into_iter().map(|score| (score - largest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|exponential| exponential / total).collect()
}
