// The nearest code of every vector (squared Euclidean distance, ties to the lowest index), and how often each is chosen.
// input [b, d, plane], codebook [rows, d] -> usage [rows], counted up; output [b, plane], indices as whole numbers.
// The codes are `codes` rows from `first` on: indices count from there.

// A workgroup compares 64 vectors with 32 codes at a time, both in its own memory; an invocation eight vectors with four
// codes in its registers.

#import dispatch.wgsl
#import nearest.wgsl

// Vectors and codes that a workgroup looks at together, and values of each.
const VECTOR_TILE: u32 = 64u;
const CODE_TILE: u32 = 32u;
const DEPTH_TILE: u32 = 32u;
// Vectors of one invocation: eight invocations look at the same ones, each with other codes.
const VECTOR_BLOCK: u32 = 8u;
const SHARERS: u32 = 8u;

// Values of the tile's vectors and codes, four to an entry: [value, vector / 4] and [value, code / 4].
var<workgroup> vectors: array<vec4<f32>, DEPTH_TILE * VECTOR_TILE / 4u>;
var<workgroup> codes: array<vec4<f32>, DEPTH_TILE * CODE_TILE / 4u>;
// What each invocation found for each of its vectors: [sharer, vector].
var<workgroup> distances: array<f32, SHARERS * VECTOR_TILE>;
var<workgroup> nearest: array<u32, SHARERS * VECTOR_TILE>;

// The vectors from `first` on and their values from `depth` on. What lies past an end is 0, or the last again.
fn load_vectors(lane: u32, first: u32, depth: u32) {
    let last = params.vectors - 1u;
    for (var entry = lane; entry < DEPTH_TILE * VECTOR_TILE / 4u; entry += WORKGROUP_SIZE) {
        let value = depth + entry / (VECTOR_TILE / 4u);
        let place = value * params.plane;
        let vector = first + entry % (VECTOR_TILE / 4u) * 4u;
        var values = vec4<f32>(0.0);
        if value < params.dim {
            values = vec4<f32>(
                input[start_of(min(vector, last)) + place],
                input[start_of(min(vector + 1u, last)) + place],
                input[start_of(min(vector + 2u, last)) + place],
                input[start_of(min(vector + 3u, last)) + place],
            );
        }
        vectors[entry] = values;
    }
}

// The codes from `first` on likewise: codes past the end are the last one again, as far away, never nearer.
fn load_codes(lane: u32, first: u32, depth: u32) {
    for (var entry = lane; entry < DEPTH_TILE * CODE_TILE / 4u; entry += WORKGROUP_SIZE) {
        let value = depth + entry % DEPTH_TILE;
        let four = entry / DEPTH_TILE;
        let code = min(first + four * 4u + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.codes - 1u));
        let places = (params.first + code) * params.dim + value;
        var values = vec4<f32>(0.0);
        if value < params.dim {
            values = vec4<f32>(codebook[places.x], codebook[places.y], codebook[places.z], codebook[places.w]);
        }
        codes[entry % DEPTH_TILE * (CODE_TILE / 4u) + four] = values;
    }
}

// The squared differences of four vectors from a code.
fn square(values: vec4<f32>, code: f32) -> vec4<f32> {
    let difference = values - code;
    return difference * difference;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first = workgroup_index(id, groups) * VECTOR_TILE;
    let own = lane % SHARERS;
    let sharer = lane / SHARERS;
    var best0 = vec4<f32>(LARGEST);
    var best1 = vec4<f32>(LARGEST);
    var chosen0 = vec4<u32>(0u);
    var chosen1 = vec4<u32>(0u);
    for (var code = 0u; code < params.codes; code += CODE_TILE) {
        var sums0 = mat4x4<f32>();
        var sums1 = mat4x4<f32>();
        for (var depth = 0u; depth < params.dim; depth += DEPTH_TILE) {
            workgroupBarrier();
            load_vectors(lane, first, depth);
            load_codes(lane, code, depth);
            workgroupBarrier();
            // Sums of sums: the rounding of thousands of values would grow beyond the gaps between distances.
            var tile0 = mat4x4<f32>();
            var tile1 = mat4x4<f32>();
            for (var i = 0u; i < DEPTH_TILE; i++) {
                let values0 = vectors[i * (VECTOR_TILE / 4u) + own * 2u];
                let values1 = vectors[i * (VECTOR_TILE / 4u) + own * 2u + 1u];
                let four = codes[i * (CODE_TILE / 4u) + sharer];
                tile0 += mat4x4<f32>(
                    square(values0, four.x),
                    square(values0, four.y),
                    square(values0, four.z),
                    square(values0, four.w),
                );
                tile1 += mat4x4<f32>(
                    square(values1, four.x),
                    square(values1, four.y),
                    square(values1, four.z),
                    square(values1, four.w),
                );
            }
            sums0 += tile0;
            sums1 += tile1;
        }
        for (var i = 0u; i < 4u; i++) {
            let number = min(code + sharer * 4u + i, params.codes - 1u);
            let is_nearer0 = sums0[i] < best0;
            let is_nearer1 = sums1[i] < best1;
            best0 = select(best0, sums0[i], is_nearer0);
            best1 = select(best1, sums1[i], is_nearer1);
            chosen0 = select(chosen0, vec4<u32>(number), is_nearer0);
            chosen1 = select(chosen1, vec4<u32>(number), is_nearer1);
        }
    }
    for (var i = 0u; i < VECTOR_BLOCK; i++) {
        let place = sharer * VECTOR_TILE + own * VECTOR_BLOCK + i;
        distances[place] = select(best1[i % 4u], best0[i % 4u], i < 4u);
        nearest[place] = select(chosen1[i % 4u], chosen0[i % 4u], i < 4u);
    }
    workgroupBarrier();
    // Of equally near codes the lowest.
    var distance = distances[lane];
    var code = nearest[lane];
    for (var i = 1u; i < SHARERS; i++) {
        let other = distances[i * VECTOR_TILE + lane];
        let number = nearest[i * VECTOR_TILE + lane];
        if other < distance || (other == distance && number < code) {
            distance = other;
            code = number;
        }
    }
    store(first + lane, code);
}
