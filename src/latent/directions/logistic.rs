//! Logistic regression: the plane that tells two sides apart with the likeliest odds.

use rayon::prelude::*;

use super::super::right_angles::dot;
use super::Separator;
use crate::array::Array;
use crate::watch::{Part, Stopped};

/// Newton steps, of which well-behaved problems take about ten.
const STEPS: usize = 40;
/// Steps of the conjugate gradients within each.
const INNER_STEPS: usize = 60;
/// The slope at which it ends, as a share of the first one.
const EXACT: f64 = 1e-6;
/// Rows whose sums are taken one after the other, so that results do not depend on the number of threads.
const ROWS: usize = 128;
/// Keeps the unpenalised intercept from being undetermined where all odds are certain.
const INTERCEPT_RIDGE: f64 = 1e-9;

/// The plane of the L2-regularised logistic regression of `sides` on latents: the least of
/// `Σ ln(1 + exp(-y (w · x + b))) + |w|² / 2`, where `x` are the latents around their mean, over the root of their mean
/// variance, so that one scale serves all dimensions and directions keep their meaning. Nothing where a side is empty or
/// all latents are equal.
///
/// # Shapes
/// `latents`: `[n, ..]`; `sides`: `[n]`, nothing for latents that belong to neither
///
/// # Errors
/// When whoever watches ends it.
///
/// # Source
/// Newton's method with conjugate gradients: Lin, Weng & Keerthi 2008, "Trust region Newton method for large-scale
/// logistic regression", JMLR 9; the penalty is the default of scikit-learn (C = 1).
pub fn logistic(
    latents: &Array,
    sides: &[Option<bool>],
    part: Part<'_>,
) -> Result<Option<Separator>, Stopped> {
    let Some(problem) = Problem::new(latents, sides) else { return Ok(None) };
    let mut weights = vec![0.0; latents.row_len() + 1];
    let mut first_slope = None;
    for step in 0..STEPS {
        part.tell(step as f64 / STEPS as f64)?;
        let margins = problem.margins(&weights);
        let slope = problem.slope(&weights, &margins);
        let steepness = dot(&slope, &slope).sqrt();
        let first = *first_slope.get_or_insert(steepness);
        if steepness <= EXACT * first {
            break;
        }
        let towards = problem.newton_step(&margins, &slope, first);
        if !problem.walk(&mut weights, &towards) {
            break;
        }
    }
    Ok(problem.separator(weights))
}

/// Latents of two sides.
struct Problem {
    /// Around their mean and scaled, one after the other.
    x: Vec<f64>,
    d: usize,
    /// 1 or -1.
    y: Vec<f64>,
    mean: Vec<f64>,
    scale: f64,
}

impl Problem {
    fn new(latents: &Array, sides: &[Option<bool>]) -> Option<Self> {
        let known = sides.iter().enumerate().filter_map(|(row, side)| Some((row, (*side)?)));
        let (rows, y): (Vec<usize>, Vec<f64>) =
            known.map(|(row, side)| (row, if side { 1.0 } else { -1.0 })).unzip();
        if !y.contains(&1.0) || !y.contains(&-1.0) {
            return None;
        }
        let (d, n) = (latents.row_len(), rows.len() as f64);
        let mut mean = vec![0.0; d];
        for &row in &rows {
            let values = latents.row(row).iter();
            mean.iter_mut().zip(values).for_each(|(sum, &z)| *sum += f64::from(z) / n);
        }
        let around = |row: &usize| {
            let values = latents.row(*row).iter();
            values.zip(&mean).map(|(&z, mean)| f64::from(z) - mean).collect::<Vec<f64>>()
        };
        let mut x: Vec<f64> = rows.iter().flat_map(around).collect();
        let scale = (dot(&x, &x) / (n * d as f64)).sqrt();
        if !scale.is_finite() || scale <= 0.0 {
            return None;
        }
        for value in &mut x {
            *value /= scale;
        }
        Some(Self { x, d, y, mean, scale })
    }

    /// `y (w · x + b)` of every row.
    fn margins(&self, weights: &[f64]) -> Vec<f64> {
        let scores = self.scores(weights);
        scores.iter().zip(&self.y).map(|(score, y)| score * y).collect()
    }

    fn scores(&self, weights: &[f64]) -> Vec<f64> {
        let (w, b) = weights.split_at(self.d);
        self.x.par_chunks(self.d).map(|row| dot(row, w) + b[0]).collect()
    }

    /// The sum of all rows, each so many times, and of these times.
    fn sum(&self, times: &[f64]) -> Vec<f64> {
        let of_rows = |(rows, times): (&[f64], &[f64])| {
            let mut sums = vec![0.0; self.d + 1];
            for (row, times) in rows.chunks_exact(self.d).zip(times) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += times * value);
                sums[self.d] += times;
            }
            sums
        };
        let parts = self.x.par_chunks(ROWS * self.d).zip(times.par_chunks(ROWS));
        let parts: Vec<Vec<f64>> = parts.map(of_rows).collect();
        parts.into_iter().fold(vec![0.0; self.d + 1], |mut sums, more| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            sums
        })
    }

    fn loss(&self, weights: &[f64]) -> f64 {
        // ln(1 + exp(-m)) without overflow.
        let term = |m: &f64| (-m.abs()).exp().ln_1p() + (-m).max(0.0);
        let w = &weights[..self.d];
        self.margins(weights).iter().map(term).sum::<f64>() + 0.5 * dot(w, w)
    }

    fn slope(&self, weights: &[f64], margins: &[f64]) -> Vec<f64> {
        let times: Vec<f64> =
            margins.iter().zip(&self.y).map(|(margin, y)| -y * sigmoid(-margin)).collect();
        let mut slope = self.sum(&times);
        slope.iter_mut().zip(&weights[..self.d]).for_each(|(slope, w)| *slope += w);
        slope
    }

    /// The curvature times a vector.
    fn curve(&self, curvatures: &[f64], vector: &[f64]) -> Vec<f64> {
        let scores = self.scores(vector);
        let times: Vec<f64> = scores.iter().zip(curvatures).map(|(score, c)| score * c).collect();
        let mut out = self.sum(&times);
        out.iter_mut().zip(&vector[..self.d]).for_each(|(out, value)| *out += value);
        out[self.d] += INTERCEPT_RIDGE * vector[self.d];
        out
    }

    /// Where Newton's method leads, as exactly as the slope calls for, by conjugate gradients.
    fn newton_step(&self, margins: &[f64], slope: &[f64], first: f64) -> Vec<f64> {
        let curvatures: Vec<f64> =
            margins.iter().map(|margin| sigmoid(*margin) * sigmoid(-margin)).collect();
        let mut step = vec![0.0; slope.len()];
        let mut left: Vec<f64> = slope.iter().map(|value| -value).collect();
        let mut towards = left.clone();
        let mut square = dot(&left, &left);
        let share = (square.sqrt() / first).sqrt().min(0.1);
        let enough = share * share * square;
        for _ in 0..INNER_STEPS {
            if square <= enough {
                break;
            }
            let curved = self.curve(&curvatures, &towards);
            let far = square / dot(&towards, &curved);
            step.iter_mut().zip(&towards).for_each(|(step, to)| *step += far * to);
            left.iter_mut().zip(&curved).for_each(|(left, curved)| *left -= far * curved);
            let next = dot(&left, &left);
            towards.iter_mut().zip(&left).for_each(|(to, left)| *to = left + next / square * *to);
            square = next;
        }
        step
    }

    /// Goes as far along a step as the loss falls; whether it does at all.
    fn walk(&self, weights: &mut [f64], step: &[f64]) -> bool {
        let before = self.loss(weights);
        let mut share = 1.0;
        for _ in 0..30 {
            let there: Vec<f64> =
                weights.iter().zip(step).map(|(weight, step)| weight + share * step).collect();
            if self.loss(&there) < before {
                weights.copy_from_slice(&there);
                return true;
            }
            share *= 0.5;
        }
        false
    }

    /// The plane in the latents' own units.
    fn separator(&self, mut weights: Vec<f64>) -> Option<Separator> {
        let intercept = weights.pop()?;
        let length = dot(&weights, &weights).sqrt();
        if !length.is_finite() || length <= 0.0 {
            return None;
        }
        for value in &mut weights {
            *value /= length;
        }
        let threshold = dot(&weights, &self.mean) - intercept * self.scale / length;
        Some(Separator { axis: weights, threshold })
    }
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}
