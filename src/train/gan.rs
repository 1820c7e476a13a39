//! One update of a generative adversarial network: the discriminator's, then every so often the generator's.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::learner::{Learner, Measured, Measuring, Told, dropout};
use super::optimizer::{Adam, Rates, gradient_norm};
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::Batch;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::gan::{AVERAGE, GENERATOR, GanConfig};
use crate::metrics::generate::{GenerateOptions, Generation, Known, evaluate_generator};
use crate::model::adversarial::{AdversarialLoss, Penalty, gradient_penalty, r1_penalty};
use crate::model::codec::GanCodec;
use crate::model::discriminator::Discriminator;
use crate::model::gan::Generator;
use crate::model::params::{self, ParamError};
use crate::picture::ValueRange;
use crate::random::{self, Purpose};

const DISCRIMINATOR: &str = "discriminator";

pub(crate) struct GanLearner {
    config: GanConfig,
    seed: u64,
    device: Device,
    generator: Generator,
    /// The moving average of the generator's weights, without gradients.
    average: Generator,
    discriminator: Discriminator,
    generator_adam: Adam,
    discriminator_adam: Adam,
    /// Loss and length of the gradient of the newest update, `[2]`; told again while the generator does not learn.
    of_generator: Tensor<1>,
    /// Loss, mean score of data and of made images, length of the gradient, and penalty, `[5]`.
    of_discriminator: Tensor<1>,
    /// The generator's updates so far.
    made: u64,
}

impl GanLearner {
    /// Fresh networks on `device`.
    pub(crate) fn new(config: GanConfig, settings: &Settings, seed: u64, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let generator = Generator::new(&config, &device);
        let generator = params::init_uniform(generator, seed, &|_| false);
        let discriminator = Discriminator::new(
            &config.discriminator,
            config.arch,
            config.image,
            config.classes,
            &device,
        );
        // Another stream than the generator's.
        let seed_of_judge = seed ^ u64::MAX;
        let discriminator =
            params::init_uniform(discriminator, seed_of_judge, &Discriminator::keeps);
        let adam = || Adam::new(settings.number("beta_1") as f32, settings.number("beta_2") as f32);
        let plain = device.clone().inner();
        Self {
            seed,
            average: generator.valid(),
            generator,
            discriminator,
            generator_adam: adam(),
            discriminator_adam: adam(),
            of_generator: Tensor::zeros([2], &plain),
            of_discriminator: Tensor::zeros([5], &plain),
            made: 0,
            config,
            device,
        }
    }

    /// Latents from the prior, `[b, d]`.
    fn noise(&self, b: usize, step: u64, purpose: Purpose) -> Tensor<2> {
        let d = self.config.latent_dim;
        let noise = random::normals(self.seed, step, purpose, b * d);
        let noise = Array::new([b, d], noise).expect("as many normals as asked for");
        params::tensor_from_array(&noise, &self.device)
    }

    fn labels(&self, batch: &Batch) -> Option<Tensor<1, Int>> {
        let labels = batch.labels.as_ref().filter(|_| self.config.classes > 0)?;
        let labels: Vec<i64> = labels.iter().map(|&label| i64::from(label)).collect();
        let len = labels.len();
        Some(Tensor::from_data(TensorData::new(labels, [len]), &self.device))
    }

    /// What the discriminator's features are multiplied with: for data, for made images, and while the generator
    /// learns, `[b, features]`.
    fn kept(&self, batch: &Batch, settings: &Settings) -> [Option<Tensor<2>>; 3] {
        let features = self.config.discriminator.features(self.config.arch, self.config.image);
        let sizes = [3, batch.images.num_rows(), features];
        let kept = dropout(settings, sizes, (self.seed, batch.step), &self.device);
        kept.try_into().expect("one for each of three passes")
    }

    fn teach_discriminator(&mut self, batch: &Batch, settings: &Settings, loss: AdversarialLoss) {
        let b = batch.images.num_rows();
        let labels = self.labels(batch);
        let real: Tensor<4> = params::tensor_from_array(&batch.images, &self.device);
        let range = ValueRange::SIGNED;
        let real = real * f64::from(range.hi - range.lo) + f64::from(range.lo);
        let latent = self.noise(b, batch.step, Purpose::DiscriminatorNoise);
        let (made, statistics) = self.generator.learn(latent, labels.clone());
        let made = made.detach();
        self.generator = self.generator.clone().moved(statistics);
        self.discriminator = self.discriminator.clone().iterated();
        let [kept_real, kept_made, _] = self.kept(batch, settings);
        let of_real = self.discriminator.judge_kept(real.clone(), labels.clone(), kept_real);
        let of_made = self.discriminator.judge_kept(made.clone(), labels.clone(), kept_made);
        let smoothing = settings.number("label_smoothing");
        let total = loss.discriminator(of_real.scores.clone(), of_made.scores.clone(), smoothing);
        let penalty = self.penalty(&real, &made, labels.as_ref(), batch.step, settings, loss);
        let minimised = match &penalty {
            Some(penalty) => total.clone() + penalty.surrogate.clone(),
            None => total.clone(),
        };
        let grads = GradientsParams::from_grads(minimised.backward(), &self.discriminator);
        let norm = gradient_norm(&self.discriminator, &grads);
        let rates = Rates::of(settings, "d_lr");
        let judge = self.discriminator_adam.step(&rates, self.discriminator.clone(), grads);
        self.discriminator = judge.moved(of_real.statistics).moved(of_made.statistics);
        let plain = self.device.clone().inner();
        let value =
            penalty.map_or_else(|| Tensor::zeros([1], &plain), |penalty| penalty.value.inner());
        self.of_discriminator = Tensor::cat(
            vec![
                total.inner() + value.clone(),
                of_real.scores.mean().inner(),
                of_made.scores.mean().inner(),
                norm,
                value,
            ],
            0,
        );
    }

    /// The penalty on the discriminator's slope that the settings ask for.
    fn penalty(
        &self,
        real: &Tensor<4>,
        made: &Tensor<4>,
        labels: Option<&Tensor<1, Int>>,
        step: u64,
        settings: &Settings,
        loss: AdversarialLoss,
    ) -> Option<Penalty> {
        let judge = &self.discriminator;
        let score = |images: Tensor<4>| judge.judge(images, labels.cloned()).scores;
        let tangent = |at: Tensor<4>, along: Tensor<4>| judge.tangent(at, along, labels.cloned());
        let lambda = settings.number("gradient_penalty");
        if loss == AdversarialLoss::Wasserstein && lambda > 0.0 {
            let b = real.dims()[0];
            let shares = random::uniforms(self.seed, step, Purpose::Between, b, 0.0, 1.0);
            let shares = TensorData::new(shares, [b, 1, 1, 1]);
            let shares = Tensor::<4>::from_data(shares, &self.device);
            let between = real.clone() * shares.clone() + made.clone() * (shares.neg() + 1.0);
            return Some(gradient_penalty(between, lambda, score, tangent));
        }
        let gamma = settings.number("r1");
        (gamma > 0.0).then(|| r1_penalty(real.clone(), gamma, score, tangent))
    }

    fn teach_generator(&mut self, batch: &Batch, settings: &Settings, loss: AdversarialLoss) {
        let labels = self.labels(batch);
        let latent = self.noise(batch.images.num_rows(), batch.step, Purpose::GeneratorNoise);
        let (made, statistics) = self.generator.learn(latent, labels.clone());
        let [.., kept] = self.kept(batch, settings);
        let judgement = self.discriminator.judge_kept(made, labels, kept);
        let total = loss.generator(judgement.scores);
        let grads = GradientsParams::from_grads(total.backward(), &self.generator);
        let norm = gradient_norm(&self.generator, &grads);
        let rates = Rates::of(settings, "lr");
        let generator = self.generator_adam.step(&rates, self.generator.clone(), grads);
        self.generator = generator.moved(statistics);
        // Batch normalisation sees these images too.
        self.discriminator = self.discriminator.clone().moved(judgement.statistics);
        // A young average forgets its random beginning faster.
        let young = (1 + self.made) as f64 / (10 + self.made) as f64;
        let decay = settings.number("ema_decay").min(young);
        self.average = params::averaged(self.average.clone(), &self.generator.valid(), decay);
        self.made += 1;
        self.of_generator = Tensor::cat(vec![total.inner(), norm], 0);
    }
}

impl Learner for GanLearner {
    fn curves(&self) -> Vec<String> {
        [
            "d_loss",
            "d_real",
            "d_fake",
            "d_grad_norm",
            "penalty",
            "g_loss",
            "g_grad_norm",
            "d_gap",
            "lr",
            "d_lr",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let loss = AdversarialLoss::from_name(settings.word("loss"))
            .unwrap_or(AdversarialLoss::NonSaturating);
        let learns = settings.word("learns");
        if learns != "generator" {
            self.teach_discriminator(batch, settings, loss);
        }
        if learns != "discriminator"
            && batch.step.is_multiple_of(settings.integer("d_steps").max(1) as u64)
        {
            self.teach_generator(batch, settings, loss);
        }
        let host = [settings.number("lr") as f32, settings.number("d_lr") as f32];
        let judge = self.of_discriminator.clone();
        let gap = judge.clone().slice(1..2) - judge.clone().slice(2..3);
        let host = Tensor::from_floats(host, &self.device.clone().inner());
        let scalars = vec![judge, self.of_generator.clone(), gap, host];
        Told { scalars: Tensor::cat(scalars, 0), codes: None }
    }

    fn model(&self) -> NamedArrays {
        let mut model = params::prefixed(GENERATOR, params::collect(&self.generator));
        model.extend(params::prefixed(AVERAGE, params::collect(&self.average)));
        model.extend(params::prefixed(DISCRIMINATOR, params::collect(&self.discriminator)));
        model
    }

    fn optimizer(&self) -> (NamedArrays, u64) {
        let (of_generator, _) = self.generator_adam.save();
        let (of_discriminator, judged) = self.discriminator_adam.save();
        let mut arrays = params::prefixed(GENERATOR, of_generator);
        arrays.extend(params::prefixed(DISCRIMINATOR, of_discriminator));
        arrays.insert(UPDATES.to_owned(), Array::filled([1], self.made as f32));
        let told = Tensor::cat(vec![self.of_generator.clone(), self.of_discriminator.clone()], 0);
        arrays.insert(TOLD.to_owned(), params::array_from_tensor(told));
        (arrays, judged)
    }

    fn restore(
        &mut self,
        model: &NamedArrays,
        mut optimizer: NamedArrays,
        updates: u64,
    ) -> Result<(), ParamError> {
        let known = [GENERATOR, AVERAGE, DISCRIMINATOR];
        let is_known = |name: &str| known.iter().any(|part| params::lies_under(name, part));
        if let Some(name) = model.keys().find(|name| !is_known(name)) {
            return Err(ParamError::Unused { name: name.clone() });
        }
        let of = |part: &str| params::under(model, part);
        self.generator = params::load(self.generator.clone(), &of(GENERATOR))?;
        self.average = params::load(self.average.clone(), &of(AVERAGE))?;
        self.discriminator = params::load(self.discriminator.clone(), &of(DISCRIMINATOR))?;
        let plain = self.device.clone().inner();
        let made = optimizer.remove(UPDATES).and_then(|array| array.data().first().copied());
        self.made = made.unwrap_or(0.0) as u64;
        if let Some(told) = optimizer.remove(TOLD).filter(|told| told.shape() == [7]) {
            let told: Tensor<1> = params::tensor_from_array(&told, &plain);
            self.of_generator = told.clone().slice(0..2);
            self.of_discriminator = told.slice(2..7);
        }
        let of_generator = params::under(&optimizer, GENERATOR);
        self.generator_adam.load(&self.generator, of_generator, self.made, &plain)?;
        let of_discriminator = params::under(&optimizer, DISCRIMINATOR);
        self.discriminator_adam.load(&self.discriminator, of_discriminator, updates, &plain)
    }

    fn codec(&self) -> Box<dyn Codec> {
        Box::new(GanCodec::from_module(
            self.average.clone(),
            self.config.classes,
            self.device.clone().inner(),
        ))
    }

    /// No loss of an adversarial game tells which of two checkpoints is better.
    fn measure(&self, held_out: &Array, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let options = GenerateOptions {
            seed: how.seed,
            range: self.config.range(),
            latent: self.config.latent(),
            batch: how.batch,
        };
        let found = evaluate_generator(
            self.codec().as_mut(),
            Known { held_out, train: None },
            None,
            &options,
        )?;
        let warning = (self.made > 0 && found.diversity < Generation::COLLAPSED).then(|| {
            format!(
                "mode collapse: two made images differ {:.0} % as much as two held-out ones (mean distance, under \
                 {:.0} %); a lower lr, another loss or a weaker discriminator may help",
                100.0 * found.diversity,
                100.0 * Generation::COLLAPSED
            )
        });
        let is_sound = found.frechet.is_finite();
        Ok(Measured { values: found.headline(), loss: None, is_sound, warning })
    }
}

/// The generator's updates, beside its moments.
const UPDATES: &str = "updates";
/// What both told last, beside them: the generator's, then the discriminator's.
const TOLD: &str = "told";
