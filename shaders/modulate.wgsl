// A factor and a summand for every place: output = activation(input * factor + summand).
// input [b, c, h, w]; factor and summand [b, c, h / step, w / step], each of whose places counts for step by step
// -> output [b, c, h, w].

#import dispatch.wgsl
#import activation.wgsl

struct ModulateParams {
    planes: u32,
    height: u32,
    width: u32,
    step: u32,
    activation: u32,
    slope: f32,
    _pad0: u32,
    _pad1: u32,
}

@group(0) @binding(0) var<uniform> params: ModulateParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<storage, read> summands: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let index = invocation_index(id, groups);
    if index >= params.planes * params.height * params.width {
        return;
    }
    let column = index % params.width / params.step;
    let row = index / params.width % params.height / params.step;
    let plane = index / (params.width * params.height);
    let place = (plane * (params.height / params.step) + row) * (params.width / params.step) + column;
    let value = input[index] * factors[place] + summands[place];
    output[index] = activate(value, params.activation, params.slope);
}
