// The nearest code of every vector (squared Euclidean distance, ties to the lowest index), and how often each is chosen.
// input [b, d, plane], codebook [rows, d] -> usage [rows], counted up; output [b, plane], indices as whole numbers.
// The codes are `codes` rows from `first` on: indices count from there.

#import dispatch.wgsl

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

// Vectors of one invocation: every code that is read serves them all.
const VECTOR_BLOCK: u32 = 2u;
// Codes, and values of each, that a workgroup keeps at once; the codes are four vec4.
const CODE_TILE: u32 = 16u;
const DEPTH_TILE: u32 = 32u;

// No distance as large as this is chosen: a vector that is so far from all codes has code 0.
const LARGEST: f32 = 3.4028234e38;
// The exponent of infinities and of values that are no numbers.
const NOT_FINITE: u32 = 0x7f800000u;

// Values of the tile's codes, four codes to an entry: [code / 4, value].
var<workgroup> tile: array<vec4<f32>, DEPTH_TILE * 4u>;

// The nearest of the codes whose index leaves 0, 1, 2 and 3 when divided by four.
struct Nearest {
    distances: vec4<f32>,
    codes: vec4<u32>,
}

// Codes past the end are the last one again: as far away, never nearer.
fn four_codes(first: u32) -> vec4<u32> {
    return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.codes - 1u));
}

// The tile of the codes from `code` on and their values from `depth` on. Values past the end are not read.
fn load_tile(lane: u32, code: u32, depth: u32) {
    for (var entry = lane; entry < DEPTH_TILE * 4u; entry += WORKGROUP_SIZE) {
        let value = min(depth + entry % DEPTH_TILE, params.dim - 1u);
        let rows = params.first + four_codes(code + entry / DEPTH_TILE * 4u);
        let places = rows * params.dim + value;
        tile[entry] = vec4<f32>(codebook[places.x], codebook[places.y], codebook[places.z], codebook[places.w]);
    }
}

// The squared differences of a value from those of the tile's codes.
fn squares(value: f32, codes: mat4x4<f32>) -> mat4x4<f32> {
    let a = value - codes[0];
    let b = value - codes[1];
    let c = value - codes[2];
    let d = value - codes[3];
    return mat4x4<f32>(a * a, b * b, c * c, d * d);
}

fn nearer(nearest: Nearest, distances: vec4<f32>, first: u32) -> Nearest {
    let is_nearer = distances < nearest.distances;
    return Nearest(
        select(nearest.distances, distances, is_nearer),
        select(nearest.codes, four_codes(first), is_nearer),
    );
}

fn nearest_of_tile(nearest: Nearest, distances: mat4x4<f32>, first: u32) -> Nearest {
    var result = nearer(nearest, distances[0], first);
    result = nearer(result, distances[1], first + 4u);
    result = nearer(result, distances[2], first + 8u);
    return nearer(result, distances[3], first + 12u);
}

fn lowest_nearest(nearest: Nearest) -> u32 {
    var distance = nearest.distances.x;
    var code = nearest.codes.x;
    for (var i = 1u; i < 4u; i++) {
        let other = nearest.distances[i];
        if other < distance || (other == distance && nearest.codes[i] < code) {
            distance = other;
            code = nearest.codes[i];
        }
    }
    return code;
}

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

fn store(vector: u32, start: u32, nearest: Nearest) {
    if vector < params.vectors {
        let code = select(0u, lowest_nearest(nearest), is_finite(start));
        output[vector] = f32(code);
        atomicAdd(&usage[params.first + code], 1u);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // An invocation's vectors lie a workgroup apart: neighbouring lanes read neighbouring values.
    let vector = (invocation_index(id, groups) - lane) * VECTOR_BLOCK + lane;
    // Vectors past the end read the last one again and store nothing: the whole workgroup must reach the barriers.
    let last = params.vectors - 1u;
    let start0 = start_of(min(vector, last));
    let start1 = start_of(min(vector + WORKGROUP_SIZE, last));
    var nearest0 = Nearest(vec4<f32>(LARGEST), vec4<u32>(0u));
    var nearest1 = nearest0;
    for (var code = 0u; code < params.codes; code += CODE_TILE) {
        var sums0 = mat4x4<f32>();
        var sums1 = mat4x4<f32>();
        for (var depth = 0u; depth < params.dim; depth += DEPTH_TILE) {
            workgroupBarrier();
            load_tile(lane, code, depth);
            workgroupBarrier();
            // Sums of sums: the rounding of thousands of values would grow beyond the gaps between distances.
            var tile_sums0 = mat4x4<f32>();
            var tile_sums1 = mat4x4<f32>();
            let count = min(DEPTH_TILE, params.dim - depth);
            for (var i = 0u; i < count; i++) {
                let codes = mat4x4<f32>(
                    tile[i],
                    tile[DEPTH_TILE + i],
                    tile[2u * DEPTH_TILE + i],
                    tile[3u * DEPTH_TILE + i],
                );
                let place = (depth + i) * params.plane;
                tile_sums0 += squares(input[start0 + place], codes);
                tile_sums1 += squares(input[start1 + place], codes);
            }
            sums0 += tile_sums0;
            sums1 += tile_sums1;
        }
        nearest0 = nearest_of_tile(nearest0, sums0, code);
        nearest1 = nearest_of_tile(nearest1, sums1, code);
    }
    store(vector, start0, nearest0);
    store(vector + WORKGROUP_SIZE, start1, nearest1);
}
