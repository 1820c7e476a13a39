// Normalization of groups of channels: output = activation((input - mean) / sqrt(variance + epsilon) * weight + bias).
// input [b, c, plane], weight [c], bias [c] -> output [b, c, plane]; c / groups channels at a time.

#import dispatch.wgsl
#import workgroup.wgsl
#import activation.wgsl

struct GroupNormParams {
    items: u32,
    channels: u32,
    plane: u32,
    groups: u32,
    epsilon: f32,
    activation: u32,
    slope: f32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: GroupNormParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// One workgroup for each group of each item. Neighbouring lanes read neighbouring values.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) place: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = place.y * groups.x + place.x;
    if group >= params.items * params.groups {
        return;
    }
    let channels = params.channels / params.groups;
    let len = channels * params.plane;
    let start = group * len;
    var sum = 0.0;
    for (var i = lane; i < len; i += WORKGROUP_SIZE) {
        sum += input[start + i];
    }
    let rough_mean = workgroup_sum(lane, vec2<f32>(sum, 0.0)).x / f32(len);
    // The mean of the deviations is what rounding took from the mean: the corrected two-pass algorithm (Chan, Golub &
    // LeVeque, 1983, "Algorithms for Computing the Sample Variance").
    var sums = vec2<f32>(0.0);
    for (var i = lane; i < len; i += WORKGROUP_SIZE) {
        let deviation = input[start + i] - rough_mean;
        sums += vec2<f32>(deviation, deviation * deviation);
    }
    let means = workgroup_sum(lane, sums) / f32(len);
    let variance = max(means.y - means.x * means.x, 0.0);
    let scale = 1.0 / sqrt(variance + params.epsilon);
    let first_channel = group % params.groups * channels;
    for (var i = lane; i < len; i += WORKGROUP_SIZE) {
        let channel = first_channel + i / params.plane;
        let normalized = (input[start + i] - rough_mean - means.x) * scale;
        output[start + i] = activate(normalized * weight[channel] + bias[channel], params.activation, params.slope);
    }
}
