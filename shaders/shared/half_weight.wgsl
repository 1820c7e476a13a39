// The weights of a sum in half precision, two in a word, the first in its lower half: stands in for weight.wgsl.

@group(0) @binding(2) var<storage, read> weight: array<u32>;

fn weight_at(place: u32) -> f32 {
    return unpack2x16float(weight[place / 2u])[place % 2u];
}

fn four_weights_at(places: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(weight_at(places.x), weight_at(places.y), weight_at(places.z), weight_at(places.w));
}
