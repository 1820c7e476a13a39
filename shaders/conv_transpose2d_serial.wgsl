// The transpose of a cross-correlation, gathered: output = activation(sums + bias + residual).
// input [b, in, h, w], weight [in, out, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].
// The places of an invocation are columns that leave the same phase when divided by the stride, and so meet the same taps;
// its neighbours have the same channels and the same phase.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv_transpose2d_bindings.wgsl
#import own_reads.wgsl
#import eights.wgsl

// Where the places lie.
var<private> item: u32;
var<private> row: u32;
var<private> out_columns: vec4<u32>;

fn common_at(place: u32) -> f32 {
    return weight_at(place);
}

fn store(sums: vec4<f32>, channel: u32, i: u32) {
    let column = out_columns[i];
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
    let stride = vec2<u32>(params.stride_x, params.stride_y);
    let padding = vec2<u32>(params.pad_left, params.pad_top);
    let index = invocation_index(id, groups);
    let column_blocks = blocks(blocks(params.out_width, stride.x), PLACE_BLOCK);
    let rows = blocks(params.out_height, stride.y);
    let place_blocks = params.batch * rows * column_blocks;
    let neighbourly = blocks(place_blocks, NEIGHBOURS) * NEIGHBOURS;
    let neighbours = index / neighbourly;
    let phase = vec2<u32>(neighbours % stride.x, neighbours / stride.x % stride.y);
    let channel = neighbours / (stride.x * stride.y) * CHANNEL_TILE;
    if channel >= params.out_channels {
        return;
    }
    // Those past the end compute the last ones again, for their neighbours' sake, and store nothing.
    let place_block = min(index % neighbourly, place_blocks - 1u);
    item = place_block / (column_blocks * rows);
    // An input row reaches an output row where in_row * stride + ky = row + padding; columns likewise.
    let first = (phase + stride - padding % stride) % stride;
    row = first.y + place_block / column_blocks % rows * stride.y;
    let column = place_block % column_blocks * PLACE_BLOCK;
    out_columns = first.x + (column + vec4<u32>(0u, 1u, 2u, 3u)) * stride.x;

    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let in_plane = params.in_height * params.in_width;
    let kernel = params.kernel_height * params.kernel_width;
    let height = i32(params.in_height);
    let width = i32(params.in_width);
    var kernels = array<Rows, EIGHTS>();
    for (var eight = 0u; eight < EIGHTS; eight++) {
        kernels[eight] = eight_rows(channel + eight * 8u, params.out_channels - 1u, kernel, index);
    }
    var sums = array<mat4x4<f32>, 2u * EIGHTS>();
    // The taps of a phase meet input places from the last ones on backwards.
    var in_row = i32((row + padding.y) / stride.y);
    for (var ky = phase.y; ky < params.kernel_height; ky += stride.y) {
        let is_row = vec4<bool>(in_row >= 0 && in_row < height);
        let row_start = offset4(in_shape, item, 0u, u32(clamp(in_row, 0, height - 1)), 0u);
        var columns = vec4<i32>((out_columns + padding.x) / stride.x);
        for (var kx = phase.x; kx < params.kernel_width; kx += stride.x) {
            let is_inside = (columns >= vec4<i32>(0)) & (columns < vec4<i32>(width)) & is_row;
            var places = row_start + vec4<u32>(clamp(columns, vec4<i32>(0), vec4<i32>(width - 1)));
            var weight_place = ky * params.kernel_width + kx;
            for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
                let all = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
                let values = select(vec4<f32>(0.0), all, is_inside);
                for (var eight = 0u; eight < EIGHTS; eight++) {
                    let weights = eight_at(kernels[eight], weight_place);
                    sums[2u * eight] += products(weights[0], values);
                    sums[2u * eight + 1u] += products(weights[1], values);
                }
                places += in_plane;
                weight_place += params.out_channels * kernel;
            }
            columns -= 1;
        }
        in_row -= 1;
    }
    if index % neighbourly < place_blocks && row < params.out_height {
        store_all(sums, channel);
    }
}
