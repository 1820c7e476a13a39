// A matrix product per item: output = activation(input * transpose(weight) + bias + residual).
// input [rows, in], weight [out, in], bias [out], residual [rows, out] -> output [rows, out].
// Left are the weights, right the input.

#import dispatch.wgsl
#import layout.wgsl
#import activation.wgsl
#import epilogue.wgsl
#import weight.wgsl
#import linear_bindings.wgsl
#import tile.wgsl
#import product.wgsl

fn channels() -> u32 {
    return params.out_features;
}

fn depth() -> u32 {
    return params.in_features;
}

fn places() -> u32 {
    return params.rows;
}

fn phases() -> u32 {
    return 1u;
}

fn prepare(phase: u32, place: u32) {
}

fn load_left(lane: u32, done: u32) {
    for (var i = 0u; i < LEFT_LEN / LANES; i++) {
        let entry = i * LANES + lane;
        let k = entry % DEPTH_TILE;
        let feature = first_channel + entry / DEPTH_TILE;
        var value = 0.0;
        if done + k < params.in_features && feature < params.out_features {
            value = weight_at(feature * params.in_features + done + k);
        }
        put_left(k, entry / DEPTH_TILE, value);
    }
}

fn load_right(lane: u32, done: u32) {
    for (var i = 0u; i < RIGHT_LEN / LANES; i++) {
        let entry = i * LANES + lane;
        let k = entry % DEPTH_TILE;
        let row = first_place + entry / DEPTH_TILE;
        var value = 0.0;
        if done + k < params.in_features && row < params.rows {
            value = input[row * params.in_features + done + k];
        }
        put_right(k, entry / DEPTH_TILE, value);
    }
}

fn store(sum: f32, feature: u32, row: u32) {
    let place = offset2(row, feature, params.out_features);
    output[place] = epilogue(sum, feature, place);
}
