//! Normalisation with fixed statistics, folded into the layer before it.

use crate::array::{Array, NamedArrays};
use crate::graph::GraphError;

/// What PyTorch adds to a variance before its root is taken.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;

/// Where a layer's outputs lie in its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputAxis {
    /// `[out, ..]`: linear layers and convolutions.
    First,
    /// `[in, out, ..]`: transposed convolutions.
    Second,
}

/// Replaces the weight and the bias of `layer` by those of the layer with the batch normalisation `norm` behind it.
///
/// γ (w·x + b − μ) / √(σ² + ε) + β is (s w)·x + s (b − μ) + β with s = γ / √(σ² + ε). Neighbouring outputs share a
/// channel where the layer has more outputs than the normalisation has channels, as a linear layer has that makes
/// planes.
///
/// # Shapes
/// `layer.weight` `[out, ..]` or `[in, out, ..]`; `layer.bias` `[out]`, zero where there is none; `norm.weight`,
/// `norm.bias`, `norm.running_mean`, `norm.running_var` `[c]`, c a divisor of out
///
/// # Errors
/// When a tensor is missing or the channels do not divide the outputs.
///
/// # Source
/// Batch Normalization (Ioffe & Szegedy, 2015, algorithm 2, arXiv:1502.03167).
pub(super) fn batch_norm(
    tensors: &mut NamedArrays,
    layer: &str,
    norm: &str,
    axis: OutputAxis,
) -> Result<(), GraphError> {
    let take = |name: String| {
        let missing = || GraphError::MissingWeight { node: layer.to_owned(), weight: name.clone() };
        tensors.get(&name).cloned().ok_or_else(missing)
    };
    let mut weight = take(format!("{layer}.weight"))?;
    let gamma = take(format!("{norm}.weight"))?;
    let beta = take(format!("{norm}.bias"))?;
    let mean = take(format!("{norm}.running_mean"))?;
    let variance = take(format!("{norm}.running_var"))?;
    let outputs = match axis {
        OutputAxis::First => weight.shape()[0],
        OutputAxis::Second => weight.shape()[1],
    };
    let channels = gamma.data().len();
    if channels == 0 || !outputs.is_multiple_of(channels) {
        let found = format!("{channels} channels for {outputs} outputs");
        return Err(GraphError::mismatch(norm, "channels", found, "a divisor of the outputs"));
    }
    let mut bias = take(format!("{layer}.bias")).unwrap_or_else(|_no_bias| Array::zeros([outputs]));
    let scale = |channel: usize| {
        gamma.data()[channel] / (variance.data()[channel] + BATCH_NORM_EPSILON).sqrt()
    };
    let channel_of = |output: usize| output * channels / outputs;
    for (output, bias) in bias.data_mut().iter_mut().enumerate() {
        let channel = channel_of(output);
        *bias = scale(channel) * (*bias - mean.data()[channel]) + beta.data()[channel];
    }
    // The values behind one output of one input lie together.
    let run = match axis {
        OutputAxis::First => weight.row_len(),
        OutputAxis::Second => weight.row_len() / outputs,
    };
    for (index, values) in weight.data_mut().chunks_exact_mut(run).enumerate() {
        let scale = scale(channel_of(index % outputs));
        values.iter_mut().for_each(|value| *value *= scale);
    }
    tensors.insert(format!("{layer}.weight"), weight);
    tensors.insert(format!("{layer}.bias"), bias);
    Ok(())
}
