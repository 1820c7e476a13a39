//! Functions of one number, of many values at once.

use pulp::Arch;

use crate::graph::Activation;

/// Twice √(2/π): the half of one more than a hyperbolic tangent is a sigmoid of twice its argument.
pub(super) const SLOPE: f32 = 1.595_769;
/// The share of the cube.
pub(super) const CUBIC: f32 = 0.044_715;

/// Replaces values by a function of them.
pub fn activate(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::None => {}
        Activation::Relu => each(values, |x| x.max(0.0)),
        Activation::LeakyRelu(slope) => each(values, |x| if x < 0.0 { slope * x } else { x }),
        Activation::Silu => each(values, |x| x * sigmoid(x)),
        Activation::Tanh => each(values, |x| 2.0 * sigmoid(2.0 * x) - 1.0),
        Activation::Sigmoid => each(values, sigmoid),
        Activation::Gelu => each(values, |x| x * gate(x)),
    }
}

fn each(values: &mut [f32], of: impl Fn(f32) -> f32) {
    Arch::new().dispatch(|| {
        for value in values {
            *value = of(*value);
        }
    });
}

/// 1 / (1 + e⁻ˣ).
#[expect(
    clippy::inline_always,
    reason = "else it has no wider instructions than its callers' build"
)]
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.
#[expect(
    clippy::inline_always,
    reason = "else it has no wider instructions than its callers' build"
)]
#[inline(always)]
pub(super) fn gate(x: f32) -> f32 {
    1.0 / (1.0 + exp(-SLOPE * x * (1.0 + CUBIC * x * x)))
}

/// Added to a value of less than 2²² and taken away again, it leaves a whole number, which its lowest bits tell.
pub(super) const ROUND: f32 = 12_582_912.0;

/// The exponential to a few units in the last place, of arguments beyond ±87 that of ±87, without a branch.
///
/// eˣ = 2ⁿ eʳ, where n is x / ln 2 rounded and r what is left of x, at most ln(2) / 2, whose exponential is a
/// polynomial: its Taylor series up to r⁷ / 7!.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// ln 2 in two pieces, of which the first times n is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let series = 1.0 / 720.0 + r * (1.0 / 5040.0);
    let series = 1.0 / 24.0 + r * (1.0 / 120.0 + r * series);
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * series)));
    let power = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    series * f32::from_bits(power)
}
