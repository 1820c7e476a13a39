//! `zscope eval`: how well a model does on a set of images.

use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{Failure, ModelArgs, output, usage};
use crate::data::{self, DataSpec, Split};
use crate::metrics::evaluate::{EvaluateOptions, evaluate};

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
    let bar = super::train::bar(u64::from(count), "images");
    let batches = (0..count).step_by(BATCH).map(|start| {
        let indices: Vec<u32> = (start..count.min(start + BATCH as u32)).collect();
        let images = data::batch(dataset.as_ref(), split, &indices);
        bar.set_position(u64::from(start));
        images
    });
    let mut codec = opened.codec(args.model.engine, None)?;
    let options = EvaluateOptions {
        seed: args.seed,
        likelihood: opened.run.model.likelihood(&opened.tensors),
        range: opened.run.range,
        ssim: true,
    };
    let start = Instant::now();
    let evaluation =
        evaluate(codec.as_mut(), batches, &options).map_err(anyhow::Error::from_boxed)?;
    let images_per_s = f64::from(count) / start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if args.json {
        let mut object = serde_json::to_value(&evaluation)?;
        object["images_per_s"] = json!(images_per_s);
        object["device"] = json!(codec.describe());
        object["engine"] = json!(codec.engine());
        object["step"] = json!(opened.step);
        output::json(&object)?;
        return Ok(());
    }
    output::line(&format!("images          {} ({})", evaluation.images, args.split));
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
    output::line(&format!("speed           {images_per_s:.0} images/s, {}", codec.describe()));
    Ok(())
}
