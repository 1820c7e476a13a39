//! `zscope eval`: how well a model does on a set of images.

use std::time::Instant;

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use super::{Failure, ModelArgs, output, usage};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::data::{self, DataSpec, Dataset, Split, examined};
use crate::engine::EngineKind;
use crate::graph::lower::Task;
use crate::metrics::Classification;
use crate::metrics::evaluate::{EvaluateOptions, Evaluation, evaluate};
use crate::metrics::generate::{GenerateOptions, Judge, evaluate_generator};
use crate::open::Opened;

/// Images that are run at once.
const BATCH: usize = 100;

/// Measure a model on images: error, PSNR, SSIM, evidence lower bound
#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The images: shapes, mnist:DIR, fashion-mnist:DIR, cifar10:DIR, dsprites:FILE or folder:DIR, with ?key=value options
    #[arg(long)]
    data: String,
    /// train or test
    #[arg(long, default_value = "test")]
    split: String,
    /// Use only the first images
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Seed of the posterior samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Count the classes of a generator's images, and compare features, by this classifier
    #[arg(long, value_name = "RUN")]
    classifier: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &EvalArgs) -> Result<(), Failure> {
    let spec: DataSpec = args.data.parse().map_err(usage)?;
    let split: Split = args.split.parse().map_err(usage)?;
    if args.limit == Some(0) {
        return Err(usage(anyhow::anyhow!("evaluate: --limit is 0 (expected at least 1)")));
    }
    let opened = crate::open::open(&args.model.model)?;
    let dataset = data::open(&spec.clone().with_size(opened.run.image.height))?;
    if dataset.shape() != opened.run.image {
        return Err(usage(anyhow::anyhow!(
            "evaluate: the images are {} (expected {}, as the model's)",
            dataset.shape(),
            opened.run.image
        )));
    }
    let count = dataset.len(split).min(args.limit.unwrap_or(usize::MAX)) as u32;
    let measured = Measured { args, opened: &opened, dataset: dataset.as_ref(), split, count };
    match opened.run.model.task() {
        Task::Reconstruct => measured.reconstructions(),
        Task::Generate => measured.samples(),
        Task::Classify => measured.classes(),
    }
}

/// What is measured.
struct Measured<'a> {
    args: &'a EvalArgs,
    opened: &'a Opened,
    dataset: &'a dyn Dataset,
    split: Split,
    count: u32,
}

impl Measured<'_> {
    /// The images, a batch at a time, with their numbers; moves the bar.
    fn batches(&self, bar: &ProgressBar) -> impl Iterator<Item = (Vec<u32>, Array)> {
        (0..self.count).step_by(BATCH).map(|start| {
            let indices: Vec<u32> = (start..self.count.min(start + BATCH as u32)).collect();
            let images = data::batch(self.dataset, self.split, &indices);
            bar.set_position(u64::from(start));
            (indices, images)
        })
    }

    fn reconstructions(&self) -> Result<(), Failure> {
        let bar = super::train::bar(u64::from(self.count), "images");
        let mut codec = self.opened.codec(self.args.model.engine, None)?;
        let options = EvaluateOptions {
            seed: self.args.seed,
            likelihood: self.opened.run.model.likelihood(&self.opened.tensors),
            range: self.opened.run.range,
            ssim: true,
        };
        let start = Instant::now();
        let batches = self.batches(&bar).map(|(_, images)| images);
        let evaluation =
            evaluate(codec.as_mut(), batches, &options).map_err(anyhow::Error::from_boxed)?;
        let speed = f64::from(self.count) / start.elapsed().as_secs_f64();
        bar.finish_and_clear();
        if self.args.json {
            return self.json(&evaluation, codec.as_ref(), speed);
        }
        self.say_reconstructions(&evaluation);
        self.say_speed(codec.as_ref(), speed);
        Ok(())
    }

    fn say_reconstructions(&self, evaluation: &Evaluation) {
        output::line(&format!("images          {} ({})", evaluation.images, self.args.split));
        output::line(&format!("mse             {:.6}", evaluation.mse));
        output::line(&format!("psnr            {:.2} dB", evaluation.psnr_db));
        output::line(&format!("ssim            {:.4}", evaluation.ssim.unwrap_or(f64::NAN)));
        if let Some(elbo) = &evaluation.elbo {
            output::line(&format!("elbo            {:.2} nats", elbo.elbo_nats));
            output::line(&format!("reconstruction  {:.2} nats", elbo.reconstruction_nats));
            output::line(&format!("kl              {:.2} nats", elbo.kl_nats));
            output::line(&format!(
                "active units    {} of {}",
                elbo.active_units,
                elbo.kl_per_dim.len()
            ));
        }
        if let Some(codebook) = &evaluation.codebook {
            output::line(&format!(
                "codes used      {} of {}",
                codebook.codes_used, codebook.codebook_size
            ));
            output::line(&format!("perplexity      {:.1}", codebook.perplexity));
        }
    }

    fn samples(&self) -> Result<(), Failure> {
        let numbers: Vec<u32> = (0..self.count).collect();
        let real = data::batch(self.dataset, self.split, &numbers);
        let mut codec = self.opened.codec(self.args.model.engine, None)?;
        let options = GenerateOptions {
            seed: self.args.seed,
            range: self.opened.run.range,
            latent: self.opened.run.model.latent(),
            batch: BATCH,
        };
        let start = Instant::now();
        let mut classifier = self.args.classifier.as_deref().map(open_classifier).transpose()?;
        let judge = classifier.as_mut().map(|(name, told_classes, codec)| Judge {
            codec: codec.as_mut(),
            name,
            tells_classes: *told_classes,
        });
        let found = evaluate_generator(codec.as_mut(), &real, judge, &options)
            .map_err(anyhow::Error::from_boxed)?;
        let speed = f64::from(self.count) / start.elapsed().as_secs_f64();
        if self.args.json {
            return self.json(&found, codec.as_ref(), speed);
        }
        output::line(&format!(
            "images          {} ({}), and as many made",
            found.images, self.args.split
        ));
        output::line(&format!("features        {}", found.frechet_features));
        for (name, value) in found.headline() {
            output::line(&format!("{name:<15} {value:.4}"));
        }
        if let Some(cover) = &found.classes {
            let counts = cover.counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            output::line(&format!(
                "classes         {} of {}: {counts}",
                cover.covered,
                cover.counts.len()
            ));
        }
        self.say_speed(codec.as_ref(), speed);
        Ok(())
    }

    /// How often a classifier is right.
    fn classes(&self) -> Result<(), Failure> {
        let mut codec = self.opened.codec(self.args.model.engine, None)?;
        let told_classes = self.opened.run.model.tells_classes();
        let mut found = Classification::default();
        let bar = super::train::bar(u64::from(self.count), "images");
        let start = Instant::now();
        for (numbers, images) in self.batches(&bar) {
            let label = |&number: &u32| self.dataset.label(self.split, number as usize);
            let labels: Option<Vec<u32>> = numbers.iter().map(label).collect();
            if told_classes && labels.is_none() {
                return Err(usage(anyhow::anyhow!(
                    "evaluate: the images have no classes (expected the data that the classifier was trained on)"
                )));
            }
            let (images, labels) = examined(&images, labels.as_deref().filter(|_| told_classes));
            let logits = codec
                .encode(&images)
                .and_then(|mut told| take(&mut told, "logits"))
                .map_err(anyhow::Error::from_boxed)?;
            found.add(&logits, &labels);
        }
        let speed = f64::from(self.count) / start.elapsed().as_secs_f64();
        bar.finish_and_clear();
        if self.args.json {
            let told = json!({
                "images": found.images(),
                "accuracy": found.accuracy(),
                "cross_entropy": found.cross_entropy(),
            });
            return self.json(&told, codec.as_ref(), speed);
        }
        output::line(&format!("images          {} ({})", found.images(), self.args.split));
        output::line(&format!("accuracy        {:.4}", found.accuracy()));
        output::line(&format!("cross entropy   {:.4} nats", found.cross_entropy()));
        self.say_speed(codec.as_ref(), speed);
        Ok(())
    }

    fn say_speed(&self, codec: &dyn Codec, images_per_s: f64) {
        output::line(&format!("speed           {images_per_s:.0} images/s, {}", codec.describe()));
    }

    /// One object with what was measured and where.
    fn json(&self, found: &impl Serialize, codec: &dyn Codec, speed: f64) -> Result<(), Failure> {
        let mut object = serde_json::to_value(found)?;
        object["images_per_s"] = json!(speed);
        object["device"] = json!(codec.describe());
        object["engine"] = json!(codec.engine());
        object["step"] = json!(self.opened.step);
        output::json(&object)?;
        Ok(())
    }
}

/// A classifier with its name, and whether it tells classes rather than turns.
fn open_classifier(model: &str) -> Result<(String, bool, Box<dyn Codec>), Failure> {
    let opened = crate::open::open(model)?;
    if opened.run.model.task() != Task::Classify {
        return Err(usage(anyhow::anyhow!(
            "evaluate: --classifier is a {} model (expected a run of zscope train classifier): {model}",
            opened.run.model.family()
        )));
    }
    let codec = opened.codec(EngineKind::Auto, None)?;
    Ok((model.to_owned(), opened.run.model.tells_classes(), codec))
}
