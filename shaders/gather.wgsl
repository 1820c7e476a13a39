// The codes that indices name.
// input [b, plane], codebook [rows, d] -> output [b, d, plane]. The codes are `codes` rows from `first` on.

#import dispatch.wgsl
#import layout.wgsl
#import whole.wgsl

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

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    if index >= params.items * params.dim * params.plane {
        return;
    }
    let position = index % params.plane;
    let value = (index / params.plane) % params.dim;
    let item = index / (params.plane * params.dim);
    let code = whole(input[offset2(item, position, params.plane)], params.codes - 1u);
    output[index] = codebook[offset2(params.first + code, value, params.dim)];
}
