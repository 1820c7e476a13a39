//! The shape that a node's output has, or why it has none.

use super::{
    Activation, Codes, DrawControls, Epilogue, Graph, GraphError, MAX_CODES, MAX_VALUES, Op,
    ValueId,
};

/// The largest stride and padding: far beyond any network, and safe in 32-bit arithmetic.
const MAX_STEP: usize = 1 << 16;

/// The number of values of `shape`, which has axes, none of them empty, and not too many values.
pub(super) fn checked_len(node: &str, what: &str, shape: &[usize]) -> Result<usize, GraphError> {
    let len = shape.iter().try_fold(1usize, |len, &extent| len.checked_mul(extent));
    match len {
        Some(len) if !shape.is_empty() && (1..=MAX_VALUES).contains(&len) => Ok(len),
        _ => Err(GraphError::mismatch(
            node,
            what,
            format!("{shape:?}"),
            format!("1 to {MAX_VALUES} values"),
        )),
    }
}

/// The output shape of `op`, whose values and weights exist in `graph`.
pub(super) fn infer(graph: &Graph, node: &str, op: &Op) -> Result<Vec<usize>, GraphError> {
    let scope = Scope { graph, node };
    let shape = match op {
        Op::Input => {
            return Err(GraphError::mismatch(node, "operation", "a second input", "one input"));
        }
        Op::Linear { input, weight, .. } => scope.linear(*input, weight)?,
        Op::Conv2d { input, weight, upsample, stride, padding, .. } => {
            scope.conv2d(*input, weight, *upsample, *stride, *padding)?
        }
        Op::ConvTranspose2d { input, weight, stride, padding, output_padding, .. } => {
            scope.conv_transpose2d(*input, weight, *stride, *padding, *output_padding)?
        }
        Op::GroupNorm { input, weight, bias, groups, epsilon, activation } => {
            scope.activation(*activation)?;
            let [channels, _, _] = scope.input(*input, "[c, h, w]")?;
            scope.parts("groups", *groups, channels)?;
            scope.norm(*input, [weight, bias], *epsilon)?.to_vec()
        }
        Op::LayerNorm { input, weight, bias, epsilon } => {
            scope.norm(*input, [weight, bias], *epsilon)?.to_vec()
        }
        Op::Attention { query, key, value, heads, .. } => {
            scope.attention(*query, [*key, *value], *heads)?
        }
        Op::CachedAttention { query, key, value, position, heads, slots } => {
            let shape = scope.attention(*query, [*key, *value], *heads)?;
            scope.cache(&shape, *position, *slots)?;
            shape
        }
        Op::Modulate { input, factor, summand, activation } => {
            scope.activation(*activation)?;
            scope.modulate(*input, [*factor, *summand])?
        }
        Op::Reshape { input, shape } => scope.reshape(*input, shape)?,
        Op::Slice { input, start, len } => scope.slice(*input, *start, *len)?,
        Op::Activate { input, activation } => {
            scope.activation(*activation)?;
            scope.shape(*input).to_vec()
        }
        Op::Affine { input, scale, shift } => {
            scope.finite("scale", *scale)?;
            scope.finite("shift", *shift)?;
            scope.shape(*input).to_vec()
        }
        Op::Clamp { input, lo, hi } => {
            scope.finite("lower limit", *lo)?;
            scope.finite("upper limit", *hi)?;
            scope.expect(lo <= hi, "limits", (lo, hi), "a lower and an upper one")?;
            scope.shape(*input).to_vec()
        }
        Op::NearestCode { input, codebook } => scope.nearest_code(*input, codebook)?,
        Op::ArgMax { input, codebook } => scope.arg_max(*input, codebook)?,
        Op::Gather { input, codebook } => scope.gather(*input, codebook)?,
        Op::Draw { logits, controls } => scope.draw(*logits, *controls)?,
    };
    checked_len(node, "output shape", &shape)?;
    if let Some(epilogue) = op.epilogue() {
        scope.epilogue(epilogue, &shape)?;
    }
    Ok(shape)
}

/// One node under inference.
struct Scope<'a> {
    graph: &'a Graph,
    node: &'a str,
}

impl Scope<'_> {
    fn shape(&self, value: ValueId) -> &[usize] {
        &self.graph.node(value).shape
    }

    fn expect(
        &self,
        holds: bool,
        what: &str,
        found: impl std::fmt::Debug,
        expected: impl std::fmt::Display,
    ) -> Result<(), GraphError> {
        if holds {
            Ok(())
        } else {
            Err(GraphError::mismatch(self.node, what, format!("{found:?}"), expected))
        }
    }

    fn finite(&self, what: &str, value: f32) -> Result<(), GraphError> {
        self.expect(value.is_finite(), what, value, "a finite number")
    }

    fn activation(&self, activation: Activation) -> Result<(), GraphError> {
        if let Activation::LeakyRelu(slope) = activation {
            self.finite("slope", slope)
        } else {
            Ok(())
        }
    }

    /// A weight of `N` axes.
    fn weight<const N: usize>(&self, name: &str, layout: &str) -> Result<[usize; N], GraphError> {
        let shape = self.graph.weight(name).shape();
        shape.try_into().map_err(|_wrong_length| {
            GraphError::mismatch(
                self.node,
                format!("shape of weight `{name}`"),
                format!("{shape:?}"),
                layout,
            )
        })
    }

    /// An input of `N` axes.
    fn input<const N: usize>(
        &self,
        value: ValueId,
        layout: &str,
    ) -> Result<[usize; N], GraphError> {
        let shape = self.shape(value);
        shape.try_into().map_err(|_wrong_length| self.input_mismatch(shape, layout))
    }

    fn input_mismatch(&self, shape: &[usize], layout: &str) -> GraphError {
        GraphError::mismatch(self.node, "input shape", format!("{shape:?}"), layout)
    }

    fn epilogue(&self, epilogue: &Epilogue, shape: &[usize]) -> Result<(), GraphError> {
        if let Some(name) = &epilogue.bias {
            let found = self.graph.weight(name).shape();
            let expected = [shape[0]];
            self.expect(
                found == expected,
                &format!("shape of bias `{name}`"),
                found,
                format!("{expected:?}"),
            )?;
        }
        if let Some(value) = epilogue.residual {
            let found = self.shape(value);
            self.expect(found == shape, "residual shape", found, format!("{shape:?}"))?;
        }
        self.activation(epilogue.activation)
    }

    fn linear(&self, input: ValueId, weight: &str) -> Result<Vec<usize>, GraphError> {
        let [features] = self.input(input, "[in]")?;
        let [out, inner] = self.weight(weight, "[out, in]")?;
        self.expect(
            features == inner,
            "input features",
            features,
            format!("{inner}, as in weight `{weight}`"),
        )?;
        Ok(vec![out])
    }

    fn conv2d(
        &self,
        input: ValueId,
        weight: &str,
        upsample: usize,
        stride: [usize; 2],
        padding: [usize; 4],
    ) -> Result<Vec<usize>, GraphError> {
        let [channels, height, width] = self.input(input, "[in, h, w]")?;
        let [out, inner, kernel_height, kernel_width] = match self.graph.weight(weight).shape() {
            &[out, inner] => [out, inner, 1, 1],
            _ => self.weight(weight, "[out, in, kh, kw] or [out, in]")?,
        };
        self.expect(
            channels == inner,
            "input channels",
            channels,
            format!("{inner}, as in weight `{weight}`"),
        )?;
        self.steps(stride, &padding)?;
        let upsample_fits = (1..=MAX_STEP).contains(&upsample);
        self.expect(upsample_fits, "upsampling", upsample, format!("1 to {MAX_STEP}"))?;
        let (height, width) = (height * upsample, width * upsample);
        checked_len(self.node, "shape of the upsampled planes", &[channels, height, width])?;
        let [top, bottom, left, right] = padding;
        let rows = self.conv_extent("rows", height + top + bottom, kernel_height, stride[0])?;
        let columns = self.conv_extent("columns", width + left + right, kernel_width, stride[1])?;
        Ok(vec![out, rows, columns])
    }

    fn conv_extent(
        &self,
        what: &str,
        padded: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<usize, GraphError> {
        self.expect(
            padded >= kernel,
            &format!("{what} with padding"),
            padded,
            format!("at least the kernel's {kernel}"),
        )?;
        Ok((padded - kernel) / stride + 1)
    }

    fn conv_transpose2d(
        &self,
        input: ValueId,
        weight: &str,
        stride: [usize; 2],
        padding: [usize; 2],
        output_padding: [usize; 2],
    ) -> Result<Vec<usize>, GraphError> {
        let [channels, height, width] = self.input(input, "[in, h, w]")?;
        let [inner, out, kernel_height, kernel_width] = self.weight(weight, "[in, out, kh, kw]")?;
        self.expect(
            channels == inner,
            "input channels",
            channels,
            format!("{inner}, as in weight `{weight}`"),
        )?;
        self.steps(stride, &padding)?;
        let below_stride = output_padding[0] < stride[0] && output_padding[1] < stride[1];
        self.expect(
            below_stride,
            "output padding",
            output_padding,
            format!("less than the stride {stride:?}"),
        )?;
        let extent = |what: &str, axis: usize, size: usize, kernel: usize| {
            let full = (size - 1) * stride[axis] + kernel + output_padding[axis];
            let cut = 2 * padding[axis];
            self.expect(
                full > cut,
                what,
                full,
                format!("more than the {cut} that padding cuts off"),
            )?;
            Ok(full - cut)
        };
        Ok(vec![
            out,
            extent("rows", 0, height, kernel_height)?,
            extent("columns", 1, width, kernel_width)?,
        ])
    }

    fn steps(&self, stride: [usize; 2], padding: &[usize]) -> Result<(), GraphError> {
        let strides_fit = stride.iter().all(|step| (1..=MAX_STEP).contains(step));
        self.expect(strides_fit, "stride", stride, format!("1 to {MAX_STEP}"))?;
        let paddings_fit = padding.iter().all(|&step| step <= MAX_STEP);
        self.expect(paddings_fit, "padding", padding, format!("at most {MAX_STEP}"))
    }

    /// A normalization with a factor and a summand for every channel.
    fn norm(
        &self,
        input: ValueId,
        weights: [&str; 2],
        epsilon: f32,
    ) -> Result<[usize; 3], GraphError> {
        let [channels, height, width] = self.input(input, "[c, h, w]")?;
        let is_positive = epsilon.is_finite() && epsilon > 0.0;
        self.expect(is_positive, "epsilon", epsilon, "a finite number above zero")?;
        for name in weights {
            let [len] = self.weight(name, "[c]")?;
            let what = format!("values of weight `{name}`");
            self.expect(len == channels, &what, len, format!("{channels}, one a channel"))?;
        }
        Ok([channels, height, width])
    }

    fn attention(
        &self,
        query: ValueId,
        others: [ValueId; 2],
        heads: usize,
    ) -> Result<Vec<usize>, GraphError> {
        let shape: [usize; 3] = self.input(query, "[c, h, w]")?;
        self.parts("heads", heads, shape[0])?;
        for (what, value) in ["key shape", "value shape"].into_iter().zip(others) {
            let found = self.shape(value);
            self.expect(found == shape, what, found, format!("{shape:?}, as the query"))?;
        }
        Ok(shape.to_vec())
    }

    /// Checks that so many places of tokens `[c, 1, s]` can be kept, and that there is a position.
    fn cache(&self, shape: &[usize], position: ValueId, slots: usize) -> Result<(), GraphError> {
        self.expect(shape[1] == 1, "rows of tokens", shape[1], "1, as in [c, 1, s]")?;
        let found = self.shape(position);
        self.expect(found == [1], "shape of the position", found, "[1]")?;
        checked_len(self.node, "shape of what is kept", &[shape[2], 2, slots, shape[0]])?;
        Ok(())
    }

    /// Checks that `channels` fall into `count` equal parts.
    fn parts(&self, what: &str, count: usize, channels: usize) -> Result<(), GraphError> {
        let divides = count > 0 && channels.is_multiple_of(count);
        self.expect(divides, what, count, format!("a divisor of the {channels} channels"))
    }

    fn modulate(
        &self,
        input: ValueId,
        [factor, summand]: [ValueId; 2],
    ) -> Result<Vec<usize>, GraphError> {
        let [c, h, w] = self.input(input, "[c, h, w]")?;
        let coarse: [usize; 3] = self.input(factor, "factors [c, h / n, w / n]")?;
        let step = h / coarse[1];
        let expected = [c, h.checked_div(step).unwrap_or(0), w.checked_div(step).unwrap_or(0)];
        let fits = coarse == expected && h == coarse[1] * step && w == coarse[2] * step;
        self.expect(fits, "shape of the factors", coarse, format!("[{c}, {h} / n, {w} / n]"))?;
        let found = self.shape(summand);
        self.expect(found == coarse, "shape of the summands", found, format!("{coarse:?}"))?;
        Ok(vec![c, h, w])
    }

    fn reshape(&self, input: ValueId, shape: &[usize]) -> Result<Vec<usize>, GraphError> {
        let len = checked_len(self.node, "new shape", shape)?;
        let expected = self.graph.node(input).num_values();
        self.expect(len == expected, "values in the new shape", len, expected)?;
        Ok(shape.to_vec())
    }

    fn nearest_code(&self, input: ValueId, codebook: &Codes) -> Result<Vec<usize>, GraphError> {
        self.counts_alone(codebook)?;
        let dim = self.code_dim(codebook)?;
        let shape = self.shape(input);
        let grid = match shape {
            [_] => vec![1],
            [planes, height, width] if planes / dim > 1 => vec![planes / dim, *height, *width],
            [_, height, width] => vec![*height, *width],
            _ => return Err(self.input_mismatch(shape, "[d] or [d, h, w]")),
        };
        let fits = shape[0] == dim || (shape.len() == 3 && shape[0].is_multiple_of(dim));
        let expected =
            format!("{dim}, as in codebook `{}`, or for planes a multiple", codebook.weight);
        self.expect(fits, "values of a vector", shape[0], expected)?;
        Ok(grid)
    }

    fn arg_max(&self, input: ValueId, codebook: &Codes) -> Result<Vec<usize>, GraphError> {
        self.counts_alone(codebook)?;
        self.code_dim(codebook)?;
        let [_, codes] = self.graph.rows_of(codebook);
        let shape = self.shape(input);
        let grid = match shape {
            [_] => vec![1],
            [_, height, width] => vec![*height, *width],
            _ => return Err(self.input_mismatch(shape, "[k] or [k, h, w]")),
        };
        let expected = format!("{codes}, as codebook `{}` has codes", codebook.weight);
        self.expect(shape[0] == codes, "scores of a place", shape[0], expected)?;
        Ok(grid)
    }

    /// Refuses a second weight whose use would be counted.
    fn counts_alone(&self, codebook: &Codes) -> Result<(), GraphError> {
        let Some((first, counted)) = self.graph.choices().next() else { return Ok(()) };
        let first = &self.graph.node(first).name;
        let found = format!("a choice from `{}` beside `{first}`", codebook.weight);
        let expected =
            format!("codebooks of one weight, `{}`, whose use is counted", counted.weight);
        if counted.weight == codebook.weight {
            Ok(())
        } else {
            Err(GraphError::mismatch(self.node, "operation", found, expected))
        }
    }

    fn gather(&self, input: ValueId, codebook: &Codes) -> Result<Vec<usize>, GraphError> {
        let dim = self.code_dim(codebook)?;
        match self.shape(input) {
            [1] => Ok(vec![dim]),
            [height, width] => Ok(vec![dim, *height, *width]),
            [vectors, height, width] => Ok(vec![vectors * dim, *height, *width]),
            other => Err(self.input_mismatch(other, "[1] or [h, w] or [q, h, w]")),
        }
    }

    fn draw(&self, logits: ValueId, controls: ValueId) -> Result<Vec<usize>, GraphError> {
        let [codes, rows, streams] = self.input(logits, "[k, 1, s]")?;
        self.expect(rows == 1, "rows of scores", rows, "1, as in [k, 1, s]")?;
        self.expect((1..=2).contains(&streams), "scores of an index", streams, "1 or 2")?;
        self.expect(codes <= MAX_CODES, "indices", codes, format!("at most {MAX_CODES}"))?;
        let (found, expected) = (self.shape(controls), [DrawControls::LEN]);
        self.expect(found == expected, "shape of the controls", found, format!("{expected:?}"))?;
        Ok(vec![1])
    }

    /// The number of values of a code.
    fn code_dim(&self, Codes { weight, part, parts }: &Codes) -> Result<usize, GraphError> {
        let [codes, dim] = self.weight(weight, "[k, d]")?;
        let what = format!("codes of `{weight}`");
        self.expect(codes <= MAX_CODES, &what, codes, format!("at most {MAX_CODES}"))?;
        let is_whole = *parts > 0 && codes.is_multiple_of(*parts);
        self.expect(is_whole, &what, codes, format!("a multiple of {parts} codebooks"))?;
        self.expect(part < parts, "codebook", part, format!("less than {parts}"))?;
        Ok(dim)
    }

    fn slice(&self, input: ValueId, start: usize, len: usize) -> Result<Vec<usize>, GraphError> {
        let mut shape = self.shape(input).to_vec();
        let fits = start.checked_add(len).is_some_and(|end| len > 0 && end <= shape[0]);
        self.expect(fits, "slice (start, length)", (start, len), format!("within {}", shape[0]))?;
        shape[0] = len;
        Ok(shape)
    }
}
