//! What a model of any family is worth on a set of images: what `zscope eval` prints and the Evaluate view shows.

mod attributes;
pub mod code_tiles;
pub mod directions;
pub mod inside;
pub mod invert;
mod kinds;
mod multimodal;
pub mod own_picture;
mod prior;
pub mod side_by_side;
mod texts;

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value, json};

pub use self::kinds::{Better, KINDS, MeasureKind};
use crate::array::Array;
use crate::codec::{Codec, CodecError, take};
use crate::data::{self, Dataset, Split, examined};
use crate::engine::{EngineKind, wgsl::Gpu};
use crate::graph::lower::{ModelConfig, OnlyCodes, Task};
use crate::metrics::Classification;
use crate::metrics::evaluate::{EvaluateOptions, Examined, evaluate};
use crate::metrics::generate::{
    FEWEST, GenerateOptions, Generation, Judge, Known, evaluate_generator,
};
use crate::open::{OpenError, Opened};
use crate::picture::ImageShape;
use crate::sample::Options;

/// How often one image is run to tell how long that takes, at most.
const TIMED_RUNS: usize = 9;
/// Nor is anything timed again after so long.
const TIMED_FOR: Duration = Duration::from_secs(2);
/// Images that are run at once.
const BATCH: usize = 100;
/// Draws that are compared with as many images, unless another number is asked for: all distances between them are
/// taken, so time grows with the square of it.
pub const DRAWS: usize = 2_000;

/// How to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureOptions {
    /// Which images.
    pub split: Split,
    /// How many of them, at most; the first ones.
    pub limit: Option<usize>,
    /// How many images are drawn, at most, and compared with as many of the split.
    pub draws: usize,
    /// Seed of posterior samples and draws.
    pub seed: u64,
    /// What runs the model.
    pub engine: EngineKind,
    /// A classifier, named as models are, by whose features sets of images are compared; pooled pixels without one.
    pub classifier: Option<String>,
    /// How codes are drawn from a prior over them; the class and the seed are others.
    pub how: Options,
    /// Of how many draws of a text the best is kept.
    pub best: u64,
}

impl Default for MeasureOptions {
    /// All test images, by pooled pixels.
    fn default() -> Self {
        Self {
            split: Split::Test,
            limit: None,
            draws: DRAWS,
            seed: 0,
            engine: EngineKind::Auto,
            classifier: None,
            how: Options::default(),
            best: 1,
        }
    }
}

/// A model that could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The images are not of the model's size.
    #[error("evaluate: the images are {found} (expected {expected}, as the model's)")]
    ImageShape {
        /// The data's.
        found: ImageShape,
        /// The model's.
        expected: ImageShape,
    },
    /// What was named as a classifier is none.
    #[error(
        "evaluate: --classifier is a {family} model (expected a run of zscope train classifier): {model}"
    )]
    NotAClassifier {
        /// Its family.
        family: &'static str,
        /// How it was named.
        model: String,
    },
    /// A classifier of classes, and images without.
    #[error(
        "evaluate: the images have no classes (expected the data that the classifier was trained on)"
    )]
    NoClasses,
    /// A codebook without its model.
    #[error("evaluate: {0}")]
    OnlyCodes(#[from] OnlyCodes),
    /// The model or the classifier cannot be run.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The model failed.
    #[error("evaluate: {0}")]
    Run(CodecError),
}

impl MeasureError {
    /// Whether something else was to be asked for, rather than that something failed.
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::ImageShape { .. }
                | Self::NotAClassifier { .. }
                | Self::NoClasses
                | Self::OnlyCodes(_)
        )
    }
}

impl From<CodecError> for MeasureError {
    fn from(error: CodecError) -> Self {
        Self::Run(error)
    }
}

/// One number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// What it is.
    pub kind: &'static MeasureKind,
    /// Its value.
    pub value: f64,
}

/// What was measured of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// All of it, keyed as scripts expect.
    pub json: Map<String, Value>,
    /// Images that were measured.
    pub images: u64,
    /// Updates behind the model's weights.
    pub step: u64,
    /// What sets of images were compared by, where some were.
    pub features: Option<String>,
    /// How many images of each class a classifier saw among the draws.
    pub classes: Option<Vec<usize>>,
}

impl Report {
    /// The numbers, in the order in which they are told.
    pub fn measures(&self) -> Vec<Measure> {
        let value = |kind: &MeasureKind| match (kind.name, self.json.get(kind.name)?) {
            ("near_duplicates", twins) => twins.get("share")?.as_f64(),
            (_, value) => value.as_f64(),
        };
        KINDS.iter().filter_map(|kind| Some(Measure { kind, value: value(kind)? })).collect()
    }

    /// Adds all that something says of itself.
    fn add(&mut self, told: &impl Serialize) {
        if let Ok(Value::Object(object)) = serde_json::to_value(told) {
            self.json.extend(object);
        }
    }
}

/// Measures a model. `progress` is told how many images are done, and of how many; what it says decides whether
/// measuring goes on.
///
/// # Errors
/// When the images are not the model's, or it cannot be run. Nothing, without an error, when it was stopped.
pub fn measure(
    opened: &Opened,
    dataset: &dyn Dataset,
    options: &MeasureOptions,
    gpu: Option<&Gpu>,
    progress: &mut dyn FnMut(u32, u32) -> bool,
) -> Result<Option<Report>, MeasureError> {
    if opened.model.task() == Task::Quantize {
        return Err(OnlyCodes.into());
    }
    let found = dataset.shape();
    let fitted;
    let opened = if found == opened.image {
        opened
    } else {
        fitted = opened.clone().fitted(found)?;
        &fitted
    };
    let expected = opened.image;
    if found != expected {
        return Err(MeasureError::ImageShape { found, expected });
    }
    let count = dataset.len(options.split).min(options.limit.unwrap_or(usize::MAX)) as u32;
    let classifier = options.classifier.as_deref().map(|name| Classifier::open(name, gpu));
    let mut measuring = Measuring {
        opened,
        dataset,
        options,
        gpu,
        count,
        classifier: classifier.transpose()?,
        progress,
        is_stopped: false,
    };
    let mut report = match opened.model.task() {
        Task::Reconstruct => measuring.reconstructions()?,
        Task::Generate => measuring.draws(count)?,
        Task::Classify => measuring.classes()?,
        Task::Quantize => unreachable!("it was refused"),
    };
    report.json.insert("step".to_owned(), json!(opened.step));
    if !measuring.is_stopped {
        report.json.insert("latency_ms".to_owned(), json!(measuring.latency_ms()?));
    }
    Ok((!measuring.is_stopped).then_some(report))
}

/// Some images with their classes, where they have some.
fn examined_images(dataset: &dyn Dataset, split: Split, numbers: &[u32]) -> Examined {
    let label = |&number: &u32| dataset.label(split, number as usize);
    Examined {
        images: data::batch(dataset, split, numbers),
        labels: numbers.iter().map(label).collect(),
    }
}

/// A classifier that images are compared by.
struct Classifier {
    name: String,
    tells_classes: bool,
    codec: Box<dyn Codec>,
}

impl Classifier {
    fn open(model: &str, gpu: Option<&Gpu>) -> Result<Self, MeasureError> {
        let opened = crate::open::open(model)?;
        let description = &opened.model;
        if description.task() != Task::Classify {
            let family = description.family();
            return Err(MeasureError::NotAClassifier { family, model: model.to_owned() });
        }
        let tells_classes = description.tells_classes();
        let codec = opened.codec(EngineKind::Auto, gpu)?;
        Ok(Self { name: model.to_owned(), tells_classes, codec })
    }

    fn judge(&mut self) -> Judge<'_> {
        Judge { codec: self.codec.as_mut(), name: &self.name, tells_classes: self.tells_classes }
    }
}

struct Measuring<'a> {
    opened: &'a Opened,
    dataset: &'a dyn Dataset,
    options: &'a MeasureOptions,
    gpu: Option<&'a Gpu>,
    /// Images that are measured.
    count: u32,
    classifier: Option<Classifier>,
    progress: &'a mut dyn FnMut(u32, u32) -> bool,
    is_stopped: bool,
}

impl Measuring<'_> {
    fn report(&self, codec: &dyn Codec, images: u32, seconds: f64) -> Report {
        let json = [
            ("images_per_s", json!(f64::from(images) / seconds)),
            ("device", json!(codec.describe())),
            ("engine", json!(codec.engine())),
        ];
        Report {
            json: json.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            images: u64::from(images),
            step: self.opened.step,
            features: None,
            classes: None,
        }
    }

    /// The numbers of the images a batch at a time, until measuring is stopped.
    fn batches<'s>(
        count: u32,
        progress: &'s mut dyn FnMut(u32, u32) -> bool,
        is_stopped: &'s mut bool,
    ) -> impl Iterator<Item = Vec<u32>> {
        (0..count).step_by(BATCH).map_while(move |start| {
            *is_stopped |= !progress(start, count);
            if *is_stopped {
                return None;
            }
            Some((start..count.min(start + BATCH as u32)).collect())
        })
    }

    fn reconstructions(&mut self) -> Result<Report, MeasureError> {
        let mut codec = self.opened.sampler(self.options.engine, self.gpu)?;
        let opened = self.opened;
        let options = EvaluateOptions {
            seed: self.options.seed,
            likelihood: opened.model.likelihood(&opened.tensors),
            range: opened.range,
            corruption: opened.corruption,
            in_depth: true,
        };
        let mut judge = self.classifier.as_mut().map(Classifier::judge);
        let features = Judge::features_name(judge.as_ref());
        let start = Instant::now();
        let batches = Self::batches(self.count, self.progress, &mut self.is_stopped);
        let (dataset, split) = (self.dataset, self.options.split);
        let examined = batches.map(|numbers| examined_images(dataset, split, &numbers));
        let found = evaluate(codec.as_mut(), examined, judge.as_mut(), &options);
        if self.is_stopped {
            return Ok(self.report(codec.as_ref(), 0, 1.0));
        }
        let mut report = self.report(codec.as_ref(), self.count, start.elapsed().as_secs_f64());
        report.add(&found?);
        report.json.insert("frechet_features".to_owned(), json!(features));
        report.features = Some(features);
        self.score_reconstructions(codec.as_mut(), &mut report)?;
        let draws = self.count.min(self.options.draws as u32);
        if let ModelConfig::Prior(config) = &opened.model {
            let codec = codec.as_mut();
            self.prior(config, codec, &mut report)?;
        }
        if let ModelConfig::Multimodal(config) = &opened.model {
            self.multimodal(config, codec.as_mut(), &mut report)?;
        }
        // What codes stand for has no other prior to draw from.
        if opened.model.codebook().is_none() && draws as usize >= FEWEST {
            let drawn = self.draws(draws)?;
            let own = ["images", "images_per_s", "device", "engine"];
            let more = drawn.json.into_iter().filter(|(name, _)| !own.contains(&name.as_str()));
            report.json.extend(more);
            report.json.insert("draws".to_owned(), json!(draws));
            report.classes = drawn.classes;
        }
        Ok(report)
    }

    /// The first `count` images that are measured, and as many that were trained on where those are others.
    fn known(&self, count: u32) -> (Array, Option<Array>) {
        let numbers: Vec<u32> = (0..count).collect();
        let images = |split| {
            let len = self.dataset.len(split) as u32;
            (len >= count).then(|| data::batch(self.dataset, split, &numbers))
        };
        let real = images(self.options.split).expect("no more than the split has");
        // Beside training images every draw would be as near to one as to itself.
        let train = (self.options.split == Split::Test).then(|| images(Split::Train)).flatten();
        (real, train)
    }

    /// What draws from the prior look like beside as many images.
    fn draws(&mut self, count: u32) -> Result<Report, MeasureError> {
        let count = count.min(self.options.draws as u32);
        let (real, train) = self.known(count);
        let known = Known { held_out: &real, train: train.as_ref() };
        let opened = self.opened;
        let options = GenerateOptions {
            seed: self.options.seed,
            range: opened.range,
            latent: opened.model.latent(),
            batch: BATCH,
        };
        let mut codec = self.opened.sampler(self.options.engine, self.gpu)?;
        self.is_stopped |= !(self.progress)(0, count);
        if self.is_stopped {
            return Ok(self.report(codec.as_ref(), 0, 1.0));
        }
        let start = Instant::now();
        let mut judge = self.classifier.as_mut().map(Classifier::judge);
        let found = evaluate_generator(codec.as_mut(), known, judge.as_mut(), &options)?;
        let mut report = self.report(codec.as_ref(), count, start.elapsed().as_secs_f64());
        report.add(&found);
        let Generation { frechet_features, classes, .. } = found;
        report.features = Some(frechet_features);
        if let Some(cover) = classes {
            report.json.insert("classes_covered".to_owned(), json!(cover.covered));
            report.classes = Some(cover.counts);
        }
        Ok(report)
    }

    /// Milliseconds from one latent to its picture; of a classifier, from a picture to its answer. The middle of some
    /// runs after a first one, which may still prepare.
    fn latency_ms(&self) -> Result<f64, MeasureError> {
        let opened = self.opened;
        let mut codec = opened.codec(self.options.engine, self.gpu)?;
        let is_classifier = opened.model.task() == Task::Classify;
        let latent = [&[1], opened.model.latent().as_slice()].concat();
        let one = Array::zeros(if is_classifier { opened.image.batch(1) } else { latent });
        let begun = Instant::now();
        let mut times = Vec::new();
        while times.len() <= TIMED_RUNS && (times.len() < 2 || begun.elapsed() < TIMED_FOR) {
            let start = Instant::now();
            if is_classifier {
                codec.encode(&one)?
            } else {
                codec.decode(&one)?
            };
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.remove(0);
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    }

    /// How often a classifier is right.
    fn classes(&mut self) -> Result<Report, MeasureError> {
        let mut codec = self.opened.codec(self.options.engine, self.gpu)?;
        let tells_classes = self.opened.model.tells_classes();
        let (dataset, split) = (self.dataset, self.options.split);
        let mut found = Classification::default();
        let start = Instant::now();
        let batches = Self::batches(self.count, self.progress, &mut self.is_stopped);
        for numbers in batches {
            let images = data::batch(dataset, split, &numbers);
            let label = |&number: &u32| dataset.label(split, number as usize);
            let labels: Option<Vec<u32>> = numbers.iter().map(label).collect();
            if tells_classes && labels.is_none() {
                return Err(MeasureError::NoClasses);
            }
            let (images, labels) = examined(&images, labels.as_deref().filter(|_| tells_classes));
            let logits = take(&mut codec.encode(&images)?, "logits")?;
            found.add(&logits, &labels);
        }
        let mut report = self.report(codec.as_ref(), self.count, start.elapsed().as_secs_f64());
        report.add(&json!({
            "images": found.images(),
            "accuracy": found.accuracy(),
            "cross_entropy": found.cross_entropy(),
        }));
        Ok(report)
    }
}
