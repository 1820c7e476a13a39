// A cross-correlation: output = activation(weight over upsampled input + bias + residual).
// input [b, in, h, w], weight [out, in, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].
// Left are the weights, right what each place's kernel meets.

#import dispatch.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import conv2d_bindings.wgsl
#import tile.wgsl
#import product.wgsl

fn channels() -> u32 {
    return params.out_channels;
}

fn depth() -> u32 {
    return params.in_channels * params.kernel_height * params.kernel_width;
}

fn places() -> u32 {
    return params.batch * params.out_height * params.out_width;
}

fn phases() -> u32 {
    return 1u;
}

// Of the place that a lane loads: its item, and where its kernel begins in the upsampled input, negative in the padding.
var<private> item: u32;
var<private> first_row: i32;
var<private> first_column: i32;

fn prepare(phase: u32, place: u32) {
    let plane = params.out_height * params.out_width;
    item = place / plane;
    first_row = i32(place % plane / params.out_width * params.stride_y) - i32(params.pad_top);
    first_column = i32(place % params.out_width * params.stride_x) - i32(params.pad_left);
}

fn load_left(lane: u32, done: u32) {
    let all = depth();
    for (var i = 0u; i < LEFT_LEN / LANES; i++) {
        let entry = i * LANES + lane;
        let k = entry % DEPTH_TILE;
        let channel = entry / DEPTH_TILE;
        var value = 0.0;
        if done + k < all && first_channel + channel < params.out_channels {
            value = weight_at((first_channel + channel) * all + done + k);
        }
        put_left(k, channel, value);
    }
}

fn load_right(lane: u32, done: u32) {
    let kernel = params.kernel_height * params.kernel_width;
    let planes = item * params.in_channels;
    let by_kernel = 1.0 / f32(kernel);
    let by_width = 1.0 / f32(params.kernel_width);
    let height = i32(params.in_height * params.upsample);
    let width = i32(params.in_width * params.upsample);
    for (var i = 0u; i < RIGHT_LEN / LANES; i++) {
        let k = (i * LANES + lane) / PLACE_TILE;
        let in_channel = quotient(done + k, by_kernel);
        let tap = done + k - in_channel * kernel;
        let ky = quotient(tap, by_width);
        let row = first_row + i32(ky);
        let column = first_column + i32(tap - ky * params.kernel_width);
        var value = 0.0;
        let is_inside = row >= 0 && row < height && column >= 0 && column < width;
        if is_inside && in_channel < params.in_channels && item < params.batch {
            var inside = vec2<u32>(u32(row), u32(column));
            if params.upsample > 1u {
                inside /= params.upsample;
            }
            value = input[((planes + in_channel) * params.in_height + inside.x) * params.in_width + inside.y];
        }
        put_right(k, lane % PLACE_TILE, value);
    }
}

fn store(sum: f32, channel: u32, place: u32) {
    let plane = params.out_height * params.out_width;
    let at = (place / plane * params.out_channels + channel) * plane + place % plane;
    output[at] = epilogue(sum, channel, at);
}
