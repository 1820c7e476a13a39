//! MNIST and Fashion-MNIST: IDX files, plain or compressed.
//!
//! Layout, big-endian: images are u32 2051, count, rows, columns, then a byte a pixel, row by row;
//! labels are u32 2049, count, then a byte each.

use std::path::{Path, PathBuf};

use crate::picture::ImageShape;

use super::DataError;
use super::bytes::{first_existing, open_plain_or_gzip, read_at_most};
use super::stored::{Parts, Stored};

const IMAGES_MAGIC: u32 = 2051;
const LABELS_MAGIC: u32 = 2049;
/// More than any set of this format has.
const MAX_IMAGES: u32 = 10_000_000;
const MAX_SIDE: u32 = 1024;
/// What the pixels of one file may take.
const MAX_BYTES: u64 = 8 << 30;

const READ_IMAGES: &str = "read IDX images";
const READ_LABELS: &str = "read IDX labels";
const ADVICE: &str = "fetch the file again";

/// The sets that come as IDX files under these names.
#[derive(Clone, Copy)]
pub(super) enum Family {
    Mnist,
    FashionMnist,
}

impl Family {
    const fn name(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::FashionMnist => "Fashion-MNIST",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    const fn class_names(self) -> [&'static str; 10] {
        match self {
            Self::Mnist => ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => [
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ],
        }
    }
}

/// Opens the four files of a set.
pub(super) fn open(family: Family, dir: &Path) -> Result<Stored, DataError> {
    let [train_images, train_labels, test_images, test_labels] = find_files(family, dir)?;
    let mut train = Images::read(&train_images)?;
    let mut labels = read_labels(&train_labels, train.count, &train_images)?;
    let test = Images::read(&test_images)?;
    if (test.rows, test.columns) != (train.rows, train.columns) {
        return Err(malformed(
            READ_IMAGES,
            format!("test images of {}×{}", test.rows, test.columns),
            format!("{}×{}, as the training images", train.rows, train.columns),
            &test_images,
        ));
    }
    labels.extend(read_labels(&test_labels, test.count, &test_images)?);
    train.pixels.extend_from_slice(&test.pixels);
    Ok(Stored {
        name: family.name().to_owned(),
        shape: ImageShape::new(1, train.rows, train.columns),
        pixels: train.pixels,
        labels: Some(labels),
        class_names: family.class_names().map(str::to_owned).to_vec(),
        captions: Vec::new(),
        lone_texts: Vec::new(),
        parts: Parts::in_order(train.count, test.count),
        warnings: Vec::new(),
    })
}

/// Training images and labels, test images and labels, in any spelling.
fn find_files(family: Family, dir: &Path) -> Result<[PathBuf; 4], DataError> {
    let stems = [
        ("train-images", "idx3"),
        ("train-labels", "idx1"),
        ("t10k-images", "idx3"),
        ("t10k-labels", "idx1"),
    ];
    let mut missing = Vec::new();
    let files = stems.map(|(stem, rank)| {
        let plain = [format!("{stem}-{rank}-ubyte"), format!("{stem}.{rank}-ubyte")];
        let names: Vec<String> =
            plain.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]).collect();
        first_existing(dir, &names).unwrap_or_else(|| {
            missing.push(format!("{}[.gz]", plain[0]));
            PathBuf::new()
        })
    });
    if missing.is_empty() {
        return Ok(files);
    }
    Err(DataError::MissingFiles {
        set: family.name(),
        missing: missing.join(", "),
        advice: format!("`zscope data fetch {} --out DIR` downloads them", family.kind()),
        dir: dir.to_owned(),
    })
}

/// One file of images.
struct Images {
    count: usize,
    rows: usize,
    columns: usize,
    /// `[n, h, w]`.
    pixels: Vec<u8>,
}

impl Images {
    fn read(path: &Path) -> Result<Self, DataError> {
        let mut reader = open_plain_or_gzip(path)?;
        let [magic, count, rows, columns] =
            words(&read_at_most(&mut reader, 16, path)?, READ_IMAGES, path)?;
        if magic != IMAGES_MAGIC {
            let expected = format!("magic number {IMAGES_MAGIC}");
            return Err(malformed(READ_IMAGES, format!("magic number {magic}"), expected, path));
        }
        let bytes = count as u64 * rows as u64 * columns as u64;
        let sides = 1..=MAX_SIDE;
        let plausible =
            sides.contains(&rows) && sides.contains(&columns) && (1..=MAX_IMAGES).contains(&count);
        if !plausible || bytes > MAX_BYTES {
            let found = format!("a header that promises {count} images of {rows}×{columns}");
            let expected =
                format!("1 to {MAX_IMAGES} images of at most {MAX_SIDE}×{MAX_SIDE}, 8 GiB in all");
            return Err(malformed(READ_IMAGES, found, expected, path));
        }
        let pixels = read_promised(&mut reader, bytes, READ_IMAGES, path)?;
        Ok(Self { count: count as usize, rows: rows as usize, columns: columns as usize, pixels })
    }
}

/// Reads labels, one for each of `count` images of the file `images`.
fn read_labels(path: &Path, count: usize, images: &Path) -> Result<Vec<u32>, DataError> {
    let mut reader = open_plain_or_gzip(path)?;
    let [magic, promised] = words(&read_at_most(&mut reader, 8, path)?, READ_LABELS, path)?;
    if magic != LABELS_MAGIC {
        let expected = format!("magic number {LABELS_MAGIC}");
        return Err(malformed(READ_LABELS, format!("magic number {magic}"), expected, path));
    }
    if promised as usize != count {
        let expected = format!("{count}, as {} has images", super::name_of(images));
        return Err(malformed(READ_LABELS, format!("{promised} labels"), expected, path));
    }
    let labels = read_promised(&mut reader, promised as u64, READ_LABELS, path)?;
    match labels.iter().find(|label| **label > 9) {
        Some(label) => {
            Err(malformed(READ_LABELS, format!("label {label}"), "labels 0 to 9".to_owned(), path))
        }
        None => Ok(labels.into_iter().map(u32::from).collect()),
    }
}

/// The big-endian words of a header.
fn words<const N: usize>(
    bytes: &[u8],
    action: &'static str,
    path: &Path,
) -> Result<[u32; N], DataError> {
    let (words, _) = bytes.as_chunks::<4>();
    <[[u8; 4]; N]>::try_from(words).map(|words| words.map(u32::from_be_bytes)).map_err(
        |_not_enough| {
            malformed(
                action,
                format!("a header of {} bytes", bytes.len()),
                format!("{} bytes", 4 * N),
                path,
            )
        },
    )
}

/// Reads exactly what the header promised, to the end of the file.
fn read_promised(
    reader: &mut dyn std::io::Read,
    bytes: u64,
    action: &'static str,
    path: &Path,
) -> Result<Vec<u8>, DataError> {
    let data = read_at_most(reader, bytes + 1, path)?;
    let found = match (data.len() as u64).cmp(&bytes) {
        std::cmp::Ordering::Equal => return Ok(data),
        std::cmp::Ordering::Less => format!("{} bytes of data", data.len()),
        std::cmp::Ordering::Greater => "further bytes after the data".to_owned(),
    };
    Err(malformed(action, found, format!("{bytes} bytes, as the header says"), path))
}

fn malformed(action: &'static str, found: String, expected: String, path: &Path) -> DataError {
    DataError::Malformed { action, found, expected, advice: ADVICE, path: path.to_owned() }
}
