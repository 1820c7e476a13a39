//! Gradients of one batch, worked at in parts side by side.
//!
//! Operations of the CPU backend on single values take one core each. Parts of a batch, each with a copy of the
//! network and a graph of its own, take all of them.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::array::Array;
use crate::data::Batch;
use crate::fused::is_cpu;

/// Items of a part at the least: matrix products of fewer are slow.
pub(super) const LEAST: usize = 4;

/// Into how many parts a batch of so many items is cut on a device: one a thread of the CPU, and one on a GPU.
pub(super) fn count(device: &Device, items: usize) -> usize {
    let most = if is_cpu(device) { rayon::current_num_threads() } else { 1 };
    most.min(items / LEAST).max(1)
}

/// Some rows of a batch of images, and their share in it.
pub(super) struct Rows {
    /// The images.
    pub(super) images: Array,
    /// What the network sees of them.
    pub(super) seen: Array,
    /// Their number by that of all.
    pub(super) share: f64,
}

/// The rows of a batch in parts of about one size.
pub(super) fn of_batch(batch: &Batch, device: &Device) -> Vec<Rows> {
    let all = batch.images.num_rows();
    let len = all.div_ceil(count(device, all)).max(1);
    let of_start = |start: usize| {
        let end = all.min(start + len);
        Rows {
            images: batch.images.rows(start, end),
            seen: batch.seen().rows(start, end),
            share: (end - start) as f64 / all as f64,
        }
    };
    (0..all).step_by(len).map(of_start).collect()
}

/// The sum of the losses of all parts, its gradients by the parameters of `model`, and what else the parts told.
///
/// `loss` gives the share of a part in the loss of the whole, `[1]`: the sum over its own items by the number of all.
pub(super) fn gradients<M: Module, P: Send, T: Send>(
    model: &M,
    device: &Device,
    parts: Vec<P>,
    loss: impl Fn(&M, P) -> (Tensor<1>, T) + Sync,
) -> (Tensor<1>, GradientsParams, Vec<T>) {
    let of_part = |(model, part): (M, P)| {
        let (loss, told) = loss(&model, part);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        (loss.inner(), gradients, told)
    };
    // Of one graph over shared parameters only one part could go back at a time.
    let copies: Vec<(M, P)> =
        parts.into_iter().map(|part| (model.clone().fork(device), part)).collect();
    let of_parts: Vec<_> = copies.into_par_iter().map(of_part).collect();
    let mut sum = GradientsAccumulator::new();
    let (mut losses, mut told) = (Vec::new(), Vec::new());
    for (loss, gradients, more) in of_parts {
        sum.accumulate(model, gradients);
        losses.push(loss);
        told.push(more);
    }
    let total = losses.into_iter().reduce(|sum, loss| sum + loss).expect("some part");
    (total, sum.grads(), told)
}
