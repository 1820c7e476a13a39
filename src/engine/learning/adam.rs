//! Adam's rule: one pass over a tensor and its moments.

use burn::backend::TensorMetadata as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run;
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
        let AdamRule { beta_1, beta_2, rate, epsilon, shrink } = rule;
        let params = AdamParams {
            len: shape.num_elements() as u32,
            beta_1,
            beta_2,
            rate,
            epsilon,
            shrink,
            ..AdamParams::default()
        };
        let dispatch = Dispatch::new(Shader::Adam, params.len);
        let bound = [values, gradient, moment_1, moment_2];
        let made = run(dispatch, &params, bound, [shape.clone(), shape.clone(), shape]);
        made.into()
    }
}
