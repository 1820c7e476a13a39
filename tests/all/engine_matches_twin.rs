//! Every shader against its twin, whole networks on every engine, and what the window draws.
//!
//! Runs on Mesa's software Vulkan. Without an adapter it fails and names the package to install, unless
//! `ZSCOPE_SKIP_GPU=1`, which prints SKIPPED.

use std::sync::OnceLock;

use zscope::array::{Array, NamedArrays};
use zscope::engine::dispatch::{Dispatch, Lanes, OF_NEIGHBOURS, OF_SUMS};
use zscope::engine::kernel::Kernel;
use zscope::engine::params::{
    AdamParams, Conv2dParams, ConvTranspose2dParams, ElementwiseParams, LatentMixParams,
    LinearParams, PixelsParams, activation_code,
};
use zscope::engine::shader::Shader;
use zscope::engine::wgsl::{
    BatchRunner, Gpu, Network, Screen, SinglePass, headless, run_pixels, run_single,
    run_single_into,
};
use zscope::engine::{EngineError, EngineKind, Mix, Runner, twin};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op};
use zscope::picture::{ValueRange, level_from_unit};
use zscope::random::{Purpose, normals, uniforms};
use zscope::watch::Watch;

use crate::common::{Tolerance, assert_close, first_difference};

/// What outputs hold before a pass: no result of these tests is as large.
pub const SENTINEL: f32 = 1e30;

/// Values behind the end of every output, which a pass must leave alone.
pub const GUARD: usize = 67;

const ACTIVATIONS: [Activation; 7] = [
    Activation::None,
    Activation::Relu,
    Activation::LeakyRelu(0.2),
    Activation::Silu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Gelu,
];

/// The software adapter, shared by all tests; nothing where tests on adapters were called off.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn gpu() -> Option<&'static Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| {
        let skip = std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1");
        (!skip).then(|| {
            headless(true).expect("a Vulkan adapter: install the package mesa-vulkan-drivers")
        })
    });
    if gpu.is_none() {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
    }
    gpu.as_ref()
}

/// Numbers that differ from call to call.
pub fn noise(seed: u64, len: usize) -> Vec<f32> {
    uniforms(seed, 0, Purpose::Explore, len, -1.0, 1.0)
}

/// Runs a pass over a sentinel and compares with what the twin wrote.
#[track_caller]
pub fn assert_pass_matches(
    gpu: &Gpu,
    pass: SinglePass<'_>,
    twin: impl FnOnce(&mut [f32]),
    len: usize,
    what: &str,
) {
    let mut expected = vec![SENTINEL; len];
    twin(&mut expected);
    assert!(
        expected.iter().all(|value| value.abs() < SENTINEL),
        "the twin left something out: {what}"
    );
    let found = run_single(gpu, pass, &vec![SENTINEL; len + GUARD]).expect("a pass");
    let (found, guard) = found.split_at(len);
    if let Some(difference) = first_difference(found, &expected, Tolerance::ENGINE) {
        panic!("{}, {what}: {difference}", pass.dispatch.shader.stem());
    }
    assert!(guard.iter().all(|value| *value == SENTINEL), "wrote behind the end: {what}");
}

#[test]
fn comparator_sees_one_changed_value() {
    let Some(gpu) = gpu() else { return };
    let params = ElementwiseParams {
        items: 1,
        in_len: 9,
        out_len: 9,
        scale: 2.0,
        ..ElementwiseParams::default()
    };
    let input = noise(1, 9);
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::Elementwise, params.invocations()),
        params: bytemuck::bytes_of(&params),
        inputs: &[&input],
    };
    let found = run_single(gpu, pass, &[SENTINEL; 9]).expect("a pass");
    let mut expected = vec![0.0; 9];
    twin::elementwise(&params, &input, &mut expected);
    assert!(first_difference(&found, &expected, Tolerance::ENGINE).is_none(), "the same");
    expected[7] += 0.01;
    assert!(first_difference(&found, &expected, Tolerance::ENGINE).is_some(), "one value changed");
    let empty = ElementwiseParams::default();
    let none = SinglePass {
        dispatch: Dispatch::new(Shader::Elementwise, 0),
        params: bytemuck::bytes_of(&empty),
        ..pass
    };
    let untouched = run_single(gpu, none, &[SENTINEL; 9]).expect("a pass");
    assert_eq!(untouched, [SENTINEL; 9], "what is not computed keeps the sentinel");
}

/// A kernel in all of its tiles.
fn in_tiles(kernel: &Kernel) -> Vec<Dispatch> {
    let in_tile = |(tile, _)| Dispatch::in_tiles(kernel, tile).expect("a kernel of sums");
    OF_SUMS.into_iter().map(in_tile).collect()
}

/// A kernel without memory of workgroups, in all the ways that the device has.
fn serially(kernel: &Kernel) -> Vec<Dispatch> {
    let together = |rows| Dispatch::by_neighbours(kernel, rows).expect("a kernel of sums");
    let neighbours = if reads_together() { &OF_NEIGHBOURS[..] } else { &[] };
    std::iter::once(Dispatch::alone(kernel))
        .chain(neighbours.iter().copied().map(together))
        .collect()
}

/// Whether neighbours can read together here; says so loudly where they cannot.
pub(crate) fn reads_together() -> bool {
    let can = gpu().is_some_and(|gpu| gpu.lanes() == Lanes::Neighbours);
    if !can {
        println!("SKIPPED: neighbours that read together (expected subgroups of eight lanes)");
    }
    can
}

#[test]
fn linear_matches_twin() {
    assert_linear_matches(in_tiles);
}

#[test]
fn linear_serial_matches_twin() {
    assert_linear_matches(serially);
}

#[track_caller]
fn assert_linear_matches(ways: fn(&Kernel) -> Vec<Dispatch>) {
    let Some(gpu) = gpu() else { return };
    let sizes = [
        (1, 1, 1),
        (2, 3, 5),
        (3, 7, 1),
        (4, 16, 8),
        (17, 13, 11),
        (64, 32, 64),
        (5, 784, 31),
        (67, 130, 75),
    ];
    for (index, (rows, in_features, out_features)) in sizes.into_iter().enumerate() {
        let (activation, slope) = activation_code(ACTIVATIONS[index % 7]);
        let params = LinearParams {
            rows,
            in_features,
            out_features,
            has_bias: u32::from(index % 2 == 0),
            has_residual: u32::from(index % 3 == 0),
            activation,
            slope,
            pad0: 0,
        };
        let [rows, inner, outer] = [rows, in_features, out_features].map(|extent| extent as usize);
        let inputs = [
            noise(1, rows * inner),
            noise(2, outer * inner),
            noise(3, outer),
            noise(4, rows * outer),
        ];
        for dispatch in ways(&Kernel::Linear(params)) {
            let pass = SinglePass {
                dispatch,
                params: bytemuck::bytes_of(&params),
                inputs: &[&inputs[0], &inputs[1], &inputs[2], &inputs[3]],
            };
            let twin = |output: &mut [f32]| {
                twin::linear(&params, &inputs[0], &inputs[1], &inputs[2], &inputs[3], output);
            };
            assert_pass_matches(gpu, pass, twin, rows * outer, &format!("{dispatch:?} {params:?}"));
        }
    }
}

/// Sizes of a convolution, transposed or not.
#[derive(Clone, Copy)]
struct Case {
    batch: u32,
    planes: [u32; 3],
    out_channels: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    padding: [u32; 4],
    output_padding: [u32; 2],
    upsample: u32,
}

const fn case(
    batch: u32,
    planes: [u32; 3],
    out_channels: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    pad: u32,
) -> Case {
    Case {
        batch,
        planes,
        out_channels,
        kernel,
        stride,
        padding: [pad; 4],
        output_padding: [0, 0],
        upsample: 1,
    }
}

const CASES: [Case; 12] = [
    case(1, [1, 1, 1], 1, [1, 1], [1, 1], 0),
    case(2, [3, 7, 5], 5, [3, 3], [1, 1], 1),
    case(1, [8, 8, 8], 4, [4, 4], [2, 2], 1),
    case(3, [2, 11, 13], 7, [4, 4], [2, 2], 1),
    case(1, [5, 9, 7], 3, [5, 3], [2, 3], 2),
    case(2, [16, 4, 4], 8, [1, 1], [1, 1], 0),
    case(1, [2, 3, 17], 1, [2, 7], [3, 1], 0),
    Case { padding: [0, 1, 0, 1], ..case(2, [4, 6, 10], 6, [3, 3], [2, 2], 0) },
    Case { padding: [2, 0, 1, 3], ..case(1, [2, 5, 9], 5, [3, 4], [1, 2], 0) },
    Case { padding: [0, 0, 2, 2], ..case(2, [3, 4, 6], 2, [2, 5], [2, 1], 0) },
    Case { output_padding: [1, 1], ..case(1, [3, 5, 3], 9, [3, 3], [2, 2], 1) },
    case(2, [35, 9, 7], 70, [3, 3], [1, 1], 1),
];

/// Convolutions over planes that are upsampled first.
const UPSAMPLED: [Case; 6] = [
    Case { upsample: 2, ..case(2, [3, 7, 5], 5, [3, 3], [1, 1], 1) },
    Case { upsample: 2, ..case(1, [16, 8, 8], 8, [3, 3], [1, 1], 1) },
    Case { upsample: 3, ..case(3, [2, 1, 2], 1, [1, 1], [1, 1], 0) },
    Case { upsample: 5, ..case(1, [1, 3, 11], 7, [4, 3], [2, 3], 2) },
    Case { upsample: 2, padding: [0, 1, 0, 1], ..case(2, [4, 6, 10], 6, [3, 3], [2, 2], 0) },
    Case { upsample: 4, padding: [2, 0, 1, 3], ..case(1, [2, 5, 9], 5, [3, 4], [1, 2], 0) },
];

#[test]
fn conv2d_matches_twin() {
    assert_conv2d_matches(in_tiles);
}

#[test]
fn conv2d_serial_matches_twin() {
    assert_conv2d_matches(serially);
}

#[track_caller]
fn assert_conv2d_matches(ways: fn(&Kernel) -> Vec<Dispatch>) {
    let Some(gpu) = gpu() else { return };
    for (index, case) in CASES.into_iter().chain(UPSAMPLED).enumerate() {
        let (activation, slope) = activation_code(ACTIVATIONS[index % 7]);
        let [in_channels, in_height, in_width] = case.planes;
        let [top, bottom, left, right] = case.padding;
        let params = Conv2dParams {
            batch: case.batch,
            in_channels,
            in_height,
            in_width,
            out_channels: case.out_channels,
            out_height: (in_height * case.upsample + top + bottom - case.kernel[0])
                / case.stride[0]
                + 1,
            out_width: (in_width * case.upsample + left + right - case.kernel[1]) / case.stride[1]
                + 1,
            kernel_height: case.kernel[0],
            kernel_width: case.kernel[1],
            stride_y: case.stride[0],
            stride_x: case.stride[1],
            pad_top: top,
            pad_left: left,
            has_bias: u32::from(index % 2 == 0),
            has_residual: u32::from(index % 3 == 0),
            activation,
            slope,
            upsample: case.upsample,
            ..Conv2dParams::default()
        };
        let len =
            (params.batch * params.out_channels * params.out_height * params.out_width) as usize;
        let inputs = conv_inputs(&case, len);
        for dispatch in ways(&Kernel::Conv2d(params)) {
            let pass = SinglePass {
                dispatch,
                params: bytemuck::bytes_of(&params),
                inputs: &[&inputs[0], &inputs[1], &inputs[2], &inputs[3]],
            };
            let twin = |output: &mut [f32]| {
                twin::conv2d(&params, &inputs[0], &inputs[1], &inputs[2], &inputs[3], output);
            };
            assert_pass_matches(gpu, pass, twin, len, &format!("{dispatch:?} {params:?}"));
        }
    }
}

/// Input, kernels, bias and residual.
fn conv_inputs(case: &Case, len: usize) -> [Vec<f32>; 4] {
    let input = case.batch * case.planes.iter().product::<u32>();
    let kernels = case.out_channels * case.planes[0] * case.kernel[0] * case.kernel[1];
    let lens = [input as usize, kernels as usize, case.out_channels as usize, len];
    std::array::from_fn(|index| noise(index as u64, lens[index]))
}

#[test]
fn conv_transpose2d_matches_twin() {
    assert_conv_transpose2d_matches(in_tiles);
}

#[test]
fn conv_transpose2d_serial_matches_twin() {
    assert_conv_transpose2d_matches(serially);
}

#[track_caller]
fn assert_conv_transpose2d_matches(ways: fn(&Kernel) -> Vec<Dispatch>) {
    let Some(gpu) = gpu() else { return };
    for (index, case) in CASES.into_iter().enumerate() {
        let (activation, slope) = activation_code(ACTIVATIONS[index % 7]);
        let [in_channels, in_height, in_width] = case.planes;
        let [pad_top, _, pad_left, _] = case.padding;
        let extent = |axis: usize, size: u32, pad: u32| {
            (size - 1) * case.stride[axis] + case.kernel[axis] + case.output_padding[axis] - 2 * pad
        };
        let params = ConvTranspose2dParams {
            batch: case.batch,
            in_channels,
            in_height,
            in_width,
            out_channels: case.out_channels,
            out_height: extent(0, in_height, pad_top),
            out_width: extent(1, in_width, pad_left),
            kernel_height: case.kernel[0],
            kernel_width: case.kernel[1],
            stride_y: case.stride[0],
            stride_x: case.stride[1],
            pad_top,
            pad_left,
            has_bias: u32::from(index % 2 == 0),
            has_residual: u32::from(index % 3 == 0),
            activation,
            slope,
            ..ConvTranspose2dParams::default()
        };
        let len =
            (params.batch * params.out_channels * params.out_height * params.out_width) as usize;
        let inputs = conv_inputs(&case, len);
        for dispatch in ways(&Kernel::ConvTranspose2d(params)) {
            let pass = SinglePass {
                dispatch,
                params: bytemuck::bytes_of(&params),
                inputs: &[&inputs[0], &inputs[1], &inputs[2], &inputs[3]],
            };
            let [input, kernels, bias, residual] = &inputs;
            let twin = |output: &mut [f32]| {
                twin::conv_transpose2d(&params, input, kernels, bias, residual, output);
            };
            assert_pass_matches(gpu, pass, twin, len, &format!("{dispatch:?} {params:?}"));
        }
    }
}

#[track_caller]
fn assert_elementwise_matches(gpu: &Gpu, params: ElementwiseParams, input: &[f32]) {
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::Elementwise, params.invocations()),
        params: bytemuck::bytes_of(&params),
        inputs: &[input],
    };
    let len = (params.items * params.out_len) as usize;
    assert_pass_matches(
        gpu,
        pass,
        |output| twin::elementwise(&params, input, output),
        len,
        &format!("{params:?}"),
    );
}

#[test]
fn elementwise_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for (index, activation) in ACTIVATIONS.into_iter().enumerate() {
        let (activation, slope) = activation_code(activation);
        for (items, in_len, out_len, start) in
            [(1, 1, 1, 0), (3, 7, 5, 2), (64, 64, 64, 0), (2, 130, 65, 65)]
        {
            let params = ElementwiseParams {
                items,
                in_len,
                out_len,
                start,
                scale: 8.0,
                shift: -0.5,
                activation,
                slope,
                has_limits: start % 2,
                lo: -3.0,
                hi: 2.5,
                pad0: 0,
            };
            assert_elementwise_matches(
                gpu,
                params,
                &noise(index as u64, (items * in_len) as usize),
            );
        }
        // Far outside: nothing may overflow to infinity on the way.
        let params = ElementwiseParams {
            items: 1,
            in_len: 6,
            out_len: 6,
            scale: 1.0,
            activation,
            slope,
            ..ElementwiseParams::default()
        };
        assert_elementwise_matches(gpu, params, &[-1e4, -90.0, -0.0, 0.0, 90.0, 1e4]);
    }
}

#[test]
fn more_workgroups_than_one_row_holds() {
    let Some(gpu) = gpu() else { return };
    let len = 65_535 * 64 + 129;
    let params = ElementwiseParams {
        items: 1,
        in_len: len,
        out_len: len,
        scale: 3.0,
        ..ElementwiseParams::default()
    };
    assert_elementwise_matches(gpu, params, &noise(5, len as usize));
}

#[test]
fn adam_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for len in [1, 64, 130, 5000] {
        let params = AdamParams {
            len,
            beta_1: 0.9,
            beta_2: 0.99,
            rate: 0.1,
            epsilon: 1e-3,
            shrink: 0.9,
            ..AdamParams::default()
        };
        let [values, gradient, moment_1] = [1, 2, 3].map(|seed| noise(seed, len as usize));
        let moment_2: Vec<f32> = moment_1.iter().map(|value| value * value).collect();
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::Adam, len),
            params: bytemuck::bytes_of(&params),
            inputs: &[&values, &gradient, &moment_1, &moment_2],
        };
        let before = vec![SENTINEL; len as usize + GUARD];
        let mut expected = [(); 3].map(|()| before.clone());
        let outputs = expected.each_mut().map(Vec::as_mut_slice);
        twin::adam(&params, &values, &gradient, [&moment_1, &moment_2], outputs);
        let found = run_single_into(gpu, pass, [before.as_slice(); 3]).expect("a pass");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(first_difference(found, expected, Tolerance::ENGINE), None, "{params:?}");
        }
    }
}

#[test]
fn latent_mix_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for (items, dim) in [(1, 1), (7, 2), (64, 8), (13, 13), (65, 128), (3, 16_384)] {
        for spherical in [0, 1] {
            let params = LatentMixParams { items, dim, spherical, pad0: 0 };
            let corners = normals(9, 0, Purpose::Explore, 4 * dim as usize);
            assert_mix_matches(gpu, params, &corners, &positions(items));
        }
    }
}

/// Corners of the square first, then points within and some outside.
fn positions(items: u32) -> Vec<f32> {
    let mut positions =
        vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5, 0.5, -3.0, 0.25, 0.75, 2.0];
    positions.extend(uniforms(8, 0, Purpose::Explore, 2 * items as usize, 0.0, 1.0));
    positions.truncate(2 * items as usize);
    positions
}

#[track_caller]
fn assert_mix_matches(gpu: &Gpu, params: LatentMixParams, corners: &[f32], positions: &[f32]) {
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::LatentMix, params.invocations()),
        params: bytemuck::bytes_of(&params),
        inputs: &[positions, corners],
    };
    let twin = |output: &mut [f32]| twin::latent_mix(&params, positions, corners, output);
    assert_pass_matches(
        gpu,
        pass,
        twin,
        (params.items * params.dim) as usize,
        &format!("{params:?} {corners:?}"),
    );
}

#[test]
fn odd_corners_mix_as_on_the_twin() {
    let Some(gpu) = gpu() else { return };
    let params = LatentMixParams { items: 32, dim: 3, spherical: 1, pad0: 0 };
    let tiny = [1.0, 0.0, 0.0, 1.0, 1e-3, 0.0, 1.0, 1e-2, 0.0, 1.0, 0.0, 1e-4];
    let zeros = [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let equal = [1.0, 2.0, 3.0].repeat(4);
    let opposite = [1.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.01];
    for corners in [tiny, zeros, equal.try_into().expect("twelve values"), opposite] {
        assert_mix_matches(gpu, params, &corners, &positions(32));
    }
}

#[test]
fn latent_mix_by_hand() {
    // Quarter circles on the edges, of one length each, and a straight line between equal directions.
    let corners = [1.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.0, 3.0];
    let mut output = [0.0; 2];
    let spherical = LatentMixParams { items: 1, dim: 2, spherical: 1, pad0: 0 };
    twin::latent_mix(&spherical, &[0.5, 0.5], &corners, &mut output);
    let half = std::f32::consts::FRAC_1_SQRT_2;
    assert_close(&output, &[2.0 * half, 2.0 * half], Tolerance::TIGHT);
    twin::latent_mix(
        &LatentMixParams { spherical: 0, ..spherical },
        &[0.5, 0.25],
        &corners,
        &mut output,
    );
    assert_close(&output, &[0.75, 0.75], Tolerance::TIGHT);
}

#[test]
fn pixels_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let magenta = [255, 0, 255, 128];
    for (items, channels, height, width, columns) in
        [(1, 1, 1, 1, 1), (5, 3, 7, 5, 2), (4, 1, 8, 8, 2), (3, 3, 2, 67, 7), (1, 3, 64, 64, 1)]
    {
        for range in [ValueRange::UNIT, ValueRange::SIGNED] {
            let scale = 1.0 / (range.hi - range.lo);
            let params = PixelsParams {
                items,
                channels,
                height,
                width,
                columns,
                lo: range.lo,
                scale,
                pad0: 0,
            };
            let input = uniforms(
                6,
                0,
                Purpose::Explore,
                (items * channels * height * width) as usize,
                -1.2,
                1.2,
            );
            let [width_px, height_px] = params.size_px();
            let mut expected = vec![77; (width_px * height_px * 4) as usize];
            twin::pixels(&params, &input, &mut expected);
            let found = run_pixels(gpu, &params, &input, magenta).expect("a pass");
            assert_levels_match(&found, &expected);
            let changed: Vec<u8> = expected.iter().map(|level| level ^ 4).collect();
            assert!(worst_level(&found, &changed) > 1, "the comparator sees other levels");
        }
    }
}

/// The largest difference of two pictures, in levels.
fn worst_level(found: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(found.len(), expected.len(), "levels of the pictures");
    found.iter().zip(expected).map(|(found, expected)| found.abs_diff(*expected)).max().unwrap_or(0)
}

#[track_caller]
pub fn assert_levels_match(found: &[u8], expected: &[u8]) {
    assert!(worst_level(found, expected) <= 1, "levels differ by {}", worst_level(found, expected));
}

// Whole networks.

/// Random weights for nodes of the given shapes, small enough to keep values near one.
pub fn random_weights(seed: u64, shapes: &[(&str, &[usize])]) -> NamedArrays {
    let weight = |(index, (name, shape)): (usize, &(&str, &[usize]))| {
        let inputs: usize = shape.iter().skip(1).product();
        let bound = 2.0 / (inputs as f32).sqrt();
        let len = shape.iter().product();
        let data = uniforms(seed, index as u64, Purpose::Init, len, -bound, bound);
        ((*name).to_owned(), Array::new(shape.to_vec(), data).expect("a shape that fits"))
    };
    shapes.iter().enumerate().map(weight).collect()
}

/// Eleven latents to a grey picture of 6 by 5 and, as a second output, the hidden layer.
fn mlp(seed: u64) -> Graph {
    let weights = random_weights(
        seed,
        &[
            ("1.w", &[17, 11]),
            ("1.b", &[17]),
            ("2.w", &[17, 17]),
            ("3.w", &[30, 17]),
            ("3.b", &[30]),
        ],
    );
    let mut builder = GraphBuilder::new(&[11], &weights).expect("a builder");
    let input = builder.input();
    let mut linear = |name: &str, input, epilogue| {
        builder
            .add(name, Op::Linear { input, weight: format!("{name}.w"), epilogue })
            .expect("a node")
    };
    let hidden =
        linear("1", input, Epilogue::bias("1.b").with_activation(Activation::LeakyRelu(0.1)));
    let block = Epilogue::default().with_residual(hidden).with_activation(Activation::Gelu);
    let hidden = linear("2", hidden, block);
    let flat = linear("3", hidden, Epilogue::bias("3.b").with_activation(Activation::Sigmoid));
    let image =
        builder.add("image", Op::Reshape { input: flat, shape: vec![1, 6, 5] }).expect("a node");
    builder.output("image", image).expect("an output");
    builder.output("hidden", hidden).expect("an output");
    builder.finish().expect("a graph")
}

/// Seven latents to an RGB picture of 12 by 12 in [-1, 1], through a residual block.
fn conv_decoder(seed: u64) -> Graph {
    let weights = random_weights(
        seed,
        &[
            ("fc.w", &[54, 7]),
            ("fc.b", &[54]),
            ("a.w", &[6, 6, 3, 3]),
            ("a.b", &[6]),
            ("up1.w", &[6, 5, 4, 4]),
            ("up1.b", &[5]),
            ("up2.w", &[5, 3, 4, 4]),
            ("up2.b", &[3]),
        ],
    );
    let mut builder = GraphBuilder::new(&[7], &weights).expect("a builder");
    let input = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let fc =
        add("fc", Op::Linear { input, weight: "fc.w".into(), epilogue: Epilogue::bias("fc.b") });
    let planes = add("planes", Op::Reshape { input: fc, shape: vec![6, 3, 3] });
    let rectified = add("relu", Op::Activate { input: planes, activation: Activation::Relu });
    let epilogue = Epilogue::bias("a.b").with_residual(planes).with_activation(Activation::Relu);
    let block = Op::Conv2d {
        input: rectified,
        weight: "a.w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [1; 4],
        epilogue,
    };
    let block = add("a", block);
    let up = |input, name: &str, activation| Op::ConvTranspose2d {
        input,
        weight: format!("{name}.w"),
        stride: [2, 2],
        padding: [1, 1],
        output_padding: [0, 0],
        epilogue: Epilogue::bias(format!("{name}.b")).with_activation(activation),
    };
    let upsampled = add("up1", up(block, "up1", Activation::Silu));
    let halves = add("half", Op::Affine { input: upsampled, scale: 0.5, shift: 0.1 });
    let image = add("up2", up(halves, "up2", Activation::Tanh));
    let first = add("first", Op::Slice { input: upsampled, start: 1, len: 2 });
    builder.output("image", image).expect("an output");
    builder.output("first", first).expect("an output");
    builder.finish().expect("a graph")
}

pub fn latents(graph: &Graph, batch: usize) -> Array {
    let dim: usize = graph.input_shape().iter().product();
    let mut shape = vec![batch];
    shape.extend_from_slice(graph.input_shape());
    Array::new(shape, normals(3, 0, Purpose::Sample, batch * dim)).expect("a shape that fits")
}

#[track_caller]
fn assert_outputs_match(found: &NamedArrays, expected: &NamedArrays) {
    assert!(found.keys().eq(expected.keys()), "the same outputs");
    for (name, expected) in expected {
        assert_eq!(found[name].shape(), expected.shape(), "shape of {name}");
        assert_close(found[name].data(), expected.data(), Tolerance::ENGINE);
    }
}

#[test]
fn networks_agree_on_every_engine() {
    let Some(gpu) = gpu() else { return };
    for graph in [mlp(1), conv_decoder(2)] {
        let mut wgsl = Runner::new(EngineKind::Wgsl, &graph, Some(gpu)).expect("a runner");
        let mut cpu = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
        for batch in [1, 5, 3, 32] {
            let input = latents(&graph, batch);
            let expected = twin::run(&graph, &input).expect("a run");
            assert_outputs_match(&wgsl.run(&input).expect("a run"), &expected);
            assert_outputs_match(&cpu.run(&input).expect("a run"), &expected);
        }
        let mut changed = twin::run(&graph, &latents(&graph, 1)).expect("a run");
        let image = changed.get_mut("image").expect("an image");
        image.data_mut()[4] += 0.01;
        let found = wgsl.run(&latents(&graph, 1)).expect("a run");
        assert!(
            first_difference(found["image"].data(), changed["image"].data(), Tolerance::ENGINE)
                .is_some(),
            "control"
        );
    }
}

/// The same network with the weights of its sums rounded to halves.
fn rounded(graph: &Graph) -> Graph {
    let is_of_sum = |name: &str| graph.nodes().iter().any(|node| node.op.kernels() == Some(name));
    let mut weights = NamedArrays::new();
    for (name, array) in graph.weights() {
        let mut array = Array::clone(array);
        if is_of_sum(name) {
            for value in array.data_mut() {
                *value = half::f16::from_f32(*value).to_f32();
            }
        }
        weights.insert(name.clone(), array);
    }
    graph.with_weights(&weights).expect("the same weights")
}

#[test]
fn halves_are_weights_that_are_rounded() {
    let Some(gpu) = gpu() else { return };
    for graph in [mlp(1), conv_decoder(2)] {
        let whole = Runner::new(EngineKind::Wgsl, &graph, Some(gpu)).expect("a runner");
        let mut halves = Runner::new(EngineKind::WgslHalf, &graph, Some(gpu)).expect("a runner");
        assert_eq!(halves.kind(), EngineKind::WgslHalf);
        assert!(halves.describe().ends_with(", weights in half precision"), "it is said");
        let [less, more] = [&halves, &whole].map(|runner| runner.memory().weights);
        assert!(less * 2 < more + more / 10, "{less} bytes instead of {more}");
        let input = latents(&graph, 5);
        let found = halves.run(&input).expect("a run");
        assert_outputs_match(&found, &twin::run(&rounded(&graph), &input).expect("a run"));
        let exact = twin::run(&graph, &input).expect("a run");
        let same =
            first_difference(found["image"].data(), exact["image"].data(), Tolerance::ENGINE);
        assert!(same.is_some(), "control: the network as it is gives another picture");
    }
    let newer = conv_decoder(6);
    let mut halves = Runner::new(EngineKind::WgslHalf, &conv_decoder(5), Some(gpu)).expect("one");
    halves.update_weights(&newer).expect("newer weights");
    let input = latents(&newer, 2);
    let expected = twin::run(&rounded(&newer), &input).expect("a run");
    assert_outputs_match(&halves.run(&input).expect("a run"), &expected);
}

#[test]
fn what_halves_do_not_hold_is_refused() {
    let Some(gpu) = gpu() else { return };
    let weights = NamedArrays::from([("w".to_owned(), Array::filled([3, 1], 65_520.0))]);
    let mut builder = GraphBuilder::new(&[1], &weights).expect("a builder");
    let linear =
        Op::Linear { input: builder.input(), weight: "w".into(), epilogue: Epilogue::default() };
    let sum = builder.add("sum", linear).expect("a node");
    builder.output("y", sum).expect("an output");
    let graph = builder.finish().expect("a graph");
    let error = Runner::new(EngineKind::WgslHalf, &graph, Some(gpu)).expect_err("too large");
    let message = error.to_string();
    assert!(
        message.contains("`w`") && message.contains("65520") && message.contains("65504"),
        "{message}"
    );
    assert!(Runner::new(EngineKind::Wgsl, &graph, Some(gpu)).is_ok(), "as it is");
}

#[test]
fn outputs_may_be_the_input_or_twice_the_same() {
    let Some(gpu) = gpu() else { return };
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(&[3, 2], &none).expect("a builder");
    let input = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let flat = add("flat", Op::Reshape { input, shape: vec![6] });
    let scaled = |input| Op::Affine { input, scale: 2.0, shift: 1.0 };
    let first = add("first", scaled(flat));
    add("unread", scaled(first));
    let second = add("second", scaled(first));
    let renamed = add("renamed", Op::Reshape { input: first, shape: vec![2, 3] });
    for (name, value) in
        [("x", input), ("flat", flat), ("a", first), ("b", renamed), ("c", second), ("d", second)]
    {
        builder.output(name, value).expect("an output");
    }
    let graph = builder.finish().expect("a graph");
    let input = latents(&graph, 3);
    let expected = twin::run(&graph, &input).expect("a run");
    assert_eq!(expected["x"], input, "the input itself");
    for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        assert_outputs_match(&runner.run(&input).expect("a run"), &expected);
    }
}

#[test]
fn large_batches_are_cut_into_chunks() {
    let Some(gpu) = gpu() else { return };
    let graph = conv_decoder(4);
    let input = latents(&graph, 7);
    let expected = twin::run(&graph, &input).expect("a run");
    for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        runner.limit_batch(3);
        assert_outputs_match(&runner.run(&input).expect("a run"), &expected);
    }
}

#[test]
fn runners_and_screens_can_move_to_a_worker() {
    fn assert_send<T: Send>() {}
    assert_send::<Runner>();
    assert_send::<Screen>();
    assert_send::<Network>();
}

#[test]
fn kinds_are_named_and_auto_avoids_software() {
    let Some(gpu) = gpu() else { return };
    let graph = mlp(1);
    for kind in EngineKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind), "its name is read back");
    }
    assert_eq!(
        "cuda".parse::<EngineKind>(),
        Err(EngineError::UnknownKind("cuda".into())),
        "no such engine"
    );
    let auto = Runner::new(EngineKind::Auto, &graph, Some(gpu)).expect("a runner");
    let expected = if gpu.is_software() { EngineKind::Cpu } else { EngineKind::Wgsl };
    assert_eq!(auto.kind(), expected, "auto");
    let wgsl = Runner::new(EngineKind::Wgsl, &graph, Some(gpu)).expect("a runner");
    assert_eq!(wgsl.describe(), format!("WGSL on {}", gpu.name()), "where it runs");
    let burn = Runner::new(EngineKind::Burn, &graph, Some(gpu)).expect_err("should be refused");
    assert_eq!(burn, EngineError::NotForGraphs(EngineKind::Burn), "burn runs modules");
}

#[test]
fn newer_weights_take_effect() {
    let Some(gpu) = gpu() else { return };
    let (older, newer) = (conv_decoder(5), conv_decoder(6));
    let input = latents(&older, 2);
    let expected = twin::run(&newer, &input).expect("a run");
    for kind in [EngineKind::Wgsl, EngineKind::Cpu, EngineKind::Twin] {
        let mut runner = Runner::new(kind, &older, Some(gpu)).expect("a runner");
        let before = runner.run(&input).expect("a run");
        let same =
            first_difference(before["image"].data(), expected["image"].data(), Tolerance::ENGINE);
        assert!(same.is_some(), "other weights give another picture");
        runner.update_weights(&newer).expect("newer weights");
        assert_outputs_match(&runner.run(&input).expect("a run"), &expected);
        assert_eq!(
            runner.update_weights(&mlp(1)),
            Err(EngineError::OtherStructure),
            "another network"
        );
    }
}

// What the window draws.

/// The picture that the twins draw of `latents`.
pub fn twin_picture(graph: &Graph, latents: &Array, range: ValueRange, columns: usize) -> Vec<u8> {
    let image = twin::run(graph, latents).expect("a run").remove("image").expect("an image");
    let [items, channels, height, width] = image.shape().try_into().expect("planes");
    let columns_of_tiles = columns * width;
    let mut picture = vec![0; items.div_ceil(columns) * height * columns_of_tiles * 4];
    for item in 0..items {
        let (top, left) = (item / columns * height, item % columns * width);
        for place in 0..height * width {
            let plane = |channel: usize| image.row(item)[channel * height * width + place];
            let level =
                |channel: usize| level_from_unit(range.to_unit(plane(channel.min(channels - 1))));
            let texel = ((top + place / width) * columns_of_tiles + left + place % width) * 4;
            picture[texel..texel + 4].copy_from_slice(&[level(0), level(1), level(2), 255]);
        }
    }
    picture
}

#[test]
fn a_screen_draws_latents_and_positions() {
    let Some(gpu) = gpu() else { return };
    for (graph, range) in [(mlp(7), ValueRange::UNIT), (conv_decoder(8), ValueRange::SIGNED)] {
        let network = Network::new(gpu, &graph).expect("a network");
        let mut screen = Screen::new(&network, "image", range, 5, 3).expect("a screen");
        let given = latents(&graph, 5);
        screen.render_latents(given.data()).expect("a drawing");
        assert_levels_match(
            &screen.read_back().expect("a picture"),
            &twin_picture(&graph, &given, range, 3),
        );

        let corners = latents(&graph, 9).rows(5, 9);
        let dim = graph.nodes()[0].num_values();
        let places = [[0.0, 0.0], [1.0, 1.0], [0.5, 0.5], [0.3, 0.9], [0.77, 0.11]];
        for (mix, spherical) in [(Mix::Lerp, 0), (Mix::Slerp, 1)] {
            screen.set_corners(&corners, mix).expect("corners");
            screen.render_positions(&places).expect("a drawing");
            let params = LatentMixParams { items: 5, dim: dim as u32, spherical, pad0: 0 };
            let mut mixed = Array::zeros([5, dim]);
            twin::latent_mix(&params, places.as_flattened(), corners.data(), mixed.data_mut());
            assert_levels_match(
                &screen.read_back().expect("a picture"),
                &twin_picture(&graph, &mixed, range, 3),
            );
        }
    }
}

#[test]
fn screens_see_newer_weights() {
    let Some(gpu) = gpu() else { return };
    let (older, newer) = (conv_decoder(5), conv_decoder(6));
    let network = Network::new(gpu, &older).expect("a network");
    let mut screen = Screen::new(&network, "image", ValueRange::SIGNED, 1, 1).expect("a screen");
    let given = latents(&older, 1);
    let expected = twin_picture(&newer, &given, ValueRange::SIGNED, 1);
    screen.render_latents(given.data()).expect("a drawing");
    assert!(
        worst_level(&screen.read_back().expect("a picture"), &expected) > 1,
        "the older weights"
    );
    network.clone().update_weights(&newer).expect("newer weights");
    screen.render_latents(given.data()).expect("a drawing");
    assert_levels_match(&screen.read_back().expect("a picture"), &expected);
}

/// What shows one of the two shows the other as soon as it draws: in the same frame, without another texture.
#[test]
fn screens_that_share_a_texture_show_who_drew_last() {
    let Some(gpu) = gpu() else { return };
    let (first, second) = (conv_decoder(5), conv_decoder(6));
    let networks = [&first, &second].map(|graph| Network::new(gpu, graph).expect("a network"));
    let range = ValueRange::SIGNED;
    let mut shown = Screen::new(&networks[0], "image", range, 1, 1).expect("a screen");
    let mut other = shown.sharing(&networks[1], "image", range).expect("the same size");
    let given = latents(&first, 1);
    for _ in 0..2 {
        shown.render_latents(given.data()).expect("a drawing");
        let expected = twin_picture(&first, &given, range, 1);
        assert_levels_match(&shown.read_back().expect("a picture"), &expected);
        other.render_latents(given.data()).expect("a drawing");
        let expected = twin_picture(&second, &given, range, 1);
        assert_levels_match(&shown.read_back().expect("a picture"), &expected);
    }
    let larger = Network::new(gpu, &mlp(1)).expect("a network");
    assert!(shown.sharing(&larger, "image", range).is_err(), "pictures of another size");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let Some(gpu) = gpu() else { return };
    let network = Network::new(gpu, &mlp(1)).expect("a network");
    let screen = |output: &str, batch, columns| {
        let screen = Screen::new(&network, output, ValueRange::UNIT, batch, columns);
        screen.expect_err("should be refused").to_string()
    };
    assert!(screen("hidden", 1, 1).contains("[17]"), "an output that is no picture");
    assert!(screen("nothing", 1, 1).contains("image, hidden"), "an output that does not exist");
    assert!(
        screen("image", 1 << 20, 1 << 19).contains("side of the picture"),
        "a picture too wide"
    );
    assert!(screen("image", 0, 1).contains("found 0"), "no pictures");
    for range in [(1.0, 1.0), (1.0, 0.0), (0.0, 1e-40), (f32::NAN, 1.0)] {
        let range = ValueRange { lo: range.0, hi: range.1 };
        assert!(Screen::new(&network, "image", range, 1, 1).is_err(), "{range:?}");
    }
    let mut small = Screen::new(&network, "image", ValueRange::UNIT, 2, 2).expect("a screen");
    assert_eq!(small.size_px(), [10, 6], "two tiles");
    assert!(small.render_latents(&[0.0; 11]).is_err(), "too few latents");
    assert!(small.render_positions(&[[0.0; 2]; 3]).is_err(), "too many positions");
    assert!(small.set_corners(&Array::zeros([4, 10]), Mix::Lerp).is_err(), "too short corners");
}

#[test]
fn errors_of_the_device_are_values() {
    let Some(gpu) = gpu() else { return };
    let params = LatentMixParams { items: 1, dim: 1, spherical: 0, pad0: 0 };
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::LatentMix, 1),
        params: bytemuck::bytes_of(&params),
        inputs: &[&[0.0; 4]],
    };
    let error = run_single(gpu, pass, &[SENTINEL]).expect_err("a binding is missing");
    assert!(matches!(error, EngineError::Backend { .. }), "{error}");
}

#[test]
fn a_smaller_last_chunk_uses_what_is_prepared() {
    let Some(gpu) = gpu() else { return };
    let graph = mlp(3);
    let network = Network::new(gpu, &graph).expect("a network");
    let mut runner = BatchRunner::new(network).expect("a runner");
    for batch in [6, 5, 4, 1] {
        let input = latents(&graph, batch);
        let expected = twin::run(&graph, &input).expect("a run");
        let found = runner.run(&input, Watch::default().whole()).expect("a run");
        assert_close(&found.outputs[0], expected["image"].data(), Tolerance::ENGINE);
        assert_close(&found.outputs[1], expected["hidden"].data(), Tolerance::ENGINE);
    }
}
