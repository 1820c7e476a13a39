// A function of a range of every item: output = activation(limited(scale * input + shift)).
// input [items, in_len] -> output [items, out_len], read from `start` on.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl

struct ElementwiseParams {
    items: u32,
    in_len: u32,
    out_len: u32,
    start: u32,
    scale: f32,
    shift: f32,
    activation: u32,
    slope: f32,
    has_limits: u32,
    lo: f32,
    hi: f32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: ElementwiseParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    if index >= params.items * params.out_len {
        return;
    }
    let item = index / params.out_len;
    var value = params.scale * input[offset2(item, params.start + index % params.out_len, params.in_len)] + params.shift;
    if params.has_limits != 0u {
        value = clamp(value, params.lo, params.hi);
    }
    output[index] = activate(value, params.activation, params.slope);
}
