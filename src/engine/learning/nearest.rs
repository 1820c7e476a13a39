//! The nearest codes of vectors: one pass, in which no distance is kept.

use burn::backend::TensorMetadata as _;
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run;
use crate::engine::dispatch::{Dispatch, Lanes};
use crate::engine::kernel::Kernel;
use crate::engine::params::NearestCodeParams;
use crate::fused::NearestOps;

impl NearestOps for CubeBackend {
    fn nearest_codes(vectors: CubeTensor, codes: CubeTensor) -> CubeTensor {
        let [n, dim] = [0, 1].map(|axis| vectors.shape()[axis]);
        let params = NearestCodeParams {
            vectors: n as u32,
            plane: 1,
            dim: dim as u32,
            codes: codes.shape()[0] as u32,
            ..NearestCodeParams::default()
        };
        let dispatch = Dispatch::of(&Kernel::NearestCode(params), Lanes::Workgroups);
        // Uses are counted before the indices; nobody looks.
        let made = [Shape::new([codes.shape()[0]]), Shape::new([n])];
        let [_, indices] = run(dispatch, &params, [vectors, codes], made);
        indices
    }
}
