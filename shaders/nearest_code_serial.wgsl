// The nearest code of every vector (squared Euclidean distance, ties to the lowest index), and how often each is chosen.
// input [b, d, plane], codebook [rows, d] -> usage [rows], counted up; output [b, plane], indices as whole numbers.
// The codes are `codes` rows from `first` on: indices count from there.

// For processors that imitate a graphics device, and have neither its memory for workgroups nor its many lanes: an
// invocation compares a few vectors with a few codes at a time in its registers. All compare with the same codes.

#import dispatch.wgsl
#import nearest.wgsl
#import own_reads.wgsl

// Codes of one invocation, a multiple of eight, and its vectors: 32 sums for twelve reads. Whoever asks for a pipeline puts
// more codes here.
const CHANNEL_TILE: u32 = 8u;
const EIGHTS: u32 = CHANNEL_TILE / 8u;
const PLACE_BLOCK: u32 = 4u;
// Values of sums of their own: the rounding of thousands would grow beyond the gaps between distances.
const DEPTH_TILE: u32 = 32u;

// The nearest code of each vector so far.
var<private> distances: vec4<f32>;
var<private> nearest: vec4<u32>;

fn common_at(place: u32) -> f32 {
    return codebook[place];
}

// The squared differences of four codes, each in a column, from four vectors.
fn squares(codes: vec4<f32>, values: vec4<f32>) -> mat4x4<f32> {
    let a = values - codes.x;
    let b = values - codes.y;
    let c = values - codes.z;
    let d = values - codes.w;
    return mat4x4<f32>(a * a, b * b, c * c, d * d);
}

// Codes past the end are the last one again: as far away, never nearer.
fn compare(sums: vec4<f32>, code: u32) {
    let is_nearer = sums < distances;
    distances = select(distances, sums, is_nearer);
    nearest = select(nearest, vec4<u32>(code), is_nearer);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    let first = index * PLACE_BLOCK;
    // Where the vectors begin; those past the end are the last one again.
    let vectors = min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.vectors - 1u));
    let starts = vec4<u32>(start_of(vectors.x), start_of(vectors.y), start_of(vectors.z), start_of(vectors.w));
    distances = vec4<f32>(LARGEST);
    for (var code = 0u; code < params.codes; code += CHANNEL_TILE) {
        var codes = array<Rows, EIGHTS>();
        for (var eight = 0u; eight < EIGHTS; eight++) {
            let row = params.first + code + eight * 8u;
            codes[eight] = eight_rows(row, params.first + params.codes - 1u, params.dim, index);
        }
        var sums = array<mat4x4<f32>, 2u * EIGHTS>();
        for (var depth = 0u; depth < params.dim; depth += DEPTH_TILE) {
            var tile = array<mat4x4<f32>, 2u * EIGHTS>();
            let end = min(depth + DEPTH_TILE, params.dim);
            for (var i = depth; i < end; i++) {
                let places = starts + i * params.plane;
                let values = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
                for (var eight = 0u; eight < EIGHTS; eight++) {
                    let of_codes = eight_at(codes[eight], i);
                    tile[2u * eight] += squares(of_codes[0], values);
                    tile[2u * eight + 1u] += squares(of_codes[1], values);
                }
            }
            for (var four = 0u; four < 2u * EIGHTS; four++) {
                sums[four] += tile[four];
            }
        }
        for (var four = 0u; four < 2u * EIGHTS; four++) {
            compare(sums[four][0], code + four * 4u);
            compare(sums[four][1], code + four * 4u + 1u);
            compare(sums[four][2], code + four * 4u + 2u);
            compare(sums[four][3], code + four * 4u + 3u);
        }
    }
    for (var i = 0u; i < PLACE_BLOCK; i++) {
        store(first + i, nearest[i]);
    }
}
