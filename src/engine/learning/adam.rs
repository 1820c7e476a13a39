//! Adam's rule: one pass over a tensor and its moments.

use burn::backend::TensorMetadata as _;
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{aligned, piece, run};
use crate::engine::dispatch::Dispatch;
use crate::engine::params::AdamParams;
use crate::engine::shader::Shader;
use crate::fused::{AdamOps, AdamRule};

impl AdamOps for CubeBackend {
    fn adam_update(
        values: CubeTensor,
        gradient: CubeTensor,
        moment_1: CubeTensor,
        moment_2: CubeTensor,
        rule: AdamRule,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let shape = values.shape();
        let len = shape.num_elements();
        let stride = aligned(len);
        let AdamRule { beta_1, beta_2, rate, epsilon, shrink } = rule;
        let params = AdamParams {
            len: len as u32,
            stride: stride as u32,
            beta_1,
            beta_2,
            rate,
            epsilon,
            shrink,
            pad0: 0,
        };
        let dispatch = Dispatch::new(Shader::Adam, params.len);
        let bound = [values, gradient, moment_1, moment_2];
        let made = run(dispatch, &params, bound, Shape::new([3 * stride]));
        let part = |index: usize| piece(&made, index * stride, shape.clone());
        (part(0), part(1), part(2))
    }
}
