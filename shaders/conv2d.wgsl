// A cross-correlation: output = activation(weight over upsampled input + bias + residual).
// input [b, in, h, w], weight [out, in, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl

struct Conv2dParams {
    batch: u32,
    in_channels: u32,
    in_height: u32,
    in_width: u32,
    out_channels: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_y: u32,
    stride_x: u32,
    pad_top: u32,
    pad_left: u32,
    has_bias: u32,
    has_residual: u32,
    activation: u32,
    slope: f32,
    upsample: u32,
    _pad0: u32,
    _pad1: u32,
}

@group(0) @binding(0) var<uniform> params: Conv2dParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;

// Output channels and columns of one invocation: sixteen sums for eight reads.
const CHANNEL_BLOCK: u32 = 4u;
const COLUMN_BLOCK: u32 = 4u;

// Where an invocation sums up.
struct Block {
    item: u32,
    // The first tap of each channel's kernels.
    kernels: vec4<u32>,
    // Where the first tap lies in the upsampled input, for each column; negative in the padding.
    first_row: i32,
    first_columns: vec4<i32>,
}

// The input in a row that begins at `row_start`, or the zero of the padding.
fn input_at(row_start: u32, column: i32) -> f32 {
    if column < 0 || column >= i32(params.in_width) {
        return 0.0;
    }
    return input[row_start + u32(column)];
}

// The sums of an invocation's channels, for each of its columns.
fn plain_sums(block: Block) -> mat4x4<f32> {
    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    var sums = mat4x4<f32>();
    for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
        for (var ky = 0u; ky < params.kernel_height; ky++) {
            let in_row = block.first_row + i32(ky);
            if in_row < 0 || in_row >= i32(params.in_height) {
                continue;
            }
            let row_start = offset4(in_shape, block.item, in_channel, u32(in_row), 0u);
            let taps = block.kernels + (in_channel * params.kernel_height + ky) * params.kernel_width;
            for (var kx = 0u; kx < params.kernel_width; kx++) {
                let weights = four_weights_at(taps + kx);
                let columns = block.first_columns + i32(kx);
                sums[0] += weights * input_at(row_start, columns.x);
                sums[1] += weights * input_at(row_start, columns.y);
                sums[2] += weights * input_at(row_start, columns.z);
                sums[3] += weights * input_at(row_start, columns.w);
            }
        }
    }
    return sums;
}

// The same over an input each of whose rows and columns counts several times. Dividing is slow: it is done once for
// all channels.
fn upsampled_sums(block: Block) -> mat4x4<f32> {
    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let height = i32(params.in_height * params.upsample);
    let width = i32(params.in_width * params.upsample);
    var sums = mat4x4<f32>();
    for (var ky = 0u; ky < params.kernel_height; ky++) {
        let row = block.first_row + i32(ky);
        if row < 0 || row >= height {
            continue;
        }
        let row_start = offset4(in_shape, block.item, 0u, u32(row) / params.upsample, 0u);
        for (var kx = 0u; kx < params.kernel_width; kx++) {
            let columns = block.first_columns + i32(kx);
            let is_inside = (columns >= vec4<i32>(0)) & (columns < vec4<i32>(width));
            let inside = vec4<u32>(clamp(columns, vec4<i32>(0), vec4<i32>(width - 1)));
            var places = row_start + inside / params.upsample;
            var taps = block.kernels + ky * params.kernel_width + kx;
            for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
                let all = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
                let values = select(vec4<f32>(0.0), all, is_inside);
                let weights = four_weights_at(taps);
                sums += mat4x4<f32>(weights * values.x, weights * values.y, weights * values.z, weights * values.w);
                places += params.in_height * params.in_width;
                taps += params.kernel_height * params.kernel_width;
            }
        }
    }
    return sums;
}

fn store_column(sums: vec4<f32>, item: u32, channel: u32, row: u32, column: u32) {
    if column >= params.out_width {
        return;
    }
    let shape = vec4<u32>(params.batch, params.out_channels, params.out_height, params.out_width);
    for (var i = 0u; i < CHANNEL_BLOCK && channel + i < params.out_channels; i++) {
        let place = offset4(shape, item, channel + i, row, column);
        output[place] = epilogue(sums[i], channel + i, place);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let column_blocks = blocks(params.out_width, COLUMN_BLOCK);
    let channel_blocks = blocks(params.out_channels, CHANNEL_BLOCK);
    if index >= params.batch * channel_blocks * params.out_height * column_blocks {
        return;
    }
    let column = (index % column_blocks) * COLUMN_BLOCK;
    let row = (index / column_blocks) % params.out_height;
    let channel = (index / (column_blocks * params.out_height)) % channel_blocks * CHANNEL_BLOCK;
    let item = index / (column_blocks * params.out_height * channel_blocks);

    // Channels past the end read the last kernel again and store nothing.
    let channels = min(channel + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.out_channels - 1u));
    let kernels = channels * params.in_channels * params.kernel_height * params.kernel_width;
    let first_row = i32(row * params.stride_y) - i32(params.pad_top);
    let first_columns = vec4<i32>((column + vec4<u32>(0u, 1u, 2u, 3u)) * params.stride_x) - i32(params.pad_left);
    let block = Block(item, kernels, first_row, first_columns);
    var sums = mat4x4<f32>();
    if params.upsample == 1u {
        sums = plain_sums(block);
    } else {
        sums = upsampled_sums(block);
    }
    store_column(sums[0], item, channel, row, column);
    store_column(sums[1], item, channel, row, column + 1u);
    store_column(sums[2], item, channel, row, column + 2u);
    store_column(sums[3], item, channel, row, column + 3u);
}
