//! Which code is nearest to a vector, and how often each is.

use burn::tensor::{DType, IndexingUpdateOp, Int, Tensor};

use crate::fused::{is_cpu, nearest_rows};

/// Distances held at once, whatever the sizes of batch and codebook are: 4 MiB in f32, which caches hold.
const CHUNK_DISTANCES: usize = 1 << 20;

/// The index of the code nearest to each vector; of equally near ones the lowest.
///
/// On the CPU it compares |e|² − 2 z·e, which differs from the squared distance by |z|² alone, so that most of the work
/// is a matrix product. Where distances are small beside |z|² the two terms lose digits to each other: codes whose
/// squared distances differ by less than about 1e-6 |z|² may be taken for each other. That is of no account
/// for training; [`nearest_codes_exactly`] tells them apart. Without gradients.
///
/// # Shapes
/// - `vectors`: `[n, d]`; `codebook`: `[k, d]`; result: `[n]`
///
/// # Source
/// Neural Discrete Representation Learning (van den Oord et al., 2017, eq. 1, arXiv:1711.00937).
pub fn nearest_codes(vectors: Tensor<2>, codebook: Tensor<2>) -> Tensor<1, Int> {
    let (vectors, codebook) = (vectors.inner(), codebook.inner());
    if vectors.dtype() == DType::F32 {
        return nearest_rows(vectors, codebook);
    }
    let rows = (CHUNK_DISTANCES / codebook.dims()[0]).max(1);
    let squares = codebook.clone().square().sum_dim(1).transpose(); // [1, k]
    let doubled = codebook.transpose() * -2.0; // [d, k]
    let chunks = vectors.split(rows, 0).into_iter().map(|chunk| {
        let distances = chunk.matmul(doubled.clone()) + squares.clone(); // [rows, k]
        distances.argmin(1).squeeze_dim::<1>(1) // [rows]
    });
    Tensor::cat(chunks.collect(), 0) // [n]
}

/// The same as every other engine finds it: on the CPU in f64, at two to three times the cost; graphics devices compare
/// differences, which lose no digits, anyway.
pub fn nearest_codes_exactly(vectors: Tensor<2>, codebook: Tensor<2>) -> Tensor<1, Int> {
    let (vectors, codebook) = (vectors.inner(), codebook.inner());
    if is_cpu(&vectors.device()) {
        nearest_codes(vectors.cast(DType::F64), codebook.cast(DType::F64))
    } else {
        nearest_codes(vectors, codebook)
    }
}

/// How many vectors chose each code.
///
/// # Shapes
/// - `indices`: `[n]`, each below `k`; result: `[k]`
pub fn counts(indices: Tensor<1, Int>, k: usize) -> Tensor<1> {
    let (n, device) = (indices.dims()[0], indices.device());
    let ones = Tensor::ones([n], &device);
    Tensor::zeros([k], &device).select_assign(0, indices, ones, IndexingUpdateOp::Add) // [k]
}
