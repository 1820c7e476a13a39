//! The verbs of models with a codebook: codes in, codes out, and how often each is used.

use serde_json::Value;

use super::world::{World, assert_keys, number};
use crate::common::{Tolerance, assert_close};

const DATA: &str = "shapes?size=16&train=64&test=32";
const CODES: usize = 12;

/// A world with a VQ-VAE in `run`.
fn world() -> World {
    let world = World::new();
    let mut args = vec!["train", "vq-vae", "--data", DATA, "--steps", "40", "--batch", "16"];
    let keys = [
        "hidden=8",
        "res_hidden=4",
        "res_blocks=1",
        "code_dim=5",
        "codebook_size=12",
        "eval_images=8",
    ];
    for key in keys {
        args.extend(["--set", key]);
    }
    args.extend(["--out", "run", "--device", "cpu"]);
    world.run(&args).ok();
    world
}

fn engines() -> Vec<&'static str> {
    let mut engines = vec!["cpu", "twin", "burn", "auto"];
    if std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
    } else {
        engines.push("wgsl");
    }
    engines
}

#[test]
fn info_and_eval_tell_of_the_codebook() {
    let world = world();
    let info = world.run(&["info", "run", "--json"]).ok().json();
    assert_eq!(info["family"], "vq-vae", "{info}");
    assert_eq!(info["codebook"], serde_json::json!({"size": CODES, "dim": 5}), "{info}");
    assert_eq!(info["latent"]["kind"], "codes", "{info}");
    assert_eq!(info["latent"]["shape"], serde_json::json!([5, 4, 4]), "{info}");
    assert_eq!(info["latent"]["grid"], serde_json::json!([4, 4]), "{info}");
    for engine in engines() {
        let args = ["eval", "run", "--data", DATA, "--engine", engine, "--json"];
        let eval = world.run(&args).ok().json();
        assert_keys(
            &eval,
            &["images", "mse", "psnr_db", "ssim", "images_per_s", "device", "engine"],
        );
        assert_eq!(eval["codebook_size"], CODES, "{eval}");
        let used = number(&eval, "codes_used");
        assert!((1.0..=CODES as f64).contains(&used), "{eval}");
        assert!((1.0..=used + 1e-9).contains(&number(&eval, "perplexity")), "{eval}");
        assert!(eval.get("elbo_nats").is_none(), "a VQ-VAE has no bound: {eval}");
    }
}

#[test]
fn every_engine_counts_the_same() {
    let world = world();
    let mut first: Option<Value> = None;
    for engine in engines() {
        let args = ["codebook", "run", "--data", DATA, "--engine", engine, "--json"];
        let told = world.run(&args).ok().json();
        assert_keys(
            &told,
            &["codebook_size", "dim", "vectors", "codes_used", "dead", "perplexity", "usage"],
        );
        let usage: Vec<u64> =
            told["usage"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect();
        assert_eq!(usage.len(), CODES, "{told}");
        assert_eq!(usage.iter().sum::<u64>(), 32 * 16, "every vector once: {told}");
        assert_eq!(told["vectors"], 512, "{told}");
        let used = usage.iter().filter(|&&count| count > 0).count();
        assert_eq!(told["codes_used"], used, "{told}");
        let bits = |key: &str| number(&told, key);
        // 16 cells for 16 by 16 pixels.
        let even = (CODES as f64).log2() * 16.0 / 256.0;
        assert!((bits("bits_per_pixel") - even).abs() < 1e-9, "{told}");
        let entropy = bits("perplexity").log2() * 16.0 / 256.0;
        assert!((bits("bits_per_pixel_entropy") - entropy).abs() < 1e-6, "{told}");
        assert!(bits("png_bits_per_pixel") > even, "pictures take more: {told}");
        assert_eq!(told["dead"], CODES - used, "{told}");
        let known = first.get_or_insert_with(|| told.clone());
        let difference: u64 = known["usage"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&usage)
            .map(|(a, b)| a.as_u64().unwrap().abs_diff(*b))
            .sum();
        // A vector between two codes is counted for either.
        let ties = told["near_ties"].as_u64().unwrap();
        assert!(difference <= 2 * ties, "{engine}: {told}, {known}");
    }
    world.run(&["codebook", "run", "--csv", "codes.csv", "--png", "codes.png"]).ok();
    let csv = String::from_utf8(world.bytes("codes.csv")).unwrap();
    assert_eq!(csv.lines().count(), CODES + 1, "{csv}");
    assert!(csv.starts_with("code,uses,share,state,norm,nearest,distance,pc1,pc2\n"), "{csv}");
    assert!(world.bytes("codes.png").starts_with(b"\x89PNG"), "a picture");
}

#[test]
fn codes_go_out_and_come_in() {
    let world = world();
    let picture =
        image::RgbImage::from_fn(16, 16, |x, y| image::Rgb([x as u8 * 16, 200, y as u8 * 9]));
    picture.save(world.path("in.png")).unwrap();
    let mut reference: Option<Vec<f32>> = None;
    for engine in engines() {
        let with = |args: &[&'static str]| [args, &["--engine", engine]].concat();
        world
            .run(&with(&["encode", "run", "--input", "in.png", "--output", "codes.safetensors"]))
            .ok();
        let tensors = world.tensors("codes.safetensors");
        assert_eq!(
            tensors.keys().collect::<Vec<_>>(),
            ["indices", "latent", "quantized"],
            "{engine}"
        );
        assert_eq!(tensors["indices"].0, [1, 4, 4], "{engine}");
        assert_eq!(tensors["quantized"].0, [1, 5, 4, 4], "{engine}");
        world
            .run(&with(&[
                "decode",
                "run",
                "--input",
                "codes.safetensors",
                "--output",
                "a.safetensors",
            ]))
            .ok();
        world
            .run(&with(&[
                "decode",
                "run",
                "--input",
                "codes.safetensors",
                "--from",
                "indices",
                "--output",
                "b.safetensors",
            ]))
            .ok();
        let image = |file: &str| world.tensors(file)["image"].1.clone();
        assert_close(&image("a.safetensors"), &image("b.safetensors"), Tolerance::TIGHT);
        let expected = reference.get_or_insert_with(|| image("a.safetensors")).clone();
        assert_close(&image("a.safetensors"), &expected, Tolerance { abs: 1e-4, rel: 1e-4 });
        world.run(&with(&["reconstruct", "run", "--input", "in.png", "--output", "out.png"])).ok();
    }
    let said = world.run(&["sample", "run", "-n", "5", "--out", "samples.png"]).ok().stderr;
    assert!(said.contains("use in training"), "it says how codes are drawn: {said}");
    world.run(&["interpolate", "run", "--from", "0", "--to", "seed:3", "--out", "way.png"]).ok();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = world();
    for (args, words) in [
        (&["traverse", "run", "--out", "t.png"][..], "vq-vae"),
        (&["codebook", "run", "--limit", "0"], "--limit"),
        (&["codebook", "nowhere"], "nowhere"),
        (&["train", "vq-vae", "--data", DATA, "--set", "levels=5", "--out", "no"], "halved"),
        (
            &["train", "vq-vae", "--data", DATA, "--set", "codebook_size=0", "--out", "no"],
            "codebook_size",
        ),
    ] {
        let ran = world.run(args);
        assert!(!ran.panicked() && ran.status != Some(0), "{args:?}: {ran:#?}");
        assert!(ran.stderr.contains(words), "{words:?} in {}", ran.stderr);
    }
    assert!(!world.path("no").exists(), "nothing was made");
    let vae = World::trained();
    let ran = vae.run(&["codebook", "run"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("vae"), "{ran:#?}");
}

/// What every quantizer gives to and takes from files, on every engine.
#[test]
fn every_quantizer_goes_through_files() {
    let cases: [(&[&str], &[usize], usize); 4] = [
        (&["quantizer=fsq", "fsq_levels=4,3,2"], &[1, 4, 4], 24),
        (&["quantizer=simvq"], &[1, 4, 4], 12),
        (&["quantizer=multi-head", "heads=5"], &[1, 5, 4, 4], 12),
        (&["quantizer=residual", "quantizers=3"], &[1, 3, 4, 4], 36),
    ];
    for (keys, shape, codes) in cases {
        let world = World::new();
        let mut args = vec!["train", "vq-vae", "--data", DATA, "--steps", "20", "--batch", "16"];
        let small = ["hidden=8", "res_hidden=4", "res_blocks=1", "code_dim=5", "codebook_size=12"];
        for key in small.iter().chain(keys).chain(&["eval_images=8"]) {
            args.extend(["--set", key]);
        }
        args.extend(["--out", "run", "--device", "cpu"]);
        world.run(&args).ok();
        let quantizers = if shape.len() == 4 { shape[1] } else { 1 };
        let info = world.run(&["info", "run", "--json"]).ok().json();
        assert_eq!(info["codebook"]["size"], codes, "{info}");
        assert_eq!(info["quantizer"]["quantizers"], quantizers, "{info}");
        let picture =
            image::RgbImage::from_fn(16, 16, |x, y| image::Rgb([x as u8 * 16, 200, y as u8 * 9]));
        picture.save(world.path("in.png")).unwrap();
        let mut reference: Option<[Vec<f32>; 2]> = None;
        for engine in engines() {
            let with =
                |args: &[&'static str]| world.run(&[args, &["--engine", engine]].concat()).ok();
            with(&["encode", "run", "--input", "in.png", "--output", "codes.safetensors"]);
            let tensors = world.tensors("codes.safetensors");
            assert_eq!(tensors["indices"].0, shape, "{keys:?} on {engine}");
            assert_eq!(tensors["quantized"].0, tensors["latent"].0, "{keys:?} on {engine}");
            let decode = ["decode", "run", "--input", "codes.safetensors", "--output"];
            with(&[&decode[..], &["a.safetensors"]].concat());
            with(&[&decode[..], &["b.safetensors", "--from", "indices"]].concat());
            let image = |file: &str| world.tensors(file)["image"].1.clone();
            assert_close(&image("a.safetensors"), &image("b.safetensors"), Tolerance::TIGHT);
            let found = [image("a.safetensors"), tensors["quantized"].1.clone()];
            let known = reference.get_or_insert_with(|| found.clone());
            assert_close(&found[0], &known[0], Tolerance::ENGINE);
            assert_close(&found[1], &known[1], Tolerance::ENGINE);
            let args = ["codebook", "run", "--data", DATA, "--engine", engine, "--json"];
            let told = world.run(&args).ok().json();
            let usage: Vec<u64> =
                told["usage"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!(usage.len(), codes, "{told}");
            assert_eq!(usage.iter().sum::<u64>(), (32 * 16 * quantizers) as u64, "{told}");
        }
        world.run(&["codebook", "run", "--csv", "codes.csv", "--png", "codes.png"]).ok();
        let csv = String::from_utf8(world.bytes("codes.csv")).unwrap();
        assert_eq!(csv.lines().count(), codes + 1, "{csv}");
        world.run(&["eval", "run", "--data", DATA, "--json"]).ok();
        world.run(&["sample", "run", "-n", "3", "--out", "samples.png"]).ok();
        world
            .run(&["interpolate", "run", "--from", "0", "--to", "seed:3", "--out", "way.png"])
            .ok();
    }
}

#[test]
fn codes_of_unknown_use_are_drawn_all_alike() {
    let world = World::new();
    let mut args = vec!["train", "vqgan", "--data", DATA, "--steps", "2", "--batch", "8"];
    let keys = [
        "channels=4",
        "groups=2",
        "code_dim=5",
        "codebook_size=12",
        "d_channels=4",
        "eval_images=8",
    ];
    for key in keys {
        args.extend(["--set", key]);
    }
    args.extend(["--out", "run", "--device", "cpu"]);
    world.run(&args).ok();
    // Nothing but the network.
    world.run(&["export", "run", "--format", "diffusers", "--out", "foreign"]).ok();
    let said = |model| world.run(&["sample", model, "-n", "3", "--out", "drawn.png"]).ok().stderr;
    let (own, foreign) = (said("run"), said("foreign"));
    assert!(own.contains("by their use in training"), "{own}");
    assert!(foreign.contains("all alike"), "{foreign}");
    world
        .run(&["interpolate", "foreign", "--from", "seed:1", "--to", "seed:3", "--out", "way.png"])
        .ok();
}
