//! MNIST, Fashion-MNIST and CIFAR-10: the real files, and hostile ones.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use zscope::data::{Split, class_counts};
use zscope::picture::ImageShape;

use super::{all_images, assert_says, mean, opened, refusal};
use crate::common::{Tolerance, assert_close, shared};

/// Levels become the nearest `f32` to a 255th.
const EXACT: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// An IDX file of the given words and data.
fn idx(words: &[u32], data: &[u8]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).chain(data.iter().copied()).collect()
}

/// A small set: 3 training and 2 test images of 2×3 pixels, counted up from 0 and from 100.
fn tiny_idx(dir: &Path) {
    let write = |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).expect("write");
    write("train-images-idx3-ubyte", &idx(&[2051, 3, 2, 3], &(0..18).collect::<Vec<u8>>()));
    write("train-labels-idx1-ubyte", &idx(&[2049, 3], &[7, 0, 9]));
    write(
        "t10k-images-idx3-ubyte.gz",
        &gzip(&idx(&[2051, 2, 2, 3], &(100..112).collect::<Vec<u8>>())),
    );
    write("t10k-labels-idx1-ubyte.gz", &gzip(&idx(&[2049, 2], &[1, 2])));
}

fn mnist_at(dir: &Path) -> String {
    format!("mnist:{}", dir.display())
}

#[test]
fn real_mnist() {
    let Some(dir) = shared("data/mnist") else { return };
    let set = opened(&mnist_at(&dir)).expect("MNIST");
    assert_eq!((set.len(Split::Train), set.len(Split::Test)), (60_000, 10_000), "counts");
    assert_eq!((set.name(), set.shape()), ("MNIST", ImageShape::new(1, 28, 28)), "what it is");
    let pixels = all_images(&*set, Split::Train);
    let found = mean(pixels.data());
    assert!((found - 0.1307).abs() < 5e-5, "mean {found}");
    let square = pixels.data().iter().map(|&v| (v as f64 - found).powi(2)).sum::<f64>();
    let deviation = (square / pixels.data().len() as f64).sqrt();
    assert!((deviation - 0.3081).abs() < 5e-5, "deviation {deviation}");
    let train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(class_counts(&*set, Split::Train), train, "training digits");
    let test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert_eq!(class_counts(&*set, Split::Test), test, "test digits");
    let first: Vec<_> = (0..5).map(|index| set.label(Split::Train, index)).collect();
    assert_eq!(first, [5, 0, 4, 1, 9].map(Some), "the well-known first digits");
    assert_eq!(set.label(Split::Test, 0), Some(7), "the well-known first test digit");
    assert!(set.warnings().is_empty() && set.caption(Split::Train, 0).is_none(), "nothing else");
}

#[test]
fn real_fashion_mnist() {
    let Some(dir) = shared("data/fashion-mnist") else { return };
    let set = opened(&format!("fashion-mnist:{}", dir.display())).expect("Fashion-MNIST");
    let found = mean(all_images(&*set, Split::Train).data());
    assert!((found - 0.2860).abs() < 5e-5, "mean {found}");
    assert_eq!(class_counts(&*set, Split::Train), [6000; 10], "training classes");
    assert_eq!(class_counts(&*set, Split::Test), [1000; 10], "test classes");
    assert_eq!(set.class_names()[9], "Ankle boot", "the first image's class");
    assert_eq!(set.label(Split::Train, 0), Some(9), "the first image is an ankle boot");
}

#[test]
fn real_cifar10() {
    let Some(dir) = shared("data/cifar10") else { return };
    let set = opened(&format!("cifar10:{}", dir.display())).expect("CIFAR-10");
    assert_eq!(
        (set.len(Split::Train), set.len(Split::Test)),
        (10_000, 10_000),
        "one batch and the test batch"
    );
    assert_eq!(set.shape(), ImageShape::new(3, 32, 32), "shape");
    assert_eq!(class_counts(&*set, Split::Test), [1000; 10], "test classes");
    let train = class_counts(&*set, Split::Train);
    assert_eq!(
        (train.iter().min(), train.iter().max()),
        (Some(&937), Some(&1032)),
        "training classes"
    );
    assert_eq!(
        set.class_names()[set.label(Split::Train, 0).expect("label") as usize],
        "frog",
        "the first image"
    );
    assert_says(&set.warnings().join("\n"), &["1 of 5", "data_batch_1", "10000"]);
    let caption = set.caption(Split::Train, 0).expect("caption");
    assert!(caption.starts_with("a photo of a"), "{caption:?}");
    assert!(!caption.contains(['_', '.']), "{caption:?} is plain words");
}

#[test]
fn idx_spellings_and_values() {
    let dir = tempfile::tempdir().expect("dir");
    tiny_idx(dir.path());
    let check = || {
        let set = opened(&mnist_at(dir.path())).expect("tiny");
        assert_eq!(set.shape(), ImageShape::new(1, 2, 3), "shape");
        assert_eq!((set.len(Split::Train), set.len(Split::Test)), (3, 2), "counts");
        let mut pixels = [f32::NAN; 6];
        set.pixels(Split::Train, 1, &mut pixels);
        assert_close(&pixels, &[6.0, 7.0, 8.0, 9.0, 10.0, 11.0].map(|level| level / 255.0), EXACT);
        set.pixels(Split::Test, 0, &mut pixels);
        assert_close(&pixels[..1], &[100.0 / 255.0], EXACT);
        assert_eq!(set.label(Split::Train, 2), Some(9), "label");
        assert_eq!(set.label(Split::Test, 1), Some(2), "test label");
    };
    check();
    let rename = |from: &str, to: &str| {
        fs::rename(dir.path().join(from), dir.path().join(to)).expect("rename");
    };
    rename("train-images-idx3-ubyte", "train-images.idx3-ubyte");
    rename("t10k-labels-idx1-ubyte.gz", "t10k-labels.idx1-ubyte.gz");
    check();
    // A browser may unpack a file and keep its name.
    rename("train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz");
    check();
}

#[test]
fn missing_idx_files_are_named() {
    let dir = tempfile::tempdir().expect("dir");
    tiny_idx(dir.path());
    fs::remove_file(dir.path().join("t10k-labels-idx1-ubyte.gz")).expect("remove");
    fs::remove_file(dir.path().join("train-images-idx3-ubyte")).expect("remove");
    let message = refusal(&mnist_at(dir.path()));
    assert_says(
        &message,
        &["train-images-idx3-ubyte[.gz]", "t10k-labels-idx1-ubyte[.gz]", "zscope data fetch mnist"],
    );
    assert!(!message.contains("train-labels"), "{message:?} names only what is missing");
    assert!(message.ends_with(&dir.path().display().to_string()), "{message:?} ends with the path");
}

#[test]
fn hostile_idx_files_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let hostile = |name: &str, bytes: &[u8], words: &[&str]| {
        tiny_idx(dir.path());
        fs::write(dir.path().join(name), bytes).expect("write");
        assert_says(&refusal(&mnist_at(dir.path())), words);
    };
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    let data = [0u8; 18];
    hostile(images, &idx(&[2052, 3, 2, 3], &data), &["magic number 2052", "2051", images]);
    hostile(images, &idx(&[2051, u32::MAX, 1024, 1024], &data), &["4294967295 images", "10000000"]);
    hostile(images, &idx(&[2051, 10_000_000, 1024, 1024], &data), &["8 GiB"]);
    hostile(images, &idx(&[2051, 10_000_000, 28, 28], &data), &["18 bytes of data", "7840000000"]);
    hostile(images, &idx(&[2051, 3, 0, 3], &data), &["3 images of 0×3"]);
    hostile(images, &idx(&[2051, 0, 2, 3], &[]), &["0 images"]);
    hostile(images, &idx(&[2051, 3, 2, 3], &[0; 19]), &["further bytes"]);
    hostile(images, &gzip(&idx(&[2051, 3, 2, 3], &vec![0; 10_000_000])), &["further bytes"]);
    hostile(images, &gzip(&idx(&[2051, 3, 2, 3], &data))[..30], &["read a data file"]);
    hostile(images, &idx(&[2051, 4, 2, 3], &[0; 24]), &["3 labels", "4", images, labels]);
    hostile("t10k-images-idx3-ubyte", &idx(&[2051, 2, 3, 2], &[0; 12]), &["3×2", "2×3"]);
    hostile(labels, &idx(&[2051, 3], &[1, 2, 3]), &["magic number 2051", "2049"]);
    hostile(labels, &idx(&[2049, 3], &[1, 10, 3]), &["label 10"]);

    let whole = idx(&[2051, 3, 2, 3], &data);
    for len in 0..whole.len() {
        hostile(images, &whole[..len], &["read IDX images", "bytes", images]);
    }
    let whole = idx(&[2049, 3], &[1, 2, 3]);
    for len in 0..whole.len() {
        hostile(labels, &whole[..len], &["read IDX labels", "bytes", labels]);
    }
}

/// A CIFAR-10 record: a label and three planes of one level each.
fn record(label: u8, levels: [u8; 3]) -> Vec<u8> {
    let planes = levels.iter().flat_map(|&level| [level; 1024]);
    std::iter::once(label).chain(planes).collect()
}

#[test]
fn cifar10_batches_that_are_there() {
    let dir = tempfile::tempdir().expect("dir");
    let text = format!("cifar10:{}", dir.path().display());
    assert_says(&refusal(&text), &["data_batch_1.bin[.gz]", "zscope data fetch cifar10"]);

    let batch: Vec<u8> = (0..20).flat_map(|n| record(n % 10, [n, 100, 200])).collect();
    fs::write(dir.path().join("data_batch_4.bin"), &batch).expect("write");
    let set = opened(&text).expect("one batch");
    assert_eq!((set.len(Split::Train), set.len(Split::Test)), (18, 2), "a tenth is held out");
    assert_says(&set.warnings().join("\n"), &["data_batch_4", "tenth"]);
    let moved = opened(&format!("{text}?seed=1")).expect("one batch");
    assert_ne!(
        all_images(&*set, Split::Test),
        all_images(&*moved, Split::Test),
        "the seed chooses"
    );

    fs::write(dir.path().join("data_batch_2.bin.gz"), gzip(&record(5, [1, 2, 3]))).expect("write");
    fs::write(dir.path().join("test_batch.bin"), record(1, [4, 5, 6])).expect("write");
    fs::write(dir.path().join("test_batch.filenames.txt"), "estate_car_s_000017.png\n")
        .expect("write");
    let set = opened(&text).expect("three batches");
    assert_eq!((set.len(Split::Train), set.len(Split::Test)), (21, 1), "batches in order");
    assert_eq!(set.label(Split::Train, 0), Some(5), "data_batch_2 comes first");
    let mut pixels = vec![f32::NAN; 3072];
    set.pixels(Split::Test, 0, &mut pixels);
    for (plane, level) in pixels.chunks(1024).zip([4.0, 5.0, 6.0]) {
        assert_close(plane, &[level / 255.0; 1024], EXACT);
    }
    assert_eq!(
        set.caption(Split::Test, 0).as_deref(),
        Some("a photo of an estate car"),
        "the finer noun"
    );
    assert_eq!(set.caption(Split::Train, 0).as_deref(), Some("a photo of a dog"), "the class");
}

#[test]
fn hostile_cifar10_batches_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let text = format!("cifar10:{}", dir.path().display());
    let whole = record(3, [0; 3]);
    for (bytes, words) in [
        (Vec::new(), ["0 bytes", "records of 3073"]),
        (whole[..3072].to_vec(), ["3072 bytes", "records of 3073"]),
        (gzip(&[&whole[..], &[1]].concat()), ["3074 bytes", "records of 3073"]),
        (record(10, [0; 3]), ["label 10", "0 to 9"]),
        (gzip(&vec![0; 100_001 * 3073]), ["more than 307300000 bytes", "100000 records"]),
        (gzip(&whole)[..20].to_vec(), ["read a data file", "data_batch_1.bin"]),
    ] {
        fs::write(dir.path().join("data_batch_1.bin"), bytes).expect("write");
        assert_says(&refusal(&text), &words);
    }
}
