//! One update of a classifier.

use burn::module::Module as _;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::learner::{Learner, Measured, Measuring, Told, dropout};
use super::optimizer::{Adam, Rates};
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::data::{Batch, examined, turned};
use crate::graph::lower::classifier::{ClassifierConfig, Labels};
use crate::metrics::Classification;
use crate::model::classifier::Classifier;
use crate::model::codec::ClassifierCodec;
use crate::model::params::{self, ParamError};
use crate::random::{self, Purpose};

pub(crate) struct ClassifierLearner {
    config: ClassifierConfig,
    seed: u64,
    device: Device,
    model: Classifier,
    adam: Adam,
}

impl ClassifierLearner {
    /// A fresh model on `device`.
    pub(crate) fn new(config: ClassifierConfig, seed: u64, device: &Device) -> Self {
        let device = device.clone().autodiff();
        let model = Classifier::new(&config, seed, &device);
        Self { config, seed, device, model, adam: Adam::new(0.9, 0.999) }
    }

    /// The images of a batch with what is to be told of them: without classes each is turned, by a draw.
    fn lesson(&self, batch: &Batch) -> (Array, Vec<u32>) {
        if let (Labels::Classes, Some(labels)) = (self.config.labels, &batch.labels) {
            return (batch.images.clone(), labels.clone());
        }
        let b = batch.images.num_rows();
        let draws = random::uniforms(self.seed, batch.step, Purpose::Turns, b, 0.0, 4.0);
        let turns: Vec<u32> = draws.into_iter().map(|draw| (draw as u32).min(3)).collect();
        (turned(&batch.images, &turns), turns)
    }

    fn labels(&self, labels: &[u32]) -> Tensor<1, Int> {
        let labels: Vec<i64> = labels.iter().map(|&label| i64::from(label)).collect();
        let len = labels.len();
        Tensor::from_data(TensorData::new(labels, [len]), &self.device)
    }
}

impl Learner for ClassifierLearner {
    fn curves(&self) -> Vec<String> {
        ["loss", "accuracy", "lr"].map(str::to_owned).to_vec()
    }

    fn step(&mut self, batch: &Batch, settings: &Settings) -> Told {
        let (images, labels) = self.lesson(batch);
        let images: Tensor<4> = params::tensor_from_array(&images, &self.device);
        let labels = self.labels(&labels);
        let features = [1, labels.dims()[0], self.config.features];
        let kept = dropout(settings, features, (self.seed, batch.step), &self.device).remove(0);
        let told = self.model.classify_kept(images, kept);
        let loss = told.cross_entropy(labels.clone());
        let accuracy = told.accuracy(labels).inner();
        let grads = GradientsParams::from_grads(loss.backward(), &self.model);
        let lr = settings.number("lr");
        self.model = self.adam.step(&Rates::of(settings, "lr"), self.model.clone(), grads);
        let lr = Tensor::from_floats([lr as f32], &self.device.clone().inner());
        Told { scalars: Tensor::cat(vec![loss.inner(), accuracy, lr], 0), codes: None }
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
        Box::new(ClassifierCodec::from_module(self.model.valid(), self.device.clone().inner()))
    }

    fn measure(&self, held_out: &Array, how: &Measuring<'_>) -> Result<Measured, CodecError> {
        let labels = how.labels.filter(|_| self.config.labels == Labels::Classes);
        let (images, labels) = examined(held_out, labels);
        let mut codec = self.codec();
        let mut found = Classification::default();
        let mut labels = labels.chunks(how.batch.max(1));
        for images in how.batches(&images) {
            let logits = take(&mut codec.encode(&images)?, "logits")?;
            found.add(&logits, labels.next().unwrap_or_default());
        }
        let loss = found.cross_entropy();
        let values = vec![("accuracy", found.accuracy()), ("cross_entropy", loss)];
        Ok(Measured { values, loss: Some(loss), is_sound: loss.is_finite(), warning: None })
    }
}
