//! `zscope encode`, `decode` and `reconstruct`: files through a model.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, ModelArgs, usage};
use crate::array::{Array, NamedArrays};
use crate::codec::take;
use crate::formats::arrays::{ArrayFile, NamedIndices, write_arrays};
use crate::formats::pictures;
use crate::open::Opened;

/// Images to latents
#[derive(Debug, Args)]
pub(super) struct EncodeArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    files: Files,
}

/// Latents to images
#[derive(Debug, Args)]
pub(super) struct DecodeArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    files: Files,
    /// Which tensor to decode
    #[arg(long, value_enum, default_value_t = From::Latent)]
    from: From,
}

/// Images to latents and back to images
#[derive(Debug, Args)]
pub(super) struct ReconstructArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    files: Files,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// The vector before quantization
    Latent,
    /// The codes of a codebook
    Indices,
}

#[derive(Debug, Args)]
struct Files {
    /// A .safetensors file, a picture or a folder of pictures
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// A .safetensors file, or for images .png, .jpg or a folder
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn encode(args: &EncodeArgs) -> Result<(), Failure> {
    // Before any work is done for it.
    check_tensor_file(&args.files.output)?;
    let opened = crate::open::open(&args.model.model)?;
    let images = read_images(&args.files.input, &opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let codes = codec.encode(&images).map_err(anyhow::Error::from_boxed)?;
    write_tensors(&args.files.output, &codes)
}

pub(super) fn decode(args: &DecodeArgs) -> Result<(), Failure> {
    let opened = crate::open::open(&args.model.model)?;
    if args.from == From::Indices {
        return Err(usage(anyhow::anyhow!(
            "decode: --from indices with a {} model (expected a model with a codebook; use --from latent)",
            opened.run.model.family()
        )));
    }
    let latent = ArrayFile::open(&args.files.input)?.array("latent")?;
    let mut expected = opened.networks.decoder.input_shape().to_vec();
    if latent.shape().get(1..) != Some(&expected[..]) || latent.num_rows() == 0 {
        expected.insert(0, 0);
        return Err(anyhow::anyhow!(
            "decode: the latent has shape {:?} (expected {expected:?} with any batch for the 0): {}",
            latent.shape(),
            args.files.input.display()
        )
        .into());
    }
    let mut codec = opened.codec(args.model.engine, None)?;
    let mut outputs = codec.decode(&latent).map_err(anyhow::Error::from_boxed)?;
    let image = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    let columns = square(image.num_rows());
    write_images(&args.files.output, image, &opened, columns)
}

pub(super) fn reconstruct(args: &ReconstructArgs) -> Result<(), Failure> {
    let opened = crate::open::open(&args.model.model)?;
    let images = read_images(&args.files.input, &opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let mut codes = codec.encode(&images).map_err(anyhow::Error::from_boxed)?;
    let latent = take(&mut codes, "latent").map_err(anyhow::Error::from_boxed)?;
    let mut outputs = codec.decode(&latent).map_err(anyhow::Error::from_boxed)?;
    let image = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    let columns = square(image.num_rows());
    write_images(&args.files.output, image, &opened, columns)
}

/// Images in the model's range from a tensor file, a picture or a folder of pictures.
fn read_images(path: &Path, opened: &Opened) -> Result<Array, Failure> {
    let shape = opened.run.image;
    if is_tensor_file(path) {
        let images = ArrayFile::open(path)?.array("image")?;
        let fits = images.shape().get(1..) == Some(&shape.batch(1)[1..]) && images.num_rows() > 0;
        if !fits {
            return Err(anyhow::anyhow!(
                "read images: the image has shape {:?} (expected [b, {}, {}, {}]): {}",
                images.shape(),
                shape.channels,
                shape.height,
                shape.width,
                path.display()
            )
            .into());
        }
        return Ok(images);
    }
    let files = picture_files(path)?;
    let mut data = Vec::with_capacity(files.len() * shape.len());
    for file in &files {
        let picture = pictures::read_picture(file, shape)?;
        data.extend(picture.data().iter().map(|&value| opened.run.range.from_unit(value)));
    }
    Ok(Array::new(shape.batch(files.len()), data)?)
}

/// A picture itself, or the pictures of a folder in order of their names.
fn picture_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        let known = image::ImageFormat::from_path(&file).is_ok();
        if file.is_file() && known {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(anyhow::anyhow!(
            "read images: no picture (expected .png, .jpg and the like): {}",
            path.display()
        )
        .into());
    }
    Ok(files)
}

/// Images as a tensor file, a sheet of `columns`, or a folder.
pub(super) fn write_images(
    path: &Path,
    images: Array,
    opened: &Opened,
    columns: usize,
) -> Result<(), Failure> {
    if is_tensor_file(path) {
        return write_tensors(path, &NamedArrays::from([("image".to_owned(), images)]));
    }
    let images = in_unit(images, opened);
    if path.extension().is_none() {
        return Ok(pictures::write_folder(path, &images)?);
    }
    Ok(pictures::write_picture(path, &pictures::sheet(&images, columns, 1))?)
}

/// The columns of a sheet that is about square.
pub(super) fn square(count: usize) -> usize {
    (count as f64).sqrt().ceil() as usize
}

/// Images of the model's range in `[0, 1]`.
pub(super) fn in_unit(mut images: Array, opened: &Opened) -> Array {
    for value in images.data_mut() {
        *value = opened.run.range.to_unit(*value);
    }
    images
}

fn write_tensors(path: &Path, tensors: &NamedArrays) -> Result<(), Failure> {
    let texts = std::collections::BTreeMap::new();
    Ok(write_arrays(path, tensors, &NamedIndices::new(), &texts)?)
}

fn check_tensor_file(path: &Path) -> Result<(), Failure> {
    if is_tensor_file(path) {
        return Ok(());
    }
    Err(usage(anyhow::anyhow!(
        "write tensors: another extension (expected .safetensors): {}",
        path.display()
    )))
}

fn is_tensor_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}
