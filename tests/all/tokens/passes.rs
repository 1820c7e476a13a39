//! The passes against their twins, each over a sentinel.

use zscope::engine::params::{CachedAttentionParams, LayerNormParams};
use zscope::engine::shader::Shader;
use zscope::engine::twin;
use zscope::engine::wgsl::{Gpu, SinglePass};

use crate::engine_matches_twin::{assert_pass_matches, gpu, noise};

#[track_caller]
fn assert_norm_matches(gpu: &Gpu, params: LayerNormParams, input: &[f32]) {
    let [weight, bias] = [2, 3].map(|seed| noise(seed, params.channels as usize));
    let pass = SinglePass {
        shader: Shader::LayerNorm,
        params: bytemuck::bytes_of(&params),
        invocations: params.invocations(),
        inputs: &[input, &weight, &bias],
    };
    let twin = |output: &mut [f32]| twin::layer_norm(&params, input, &weight, &bias, output);
    assert_pass_matches(gpu, pass, twin, input.len(), &format!("{params:?}"));
}

#[test]
fn layer_norm_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [items, channels, plane] in [
        [1, 1, 1],
        [1, 2, 1],
        [3, 7, 5],
        [2, 63, 1],
        [2, 64, 3],
        [1, 65, 2],
        [5, 256, 2],
        [2, 131, 67],
        [1, 1024, 17],
        [65_537, 2, 1],
    ] {
        let epsilon = if plane % 2 == 0 { 1e-6 } else { 1e-5 };
        let params = LayerNormParams { items, channels, plane, epsilon };
        assert_norm_matches(gpu, params, &noise(1, (items * channels * plane) as usize));
    }
}

/// Far from zero rounding must neither eat the deviations nor make some where there are none.
#[test]
fn layer_norm_far_from_zero_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let params = LayerNormParams { items: 1, channels: 101, plane: 9, epsilon: 1e-6 };
    for (offset, scale) in [(1e4, 1.0), (-300.0, 1e-2), (0.1, 0.0), (0.0, 1e-8)] {
        let values: Vec<f32> =
            noise(4, 101 * 9).into_iter().map(|value| offset + scale * value).collect();
        assert_norm_matches(gpu, params, &values);
    }
}

/// Items, heads, values of a token in a head, sequences, slots.
const CACHED: [[u32; 5]; 9] = [
    [1, 1, 1, 1, 1],
    [2, 3, 5, 2, 7],
    [3, 1, 64, 1, 64],
    [1, 2, 65, 2, 65],
    [2, 2, 16, 1, 131],
    [1, 1, 130, 3, 200],
    [5, 4, 8, 2, 33],
    [1, 8, 32, 2, 256],
    [67, 3, 2, 1, 5],
];

#[test]
fn cached_attention_matches_twin() {
    let Some(gpu) = gpu() else { return };
    for [items, heads, dim, streams, slots] in CACHED {
        let len = (items * heads * dim * streams) as usize;
        let [query, key, value] = [1, 2, 3].map(|seed| noise(seed, len));
        let cache = noise(4, 2 * len * slots as usize);
        // First, last and some places between, then such as come from outside.
        let mut position: Vec<f32> =
            (0..items).map(|item| (slots - 1 + item * 3) as f32 % slots as f32).collect();
        let odd = [f32::NAN, -1.0, 1e9, f32::INFINITY, 1.5];
        position.iter_mut().skip(1).step_by(2).zip(odd).for_each(|(place, odd)| *place = odd);
        for scale in [1.0 / (dim as f32).sqrt(), 10.0] {
            let rest = CachedAttentionParams::default();
            let params = CachedAttentionParams { items, heads, dim, streams, slots, scale, ..rest };
            let pass = SinglePass {
                shader: Shader::CachedAttention,
                params: bytemuck::bytes_of(&params),
                invocations: params.invocations(),
                inputs: &[&query, &key, &value, &position, &cache],
            };
            let twin = |output: &mut [f32]| {
                let mut kept = cache.clone();
                twin::cached_attention(&params, &query, &key, &value, &position, &mut kept, output);
            };
            assert_pass_matches(gpu, pass, twin, len, &format!("{params:?}"));
        }
    }
}
