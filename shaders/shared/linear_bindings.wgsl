// What a linear layer binds beside its weights.

struct LinearParams {
    rows: u32,
    in_features: u32,
    out_features: u32,
    has_bias: u32,
    has_residual: u32,
    activation: u32,
    slope: f32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: LinearParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
