//! One update of a vector-quantized autoencoder.

use burn::module::Module as _;
use burn::tensor::{Device, Tensor};

use super::codebook::{self, Frozen, Names};
use super::learner::{Codes, Learner, Measured, Measuring, Told};
use super::optimizer::{Adam, Rates};
use super::parts::{self, Rows};
use super::recipe;
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::{self, Batch, Dataset, Split};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::quantizer::{CLUSTER_SIZE, CODEBOOK, EMBED_AVG, Method, QuantizerConfig};
use crate::graph::lower::vq_vae::VqVaeConfig;
use crate::metrics::evaluate::{EvaluateOptions, Examined, evaluate};
use crate::model::codec::VqVaeCodec;
use crate::model::params::{self, ParamError};
use crate::model::quantizer::Quantized;
use crate::model::vq_vae::VqVae;
use crate::random::{self, Purpose};
use crate::session::codebook::ReviveFrom;

/// Images that the variance of the pixels is taken from.
const VARIANCE_IMAGES: usize = 1000;

const NAMES: Names = Names { codebook: CODEBOOK, cluster_size: CLUSTER_SIZE, embed_avg: EMBED_AVG };

pub(crate) struct VqVaeLearner {
    config: VqVaeConfig,
    seed: u64,
    device: Device,
    model: VqVae,
    adam: Adam,
    /// Of the pixels; the squared error is told apart from it.
    variance: f64,
    begins_with_kmeans: bool,
    batch: usize,
    frozen: Frozen,
    last_images: Option<Array>,
}

impl VqVaeLearner {
    /// A fresh model on `device`.
    pub(crate) fn new(
        config: VqVaeConfig,
        settings: &Settings,
        batch: usize,
        seed: u64,
        device: &Device,
        dataset: &dyn Dataset,
    ) -> Self {
        let device = device.clone().autodiff();
        let model = VqVae::new(&config, seed, &device);
        let variance = variance(&first_images(dataset, VARIANCE_IMAGES, seed));
        let frozen = Frozen::new(config.quantizer.num_codes());
        Self {
            config,
            seed,
            device,
            model,
            adam: Adam::new(0.9, 0.999),
            variance,
            begins_with_kmeans: settings.word("codebook_init") == "kmeans",
            batch,
            frozen,
            last_images: None,
        }
    }

    /// The vectors of some images, row by row, `[n, d]`.
    fn vectors(&self, images: &Array) -> Array {
        let plain = self.device.clone().inner();
        let model = self.model.valid();
        let chunks = (0..images.num_rows()).step_by(self.batch.max(1)).map(|start| {
            let some = images.rows(start, images.num_rows().min(start + self.batch));
            params::array_from_tensor(model.vectors(params::tensor_from_array(&some, &plain)))
        });
        let data: Vec<f32> = chunks.flat_map(Array::into_data).collect();
        let d = self.quantizer().code_dim;
        Array::new([data.len() / d, d], data).expect("whole vectors")
    }

    /// What one codebook of several quantizes of some vectors, as it is compared with codes, `[n, d]`.
    fn targets(&self, vectors: &Array, part: usize) -> Array {
        let plain = self.device.clone().inner();
        let model = self.model.valid();
        let vectors = params::tensor_from_array(vectors, &plain);
        let targets = params::array_from_tensor(model.quantizer().targets(vectors)); // [parts * n, d]
        let n = targets.num_rows() / self.quantizer().layout().parts();
        targets.rows(part * n, (part + 1) * n)
    }

    fn quantizer(&self) -> &QuantizerConfig {
        &self.config.quantizer
    }

    /// How many choices of a code `images` images make.
    fn choices(&self, images: usize) -> usize {
        let [h, w] = self.config.grid();
        images * h * w * self.quantizer().layout().per_cell()
    }

    /// Codes at the k-means of what each codebook quantizes, one codebook after the other: a residual is that of
    /// codes that are there already.
    fn begin_with_kmeans(&mut self, vectors: &Array) {
        let k = self.quantizer().codebook_size;
        // As if each had been chosen evenly so far.
        let size = self.choices(self.batch) as f64 / self.quantizer().num_codes() as f64;
        let mut codes = params::array_from_tensor(self.model.quantizer().codebook());
        let len = k * codes.row_len();
        for part in 0..self.quantizer().layout().parts() {
            let targets = self.targets(vectors, part);
            let found = codebook::first_codes(targets, k, self.seed + part as u64);
            codes.data_mut()[part * len..(part + 1) * len].copy_from_slice(found.data());
            self.model = self.model.clone().with_codes(&codes, size).expect("its own codes");
        }
    }
}

/// Training images in a seeded order.
pub(super) fn first_images(dataset: &dyn Dataset, count: usize, seed: u64) -> Array {
    let mut order = random::permutation(seed, 0, Purpose::KMeans, dataset.len(Split::Train));
    order.truncate(count);
    data::batch(dataset, Split::Train, &order)
}

/// The variance of all pixels together; never so small that dividing by it hurts.
pub(super) fn variance(images: &Array) -> f64 {
    let n = images.data().len().max(1) as f64;
    let mean = images.data().iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let squares = images.data().iter().map(|&value| (f64::from(value) - mean).powi(2));
    (squares.sum::<f64>() / n).max(1e-4)
}

impl Learner for VqVaeLearner {
    fn curves(&self) -> Vec<String> {
        let mut names = vec!["loss", "reconstruction", "commitment"];
        match &self.quantizer().method {
            Method::Fsq { .. } => names.truncate(2),
            _ if !self.quantizer().keeps_averages() => names.push("codebook"),
            _ => {}
        }
        names.extend(["perplexity", "codes_used"]);
        if self.quantizer().moves_codes() {
            names.push("restarts");
        }
        names.push("lr");
        names.into_iter().map(str::to_owned).collect()
    }

    fn begin(&mut self, dataset: &dyn Dataset, settings: &Settings) {
        let some = first_images(dataset, VARIANCE_IMAGES, self.seed);
        let some: Tensor<4> = params::tensor_from_array(&some, &self.device);
        self.model = self.model.clone().begun_towards(some.mean_dims(&[0, 2, 3]).flatten(0, 3));
        if !self.begins_with_kmeans || matches!(self.quantizer().method, Method::Fsq { .. }) {
            return;
        }
        let k = self.quantizer().codebook_size;
        let [h, w] = self.config.grid();
        let images = codebook::images_to_begin(k, h * w, self.batch);
        let images = first_images(dataset, images, self.seed);
        let images = recipe::spoilt(settings, &images, self.seed, 0).unwrap_or(images);
        let vectors = self.vectors(&images);
        if self.quantizer().moves_codes() {
            self.begin_with_kmeans(&vectors);
        } else {
            self.model = self.model.clone().fitted(&vectors);
        }
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let device = &self.device;
        let lr = settings.number("lr");
        let choices = self.choices(batch.images.num_rows());
        let rules = codebook::rules(settings, choices, self.quantizer().num_codes());
        let frozen = self.frozen.mask();
        let beta = f64::from(self.quantizer().commitment);
        let of_part = |model: &VqVae, part: Rows| {
            let [seen, images] = [&part.seen, &part.images]
                .map(|images| params::tensor_from_array::<4>(images, device));
            let loss = model.loss(seen, images, beta, self.variance, frozen);
            let told = (loss.reconstruction.inner() * part.share, (part.share, loss.quantized));
            (loss.total * part.share, told)
        };
        let parts = parts::of_batch(batch, device);
        let (total, grads, told) = parts::gradients(&self.model, device, parts, of_part);
        let (reconstructions, quantized): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        let sum = |sum: Tensor<1>, part| sum + part;
        let reconstruction = reconstructions.into_iter().reduce(sum).expect("some part");
        let quantized = Quantized::joined(&quantized);
        let model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        let (model, restarted) =
            model.update_codes(&quantized, &rules, frozen, self.seed, batch.step);
        self.model = model;
        self.last_images = Some(batch.seen().clone());
        let counts = quantized.counts.clone();
        let restarted = restarted.float();
        let mut scalars = vec![total, reconstruction];
        if !matches!(self.quantizer().method, Method::Fsq { .. }) {
            scalars.push(quantized.commitment_loss.clone());
        }
        scalars.extend(quantized.codebook_loss.clone());
        scalars.push(Tensor::from_floats([lr as f32], &device.clone().inner()));
        Told {
            scalars: Tensor::cat(scalars, 0),                     // [scalars]
            codes: Some(Tensor::cat(vec![counts, restarted], 0)), // [2k]
        }
    }

    fn model(&self) -> NamedArrays {
        params::collect(&self.model)
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
        self.model = params::load(self.model.clone(), model)?;
        self.adam.load(&self.model, optimizer, updates, &self.device.clone().inner())
    }

    fn codec(&self) -> Box<dyn Codec> {
        Box::new(VqVaeCodec::from_module(self.model.valid(), self.device.clone().inner()))
    }

    fn measure(&self, held_out: &Examined, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let range = self.config.range();
        let corruption = how.corruption();
        let options = EvaluateOptions {
            seed: how.seed,
            likelihood: None,
            range,
            corruption,
            in_depth: false,
        };
        let evaluation = evaluate(self.codec().as_mut(), how.batches(held_out), None, &options)?;
        let quantization =
            evaluation.codebook.map_or(f64::NAN, |codebook| codebook.quantization_mse);
        let loss = evaluation.mse / self.variance
            + self.quantizer().weight_of_quantization() * quantization;
        Ok(Measured::of_reconstructions(&evaluation, loss))
    }

    fn num_codes(&self) -> Option<usize> {
        Some(self.quantizer().num_codes())
    }

    fn why_fixed(&self) -> Option<&'static str> {
        self.quantizer().layout().why_fixed()
    }

    fn vectors_for_codes(
        &self,
        codes: &[usize],
        from: &ReviveFrom,
        draw: u64,
    ) -> (Vec<usize>, Array) {
        let (k, d) = (self.quantizer().codebook_size, self.quantizer().row_dim());
        let none = || (Vec::new(), Array::zeros([0, d]));
        if !self.quantizer().moves_codes() {
            return none();
        }
        if let ReviveFrom::Vector(vector) = from {
            let rows = codebook::given(vector, codes.len(), d);
            return (codes[..rows.num_rows()].to_vec(), rows);
        }
        let Some(images) = &self.last_images else { return none() };
        let vectors = self.vectors(images);
        let model = self.model();
        let (mut kept, mut rows) = (Vec::new(), Vec::new());
        for part in 0..self.quantizer().layout().parts() {
            let own: Vec<usize> = codes.iter().copied().filter(|code| code / k == part).collect();
            let known = model[CODEBOOK].rows(part * k, (part + 1) * k);
            let targets = self.targets(&vectors, part);
            // Each codebook draws for itself.
            let draw = [self.seed ^ (part as u64) << 48, draw];
            let chosen = codebook::chosen(&targets, &known, own.len(), from, draw);
            kept.extend_from_slice(&own[..chosen.num_rows()]);
            rows.extend(chosen.into_data());
        }
        let rows = Array::new([kept.len(), d], rows).expect("whole vectors");
        (kept, rows)
    }

    fn codes(&self, codes: &[usize]) -> Codes {
        if !self.quantizer().moves_codes() {
            return Codes::default();
        }
        NAMES.codes(&self.model(), codes)
    }

    fn put_codes(&mut self, codes: &[usize], rows: &Codes) {
        let mut tensors = self.model();
        NAMES.put(&mut tensors, codes, rows);
        self.model = params::load(self.model.clone(), &tensors).expect("its own tensors");
    }

    fn freeze(&mut self, codes: &[usize], frozen: bool) {
        if !self.quantizer().moves_codes() {
            return;
        }
        self.frozen.mark(codes, frozen, &self.device.clone().inner());
    }

    fn frozen(&self) -> &[bool] {
        self.frozen.marks()
    }
}
