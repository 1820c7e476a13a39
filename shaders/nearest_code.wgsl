// The nearest code of every vector (squared Euclidean distance, ties to the lowest index), and how often each is chosen.
// input [b, d, plane], codebook [rows, d] -> usage [rows], counted up; output [b, plane], indices as whole numbers.
// The codes are `codes` rows from `first` on: indices count from there.

// A workgroup compares a tile of vectors with one of codes at a time: left are the codes, right the vectors. All lanes of
// a vector look at other codes.

#import dispatch.wgsl
#import nearest.wgsl
#import tile.wgsl

// The squared differences of four vectors from a code.
fn square(values: vec4<f32>, code: f32) -> vec4<f32> {
    let difference = values - code;
    return difference * difference;
}

// Codes past the end are the last one again: as far away, never nearer.
fn load_codes(lane: u32, first: u32, done: u32) {
    for (var i = 0u; i < LEFT_LEN / LANES; i++) {
        let entry = i * LANES + lane;
        let k = entry % DEPTH_TILE;
        let code = min(first + entry / DEPTH_TILE, params.codes - 1u);
        var value = 0.0;
        if done + k < params.dim {
            value = codebook[(params.first + code) * params.dim + done + k];
        }
        put_left(k, entry / DEPTH_TILE, value);
    }
}

fn load_vectors(lane: u32, start: u32, done: u32) {
    for (var entry = lane; entry < RIGHT_LEN; entry += LANES) {
        let k = entry / PLACE_TILE;
        var value = 0.0;
        if done + k < params.dim {
            value = input[start + (done + k) * params.plane];
        }
        put_right(k, lane % PLACE_TILE, value);
    }
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first = workgroup_index(id, groups) * PLACE_TILE;
    let start = start_of(min(first + lane % PLACE_TILE, params.vectors - 1u));
    let code_four = lane / PLACE_FOURS;
    let vector_four = lane % PLACE_FOURS;
    var best = vec4<f32>(LARGEST);
    var chosen = vec4<u32>(0u);
    for (var code = 0u; code < params.codes; code += CHANNEL_TILE) {
        var sums = mat4x4<f32>();
        for (var done = 0u; done < params.dim; done += DEPTH_TILE) {
            workgroupBarrier();
            load_codes(lane, code, done);
            load_vectors(lane, start, done);
            workgroupBarrier();
            // Sums of sums: the rounding of thousands of values would grow beyond the gaps between distances.
            var partial = mat4x4<f32>();
            for (var k = 0u; k < DEPTH_TILE; k++) {
                let codes = tile[left_entry(k, code_four)];
                let vectors = tile[right_entry(k, vector_four)];
                partial += mat4x4<f32>(
                    square(vectors, codes.x),
                    square(vectors, codes.y),
                    square(vectors, codes.z),
                    square(vectors, codes.w),
                );
            }
            sums += partial;
        }
        for (var i = 0u; i < 4u; i++) {
            let number = min(code + code_four * 4u + i, params.codes - 1u);
            let is_nearer = sums[i] < best;
            best = select(best, sums[i], is_nearer);
            chosen = select(chosen, vec4<u32>(number), is_nearer);
        }
    }
    // What each lane found, distances first: [code / 4, vector / 4].
    workgroupBarrier();
    tile[code_four * PLACE_FOURS + vector_four] = best;
    tile[SLICE_LANES + code_four * PLACE_FOURS + vector_four] = bitcast<vec4<f32>>(chosen);
    workgroupBarrier();
    if lane >= PLACE_TILE {
        return;
    }
    // Of equally near codes the lowest.
    var distance = tile[lane / 4u][lane % 4u];
    var code = bitcast<u32>(tile[SLICE_LANES + lane / 4u][lane % 4u]);
    for (var i = 1u; i < CHANNEL_FOURS; i++) {
        let entry = i * PLACE_FOURS + lane / 4u;
        let other = tile[entry][lane % 4u];
        let number = bitcast<u32>(tile[SLICE_LANES + entry][lane % 4u]);
        if other < distance || (other == distance && number < code) {
            distance = other;
            code = number;
        }
    }
    store(first + lane, code);
}
