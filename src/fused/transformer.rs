//! Operations of a transformer that burn would take apart into many: one pass over the values each way.
//!
//! On the CPU backend a pass costs what it reads and writes, and its exponential is taken value by value. Here one
//! pass does the whole operation, eight or sixteen values at once. Other devices fuse what burn composes themselves.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata as _, backend_extension};
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};

use super::activation::{CUBIC, SLOPE, exp, gate};
use super::{is_cpu, like, values};

/// What is added to a score that does not count, where values are added at all: its exponential is 0.
const NEVER: f32 = -1e9;

/// x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³))).
///
/// # Source
/// Gaussian Error Linear Units (Hendrycks & Gimpel, 2016, arXiv:1606.08415).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if is_cpu(&x.device()) {
        return Tensor::from_dispatch(<Dispatch as FusedOps>::gelu_by_tanh(x.into_dispatch()));
    }
    let inner = (x.clone().square() * CUBIC + 1.0) * x.clone() * SLOPE;
    sigmoid(inner) * x
}

/// That places do not see later ones.
pub struct Later {
    /// What is added to the scores of places, `[1, t, t]`; nothing where they are left out.
    added: Option<Tensor<3>>,
}

impl Later {
    /// For sequences of `t` places on a device.
    pub fn new(t: usize, device: &Device) -> Self {
        let of_pair = |pair: usize| if pair % t > pair / t { NEVER } else { 0.0 };
        let values = || (0..t * t).map(of_pair).collect::<Vec<f32>>();
        let added = || Tensor::from_data(TensorData::new(values(), [1, t, t]), device);
        Self { added: (!is_cpu(device)).then(added) }
    }
}

/// The softmax of every row of scores, of which those of later places may not count.
///
/// # Shapes
/// - `scores`, result: `[n, t, t]`
pub fn attention_shares(scores: Tensor<3>, later: Option<&Later>) -> Tensor<3> {
    if is_cpu(&scores.device()) {
        let scores = scores.into_dispatch();
        return Tensor::from_dispatch(<Dispatch as FusedOps>::row_softmax(scores, later.is_some()));
    }
    let added = later.and_then(|later| later.added.clone());
    softmax(added.into_iter().fold(scores, |scores, added| scores + added), 2)
}

/// The operations, as a backend does them.
#[backend_extension(Flex, Autodiff)]
trait FusedOps: Backend {
    fn gelu_by_tanh(x: FloatTensor<Self>) -> FloatTensor<Self>;
    fn row_softmax(scores: FloatTensor<Self>, is_causal: bool) -> FloatTensor<Self>;
}

/// The way back.
trait FusedSlopes: FusedOps {
    /// The gradient by `x`, where `grad` is that by the result.
    fn gelu_slope(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self>;
    /// The gradient by the scores of `shares`, where `grad` is that by the shares.
    fn softmax_slope(shares: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl FusedOps for Flex {
    fn gelu_by_tanh(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let from = values(&x);
        let mut to = vec![0.0; from.len()];
        Arch::new().dispatch(|| {
            for (to, &x) in to.iter_mut().zip(from) {
                *to = x * gate(x);
            }
        });
        like(&x, to)
    }

    fn row_softmax(scores: FloatTensor<Self>, is_causal: bool) -> FloatTensor<Self> {
        let scores = scores.to_contiguous();
        let from = values(&scores);
        let t = scores.shape()[2].max(1);
        let mut to = vec![0.0; from.len()];
        Arch::new().dispatch(Shares { from, to: &mut to, t, is_causal });
        like(&scores, to)
    }
}

impl FusedSlopes for Flex {
    fn gelu_slope(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, grad) = (x.to_contiguous(), grad.to_contiguous());
        let mut to = values(&grad).to_vec();
        let from = values(&x);
        Arch::new().dispatch(|| {
            for (to, &x) in to.iter_mut().zip(from) {
                let gate = gate(x);
                let slope = SLOPE * (1.0 + 3.0 * CUBIC * x * x);
                *to *= gate + x * gate * (1.0 - gate) * slope;
            }
        });
        like(&x, to)
    }

    fn softmax_slope(shares: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let (shares, grad) = (shares.to_contiguous(), grad.to_contiguous());
        let t = shares.shape()[2].max(1);
        let mut to = values(&grad).to_vec();
        let from = values(&shares);
        Arch::new().dispatch(SharesBack { shares: from, to: &mut to, t });
        like(&shares, to)
    }
}

/// Softmax of rows of `t` scores.
struct Shares<'a> {
    from: &'a [f32],
    to: &'a mut [f32],
    t: usize,
    is_causal: bool,
}

impl WithSimd for Shares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.to.chunks_exact_mut(self.t).zip(self.from.chunks_exact(self.t));
        for (row, (to, from)) in rows.enumerate() {
            let seen = if self.is_causal { row % self.t + 1 } else { self.t };
            let (to, from) = (&mut to[..seen], &from[..seen]);
            let greatest = fold(from, f32::NEG_INFINITY, |kept, x| if x > kept { x } else { kept });
            for (to, &x) in to.iter_mut().zip(from) {
                *to = exp(x - greatest);
            }
            let scale = 1.0 / fold(to, 0.0, |sum, x| sum + x);
            for to in to {
                *to *= scale;
            }
        }
    }
}

/// The gradients by rows of `t` scores of those by their shares.
struct SharesBack<'a> {
    shares: &'a [f32],
    to: &'a mut [f32],
    t: usize,
}

impl WithSimd for SharesBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.to.chunks_exact_mut(self.t).zip(self.shares.chunks_exact(self.t));
        for (to, shares) in rows {
            // Shares of places that do not count are 0, and so are their gradients.
            for (to, &share) in to.iter_mut().zip(shares) {
                *to *= share;
            }
            let sum = fold(to, 0.0, |sum, x| sum + x);
            for (to, &share) in to.iter_mut().zip(shares) {
                *to -= share * sum;
            }
        }
    }
}

/// The way back of an operation of one tensor: a slope, by what the operation kept.
#[derive(Debug)]
struct Back;

impl<B: FusedSlopes> Backward<B, 1> for Back {
    type State = (FloatTensor<B>, fn(FloatTensor<B>, FloatTensor<B>) -> FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (kept, slope) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |grad| slope(kept, grad));
    }
}

impl<B: FusedSlopes, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn gelu_by_tanh(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match Back.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x.clone(), B::gelu_slope), B::gelu_by_tanh(x)),
            OpsKind::UnTracked(prep) => prep.finish(B::gelu_by_tanh(x)),
        }
    }

    fn row_softmax(scores: FloatTensor<Self>, is_causal: bool) -> FloatTensor<Self> {
        let (scores, node) = scores.into_parts();
        let shares = B::row_softmax(scores, is_causal);
        match Back.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((shares.clone(), B::softmax_slope), shares),
            OpsKind::UnTracked(prep) => prep.finish(shares),
        }
    }
}

/// Folds values in sixteen lanes, and those at the end, in an order that does not depend on the processor.
#[inline(always)]
pub(super) fn fold(values: &[f32], first: f32, of_two: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [first; 16];
    let chunks = values.chunks_exact(lanes.len());
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = of_two(*lane, value);
        }
    }
    let whole = lanes.into_iter().fold(first, &of_two);
    rest.iter().fold(whole, |kept, &value| of_two(kept, value))
}
