//! The rotation trick: a gradient that knows where in its code's region a vector lies.
//!
//! # Source
//! Restructuring Vector Quantization with the Rotation Trick (Fifty et al., 2024, section 4, arXiv:2410.06424).

use burn::tensor::Tensor;

/// Lengths below this count as this long.
const LEAST_LENGTH: f32 = 1e-6;

/// Vectors turned and scaled onto codes by a map that counts as constant: with u and v of unit length along vector
/// and code and w along u + v, (|e| / |z|) · (z − 2 w wᵀz + 2 v uᵀz). Its value is the code up to rounding, and its
/// gradient turns the code's back onto the vector, so that angles between gradients and vectors are kept.
///
/// # Shapes
/// - `vectors`, `codes`, result: `[n, d]`; `codes` without gradients
pub fn rotated(vectors: Tensor<2>, codes: Tensor<2>) -> Tensor<2> {
    let constant = vectors.clone().inner();
    let (vector_length, code_length) = (length(&constant), length(&codes)); // [n, 1]
    let vector_unit = constant / vector_length.clone();
    let code_unit = codes / code_length.clone();
    let half_way = vector_unit.clone() + code_unit.clone();
    let half_way = half_way.clone() / length(&half_way);
    let along = |direction: &Tensor<2>| (vectors.clone() * direction.clone()).sum_dim(1); // [n, 1]
    let reflected = half_way.clone() * along(&half_way) * 2.0;
    let turned = code_unit * along(&vector_unit) * 2.0;
    (vectors - reflected + turned) * (code_length / vector_length)
}

/// The length of every row, `[n, 1]`.
fn length(rows: &Tensor<2>) -> Tensor<2> {
    rows.clone().square().sum_dim(1).sqrt().clamp_min(LEAST_LENGTH)
}
