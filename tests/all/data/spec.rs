//! The text form of data sources.

use zscope::data::{Background, DataSpec, FolderOptions, ShapesOptions, Split};

use super::assert_says;

#[test]
fn text_and_spec_round_trip() {
    for text in [
        "shapes",
        "shapes?size=64",
        "shapes?size=16&train=7&test=3&seed=18446744073709551615",
        "shapes?seed=3&captions=varied&hold_out=24",
        "mnist:data/mnist",
        "mnist:with?question mark?",
        "fashion-mnist:/a b/ü",
        "cifar10:.",
        "cifar10:.?seed=4",
        "dsprites:a/dsprites.npz",
        "dsprites:what?.npz?size=32&seed=3",
        "folder:C:\\pictures",
        "folder:a=b&c?size=32&channels=1&background=grey&seed=9",
    ] {
        let spec: DataSpec = text.parse().expect(text);
        assert_eq!(spec.to_string(), text, "canonical text");
        let json = serde_json::to_string(&spec).expect("specs are strings");
        assert_eq!(serde_json::from_str::<DataSpec>(&json).expect("json"), spec, "through json");
    }
    let other: DataSpec = "shapes?seed=1".parse().expect("spec");
    assert_ne!(other, "shapes".parse().expect("spec"), "options count in comparisons");
}

#[test]
fn options_are_taken_over() {
    let shapes: DataSpec = "shapes?train=5&size=64".parse().expect("spec");
    assert_eq!(
        shapes,
        DataSpec::Shapes(ShapesOptions { size: 64, train: 5, ..Default::default() }),
        "shapes"
    );
    let folder: DataSpec = "folder:x?background=black&channels=1".parse().expect("spec");
    let options =
        FolderOptions { background: Background::Black, channels: 1, ..Default::default() };
    assert_eq!(folder, DataSpec::Folder { dir: "x".into(), options }, "folder");
    let defaults: DataSpec = "shapes?size=32&train=50000&test=10000&seed=0".parse().expect("spec");
    assert_eq!(defaults.to_string(), "shapes", "defaults are not written");
}

#[test]
fn errors_list_the_right_ones() {
    for (text, words) in [
        (
            "imagenet:x",
            &[
                "imagenet",
                "shapes",
                "mnist:DIR",
                "fashion-mnist:DIR",
                "cifar10:DIR",
                "dsprites:FILE",
                "folder:DIR",
            ][..],
        ),
        ("", &["kind \"\"", "shapes"]),
        ("mnist", &["mnist", "names no folder", "mnist:DIR"]),
        ("folder:?size=32", &["names no folder"]),
        ("shapes:dir", &["\"dir\"", "shapes"]),
        ("shapes?sizes=32", &["\"sizes\"", "`size` = 16, 32, 64 or 128", "train", "test", "seed"]),
        ("shapes?size=33", &["\"33\"", "16, 32, 64 or 128"]),
        ("shapes?train=0", &["\"0\"", "1 to 100000000"]),
        ("shapes?seed=-1", &["\"-1\"", "whole number"]),
        ("shapes?size", &["`size`", "\"\""]),
        ("shapes?captions=long", &["\"long\"", "plain or varied"]),
        ("shapes?hold_out=25", &["\"25\"", "0 to 24"]),
        ("shapes?size=32&size=64", &["`size`", "once"]),
        ("mnist:x?size=32", &["\"size\"", "no options"]),
        ("cifar10:x?size=32", &["\"size\"", "seed"]),
        ("dsprites", &["dsprites", "names no file", "dsprites:FILE"]),
        ("dsprites:?size=32", &["names no file"]),
        ("dsprites:x?size=48", &["\"48\"", "16, 32 or 64"]),
        ("dsprites:x?channels=1", &["\"channels\"", "size", "seed"]),
        ("folder:x?size=3", &["\"3\"", "4 to 1024"]),
        ("folder:x?channels=4", &["\"4\"", "1 or 3"]),
        ("folder:x?background=red", &["\"red\"", "white, black or grey"]),
        ("folder:x?colour=red", &["\"colour\"", "size", "channels", "background", "seed"]),
    ] {
        let message = text.parse::<DataSpec>().expect_err(text).to_string();
        assert_says(&message, words);
    }
}

#[test]
fn paths_become_absolute_and_sizes_are_taken() {
    let here = std::env::current_dir().expect("a working directory");
    for (kind, name) in [
        ("mnist", "d"),
        ("fashion-mnist", "d"),
        ("cifar10", "d"),
        ("dsprites", "d.npz"),
        ("folder", "d"),
    ] {
        let spec: DataSpec = format!("{kind}:{name}").parse().expect("spec");
        let expected = format!("{kind}:{}", here.join(name).display());
        assert_eq!(spec.absolute().to_string(), expected, "found from anywhere");
    }
    for (text, resized) in [
        ("shapes", "shapes?size=16"),
        ("dsprites:x?seed=2", "dsprites:x?size=16&seed=2"),
        ("folder:x", "folder:x?size=16"),
        ("mnist:x", "mnist:x"),
    ] {
        let spec: DataSpec = text.parse().expect("spec");
        assert_eq!(spec.with_size(16).to_string(), resized, "the size of {text}");
    }
}

#[test]
fn splits_have_names() {
    for split in [Split::Train, Split::Test] {
        assert_eq!(split.to_string().parse::<Split>().expect("own name"), split, "round trip");
    }
    let message = "valid".parse::<Split>().expect_err("no such split").to_string();
    assert_says(&message, &["valid", "train", "test"]);
}
