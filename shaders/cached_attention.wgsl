// Attention of one token of every sequence to itself and to those before it, whose keys and values are kept:
// output = softmax(scale * query . keys) times values, over the slots up to its own.
// query, key and value [items, heads, dim, streams], position [items] -> cache [items, heads, streams, 2, slots, dim],
// keys before values, of which the slot of the position is written; output as query.

#import dispatch.wgsl
#import whole.wgsl
#import workgroup.wgsl

struct CachedAttentionParams {
    items: u32,
    heads: u32,
    dim: u32,
    streams: u32,
    slots: u32,
    scale: f32,
    _pad0: u32,
    _pad1: u32,
}

@group(0) @binding(0) var<uniform> params: CachedAttentionParams;
@group(0) @binding(1) var<storage, read> query: array<f32>;
@group(0) @binding(2) var<storage, read> key: array<f32>;
@group(0) @binding(3) var<storage, read> value: array<f32>;
@group(0) @binding(4) var<storage, read> position: array<f32>;
@group(0) @binding(5) var<storage, read_write> cache: array<f32>;
@group(0) @binding(6) var<storage, read_write> output: array<f32>;

// Below every score.
const LOWEST: f32 = -3.4028234e38;

// What the slots of a block weigh.
var<workgroup> weights: array<f32, WORKGROUP_SIZE>;

// One workgroup for each head of each sequence, in blocks of as many slots as it has lanes, the sums scaled down as
// the largest score grows: as in attention.wgsl. What it keeps now it reads from where it came, never from the cache,
// so that no lane waits for what another one writes.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let sequence = id.y * groups.x + id.x;
    if sequence >= params.items * params.heads * params.streams {
        return;
    }
    let head = sequence / params.streams;
    // The first value of the token; the next is as many further as there are streams.
    let start = head * params.dim * params.streams + sequence % params.streams;
    let keys = sequence * 2u * params.slots * params.dim;
    let values = keys + params.slots * params.dim;
    let own = whole(position[head / params.heads], params.slots - 1u);
    for (var i = lane; i < params.dim; i += WORKGROUP_SIZE) {
        cache[keys + own * params.dim + i] = key[start + i * params.streams];
        cache[values + own * params.dim + i] = value[start + i * params.streams];
    }
    var largest = LOWEST;
    var total = 0.0;
    for (var first = 0u; first <= own; first += WORKGROUP_SIZE) {
        let slot = first + lane;
        var score = 0.0;
        if slot < own {
            for (var i = 0u; i < params.dim; i++) {
                score += query[start + i * params.streams] * cache[keys + slot * params.dim + i];
            }
        } else if slot == own {
            for (var i = 0u; i < params.dim; i++) {
                score += query[start + i * params.streams] * key[start + i * params.streams];
            }
        }
        score *= params.scale;
        let newer = max(largest, workgroup_max(lane, select(LOWEST, score, slot <= own)));
        let weight = select(0.0, exp(min(score - newer, 0.0)), slot <= own);
        weights[lane] = weight;
        // Nothing is in the output before the first block.
        var decay = 0.0;
        if first > 0u {
            decay = exp(largest - newer);
        }
        // All lanes have written their weights when the sum is there.
        total = total * decay + workgroup_sum(lane, vec2<f32>(weight, 0.0)).x;
        largest = newer;
        let kept = min(own - first, WORKGROUP_SIZE);
        for (var i = lane; i < params.dim; i += WORKGROUP_SIZE) {
            var sum = 0.0;
            if first > 0u {
                sum = output[start + i * params.streams] * decay;
            }
            for (var other = 0u; other < kept; other++) {
                sum += weights[other] * cache[values + (first + other) * params.dim + i];
            }
            if kept < WORKGROUP_SIZE {
                sum += weights[kept] * value[start + i * params.streams];
            }
            output[start + i * params.streams] = sum;
        }
    }
    for (var i = lane; i < params.dim; i += WORKGROUP_SIZE) {
        output[start + i * params.streams] /= total;
    }
}
