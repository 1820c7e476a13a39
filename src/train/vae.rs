//! One update of a variational autoencoder.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::learner::{Learner, Measured, Measuring, Told, dropout, labels};
use super::optimizer::{Adam, Rates};
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError};
use crate::data::Batch;
use crate::graph::lower::Architecture;
use crate::graph::lower::vae::VaeConfig;
use crate::metrics::ACTIVE_NATS;
use crate::metrics::evaluate::{EvaluateOptions, Examined, evaluate};
use crate::model::codec::VaeCodec;
use crate::model::params::{self, ParamError};
use crate::model::vae::{KlWeight, Lesson, Vae};
use crate::random::{self, Purpose};

/// The latent of a model with fewer updates tells nothing yet, which is no collapse.
const YOUNG: u64 = 200;

pub(crate) struct VaeLearner {
    config: VaeConfig,
    seed: u64,
    device: Device,
    model: Vae,
    adam: Adam,
}

impl VaeLearner {
    /// A fresh model on `device`.
    pub(crate) fn new(config: VaeConfig, seed: u64, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let model = Vae::new(&config, seed, &device);
        Self { config, seed, device, model, adam: Adam::new(0.9, 0.999) }
    }
}

/// The KL weight of an update: β, reached linearly over `kl_warmup` steps.
pub(crate) fn kl_weight(step: u64, settings: &Settings) -> KlWeight {
    let warmup = settings.number("kl_warmup");
    let share = if warmup > 0.0 { (step as f64 / warmup).min(1.0) } else { 1.0 };
    KlWeight { beta: settings.number("beta") * share, free_nats: settings.number("free_bits") }
}

impl Learner for VaeLearner {
    fn curves(&self) -> Vec<String> {
        let mut names: Vec<String> =
            ["loss", "reconstruction", "kl", "beta", "lr"].map(str::to_owned).to_vec();
        if self.config.learns_sigma() {
            names.push("sigma".to_owned());
        }
        names.extend((0..self.config.latent_dim).map(|dim| format!("kl_{dim}")));
        names
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let device = &self.device;
        let images: Tensor<4> = params::tensor_from_array(&batch.images, device);
        let seen = params::tensor_from_array(batch.seen(), device);
        let b = batch.images.num_rows();
        let d = self.config.latent_dim;
        let noise = random::normals(self.seed, batch.step, Purpose::Reparametrize, b * d);
        let noise = Array::new([b, d], noise).expect("as many normals as asked for");
        let weight = kl_weight(batch.step, settings);
        let lr = settings.number("lr");
        let noise = params::tensor_from_array(&noise, device);
        let hidden = [1, b, self.config.hidden];
        let kept = dropout(settings, hidden, (self.seed, batch.step), device).remove(0);
        let labels = labels(batch, self.config.classes, device);
        let lesson = Lesson { seen, images, labels, noise, kept };
        let loss = self.model.loss(&self.config, lesson, weight);
        let grads = GradientsParams::from_grads(loss.total.backward(), &self.model);
        self.model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        let host = [weight.beta as f32, lr as f32];
        let mut scalars = vec![
            loss.total.inner(),
            loss.reconstruction.inner(),
            loss.kl.inner(),
            Tensor::from_floats(host, &device.clone().inner()),
        ];
        scalars.extend(loss.sigma.filter(|_| self.config.learns_sigma()).map(Tensor::inner));
        scalars.push(loss.kl_per_dim.inner());
        Told { scalars: Tensor::cat(scalars, 0), codes: None }
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
        Box::new(VaeCodec::from_module(
            self.model.valid(),
            self.config.classes,
            self.device.clone().inner(),
        ))
    }

    fn measure(&self, held_out: &Examined, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        measure(&self.config, self.codec().as_mut(), held_out, how, &self.model())
    }
}

/// Measures a model with an evidence lower bound.
pub(super) fn measure(
    architecture: &dyn Architecture,
    codec: &mut dyn Codec,
    held_out: &Examined,
    how: &Measuring<'_>,
    model: &NamedArrays,
) -> Result<Measured, CodecError> {
    let options = EvaluateOptions {
        seed: how.seed,
        likelihood: architecture.likelihood(model),
        range: architecture.range(),
        corruption: how.corruption(),
        in_depth: false,
    };
    let evaluation = evaluate(codec, how.batches(held_out), None, &options)?;
    let loss = evaluation.loss(how.settings.number("beta"));
    let collapsed =
        evaluation.elbo.as_ref().filter(|elbo| how.step >= YOUNG && elbo.has_collapsed());
    let warning = collapsed.map(|elbo| {
        format!(
            "posterior collapse: {} of {} latent dimensions tell under {ACTIVE_NATS} nat of an image; a lower beta, \
             kl_warmup or free_bits may help",
            elbo.kl_per_dim.len() - elbo.active_units,
            elbo.kl_per_dim.len(),
        )
    });
    Ok(Measured { warning, ..Measured::of_reconstructions(&evaluation, loss) })
}
