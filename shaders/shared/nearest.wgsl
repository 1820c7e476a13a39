// What the searches for the nearest code have in common: what they bind, and what is told of a vector.

struct NearestCodeParams {
    vectors: u32,
    plane: u32,
    dim: u32,
    codes: u32,
    first: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> params: NearestCodeParams;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> codebook: array<f32>;
@group(0) @binding(3) var<storage, read_write> usage: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// No distance as large as this is chosen: a vector that is so far from all codes has code 0.
const LARGEST: f32 = 3.4028234e38;
// The exponent of infinities and of values that are no numbers.
const NOT_FINITE: u32 = 0x7f800000u;

// The place of the first value of a vector; the others follow a plane apart.
fn start_of(vector: u32) -> u32 {
    return vector / params.plane * params.dim * params.plane + vector % params.plane;
}

// Tells by the bits: arithmetic may assume that there are only finite numbers.
fn is_finite(start: u32) -> bool {
    for (var i = 0u; i < params.dim; i++) {
        if (bitcast<u32>(input[start + i * params.plane]) & NOT_FINITE) == NOT_FINITE {
            return false;
        }
    }
    return true;
}

fn store(vector: u32, nearest: u32) {
    if vector < params.vectors {
        let code = select(0u, nearest, is_finite(start_of(vector)));
        output[vector] = f32(code);
        atomicAdd(&usage[params.first + code], 1u);
    }
}
