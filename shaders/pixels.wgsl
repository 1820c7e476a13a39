// Images into one picture, tiled row by row: grey or RGB, clamped, rounded to 8 bits; the rest is transparent.
// input [items, channels, height, width] in the model's range -> output, columns * width by rows * height texels.

#import dispatch.wgsl
#import layout.wgsl

struct PixelsParams {
    items: u32,
    channels: u32,
    height: u32,
    width: u32,
    columns: u32,
    lo: f32,
    scale: f32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: PixelsParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var output: texture_storage_2d<rgba8unorm, write>;

// A value as the nearest of 256 levels, so that the store rounds nothing.
fn level(value: f32) -> f32 {
    let unit = clamp((value - params.lo) * params.scale, 0.0, 1.0);
    return floor(unit * 255.0 + 0.5) / 255.0;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let texture_width = params.columns * params.width;
    let texture_height = blocks(params.items, params.columns) * params.height;
    if index >= texture_width * texture_height {
        return;
    }
    let x = index % texture_width;
    let y = index / texture_width;
    let item = y / params.height * params.columns + x / params.width;
    var color = vec4<f32>(0.0);
    if item < params.items {
        let shape = vec4<u32>(params.items, params.channels, params.height, params.width);
        let first = offset4(shape, item, 0u, y % params.height, x % params.width);
        let plane = params.height * params.width;
        color = vec4<f32>(vec3<f32>(level(input[first])), 1.0);
        if params.channels == 3u {
            color.g = level(input[first + plane]);
            color.b = level(input[first + 2u * plane]);
        }
    }
    textureStore(output, vec2<u32>(x, y), color);
}
