//! dSprites: the real subsets, archives made by hand, and hostile ones.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};
use zscope::data::{
    DataError, DataSpec, Dataset, DspritesOptions, FactorKind, Split, Watch, class_counts, open,
    open_watched, recognise,
};
use zscope::picture::ImageShape;

use super::{all_images, assert_says, opened, refusal};
use crate::common::{Tolerance, assert_close, shared};

/// Means over 16 and 4 bits have exact values.
const EXACT: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };
/// Images of the archive made by hand; prime.
const COUNT: usize = 23;
const SPLITS: [Split; 2] = [Split::Train, Split::Test];

/// A `.npy` file of version 1.
fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy_with(&format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"), data)
}

fn npy_with(header: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{header:<117}\n");
    let len = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), data].concat()
}

/// The bytes of a `.npz` file.
fn npz(method: CompressionMethod, entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        writer.start_file(format!("{name}.npy"), options).expect("memory");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

/// Where the one pixel of an image is lit: column and row.
fn lit(image: usize) -> [usize; 2] {
    [(image * 7 + 3) % 64, (image * 11 + 62) % 64]
}

/// Black images with one pixel lit, all at a different place.
fn pixels(count: usize) -> Vec<u8> {
    let mut all = vec![0; count * 4096];
    for image in 0..count {
        let [column, row] = lit(image);
        all[image * 4096 + row * 64 + column] = 1;
    }
    all
}

/// Five values an image; the fourth, x, tells which one it is.
fn causes(image: usize) -> [f64; 5] {
    let x = image as f64 / (COUNT - 1) as f64;
    [(image % 3 + 1) as f64, 0.5 + 0.1 * (image % 6) as f64, 0.25 * image as f64, x, 1.0 - x]
}

fn latents(count: usize) -> Vec<u8> {
    (0..count).flat_map(causes).flat_map(f64::to_le_bytes).collect()
}

fn array_of_images(count: usize) -> Vec<u8> {
    npy("|u1", &format!("({count}, 64, 64)"), &pixels(count))
}

fn array_of_latents(count: usize) -> Vec<u8> {
    npy("<f8", &format!("({count}, 5)"), &latents(count))
}

/// A whole archive.
fn whole(count: usize) -> Vec<u8> {
    let pickle = npy("|O", "()", b"\x80\x04cos\nsystem\n(S'touch hacked'\ntR.");
    let entries = [
        ("metadata", pickle),
        ("imgs", array_of_images(count)),
        ("latents_values", array_of_latents(count)),
    ];
    npz(CompressionMethod::Deflated, &entries)
}

fn write(dir: &Path, bytes: &[u8]) -> String {
    let path = dir.join("dsprites.npz");
    fs::write(&path, bytes).expect("write");
    format!("dsprites:{}", path.display())
}

/// Which image of the archive made by hand this is.
fn which(set: &dyn Dataset, split: Split, index: usize) -> usize {
    let factors = set.factor_values(split, index).expect("factors");
    (factors[3] * (COUNT - 1) as f32).round() as usize
}

fn places(set: &dyn Dataset) -> Vec<(Split, usize)> {
    SPLITS.into_iter().flat_map(|split| (0..set.len(split)).map(move |i| (split, i))).collect()
}

#[test]
fn images_and_factors_belong_together() {
    let dir = tempfile::tempdir().expect("dir");
    let set = opened(&write(dir.path(), &whole(COUNT))).expect("archive");
    assert_eq!((set.name(), set.shape()), ("dSprites", ImageShape::new(1, 64, 64)), "what it is");
    assert_eq!(set.class_names(), ["square", "ellipse", "heart"], "classes");
    let names: Vec<&str> = set.factors().iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["shape", "scale", "orientation", "x", "y"], "factors");
    let tau = std::f32::consts::TAU;
    assert_eq!(set.factors()[2].kind, FactorKind::Continuous { lo: 0.0, hi: tau }, "a whole turn");
    for (split, index) in places(&*set) {
        let image = which(&*set, split, index);
        let [shape, others @ ..] = causes(image);
        let expected: Vec<f32> =
            [shape - 1.0].iter().chain(&others).map(|&value| value as f32).collect();
        let factors = set.factor_values(split, index).expect("factors");
        assert_close(&factors, &expected, EXACT);
        assert_eq!(set.label(split, index), Some(image as u32 % 3), "the shape is the class");
        let mut found = vec![f32::NAN; 4096];
        set.pixels(split, index, &mut found);
        let [column, row] = lit(image);
        let mut expected = vec![0.0; 4096];
        expected[row * 64 + column] = 1.0;
        assert_close(&found, &expected, EXACT);
    }
}

#[test]
fn captions_say_what_is_seen() {
    let dir = tempfile::tempdir().expect("dir");
    let set = opened(&write(dir.path(), &whole(COUNT))).expect("archive");
    let caption = |wanted: usize| {
        let place = places(&*set).into_iter().find(|&(split, i)| which(&*set, split, i) == wanted);
        let (split, index) = place.expect("every image is in a part");
        set.caption(split, index).expect("caption")
    };
    assert_eq!(caption(0), "a small square, bottom left", "scale 0.5 at (0, 1)");
    assert_eq!(caption(11), "a large heart, centre", "scale 1.0 at (0.5, 0.5)");
    assert_eq!(caption(22), "a large ellipse, top right", "scale 0.9 at (1, 0)");
}

#[test]
fn smaller_images_are_means_over_blocks() {
    let dir = tempfile::tempdir().expect("dir");
    let mut images = vec![0; 2 * 4096];
    // In both images: 3 of the 4×4 pixels at the top left, all of the 4×4 at the bottom right.
    for start in [0, 4096] {
        for at in [0, 64 + 1, 3 * 64 + 3] {
            images[start + at] = 1;
        }
        for at in 0..16 {
            images[start + (60 + at / 4) * 64 + 60 + at % 4] = 1;
        }
    }
    let entries =
        [("imgs", npy("|u1", "(2, 64, 64)", &images)), ("latents_values", array_of_latents(2))];
    let text = write(dir.path(), &npz(CompressionMethod::Stored, &entries));
    for (size, corner) in [(64, vec![1.0, 0.0]), (32, vec![0.5, 0.0]), (16, vec![0.1875, 0.0])] {
        let set = opened(&format!("{text}?size={size}")).expect("archive");
        assert_eq!(set.shape(), ImageShape::new(1, size, size), "shape");
        let mut found = vec![f32::NAN; size * size];
        set.pixels(Split::Train, 0, &mut found);
        assert_close(&found[..2], &corner, EXACT);
        assert_close(&found[size * size - 1..], &[1.0], EXACT);
        let sum: f32 = found.iter().sum::<f32>() * ((64 / size) as f32).powi(2);
        assert_close(&[sum], &[19.0], EXACT);
    }
    let set = opened(&format!("{text}?size=32")).expect("archive");
    let mut found = vec![f32::NAN; 1024];
    set.pixels(Split::Train, 0, &mut found);
    assert_close(&[found[33], found[32]], &[0.25, 0.0], EXACT);

    let file = dir.path().join("dsprites.npz");
    let options = DspritesOptions { size: 48, seed: 0 };
    let message = open(&DataSpec::Dsprites { file, options }).err().expect("48").to_string();
    assert_says(&message, &["`size`", "48", "16, 32, 64"]);
}

#[test]
fn the_original_has_a_column_for_the_colour() {
    let dir = tempfile::tempdir().expect("dir");
    let values: Vec<u8> = (0..COUNT)
        .flat_map(|image| std::iter::once(1.0).chain(causes(image)))
        .flat_map(f64::to_le_bytes)
        .collect();
    let entries = [
        ("imgs", array_of_images(COUNT)),
        // As Python 2 wrote it where integers were short.
        ("latents_values", npy("<f8", "(23L, 6L)", &values)),
    ];
    let six = opened(&write(dir.path(), &npz(CompressionMethod::Deflated, &entries))).expect("6");
    let five = opened(&write(dir.path(), &whole(COUNT))).expect("5");
    for (split, index) in places(&*five) {
        let [six, five] = [&six, &five].map(|set| set.factor_values(split, index));
        assert_eq!(six, five, "the colour is left out");
    }
}

#[test]
fn the_seed_chooses_the_test_part() {
    let dir = tempfile::tempdir().expect("dir");
    let text = write(dir.path(), &whole(COUNT));
    let members = |text: &str| {
        let set = opened(text).expect("archive");
        assert_eq!((set.len(Split::Train), set.len(Split::Test)), (21, 2), "a tenth");
        let mut all: Vec<usize> =
            places(&*set).into_iter().map(|(split, i)| which(&*set, split, i)).collect();
        let test = all.split_off(21);
        assert!(!all.contains(&test[0]) && !all.contains(&test[1]), "no image is in both parts");
        all.extend(&test);
        all.sort_unstable();
        assert_eq!(all, (0..COUNT).collect::<Vec<_>>(), "every image is in one part");
        test
    };
    assert_eq!(members(&text), members(&format!("{text}?seed=0")), "the same every time");
    let differ = (1..5).filter(|seed| members(&text) != members(&format!("{text}?seed={seed}")));
    assert!(differ.count() >= 3, "other seeds, other parts");
}

#[test]
fn real_subset() {
    let Some(dir) = shared("data/dsprites") else { return };
    let text = format!("dsprites:{}", dir.join("dsprites_subset.npz").display());
    let set = opened(&text).expect("subset");
    assert_eq!(
        (set.len(Split::Train), set.len(Split::Test)),
        (18_000, 2_000),
        "a tenth is held out"
    );
    let [train, test] = SPLITS.map(|split| class_counts(&*set, split));
    let shapes: Vec<usize> = train.iter().zip(&test).map(|(train, test)| train + test).collect();
    assert_eq!(shapes, [6617, 6636, 6747], "squares, ellipses, hearts, counted in the file");
    let sum = |set: &dyn Dataset| {
        let sums = SPLITS.map(|split| {
            all_images(set, split).data().iter().map(|&value| value as f64).sum::<f64>()
        });
        sums[0] + sums[1]
    };
    assert!((sum(&*set) - 3_472_999.0).abs() < 0.5, "lit pixels, counted in the file");
    let first: std::collections::BTreeSet<_> =
        (0..20).map(|index| set.label(Split::Test, index)).collect();
    assert_eq!(first.len(), 3, "the file is sorted, the first few held out are of every shape");
    let small = opened(&format!("{text}?size=32")).expect("subset");
    assert!((sum(&*small) * 4.0 - 3_472_999.0).abs() < 0.5, "means keep the sum");

    // Where the shape is seen is where its factors say: over the inner 36 of 64 pixels, right and down.
    let mut image = vec![f32::NAN; 4096];
    for index in (0..2000).step_by(41) {
        set.pixels(Split::Test, index, &mut image);
        let all: f32 = image.iter().sum();
        let centre = |along: fn(usize) -> usize| {
            let sum: f32 = image.iter().enumerate().map(|(at, v)| along(at) as f32 * v).sum();
            sum / all
        };
        let factors = set.factor_values(Split::Test, index).expect("factors");
        for (found, factor) in
            [(centre(|at| at % 64), factors[3]), (centre(|at| at / 64), factors[4])]
        {
            let expected = 15.0 + 33.0 * factor;
            assert!((found - expected).abs() < 3.0, "{found} for {factor}, {factors:?}");
        }
    }
}

#[test]
fn real_grid() {
    let Some(dir) = shared("data/dsprites") else { return };
    let path = dir.join("dsprites_downsampled.npz");
    let spec = recognise(&path).expect("data");
    assert_eq!(spec.to_string(), format!("dsprites:{}", path.display()), "opens by its path");
    let set = open(&spec).expect("grid");
    assert_eq!((set.len(Split::Train), set.len(Split::Test)), (41_472, 4_608), "46,080");
    let [train, test] = SPLITS.map(|split| class_counts(&*set, split));
    let shapes: Vec<usize> = train.iter().zip(&test).map(|(train, test)| train + test).collect();
    assert_eq!(shapes, [15_360; 3], "a whole grid");
    let places = places(&*set);
    for (factor, levels) in [3, 6, 10, 16, 16].into_iter().enumerate() {
        let values: std::collections::BTreeSet<u32> = places
            .iter()
            .map(|&(split, i)| set.factor_values(split, i).expect("factors")[factor].to_bits())
            .collect();
        assert_eq!(values.len(), levels, "values of {}", set.factors()[factor].name);
    }
}

#[test]
fn opening_reports_progress_and_can_be_cancelled() {
    let dir = tempfile::tempdir().expect("dir");
    let spec = write(dir.path(), &whole(COUNT)).parse().expect("spec");
    let (last, cancel) = (AtomicUsize::new(0), AtomicBool::new(false));
    let on_progress = |done: usize, all: usize| {
        assert_eq!((last.swap(done, Ordering::Relaxed) + 1, COUNT), (done, all), "one by one");
    };
    open_watched(&spec, Watch { on_progress: &on_progress, cancel: &cancel }).expect("archive");
    assert_eq!(last.load(Ordering::Relaxed), COUNT, "to the end");
    let stop = |_: usize, _: usize| cancel.store(true, Ordering::Relaxed);
    let stopped = open_watched(&spec, Watch { on_progress: &stop, cancel: &cancel });
    assert!(matches!(stopped.err(), Some(DataError::Cancelled)), "cancelled");
}

#[test]
fn paths_are_recognised_by_what_they_hold() {
    let dir = tempfile::tempdir().expect("dir");
    let text = write(dir.path(), &whole(2));
    let file = dir.path().join("dsprites.npz");
    let kind = |path: &Path| recognise(path).map(|spec| spec.to_string());
    assert_eq!(kind(&file), Some(text), "an archive with imgs");
    let shouting = dir.path().join("A?.NPZ");
    fs::copy(&file, &shouting).expect("copy");
    let spec = recognise(&shouting).expect("an archive all the same");
    assert_eq!(spec.to_string().parse::<DataSpec>().expect("text"), spec, "also with a ? in it");
    let other = npz(CompressionMethod::Stored, &[("weights", npy("<f4", "(1,)", &[0; 4]))]);
    fs::write(&file, other).expect("write");
    assert_eq!(kind(&file), None, "an archive of something else");
    for name in ["broken.npz", "picture.png", "nowhere"] {
        let path = dir.path().join(name);
        if name != "nowhere" {
            fs::write(&path, "neither").expect("write");
        }
        assert_eq!(kind(&path), None, "{name}");
    }
    for (name, file, expected) in [
        ("m", "train-images-idx3-ubyte.gz", "mnist"),
        ("Fashion", "train-images-idx3-ubyte", "fashion-mnist"),
        ("c", "data_batch_3.bin", "cifar10"),
        ("p", "a.png", "folder"),
    ] {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).expect("dir");
        fs::write(folder.join(file), "").expect("write");
        let expected = format!("{expected}:{}", folder.display());
        assert_eq!(kind(&folder), Some(expected), "a folder with {file}");
    }
}

#[test]
fn files_that_are_no_archive_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let at = |name: &str| format!("dsprites:{}", dir.path().join(name).display());
    assert_says(&refusal(&at("nowhere.npz")), &["read a NumPy archive", "nowhere.npz"]);
    assert_says(&refusal(&at("")), &["no file", "NAME.npz"]);
    for bytes in [&b""[..], b"PK", b"not a zip archive at all", &array_of_images(2)] {
        let message = refusal(&write(dir.path(), bytes));
        assert_says(&message, &["read a NumPy archive", "expected", "again", "dsprites.npz"]);
    }
    let bytes = whole(2);
    opened(&write(dir.path(), &bytes)).expect("the whole one");
    for len in 0..bytes.len() {
        refusal(&write(dir.path(), &bytes[..len]));
    }
}

#[test]
fn hostile_arrays_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let hostile = |images: Option<Vec<u8>>, latents: Option<Vec<u8>>, words: &[&str]| {
        let entries = [("imgs", images), ("latents_values", latents)];
        let entries: Vec<_> = entries.into_iter().filter_map(|(n, b)| Some((n, b?))).collect();
        let text = write(dir.path(), &npz(CompressionMethod::Deflated, &entries));
        let message = refusal(&text);
        assert_says(&message, words);
        assert_says(&message, &["read a NumPy archive", "expected", "dsprites.npz"]);
    };
    let [images, latents] = [|| Some(array_of_images(3)), || Some(array_of_latents(3))];
    hostile(None, latents(), &["no array imgs"]);
    hostile(images(), None, &["no array latents_values"]);

    // Types and shapes.
    let image = |dtype, shape| Some(npy(dtype, shape, &pixels(3)));
    hostile(image("<f4", "(3, 64, 64)"), latents(), &["imgs of type \"<f4\"", "\"|u1\""]);
    hostile(image("|O", "(3, 64, 64)"), latents(), &["imgs of type \"|O\""]);
    hostile(image("|u1", "(3, 4096)"), latents(), &["[3, 4096]", "[3, 64, 64]"]);
    hostile(image("|u1", "(2, 64, 64)"), latents(), &["[2, 64, 64]", "3 rows"]);
    hostile(image("|u1", "(4, 64, 64)"), latents(), &["[4, 64, 64]", "3 rows"]);
    hostile(image("|u1", "(2500000, 64, 64)"), latents(), &["2500000", "[3, 64, 64]"]);
    hostile(image("|u1", "(99999999999999999999, 64, 64)"), latents(), &["NumPy header"]);
    hostile(image("|u1", "(-3, 64, 64)"), latents(), &["NumPy header"]);
    let column = "{'descr': '|u1', 'fortran_order': True, 'shape': (3, 64, 64), }";
    hostile(Some(npy_with(column, &pixels(3))), latents(), &["column by column", "row by row"]);
    let values = |shape: &str, count| Some(npy("<f8", shape, &self::latents(count)));
    hostile(images(), values("(3, 4)", 3), &["[3, 4]", "[n, 5] or [n, 6]"]);
    hostile(images(), values("(15,)", 3), &["[15]", "[n, 5] or [n, 6]"]);
    hostile(images(), values("(1, 5)", 1), &["[1, 5]", "2 to 737280"]);
    hostile(images(), values("(737281, 5)", 3), &["737281", "2 to 737280"]);
    hostile(images(), Some(npy(">f8", "(3, 5)", &self::latents(3))), &["type \">f8\"", "\"<f8\""]);

    // Fewer and more values than promised.
    hostile(images(), values("(737280, 5)", 3), &["latents_values", "end early"]);
    hostile(images(), values("(3, 5)", 4), &["latents_values", "further values"]);
    let short = npy("|u1", "(3, 64, 64)", &pixels(3)[..3 * 4096 - 1]);
    hostile(Some(short), latents(), &["imgs", "end early"]);
    let bomb = npy("|u1", "(3, 64, 64)", &vec![0; 20_000_000]);
    hostile(Some(bomb), latents(), &["imgs", "further values"]);

    // Values.
    let mut grey = pixels(3);
    grey[2 * 4096 + 5] = 255;
    hostile(
        Some(npy("|u1", "(3, 64, 64)", &grey)),
        latents(),
        &["level 255 in image 2", "0 and 1"],
    );
    for (at, value) in [(0, 0.0), (0, 4.0), (0, 1.5), (0, f64::NAN), (1, 1.01), (2, 6.3), (4, -0.1)]
    {
        let mut rows = [causes(0), causes(1), causes(2)];
        rows[1][at] = value;
        let bytes: Vec<u8> = rows.into_iter().flatten().flat_map(f64::to_le_bytes).collect();
        let words = ["image 1", "scale 0.5 to 1"];
        hostile(images(), Some(npy("<f8", "(3, 5)", &bytes)), &words);
    }
}

#[test]
fn hostile_headers_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let whole = array_of_images(2);
    let refuse = |images: Vec<u8>, words: &[&str]| {
        let entries = [("imgs", images), ("latents_values", array_of_latents(2))];
        let message = refusal(&write(dir.path(), &npz(CompressionMethod::Deflated, &entries)));
        assert_says(&message, words);
    };
    for len in 0..128 {
        refuse(whole[..len].to_vec(), &["imgs.npy", "within its header"]);
    }
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    refuse(changed(0, 0x92), &["imgs.npy without a NumPy header", "version 1, 2 or 3"]);
    refuse(changed(6, 0), &["without a NumPy header"]);
    refuse(changed(6, 4), &["without a NumPy header"]);
    refuse(changed(9, 0xff), &["without a NumPy header"]);
    // Version 2: four bytes of length, here four thousand million.
    let vast = [b"\x93NUMPY\x02\x00\xff\xff\xff\xff", &whole[10..]].concat();
    refuse(vast, &["without a NumPy header"]);
    let nested = format!("{}'descr': '|u1'", "(".repeat(9000));
    refuse(npy_with(&nested, &pixels(2)), &["without a NumPy header"]);
    let many =
        format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}", "1, ".repeat(99));
    refuse(npy_with(&many, &pixels(2)), &["without a NumPy header"]);
    for header in [
        "",
        "{}",
        "{'descr': 'a type with a name that fills the screen', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '|u1', 'fortran_order': False, }",
        "{'descr': [('shape', '|u1')], 'fortran_order': False, 'shape': (2, 64, 64), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 64, 64",
        "{'descr': '|u1, 'fortran_order': False, 'shape': 2",
    ] {
        refuse(npy_with(header, &pixels(2)), &["without a NumPy header"]);
    }
    // Version 2 with an honest length is read.
    let two = [b"\x93NUMPY\x02\x00\x76\x00\x00\x00", &whole[10..]].concat();
    let entries = [("imgs", two), ("latents_values", array_of_latents(2))];
    opened(&write(dir.path(), &npz(CompressionMethod::Deflated, &entries))).expect("version 2");
}

/// Whatever byte is wrong: an error or the same pictures, never a panic or other pictures.
#[test]
fn wrong_bytes_are_found() {
    let dir = tempfile::tempdir().expect("dir");
    let bytes = whole(3);
    let images = |text: &str| opened(text).map(|set| SPLITS.map(|split| all_images(&*set, split)));
    let expected = images(&write(dir.path(), &bytes)).expect("whole");
    let mut refused = 0;
    for at in 0..bytes.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut wrong = bytes.clone();
            wrong[at] ^= flipped;
            match images(&write(dir.path(), &wrong)) {
                Ok(found) => assert_eq!(found, expected, "byte {at}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > bytes.len(), "{refused} of {} were refused", 3 * bytes.len());
    // A pixel that is another one, in an archive without compression: only the checksum can tell.
    let entries = [("imgs", array_of_images(2)), ("latents_values", array_of_latents(2))];
    let mut stored = npz(CompressionMethod::Stored, &entries);
    let header = stored.windows(6).position(|window| window == b"\x93NUMPY").expect("header");
    stored[header + 128] ^= 1;
    assert_says(&refusal(&write(dir.path(), &stored)), &["checksum"]);
}
