//! What a node can compute.

/// A node's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub(super) usize);

impl ValueId {
    /// Its place among the nodes of its graph; the input is 0.
    pub fn index(self) -> usize {
        self.0
    }
}

/// A function of one number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// `x`.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x` where positive, else the slope times `x`.
    LeakyRelu(f32),
    /// `x * sigmoid(x)`, also called swish.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`.
    ///
    /// # Source
    /// Gaussian Error Linear Units (Hendrycks & Gimpel, 2016, section 2, arXiv:1606.08415), the form with a tangent.
    Gelu,
}

/// What happens to a weighted sum before it is stored: `activation(sum + bias + residual)`, in this order.
///
/// Residual blocks that end in a plain sum (`x + conv(..)`) leave the activation out; those that end in a
/// rectified sum (`relu(x + conv(..))`) name it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Epilogue {
    /// The weight `[out]` that is added first.
    pub bias: Option<String>,
    /// The value of the output's shape that is added next.
    pub residual: Option<ValueId>,
    /// What is applied last.
    pub activation: Activation,
}

impl Epilogue {
    /// A bias and nothing else.
    pub fn bias(name: impl Into<String>) -> Self {
        Self { bias: Some(name.into()), ..Self::default() }
    }

    /// The same with a value to add before the activation.
    pub fn with_residual(self, residual: ValueId) -> Self {
        Self { residual: Some(residual), ..self }
    }

    /// The same with another activation.
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }
}

/// The rows of a weight `[k, d]` that are one codebook: all of them, or one of several parts of equal size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The weight, at most [`MAX_CODES`](super::MAX_CODES) rows.
    pub weight: String,
    /// Which part they are, below `parts`.
    pub part: usize,
    /// How many codebooks lie in the weight, one after the other.
    pub parts: usize,
}

impl Codes {
    /// One of `parts` codebooks that lie in a weight.
    pub fn part(weight: impl Into<String>, part: usize, parts: usize) -> Self {
        Self { weight: weight.into(), part, parts }
    }
}

impl From<&str> for Codes {
    /// All rows of a weight.
    fn from(weight: &str) -> Self {
        Self::part(weight, 0, 1)
    }
}

/// A computation; shapes are those of one item, weights are named and in PyTorch's layouts.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The network's input; only the builder makes it.
    Input,
    /// A matrix product, `[in]` to `[out]`.
    Linear {
        /// What is multiplied, `[in]`.
        input: ValueId,
        /// The matrix `[out, in]`.
        weight: String,
        /// What follows the sum.
        epilogue: Epilogue,
    },
    /// A cross-correlation, `[in, h, w]` to `[out, h', w']`.
    Conv2d {
        /// The planes, `[in, h, w]`.
        input: ValueId,
        /// The kernels `[out, in, kh, kw]`; a matrix `[out, in]` is kernels of one row and one column.
        weight: String,
        /// How many rows and columns each of the planes' counts for (nearest-neighbour upsampling); 1 for none.
        upsample: usize,
        /// Rows and columns between neighbouring outputs.
        stride: [usize; 2],
        /// Zeros around the planes, upsampled ones: top, bottom, left, right.
        padding: [usize; 4],
        /// What follows the sum.
        epilogue: Epilogue,
    },
    /// The transpose of a cross-correlation, `[in, h, w]` to `[out, h', w']`.
    ConvTranspose2d {
        /// The planes, `[in, h, w]`.
        input: ValueId,
        /// The kernels `[in, out, kh, kw]`.
        weight: String,
        /// Rows and columns between the prints of neighbouring inputs.
        stride: [usize; 2],
        /// Rows and columns cut off on either side.
        padding: [usize; 2],
        /// Rows and columns more at the bottom and at the right, below the stride.
        output_padding: [usize; 2],
        /// What follows the sum.
        epilogue: Epilogue,
    },
    /// Normalization of groups of channels over all their places, then a factor and a summand for every channel,
    /// then a function: `activation((x - mean) / sqrt(variance + epsilon) * weight + bias)`, `[c, h, w]` to the same.
    ///
    /// The variance is the mean of the squared deviations (divided by their number, not by one less).
    ///
    /// # Source
    /// Group Normalization (Wu & He, 2018, eq. 1 to 3, arXiv:1803.08494).
    GroupNorm {
        /// The planes, `[c, h, w]`.
        input: ValueId,
        /// The factors `[c]`.
        weight: String,
        /// The summands `[c]`.
        bias: String,
        /// The number of groups, a divisor of c; channels of a group are neighbours.
        groups: usize,
        /// What is added to the variance, above zero.
        epsilon: f32,
        /// What is applied last.
        activation: Activation,
    },
    /// Normalization of every place over its channels, then a factor and a summand for every channel:
    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias`, `[c, h, w]` to the same.
    ///
    /// The variance is the mean of the squared deviations.
    ///
    /// # Source
    /// Layer Normalization (Ba et al., 2016, eq. 4, arXiv:1607.06450), of the values of a place.
    LayerNorm {
        /// The planes, `[c, h, w]`.
        input: ValueId,
        /// The factors `[c]`.
        weight: String,
        /// The summands `[c]`.
        bias: String,
        /// What is added to the variance, above zero.
        epsilon: f32,
    },
    /// Attention of every place of planes to all places, or to itself and those before it, row by row; `[c, h, w]`
    /// three times to `[c, h, w]`: `softmax(query * transpose(key) / sqrt(c / heads)) * value`, for the channels of
    /// each head on their own.
    ///
    /// # Source
    /// Attention Is All You Need (Vaswani et al., 2017, eq. 1, arXiv:1706.03762).
    Attention {
        /// What asks, `[c, h, w]`.
        query: ValueId,
        /// What is compared with it, of the same shape.
        key: ValueId,
        /// What is mixed, of the same shape.
        value: ValueId,
        /// The number of heads, a divisor of c; channels of a head are neighbours.
        heads: usize,
        /// Whether places see none that come after them.
        causal: bool,
    },
    /// Attention of one token of each of s sequences to itself and to those of earlier runs, `[c, 1, s]` three times
    /// to `[c, 1, s]`: `softmax(query * transpose(keys) / sqrt(c / heads)) * values`, for the channels of each head on
    /// their own.
    ///
    /// Keys and values of places of all sequences are kept from one run of a runner to the next of as many items.
    /// Those that are given are kept as those of `position`, a whole number, and places up to it are attended to: a
    /// sequence begins anew at position 0. A position with a fraction counts without, one that is negative or no
    /// number as 0, one past the end as the last.
    ///
    /// # Source
    /// Attention Is All You Need (Vaswani et al., 2017, eq. 1, arXiv:1706.03762), place by place.
    CachedAttention {
        /// What asks, `[c, 1, s]`.
        query: ValueId,
        /// What is compared with it from now on, of the same shape.
        key: ValueId,
        /// What is mixed from now on, of the same shape.
        value: ValueId,
        /// The place of the tokens in their sequences, `[1]`.
        position: ValueId,
        /// The number of heads, a divisor of c; channels of a head are neighbours.
        heads: usize,
        /// The number of places that are kept.
        slots: usize,
    },
    /// A factor and a summand for every place of planes, then a function: `activation(x * factor + summand)`,
    /// `[c, h, w]` to the same. Factors and summands may be coarser by a whole number: each counts for so many rows
    /// and columns (nearest-neighbour upsampling).
    ///
    /// # Source
    /// `MoVQ` (Zheng et al., 2022, eq. 4, arXiv:2209.09002).
    Modulate {
        /// The planes, `[c, h, w]`.
        input: ValueId,
        /// The factors, `[c, h / n, w / n]`.
        factor: ValueId,
        /// The summands, of the factors' shape.
        summand: ValueId,
        /// What is applied last.
        activation: Activation,
    },
    /// The same values under another shape.
    Reshape {
        /// The values.
        input: ValueId,
        /// Their new shape.
        shape: Vec<usize>,
    },
    /// Some entries of the outermost axis: features of a vector, channels of planes.
    Slice {
        /// What is cut.
        input: ValueId,
        /// The first entry that stays.
        start: usize,
        /// The number of entries that stay.
        len: usize,
    },
    /// A function of every value.
    Activate {
        /// The values.
        input: ValueId,
        /// The function.
        activation: Activation,
    },
    /// `scale * x + shift` of every value, for ranges.
    Affine {
        /// The values.
        input: ValueId,
        /// Factor.
        scale: f32,
        /// Summand.
        shift: f32,
    },
    /// Every value no lower than one limit and no higher than another.
    Clamp {
        /// The values.
        input: ValueId,
        /// The lower limit.
        lo: f32,
        /// The upper limit.
        hi: f32,
    },
    /// The index of the code that is nearest to each vector, `[d, h, w]` to `[h, w]` or `[d]` to `[1]`; where
    /// there are q times d planes, each d of them are vectors of their own, `[q * d, h, w]` to `[q, h, w]`.
    ///
    /// Nearest is the smallest sum of squared differences, of equally near codes the one of the lowest index;
    /// a vector with a value that is not finite has index 0. How often each code is chosen is counted (see
    /// [`USAGE`](super::USAGE)), for one weight of a graph: all searches have their codebooks in it.
    ///
    /// # Source
    /// VQ-VAE (van den Oord et al., 2017, eq. 1, arXiv:1711.00937).
    NearestCode {
        /// The vectors, `[d, h, w]`, `[q * d, h, w]` or `[d]`.
        input: ValueId,
        /// The codes, `[k, d]`.
        codebook: Codes,
    },
    /// The index of the largest score of each place, `[k, h, w]` to `[h, w]` or `[k]` to `[1]`: a choice among the
    /// codes of a codebook of k rows, whose use is counted as by [`Op::NearestCode`].
    ///
    /// Of equally large scores the one of the lowest index; a place with a score that is not finite has index 0.
    ///
    /// # Source
    /// DALL-E (Ramesh et al., 2021, section 2.1, arXiv:2102.12092), without the noise of its training.
    ArgMax {
        /// The scores, `[k, h, w]` or `[k]`.
        input: ValueId,
        /// The codes that are chosen, `[k, d]`.
        codebook: Codes,
    },
    /// The codes that indices name, `[h, w]` to `[d, h, w]`, `[q, h, w]` to `[q * d, h, w]` or `[1]` to `[d]`.
    ///
    /// Indices may come from outside: fractions are cut off, what is negative or no number names the first code,
    /// what lies past the end the last one.
    ///
    /// # Source
    /// VQ-VAE (van den Oord et al., 2017, eq. 2, arXiv:1711.00937).
    Gather {
        /// The indices, `[h, w]`, `[q, h, w]` or `[1]`.
        input: ValueId,
        /// The codes, `[k, d]`.
        codebook: Codes,
    },
    /// An index drawn by the softmax of scores, `[k, 1, s]` to `[1]`, as its controls have it: in the order of the
    /// indices the first behind which more of the probability lies than they say. Nothing is random in it.
    ///
    /// Where s is 2, scores are `other + guidance * (own - other)`, own the first and other the second; where it is
    /// 1, they are as they are. One that is not finite is never drawn; where none can be, the first index is that may
    /// be drawn.
    ///
    /// # Source
    /// The nucleus: The Curious Case of Neural Text Degeneration (Holtzman et al., 2020, eq. 2 and 3,
    /// arXiv:1904.09751). Guidance: Classifier-Free Diffusion Guidance (Ho & Salimans, 2022, eq. 6,
    /// arXiv:2207.12598), whose weight is less by one.
    Draw {
        /// The scores, `[k, 1, 1]` or `[k, 1, 2]`, k at most [`MAX_CODES`](super::MAX_CODES).
        logits: ValueId,
        /// The controls, `[7]`: see [`DrawControls`](super::DrawControls).
        controls: ValueId,
    },
}

impl Op {
    /// The values that it reads, its main input first; a residual comes last.
    pub fn inputs(&self) -> impl Iterator<Item = ValueId> {
        let [main, second, third, fourth] = match self {
            Self::Input => [None; 4],
            Self::Attention { query, key, value, .. } => {
                [Some(*query), Some(*key), Some(*value), None]
            }
            Self::CachedAttention { query, key, value, position, .. } => {
                [*query, *key, *value, *position].map(Some)
            }
            Self::Modulate { input, factor, summand, .. } => {
                [Some(*input), Some(*factor), Some(*summand), None]
            }
            Self::Draw { logits, controls } => [Some(*logits), Some(*controls), None, None],
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::ConvTranspose2d { input, .. }
            | Self::GroupNorm { input, .. }
            | Self::LayerNorm { input, .. }
            | Self::Reshape { input, .. }
            | Self::Slice { input, .. }
            | Self::Activate { input, .. }
            | Self::Affine { input, .. }
            | Self::Clamp { input, .. }
            | Self::NearestCode { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Gather { input, .. } => [Some(*input), None, None, None],
        };
        let residual = self.epilogue().and_then(|epilogue| epilogue.residual);
        main.into_iter().chain(second).chain(third).chain(fourth).chain(residual)
    }

    /// The same operation on other values.
    pub fn with_values(&self, mut other: impl FnMut(ValueId) -> ValueId) -> Self {
        let mut op = self.clone();
        match &mut op {
            Self::Input => {}
            Self::Attention { query: first, key: second, value: third, .. }
            | Self::Modulate { input: first, factor: second, summand: third, .. } => {
                for value in [first, second, third] {
                    *value = other(*value);
                }
            }
            Self::CachedAttention { query, key, value, position, .. } => {
                for value in [query, key, value, position] {
                    *value = other(*value);
                }
            }
            Self::Draw { logits, controls } => {
                for value in [logits, controls] {
                    *value = other(*value);
                }
            }
            Self::Linear { input, epilogue, .. }
            | Self::Conv2d { input, epilogue, .. }
            | Self::ConvTranspose2d { input, epilogue, .. } => {
                *input = other(*input);
                epilogue.residual = epilogue.residual.map(other);
            }
            Self::GroupNorm { input, .. }
            | Self::LayerNorm { input, .. }
            | Self::Reshape { input, .. }
            | Self::Slice { input, .. }
            | Self::Activate { input, .. }
            | Self::Affine { input, .. }
            | Self::Clamp { input, .. }
            | Self::NearestCode { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Gather { input, .. } => *input = other(*input),
        }
        op
    }

    /// The weights that it names; a bias comes last.
    pub fn weights(&self) -> impl Iterator<Item = &str> {
        let main = match self {
            Self::Linear { weight, .. }
            | Self::Conv2d { weight, .. }
            | Self::ConvTranspose2d { weight, .. }
            | Self::GroupNorm { weight, .. }
            | Self::LayerNorm { weight, .. } => Some(weight),
            Self::NearestCode { codebook, .. }
            | Self::ArgMax { codebook, .. }
            | Self::Gather { codebook, .. } => Some(&codebook.weight),
            Self::Input
            | Self::Attention { .. }
            | Self::CachedAttention { .. }
            | Self::Modulate { .. }
            | Self::Reshape { .. }
            | Self::Slice { .. }
            | Self::Activate { .. }
            | Self::Affine { .. }
            | Self::Clamp { .. }
            | Self::Draw { .. } => None,
        };
        let bias = match self {
            Self::GroupNorm { bias, .. } | Self::LayerNorm { bias, .. } => Some(bias),
            _ => self.epilogue().and_then(|epilogue| epilogue.bias.as_ref()),
        };
        main.into_iter().chain(bias).map(String::as_str)
    }

    /// What follows its sum, if it computes one.
    pub fn epilogue(&self) -> Option<&Epilogue> {
        match self {
            Self::Linear { epilogue, .. }
            | Self::Conv2d { epilogue, .. }
            | Self::ConvTranspose2d { epilogue, .. } => Some(epilogue),
            Self::Input
            | Self::GroupNorm { .. }
            | Self::LayerNorm { .. }
            | Self::Attention { .. }
            | Self::CachedAttention { .. }
            | Self::Modulate { .. }
            | Self::Reshape { .. }
            | Self::Slice { .. }
            | Self::Activate { .. }
            | Self::Affine { .. }
            | Self::Clamp { .. }
            | Self::NearestCode { .. }
            | Self::ArgMax { .. }
            | Self::Gather { .. }
            | Self::Draw { .. } => None,
        }
    }

    /// The weight that its sum multiplies with, if it computes one.
    pub fn kernels(&self) -> Option<&str> {
        match self {
            Self::Linear { weight, .. }
            | Self::Conv2d { weight, .. }
            | Self::ConvTranspose2d { weight, .. } => Some(weight),
            _ => None,
        }
    }

    /// The weight whose rows are codes, if it names one.
    pub fn codebook(&self) -> Option<&str> {
        match self {
            Self::NearestCode { codebook, .. }
            | Self::ArgMax { codebook, .. }
            | Self::Gather { codebook, .. } => Some(&codebook.weight),
            _ => None,
        }
    }
}
