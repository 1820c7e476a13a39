//! Curves as the points that a plot draws, kept until they would look different.

use std::collections::BTreeMap;

use egui_plot::PlotPoint;

use crate::session::{Ema, Series, decimate};

/// How a plot looks at its curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// The steps that were zoomed to; all of them where nobody has zoomed.
    pub zoom: Option<[f64; 2]>,
    /// Pixel columns.
    pub columns: usize,
    /// Whether values are shown as their logarithm (base 10).
    pub log: bool,
    /// Whether outliers are left out of the vertical range.
    pub robust: bool,
    /// The share of the past in the smoothed line.
    pub smoothing: f64,
}

/// The lines of all curves, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<String, CurveLines>);

/// One curve, raw and smoothed.
#[derive(Clone, Debug, Default)]
pub(super) struct CurveLines {
    /// How many points the curve has.
    pub len: usize,
    /// Its points, thinned to what shows.
    pub raw: Vec<PlotPoint>,
    /// The same of its moving average.
    pub smooth: Vec<PlotPoint>,
    /// The least and the greatest value to be seen.
    pub range: Option<[f64; 2]>,
    made_for: Option<(Look, u64)>,
    average: Ema,
}

impl Lines {
    /// Brings a curve up to date; `last_step` is the run's newest step.
    pub(super) fn update(&mut self, name: &str, series: &Series, look: Look, last_step: u64) {
        // No allocation for a curve that is known.
        match self.0.get_mut(name) {
            Some(lines) => lines.update(series, look, last_step),
            None => {
                self.0.entry(name.to_owned()).or_default().update(series, look, last_step);
            }
        }
    }

    /// The lines of a curve that was brought up to date.
    pub(super) fn get(&self, name: &str) -> Option<&CurveLines> {
        self.0.get(name)
    }
}

impl CurveLines {
    fn update(&mut self, series: &Series, look: Look, last_step: u64) {
        let (past, len) = series.version();
        if self.made_for == Some((look, past)) && self.looks_the_same(len, look) {
            return;
        }
        self.made_for = Some((look, past));
        self.len = len;
        let steps = look.zoom.unwrap_or([0.0, last_step.max(1) as f64]);
        fill(&mut self.raw, series, series.values(), steps, look);
        let values = self.average.update(series, look.smoothing);
        fill(&mut self.smooth, series, values, steps, look);
        self.range = range(series, &self.raw, steps, look);
    }

    /// Whether a curve that grew to `len` points still draws the same, but for half a pixel at its end.
    fn looks_the_same(&self, len: usize, look: Look) -> bool {
        let visible = look.zoom.map_or(len, |[first, last]| (last - first) as usize);
        (len - self.len) * 2 * look.columns <= visible.min(len) || len == self.len
    }
}

fn fill(points: &mut Vec<PlotPoint>, series: &Series, values: &[f32], steps: [f64; 2], look: Look) {
    points.clear();
    decimate(series.steps(), values, steps, look.columns, |x, y| {
        let y = if look.log { y.log10() } else { y };
        points.push(PlotPoint::new(x, if y.is_finite() { y } else { f64::NAN }));
    });
}

/// What is to be seen vertically, without outliers where the look says so.
fn range(series: &Series, points: &[PlotPoint], steps: [f64; 2], look: Look) -> Option<[f64; 2]> {
    let robust = series.robust_range(steps[0], steps[1]).filter(|_| look.robust);
    let scaled = |value: f32| f64::from(if look.log { value.log10() } else { value });
    let ends = robust.map(|(lo, hi)| [scaled(lo), scaled(hi)]);
    let seen = points.iter().map(|point| point.y);
    let values = ends.into_iter().flatten().chain(seen.filter(|_| robust.is_none()));
    values.filter(|value| value.is_finite()).fold(None, |limits: Option<[f64; 2]>, value| {
        let [lo, hi] = limits.unwrap_or([value, value]);
        Some([lo.min(value), hi.max(value)])
    })
}
