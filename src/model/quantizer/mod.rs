//! Vector quantization: every vector is replaced by what codes stand for, in one of several ways.
//!
//! Works on `[n, d]` rows; [`rows_of`] and [`planes_of`] turn an encoder's `[b, d, h, w]` into them and back.
//! Knows nothing of images, losses of images, or optimizers. One file for each method, with its paper: `codebook`,
//! `residual`, `multi_head`, `simvq`, `fsq`; and `rotation`, another way for their gradient.
//!
//! Several codebooks lie in one tensor `[q * k, d]`, one after the other: what counts, averages or restarts codes
//! then works on all of them at once.

mod codebook;
mod fsq;
mod kmeans;
mod multi_head;
mod nearest;
mod residual;
mod rotation;
mod simvq;
mod update;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Bool, Device, Int, Tensor};

use self::codebook::Choice;
use super::params::{self, ParamError};
use crate::array::Array;
use crate::graph::lower::quantizer::{GradientPath, Method, QuantizerConfig};

pub(super) use codebook::whole;
pub use kmeans::kmeans;
pub use nearest::{counts, nearest_codes, nearest_codes_exactly};
pub use rotation::rotated;
pub use update::CodebookRules;

/// The codes of a quantizer and what is kept to move them.
#[derive(Module, Debug)]
pub struct Quantizer {
    /// The codes of all codebooks, `[q * k, d]`; of unit length where vectors are compared by their angle. None
    /// where they are points of a grid.
    codebook: Option<Param<Tensor<2>>>,
    /// Moving average of the number of vectors in a batch that chose each code, `[q * k]`.
    cluster_size: Param<Tensor<1>>,
    /// Moving average of the sum of those vectors, `[q * k, d]`; only where the codes follow it.
    embed_avg: Option<Param<Tensor<2>>>,
    /// What the codes are seen through; only where they never move.
    transform: Option<Linear>,
    #[module(skip)]
    config: QuantizerConfig,
}

/// A batch of vectors and the codes that stand for them.
///
/// m vectors are quantized for the n of a batch: m is n, or where there are q quantizers or heads q · n, those of
/// the first before those of the next.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// What the codes stand for, `[n, d]`: in value exactly codes, or their sum, with the gradient of the vectors.
    pub codes: Tensor<2>,
    /// Which rows of all codes were chosen, `[m]`.
    pub indices: Tensor<1, Int>,
    /// How many vectors chose each row, `[q * k]`.
    pub counts: Tensor<1>,
    /// Mean over all elements of (sg(z) − e)², `[1]`, summed over quantizers; none where moving averages do its
    /// work, or where codes never move.
    pub codebook_loss: Option<Tensor<1>>,
    /// Mean over all elements of (z − sg(e))², `[1]`, summed over quantizers; not weighted. Zero where vectors are
    /// bounded to the codes.
    pub commitment_loss: Tensor<1>,
    /// What was quantized, `[m, d]`, without gradients; of unit length where the codes are.
    vectors: Tensor<2>,
    /// The codes that were chosen from, `[q * k, d]`, without gradients.
    codebook: Tensor<2>,
}

impl Quantized {
    /// What the parts of a batch tell together, each with its share in it: without gradients.
    ///
    /// # Panics
    /// Without parts.
    pub fn joined(parts: &[(f64, Self)]) -> Self {
        let rows: Vec<usize> = parts.iter().map(|(_, part)| part.codes.dims()[0]).collect();
        let first = &parts.first().expect("some part").1;
        if parts.len() == 1 {
            return first.clone().inner();
        }
        let quantizers = first.vectors.dims()[0] / rows[0].max(1);
        // The vectors of a quantizer lie together, those of the next behind them.
        let in_order = (0..quantizers).flat_map(|quantizer| {
            rows.iter().enumerate().map(move |(part, n)| (part, quantizer * n, *n))
        });
        let in_order: Vec<(usize, usize, usize)> = in_order.collect();
        let mean = |of: &dyn Fn(&Self) -> Tensor<1>| {
            let shares = parts.iter().map(|(share, part)| of(part).inner() * *share);
            Tensor::cat(shares.collect(), 0).sum()
        };
        let all = |of: &dyn Fn(&Self) -> Tensor<1>| {
            let counts = parts.iter().map(|(_, part)| of(part).unsqueeze::<2>());
            Tensor::cat(counts.collect(), 0).sum_dim(0).squeeze_dim::<1>(0)
        };
        let indices = in_order
            .iter()
            .map(|&(part, start, n)| parts[part].1.indices.clone().narrow(0, start, n));
        let vectors = in_order
            .iter()
            .map(|&(part, start, n)| parts[part].1.vectors.clone().narrow(0, start, n));
        Self {
            codes: Tensor::cat(
                parts.iter().map(|(_, part)| part.codes.clone().inner()).collect(),
                0,
            ),
            indices: Tensor::cat(indices.collect(), 0),
            counts: all(&|part| part.counts.clone()),
            codebook_loss: first.codebook_loss.as_ref().map(|_| {
                mean(&|part| part.codebook_loss.clone().expect("all parts are of one quantizer"))
            }),
            commitment_loss: mean(&|part| part.commitment_loss.clone()),
            vectors: Tensor::cat(vectors.collect(), 0),
            codebook: first.codebook.clone(),
        }
    }

    /// The same without gradients.
    fn inner(self) -> Self {
        Self {
            codes: self.codes.inner(),
            codebook_loss: self.codebook_loss.map(Tensor::inner),
            commitment_loss: self.commitment_loss.inner(),
            ..self
        }
    }

    /// The quantizer's part of what is minimised, `[1]`: the codebook term plus β times the commitment term.
    ///
    /// # Source
    /// van den Oord et al., 2017, eq. 3: β weighs the commitment. Some libraries weigh the codebook term
    /// instead, which gives the same value and other gradients.
    pub fn loss(&self, beta: f64) -> Tensor<1> {
        let commitment = self.commitment_loss.clone() * beta;
        match &self.codebook_loss {
            Some(codebook_loss) => commitment + codebook_loss.clone(),
            None => commitment,
        }
    }
}

impl Quantizer {
    /// A quantizer whose codes are all zero; [`Quantizer::with_codes`] or [`Quantizer::begun`] fills them.
    ///
    /// # Panics
    /// When `config` was not checked.
    pub fn new(config: &QuantizerConfig, device: &Device) -> Self {
        let shape = [config.num_codes(), config.row_dim()];
        let constant = |tensor: Tensor<2>| Param::from_tensor(tensor).set_require_grad(false);
        let codes = || Tensor::zeros(shape, device);
        let codebook = match config.method {
            Method::Fsq { .. } => None,
            Method::SimVq => Some(constant(codes())),
            _ => Some(Param::from_tensor(codes())),
        };
        let sizes = Tensor::zeros([shape[0]], device);
        Self {
            codebook,
            cluster_size: Param::from_tensor(sizes).set_require_grad(false),
            embed_avg: config.keeps_averages().then(|| constant(codes())),
            transform: (config.method == Method::SimVq).then(|| simvq::map(shape[1], device)),
            config: config.clone(),
        }
    }

    /// The same at the beginning of training, after all parameters were drawn: as if one vector a batch had chosen
    /// each code so far, and with SimVQ's codes, drawn from `seed`, in place of those that were drawn like weights.
    ///
    /// # Panics
    /// Never: its own codes have its own shape.
    #[must_use = "gives back the quantizer that training begins with"]
    pub fn begun(self, seed: u64) -> Self {
        let device = self.cluster_size.val().device();
        match self.config.method {
            Method::Fsq { .. } => self.with_sizes(1.0),
            Method::SimVq => {
                let [k, d] = [self.config.num_codes(), self.config.row_dim()];
                let codes =
                    params::tensor_from_array::<2>(&simvq::frozen_codes(seed, k, d), &device);
                let codebook = self.codebook.clone().map(|codebook| refilled(codebook, codes));
                Self { codebook, ..self }.with_sizes(1.0)
            }
            _ => {
                let codes = params::array_from_tensor(self.codebook());
                self.with_codes(&codes, 1.0).expect("its own codes have its own shape")
            }
        }
    }

    /// The same with the rows of `codebook` for codes (scaled to unit length where angles count), as if each
    /// had been chosen by `cluster_size` vectors a batch so far: averages start at that size and at code × size.
    /// Where codes never move, only the sizes are taken.
    ///
    /// vector-quantize-pytorch starts sizes at 1. Where codes restart, begin at the expected use, n / k, or every
    /// code that starts below the threshold is replaced at the first update.
    ///
    /// # Errors
    /// When `codebook` is not `[q * k, d]`.
    pub fn with_codes(self, codebook: &Array, cluster_size: f64) -> Result<Self, ParamError> {
        let expected = vec![self.config.num_codes(), self.config.row_dim()];
        if codebook.shape() != expected {
            let (name, found) = ("quantizer.codebook".to_owned(), codebook.shape().to_vec());
            return Err(ParamError::Shape { name, found, expected });
        }
        if !self.config.moves_codes() {
            return Ok(self.with_sizes(cluster_size));
        }
        let device = self.cluster_size.val().device();
        let codes = self.comparable(params::tensor_from_array::<2>(codebook, &device)); // [q * k, d]
        let sums = codes.clone() * cluster_size;
        let codebook = self.codebook.clone().map(|codebook| refilled(codebook, codes));
        let embed_avg = self.embed_avg.clone().map(|avg| refilled(avg, sums));
        Ok(Self { codebook, embed_avg, ..self }.with_sizes(cluster_size))
    }

    fn with_sizes(self, cluster_size: f64) -> Self {
        let sizes = self.cluster_size.val();
        let sizes = Tensor::full(sizes.dims(), cluster_size, &sizes.device());
        Self { cluster_size: refilled(self.cluster_size, sizes), ..self }
    }

    /// What it is.
    pub fn config(&self) -> &QuantizerConfig {
        &self.config
    }

    /// How many codes stand for one vector, q: those of several quantizers or heads.
    pub fn grids(&self) -> usize {
        self.config.layout().per_cell()
    }

    /// The codes now, `[q * k, d]`, without gradients.
    pub fn codebook(&self) -> Tensor<2> {
        self.moving_codes().inner()
    }

    /// The codes now, `[q * k, d]`, with the gradient of what moves them.
    fn moving_codes(&self) -> Tensor<2> {
        let device = self.cluster_size.val().device();
        match (&self.codebook, &self.transform) {
            (Some(codebook), Some(transform)) => transform.forward(codebook.val()),
            (Some(codebook), None) => codebook.val(),
            (None, _) => fsq::codes(&self.config, &device),
        }
    }

    /// Replaces every vector by what codes stand for, with the terms of the loss.
    ///
    /// The gradient of `codes` passes to the vectors as [`GradientPath`] says; where angles count that is the
    /// gradient of the vectors scaled to unit length. Codes marked in `frozen`, `[q * k]`, get no gradient.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`
    pub fn forward(&self, vectors: Tensor<2>, frozen: Option<&Tensor<1, Bool>>) -> Quantized {
        if let Method::Fsq { levels } = &self.config.method {
            return fsq::forward(levels, &vectors);
        }
        let moving = self.moving_codes();
        let codebook = moving.clone().inner();
        let (choices, codes) = self.choices(vectors, &codebook, nearest_codes);
        let summed = match self.config.method {
            Method::Residual { quantizers } => quantizers as f64,
            _ => 1.0,
        };
        let all = Choice::joined(choices);
        let constant = all.vectors.clone().inner();
        let codebook_loss = self.embed_avg.is_none().then(|| {
            let moving = match frozen {
                Some(frozen) => {
                    moving.mask_where(row_mask(frozen, codebook.dims()[1]), codebook.clone())
                }
                None => moving,
            };
            let chosen = moving.select(0, all.rows.clone());
            (chosen - constant.clone()).square().mean() * summed
        });
        Quantized {
            commitment_loss: (all.vectors - all.codes).square().mean() * summed,
            codes,
            counts: counts(all.rows.clone(), codebook.dims()[0]),
            indices: all.rows,
            codebook_loss,
            vectors: constant,
            codebook,
        }
    }

    /// What was chosen for every part of the vectors, and what stands for them, `[n, d]`.
    fn choices(
        &self,
        vectors: Tensor<2>,
        codebook: &Tensor<2>,
        nearest: fn(Tensor<2>, Tensor<2>) -> Tensor<1, Int>,
    ) -> (Vec<Choice>, Tensor<2>) {
        let search = |vectors: Tensor<2>, part: usize| {
            let k = self.config.codebook_size;
            Choice::new(vectors, codebook, [part * k, k], nearest)
        };
        let pass = |choice: &Choice| self.passed(choice.vectors.clone(), choice.codes.clone());
        match self.config.method {
            Method::Residual { quantizers } => {
                let (choices, sum) = residual::choices(&vectors, quantizers, search);
                let codes = self.passed(vectors, sum);
                (choices, codes)
            }
            Method::MultiHead { heads, shared } => {
                let search = |vectors: Tensor<2>, head: usize| {
                    search(self.comparable(vectors), if shared { 0 } else { head })
                };
                multi_head::choices(&vectors, heads, search, pass)
            }
            _ => {
                let choice = search(self.comparable(vectors), 0);
                let codes = pass(&choice);
                (vec![choice], codes)
            }
        }
    }

    /// Codes as they are, with a gradient that passes to the vectors.
    fn passed(&self, vectors: Tensor<2>, codes: Tensor<2>) -> Tensor<2> {
        let moved = match self.config.gradient {
            GradientPath::StraightThrough => vectors,
            GradientPath::Rotation => rotated(vectors, codes.clone()),
        };
        // The difference is zero in value and carries the gradient; z + sg(e − z) would round.
        codes + (moved.clone() - moved.inner())
    }

    /// The nearest code of every vector, told from near ones as exactly as the device can; without losses or
    /// gradients. Counted in its own codebook.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`; result: `[q * n]`
    pub fn indices(&self, vectors: Tensor<2>) -> Tensor<1, Int> {
        if let Method::Fsq { levels } = &self.config.method {
            return fsq::indices(levels, fsq::bounded(levels, &vectors.inner()));
        }
        let (choices, _) = self.choices(vectors.inner(), &self.codebook(), nearest_codes_exactly);
        let rows = Choice::joined(choices).rows;
        rows.remainder_scalar(whole(self.config.codebook_size)) // [q * n]
    }

    /// What given indices stand for, without gradients.
    ///
    /// # Shapes
    /// - `indices`: `[q * n]`, each below k; result: `[n, d]`
    ///
    /// # Panics
    /// When there is no index.
    pub fn codes(&self, indices: Tensor<1, Int>) -> Tensor<2> {
        let (codebook, k) = (self.codebook(), self.config.codebook_size);
        let layout = self.config.layout();
        let n = indices.dims()[0] / layout.per_cell();
        let parts = indices.split(n, 0).into_iter().enumerate().map(|(slot, indices)| {
            let first = whole(slot.min(layout.parts() - 1) * k);
            codebook.clone().select(0, indices + first) // [n, d]
        });
        match self.config.method {
            Method::MultiHead { .. } => Tensor::cat(parts.collect(), 1), // [n, q * d]
            _ => parts.reduce(|sum, codes| sum + codes).expect("one codebook or more"),
        }
    }

    /// Vectors, or parts of them, as they are compared with codes: scaled to unit length where angles count.
    ///
    /// # Shapes
    /// - `vectors`, result: `[n, d]`
    pub fn comparable(&self, vectors: Tensor<2>) -> Tensor<2> {
        if self.config.cosine { codebook::unit(vectors) } else { vectors }
    }

    /// Vectors as they are rounded, without gradients, where they are bounded first.
    ///
    /// # Shapes
    /// - `vectors`, result: `[n, d]`
    pub fn bounded(&self, vectors: Tensor<2>) -> Option<Tensor<2>> {
        match &self.config.method {
            Method::Fsq { levels } => Some(fsq::bounded(levels, &vectors.inner())),
            _ => None,
        }
    }

    /// What was quantized in a pass over vectors, as codes are compared with it: what codes may be put onto.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`; result: `[m, d]`
    pub fn targets(&self, vectors: Tensor<2>) -> Tensor<2> {
        self.forward(vectors, None).vectors
    }

    /// The same whose codes spread as `vectors` do, where one map moves all of them; unchanged elsewhere.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`
    #[must_use = "gives back the fitted quantizer"]
    pub fn fitted(self, vectors: &Array) -> Self {
        let transform = self.transform.clone().map(|transform| simvq::fitted(transform, vectors));
        Self { transform, ..self }
    }
}

/// An encoder's output as rows, image after image and row after row of its grid.
///
/// # Shapes
/// - `planes`: `[b, d, h, w]`; result: `[b * h * w, d]`
pub fn rows_of(planes: Tensor<4>) -> Tensor<2> {
    let [b, d, h, w] = planes.dims();
    planes.permute([0, 2, 3, 1]).reshape([b * h * w, d]) // [b * h * w, d]
}

/// The inverse of [`rows_of`] for `b` images with `[h, w]` codes each.
///
/// # Shapes
/// - `rows`: `[b * h * w, d]`; result: `[b, d, h, w]`
pub fn planes_of(rows: Tensor<2>, b: usize, [h, w]: [usize; 2]) -> Tensor<4> {
    let d = rows.dims()[1];
    rows.reshape([b, h, w, d]).permute([0, 3, 1, 2]) // [b, d, h, w]
}

/// A mark for every code as one for every element of the codebook, `[k, d]`.
fn row_mask(marks: &Tensor<1, Bool>, d: usize) -> Tensor<2, Bool> {
    let k = marks.dims()[0];
    marks.clone().unsqueeze_dim::<2>(1).expand([k, d]) // [k, d]
}

/// A parameter with another value: as the parameter itself, on a device with gradients or one without.
fn refilled<const D: usize>(param: Param<Tensor<D>>, value: Tensor<D>) -> Param<Tensor<D>> {
    let tracked = param.val().is_autodiff();
    let value = value.inner();
    params::replaced(param, if tracked { value.autodiff() } else { value })
}
