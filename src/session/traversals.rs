//! Dimensions swept one by one from a base point: which range, and what each picture is made of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use super::lenient::or_default;
use super::map::Map;
use super::wanted::Point;
use crate::latent::{Range, traverse};

/// The fewest and the most pictures in a row.
pub const COLUMNS: std::ops::RangeInclusive<usize> = 3..=15;
/// The least and the greatest way to either side of zero.
pub const REACH: std::ops::RangeInclusive<f32> = 0.5..=6.0;
/// The quantiles that are offered, ascending.
pub const SHARES: [f32; 3] = [0.01, 0.05, 0.25];

/// Quantiles are told from so many latents at most, in every frame.
const MOST_ENCODED: usize = 2_000;

/// What a dimension is swept over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// So far to either side of zero, in the latent's own units: deviations of a standard normal prior.
    Absolute(f32),
    /// Between these quantiles of encoded images' latents ([`encoded`]), `share` in `(0, 0.5)` and `1 - share`.
    Watched {
        /// The lower one.
        share: f32,
    },
}

impl Default for Span {
    fn default() -> Self {
        Self::Absolute(Range::PRIOR.hi)
    }
}

/// How dimensions are swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traversals {
    /// Pictures in a row.
    pub columns: usize,
    /// What each dimension is swept over.
    #[serde(deserialize_with = "or_default")]
    pub span: Span,
    /// What the other dimensions are held at.
    #[serde(deserialize_with = "or_default")]
    pub base: Anchor,
}

impl Default for Traversals {
    fn default() -> Self {
        Self { columns: 9, span: Span::default(), base: Anchor::Point }
    }
}

impl Traversals {
    /// The same within what a person can choose.
    pub fn admitted(self) -> Self {
        let within = |value: f32, lo: f32, hi: f32, or: f32| {
            if value.is_finite() { value.clamp(lo, hi) } else { or }
        };
        let span = match self.span {
            Span::Absolute(reach) => {
                Span::Absolute(within(reach, *REACH.start(), *REACH.end(), Range::PRIOR.hi))
            }
            Span::Watched { share } => {
                Span::Watched { share: within(share, SHARES[0], SHARES[2], SHARES[1]) }
            }
        };
        Self { columns: self.columns.clamp(*COLUMNS.start(), *COLUMNS.end()), span, ..self }
    }

    /// The values that a dimension is swept over; those of the prior where nothing is encoded.
    pub fn range<L: AsRef<[f32]>>(&self, dim: usize, encoded: &[L]) -> Range {
        match self.span {
            Span::Absolute(reach) => Range { lo: -reach, hi: reach },
            Span::Watched { share } => {
                let mut values: Vec<f32> =
                    encoded.iter().filter_map(|latent| latent.as_ref().get(dim)).copied().collect();
                values.retain(|value| value.is_finite());
                values.sort_by(f32::total_cmp);
                match values[..] {
                    [] => Range::PRIOR,
                    _ => Range { lo: quantile(&values, share), hi: quantile(&values, 1.0 - share) },
                }
            }
        }
    }

    /// The value of a dimension at a share of its row, from the middle of the first picture to that of the last.
    pub fn value(&self, range: Range, share: f32) -> f32 {
        let columns = self.columns.max(2) as f32;
        let t = ((share * columns - 0.5) / (columns - 1.0)).clamp(0.0, 1.0);
        range.lo + t * (range.hi - range.lo)
    }

    /// The share of its row at which a dimension has a value; the inverse of [`Self::value`], not clamped.
    pub fn share(&self, range: Range, value: f32) -> f32 {
        let columns = self.columns.max(2) as f32;
        let span = range.hi - range.lo;
        let t = if span > 0.0 { (value - range.lo) / span } else { 0.5 };
        (t * (columns - 1.0) + 0.5) / columns
    }

    /// What the pictures of some dimensions are made of, row by row.
    pub fn points<L: AsRef<[f32]>>(
        &self,
        base: &[f32],
        dims: &[usize],
        encoded: &[L],
    ) -> Arc<[Point]> {
        let row = |&dim: &usize| {
            let swept = traverse(base, dim, self.range(dim, encoded), self.columns).ok();
            swept.into_iter().flat_map(|rows| {
                (0..rows.num_rows())
                    .map(|row| Point::Latent(rows.row(row).to_vec()))
                    .collect::<Vec<_>>()
            })
        };
        dims.iter().flat_map(row).collect()
    }
}

/// The latents that quantiles are of: images on the map, evenly spread, once there are more than are watched.
pub fn encoded<'a>(map: &'a Map, watched: &'a [Vec<f32>]) -> Vec<&'a [f32]> {
    let on_map = map.points().map_or(0, |points| points.len() - points.draws());
    if on_map <= watched.len() {
        return watched.iter().map(Vec::as_slice).collect();
    }
    let step = on_map.div_ceil(MOST_ENCODED);
    // Draws lie behind the images.
    (0..on_map).step_by(step).filter_map(|point| map.latent(point as u32)).collect()
}

/// A quantile of sorted values, between the two nearest ones.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f32;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f32) * (sorted[above] - sorted[below])
}
