//! Files in and out: round trips, files of others, hostile files, and nothing half-written.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use rand::RngExt as _;
use zscope::array::{Array, NamedArrays};
use zscope::formats::arrays::{ArrayFile, Indices, NamedIndices, write_arrays};
use zscope::formats::pictures::{
    read_levels, read_picture, sheet, strips, write_folder, write_picture,
};
use zscope::formats::{FormatError, write_whole, write_whole_folder};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, stream, uniforms};

use crate::common::{Tolerance, assert_close, first_difference};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
    let mut names: Vec<_> = entries.map(|entry| name(entry).expect("text")).collect();
    names.sort_unstable();
    names
}

fn array<const N: usize>(shape: [usize; N], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("values fill the shape")
}

#[test]
fn files_are_whole_or_not_there() {
    let folder = folder();
    let path = folder.path().join("a.txt");
    write_whole(&path, |out| out.write_all(b"first")).expect("written");
    write_whole(&path, |out| out.write_all(b"second")).expect("replaced");
    assert_eq!(fs::read(&path).expect("there"), b"second");
    let failed = write_whole(&path, |out| {
        out.write_all(b"half")?;
        Err(io::Error::other("the disk is full"))
    });
    let message = failed.expect_err("it failed").to_string();
    assert_eq!(message, format!("cannot write: the disk is full: {}", path.display()));
    let panicked = std::panic::catch_unwind(|| write_whole(&path, |_| panic!("while writing")));
    assert!(panicked.is_err(), "the panic goes on");
    assert_eq!(fs::read(&path).expect("there"), b"second", "the old content stays");
    assert_eq!(names(folder.path()), ["a.txt"], "no temporary stays behind");
    assert!(write_whole(&folder.path().join("no/such/folder"), |_| Ok(())).is_err(), "no folder");
    assert!(write_whole(folder.path(), |_| Ok(())).is_err(), "a folder is not replaced by a file");
    assert!(write_whole(Path::new("/"), |_| Ok(())).is_err(), "no name");
}

#[test]
fn folders_are_whole_or_not_there() {
    let base = folder();
    let path = base.path().join("step-1");
    let write = |text: &'static str| {
        move |folder: &Path| write_whole(&folder.join("a"), |out| out.write_all(text.as_bytes()))
    };
    write_whole_folder(&path, |_| Ok(())).expect("an empty one");
    write_whole_folder(&path, write("x")).expect("an empty folder is replaced");
    let refused = write_whole_folder(&path, write("y")).expect_err("not empty");
    assert!(matches!(refused, FormatError::Io { .. }) && refused.path() == path, "{refused}");
    assert_eq!(fs::read(path.join("a")).expect("there"), b"x", "the old content stays");
    let other = base.path().join("step-2");
    let failed = write_whole_folder(&other, |folder| write_whole(&folder.join("no/a"), |_| Ok(())));
    assert!(failed.is_err() && names(base.path()) == ["step-1"], "nothing of the failed one stays");
}

/// Arrays with every kind of value, empty and scalar shapes, and texts.
fn sample() -> (NamedArrays, NamedIndices, BTreeMap<String, String>) {
    let odd = [1.5, -0.0, f32::MIN_POSITIVE, 1e-45, f32::MAX, f32::INFINITY];
    let arrays = [
        ("decoder.0.weight", array([2, 3], &odd)),
        ("scalar", array([], &[7.0])),
        ("empty", array([0, 3], &[])),
    ];
    let indices = Indices { shape: vec![1, 2, 2], data: vec![0, -1, i32::MAX, i32::MIN] };
    let texts = [("made", "by \"us\""), ("a", "1"), ("z", "ü")];
    (
        arrays.map(|(name, array)| (name.to_owned(), array)).into(),
        [("indices".to_owned(), indices)].into(),
        texts.map(|(key, text)| (key.to_owned(), text.to_owned())).into(),
    )
}

#[test]
fn arrays_come_back_bit_for_bit() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    let (arrays, indices, texts) = sample();
    write_arrays(&path, &arrays, &indices, &texts).expect("written");
    let file = ArrayFile::open(&path).expect("read");
    assert_eq!(file.names(), ["decoder.0.weight", "empty", "indices", "scalar"]);
    assert_eq!(file.shape("indices"), Some(&[1, 2, 2][..]));
    assert!(file.is_integer("indices") && !file.is_integer("scalar"), "types are kept");
    for (name, array) in &arrays {
        let found = file.array(name).expect(name);
        assert_eq!(found.shape(), array.shape(), "{name}");
        let bits = |a: &Array| a.data().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(array), "{name}");
    }
    assert_eq!(file.indices("indices").expect("whole numbers"), indices["indices"]);
    assert_eq!(file.array("indices").expect("as f32").data()[..2], [0.0, -1.0]);
    assert_eq!(file.texts(), texts);
    assert_eq!(file.arrays().expect("all").len(), 4);
    let again = folder.path().join("b.safetensors");
    write_arrays(&again, &arrays, &indices, &texts).expect("written");
    assert_eq!(
        fs::read(&path).expect("a"),
        fs::read(&again).expect("b"),
        "the same bytes each time"
    );
    let bytes = fs::read(&path).expect("a");
    let crates = safetensors::SafeTensors::deserialize(&bytes).expect("the crate reads it too");
    assert_eq!(crates.tensor("scalar").expect("scalar").data(), 7f32.to_le_bytes());
    assert_eq!(u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) % 8, 0, "aligned");
}

#[test]
fn nothing_in_is_nothing_out() {
    let folder = folder();
    let path = folder.path().join("empty.safetensors");
    write_arrays(&path, &NamedArrays::new(), &NamedIndices::new(), &BTreeMap::new())
        .expect("written");
    let file = ArrayFile::open(&path).expect("read");
    assert!(file.names().is_empty() && file.texts().is_empty(), "empty");
    let message = file.array("x").expect_err("nothing there").to_string();
    assert!(message.contains("no array at all (expected an array named x)"), "{message}");
}

#[test]
fn names_must_be_their_own() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    let (arrays, mut indices, texts) = sample();
    indices.insert("scalar".into(), indices["indices"].clone());
    let twice = write_arrays(&path, &arrays, &indices, &texts).expect_err("twice");
    assert!(twice.to_string().contains("a second scalar"), "{twice}");
    let reserved = [("__metadata__".to_owned(), array([1], &[0.0]))].into();
    assert!(
        write_arrays(&path, &reserved, &NamedIndices::new(), &BTreeMap::new()).is_err(),
        "reserved"
    );
    let short = [("x".to_owned(), Indices { shape: vec![3], data: vec![1] })].into();
    assert!(
        write_arrays(&path, &NamedArrays::new(), &short, &BTreeMap::new()).is_err(),
        "too short"
    );
    assert!(names(folder.path()).is_empty(), "nothing was written");
}

/// A file with this header and these bytes of arrays.
fn file_of(folder: &Path, header: &str, data: &[u8]) -> std::path::PathBuf {
    let path = folder.join("made.safetensors");
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    fs::write(&path, bytes).expect("written");
    path
}

/// A file with one array `x`.
fn file_with(folder: &Path, dtype: &str, shape: &str, data: &[u8]) -> std::path::PathBuf {
    let len = data.len();
    let header =
        format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{len}]}}}}"#);
    file_of(folder, &header, data)
}

#[test]
fn other_types_are_converted() {
    let folder = folder();
    let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x0001, 0x7c00, 0x3555, 0x7bff, 0x8000]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    let f16 = [1.0, -2.0, 5.960_464_5e-8, f32::INFINITY, 0.333_251_95, 65504.0, -0.0];
    let bf16: Vec<u8> = [0x3f80u16, 0xc040].into_iter().flat_map(u16::to_le_bytes).collect();
    let f64s: Vec<u8> = [0.1f64, -1e300].into_iter().flat_map(f64::to_le_bytes).collect();
    let i64s: Vec<u8> = [-3i64, 1 << 20].into_iter().flat_map(i64::to_le_bytes).collect();
    let cases: [(&str, &[u8], &[f32]); 5] = [
        ("F16", &halves, &f16),
        ("BF16", &bf16, &[1.0, -3.0]),
        ("F64", &f64s, &[0.1, f32::NEG_INFINITY]),
        ("I64", &i64s, &[-3.0, 1_048_576.0]),
        ("U8", &[0, 255], &[0.0, 255.0]),
    ];
    for (dtype, bytes, expected) in cases {
        let path = file_with(folder.path(), dtype, &format!("[{}]", expected.len()), bytes);
        let file = ArrayFile::open(&path).expect(dtype);
        assert_eq!(file.array("x").expect(dtype).data(), expected, "{dtype}");
        let whole = file.indices("x");
        assert_eq!(whole.is_ok(), file.is_integer("x"), "{dtype}: {whole:?}");
    }
    let nan = file_with(folder.path(), "F16", "[1]", &0x7e00u16.to_le_bytes());
    assert!(ArrayFile::open(&nan).expect("F16").array("x").expect("x").data()[0].is_nan(), "NaN");
    let wide = file_with(folder.path(), "I64", "[1]", &(1i64 << 40).to_le_bytes());
    let error = ArrayFile::open(&wide).expect("I64").indices("x").expect_err("too wide");
    assert!(error.to_string().contains("expected whole numbers that fit i32"), "{error}");
    let other = file_with(folder.path(), "U16", "[1]", &[0, 0]);
    let error = ArrayFile::open(&other).expect("U16").array("x").expect_err("not read");
    assert!(error.to_string().contains("x of type U16 (expected f32, "), "{error}");
}

#[test]
fn hostile_array_files_are_refused() {
    let folder = folder();
    let made = |header: &str, data: &[u8]| ArrayFile::open(&file_of(folder.path(), header, data));
    let one = |shape: &str, offsets: &str| {
        format!(r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    assert!(made(&one("[1]", "[0,4]"), &[0; 4]).is_ok(), "control: a good file opens");
    let bad = [
        ("no JSON", "nonsense".to_owned()),
        ("no object", "[]".to_owned()),
        ("deep", "[".repeat(100_000)),
        ("other length", one("[2]", "[0,4]")),
        ("more than the file", one("[1000000000000]", "[0,4000000000000]")),
        ("overflow", one("[4611686018427387904,4]", "[0,4]")),
        ("hidden overflow", one("[0,4611686018427387904,16]", "[0,0]")),
        ("negative", one("[-1]", "[0,4]")),
        ("backwards", one("[1]", "[4,0]")),
        ("a gap", one("[1]", "[4,8]")),
        ("unknown type", one("[1]", "[0,4]").replace("F32", "F99")),
        ("left over", "{}".to_owned()),
    ];
    for (what, header) in bad {
        let error = made(&header, &[0; 4]).expect_err(what);
        let message = error.to_string();
        assert!(
            message.starts_with("cannot read arrays: ") && message.ends_with(".safetensors"),
            "{message}"
        );
        assert!(message.contains("(expected a whole safetensors file)"), "{what}: {message}");
    }
    let raw = folder.path().join("raw.safetensors");
    for bytes in [&b""[..], b"1234567", &[0xff; 8], &[0xff; 64], &(1u64 << 40).to_le_bytes()] {
        fs::write(&raw, bytes).expect("written");
        assert!(ArrayFile::open(&raw).is_err(), "{bytes:?}");
    }
    assert!(ArrayFile::open(folder.path()).is_err(), "a folder");
    let missing = ArrayFile::open(&folder.path().join("none")).expect_err("missing");
    assert!(matches!(missing, FormatError::Io { .. }), "{missing}");
}

#[test]
fn damaged_array_files_never_panic() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    let (arrays, indices, texts) = sample();
    write_arrays(&path, &arrays, &indices, &texts).expect("written");
    let good = fs::read(&path).expect("there");
    let mut rng = stream(1, 0, Purpose::Evaluate);
    for _ in 0..500 {
        let mut bytes = good.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        bytes.truncate(rng.random_range(0..=good.len()));
        fs::write(&path, &bytes).expect("written");
        if let Ok(file) = ArrayFile::open(&path) {
            let _read =
                (file.arrays(), file.names().iter().map(|n| file.indices(n)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn pictures_come_back() {
    let folder = folder();
    for (c, h, w) in [(1, 28, 28), (3, 32, 32), (3, 7, 13), (1, 1, 1)] {
        // Values that are 8-bit levels survive exactly.
        let levels = uniforms(1, h as u64, Purpose::Shapes, c * h * w, 0.0, 255.99);
        let image = array([c, h, w], &levels.iter().map(|x| x.floor() / 255.0).collect::<Vec<_>>());
        let shape = ImageShape::new(c, h, w);
        let path = folder.path().join("a.PNG");
        write_picture(&path, &image).expect("written");
        assert_close(
            read_picture(&path, shape).expect("read").data(),
            image.data(),
            Tolerance::TIGHT,
        );
    }
    let smooth: Vec<f32> = (0..3 * 64).map(|i| (i % 64) as f32 / 63.0).collect();
    let smooth = array([3, 8, 8], &smooth);
    let path = folder.path().join("a.jpg");
    write_picture(&path, &smooth).expect("written");
    let read = read_picture(&path, ImageShape::new(3, 8, 8)).expect("read");
    assert_close(read.data(), smooth.data(), Tolerance { abs: 0.03, rel: 0.0 }); // lossy
    assert!(
        first_difference(read.data(), &[0.5; 192], Tolerance { abs: 0.03, rel: 0.0 }).is_some(),
        "control"
    );
}

#[test]
fn values_out_of_range_are_clamped() {
    let folder = folder();
    let path = folder.path().join("a.png");
    let odd = array([1, 1, 4], &[-1.0, 2.0, f32::NAN, 0.5]);
    write_picture(&path, &odd).expect("written");
    let levels = read_levels(&path, ImageShape::new(1, 1, 4)).expect("read");
    assert_eq!(levels, [0, 255, 0, 128]);
}

/// Writes a picture of `pixels` with red, green, blue and opacity.
fn rgba(path: &Path, w: u32, h: u32, pixels: &[[u8; 4]]) {
    image::RgbaImage::from_raw(w, h, pixels.concat())
        .expect("pixels fill it")
        .save(path)
        .expect("saved");
}

#[test]
fn pictures_are_composited_cropped_and_converted() {
    let folder = folder();
    let path = folder.path().join("a.png");
    let (clear, half, red) = ([9, 9, 9, 0], [0, 0, 0, 128], [255, 0, 0, 255]);
    rgba(&path, 3, 1, &[clear, half, red]);
    let read = |c, h, w| read_levels(&path, ImageShape::new(c, h, w)).expect("read");
    assert_eq!(
        read(3, 1, 3),
        [255, 127, 255, 255, 127, 0, 255, 127, 0],
        "laid on white, channels outermost"
    );
    assert_eq!(read(1, 1, 3), [255, 127, 76], "Rec. 601 luma of red is 76");
    assert_eq!(read(1, 1, 1), [127], "the middle is kept");
    assert_eq!(read(3, 2, 2).len(), 12, "small pictures grow");
    // 4×2 to 1×1: the middle 2×2, averaged with more weight on nothing in particular.
    let (black, white) = ([0, 0, 0, 255], [255; 4]);
    rgba(&path, 4, 2, &[red, black, white, red, red, white, black, red]);
    let [level] = read(1, 1, 1)[..] else { panic!("one pixel") };
    assert!((126..=129).contains(&level), "the average of the middle is grey, not {level}");
    // A constant picture stays constant at any size.
    rgba(&path, 5, 5, &[[10, 20, 30, 255]; 25]);
    assert_eq!(read(3, 3, 7), [[10; 21], [20; 21], [30; 21]].concat(), "constant");
}

#[test]
fn extreme_proportions_are_read() {
    let folder = folder();
    let path = folder.path().join("a.png");
    rgba(&path, 300, 1, &[[7, 7, 7, 255]; 300]);
    for (h, w) in [(1, 1), (64, 64), (9, 1), (1, 300), (2, 1000)] {
        let levels = read_levels(&path, ImageShape::new(1, h, w)).expect("read");
        assert_eq!(levels, vec![7; h * w], "{h}×{w}");
    }
}

#[test]
fn hostile_pictures_are_refused() {
    let folder = folder();
    let path = folder.path().join("a.png");
    let read = |shape| read_picture(&path, shape);
    let shape = ImageShape::new(3, 8, 8);
    rgba(&path, 2, 2, &[[1; 4]; 4]);
    assert!(read(shape).is_ok(), "control: a good picture is read");
    for bad in [ImageShape::new(2, 8, 8), ImageShape::new(3, 0, 8), ImageShape::new(0, 8, 8)] {
        assert!(read(bad).is_err(), "{bad}");
    }
    let good = fs::read(&path).expect("there");
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    // Sixteen bytes that promise two gigabytes.
    let bomb = b"farbfeld\0\0\x40\0\0\0\x40\0";
    for bytes in [&b""[..], b"not a picture", &good[..good.len() / 2], &huge, bomb] {
        fs::write(&path, bytes).expect("written");
        let message = read(shape).expect_err("refused").to_string();
        assert!(
            message.starts_with("cannot read a picture: ") && message.ends_with("a.png"),
            "{message}"
        );
    }
    let mut rng = stream(1, 0, Purpose::Evaluate);
    for _ in 0..300 {
        let mut bytes = good.clone();
        let at = rng.random_range(0..bytes.len());
        bytes[at] = rng.random();
        fs::write(&path, &bytes).expect("written");
        let _read = read(shape);
    }
    assert!(read_picture(folder.path(), shape).is_err(), "a folder");
    assert!(read_picture(&folder.path().join("none.png"), shape).is_err(), "missing");
}

#[test]
fn pictures_of_other_shapes_and_names_are_not_written() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let image = array([1, 2, 2], &[0.0; 4]);
    for name in ["a.gif", "a", "a.png.txt"] {
        let error = write_picture(&at(name), &image).expect_err(name);
        assert!(error.to_string().contains("(expected .png or .jpg)"), "{error}");
    }
    for shape in [vec![2, 2], vec![2, 1, 1], vec![1, 0, 4], vec![1, 1, 2, 2], vec![]] {
        assert!(write_picture(&at("a.png"), &Array::zeros(shape.clone())).is_err(), "{shape:?}");
    }
    assert!(names(folder.path()).is_empty(), "nothing was written");
}

#[test]
fn sheets_by_hand() {
    let images = array([3, 1, 1, 2], &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    let g = 0.5;
    let expected = [0.1, 0.2, g, 0.3, 0.4, g, g, g, g, g, 0.5, 0.6, g, g, g];
    assert_eq!(sheet(&images, 2, 1), array([1, 3, 5], &expected), "two columns");
    assert_eq!(sheet(&images, 9, 0), array([1, 1, 6], images.data()), "one row, no gutter");
    let colours = array([2, 3, 1, 1], &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    let expected = [0.1, g, g, 0.4, 0.2, g, g, 0.5, 0.3, g, g, 0.6];
    assert_eq!(sheet(&colours, 2, 2), array([3, 1, 4], &expected), "planes stay apart");
    let rows = strips(&[&images, &images], 1);
    assert_eq!((rows.shape(), &rows.data()[..2]), (&[1, 3, 8][..], &[0.1, 0.2][..]), "two rows");
    assert_eq!(rows.data()[16..18], [0.1, 0.2], "the second row is the second batch");
}

#[test]
fn folders_of_pictures() {
    let base = folder();
    let path = base.path().join("out");
    let images = array([2, 1, 1, 2], &[0.0, 1.0, 1.0, 0.0]);
    write_folder(&path, &images).expect("written");
    assert_eq!(names(&path), ["000000.png", "000001.png"]);
    let second = read_levels(&path.join("000001.png"), ImageShape::new(1, 1, 2)).expect("read");
    assert_eq!(second, [255, 0]);
    assert!(write_folder(&path, &images).is_err(), "a folder with content is not overwritten");
    assert!(
        write_folder(&base.path().join("bad"), &Array::zeros([2, 4, 1, 1])).is_err(),
        "four channels"
    );
    assert!(write_folder(&base.path().join("bad"), &Array::zeros([2, 4])).is_err(), "no pictures");
    assert_eq!(names(base.path()), ["out"], "nothing half-written");
}
