//! Curves as the points that a plot draws, kept until they would look different.

use std::collections::BTreeMap;

use egui_plot::PlotPoint;

use crate::session::{Ema, Series, decimate, thin};

/// Curves with fewer points than this show each of them as a dot.
pub(super) const FEW_POINTS: usize = 40;

/// How far a line may pass by a point that it stands for, in pixels.
const DEVIATION: f64 = 0.5;

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
    /// Its points as they are.
    pub raw: Line,
    /// The same of its moving average.
    pub smooth: Line,
    /// The least and the greatest value to be seen.
    pub range: Option<[f64; 2]>,
    made_for: Option<(Look, u64)>,
    /// The steps that are shown.
    steps: [f64; 2],
    /// The height of a pixel that the points were traced for.
    traced_for: Option<f64>,
    average: Ema,
}

/// Points thinned to what shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// In order of steps.
    pub points: Vec<PlotPoint>,
    /// Whether every pixel column has several: together they are a band from the least to the greatest. A band that
    /// began beside a lone point would fill what lies between.
    pub is_band: bool,
}

impl Lines {
    /// Brings a curve's range up to date; `last_step` is the run's newest step.
    pub(super) fn update(&mut self, name: &str, series: &Series, look: Look, last_step: u64) {
        // No allocation for a curve that is known.
        match self.0.get_mut(name) {
            Some(lines) => lines.update(series, look, last_step),
            None => {
                self.0.entry(name.to_owned()).or_default().update(series, look, last_step);
            }
        }
    }

    /// Brings the points of a curve up to date for a plot whose pixels are `pixel` high.
    pub(super) fn trace(&mut self, name: &str, series: &Series, pixel: f64) {
        if let Some(lines) = self.0.get_mut(name) {
            lines.trace(series, pixel);
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
        self.traced_for = None;
        self.len = len;
        self.steps = look.zoom.unwrap_or([0.0, last_step.max(1) as f64]);
        self.range = range(series, self.steps, look);
    }

    fn trace(&mut self, series: &Series, pixel: f64) {
        // A plot whose range creeps along keeps its points until a pixel is half or twice as high.
        let pixel = if pixel.is_normal() { pixel.log2().floor().exp2() } else { 0.0 };
        let Some((look, _)) = self.made_for.filter(|_| self.traced_for != Some(pixel)) else {
            return;
        };
        self.traced_for = Some(pixel);
        let line = |line: &mut Line, values: &[f32]| {
            fill(&mut line.points, series, values, self.steps, look);
            let column = (self.steps[1] - self.steps[0]) / look.columns as f64;
            let is_dense = line.points.windows(2).all(|pair| pair[1].x - pair[0].x <= column);
            let mut thinned = line.points.clone();
            thin(&mut thinned, DEVIATION * pixel, |point| [point.x, point.y]);
            line.is_band = is_dense && thinned.len() > 2 * look.columns;
            if !line.is_band && self.len >= FEW_POINTS {
                line.points = thinned;
            }
        };
        line(&mut self.raw, series.values());
        line(&mut self.smooth, self.average.update(series, look.smoothing));
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
fn range(series: &Series, steps: [f64; 2], look: Look) -> Option<[f64; 2]> {
    let scaled = |value: f32| f64::from(if look.log { value.log10() } else { value });
    let mut limits: Option<[f64; 2]> = None;
    let mut take = |value: f64| {
        if value.is_finite() {
            let [lo, hi] = limits.unwrap_or([value, value]);
            limits = Some([lo.min(value), hi.max(value)]);
        }
    };
    match series.robust_range(steps[0], steps[1]).filter(|_| look.robust) {
        Some((lo, hi)) => [lo, hi].into_iter().for_each(|end| take(scaled(end))),
        None => series.decimate(steps[0], steps[1], look.columns, |_, value| {
            take(scaled(value as f32));
        }),
    }
    limits
}
