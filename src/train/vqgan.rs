//! One update of an autoencoder of codes, or of normal latents, with an adversary that judges patches.
//!
//! # Source
//! Taming Transformers (Esser et al., 2021, section 3.1, arXiv:2012.09841); for normal latents High-Resolution Image
//! Synthesis with Latent Diffusion Models (Rombach et al., 2022, section 3.1, arXiv:2112.10752).

mod update;

use burn::module::Module as _;
use burn::tensor::{Device, Tensor};

use self::update::Stage;
use super::codebook::{self, Frozen, Names};
use super::learner::{Codes, Learner, Measured, Measuring, Told};
use super::optimizer::{Adam, save_two, split_two};
use super::perceptual;
use super::recipe;
use super::settings::Settings;
use super::vq_vae::first_images;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::{Batch, Dataset};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::vq_model::CODEBOOK;
use crate::graph::lower::vqgan::{CLUSTER_SIZE, DISCRIMINATOR, EMBED_AVG, VqganConfig};
use crate::metrics::evaluate::{EvaluateOptions, Examined, evaluate};
use crate::model::classifier::Classifier;
use crate::model::codec::VqganCodec;
use crate::model::params::{self, ParamError};
use crate::model::patchgan::PatchGan;
use crate::model::vqgan::Vqgan;
use crate::picture::ValueRange;
use crate::session::codebook::ReviveFrom;

const NAMES: Names = Names { codebook: CODEBOOK, cluster_size: CLUSTER_SIZE, embed_avg: EMBED_AVG };

pub(crate) struct VqganLearner {
    config: VqganConfig,
    seed: u64,
    batch: usize,
    device: Device,
    model: Vqgan,
    judge: PatchGan,
    /// What compares images by what it sees in them; never trained.
    classifier: Option<Classifier>,
    adam: Adam,
    judge_adam: Adam,
    begins_with_kmeans: bool,
    frozen: Frozen,
    last_images: Option<Array>,
}

impl VqganLearner {
    /// Fresh networks on `device`.
    ///
    /// # Errors
    /// When the classifier of the perceptual term is gone or another one.
    pub(crate) fn new(
        config: VqganConfig,
        settings: &Settings,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self, String> {
        let device = device.clone().autodiff();
        let adam = || Adam::new(settings.number("beta_1") as f32, settings.number("beta_2") as f32);
        let pinned = config.perceptual.as_ref();
        let classifier = pinned.map(|pinned| perceptual::load(pinned, &device)).transpose()?;
        Ok(Self {
            model: Vqgan::new(&config, seed, &device),
            // Another stream than the generator's.
            judge: PatchGan::new(&config.discriminator, seed ^ u64::MAX, &device),
            classifier,
            adam: adam(),
            judge_adam: adam(),
            begins_with_kmeans: settings.word("codebook_init") == "kmeans",
            frozen: Frozen::new(config.codebook().map_or(0, |[k, _]| k)),
            last_images: None,
            config,
            seed,
            batch,
            device,
        })
    }

    /// The vectors of some images in `[0, 1]`, `[n, d]`.
    fn vectors(&self, images: &Array) -> Array {
        let plain = self.device.clone().inner();
        let model = self.model.valid();
        let chunks = (0..images.num_rows()).step_by(self.batch.max(1)).map(|start| {
            let some = images.rows(start, images.num_rows().min(start + self.batch));
            let some = ValueRange::SIGNED.images_from_unit(&some);
            params::array_from_tensor(model.vectors(params::tensor_from_array(&some, &plain)))
        });
        let data: Vec<f32> = chunks.flat_map(Array::into_data).collect();
        let d = self.config.latent()[0];
        Array::new([data.len() / d, d], data).expect("whole vectors")
    }

    /// Vectors of one image.
    fn cells(&self) -> usize {
        self.config.autoencoder.grid().iter().product()
    }
}

impl Learner for VqganLearner {
    fn curves(&self) -> Vec<String> {
        let mut names = vec!["loss", "reconstruction"];
        names.extend(self.classifier.as_ref().map(|_| "perceptual"));
        names.extend(["adversarial", "adaptive_weight"]);
        names.extend(update::between_curves(&self.config));
        names.extend(["d_loss", "d_real", "d_fake", "d_gap", "g_grad_norm", "d_grad_norm"]);
        names.extend(["lr", "d_lr"]);
        names.into_iter().map(str::to_owned).collect()
    }

    fn begin(&mut self, dataset: &dyn Dataset, settings: &Settings) {
        let Some([k, _]) = self.config.codebook().filter(|_| self.begins_with_kmeans) else {
            return;
        };
        let images = codebook::images_to_begin(k, self.cells(), self.batch);
        let images = first_images(dataset, images, self.seed);
        let images = recipe::spoilt(settings, &images, self.seed, 0).unwrap_or(images);
        let vectors = self.vectors(&images);
        let codes = codebook::first_codes(vectors, k, self.seed);
        // As if each had been chosen evenly so far.
        let size = (self.batch * self.cells()) as f64 / k as f64;
        self.model = self.model.clone().with_codes(&codes, size).expect("k codes of d values");
    }

    fn notice(&self) -> Option<String> {
        self.classifier.is_none().then(|| {
            format!(
                "there is no perceptual term: images are compared by their pixels and the discriminator alone (train a \
                 classifier and name its run, --set {}=RUN)",
                perceptual::KEY
            )
        })
    }

    fn phase(&self, step: u64, settings: &Settings) -> Option<&'static str> {
        Some(Stage::at(step, settings).name())
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        self.update(batch, settings)
    }

    fn model(&self) -> NamedArrays {
        let mut model = self.model.tensors();
        model.extend(params::prefixed(DISCRIMINATOR, params::collect(&self.judge)));
        model
    }

    fn optimizer(&self) -> (NamedArrays, u64) {
        save_two(&self.adam, &self.judge_adam, DISCRIMINATOR)
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
        self.judge = params::load(self.judge.clone(), &params::under(model, DISCRIMINATOR))?;
        let (of_model, of_judge, judged) = split_two(optimizer, DISCRIMINATOR);
        self.adam.load(&self.model, of_model, updates, &plain)?;
        self.judge_adam.load(&self.judge, of_judge, judged, &plain)
    }

    fn codec(&self) -> Box<dyn Codec> {
        Box::new(VqganCodec::from_module(self.model.valid(), self.device.clone().inner()))
    }

    /// Judged by the squared error: no loss of an adversarial game tells which of two checkpoints is better.
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
        Ok(Measured::of_reconstructions(&evaluation, evaluation.mse))
    }

    fn num_codes(&self) -> Option<usize> {
        self.config.codebook().map(|[k, _]| k)
    }

    fn vectors_for_codes(
        &self,
        codes: &[usize],
        from: &ReviveFrom,
        draw: u64,
    ) -> (Vec<usize>, Array) {
        let [_, d] = self.config.codebook().unwrap_or_default();
        let n = codes.len();
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

/// One number on a device without gradients, `[1]`.
fn scalar(value: f64, device: &Device) -> Tensor<1> {
    Tensor::from_floats([value as f32], device)
}
