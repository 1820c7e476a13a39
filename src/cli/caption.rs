//! `zscope caption`: texts of pictures, by a prior that knows texts.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, ModelArgs, codec_verbs, open_to_run, output, usage};
use crate::codec::take;
use crate::sample::reading::captioner;
use crate::sample::{Options, Sampler, places, texts};

/// Texts of pictures, the likeliest first
#[derive(Debug, Args)]
pub(super) struct CaptionArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// A .safetensors file, a picture or a folder of pictures
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
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
    let (images, seen) = codec_verbs::read_images(&args.input, opened.clone())?;
    let mut codec = seen.codec(args.model.engine, None)?;
    let indices = codec.encode(&images).and_then(|mut codes| take(&mut codes, "indices"));
    let indices = indices.map_err(anyhow::Error::from_boxed)?;
    let codes = places::of_images(&indices, config.per_cell());
    let mut sampler = Sampler::new(&config, &tensors, args.model.engine, None);
    let options = Options { temperature, seed: args.seed, ..Options::default() };
    let mut told = Vec::new();
    for (image, codes) in codes.chunks_exact(config.num_places()).enumerate() {
        let range = [image as u64 * args.n as u64, args.n as u64];
        let mut found = Vec::new();
        for tokens in sampler.captions(codes, &options, range, &mut |_, _| true)? {
            let bits = sampler.text_bits(&tokens, Some(codes))?;
            let bits: f32 = bits[..texts::said(&config, &tokens)].iter().sum();
            found.push((bits, texts::text_of(&tokenizer, &config, &tokens)));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.dedup_by(|a, b| a.1 == b.1);
        told.push(found);
    }
    if args.json {
        let of_image = |found: &Vec<(f32, String)>| {
            let texts = found.iter().map(|(bits, text)| json!({"text": text, "bits": bits}));
            texts.collect::<Vec<_>>()
        };
        output::json(&json!(told.iter().map(of_image).collect::<Vec<_>>()))?;
        return Ok(());
    }
    for (image, found) in told.iter().enumerate() {
        for (bits, text) in found {
            output::line(&format!("{image:>4}  {bits:>6.1} bits  {text}"));
        }
    }
    Ok(())
}

fn no_texts(path: &std::path::Path) -> Failure {
    usage(anyhow::anyhow!(
        "caption: the model knows no texts (expected a run of the recipe prior with text=yes, or of multimodal): {}",
        path.display()
    ))
}
