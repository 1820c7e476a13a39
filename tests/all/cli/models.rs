//! The verbs that run a model: files in, files out, numbers on one line.

use serde_json::Value;

use super::world::{Ran, World, assert_keys, number, tensor_file};
use crate::common::{Tolerance, assert_close, first_difference};

const DATA: &str = "shapes?size=16&test=32";
const SHAPE: [usize; 3] = [3, 16, 16];

/// All engines of this machine.
fn engines() -> Vec<&'static str> {
    let mut engines = vec!["cpu", "twin", "burn", "auto"];
    if std::env::var("ZSCOPE_SKIP_GPU").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: ZSCOPE_SKIP_GPU=1");
    } else {
        engines.push("wgsl");
    }
    engines
}

/// Images that no data set holds: waves, different in every channel.
fn images(b: usize) -> Vec<f32> {
    let len = SHAPE.iter().product::<usize>();
    (0..b * len).map(|i| 0.5 + 0.5 * ((i * i % 977) as f32 * 0.013).sin()).collect()
}

fn write_images(world: &World, name: &str, b: usize) {
    let shape = [b, SHAPE[0], SHAPE[1], SHAPE[2]];
    world.write(name, tensor_file("image", &shape, &images(b)));
}

fn values(world: &World, file: &str, name: &str) -> Vec<f32> {
    world.tensors(file).remove(name).unwrap_or_else(|| panic!("{name} in {file}")).1
}

fn step(world: &World, model: &str) -> u64 {
    let ran = world.run(&["info", model, "--json"]).ok();
    ran.json()["step"].as_u64().expect("a step")
}

#[test]
fn info_has_the_contracted_keys() {
    let world = World::trained();
    let info = world.run(&["info", "run", "--json"]).ok().json();
    assert_keys(&info, &["family", "source", "parameters", "step", "image", "latent", "codebook"]);
    assert_eq!(info["family"], "vae", "{info}");
    assert_eq!(info["source"], "zscope", "{info}");
    let image = &info["image"];
    assert_eq!([&image["channels"], &image["height"], &image["width"]], [3, 16, 16], "{info}");
    assert_eq!(image["range"], serde_json::json!([0.0, 1.0]), "{info}");
    assert_eq!(info["latent"]["kind"], "continuous", "{info}");
    assert_eq!(info["latent"]["shape"], serde_json::json!([3]), "{info}");
    assert!(info["latent"]["grid"].is_null() && info["codebook"].is_null(), "{info}");
    // 768-24 and back, 24-3 twice and back, with biases.
    let expected = 768 * 24 + 24 + 2 * (24 * 3 + 3) + 3 * 24 + 24 + 24 * 768 + 768;
    assert_eq!(info["parameters"], expected, "{info}");

    let text = world.run(&["info", "run"]).ok().stdout;
    for word in ["vae", "16", "3", "shapes"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn a_model_has_many_names() {
    let world = World::trained();
    for (model, expected) in [
        ("run@latest", 12),
        ("run@0", 0),
        ("run@5", 5),
        ("run@10", 10),
        ("run/@5", 5),
        ("./run@5", 5),
        ("run/checkpoints/step-10", 10),
        ("run/checkpoints/step-10/", 10),
        ("run/checkpoints/step-5/model.safetensors", 5),
    ] {
        assert_eq!(step(&world, model), expected, "{model}");
    }
    let absolute = world.path("run");
    assert_eq!(step(&world, &format!("{}@5", absolute.display())), 5, "from anywhere");

    // A checkpoint taken elsewhere with the run's description beside it.
    std::fs::create_dir(world.path("copy")).unwrap();
    for (from, to) in [
        ("run/config.json", "copy/config.json"),
        ("run/checkpoints/step-5/model.safetensors", "copy/model.safetensors"),
    ] {
        std::fs::copy(world.path(from), world.path(to)).unwrap();
    }
    for model in ["copy", "copy/model.safetensors"] {
        world.run(&["info", model, "--json"]).ok();
    }

    // A directory whose own name holds an @.
    std::fs::rename(world.path("run"), world.path("run@5")).unwrap();
    assert_eq!(step(&world, "run@5@0"), 0, "the last @ counts");
}

#[test]
fn a_run_directory_is_its_best_checkpoint() {
    let world = World::trained();
    let eval_loss = |step: u64| {
        let state = world.bytes(&format!("run/checkpoints/step-{step}/state.json"));
        let state: Value = serde_json::from_slice(&state).expect("JSON");
        number(&state, "eval_loss")
    };
    let best = [0, 5, 10, 12].into_iter().min_by(|a, b| eval_loss(*a).total_cmp(&eval_loss(*b)));
    assert_eq!(Some(step(&world, "run")), best, "the lowest evaluation loss");
    // Whatever a state says is believed: make an early one the best.
    let file = "run/checkpoints/step-5/state.json";
    let mut state: Value = serde_json::from_slice(&world.bytes(file)).expect("JSON");
    state["eval_loss"] = serde_json::json!(-1e9);
    world.write(file, state.to_string());
    assert_eq!(step(&world, "run"), 5, "best");
    assert_eq!(step(&world, "run@latest"), 12, "latest");
}

fn eval(world: &World, more: &[&str]) -> Value {
    let args = ["eval", "run", "--data", DATA, "--engine", "cpu", "--json"];
    let ran: Ran = world.run(&[&args[..], more].concat()).ok();
    ran.json()
}

fn assert_evaluation(value: &Value, images: u64) {
    assert_keys(
        value,
        &[
            "images",
            "mse",
            "psnr_db",
            "ssim",
            "reconstruction_nats",
            "kl_nats",
            "elbo_nats",
            "likelihood",
            "kl_per_dim",
            "active_units",
            "images_per_s",
            "device",
            "engine",
        ],
    );
    assert_eq!(value["images"], images, "{value}");
    assert!((0.0..=1.0).contains(&number(value, "mse")), "{value}");
    assert!((0.0..100.0).contains(&number(value, "psnr_db")), "{value}");
    assert!((-1.0..=1.0).contains(&number(value, "ssim")), "{value}");
    // The mean of each image's PSNR is at least the PSNR of the mean error (Jensen).
    let of_mean = -10.0 * number(value, "mse").log10();
    assert!(number(value, "psnr_db") >= of_mean - 1e-6, "{value}");
    let (rec, kl) = (number(value, "reconstruction_nats"), number(value, "kl_nats"));
    assert!(rec.is_finite() && kl >= 0.0, "{value}");
    assert!((number(value, "elbo_nats") + rec + kl).abs() <= 1e-9 * (rec.abs() + kl), "{value}");
    let per_dim: Vec<f64> = value["kl_per_dim"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|kl| kl.as_f64().expect("a number"))
        .collect();
    assert_eq!(per_dim.len(), 3, "{value}");
    assert!(per_dim.iter().all(|kl| *kl >= 0.0), "{value}");
    assert!((per_dim.iter().sum::<f64>() - kl).abs() <= 1e-6 * (1.0 + kl), "{value}");
    let active = per_dim.iter().filter(|kl| **kl > 0.1).count();
    assert_eq!(value["active_units"], active, "{value}");
    assert!(number(value, "images_per_s") > 0.0, "{value}");
    assert!(value["device"].as_str().is_some_and(|device| !device.is_empty()), "{value}");
}

#[test]
fn eval_has_the_contracted_keys() {
    let world = World::trained();
    let value = eval(&world, &[]);
    assert_evaluation(&value, 32);
    assert_eq!(value["likelihood"]["name"], "bernoulli", "{value}");
    assert!(number(&value, "reconstruction_nats") >= 0.0, "Bernoulli: {value}");
    assert_eq!(value["engine"], "cpu", "{value}");
    assert_evaluation(&eval(&world, &["--limit", "7"]), 7);
    assert_evaluation(&eval(&world, &["--limit", "1"]), 1);
    let sets = ["reconstruction_frechet", "frechet", "precision", "sharpness", "nearer_to_train"];
    assert_keys(&value, &["ms_ssim", "reconstruction_sharpness", "draws", "frechet_features"]);
    assert_keys(&value, &sets);
    assert!((0.0..=1.0).contains(&number(&value, "nearer_to_train")), "{value}");
    let few = eval(&world, &["--draws", "3"]);
    assert!(few.get("frechet").is_none(), "three draws have no neighbourhoods: {few}");
    assert_keys(&few, &["reconstruction_frechet"]);
    assert_eq!(eval(&world, &["--draws", "10"])["draws"], 10, "as many draws as asked for");
    assert_evaluation(&eval(&world, &["--limit", "1000"]), 32);
    let train = eval(&world, &["--split", "train", "--limit", "150"]);
    assert_evaluation(&train, 150);
    assert_ne!(train["mse"], value["mse"], "other images");

    let text = world.run(&["eval", "run", "--data", DATA, "--engine", "cpu"]).ok().stdout;
    for word in ["mse", "psnr", "ssim", "nats", "dB"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn eval_is_a_function_of_its_seed() {
    let world = World::trained();
    let measure = |more: &[&str]| {
        let mut value = eval(&world, more);
        for time in ["images_per_s", "latency_ms"] {
            value[time] = Value::Null;
        }
        value
    };
    let first = measure(&[]);
    assert_eq!(first, measure(&["--seed", "0"]), "the default seed, again");
    let other = measure(&["--seed", "1"]);
    assert_ne!(first["reconstruction_nats"], other["reconstruction_nats"], "another sample");
    for key in ["mse", "psnr_db", "ssim", "kl_nats"] {
        assert_eq!(first[key], other[key], "{key} takes no sample");
    }
    for engine in engines() {
        let value = eval_on(&world, engine);
        assert_evaluation(&value, 32);
        for key in ["mse", "psnr_db", "ssim", "kl_nats", "reconstruction_nats"] {
            let (found, expected) = (number(&value, key), number(&first, key));
            assert!((found - expected).abs() <= 1e-4 * (1.0 + expected.abs()), "{engine} {key}");
        }
    }
}

fn eval_on(world: &World, engine: &str) -> Value {
    world.run(&["eval", "run", "--data", DATA, "--engine", engine, "--json"]).ok().json()
}

/// A comparison has to know what ran: `auto` is a wish, not an engine.
#[test]
fn eval_says_which_engine_ran() {
    let world = World::trained();
    for engine in engines() {
        let found = eval_on(&world, engine)["engine"].clone();
        let expected = if engine == "auto" { &["cpu", "wgsl"][..] } else { &[engine] };
        let found = found.as_str().expect("a name");
        assert!(expected.contains(&found), "--engine {engine} ran {found} (of {expected:?})");
    }
}

#[test]
fn eval_of_a_gaussian_carries_its_sigma() {
    let fixed = ["--set", "likelihood=gaussian", "--set", "sigma=0.25"];
    let world = World::trained_with(&fixed);
    let value = eval(&world, &[]);
    assert_evaluation(&value, 32);
    assert_eq!(value["likelihood"]["name"], "gaussian", "{value}");
    assert!((number(&value["likelihood"], "sigma") - 0.25).abs() < 1e-6, "{value}");
    // -log N(x; y, σ²) = ½ (x-y)²/σ² + log σ + ½ log 2π, over 768 pixels; one sample differs from the mean.
    let pixels = 768.0;
    let constant = pixels * (0.25f64.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln());
    let at_mean = constant + pixels * number(&value, "mse") / (2.0 * 0.25 * 0.25);
    let found = number(&value, "reconstruction_nats");
    assert!((found - at_mean).abs() < 0.1 * at_mean.abs().max(100.0), "{found} near {at_mean}");

    let world = World::trained_with(&["--set", "likelihood=gaussian"]);
    let value = eval(&world, &[]);
    assert_evaluation(&value, 32);
    assert!(number(&value["likelihood"], "sigma") > 0.0, "learned: {value}");
}

#[test]
fn every_engine_agrees() {
    let world = World::trained();
    write_images(&world, "images.safetensors", 5);
    let input = ["--input", "images.safetensors"];
    let mut reference: Option<[Vec<f32>; 3]> = None;
    for engine in engines() {
        let run = |verb: &str, input: &[&str], output: &str| {
            let args = [verb, "run", "--engine", engine, "--output", output];
            let ran = world.run(&[&args[..], input].concat()).ok();
            assert!(ran.stdout.is_empty(), "{verb} prints no result: {}", ran.stdout);
        };
        run("encode", &input, "codes.safetensors");
        let codes = world.tensors("codes.safetensors");
        let names: Vec<&str> = codes.keys().map(String::as_str).collect();
        assert_eq!(names, ["latent", "logvar"], "{engine}: all that apply to a VAE");
        for (name, (shape, values)) in &codes {
            assert_eq!(shape, &[5, 3], "{engine}: {name}");
            assert!(values.iter().all(|value| value.is_finite()), "{engine}: {name}");
        }
        run("decode", &["--input", "codes.safetensors"], "decoded.safetensors");
        run(
            "decode",
            &["--input", "codes.safetensors", "--from", "latent"],
            "decoded-2.safetensors",
        );
        assert_eq!(
            world.bytes("decoded.safetensors"),
            world.bytes("decoded-2.safetensors"),
            "{engine}: the latent is the default"
        );
        run("reconstruct", &input, "reconstructed.safetensors");
        let image = world.tensors("decoded.safetensors");
        assert_eq!(image.keys().collect::<Vec<_>>(), ["image"], "{engine}: only images");
        assert_eq!(image["image"].0, [5, 3, 16, 16], "{engine}: shape");
        assert!(image["image"].1.iter().all(|value| (0.0..=1.0).contains(value)), "{engine}");
        assert_close(
            &values(&world, "reconstructed.safetensors", "image"),
            &image["image"].1,
            Tolerance::ENGINE,
        );
        let found = ["latent", "logvar"].map(|name| codes[name].1.clone());
        let found = [&found[0], &found[1], &image["image"].1].map(Clone::clone);
        let expected = reference.get_or_insert_with(|| found.clone());
        for (found, expected) in found.iter().zip(expected) {
            let difference = first_difference(found, expected, Tolerance::ENGINE);
            assert_eq!(difference, None, "{engine} agrees with cpu");
        }
    }
}

/// The comparison above would see a difference: another checkpoint gives other codes.
#[test]
fn checkpoints_do_not_agree() {
    let world = World::trained();
    write_images(&world, "images.safetensors", 2);
    for (model, output) in [("run@0", "a.safetensors"), ("run@12", "b.safetensors")] {
        let args = ["encode", model, "--engine", "cpu", "--input", "images.safetensors"];
        world.run(&[&args[..], &["--output", output]].concat()).ok();
    }
    let [a, b] = ["a.safetensors", "b.safetensors"].map(|file| values(&world, file, "latent"));
    assert!(first_difference(&a, &b, Tolerance::ENGINE).is_some(), "they differ");
}

/// What an image is encoded as does not depend on its neighbours.
#[test]
fn images_are_encoded_one_by_one() {
    let world = World::trained();
    write_images(&world, "two.safetensors", 2);
    write_images(&world, "seven.safetensors", 7);
    for name in ["two", "seven"] {
        let (input, output) = (format!("{name}.safetensors"), format!("{name}-codes.safetensors"));
        let args = ["encode", "run", "--engine=cpu", "--input", &input, "--output", &output];
        world.run(&args).ok();
    }
    let two = values(&world, "two-codes.safetensors", "latent");
    assert_close(&values(&world, "seven-codes.safetensors", "latent")[..6], &two, Tolerance::TIGHT);
}

fn sample(world: &World, out: &str, more: &[&str]) -> Ran {
    world.run(&[&["sample", "run", "--engine", "cpu", "--out", out], more].concat())
}

#[test]
fn samples_are_a_function_of_seed_and_number() {
    let world = World::trained();
    for (out, more) in [
        ("five.safetensors", &["-n", "5"][..]),
        ("again.safetensors", &["-n", "5", "--seed", "0"]),
        ("twelve.safetensors", &["-n", "12"]),
        ("other.safetensors", &["-n", "5", "--seed", "1"]),
    ] {
        sample(&world, out, more).ok();
    }
    let tensors = world.tensors("five.safetensors");
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["image"], "only images");
    assert_eq!(tensors["image"].0, [5, 3, 16, 16], "five of them");
    assert_eq!(
        world.bytes("five.safetensors"),
        world.bytes("again.safetensors"),
        "the same seed, the same bytes"
    );
    assert_ne!(world.bytes("five.safetensors"), world.bytes("other.safetensors"), "another seed");
    let (five, twelve) = (&tensors["image"].1, values(&world, "twelve.safetensors", "image"));
    assert_close(&twelve[..five.len()], five, Tolerance::TIGHT);
    let [first, second] = [&five[..768], &five[768..1536]];
    assert!(first_difference(first, second, Tolerance::ENGINE).is_some(), "no two alike");
}

#[test]
fn samples_go_into_files_of_many_kinds() {
    let world = World::trained();
    for out in ["five.png", "five.jpg", "five.jpeg", "FIVE.PNG", "folder"] {
        let ran = sample(&world, out, &["-n", "5"]).ok();
        assert!(ran.stdout.is_empty(), "no result on standard output: {}", ran.stdout);
    }
    for file in ["five.png", "five.jpg", "five.jpeg", "FIVE.PNG"] {
        let picture = image::open(world.path(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        // Three in a row and two below, a pixel between them.
        assert_eq!((picture.width(), picture.height()), (50, 33), "{file}");
    }
    let mut names: Vec<_> = std::fs::read_dir(world.path("folder"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 5, "one picture each, and nothing else: {names:?}");
    sample(&world, "five.safetensors", &["-n", "5"]).ok();
    let values = values(&world, "five.safetensors", "image");
    for (index, name) in names.iter().enumerate() {
        let picture = image::open(world.path("folder").join(name)).expect("a picture").into_rgb8();
        assert_eq!(picture.dimensions(), (16, 16), "{name}");
        for (x, y, pixel) in picture.enumerate_pixels() {
            for channel in 0..3 {
                let value = values[((index * 3 + channel) * 16 + y as usize) * 16 + x as usize];
                let level = f32::from(pixel.0[channel]);
                assert!((value * 255.0 - level).abs() <= 0.51, "{name} at {x}, {y}: {value}");
            }
        }
    }
    // An empty folder is as good as none.
    std::fs::create_dir(world.path("empty")).unwrap();
    sample(&world, "empty", &["-n", "1"]).ok();
    assert_eq!(std::fs::read_dir(world.path("empty")).unwrap().count(), 1, "filled");
}

#[test]
fn an_output_file_is_replaced_by_rename() {
    let world = World::trained();
    for name in ["out.safetensors", "out.png"] {
        world.write(name, "old");
        let link = format!("{name}.link");
        std::fs::hard_link(world.path(name), world.path(&link)).unwrap();
        sample(&world, name, &["-n", "1"]).ok();
        assert_ne!(world.bytes(name), b"old", "{name} is new");
        assert_eq!(world.bytes(&link), b"old", "who holds the old {name} still reads it whole");
    }
    let leftovers: Vec<_> =
        world.tree().into_keys().filter(|path| path.to_string_lossy().contains("tmp")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn pictures_are_images_too() {
    let world = World::trained();
    // Of another size, grey, transparent: each is made to fit.
    let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, y as u8, 9]));
    picture.save(world.path("picture.png")).unwrap();
    std::fs::create_dir(world.path("pictures")).unwrap();
    for name in ["b.png", "a.jpg", "c.bmp"] {
        picture.save(world.path("pictures").join(name)).unwrap();
    }
    world.write("pictures/notes.txt", "no picture");
    for (input, count) in [("picture.png", 1), ("pictures", 3)] {
        let args = ["encode", "run", "--engine", "cpu", "--input", input];
        world.run(&[&args[..], &["--output", "codes.safetensors"]].concat()).ok();
        assert_eq!(world.tensors("codes.safetensors")["latent"].0, [count, 3], "{input}");
        let args = ["reconstruct", "run", "--engine", "cpu", "--input", input];
        world.run(&[&args[..], &["--output", "out.safetensors"]].concat()).ok();
        assert_eq!(world.tensors("out.safetensors")["image"].0, [count, 3, 16, 16], "{input}");
    }
    // A folder that reconstruct wrote is one that encode reads.
    let args = ["reconstruct", "run", "--engine=cpu", "--input=pictures", "--output=again"];
    world.run(&args).ok();
    let args = ["encode", "run", "--engine=cpu", "--input=again", "--output=codes.safetensors"];
    world.run(&args).ok();
    assert_eq!(world.tensors("codes.safetensors")["latent"].0, [3, 3], "and back");
}

/// A convolutional model, whose engines do other things.
#[test]
fn engines_agree_on_convolutions() {
    let world = World::new();
    let args = ["train", "vae", "--data", "shapes?size=16&train=32&test=16", "--device", "cpu"];
    let keys = ["--set=hidden=12", "--set=channels=4", "--set=latent_dim=5", "--batch=16"];
    world.run(&[&args[..], &keys, &["--steps", "2", "--out", "run"]].concat()).ok();
    write_images(&world, "images.safetensors", 3);
    let mut reference = None;
    for engine in engines() {
        let args = ["reconstruct", "run", "--engine", engine, "--input", "images.safetensors"];
        world.run(&[&args[..], &["--output", "out.safetensors"]].concat()).ok();
        let found = values(&world, "out.safetensors", "image");
        let expected = reference.get_or_insert_with(|| found.clone());
        let difference = first_difference(&found, expected, Tolerance::ENGINE);
        assert_eq!(difference, None, "{engine} agrees with cpu");
    }
}

#[test]
fn a_class_conditional_vae_is_asked_for_classes() {
    let data = "shapes?size=16&train=256&test=64";
    let world = World::new();
    let args = ["train", "vae", "--data", data, "--steps", "40", "--batch", "16", "--out", "run"];
    let keys = ["arch=mlp", "hidden=32", "latent_dim=4", "conditional=yes", "eval_images=32"];
    let sets: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
    world.run(&[&args[..], &["--device", "cpu"], &sets].concat()).ok();
    let sample = |name: &str, class: &str| {
        let args = ["sample", "run", "-n", "2", "--class", class, "--out", name];
        world.run(&args).ok();
        values(&world, name, "image")
    };
    let (first, second) = (sample("a.safetensors", "0"), sample("b.safetensors", "1"));
    assert_ne!(first, second, "the same draws of two classes");
    let mut errors = Vec::new();
    for engine in engines() {
        let args = ["eval", "run", "--data", data, "--engine", engine, "--json"];
        errors.push(number(&world.run(&args).ok().json(), "elbo_nats"));
    }
    assert!(errors.iter().all(|elbo| (elbo - errors[0]).abs() < 1e-2), "alike: {errors:?}");
    let tensors = "run/checkpoints/step-40/model.safetensors";
    assert!(world.tensors(tensors).contains_key("encoder.classes"), "part of the checkpoint");
    let unlabelled = ["train", "vae", "--data", "folder:pictures", "--set", "conditional=yes"];
    std::fs::create_dir(world.path("pictures")).unwrap();
    for index in 0..20 {
        image::RgbImage::from_pixel(16, 16, image::Rgb([index * 9; 3]))
            .save(world.path(&format!("pictures/{index}.png")))
            .unwrap();
    }
    let ran = world.run(&unlabelled);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("no classes"), "{}", ran.stderr);
}
