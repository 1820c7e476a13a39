//! One update of an autoencoder of images and of texts by the same codes.

mod lesson;
mod versus;

use std::path::Path;
use std::sync::Arc;

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use self::lesson::Lesson;
use self::versus::Versus;
use super::codebook::{self, Frozen, Names};
use super::learner::{Codes, Learner, Measured, Measuring, Told};
use super::optimizer::{Adam, Rates, save_two, split_two};
use super::prior::texts::Texts;
use super::settings::Settings;
use super::vq_vae::{first_images, variance};
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::{Batch, Dataset, Split};
use crate::formats::FormatError;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::multimodal::MultimodalConfig;
use crate::graph::lower::quantizer::{CLUSTER_SIZE, CODEBOOK, EMBED_AVG, QuantizerConfig};
use crate::graph::lower::vqgan::DISCRIMINATOR;
use crate::metrics::evaluate::{EvaluateOptions, Examined, evaluate};
use crate::model::codec::VqVaeCodec;
use crate::model::multimodal::{Multimodal, MultimodalTerms};
use crate::model::params::{self, ParamError};
use crate::random::{self, Purpose};
use crate::sample::texts::numbers_of;
use crate::session::codebook::ReviveFrom;

/// Images that the variance of the pixels is taken from.
const VARIANCE_IMAGES: usize = 1000;

const NAMES: Names = Names { codebook: CODEBOOK, cluster_size: CLUSTER_SIZE, embed_avg: EMBED_AVG };

pub(crate) struct MultimodalLearner {
    config: MultimodalConfig,
    seed: u64,
    batch: usize,
    device: Device,
    model: Multimodal,
    adam: Adam,
    /// The adversary, if there is one.
    versus: Option<Versus>,
    texts: Texts,
    /// Of the pixels; squared errors are told apart from it.
    variance: f64,
    begins_with_kmeans: bool,
    frozen: Frozen,
    last_images: Option<Array>,
}

impl MultimodalLearner {
    /// Fresh networks on `device`.
    ///
    /// # Errors
    /// When the run's tokenizer cannot be read.
    pub(crate) fn new(
        config: MultimodalConfig,
        settings: &Settings,
        (batch, seed): (usize, u64),
        device: &Device,
        dataset: &Arc<dyn Dataset>,
        run: &Path,
    ) -> Result<Self, FormatError> {
        let device = device.clone().autodiff();
        Ok(Self {
            model: Multimodal::new(&config, seed, &device),
            adam: Adam::new(0.9, 0.999),
            versus: config.adversary.map(|adversary| Versus::new(&adversary, seed, &device)),
            texts: Texts::open(run, dataset)?,
            variance: variance(&first_images(dataset.as_ref(), VARIANCE_IMAGES, seed)),
            begins_with_kmeans: settings.word("codebook_init") == "kmeans",
            frozen: Frozen::new(config.images.quantizer.num_codes()),
            last_images: None,
            config,
            seed,
            batch,
            device,
        })
    }

    fn quantizer(&self) -> &QuantizerConfig {
        &self.config.images.quantizer
    }

    /// What is learnt of some images and their texts.
    fn lesson(
        &self,
        images: &Array,
        numbers: impl Iterator<Item = u32>,
        split: Split,
        torn: &[bool],
    ) -> Lesson {
        let places = self.config.text.places;
        let texts = numbers.map(|image| self.texts.numbers(places, split, image as usize));
        Lesson::new(images.clone(), texts.collect(), torn)
    }

    /// The vectors of images, row by row, `[n, d]`.
    fn vectors(&self, images: &Array) -> Array {
        let plain = self.device.clone().inner();
        let model = self.model.images().valid();
        let chunks = (0..images.num_rows()).step_by(self.batch.max(1)).map(|start| {
            let some = images.rows(start, images.num_rows().min(start + self.batch));
            params::array_from_tensor(model.vectors(params::tensor_from_array(&some, &plain)))
        });
        Array::joined(&chunks.collect::<Vec<_>>())
    }

    /// What is minimised, `[1]`.
    fn total(&self, terms: &MultimodalTerms, settings: &Settings) -> Tensor<1> {
        let weight = |name: &str| settings.number(name);
        let beta = f64::from(self.quantizer().commitment);
        let of_images =
            terms.image.clone() + terms.image_of_text.clone() * weight("image_of_text_weight");
        of_images / self.variance
            + terms.text.clone() * weight("text_weight")
            + terms.text_of_image.clone() * weight("text_of_image_weight")
            + terms.codes_of_text.clone() * weight("codes_of_text_weight")
            + terms.contrastive.clone() * weight("contrastive_weight")
            + terms.quantized.loss(beta)
    }

    /// The mean of what is minimised over held-out images and their texts, without an adversary, and of its terms:
    /// bits of a token of a text behind its own codes, and behind those of its image.
    fn held_out(&self, held_out: &Examined, settings: &Settings) -> [f64; 3] {
        let model = self.model.valid();
        let plain = self.device.clone().inner();
        let (count, batch) = (held_out.images.num_rows(), self.batch.max(1));
        let mut sums = [0.0; 3];
        for start in (0..count).step_by(batch) {
            let end = count.min(start + batch);
            let images = held_out.images.rows(start, end);
            let numbers = start as u32..end as u32;
            let lesson = self.lesson(&images, numbers, Split::Test, &[]);
            let terms = model.terms(&lesson.pairs(&plain), None);
            let told = [self.total(&terms, settings), terms.text, terms.text_of_image];
            let told = params::array_from_tensor(Tensor::cat(told.to_vec(), 0));
            let share = (end - start) as f64 / count as f64;
            sums.iter_mut().zip(told.data()).for_each(|(sum, &it)| *sum += share * f64::from(it));
        }
        let [total, text, text_of_image] = sums;
        [total, text / std::f64::consts::LN_2, text_of_image / std::f64::consts::LN_2]
    }
}

impl Learner for MultimodalLearner {
    fn curves(&self) -> Vec<String> {
        let mut names = vec!["loss", "reconstruction", "image_of_text"];
        names.extend(["bits_per_text_token", "bits_per_text_token_of_image"]);
        names.extend(["bits_per_code_of_text", "contrastive", "commitment"]);
        if !self.quantizer().keeps_averages() {
            names.push("codebook");
        }
        names.extend(["perplexity", "codes_used", "restarts"]);
        if self.versus.is_some() {
            names.extend(Versus::CURVES);
        }
        names.push("lr");
        names.into_iter().map(str::to_owned).collect()
    }

    fn begin(&mut self, dataset: &dyn Dataset, _settings: &Settings) {
        let images = first_images(dataset, VARIANCE_IMAGES, self.seed);
        let images: Tensor<4> = params::tensor_from_array(&images, &self.device);
        let mean = images.mean_dims(&[0, 2, 3]).flatten(0, 3);
        let begun = self.model.images().clone().begun_towards(mean);
        self.model = self.model.clone().with_images(begun);
        if !self.begins_with_kmeans {
            return;
        }
        let k = self.quantizer().codebook_size;
        let count = codebook::images_to_begin(k, self.config.cells(), self.batch);
        let images = first_images(dataset, count, self.seed);
        let codes = codebook::first_codes(self.vectors(&images), k, self.seed);
        // As if each had been chosen evenly so far.
        let size = (self.batch * self.config.cells()) as f64 / k as f64;
        let images = self.model.images().clone().with_codes(&codes, size).expect("k codes");
        self.model = self.model.clone().with_images(images);
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let plain = self.device.clone().inner();
        let b = batch.indices.len();
        let share = settings.number("unpaired") as f32;
        let draws = random::uniforms(self.seed, batch.step, Purpose::Unpaired, b, 0.0, 1.0);
        let torn: Vec<bool> = draws.into_iter().map(|draw| draw < share).collect();
        let numbers = batch.indices.iter().copied();
        let lesson = self.lesson(&batch.images, numbers, Split::Train, &torn);
        let lone = self.texts.lone(b, (self.seed, batch.step)).into_iter();
        let (tokenizer, places) = (self.texts.tokenizer(), self.config.text.places);
        let lesson = lesson.with_lone(lone.map(|text| numbers_of(tokenizer, places, text)));
        let pairs = lesson.pairs(&self.device);
        let frozen = self.frozen.mask();
        let terms = self.model.terms(&pairs, frozen);
        let mut total = self.total(&terms, settings);
        let mut of_versus = None;
        if let Some(versus) = &mut self.versus {
            let (term, told) = versus.play(&pairs, &terms, batch.step, settings);
            if let Some(term) = term {
                total = total + term * settings.number("adversarial_weight");
            }
            of_versus = Some(told);
        }
        let grads = GradientsParams::from_grads(total.backward(), &self.model);
        let model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        let k = self.quantizer().num_codes();
        let rules = codebook::rules(settings, terms.quantized.indices.dims()[0], k);
        let draw = (self.seed, batch.step);
        let (model, restarted) = model.update_codes(&terms, &rules, frozen, draw);
        self.model = model;
        self.last_images = Some(batch.images.clone());
        let (counts, restarted) = (terms.quantized.counts.clone(), restarted.float());
        let all = counts.clone() + terms.text_counts.clone();
        let bits = |nats: Tensor<1>| nats.inner() / std::f64::consts::LN_2;
        let mut scalars = vec![
            total.inner(),
            terms.image.inner(),
            terms.image_of_text.inner(),
            bits(terms.text),
            bits(terms.text_of_image),
            bits(terms.codes_of_text),
            terms.contrastive.inner(),
            terms.quantized.commitment_loss.clone().inner(),
        ];
        scalars.extend(terms.quantized.codebook_loss.clone().map(Tensor::inner));
        scalars.extend(of_versus);
        scalars.push(Tensor::from_floats([settings.number("lr") as f32], &plain));
        Told {
            scalars: Tensor::cat(scalars, 0), // [scalars]
            codes: Some(Tensor::cat(vec![all, restarted, terms.text_counts], 0)), // [3k]
        }
    }

    fn model(&self) -> NamedArrays {
        let mut model = self.model.tensors();
        model.extend(self.versus.iter().flat_map(Versus::tensors));
        model
    }

    fn optimizer(&self) -> (NamedArrays, u64) {
        match &self.versus {
            Some(versus) => save_two(&self.adam, versus.adam(), DISCRIMINATOR),
            None => self.adam.save(),
        }
    }

    fn restore(
        &mut self,
        model: &NamedArrays,
        optimizer: NamedArrays,
        updates: u64,
    ) -> Result<(), ParamError> {
        let plain = self.device.clone().inner();
        let own = params::without(model, DISCRIMINATOR);
        self.model = self.model.clone().with_tensors(&own)?;
        let (of_model, of_judge, judged) = split_two(optimizer, DISCRIMINATOR);
        if let Some(versus) = &mut self.versus {
            versus.restore(&params::under(model, DISCRIMINATOR), of_judge, judged, &plain)?;
        }
        self.adam.load(&self.model, of_model, updates, &plain)
    }

    fn codec(&self) -> Box<dyn Codec> {
        let images = self.model.images().valid();
        Box::new(VqVaeCodec::from_module(images, self.device.clone().inner()))
    }

    fn measure(&self, held_out: &Examined, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let options = EvaluateOptions {
            seed: how.seed,
            likelihood: None,
            range: self.config.range(),
            corruption: None,
            in_depth: false,
        };
        let evaluation = evaluate(self.codec().as_mut(), how.batches(held_out), None, &options)?;
        let [loss, text, text_of_image] = self.held_out(held_out, how.settings);
        let mut measured = Measured::of_reconstructions(&evaluation, loss);
        measured.values.push(("bits_per_text_token", text));
        measured.values.push(("bits_per_text_token_of_image", text_of_image));
        Ok(measured)
    }

    fn num_codes(&self) -> Option<usize> {
        Some(self.quantizer().num_codes())
    }

    fn vectors_for_codes(
        &self,
        codes: &[usize],
        from: &ReviveFrom,
        draw: u64,
    ) -> (Vec<usize>, Array) {
        let (n, d) = (codes.len(), self.quantizer().code_dim);
        let rows = match (from, &self.last_images) {
            (ReviveFrom::Vector(vector), _) => codebook::given(vector, n, d),
            (_, Some(images)) => {
                let known = &self.model.tensors()[CODEBOOK];
                codebook::chosen(&self.vectors(images), known, n, from, [self.seed, draw])
            }
            (_, None) => Array::zeros([0, d]),
        };
        (codes[..rows.num_rows()].to_vec(), rows)
    }

    fn codes(&self, codes: &[usize]) -> Codes {
        NAMES.codes(&self.model.tensors(), codes)
    }

    fn put_codes(&mut self, codes: &[usize], rows: &Codes) {
        let mut tensors = self.model.tensors();
        NAMES.put(&mut tensors, codes, rows);
        self.model = self.model.clone().with_tensors(&tensors).expect("its own tensors");
    }

    fn freeze(&mut self, codes: &[usize], frozen: bool) {
        self.frozen.mark(codes, frozen, &self.device.clone().inner());
    }

    fn frozen(&self) -> &[bool] {
        self.frozen.marks()
    }
}
