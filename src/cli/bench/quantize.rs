//! The nearest code of very many vectors.

use burn::tensor::{Device, DeviceKind, Tensor};

use super::{Case, Rows, processor};
use crate::array::{Array, NamedArrays};
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineKind, Runner};
use crate::graph::{GraphBuilder, Op};
use crate::model::params;
use crate::model::quantizer::{nearest_codes, rows_of};
use crate::random::{self, Purpose};

/// Values of a vector and of a code.
const DIM: usize = 64;
/// Rows and columns of a grid of vectors, and how many grids there are: 65,536 vectors.
const GRID: usize = 64;
const GRIDS: usize = 16;
/// Sizes of codebooks.
const CODES: [usize; 3] = [512, 1024, 8192];

pub(super) fn run(rows: &mut Rows, gpu: Option<&Gpu>) -> anyhow::Result<()> {
    CODES.into_iter().try_for_each(|codes| of_sizes(rows, gpu, GRIDS, codes))
}

/// So many grids of vectors, and so many codes.
pub(super) fn of_sizes(
    rows: &mut Rows,
    gpu: Option<&Gpu>,
    grids: usize,
    codes: usize,
) -> anyhow::Result<()> {
    let normals = |step, shape: &[usize]| {
        let values = random::normals(0, step, Purpose::Init, shape.iter().product());
        Array::new(shape.to_vec(), values)
    };
    let planes = normals(0, &[grids, DIM, GRID, GRID])?;
    let codebook = normals(1, &[codes, DIM])?;
    let weights = NamedArrays::from([("codebook".to_owned(), codebook.clone())]);
    let mut graph = GraphBuilder::new(&[DIM, GRID, GRID], &weights)?;
    let input = graph.input();
    let nearest = graph.add("nearest", Op::NearestCode { input, codebook: "codebook".into() })?;
    graph.output("indices", nearest)?;
    let graph = graph.finish()?;
    let of_engine = |engine: EngineKind, device: String| -> anyhow::Result<Case<'_>> {
        let mut runner = Runner::new(engine, &graph, gpu)?;
        let planes = &planes;
        let run = Box::new(move || Ok(runner.run(planes).map(drop)?));
        Ok(Case { engine: engine.name(), device, run })
    };
    let mut cases = vec![of_engine(EngineKind::Cpu, processor())?];
    if let Some(gpu) = gpu {
        cases.push(of_engine(EngineKind::Wgsl, gpu.describe())?);
        let device = Device::wgpu(DeviceKind::DefaultDevice);
        let codebook: Tensor<2> = params::tensor_from_array(&codebook, &device);
        let planes = &planes;
        cases.push(Case {
            engine: "burn-wgpu",
            device: gpu.describe(),
            run: Box::new(move || {
                let planes: Tensor<4> = params::tensor_from_array(planes, &device);
                let codes = nearest_codes(rows_of(planes), codebook.clone());
                drop(params::array_from_tensor(codes.float()));
                Ok(())
            }),
        });
    }
    let what = format!("quantize {codes} codes");
    rows.measure(&what, planes.shape(), cases)
}
