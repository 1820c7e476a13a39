//! Models that learn to mend what was done to images.

use zscope::data::corrupt::Corruption;
use zscope::data::{self, Split};

use super::world::{World, number};

const DATA: &str = "shapes?size=16&train=256&test=64";

/// A few updates of a small model of a family.
fn train(world: &World, family: &str, out: &str, more: &[&str]) {
    let small: &[&str] = match family {
        "vae" => &["arch=mlp", "hidden=32", "latent_dim=8"],
        "vae-gan" => &[
            "hidden=16",
            "latent_dim=4",
            "channels=4",
            "d_channels=4",
            "pretrain_steps=1",
            "join_steps=1",
        ],
        "vq-vae" => {
            &["hidden=16", "res_hidden=8", "res_blocks=1", "code_dim=8", "codebook_size=32"]
        }
        _ => &[
            "channels=4",
            "groups=2",
            "levels=1",
            "codebook_size=16",
            "code_dim=4",
            "disc_start=2",
            "d_channels=4",
        ],
    };
    let mut args =
        vec!["train", family, "--data", DATA, "--batch", "16", "--device", "cpu", "--force"];
    args.extend(["--out", out]);
    for key in small.iter().chain(&["eval_images=16"]) {
        args.extend(["--set", key]);
    }
    world.run(&[&args, more].concat()).ok();
}

/// What the images of the test part differ from themselves after what is done to them.
fn damage(how: &str) -> f64 {
    let dataset = data::open(&DATA.parse().expect("data")).expect("shapes open");
    let numbers: Vec<u32> = (0..64).collect();
    let images = data::batch(dataset.as_ref(), Split::Test, &numbers);
    let how: Corruption = how.parse().expect("a corruption");
    zscope::metrics::mse(images.data(), how.apply(&images, 0, 0).data())
}

#[test]
fn every_family_with_an_encoder_learns_from_spoilt_images() {
    let kl_twin = ["--set", "latents=normal"];
    for (family, how, more) in [
        ("vae", "mask:0.5", &[][..]),
        ("vae-gan", "noise:0.3", &[]),
        ("vq-vae", "downsample:2", &[]),
        ("vqgan", "mask:0.3", &[]),
        ("vqgan", "noise:0.1", &kl_twin),
    ] {
        let world = World::new();
        let corrupt = format!("corrupt={how}");
        let with = [&["--steps", "4", "--set", &corrupt][..], more].concat();
        train(&world, family, "a", &with);
        train(&world, family, "b", &with);
        train(&world, family, "clean", &[&["--steps", "4"], more].concat());
        let weights =
            |run: &str| world.bytes(&format!("{run}/checkpoints/step-4/model.safetensors"));
        assert!(weights("a") == weights("b"), "{family}: the same command, the same model");
        assert!(weights("a") != weights("clean"), "{family}: another lesson");
        // Corrupted, restored and clean under each other.
        let rows = |run: &str| {
            let picture = image::open(world.path(&format!("{run}/samples/step-4.png"))).unwrap();
            picture.height() / 16
        };
        assert_eq!((rows("a"), rows("clean")), (3, 2), "{family}: rows of samples");
        let eval = |run: &str| {
            let args = ["eval", run, "--data", DATA, "--json"];
            number(&world.run(&args).ok().json(), "mse")
        };
        assert!((eval("a") - eval("b")).abs() < f64::EPSILON, "{family}: spoilt alike");
    }
}

#[test]
fn noise_is_taken_out() {
    let world = World::new();
    train(&world, "vq-vae", "run", &["--steps", "250", "--set", "corrupt=noise:0.4"]);
    let eval = world.run(&["eval", "run", "--data", DATA, "--json"]).ok().json();
    let (left, damage) = (number(&eval, "mse"), damage("noise:0.4"));
    assert!(left < 0.5 * damage, "restored to {left} from {damage}");
    // The same weights, asked to mend what they never saw: `eval` really spoils the images.
    let config = String::from_utf8(world.bytes("run/config.json")).unwrap();
    world.write("run/config.json", config.replace("noise:0.4", "mask:1"));
    let grey = world.run(&["eval", "run", "--data", DATA, "--json"]).ok().json();
    assert!(number(&grey, "mse") > 1.5 * left, "nothing to see: {grey}");
}

#[test]
fn a_spoilt_run_goes_on_where_it_was() {
    let world = World::new();
    let how = ["--set", "corrupt=mask:0.5"];
    train(&world, "vae", "whole", &[&["--steps", "8"][..], &how].concat());
    train(&world, "vae", "parts", &[&["--steps", "3"][..], &how].concat());
    world.run(&["train", "--resume", "--out", "parts", "--steps", "8"]).ok();
    let weights = |run: &str| world.bytes(&format!("{run}/checkpoints/step-8/model.safetensors"));
    assert!(weights("whole") == weights("parts"), "every update sees what it would have seen");
}

#[test]
fn what_is_no_corruption_is_refused() {
    let world = World::new();
    for (value, told) in [
        ("blur:2", "noise:"),
        ("noise:-1", "noise:"),
        ("mask:2", "mask:"),
        ("downsample:0", "downsample:"),
    ] {
        let key = format!("corrupt={value}");
        let ran = world.tiny(&["--steps", "1", "--out", "run", "--set", &key]);
        assert_eq!(ran.status, Some(2), "{value}: {}", ran.stderr);
        assert!(ran.stderr.contains(value) && ran.stderr.contains(told), "{}", ran.stderr);
        assert!(!world.path("run").exists(), "{value}: nothing was made");
    }
}
