//! `zscope caption`: texts of pictures, by a prior that knows texts.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Failure, ModelArgs, codec_verbs, open_to_run, output, usage};
use crate::codec::take;
use crate::graph::lower::ModelConfig;
use crate::graph::lower::prior::PriorConfig;
use crate::open::Opened;
use crate::sample::reading::captioner;
use crate::sample::{Begun, Options, Sampler, places, texts};

/// Texts of pictures, or of none, the likeliest first
#[derive(Debug, Args)]
pub(super) struct CaptionArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// A .safetensors file, a picture or a folder of pictures
    #[arg(long, value_name = "FILE", required_unless_present = "begin")]
    input: Option<PathBuf>,
    /// How the texts begin; without --input they are texts of no picture
    #[arg(long, value_name = "TEXT")]
    begin: Option<String>,
    /// How many texts are drawn of each picture
    #[arg(short, value_name = "N", default_value_t = 1)]
    n: usize,
    /// What logits are divided by; 0 for the most probable token everywhere [default: 0 for one text, else 1]
    #[arg(long, value_name = "T")]
    temperature: Option<f32>,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CaptionArgs) -> Result<(), Failure> {
    if !(1..=1000).contains(&args.n) {
        return Err(usage(anyhow::anyhow!("caption: -n is {} (expected 1 to 1000)", args.n)));
    }
    let temperature = args.temperature.unwrap_or(if args.n == 1 { 0.0 } else { 1.0 });
    if !(temperature.is_finite() && temperature >= 0.0) {
        let message = format!("caption: --temperature is {temperature} (expected 0 or more)");
        return Err(usage(anyhow::anyhow!(message)));
    }
    let opened = open_to_run("caption", &args.model)?;
    let captioner = captioner(&opened.model, &opened.tensors).zip(opened.tokenizer()?);
    let ((config, tensors), tokenizer) = captioner.ok_or_else(|| no_texts(&opened.path))?;
    if args.input.is_none() && matches!(opened.model, ModelConfig::Multimodal(_)) {
        return Err(usage(anyhow::anyhow!(
            "caption: a model of the recipe multimodal writes texts of pictures alone (expected --input FILE)"
        )));
    }
    let mut sampler = Sampler::new(&config, &tensors, args.model.engine, None);
    let options = Options { temperature, seed: args.seed, ..Options::default() };
    let begun = Begun::new(&tokenizer, &config, args.begin.as_deref().unwrap_or_default());
    let codes = args.input.as_ref().map(|input| codes_of(input, args, &opened, &config));
    let codes = codes.transpose()?;
    let images: Vec<Option<&[u32]>> = match &codes {
        Some(codes) => codes.chunks_exact(config.num_places()).map(Some).collect(),
        None => vec![None],
    };
    let mut told = Vec::new();
    for (image, codes) in (0..).zip(images) {
        let range = [image * args.n as u64, args.n as u64];
        let drawn = sampler.complete(&begun, codes, &options, range, &mut |_, _| true)?;
        told.push(texts::ranked(&mut sampler, &tokenizer, &drawn, codes)?);
    }
    if args.json {
        let of_image = |found: &Vec<(String, f32)>| {
            let texts = found.iter().map(|(text, bits)| json!({"text": text, "bits": bits}));
            texts.collect::<Vec<_>>()
        };
        output::json(&json!(told.iter().map(of_image).collect::<Vec<_>>()))?;
        return Ok(());
    }
    for (image, found) in told.iter().enumerate() {
        for (text, bits) in found {
            output::line(&format!("{image:>4}  {bits:>6.1} bits  {text}"));
        }
    }
    Ok(())
}

/// The codes of pictures, one after the other.
fn codes_of(
    input: &Path,
    args: &CaptionArgs,
    opened: &Opened,
    config: &PriorConfig,
) -> Result<Vec<u32>, Failure> {
    let (images, seen) = codec_verbs::read_images(input, opened.clone())?;
    let mut codec = seen.codec(args.model.engine, None)?;
    let indices = codec.encode(&images).and_then(|mut codes| take(&mut codes, "indices"));
    let indices = indices.map_err(anyhow::Error::from_boxed)?;
    Ok(places::of_images(&indices, config.per_cell()))
}

fn no_texts(path: &Path) -> Failure {
    usage(anyhow::anyhow!(
        "caption: the model knows no texts (expected a run of the recipe prior with text=yes, or of multimodal): {}",
        path.display()
    ))
}
