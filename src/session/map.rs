//! The map: encoded images as points on a plane, which of them are chosen, and how they are coloured.
//!
//! Plain data that the window's program puts together and a person changes; knows nothing of models, files or windows.

mod ask;
mod choices;
mod colouring;
mod points;

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

pub use ask::Ask;
pub use choices::Choices;
pub use colouring::{Colouring, Scale, scale_of};
pub use points::{Extent, Made, Points, Source, Splits};

use crate::language::tr_later;
use crate::latent::{Chart, Metric, is_inside, mixed_by_distance, nearest_places};
use crate::layout::Method;

/// Points whose latents are mixed where a layout has no way back.
const MIXED: usize = 8;

/// How latents are put onto the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    /// The two first principal components.
    #[default]
    Pca,
    /// Two dimensions.
    Dims([usize; 2]),
    /// A layout that keeps neighbours together.
    Layout(Method),
}

impl Projection {
    /// What people call it.
    pub fn name(self) -> String {
        match self {
            Self::Pca => "PCA".to_owned(),
            Self::Dims([u, v]) => format!("z{u} × z{v}"),
            Self::Layout(method) => method.name().to_owned(),
        }
    }
}

/// Where points lie.
#[derive(Clone, Debug)]
pub struct Placed {
    /// By what.
    pub projection: Projection,
    /// Updates behind the weights that encoded what lies so.
    pub step: u64,
    /// The place of each point, `[n]`; NaN for latents that are no numbers.
    pub places: Arc<Vec<[f32; 2]>>,
    /// The plane, where they lie on one.
    pub chart: Option<Arc<Chart>>,
    /// How much of the variance lies along each axis, in `[0, 1]`, for principal components.
    pub shares: Option<[f64; 2]>,
    /// Whether they move on.
    pub is_unfinished: bool,
    /// Counts the times that points were laid out anew rather than moved on: what is seen then fits them all.
    pub layout: u64,
}

/// What a job makes of the map at the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// Images are encoded.
    Encoding(f32),
    /// Points are put onto a plane.
    Placing(f32),
    /// Neighbours are searched for a layout.
    Neighbours(f32),
    /// A layout moves points.
    Moving(f32),
    /// Reconstructions are measured.
    Measuring(f32),
}

impl Work {
    /// What is done, for a person, and the share that is, in `[0, 1]`.
    pub fn told(self) -> (&'static str, f32) {
        match self {
            Self::Encoding(share) => (tr_later!("Encoding images"), share),
            Self::Placing(share) => (tr_later!("Placing points"), share),
            Self::Neighbours(share) => (tr_later!("Searching neighbours"), share),
            Self::Moving(share) => (tr_later!("Laying out"), share),
            Self::Measuring(share) => (tr_later!("Measuring reconstructions"), share),
        }
    }
}

/// The latents nearest to that of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The point.
    pub point: u32,
    /// By which distance.
    pub metric: Metric,
    /// The nearest first, with their distances; without the point itself.
    pub points: Vec<(u32, f32)>,
}

/// The map of a model's latents.
#[derive(Clone, Debug, Default)]
pub struct Map {
    extent: Extent,
    projection: Projection,
    colouring: Colouring,
    metric: Metric,
    points: Option<Arc<Points>>,
    placed: Option<Placed>,
    losses: Option<Arc<Vec<f32>>>,
    /// Of the numbers that colour points.
    scale: Option<Scale>,
    selected: Vec<u32>,
    /// The mean latent of those that are selected, once somebody has asked for it.
    mean: OnceLock<Option<Vec<f32>>>,
    chosen: Option<u32>,
    /// The neighbours of the chosen point, once they are known.
    near: Option<Near>,
    /// What is being made.
    pub work: Option<Work>,
    /// The place of the explorer's point where only the nearest latent tells it: that point's number.
    pub nearest_to_explorer: Option<u32>,
    /// Counts changes of places, and of anything that changes how points look.
    versions: [u64; 2],
}

impl Map {
    /// The map of another model: what was chosen of the last one is let go, how to show it is not.
    pub fn renewed(&self) -> Self {
        let Choices { extent, projection, colouring, metric } = self.choices().for_any_model();
        Self { extent, projection, colouring, metric, versions: self.next(), ..Self::default() }
    }

    fn next(&self) -> [u64; 2] {
        self.versions.map(|version| version + 1)
    }

    /// Which images are encoded.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// How points are put onto the plane, from now on or as soon as that is done.
    pub fn projection(&self) -> Projection {
        self.projection
    }

    /// What colours them.
    pub fn colouring(&self) -> Colouring {
        self.colouring
    }

    /// What tells how near they are.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The points, once images are encoded.
    pub fn points(&self) -> Option<&Arc<Points>> {
        self.points.as_ref()
    }

    /// Where they lie.
    pub fn placed(&self) -> Option<&Placed> {
        let n = self.points.as_ref()?.len();
        self.placed.as_ref().filter(|placed| placed.places.len() == n)
    }

    /// Mean squared errors of reconstructions, `[n]`, on pixels in `[0, 1]`; NaN for draws.
    pub fn losses(&self) -> Option<&Arc<Vec<f32>>> {
        let n = self.points.as_ref()?.len();
        self.losses.as_ref().filter(|losses| losses.len() == n)
    }

    /// The selected points, in order.
    pub fn selected(&self) -> &[u32] {
        &self.selected
    }

    /// The point whose neighbours are shown.
    pub fn chosen(&self) -> Option<u32> {
        self.chosen
    }

    /// Its neighbours, once they are known.
    pub fn near(&self) -> Option<&Near> {
        let is_asked = |near: &&Near| Some(near.point) == self.chosen && near.metric == self.metric;
        self.near.as_ref().filter(is_asked)
    }

    /// Changes with the places.
    pub fn places_version(&self) -> u64 {
        self.versions[0]
    }

    /// Changes with whatever changes how points look.
    pub fn look_version(&self) -> u64 {
        self.versions[1]
    }

    /// Takes what a person asks for, as far as it changes the map itself.
    pub fn apply(&mut self, ask: &Ask) {
        match ask {
            Ask::Extent(extent) => self.extent = extent.admitted(),
            Ask::Project(projection) => self.projection = *projection,
            Ask::Colour(colouring) => {
                self.colouring = *colouring;
                self.rescale();
            }
            Ask::SelectWithin { line, adds } => self.select_within(line, *adds),
            Ask::SelectClass(class) => {
                let labels = self.points.as_ref().map_or(&[][..], |points| &points.labels);
                let of_class = (0..).zip(labels).filter(|(_, label)| **label == Some(*class));
                self.selected = of_class.map(|(point, _)| point).collect();
            }
            Ask::Deselect => self.selected.clear(),
            Ask::Choose(point) => {
                let n = self.points.as_ref().map_or(0, |points| points.len());
                self.chosen = point.filter(|&point| (point as usize) < n);
            }
            Ask::Measure(metric) => self.metric = *metric,
            Ask::Encode
            | Ask::Cancel
            | Ask::Refit
            | Ask::SavePicture(_)
            | Ask::SavePoints(_)
            | Ask::SaveLatents(_) => return,
        }
        self.mean = OnceLock::new();
        self.versions[1] += 1;
    }

    fn select_within(&mut self, line: &[[f32; 2]], adds: bool) {
        let Some(placed) = self.placed() else { return };
        let within = (0..).zip(placed.places.iter()).filter(|(_, place)| is_inside(line, **place));
        let mut selected: Vec<u32> = within.map(|(point, _)| point).collect();
        if adds {
            selected.extend(&self.selected);
            selected.sort_unstable();
            selected.dedup();
        }
        self.selected = selected;
    }

    /// Takes newly encoded points; what was chosen stays so where they are the same images.
    pub fn set_points(&mut self, points: Arc<Points>) {
        let is_same = |known: &Arc<Points>| known.sources == points.sources;
        if !self.points.as_ref().is_some_and(is_same) {
            self.selected.clear();
            self.chosen = None;
            self.placed = None;
        }
        self.mean = OnceLock::new();
        self.near = None;
        self.losses = None;
        self.nearest_to_explorer = None;
        if !self.colouring.is_there(&points) {
            let has_labels = Colouring::Label.is_there(&points);
            self.colouring = if has_labels { Colouring::Label } else { Colouring::Nothing };
        }
        let d = points.latents.row_len();
        if matches!(self.projection, Projection::Dims(dims) if dims.iter().any(|&dim| dim >= d)) {
            self.projection = Projection::Pca;
        }
        self.points = Some(points);
        self.rescale();
        self.versions = self.next();
    }

    /// Takes where points lie.
    pub fn set_placed(&mut self, placed: Placed) {
        self.placed = Some(placed);
        self.versions = self.next();
    }

    /// Takes the errors of reconstructions.
    pub fn set_losses(&mut self, losses: Vec<f32>) {
        self.losses = Some(Arc::new(losses));
        self.rescale();
        self.versions[1] += 1;
    }

    fn rescale(&mut self) {
        self.scale = self.coloured_numbers().and_then(scale_of);
    }

    /// The scale of the numbers that colour points, where numbers do.
    pub fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// Takes the neighbours of a point.
    pub fn set_near(&mut self, near: Near) {
        self.near = Some(near);
        self.versions[1] += 1;
    }

    /// Whether the neighbours of the chosen point are to be looked for.
    pub fn wants_near(&self) -> Option<(u32, Metric)> {
        self.chosen.filter(|_| self.near().is_none()).map(|point| (point, self.metric))
    }

    /// Whether points are to be placed: they lie by another projection, or they moved on and a plane tells where to. A
    /// layout of moved points takes long, and is made when there is time for it.
    pub fn wants_placing(&self) -> bool {
        let Some(points) = &self.points else { return false };
        let Some(placed) = self.placed() else { return true };
        let is_behind = placed.step != points.step && placed.chart.is_some();
        placed.projection != self.projection || is_behind
    }

    /// Whether the points lie as an earlier state of the model put them.
    pub fn is_behind(&self) -> bool {
        let points = self.points.as_ref();
        points.zip(self.placed()).is_some_and(|(points, placed)| points.step != placed.step)
    }

    /// Where a latent lies on the map: exactly on a plane; else where the point with the nearest latent does, as far
    /// as that is known.
    pub fn place_of_explorer(&self, latent: &[f32]) -> Option<[f32; 2]> {
        let placed = self.placed()?;
        match &placed.chart {
            Some(chart) => (chart.dim() == latent.len()).then(|| chart.place(latent)),
            None => placed.places.get(self.nearest_to_explorer? as usize).copied(),
        }
    }

    /// The point nearest to a place.
    pub fn nearest(&self, at: [f32; 2]) -> Option<u32> {
        nearest_places(&self.placed()?.places, at, 1).first().map(|(point, _)| *point)
    }

    /// The latent at a place, for a walk that began at `from`: exactly there on a plane, with what is not seen on it
    /// as at the beginning; else a mixture of the nearest points' latents, each weighted by one over its squared
    /// distance on the map.
    pub fn latent_at(&self, at: [f32; 2], from: &[f32]) -> Option<Vec<f32>> {
        let (points, placed) = (self.points.as_ref()?, self.placed()?);
        match &placed.chart {
            Some(chart) => (chart.dim() == from.len()).then(|| chart.moved(from, at)),
            None => mixed_by_distance(&points.latents, &nearest_places(&placed.places, at, MIXED)),
        }
    }

    /// The latent of a point.
    pub fn latent(&self, point: u32) -> Option<&[f32]> {
        let points = self.points.as_ref()?;
        ((point as usize) < points.len()).then(|| points.latents.row(point as usize))
    }

    /// The mean latent of the selected points, of those that are numbers; nothing where none are.
    pub fn selected_latent(&self) -> Option<&[f32]> {
        let mean = || {
            let latents = self.selected.iter().filter_map(|&point| self.latent(point));
            let mut sum = vec![0.0_f64; self.points.as_ref()?.latents.row_len()];
            let mut count = 0_u32;
            for latent in latents.filter(|latent| latent.iter().all(|value| value.is_finite())) {
                count += 1;
                for (sum, value) in sum.iter_mut().zip(latent) {
                    *sum += f64::from(*value);
                }
            }
            let means = sum.into_iter().map(|sum| (sum / f64::from(count)) as f32);
            (count > 0).then(|| means.collect())
        };
        self.mean.get_or_init(mean).as_deref()
    }

    /// The points that an export is of: those selected, or all.
    pub fn exported(&self) -> Vec<u32> {
        let n = self.points.as_ref().map_or(0, |points| points.len()) as u32;
        if self.selected.is_empty() { (0..n).collect() } else { self.selected.clone() }
    }

    /// How many of the selected points each class has, in the order of the classes; those without one last.
    pub fn selected_by_class(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes + 1];
        let Some(points) = &self.points else { return counts };
        for &point in &self.selected {
            let label = points.labels.get(point as usize).copied().flatten();
            let class = label.map_or(classes, |label| (label as usize).min(classes));
            counts[class] += 1;
        }
        counts
    }

    /// Points as CSV: number, split and index of the image, its class, and where it lies.
    pub fn csv(&self, classes: &[String]) -> String {
        let mut text = "point,split,index,label,class,x,y\n".to_owned();
        let (Some(points), Some(placed)) = (&self.points, self.placed()) else { return text };
        for point in self.exported() {
            let at = point as usize;
            let (split, index) = match points.sources[at] {
                Source::Image { split, index } => (split.to_string(), index),
                Source::Draw(index) => ("draw".to_owned(), index),
            };
            let label = points.labels[at];
            let number = label.map(|label| label.to_string()).unwrap_or_default();
            let class = label.and_then(|label| classes.get(label as usize));
            let class = quoted(class.map_or("", String::as_str));
            let [x, y] = placed.places[at];
            writeln!(text, "{point},{split},{index},{number},{class},{x},{y}").ok();
        }
        text
    }
}

/// A field of a CSV file.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
