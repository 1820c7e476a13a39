//! How the program refuses: the exit status, one line, nothing left behind.

use super::world::{Ran, TINY, World, tensor_file};

/// Wrong usage.
pub const USAGE: &[i32] = &[2];
/// Could not be done.
const FAILED: &[i32] = &[1];
/// The contract leaves it open which of the two.
pub const EITHER: &[i32] = &[1, 2];

/// A command, its exit status, and words that the error has to hold.
pub type Case<'a> = (&'a [&'a str], &'a [i32], &'a [&'a str]);

/// What is wrong with how a command failed, or nothing.
fn complaints(ran: &Ran, status: &[i32], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if !ran.status.is_some_and(|code| status.contains(&code)) {
        found.push(format!("exit status {:?}, expected one of {status:?}", ran.status));
    }
    if !ran.stdout.is_empty() {
        found.push(format!("standard output holds {:?}", ran.stdout));
    }
    if ran.panicked() {
        found.push("it looks like a panic, or names a source file".to_owned());
    }
    let errors = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count();
    if errors != 1 {
        found.push(format!("{errors} lines begin with `error: `, expected one"));
    }
    for word in words {
        if !ran.stderr.contains(word) {
            found.push(format!("no word of {word:?}"));
        }
    }
    found
}

/// Runs every case and fails with everything that is wrong with any.
#[track_caller]
pub fn assert_refused(world: &World, cases: &[Case<'_>]) {
    let before = world.tree();
    let mut all = Vec::new();
    for (args, status, words) in cases {
        let ran = world.run(args);
        let mut found = complaints(&ran, status, words);
        let after = world.tree();
        let touched: Vec<_> = after
            .keys()
            .chain(before.keys())
            .filter(|path| before.get(*path) != after.get(*path))
            .collect();
        if !touched.is_empty() {
            found.push(format!("it touched {touched:?}"));
        }
        if !found.is_empty() {
            let told = format!("\n{}\n{}", args.join(" "), ran.stderr.trim_end());
            all.push(format!("{told}\n  -> {}", found.join("\n  -> ")));
        }
        assert!(touched.is_empty(), "{}", all.join("\n"));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// [`assert_refused`] of trainings: [`TINY`] into `new`, and more.
#[track_caller]
fn assert_training_refused(world: &World, cases: &[Case<'_>]) {
    let whole: Vec<Vec<&str>> =
        cases.iter().map(|case| [&TINY[..], &["--out", "new"], case.0].concat()).collect();
    let cases: Vec<Case<'_>> =
        whole.iter().zip(cases).map(|(args, case)| (&args[..], case.1, case.2)).collect();
    assert_refused(world, &cases);
}

#[test]
fn complaints_are_seen() {
    let ran = |status, stdout: &str, stderr: &str| Ran {
        status: Some(status),
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    };
    let good = ran(2, "", "warning: x\nerror: try: found (expected)\n  cause\n");
    assert_eq!(complaints(&good, USAGE, &["found"]), Vec::<String>::new(), "nothing wrong");
    for (bad, status) in [
        (ran(1, "", "error: found"), USAGE),
        (ran(2, "out", "error: found"), USAGE),
        (ran(2, "", "found"), USAGE),
        (ran(2, "", "error: found\nerror: again"), USAGE),
        (ran(2, "", "error: lost"), USAGE),
        (ran(2, "", "error: found\nthread 'main' panicked at x"), USAGE),
    ] {
        assert_eq!(complaints(&bad, status, &["found"]).len(), 1, "{bad:?}");
    }
}

#[test]
fn wrong_keys_list_the_right_ones() {
    let keys = ["arch", "image_size", "latent_dim", "beta", "likelihood", "lr", "checkpoint_every"];
    let all = [&["nope"], &keys[..]].concat();
    assert_training_refused(
        &World::new(),
        &[
            (&["--set", "nope=1"], USAGE, &all),
            (&["--set", "LR=1"], USAGE, &["LR", "lr"]),
            (&["--set", "lr=5"], USAGE, &["lr", "5", "from 0 to 1"]),
            (&["--set", "lr=-1"], USAGE, &["lr", "-1", "from 0 to 1"]),
            (&["--set", "lr=nan"], USAGE, &["lr", "from 0 to 1"]),
            (&["--set", "lr=fast"], USAGE, &["lr", "fast", "from 0 to 1"]),
            (&["--set", "lr="], USAGE, &["lr", "from 0 to 1"]),
            (&["--set", "lr"], USAGE, &["lr", "key=value"]),
            (&["--set", ""], USAGE, &["key=value"]),
            (&["--set", "latent_dim=0"], USAGE, &["latent_dim", "4096"]),
            (&["--set", "latent_dim=2.5"], USAGE, &["latent_dim", "2.5", "whole number"]),
            (&["--set", "arch=transformer"], USAGE, &["arch", "transformer", "mlp", "conv"]),
            (&["--set", "likelihood=1"], USAGE, &["likelihood", "bernoulli", "gaussian"]),
            (&["--set", "sigma=0"], USAGE, &["sigma", "learned"]),
            (
                &["--set", "corrupt=blur:3"],
                USAGE,
                &["corrupt", "blur:3", "noise:σ", "mask:p", "downsample:n", "none"],
            ),
            (&["--set", "corrupt=noise:11"], USAGE, &["corrupt", "noise:11", "0 to 10"]),
            (&["--set", "corrupt=0.2"], USAGE, &["corrupt", "0.2", "mask:p"]),
            (&["--set", "corrupt="], USAGE, &["corrupt", "none"]),
            (&["--set", "checkpoint_every=0"], USAGE, &["checkpoint_every", "0"]),
        ],
    );
}

/// The error of a key names the key, not the option of the data that it stands for.
#[test]
fn an_image_size_that_the_data_cannot_have() {
    assert_training_refused(
        &World::new(),
        &[
            (&["--set", "image_size=17"], USAGE, &["image_size", "17", "16, 32, 64"]),
            (&["--set", "image_size=1025"], USAGE, &["image_size", "1025", "1024"]),
        ],
    );
}

#[test]
fn wrong_numbers_of_a_training() {
    let world = World::new();
    let data = "shapes?size=16&train=128&test=32";
    let train = ["train", "vae", "--data", data, "--out", "new"];
    let with = |more: &[&'static str]| [&train[..], more].concat();
    let commands = [
        with(&["--batch", "0"]),
        with(&["--batch", "70000"]),
        with(&["--batch", "-1"]),
        with(&["--batch", "many"]),
        with(&["--steps", "0"]),
        with(&["--epochs", "0"]),
        with(&["--steps", "2000000000"]),
        with(&["--epochs", "18446744073709551615"]),
        with(&["--steps", "99999999999999999999999"]),
        with(&["--steps", "-3"]),
        with(&["--seed", "x"]),
        with(&["--epochs", "1", "--steps", "1"]),
        with(&["--device", "tpu"]),
        with(&["--no-such-flag"]),
        with(&["too", "many"]),
    ];
    let words: [&[&str]; 15] = [
        &["batch", "0", "1 to 65536"],
        &["batch", "70000", "65536"],
        &["-1"],
        &["--batch", "many"],
        &["0 steps", "1 to"],
        &["0", "1 to"],
        &["2000000000", "1000000000"],
        &["1000000000"],
        &["--steps", "99999999999999999999999"],
        &["-3"],
        &["--seed", "x"],
        &["--epochs", "--steps"],
        &["tpu", "cpu", "gpu"],
        &["--no-such-flag"],
        &["too"],
    ];
    let cases: Vec<Case<'_>> =
        commands.iter().zip(words).map(|(args, words)| (&args[..], USAGE, words)).collect();
    assert_refused(&world, &cases);
}

#[test]
fn wrong_recipes_and_data() {
    let world = World::new();
    std::fs::create_dir(world.path("empty")).unwrap();
    world.write("file.txt", "text");
    let train = |recipe: &'static str, data: &'static str| {
        ["train", recipe, "--device", "cpu", "--steps", "1", "--out", "new", "--data", data]
    };
    let shapes = "shapes?size=16&train=128&test=32";
    let commands = [
        train("vea", shapes),
        train("", shapes),
        train("vae", "shaps"),
        train("vae", ""),
        train("vae", "shapes:here"),
        train("vae", "shapes?size=17"),
        train("vae", "shapes?sise=16"),
        train("vae", "shapes?train=0"),
        train("vae", "mnist"),
        train("vae", "mnist:"),
        train("vae", "mnist:nowhere"),
        train("vae", "fashion-mnist:empty"),
        train("vae", "cifar10:nowhere"),
        train("vae", "cifar10:empty"),
        train("vae", "dsprites"),
        train("vae", "dsprites:file.txt"),
        train("vae", "folder:nowhere"),
        train("vae", "folder:empty"),
        train("vae", "folder:empty?size=3"),
        train("vae", "mnist:file.txt"),
        train("vae", "folder:file.txt"),
    ];
    let expected: [(&[i32], &[&str]); 21] = [
        (USAGE, &["vea", "vae"]),
        (USAGE, &["vae"]),
        (USAGE, &["shaps", "shapes", "mnist", "folder"]),
        (USAGE, &["shapes", "mnist"]),
        (USAGE, &["here"]),
        (USAGE, &["size", "17", "16, 32, 64"]),
        (USAGE, &["sise", "size"]),
        (USAGE, &["train", "0"]),
        (USAGE, &["mnist:DIR"]),
        (USAGE, &["mnist:DIR"]),
        (FAILED, &["nowhere", "zscope data fetch mnist"]),
        (FAILED, &["empty", "zscope data fetch fashion-mnist"]),
        (FAILED, &["nowhere", "cifar10"]),
        (FAILED, &["empty", "cifar10"]),
        (USAGE, &["dsprites:FILE"]),
        (FAILED, &["file.txt", "zip archive"]),
        (FAILED, &["nowhere", "No such file"]),
        (FAILED, &["empty", "png"]),
        (USAGE, &["size", "3"]),
        (FAILED, &["file.txt"]),
        (FAILED, &["file.txt"]),
    ];
    let cases: Vec<Case<'_>> = commands
        .iter()
        .zip(expected)
        .map(|(args, (status, words))| (&args[..], status, words))
        .collect();
    assert_refused(&world, &cases);
    assert_refused(
        &world,
        &[
            (&["train"], USAGE, &["--data"]),
            (&["train", "vae"], USAGE, &["--data"]),
            (&["train", "--data", "shapes"], USAGE, &["RECIPE"]),
        ],
    );
}

/// A cause is told once: an error that repeats itself reads like two errors.
#[test]
fn causes_are_not_repeated() {
    let world = World::trained();
    std::fs::copy(
        world.path("run/checkpoints/step-5/optimizer.safetensors"),
        world.path("run/checkpoints/step-5/other.safetensors"),
    )
    .unwrap();
    let mut wrong = Vec::new();
    for args in [
        &["train", "vae", "--data", "folder:nowhere", "--device", "cpu", "--out", "new"][..],
        &["eval", "run", "--data", "folder:nowhere"],
        &["info", "run/checkpoints/step-5/other.safetensors"],
    ] {
        let ran = world.run(args);
        let mut lines = ran.stderr.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        wrong.extend(lines.filter(|line| first.contains(line.trim())).map(|_| ran.stderr.clone()));
    }
    assert!(wrong.is_empty(), "the second line says what the first did:\n{}", wrong.join("\n"));
}

#[test]
fn directories_that_are_not_empty() {
    let world = World::trained();
    std::fs::create_dir(world.path("mine")).unwrap();
    world.write("mine/notes.txt", "mine");
    world.write("file", "mine");
    let into = |out: &'static str| [&TINY[..], &["--steps", "1", "--out", out]].concat();
    let (run, mine, file, under) = (into("run"), into("mine"), into("file"), into("file/new"));
    assert_refused(
        &world,
        &[
            (&run, EITHER, &["run", "not empty", "--force"]),
            (&mine, EITHER, &["mine", "not empty", "--force"]),
            (&file, EITHER, &["file"]),
            (&under, EITHER, &["file"]),
        ],
    );
}

#[test]
fn nothing_to_go_on_with() {
    let world = World::trained();
    std::fs::create_dir(world.path("empty")).unwrap();
    std::fs::create_dir_all(world.path("unborn/checkpoints")).unwrap();
    std::fs::copy(world.path("run/config.json"), world.path("unborn/config.json")).unwrap();
    let data = ["--data", "shapes"];
    assert_refused(
        &world,
        &[
            (&["train", "--resume"], USAGE, &["--out"]),
            (&["train", "--resume", "--out", "nowhere"], EITHER, &["nowhere"]),
            (&["train", "--resume", "--out", "empty"], EITHER, &["empty"]),
            (&["train", "--resume", "--out", "unborn"], EITHER, &["unborn", "checkpoint"]),
            (&["train", "--resume", "--out", "run/config.json"], EITHER, &["config.json"]),
            (&["train", "vae", "--resume", "--out", "run"], USAGE, &["--resume"]),
            (&["train", "--resume", "--out", "run", "--force"], USAGE, &["--force"]),
            (&["train", "--resume", "--out", "run", "--set", "lr=1"], USAGE, &["--set"]),
            (&["train", "--resume", "--out", "run", data[0], data[1]], USAGE, &["--data"]),
        ],
    );
}

/// The run's own batch size and seed are taken: another one that is passed must not be dropped in silence.
#[test]
fn going_on_takes_nothing_that_it_ignores() {
    let world = World::trained();
    let go_on = ["train", "--resume", "--out", "run", "--steps", "13"];
    let [batch, seed, device] = [["--batch", "7"], ["--seed", "1"], ["--device", "gpu"]]
        .map(|more| [&go_on[..], &more].concat());
    assert_refused(
        &world,
        &[
            (&batch, USAGE, &["--batch"]),
            (&seed, USAGE, &["--seed"]),
            (&device, USAGE, &["--device"]),
        ],
    );
}

#[test]
fn models_that_nothing_can_begin_with() {
    let world = World::trained();
    assert_training_refused(
        &world,
        &[
            (
                &["--set", "hidden=25", "--init", "run"],
                &[1],
                &["start from", "24", "25", ":encoder"],
            ),
            (&["--set", "latent_dim=5", "--init", "run:decoder"], &[1], &["decoder.fc1.weight"]),
            (&["--set", "arch=conv", "--init", "run"], &[1], &["encoder.fc.weight"]),
            (
                &["--set", "likelihood=gaussian", "--set", "sigma=learned", "--init", "run"],
                &[1],
                &["decoder.log_sigma", "is missing"],
            ),
            (&["--init", "nowhere:encoder"], &[1], &["nowhere", "no such file"]),
            (&["--init", "run:quantizer"], &[1], &["run:quantizer"]),
        ],
    );
}

#[test]
fn files_of_keys_that_are_none() {
    let world = World::new();
    for (name, text) in [
        ("text.json", "latent_dim = 3"),
        ("list.json", "[1, 2]"),
        ("number.json", "3"),
        ("unknown.json", r#"{"nope": 1}"#),
        ("range.json", r#"{"lr": 7}"#),
        ("kind.json", r#"{"lr": null}"#),
        ("empty.json", ""),
    ] {
        world.write(name, text);
    }
    let files = ["nowhere.json", "text.json", "list.json", "number.json", "empty.json"];
    let cases: Vec<[&str; 2]> = files.iter().map(|file| ["--config", file]).collect();
    let cases: Vec<Case<'_>> =
        cases.iter().map(|args| (&args[..], EITHER, std::slice::from_ref(&args[1]))).collect();
    assert_training_refused(&world, &cases);
    assert_training_refused(
        &world,
        &[
            (&["--config", "unknown.json"], EITHER, &["nope", "latent_dim"]),
            (&["--config", "range.json"], EITHER, &["lr", "7", "from 0 to 1"]),
            (&["--config", "kind.json"], EITHER, &["lr", "null", "from 0 to 1"]),
        ],
    );
}

/// A training that does not start leaves no empty directory in the runs folder.
#[test]
fn a_training_that_does_not_start_leaves_nothing() {
    let steps = ["--steps", "0"];
    let missing = ["train", "vae", "--device=cpu", "--data", "mnist:nowhere"];
    let zero = [&TINY[..], &steps].concat();
    let key = [&TINY[..], &["--set", "nope=1"]].concat();
    for args in [&zero[..], &missing, &key] {
        let world = World::new();
        let before = world.tree();
        let ran = world.run(args);
        assert_ne!(ran.status, Some(0), "{ran:?}");
        let new: Vec<_> = world.tree().into_keys().filter(|p| !before.contains_key(p)).collect();
        assert!(new.is_empty(), "{} left {new:?}", args.join(" "));
    }
}

#[test]
fn models_that_are_none() {
    let world = World::trained();
    world.write("text.txt", "this is no model");
    world.write("text.safetensors", "this is no model");
    std::fs::create_dir(world.path("empty")).unwrap();
    let whole = world.bytes("run/checkpoints/step-12/model.safetensors");
    let mut flipped = whole.clone();
    flipped[9] ^= 0xff;
    for (name, bytes) in [
        ("half", &whole[..whole.len() / 2]),
        ("header", &whole[..20]),
        ("nothing", &[][..]),
        ("longer", &[&whole[..], &[0; 4]].concat()),
        ("flipped", &flipped),
    ] {
        std::fs::create_dir(world.path(name)).unwrap();
        world.write(&format!("{name}/model.safetensors"), bytes);
        let config = world.bytes("run/config.json");
        world.write(&format!("{name}/config.json"), config);
    }
    // Descriptions that are none, or of another network.
    for (name, from, to) in [
        ("deeper", r#""latent_dim": 3"#, r#""latent_dim": 4"#),
        ("future", r#""format": 1"#, r#""format": 99"#),
        ("broken", "{", "["),
        ("huge", r#""latent_dim": 3"#, r#""latent_dim": 18446744073709551615"#),
        ("zero", r#""latent_dim": 3"#, r#""latent_dim": 0"#),
    ] {
        std::fs::create_dir(world.path(name)).unwrap();
        world.write(&format!("{name}/model.safetensors"), &whole);
        let config = String::from_utf8(world.bytes("run/config.json")).unwrap();
        assert!(config.contains(from), "{from} in {config}");
        world.write(&format!("{name}/config.json"), config.replace(from, to));
    }
    let models = [
        ("nowhere", "no such file"),
        ("nowhere@latest", "nowhere"),
        ("run@11", "0, 5, 10, 12"),
        ("run@best-one", "run@best-one"),
        ("run@", "run@"),
        ("run@-1", "run@-1"),
        ("text.txt", "text.txt"),
        ("text.safetensors", "text.safetensors"),
        ("empty", "empty"),
        ("run/config.json", "config.json"),
        ("run/checkpoints/step-5/optimizer.safetensors", "encoder"),
        ("run/samples", "run/samples"),
        ("half", "half/model.safetensors"),
        ("half/model.safetensors", "half/model.safetensors"),
        ("header", "header/model.safetensors"),
        ("nothing", "nothing/model.safetensors"),
        ("longer", "longer/model.safetensors"),
        ("flipped", "flipped/model.safetensors"),
        ("deeper", ""),
        ("future", "99"),
        ("broken", "broken/config.json"),
        ("huge", ""),
        ("zero", ""),
        ("", ""),
    ];
    let args: Vec<[&str; 2]> = models.iter().map(|(model, _)| ["info", *model]).collect();
    let cases: Vec<Case<'_>> = args
        .iter()
        .zip(&models)
        .map(|(args, (_, word))| (&args[..], EITHER, std::slice::from_ref(word)))
        .collect();
    assert_refused(&world, &cases);
    // Every verb that takes a model refuses it likewise.
    assert_refused(
        &world,
        &[
            (&["eval", "nowhere", "--data", "shapes"], FAILED, &["nowhere"]),
            (&["sample", "nowhere", "-n", "1", "--out", "o.png"], FAILED, &["nowhere"]),
            (
                &["encode", "half", "--input", "text.txt", "--output", "o.safetensors"],
                FAILED,
                &["half"],
            ),
            (&["decode", "half", "--input", "text.txt", "--output", "o"], FAILED, &["half"]),
            (&["reconstruct", "half", "--input", "text.txt", "--output", "o"], FAILED, &["half"]),
            (&["info"], USAGE, &["MODEL"]),
            (&["bench", "speed"], USAGE, &["speed", "decode", "quantize", "train", "startup"]),
        ],
    );
}

/// A checkpoint cut short by a full disk is told of, and the others still open.
#[test]
fn a_truncated_checkpoint() {
    let world = World::trained();
    let file = "run/checkpoints/step-12/model.safetensors";
    let whole = world.bytes(file);
    world.write(file, &whole[..whole.len() - 1]);
    assert_refused(&world, &[(&["info", "run@12"], FAILED, &["model.safetensors", "bytes"])]);
    world.run(&["info", "run@10"]).ok();
    let go_on = ["train", "--resume", "--out", "run", "--steps", "20"];
    // The run goes on from the newest checkpoint that is whole.
    let told = world.run(&go_on).ok();
    assert!(world.path("run/checkpoints/step-20").is_dir(), "{told:?}");
}

#[test]
fn wrong_options_of_models() {
    let world = World::trained();
    let eval = ["eval", "run", "--data"];
    let with = |more: &[&'static str]| [&eval[..], more].concat();
    let commands = [
        with(&["shapes", "--limit", "0"]),
        with(&["shapes", "--limit", "-1"]),
        with(&["shapes", "--split", "val"]),
        with(&["shapes", "--engine", "fpga"]),
        with(&["shaps"]),
        with(&["mnist:nowhere"]),
        with(&["shapes", "--seed", "x"]),
    ];
    let expected: [(&[i32], &[&str]); 7] = [
        (USAGE, &["--limit", "0", "1"]),
        (USAGE, &["-1"]),
        (USAGE, &["val", "train", "test"]),
        (USAGE, &["fpga", "auto", "wgsl", "cpu", "twin", "burn"]),
        (USAGE, &["shaps", "shapes"]),
        (FAILED, &["nowhere"]),
        (USAGE, &["x"]),
    ];
    let cases: Vec<Case<'_>> = commands
        .iter()
        .zip(expected)
        .map(|(args, (status, words))| (&args[..], status, words))
        .collect();
    assert_refused(&world, &cases);
    assert_refused(
        &world,
        &[
            (&["eval", "run"], USAGE, &["--data"]),
            (&["sample", "run", "--out", "o.png"], USAGE, &["-n"]),
            (&["sample", "run", "-n", "0", "--out", "o.png"], USAGE, &["0", "1 to"]),
            (&["sample", "run", "-n", "-1", "--out", "o.png"], USAGE, &["-1"]),
            (&["sample", "run", "-n", "200000", "--out", "o.png"], USAGE, &["200000", "100000"]),
            (&["sample", "run", "-n", "1"], USAGE, &["--out"]),
            (&["sample", "run", "-n", "1", "--engine", "", "--out", "o.png"], USAGE, &["engine"]),
        ],
    );
}

#[test]
fn ways_that_lead_nowhere() {
    let world = World::trained();
    world.write("text.png", "text");
    let with = |verb: &'static str, more: &[&'static str]| {
        [&[verb, "run", "--engine=cpu", "--out=o.png"][..], more].concat()
    };
    let way = |more: &[&'static str]| with("interpolate", more);
    let sweep = |more: &[&'static str]| with("traverse", more);
    world.write("two.safetensors", tensor_file("latent", &[2, 3], &[0.5; 6]));
    world.write("four.safetensors", tensor_file("latent", &[2, 4], &[0.5; 8]));
    let commands: [(Vec<&str>, &[i32], &[&str]); 24] = [
        (way(&["--from", "seed:1"]), USAGE, &["--to"]),
        (way(&["--from", "seed:x", "--to", "0"]), USAGE, &["seed:x", "seed:N"]),
        (way(&["--from", "seed:", "--to", "0"]), USAGE, &["seed:"]),
        (way(&["--from", "99999999", "--to", "0"]), EITHER, &["99999999", "32"]),
        (way(&["--from", "nowhere.png", "--to", "0"]), FAILED, &["nowhere.png"]),
        (way(&["--from", "text.png", "--to", "0"]), FAILED, &["text.png"]),
        (way(&["--from", "0", "--to", "1", "--steps", "0"]), USAGE, &["--steps", "0"]),
        (way(&["--from", "0", "--to", "1", "--steps", "1"]), USAGE, &["--steps", "1"]),
        (way(&["--from", "0", "--to", "1", "--mode", "way"]), USAGE, &["slerp", "lerp"]),
        (way(&["--from", "0", "--to", "1", "--data", "shaps"]), USAGE, &["shaps"]),
        (way(&["--from", "0", "--to", "1", "--data", "mnist:x"]), FAILED, &["x"]),
        (sweep(&["--dims", "3"]), USAGE, &["3"]),
        (sweep(&["--dims", "a"]), USAGE, &["a"]),
        (sweep(&["--range", "3"]), USAGE, &["LO,HI"]),
        (sweep(&["--range", "nan,1"]), USAGE, &["nan,1", "LO,HI"]),
        (sweep(&["--steps", "0"]), USAGE, &["--steps", "0"]),
        (sweep(&["--range=-1,1", "--range=0,1"]), USAGE, &["--range", "2", "3"]),
        (sweep(&["--dims=0", "--range=-1,1", "--range=0"]), USAGE, &["LO,HI"]),
        (sweep(&["--base", "seed:x"]), USAGE, &["seed:x", "seed:N"]),
        (sweep(&["--base", "99999999"]), EITHER, &["99999999", "32"]),
        (sweep(&["--base", "nowhere.safetensors"]), FAILED, &["nowhere.safetensors"]),
        (sweep(&["--base", "two.safetensors#2"]), FAILED, &["2", "two.safetensors"]),
        (sweep(&["--base", "four.safetensors"]), FAILED, &["[2, 4]", "[3]"]),
        (sweep(&["--base", "0", "--data", "shaps"]), USAGE, &["shaps"]),
    ];
    let cases: Vec<Case<'_>> =
        commands.iter().map(|(args, status, words)| (&args[..], *status, *words)).collect();
    assert_refused(&world, &cases);
}

/// Grey images and a colour model: what fits neither way is an error, not a number.
#[test]
fn data_of_other_images() {
    let world = World::trained();
    let picture = image::GrayImage::from_pixel(16, 16, image::Luma([9]));
    std::fs::create_dir(world.path("grey")).unwrap();
    for name in ["a.png", "b.png", "c.png"] {
        picture.save(world.path("grey").join(name)).unwrap();
    }
    let eval = ["eval", "run", "--data", "folder:grey?size=16&channels=1"];
    assert_refused(&world, &[(&eval, EITHER, &["1×16×16", "3×16×16"])]);
}

#[test]
fn inputs_that_do_not_fit() {
    let world = World::trained();
    let file = |name: &str, tensor: &str, shape: &[usize]| {
        let values = vec![0.5; shape.iter().product()];
        world.write(name, tensor_file(tensor, shape, &values));
    };
    file("good.safetensors", "image", &[1, 3, 16, 16]);
    file("large.safetensors", "image", &[1, 3, 32, 32]);
    file("grey.safetensors", "image", &[1, 1, 16, 16]);
    file("flat.safetensors", "image", &[3, 16, 16]);
    file("none.safetensors", "image", &[0, 3, 16, 16]);
    file("deep.safetensors", "image", &[1, 1, 3, 16, 16]);
    file("other.safetensors", "picture", &[1, 3, 16, 16]);
    file("latent.safetensors", "latent", &[2, 3]);
    file("latent-4.safetensors", "latent", &[2, 4]);
    file("latent-0.safetensors", "latent", &[0, 3]);
    file("latent-grid.safetensors", "latent", &[2, 3, 1, 1]);
    let good = world.bytes("good.safetensors");
    world.write("half.safetensors", &good[..good.len() / 2]);
    world.write("text.txt", "text");
    world.write("text.png", "text");
    std::fs::create_dir(world.path("empty")).unwrap();
    let mut cases: Vec<(Vec<&str>, &[i32], Vec<&str>)> = Vec::new();
    for verb in ["encode", "reconstruct"] {
        for (input, words) in [
            ("large.safetensors", &["[1, 3, 32, 32]", "3, 16, 16"][..]),
            ("grey.safetensors", &["[1, 1, 16, 16]", "3, 16, 16"]),
            ("flat.safetensors", &["[3, 16, 16]"]),
            ("none.safetensors", &["[0, 3, 16, 16]"]),
            ("deep.safetensors", &["[1, 1, 3, 16, 16]"]),
            ("other.safetensors", &["picture", "image"]),
            ("latent.safetensors", &["latent", "image"]),
            ("half.safetensors", &["bytes"]),
            ("text.txt", &["text.txt"]),
            ("text.png", &["text.png"]),
            ("empty", &["empty", ".png"]),
            ("nowhere.safetensors", &["No such file", "nowhere.safetensors"]),
            ("nowhere.png", &["No such file", "nowhere.png"]),
            ("nowhere", &["nowhere"]),
        ] {
            let args =
                vec![verb, "run", "--engine=cpu", "--output=o.safetensors", "--input", input];
            let words = [words, &[if input.starts_with("nowhere") { "nowhere" } else { input }]];
            cases.push((args, EITHER, words.concat()));
        }
    }
    for (input, words) in [
        ("good.safetensors", &["image", "latent"][..]),
        ("latent-4.safetensors", &["[2, 4]", "3"]),
        ("latent-0.safetensors", &["[0, 3]"]),
        ("latent-grid.safetensors", &["[2, 3, 1, 1]"]),
        ("nowhere.safetensors", &["nowhere.safetensors"]),
        ("text.png", &["text.png"]),
    ] {
        let args =
            vec!["decode", "run", "--engine=cpu", "--output=o.safetensors", "--input", input];
        cases.push((args, EITHER, words.to_vec()));
    }
    let indices = ["--input=latent.safetensors", "--output=o.safetensors", "--from=indices"];
    cases.push(([&["decode", "run"], &indices[..]].concat(), USAGE, vec!["indices", "codebook"]));
    let from = ["--input=latent.safetensors", "--output=o.safetensors", "--from=codes"];
    cases.push(([&["decode", "run"], &from[..]].concat(), USAGE, vec!["latent", "indices"]));
    let cases: Vec<Case<'_>> =
        cases.iter().map(|(args, status, words)| (&args[..], *status, &words[..])).collect();
    assert_refused(&world, &cases);
}

#[test]
fn outputs_that_cannot_be_written() {
    let world = World::trained();
    world.write("good.safetensors", tensor_file("image", &[1, 3, 16, 16], &[0.5; 768]));
    world.write("latent.safetensors", tensor_file("latent", &[1, 3], &[0.5; 3]));
    world.write("file", "mine");
    std::fs::create_dir(world.path("full")).unwrap();
    world.write("full/mine.txt", "mine");
    std::fs::create_dir(world.path("folder.png")).unwrap();
    world.write("folder.png/mine.txt", "mine");
    let mut commands = Vec::new();
    for output in [
        "nowhere/o.safetensors",
        "nowhere/o.png",
        "nowhere/o.jpg",
        "nowhere/o",
        "o.tiff2",
        "o.txt",
        "file/o.png",
        "full",
        "file",
        "folder.png",
        "",
        ".",
    ] {
        for (verb, input) in [
            ("reconstruct", "good.safetensors"),
            ("decode", "latent.safetensors"),
            ("encode", "good.safetensors"),
        ] {
            commands.push(vec![verb, "run", "--engine=cpu", "--input", input, "--output", output]);
        }
        commands.push(vec!["sample", "run", "--engine=cpu", "-n", "2", "--out", output]);
    }
    // Codes are no pictures.
    for output in ["o.png", "o"] {
        let input = "good.safetensors";
        commands.push(vec!["encode", "run", "--engine=cpu", "--input", input, "--output", output]);
    }
    let words: Vec<[&str; 1]> = commands.iter().map(|args| [*args.last().unwrap()]).collect();
    let cases: Vec<Case<'_>> =
        commands.iter().zip(&words).map(|(args, words)| (&args[..], EITHER, &words[..])).collect();
    assert_refused(&world, &cases);
}

/// Without a display there is no window, and an error like any other.
#[test]
#[cfg(target_os = "linux")]
fn no_window_without_a_display() {
    let world = World::new();
    let ran = world.run(&[]);
    assert_eq!(complaints(&ran, FAILED, &["display"]), Vec::<String>::new(), "{ran:#?}");
}

/// A checkpoint of a run can be opened in the window by the name that the verbs take.
#[test]
#[cfg(target_os = "linux")]
fn a_window_takes_the_names_of_checkpoints() {
    let world = World::trained();
    for path in ["run@latest", "run@best", "run@0"] {
        let ran = world.run(&[path]);
        assert_eq!(complaints(&ran, FAILED, &["display"]), Vec::<String>::new(), "{ran:#?}");
    }
}

/// A verb that is typed wrong is wrong usage, not the name of something to open in a window.
#[test]
#[cfg(target_os = "linux")]
fn a_verb_that_does_not_exist() {
    let world = World::new();
    assert_refused(
        &world,
        &[
            (&["trian", "vae"], USAGE, &["vae"]),
            (&["--no-such-flag"], USAGE, &["--no-such-flag"]),
            (&["--engine", "fpga"], USAGE, &["fpga", "cpu"]),
            (&["--engine", "burn"], USAGE, &["burn", "wgsl", "cpu"]),
            (&["nowhere@latest"], USAGE, &["nowhere@latest"]),
            (&["data", "fetch", "mnits"], EITHER, &["mnits", "mnist"]),
        ],
    );
    let ran = world.run(&["trian"]);
    assert_eq!(complaints(&ran, EITHER, &["trian"]), Vec::<String>::new(), "{ran:#?}");
}

/// The script asks for a display only where a window is wanted, so that it has to know every verb.
#[test]
fn the_script_knows_every_verb() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/dev")).unwrap();
    let list =
        script.split("wants_window() {").nth(1).and_then(|rest| rest.split("return 1").next());
    let known: Vec<&str> = list
        .expect("where the script tells windows from verbs")
        .split(|c: char| c.is_whitespace() || "|)\\".contains(c))
        .collect();
    let world = World::new();
    let help = world.run(&["--help"]).stdout;
    let verbs = help.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next());
    let verbs: Vec<&str> = verbs
        .expect("the list of verbs")
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|verb| !verb.is_empty())
        .collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    for verb in verbs.into_iter().chain(["layout"]) {
        assert!(known.contains(&verb), "./dev run {verb} would ask for a display");
    }
}
