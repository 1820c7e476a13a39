//! The adversary of decoded images: it judges patches of them, alone or beside a text.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::array::NamedArrays;
use crate::graph::lower::multimodal::{Adversary, Judged};
use crate::graph::lower::vqgan::DISCRIMINATOR;
use crate::model::adversarial::AdversarialLoss;
use crate::model::multimodal::{MultimodalTerms, Pairs};
use crate::model::params::{self, ParamError};
use crate::model::patchgan::PatchGan;
use crate::train::optimizer::{Adam, Rates};
use crate::train::settings::Settings;

/// Gradients forget quickly in a game.
const BETAS: [f32; 2] = [0.5, 0.9];
/// A pair that does not belong together counts as much as one that was made.
const OF_FAKES: f64 = 0.5;
const LOSS: AdversarialLoss = AdversarialLoss::Hinge;

/// A discriminator in training.
pub(super) struct Versus {
    judged: Judged,
    judge: PatchGan,
    adam: Adam,
}

impl Versus {
    /// What [`Versus::play`] tells.
    pub(super) const CURVES: [&str; 4] = ["adversarial", "d_loss", "d_real", "d_fake"];

    /// A fresh one.
    pub(super) fn new(adversary: &Adversary, seed: u64, device: &Device) -> Self {
        let [beta_1, beta_2] = BETAS;
        // Another stream than the autoencoder's.
        let judge = PatchGan::new(&adversary.network, seed ^ u64::MAX, device);
        Self { judged: adversary.judged, judge, adam: Adam::new(beta_1, beta_2) }
    }

    pub(super) fn adam(&self) -> &Adam {
        &self.adam
    }

    /// Its tensors as those of the model.
    pub(super) fn tensors(&self) -> NamedArrays {
        params::prefixed(DISCRIMINATOR, params::collect(&self.judge))
    }

    /// Goes back to a checkpoint.
    pub(super) fn restore(
        &mut self,
        model: &NamedArrays,
        optimizer: NamedArrays,
        updates: u64,
        device: &Device,
    ) -> Result<(), ParamError> {
        self.judge = params::load(self.judge.clone(), model)?;
        self.adam.load(&self.judge, optimizer, updates, device)
    }

    /// An update of the discriminator, and what the decoder is to minimise, `[1]`; nothing before the game begins.
    /// Tells [`Versus::CURVES`], `[4]`.
    pub(super) fn play(
        &mut self,
        pairs: &Pairs,
        terms: &MultimodalTerms,
        step: u64,
        settings: &Settings,
    ) -> (Option<Tensor<1>>, Tensor<1>) {
        let p = pairs.image_of.dims()[0];
        let is_on = step > settings.integer("disc_start") as u64;
        // A pair needs another one that it can be mistaken for.
        let is_possible = self.judged == Judged::Patches || p > 1;
        if !is_on || !is_possible {
            return (None, Tensor::zeros([4], &terms.decoded.device()).inner());
        }
        let device = terms.decoded.device();
        let (real, texts) = match self.judged {
            Judged::Patches => (pairs.images.clone(), None),
            Judged::Pairs => {
                let points = Tensor::from_inner(terms.points.clone());
                (pairs.images.clone().select(0, pairs.image_of.clone()), Some(points))
            }
        };
        let b = pairs.images.dims()[0];
        let made = match self.judged {
            Judged::Patches => terms.decoded.clone(),
            Judged::Pairs => terms.decoded.clone().slice(b..b + p),
        };
        let mut statistics = Vec::new();
        let mut judge = |images: Tensor<4>| {
            let (scores, seen) = PatchGan::train(&self.judge, images);
            statistics.push(seen);
            scores.flatten::<1>(0, 3)
        };
        let of_real = judge(shown(real.clone(), texts.as_ref()));
        let of_made = judge(shown(made.clone().detach(), texts.as_ref()));
        let mut total = LOSS.discriminator(of_real.clone(), of_made.clone(), 0.0);
        if let Some(texts) = &texts {
            let order: Vec<u32> = (0..p).map(|row| ((row + 1) % p) as u32).collect();
            let order: Tensor<1, Int> = Tensor::from_data(TensorData::new(order, [p]), &device);
            let others = texts.clone().select(0, order);
            let of_others = judge(shown(real, Some(&others)));
            let both = LOSS.discriminator(of_real.clone(), of_others, 0.0);
            total = total * OF_FAKES + both * OF_FAKES;
        }
        let grads = GradientsParams::from_grads(total.backward(), &self.judge);
        let learnt = self.adam.step(&Rates::of(settings, "d_lr"), self.judge.clone(), grads);
        self.judge = statistics.iter().fold(learnt, |judge, seen| judge.moved(seen));
        let still = self.judge.clone().no_grad();
        let (scores, _) = PatchGan::train(&still, shown(made, texts.as_ref()));
        let term = LOSS.generator(scores.flatten(0, 3));
        let (real, made) = (of_real.mean().inner(), of_made.mean().inner());
        let told = vec![term.clone().inner(), total.inner(), real, made];
        (Some(term), Tensor::cat(told, 0))
    }
}

/// Images from -1 to 1, with the values of a text as further channels of one value each.
///
/// # Shapes
/// - `images`: `[n, c, h, w]` in `[0, 1]`; `texts`: `[n, a]`; result: `[n, c + a, h, w]`
fn shown(images: Tensor<4>, texts: Option<&Tensor<2>>) -> Tensor<4> {
    let [n, _, h, w] = images.dims();
    let images = images * 2.0 - 1.0;
    let Some(texts) = texts else { return images };
    let [_, a] = texts.dims();
    // Points have length one; so has a channel of noise a deviation of one.
    let channels = (texts.clone() * (a as f64).sqrt()).reshape([n, a, 1, 1]).repeat(&[1, 1, h, w]);
    Tensor::cat(vec![images, channels], 1)
}
