// The transpose of a cross-correlation, gathered: output = activation(sums + bias + residual).
// input [b, in, h, w], weight [in, out, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].
// Places whose rows and columns leave the same phase when divided by the stride meet the same taps: left are the weights
// of a phase, right what they meet.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv_transpose2d_bindings.wgsl
#import tile.wgsl
#import product.wgsl

// Of the workgroup's phase, of rows and of columns: the first output, the first tap, and how many taps there are.
var<private> first_out: vec2<u32>;
var<private> first_tap: vec2<u32>;
var<private> taps: vec2<u32>;

fn channels() -> u32 {
    return params.out_channels;
}

fn steps() -> vec2<u32> {
    return vec2<u32>(blocks(params.out_height, params.stride_y), blocks(params.out_width, params.stride_x));
}

fn places() -> u32 {
    return params.batch * steps().x * steps().y;
}

fn phases() -> u32 {
    return params.stride_y * params.stride_x;
}

// Of the place that a lane loads: its item, and the last row and column that it is reached from.
var<private> item: u32;
var<private> last_row: i32;
var<private> last_column: i32;

// An input row reaches an output row where in_row * stride + ky = row + padding; columns likewise.
fn prepare(phase: u32, place: u32) {
    let stride = vec2<u32>(params.stride_y, params.stride_x);
    let kernel = vec2<u32>(params.kernel_height, params.kernel_width);
    let padding = vec2<u32>(params.pad_top, params.pad_left);
    first_tap = vec2<u32>(phase / stride.y, phase % stride.y);
    first_out = (first_tap + stride - padding % stride) % stride;
    taps = (max(kernel, first_tap) - first_tap + stride - 1u) / stride;
    let at = out_place(place);
    item = at.x;
    last_row = i32((at.y + padding.x) / stride.x);
    last_column = i32((at.z + padding.y) / stride.y);
}

fn depth() -> u32 {
    return params.in_channels * taps.x * taps.y;
}

// The item, row and column of an output place.
fn out_place(place: u32) -> vec3<u32> {
    let plane = steps().x * steps().y;
    let step = vec2<u32>(place % plane / steps().y, place % steps().y);
    return vec3<u32>(place / plane, first_out + step * vec2<u32>(params.stride_y, params.stride_x));
}

fn load_left(lane: u32, done: u32) {
    let by_taps = 1.0 / f32(taps.x * taps.y);
    let by_columns = 1.0 / f32(taps.y);
    for (var i = 0u; i < LEFT_LEN / LANES; i++) {
        let entry = i * LANES + lane;
        let k = entry % DEPTH_TILE;
        let channel = entry / DEPTH_TILE;
        let in_channel = quotient(done + k, by_taps);
        let tap = done + k - in_channel * taps.x * taps.y;
        let ty = quotient(tap, by_columns);
        let ky = first_tap.x + ty * params.stride_y;
        let kx = first_tap.y + (tap - ty * taps.y) * params.stride_x;
        var value = 0.0;
        if in_channel < params.in_channels && first_channel + channel < params.out_channels {
            let plane = in_channel * params.out_channels + first_channel + channel;
            value = weight_at((plane * params.kernel_height + ky) * params.kernel_width + kx);
        }
        put_left(k, channel, value);
    }
}

fn load_right(lane: u32, done: u32) {
    let planes = item * params.in_channels;
    let height = i32(params.in_height);
    let width = i32(params.in_width);
    let by_taps = 1.0 / f32(taps.x * taps.y);
    let by_columns = 1.0 / f32(taps.y);
    for (var i = 0u; i < RIGHT_LEN / LANES; i++) {
        let k = (i * LANES + lane) / PLACE_TILE;
        let in_channel = quotient(done + k, by_taps);
        let tap = done + k - in_channel * taps.x * taps.y;
        let ty = quotient(tap, by_columns);
        let row = last_row - i32(ty);
        let column = last_column - i32(tap - ty * taps.y);
        var value = 0.0;
        let is_inside = row >= 0 && row < height && column >= 0 && column < width;
        if is_inside && in_channel < params.in_channels && item < params.batch {
            value = input[((planes + in_channel) * params.in_height + u32(row)) * params.in_width + u32(column)];
        }
        put_right(k, lane % PLACE_TILE, value);
    }
}

fn store(sum: f32, channel: u32, place: u32) {
    let at = out_place(place);
    if at.y < params.out_height && at.z < params.out_width {
        let shape = vec4<u32>(params.batch, params.out_channels, params.out_height, params.out_width);
        let out = offset4(shape, at.x, channel, at.y, at.z);
        output[out] = epilogue(sum, channel, out);
    }
}
