//! Folders of pictures: the real emoji, and folders made for the test.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use zscope::data::{DataError, Dataset, Split, Watch, class_counts, open_watched};
use zscope::picture::{ImageShape, level_from_unit};

use super::{all_images, assert_says, opened, refusal};
use crate::common::shared;

fn folder_at(dir: &Path, options: &str) -> String {
    format!("folder:{}{options}", dir.display())
}

/// Saves a picture of one colour, with the folders above it.
fn save(dir: &Path, name: &str, colour: [u8; 3], width: u32, height: u32) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("parent")).expect("folders");
    RgbImage::from_pixel(width, height, Rgb(colour)).save(path).expect("save");
}

/// The levels of an image as `[c, h, w]`.
fn levels(set: &dyn Dataset, split: Split, index: usize) -> Vec<u8> {
    let mut pixels = vec![f32::NAN; set.shape().len()];
    set.pixels(split, index, &mut pixels);
    pixels.into_iter().map(level_from_unit).collect()
}

/// The first red level of every image of both parts, sorted.
fn reds(set: &dyn Dataset) -> Vec<u8> {
    let mut all: Vec<u8> = [Split::Train, Split::Test]
        .into_iter()
        .flat_map(|split| (0..set.len(split)).map(move |index| levels(set, split, index)[0]))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn real_emoji() {
    let Some(dir) = shared("data/noto-emoji") else { return };
    let set = opened(&folder_at(&dir, "?size=32")).expect("emoji");
    assert_eq!(
        (set.len(Split::Train), set.len(Split::Test)),
        (1480, 164),
        "1,644 images, a tenth for testing"
    );
    assert_eq!((set.name(), set.shape()), ("noto-emoji", ImageShape::new(3, 32, 32)), "what it is");
    assert!(set.warnings().is_empty(), "{:?}", set.warnings());
    assert!(
        set.class_names().is_empty() && set.label(Split::Train, 0).is_none(),
        "one sub-folder is no class"
    );
    let captions: std::collections::BTreeSet<String> = [Split::Train, Split::Test]
        .into_iter()
        .flat_map(|split| (0..set.len(split)).map(move |index| (split, index)))
        .map(|(split, index)| set.caption(split, index).expect("every emoji has a caption"))
        .collect();
    assert_eq!(captions.len(), 1644, "all captions differ");
    assert!(captions.contains("grinning face with big eyes"), "by hand");
    let white = (0..1480).filter(|&index| levels(&*set, Split::Train, index)[0] == 255).count();
    assert!(white > 1300, "{white} of 1480 corners are white");

    let again = opened(&folder_at(&dir, "?size=32")).expect("emoji");
    assert_eq!(
        all_images(&*set, Split::Test),
        all_images(&*again, Split::Test),
        "the same every time"
    );
    let other = opened(&folder_at(&dir, "?size=32&seed=1")).expect("emoji");
    assert_ne!(
        set.caption(Split::Test, 0),
        other.caption(Split::Test, 0),
        "the seed chooses the test part"
    );
    let grey = opened(&folder_at(&dir, "?size=8&channels=1&background=black")).expect("emoji");
    let black = (0..1480).filter(|&index| levels(&*grey, Split::Train, index)[0] < 8).count();
    assert!(black > 1100, "{black} of 1480 corners are black");
    assert_eq!(grey.shape(), ImageShape::new(1, 8, 8), "grey");
}

#[test]
fn transparency_shows_the_background() {
    let dir = tempfile::tempdir().expect("dir");
    let mut picture = RgbaImage::from_pixel(4, 4, Rgba([200, 100, 0, 0]));
    picture.put_pixel(1, 0, Rgba([200, 100, 0, 255]));
    picture.put_pixel(2, 0, Rgba([200, 100, 0, 51])); // a fifth
    picture.save(dir.path().join("a.png")).expect("save");
    for (options, expected) in [
        ("?size=4", [[255, 200, 244], [255, 100, 224], [255, 0, 204]]),
        ("?size=4&background=black", [[0, 200, 40], [0, 100, 20], [0, 0, 0]]),
        ("?size=4&background=grey", [[128, 200, 142], [128, 100, 122], [128, 0, 102]]),
    ] {
        let set = opened(&folder_at(dir.path(), options)).expect("one picture");
        let found = levels(&*set, Split::Train, 0);
        for (plane, expected) in found.chunks(16).zip(expected) {
            assert_eq!(plane[..3], expected, "{options}");
            assert!(
                plane[3..].iter().all(|level| *level == expected[0]),
                "{options}: the rest is background"
            );
        }
    }
}

#[test]
fn pictures_are_cropped_to_the_middle_and_resized() {
    let dir = tempfile::tempdir().expect("dir");
    // A green square between blue sides, once lying and once standing, and a grey picture that is too small.
    RgbImage::from_fn(50, 10, |x, _| {
        if (20..30).contains(&x) { Rgb([0, 200, 0]) } else { Rgb([0, 0, 200]) }
    })
    .save(dir.path().join("lying.png"))
    .expect("save");
    RgbImage::from_fn(10, 50, |_, y| {
        if (20..30).contains(&y) { Rgb([0, 200, 0]) } else { Rgb([0, 0, 200]) }
    })
    .save(dir.path().join("standing.bmp"))
    .expect("save");
    GrayImage::from_pixel(3, 2, Luma([77])).save(dir.path().join("grey.png")).expect("save");
    let set = opened(&folder_at(dir.path(), "?size=8")).expect("three pictures");
    let mut found: Vec<Vec<u8>> = [(Split::Train, 0), (Split::Train, 1), (Split::Test, 0)]
        .map(|(split, index)| levels(&*set, split, index))
        .to_vec();
    found.sort();
    let plain = |colour: [u8; 3]| colour.iter().flat_map(|&level| [level; 64]).collect::<Vec<u8>>();
    assert_eq!(found, [plain([0, 200, 0]), plain([0, 200, 0]), plain([77; 3])], "no blue is left");
    let grey = opened(&folder_at(dir.path(), "?size=8&channels=1")).expect("three pictures");
    assert!(reds(&*grey).contains(&77), "grey stays as it is");
}

#[test]
fn sub_folders_are_classes() {
    let dir = tempfile::tempdir().expect("dir");
    for n in 0..6u8 {
        save(dir.path(), &format!("zebra/{n}.png"), [n; 3], 4, 4);
        save(dir.path(), &format!("ant/deeper/{n}.png"), [100 + n; 3], 4, 4);
    }
    fs::create_dir(dir.path().join("empty")).expect("dir");
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("two classes");
    assert_eq!(set.class_names(), ["ant", "zebra"], "sorted names of folders with pictures");
    let counts = [Split::Train, Split::Test].map(|split| class_counts(&*set, split));
    assert_eq!([counts[0][0] + counts[1][0], counts[0][1] + counts[1][1]], [6, 6], "six each");
    for index in 0..set.len(Split::Train) {
        let is_ant = levels(&*set, Split::Train, index)[0] >= 100;
        assert_eq!(
            set.label(Split::Train, index),
            Some(u32::from(!is_ant)),
            "label and picture agree"
        );
    }

    save(dir.path(), "stray.png", [9; 3], 4, 4);
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("no classes");
    assert!(
        set.class_names().is_empty() && set.label(Split::Train, 0).is_none(),
        "no classes any more"
    );
    assert_says(&set.warnings().join("\n"), &["1 images lie beside"]);
}

#[test]
fn unreadable_files_are_named_and_left_out() {
    let dir = tempfile::tempdir().expect("dir");
    for n in 0..7 {
        fs::write(dir.path().join(format!("broken{n}.png")), b"not a picture").expect("write");
    }
    let message = refusal(&folder_at(dir.path(), ""));
    assert_says(&message, &["7 of 7 files", "broken0.png", "broken4.png", "…", "png", "webp"]);
    assert!(!message.contains("broken5"), "{message:?} names five");
    assert!(message.ends_with(&dir.path().display().to_string()), "{message:?} ends with the path");

    save(dir.path(), "good1.png", [1; 3], 4, 4);
    save(dir.path(), "zgood2.png", [2; 3], 4, 4);
    let whole = fs::read(dir.path().join("good1.png")).expect("read");
    fs::write(dir.path().join("cut.png"), &whole[..whole.len() / 2]).expect("write");
    fs::write(dir.path().join("notes.md"), "not meant to be a picture").expect("write");
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("two pictures");
    assert_eq!(reds(&*set), [1, 2], "the readable ones");
    assert_says(&set.warnings().join("\n"), &["8 of 10 files could not be read: broken0.png ("]);

    let empty = tempfile::tempdir().expect("dir");
    assert_says(
        &refusal(&folder_at(empty.path(), "")),
        &["no files that are called like pictures"],
    );
    assert_says(
        &refusal(&folder_at(&empty.path().join("nowhere"), "")),
        &["open a folder of images", "nowhere"],
    );
}

/// A PNG that claims to be enormous.
fn enormous_png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc.sum().to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

#[test]
fn enormous_pictures_are_refused() {
    let dir = tempfile::tempdir().expect("dir");
    save(dir.path(), "good.png", [1; 3], 4, 4);
    fs::write(dir.path().join("tall.png"), enormous_png(10, 2_000_000_000)).expect("write");
    fs::write(dir.path().join("wide.png"), enormous_png(20_001, 10)).expect("write");
    fs::write(dir.path().join("vast.png"), enormous_png(19_999, 19_999)).expect("write");
    let mut bmp = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bmp.extend([0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f, 1, 0, 24, 0]);
    bmp.resize(60, 0);
    fs::write(dir.path().join("vast.bmp"), bmp).expect("write");
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("one picture");
    assert_eq!(set.len(Split::Train), 1, "one is readable");
    assert_says(
        &set.warnings().join("\n"),
        &["4 of 5 files", "tall.png", "vast.png", "wide.png", "vast.bmp"],
    );
}

#[test]
fn sets_that_do_not_fit_are_refused_before_reading() {
    let dir = tempfile::tempdir().expect("dir");
    for n in 0..2731 {
        fs::write(dir.path().join(format!("{n}.png")), b"").expect("write");
    }
    let message = refusal(&folder_at(dir.path(), "?size=1024"));
    assert_says(&message, &["2731 images", "1024×1024×3", "8.0 GiB", "smaller `size`"]);
    assert_says(&refusal(&folder_at(dir.path(), "?size=1024&channels=1")), &["2731 of 2731 files"]);
}

#[test]
fn tiny_sets_work() {
    let dir = tempfile::tempdir().expect("dir");
    for (count, expected) in
        [(1, (1, 1)), (2, (1, 1)), (3, (2, 1)), (19, (18, 1)), (20, (18, 2)), (30, (27, 3))]
    {
        for n in 0..count {
            save(dir.path(), &format!("{n}.png"), [n as u8; 3], 4, 4);
        }
        let set = opened(&folder_at(dir.path(), "?size=4")).expect("pictures");
        assert_eq!((set.len(Split::Train), set.len(Split::Test)), expected, "{count} pictures");
        assert_eq!(
            set.warnings().is_empty(),
            count > 1,
            "only a single picture is worth a warning"
        );
        let all: Vec<u8> = (0..count as u8).collect();
        assert_eq!(
            reds(&*set),
            if count == 1 { vec![0, 0] } else { all },
            "each in one part, a single one in both"
        );
    }
}

#[test]
fn hidden_files_are_skipped_and_order_is_fixed() {
    let dir = tempfile::tempdir().expect("dir");
    for (at, name) in ["c.png", "a/z.png", "b.png", "a/b.png"].iter().enumerate() {
        save(dir.path(), name, [10 * (at as u8 + 1); 3], 4, 4);
    }
    save(dir.path(), ".hidden.png", [1; 3], 4, 4);
    save(dir.path(), ".git/x.png", [2; 3], 4, 4);
    fs::write(dir.path().join("unknown.xyz"), "x").expect("write");
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("pictures");
    let test = levels(&*set, Split::Test, 0)[0];
    let expected: Vec<u8> = [40, 20, 30, 10].into_iter().filter(|level| *level != test).collect();
    let found: Vec<u8> = (0..3).map(|index| levels(&*set, Split::Train, index)[0]).collect();
    assert_eq!(found, expected, "a/b, a/z, b, c without the test picture");
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().expect("dir");
    save(dir.path(), "a/one.png", [1; 3], 4, 4);
    save(dir.path(), "b/two.png", [2; 3], 4, 4);
    symlink(dir.path(), dir.path().join("a/up")).expect("link");
    symlink(dir.path().join("a"), dir.path().join("b/again")).expect("link");
    symlink(dir.path().join("nowhere.png"), dir.path().join("b/broken.png")).expect("link");
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("pictures");
    assert_eq!(reds(&*set), [1, 2], "each picture once");
    assert_eq!(set.class_names(), ["a", "b"], "found by its shortest way");
    assert_says(&set.warnings().join("\n"), &["1 of 3 files", "b/broken.png"]);
}

#[test]
fn captions_lie_beside_pictures() {
    let dir = tempfile::tempdir().expect("dir");
    for (at, name) in ["a.png", "b.png", "c.png", "sub/d.png"].iter().enumerate() {
        save(dir.path(), name, [at as u8; 3], 4, 4);
    }
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("write");
    let captions = || {
        let set = opened(&folder_at(dir.path(), "?size=4")).expect("pictures");
        let mut all = [None, None, None, None];
        for split in [Split::Train, Split::Test] {
            for index in 0..set.len(split) {
                all[levels(&*set, split, index)[0] as usize] = set.caption(split, index);
            }
        }
        (all.map(Option::unwrap_or_default), set.warnings().join("\n"))
    };
    assert_eq!(captions().0, ["", "", "", ""], "none");
    write("b.txt", "  from a\r\ntext\tfile \n");
    write("sub/captions.tsv", "caption\tfile\na deep one\td.png\n");
    assert_eq!(
        captions().0,
        ["", "from a text file", "", "a deep one"],
        "text file and table of a sub-folder"
    );
    write(
        "captions.tsv",
        "\u{feff}file\tgroup\tcaption\r\na.png\tx\tthe first\r\nb.png\tx\ttable wins\r\nc.png\n",
    );
    let (found, warnings) = captions();
    assert_eq!(found, ["the first", "table wins", "", "a deep one"], "the table");
    assert_says(&warnings, &["1 lines without a file or a caption"]);
    write(
        "captions.tsv",
        "file\tcaption\n\ta text alone\na.png\tthe first\n \t  and  another \n\t\n",
    );
    let set = opened(&folder_at(dir.path(), "?size=4")).expect("pictures");
    assert_eq!(set.lone_texts(), ["a text alone", "and another"], "rows that name no picture");
    assert!(set.warnings().is_empty(), "{:?}", set.warnings());
    write("captions.tsv", "picture,caption\na.png,x\n");
    let (found, warnings) = captions();
    assert_eq!(
        found,
        ["", "from a text file", "", "a deep one"],
        "a table of another kind is left out"
    );
    assert_says(&warnings, &["picture,caption", "expected file, caption"]);
}

#[test]
fn opening_reports_progress_and_can_be_cancelled() {
    let dir = tempfile::tempdir().expect("dir");
    for n in 0..9 {
        save(dir.path(), &format!("{n}.png"), [n; 3], 4, 4);
    }
    let spec = folder_at(dir.path(), "?size=4").parse().expect("spec");
    let (calls, cancel) = (AtomicUsize::new(0), AtomicBool::new(false));
    let on_progress = |done: usize, all: usize| {
        calls.fetch_add(1, Ordering::Relaxed);
        assert!((1..=9).contains(&done) && all == 9, "{done} of {all}");
    };
    open_watched(&spec, Watch { on_progress: &on_progress, cancel: &cancel }).expect("pictures");
    assert_eq!(calls.load(Ordering::Relaxed), 9, "one call a picture");
    let stop = |_: usize, _: usize| cancel.store(true, Ordering::Relaxed);
    let stopped = open_watched(&spec, Watch { on_progress: &stop, cancel: &cancel });
    assert!(matches!(stopped.err(), Some(DataError::Cancelled)), "cancelled");
}
