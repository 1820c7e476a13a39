//! Passes over burn's tensors on a graphics device: networks that learn run the shaders that decode, and those of the ways
//! back.

mod adam;
mod convolutions;
mod nearest;

use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::CubeCount;
use burn_cubecl::cubecl::ir::attributes::BufferIOAttr;
use burn_cubecl::cubecl::ir::metadata::Info;
use burn_cubecl::cubecl::ir::{ElemType, UIntKind};
use burn_cubecl::cubecl::prelude::{
    AddressType, CubeDim, CubeKernel, ExecutionMode, KernelDefinition, KernelId, KernelMetadata,
    KernelSettings, PrecompiledSource, Scope,
};
use burn_cubecl::cubecl::server::{KernelArguments, MetadataBindingInfo};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use bytemuck::Pod;

use super::dispatch::{Dispatch, Tile};
use super::params::PartSumsParams;
use super::shader::{Shader, WeightStorage};

/// Workgroups in a row of a dispatch: what every device has.
const MOST_IN_A_ROW: u32 = 65_535;

/// A shader as burn launches it.
#[derive(Clone, Copy, Debug)]
struct Pass {
    shader: Shader,
    tile: Option<Tile>,
}

impl KernelMetadata for Pass {
    fn name(&self) -> &'static str {
        self.shader.stem()
    }

    fn id(&self) -> KernelId {
        // Our loops end: none is to be counted.
        KernelId::new::<Self>().info((self.shader, self.tile)).mode(ExecutionMode::Unchecked)
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for Pass {
    fn define(&self) -> KernelDefinition {
        let workgroup = CubeDim::new_single();
        let settings =
            KernelSettings::new(workgroup.into(), ExecutionMode::Unchecked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        let source = self.shader.source(WeightStorage::Single, self.tile);
        let source = source.expect("shaders import files that there are");
        let entrypoint_name = "main".to_owned();
        Some(PrecompiledSource { source: bound_by_burn(&source), entrypoint_name, lang: "wgsl" })
    }
}

/// A shader with its bindings as burn has them: buffers from 0 on, which all may be written, as they are pieces of larger
/// ones; parameters behind them.
fn bound_by_burn(source: &str) -> String {
    let number = |line: &str| -> Option<u32> {
        line.strip_prefix("@group(0) @binding(")?.split(')').next()?.parse().ok()
    };
    let last = source.lines().filter_map(number).max().unwrap_or(0);
    let bound = |line: &str| match number(line) {
        None => format!("{line}\n"),
        Some(0) => line.replace("binding(0)", &format!("binding({last})")) + "\n",
        Some(at) => {
            let line = line.replace(&format!("binding({at})"), &format!("binding({})", at - 1));
            line.replace("<storage, read>", "<storage, read_write>") + "\n"
        }
    };
    source.lines().map(bound).collect()
}

/// What a shader makes of some tensors, which it binds in their order, in tensors of some shapes behind them.
///
/// # Panics
/// Where a tensor is not of single precision: shaders read nothing else.
fn run<P: Pod, const N: usize>(
    dispatch: Dispatch,
    params: &P,
    tensors: impl IntoIterator<Item = CubeTensor>,
    shapes: [Shape; N],
) -> [CubeTensor; N] {
    let tensors: Vec<CubeTensor> = tensors.into_iter().map(into_contiguous).collect();
    assert!(tensors.iter().all(|tensor| tensor.dtype == DType::F32), "single precision");
    let (client, device) = (tensors[0].client.clone(), tensors[0].device.clone());
    let made = shapes.map(|shape| {
        empty_device_contiguous_dtype(client.clone(), device.clone(), shape, DType::F32)
    });
    let mut arguments = KernelArguments::new();
    for tensor in tensors {
        arguments = arguments.with_buffer_io(tensor.handle.binding(), BufferIOAttr::ReadOnly);
    }
    for tensor in &made {
        let binding = tensor.handle.clone().binding();
        arguments = arguments.with_buffer_io(binding, BufferIOAttr::WriteOnly);
    }
    let words = bytemuck::pod_collect_to_vec(bytemuck::bytes_of(params));
    let arguments = arguments.with_info(MetadataBindingInfo::custom(words));
    let [across, down] = dispatch.rows(MOST_IN_A_ROW);
    let pass = Pass { shader: dispatch.shader, tile: dispatch.tile };
    client.launch(Box::new(pass), CubeCount::Static(across, down, 1), arguments);
    made
}

/// What all parts of some sums come to.
///
/// # Shapes
/// `sums [parts, n]`; the result is `[n]`.
fn over_parts(sums: CubeTensor, [parts, len]: [u32; 2]) -> CubeTensor {
    let params = PartSumsParams { parts, len, ..PartSumsParams::default() };
    let dispatch = Dispatch::new(Shader::PartSums, len);
    let [total] = run(dispatch, &params, [sums], [Shape::new([len as usize])]);
    total
}

/// Workgroups that fill a device.
const FILLS: u32 = 256;

/// Into how many parts sums fall so that a device is filled, where one workgroup would sum `len` values, and `worth` are worth
/// a workgroup; and how many are in a part.
fn in_parts(workgroups: u32, len: u32, worth: u32) -> [u32; 2] {
    let parts = FILLS.div_ceil(workgroups).min(len / worth).max(1);
    [parts, len.div_ceil(parts)]
}

/// The number of values that buffers may begin at multiples of: 256 bytes, the most that WebGPU asks for.
const ALIGNMENT: usize = 64;

/// So many values, and those up to where another piece may begin.
const fn aligned(len: usize) -> usize {
    len.next_multiple_of(ALIGNMENT)
}

/// A piece of a tensor from one of its values on, a multiple of [`ALIGNMENT`].
fn piece(of: &CubeTensor, first: usize, shape: Shape) -> CubeTensor {
    let behind = of.meta.shape().num_elements() - first - shape.num_elements();
    let [first, behind] = [first, behind].map(|values| (4 * values) as u64);
    let handle = of.handle.clone().offset_start(first).offset_end(behind);
    CubeTensor::new_contiguous(of.client.clone(), of.device.clone(), shape, handle, of.dtype)
}
