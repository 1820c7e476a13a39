//! Convolutions and their ways back: one pass each over planes as they lie. burn's own take several, which are chosen by
//! trials, and lay planes out anew between them.

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::{aligned, piece, run};
use crate::engine::dispatch::{Dispatch, Lanes, Tile};
use crate::engine::kernel::Kernel;
use crate::engine::params::{
    ChannelSumsParams, Conv2dParams, ConvTranspose2dParams, KernelGradientParams,
};
use crate::engine::shader::Shader;
use crate::fused::{Conv, ConvOps, ConvSlopes, made_shape};

/// Workgroups that fill a device: a gradient by kernels has few sums, of very many products.
const FILLS: u32 = 256;
/// Products of a sum that are worth a workgroup of their own.
const WORTH: u32 = 256;

impl ConvOps for CubeBackend {
    fn convolved_planes(
        planes: CubeTensor,
        kernels: CubeTensor,
        bias: CubeTensor,
        conv: Conv,
        is_to_fine: bool,
    ) -> CubeTensor {
        made(planes, kernels, Some(bias), &conv, is_to_fine)
    }
}

impl ConvSlopes for CubeBackend {
    fn planes_gradient(
        grad: CubeTensor,
        kernels: CubeTensor,
        conv: Conv,
        was_to_fine: bool,
    ) -> CubeTensor {
        made(grad, kernels, None, &conv, !was_to_fine)
    }

    fn kernel_gradient(fine: CubeTensor, coarse: CubeTensor, conv: Conv) -> CubeTensor {
        parameter_gradients(fine, coarse, &conv, false).0
    }

    fn kernel_and_bias_gradients(
        fine: CubeTensor,
        coarse: CubeTensor,
        conv: Conv,
    ) -> (CubeTensor, CubeTensor) {
        let (kernels, sums) = parameter_gradients(fine, coarse, &conv, true);
        (kernels, sums.expect("they were asked for"))
    }

    fn bias_gradient(planes: CubeTensor) -> CubeTensor {
        let shape = planes.shape();
        let [batch, channels, rows, columns] = [0, 1, 2, 3].map(|axis| shape[axis] as u32);
        let params = ChannelSumsParams { batch, channels, plane: rows * columns, pad0: 0 };
        let dispatch = Dispatch::new(Shader::ChannelSums, params.invocations());
        run(dispatch, &params, [planes], Shape::new([channels as usize]))
    }
}

/// Planes on one side of those on the other.
fn made(
    planes: CubeTensor,
    kernels: CubeTensor,
    bias: Option<CubeTensor>,
    conv: &Conv,
    is_to_fine: bool,
) -> CubeTensor {
    let shape = made_shape(&planes.shape(), conv, is_to_fine);
    let batch = planes.shape()[0] as u32;
    let has_bias = u32::from(bias.is_some());
    let [fine, coarse] = [conv.fine, conv.coarse].map(|side| side.map(|extent| extent as u32));
    let [kernel_height, kernel_width] = conv.kernel.map(|extent| extent as u32);
    let [stride_y, stride_x] = conv.stride.map(|extent| extent as u32);
    let [pad_top, pad_left] = conv.padding.map(|extent| extent as u32);
    // Nothing is read of what is not there.
    let residual = kernels.clone();
    let bias = bias.unwrap_or_else(|| kernels.clone());
    let bound = [planes, kernels, bias, residual];
    if is_to_fine {
        let params = ConvTranspose2dParams {
            batch,
            in_channels: coarse[0],
            in_height: coarse[1],
            in_width: coarse[2],
            out_channels: fine[0],
            out_height: fine[1],
            out_width: fine[2],
            kernel_height,
            kernel_width,
            stride_y,
            stride_x,
            pad_top,
            pad_left,
            has_bias,
            ..ConvTranspose2dParams::default()
        };
        let kernel = Kernel::ConvTranspose2d(params);
        run(Dispatch::of(&kernel, Lanes::Workgroups), &params, bound, shape)
    } else {
        let params = Conv2dParams {
            batch,
            in_channels: fine[0],
            in_height: fine[1],
            in_width: fine[2],
            out_channels: coarse[0],
            out_height: coarse[1],
            out_width: coarse[2],
            kernel_height,
            kernel_width,
            stride_y,
            stride_x,
            pad_top,
            pad_left,
            has_bias,
            upsample: 1,
            ..Conv2dParams::default()
        };
        run(Dispatch::of(&Kernel::Conv2d(params), Lanes::Workgroups), &params, bound, shape)
    }
}

/// The gradient by kernels, and the sums of the coarse planes where they are asked for.
fn parameter_gradients(
    fine: CubeTensor,
    coarse: CubeTensor,
    conv: &Conv,
    has_sums: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    let (params, tile) = in_parts(conv, fine.shape()[0], has_sums);
    let KernelGradientParams { parts, coarse_channels, kernel_len, part_stride, .. } = params;
    let dispatch = Dispatch {
        shader: Shader::KernelGradient,
        tile: Some(tile),
        workgroups: tiles(tile, coarse_channels, params.taps() + params.has_sums) * parts,
    };
    let shape = Shape::new([parts as usize, part_stride as usize]);
    let mut sums = run(dispatch, &params, [coarse, fine], shape);
    if parts > 1 {
        sums = into_contiguous(CubeBackend::float_sum_dim(sums, 0));
    }
    let [channels, others] = [conv.coarse[0], conv.fine[0]];
    let kernels = Shape::new([channels, others, conv.kernel[0], conv.kernel[1]]);
    let of_planes = || piece(&sums, kernel_len as usize, Shape::new([channels]));
    (piece(&sums, 0, kernels), has_sums.then(of_planes))
}

/// The parameters of a gradient by kernels, and the tile that suits its sums.
fn in_parts(conv: &Conv, batch: usize, has_sums: bool) -> (KernelGradientParams, Tile) {
    let extents = |side: [usize; 3]| side.map(|extent| extent as u32);
    let [coarse_channels, coarse_height, coarse_width] = extents(conv.coarse);
    let [fine_channels, fine_height, fine_width] = extents(conv.fine);
    let [kernel_height, kernel_width] = conv.kernel.map(|extent| extent as u32);
    let [stride_y, stride_x] = conv.stride.map(|extent| extent as u32);
    let [pad_top, pad_left] = conv.padding.map(|extent| extent as u32);
    let batch = batch as u32;
    let tile = [Tile::NARROW, Tile::EVEN]
        .into_iter()
        .find(|tile| coarse_channels <= tile.channels)
        .unwrap_or(Tile::WIDE);
    let places = batch * coarse_height * coarse_width;
    let taps = fine_channels * kernel_height * kernel_width;
    let workgroups = tiles(tile, coarse_channels, taps);
    let parts = FILLS.div_ceil(workgroups).min(places / WORTH).max(1);
    let part_len = places.div_ceil(parts);
    // Each part from where a buffer may begin.
    let [kernel_len, sums_len] =
        [coarse_channels * taps, coarse_channels].map(|len| aligned(len as usize) as u32);
    let has_sums = u32::from(has_sums);
    let params = KernelGradientParams {
        batch,
        coarse_channels,
        coarse_height,
        coarse_width,
        fine_channels,
        fine_height,
        fine_width,
        kernel_height,
        kernel_width,
        stride_y,
        stride_x,
        pad_top,
        pad_left,
        parts,
        part_len,
        has_sums,
        kernel_len,
        part_stride: kernel_len + has_sums * sums_len,
        ..KernelGradientParams::default()
    };
    (params, tile)
}

/// Tiles of so many coarse channels by so many taps.
fn tiles(tile: Tile, channels: u32, taps: u32) -> u32 {
    channels.div_ceil(tile.channels) * taps.div_ceil(tile.places)
}
