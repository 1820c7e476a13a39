// Mixtures of four corner latents, bilinear or along great circles.
// positions [items, 2] in [0, 1], corners [4, dim] (top left, top right, bottom left, bottom right) -> output [items, dim].

#import dispatch.wgsl
#import layout.wgsl
#import angle.wgsl

struct LatentMixParams {
    items: u32,
    dim: u32,
    spherical: u32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: LatentMixParams;
@group(0) @binding(1) var<storage, read> positions: array<f32>;
@group(0) @binding(2) var<storage, read> corners: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// Above this cosine arc and chord agree to f32 rounding.
const TINY_ANGLE_COSINE: f32 = 0.999999;
// 175 degrees: beyond, the weights would throw nearly opposite vectors far outside both.
const LARGEST_ANGLE: f32 = 3.0543262;
// Squared lengths below this have no direction.
const TINY_SQUARE: f32 = 1e-30;

// The weights of two vectors at `t`, given their squared lengths and dot product.
fn mix_weights(t: f32, squares: vec2<f32>, product: f32) -> vec2<f32> {
    let straight = vec2<f32>(1.0 - t, t);
    if params.spherical == 0u || min(squares.x, squares.y) < TINY_SQUARE {
        return straight;
    }
    let cosine = product / (sqrt(squares.x) * sqrt(squares.y));
    if cosine > TINY_ANGLE_COSINE {
        return straight;
    }
    let angle = min(angle_from_cosine(cosine), LARGEST_ANGLE);
    return vec2<f32>(sine_of(straight.x * angle), sine_of(straight.y * angle)) / sine_of(angle);
}

// The weights of corners `a` and `b` at `t`.
fn edge_weights(a: u32, b: u32, t: f32) -> vec2<f32> {
    var squares = vec2<f32>(0.0);
    var product = 0.0;
    for (var i = 0u; i < params.dim; i++) {
        let x = corners[offset2(a, i, params.dim)];
        let y = corners[offset2(b, i, params.dim)];
        squares += vec2<f32>(x * x, y * y);
        product += x * y;
    }
    return mix_weights(t, squares, product);
}

// Value `i` of the points on the top and on the bottom edge.
fn edges(top: vec2<f32>, bottom: vec2<f32>, i: u32) -> vec2<f32> {
    let upper = top.x * corners[offset2(0u, i, params.dim)] + top.y * corners[offset2(1u, i, params.dim)];
    let lower = bottom.x * corners[offset2(2u, i, params.dim)] + bottom.y * corners[offset2(3u, i, params.dim)];
    return vec2<f32>(upper, lower);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let item = invocation_index(id, groups);
    if item >= params.items {
        return;
    }
    let u = clamp(positions[offset2(item, 0u, 2u)], 0.0, 1.0);
    let v = clamp(positions[offset2(item, 1u, 2u)], 0.0, 1.0);
    let top = edge_weights(0u, 1u, u);
    let bottom = edge_weights(2u, 3u, u);
    var squares = vec2<f32>(0.0);
    var product = 0.0;
    for (var i = 0u; i < params.dim; i++) {
        let pair = edges(top, bottom, i);
        squares += pair * pair;
        product += pair.x * pair.y;
    }
    let weights = mix_weights(v, squares, product);
    for (var i = 0u; i < params.dim; i++) {
        output[offset2(item, i, params.dim)] = dot(weights, edges(top, bottom, i));
    }
}
