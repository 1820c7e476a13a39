// Sums of eights of channels, each at four places, in the registers of an invocation.
// Needs `store`, which finishes the sums of four channels at one of the places.

// Channels of an invocation, a multiple of eight: 32 sums for twelve reads. Whoever asks for a pipeline puts more here.
const CHANNEL_TILE: u32 = 8u;
const EIGHTS: u32 = CHANNEL_TILE / 8u;
const PLACE_BLOCK: u32 = 4u;

// Of four channels, a column for each place.
fn products(channels: vec4<f32>, places: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(channels * places.x, channels * places.y, channels * places.z, channels * places.w);
}

// Looks sums up in a copy: those that are looked up by what only a loop knows do not stay in registers.
fn store_all(sums: array<mat4x4<f32>, 2u * EIGHTS>, channel: u32) {
    var copy = sums;
    for (var four = 0u; four < 2u * EIGHTS; four++) {
        for (var i = 0u; i < PLACE_BLOCK; i++) {
            store(copy[four][i], channel + four * 4u, i);
        }
    }
}
