//! `zscope directions`: directions of a latent space, learnt and written to a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde_json::json;

use super::{Failure, data_of, output, usage};
use crate::data;
use crate::formats::directions::write_directions;
use crate::latent::directions::{Direction, length};
use crate::measure::directions::{LearnError, Learner, Lesson, MOST_DIRECTIONS, Method, Source};
use crate::watch::Watch;

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Learn directions of the latent space: from labels or factors, by PCA, or from the decoder's first layer
#[derive(Debug, Args)]
pub(super) struct DirectionsArgs {
    /// A run directory (its best checkpoint), DIR@latest, DIR@STEP, or a model of another library
    model: String,
    /// The labelled images; the model's own data by default
    #[arg(long)]
    data: Option<String>,
    /// What they come from: classes, factor:NAME, pca (of encoded images), draws (PCA of pictures of draws) or first-layer
    #[arg(long, value_name = "SOURCE")]
    by: String,
    /// Take the difference of means instead of logistic regression
    #[arg(long)]
    means: bool,
    /// Images to learn from, or draws; a quarter as many held-out ones check what was learnt
    #[arg(long, value_name = "N", default_value_t = 2000)]
    images: usize,
    /// Components of pca, draws and first-layer
    #[arg(long, value_name = "N", default_value_t = 8)]
    count: usize,
    /// A .safetensors file: an array each, of what one deviation along it adds to a latent
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DirectionsArgs) -> Result<(), Failure> {
    let source: Source = args.by.parse().map_err(usage)?;
    for (name, value, most) in
        [("--images", args.images, 1_000_000), ("--count", args.count, MOST_DIRECTIONS)]
    {
        if !(1..=most).contains(&value) {
            let text = format!("learn directions: {name} is {value} (expected 1 to {most})");
            return Err(usage(anyhow::Error::msg(text)));
        }
    }
    let opened = crate::open::open(&args.model)?;
    let dataset = if source.needs_images() {
        let spec = data_of(args.data.as_deref(), &opened)?;
        Some(data::open(&spec.with_size(opened.image.height))?)
    } else {
        None
    };
    let learner = Learner::new(
        &opened.model,
        &opened.tensors,
        opened.shown,
        opened.image,
        opened.range,
        opened.corruption,
    )?;
    let method = if args.means { Method::Means } else { Method::Logistic };
    let lesson = Lesson { source, method, images: args.images, count: args.count };
    let stop = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&stop);
    ctrlc::set_handler(move || pressed.store(true, Ordering::Relaxed))?;
    let bar = super::train::bar(STEPS, "‰");
    let shown = bar.clone();
    let watch = Watch::new(move |share| {
        shown.set_position((share * STEPS as f64) as u64);
        !stop.load(Ordering::Relaxed)
    });
    let found = learner.learn(dataset.as_deref(), &lesson, &watch);
    bar.finish_and_clear();
    let found = found.map_err(|error| match error {
        LearnError::Stopped(_) => Failure::Stopped,
        LearnError::Graph(_) | LearnError::Codec(_) | LearnError::NothingTells => {
            Failure::Failed(error.into())
        }
        _ => usage(error),
    })?;
    write_directions(&args.out, &found)?;
    if args.json {
        let all: Vec<_> = found.iter().map(told).collect();
        output::json(&json!({ "out": args.out, "directions": all }))?;
        return Ok(());
    }
    found.iter().for_each(say);
    Ok(())
}

fn told(direction: &Direction) -> serde_json::Value {
    json!({
        "name": direction.name,
        "deviation": length(&direction.step),
        "source": direction.source,
        "accuracy": direction.accuracy.map(|[right, _]| right),
        "chance": direction.accuracy.map(|[_, chance]| chance),
        "share": direction.share,
    })
}

fn say(direction: &Direction) {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let fact = match (direction.accuracy, direction.share) {
        (Some([right, chance]), _) => {
            format!("held-out accuracy {}, by chance {}", percent(right), percent(chance))
        }
        (None, Some(share)) => format!("{} of the variance", percent(share)),
        (None, None) => String::new(),
    };
    let deviation = length(&direction.step);
    output::line(&format!("{:<24} one deviation is {deviation:.3}; {fact}", direction.name));
}
