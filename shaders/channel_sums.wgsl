// The sums of planes over all items: planes [b, c, n] -> output [parts, c], the sums over each part of the places. A workgroup
// for each channel of each part.

#import dispatch.wgsl
#import workgroup.wgsl

struct ChannelSumsParams {
    batch: u32,
    channels: u32,
    plane: u32,
    parts: u32,
    part_len: u32,
    _pad0: u32,
    _pad1: u32,
    _pad2: u32,
}

@group(0) @binding(0) var<uniform> params: ChannelSumsParams;
@group(0) @binding(1) var<storage, read> planes: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

// Values that a lane asks for before it waits for the first.
const AT_ONCE: u32 = 16u;

// A value of a channel over all items, 0 from the end on.
fn value_at(channel: u32, place: u32, end: u32) -> f32 {
    if place >= end {
        return 0.0;
    }
    let item = place / params.plane;
    return planes[(item * params.channels + channel) * params.plane + place % params.plane];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = workgroup_index(id, groups);
    let part = group / params.channels;
    let channel = group % params.channels;
    if part >= params.parts {
        return;
    }
    let begin = part * params.part_len;
    let end = min(begin + params.part_len, params.batch * params.plane);
    var sum = 0.0;
    for (var first = begin + lane; first < end; first += AT_ONCE * WORKGROUP_SIZE) {
        for (var i = 0u; i < AT_ONCE; i++) {
            sum += value_at(channel, first + i * WORKGROUP_SIZE, end);
        }
    }
    let total = workgroup_sum(lane, vec2<f32>(sum, 0.0)).x;
    if lane == 0u {
        output[group] = total;
    }
}
