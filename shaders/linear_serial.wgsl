// A matrix product per item: output = activation(input * transpose(weight) + bias + residual).
// input [rows, in], weight [out, in], bias [out], residual [rows, out] -> output [rows, out].
// What `eights` calls channels are the rows here, and its places the features; neighbours have the same rows.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import linear_bindings.wgsl
#import own_reads.wgsl
#import eights.wgsl

var<private> first_feature: u32;

fn common_at(place: u32) -> f32 {
    return input[place];
}

fn store(sums: vec4<f32>, row: u32, i: u32) {
    let feature = first_feature + i;
    if feature >= params.out_features {
        return;
    }
    for (var r = 0u; r < 4u && row + r < params.rows; r++) {
        let place = offset2(row + r, feature, params.out_features);
        output[place] = epilogue(sums[r], feature, place);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let feature_blocks = blocks(params.out_features, PLACE_BLOCK);
    let neighbourly = blocks(feature_blocks, NEIGHBOURS) * NEIGHBOURS;
    let row = index / neighbourly * CHANNEL_TILE;
    if row >= params.rows {
        return;
    }
    // Those past the end compute the last ones again, for their neighbours' sake, and store nothing.
    first_feature = min(index % neighbourly, feature_blocks - 1u) * PLACE_BLOCK;
    let features = min(first_feature + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.out_features - 1u));
    let weight_rows = features * params.in_features;
    var rows = array<Rows, EIGHTS>();
    for (var eight = 0u; eight < EIGHTS; eight++) {
        rows[eight] = eight_rows(row + eight * 8u, params.rows - 1u, params.in_features, index);
    }
    var sums = array<mat4x4<f32>, 2u * EIGHTS>();
    for (var i = 0u; i < params.in_features; i++) {
        let weights = four_weights_at(weight_rows + i);
        for (var eight = 0u; eight < EIGHTS; eight++) {
            let values = eight_at(rows[eight], i);
            sums[2u * eight] += products(values[0], weights);
            sums[2u * eight + 1u] += products(values[1], weights);
        }
    }
    if index % neighbourly < feature_blocks {
        store_all(sums, row);
    }
}
