//! The passes against their twins, each over a sentinel.

use zscope::engine::dispatch::{Dispatch, OF_SUMS};
use zscope::engine::params::{
    AttentionParams, ChannelSumsParams, GroupNormParams, KernelGradientParams, ModulateParams,
    PartSumsParams, activation_code,
};
use zscope::engine::shader::Shader;
use zscope::engine::twin;
use zscope::engine::wgsl::{Gpu, SinglePass, run_single};
use zscope::graph::Activation;

use crate::common::{Tolerance, first_difference};
use crate::engine_matches_twin::{assert_pass_matches, gpu, noise};

#[track_caller]
fn assert_norm_matches(gpu: &Gpu, params: GroupNormParams, input: &[f32]) {
    let [weight, bias] = [2, 3].map(|seed| noise(seed, params.channels as usize));
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::GroupNorm, params.invocations()),
        params: bytemuck::bytes_of(&params),
        inputs: &[input, &weight, &bias],
    };
    let twin = |output: &mut [f32]| twin::group_norm(&params, input, &weight, &bias, output);
    assert_pass_matches(gpu, pass, twin, input.len(), &format!("{params:?}"));
}

/// Items, channels, values of a plane, groups.
const NORMS: [[u32; 4]; 10] = [
    [1, 1, 1, 1],
    [1, 1, 2, 1],
    [2, 6, 7, 3],
    [3, 8, 64, 8],
    [1, 32, 1, 4],
    [2, 10, 131, 5],
    [5, 7, 13, 1],
    [129, 2, 3, 2],
    [1, 64, 256, 32],
    [1, 4, 16_385, 2],
];

#[test]
fn group_norm_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let activations = [Activation::None, Activation::Silu, Activation::LeakyRelu(0.2)];
    for (index, [items, channels, plane, groups]) in NORMS.into_iter().enumerate() {
        let (activation, slope) = activation_code(activations[index % 3]);
        let epsilon = if index % 2 == 0 { 1e-6 } else { 1e-5 };
        let params =
            GroupNormParams { items, channels, plane, groups, epsilon, activation, slope, pad0: 0 };
        assert_norm_matches(gpu, params, &noise(1, (items * channels * plane) as usize));
    }
}

/// Far from zero rounding must neither eat the deviations nor make some where there are none.
#[test]
fn group_norm_far_from_zero_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let params = GroupNormParams {
        items: 1,
        channels: 6,
        plane: 1009,
        groups: 3,
        epsilon: 1e-6,
        ..GroupNormParams::default()
    };
    let spread = |offset: f32, scale: f32| -> Vec<f32> {
        noise(4, 6 * 1009).into_iter().map(|value| offset + scale * value).collect()
    };
    for values in [spread(1e4, 1.0), spread(-300.0, 1e-2), spread(0.1, 0.0), spread(0.0, 1e-8)] {
        assert_norm_matches(gpu, params, &values);
    }
}

#[test]
fn more_groups_than_one_row_of_workgroups_holds() {
    let Some(gpu) = gpu() else { return };
    let params = GroupNormParams {
        items: 65_537,
        channels: 2,
        plane: 1,
        groups: 1,
        epsilon: 1e-6,
        ..GroupNormParams::default()
    };
    assert_norm_matches(gpu, params, &noise(5, 2 * 65_537));
}

#[track_caller]
fn assert_attention_matches(gpu: &Gpu, params: AttentionParams, inputs: &[Vec<f32>; 3]) {
    let [query, key, value] = inputs;
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::Attention, params.invocations()),
        params: bytemuck::bytes_of(&params),
        inputs: &[query, key, value],
    };
    let twin = |output: &mut [f32]| twin::attention(&params, query, key, value, output);
    assert_pass_matches(gpu, pass, twin, query.len(), &format!("{params:?}"));
}

/// Sequences, values of a token, tokens.
const ATTENTIONS: [[u32; 3]; 11] = [
    [1, 1, 1],
    [2, 3, 5],
    [1, 8, 15],
    [1, 8, 16],
    [3, 4, 17],
    [4, 64, 49],
    [2, 5, 131],
    [1, 130, 33],
    [65, 2, 7],
    [1, 1, 257],
    [1, 512, 64],
];

#[test]
fn attention_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [sequences, dim, tokens] in ATTENTIONS {
        let len = (sequences * dim * tokens) as usize;
        let inputs = [1, 2, 3].map(|seed| noise(seed, len));
        // As networks have it, and so large that few tokens win.
        for (scale, causal) in [(1.0 / (dim as f32).sqrt(), 0), (10.0, 0), (1.0, 1), (10.0, 1)] {
            let whole = AttentionParams::default();
            let params = AttentionParams { sequences, dim, tokens, scale, causal, ..whole };
            assert_attention_matches(gpu, params, &inputs);
        }
    }
}

/// The largest score comes first, last or in between: sums are scaled down often, once, or never. None overflows.
#[test]
fn attention_of_any_order_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let tokens = 100;
    let params =
        AttentionParams { sequences: 1, dim: 1, tokens, scale: 1.0, ..AttentionParams::default() };
    let rising: Vec<f32> = (0..tokens).map(|token| 4.0 * token as f32 - 200.0).collect();
    let falling: Vec<f32> = rising.iter().rev().copied().collect();
    let peaked: Vec<f32> = rising.iter().map(|score| 100.0 - score.abs()).collect();
    let query = vec![1.0; tokens as usize];
    let value = noise(6, tokens as usize);
    for key in [rising, falling, peaked, vec![-300.0; tokens as usize]] {
        let inputs = [query.clone(), key, value.clone()];
        assert_attention_matches(gpu, params, &inputs);
        assert_attention_matches(gpu, AttentionParams { causal: 1, ..params }, &inputs);
    }
}

/// Planes, coarse rows and columns, and how many rows and columns each of these counts for.
const MODULATIONS: [[u32; 4]; 6] =
    [[1, 1, 1, 1], [3, 2, 5, 1], [4, 3, 2, 2], [2, 5, 3, 8], [129, 1, 2, 3], [1, 64, 67, 16]];

#[test]
fn modulate_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let activations = [Activation::None, Activation::Silu, Activation::LeakyRelu(0.2)];
    for (index, [planes, rows, columns, step]) in MODULATIONS.into_iter().enumerate() {
        let (activation, slope) = activation_code(activations[index % 3]);
        let (height, width) = (rows * step, columns * step);
        let params = ModulateParams {
            planes,
            height,
            width,
            step,
            activation,
            slope,
            ..ModulateParams::default()
        };
        let input = noise(1, (planes * height * width) as usize);
        let [factors, summands] =
            [2, 3].map(|seed| noise(seed, (planes * rows * columns) as usize));
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::Modulate, params.invocations()),
            params: bytemuck::bytes_of(&params),
            inputs: &[&input, &factors, &summands],
        };
        let twin =
            |output: &mut [f32]| twin::modulate(&params, &input, &factors, &summands, output);
        assert_pass_matches(gpu, pass, twin, input.len(), &format!("{params:?}"));
    }
}

#[test]
fn factors_of_another_shape_are_refused() {
    use zscope::array::NamedArrays;
    use zscope::graph::{GraphBuilder, Op};
    let weights = NamedArrays::new();
    for (shape, fits) in [
        (vec![2, 6, 4], true),
        (vec![2, 3, 2], true),
        (vec![2, 2, 2], false),
        (vec![1, 6, 4], false),
        (vec![2, 12, 8], true),
        (vec![48], false),
    ] {
        let len: usize = shape.iter().product();
        let mut builder = GraphBuilder::new(&[2, 12, 8], &weights).expect("a builder");
        let input = builder.input();
        let flat = builder.add("flat", Op::Reshape { input, shape: vec![192] }).expect("values");
        let some = Op::Slice { input: flat, start: 0, len };
        let some = builder.add("some", some).expect("values");
        let factor = builder.add("factor", Op::Reshape { input: some, shape: shape.clone() });
        let factor = factor.expect("planes");
        let (summand, activation) = (factor, Activation::None);
        let op = Op::Modulate { input, factor, summand, activation };
        assert_eq!(builder.add("modulated", op).is_ok(), fits, "{shape:?}");
    }
}

/// Items, coarse planes, fine planes; fine rows and columns; kernel, stride and padding of rows and of columns.
type Convolution = ([u32; 3], [u32; 2], [[u32; 2]; 3]);

const CONVOLUTIONS: [Convolution; 7] = [
    ([1, 1, 1], [1, 1], [[1, 1], [1, 1], [0, 0]]),
    ([2, 5, 3], [7, 8], [[3, 3], [1, 1], [1, 1]]),
    ([3, 17, 4], [8, 6], [[4, 4], [2, 2], [1, 1]]),
    ([2, 3, 7], [9, 5], [[5, 2], [1, 3], [2, 0]]),
    ([2, 70, 2], [6, 6], [[3, 3], [1, 1], [1, 1]]),
    ([5, 33, 70], [4, 4], [[1, 1], [1, 1], [0, 0]]),
    ([40, 2, 3], [3, 3], [[2, 2], [3, 3], [1, 1]]),
];

#[test]
fn kernel_gradient_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for ([batch, coarse_channels, fine_channels], fine, [kernel, stride, padding]) in CONVOLUTIONS {
        let coarse =
            [0, 1].map(|side| (fine[side] + 2 * padding[side] - kernel[side]) / stride[side] + 1);
        let places = batch * coarse[0] * coarse[1];
        let taps = fine_channels * kernel[0] * kernel[1];
        for (parts, has_sums) in [(1, 0), (1, 1), (3, 1), (8, 0)] {
            let kernel_len = coarse_channels * taps + 2 * has_sums;
            let params = KernelGradientParams {
                batch,
                coarse_channels,
                coarse_height: coarse[0],
                coarse_width: coarse[1],
                fine_channels,
                fine_height: fine[0],
                fine_width: fine[1],
                kernel_height: kernel[0],
                kernel_width: kernel[1],
                stride_y: stride[0],
                stride_x: stride[1],
                pad_top: padding[0],
                pad_left: padding[1],
                parts,
                part_len: places.div_ceil(parts),
                has_sums,
                kernel_len,
                part_stride: kernel_len + has_sums * (coarse_channels + 1),
                ..KernelGradientParams::default()
            };
            let own = noise(1, (coarse_channels * places) as usize);
            let met = noise(2, (batch * fine_channels * fine[0] * fine[1]) as usize);
            for (tile, _) in OF_SUMS {
                let tiles = coarse_channels.div_ceil(tile.channels)
                    * (taps + has_sums).div_ceil(tile.places);
                let pass = SinglePass {
                    dispatch: Dispatch {
                        shader: Shader::KernelGradient,
                        tile: Some(tile),
                        workgroups: tiles * parts,
                    },
                    params: bytemuck::bytes_of(&params),
                    inputs: &[&own, &met],
                };
                // Nothing is written between kernels, sums and parts.
                let mut expected = vec![-1.0; (parts * params.part_stride) as usize];
                let before = expected.clone();
                twin::kernel_gradient(&params, &own, &met, &mut expected);
                let found = run_single(gpu, pass, &before).expect("a pass");
                let difference = first_difference(&found, &expected, Tolerance::ENGINE);
                assert_eq!(difference, None, "{tile:?} {params:?}");
            }
        }
    }
}

#[test]
fn channel_sums_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [batch, channels, plane] in
        [[1u32, 1, 1], [3, 5, 7], [2, 70, 64], [9, 3, 1000], [64, 2, 33]]
    {
        for parts in [1, 3, 8] {
            let part_len = (batch * plane).div_ceil(parts);
            let params = ChannelSumsParams {
                batch,
                channels,
                plane,
                parts,
                part_len,
                ..ChannelSumsParams::default()
            };
            let planes = noise(1, (batch * channels * plane) as usize);
            let pass = SinglePass {
                dispatch: Dispatch::new(Shader::ChannelSums, params.invocations()),
                params: bytemuck::bytes_of(&params),
                inputs: &[&planes],
            };
            let twin = |output: &mut [f32]| twin::channel_sums(&params, &planes, output);
            let len = (parts * channels) as usize;
            assert_pass_matches(gpu, pass, twin, len, &format!("{params:?}"));
        }
    }
}

#[test]
fn part_sums_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [parts, len] in [[1, 1], [7, 130], [64, 3], [2, 5000]] {
        let params = PartSumsParams { parts, len, ..PartSumsParams::default() };
        let sums = noise(1, (parts * len) as usize);
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::PartSums, len),
            params: bytemuck::bytes_of(&params),
            inputs: &[&sums],
        };
        let twin = |output: &mut [f32]| twin::part_sums(&params, &sums, output);
        assert_pass_matches(gpu, pass, twin, len as usize, &format!("{params:?}"));
    }
}
