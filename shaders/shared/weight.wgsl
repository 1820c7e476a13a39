// The weights of a sum, one in a word.

@group(0) @binding(2) var<storage, read> weight: array<f32>;

fn weight_at(place: u32) -> f32 {
    return weight[place];
}

fn four_weights_at(places: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(weight_at(places.x), weight_at(places.y), weight_at(places.z), weight_at(places.w));
}
