//! The passes against their twins, each over a sentinel.

use zscope::engine::dispatch::Dispatch;
use zscope::engine::params::{CachedAttentionParams, DrawParams, LayerNormParams};
use zscope::engine::shader::Shader;
use zscope::engine::twin;
use zscope::engine::wgsl::{Gpu, SinglePass, run_single};
use zscope::graph::DrawControls;
use zscope::random::{Purpose, uniforms};

use crate::engine_matches_twin::{GUARD, SENTINEL, assert_pass_matches, gpu, noise};

#[track_caller]
fn assert_norm_matches(gpu: &Gpu, params: LayerNormParams, input: &[f32]) {
    let [weight, bias] = [2, 3].map(|seed| noise(seed, params.channels as usize));
    let pass = SinglePass {
        dispatch: Dispatch::new(Shader::LayerNorm, params.invocations()),
        params: bytemuck::bytes_of(&params),
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
                dispatch: Dispatch::new(Shader::CachedAttention, params.invocations()),
                params: bytemuck::bytes_of(&params),
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

fn drawn_by_twin(params: &DrawParams, logits: &[f32], controls: &[f32]) -> Vec<usize> {
    let mut drawn = vec![SENTINEL; params.items as usize];
    twin::draw(params, logits, controls, &mut drawn);
    indices(&drawn)
}

fn indices(drawn: &[f32]) -> Vec<usize> {
    drawn.iter().map(|index| *index as usize).collect()
}

/// How near a draw may be to an edge for its index to hang on rounding.
const EDGE: f32 = 1e-4;

/// Whether no small change of what draws changes what is drawn.
fn is_safe(params: &DrawParams, logits: &[f32], controls: &[f32], expected: &[usize]) -> Vec<bool> {
    let mut safe = vec![true; expected.len()];
    for (du, dp) in [(-EDGE, 0.0), (EDGE, 0.0), (0.0, -EDGE), (0.0, EDGE)] {
        let mut nearby = controls.to_vec();
        for controls in nearby.chunks_mut(DrawControls::LEN) {
            controls[4] += du;
            controls[2] += dp;
        }
        let drawn = drawn_by_twin(params, logits, &nearby);
        for (safe, (drawn, expected)) in safe.iter_mut().zip(drawn.iter().zip(expected)) {
            *safe = *safe && drawn == expected;
        }
    }
    safe
}

/// Every sort of control, one item after the other.
fn many_controls(items: u32, codes: u32) -> Vec<f32> {
    let codes = codes as f32;
    let shaped = [
        [1.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 1.0, 1.5],
        [0.7, 5.0, 1.0, 2.5],
        [1.3, 0.0, 0.9, 0.0],
        [1.0, 3.0, 0.5, 3.0],
        [2.0, 1e9, 0.2, -1.0],
        [1e-30, 0.0, 0.0, 1.0],
        [-1.0, 2.0, 0.3, 1.0],
        [1e3, 40.0, 0.999, 1.0],
    ];
    let ranges = [
        [0.0, 0.0],
        [(codes / 3.0).floor(), codes / 2.0],
        [0.0, 1e9],
        [codes + 5.0, 3.0],
        [f32::NAN, -1.0],
        [-2.0, 4.7],
    ];
    let places = uniforms(8, 0, Purpose::Explore, items as usize, 0.0, 1.0);
    let item = |(item, u): (usize, f32)| {
        let [temperature, top_k, top_p, guidance] = shaped[item % shaped.len()];
        let [first, count] = ranges[item % ranges.len()];
        [temperature, top_k, top_p, guidance, u, first, count]
    };
    places.into_iter().enumerate().flat_map(item).collect()
}

#[test]
fn draw_matches_twin() {
    let Some(gpu) = gpu() else { return };
    let (mut all, mut safe) = (0, 0);
    for [items, codes, streams] in [
        [1, 1, 1],
        [18, 2, 2],
        [36, 11, 1],
        [90, 64, 2],
        [54, 65, 1],
        [54, 127, 2],
        [18, 1000, 1],
        [9, 1031, 2],
        [65_537, 3, 1],
    ] {
        let params = DrawParams { items, codes, streams, pad0: 0 };
        // In steps, so that many are equal.
        let stepped = |score: f32| (score * 64.0).round() / 16.0;
        let mut logits: Vec<f32> =
            noise(1, (items * codes * streams) as usize).into_iter().map(stepped).collect();
        // Some are no numbers, in some items all of them.
        for (place, odd) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().enumerate() {
            logits.iter_mut().skip(place).step_by(101).for_each(|score| *score = odd);
        }
        if items > 4 {
            logits[(4 * codes * streams) as usize..][..(codes * streams) as usize].fill(f32::NAN);
        }
        let controls = many_controls(items, codes);
        let expected = drawn_by_twin(&params, &logits, &controls);
        let pass = SinglePass {
            dispatch: Dispatch::new(Shader::Draw, params.invocations()),
            params: bytemuck::bytes_of(&params),
            inputs: &[&logits, &controls],
        };
        let mut found =
            run_single(gpu, pass, &vec![SENTINEL; items as usize + GUARD]).expect("one");
        let guard = found.split_off(items as usize);
        assert!(guard.iter().all(|value| *value == SENTINEL), "wrote behind the end: {params:?}");
        let is_safe = is_safe(&params, &logits, &controls, &expected);
        for (item, (found, expected)) in indices(&found).iter().zip(&expected).enumerate() {
            let controls = &controls[item * DrawControls::LEN..][..DrawControls::LEN];
            let same = found == expected || !is_safe[item];
            assert!(same, "{params:?}, item {item}: {found}, not {expected}, by {controls:?}");
            assert!(*found < codes as usize, "an index: {found}");
        }
        all += is_safe.len();
        safe += is_safe.iter().filter(|safe| **safe).count();
    }
    assert!(safe * 100 > all * 97, "draws that hang on rounding are few: {safe} of {all} do not");
}
