//! One update of a vector-quantized autoencoder.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::learner::{Codes, Learner, Measured, Measuring, Told};
use super::optimizer::Adam;
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::{self, Batch, Dataset, Split};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::vq_vae::{CodebookUpdate, VqVaeConfig};
use crate::latent::nearest_codes;
use crate::metrics::evaluate::{EvaluateOptions, evaluate};
use crate::model::codec::VqVaeCodec;
use crate::model::params::{self, ParamError};
use crate::model::quantizer::{CodebookRules, kmeans, perplexity};
use crate::model::vq_vae::VqVae;
use crate::random::{self, Purpose};
use crate::session::codebook::ReviveFrom;

/// Images that the variance of the pixels is taken from.
const VARIANCE_IMAGES: usize = 1000;
/// Vectors for each code that k-means sees, as far as [`MOST_BEGIN_IMAGES`] have them.
const VECTORS_PER_CODE: usize = 24;
/// Images that a codebook begins from, at most.
const MOST_BEGIN_IMAGES: usize = 1024;
/// A larger codebook begins with as many random vectors instead: k-means would take minutes.
const MOST_KMEANS_CODES: usize = 4096;

const CODEBOOK: &str = "quantizer.codebook";
const CLUSTER_SIZE: &str = "quantizer.cluster_size";
const EMBED_AVG: &str = "quantizer.embed_avg";

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
    frozen: Vec<bool>,
    frozen_mask: Option<Tensor<1, Bool>>,
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
        let frozen = vec![false; config.codebook_size];
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
            frozen_mask: None,
            last_images: None,
        }
    }

    /// The vectors of some images as they are compared with codes, `[n, d]`.
    fn vectors(&self, images: &Array) -> Array {
        let plain = self.device.clone().inner();
        let model = self.model.valid();
        let chunks = (0..images.num_rows()).step_by(self.batch.max(1)).map(|start| {
            let some = images.rows(start, images.num_rows().min(start + self.batch));
            params::array_from_tensor(model.vectors(params::tensor_from_array(&some, &plain)))
        });
        let data: Vec<f32> = chunks.flat_map(Array::into_data).collect();
        let d = self.config.code_dim;
        Array::new([data.len() / d, d], data).expect("whole vectors")
    }

    fn weight_of_quantization(&self) -> f64 {
        let codebook = match self.config.update {
            CodebookUpdate::Loss => 1.0,
            CodebookUpdate::Ema => 0.0,
        };
        codebook + f64::from(self.config.commitment)
    }
}

/// Training images in a seeded order.
pub(super) fn first_images(dataset: &dyn Dataset, count: usize, seed: u64) -> Array {
    let mut order = random::permutation(seed, 0, Purpose::KMeans, dataset.len(Split::Train));
    order.truncate(count);
    data::batch(dataset, Split::Train, &order)
}

/// The variance of all pixels together; never so small that dividing by it hurts.
fn variance(images: &Array) -> f64 {
    let n = images.data().len().max(1) as f64;
    let mean = images.data().iter().map(|&value| f64::from(value)).sum::<f64>() / n;
    let squares = images.data().iter().map(|&value| (f64::from(value) - mean).powi(2));
    (squares.sum::<f64>() / n).max(1e-4)
}

impl Learner for VqVaeLearner {
    fn curves(&self) -> Vec<String> {
        let mut names = vec!["loss", "reconstruction", "commitment"];
        if self.config.update == CodebookUpdate::Loss {
            names.push("codebook");
        }
        names.extend(["perplexity", "codes_used", "restarts", "lr"]);
        names.into_iter().map(str::to_owned).collect()
    }

    fn begin(&mut self, dataset: &dyn Dataset) {
        let k = self.config.codebook_size;
        let [h, w] = self.config.grid();
        let wanted = if k > MOST_KMEANS_CODES { k } else { k * VECTORS_PER_CODE };
        let images = wanted.div_ceil(h * w).clamp(self.batch.min(64), MOST_BEGIN_IMAGES);
        if !self.begins_with_kmeans {
            return;
        }
        let mut vectors = self.vectors(&first_images(dataset, images, self.seed));
        if k > MOST_KMEANS_CODES && vectors.num_rows() > k {
            vectors = vectors.rows(0, k);
        }
        let codes = kmeans(&vectors, k, self.seed);
        // As if each had been chosen evenly so far.
        let size = (self.batch * h * w) as f64 / k as f64;
        self.model = self.model.clone().with_codes(&codes, size).expect("k codes of d values");
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let device = &self.device;
        let images: Tensor<4> = params::tensor_from_array(&batch.images, device);
        let lr = settings.number("lr");
        let [h, w] = self.config.grid();
        let even_share =
            (batch.images.num_rows() * h * w) as f64 / self.config.codebook_size as f64;
        let rules = CodebookRules {
            decay: settings.number("ema_decay"),
            restart_threshold: settings.number("restart_threshold").min(even_share / 3.0),
        };
        let frozen = self.frozen_mask.as_ref();
        let beta = f64::from(self.config.commitment);
        let loss = self.model.loss(images, beta, self.variance, frozen);
        let grads = GradientsParams::from_grads(loss.total.backward(), &self.model);
        let model = self.adam.step(lr, self.model.clone(), grads);
        let (model, restarted) =
            model.update_codes(&loss.quantized, &rules, frozen, self.seed, batch.step);
        self.model = model;
        self.last_images = Some(batch.images.clone());
        let counts = loss.quantized.counts.clone();
        let restarted = restarted.float();
        let mut scalars = vec![
            loss.total.inner(),
            loss.reconstruction.inner(),
            loss.quantized.commitment_loss.clone().inner(),
        ];
        scalars.extend(loss.quantized.codebook_loss.clone().map(Tensor::inner));
        scalars.push(perplexity(counts.clone()));
        scalars.push(counts.clone().greater_elem(0.0).float().sum());
        scalars.push(restarted.clone().sum());
        scalars.push(Tensor::from_floats([lr as f32], &device.clone().inner()));
        Told {
            scalars: Tensor::cat(scalars, 0),                     // [curves]
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

    fn measure(&self, held_out: &Array, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let range = self.config.range();
        let options = EvaluateOptions { seed: how.seed, likelihood: None, range, ssim: false };
        let evaluation = evaluate(self.codec().as_mut(), how.batches(held_out), &options)?;
        let quantization =
            evaluation.codebook.map_or(f64::NAN, |codebook| codebook.quantization_mse);
        let loss = evaluation.mse / self.variance + self.weight_of_quantization() * quantization;
        Ok(Measured::of_reconstructions(&evaluation, loss))
    }

    fn num_codes(&self) -> Option<usize> {
        Some(self.config.codebook_size)
    }

    fn vectors_for_codes(&self, n: usize, from: &ReviveFrom, draw: u64) -> Array {
        let d = self.config.code_dim;
        if let ReviveFrom::Vector(vector) = from {
            let fits = vector.len() == d && vector.iter().all(|value| value.is_finite());
            let rows = if fits { n } else { 0 };
            return Array::new([rows, d], vector.repeat(rows)).expect("n times d values");
        }
        let Some(images) = &self.last_images else { return Array::zeros([0, d]) };
        let vectors = self.vectors(images);
        let mut order = random::permutation(self.seed, draw, Purpose::Restart, vectors.num_rows());
        if *from == ReviveFrom::Farthest {
            let codebook = self.model()[CODEBOOK].clone();
            let nearest = nearest_codes(&vectors, &codebook);
            let distance = |row: u32| nearest[row as usize].1;
            order.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
        }
        order.truncate(n);
        let data = order.iter().flat_map(|&row| vectors.row(row as usize).to_vec()).collect();
        Array::new([order.len(), d], data).expect("whole vectors")
    }

    fn codes(&self, codes: &[usize]) -> Codes {
        let tensors = self.model();
        let rows = codes.iter().flat_map(|&code| tensors[CODEBOOK].row(code).to_vec());
        let sizes = codes.iter().map(|&code| tensors[CLUSTER_SIZE].data()[code]);
        Codes { vectors: rows.collect(), sizes: sizes.collect() }
    }

    fn put_codes(&mut self, codes: &[usize], rows: &Codes) {
        let d = self.config.code_dim;
        let mut tensors = self.model();
        let rows = rows.vectors.chunks_exact(d).zip(&rows.sizes);
        for (&code, (vector, &size)) in codes.iter().zip(rows) {
            let place = code * d..(code + 1) * d;
            if let Some(codebook) = tensors.get_mut(CODEBOOK) {
                codebook.data_mut()[place.clone()].copy_from_slice(vector);
            }
            if let Some(sizes) = tensors.get_mut(CLUSTER_SIZE) {
                sizes.data_mut()[code] = size;
            }
            if let Some(sums) = tensors.get_mut(EMBED_AVG) {
                let sums = &mut sums.data_mut()[place];
                sums.iter_mut().zip(vector).for_each(|(sum, value)| *sum = value * size);
            }
        }
        self.model = params::load(self.model.clone(), &tensors).expect("its own tensors");
    }

    fn freeze(&mut self, codes: &[usize], frozen: bool) {
        for &code in codes {
            if let Some(mark) = self.frozen.get_mut(code) {
                *mark = frozen;
            }
        }
        let k = self.frozen.len();
        let mask = || TensorData::new(self.frozen.clone(), [k]);
        self.frozen_mask = self
            .frozen
            .contains(&true)
            .then(|| Tensor::from_data(mask(), &self.device.clone().inner()));
    }

    fn frozen(&self) -> &[bool] {
        &self.frozen
    }
}
