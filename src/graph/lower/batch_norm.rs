//! Batch normalization folded into the layer before it: in use it is a factor and a summand for every channel.
//!
//! # Source
//! Batch Normalization (Ioffe & Szegedy, 2015, algorithm 2, step 11, arXiv:1502.03167).

use crate::array::{Array, NamedArrays};
use crate::graph::GraphError;

/// What PyTorch adds to a variance before its root is taken.
pub const EPSILON: f32 = 1e-5;

/// A batch normalization in use: its tensors, each `[c]`.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a> {
    /// Factors, γ.
    pub weight: &'a Array,
    /// Summands, β.
    pub bias: &'a Array,
    /// Means that training has kept.
    pub running_mean: &'a Array,
    /// Variances that training has kept.
    pub running_var: &'a Array,
    /// What is added to the variances; PyTorch's default is [`EPSILON`].
    pub epsilon: f32,
}

/// Where the outputs of a layer lie in its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// On the first axis: linear layers `[out, in]`, convolutions `[out, in, kh, kw]`.
    First,
    /// On the second axis: transposed convolutions `[in, out, kh, kw]`.
    Second,
}

/// The weight and the bias of one layer that computes what `layer` and then `norm` compute. Folded in `f64`.
///
/// # Shapes
/// `weight` of two or more axes with `out` outputs, `bias [out]` if there is one; the results are of the shape of
/// `weight` and `[out]`.
///
/// # Errors
/// When the shapes do not fit, when a variance plus epsilon is not above zero, or when a folded value is not finite;
/// messages call the node `layer`.
pub fn fold_batch_norm(
    layer: &str,
    weight: &Array,
    outputs: Outputs,
    bias: Option<&Array>,
    norm: &BatchNorm<'_>,
) -> Result<(Array, Array), GraphError> {
    let out = check_shapes(layer, weight, outputs, bias, norm)?;
    let at = |array: &Array, channel: usize| f64::from(array.data()[channel]);
    let mut factors = Vec::with_capacity(out);
    let mut summands = Vec::with_capacity(out);
    for channel in 0..out {
        let square = at(norm.running_var, channel) + f64::from(norm.epsilon);
        if square.is_nan() || square <= 0.0 {
            let what = format!("running variance of channel {channel} with epsilon");
            return Err(GraphError::mismatch(layer, what, square, "a number above zero"));
        }
        let factor = at(norm.weight, channel) / square.sqrt();
        let bias = bias.map_or(0.0, |bias| at(bias, channel));
        factors.push(factor);
        summands.push((bias - at(norm.running_mean, channel)) * factor + at(norm.bias, channel));
    }
    // The values between two steps along the axis of the outputs.
    let step: usize = weight.shape()[axis(outputs) + 1..].iter().product();
    let values = weight.data().iter().enumerate();
    let scaled = values.map(|(i, value)| (f64::from(*value) * factors[i / step % out]) as f32);
    let mut folded = weight.clone();
    folded.data_mut().copy_from_slice(&scaled.collect::<Vec<_>>());
    let mut folded_bias = Array::zeros([out]);
    for (value, summand) in folded_bias.data_mut().iter_mut().zip(summands) {
        *value = summand as f32;
    }
    check_finite(layer, &folded)?;
    check_finite(layer, &folded_bias)?;
    Ok((folded, folded_bias))
}

/// Replaces the weight and the bias of `layer` among `tensors` by those of the layer with the normalization `norm`
/// behind it. Neighbouring outputs share a channel where the layer has more outputs than the normalization has
/// channels, as a linear layer has that makes planes.
///
/// # Shapes
/// `layer.weight`, and `layer.bias` if there is one, as in [`fold_batch_norm`]; `norm.weight`, `norm.bias`,
/// `norm.running_mean`, `norm.running_var` `[c]`, c a divisor of the outputs
///
/// # Errors
/// When a tensor is missing, and as [`fold_batch_norm`].
pub(super) fn fold_named(
    tensors: &mut NamedArrays,
    layer: &str,
    norm: &str,
    outputs: Outputs,
) -> Result<(), GraphError> {
    let (weight_name, bias_name) = (format!("{layer}.weight"), format!("{layer}.bias"));
    let take = |name: &str| {
        let missing =
            || GraphError::MissingWeight { node: layer.to_owned(), weight: name.to_owned() };
        tensors.get(name).ok_or_else(missing)
    };
    let weight = take(&weight_name)?;
    let out = weight.shape().get(axis(outputs)).copied().unwrap_or(0);
    let spread = |part: &str| {
        let values = take(&format!("{norm}.{part}"))?.data();
        let share = out / values.len().max(1);
        let spread: Vec<f32> =
            values.iter().flat_map(|value| std::iter::repeat_n(*value, share)).collect();
        Ok(Array::new([spread.len()], spread).expect("as many as there are"))
    };
    let parts =
        [spread("weight")?, spread("bias")?, spread("running_mean")?, spread("running_var")?];
    let [weight_of_norm, bias_of_norm, running_mean, running_var] = &parts;
    let norm = BatchNorm {
        weight: weight_of_norm,
        bias: bias_of_norm,
        running_mean,
        running_var,
        epsilon: EPSILON,
    };
    let (weight, bias) = fold_batch_norm(layer, weight, outputs, tensors.get(&bias_name), &norm)?;
    tensors.insert(weight_name, weight);
    tensors.insert(bias_name, bias);
    Ok(())
}

fn axis(outputs: Outputs) -> usize {
    match outputs {
        Outputs::First => 0,
        Outputs::Second => 1,
    }
}

/// The number of outputs, if everything has a value for each.
fn check_shapes(
    layer: &str,
    weight: &Array,
    outputs: Outputs,
    bias: Option<&Array>,
    norm: &BatchNorm<'_>,
) -> Result<usize, GraphError> {
    let shape = weight.shape();
    if shape.len() < 2 || weight.data().is_empty() {
        let expected = "two or more axes, none of them empty";
        return Err(GraphError::mismatch(
            layer,
            "shape of the weight",
            format!("{shape:?}"),
            expected,
        ));
    }
    let out = shape[axis(outputs)];
    let vectors = [
        ("bias of the layer", bias),
        ("weight of the normalization", Some(norm.weight)),
        ("bias of the normalization", Some(norm.bias)),
        ("running means", Some(norm.running_mean)),
        ("running variances", Some(norm.running_var)),
    ];
    for (what, vector) in vectors {
        if let Some(found) = vector.map(Array::shape).filter(|found| *found != [out]) {
            let (found, expected) = (format!("{found:?}"), format!("[{out}]"));
            return Err(GraphError::mismatch(
                layer,
                format!("shape of the {what}"),
                found,
                expected,
            ));
        }
    }
    Ok(out)
}

fn check_finite(layer: &str, folded: &Array) -> Result<(), GraphError> {
    match folded.data().iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(value) => {
            let what = "values with the normalization folded in";
            Err(GraphError::mismatch(layer, what, value, "finite numbers"))
        }
    }
}
