//! Images and draws in latent space: what the job makes that encodes them.

use std::sync::Arc;

use super::Course;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::data::corrupt::Corruption;
use crate::data::{self, Dataset, Split};
use crate::engine::codec::{ByClass, EngineCodec};
use crate::engine::{EngineError, EngineKind, Runner};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::{Networks, Shown};
use crate::picture::{ImageShape, ValueRange, level_from_unit};
use crate::session::explore::Explore;
use crate::session::map::{Extent, Made, Points, Source, Work};
use crate::watch::Watch;

/// Images that are encoded at once.
const BATCH: usize = 64;
/// Draws are decoded, so that they can be looked at, where all take no more operations than this.
const MOST_FLOPS: u64 = 2_000_000_000_000;
/// Draws begin here, apart from those that the explorer makes.
const FIRST_SEED: u64 = 1 << 32;

/// A model as it is now, and the images that it is to encode.
pub(super) struct Encoding {
    pub(super) config: ModelConfig,
    pub(super) networks: Networks,
    pub(super) tensors: NamedArrays,
    pub(super) shown: Shown,
    pub(super) range: ValueRange,
    pub(super) image: ImageShape,
    pub(super) corruption: Option<Corruption>,
    pub(super) step: u64,
    pub(super) dataset: Option<Arc<dyn Dataset>>,
    pub(super) extent: Extent,
    /// What knows the prior.
    pub(super) explore: Explore,
}

impl Encoding {
    /// Encodes what is asked for; nothing where it was ended.
    pub(super) fn encode(&self, course: &Course) -> Result<Option<Points>, CodecError> {
        unless_stopped(in_pool(|| self.encode_all(course)))
    }

    fn encode_all(&self, course: &Course) -> Result<Points, CodecError> {
        let d = self.explore.latent().len();
        let sources = self.sources(d);
        let first_draw =
            sources.iter().take_while(|source| matches!(source, Source::Image { .. })).count();
        let labels: Vec<Option<u32>> = sources.iter().map(|source| self.label(*source)).collect();
        let mut latents = Vec::with_capacity(sources.len() * d);
        let mut codes = self.networks.codes.is_some().then(Vec::new);
        let share = |done: usize| done as f32 / sources.len().max(1) as f32;
        if first_draw > 0 {
            let mut codec =
                self.codec(labels.iter().take(first_draw).all(Option::is_some), course)?;
            for start in (0..first_draw).step_by(BATCH) {
                let range = start..first_draw.min(start + BATCH);
                tell(course, Work::Encoding(share(start)))?;
                let (_, seen) = self.images(&sources[range.clone()]);
                let classes: Option<Vec<u32>> = labels[range.clone()].iter().copied().collect();
                codec.set_classes(classes.as_deref());
                let mut outputs = codec.encode(&self.range.images_from_unit(&seen))?;
                let latent = take(&mut outputs, "latent")?;
                if latent.row_len() != d {
                    let found = latent.row_len();
                    return Err(format!("latents of {found} values (expected {d})").into());
                }
                latents.extend_from_slice(latent.data());
                if let Some(codes) = &mut codes {
                    let indices = take(&mut outputs, "indices")?;
                    codes.extend((0..range.len()).map(|row| self.most_used(indices.row(row))));
                }
            }
        }
        for source in &sources[first_draw..] {
            let Source::Draw(number) = source else { continue };
            let latent = self.explore.draw(FIRST_SEED + u64::from(*number));
            if let (Some(codes), Some(graphs)) = (&mut codes, &self.networks.codes) {
                codes.push(most_frequent(&graphs.space().codes_of_latent(&latent)));
            }
            latents.extend(latent);
        }
        let latents = Array::new([sources.len(), d], latents)?;
        let made = self.decode_draws(&latents, first_draw, course)?;
        let factors = self.factors(&sources);
        Ok(Points { step: self.step, latents, sources, labels, factors, codes, made })
    }

    /// The errors of the reconstructions of points, NaN for draws; nothing where it was ended.
    pub(super) fn measure(
        &self,
        points: &Points,
        course: &Course,
    ) -> Result<Option<Vec<f32>>, CodecError> {
        unless_stopped(in_pool(|| self.measure_all(points, course)))
    }

    fn measure_all(&self, points: &Points, course: &Course) -> Result<Vec<f32>, CodecError> {
        let images = points.len() - points.draws();
        let has_labels = points.labels.iter().take(images).all(Option::is_some);
        let mut codec = self.codec(has_labels, course)?;
        let mut losses = Vec::with_capacity(points.len());
        for start in (0..images).step_by(BATCH) {
            let range = start..images.min(start + BATCH);
            tell(course, Work::Measuring(start as f32 / images as f32))?;
            let (clean, _) = self.images(&points.sources[range.clone()]);
            let classes: Option<Vec<u32>> = points.labels[range.clone()].iter().copied().collect();
            codec.set_classes(classes.as_deref());
            let rows = points.latents.rows(range.start, range.end);
            let shape = [&[range.len()], &self.config.latent()[..]].concat();
            let made = take(&mut codec.decode(&rows.reshaped(shape)?)?, "image")?;
            let made = self.range.images_to_unit(&made);
            losses.extend((0..range.len()).map(|row| squared_error(clean.row(row), made.row(row))));
        }
        losses.resize(points.len(), f32::NAN);
        Ok(losses)
    }

    fn sources(&self, d: usize) -> Vec<Source> {
        let Some(data) = &self.dataset else {
            let draws = if self.extent.draws > 0 { self.extent.draws } else { Extent::DRAWS_ALONE };
            return Extent { draws, ..self.extent }.sources([0, 0], d);
        };
        self.extent.sources([data.len(Split::Train), data.len(Split::Test)], d)
    }

    fn label(&self, source: Source) -> Option<u32> {
        match source {
            Source::Image { split, index } => self.dataset.as_ref()?.label(split, index as usize),
            Source::Draw(_) => None,
        }
    }

    fn factors(&self, sources: &[Source]) -> Vec<Vec<f32>> {
        let Some(data) = &self.dataset else { return Vec::new() };
        let mut factors = vec![Vec::with_capacity(sources.len()); data.factors().len()];
        for source in sources {
            let values = match *source {
                Source::Image { split, index } => data.factor_values(split, index as usize),
                Source::Draw(_) => None,
            };
            for (factor, all) in factors.iter_mut().enumerate() {
                let value = values.as_ref().and_then(|values| values.get(factor));
                all.push(value.copied().unwrap_or(f32::NAN));
            }
        }
        factors
    }

    /// Images as they are and as the encoder sees them, in `[0, 1]`.
    fn images(&self, sources: &[Source]) -> (Array, Array) {
        let mut images = Array::zeros(self.image.batch(sources.len()));
        let mut seen = images.clone();
        let Some(dataset) = &self.dataset else { return (images, seen) };
        for (row, source) in sources.iter().enumerate() {
            let Source::Image { split, index } = *source else { continue };
            let one = data::batch(dataset.as_ref(), split, &[index]);
            let spoilt = self.corruption.map(|how| how.apply_to_held_out(&one, u64::from(index)));
            let place = row * self.image.len()..(row + 1) * self.image.len();
            images.data_mut()[place.clone()].copy_from_slice(one.data());
            seen.data_mut()[place].copy_from_slice(spoilt.as_ref().unwrap_or(&one).data());
        }
        (images, seen)
    }

    /// The model on the CPU, asked for the class of each image where it knows classes.
    fn codec(&self, has_labels: bool, course: &Course) -> Result<Box<dyn Codec>, CodecError> {
        let classes = self.config.classes();
        let mut codec: Box<dyn Codec> = if classes > 0 && has_labels {
            let of_class = |class| -> Result<Box<dyn Codec>, CodecError> {
                let shown = Shown { class, ..self.shown };
                Ok(Box::new(prepared(&self.config.lower_shown(&self.tensors, shown)?)?))
            };
            Box::new(ByClass::new((0..classes).map(of_class).collect::<Result<_, _>>()?))
        } else {
            Box::new(prepared(&self.networks)?)
        };
        let course = course.clone();
        codec.watch(&Watch::new(move |_| course.goes_on()));
        Ok(codec)
    }

    /// What draws look like, where that does not take too long.
    fn decode_draws(
        &self,
        latents: &Array,
        first: usize,
        course: &Course,
    ) -> Result<Option<Made>, CodecError> {
        let draws = latents.num_rows() - first;
        if draws == 0 {
            return Ok(None);
        }
        let flops = self.networks.decoder()?.flops();
        if flops.saturating_mul(draws as u64) > MOST_FLOPS {
            return Ok(None);
        }
        let mut codec = self.codec(false, course)?;
        let mut levels = Vec::with_capacity(draws * self.image.len());
        for start in (first..first + draws).step_by(BATCH) {
            let end = (first + draws).min(start + BATCH);
            let done = if first == 0 { start as f32 / draws as f32 } else { 1.0 };
            tell(course, Work::Encoding(done))?;
            let shape = [&[end - start], &self.config.latent()[..]].concat();
            let rows = latents.rows(start, end).reshaped(shape)?;
            let made = take(&mut codec.decode(&rows)?, "image")?;
            let unit = made.data().iter().map(|value| self.range.to_unit(*value));
            levels.extend(unit.map(level_from_unit));
        }
        Ok(Some(Made { shape: self.image, levels }))
    }

    fn most_used(&self, indices: &[f32]) -> u32 {
        let graphs = self.networks.codes.as_ref();
        graphs.map_or(0, |graphs| most_frequent(&graphs.space().codes(indices)))
    }
}

/// The code that comes most often, of equally frequent ones the lowest.
fn most_frequent(codes: &[u32]) -> u32 {
    let mut sorted = codes.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    let best = runs.max_by(|a, b| a.len().cmp(&b.len()).then(b[0].cmp(&a[0])));
    best.map_or(0, |run| run[0])
}

fn squared_error(a: &[f32], b: &[f32]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    (squares / a.len().max(1) as f64) as f32
}

fn prepared(networks: &Networks) -> Result<EngineCodec, EngineError> {
    let run = |graph| Runner::new(EngineKind::Cpu, graph, None);
    let encoder = networks.encoder.as_ref().map(run).transpose()?;
    let decoder = networks.decoder.as_ref().map(run).transpose()?;
    Ok(EngineCodec::new(encoder, decoder, None))
}

fn tell(course: &Course, work: Work) -> Result<(), CodecError> {
    if course.tell(work) { Ok(()) } else { Err(EngineError::Stopped(crate::watch::Stopped).into()) }
}

/// Nothing where a person ended it.
fn unless_stopped<T>(made: Result<T, CodecError>) -> Result<Option<T>, CodecError> {
    match made {
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::Stopped(_))) => Ok(None),
        made => made.map(Some),
    }
}

/// Runs on threads that leave a core to the window.
fn in_pool<T: Send>(job: impl FnOnce() -> Result<T, CodecError> + Send) -> Result<T, CodecError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.saturating_sub(1).max(1);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(job)
}
