//! `zscope interpolate` and `zscope traverse`: ways through a latent space as pictures.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::long_run::{LongRun, check_pictures};
use super::{Failure, ModelArgs, codec_verbs, open_to_run, usage};
use crate::array::Array;
use crate::codec::{Codec, Way, take};
use crate::data::{self, DataSpec, Split};
use crate::formats::pictures;
use crate::latent::{self, Mixing, Range, traverse_grid};
use crate::open::Opened;
use crate::random::{Purpose, normals};

/// The way between two images or draws
#[derive(Debug, Args)]
pub(super) struct InterpolateArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Where from: an index into --data, a picture file, or seed:N for a draw from the prior
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
    /// From where to where, in deviations of the prior
    #[arg(long, value_name = "LO,HI", default_value = "-3,3", allow_hyphen_values = true)]
    range: String,
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
    let from = end(&args.from, args, &opened, codec.as_mut())?;
    let to = end(&args.to, args, &opened, codec.as_mut())?;
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
    let range = range_from(&args.range).ok_or_else(|| {
        usage(anyhow::anyhow!(
            "traverse: --range is {:?} (expected LO,HI, for example -3,3)",
            args.range
        ))
    })?;
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
    check_pictures("traverse", dims.len() * args.steps, &opened)?;
    let latents = traverse_grid(&vec![0.0; d], &dims, range, args.steps).map_err(usage)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let images = decode(latents, &opened, codec.as_mut())?;
    codec_verbs::write_images(&args.out, images, &opened, args.steps)
}

fn range_from(text: &str) -> Option<Range> {
    let (lo, hi) = text.split_once(',')?;
    let range = Range { lo: lo.trim().parse().ok()?, hi: hi.trim().parse().ok()? };
    (range.lo.is_finite() && range.hi.is_finite()).then_some(range)
}

/// The flat latent that one end of a way names.
fn end(
    text: &str,
    args: &InterpolateArgs,
    opened: &Opened,
    codec: &mut dyn Codec,
) -> Result<Vec<f32>, Failure> {
    if let Some(seed) = text.strip_prefix("seed:") {
        let seed = seed.parse().ok().ok_or_else(|| {
            usage(anyhow::anyhow!(
                "interpolate: {text:?} is no draw (expected seed:N with a whole number)"
            ))
        })?;
        return Ok(draw(seed, opened));
    }
    let image = match text.parse::<usize>() {
        Ok(index) => image_at(index, args, opened)?,
        Err(_) => pictures::read_picture(Path::new(text), opened.image)?,
    };
    let mut image = image.reshaped(opened.image.batch(1))?;
    for value in image.data_mut() {
        *value = opened.range.from_unit(*value);
    }
    let mut codes = codec.encode(&image).map_err(anyhow::Error::from_boxed)?;
    Ok(take(&mut codes, "latent").map_err(anyhow::Error::from_boxed)?.into_data())
}

/// A draw from the prior, flat; with a codebook one code for each cell, by their use in training
/// where that is known.
fn draw(seed: u64, opened: &Opened) -> Vec<f32> {
    let shape = opened.model.latent();
    match (&opened.networks.codes, opened.code_shares()) {
        (Some(codes), Some(shares)) => {
            let (space, [h, w]) = (codes.space(), codes.grid());
            space.latent_of_codes(&space.draw(&shares, h * w, seed, 0))
        }
        _ => normals(seed, 0, Purpose::Sample, shape.iter().product()),
    }
}

fn image_at(index: usize, args: &InterpolateArgs, opened: &Opened) -> Result<Array, Failure> {
    let spec: DataSpec = super::data_of(args.data.as_deref(), opened)?;
    let dataset = data::open(&spec.with_size(opened.image.height))?;
    let count = dataset.len(Split::Test);
    if index >= count || dataset.shape() != opened.image {
        return Err(usage(anyhow::anyhow!(
            "interpolate: image {index} of {count} of {} (expected 0 to {} of {})",
            dataset.shape(),
            count.saturating_sub(1),
            opened.image
        )));
    }
    Ok(data::batch(dataset.as_ref(), Split::Test, &[index as u32]))
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
