//! Vector quantization: every vector is replaced by a row of a codebook.
//!
//! Works on `[n, d]` rows; [`rows_of`] and [`planes_of`] turn an encoder's `[b, d, h, w]` into them and back.
//! Knows nothing of images, losses of images, or optimizers.
//!
//! # Source
//! Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937).

mod kmeans;
mod nearest;
mod update;

use burn::module::{Module, Param};
use burn::tensor::{Bool, Device, Int, Tensor};

use super::params::{self, ParamError};
use crate::array::Array;

pub use kmeans::kmeans;
pub use nearest::{counts, nearest_codes, nearest_codes_exactly, perplexity};
pub use update::CodebookRules;

/// A codebook and what is kept to move it.
#[derive(Module, Debug)]
pub struct Quantizer {
    /// The codes, `[k, d]`; of unit length where vectors are compared by their angle.
    codebook: Param<Tensor<2>>,
    /// Moving average of the number of vectors in a batch that chose each code, `[k]`.
    cluster_size: Param<Tensor<1>>,
    /// Moving average of the sum of those vectors, `[k, d]`; only where the codes follow it.
    embed_avg: Option<Param<Tensor<2>>>,
    #[module(skip)]
    cosine: bool,
}

/// A batch of vectors and the codes that stand for them.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The chosen codes, `[n, d]`: in value exactly rows of the codebook, with the gradient of the vectors.
    pub codes: Tensor<2>,
    /// Which codes they are, `[n]`.
    pub indices: Tensor<1, Int>,
    /// How many vectors chose each code, `[k]`.
    pub counts: Tensor<1>,
    /// Mean over all n·d elements of (sg(z) − e)², `[1]`; none where moving averages do its work.
    pub codebook_loss: Option<Tensor<1>>,
    /// Mean over all n·d elements of (z − sg(e))², `[1]`; not weighted.
    pub commitment_loss: Tensor<1>,
    /// What was quantized, `[n, d]`, without gradients; of unit length where the codes are.
    vectors: Tensor<2>,
    /// The codebook that was chosen from, `[k, d]`, without gradients.
    codebook: Tensor<2>,
}

impl Quantized {
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
    /// A codebook of `k` codes of `d` dimensions, all zero; [`Quantizer::with_codes`] fills it.
    ///
    /// `ema` keeps the averages that [`Quantizer::update`] takes the codes from; `cosine` compares by angle.
    pub fn new(k: usize, d: usize, ema: bool, cosine: bool, device: &Device) -> Self {
        let buffer = || Param::from_tensor(Tensor::zeros([k, d], device)).set_require_grad(false);
        Self {
            codebook: Param::from_tensor(Tensor::zeros([k, d], device)),
            cluster_size: Param::from_tensor(Tensor::zeros([k], device)).set_require_grad(false),
            embed_avg: ema.then(buffer),
            cosine,
        }
    }

    /// The same with the rows of `codebook` for codes (scaled to unit length where angles count), as if each
    /// had been chosen by `cluster_size` vectors a batch so far: averages start at that size and at code × size.
    ///
    /// vector-quantize-pytorch starts sizes at 1. Where codes restart, begin at the expected use, n / k, or every
    /// code that starts below the threshold is replaced at the first update.
    ///
    /// # Errors
    /// When `codebook` is not `[k, d]`.
    pub fn with_codes(self, codebook: &Array, cluster_size: f64) -> Result<Self, ParamError> {
        let expected = self.codebook.val().dims().to_vec();
        if codebook.shape() != expected {
            let (name, found) = ("quantizer.codebook".to_owned(), codebook.shape().to_vec());
            return Err(ParamError::Shape { name, found, expected });
        }
        let device = self.codebook.val().device();
        let codes = self.comparable(params::tensor_from_array::<2>(codebook, &device)); // [k, d]
        let sizes = Tensor::full([expected[0]], cluster_size, &device);
        let embed_avg = self.embed_avg.map(|avg| refilled(avg, codes.clone() * cluster_size));
        Ok(Self {
            codebook: refilled(self.codebook, codes),
            cluster_size: refilled(self.cluster_size, sizes),
            embed_avg,
            cosine: self.cosine,
        })
    }

    /// The codes now, `[k, d]`, without gradients.
    pub fn codebook(&self) -> Tensor<2> {
        self.codebook.val().inner()
    }

    /// Replaces every vector by the nearest code, with the terms of the loss.
    ///
    /// The gradient of `codes` passes to the vectors unchanged (straight-through, section 3.2); where angles
    /// count that is the gradient of the vectors scaled to unit length. Codes marked in `frozen`, `[k]`, get no
    /// gradient.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`
    pub fn forward(&self, vectors: Tensor<2>, frozen: Option<&Tensor<1, Bool>>) -> Quantized {
        let vectors = self.comparable(vectors);
        let constant = vectors.clone().inner();
        let codebook = self.codebook();
        let [k, d] = codebook.dims();
        let indices = nearest_codes(constant.clone(), codebook.clone());
        let rows = codebook.clone().select(0, indices.clone()); // [n, d]
        let codebook_loss = self.embed_avg.is_none().then(|| {
            let moving = match frozen {
                Some(frozen) => {
                    self.codebook.val().mask_where(row_mask(frozen, d), codebook.clone())
                }
                None => self.codebook.val(),
            };
            (moving.select(0, indices.clone()) - constant.clone()).square().mean()
        });
        Quantized {
            commitment_loss: (vectors.clone() - rows.clone()).square().mean(),
            // The difference is zero in value and carries the gradient; z + sg(e − z) would round.
            codes: rows + (vectors - constant.clone()),
            counts: counts(indices.clone(), k),
            indices,
            codebook_loss,
            vectors: constant,
            codebook,
        }
    }

    /// The nearest code of every vector, told from near ones as exactly as the device can; without losses or
    /// gradients.
    ///
    /// # Shapes
    /// - `vectors`: `[n, d]`; result: `[n]`
    pub fn indices(&self, vectors: Tensor<2>) -> Tensor<1, Int> {
        nearest_codes_exactly(self.comparable(vectors), self.codebook())
    }

    /// The codes of given indices, without gradients.
    ///
    /// # Shapes
    /// - `indices`: `[n]`, each below k; result: `[n, d]`
    pub fn codes(&self, indices: Tensor<1, Int>) -> Tensor<2> {
        self.codebook().select(0, indices)
    }

    /// Vectors as they are compared with codes: scaled to unit length where angles count.
    ///
    /// # Shapes
    /// - `vectors`, result: `[n, d]`
    pub fn comparable(&self, vectors: Tensor<2>) -> Tensor<2> {
        if self.cosine { unit(vectors) } else { vectors }
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

/// Rows scaled to unit length; rows of zeros stay, and their gradient is finite.
fn unit(rows: Tensor<2>) -> Tensor<2> {
    const LEAST_SQUARE: f32 = 1e-12;
    let squares = rows.clone().square().sum_dim(1); // [n, 1]
    rows / (squares + LEAST_SQUARE).sqrt()
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
