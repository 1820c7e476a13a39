// A matrix product in tiles: the sums over k of left [channel, k] * right [k, place], for every phase of the places.
// Needs dispatch.wgsl and tile.wgsl; `channels`, `places`, `phases` and `depth`, which tell how many there are; `prepare`
// for a phase and the place that a lane loads; `load_left` and `load_right` of a tile after so much of the depth; `store`.

// Of the workgroup's tile.
var<private> first_channel: u32;
var<private> first_place: u32;

// How often the number whose inverse is given goes into another, which is below 2^22.
fn quotient(number: u32, inverse: f32) -> u32 {
    return u32((f32(number) + 0.5) * inverse);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = workgroup_index(id, groups);
    let channel_tiles = blocks(channels(), CHANNEL_TILE);
    let place_tiles = blocks(places(), PLACE_TILE);
    first_channel = group % channel_tiles * CHANNEL_TILE;
    first_place = group / channel_tiles % place_tiles * PLACE_TILE;
    let phase = group / (channel_tiles * place_tiles);
    if phase >= phases() {
        return;
    }
    prepare(phase, first_place + lane % PLACE_TILE);
    let all = depth();
    let slice = lane / SLICE_LANES;
    let channel_four = lane % SLICE_LANES / PLACE_FOURS;
    let place_four = lane % PLACE_FOURS;
    // Of each of four channels, at four places.
    var sums = mat4x4<f32>();
    for (var done = 0u; done < all; done += DEPTH_TILE) {
        workgroupBarrier();
        load_left(lane, done);
        load_right(lane, done);
        workgroupBarrier();
        for (var i = 0u; i < DEPTH_TILE / SLICES; i++) {
            let k = i * SLICES + slice;
            let left = tile[left_entry(k, channel_four)];
            let right = tile[right_entry(k, place_four)];
            sums += mat4x4<f32>(right * left.x, right * left.y, right * left.z, right * left.w);
        }
    }
    // [slice, channel, place / 4]
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
        tile[(slice * CHANNEL_TILE + channel_four * 4u + i) * PLACE_FOURS + place_four] = sums[i];
    }
    workgroupBarrier();
    for (var entry = lane; entry < CHANNEL_TILE * PLACE_FOURS; entry += LANES) {
        var sum = tile[entry];
        for (var other = 1u; other < SLICES; other++) {
            sum += tile[other * CHANNEL_TILE * PLACE_FOURS + entry];
        }
        let channel = first_channel + entry / PLACE_FOURS;
        let place = first_place + entry % PLACE_FOURS * 4u;
        for (var i = 0u; i < 4u; i++) {
            if channel < channels() && place + i < places() {
                store(sum[i], channel, place + i);
            }
        }
    }
}
