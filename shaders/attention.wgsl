// Attention of every token to all tokens of its sequence, or where it is causal to itself and those before it:
// output = softmax(scale * query . key) over the keys, times value.
// query, key and value [sequences, dim, tokens] -> output [sequences, dim, tokens].

#import dispatch.wgsl

struct AttentionParams {
    sequences: u32,
    dim: u32,
    tokens: u32,
    scale: f32,
    causal: u32,
    _pad0: u32,
    _pad1: u32,
    _pad2: u32,
}

@group(0) @binding(0) var<uniform> params: AttentionParams;
@group(0) @binding(1) var<storage, read> query: array<f32>;
@group(0) @binding(2) var<storage, read> key: array<f32>;
@group(0) @binding(3) var<storage, read> value: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// Keys that an invocation looks at together, in four vec4: sixteen products for one read of its query.
const KEY_BLOCK: u32 = 16u;

// Below every score.
const LOWEST: f32 = -3.4028234e38;

// Tokens past those that are seen are the last one again: their scores change no maximum.
fn four_tokens(first: u32, seen: u32) -> vec4<u32> {
    return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(seen - 1u));
}

fn four_keys(places: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(key[places.x], key[places.y], key[places.z], key[places.w]);
}

fn four_values(places: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(value[places.x], value[places.y], value[places.z], value[places.w]);
}

fn largest_of(scores: mat4x4<f32>) -> f32 {
    let four = max(max(scores[0], scores[1]), max(scores[2], scores[3]));
    return max(max(four.x, four.y), max(four.z, four.w));
}

// What four tokens from `first` on weigh; those past the ones that are seen weigh nothing.
fn four_weights(scores: vec4<f32>, largest: f32, first: u32, seen: u32) -> vec4<f32> {
    let is_seen = first + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(seen);
    return select(vec4<f32>(0.0), exp(scores - largest), is_seen);
}

// One invocation for each token. Its sums lie in its column of the output, scaled down as the largest score grows,
// so that no more than a block of scores is ever kept (Milakov & Gimelshein, 2018, algorithm 3, arXiv:1805.02867).
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let index = invocation_index(id, groups);
    if index >= params.sequences * params.tokens {
        return;
    }
    let token = index % params.tokens;
    let seen = select(params.tokens, token + 1u, params.causal != 0u);
    let start = index / params.tokens * params.dim * params.tokens;
    var largest = LOWEST;
    var total = 0.0;
    for (var first = 0u; first < seen; first += KEY_BLOCK) {
        let a = four_tokens(first, seen);
        let b = four_tokens(first + 4u, seen);
        let c = four_tokens(first + 8u, seen);
        let d = four_tokens(first + 12u, seen);
        var scores = mat4x4<f32>();
        for (var i = 0u; i < params.dim; i++) {
            let row = start + i * params.tokens;
            let keys = mat4x4<f32>(four_keys(row + a), four_keys(row + b), four_keys(row + c), four_keys(row + d));
            scores += query[row + token] * keys;
        }
        scores *= params.scale;
        let newer = max(largest, largest_of(scores));
        let weights = mat4x4<f32>(
            four_weights(scores[0], newer, first, seen),
            four_weights(scores[1], newer, first + 4u, seen),
            four_weights(scores[2], newer, first + 8u, seen),
            four_weights(scores[3], newer, first + 12u, seen),
        );
        // Nothing is in the output before the first block.
        let is_first = first == 0u;
        var decay = 0.0;
        if !is_first {
            decay = exp(largest - newer);
        }
        let four_sums = weights * vec4<f32>(1.0);
        total = total * decay + dot(four_sums, vec4<f32>(1.0));
        largest = newer;
        for (var i = 0u; i < params.dim; i++) {
            let row = start + i * params.tokens;
            var sum = 0.0;
            if !is_first {
                sum = output[row + token] * decay;
            }
            sum += dot(weights[0], four_values(row + a)) + dot(weights[1], four_values(row + b));
            sum += dot(weights[2], four_values(row + c)) + dot(weights[3], four_values(row + d));
            output[row + token] = sum;
        }
    }
    for (var i = 0u; i < params.dim; i++) {
        output[start + i * params.tokens + token] /= total;
    }
}
