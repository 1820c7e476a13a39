//! What looks at channels and places: upsampling, normalization, attention.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};

use crate::graph::Node;

/// About as many scores of attention are kept at once: 16 MiB.
pub(super) const SCORES: usize = 4 << 20;

/// `[b, c * h * w]` as `[b, c, h, w]`.
pub(super) fn planes(value: Tensor<2>, node: &Node) -> Tensor<4> {
    let [batch, _] = value.dims();
    value.reshape([batch, node.shape[0], node.shape[1], node.shape[2]])
}

/// Every row and column `factor` times.
///
/// # Shapes
/// `planes [b, c, h, w]`; the result is `[b, c, h * factor, w * factor]`.
pub(super) fn upsampled(planes: Tensor<4>, factor: usize) -> Tensor<4> {
    if factor == 1 {
        return planes;
    }
    let [b, c, h, w] = planes.dims();
    let repeated = planes.reshape([b, c, h, 1, w, 1]).expand([b, c, h, factor, w, factor]);
    repeated.reshape([b, c, h * factor, w * factor]) // [b, c, h * factor, w * factor]
}

/// `(value - mean) / sqrt(variance + epsilon) * weight + bias`, mean and variance being those of a group of channels.
///
/// # Shapes
/// `value [b, c * plane]`, `weight [c]`, `bias [c]`; the result is `[b, c * plane]`.
pub(super) fn group_norm(
    value: Tensor<2>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    groups: usize,
    epsilon: f32,
) -> Tensor<2> {
    let [batch, len] = value.dims();
    let [channels] = weight.dims();
    let grouped = value.reshape([batch, groups, len / groups]); // [b, groups, values]
    let deviations = grouped.clone() - grouped.mean_dim(2); // [b, groups, values]
    let variance = deviations.clone().square().mean_dim(2); // [b, groups, 1]
    let normalized = deviations / (variance + epsilon).sqrt();
    let normalized = normalized.reshape([batch, channels, len / channels]); // [b, c, plane]
    let scaled = normalized * weight.reshape([1, channels, 1]) + bias.reshape([1, channels, 1]);
    scaled.flatten(1, 2) // [b, c * plane]
}

/// `(value - mean) / sqrt(variance + epsilon) * weight + bias`, mean and variance being those of a place.
///
/// # Shapes
/// `value [b, c * plane]`, `weight [c]`, `bias [c]`; the result is `[b, c * plane]`.
pub(super) fn layer_norm(
    value: Tensor<2>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f32,
) -> Tensor<2> {
    let [batch, len] = value.dims();
    let [channels] = weight.dims();
    let places = value.reshape([batch, channels, len / channels]); // [b, c, plane]
    let deviations = places.clone() - places.mean_dim(1); // [b, c, plane]
    let variance = deviations.clone().square().mean_dim(1); // [b, 1, plane]
    let normalized = deviations / (variance + epsilon).sqrt();
    let scaled = normalized * weight.reshape([1, channels, 1]) + bias.reshape([1, channels, 1]);
    scaled.flatten(1, 2) // [b, c * plane]
}

/// Every token's mixture of all values, weighed by the softmax of its scaled products with all keys, or where it is
/// `causal` of its own and those before; for a block of tokens at a time, so that scores stay few.
///
/// # Shapes
/// `query`, `key`, `value [b, c * tokens]`; the result is `[b, c * tokens]`.
pub(super) fn attention(
    [query, key, value]: [Tensor<2>; 3],
    heads: usize,
    tokens: usize,
    causal: bool,
) -> Tensor<2> {
    let ([batch, len], device) = (query.dims(), query.device());
    let [sequences, dim] = [batch * heads, len / (heads * tokens)];
    let of_sequences = |value: Tensor<2>| value.reshape([sequences, dim, tokens]);
    let query = of_sequences(query).swap_dims(1, 2) / (dim as f32).sqrt(); // [s, tokens, d]
    let key = of_sequences(key); // [s, d, tokens]
    let value = of_sequences(value).swap_dims(1, 2); // [s, tokens, d]
    let block = (SCORES / (sequences * tokens)).max(1);
    let mixed = (0..tokens).step_by(block).map(|start| {
        let count = block.min(tokens - start);
        let queries = query.clone().narrow(1, start, count); // [s, block, d]
        if !causal {
            let weights = softmax(queries.matmul(key.clone()), 2); // [s, block, tokens]
            return weights.matmul(value.clone()); // [s, block, d]
        }
        let seen = start + count;
        let scores = queries.matmul(key.clone().narrow(2, 0, seen)); // [s, block, seen]
        let weights = softmax(scores + later_places(start, count, &device), 2);
        weights.matmul(value.clone().narrow(1, 0, seen)) // [s, block, d]
    });
    let mixed = Tensor::cat(mixed.collect(), 1); // [s, tokens, d]
    mixed.swap_dims(1, 2).reshape([batch, len]) // [b, c * tokens]
}

/// What is added to the scores of `count` tokens from `start` on, so that those that come later weigh nothing.
///
/// # Shapes
/// The result is `[1, count, start + count]`.
fn later_places(start: usize, count: usize, device: &Device) -> Tensor<3> {
    let seen = start + count;
    let mut added = vec![0.0; count * seen];
    for (token, row) in added.chunks_mut(seen).enumerate() {
        row[start + token + 1..].fill(f32::NEG_INFINITY);
    }
    Tensor::from_data(TensorData::new(added, [1, count, seen]), device)
}
