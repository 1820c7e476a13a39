//! Between two latents: the straight line and the great circle.

use serde::{Deserialize, Serialize};

use super::dot;
use crate::array::Array;

/// How latents are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mixing {
    /// On the straight line.
    Lerp,
    /// On the great circle, which keeps the length that draws from a normal prior have.
    #[default]
    Slerp,
}

/// Below this angle (radians) arc and chord agree to `f32` rounding.
const TINY_ANGLE: f64 = 1e-6;

/// The largest angle (175°, in radians) that the formula of [`slerp`] is trusted with: its weights grow
/// as 1/sin and would throw two nearly opposite vectors of different lengths far outside both.
const LARGEST_ANGLE: f64 = 3.054_326_190_990_076;

impl Mixing {
    /// The weights of the two ends at `t`, given the angle between them.
    ///
    /// # Units
    /// `angle` in radians, nothing where it is undefined; `t` is 0 at the first end and 1 at the second.
    pub fn weights(self, angle: Option<f64>, t: f64) -> [f64; 2] {
        match self {
            Self::Lerp => lerp_weights(t),
            Self::Slerp => slerp_weights(angle, t),
        }
    }
}

/// The weights of the two ends of a straight line at `t`.
pub fn lerp_weights(t: f64) -> [f64; 2] {
    [1.0 - t, t]
}

/// The weights of the two ends of an arc of `angle` radians at `t`.
///
/// Straight-line weights where the angle is tiny or undefined. Angles over 175° count as 175°, so that the
/// weights stay below 12 and the way between opposite vectors leads smoothly through the middle.
///
/// # Source
/// White 2016, "Sampling Generative Networks", section 2.1, arXiv:1609.04468; the two limits are ours.
pub fn slerp_weights(angle: Option<f64>, t: f64) -> [f64; 2] {
    match angle {
        Some(angle) if angle >= TINY_ANGLE => {
            let angle = angle.min(LARGEST_ANGLE);
            let sine = angle.sin();
            [((1.0 - t) * angle).sin() / sine, (t * angle).sin() / sine]
        }
        _ => lerp_weights(t),
    }
}

/// The angle between two vectors in radians, or nothing when one of them has no direction.
pub fn angle_between(a: &[f32], b: &[f32]) -> Option<f64> {
    angle_from_dots(dot(a, a), dot(b, b), dot(a, b))
}

/// The angle between `a` and `b` from their squared lengths and their dot product.
pub(super) fn angle_from_dots(aa: f64, bb: f64, ab: f64) -> Option<f64> {
    let lengths = aa.sqrt() * bb.sqrt();
    let angle = (ab / lengths).clamp(-1.0, 1.0).acos();
    (lengths > 0.0 && angle.is_finite()).then_some(angle)
}

/// The point at `t` on the straight line from `a` (0) to `b` (1).
pub fn lerp(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    mix(Mixing::Lerp, a, b, t)
}

/// The point at `t` on the great circle from `a` (0) to `b` (1): the angle is that between the normalised
/// vectors, the vectors mixed are the raw ones.
///
/// Both ends are exact. See [`slerp_weights`] for tiny, undefined and nearly opposite angles.
///
/// # Source
/// White 2016, "Sampling Generative Networks", section 2.1, arXiv:1609.04468.
pub fn slerp(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    mix(Mixing::Slerp, a, b, t)
}

/// The point at `t` between `a` (0) and `b` (1).
pub fn mix(mixing: Mixing, a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    let mut out = vec![0.0; a.len()];
    mix_into(mixing, a, b, t, &mut out);
    out
}

/// [`mix`] into a buffer of the latents' length.
pub fn mix_into(mixing: Mixing, a: &[f32], b: &[f32], t: f32, out: &mut [f32]) {
    debug_assert_eq!(a.len(), b.len(), "latents of one length");
    debug_assert_eq!(a.len(), out.len(), "a buffer of the latents' length");
    let [wa, wb] = mixing.weights(angle_between(a, b), f64::from(t));
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = (wa * f64::from(a) + wb * f64::from(b)) as f32;
    }
}

/// `n` points from `a` to `b`, both included; one point is the middle.
///
/// # Shapes
/// `[n, d]`.
pub fn path(mixing: Mixing, a: &[f32], b: &[f32], n: usize) -> Array {
    let mut out = Array::zeros([n, a.len()]);
    if !a.is_empty() {
        for (i, row) in out.data_mut().chunks_exact_mut(a.len()).enumerate() {
            mix_into(mixing, a, b, fraction(i, n), row);
        }
    }
    out
}

/// Where item `i` of `n` lies between 0 and 1, both included; a single item lies in the middle.
pub(super) fn fraction(i: usize, n: usize) -> f32 {
    if n < 2 { 0.5 } else { i as f32 / (n - 1) as f32 }
}
