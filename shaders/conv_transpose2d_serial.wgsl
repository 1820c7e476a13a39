// The transpose of a cross-correlation, gathered: output = activation(sums + bias + residual).
// input [b, in, h, w], weight [in, out, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv_transpose2d_bindings.wgsl

// Output channels and columns of one invocation: 32 sums for twelve reads. Its columns leave the same phase when divided by
// the stride, and so meet the same taps.
const CHANNEL_BLOCK: u32 = 8u;
const COLUMN_BLOCK: u32 = 4u;

// The sums of an invocation: of its first four channels and of its others, for each column.
struct Sums {
    first: mat4x4<f32>,
    second: mat4x4<f32>,
}

// The sums of the channels from `channel` on: the taps of a phase meet input places from the last ones on backwards.
fn sums_at(item: u32, channel: u32, phase: vec2<u32>, last_row: i32, last_columns: vec4<i32>) -> Sums {
    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let in_plane = params.in_height * params.in_width;
    let kernel = params.kernel_height * params.kernel_width;
    let height = i32(params.in_height);
    let width = i32(params.in_width);
    // Channels past the end read the last kernel again and store nothing.
    let last = vec4<u32>(params.out_channels - 1u);
    let first_kernels = min(channel + vec4<u32>(0u, 1u, 2u, 3u), last) * kernel;
    let second_kernels = min(channel + vec4<u32>(4u, 5u, 6u, 7u), last) * kernel;
    var sums = Sums();
    var row = last_row;
    for (var ky = phase.y; ky < params.kernel_height; ky += params.stride_y) {
        if row >= 0 && row < height {
            let row_start = offset4(in_shape, item, 0u, u32(row), 0u);
            var columns = last_columns;
            for (var kx = phase.x; kx < params.kernel_width; kx += params.stride_x) {
                let is_inside = (columns >= vec4<i32>(0)) & (columns < vec4<i32>(width));
                var places = row_start + vec4<u32>(clamp(columns, vec4<i32>(0), vec4<i32>(width - 1)));
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
                    first_taps += params.out_channels * kernel;
                    second_taps += params.out_channels * kernel;
                }
                columns -= 1;
            }
        }
        row -= 1;
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
    let stride = vec2<u32>(params.stride_x, params.stride_y);
    let padding = vec2<u32>(params.pad_left, params.pad_top);
    let column_blocks = blocks(blocks(params.out_width, stride.x), COLUMN_BLOCK);
    let rows = blocks(params.out_height, stride.y);
    let channel_blocks = blocks(params.out_channels, CHANNEL_BLOCK);
    var index = invocation_index(id, groups);
    let column_block = index % column_blocks;
    index /= column_blocks;
    let step = index % rows;
    index /= rows;
    let phase = vec2<u32>(index % stride.x, index / stride.x % stride.y);
    index /= stride.x * stride.y;
    let channel = index % channel_blocks * CHANNEL_BLOCK;
    let item = index / channel_blocks;
    // An input row reaches an output row where in_row * stride + ky = row + padding; columns likewise.
    let first = (phase + stride - padding % stride) % stride;
    let row = first.y + step * stride.y;
    if item >= params.batch || row >= params.out_height {
        return;
    }
    let columns = first.x + (column_block * COLUMN_BLOCK + vec4<u32>(0u, 1u, 2u, 3u)) * stride.x;
    let last_columns = vec4<i32>((columns + padding.x) / stride.x);
    let sums = sums_at(item, channel, phase, i32((row + padding.y) / stride.y), last_columns);
    for (var i = 0u; i < COLUMN_BLOCK; i++) {
        store(sums.first[i], item, channel, row, columns[i]);
        store(sums.second[i], item, channel + 4u, row, columns[i]);
    }
}
