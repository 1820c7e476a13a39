//! Twin of `latent_mix.wgsl`.

use crate::engine::params::LatentMixParams;

/// Below this angle (radians) arc and chord agree to `f32` rounding.
const TINY_ANGLE: f64 = 1e-3;

/// 175° in radians: beyond, the weights would throw nearly opposite vectors far outside both.
const LARGEST_ANGLE: f64 = 3.054_326_190_990_076;

/// Squared lengths below this have no direction.
const TINY_SQUARE: f64 = 1e-30;

/// Mixtures of four corners: bilinear, or along the great circle of the top edge and of the bottom edge by `u`
/// and then between those two points by `v`. The angles are those between the normalised vectors, the vectors
/// mixed are the raw ones; tiny and undefined angles mix on the straight line, angles over 175° count as 175°.
///
/// # Shapes
/// `positions [items, 2]` (`u` right, `v` down, clamped to `[0, 1]`), `corners [4, dim]` (top left, top right,
/// bottom left, bottom right), `output [items, dim]`.
///
/// # Source
/// White 2016, "Sampling Generative Networks", section 2.1, arXiv:1609.04468; the two limits are ours.
pub fn latent_mix(
    params: &LatentMixParams,
    positions: &[f32],
    corners: &[f32],
    output: &mut [f32],
) {
    let dim = params.dim as usize;
    let spherical = params.spherical != 0;
    let corners: Vec<f64> = corners.iter().map(|&value| f64::from(value)).collect();
    for item in 0..params.items as usize {
        let u = f64::from(positions[item * 2].clamp(0.0, 1.0));
        let v = f64::from(positions[item * 2 + 1].clamp(0.0, 1.0));
        let top = mix(spherical, &corners[..dim], &corners[dim..2 * dim], u);
        let bottom = mix(spherical, &corners[2 * dim..3 * dim], &corners[3 * dim..4 * dim], u);
        for (i, value) in mix(spherical, &top, &bottom, v).into_iter().enumerate() {
            output[item * dim + i] = value as f32;
        }
    }
}

fn mix(spherical: bool, a: &[f64], b: &[f64], t: f64) -> Vec<f64> {
    let [of_a, of_b] = if spherical { slerp_weights(a, b, t) } else { [1.0 - t, t] };
    a.iter().zip(b).map(|(a, b)| of_a * a + of_b * b).collect()
}

fn slerp_weights(a: &[f64], b: &[f64], t: f64) -> [f64; 2] {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let (aa, bb) = (dot(a, a), dot(b, b));
    if aa.min(bb) < TINY_SQUARE {
        return [1.0 - t, t];
    }
    let angle = (dot(a, b) / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0).acos().min(LARGEST_ANGLE);
    if angle < TINY_ANGLE {
        return [1.0 - t, t];
    }
    [((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin()]
}
