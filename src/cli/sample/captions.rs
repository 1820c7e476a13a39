//! A picture of each caption of some data, under the image that the caption belongs to.

use clap::Args;

use super::SampleArgs;
use super::prior::no_texts;
use crate::array::Array;
use crate::cli::{Failure, codec_verbs, output, usage};
use crate::codec::take;
use crate::data::{self, DataSpec, Dataset, Split};
use crate::formats::run_dir::ModelConfig;
use crate::open::Opened;
use crate::sample::{Options, Sampler, places, texts};

/// Draws of each caption.
const EACH: u64 = 3;

/// Which captions are drawn.
#[derive(Debug, Args)]
pub(super) struct CaptionsArgs {
    /// Draw three images of the caption of each of N of these images, evenly spread, in columns under the images
    /// themselves, with a prior that knows texts; the captions are printed
    #[arg(long, value_name = "DATA", conflicts_with_all = ["text", "class", "input"])]
    captions: Option<String>,
    /// Which part of --captions: train or test
    #[arg(long, default_value = "test", requires = "captions")]
    split: String,
}

impl CaptionsArgs {
    /// Whether captions of some data are drawn.
    pub(super) const fn are_given(&self) -> bool {
        self.captions.is_some()
    }
}

/// Writes the images and what was drawn of their captions.
pub(super) fn run(args: &SampleArgs, prior: &Opened) -> Result<(), Failure> {
    let ModelConfig::Prior(config) = &prior.model else {
        return Err(usage(anyhow::anyhow!(
            "sample: --captions is for draws from a prior over codes, and {} is no prior (expected --prior RUN, or a run of the recipe prior)",
            prior.path.display()
        )));
    };
    let named = args.captions.captions.as_deref().unwrap_or_default();
    let spec: DataSpec = named.parse().map_err(usage)?;
    let split: Split = args.captions.split.parse().map_err(usage)?;
    let tokenizer = prior.tokenizer()?.ok_or_else(|| no_texts("captions", prior))?;
    let dataset = data::open(&spec.with_size(prior.image.height))?;
    if dataset.shape() != prior.image {
        return Err(usage(anyhow::anyhow!(
            "sample: the images of {named} are {} (expected {}, as the model's)",
            dataset.shape(),
            prior.image
        )));
    }
    let captions = captions_of(dataset.as_ref(), split, args.n);
    if captions.is_empty() {
        return Err(usage(anyhow::anyhow!(
            "sample: {named} has no captions (expected shapes, or a folder with a captions.tsv)"
        )));
    }
    let options = Options { seed: args.seed, ..args.prior.options()? };
    let best = args.prior.best()?;
    let mut sampler = Sampler::new(config, &prior.tensors, args.model.engine, None);
    let mut codec = prior.codec(args.model.engine, None)?;
    // A column each: the image, then the draws.
    let mut columns = Vec::new();
    for (column, (image, caption)) in captions.iter().enumerate() {
        output::line(&format!("{}\t{caption}", column + 1));
        let text = texts::tokens_of(&tokenizer, config, caption);
        let range = [column as u64 * EACH, EACH];
        let codes = sampler.draw_best(&text, &options, range, best, &mut |_, _| true)?;
        let indices = places::to_indices(&codes.concat(), config.grid(), config.per_cell());
        let drawn = codec.decode_indices(&indices).and_then(|mut made| take(&mut made, "image"));
        let own = data::batch(dataset.as_ref(), split, &[*image]);
        columns.push(prior.range.images_from_unit(&own));
        columns.push(drawn.map_err(anyhow::Error::from_boxed)?);
    }
    let images = in_rows(&Array::joined(&columns), captions.len());
    codec_verbs::write_images(&args.out, images, prior, captions.len())
}

/// The numbers and captions of `n` images, evenly spread over the part: fewer where it has fewer or some have no caption.
fn captions_of(dataset: &dyn Dataset, split: Split, n: usize) -> Vec<(u32, String)> {
    let len = dataset.len(split);
    let n = n.min(len);
    let images = (0..n).map(|index| index * len / n);
    images.filter_map(|image| Some((image as u32, dataset.caption(split, image)?))).collect()
}

/// Images column by column, as images row by row.
fn in_rows(images: &Array, columns: usize) -> Array {
    let rows = images.num_rows() / columns;
    let at = |row: usize| (0..columns).map(move |column| column * rows + row);
    let data = (0..rows).flat_map(at).flat_map(|image| images.row(image)).copied().collect();
    Array::new(images.shape().to_vec(), data).expect("as many images as before")
}
