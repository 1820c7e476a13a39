// The sums of planes over all items: planes [b, c, n] -> output [c]. A workgroup for each channel.

#import dispatch.wgsl
#import workgroup.wgsl

struct ChannelSumsParams {
    batch: u32,
    channels: u32,
    plane: u32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: ChannelSumsParams;
@group(0) @binding(1) var<storage, read> planes: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

// Values that a lane asks for before it waits for the first.
const AT_ONCE: u32 = 16u;

// A value of a channel over all items, 0 past the last.
fn value_at(channel: u32, place: u32) -> f32 {
    if place >= params.batch * params.plane {
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
    let channel = workgroup_index(id, groups);
    if channel >= params.channels {
        return;
    }
    var sum = 0.0;
    for (var first = lane; first < params.batch * params.plane; first += AT_ONCE * WORKGROUP_SIZE) {
        for (var i = 0u; i < AT_ONCE; i++) {
            sum += value_at(channel, first + i * WORKGROUP_SIZE);
        }
    }
    let total = workgroup_sum(lane, vec2<f32>(sum, 0.0)).x;
    if lane == 0u {
        output[channel] = total;
    }
}
