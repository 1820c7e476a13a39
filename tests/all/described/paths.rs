//! Which weights a description may name: those of its own folder.

use std::fs;
use std::path::Path;

use rand::RngExt as _;
use zscope::formats::described::Described;
use zscope::random::{Purpose, stream};

use crate::common::assert_says;

const REST: &str = "image = [1, 2, 2]\nencoder = 'relu'\nlatent = 'plain'\ndecoder = 'relu'\n";

/// A folder `model` with weights, and weights beside the folder that nobody may reach from there.
fn folders() -> tempfile::TempDir {
    let base = tempfile::tempdir().expect("a temporary folder");
    let model = base.path().join("model");
    fs::create_dir_all(model.join("inner")).expect("folders");
    for path in ["model/own.pt", "model/inner/own.pt", "outside.pt"] {
        fs::write(base.path().join(path), "weights").expect("a file");
    }
    base
}

/// A description in the folder `model` that names `weights`.
fn naming(base: &Path, weights: &str) -> Described {
    let path = base.join("model/model.toml");
    let name = toml_text(weights);
    fs::write(&path, format!("weights = {name}\n{REST}")).expect("a file");
    Described::read(&path).unwrap_or_else(|error| panic!("{weights:?}: {error}"))
}

/// A text in quotes, as TOML writes it.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn weights_lie_in_the_folder() {
    let base = folders();
    for name in ["own.pt", "./own.pt", "inner/own.pt"] {
        let file = naming(base.path(), name).weights_file().expect(name);
        assert_eq!(fs::read_to_string(file).expect(name), "weights", "{name}");
    }
    let absolute = base.path().join("outside.pt").to_string_lossy().into_owned();
    for name in [
        "../outside.pt",
        "inner/../../outside.pt",
        "inner/../own.pt",
        "/etc/passwd",
        &absolute,
        "a/..",
    ] {
        let error = naming(base.path(), name).weights_file().expect_err(name).to_string();
        assert_says(
            &error,
            &["line 1: weights is ", "within the description's folder", "model.toml"],
        );
    }
    let error = naming(base.path(), "none.pt").weights_file().expect_err("none").to_string();
    assert_says(&error, &["cannot read the description", "none.pt"]);
    for name in ["inner", "."] {
        let error = naming(base.path(), name).weights_file().expect_err(name).to_string();
        assert_says(&error, &["line 1: no file but something else"]);
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    let base = folders();
    let model = base.path().join("model");
    std::os::unix::fs::symlink("../outside.pt", model.join("link.pt")).expect("a link");
    std::os::unix::fs::symlink("..", model.join("up")).expect("a link");
    std::os::unix::fs::symlink("inner/own.pt", model.join("within.pt")).expect("a link");
    naming(base.path(), "within.pt").weights_file().expect("a link within the folder");
    for name in ["link.pt", "up/outside.pt"] {
        let error = naming(base.path(), name).weights_file().expect_err(name).to_string();
        assert_says(&error, &["line 1: weights outside of the folder, in ", "outside.pt"]);
    }
    // The folder itself may be reached through a link.
    std::os::unix::fs::symlink("model", base.path().join("other")).expect("a link");
    let path = base.path().join("other/model.toml");
    fs::write(&path, format!("weights = 'own.pt'\n{REST}")).expect("a file");
    Described::read(&path).expect("a description").weights_file().expect("weights in it");
    // The same for weights of the description's own name.
    std::os::unix::fs::symlink("../outside.pt", model.join("named.pt")).expect("a link");
    fs::write(model.join("named.toml"), REST).expect("a file");
    let named = Described::read(&model.join("named.toml")).expect("a description");
    let error = named.weights_file().expect_err("a link out").to_string();
    assert_says(&error, &["weights outside of the folder", "named.toml"]);
}

#[test]
fn weights_of_the_same_name_need_no_line() {
    let base = folders();
    let path = base.path().join("model/vae.toml");
    fs::write(&path, REST).expect("a file");
    let described = Described::read(&path).expect("a description");
    let error = described.weights_file().expect_err("none there").to_string();
    assert_says(
        &error,
        &[
            "no weights beside it",
            "vae.safetensors, vae.pth, vae.pt, vae.ckpt",
            "weights = \"FILE\"",
        ],
    );
    for ending in ["ckpt", "pt", "pth", "safetensors"] {
        let file = path.with_extension(ending);
        fs::write(&file, "weights").expect("a file");
        assert_eq!(described.weights_file().expect("weights"), file, "the first of the list");
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    const PARTS: [&str; 12] =
        ["..", ".", "", "inner", "own.pt", "outside.pt", "up", "/", "\\", "~", "model", " "];
    let base = folders();
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", base.path().join("model/up")).expect("a link");
    let real = base.path().join("model").canonicalize().expect("a folder");
    let mut rng = stream(5, 0, Purpose::Explore);
    let mut taken = 0;
    for _ in 0..2000 {
        let parts: Vec<_> =
            (0..rng.random_range(1..6)).map(|_| PARTS[rng.random_range(0..PARTS.len())]).collect();
        let name = parts.join("/");
        if name.is_empty() {
            continue;
        }
        if let Ok(file) = naming(base.path(), &name).weights_file() {
            let file = file.canonicalize().expect("a file");
            assert!(file.starts_with(&real), "{name:?} leads to {}", file.display());
            taken += 1;
        }
    }
    assert!(taken > 0, "some names lead to weights within");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let base = folders();
    let path = base.path().join("model/model.toml");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("a file");
        Described::read(&path).expect_err("no description").to_string()
    };
    assert_says(&refused(&[0xff, 0xfe]), &["bytes that are no text", "UTF-8", "model.toml"]);
    assert_says(&refused(&vec![b'#'; (1 << 20) + 1]), &["a longer file", "at most 1048576 bytes"]);
    assert_says(&refused(b""), &["line 1: no image in the description"]);
    let missing = Described::read(&base.path().join("none.toml")).expect_err("none").to_string();
    assert_says(&missing, &["cannot read the description", "none.toml"]);
}
