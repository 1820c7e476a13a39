//! Priors over codes: trained, told of, measured and drawn from.

use serde_json::json;

use super::errors::{Case, EITHER, USAGE, assert_refused};
use super::world::{World, assert_keys, number};

const DATA: &str = "shapes?size=16&train=64&test=32";

/// Trains into `out`, 20 updates.
fn train(world: &World, recipe: &str, keys: &[&str], out: &str) {
    let mut args = vec!["train", recipe, "--data", DATA, "--steps", "20", "--batch", "16"];
    for key in keys {
        args.extend(["--set", key]);
    }
    args.extend(["--out", out, "--device", "cpu"]);
    world.run(&args).ok();
}

const CODES: [&str; 6] =
    ["hidden=8", "res_hidden=4", "res_blocks=1", "code_dim=5", "codebook_size=12", "eval_images=8"];
const SMALL: [&str; 6] =
    ["width=16", "layers=2", "heads=2", "embedding=8", "eval_images=8", "lr_warmup=0"];

/// A world with a VQ-VAE in `codes` and a prior over its codes in `prior`.
fn world() -> World {
    let world = World::new();
    train(&world, "vq-vae", &CODES, "codes");
    train(&world, "prior", &[&["codes=codes"], &SMALL[..]].concat(), "prior");
    world
}

#[test]
fn info_tells_of_the_prior() {
    let world = world();
    let info = world.run(&["info", "prior", "--json"]).ok().json();
    assert_eq!(info["family"], "prior", "{info}");
    assert_eq!(info["codebook"], json!({"size": 12, "dim": 5}), "{info}");
    assert_eq!(info["latent"]["shape"], json!([5, 4, 4]), "{info}");
    let prior = &info["prior"];
    let classes = ["circle", "square", "triangle", "star", "cross", "ring"];
    assert_eq!(prior["classes"].as_array().map(Vec::len), Some(classes.len()), "{info}");
    for (key, value) in [
        ("over", json!("vq-vae")),
        ("order", json!("raster")),
        ("places", json!(16)),
        ("width", json!(16)),
        ("layers", json!(2)),
        ("heads", json!(2)),
        ("embedding", json!(8)),
    ] {
        assert_eq!(prior[key], value, "{key} of {info}");
    }
    let text = world.run(&["info", "prior"]).ok().stdout;
    for words in ["raster over 16 codes of vq-vae", "2 layers, 16 wide, 2 heads", "classes"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let other = world.run(&["info", "codes", "--json"]).ok().json();
    assert!(other["prior"].is_null(), "{other}");
}

#[test]
fn draws_are_written() {
    let world = world();
    let sample = |model: &[&str], more: &[&str], out: &str| {
        world.run(&[&["sample"], model, more, &["--out", out]].concat()).ok();
        world.tensors(out).remove("image").expect("images")
    };
    let how = [
        "-n",
        "3",
        "--seed",
        "4",
        "--class",
        "1",
        "--temperature",
        "0.7",
        "--top-k",
        "5",
        "--top-p",
        "0.9",
        "--guidance",
        "2",
    ];
    let (shape, of_codes) = sample(&["codes", "--prior", "prior"], &how, "a.safetensors");
    assert_eq!(shape, [3, 3, 16, 16]);
    let (_, of_prior) = sample(&["prior"], &how, "b.safetensors");
    assert_eq!(of_codes, of_prior, "the prior has its autoencoder");
    let (_, other) = sample(&["prior"], &["-n", "3", "--seed", "5"], "b.safetensors");
    assert_ne!(of_prior, other, "the file is replaced");
    // A draw is the same whatever is drawn beside it, in one batch or several.
    let (shape, many) = sample(&["prior"], &["-n", "70", "--seed", "5"], "c.safetensors");
    assert_eq!(shape, [70, 3, 16, 16]);
    assert_eq!(many[..other.len()], other[..]);
    let by_name = world.run(&["info", "prior", "--json"]).ok().json();
    let name = by_name["prior"]["classes"][1].as_str().expect("a name").to_owned();
    let named = ["-n", "3", "--seed", "4", "--class", &name];
    let numbered = ["-n", "3", "--seed", "4", "--class", "1"];
    let [named, numbered] =
        [&named, &numbered].map(|how| sample(&["prior"], how, "d.safetensors").1);
    assert_eq!(named, numbered, "by its name or its number");
    // Without a prior codes do not go together, and it says so.
    let ran = world.run(&["sample", "codes", "-n", "2", "--out", "e.png"]).ok();
    assert!(ran.stderr.contains("without a prior"), "{ran:?}");
    let ran = world.run(&["sample", "prior", "-n", "2", "--out", "e.png"]).ok();
    assert!(!ran.stderr.contains("without a prior"), "{ran:?}");
}

#[test]
fn a_masked_prior_draws_in_steps() {
    let world = World::new();
    train(&world, "vq-vae", &CODES, "codes");
    let keys = [&["codes=codes", "order=masked", "conditional=no"], &SMALL[..]].concat();
    train(&world, "prior", &keys, "prior");
    for steps in ["1", "4", "1000"] {
        let args = ["sample", "prior", "-n", "2", "--steps", steps, "--out", "images.safetensors"];
        world.run(&args).ok();
        assert_eq!(world.tensors("images.safetensors")["image"].0, [2, 3, 16, 16], "{steps}");
    }
    let cases: [Case<'_>; 1] = [(
        &["sample", "prior", "-n", "2", "--class", "0", "--out", "x.png"],
        USAGE,
        &["--class", "knows no classes"],
    )];
    assert_refused(&world, &cases);
}

#[test]
fn eval_tells_what_a_prior_is_worth() {
    let world = world();
    let eval = |more: &[&str]| {
        let args = ["eval", "prior", "--data", DATA, "--engine", "cpu", "--json"];
        world.run(&[&args[..], more].concat()).ok().json()
    };
    let told = eval(&[]);
    assert_keys(
        &told,
        &[
            "psnr_db",
            "bits_per_code",
            "unigram_bits",
            "bits_per_dim",
            "frechet",
            "independent_frechet",
            "draws",
        ],
    );
    assert_eq!(told["draws"], 32, "{told}");
    let (bits, unigram) = (number(&told, "bits_per_code"), number(&told, "unigram_bits"));
    assert!((0.0..=(12.0_f64).log2() + 1e-9).contains(&unigram), "{told}");
    assert!((0.0..20.0).contains(&bits), "{told}");
    let per_dim = number(&told, "bits_per_dim");
    assert!((per_dim - bits * 16.0 / 768.0).abs() < 1e-9, "{told}");
    assert!(told.get("class_accuracy").is_none(), "nobody tells classes: {told}");
    assert_eq!(eval(&["--draws", "12"])["draws"], 12);
    train(&world, "classifier", &[], "judge");
    let told = eval(&["--classifier", "judge"]);
    assert!((0.0..=1.0).contains(&number(&told, "class_accuracy")), "{told}");
    assert_eq!(
        told["drawn"],
        json!({"temperature": 1.0, "top_k": 0, "top_p": 1.0, "guidance": 1.0}),
        "{told}"
    );
    let how = ["--guidance", "3", "--temperature", "0.7", "--top-k", "4", "--top-p", "0.1"];
    let guided = eval(&[&["--classifier", "judge"][..], &how].concat());
    let drawn = json!({"temperature": 0.7, "top_k": 4, "top_p": 0.1, "guidance": 3.0});
    assert_eq!(guided["drawn"], drawn, "{guided}");
    assert_ne!(guided["frechet"], told["frechet"], "they are drawn in another way");
    assert_eq!(guided["bits_per_code"], told["bits_per_code"], "which does not count there");
    let cases: [Case<'_>; 2] = [
        (
            &["eval", "prior", "--data", DATA, "--guidance", "-1"],
            USAGE,
            &["evaluate", "guidance", "-1"],
        ),
        (
            &["eval", "codes", "--data", DATA, "--top-k", "3"],
            USAGE,
            &["evaluate", "--top-k", "has none", "recipe prior"],
        ),
    ];
    assert_refused(&world, &cases);
    let plain = world.run(&["eval", "prior", "--data", DATA, "--engine", "cpu"]).ok().stdout;
    for word in ["bits per code", "bits without a prior", "independent draws"] {
        assert!(plain.contains(word), "{word} in {plain}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let world = world();
    let other = [&CODES[..], &["lr=0.01"]].concat();
    train(&world, "vq-vae", &other, "other");
    let sample = |model: &'static str, more: &[&'static str]| {
        let args = ["sample", model, "-n", "2", "--out", "x.png"];
        [&args[..], more].concat()
    };
    let prior = |more: &[&'static str]| sample("codes", &[&["--prior", "prior"], more].concat());
    let cases: Vec<(Vec<&str>, &[i32], &[&str])> = vec![
        (prior(&["--class", "blob"]), USAGE, &["there is no class", "blob", "0 to 5"]),
        (prior(&["--class", "6"]), USAGE, &["there is no class", "6", "0 to 5"]),
        (prior(&["--temperature", "-1"]), USAGE, &["temperature", "-1", "0 or more"]),
        (prior(&["--temperature", "nan"]), USAGE, &["temperature", "NaN", "0 or more"]),
        (prior(&["--top-p", "0"]), USAGE, &["top-p", "more than 0, at most 1"]),
        (prior(&["--top-p", "1.5"]), USAGE, &["top-p", "1.5"]),
        (prior(&["--top-p", "nan"]), USAGE, &["top-p", "NaN"]),
        (prior(&["--guidance", "NaN"]), USAGE, &["guidance", "NaN", "0 or more"]),
        (prior(&["--guidance", "-2"]), USAGE, &["guidance", "-2"]),
        (prior(&["--steps", "0"]), USAGE, &["steps", "1 to 1000"]),
        (prior(&["--steps", "1001"]), USAGE, &["steps", "1001"]),
        (
            sample("other", &["--prior", "prior"]),
            USAGE,
            &["--prior prior", "those of another model", "other"],
        ),
        (sample("codes", &["--prior", "codes"]), USAGE, &["--prior codes", "it is a vq-vae"]),
        (sample("codes", &["--prior", "nowhere"]), EITHER, &["nowhere"]),
        (sample("codes", &["--temperature", "0.5"]), USAGE, &["--temperature", "has none"]),
        (sample("codes", &["--top-k", "5"]), USAGE, &["--top-k", "recipe prior"]),
    ];
    let cases: Vec<Case<'_>> =
        cases.iter().map(|(args, status, words)| (&args[..], *status, *words)).collect();
    assert_refused(&world, &cases);
    let train = |keys: &[&'static str]| {
        let args = ["train", "prior", "--data", DATA, "--steps", "2", "--out", "new"];
        [&args[..], keys].concat()
    };
    let cases: Vec<(Vec<&str>, &[i32], &[&str])> = vec![
        (train(&[]), USAGE, &["codes is", "nothing is named"]),
        (train(&["--set", "codes=nowhere"]), USAGE, &["nowhere", "no such file"]),
        (train(&["--set", "codes=codes", "--set", "width=30"]), USAGE, &["width is 30", "heads"]),
        (train(&["--set", "codes=codes", "--set", "order=spiral"]), USAGE, &["order", "masked"]),
    ];
    let cases: Vec<Case<'_>> =
        cases.iter().map(|(args, status, words)| (&args[..], *status, *words)).collect();
    assert_refused(&world, &cases);
}

/// A world with a VQ-VAE in `codes` and a prior over its codes and captions in `texts`.
fn world_of_texts() -> World {
    let world = World::new();
    train(&world, "vq-vae", &CODES, "codes");
    let keys = ["codes=codes", "text=yes", "vocabulary=300"];
    train(&world, "prior", &[&keys, &SMALL[..]].concat(), "texts");
    world
}

const RED: &str = "a small red circle on navy, top left";
const BLUE: &str = "a large blue ring on white, right";

#[test]
fn captions_are_drawn_under_their_images() {
    let world = world_of_texts();
    let drawn = |more: &[&str], out: &str| {
        let args = ["sample", "texts", "--captions", DATA, "--seed", "2", "--engine", "cpu"];
        world.run(&[&args[..], &["--out", out], more].concat()).ok().stdout
    };
    let told = drawn(&["-n", "3"], "a.safetensors");
    let captions: Vec<&str> = told.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(captions.len(), 3, "{told}");
    let (shape, images) = world.tensors("a.safetensors").remove("image").expect("images");
    assert_eq!(shape, [12, 3, 16, 16], "three columns of an image and three draws");
    let spec = DATA.parse().expect("data");
    let data = zscope::data::open(&spec).expect("shapes");
    let held_out = zscope::data::batch(data.as_ref(), zscope::data::Split::Test, &[0, 10, 21]);
    assert_eq!(&images[..held_out.data().len()], held_out.data(), "the images first");
    // The second column's draws: the third to fifth of that text.
    let text = ["--text", captions[1], "-n", "6", "--seed", "2", "--engine", "cpu"];
    world.run(&[&["sample", "texts", "--out", "b.safetensors"], &text[..]].concat()).ok();
    let (_, same) = world.tensors("b.safetensors").remove("image").expect("images");
    let of_image = images.len() / 12;
    let [row, draw] = [6 * of_image, 4 * of_image]; // row 2, column 1 is draw 3 + 1
    assert_eq!(
        &images[row + of_image..row + 2 * of_image],
        &same[draw..draw + of_image],
        "as drawn of the caption alone"
    );
    drawn(&["-n", "5", "--split", "train"], "pairs.png");
    let sheet = image::open(world.path("pairs.png")).expect("a picture");
    assert!(sheet.width() > 5 * 16 && sheet.height() > 4 * 16, "five columns of four");
    let best = |more: &[&str]| {
        let args = ["sample", "texts", "--text", captions[0], "--engine", "cpu", "--out"];
        world.run(&[&args[..], &["c.safetensors", "-n", "2"], more].concat()).ok();
        world.tensors("c.safetensors").remove("image").expect("images").1
    };
    assert_ne!(best(&["--best", "6"]), best(&[]), "other draws are kept");
    assert_eq!(best(&["--best", "1"]), best(&[]), "of one draw that one");
    let report = world.run(&["eval", "texts", "--data", DATA, "--best", "2", "--json"]).ok().json();
    assert_eq!(report["drawn"]["best"], 2, "{report}");
    let codes: &[&str] = &["sample", "codes", "-n", "2", "--captions", DATA, "--out", "x.png"];
    let cases: [Case<'_>; 5] = [
        (codes, USAGE, &["codes", "no prior"]),
        (&["sample", "texts", "-n", "2", "--best", "4", "--out", "x.png"], USAGE, &["--text"]),
        (&["eval", "texts", "--data", DATA, "--best", "0"], USAGE, &["--best", "0", "256"]),
        (
            &["sample", "texts", "-n", "2", "--split", "train", "--out", "x.png"],
            USAGE,
            &["--captions"],
        ),
        (&["sample", "texts", "-n", "2", "--captions", "dog:x", "--out", "x.png"], USAGE, &["dog"]),
    ];
    assert_refused(&world, &cases);
}

#[test]
fn a_row_goes_from_one_text_to_another() {
    let world = world_of_texts();
    let sample = |more: &[&str], out: &str| {
        let args = ["sample", "texts", "--seed", "2", "--engine", "cpu", "--out", out];
        world.run(&[&args[..], more].concat()).ok();
    };
    let images = |more: &[&str]| {
        sample(more, "a.safetensors");
        world.tensors("a.safetensors").remove("image").expect("images")
    };
    let (shape, row) = images(&["--text", RED, "--towards", BLUE, "-n", "70"]);
    assert_eq!(shape, [70, 3, 16, 16]);
    let of_image = row.len() / 70;
    let (_, red) = images(&["--text", RED, "-n", "1"]);
    let (_, blue) = images(&["--text", BLUE, "-n", "1"]);
    assert_eq!((&row[..of_image], &row[69 * of_image..]), (&red[..], &blue[..]));
    sample(&["--text", RED, "--towards", BLUE, "-n", "5"], "row.png");
    let sheet = image::open(world.path("row.png")).expect("a picture");
    assert!(sheet.width() >= 5 * 16 && sheet.height() < 2 * 16, "side by side");
    let cases: [Case<'_>; 3] = [
        (&["sample", "texts", "-n", "2", "--towards", BLUE, "--out", "x.png"], USAGE, &["--text"]),
        (
            &[
                "sample",
                "texts",
                "-n",
                "2",
                "--text",
                RED,
                "--towards",
                BLUE,
                "--guidance",
                "2",
                "--out",
                "x.png",
            ],
            USAGE,
            &["--guidance", "--towards"],
        ),
        (
            &["sample", "codes", "-n", "2", "--text", RED, "--towards", BLUE, "--out", "x.png"],
            USAGE,
            &["--text", "has none"],
        ),
    ];
    assert_refused(&world, &cases);
}

#[test]
fn only_what_a_text_changes_is_drawn_anew() {
    let world = world_of_texts();
    let args = ["sample", "texts", "--text", RED, "-n", "2", "--out", "two.safetensors"];
    world.run(&args).ok();
    let args = ["sample", "texts", "--text", RED, "-n", "1", "--out", "one.safetensors"];
    world.run(&args).ok();
    let edit = |but: &str| {
        let args = ["sample", "texts", "--input", "one.safetensors", "--but", but, "-n", "3"];
        let ran = world.run(&[&args[..], &["--out", "edited.safetensors"]].concat()).ok();
        (ran.stderr, world.tensors("edited.safetensors").remove("image").expect("images"))
    };
    let (told, (shape, _)) = edit(BLUE);
    assert_eq!(shape, [3, 3, 16, 16]);
    for words in ["of 16 codes change, from", "to", BLUE] {
        assert!(told.contains(words), "{words} in {told}");
    }
    // What it says already changes nothing: the picture is that of its own codes.
    let said = world.run(&["caption", "texts", "--input", "one.safetensors", "--json"]).ok().json();
    let said = said[0][0]["text"].as_str().expect("a text").to_owned();
    let (told, (_, same)) = edit(&format!("{said} "));
    assert!(told.contains("0 of 16 codes change"), "{told}");
    let args = ["reconstruct", "codes", "--input", "one.safetensors", "--output", "r.safetensors"];
    world.run(&args).ok();
    let own = world.tensors("r.safetensors").remove("image").expect("an image").1;
    assert_eq!(same[..own.len()], own[..]);
    let sample =
        |more: &[&'static str]| [&["sample", "texts", "-n", "2", "--out", "x.png"], more].concat();
    let cases = [
        (sample(&["--input", "one.safetensors"]), &["--but"][..]),
        (sample(&["--but", "blue"]), &["--input"]),
        (sample(&["--input", "one.safetensors", "--but", "blue", "--text", RED]), &["--text"]),
        (sample(&["--input", "two.safetensors", "--but", "blue"]), &["2 images", "expected one"]),
    ];
    let cases: Vec<Case<'_>> =
        cases.iter().map(|(args, words)| (&args[..], USAGE, *words)).collect();
    assert_refused(&world, &cases);
}

#[test]
fn texts_go_on_as_they_began() {
    let world = world_of_texts();
    let args = ["sample", "texts", "--text", RED, "-n", "2", "--out", "two.safetensors"];
    world.run(&args).ok();
    let caption = |more: &[&str]| {
        let args = ["caption", "texts", "--json", "--engine", "cpu", "-n", "4"];
        world.run(&[&args[..], more].concat()).ok().json()
    };
    let input = ["--input", "two.safetensors"];
    for (more, images) in [(&input[..0], 1), (&input[..], 2)] {
        let told = caption(&[&["--begin", "a small re"], more].concat());
        let told = told.as_array().expect("an array");
        assert_eq!(told.len(), images);
        for texts in told.iter().map(|of_image| of_image.as_array().expect("texts")) {
            let bits: Vec<f64> = texts.iter().map(|text| number(text, "bits")).collect();
            assert!(bits.is_sorted() && !bits.is_empty(), "{texts:?}");
            let begin = |text: &serde_json::Value| text["text"].as_str().map(str::to_owned);
            let begin = |text| begin(text).is_some_and(|text| text.starts_with("a small re"));
            assert!(texts.iter().all(begin), "{texts:?}");
        }
    }
    assert_ne!(caption(&["--begin", "a"]), caption(&["--begin", "the"]));
    let cases: [Case<'_>; 2] = [
        (&["caption", "texts"], USAGE, &["--input"]),
        (&["caption", "codes", "--begin", "a"], USAGE, &["knows no texts"]),
    ];
    assert_refused(&world, &cases);
}
