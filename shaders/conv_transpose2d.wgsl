// The transpose of a cross-correlation, gathered: output = activation(sums + bias + residual).
// input [b, in, h, w], weight [in, out, kh, kw], bias [out], residual [b, out, h', w'] -> output [b, out, h', w'].

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl

struct ConvTranspose2dParams {
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
    _pad0: u32,
    _pad1: u32,
    _pad2: u32,
}

@group(0) @binding(0) var<uniform> params: ConvTranspose2dParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;

// Output channels of one invocation: every input that is read serves them all.
const CHANNEL_BLOCK: u32 = 4u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let channel_blocks = blocks(params.out_channels, CHANNEL_BLOCK);
    let plane = params.out_height * params.out_width;
    if index >= params.batch * channel_blocks * plane {
        return;
    }
    let column = index % params.out_width;
    let row = (index / params.out_width) % params.out_height;
    let channel = (index / plane) % channel_blocks * CHANNEL_BLOCK;
    let item = index / (plane * channel_blocks);

    let in_shape = vec4<u32>(params.batch, params.in_channels, params.in_height, params.in_width);
    let in_plane = params.in_height * params.in_width;
    let kernel = params.kernel_height * params.kernel_width;
    // Channels past the end read the last kernel again and store nothing.
    let channels = min(channel + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.out_channels - 1u));
    // An input row reaches this output where in_row * stride + ky = row + pad; columns likewise.
    let reached_row = row + params.pad_top;
    let reached_column = column + params.pad_left;
    var sums = vec4<f32>(0.0);
    for (var ky = reached_row % params.stride_y; ky < params.kernel_height && ky <= reached_row; ky += params.stride_y) {
        let in_row = (reached_row - ky) / params.stride_y;
        if in_row >= params.in_height {
            continue;
        }
        for (var kx = reached_column % params.stride_x; kx < params.kernel_width && kx <= reached_column; kx += params.stride_x) {
            let in_column = (reached_column - kx) / params.stride_x;
            if in_column >= params.in_width {
                continue;
            }
            var place = offset4(in_shape, item, 0u, in_row, in_column);
            var tap = channels * kernel + ky * params.kernel_width + kx;
            for (var in_channel = 0u; in_channel < params.in_channels; in_channel++) {
                sums += input[place] * four_weights_at(tap);
                place += in_plane;
                tap += params.out_channels * kernel;
            }
        }
    }
    let shape = vec4<u32>(params.batch, params.out_channels, params.out_height, params.out_width);
    for (var i = 0u; i < CHANNEL_BLOCK && channel + i < params.out_channels; i++) {
        let place = offset4(shape, item, channel + i, row, column);
        output[place] = epilogue(sums[i], channel + i, place);
    }
}
