//! From layers to nodes: what follows a weighted sum is folded into it, and sums of single values, such as those of
//! residual blocks, are convolutions of one plane.

use super::{Conv, Function, Keys, Layer};
use crate::array::{Array, NamedArrays};
use crate::graph::lower::batch_norm::{BatchNorm, Outputs, fold_batch_norm};
use crate::graph::{Activation, Epilogue, GraphBuilder, GraphError, Op, ValueId};

/// The most channels of a batch normalization with no layer before it that it could be folded into: it becomes a
/// matrix of their square, 64 MiB.
const MOST_LONE_CHANNELS: usize = 4096;

/// A kernel of one value, one.
const ONE: &str = "one";

/// A network that grows by layers.
pub(super) struct Lowering<'a> {
    /// What there is of it.
    pub(super) graph: GraphBuilder<'a>,
    tensors: &'a NamedArrays,
}

/// What is added to the value behind the last layer of a list, and what follows.
#[derive(Clone, Copy)]
struct Sum {
    onto: ValueId,
    activation: Activation,
}

/// Layers of which those in front have been built.
struct List<'l> {
    place: &'l str,
    layers: &'l [Layer],
    index: usize,
    /// What waits for the last layer.
    sum: Option<Sum>,
}

impl<'l> List<'l> {
    /// The next layer and its place.
    fn next(&mut self) -> Option<(&'l Layer, String)> {
        self.next_if(Some)
    }

    /// The next layer and its place, if it is one that `pick` takes.
    fn next_if<T>(&mut self, pick: impl Fn(&'l Layer) -> Option<T>) -> Option<(T, String)> {
        let picked = pick(self.layers.get(self.index)?)?;
        self.index += 1;
        Some((picked, format!("{}.{}", self.place, self.index - 1)))
    }

    /// The function that comes next, if one does.
    fn next_function(&mut self) -> Option<Function> {
        let function = |layer: &Layer| match layer {
            Layer::Activation { function } => Some(*function),
            _ => None,
        };
        Some(self.next_if(function)?.0)
    }

    /// What is added behind the layers so far, if they are all.
    fn sum_here(&mut self) -> Option<Sum> {
        self.sum.take_if(|_| self.index == self.layers.len())
    }
}

impl<'a> Lowering<'a> {
    /// Begins with an input of `shape`.
    ///
    /// # Errors
    /// When the shape is empty or has too many values.
    pub(super) fn new(shape: &[usize], tensors: &'a NamedArrays) -> Result<Self, GraphError> {
        Ok(Self { graph: GraphBuilder::new(shape, tensors)?, tensors })
    }

    /// What layers make of a value; their nodes are called by `place` and their number.
    ///
    /// # Errors
    /// When a tensor is missing or not finite, or shapes do not fit.
    pub(super) fn layers(
        &mut self,
        input: ValueId,
        layers: &[Layer],
        place: &str,
    ) -> Result<ValueId, GraphError> {
        self.list(input, List { place, layers, index: 0, sum: None })
    }

    fn list(&mut self, input: ValueId, mut list: List<'_>) -> Result<ValueId, GraphError> {
        let mut x = input;
        while let Some((layer, place)) = list.next() {
            x = self.layer(x, layer, &place, &mut list)?;
        }
        match list.sum {
            Some(sum) => self.sum(x, sum, list.place),
            None => Ok(x),
        }
    }

    fn layer(
        &mut self,
        input: ValueId,
        layer: &Layer,
        place: &str,
        list: &mut List<'_>,
    ) -> Result<ValueId, GraphError> {
        let op = match layer {
            Layer::Conv(conv) => return self.convolution(input, conv, 1, place, list),
            Layer::ConvTranspose { keys, stride, padding, output_padding } => {
                self.expect_planes(input, place)?;
                let (weight, epilogue) = self.weighted(keys, Outputs::Second, place, list)?;
                let (stride, padding, output_padding) = (*stride, *padding, *output_padding);
                Op::ConvTranspose2d { input, weight, stride, padding, output_padding, epilogue }
            }
            Layer::Linear { keys } => {
                self.expect_vector(input, place)?;
                let (weight, epilogue) = self.weighted(keys, Outputs::First, place, list)?;
                Op::Linear { input, weight, epilogue }
            }
            Layer::BatchNorm { key, epsilon } => {
                return self.batch_norm(input, key, *epsilon, place);
            }
            Layer::GroupNorm { key, groups, epsilon } => {
                return self.group_norm(input, key, *groups, *epsilon, place, list);
            }
            Layer::Attention { keys, heads } => return self.attention(input, keys, *heads, place),
            Layer::Residual { layers, shortcut } => {
                let onto = self.layers(input, shortcut, &format!("{place}.shortcut"))?;
                let activation = list.next_function().map(Activation::from).unwrap_or_default();
                let (place, sum) = (format!("{place}.layers"), Some(Sum { onto, activation }));
                return self.list(input, List { place: &place, layers, index: 0, sum });
            }
            Layer::Upsample { factor } => return self.upsample(input, *factor, place, list),
            Layer::Activation { function } => {
                Op::Activate { input, activation: (*function).into() }
            }
            Layer::Reshape { shape } => Op::Reshape { input, shape: shape.clone() },
            Layer::Flatten => {
                Op::Reshape { input, shape: vec![self.graph.shape(input).iter().product()] }
            }
            Layer::Affine { scale, shift } => Op::Affine { input, scale: *scale, shift: *shift },
            Layer::Clamp { lo, hi } => Op::Clamp { input, lo: *lo, hi: *hi },
        };
        self.graph.add(place, op)
    }

    /// The weight of a layer and what follows its sum: a normalization behind it is folded into both, and a function
    /// or the sum of a residual block that comes next is taken along.
    fn weighted(
        &mut self,
        keys: &Keys,
        outputs: Outputs,
        place: &str,
        list: &mut List<'_>,
    ) -> Result<(String, Epilogue), GraphError> {
        let norm = |layer: &Layer| match layer {
            Layer::BatchNorm { key, epsilon } => Some((key.clone(), *epsilon)),
            _ => None,
        };
        let Keys { mut weight, mut bias } = keys.clone();
        if let Some(((key, epsilon), norm_place)) = list.next_if(norm) {
            let stored = self.find(place, &weight)?;
            let added = bias.as_ref().map(|bias| self.find(place, bias)).transpose()?;
            let norm = self.norm_of(&key, epsilon, &norm_place)?;
            let folded = fold_batch_norm(&norm_place, stored, outputs, added, &norm)?;
            (weight, bias) = (format!("{place} weight"), Some(format!("{place} bias")));
            self.make([&weight, &format!("{place} bias")], folded);
        }
        let mut epilogue = Epilogue { bias, ..Epilogue::default() };
        if let Some(sum) = list.sum_here() {
            epilogue = epilogue.with_residual(sum.onto).with_activation(sum.activation);
        } else if let Some(function) = list.next_function() {
            epilogue = epilogue.with_activation(function.into());
        }
        Ok((weight, epilogue))
    }

    fn convolution(
        &mut self,
        input: ValueId,
        conv: &Conv,
        upsample: usize,
        place: &str,
        list: &mut List<'_>,
    ) -> Result<ValueId, GraphError> {
        self.expect_planes(input, place)?;
        let (weight, epilogue) = self.weighted(&conv.keys, Outputs::First, place, list)?;
        let (stride, padding) = (conv.stride, conv.padding);
        self.graph.add(place, Op::Conv2d { input, weight, upsample, stride, padding, epilogue })
    }

    /// A convolution without zeros around, of a weight that need not be a layer's.
    ///
    /// # Errors
    /// As the builder's.
    pub(super) fn conv(
        &mut self,
        input: ValueId,
        weight: &str,
        upsample: usize,
        stride: [usize; 2],
        name: &str,
    ) -> Result<ValueId, GraphError> {
        let (weight, epilogue) = (weight.to_owned(), Epilogue::default());
        let padding = [0; 4];
        self.graph.add(name, Op::Conv2d { input, weight, upsample, stride, padding, epilogue })
    }

    /// A normalization with nothing before it to be folded into: a diagonal matrix.
    fn batch_norm(
        &mut self,
        input: ValueId,
        key: &str,
        epsilon: f32,
        place: &str,
    ) -> Result<ValueId, GraphError> {
        let norm = self.norm_of(key, epsilon, place)?;
        let shape = self.graph.shape(input);
        let channels = shape[0];
        if channels > MOST_LONE_CHANNELS {
            let expected =
                format!("at most {MOST_LONE_CHANNELS} where no layer with weights precedes");
            return Err(GraphError::mismatch(place, "channels to normalize", channels, expected));
        }
        let is_vector = shape.len() == 1;
        let mut diagonal = Array::zeros([channels; 2]);
        for channel in 0..channels {
            diagonal.data_mut()[channel * channels + channel] = 1.0;
        }
        let folded = fold_batch_norm(place, &diagonal, Outputs::First, None, &norm)?;
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{place} {part}"));
        self.make([&weight, &bias], folded);
        let epilogue = Epilogue::bias(bias);
        let (upsample, stride, padding) = (1, [1; 2], [0; 4]);
        let op = if is_vector {
            Op::Linear { input, weight, epilogue }
        } else {
            Op::Conv2d { input, weight, upsample, stride, padding, epilogue }
        };
        self.graph.add(place, op)
    }

    /// The tensors of a batch normalization.
    fn norm_of(&self, key: &str, epsilon: f32, place: &str) -> Result<BatchNorm<'a>, GraphError> {
        let part = |part: &str| self.find(place, &format!("{key}.{part}"));
        Ok(BatchNorm {
            weight: part("weight")?,
            bias: part("bias")?,
            running_mean: part("running_mean")?,
            running_var: part("running_var")?,
            epsilon,
        })
    }

    fn group_norm(
        &mut self,
        input: ValueId,
        key: &str,
        groups: usize,
        epsilon: f32,
        place: &str,
        list: &mut List<'_>,
    ) -> Result<ValueId, GraphError> {
        let shape = self.graph.shape(input).to_vec();
        let is_vector = shape.len() == 1;
        let mut input = input;
        if is_vector {
            let planes = Op::Reshape { input, shape: vec![shape[0], 1, 1] };
            input = self.graph.add(format!("{place} planes"), planes)?; // [c, 1, 1]
        }
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{key}.{part}"));
        let activation = list.next_function().map(Activation::from).unwrap_or_default();
        let op = Op::GroupNorm { input, weight, bias, groups, epsilon, activation };
        let x = self.graph.add(place, op)?;
        if is_vector {
            return self.graph.add(format!("{place} vector"), Op::Reshape { input: x, shape }); // [c]
        }
        Ok(x)
    }

    fn attention(
        &mut self,
        input: ValueId,
        keys: &[Keys; 3],
        heads: usize,
        place: &str,
    ) -> Result<ValueId, GraphError> {
        self.expect_planes(input, place)?;
        let mut map = |name: &str, keys: &Keys| {
            let Keys { weight, bias } = keys.clone();
            let epilogue = Epilogue { bias, ..Epilogue::default() };
            let (upsample, stride, padding) = (1, [1; 2], [0; 4]);
            let op = Op::Conv2d { input, weight, upsample, stride, padding, epilogue };
            self.graph.add(format!("{place} {name}"), op)
        };
        let query = map("query", &keys[0])?;
        let key = map("key", &keys[1])?;
        let value = map("value", &keys[2])?;
        self.graph.add(place, Op::Attention { query, key, value, heads, causal: false })
    }

    /// A convolution that follows repeats rows and columns as it reads them; else they are repeated in one plane of all.
    fn upsample(
        &mut self,
        input: ValueId,
        factor: usize,
        place: &str,
        list: &mut List<'_>,
    ) -> Result<ValueId, GraphError> {
        let [c, h, w] = self.expect_planes(input, place)?;
        let conv = |layer: &Layer| match layer {
            Layer::Conv(conv) => Some(conv.clone()),
            _ => None,
        };
        if let Some((conv, place)) = list.next_if(conv) {
            return self.convolution(input, &conv, factor, &place, list);
        }
        let plane = Op::Reshape { input, shape: vec![1, c * h, w] };
        let plane = self.graph.add(format!("{place} plane"), plane)?; // [1, c * h, w]
        self.make_one();
        let x = self.conv(plane, ONE, factor, [1; 2], place)?; // [1, c * h * factor, w * factor]
        let shape = vec![c, h * factor, w * factor];
        self.graph.add(format!("{place} planes"), Op::Reshape { input: x, shape })
    }

    /// x + onto, and what follows: a convolution of one plane with a kernel of 1.
    fn sum(&mut self, x: ValueId, sum: Sum, place: &str) -> Result<ValueId, GraphError> {
        let shape = self.graph.shape(x).to_vec();
        let around = self.graph.shape(sum.onto);
        if shape != around {
            let expected =
                format!("{around:?}, as what it is added to (layers in shortcut can change that)");
            return Err(GraphError::mismatch(
                place,
                "shape within",
                format!("{shape:?}"),
                expected,
            ));
        }
        let columns = shape.last().copied().unwrap_or(1);
        let plane = vec![1, shape.iter().product::<usize>() / columns, columns];
        let mut flat = |name: &str, input: ValueId| {
            let shape = plane.clone();
            self.graph.add(format!("{place} {name}"), Op::Reshape { input, shape })
        };
        let [input, onto] = [flat("inner", x)?, flat("outer", sum.onto)?]; // [1, rows, columns]
        self.make_one();
        let epilogue = Epilogue::default().with_residual(onto).with_activation(sum.activation);
        let (weight, upsample, stride, padding) = (ONE.to_owned(), 1, [1; 2], [0; 4]);
        let op = Op::Conv2d { input, weight, upsample, stride, padding, epilogue };
        let x = self.graph.add(format!("{place} sum"), op)?;
        self.graph.add(format!("{place} shaped"), Op::Reshape { input: x, shape })
    }

    fn make_one(&mut self) {
        self.graph.make(ONE, Array::filled([1; 4], 1.0));
    }

    fn make(&mut self, [weight, bias]: [&str; 2], folded: (Array, Array)) {
        self.graph.make(weight, folded.0);
        self.graph.make(bias, folded.1);
    }

    fn find(&self, place: &str, name: &str) -> Result<&'a Array, GraphError> {
        let missing =
            || GraphError::MissingWeight { node: place.to_owned(), weight: name.to_owned() };
        self.tensors.get(name).ok_or_else(missing)
    }

    fn expect_planes(&self, value: ValueId, place: &str) -> Result<[usize; 3], GraphError> {
        let shape = self.graph.shape(value);
        shape.try_into().map_err(|_other_axes| {
            let expected = "planes [c, h, w] (write a reshape before it)";
            GraphError::mismatch(place, "input shape", format!("{shape:?}"), expected)
        })
    }

    fn expect_vector(&self, value: ValueId, place: &str) -> Result<(), GraphError> {
        let shape = self.graph.shape(value);
        if shape.len() == 1 {
            return Ok(());
        }
        let expected = "a vector [in] (write \"flatten\" before it)";
        Err(GraphError::mismatch(place, "input shape", format!("{shape:?}"), expected))
    }
}
