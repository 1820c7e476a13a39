// The gradient of a convolution by its kernels: for each pair of planes, the sums over all places of coarse * fine, where
// a kernel's tap meets the fine place `coarse * stride + tap - padding`.
// coarse [b, c, h, w], fine [b, c', h', w'] -> output [parts, c, c', kh, kw], the sums over each part of the places; where
// sums of the coarse planes are asked for as well, behind those of each part from `kernel_len` on, [c], up to `part_stride`.
// Left are the coarse planes, right what the taps meet of the fine ones, and last a one.

#import dispatch.wgsl
#import tile.wgsl
#import product.wgsl

struct KernelGradientParams {
    batch: u32,
    coarse_channels: u32,
    coarse_height: u32,
    coarse_width: u32,
    fine_channels: u32,
    fine_height: u32,
    fine_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_y: u32,
    stride_x: u32,
    pad_top: u32,
    pad_left: u32,
    parts: u32,
    part_len: u32,
    has_sums: u32,
    kernel_len: u32,
    part_stride: u32,
    _pad0: u32,
    _pad1: u32,
}

@group(0) @binding(0) var<uniform> params: KernelGradientParams;
@group(0) @binding(1) var<storage, read> coarse: array<f32>;
@group(0) @binding(2) var<storage, read> fine: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

fn channels() -> u32 {
    return params.coarse_channels;
}

fn taps() -> u32 {
    return params.fine_channels * params.kernel_height * params.kernel_width;
}

fn places() -> u32 {
    return taps() + params.has_sums;
}

fn phases() -> u32 {
    return params.parts;
}

fn depth() -> u32 {
    return params.part_len;
}

// The workgroup's part of the places.
var<private> part: u32;

fn prepare(phase: u32, place: u32) {
    part = phase;
}

// The item, row and column of the coarse place that a lane loads; an item that does not exist past the end.
fn coarse_place(lane: u32, done: u32) -> vec3<u32> {
    let k = done + lane % DEPTH_TILE;
    if k >= params.part_len {
        return vec3<u32>(params.batch, 0u, 0u);
    }
    let plane = params.coarse_height * params.coarse_width;
    let place = part * params.part_len + k;
    let at = place % plane;
    return vec3<u32>(place / plane, at / params.coarse_width, at % params.coarse_width);
}

fn load_left(lane: u32, done: u32) {
    let at = coarse_place(lane, done);
    let in_plane = at.y * params.coarse_width + at.z;
    let plane = params.coarse_height * params.coarse_width;
    for (var i = 0u; i < LEFT_LEN / LANES; i++) {
        let channel = (i * LANES + lane) / DEPTH_TILE;
        var value = 0.0;
        if at.x < params.batch && first_channel + channel < params.coarse_channels {
            value = coarse[(at.x * params.coarse_channels + first_channel + channel) * plane + in_plane];
        }
        put_left(lane % DEPTH_TILE, channel, value);
    }
}

fn load_right(lane: u32, done: u32) {
    let at = coarse_place(lane, done);
    let first_row = i32(at.y * params.stride_y) - i32(params.pad_top);
    let first_column = i32(at.z * params.stride_x) - i32(params.pad_left);
    let kernel = params.kernel_height * params.kernel_width;
    let by_kernel = 1.0 / f32(kernel);
    let by_width = 1.0 / f32(params.kernel_width);
    for (var i = 0u; i < RIGHT_LEN / LANES; i++) {
        let place = (i * LANES + lane) / DEPTH_TILE;
        let channel = quotient(first_place + place, by_kernel);
        let tap = first_place + place - channel * kernel;
        let ky = quotient(tap, by_width);
        let row = first_row + i32(ky);
        let column = first_column + i32(tap - ky * params.kernel_width);
        let is_inside = row >= 0 && row < i32(params.fine_height) && column >= 0 && column < i32(params.fine_width);
        var value = 0.0;
        if is_inside && at.x < params.batch && channel < params.fine_channels {
            let line = (at.x * params.fine_channels + channel) * params.fine_height + u32(row);
            value = fine[line * params.fine_width + u32(column)];
        }
        if params.has_sums != 0u && first_place + place == taps() {
            value = 1.0;
        }
        put_right(lane % DEPTH_TILE, place, value);
    }
}

fn store(sum: f32, channel: u32, place: u32) {
    let first = part * params.part_stride;
    if place == taps() {
        output[first + params.kernel_len + channel] = sum;
    } else {
        output[first + channel * taps() + place] = sum;
    }
}
