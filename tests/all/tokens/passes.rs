//! The passes against their twins, each over a sentinel.

use zscope::engine::params::LayerNormParams;
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
