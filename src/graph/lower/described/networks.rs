//! From a description and tensors to the graphs of encoder, codes and decoder.

use super::layers::Lowering;
use super::{Description, Function, Latent, Layer};
use crate::array::{Array, NamedArrays};
use crate::graph::lower::{CodeGraphs, Networks};
use crate::graph::{Activation, Codes, Graph, GraphError, Op, ValueId};
use crate::latent::CodeLayout;

/// Codes that are stored as columns, turned into rows.
const TURNED_CODES: &str = "latent codebook";

/// All networks of a model.
pub(super) fn networks(
    description: &Description,
    tensors: &NamedArrays,
) -> Result<Networks, GraphError> {
    let encoder = encoder(description, tensors)?;
    check_sizes(&encoder)?;
    let latent = encoder.output_shape("latent").unwrap_or_default().to_vec();
    let codes = match &description.latent {
        Latent::Codes { .. } => Some(CodeGraphs {
            quantizer: code_finder(description, tensors, &latent)?,
            decoder: Some(code_decoder(description, tensors, &latent[1..])?),
            layout: CodeLayout::Whole,
        }),
        _ => None,
    };
    let decoder = decoder(description, tensors, &latent)?;
    check_sizes(&decoder)?;
    Ok(Networks { encoder: Some(encoder), decoder: Some(decoder), codes })
}

/// Refuses values that are far larger than those of any model that this is meant for.
fn check_sizes(graph: &Graph) -> Result<(), GraphError> {
    let most = Description::MOST_VALUES;
    match graph.nodes().iter().find(|node| node.num_values() > most) {
        None => Ok(()),
        Some(node) => {
            let (found, expected) = (format!("{:?}", node.shape), format!("at most {most} values"));
            Err(GraphError::mismatch(&node.name, "output shape", found, expected))
        }
    }
}

fn encoder(description: &Description, tensors: &NamedArrays) -> Result<Graph, GraphError> {
    let image = description.image;
    let mut network = Lowering::new(&[image.channels, image.height, image.width], tensors)?;
    let input = network.graph.input();
    let last = network.layers(input, &description.encoder, "encoder")?;
    let (latent, logvar) = match &description.latent {
        Latent::Codes { .. } | Latent::Plain => (last, None),
        Latent::Layers { mean, logvar } => {
            let mean = network.layers(last, mean, "latent.mean")?;
            (mean, Some(network.layers(last, logvar, "latent.logvar")?))
        }
        Latent::Halves => {
            let half = half(network.graph.shape(last))?;
            let mut part = |name: &str, start| {
                network.graph.add(name, Op::Slice { input: last, start, len: half })
            };
            (part("latent mean", 0)?, Some(part("latent logvar", half)?))
        }
        Latent::Interleaved => {
            let [mean, logvar] = every_other(&mut network, last)?;
            (mean, Some(logvar))
        }
    };
    let shape = network.graph.shape(latent).to_vec();
    if !matches!(shape.len(), 1 | 3) {
        let expected = "a vector [d] or planes [d, h, w] (end with flatten or reshape)";
        return Err(GraphError::mismatch("latent", "shape", format!("{shape:?}"), expected));
    }
    network.graph.output("latent", latent)?;
    if let Some(logvar) = logvar {
        let found = network.graph.shape(logvar);
        same_shape(found, &shape, ["latent", "shape of the log-variances", "as the means"])?;
        network.graph.output("logvar", logvar)?;
    }
    quantized(&mut network, description, tensors, latent)?;
    network.graph.finish()
}

/// Half of the outermost axis.
fn half(shape: &[usize]) -> Result<usize, GraphError> {
    let count = shape.first().copied().unwrap_or(0);
    if count.is_multiple_of(2) {
        return Ok(count / 2);
    }
    let expected = "an even number, means and log-variances";
    Err(GraphError::mismatch("latent", "values or planes of the encoder's output", count, expected))
}

/// The entries of even number and those of odd number of the outermost axis.
///
/// They are the rows of one plane, which two kernels of two rows choose from.
fn every_other(network: &mut Lowering<'_>, x: ValueId) -> Result<[ValueId; 2], GraphError> {
    const PAIRS: &str = "latent pairs";
    let shape = network.graph.shape(x).to_vec();
    let half = half(&shape)?;
    let row: usize = shape[1..].iter().product();
    let plane = Op::Reshape { input: x, shape: vec![1, 2 * half, row] };
    let plane = network.graph.add("latent rows", plane)?; // [1, 2 * half, row]
    let choice = Array::new([2, 1, 2, 1], vec![1.0, 0.0, 0.0, 1.0]);
    network.graph.make(PAIRS, choice.unwrap_or_else(|_| Array::zeros([2, 1, 2, 1])));
    let chosen = network.conv(plane, PAIRS, 1, [2, 1], PAIRS)?; // [2, half, row]
    let mut part = |name: &str, start| {
        let slice = Op::Slice { input: chosen, start, len: 1 };
        let slice = network.graph.add(format!("{name} rows"), slice)?; // [1, half, row]
        let shape = [&[half], &shape[1..]].concat();
        network.graph.add(name, Op::Reshape { input: slice, shape })
    };
    Ok([part("latent mean", 0)?, part("latent logvar", 1)?])
}

/// What the decoder makes of a latent, with the codes that stand for it where there are some.
fn decoder(
    description: &Description,
    tensors: &NamedArrays,
    latent: &[usize],
) -> Result<Graph, GraphError> {
    let mut network = Lowering::new(latent, tensors)?;
    let latent = network.graph.input();
    let x = quantized(&mut network, description, tensors, latent)?;
    image_of(&mut network, description, x)?;
    network.graph.finish()
}

fn code_finder(
    description: &Description,
    tensors: &NamedArrays,
    latent: &[usize],
) -> Result<Graph, GraphError> {
    let mut network = Lowering::new(latent, tensors)?;
    let latent = network.graph.input();
    quantized(&mut network, description, tensors, latent)?;
    network.graph.finish()
}

fn code_decoder(
    description: &Description,
    tensors: &NamedArrays,
    grid: &[usize],
) -> Result<Graph, GraphError> {
    let mut network = Lowering::new(grid, tensors)?;
    let input = network.graph.input();
    let codebook = codebook(&mut network, description, tensors)?;
    let x = match codebook {
        Some(codebook) => network.graph.add("latent codes", Op::Gather { input, codebook })?,
        None => input,
    };
    image_of(&mut network, description, x)?;
    network.graph.finish()
}

/// The codes nearest to vectors `[d, h, w]`, with the outputs `indices` `[h, w]` and `quantized` `[d, h, w]`; the
/// vectors themselves where there are no codes.
fn quantized(
    network: &mut Lowering<'_>,
    description: &Description,
    tensors: &NamedArrays,
    latent: ValueId,
) -> Result<ValueId, GraphError> {
    let Some(codebook) = codebook(network, description, tensors)? else { return Ok(latent) };
    let dim = network.graph.find("latent", &codebook.weight)?.row_len();
    let shape = network.graph.shape(latent);
    if shape.len() != 3 || shape[0] != dim {
        let expected = format!(
            "[{dim}, h, w], as the codes of `{}` have {dim} values (reshape to it, or say \
             transposed = true where its columns are the codes)",
            codebook.weight
        );
        return Err(GraphError::mismatch(
            "latent",
            "shape of the vectors",
            format!("{shape:?}"),
            expected,
        ));
    }
    let nearest = Op::NearestCode { input: latent, codebook: codebook.clone() };
    let indices = network.graph.add("latent indices", nearest)?;
    let codes = network.graph.add("latent codes", Op::Gather { input: indices, codebook })?;
    network.graph.output("indices", indices)?;
    network.graph.output("quantized", codes)?;
    Ok(codes)
}

/// The codebook, its rows the codes, where there is one.
fn codebook(
    network: &mut Lowering<'_>,
    description: &Description,
    tensors: &NamedArrays,
) -> Result<Option<Codes>, GraphError> {
    let Latent::Codes { codebook, transposed } = &description.latent else { return Ok(None) };
    if !transposed {
        return Ok(Some(codebook.as_str().into()));
    }
    let missing =
        || GraphError::MissingWeight { node: "latent".to_owned(), weight: codebook.clone() };
    let stored = tensors.get(codebook).ok_or_else(missing)?;
    let &[d, k] = stored.shape() else {
        let what = format!("shape of weight `{codebook}`");
        let found = format!("{:?}", stored.shape());
        return Err(GraphError::mismatch("latent", what, found, "[d, k]"));
    };
    let mut turned = Array::zeros([k, d]);
    for (index, value) in turned.data_mut().iter_mut().enumerate() {
        *value = stored.data()[index % d * k + index / d];
    }
    network.graph.make(TURNED_CODES, turned);
    Ok(Some(TURNED_CODES.into()))
}

/// From what the decoder begins with to the output `image`, and `logits` where a sigmoid makes means of them.
fn image_of(
    network: &mut Lowering<'_>,
    description: &Description,
    x: ValueId,
) -> Result<(), GraphError> {
    let layers = &description.decoder;
    let image = match (description.bernoulli, layers.split_last()) {
        (false, _) => network.layers(x, layers, "decoder")?,
        (true, Some((Layer::Activation { function: Function::Sigmoid }, layers))) => {
            let logits = network.layers(x, layers, "decoder")?;
            network.graph.output("logits", logits)?;
            let sigmoid = Op::Activate { input: logits, activation: Activation::Sigmoid };
            network.graph.add("decoder image", sigmoid)?
        }
        (true, _) => {
            let expected = "a sigmoid, as the likelihood is Bernoulli";
            return Err(GraphError::mismatch("decoder", "last layer", "another one", expected));
        }
    };
    let shape = description.image;
    let expected = [shape.channels, shape.height, shape.width];
    let found = network.graph.shape(image);
    same_shape(found, &expected, ["decoder", "shape of the last layer's output", "as the image"])?;
    network.graph.output("image", image)
}

/// Refuses a shape that is not the expected one; `texts` are the network's part, what has the shape, and whose it should
/// be.
fn same_shape(
    found: &[usize],
    expected: &[usize],
    [part, what, whose]: [&str; 3],
) -> Result<(), GraphError> {
    if found == expected {
        return Ok(());
    }
    Err(GraphError::mismatch(part, what, format!("{found:?}"), format!("{expected:?}, {whose}")))
}
