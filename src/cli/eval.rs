//! `zscope eval`: how well a model does on a set of images.

use clap::Args;
use serde_json::Value;

use super::draws::DrawArgs;
use super::{Failure, ModelArgs, open_to_run, output, usage};
use crate::data::{self, DataSpec, Split};
use crate::graph::lower::ModelConfig;
use crate::measure::{DRAWS, MeasureOptions, Report, measure};

/// Measure a model on images: error, PSNR, SSIM, evidence lower bound, codebook use, Fréchet distance, variety
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
    /// Images that are drawn from the prior, at most, and compared with as many of the data
    #[arg(long, value_name = "N", default_value_t = DRAWS)]
    draws: usize,
    /// Seed of posterior samples and draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Compare sets of images by the features of this classifier, and count the classes among the draws
    #[arg(long, value_name = "RUN")]
    classifier: Option<String>,
    #[command(flatten)]
    how: DrawArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &EvalArgs) -> Result<(), Failure> {
    let spec: DataSpec = args.data.parse().map_err(usage)?;
    let split: Split = args.split.parse().map_err(usage)?;
    for (name, value) in [("--limit", args.limit), ("--draws", Some(args.draws))] {
        if value == Some(0) {
            return Err(usage(anyhow::anyhow!("evaluate: {name} is 0 (expected at least 1)")));
        }
    }
    let (how, best) = (args.how.options("evaluate")?, args.how.best("evaluate")?);
    let opened = open_to_run("eval", &args.model)?;
    if let Some(key) = args.how.given()
        && !matches!(opened.model, ModelConfig::Prior(_))
    {
        return Err(usage(anyhow::anyhow!(
            "evaluate: --{key} is for draws from a prior over codes, and {} has none (expected a run of the recipe prior)",
            opened.path.display()
        )));
    }
    let dataset = data::open(&spec.with_size(opened.image.height))?;
    let options = MeasureOptions {
        split,
        limit: args.limit,
        draws: args.draws,
        seed: args.seed,
        engine: args.model.engine,
        classifier: args.classifier.clone(),
        how,
        best,
    };
    let bar = super::train::bar(0, "images");
    let mut progress = |done, all| {
        bar.set_length(u64::from(all));
        bar.set_position(u64::from(done));
        true
    };
    let report =
        measure(&opened, dataset.as_ref(), &options, None, &mut progress).map_err(|error| {
            if error.is_usage() { usage(error) } else { Failure::Failed(error.into()) }
        })?;
    bar.finish_and_clear();
    let report = report.expect("nothing stopped it");
    if args.json {
        output::json(&Value::Object(report.json))?;
        return Ok(());
    }
    say(&report, &args.split);
    Ok(())
}

/// The width of what numbers are called, at least, in characters.
const LABEL: usize = 17;

fn say(report: &Report, split: &str) {
    let labels = report.measures().into_iter().map(|measure| measure.kind.label.chars().count());
    let width = labels.max().map_or(LABEL, |longest| longest.max(LABEL));
    let row = |label: &str, value: &str| output::line(&format!("{label:<width$} {value}"));
    row("images", &format!("{} ({split})", report.images));
    if let Some(features) = &report.features {
        row("sets compared by", features);
    }
    if let Some(draws) = report.json.get("draws") {
        row("draws", &format!("{draws}, beside as many images"));
    }
    for measure in report.measures() {
        let of = match measure.kind.name {
            "codes_used" => report.json.get("codebook_size").map(|size| format!(" of {size}")),
            "active_units" => report
                .json
                .get("kl_per_dim")
                .and_then(Value::as_array)
                .map(|dims| format!(" of {}", dims.len())),
            "classes_covered" => report.classes.as_ref().map(|counts| {
                let each = counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                format!(" of {}: {each}", counts.len())
            }),
            "images_per_s" => report
                .json
                .get("device")
                .and_then(Value::as_str)
                .map(|device| format!(", {device}")),
            _ => None,
        };
        row(
            measure.kind.label,
            &format!("{}{}", measure.kind.format(measure.value), of.unwrap_or_default()),
        );
    }
}
