// One update by Adam's rule: values, gradient, moments [n] -> the values and moments that come of it, [n] each.

#import dispatch.wgsl

struct AdamParams {
    len: u32,
    beta_1: f32,
    beta_2: f32,
    rate: f32,
    epsilon: f32,
    shrink: f32,
    _pad0: u32,
    _pad1: u32,
}

@group(0) @binding(0) var<uniform> params: AdamParams;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read> moment_1: array<f32>;
@group(0) @binding(4) var<storage, read> moment_2: array<f32>;
@group(0) @binding(5) var<storage, read_write> new_values: array<f32>;
@group(0) @binding(6) var<storage, read_write> new_moment_1: array<f32>;
@group(0) @binding(7) var<storage, read_write> new_moment_2: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation_index(id, groups);
    if i >= params.len {
        return;
    }
    let slope = gradient[i];
    let mean = params.beta_1 * moment_1[i] + (1.0 - params.beta_1) * slope;
    let square = params.beta_2 * moment_2[i] + (1.0 - params.beta_2) * slope * slope;
    new_values[i] = params.shrink * values[i] - params.rate * mean / (sqrt(square) + params.epsilon);
    new_moment_1[i] = mean;
    new_moment_2[i] = square;
}
