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

var<workgroup> partial_sums: array<mat4x4<f32>, WORKGROUP_SIZE>;

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

// Value `i` of all corners.
fn corners_at(i: u32) -> vec4<f32> {
    let places = offset2(0u, i, params.dim) + vec4<u32>(0u, 1u, 2u, 3u) * params.dim;
    return vec4<f32>(corners[places.x], corners[places.y], corners[places.z], corners[places.w]);
}

// The dot products of all corners with one another, summed by the workgroup in a fixed order.
fn dot_products(lane: u32) -> mat4x4<f32> {
    var sum = mat4x4<f32>(vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0));
    for (var i = lane; i < params.dim; i += WORKGROUP_SIZE) {
        let values = corners_at(i);
        sum += mat4x4<f32>(values * values.x, values * values.y, values * values.z, values * values.w);
    }
    partial_sums[lane] = sum;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial_sums[lane] += partial_sums[lane + half];
        }
    }
    workgroupBarrier();
    return partial_sums[0];
}

// One workgroup for each item.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let item = group.y * groups.x + group.x;
    if item >= params.items {
        return;
    }
    let u = clamp(positions[offset2(item, 0u, 2u)], 0.0, 1.0);
    let v = clamp(positions[offset2(item, 1u, 2u)], 0.0, 1.0);
    let products = dot_products(lane);
    let top = vec4<f32>(mix_weights(u, vec2<f32>(products[0].x, products[1].y), products[0].y), 0.0, 0.0);
    let bottom = vec4<f32>(0.0, 0.0, mix_weights(u, vec2<f32>(products[2].z, products[3].w), products[2].w));
    let squares = vec2<f32>(dot(top, products * top), dot(bottom, products * bottom));
    let weights = mix_weights(v, squares, dot(top, products * bottom));
    let mixed = weights.x * top + weights.y * bottom;
    for (var i = lane; i < params.dim; i += WORKGROUP_SIZE) {
        output[offset2(item, i, params.dim)] = dot(mixed, corners_at(i));
    }
}
