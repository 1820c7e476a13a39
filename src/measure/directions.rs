//! Directions of a model's latent space, learnt from labelled images, from how latents spread, or from its weights.

use crate::array::{Array, NamedArrays};
use crate::codec::{CodecError, take};
use crate::data::corrupt::Corruption;
use crate::data::{self, Dataset, FactorInfo, FactorKind, Split};
use crate::engine::{EngineKind, Runner};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::Shown;
use crate::graph::{Graph, GraphError, Op, ValueId};
use crate::latent::directions::{
    Component, Direction, Separator, Unit, axes_of_scores, commonest, deviation_along,
    difference_of_means, logistic, low_and_high, principal_components, right_singular_vectors,
    side_of,
};
use crate::latent::draws;
use crate::metrics::pooled_pixels;
use crate::picture::{ImageShape, ValueRange};
use crate::random::{Purpose, permutation};
use crate::watch::{Stopped, Watch};

/// The most directions that are learnt at once.
pub const MOST_DIRECTIONS: usize = 64;
/// Images that are encoded, or latents that are decoded, together.
const BATCH: usize = 16;
/// The most values of all latents together: larger latents are learnt from fewer images.
const MOST_VALUES: usize = 1 << 24;
/// The share of the images that are held out to check what was learnt.
const HELD_OUT: usize = 4;
/// The side of the grid that pictures of draws are pooled to.
const GRID: usize = 16;
/// The share of the work that encoding and decoding is.
const RUNNING: f64 = 0.85;

/// What directions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Each class of the data against the rest.
    Classes,
    /// A known cause of variation, by its name: each of its values against the rest, or its high values against the low
    /// ones.
    Factor(String),
    /// The principal components of encoded images.
    Encodings,
    /// The principal components of pictures of draws, and which latents go with them.
    Draws,
    /// The right singular vectors of the decoder's first layer.
    FirstLayer,
}

impl Source {
    /// Whether it needs images.
    pub fn needs_images(&self) -> bool {
        matches!(self, Self::Classes | Self::Factor(_) | Self::Encodings)
    }
}

impl std::str::FromStr for Source {
    type Err = LearnError;

    fn from_str(text: &str) -> Result<Self, LearnError> {
        Ok(match text.split_once(':') {
            None if text == "classes" => Self::Classes,
            None if text == "pca" => Self::Encodings,
            None if text == "draws" => Self::Draws,
            None if text == "first-layer" => Self::FirstLayer,
            Some(("factor", name)) => Self::Factor(name.to_owned()),
            _ => return Err(LearnError::NoSource { found: text.to_owned() }),
        })
    }
}

/// How two sides are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// By logistic regression.
    #[default]
    Logistic,
    /// By the difference of their means.
    Means,
}

impl Method {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic regression",
            Self::Means => "difference of means",
        }
    }
}

/// What is to be learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// From what.
    pub source: Source,
    /// How, where sides are told apart.
    pub method: Method,
    /// From how many images or draws.
    pub images: usize,
    /// How many directions, where they are counted: at most [`MOST_DIRECTIONS`].
    pub count: usize,
}

/// Why there are no directions.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// There is no such source.
    #[error(
        "learn directions: there is no source {found:?} (expected classes, factor:NAME, pca, draws or first-layer)"
    )]
    NoSource {
        /// What was asked for.
        found: String,
    },
    /// Images cannot be encoded.
    #[error(
        "learn directions: the model only generates (expected one with an encoder; take its first layer or pictures of its draws)"
    )]
    NoEncoder,
    /// Draws cannot be decoded.
    #[error("learn directions: the model makes no images (expected one with a decoder)")]
    NoDecoder,
    /// There is no data.
    #[error("learn directions: no data is open (expected images of {0})")]
    NoData(ImageShape),
    /// The data is of another kind.
    #[error(
        "learn directions: the data has images of {found} (expected {expected}, as the model has)"
    )]
    OtherImages {
        /// Of the data.
        found: ImageShape,
        /// Of the model.
        expected: ImageShape,
    },
    /// The data has no labels.
    #[error("learn directions: the images have no classes (expected labelled images; take PCA)")]
    NoClasses,
    /// The data has no such factor.
    #[error("learn directions: there is no factor {found:?} (expected {expected})")]
    NoFactor {
        /// The one that was asked for.
        found: String,
        /// Those that there are.
        expected: String,
    },
    /// The decoder begins otherwise.
    #[error(
        "learn directions: the decoder does not begin with a linear layer (expected one that does; take PCA)"
    )]
    NotLinear,
    /// All latents are equal.
    #[error(
        "learn directions: nothing tells the latents apart (expected a model that has learnt something)"
    )]
    NothingTells,
    /// Whoever watches ended it.
    #[error("learn directions: {0}")]
    Stopped(#[from] Stopped),
    /// The weights are not those of the network.
    #[error("learn directions: {0}")]
    Graph(#[from] GraphError),
    /// The model could not be run.
    #[error("learn directions: {0}")]
    Codec(#[from] CodecError),
}

/// What of a model takes part.
#[derive(Clone, Debug)]
pub struct Learner {
    /// None for families that only generate; one for each class where it knows classes.
    encoders: Vec<Graph>,
    decoder: Option<Graph>,
    image: ImageShape,
    range: ValueRange,
    /// How images are spoilt for the encoder, where it is to mend them.
    corruption: Option<Corruption>,
}

impl Learner {
    /// Of a description and its tensors; `shown` says which of its networks decode.
    ///
    /// # Errors
    /// When the tensors are not those of the description.
    pub fn new(
        model: &ModelConfig,
        tensors: &NamedArrays,
        shown: Shown,
        image: ImageShape,
        range: ValueRange,
        corruption: Option<Corruption>,
    ) -> Result<Self, GraphError> {
        let networks = model.lower_shown(tensors, shown)?;
        let classes = if networks.encoder.is_some() { model.classes() } else { 0 };
        let encoders = if classes == 0 {
            networks.encoder.into_iter().collect()
        } else {
            let of = |class| model.lower_shown(tensors, Shown { class, ..shown });
            let all = (0..classes).map(of).collect::<Result<Vec<_>, _>>()?;
            all.into_iter().filter_map(|networks| networks.encoder).collect()
        };
        Ok(Self { encoders, decoder: networks.decoder, image, range, corruption })
    }

    /// Learns directions on the CPU.
    ///
    /// # Errors
    /// When the model or the data has not what the lesson needs, or whoever watches ends it.
    pub fn learn(
        &self,
        dataset: Option<&dyn Dataset>,
        lesson: &Lesson,
        watch: &Watch,
    ) -> Result<Vec<Direction>, LearnError> {
        let count = lesson.count.clamp(1, MOST_DIRECTIONS);
        let found = match &lesson.source {
            Source::FirstLayer => {
                let decoder = self.decoder.as_ref().ok_or(LearnError::NoDecoder)?;
                let weight = first_layer(decoder).ok_or(LearnError::NotLinear)?;
                let found = right_singular_vectors(weight, count, watch.whole())?;
                // The prior spreads alike along all of them.
                let of = "the decoder's first layer";
                named(found, "Layer", of, |component| (component.axis.clone(), 1.0))
            }
            Source::Draws => self.of_draws(lesson, count, watch)?,
            source => {
                let dataset = dataset.ok_or(LearnError::NoData(self.image))?;
                self.check(dataset)?;
                match source {
                    Source::Encodings => self.of_encodings(dataset, lesson, count, watch)?,
                    source => self.of_sides(dataset, source, lesson, watch)?,
                }
            }
        };
        if found.is_empty() { Err(LearnError::NothingTells) } else { Ok(found) }
    }

    fn check(&self, dataset: &dyn Dataset) -> Result<(), LearnError> {
        if self.encoders.is_empty() {
            return Err(LearnError::NoEncoder);
        }
        let found = dataset.shape();
        if found == self.image {
            Ok(())
        } else {
            Err(LearnError::OtherImages { found, expected: self.image })
        }
    }

    fn of_encodings(
        &self,
        dataset: &dyn Dataset,
        lesson: &Lesson,
        count: usize,
        watch: &Watch,
    ) -> Result<Vec<Direction>, LearnError> {
        let images = self.images(dataset, Split::Train, lesson.images);
        let latents = self.encode(dataset, Split::Train, &images, [0.0, RUNNING], watch)?;
        let part = watch.whole().between(RUNNING, 1.0);
        let found = principal_components(&latents, count, part)?;
        let of = format!("PCA of {} images of {}", images.len(), dataset.name());
        Ok(named(found, "PC", &of, |component| (component.axis.clone(), component.deviation)))
    }

    fn of_draws(
        &self,
        lesson: &Lesson,
        count: usize,
        watch: &Watch,
    ) -> Result<Vec<Direction>, LearnError> {
        let decoder = self.decoder.as_ref().ok_or(LearnError::NoDecoder)?;
        let d: usize = decoder.input_shape().iter().product();
        let n = lesson.images.min(MOST_VALUES / d.max(1)).max(2);
        let latents = draws(decoder.input_shape(), n, 0);
        let mut runner = Runner::new(EngineKind::Cpu, decoder, None).map_err(CodecError::from)?;
        let mut made = Vec::new();
        for start in (0..n).step_by(BATCH) {
            let end = n.min(start + BATCH);
            let share = |done: usize| RUNNING * done as f64 / n as f64;
            let batch = latents.rows(start, end);
            let mut outputs = run(&mut runner, &batch, [share(start), share(end)], watch)?;
            let pooled = pooled_pixels(&take(&mut outputs, "image")?, GRID);
            made.extend(pooled.map_err(CodecError::from)?.into_data());
        }
        let made = Array::new([n, made.len() / n], made).map_err(CodecError::from)?;
        let found = principal_components(&made, count, watch.whole().between(RUNNING, 1.0))?;
        let axis = |component: &Component| {
            let axis = axes_of_scores(&latents, &made, &component.axis).unwrap_or_default();
            (axis, 1.0)
        };
        let of = format!("PCA of pictures of {n} draws");
        Ok(named(found, "Draws PC", &of, axis))
    }

    fn of_sides(
        &self,
        dataset: &dyn Dataset,
        source: &Source,
        lesson: &Lesson,
        watch: &Watch,
    ) -> Result<Vec<Direction>, LearnError> {
        let splits = [Split::Train, Split::Test];
        let images = [
            self.images(dataset, Split::Train, lesson.images),
            self.images(dataset, Split::Test, lesson.images.div_ceil(HELD_OUT)),
        ];
        let questions = questions(dataset, source, &images)?;
        let share = RUNNING * images[0].len() as f64 / (images[0].len() + images[1].len()) as f64;
        let latents = self.encode(dataset, splits[0], &images[0], [0.0, share], watch)?;
        let held_out = self.encode(dataset, splits[1], &images[1], [share, RUNNING], watch)?;
        let mut found = Vec::new();
        let all = questions.len() as f64;
        for (index, Question { name, sides }) in questions.into_iter().enumerate() {
            let at = |done: f64| RUNNING + (1.0 - RUNNING) * (index as f64 + done) / all;
            let part = watch.whole().between(at(0.0), at(1.0));
            part.tell(0.0)?;
            let separator = match lesson.method {
                Method::Logistic => logistic(&latents, &sides[0], part)?,
                Method::Means => difference_of_means(&latents, &sides[0]),
            };
            let Some(separator) = separator else { continue };
            let accuracy = accuracy(&separator, &held_out, &sides[1]);
            let Separator { axis, .. } = separator;
            let source = format!(
                "{}, {} images of {}",
                lesson.method.name(),
                images[0].len(),
                dataset.name()
            );
            let step = step(&axis, deviation_along(&latents, &axis));
            found.push(Direction {
                name,
                step,
                unit: Unit::Deviation,
                source,
                accuracy,
                share: None,
            });
        }
        Ok(found)
    }

    /// The numbers of some images, drawn from all of a part.
    fn images(&self, dataset: &dyn Dataset, split: Split, count: usize) -> Vec<u32> {
        let d = self.encoders.first().and_then(|encoder| encoder.output_shape("latent"));
        let d: usize = d.map_or(1, |shape| shape.iter().product());
        let mut images = permutation(0, split as u64, Purpose::Explore, dataset.len(split));
        images.truncate(count.min(MOST_VALUES / d.max(1)).max(2));
        images
    }

    /// The latents of images, `[n, d]`.
    fn encode(
        &self,
        dataset: &dyn Dataset,
        split: Split,
        images: &[u32],
        [from, to]: [f64; 2],
        watch: &Watch,
    ) -> Result<Array, LearnError> {
        let mut rows: Vec<Vec<f32>> = vec![Vec::new(); images.len()];
        let mut done = 0;
        let conditional = self.encoders.len() > 1;
        for (class, encoder) in self.encoders.iter().enumerate() {
            let mut runner =
                Runner::new(EngineKind::Cpu, encoder, None).map_err(CodecError::from)?;
            let is_of = |image: u32| {
                !conditional || dataset.label(split, image as usize) == Some(class as u32)
            };
            let places: Vec<usize> = (0..images.len()).filter(|&at| is_of(images[at])).collect();
            for places in places.chunks(BATCH) {
                let numbers: Vec<u32> = places.iter().map(|&at| images[at]).collect();
                let mut seen = data::batch(dataset, split, &numbers);
                if let Some(corruption) = self.corruption {
                    seen = corruption.apply_to_held_out(&seen, done as u64);
                }
                let share = |done: usize| from + (to - from) * done as f64 / images.len() as f64;
                let between = [share(done), share(done + places.len())];
                let own = self.range.images_from_unit(&seen);
                let latents = take(&mut run(&mut runner, &own, between, watch)?, "latent")?;
                for (row, &at) in places.iter().enumerate() {
                    rows[at] = latents.row(row).to_vec();
                }
                done += places.len();
            }
        }
        let d = rows.iter().map(Vec::len).max().unwrap_or(0);
        // Of a class that the model does not know, or of a network that went astray.
        let is_point = |row: &Vec<f32>| row.len() == d && row.iter().all(|z| z.is_finite());
        if !rows.iter().all(is_point) {
            return Err(CodecError::from("an image has no finite latent").into());
        }
        Ok(Array::new([images.len(), d], rows.concat()).map_err(CodecError::from)?)
    }
}

/// Runs a batch as a part of the work, in shares.
fn run(
    runner: &mut Runner,
    input: &Array,
    [from, to]: [f64; 2],
    watch: &Watch,
) -> Result<NamedArrays, LearnError> {
    watch.whole().tell(from)?;
    let inner = watch.clone();
    runner.watch(&Watch::new(move |share| inner.whole().between(from, to).tell(share).is_ok()));
    let outputs = runner.run(input);
    watch.whole().tell(to)?;
    Ok(outputs.map_err(CodecError::from)?)
}

/// The weight of a decoder's first layer, `[out, d]`, where that is linear.
pub fn first_layer(decoder: &Graph) -> Option<&Array> {
    let reads_input = |mut value: ValueId| loop {
        match &decoder.node(value).op {
            Op::Input => break true,
            Op::Reshape { input, .. } => value = *input,
            _ => break false,
        }
    };
    decoder.nodes().iter().find_map(|node| match &node.op {
        Op::Linear { input, weight, .. } if reads_input(*input) => Some(decoder.weight(weight)),
        _ => None,
    })
}

/// Two sides, of images to learn from and of held-out ones.
struct Question {
    name: String,
    sides: [Vec<Option<bool>>; 2],
}

/// What is to be told apart, at most [`MOST_DIRECTIONS`].
fn questions(
    dataset: &dyn Dataset,
    source: &Source,
    images: &[Vec<u32>; 2],
) -> Result<Vec<Question>, LearnError> {
    let splits = [Split::Train, Split::Test];
    let labels = |value: &dyn Fn(Split, usize) -> Option<f32>| {
        [0, 1].map(|part: usize| -> Vec<Option<f32>> {
            images[part].iter().map(|&image| value(splits[part], image as usize)).collect()
        })
    };
    let Source::Factor(wanted) = source else {
        let names = dataset.class_names();
        if names.is_empty() {
            return Err(LearnError::NoClasses);
        }
        let class = |split, image| dataset.label(split, image).map(|class| class as f32);
        return Ok(each_against_rest(names, "", &labels(&class)));
    };
    let factors = dataset.factors();
    let at = factors.iter().position(|factor| factor.name == *wanted).ok_or_else(|| {
        let names: Vec<&str> = factors.iter().map(|factor| factor.name.as_str()).collect();
        let expected =
            if names.is_empty() { "data that has factors".into() } else { names.join(", ") };
        LearnError::NoFactor { found: wanted.clone(), expected }
    })?;
    let FactorInfo { name, kind } = &factors[at];
    let value = |split, image| dataset.factor_values(split, image)?.get(at).copied();
    let values = labels(&value);
    Ok(match kind {
        FactorKind::Categories(names) => each_against_rest(names, &format!("{name}: "), &values),
        FactorKind::Continuous { .. } => {
            let known: Vec<f32> = values[0].iter().flatten().copied().collect();
            let ends = low_and_high(&known);
            let side = |value: &Option<f32>| side_of((*value)?, ends?);
            let sides = values.map(|values| values.iter().map(side).collect());
            vec![Question { name: name.clone(), sides }]
        }
    })
}

/// Each of some values against the rest; of two only the second, as the first is its other end.
fn each_against_rest(
    names: &[String],
    prefix: &str,
    values: &[Vec<Option<f32>>; 2],
) -> Vec<Question> {
    let first = usize::from(names.len() == 2);
    let question = |(index, name): (usize, &String)| {
        let is_it = |value: &Option<f32>| value.map(|value| value as usize == index);
        let sides = values.each_ref().map(|values| values.iter().map(is_it).collect());
        Question { name: format!("{prefix}{name}"), sides }
    };
    names.iter().enumerate().skip(first).take(MOST_DIRECTIONS).map(question).collect()
}

fn accuracy(separator: &Separator, latents: &Array, sides: &[Option<bool>]) -> Option<[f64; 2]> {
    Some([separator.accuracy(latents, sides)?, commonest(sides)?])
}

/// Components as directions that are numbered from 1; those without an axis are left out.
fn named(
    found: Vec<Component>,
    name: &str,
    source: &str,
    axis: impl Fn(&Component) -> (Vec<f64>, f64),
) -> Vec<Direction> {
    let direction = |(index, component): (usize, Component)| {
        let (axis, deviation) = axis(&component);
        let is_direction = !axis.is_empty() && deviation > 0.0;
        is_direction.then(|| Direction {
            name: format!("{name} {}", index + 1),
            step: step(&axis, deviation),
            unit: Unit::Deviation,
            source: source.to_owned(),
            accuracy: None,
            share: Some(component.share),
        })
    };
    found.into_iter().enumerate().filter_map(direction).collect()
}

fn step(axis: &[f64], deviation: f64) -> Vec<f32> {
    axis.iter().map(|value| (value * deviation) as f32).collect()
}
