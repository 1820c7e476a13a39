// A cross-correlation: output = activation(weight over upsampled input + bias + residual).
// input [b, in, h, w], weight [out, in, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv2d_bindings.wgsl

// Output channels and columns of one invocation: 32 sums for twelve reads.
const CHANNEL_BLOCK: u32 = 8u;
const COLUMN_BLOCK: u32 = 4u;

// The sums of an invocation: of its first four channels and of its others, for each column.
struct Sums {
    first: mat4x4<f32>,
    second: mat4x4<f32>,
}

// The sums of the channels from `channel` on. Where the first taps lie in the upsampled input is negative in the padding.
fn sums_at(item: u32, channel: u32, first_row: i32, first_columns: vec4<i32>) -> Sums {
    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let in_plane = params.in_height * params.in_width;
    let kernel = params.kernel_height * params.kernel_width;
    let height = i32(params.in_height * params.upsample);
    let width = i32(params.in_width * params.upsample);
    // Channels past the end read the last kernel again and store nothing.
    let kernels = params.in_channels * kernel;
    let last = vec4<u32>(params.out_channels - 1u);
    let first_kernels = min(channel + vec4<u32>(0u, 1u, 2u, 3u), last) * kernels;
    let second_kernels = min(channel + vec4<u32>(4u, 5u, 6u, 7u), last) * kernels;
    var sums = Sums();
    for (var ky = 0u; ky < params.kernel_height; ky++) {
        let row = first_row + i32(ky);
        if row < 0 || row >= height {
            continue;
        }
        let row_start = offset4(in_shape, item, 0u, u32(row) / params.upsample, 0u);
        for (var kx = 0u; kx < params.kernel_width; kx++) {
            let columns = first_columns + i32(kx);
            let is_inside = (columns >= vec4<i32>(0)) & (columns < vec4<i32>(width));
            let inside = vec4<u32>(clamp(columns, vec4<i32>(0), vec4<i32>(width - 1)));
            var places = row_start + inside / params.upsample;
            let tap = ky * params.kernel_width + kx;
            var first_taps = first_kernels + tap;
            var second_taps = second_kernels + tap;
            for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
                let all = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
                let values = select(vec4<f32>(0.0), all, is_inside);
                let first = four_weights_at(first_taps);
                let second = four_weights_at(second_taps);
                sums.first += mat4x4<f32>(first * values.x, first * values.y, first * values.z, first * values.w);
                sums.second += mat4x4<f32>(second * values.x, second * values.y, second * values.z, second * values.w);
                places += in_plane;
                first_taps += kernel;
                second_taps += kernel;
            }
        }
    }
    return sums;
}

fn store(sums: vec4<f32>, item: u32, channel: u32, row: u32, column: u32) {
    if column >= params.out_width {
        return;
    }
    let shape = vec4<u32>(params.batch, params.out_channels, params.out_height, params.out_width);
    for (var i = 0u; i < 4u && channel + i < params.out_channels; i++) {
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
    let first_row = i32(row * params.stride_y) - i32(params.pad_top);
    let first_columns = vec4<i32>((column + vec4<u32>(0u, 1u, 2u, 3u)) * params.stride_x) - i32(params.pad_left);
    let sums = sums_at(item, channel, first_row, first_columns);
    for (var i = 0u; i < COLUMN_BLOCK; i++) {
        store(sums.first[i], item, channel, row, column + i);
        store(sums.second[i], item, channel + 4u, row, column + i);
    }
}
