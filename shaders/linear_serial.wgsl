// A matrix product per item: output = activation(input * transpose(weight) + bias + residual).
// input [rows, in], weight [out, in], bias [out], residual [rows, out] -> output [rows, out].

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import linear_bindings.wgsl

// Rows of one invocation: every weight that is read serves them all.
const ROW_BLOCK: u32 = 4u;

fn store(sum: f32, row: u32, feature: u32) {
    if row < params.rows {
        let place = offset2(row, feature, params.out_features);
        output[place] = epilogue(sum, feature, place);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    if index >= blocks(params.rows, ROW_BLOCK) * params.out_features {
        return;
    }
    let feature = index % params.out_features;
    let row = index / params.out_features * ROW_BLOCK;

    // Rows past the end read the last one again and store nothing.
    let rows = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(params.rows - 1u));
    let starts = rows * params.in_features;
    let weight_start = offset2(feature, 0u, params.in_features);
    var sums = vec4<f32>(0.0);
    for (var i = 0u; i < params.in_features; i++) {
        let values = vec4<f32>(input[starts.x + i], input[starts.y + i], input[starts.z + i], input[starts.w + i]);
        sums += weight_at(weight_start + i) * values;
    }
    store(sums.x, row, feature);
    store(sums.y, row + 1u, feature);
    store(sums.z, row + 2u, feature);
    store(sums.w, row + 3u, feature);
}
