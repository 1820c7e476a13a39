//! `zscope codebook`: how often each code is used on a set of images.

mod alone;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Failure, ModelArgs, codec_verbs, output, usage};
use crate::array::Array;
use crate::codec::{CodecError, compared, take};
use crate::data::{self, DataSpec, Dataset, Split};
use crate::engine::{EngineKind, Runner};
use crate::formats::{pictures, write_whole};
use crate::graph::lower::{CodeGraphs, Task};
use crate::latent::nearest_others;
use crate::measure::code_tiles::CodeTiles;
use crate::metrics::CodeRate;
use crate::metrics::code_use::{codes_used, perplexity as exp_entropy};
use crate::open::Opened;
use crate::session::codebook::{Uses, write_table};
use crate::watch::Watch;

/// Images that are run at once.
const BATCH: usize = 100;

/// Count how often each code of a codebook is used; of a codebook without its model tell what its file tells
#[derive(Debug, Args)]
pub(super) struct CodebookArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The images; those that the model was trained on by default
    #[arg(long)]
    data: Option<String>,
    /// train or test
    #[arg(long, default_value = "test")]
    split: String,
    /// Use only the first images
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write a row a code: uses, share, state, norm, nearest other code, place on the plane of the two first principal components
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a sheet of what each code decodes to, in order of their numbers
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// What was counted.
struct Counted {
    usage: Vec<u64>,
    /// Choices between two nearest codes: which of them is chosen is a matter of rounding.
    near_ties: u64,
    /// What the images take as PNG files.
    png_bytes: u64,
    engine: &'static str,
}

pub(super) fn run(args: &CodebookArgs) -> Result<(), Failure> {
    let split: Split = args.split.parse().map_err(usage)?;
    if args.limit == Some(0) {
        return Err(usage(anyhow::anyhow!("codebook: --limit is 0 (expected at least 1)")));
    }
    let opened = crate::open::open(&args.model.model)?;
    let (graphs, _) = codes_of(&opened)?;
    if opened.model.task() == Task::Quantize {
        return alone::run(args, &opened, graphs);
    }
    let spec: DataSpec = super::data_of(args.data.as_deref(), &opened)?;
    let dataset = data::open(&spec.with_size(opened.image.height))?;
    let opened = opened.fitted(dataset.shape())?;
    let (graphs, [size, dim]) = codes_of(&opened)?;
    if dataset.shape() != opened.image {
        return Err(usage(anyhow::anyhow!(
            "codebook: the images are {} (expected {}, as the model's)",
            dataset.shape(),
            opened.image
        )));
    }
    let count = dataset.len(split).min(args.limit.unwrap_or(usize::MAX));
    let counted = count_codes(args.model.engine, &opened, graphs, dataset.as_ref(), split, count)
        .map_err(anyhow::Error::from_boxed)?;
    if let Some(path) = &args.csv {
        let nearest = nearest_others(graphs.codebook(), graphs.layout.parts());
        let uses = Uses { told: None, counts: Some(&counted.usage) };
        write_csv(path, uses, graphs.codebook(), &nearest)?;
    }
    if let Some(path) = &args.png {
        write_tiles(path, &opened, graphs, size).map_err(anyhow::Error::from_boxed)?;
    }
    let Counted { usage, near_ties, png_bytes, engine } = counted;
    let layout = &graphs.layout;
    let cells = graphs.grid().iter().product();
    let pixels = opened.image.height * opened.image.width;
    let rate = CodeRate::of(&usage, layout, cells, count, pixels, Some(png_bytes));
    let parts: Vec<&[u64]> = usage.chunks(size / layout.parts()).collect();
    let vectors: u64 = usage.iter().sum();
    let used = codes_used(&usage);
    let perplexity = exp_entropy(&usage);
    if args.json {
        output::json(&json!({
            "codebook_size": size,
            "dim": dim,
            "images": count,
            "vectors": vectors,
            "codes_used": used,
            "dead": size - used,
            "perplexity": perplexity,
            "bits_per_image": rate.map(|rate| rate.bits),
            "bits_per_pixel": rate.map(|rate| rate.per_pixel(rate.bits)),
            "bits_per_pixel_entropy": rate.map(|rate| rate.per_pixel(rate.entropy_bits)),
            "png_bits_per_pixel": rate.and_then(|rate| Some(rate.per_pixel(rate.png_bits?))),
            "near_ties": near_ties,
            "engine": engine,
            "quantizer": opened.model.quantizer().map(|config| config.method.name()),
            "quantizers": layout.per_cell(),
            "codebooks": parts
                .iter()
                .map(|usage| json!({ "codes_used": codes_used(usage), "perplexity": exp_entropy(usage) }))
                .collect::<Vec<_>>(),
            "usage": usage,
        }))?;
        return Ok(());
    }
    output::line(&format!("codebook      {size} codes of {dim} dimensions"));
    output::line(&format!("vectors       {vectors} of {count} images ({})", args.split));
    output::line(&format!("codes used    {used}, {} dead", size - used));
    output::line(&format!("perplexity    {perplexity:.1}"));
    for (part, usage) in parts.iter().enumerate().filter(|_| parts.len() > 1) {
        let (word, used, k) = (layout.word(), codes_used(usage), usage.len());
        let perplexity = exp_entropy(usage);
        output::line(&format!(
            "{word} {:<4} {used} of {k} codes, perplexity {perplexity:.1}",
            part + 1
        ));
    }
    if let Some(rate) = rate {
        let told = |bits: f64| format!("{:.4}", rate.per_pixel(bits));
        output::line(&format!(
            "bits a pixel  {} by log2 K, {} by the entropy of use, {} as PNG ({:.0}, {:.0} and {:.0} bits an image)",
            told(rate.bits),
            told(rate.entropy_bits),
            told(rate.png_bits.unwrap_or_default()),
            rate.bits,
            rate.entropy_bits,
            rate.png_bits.unwrap_or_default(),
        ));
    }
    output::line(&format!("near ties     {near_ties} vectors with two codes equally near (1e-5)"));
    output::line(&format!("engine        {engine}"));
    Ok(())
}

/// The codes of a model, how many there are and how many values each has.
fn codes_of(opened: &Opened) -> Result<(&CodeGraphs, [usize; 2]), Failure> {
    let codes = opened.networks.codes.as_ref().zip(opened.model.codebook());
    codes.ok_or_else(|| {
        usage(anyhow::anyhow!(
            "codebook: a {} model has none (expected a family with a codebook, for example vq-vae)",
            opened.model.family()
        ))
    })
}

/// Encodes images once, on whatever is fastest, and counts their codes with the engine that was asked for.
fn count_codes(
    engine: EngineKind,
    opened: &Opened,
    graphs: &CodeGraphs,
    dataset: &dyn Dataset,
    split: Split,
    count: usize,
) -> Result<Counted, CodecError> {
    let mut encoder = opened.codec(EngineKind::Auto, None)?;
    // The training module quantizes as part of its own encoding.
    let mut module = match engine {
        EngineKind::Burn => Some(opened.codec(EngineKind::Burn, None)?),
        _ => None,
    };
    let mut quantizer = match engine {
        EngineKind::Burn => None,
        kind => Some(Runner::new(kind, &graphs.quantizer, None)?),
    };
    let bar = super::train::bar(count as u64, "images");
    let space = graphs.space();
    let mut counted = Counted {
        usage: vec![0; space.codebook.num_rows()],
        near_ties: 0,
        png_bytes: 0,
        engine: quantizer.as_ref().map_or("burn", |quantizer| quantizer.kind().name()),
    };
    for start in (0..count).step_by(BATCH) {
        let indices: Vec<u32> = (start as u32..count.min(start + BATCH) as u32).collect();
        let mut images = opened.seen(data::batch(dataset, split, &indices), start);
        counted.png_bytes += pictures::png_bytes(&images)?;
        for value in images.data_mut() {
            *value = opened.range.from_unit(*value);
        }
        let latent = take(&mut encoder.encode(&images)?, "latent")?;
        let mut outputs = match (&mut module, &mut quantizer) {
            (Some(module), _) => module.encode(&images)?,
            (_, Some(quantizer)) => quantizer.run(&latent)?,
            _ => unreachable!("one of the two was made"),
        };
        let usage = take(&mut outputs, "usage")?;
        for (sum, &count) in counted.usage.iter_mut().zip(usage.data()) {
            *sum += count as u64;
        }
        outputs.entry("latent".to_owned()).or_insert(latent);
        counted.near_ties += space.near_ties(&compared(&mut outputs)?);
        bar.set_position(start as u64);
    }
    bar.finish_and_clear();
    Ok(counted)
}

fn write_csv(
    path: &Path,
    uses: Uses<'_>,
    codebook: &Array,
    nearest: &[Option<(usize, f32)>],
) -> Result<(), Failure> {
    Ok(write_whole(path, |out| write_table(codebook, nearest, uses, out))?)
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

/// What each code decodes to.
fn write_tiles(
    path: &Path,
    opened: &Opened,
    graphs: &CodeGraphs,
    size: usize,
) -> Result<(), CodecError> {
    let mut codes = CodeTiles::new(graphs, opened.range, EngineKind::Auto)?;
    let mut tiles = Vec::new();
    for start in (0..size).step_by(BATCH) {
        let some = codes.tiles(start..size.min(start + BATCH), &Watch::default())?;
        tiles.extend_from_slice(some.data());
    }
    let tiles = Array::new([&[size], &codes.shape()[..]].concat(), tiles)?;
    let sheet = pictures::sheet(&tiles, codec_verbs::square(size), 1);
    Ok(pictures::write_picture(path, &sheet)?)
}
