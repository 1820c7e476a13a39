//! `zscope encode`, `decode` and `reconstruct`: files through a model.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::long_run::LongRun;
use super::{Failure, ModelArgs, open_to_run, usage};
use crate::array::{Array, NamedArrays};
use crate::codec::{Way, take};
use crate::formats::arrays::{ArrayFile, Indices, NamedIndices, write_arrays};
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
    let opened = open_to_run("encode", &args.model)?;
    let (images, opened) = read_images(&args.files.input, opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let mut run = LongRun::new(codec.as_ref(), Way::Encode)?;
    run.begin(codec.as_mut(), Way::Encode)?;
    let mut codes = run.end(codec.encode(&images))?;
    // Of the whole batch, not of an image.
    codes.remove("usage");
    let indices = codes.remove("indices").map(|array| Indices {
        shape: array.shape().to_vec(),
        data: array.data().iter().map(|&index| index as i32).collect(),
    });
    let indices = indices.map(|indices| ("indices".to_owned(), indices)).into_iter().collect();
    write_tensors(&args.files.output, &codes, &indices)
}

pub(super) fn decode(args: &DecodeArgs) -> Result<(), Failure> {
    let opened = open_to_run("decode", &args.model)?;
    let name = match (args.from, &opened.networks.codes) {
        (From::Latent, _) => "latent",
        (From::Indices, Some(_)) => "indices",
        (From::Indices, None) => {
            return Err(usage(anyhow::anyhow!(
                "decode: --from indices with a {} model (expected a model with a codebook; use --from latent)",
                opened.model.family()
            )));
        }
    };
    opened.networks.decoder()?;
    let values = ArrayFile::open(&args.files.input)?.array(name)?;
    // Networks of convolutions alone take latents of any grid.
    let sides = match *values.shape() {
        [_, .., h, w] => opened.model.sides_of([h, w]),
        _ => None,
    };
    let opened = match sides {
        Some(sides) => opened.at(sides)?,
        None => opened,
    };
    let codes = opened.networks.codes.as_ref().filter(|_| args.from == From::Indices);
    let graph = match codes {
        Some(codes) => codes.decoder()?,
        None => opened.networks.decoder()?,
    };
    let mut expected = graph.input_shape().to_vec();
    if values.shape().get(1..) != Some(&expected[..]) || values.num_rows() == 0 {
        expected.insert(0, 0);
        return Err(anyhow::anyhow!(
            "decode: {name} has shape {:?} (expected {expected:?} with any batch for the 0): {}",
            values.shape(),
            args.files.input.display()
        )
        .into());
    }
    if let Some(codes) = codes {
        check_indices(&values, codes.space().part_len(), &args.files.input)?;
    }
    let mut codec = opened.codec(args.model.engine, None)?;
    let way = match args.from {
        From::Latent => Way::Decode,
        From::Indices => Way::DecodeIndices,
    };
    let mut run = LongRun::new(codec.as_ref(), way)?;
    run.begin(codec.as_mut(), way)?;
    let outputs = match args.from {
        From::Latent => codec.decode(&values),
        From::Indices => codec.decode_indices(&values),
    };
    let mut outputs = run.end(outputs)?;
    let image = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    let columns = square(image.num_rows());
    write_images(&args.files.output, image, &opened, columns)
}

/// Refuses indices that name no code.
fn check_indices(indices: &Array, k: usize, path: &Path) -> Result<(), Failure> {
    let is_code = |index: f32| index.fract() == 0.0 && (0.0..k as f32).contains(&index);
    match indices.data().iter().find(|&&index| !is_code(index)) {
        None => Ok(()),
        Some(index) => Err(anyhow::anyhow!(
            "decode: the indices hold {index} (expected whole numbers from 0 to {}): {}",
            k - 1,
            path.display()
        )
        .into()),
    }
}

pub(super) fn reconstruct(args: &ReconstructArgs) -> Result<(), Failure> {
    let opened = open_to_run("reconstruct", &args.model)?;
    let (images, opened) = read_images(&args.files.input, opened)?;
    let mut codec = opened.codec(args.model.engine, None)?;
    let mut run = LongRun::new(codec.as_ref(), Way::Encode)?;
    run.begin(codec.as_mut(), Way::Encode)?;
    let mut codes = run.end(codec.encode(&images))?;
    let latent = take(&mut codes, "latent").map_err(anyhow::Error::from_boxed)?;
    run.begin(codec.as_mut(), Way::Decode)?;
    let mut outputs = run.end(codec.decode(&latent))?;
    let image = take(&mut outputs, "image").map_err(anyhow::Error::from_boxed)?;
    let columns = square(image.num_rows());
    write_images(&args.files.output, image, &opened, columns)
}

/// Images in the model's range from a tensor file, a picture or a folder of pictures, and the model for their size:
/// pictures are scaled to the model's, images of a tensor file stay as they are where the network takes any size.
pub(super) fn read_images(path: &Path, mut opened: Opened) -> Result<(Array, Opened), Failure> {
    if is_tensor_file(path) {
        let images = ArrayFile::open(path)?.array("image")?;
        if let [_, _, height, width] = *images.shape() {
            opened = opened.at([height, width])?;
        }
        let shape = opened.image;
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
        return Ok((images, opened));
    }
    let shape = opened.image;
    let files = picture_files(path)?;
    let mut data = Vec::with_capacity(files.len() * shape.len());
    for file in &files {
        let picture = pictures::read_picture(file, shape)?;
        data.extend(picture.data().iter().map(|&value| opened.range.from_unit(value)));
    }
    Ok((Array::new(shape.batch(files.len()), data)?, opened))
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
        let named = NamedArrays::from([("image".to_owned(), images)]);
        return write_tensors(path, &named, &NamedIndices::new());
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
        *value = opened.range.to_unit(*value);
    }
    images
}

fn write_tensors(
    path: &Path,
    tensors: &NamedArrays,
    indices: &NamedIndices,
) -> Result<(), Failure> {
    let texts = std::collections::BTreeMap::new();
    Ok(write_arrays(path, tensors, indices, &texts)?)
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
