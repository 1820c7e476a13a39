//! One update of an autoencoder with an adversary, in phases.
//!
//! # Source
//! Autoencoding beyond pixels using a learned similarity metric (Larsen et al., 2016, algorithm 1,
//! arXiv:1512.09300). Its decoder minimises γ · reconstruction + adversarial; here it is reconstruction + w ·
//! adversarial with w = 1 / γ, the same direction for an optimizer that divides a gradient by its own size. The
//! adversarial term never reaches the encoder.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::learner::{Learner, Measured, Measuring, Told};
use super::optimizer::{Adam, Rates, gradient_norm, save_two, split_two};
use super::settings::Settings;
use super::vae::{self, kl_weight};
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::Batch;
use crate::graph::lower::vae_gan::VaeGanConfig;
use crate::language::tr_later;
use crate::metrics::evaluate::Examined;
use crate::metrics::generate::{GenerateOptions, Known, evaluate_generator};
use crate::model::adversarial::AdversarialLoss;
use crate::model::codec::VaeCodec;
use crate::model::discriminator::{Discriminator, Judgement};
use crate::model::loss;
use crate::model::params::{self, ParamError};
use crate::model::vae::Vae;
use crate::picture::ValueRange;
use crate::random::{self, Purpose};

const DISCRIMINATOR: &str = "discriminator";

/// What learns from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The VAE alone, by its bound on pixels.
    Pretrain,
    /// The same, while the discriminator learns to tell its images from data.
    Join,
    /// The decoder plays against the discriminator; the encoder rests.
    Adversarial,
    /// All three: reconstructions are compared by what the discriminator sees in them.
    Joint,
}

impl Phase {
    /// The phase of an update.
    fn at(step: u64, settings: &Settings) -> Self {
        let lengths = ["pretrain_steps", "join_steps", "adversarial_steps"];
        let mut end = 0;
        let phases = [Self::Pretrain, Self::Join, Self::Adversarial];
        for (name, phase) in lengths.into_iter().zip(phases) {
            end += settings.integer(name) as u64;
            if step <= end {
                return phase;
            }
        }
        Self::Joint
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pretrain => tr_later!("pre-training: the VAE alone"),
            Self::Join => tr_later!("the discriminator joins"),
            Self::Adversarial => tr_later!("adversarial: decoder against discriminator"),
            Self::Joint => tr_later!("joint optimisation"),
        }
    }
}

pub(crate) struct VaeGanLearner {
    config: VaeGanConfig,
    seed: u64,
    device: Device,
    vae: Vae,
    discriminator: Discriminator,
    vae_adam: Adam,
    discriminator_adam: Adam,
}

/// What the terms of an update come to, each `[1]` without gradients.
struct Terms {
    loss: Tensor<1>,
    reconstruction: Tensor<1>,
    features: Tensor<1>,
    adversarial: Tensor<1>,
    kl: Tensor<1>,
    kl_per_dim: Tensor<1>,
    norm: Tensor<1>,
}

impl VaeGanLearner {
    /// Fresh networks on `device`.
    pub(crate) fn new(
        config: VaeGanConfig,
        settings: &Settings,
        seed: u64,
        device: &Device,
    ) -> Self {
        let device = device.clone().autodiff();
        let vae = Vae::new(&config.vae, seed, &device);
        let (arch, image) = (config.vae.arch, config.vae.image);
        let judge = Discriminator::new(&config.discriminator, arch, image, 0, &device);
        let discriminator = params::init_uniform(judge, seed ^ u64::MAX, &Discriminator::keeps);
        let beta_1 = settings.number("d_beta_1") as f32;
        Self {
            config,
            seed,
            vae,
            discriminator,
            vae_adam: Adam::new(0.9, 0.999),
            discriminator_adam: Adam::new(beta_1, 0.999),
            device,
        }
    }

    fn noise(&self, b: usize, step: u64, purpose: Purpose) -> Tensor<2> {
        let d = self.config.vae.latent_dim;
        let noise = random::normals(self.seed, step, purpose, b * d);
        let noise = Array::new([b, d], noise).expect("as many normals as asked for");
        params::tensor_from_array(&noise, &self.device)
    }

    /// Judges images in `[0, 1]`.
    fn judge(&self, images: Tensor<4>) -> Judgement {
        let range = ValueRange::SIGNED;
        let own = images * f64::from(range.hi - range.lo) + f64::from(range.lo);
        self.discriminator.judge(own, None)
    }

    /// An update of encoder and decoder.
    fn teach_vae(
        &mut self,
        seen: &Tensor<4>,
        real: &Tensor<4>,
        step: u64,
        phase: Phase,
        settings: &Settings,
    ) -> Terms {
        let b = real.dims()[0];
        let posterior = self.vae.encode(seen.clone());
        let latent = posterior.sample(self.noise(b, step, Purpose::Reparametrize));
        let latent = if phase == Phase::Adversarial { latent.detach() } else { latent };
        let logits = self.vae.decode_logits(latent.clone());
        let zero = || Tensor::<1>::zeros([1], &self.device);
        let reconstruction = loss::bernoulli_nll(logits.clone(), real.clone()).sum() / b as f64;
        let kl = loss::gaussian_kl(posterior.mean, posterior.logvar); // [b, d]
        let kl_per_dim = kl.mean_dim(0).squeeze_dim::<1>(0); // [d]
        let weight = kl_weight(step, settings);
        let prior = loss::free_bits(kl_per_dim.clone(), weight.free_nats) * weight.beta;
        let plays = matches!(phase, Phase::Adversarial | Phase::Joint);
        let seen = (phase == Phase::Joint)
            .then(|| self.feature_loss(real, burn::tensor::activation::sigmoid(logits.clone())));
        let adversarial = plays.then(|| self.fooling_loss(latent, step, settings));
        let pixels = if phase == Phase::Joint { settings.number("pixel_weight") } else { 1.0 };
        let mut total = prior + reconstruction.clone() * pixels;
        if let Some(seen) = &seen {
            total = total + seen.clone() * settings.number("feature_weight");
        }
        if let Some(adversarial) = &adversarial {
            total = total + adversarial.clone() * settings.number("adversarial_weight");
        }
        let grads = GradientsParams::from_grads(total.backward(), &self.vae);
        let norm = gradient_norm(&self.vae, &grads);
        self.vae = self.vae_adam.step(&Rates::of(settings, "lr"), self.vae.clone(), grads);
        Terms {
            loss: total.inner(),
            reconstruction: reconstruction.inner(),
            features: seen.unwrap_or_else(zero).inner(),
            adversarial: adversarial.unwrap_or_else(zero).inner(),
            kl: kl_per_dim.clone().sum().inner(),
            kl_per_dim: kl_per_dim.inner(),
            norm,
        }
    }

    /// Half the squared distance of what the discriminator sees in images and in their reconstructions, a mean over
    /// its features in units of the pixels' number, so that it compares with a sum over pixels, `[1]`.
    fn feature_loss(&self, real: &Tensor<4>, made: Tensor<4>) -> Tensor<1> {
        let of_real = self.judge(real.clone()).features.detach();
        let pixels = self.config.vae.image.len() as f64;
        (self.judge(made).features - of_real).square().mean() * (0.5 * pixels)
    }

    /// What the discriminator says of reconstructions and draws, as the decoder's loss, `[1]`; in units of the
    /// pixels' number.
    fn fooling_loss(&self, latent: Tensor<2>, step: u64, settings: &Settings) -> Tensor<1> {
        let drawn = self.noise(latent.dims()[0], step, Purpose::GeneratorNoise);
        let latents = Tensor::cat(vec![latent.detach(), drawn], 0); // [2b, d]
        let scores = self.judge(self.vae.decode(latents)).scores;
        adversarial(settings).generator(scores) * self.config.vae.image.len() as f64
    }

    /// An update of the discriminator: its loss, mean scores, and the length of its gradient, `[4]`.
    fn teach_discriminator(
        &mut self,
        seen: &Tensor<4>,
        real: &Tensor<4>,
        step: u64,
        settings: &Settings,
    ) -> Tensor<1> {
        let b = real.dims()[0];
        let posterior = self.vae.encode(seen.clone());
        let rebuilt = posterior.sample(self.noise(b, step, Purpose::Reparametrize));
        let drawn = self.noise(b, step, Purpose::DiscriminatorNoise);
        let made = self.vae.decode(Tensor::cat(vec![rebuilt, drawn], 0)).detach();
        self.discriminator = self.discriminator.clone().iterated();
        let of_real = self.judge(real.clone());
        let of_made = self.judge(made);
        let smoothing = settings.number("label_smoothing");
        let total = adversarial(settings).discriminator(
            of_real.scores.clone(),
            of_made.scores.clone(),
            smoothing,
        );
        let grads = GradientsParams::from_grads(total.backward(), &self.discriminator);
        let norm = gradient_norm(&self.discriminator, &grads);
        let rates = Rates::of(settings, "d_lr");
        let judge = self.discriminator_adam.step(&rates, self.discriminator.clone(), grads);
        self.discriminator = judge.moved(of_real.statistics).moved(of_made.statistics);
        let (real, made) = (of_real.scores.mean().inner(), of_made.scores.mean().inner());
        Tensor::cat(vec![total.inner(), real, made, norm], 0)
    }
}

fn adversarial(settings: &Settings) -> AdversarialLoss {
    AdversarialLoss::from_name(settings.word("loss")).unwrap_or(AdversarialLoss::NonSaturating)
}

impl Learner for VaeGanLearner {
    fn curves(&self) -> Vec<String> {
        let names = [
            "loss",
            "reconstruction",
            "features",
            "adversarial",
            "kl",
            "g_grad_norm",
            "d_loss",
            "d_real",
            "d_fake",
            "d_grad_norm",
            "d_gap",
            "beta",
            "lr",
            "d_lr",
        ];
        let dims = (0..self.config.vae.latent_dim).map(|dim| format!("kl_{dim}"));
        names.into_iter().map(str::to_owned).chain(dims).collect()
    }

    fn phase(&self, step: u64, settings: &Settings) -> Option<&'static str> {
        Some(Phase::at(step, settings).name())
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let phase = Phase::at(batch.step, settings);
        let real: Tensor<4> = params::tensor_from_array(&batch.images, &self.device);
        let seen = params::tensor_from_array(batch.seen(), &self.device);
        let plain = self.device.clone().inner();
        let judge = if phase == Phase::Pretrain {
            Tensor::zeros([4], &plain)
        } else {
            self.teach_discriminator(&seen, &real, batch.step, settings)
        };
        let terms = self.teach_vae(&seen, &real, batch.step, phase, settings);
        let gap = judge.clone().slice(1..2) - judge.clone().slice(2..3);
        let beta = kl_weight(batch.step, settings).beta;
        let host = [beta, settings.number("lr"), settings.number("d_lr")].map(|value| value as f32);
        let scalars = vec![
            terms.loss,
            terms.reconstruction,
            terms.features,
            terms.adversarial,
            terms.kl,
            terms.norm,
            judge,
            gap,
            Tensor::from_floats(host, &plain),
            terms.kl_per_dim,
        ];
        Told { scalars: Tensor::cat(scalars, 0), codes: None }
    }

    fn model(&self) -> NamedArrays {
        let mut model = params::collect(&self.vae);
        model.extend(params::prefixed(DISCRIMINATOR, params::collect(&self.discriminator)));
        model
    }

    fn optimizer(&self) -> (NamedArrays, u64) {
        save_two(&self.vae_adam, &self.discriminator_adam, DISCRIMINATOR)
    }

    fn restore(
        &mut self,
        model: &NamedArrays,
        optimizer: NamedArrays,
        updates: u64,
    ) -> Result<(), ParamError> {
        let plain = self.device.clone().inner();
        let own = params::without(model, DISCRIMINATOR);
        self.vae = params::load(self.vae.clone(), &own)?;
        let judge = params::under(model, DISCRIMINATOR);
        self.discriminator = params::load(self.discriminator.clone(), &judge)?;
        let (of_vae, of_judge, judged) = split_two(optimizer, DISCRIMINATOR);
        self.vae_adam.load(&self.vae, of_vae, updates, &plain)?;
        self.discriminator_adam.load(&self.discriminator, of_judge, judged, &plain)
    }

    fn codec(&self) -> Box<dyn Codec> {
        Box::new(VaeCodec::from_module(self.vae.valid(), 0, self.device.clone().inner()))
    }

    fn measure(&self, held_out: &Examined, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let mut codec = self.codec();
        let mut measured =
            vae::measure(&self.config, codec.as_mut(), held_out, how, &self.model())?;
        let options = GenerateOptions {
            seed: how.seed,
            range: ValueRange::UNIT,
            latent: vec![self.config.vae.latent_dim],
            batch: how.batch,
        };
        let made = evaluate_generator(
            codec.as_mut(),
            Known { held_out: &held_out.images, train: None },
            None,
            &options,
        )?;
        measured.values.extend(made.headline());
        // The bound judges pixels, which an adversary trades for what it sees: the newest checkpoint counts.
        Ok(Measured { loss: None, ..measured })
    }
}
