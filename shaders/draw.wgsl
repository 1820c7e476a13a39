// Indices drawn by the softmax of scores, in the order of the indices the first behind which more of the probability
// lies than the controls say; the first that may be drawn where no score is finite.
// logits [items, codes, streams], controls [items, 7] -> output [items], indices as whole numbers.

#import dispatch.wgsl
#import whole.wgsl
#import workgroup.wgsl

struct DrawParams {
    items: u32,
    codes: u32,
    streams: u32,
    _pad0: u32,
}

@group(0) @binding(0) var<uniform> params: DrawParams;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> controls: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// The controls of an item.
const CONTROLS: u32 = 7u;
const TEMPERATURE: u32 = 0u;
const TOP_K: u32 = 1u;
const TOP_P: u32 = 2u;
const GUIDANCE: u32 = 3u;
const U: u32 = 4u;
const FIRST: u32 = 5u;
const COUNT: u32 = 6u;

// Below every score.
const LOWEST: f32 = -3.4028234e38;

// The rank of zero; of others the larger has the higher one. No finite score has rank 0.
const ZERO_RANK: u32 = 0x80000000u;

// What an item draws from: the indices from `first` to before `end`.
struct Source {
    item: u32,
    first: u32,
    end: u32,
    guidance: f32,
    temperature: f32,
    largest: f32,
}

struct Score {
    value: f32,
    // 0 where the score is not finite.
    rank: u32,
}

// What the indices of each lane weigh.
var<workgroup> lane_sums: array<f32, WORKGROUP_SIZE>;

fn control(item: u32, which: u32) -> f32 {
    return controls[item * CONTROLS + which];
}

// Told by the bits: arithmetic may assume that there are only finite numbers.
fn is_finite(value: f32) -> bool {
    return (bitcast<u32>(value) & INFINITY_BITS) != INFINITY_BITS;
}

fn rank_of(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    if bits == ZERO_RANK {
        return ZERO_RANK;
    }
    return select(bits | ZERO_RANK, ~bits, bits > ZERO_RANK);
}

fn score_of(source: Source, code: u32) -> Score {
    let place = (source.item * params.codes + code) * params.streams;
    var value = logits[place];
    var finite = is_finite(value);
    if params.streams == 2u {
        let other = logits[place + 1u];
        finite = finite && is_finite(other);
        value = other + source.guidance * (value - other);
        finite = finite && is_finite(value);
    }
    if finite {
        return Score(value, rank_of(value));
    }
    return Score(0.0, 0u);
}

fn weight_of(source: Source, value: f32) -> f32 {
    let weight = exp(max((value - source.largest) / source.temperature, -100.0));
    return select(weight, 1.0, value == source.largest);
}

// What the indices of a rank above `rank` weigh together, or how many they are.
fn above(lane: u32, source: Source, rank: u32, counted: bool) -> f32 {
    var sum = 0.0;
    for (var code = source.first + lane; code < source.end; code += WORKGROUP_SIZE) {
        let score = score_of(source, code);
        if score.rank > rank {
            sum += select(weight_of(source, score.value), 1.0, counted);
        }
    }
    return workgroup_sum(lane, vec2<f32>(sum, 0.0)).x;
}

// The lowest rank from `lowest` on above which there is less than `most`: halved until it is found, since there is
// the less above the higher a rank is.
fn lowest_rank(lane: u32, source: Source, lowest: u32, counted: bool, most: f32) -> u32 {
    var low = lowest;
    var high = rank_of(source.largest);
    for (var halving = 0u; halving < 32u; halving++) {
        let middle = low + (high - low) / 2u;
        if above(lane, source, middle, counted) < most {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return high;
}

// The index that is drawn, by one invocation: first among the lanes, then among the indices of one of them.
fn drawn(source: Source, lowest: u32, share: u32, u: f32) -> u32 {
    var total = 0.0;
    for (var lane = 0u; lane < WORKGROUP_SIZE; lane++) {
        total += lane_sums[lane];
    }
    var running = 0.0;
    var before = 0.0;
    var chosen_lane = 0u;
    for (var lane = 0u; lane < WORKGROUP_SIZE; lane++) {
        if lane_sums[lane] > 0.0 {
            chosen_lane = lane;
            before = running;
            running += lane_sums[lane];
        }
        if running > u * total {
            break;
        }
    }
    var chosen = source.first;
    let start = source.first + chosen_lane * share;
    for (var code = start; code < min(start + share, source.end); code++) {
        let score = score_of(source, code);
        if score.rank >= lowest {
            chosen = code;
            before += weight_of(source, score.value);
        }
        if before > u * total {
            break;
        }
    }
    return chosen;
}

// One workgroup for each item.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let item = id.y * groups.x + id.x;
    if item >= params.items {
        return;
    }
    let first = whole(control(item, FIRST), params.codes - 1u);
    let count = whole(control(item, COUNT), params.codes);
    let end = select(min(first + count, params.codes), params.codes, count == 0u);
    let temperature = control(item, TEMPERATURE);
    var source = Source(item, first, end, control(item, GUIDANCE), temperature, LOWEST);
    var largest = LOWEST;
    for (var code = first + lane; code < end; code += WORKGROUP_SIZE) {
        let score = score_of(source, code);
        largest = select(largest, max(largest, score.value), score.rank > 0u);
    }
    source.largest = workgroup_max(lane, largest);
    if !(temperature > 0.0) {
        // The lowest index of the largest score is the largest of those below zero.
        var lowest = -f32(params.codes);
        for (var code = first + lane; code < end; code += WORKGROUP_SIZE) {
            let score = score_of(source, code);
            if score.rank > 0u && score.value == source.largest {
                lowest = max(lowest, -f32(code));
            }
        }
        let index = -workgroup_max(lane, lowest);
        if lane == 0u {
            output[item] = select(index, f32(first), index == f32(params.codes));
        }
        return;
    }
    var lowest = 1u;
    let top_k = whole(control(item, TOP_K), params.codes);
    if top_k > 0u && top_k < params.codes {
        lowest = lowest_rank(lane, source, lowest, true, f32(top_k));
    }
    let top_p = control(item, TOP_P);
    if top_p > 0.0 && top_p < 1.0 {
        let total = above(lane, source, lowest - 1u, false);
        lowest = lowest_rank(lane, source, lowest, false, top_p * total);
    }
    // Every lane has a share of neighbouring indices.
    let share = blocks(end - first, WORKGROUP_SIZE);
    let start = first + lane * share;
    var sum = 0.0;
    for (var code = start; code < min(start + share, end); code++) {
        let score = score_of(source, code);
        if score.rank >= lowest {
            sum += weight_of(source, score.value);
        }
    }
    lane_sums[lane] = sum;
    workgroupBarrier();
    if lane == 0u {
        output[item] = f32(drawn(source, lowest, share, control(item, U)));
    }
}
