//! Where models lie: pipelines, single files without a configuration, pairs, caches.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use zscope::formats::arrays::write_arrays;
use zscope::formats::foreign;
use zscope::open::open;

use super::{arrays, golden, info, opened};
use crate::common::assert_says;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn a_pipeline_gives_its_autoencoder() {
    for part in ["vae", "vqvae", "movq"] {
        let pipeline = folder();
        fs::write(pipeline.path().join("model_index.json"), "{}").expect("a file");
        copy(&golden("tiny"), &pipeline.path().join(part));
        let info = info(pipeline.path());
        assert_eq!(info.family, "autoencoder-tiny", "the one in {part}");
        assert!(info.notes.iter().any(|note| note.contains(part)), "{:?}", info.notes);
    }
}

/// Without a configuration the shapes tell what network it is, and that is said.
#[test]
fn networks_are_told_from_shapes() {
    let alone = folder();
    let file = alone.path().join("some name.ckpt");
    fs::copy(golden("ldm/model.ckpt"), &file).expect("a copy");
    let found = opened(&file);
    assert_eq!(
        found.model.tensors(),
        opened(&golden("ldm/model.ckpt")).model.tensors(),
        "the same"
    );
    assert_eq!(found.image.height, 256, "a usual size");
    assert!(found.notes.iter().any(|note| note.contains("No YAML")), "{:?}", found.notes);
    for name in ["movq", "vq_bin", "kl_shards"] {
        let described = opened(&golden(name));
        let file = alone.path().join(format!("{name}.safetensors"));
        write_arrays(&file, &described.tensors, &BTreeMap::new(), &BTreeMap::new())
            .expect("a file");
        let found = opened(&file);
        assert_eq!(found.model.tensors(), described.model.tensors(), "{name}");
        assert_eq!(found.tensors, described.tensors, "{name}");
        assert!(
            found.notes.iter().any(|note| note.contains("No config.json")),
            "{:?}",
            found.notes
        );
    }
}

#[test]
fn a_yaml_has_to_agree_with_the_tensors() {
    let alone = folder();
    let file = alone.path().join("a.ckpt");
    fs::copy(golden("ldm/model.ckpt"), &file).expect("a copy");
    let good = fs::read_to_string(golden("ldm/model.yaml")).expect("a text");
    for (from, to, words) in [
        ("embed_dim: 3", "embed_dim: 4", ["embed_dim is 4", ""]),
        ("z_channels: 3", "z_channels: 9", ["z_channels is 9", "3"]),
        ("ch_mult: [1, 1]", "ch_mult: [1, 2]", ["ch times ch_mult is [32, 64]", "[32, 32]"]),
        ("num_res_blocks: 1", "num_res_blocks: 2", ["num_res_blocks is 2", "1"]),
        ("ddconfig: {", "ddconfig: [", ["line", ""]),
        ("embed_dim: 3", "embed_dim: three", ["three", "expected"]),
    ] {
        fs::write(alone.path().join("other.yaml"), good.replace(from, to)).expect("a file");
        if from == "embed_dim: 3" && to == "embed_dim: 4" {
            // Normal latents have no codes, whose dimensions it would be.
            opened(&file);
            continue;
        }
        let error = open(file.to_str().expect("a path")).expect_err(to).to_string();
        assert_says(&error, &[words[0], words[1], "other.yaml"]);
    }
    // Of several only the one of the checkpoint's own name counts.
    fs::write(alone.path().join("third.yaml"), "not: [read").expect("a file");
    assert!(opened(&file).notes.iter().any(|note| note.contains("No YAML")), "none is its own");
    fs::write(alone.path().join("a.yaml"), &good).expect("a file");
    assert_eq!(opened(&file).image.height, 16, "its own");
}

#[test]
fn several_checkpoints_are_named() {
    let both = folder();
    copy(&golden("ldm"), both.path());
    fs::remove_file(both.path().join("io.safetensors")).expect("gone");
    fs::copy(golden("ldm/model.ckpt"), both.path().join("second.ckpt")).expect("a copy");
    assert_eq!(info(both.path()).family, "autoencoder-kl", "the one with a YAML of its name");
    fs::rename(both.path().join("model.yaml"), both.path().join("any.yaml")).expect("renamed");
    let error = open(both.path().to_str().expect("a path")).expect_err("which one?").to_string();
    assert_says(&error, &["2 checkpoints", "model.ckpt", "second.ckpt", "the path of the one"]);
}

/// Hugging Face's cache is made of links out of the folder of a snapshot; those are followed, and no others.
#[cfg(unix)]
#[test]
fn links_lead_into_the_cache_and_nowhere_else() {
    use std::os::unix::fs::symlink;
    let cache = folder();
    let (blobs, snapshot) = (cache.path().join("blobs"), cache.path().join("snapshots/1234/vae"));
    copy(&golden("tiny"), &blobs);
    fs::create_dir_all(&snapshot).expect("a folder");
    for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
        symlink(blobs.join(name), snapshot.join(name)).expect("a link");
    }
    assert_eq!(info(&snapshot).family, "autoencoder-tiny", "through links");
    let elsewhere = folder();
    fs::copy(golden("tiny/config.json"), elsewhere.path().join("config.json")).expect("a copy");
    let name = "diffusion_pytorch_model.safetensors";
    symlink(blobs.join(name), elsewhere.path().join(name)).expect("a link");
    let error = open(elsewhere.path().to_str().expect("a path")).expect_err("outside").to_string();
    assert_says(&error, &["a link to", "inside of the model's folder"]);
}

#[test]
fn tensors_are_the_same_whatever_file_they_are_in() {
    let plain = arrays(&golden("tiny/diffusion_pytorch_model.safetensors"));
    assert_eq!(opened(&golden("tiny")).tensors, plain, "safetensors");
    assert_eq!(opened(&golden("taesd")).tensors, plain, "a pair of zip archives");
}

#[test]
fn a_description_among_pictures_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::write(path.join("project.toml"), "[package]").expect("a file");
    fs::write(path.join("picture.png"), "").expect("a file");
    assert!(!foreign::is_model(path), "no weights lie there");
    fs::write(path.join("weights.pth"), "").expect("a file");
    assert!(foreign::is_model(path), "control: weights beside it");
}
