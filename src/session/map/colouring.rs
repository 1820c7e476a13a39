//! What colours points stand for.

use serde::{Deserialize, Serialize};

use super::{Map, Points};

/// What colours points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colouring {
    /// Their class.
    #[default]
    Label,
    /// A factor of the data, by its number.
    Factor(usize),
    /// How well the model reconstructs them.
    Loss,
    /// The code that they have most often.
    Code,
    /// Nothing.
    Nothing,
}

impl Colouring {
    /// Whether points have it; what is yet to be measured counts.
    pub fn is_there(self, points: &Points) -> bool {
        match self {
            Self::Nothing => true,
            Self::Label => points.labels.iter().any(Option::is_some),
            Self::Loss => points.draws() < points.len(),
            Self::Factor(factor) => factor < points.factors.len(),
            Self::Code => points.codes.is_some(),
        }
    }
}

/// Numbers that are told by brightness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// What is darkest: that or less.
    pub lo: f32,
    /// What is brightest: that or more.
    pub hi: f32,
}

impl Scale {
    /// Where a value lies between both, in `[0, 1]`.
    pub fn share(self, value: f32) -> f32 {
        ((value - self.lo) / (self.hi - self.lo).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}

/// The scale of numbers that leaves out the most extreme hundredth at either end, so that no single one darkens all
/// others; nothing without numbers.
pub fn scale_of(values: &[f32]) -> Option<Scale> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    finite.sort_by(f32::total_cmp);
    let last = finite.len().checked_sub(1)?;
    let cut = last / 100;
    Some(Scale { lo: finite[cut], hi: finite[last - cut] })
}

impl Map {
    /// The numbers that colour points, where numbers do.
    pub fn coloured_numbers(&self) -> Option<&[f32]> {
        match self.colouring() {
            Colouring::Factor(factor) => self.points()?.factors.get(factor).map(Vec::as_slice),
            Colouring::Loss => self.losses().map(|losses| losses.as_slice()),
            Colouring::Label | Colouring::Code | Colouring::Nothing => None,
        }
    }

    /// Whether reconstructions are to be measured, to be told by colours.
    pub fn wants_losses(&self) -> bool {
        self.colouring() == Colouring::Loss && self.points().is_some() && self.losses().is_none()
    }
}
