// The index of the largest score of every place (ties to the lowest index), and how often each is chosen.
// input [b, codes, plane] -> usage [rows], counted up from row `first` on; output [b, plane], indices as whole numbers.

#import dispatch.wgsl

struct ArgMaxParams {
    places: u32,
    plane: u32,
    codes: u32,
    first: u32,
}

@group(0) @binding(0) var<uniform> params: ArgMaxParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> usage: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// The exponent of infinities and of values that are no numbers.
const NOT_FINITE: u32 = 0x7f800000u;

// Neighbouring invocations read neighbouring places of a score's plane.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let place = invocation_index(id, groups);
    if place >= params.places {
        return;
    }
    let start = place / params.plane * params.codes * params.plane + place % params.plane;
    var largest = input[start];
    var chosen = 0u;
    // Told by the bits: arithmetic may assume that there are only finite numbers.
    var is_finite = true;
    for (var code = 0u; code < params.codes; code++) {
        let score = input[start + code * params.plane];
        is_finite = is_finite && (bitcast<u32>(score) & NOT_FINITE) != NOT_FINITE;
        if score > largest {
            largest = score;
            chosen = code;
        }
    }
    let code = select(0u, chosen, is_finite);
    output[place] = f32(code);
    atomicAdd(&usage[params.first + code], 1u);
}
