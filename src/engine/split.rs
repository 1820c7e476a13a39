//! A network whose values all fit a device's buffers: large planes fall into bands of channels, each a value of its
//! own, and whatever makes or reads them into as many nodes. The operations stay those that graphs have.

use std::borrow::Cow;
use std::ops::Range;

use super::EngineError;
use crate::array::{Array, NamedArrays};
use crate::graph::{Activation, Epilogue, Graph, GraphBuilder, Node, Op, ValueId};

/// The same network with no value of more than `limit` values; `graph` itself where that is so already.
///
/// # Errors
/// When a value that is too large does not fall into bands: the input, an output, what has no channels, or groups and
/// heads that do not fit.
pub fn split(graph: &Graph, limit: usize) -> Result<Cow<'_, Graph>, EngineError> {
    if graph.nodes().iter().all(|node| node.num_values() <= limit) {
        return Ok(Cow::Borrowed(graph));
    }
    let weights = graph.weights().iter();
    let weights: NamedArrays =
        weights.map(|(name, array)| (name.clone(), array.as_ref().clone())).collect();
    let builder = GraphBuilder::new(graph.input_shape(), &weights)?;
    let mut splitter = Splitter { graph, limit, builder, values: Vec::new() };
    for node in graph.nodes() {
        let bands = splitter.node(node)?;
        splitter.values.push(bands);
    }
    for (name, value) in graph.outputs() {
        let whole = splitter.whole(value)?;
        splitter.builder.output(name, whole)?;
    }
    Ok(Cow::Owned(splitter.builder.finish()?))
}

/// Some channels of a value.
#[derive(Clone, Debug)]
struct Band {
    channels: Range<usize>,
    value: ValueId,
}

/// A new graph in the making.
struct Splitter<'a> {
    graph: &'a Graph,
    limit: usize,
    builder: GraphBuilder<'a>,
    /// What stands for every value of the old graph.
    values: Vec<Vec<Band>>,
}

impl Splitter<'_> {
    /// The bands of a node's output.
    fn node(&mut self, node: &Node) -> Result<Vec<Band>, EngineError> {
        let ranges = self.ranges(node)?;
        let is_split = |value: ValueId| self.values[value.index()].len() > 1;
        if ranges.len() == 1 && !node.op.inputs().any(is_split) {
            let value = self.unsplit(node)?;
            return Ok(vec![Band { channels: 0..node.shape[0], value }]);
        }
        let mut bands = Vec::with_capacity(ranges.len());
        for channels in ranges {
            let value = self.band(node, &channels)?;
            bands.push(Band { channels, value });
        }
        Ok(bands)
    }

    /// A node that reads and makes whole values.
    fn unsplit(&mut self, node: &Node) -> Result<ValueId, EngineError> {
        if let Op::Input = node.op {
            return Ok(self.builder.input());
        }
        let op = node.op.with_values(|value| self.values[value.index()][0].value);
        self.add(node.name.clone(), op)
    }

    /// Some channels of a node's output.
    fn band(&mut self, node: &Node, channels: &Range<usize>) -> Result<ValueId, EngineError> {
        let name = format!("{}/{}", node.name, channels.start);
        let all = node.shape[0];
        // Groups and heads of channels, of which none may be torn.
        let share = |parts: usize| {
            let whole = (parts * channels.len()).is_multiple_of(all)
                && (parts * channels.start).is_multiple_of(all);
            whole.then(|| parts * channels.len() / all).ok_or_else(|| self.too_large(node))
        };
        let op = match &node.op {
            Op::Conv2d { input, weight, epilogue, .. }
            | Op::ConvTranspose2d { input, weight, epilogue, .. } => {
                return self.sum(node, *input, weight, epilogue, channels);
            }
            Op::GroupNorm { input, weight, bias, groups, epsilon, activation } => {
                let groups = share(*groups)?;
                Op::GroupNorm {
                    input: self.part(*input, channels)?,
                    weight: self.cut(weight, [channels.clone(), 0..1]),
                    bias: self.cut(bias, [channels.clone(), 0..1]),
                    groups,
                    epsilon: *epsilon,
                    activation: *activation,
                }
            }
            Op::Attention { query, key, value, heads, causal } => {
                let heads = share(*heads)?;
                Op::Attention {
                    query: self.part(*query, channels)?,
                    key: self.part(*key, channels)?,
                    value: self.part(*value, channels)?,
                    heads,
                    causal: *causal,
                }
            }
            Op::Modulate { input, factor, summand, activation } => Op::Modulate {
                input: self.part(*input, channels)?,
                factor: self.part(*factor, channels)?,
                summand: self.part(*summand, channels)?,
                activation: *activation,
            },
            Op::Slice { input, start, .. } => {
                return self.part(*input, &(channels.start + start..channels.end + start));
            }
            Op::Activate { input, activation } => {
                Op::Activate { input: self.part(*input, channels)?, activation: *activation }
            }
            Op::Affine { input, scale, shift } => {
                Op::Affine { input: self.part(*input, channels)?, scale: *scale, shift: *shift }
            }
            Op::Clamp { input, lo, hi } => {
                Op::Clamp { input: self.part(*input, channels)?, lo: *lo, hi: *hi }
            }
            Op::Input
            | Op::Linear { .. }
            | Op::LayerNorm { .. }
            | Op::CachedAttention { .. }
            | Op::Reshape { .. }
            | Op::NearestCode { .. }
            | Op::ArgMax { .. }
            | Op::Gather { .. }
            | Op::Draw { .. } => return Err(self.too_large(node)),
        };
        self.add(name, op)
    }

    /// Some channels of a convolution: the sum of those over all bands of its input, one added to the other.
    fn sum(
        &mut self,
        node: &Node,
        input: ValueId,
        weight: &str,
        epilogue: &Epilogue,
        channels: &Range<usize>,
    ) -> Result<ValueId, EngineError> {
        let residual = epilogue.residual.map(|value| self.part(value, channels)).transpose()?;
        let bias = epilogue.bias.as_ref().map(|bias| self.cut(bias, [channels.clone(), 0..1]));
        let mut epilogue = Epilogue { bias, residual, activation: Activation::None };
        let bands = self.values[input.index()].clone();
        let last = bands.len() - 1;
        for (index, band) in bands.into_iter().enumerate() {
            if index == last {
                epilogue.activation = node.op.epilogue().map_or(Activation::None, |e| e.activation);
            }
            let mut op = node.op.with_values(|_| band.value);
            let cut = match op {
                Op::ConvTranspose2d { .. } => [band.channels, channels.clone()],
                _ => [channels.clone(), band.channels],
            };
            let cut = self.cut(weight, cut);
            if let Op::Conv2d { weight, epilogue: own, .. }
            | Op::ConvTranspose2d { weight, epilogue: own, .. } = &mut op
            {
                (*weight, *own) = (cut, epilogue);
            }
            let sum = self.add(format!("{}/{}/{index}", node.name, channels.start), op)?;
            epilogue = Epilogue { residual: Some(sum), ..Epilogue::default() };
        }
        epilogue.residual.ok_or_else(|| self.too_large(node))
    }

    /// Some channels of a value of the old graph, which lie in one band of it.
    fn part(&mut self, value: ValueId, channels: &Range<usize>) -> Result<ValueId, EngineError> {
        let node = self.graph.node(value);
        let holds = |band: &&Band| {
            band.channels.start <= channels.start && channels.end <= band.channels.end
        };
        let band = self.values[value.index()].iter().find(holds).cloned();
        let band = band.ok_or_else(|| self.too_large(node))?;
        if band.channels == *channels {
            return Ok(band.value);
        }
        let start = channels.start - band.channels.start;
        let cut = Op::Slice { input: band.value, start, len: channels.len() };
        // A number of its own: others may cut out the same.
        let count = self.builder.num_nodes();
        self.add(format!("{}/{}/cut{count}", node.name, channels.start), cut)
    }

    /// A value of the old graph that is not split.
    fn whole(&self, value: ValueId) -> Result<ValueId, EngineError> {
        match &self.values[value.index()][..] {
            [band] => Ok(band.value),
            _ => Err(self.too_large(self.graph.node(value))),
        }
    }

    /// The bands of a node's output: as few as fit, all of one size.
    fn ranges(&self, node: &Node) -> Result<Vec<Range<usize>>, EngineError> {
        let (channels, values) = (node.shape[0], node.num_values());
        if values <= self.limit {
            return Ok(std::iter::once(0..channels).collect());
        }
        let fits = |count: &usize| channels.is_multiple_of(*count) && values / count <= self.limit;
        // Any number that groups of channels have as well tears none of them.
        let keeps_groups = |count: &usize| self.groups(channels).all(|n| n.is_multiple_of(*count));
        let count = (2..=channels).filter(fits).find(keeps_groups);
        let count = count.or_else(|| (2..=channels).find(fits));
        let count = count.filter(|_| node.shape.len() == 3).ok_or_else(|| self.too_large(node))?;
        let len = channels / count;
        Ok((0..count).map(|band| band * len..(band + 1) * len).collect())
    }

    /// The numbers of groups and of heads into which so many channels fall somewhere.
    fn groups(&self, channels: usize) -> impl Iterator<Item = usize> {
        let nodes = self.graph.nodes().iter().filter(move |node| node.shape[0] == channels);
        nodes.filter_map(|node| match node.op {
            Op::GroupNorm { groups, .. } => Some(groups),
            _ => None,
        })
    }

    /// A part of a weight, by its first two axes; the second is 0..1 where there is none.
    fn cut(&mut self, weight: &str, [first, second]: [Range<usize>; 2]) -> String {
        let array = self.graph.weight(weight);
        let shape = array.shape();
        let width = shape.get(1).copied().unwrap_or(1);
        if first.len() == shape[0] && second.len() == width {
            return weight.to_owned();
        }
        let name = format!("{weight}[{first:?},{second:?}]");
        let inner = array.row_len() / width;
        let rows =
            first.clone().flat_map(|row| &array.row(row)[second.start * inner..second.end * inner]);
        let mut cut = shape.to_vec();
        cut[0] = first.len();
        if let Some(width) = cut.get_mut(1) {
            *width = second.len();
        }
        let cut = Array::new(cut, rows.copied().collect()).expect("rows of the weight's own");
        self.builder.make(name.clone(), cut);
        name
    }

    fn add(&mut self, name: String, op: Op) -> Result<ValueId, EngineError> {
        Ok(self.builder.add(name, op)?)
    }

    fn too_large(&self, node: &Node) -> EngineError {
        let bytes = |values: usize| values as u64 * 4;
        EngineError::TooLarge {
            what: format!("bytes of `{}` of one item, which does not fall into bands", node.name),
            found: bytes(node.num_values()),
            limit: bytes(self.limit),
        }
    }
}
