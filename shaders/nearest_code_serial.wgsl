// The nearest code of every vector (squared Euclidean distance, ties to the lowest index), and how often each is chosen.
// input [b, d, plane], codebook [rows, d] -> usage [rows], counted up; output [b, plane], indices as whole numbers.
// The codes are `codes` rows from `first` on: indices count from there.

// For processors that imitate a graphics device, and have neither its memory for workgroups nor its many lanes: an
// invocation compares four vectors with eight codes at a time in its registers.

#import dispatch.wgsl
#import nearest.wgsl

// Vectors and codes of one invocation: 32 sums for twelve reads.
const VECTOR_BLOCK: u32 = 4u;
const CODE_BLOCK: u32 = 8u;
// Values of sums of their own: the rounding of thousands would grow beyond the gaps between distances.
const DEPTH_TILE: u32 = 32u;

// Where four codes begin; those past the end are the last one again: as far away, never nearer.
fn four_codes(first: u32) -> vec4<u32> {
    return (params.first + four_numbers(first)) * params.dim;
}

fn four_numbers(first: u32) -> vec4<u32> {
    return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.codes - 1u));
}

// The squared differences of four vectors, each in a column, from four codes.
fn squares(values: vec4<f32>, places: vec4<u32>) -> mat4x4<f32> {
    let codes = vec4<f32>(codebook[places.x], codebook[places.y], codebook[places.z], codebook[places.w]);
    let a = values.x - codes;
    let b = values.y - codes;
    let c = values.z - codes;
    let d = values.w - codes;
    return mat4x4<f32>(a * a, b * b, c * c, d * d);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let vector = invocation_index(id, groups) * VECTOR_BLOCK;
    if vector >= params.vectors {
        return;
    }
    let vectors = min(vector + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.vectors - 1u));
    let starts = vec4<u32>(start_of(vectors.x), start_of(vectors.y), start_of(vectors.z), start_of(vectors.w));
    // For each vector the nearest of the codes that leave 0, 1, 2 and 3 when divided by four.
    var distances = array<vec4<f32>, 4>(vec4<f32>(LARGEST), vec4<f32>(LARGEST), vec4<f32>(LARGEST), vec4<f32>(LARGEST));
    var nearest = array<vec4<u32>, 4>();
    for (var code = 0u; code < params.codes; code += CODE_BLOCK) {
        let first = four_codes(code);
        let second = four_codes(code + 4u);
        var first_sums = mat4x4<f32>();
        var second_sums = mat4x4<f32>();
        for (var depth = 0u; depth < params.dim; depth += DEPTH_TILE) {
            var first_tile = mat4x4<f32>();
            var second_tile = mat4x4<f32>();
            let end = min(depth + DEPTH_TILE, params.dim);
            for (var i = depth; i < end; i++) {
                let places = starts + i * params.plane;
                let values = vec4<f32>(input[places.x], input[places.y], input[places.z], input[places.w]);
                first_tile += squares(values, first + i);
                second_tile += squares(values, second + i);
            }
            first_sums += first_tile;
            second_sums += second_tile;
        }
        for (var i = 0u; i < VECTOR_BLOCK; i++) {
            let is_first = first_sums[i] < distances[i];
            distances[i] = select(distances[i], first_sums[i], is_first);
            nearest[i] = select(nearest[i], four_numbers(code), is_first);
            let is_second = second_sums[i] < distances[i];
            distances[i] = select(distances[i], second_sums[i], is_second);
            nearest[i] = select(nearest[i], four_numbers(code + 4u), is_second);
        }
    }
    for (var i = 0u; i < VECTOR_BLOCK; i++) {
        store(vector + i, lowest(distances[i], nearest[i]));
    }
}

// The nearest of four codes, of equally near ones the lowest.
fn lowest(distances: vec4<f32>, codes: vec4<u32>) -> u32 {
    var distance = distances.x;
    var code = codes.x;
    for (var i = 1u; i < 4u; i++) {
        if distances[i] < distance || (distances[i] == distance && codes[i] < code) {
            distance = distances[i];
            code = codes[i];
        }
    }
    return code;
}
