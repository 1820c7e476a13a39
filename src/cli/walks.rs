//! `zscope interpolate` and `zscope traverse`: ways through a latent space as pictures.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::long_run::{LongRun, check_pictures};
use super::{Failure, ModelArgs, codec_verbs, open_to_run, places, usage};
use crate::array::Array;
use crate::codec::{Codec, Way, take};
use crate::formats::pictures;
use crate::latent::{self, Mixing, Range};
use crate::open::Opened;

/// The way between two images or draws
#[derive(Debug, Args)]
pub(super) struct InterpolateArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Where from: an index into --data, a picture file, seed:N for a draw from the prior, or a latent of
    /// FILE.safetensors, its first or with #ROW another one
    #[arg(long, value_name = "A")]
    from: String,
    /// Where to, likewise
    #[arg(long, value_name = "B")]
    to: String,
    /// The held-out images that an index counts in; the model's own data by default
    #[arg(long)]
    data: Option<String>,
    /// Pictures on the way, both ends included
    #[arg(long, value_name = "N", default_value_t = 10)]
    steps: usize,
    /// Along a great circle or a straight line; by default slerp, and lerp for models with a codebook
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// A .png strip, a .gif that runs there and back, a .safetensors file or a folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Slerp,
    Lerp,
}

/// A row of pictures for each latent dimension as it is swept
#[derive(Debug, Args)]
pub(super) struct TraverseArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Which dimensions, comma-separated; all by default
    #[arg(long, value_delimiter = ',', value_name = "A,B,…")]
    dims: Vec<usize>,
    /// From where to where, in deviations of the prior; once for all dimensions, or once for each of --dims
    #[arg(long, value_name = "LO,HI", default_value = "-3,3", allow_hyphen_values = true)]
    range: Vec<String>,
    /// What the other dimensions are held at: an index into --data, a picture file, seed:N for a draw from the prior,
    /// or a latent of FILE.safetensors, its first or with #ROW another one; zero by default
    #[arg(long, value_name = "A")]
    base: Option<String>,
    /// The held-out images that an index counts in; the model's own data by default
    #[arg(long)]
    data: Option<String>,
    /// Pictures in a row
    #[arg(long, value_name = "N", default_value_t = 9)]
    steps: usize,
    /// A .png or .jpg sheet, a .safetensors file or a folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn interpolate(args: &InterpolateArgs) -> Result<(), Failure> {
    if !(2..=10_000).contains(&args.steps) {
        return Err(usage(anyhow::anyhow!(
            "interpolate: --steps is {} (expected 2 to 10000)",
            args.steps
        )));
    }
    let opened = open_to_run("interpolate", &args.model)?;
    check_pictures("interpolate", args.steps, &opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let mut end =
        |text| places::place("interpolate", text, args.data.as_deref(), &opened, codec.as_mut());
    let (from, to) = (end(&args.from)?, end(&args.to)?);
    let mixing = match (args.mode, &opened.networks.codes) {
        (Some(Mode::Slerp), _) | (None, None) => Mixing::Slerp,
        (Some(Mode::Lerp), _) | (None, Some(_)) => Mixing::Lerp,
    };
    let images = decode(latent::path(mixing, &from, &to, args.steps), &opened, codec.as_mut())?;
    let is_gif =
        args.out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gif"));
    if is_gif {
        let unit = codec_verbs::in_unit(images, &opened);
        return Ok(pictures::write_gif(&args.out, &unit)?);
    }
    codec_verbs::write_images(&args.out, images, &opened, args.steps)
}

pub(super) fn traverse(args: &TraverseArgs) -> Result<(), Failure> {
    let ranges = args.range.iter().map(|text| range_from(text)).collect::<Result<Vec<_>, _>>()?;
    if !(1..=1000).contains(&args.steps) {
        return Err(usage(anyhow::anyhow!(
            "traverse: --steps is {} (expected 1 to 1000)",
            args.steps
        )));
    }
    let opened = open_to_run("traverse", &args.model)?;
    if opened.networks.codes.is_some() {
        return Err(usage(anyhow::anyhow!(
            "traverse: a {} model has no dimensions of its own to sweep (expected a continuous latent; use interpolate, or codebook --png)",
            opened.model.family()
        )));
    }
    let d: usize = opened.model.latent().iter().product();
    let dims = if args.dims.is_empty() { (0..d).collect() } else { args.dims.clone() };
    if ranges.len() != 1 && ranges.len() != dims.len() {
        return Err(usage(anyhow::anyhow!(
            "traverse: --range is there {} times (expected once, or once for each of {} dimensions)",
            ranges.len(),
            dims.len()
        )));
    }
    check_pictures("traverse", dims.len() * args.steps, &opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let base = match &args.base {
        Some(base) => {
            places::place("traverse", base, args.data.as_deref(), &opened, codec.as_mut())?
        }
        None => vec![0.0; d],
    };
    let latents = swept(&base, &dims, &ranges, args.steps)?;
    let images = decode(latents, &opened, codec.as_mut())?;
    codec_verbs::write_images(&args.out, images, &opened, args.steps)
}

fn range_from(text: &str) -> Result<Range, Failure> {
    let parsed = text.split_once(',').and_then(|(lo, hi)| {
        let range = Range { lo: lo.trim().parse().ok()?, hi: hi.trim().parse().ok()? };
        (range.lo.is_finite() && range.hi.is_finite()).then_some(range)
    });
    parsed.ok_or_else(|| {
        usage(anyhow::anyhow!("traverse: --range is {text:?} (expected LO,HI, for example -3,3)"))
    })
}

/// The latents of all rows, `[dims * n, d]`; one range is that of every dimension.
fn swept(base: &[f32], dims: &[usize], ranges: &[Range], n: usize) -> Result<Array, Failure> {
    let mut values = Vec::with_capacity(dims.len() * n * base.len());
    for (&dim, &range) in dims.iter().zip(ranges.iter().cycle()) {
        values.extend(latent::traverse(base, dim, range, n).map_err(usage)?.into_data());
    }
    Ok(Array::new([dims.len() * n, base.len()], values)?)
}

/// Flat latents `[n, d]` to images.
fn decode(latents: Array, opened: &Opened, codec: &mut dyn Codec) -> Result<Array, Failure> {
    let mut shape = opened.model.latent();
    shape.insert(0, latents.num_rows());
    let latents = latents.reshaped(shape)?;
    let mut run = LongRun::new(codec, Way::Decode)?;
    run.begin(codec, Way::Decode)?;
    let mut outputs = run.end(codec.decode(&latents))?;
    Ok(take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?)
}
