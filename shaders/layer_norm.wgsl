// Normalization of places over their channels: output = (input - mean) / sqrt(variance + epsilon) * weight + bias.
// input [b, c, plane], weight [c], bias [c] -> output [b, c, plane].

#import dispatch.wgsl
#import workgroup.wgsl

struct LayerNormParams {
    items: u32,
    channels: u32,
    plane: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: LayerNormParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// One workgroup for each place of each item, so that a single token has one as well.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = id.y * groups.x + id.x;
    if place >= params.items * params.plane {
        return;
    }
    let start = place / params.plane * params.channels * params.plane + place % params.plane;
    let count = f32(params.channels);
    var sum = 0.0;
    for (var i = lane; i < params.channels; i += WORKGROUP_SIZE) {
        sum += input[start + i * params.plane];
    }
    let rough_mean = workgroup_sum(lane, vec2<f32>(sum, 0.0)).x / count;
    // As in group_norm.wgsl: the mean of the deviations is what rounding took from the mean.
    var sums = vec2<f32>(0.0);
    for (var i = lane; i < params.channels; i += WORKGROUP_SIZE) {
        let deviation = input[start + i * params.plane] - rough_mean;
        sums += vec2<f32>(deviation, deviation * deviation);
    }
    let means = workgroup_sum(lane, sums) / count;
    let variance = max(means.y - means.x * means.x, 0.0);
    let scale = 1.0 / sqrt(variance + params.epsilon);
    for (var i = lane; i < params.channels; i += WORKGROUP_SIZE) {
        let normalized = (input[start + i * params.plane] - rough_mean - means.x) * scale;
        output[start + i * params.plane] = normalized * weight[i] + bias[i];
    }
}
