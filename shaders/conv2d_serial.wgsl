// A cross-correlation: output = activation(weight over upsampled input + bias + residual).
// input [b, in, h, w], weight [out, in, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].
// The places of an invocation are columns; its neighbours have the same channels.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv2d_bindings.wgsl
#import own_reads.wgsl
#import eights.wgsl

// Where the first of the places lies.
var<private> item: u32;
var<private> row: u32;
var<private> first_column: u32;

fn common_at(place: u32) -> f32 {
    return weight_at(place);
}

fn store(sums: vec4<f32>, channel: u32, i: u32) {
    let column = first_column + i;
    if column >= params.out_width {
        return;
    }
    let shape = vec4<u32>(params.batch, params.out_channels, params.out_height, params.out_width);
    for (var c = 0u; c < 4u && channel + c < params.out_channels; c++) {
        let place = offset4(shape, item, channel + c, row, column);
        output[place] = epilogue(sums[c], channel + c, place);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let column_blocks = blocks(params.out_width, PLACE_BLOCK);
    let place_blocks = params.batch * params.out_height * column_blocks;
    let neighbourly = blocks(place_blocks, NEIGHBOURS) * NEIGHBOURS;
    let channel = index / neighbourly * CHANNEL_TILE;
    if channel >= params.out_channels {
        return;
    }
    // Those past the end compute the last ones again, for their neighbours' sake, and store nothing.
    let place_block = min(index % neighbourly, place_blocks - 1u);
    first_column = (place_block % column_blocks) * PLACE_BLOCK;
    row = (place_block / column_blocks) % params.out_height;
    item = place_block / (column_blocks * params.out_height);
    // Where the first taps lie in the upsampled input: negative in the padding.
    let top = i32(row * params.stride_y) - i32(params.pad_top);
    let left = vec4<i32>((first_column + vec4<u32>(0u, 1u, 2u, 3u)) * params.stride_x) - i32(params.pad_left);

    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let in_plane = params.in_height * params.in_width;
    let kernel = params.kernel_height * params.kernel_width;
    let height = i32(params.in_height * params.upsample);
    let width = i32(params.in_width * params.upsample);
    var kernels = array<Rows, EIGHTS>();
    for (var eight = 0u; eight < EIGHTS; eight++) {
        let kernel_len = params.in_channels * kernel;
        kernels[eight] = eight_rows(channel + eight * 8u, params.out_channels - 1u, kernel_len, index);
    }
    var sums = array<mat4x4<f32>, 2u * EIGHTS>();
    for (var tap = 0u; tap < kernel; tap++) {
        let tap_row = top + i32(tap / params.kernel_width);
        let columns = left + i32(tap % params.kernel_width);
        let is_row = vec4<bool>(tap_row >= 0 && tap_row < height);
        let is_inside = (columns >= vec4<i32>(0)) & (columns < vec4<i32>(width)) & is_row;
        let inside_row = u32(clamp(tap_row, 0, height - 1)) / params.upsample;
        let inside = vec4<u32>(clamp(columns, vec4<i32>(0), vec4<i32>(width - 1))) / params.upsample;
        var places = offset4(in_shape, item, 0u, inside_row, 0u) + inside;
        var weight_place = tap;
        for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
            let all = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
            let values = select(vec4<f32>(0.0), all, is_inside);
            for (var eight = 0u; eight < EIGHTS; eight++) {
                let weights = eight_at(kernels[eight], weight_place);
                sums[2u * eight] += products(weights[0], values);
                sums[2u * eight + 1u] += products(weights[1], values);
            }
            places += in_plane;
            weight_place += kernel;
        }
    }
    if index % neighbourly < place_blocks {
        store_all(sums, channel);
    }
}
