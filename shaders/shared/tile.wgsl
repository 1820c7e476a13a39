// Two tables of which the lanes of a workgroup hold a tile in common: left [channels, depth] and right [depth, places].
// A lane makes four by four of the numbers [channels, places] of a tile; where lanes are left, several share a number and
// each takes a slice of the depth.

// Whoever asks for a pipeline puts others here.
const CHANNEL_TILE: u32 = 64u;
const PLACE_TILE: u32 = 64u;

const LANES: u32 = 256u;
const CHANNEL_FOURS: u32 = CHANNEL_TILE / 4u;
const PLACE_FOURS: u32 = PLACE_TILE / 4u;
const SLICE_LANES: u32 = CHANNEL_FOURS * PLACE_FOURS;
const SLICES: u32 = LANES / SLICE_LANES;
// The largest power of two of which both tiles fit into 16 KiB, what every device has.
const DEPTH_TILE: u32 = 1u << firstLeadingBit(4096u / (CHANNEL_TILE + PLACE_TILE));
const LEFT_LEN: u32 = DEPTH_TILE * CHANNEL_TILE;
const RIGHT_LEN: u32 = DEPTH_TILE * PLACE_TILE;

// Four channels of the left tile or four places of the right one to an entry; in the end what all lanes have found.
var<workgroup> tile: array<vec4<f32>, 1024>;

// Where an entry lies: moved on by its depth, so that lanes that write one channel at many depths meet many banks.
fn left_entry(k: u32, four: u32) -> u32 {
    return k * CHANNEL_FOURS + (four + k) % CHANNEL_FOURS;
}

fn right_entry(k: u32, four: u32) -> u32 {
    return LEFT_LEN / 4u + k * PLACE_FOURS + (four + k) % PLACE_FOURS;
}

fn put_left(k: u32, channel: u32, value: f32) {
    tile[left_entry(k, channel / 4u)][channel % 4u] = value;
}

fn put_right(k: u32, place: u32, value: f32) {
    tile[right_entry(k, place / 4u)][place % 4u] = value;
}
