//! A quantizer as pieces of graphs: from vectors to codes, and from indices to codes.
//!
//! Only searches and look-ups are needed beside convolutions: what joins, selects, subtracts or bounds planes is a
//! convolution of 1 × 1 whose weights are made here.

use super::{CODEBOOK, Method, QuantizerConfig, TRANSFORM, TRANSFORM_BIAS};
use crate::array::Array;
use crate::graph::{Activation, Codes, Epilogue, GraphBuilder, GraphError, Op, ValueId};
use crate::latent::Levels;

/// Codes that are made of tensors, or of nothing.
const MADE_CODES: &str = "quantizer.codes";

/// The codes nearest to vectors `[d, h, w]`, as outputs: `indices` `[h, w]`, or `[q, h, w]` for several quantizers or
/// heads, and `quantized` `[d, h, w]`, which is given back. Where vectors are bounded before they are compared,
/// `bounded` `[d, h, w]` is an output, too.
///
/// # Errors
/// When a tensor of the quantizer is missing, has another shape, or holds values that are not finite.
pub fn quantized(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    latent: ValueId,
) -> Result<ValueId, GraphError> {
    let (indices, codes) = match &config.method {
        Method::Residual { quantizers } => summands(graph, config, latent, *quantizers)?,
        Method::MultiHead { heads, shared: false } => parts(graph, config, latent, *heads)?,
        _ => {
            let vectors = match &config.method {
                Method::Fsq { levels } => bounded(graph, latent, levels)?,
                _ => latent,
            };
            let codebook = codebook(graph, config, 0)?;
            let nearest = Op::NearestCode { input: vectors, codebook };
            let indices = graph.add("quantizer.indices", nearest)?;
            (indices, codes_of(graph, config, indices)?)
        }
    };
    graph.output("indices", indices)?;
    graph.output("quantized", codes)?;
    Ok(codes)
}

/// The vectors `[d, h, w]` that indices `[h, w]`, or `[q, h, w]`, stand for.
///
/// # Errors
/// As [`quantized`].
pub fn codes_of(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    indices: ValueId,
) -> Result<ValueId, GraphError> {
    let count = match config.method {
        Method::Residual { quantizers } => quantizers,
        Method::MultiHead { heads, shared: false } => heads,
        _ => {
            let codebook = codebook(graph, config, 0)?;
            return graph.add("quantizer.vectors", Op::Gather { input: indices, codebook });
        }
    };
    let grid = graph.shape(indices)[1..].to_vec();
    let mut joined = None;
    for slot in 0..count {
        let name = format!("quantizer.{slot}");
        let slice = Op::Slice { input: indices, start: slot, len: 1 };
        let slice = graph.add(format!("{name}.index"), slice)?; // [1, h, w]
        let plane = Op::Reshape { input: slice, shape: grid.clone() };
        let plane = graph.add(format!("{name}.plane"), plane)?; // [h, w]
        let codes = look_up(graph, config, plane, slot)?;
        joined = Some(join(graph, config, codes, joined, slot)?);
    }
    joined.ok_or(GraphError::NoOutput)
}

/// The codebook of one quantizer or head, made where it is no tensor.
fn codebook(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    slot: usize,
) -> Result<Codes, GraphError> {
    match &config.method {
        Method::Fsq { levels } => graph.make(MADE_CODES, levels.codebook()),
        Method::SimVq => {
            let find = |weight| graph.find(MADE_CODES, weight);
            let codes = mapped(find(CODEBOOK)?, find(TRANSFORM)?, find(TRANSFORM_BIAS)?);
            graph.make(MADE_CODES, codes);
        }
        _ => {
            let parts = config.layout().parts();
            return Ok(Codes::part(CODEBOOK, slot.min(parts - 1), parts));
        }
    }
    Ok(MADE_CODES.into())
}

/// Rows through a linear map, c Wᵀ + b.
///
/// # Shapes
/// - `rows`: `[k, d]`; `weight`: `[d, d]`; `bias`: `[d]`; result: `[k, d]`
fn mapped(rows: &Array, weight: &Array, bias: &Array) -> Array {
    let value = |row: &[f32], output: usize| -> f32 {
        let products = row.iter().zip(weight.row(output));
        let sum: f64 = products.map(|(c, w)| f64::from(*c) * f64::from(*w)).sum();
        (sum + f64::from(bias.data()[output])) as f32
    };
    let mut codes = Array::zeros([rows.num_rows(), weight.num_rows()]);
    let d = codes.row_len();
    for (index, code) in codes.data_mut().chunks_exact_mut(d).enumerate() {
        let row = rows.row(index);
        code.iter_mut().enumerate().for_each(|(output, slot)| *slot = value(row, output));
    }
    codes
}

/// The vectors that are rounded, as an output: tanh(z + shift) · scale − offset.
fn bounded(
    graph: &mut GraphBuilder<'_>,
    latent: ValueId,
    levels: &Levels,
) -> Result<ValueId, GraphError> {
    let bounds = levels.bounds();
    let d = bounds.len();
    let values = |of: fn(&crate::latent::Bound) -> f32| bounds.iter().map(of).collect::<Vec<_>>();
    let vector = |values: Vec<f32>| Array::new([d], values).unwrap_or_else(|_| Array::zeros([1]));
    graph.make("quantizer.one", diagonal(&vec![1.0; d]));
    graph.make("quantizer.shift", vector(values(|bound| bound.shift)));
    graph.make("quantizer.scale", diagonal(&values(|bound| bound.scale)));
    graph.make("quantizer.offset", vector(values(|bound| -bound.offset)));
    let squashed = Epilogue::bias("quantizer.shift").with_activation(Activation::Tanh);
    let squashed = convolution(graph, "quantizer.squashed", latent, "quantizer.one", squashed)?;
    let bias = Epilogue::bias("quantizer.offset");
    let bounded = convolution(graph, "quantizer.bounded", squashed, "quantizer.scale", bias)?;
    graph.output("bounded", bounded)?;
    Ok(bounded)
}

/// Indices and sum of codes that each stand for what those before them left over.
fn summands(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    latent: ValueId,
    quantizers: usize,
) -> Result<(ValueId, ValueId), GraphError> {
    graph.make("quantizer.minus", diagonal(&vec![-1.0; config.code_dim]));
    let (mut rest, mut indices, mut sum) = (latent, None, None);
    for slot in 0..quantizers {
        let index = search(graph, config, rest, slot)?;
        indices = Some(stacked(graph, index, indices, [slot, quantizers])?);
        let codes = look_up(graph, config, index, slot)?;
        sum = Some(join(graph, config, codes, sum, slot)?);
        if slot + 1 < quantizers {
            let name = format!("quantizer.{slot}.rest");
            let onto = Epilogue::default().with_residual(rest);
            rest = convolution(graph, &name, codes, "quantizer.minus", onto)?;
        }
    }
    indices.zip(sum).ok_or(GraphError::NoOutput)
}

/// Indices and codes of the parts of vectors, each with codes of its own.
fn parts(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    latent: ValueId,
    heads: usize,
) -> Result<(ValueId, ValueId), GraphError> {
    let len = config.row_dim();
    let (mut indices, mut joined) = (None, None);
    for slot in 0..heads {
        let part = Op::Slice { input: latent, start: slot * len, len };
        let part = graph.add(format!("quantizer.{slot}.part"), part)?;
        let index = search(graph, config, part, slot)?;
        indices = Some(stacked(graph, index, indices, [slot, heads])?);
        let codes = look_up(graph, config, index, slot)?;
        joined = Some(join(graph, config, codes, joined, slot)?);
    }
    indices.zip(joined).ok_or(GraphError::NoOutput)
}

fn search(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    input: ValueId,
    slot: usize,
) -> Result<ValueId, GraphError> {
    let codebook = codebook(graph, config, slot)?;
    graph.add(format!("quantizer.{slot}.indices"), Op::NearestCode { input, codebook })
}

fn look_up(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    input: ValueId,
    slot: usize,
) -> Result<ValueId, GraphError> {
    let codebook = codebook(graph, config, slot)?;
    graph.add(format!("quantizer.{slot}.codes"), Op::Gather { input, codebook })
}

/// Indices `[h, w]` as plane `slot` of `count`, `[count, h, w]`, beside those of other planes.
fn stacked(
    graph: &mut GraphBuilder<'_>,
    indices: ValueId,
    others: Option<ValueId>,
    [slot, count]: [usize; 2],
) -> Result<ValueId, GraphError> {
    let shape = [&[1], graph.shape(indices)].concat();
    let name = format!("quantizer.{slot}.row");
    let row = graph.add(name, Op::Reshape { input: indices, shape })?; // [1, h, w]
    let weight = format!("quantizer.{slot}.place");
    graph.make(weight.clone(), placing(1, [slot, count]));
    let onto = Epilogue { residual: others, ..Epilogue::default() };
    convolution(graph, &format!("quantizer.{slot}.stacked"), row, &weight, onto)
}

/// Codes added to others, or put beside them, `[d, h, w]`.
fn join(
    graph: &mut GraphBuilder<'_>,
    config: &QuantizerConfig,
    codes: ValueId,
    others: Option<ValueId>,
    slot: usize,
) -> Result<ValueId, GraphError> {
    let weight = match config.method {
        Method::MultiHead { heads, .. } => {
            let weight = format!("quantizer.{slot}.planes");
            graph.make(weight.clone(), placing(config.row_dim(), [slot, heads]));
            weight
        }
        _ if others.is_none() => return Ok(codes),
        _ => {
            graph.make("quantizer.one", diagonal(&vec![1.0; config.code_dim]));
            "quantizer.one".to_owned()
        }
    };
    let onto = Epilogue { residual: others, ..Epilogue::default() };
    convolution(graph, &format!("quantizer.{slot}.joined"), codes, &weight, onto)
}

/// A convolution of single pixels.
fn convolution(
    graph: &mut GraphBuilder<'_>,
    name: &str,
    input: ValueId,
    weight: &str,
    epilogue: Epilogue,
) -> Result<ValueId, GraphError> {
    let (weight, upsample, stride, padding) = (weight.to_owned(), 1, [1, 1], [0; 4]);
    graph.add(name, Op::Conv2d { input, weight, upsample, stride, padding, epilogue })
}

/// What multiplies every plane by its factor, `[d, d, 1, 1]`.
fn diagonal(factors: &[f32]) -> Array {
    let d = factors.len();
    let mut weight = Array::zeros([d, d, 1, 1]);
    for (plane, factor) in factors.iter().enumerate() {
        weight.data_mut()[plane * d + plane] = *factor;
    }
    weight
}

/// What puts `planes` planes at place `slot` of `count`, the others zero, `[count * planes, planes, 1, 1]`.
fn placing(planes: usize, [slot, count]: [usize; 2]) -> Array {
    let mut weight = Array::zeros([count * planes, planes, 1, 1]);
    for plane in 0..planes {
        weight.data_mut()[(slot * planes + plane) * planes + plane] = 1.0;
    }
    weight
}
