// The codes that indices name.
// input [b, plane], codebook [rows, d] -> output [b, d, plane]. The codes are `codes` rows from `first` on.

#import dispatch.wgsl
#import layout.wgsl

struct GatherParams {
    items: u32,
    plane: u32,
    dim: u32,
    codes: u32,
    first: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> params: GatherParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> codebook: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

const INFINITY_BITS: u32 = 0x7f800000u;

// Told by the bits, which of positive numbers lie in the same order as the numbers: what is negative or no number
// names the first code, what lies past the end the last one.
fn code_of(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let last = params.codes - 1u;
    if bits > INFINITY_BITS {
        return 0u;
    }
    if bits >= bitcast<u32>(f32(last)) {
        return last;
    }
    return u32(value);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    if index >= params.items * params.dim * params.plane {
        return;
    }
    let position = index % params.plane;
    let value = (index / params.plane) % params.dim;
    let item = index / (params.plane * params.dim);
    let code = code_of(input[offset2(item, position, params.plane)]);
    output[index] = codebook[offset2(params.first + code, value, params.dim)];
}
