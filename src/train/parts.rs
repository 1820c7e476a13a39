//! Gradients of one batch, worked at in parts side by side.
//!
//! Operations of the CPU backend on single values take one core each. Parts of a batch, each with a copy of the
//! network and a graph of its own, take all of them.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// Into how many parts a batch is cut on a device: one a thread of the CPU, and one on a GPU.
pub(super) fn count(device: &Device) -> usize {
    if super::device::is_cpu(device) { rayon::current_num_threads() } else { 1 }
}

/// The sum of the losses of all parts and its gradients by the parameters of `model`.
///
/// `loss` gives the share of a part in the loss of the whole, `[1]`: the sum over its own items by the number of all.
pub(super) fn gradients<M: Module, P: Send>(
    model: &M,
    device: &Device,
    parts: Vec<P>,
    loss: impl Fn(&M, P) -> Tensor<1> + Sync,
) -> (Tensor<1>, GradientsParams) {
    let of_part = |(model, part): (M, P)| {
        let loss = loss(&model, part);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        (loss.inner(), gradients)
    };
    // Of one graph over shared parameters only one part could go back at a time.
    let copies: Vec<(M, P)> =
        parts.into_iter().map(|part| (model.clone().fork(device), part)).collect();
    let of_parts: Vec<_> = copies.into_par_iter().map(of_part).collect();
    let mut sum = GradientsAccumulator::new();
    let losses = of_parts.into_iter().map(|(loss, gradients)| {
        sum.accumulate(model, gradients);
        loss
    });
    let loss = Tensor::cat(losses.collect(), 0).sum();
    (loss, sum.grads())
}
