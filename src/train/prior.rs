//! One update of a prior over codes.

mod lesson;
mod store;
pub(crate) mod texts;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use burn::module::Module as _;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use self::lesson::{Known, Lesson};
use self::store::CodeStore;
use self::texts::Texts;
use super::learner::{Learner, Measured, Measuring, Told};
use super::optimizer::{Adam, Rates};
use super::parts;
use super::settings::{SettingError, Settings};
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::data::{Batch, Dataset, Split};
use crate::engine::codec::EngineCodec;
use crate::engine::{EngineKind, Runner};
use crate::formats::FormatError;
use crate::formats::run_dir::RunDir;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::prior::{Order, PRIOR, PriorConfig, Way};
use crate::metrics::evaluate::Examined;
use crate::metrics::mean_entropy_bits;
use crate::model::params::{self, ParamError};
use crate::model::transformer::Transformer;
use crate::open::{Opened, open};
use crate::picture::ImageShape;
use crate::random::{self, Purpose};
use crate::sample::places;
use crate::sample::texts::tokens_of;

/// The share of steps in which texts follow their images. An image given its text takes several times the bits of a
/// text given its image, and so more of the steps.
const IMAGE_FIRST: f32 = 0.25;

/// The key that names the autoencoder.
const KEY: &str = "codes";

/// The autoencoder that settings name, for images of a shape.
///
/// # Errors
/// When no autoencoder with a codebook for such images is there.
pub(super) fn autoencoder(settings: &Settings, image: ImageShape) -> Result<Opened, SettingError> {
    let path = settings.word(KEY);
    let refused = |found: String| SettingError::Together {
        message: format!(
            "{KEY} is {path:?}: {found} (expected a run of vq-vae or vqgan, or another autoencoder with a codebook)"
        ),
    };
    if path.is_empty() {
        return Err(refused("nothing is named".to_owned()));
    }
    let opened = open(path).and_then(|opened| opened.fitted(image));
    let opened = opened.map_err(|error| refused(error.to_string()))?;
    if opened.model.image() != image {
        let found = format!("it takes images of {}, these are {image}", opened.model.image());
        return Err(refused(found));
    }
    Ok(opened)
}

/// The tensors of the autoencoder in a model, of which the prior is trained.
pub(super) fn first_values(config: &PriorConfig, opened: &Opened) -> NamedArrays {
    let of_codes = config.codes.tensors().into_iter();
    let named = of_codes.filter_map(|(name, _)| {
        let array = opened.tensors.get(&name)?.clone();
        Some((name, array))
    });
    named.collect()
}

pub(crate) struct PriorLearner {
    config: PriorConfig,
    seed: u64,
    /// Images that are encoded at once.
    batch: usize,
    device: Device,
    model: Transformer,
    adam: Adam,
    /// The autoencoder.
    tensors: NamedArrays,
    encoder: RefCell<Option<Runner>>,
    /// The codes of the training images, as far as they were met.
    store: CodeStore,
    /// The texts of images, where the prior knows some.
    texts: Option<Texts>,
    /// The codes of the images that measures are taken on.
    held_out: RefCell<Option<Vec<u32>>>,
}

impl PriorLearner {
    /// A fresh transformer on `device`; the autoencoder comes with [`Learner::restore`].
    ///
    /// # Errors
    /// When the run's tokenizer cannot be read.
    pub(crate) fn new(
        config: PriorConfig,
        batch: usize,
        seed: u64,
        device: &Device,
        dataset: &Arc<dyn Dataset>,
        run: &Path,
    ) -> Result<Self, FormatError> {
        let device = device.clone().autodiff();
        let model = Transformer::new(&config.transformer(), seed, &device).on_grid(
            config.first_of_image(),
            config.grid(),
            config.per_cell(),
        );
        let zeros = |(name, shape): (String, Vec<usize>)| (name, Array::zeros(shape));
        let tensors = config.codes.tensors().into_iter().map(zeros).collect();
        let images = dataset.len(Split::Train);
        let store = CodeStore::open(run, images, config.num_places(), config.num_codes());
        let texts = config.text.map(|_| Texts::open(run, dataset)).transpose()?;
        Ok(Self {
            config,
            seed,
            batch,
            device,
            model,
            adam: Adam::new(0.9, 0.999),
            tensors,
            encoder: RefCell::new(None),
            store,
            texts,
            held_out: RefCell::new(None),
        })
    }

    /// The codes of images, in the order of places, `[b * places]`.
    fn encode(&self, images: &Array) -> Result<Vec<u32>, CodecError> {
        let mut encoder = self.encoder.borrow_mut();
        let encoder = if let Some(encoder) = encoder.as_mut() {
            encoder
        } else {
            let networks = self.config.codes.lower(&self.tensors)?;
            let graph = networks.encoder.ok_or_else(crate::codec::no_encoder)?;
            encoder.insert(Runner::new(EngineKind::Cpu, &graph, None)?)
        };
        let seen = self.config.range().images_from_unit(images);
        let indices = take(&mut encoder.run(&seen)?, "indices")?;
        Ok(places::of_images(&indices, self.config.per_cell()))
    }

    /// The codes of a batch: from the store, or encoded when met for the first time.
    fn codes_of(&mut self, batch: &Batch) -> Result<Vec<u32>, CodecError> {
        let missing: Vec<usize> = (0..batch.indices.len())
            .filter(|&row| self.store.get(batch.indices[row]).is_none())
            .collect();
        if !missing.is_empty() {
            let rows = missing.iter().flat_map(|&row| batch.images.row(row)).copied().collect();
            let mut shape = batch.images.shape().to_vec();
            shape[0] = missing.len();
            let images = Array::new(shape, rows)?;
            let codes = self.encode(&images)?;
            for (codes, &row) in codes.chunks_exact(self.config.num_places()).zip(&missing) {
                self.store.put(batch.indices[row], codes);
            }
        }
        let of_image = |&image: &u32| self.store.get(image).unwrap_or_default().iter().copied();
        Ok(batch.indices.iter().flat_map(of_image).collect())
    }

    /// Mean negative log-probability of what a lesson tells, in nats, `[1]`.
    fn loss(model: &Transformer, lesson: &Lesson, device: &Device) -> Tensor<1> {
        let whole = |values: &[u32]| -> Tensor<1, Int> {
            let values: Vec<i64> = values.iter().map(|&value| i64::from(value)).collect();
            let len = values.len();
            Tensor::from_data(TensorData::new(values, [len]), device)
        };
        let Lesson { tokens, rows, counted, told } = lesson;
        let (b, t) = (lesson.len(), rows.len());
        let logits = model.forward_at(whole(tokens).reshape([b, t]), whole(rows)); // [b * t, k]
        let logits = if counted.len() == b * t {
            logits
        } else {
            let rows: Vec<u32> = counted.iter().map(|&row| row as u32).collect();
            logits.select(0, whole(&rows))
        };
        let n = counted.len();
        let right = log_softmax(logits, 1).gather(1, whole(told).reshape([n, 1])); // [n, 1]
        right.mean().neg()
    }

    /// The lesson of a step; a fixed one without a step, which measures held-out images.
    fn lesson(&self, known: Known<'_>, way: Way, step: Option<u64>) -> Lesson {
        match self.config.mask() {
            None => Lesson::raster(&self.config, known, way),
            Some(mask) => {
                let draw = step.map_or((0, 0), |step| (self.seed, step));
                Lesson::masked(&self.config, known, mask, draw)
            }
        }
    }

    /// The texts of a batch, without those that are kept back.
    fn texts_of(&self, batch: &Batch, settings: &Settings) -> Vec<Option<Vec<u32>>> {
        let Some(texts) = &self.texts else { return Vec::new() };
        let kept_back = self.kept_back(batch, settings);
        let of_image = |(&image, kept_back): (&u32, bool)| {
            let text = texts.of(&self.config, Split::Train, image as usize);
            text.filter(|_| !kept_back)
        };
        batch.indices.iter().zip(kept_back).map(of_image).collect()
    }

    /// Texts of no image that are learnt beside a batch.
    fn lone_texts(&self, batch: &Batch) -> Vec<Vec<u32>> {
        let Some(texts) = &self.texts else { return Vec::new() };
        let lone = texts.lone(batch.indices.len(), (self.seed, batch.step)).into_iter();
        lone.map(|text| tokens_of(texts.tokenizer(), &self.config, text)).collect()
    }

    /// In which order the sequences of a step are told.
    fn way(&self, step: u64) -> Way {
        let draw = random::uniforms(self.seed, step, Purpose::Way, 1, 0.0, 1.0)[0];
        let image_comes_first = self.texts.is_some() && draw < IMAGE_FIRST;
        if image_comes_first { Way::ImageFirst } else { Way::TextFirst }
    }

    /// Of which images of a batch the condition is kept back.
    fn kept_back(&self, batch: &Batch, settings: &Settings) -> Vec<bool> {
        let left_out = settings.number("class_dropout") as f32;
        let b = batch.indices.len();
        let draws = random::uniforms(self.seed, batch.step, Purpose::ClassDropout, b, 0.0, 1.0);
        draws.into_iter().map(|draw| draw < left_out).collect()
    }

    /// The first token of every image of a batch; that of no class where classes are kept back.
    fn starts(&self, batch: &Batch, settings: &Settings) -> Vec<u32> {
        let label = |row: usize| batch.labels.as_ref().map(|labels| labels[row]);
        let start =
            |(row, kept_back): (usize, bool)| self.config.start(label(row).filter(|_| !kept_back));
        self.kept_back(batch, settings).into_iter().enumerate().map(start).collect()
    }

    /// The mean negative log-probability of held-out codes given their texts and, where `way` says so, of texts given
    /// their images, in nats; of the places that are told in that order behind the other side.
    fn nats(&self, known: Known<'_>, way: Way) -> f64 {
        let model = self.model.valid();
        let device = self.device.clone().inner();
        let (n, batch) = (self.config.num_places(), self.batch.max(1));
        let (mut sum, mut count) = (0.0, 0);
        for (index, (codes, starts)) in
            known.codes.chunks(n * batch).zip(known.starts.chunks(batch)).enumerate()
        {
            let texts = known.texts.chunks(batch).nth(index).unwrap_or_default();
            let some = Known { codes, starts, texts, lone: &[] };
            let lesson = self.lesson(some, way, None).behind(&self.config, way);
            let loss = Self::loss(&model, &lesson, &device);
            let told = lesson.told.len();
            sum += f64::from(params::array_from_tensor(loss).data()[0]) * told as f64;
            count += told;
        }
        sum / count.max(1) as f64
    }
}

impl Learner for PriorLearner {
    fn curves(&self) -> Vec<String> {
        let bits = if self.texts.is_some() { "bits_per_token" } else { "bits_per_code" };
        ["loss", bits, "lr"].map(str::to_owned).to_vec()
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let codes =
            self.codes_of(batch).expect("the autoencoder encoded images when it was opened");
        let starts = self.starts(batch, settings);
        let texts = self.texts_of(batch, settings);
        let lone = self.lone_texts(batch);
        let known = Known { codes: &codes, starts: &starts, texts: &texts, lone: &lone };
        let lesson = self.lesson(known, self.way(batch.step), Some(batch.step));
        let all = lesson.told.len().max(1) as f64;
        let items = lesson.len();
        let parts = lesson.split(parts::count(&self.device, items));
        let (loss, grads, _) = parts::gradients(&self.model, &self.device, parts, |model, part| {
            let share = part.told.len() as f64 / all;
            (Self::loss(model, &part, &self.device) * share, ())
        });
        self.model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        let lr = settings.number("lr") as f32;
        let lr = Tensor::from_floats([lr], &self.device.clone().inner());
        let bits = loss.clone() / std::f64::consts::LN_2;
        Told { scalars: Tensor::cat(vec![loss, bits, lr], 0), codes: None }
    }

    fn model(&self) -> NamedArrays {
        let own = params::prefixed(PRIOR, params::collect(&self.model));
        self.tensors.clone().into_iter().chain(own).collect()
    }

    fn optimizer(&self) -> (NamedArrays, u64) {
        self.adam.save()
    }

    fn restore(
        &mut self,
        model: &NamedArrays,
        optimizer: NamedArrays,
        updates: u64,
    ) -> Result<(), ParamError> {
        self.tensors = params::without(model, PRIOR);
        self.encoder.replace(None);
        self.held_out.replace(None);
        self.model = params::load(self.model.clone(), &params::under(model, PRIOR))?;
        self.adam.load(&self.model, optimizer, updates, &self.device.clone().inner())
    }

    fn codec(&self) -> Box<dyn Codec> {
        let runner = |graph| Runner::new(EngineKind::Cpu, graph, None).ok();
        let networks = self.config.codes.lower(&self.tensors).ok();
        let [encoder, decoder] = [
            networks.as_ref().and_then(|networks| networks.encoder.as_ref()),
            networks.as_ref().and_then(|networks| networks.decoder.as_ref()),
        ];
        let codes = networks.as_ref().and_then(|networks| networks.codes.as_ref());
        let codes = codes.and_then(|codes| codes.decoder.as_ref());
        let [encoder, decoder, codes] =
            [encoder, decoder, codes].map(|graph| graph.and_then(runner));
        Box::new(EngineCodec::new(encoder, decoder, codes))
    }

    fn keep(&mut self, run: &RunDir) -> Result<(), FormatError> {
        self.store.save(run.path())
    }

    fn measure(&self, held_out: &Examined, _how: &Measuring<'_>) -> Result<Measured, CodecError> {
        if self.held_out.borrow().is_none() {
            let codes = self.encode(&held_out.images)?;
            self.held_out.replace(Some(codes));
        }
        let codes = self.held_out.borrow();
        let codes = codes.as_deref().unwrap_or_default();
        let label = |row: usize| held_out.labels.as_ref().map(|labels| labels[row]);
        let starts: Vec<u32> =
            (0..held_out.images.num_rows()).map(|row| self.config.start(label(row))).collect();
        let text_of = |image: usize| {
            let texts = self.texts.as_ref()?;
            texts.of(&self.config, Split::Test, image)
        };
        let texts: Vec<Option<Vec<u32>>> = (0..starts.len()).map(text_of).collect();
        let known = Known { codes, starts: &starts, texts: &texts, lone: &[] };
        let nats = self.nats(known, Way::TextFirst);
        let mut counts = vec![vec![0; self.config.num_codes()]; self.config.parts()];
        places::count(codes, self.config.per_cell(), &mut counts);
        let bits = nats / std::f64::consts::LN_2;
        let per_dim = bits * self.config.num_places() as f64 / self.config.image().len() as f64;
        let mut values =
            vec![("bits_per_code", bits), ("unigram_bits", mean_entropy_bits(&counts))];
        // What is told of masked codes is no likelihood of the whole image.
        if self.config.order == Order::Raster {
            values.push(("bits_per_dim", per_dim));
        }
        let mut loss = nats;
        if self.texts.is_some() {
            let of_texts = self.nats(known, Way::ImageFirst);
            values.push(("bits_per_text_token", of_texts / std::f64::consts::LN_2));
            loss += of_texts;
        }
        Ok(Measured { values, loss: Some(loss), is_sound: loss.is_finite(), warning: None })
    }
}
