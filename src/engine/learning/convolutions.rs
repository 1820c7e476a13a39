//! Convolutions and their ways back: one pass each over planes as they lie. burn's own take several, which are chosen by
//! trials, and lay planes out anew between them.

use burn::backend::TensorMetadata as _;
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{aligned, in_parts, over_parts, piece, run};
use crate::engine::dispatch::{Dispatch, Lanes, Tile};
use crate::engine::kernel::Kernel;
use crate::engine::params::{
    ChannelSumsParams, Conv2dParams, ConvTranspose2dParams, KernelGradientParams,
};
use crate::engine::shader::Shader;
use crate::fused::{Conv, ConvOps, ConvSlopes, made_shape};

/// Products of a sum, of which a gradient by kernels has few and very long ones, that are worth a workgroup.
const PRODUCTS: u32 = 256;
/// Values of a sum that are.
const VALUES: u32 = 4096;

impl ConvOps for CubeBackend {
    fn convolved_planes(
        planes: CubeTensor,
        kernels: CubeTensor,
        bias: CubeTensor,
        has_bias: bool,
        conv: Conv,
        is_to_fine: bool,
    ) -> CubeTensor {
        made(planes, kernels, has_bias.then_some(bias), &conv, is_to_fine)
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
        // A tile for the sums alone would cost more than a pass of their own.
        let tile = tile_of(conv.coarse[0] as u32);
        let taps = (conv.fine[0] * conv.kernel[0] * conv.kernel[1]) as u32;
        let [without, with] = [taps, taps + 1].map(|taps| taps.div_ceil(tile.places));
        if with * 8 > without * 9 {
            let kernels = parameter_gradients(fine, coarse.clone(), &conv, false).0;
            return (kernels, Self::bias_gradient(coarse));
        }
        let (kernels, sums) = parameter_gradients(fine, coarse, &conv, true);
        (kernels, sums.expect("they were asked for"))
    }

    fn bias_gradient(planes: CubeTensor) -> CubeTensor {
        let shape = planes.shape();
        let [batch, channels, rows, columns] = [0, 1, 2, 3].map(|axis| shape[axis] as u32);
        let plane = rows * columns;
        let [parts, part_len] = in_parts(channels, batch * plane, VALUES);
        let params = ChannelSumsParams {
            batch,
            channels,
            plane,
            parts,
            part_len,
            ..ChannelSumsParams::default()
        };
        let dispatch = Dispatch::new(Shader::ChannelSums, params.invocations());
        let [sums] = run(dispatch, &params, [planes], [Shape::new([(parts * channels) as usize])]);
        if parts > 1 { over_parts(sums, [parts, channels]) } else { sums }
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
        let [made] = run(Dispatch::of(&kernel, Lanes::Workgroups), &params, bound, [shape]);
        made
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
        let kernel = Kernel::Conv2d(params);
        let [made] = run(Dispatch::of(&kernel, Lanes::Workgroups), &params, bound, [shape]);
        made
    }
}

/// The gradient by kernels, and the sums of the coarse planes where they are asked for.
fn parameter_gradients(
    fine: CubeTensor,
    coarse: CubeTensor,
    conv: &Conv,
    has_sums: bool,
) -> (CubeTensor, Option<CubeTensor>) {
    let (params, tile) = gradient_params(conv, fine.shape()[0], has_sums);
    let KernelGradientParams { parts, coarse_channels, kernel_len, part_stride, .. } = params;
    let dispatch = Dispatch {
        shader: Shader::KernelGradient,
        tile: Some(tile),
        workgroups: tiles(tile, coarse_channels, params.taps() + params.has_sums) * parts,
    };
    let shape = Shape::new([parts as usize, part_stride as usize]);
    let [mut sums] = run(dispatch, &params, [coarse, fine], [shape]);
    if parts > 1 {
        sums = over_parts(sums, [parts, part_stride]);
    }
    let [channels, others] = [conv.coarse[0], conv.fine[0]];
    let kernels = Shape::new([channels, others, conv.kernel[0], conv.kernel[1]]);
    let of_planes = || piece(&sums, kernel_len as usize, Shape::new([channels]));
    (piece(&sums, 0, kernels), has_sums.then(of_planes))
}

/// The parameters of a gradient by kernels, and the tile that suits its sums.
fn gradient_params(conv: &Conv, batch: usize, has_sums: bool) -> (KernelGradientParams, Tile) {
    let extents = |side: [usize; 3]| side.map(|extent| extent as u32);
    let [coarse_channels, coarse_height, coarse_width] = extents(conv.coarse);
    let [fine_channels, fine_height, fine_width] = extents(conv.fine);
    let [kernel_height, kernel_width] = conv.kernel.map(|extent| extent as u32);
    let [stride_y, stride_x] = conv.stride.map(|extent| extent as u32);
    let [pad_top, pad_left] = conv.padding.map(|extent| extent as u32);
    let batch = batch as u32;
    let tile = tile_of(coarse_channels);
    let places = batch * coarse_height * coarse_width;
    let taps = fine_channels * kernel_height * kernel_width;
    let workgroups = tiles(tile, coarse_channels, taps + u32::from(has_sums));
    let [parts, part_len] = in_parts(workgroups, places, PRODUCTS);
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

/// The tile that suits so many coarse channels.
fn tile_of(channels: u32) -> Tile {
    let narrow = [Tile::NARROW, Tile::EVEN].into_iter().find(|tile| channels <= tile.channels);
    narrow.unwrap_or(Tile::WIDE)
}

/// Tiles of so many coarse channels by so many taps.
fn tiles(tile: Tile, channels: u32, taps: u32) -> u32 {
    channels.div_ceil(tile.channels) * taps.div_ceil(tile.places)
}
