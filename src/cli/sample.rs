//! `zscope sample`: new images from the prior.

mod captions;
mod prior;

use std::path::PathBuf;

use clap::Args;

use super::long_run::{LongRun, check_pictures};
use super::{Failure, ModelArgs, codec_verbs, open_to_run, output, usage};
use crate::array::Array;
use crate::codec::{Way, take};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::multimodal::MultimodalConfig;
use crate::graph::lower::{CodeGraphs, Shown};
use crate::latent;
use crate::open::Opened;
use crate::sample::reading::Reader;
use crate::sample::texts;

/// Draw new images from a model's prior
#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// How many images
    #[arg(short, value_name = "N")]
    n: usize,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    prior: prior::PriorArgs,
    #[command(flatten)]
    captions: captions::CaptionsArgs,
    /// The class to draw, by name or number (class-conditional models and priors)
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// A .safetensors file, .png, .jpg or a folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &SampleArgs) -> Result<(), Failure> {
    if args.n == 0 || args.n > 100_000 {
        return Err(usage(anyhow::anyhow!("sample: -n is {} (expected 1 to 100000)", args.n)));
    }
    let opened = open_to_run("sample", &args.model)?;
    if let (ModelConfig::Multimodal(config), Some(text)) = (&opened.model, args.prior.only_text()) {
        return painted(args, &opened, config, text);
    }
    if args.captions.are_given() {
        let prior = args.prior.opened(&opened)?;
        return captions::run(args, prior.as_ref().unwrap_or(&opened));
    }
    if let Some(prior) = args.prior.opened(&opened)? {
        return from_prior(args, &prior);
    }
    let (opened, mut codec) = if let Some(text) = &args.class {
        let class = class_from(text, &opened)?;
        let opened = opened.with_shown(Shown { class, ..Shown::default() })?;
        let codec = opened.codec(args.model.engine, None)?;
        (opened, codec)
    } else {
        let codec = opened.sampler(args.model.engine, None)?;
        (opened, codec)
    };
    check_pictures("sample", args.n, &opened)?;
    let codes = opened.networks.codes.as_ref().zip(opened.code_shares());
    let mut outputs = if let Some((codes, shares)) = codes {
        let how = match opened.told_use() {
            Some(_) => "by their use in training",
            None => "all alike, as the checkpoint does not tell of their use in training",
        };
        output::note(&format!(
            "the codes are drawn each for itself, {how}: without a prior they do not go together"
        ));
        let drawn = drawn_codes(args, codes, &shares)?;
        let mut run = LongRun::new(codec.as_ref(), Way::DecodeIndices)?;
        run.begin(codec.as_mut(), Way::DecodeIndices)?;
        run.end(codec.decode_indices(&drawn))?
    } else {
        let drawn = latent::draws(&opened.model.latent(), args.n, args.seed);
        let mut run = LongRun::new(codec.as_ref(), Way::Decode)?;
        run.begin(codec.as_mut(), Way::Decode)?;
        run.end(codec.decode(&drawn))?
    };
    let images = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    codec_verbs::write_images(&args.out, images, &opened, codec_verbs::square(args.n))
}

/// Draws from a prior over codes, which holds its autoencoder.
fn from_prior(args: &SampleArgs, prior: &Opened) -> Result<(), Failure> {
    let mut codec = prior.codec(args.model.engine, None)?;
    check_pictures("sample", args.n, prior)?;
    let drawn = args.prior.draw(prior, &args.model, (args.class.as_deref(), args.seed, args.n))?;
    let mut run = LongRun::new(codec.as_ref(), Way::DecodeIndices)?;
    run.begin(codec.as_mut(), Way::DecodeIndices)?;
    let mut outputs = run.end(codec.decode_indices(&drawn))?;
    let images = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    let columns = if args.prior.is_row() { args.n } else { codec_verbs::square(args.n) };
    codec_verbs::write_images(&args.out, images, prior, columns)
}

/// The picture of a text, through the codes that the model reads of it.
fn painted(
    args: &SampleArgs,
    opened: &Opened,
    config: &MultimodalConfig,
    text: &str,
) -> Result<(), Failure> {
    if args.n != 1 {
        output::note(
            "the model reads the same codes of a text every time; a prior over them (--prior RUN) draws others",
        );
    }
    let tokenizer = opened.tokenizer()?.ok_or_else(|| {
        usage(anyhow::anyhow!("sample: the model has no tokenizer: {}", opened.path.display()))
    })?;
    let text = texts::numbers_of(&tokenizer, config.text.places, text);
    let mut reader = Reader::new(config, &opened.tensors, args.model.engine, None)?;
    let mut read = reader.read(&vec![text; args.n])?;
    let indices = take(&mut read, "indices").map_err(anyhow::Error::from_boxed)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let painted = codec.decode_indices(&indices).and_then(|mut made| take(&mut made, "image"));
    let images = painted.map_err(anyhow::Error::from_boxed)?;
    codec_verbs::write_images(&args.out, images, opened, codec_verbs::square(args.n))
}

/// Grids of codes, each drawn by its share, `[n, h, w]` or `[n, q, h, w]`.
fn drawn_codes(args: &SampleArgs, codes: &CodeGraphs, shares: &[f32]) -> Result<Array, Failure> {
    let mut shape = codes.decoder()?.input_shape().to_vec();
    let (space, [h, w]) = (codes.space(), codes.grid());
    let drawn = |index| space.indices(&space.draw(shares, h * w, args.seed, index));
    let data = (0..args.n as u64).flat_map(drawn).collect();
    shape.insert(0, args.n);
    Ok(Array::new(shape, data)?)
}

/// The number of a class from its number or its name.
fn class_from(text: &str, opened: &Opened) -> Result<usize, Failure> {
    let count = opened.model.classes();
    if count == 0 {
        return Err(usage(anyhow::anyhow!(
            "sample: --class with a model that knows no classes (expected one that was trained with conditional=yes)"
        )));
    }
    let names = &opened.classes;
    let by_name = names.iter().position(|name| name == text);
    let by_number = text.parse().ok().filter(|&number: &usize| number < count);
    by_name.or(by_number).ok_or_else(|| {
        usage(anyhow::anyhow!(
            "sample: there is no class {text:?} (expected 0 to {}, or one of {})",
            count - 1,
            names.join(", ")
        ))
    })
}
