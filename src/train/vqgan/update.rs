//! The terms of an update and their way back: to the images, to the decoder's last layer, to everything.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Bool, Tensor};

use super::{VqganLearner, scalar};
use crate::array::Array;
use crate::data::Batch;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::quantizer::CodebookUpdate;
use crate::graph::lower::vqgan::VqganConfig;
use crate::model::adaptive::{Pull, adaptive_weight};
use crate::model::adversarial::AdversarialLoss;
use crate::model::params;
use crate::model::patchgan::PatchGan;
use crate::model::perceptual::seen_distance;
use crate::model::quantizer::Quantized;
use crate::model::vqgan::Between;
use crate::picture::ValueRange;
use crate::random::{self, Purpose};
use crate::train::codebook;
use crate::train::learner::Told;
use crate::train::optimizer::{Rates, gradient_norm};
use crate::train::settings::Settings;

/// The authors' program takes half of what their paper says.
const OF_DISCRIMINATOR: f64 = 0.5;

/// Who learns, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The autoencoder, without an adversary.
    Alone,
    /// The same, while the discriminator learns to tell its images from data.
    Warmup,
    /// Both, against each other.
    Adversarial,
}

impl Stage {
    /// The stage of an update.
    pub(super) fn at(step: u64, settings: &Settings) -> Self {
        let start = settings.integer("disc_start") as u64;
        let learns = start.saturating_sub(settings.integer("disc_warmup") as u64);
        match step {
            step if step > start => Self::Adversarial,
            step if step > learns => Self::Warmup,
            _ => Self::Alone,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Alone => "the autoencoder alone",
            Self::Warmup => "the discriminator learns, without a say",
            Self::Adversarial => "adversarial: autoencoder against discriminator",
        }
    }
}

/// The curves of what lies between encoder and decoder.
pub(super) fn between_curves(config: &VqganConfig) -> Vec<&'static str> {
    if config.codebook().is_none() {
        return vec!["kl"];
    }
    let mut names = vec!["commitment"];
    if config.update == CodebookUpdate::Loss {
        names.push("codebook");
    }
    names.extend(["perplexity", "codes_used", "restarts"]);
    names
}

/// How a batch of images compares with its data.
struct Likeness {
    /// All of it, weighted.
    pull: Pull,
    /// The pixels' part, and the classifier's if there is one, `[1]` or `[2]`.
    parts: Tensor<1>,
}

/// What the adversary adds.
struct Adversary {
    pull: Pull,
    /// λ of the paper, `[1]`.
    adaptive: Tensor<1>,
}

impl VqganLearner {
    /// One update of everything that learns in its stage.
    pub(super) fn update(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let stage = Stage::at(batch.step, settings);
        let plain = self.device.clone().inner();
        let real = ValueRange::SIGNED.images_from_unit(&batch.images);
        let real: Tensor<4> = params::tensor_from_array(&real, &self.device);
        let noise = self.noise(batch);
        let seen = ValueRange::SIGNED.images_from_unit(batch.seen());
        let seen = params::tensor_from_array(&seen, &self.device);
        let (latent, between) = self.model.pass(seen, noise, self.frozen.mask());
        let features = self.model.autoencoder().features(latent);
        let images = self.model.autoencoder().paint(features.clone());
        let judged = if stage == Stage::Alone {
            Tensor::zeros([4], &plain)
        } else {
            self.teach_judge(&real, images.clone().detach(), settings)
        };
        let likeness = self.likeness(&images, &real, settings);
        let adversary = (stage == Stage::Adversarial)
            .then(|| self.adversary(&images, &features.detach(), &likeness.pull, settings));
        let weight = settings.number("disc_weight");
        let pull = match &adversary {
            Some(adversary) => likeness.pull.plus(&adversary.scaled(), weight),
            None => likeness.pull,
        };
        let price = self.price(&between, settings);
        let loss = pull.value.clone() + price.clone().inner();
        let grads = (pull.surrogate(images) + price).backward();
        let grads = GradientsParams::from_grads(grads, &self.model);
        let norm = gradient_norm(&self.model, &grads);
        let lr = settings.number("lr");
        self.model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        self.last_images = Some(batch.seen().clone());

        let none = || Tensor::zeros([2], &plain);
        let told_of_adversary = adversary.map_or_else(none, |adversary| {
            Tensor::cat(vec![adversary.pull.value, adversary.adaptive], 0)
        });
        let (told_between, codes) = self.after(between, batch.step, settings);
        let [score_gap, judge_norm] =
            [judged.clone().slice(1..2) - judged.clone().slice(2..3), judged.clone().slice(3..4)];
        let mut scalars = vec![loss, likeness.parts, told_of_adversary];
        scalars.extend(told_between);
        scalars.extend([judged.slice(0..3), score_gap, norm, judge_norm]);
        scalars.extend([scalar(lr, &plain), scalar(settings.number("d_lr"), &plain)]);
        Told { scalars: Tensor::cat(scalars, 0), codes } // [scalars], [2k]
    }

    /// What samples of normal latents are moved by, `[b, d, h, w]`.
    fn noise(&self, batch: &Batch) -> Option<Tensor<4>> {
        if self.config.codebook().is_some() {
            return None;
        }
        let [d, h, w] = self.config.autoencoder.latent_planes();
        let b = batch.images.num_rows();
        let noise = random::normals(self.seed, batch.step, Purpose::Reparametrize, b * d * h * w);
        let noise = Array::new([b, d, h, w], noise).expect("as many normals as asked for");
        Some(params::tensor_from_array(&noise, &self.device))
    }

    /// How far images are from the data, by their pixels and by what the classifier sees.
    fn likeness(&self, images: &Tensor<4>, real: &Tensor<4>, settings: &Settings) -> Likeness {
        let [l1, l2] = ["l1_weight", "l2_weight"].map(|name| settings.number(name));
        let mut pull = Pull::of(images, |images| {
            let error = images - real.clone();
            error.clone().abs().mean() * l1 + error.square().mean() * l2
        });
        let mut parts = vec![pull.value.clone()];
        if let Some(classifier) = &self.classifier {
            let unit = |images: Tensor<4>| (images + 1.0) * 0.5;
            let seen = Pull::of(images, |images| {
                seen_distance(classifier, unit(images), unit(real.clone()))
            });
            parts.push(seen.value.clone());
            pull = pull.plus(&seen, settings.number("perceptual_weight"));
        }
        Likeness { pull, parts: Tensor::cat(parts, 0) }
    }

    /// What the discriminator thinks of images, and how much that is to count.
    fn adversary(
        &mut self,
        images: &Tensor<4>,
        features: &Tensor<4>,
        likeness: &Pull,
        settings: &Settings,
    ) -> Adversary {
        let judge = self.judge.clone().no_grad();
        let mut statistics = Vec::new();
        let pull = Pull::of(images, |images| {
            let (logits, seen) = PatchGan::train(&judge, images);
            statistics = seen;
            played(settings).generator(logits.flatten(0, 3))
        });
        // Batch normalization sees these images too.
        self.judge = self.judge.clone().moved(&statistics);
        let model = self.model.autoencoder();
        let length =
            |pull: &Pull| pull.length_at(&model.last_weight(), model.paint(features.clone()));
        Adversary { adaptive: adaptive_weight(length(likeness), length(&pull)), pull }
    }

    /// An update of the discriminator: its loss, mean scores, and the length of its gradient, `[4]`.
    fn teach_judge(&mut self, real: &Tensor<4>, made: Tensor<4>, settings: &Settings) -> Tensor<1> {
        let (of_real, seen_real) = PatchGan::train(&self.judge, real.clone());
        let (of_made, seen_made) = PatchGan::train(&self.judge, made);
        let (of_real, of_made) = (of_real.flatten::<1>(0, 3), of_made.flatten::<1>(0, 3));
        let smoothing = settings.number("label_smoothing");
        let total = played(settings).discriminator(of_real.clone(), of_made.clone(), smoothing)
            * OF_DISCRIMINATOR;
        let grads = GradientsParams::from_grads(total.backward(), &self.judge);
        let norm = gradient_norm(&self.judge, &grads);
        let judge = self.judge_adam.step(&Rates::of(settings, "d_lr"), self.judge.clone(), grads);
        self.judge = judge.moved(&seen_real).moved(&seen_made);
        let (real, made) = (of_real.mean().inner(), of_made.mean().inner());
        Tensor::cat(vec![total.inner(), real, made, norm], 0)
    }

    /// The weighted term of what lies between encoder and decoder, `[1]`.
    fn price(&self, between: &Between, settings: &Settings) -> Tensor<1> {
        match between {
            Between::Codes(quantized) => quantized.loss(settings.number("commitment")),
            // Both terms of the paper are sums over an image; the pixels' is a mean here.
            Between::Normal { kl } => {
                let pixels = self.config.autoencoder.image.len() as f64;
                kl.clone() * (settings.number("kl_weight") / pixels)
            }
        }
    }

    /// What follows the optimizer's step, and what is told of it: the scalars of [`between_curves`] that do not follow
    /// from the use of codes, and that use.
    fn after(
        &mut self,
        between: Between,
        step: u64,
        settings: &Settings,
    ) -> (Vec<Tensor<1>>, Option<Tensor<1>>) {
        match between {
            Between::Codes(quantized) => self.after_codes(&quantized, step, settings),
            Between::Normal { kl } => (vec![kl.inner()], None),
        }
    }

    fn after_codes(
        &mut self,
        quantized: &Quantized,
        step: u64,
        settings: &Settings,
    ) -> (Vec<Tensor<1>>, Option<Tensor<1>>) {
        let counts = quantized.counts.clone();
        let k = counts.dims()[0];
        let rules = codebook::rules(settings, quantized.indices.dims()[0], k);
        let model = self.model.clone();
        let (model, restarted) =
            model.update_codes(quantized, &rules, self.frozen.mask(), self.seed, step);
        self.model = model;
        let restarted = restarted.map_or_else(|| counts.zeros_like(), Tensor::<1, Bool>::float);
        let mut scalars = vec![quantized.commitment_loss.clone().inner()];
        scalars.extend(quantized.codebook_loss.clone().map(Tensor::inner));
        (scalars, Some(Tensor::cat(vec![counts, restarted], 0)))
    }
}

impl Adversary {
    /// The term with its adaptive weight.
    fn scaled(&self) -> Pull {
        let factor = self.adaptive.clone().reshape([1, 1, 1, 1]); // [1, 1, 1, 1]
        Pull {
            value: self.pull.value.clone() * self.adaptive.clone(),
            gradient: self.pull.gradient.clone() * factor,
        }
    }
}

fn played(settings: &Settings) -> AdversarialLoss {
    AdversarialLoss::from_name(settings.word("loss")).unwrap_or(AdversarialLoss::Hinge)
}
