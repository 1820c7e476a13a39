//! One curve: every point that was ever told, and what a plot needs of it without allocating.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use super::steps::Steps;

/// How many values [`Series::robust_range`] looks at.
const RANGE_SAMPLES: usize = 1024;

/// The points of one curve: a value a step, steps strictly ascending.
#[derive(Debug)]
pub struct Series {
    steps: Steps,
    values: Vec<f32>,
    /// Which past this is: no other series has the same, and it changes whenever points are taken away.
    /// Tells an [`Ema`] whether what it has smoothed is still true.
    past: u64,
}

/// A number that no other past has. It tells pasts apart and is never part of a result.
fn new_past() -> u64 {
    static PASTS: AtomicU64 = AtomicU64::new(1);
    PASTS.fetch_add(1, Ordering::Relaxed)
}

impl Default for Series {
    fn default() -> Self {
        Self { steps: Steps::default(), values: Vec::new(), past: new_past() }
    }
}

impl Clone for Series {
    /// The same points with a past of their own, because the two go on apart.
    fn clone(&self) -> Self {
        Self { steps: self.steps.clone(), values: self.values.clone(), past: new_past() }
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps && self.values == other.values
    }
}

impl Series {
    /// Adds a point. A step that is not newer than the last one first cuts the curve back to before it:
    /// the newest telling is the true one.
    pub fn push(&mut self, step: u64, value: f32) {
        if self.steps.last().is_some_and(|last| step <= last) {
            self.truncate(self.steps.partition_point(0..self.len(), |s| s < step));
        }
        self.steps.push(step);
        self.values.push(value);
    }

    /// Forgets all points after `step`.
    pub fn cut_after(&mut self, step: u64) {
        self.truncate(self.steps.partition_point(0..self.len(), |s| s <= step));
    }

    fn truncate(&mut self, len: usize) {
        if len < self.steps.len() {
            self.steps.truncate(len);
            self.values.truncate(len);
            self.past = new_past();
        }
    }

    /// The steps, strictly ascending.
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// One value a step; may hold NaN and infinities.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The newest point.
    pub fn last(&self) -> Option<(u64, f32)> {
        Some((self.steps.last()?, *self.values.last()?))
    }

    /// The point whose step is nearest to `step`, the earlier of two equally near ones.
    pub fn nearest(&self, step: f64) -> Option<(u64, f32)> {
        let after = self.steps.partition_point(0..self.len(), |s| (s as f64) < step);
        let distance = |i: usize| (self.step_at(i) as f64 - step).abs();
        let i = match (after.checked_sub(1), after < self.len()) {
            (Some(before), true) if distance(before) <= distance(after) => before,
            (_, true) => after,
            (before, false) => before?,
        };
        Some((self.step_at(i), self.values[i]))
    }

    /// What tells this curve from what it was: its past, and how long it is.
    pub fn version(&self) -> (u64, usize) {
        (self.past, self.len())
    }

    fn step_at(&self, place: usize) -> u64 {
        self.steps.get(place).unwrap_or_default()
    }

    /// The 1st and the 99th percentile of the finite values between two steps, both included: a plot's
    /// vertical range that one outlier does not spoil.
    ///
    /// Looks at a thousand evenly spaced points at most, so its cost does not grow with the run.
    pub fn robust_range(&self, first: f64, last: f64) -> Option<(f32, f32)> {
        let visible = visible_points(&self.steps, first, last);
        let stride = visible.len().div_ceil(RANGE_SAMPLES).max(1);
        let mut samples = [0.0f32; RANGE_SAMPLES];
        let mut n = 0;
        let finite = self.values[visible].iter().step_by(stride).filter(|value| value.is_finite());
        for (sample, &value) in samples.iter_mut().zip(finite) {
            *sample = value;
            n += 1;
        }
        if n == 0 {
            return None;
        }
        let samples = &mut samples[..n];
        samples.sort_unstable_by(f32::total_cmp);
        Some((samples[(n - 1) / 100], samples[n - 1 - (n - 1) / 100]))
    }

    /// [`decimate`] of the raw values.
    pub fn decimate(&self, first: f64, last: f64, columns: usize, emit: impl FnMut(f64, f64)) {
        decimate(&self.steps, &self.values, [first, last], columns, emit);
    }
}

/// The indices of the points between two steps, both included.
fn visible_points(steps: &Steps, first: f64, last: f64) -> std::ops::Range<usize> {
    let start = steps.partition_point(0..steps.len(), |s| (s as f64) < first);
    let end = steps.partition_point(0..steps.len(), |s| (s as f64) <= last);
    start..end.max(start)
}

/// Emits as few points as draw the same line in `columns` pixel columns over the steps of `range`.
///
/// Of every column it emits the first, the smallest, the largest and the last point, and the first that is
/// not finite, in order of steps; so extremes, ends and gaps all stay. The neighbour on either side of
/// the range is emitted too, so that the line reaches the frame. A value that is not finite is emitted
/// as NaN: a gap in the line. Where there are few points, all are emitted.
///
/// Does not allocate.
///
/// # Source
/// M4 (Jugel et al. 2014, "M4: A Visualization-Oriented Time Series Data Aggregation"), which is
/// pixel-exact for lines.
pub fn decimate(
    steps: &Steps,
    values: &[f32],
    range: [f64; 2],
    columns: usize,
    mut emit: impl FnMut(f64, f64),
) {
    let [first, last] = range;
    let visible = visible_points(steps, first, last);
    let mut emit_point = |i: usize| {
        let value = f64::from(values[i]);
        let step = steps.get(i).unwrap_or_default();
        emit(step as f64, if value.is_finite() { value } else { f64::NAN });
    };
    if let Some(before) = visible.start.checked_sub(1) {
        emit_point(before);
    }
    let few = visible.len() <= 4 * columns.max(1);
    let per_step = columns.max(1) as f64 / (last - first);
    let column = |step: u64| ((step as f64 - first) * per_step) as u64;
    let mut start = visible.start;
    while start < visible.end {
        let rest = start + 1..visible.end;
        let here = column(steps.get(start).unwrap_or_default());
        let end = if few { rest.start } else { steps.partition_point(rest, |s| column(s) == here) };
        emit_column(values, start..end, &mut emit_point);
        start = end;
    }
    if visible.end < steps.len() {
        emit_point(visible.end);
    }
}

/// Emits the points that stand for all of one pixel column, in order, each once.
fn emit_column(values: &[f32], points: std::ops::Range<usize>, emit: &mut impl FnMut(usize)) {
    let (mut lowest, mut highest, mut gap) = (None, None, None);
    for i in points.clone() {
        let value = values[i];
        if !value.is_finite() {
            gap = gap.or(Some(i));
            continue;
        }
        if lowest.is_none_or(|j: usize| value < values[j]) {
            lowest = Some(i);
        }
        if highest.is_none_or(|j: usize| value > values[j]) {
            highest = Some(i);
        }
    }
    let mut chosen = [Some(points.start), lowest, highest, gap, Some(points.end - 1)];
    chosen.sort_unstable();
    let mut emitted = None;
    for i in chosen.into_iter().flatten() {
        if emitted != Some(i) {
            emit(i);
            emitted = Some(i);
        }
    }
}

/// Leaves out points, `at` being where they are, as long as the line passes within `tolerance` above or below each of
/// them. The first, the last and gaps (values that are NaN, and the ends beside them) stay. Takes points in order of x.
///
/// # Source
/// The swinging door of process recorders (Bristol 1990, "Swinging Door Trending"), between points as they are.
pub fn thin<T: Copy>(points: &mut Vec<T>, tolerance: f64, at: impl Fn(&T) -> [f64; 2]) {
    let (mut kept, mut next) = (0, 0);
    while next < points.len() {
        points[kept] = points[next];
        kept += 1;
        next += reach(&points[next..], tolerance, &at);
    }
    points.truncate(kept);
}

/// How many points on a line that begins at the first may end.
fn reach<T>(points: &[T], tolerance: f64, at: impl Fn(&T) -> [f64; 2]) -> usize {
    let [x, y] = at(&points[0]);
    let mut reach = 1;
    // The slopes that pass near to all points so far.
    let [mut least, mut greatest] = [f64::NEG_INFINITY, f64::INFINITY];
    for (index, point) in points.iter().enumerate().skip(1) {
        let [dx, dy] = [at(point)[0] - x, at(point)[1] - y];
        // A slope to a gap lies in no range.
        if !(least..=greatest).contains(&(dy / dx)) {
            break;
        }
        least = least.max((dy - tolerance) / dx);
        greatest = greatest.min((dy + tolerance) / dx);
        reach = index;
    }
    reach
}

/// A smoothed copy of a series: the exponential moving average, debiased so that it starts at the first
/// value and not at zero. Kept up to date at the cost of the new points alone.
#[derive(Clone, Debug, Default)]
pub struct Ema {
    weight: f64,
    values: Vec<f32>,
    /// The biased average, and how many finite values are in it.
    average: f64,
    count: i32,
    past: u64,
}

impl Ema {
    /// Smooths what is new in `series`, or all of it where the past or the weight has changed, and gives
    /// one value a point.
    ///
    /// A value that is not finite leaves the average as it is; before the first finite one it is NaN.
    ///
    /// # Units
    /// `weight` is the share of the past in `[0, 1)`: 0 is the series itself. Others are clamped.
    ///
    /// # Source
    /// Adam's bias correction, 1 − wⁿ (Kingma & Ba 2014, section 3, arXiv:1412.6980).
    pub fn update(&mut self, series: &Series, weight: f64) -> &[f32] {
        let weight = if weight.is_nan() { 0.0 } else { weight.clamp(0.0, 0.9999) };
        if self.past != series.past || weight.to_bits() != self.weight.to_bits() {
            self.values.clear();
            (self.past, self.weight, self.average, self.count) = (series.past, weight, 0.0, 0);
        }
        for &value in &series.values[self.values.len()..] {
            if value.is_finite() {
                self.average = weight * self.average + (1.0 - weight) * f64::from(value);
                self.count = self.count.saturating_add(1);
            }
            self.values.push((self.average / (1.0 - weight.powi(self.count))) as f32);
        }
        &self.values
    }
}

/// Writes several series as CSV: a column each, a row for every step that any of them has, an empty cell
/// where one has none.
///
/// # Errors
/// Those of `out`.
pub fn write_csv(series: &[(&str, &Series)], out: &mut impl Write) -> io::Result<()> {
    write!(out, "step")?;
    for (name, _) in series {
        write!(out, ",{}", csv_cell(name))?;
    }
    writeln!(out)?;
    let mut next = vec![0; series.len()];
    let step_at = |next: &[usize], i: usize| series[i].1.steps.get(next[i]);
    while let Some(step) = (0..series.len()).filter_map(|i| step_at(&next, i)).min() {
        write!(out, "{step}")?;
        for i in 0..series.len() {
            if step_at(&next, i) == Some(step) {
                write!(out, ",{}", series[i].1.values[next[i]])?;
                next[i] += 1;
            } else {
                write!(out, ",")?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// `text` as a CSV cell, quoted where it must be.
pub(super) fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
