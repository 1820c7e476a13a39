//! Directions of a latent space: vectors that are added to a point, and how they are found in labelled latents.

mod components;
mod logistic;

use serde::{Deserialize, Serialize};

pub use components::{Component, axes_of_scores, principal_components, right_singular_vectors};
pub use logistic::logistic;

use super::dot;
use super::right_angles::dot as dot_wide;
use crate::array::Array;

/// What is left of a direction beside others, as a share of its length, below which nothing but rounding is left.
const NOTHING: f64 = 1e-3;

/// What one unit of a direction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A standard deviation of latents along it.
    #[default]
    Deviation,
    /// The whole way from the one point to the other that it was made of.
    Way,
}

impl Unit {
    /// How many units a slider leads to either side.
    pub fn reach(self) -> f32 {
        match self {
            Self::Deviation => 3.0,
            Self::Way => 1.5,
        }
    }

    /// What stands behind a number of them.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Deviation => " σ",
            Self::Way => " ×",
        }
    }
}

/// A direction with a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Direction {
    /// What it is called.
    pub name: String,
    /// What one unit of it adds to a latent, `[d]`.
    pub step: Vec<f32>,
    /// What one unit is.
    pub unit: Unit,
    /// Where it comes from, in a few words.
    pub source: String,
    /// The share of held-out images that it tells apart rightly, and the share that always guessing the commonest side
    /// would; nothing where it tells none apart.
    pub accuracy: Option<[f64; 2]>,
    /// The share of the variance along it, in `[0, 1]`; nothing where that is not known.
    pub share: Option<f64>,
}

impl Direction {
    /// Whether its step leads anywhere in a latent space of `d` dimensions.
    pub fn fits(&self, d: usize) -> bool {
        let length = length(&self.step);
        self.step.len() == d && length.is_finite() && length > 0.0
    }
}

/// A plane between two sides: `axis · z` is above the threshold on the one that is `true`.
#[derive(Clone, Debug, PartialEq)]
pub struct Separator {
    /// At right angles to the plane, of length 1, `[d]`.
    pub axis: Vec<f64>,
    /// Where the plane cuts the axis.
    pub threshold: f64,
}

impl Separator {
    /// The share of latents that lie on the side that they belong to, of those that belong to one; nothing where none
    /// does.
    ///
    /// # Shapes
    /// `latents`: `[n, ..]`; `sides`: `[n]`
    pub fn accuracy(&self, latents: &Array, sides: &[Option<bool>]) -> Option<f64> {
        let known = sides.iter().enumerate().filter_map(|(row, side)| Some((row, (*side)?)));
        let (mut right, mut count) = (0u32, 0u32);
        for (row, side) in known {
            count += 1;
            right += u32::from((along(latents.row(row), &self.axis) > self.threshold) == side);
        }
        (count > 0).then(|| f64::from(right) / f64::from(count))
    }
}

/// The share of the commonest side: what always guessing it gets right. Nothing where no side is known.
pub fn commonest(sides: &[Option<bool>]) -> Option<f64> {
    let known = sides.iter().flatten().count();
    let on = sides.iter().flatten().filter(|side| **side).count();
    (known > 0).then(|| on.max(known - on) as f64 / known as f64)
}

/// The direction from the mean of one side's latents to that of the other, cut half-way; nothing where a side is empty
/// or both have one mean.
///
/// # Shapes
/// `latents`: `[n, ..]`; `sides`: `[n]`, nothing for latents that belong to neither
///
/// # Source
/// Attribute vectors: Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric", section 4.1,
/// arXiv:1512.09300.
pub fn difference_of_means(latents: &Array, sides: &[Option<bool>]) -> Option<Separator> {
    let mut means = [vec![0.0; latents.row_len()], vec![0.0; latents.row_len()]];
    let mut counts = [0.0; 2];
    for (row, side) in sides.iter().enumerate() {
        let Some(side) = side.map(usize::from) else { continue };
        counts[side] += 1.0;
        means[side].iter_mut().zip(latents.row(row)).for_each(|(sum, &z)| *sum += f64::from(z));
    }
    if counts.contains(&0.0) {
        return None;
    }
    for (mean, count) in means.iter_mut().zip(counts) {
        for sum in mean {
            *sum /= count;
        }
    }
    let [off, on] = means;
    let axis: Vec<f64> = on.iter().zip(&off).map(|(on, off)| on - off).collect();
    let length = dot_wide(&axis, &axis).sqrt();
    if !length.is_finite() || length <= 0.0 {
        return None;
    }
    let axis: Vec<f64> = axis.into_iter().map(|value| value / length).collect();
    let threshold = 0.5 * (dot_wide(&axis, &on) + dot_wide(&axis, &off));
    Some(Separator { axis, threshold })
}

/// The greatest value that counts as low and the least one that counts as high: about a third of all values each, fewer
/// or more where many are equal. Nothing where all are equal.
pub fn low_and_high(values: &[f32]) -> Option<[f32; 2]> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let at = |thirds: usize| sorted.get(thirds * sorted.len() / 3).copied();
    let (low, high) = (at(1)?, at(2)?);
    if low < high {
        return Some([low, high]);
    }
    let above = sorted.iter().copied().find(|&value| value > low).map(|high| [low, high]);
    above.or_else(|| Some([sorted.iter().copied().rfind(|&value| value < high)?, high]))
}

/// Which side a value is on, of [`low_and_high`]; nothing in between.
pub fn side_of(value: f32, [low, high]: [f32; 2]) -> Option<bool> {
    if value >= high { Some(true) } else { (value <= low).then_some(false) }
}

/// The standard deviation of latents along an axis of length 1.
///
/// # Shapes
/// `latents`: `[n, d]`; `axis`: `[d]`
pub fn deviation_along(latents: &Array, axis: &[f64]) -> f64 {
    let places: Vec<f64> =
        (0..latents.num_rows()).map(|row| along(latents.row(row), axis)).collect();
    let count = places.len().max(1) as f64;
    let mean = places.iter().sum::<f64>() / count;
    (places.iter().map(|place| (place - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// The cosine of the angle between two directions, in `[-1, 1]`; 0 where one leads nowhere.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let lengths = length(a) * length(b);
    if lengths > 0.0 { (dot(a, b) / lengths).clamp(-1.0, 1.0) as f32 } else { 0.0 }
}

/// What of a direction is at right angles to others, as long as it was; nothing where it lies among them.
///
/// # Source
/// Gram and Schmidt, applied twice (Giraud et al. 2005, "The loss of orthogonality in the Gram-Schmidt
/// orthogonalization process").
pub fn orthogonalised(step: &[f32], against: &[&[f32]]) -> Option<Vec<f32>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for other in against {
        let left = beside(other, &basis);
        let far = dot_wide(&left, &left).sqrt();
        // The rest is the rounding of `f32` values.
        if far > NOTHING * length(other) {
            basis.push(left.into_iter().map(|value| value / far).collect());
        }
    }
    let (left, before) = (beside(step, &basis), length(step));
    let far = dot_wide(&left, &left).sqrt();
    let is_left = far.is_finite() && far > NOTHING * before;
    is_left.then(|| left.into_iter().map(|value| (value * before / far) as f32).collect())
}

/// What of a vector is at right angles to others, which are so among each other and have length 1.
fn beside(vector: &[f32], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut left: Vec<f64> = vector.iter().map(|&value| f64::from(value)).collect();
    for _ in 0..2 {
        for axis in basis {
            let along = dot_wide(&left, axis);
            left.iter_mut().zip(axis).for_each(|(value, axis)| *value -= along * axis);
        }
    }
    left
}

/// The length of a vector.
pub fn length(values: &[f32]) -> f64 {
    dot(values, values).sqrt()
}

/// Where a latent lies along an axis.
fn along(latent: &[f32], axis: &[f64]) -> f64 {
    latent.iter().zip(axis).map(|(&z, axis)| f64::from(z) * axis).sum()
}
