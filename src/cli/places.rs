//! Points of a latent space that a command names: draws, images, rows of files.

use std::path::Path;

use super::{Failure, data_of, usage};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::data::{self, DataSpec, Split};
use crate::formats::arrays::ArrayFile;
use crate::formats::pictures;
use crate::open::Opened;
use crate::random::{Purpose, normals};

/// What files of latents end in.
const TENSORS: &str = ".safetensors";

/// The flat latent that a text names: `seed:N`, an index into `data`, a picture, or `FILE.safetensors` with `#ROW`
/// where it is not its first latent.
pub(super) fn place(
    verb: &str,
    text: &str,
    data: Option<&str>,
    opened: &Opened,
    codec: &mut dyn Codec,
) -> Result<Vec<f32>, Failure> {
    if let Some(seed) = text.strip_prefix("seed:") {
        let seed = seed.parse().ok().ok_or_else(|| {
            usage(anyhow::anyhow!(
                "{verb}: {text:?} is no draw (expected seed:N with a whole number)"
            ))
        })?;
        return Ok(draw(seed, opened));
    }
    if let Some((path, row)) = file_and_row(text) {
        return latent_in(verb, Path::new(path), row, opened);
    }
    let image = match text.parse::<usize>() {
        Ok(index) => image_at(verb, index, data, opened)?,
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

/// What a text names that is a file of latents, and which of them.
fn file_and_row(text: &str) -> Option<(&str, usize)> {
    let numbered = text.rsplit_once('#').and_then(|(path, row)| Some((path, row.parse().ok()?)));
    numbered.or(Some((text, 0))).filter(|(path, _)| path.to_lowercase().ends_with(TENSORS))
}

fn latent_in(verb: &str, path: &Path, row: usize, opened: &Opened) -> Result<Vec<f32>, Failure> {
    let latents = ArrayFile::open(path)?.array("latent")?;
    let expected = opened.model.latent();
    if latents.shape().get(1..) != Some(&expected[..]) || row >= latents.num_rows() {
        return Err(anyhow::anyhow!(
            "{verb}: latent {row} of {:?} (expected one of shape {expected:?}): {}",
            latents.shape(),
            path.display()
        )
        .into());
    }
    Ok(latents.row(row).to_vec())
}

fn image_at(
    verb: &str,
    index: usize,
    data: Option<&str>,
    opened: &Opened,
) -> Result<Array, Failure> {
    let spec: DataSpec = data_of(data, opened)?;
    let dataset = data::open(&spec.with_size(opened.image.height))?;
    let count = dataset.len(Split::Test);
    if index >= count || dataset.shape() != opened.image {
        return Err(usage(anyhow::anyhow!(
            "{verb}: image {index} of {count} of {} (expected 0 to {} of {})",
            dataset.shape(),
            count.saturating_sub(1),
            opened.image
        )));
    }
    Ok(data::batch(dataset.as_ref(), Split::Test, &[index as u32]))
}
