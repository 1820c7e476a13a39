//! `zscope train`: events, run directories, going on, stopping.

use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::{TINY, World, assert_keys, number};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;

const SUMMARY: [&str; 8] =
    ["event", "steps", "epochs", "seconds", "images_per_s", "device", "final", "out"];

fn checkpoints(run: &Path) -> Vec<u64> {
    let mut steps: Vec<u64> = std::fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_prefix("step-").expect("step-N").parse().expect("a number"))
        .collect();
    steps.sort_unstable();
    steps
}

#[test]
fn json_tells_one_event_a_line() {
    let world = World::new();
    let ran = world.tiny(&["--steps", "12", "--out", "run", "--json"]).ok();
    let events = ran.events();
    assert!(events.iter().all(|event| event["event"].is_string()), "each says what it is");
    let named = |name: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["event"] == name).collect()
    };
    assert_eq!(events[0]["event"], "started", "first");
    assert_eq!(named("started").len(), 1, "once");
    assert_eq!(named("summary").len(), 1, "once");

    let steps = named("step");
    let numbers: Vec<u64> = steps.iter().filter_map(|step| step["step"].as_u64()).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>(), "every step, in order");
    let curves = events[0]["curves"].as_array().expect("the names of the curves");
    for step in &steps {
        for curve in curves {
            assert!(number(step, curve.as_str().unwrap()).is_finite(), "{curve} in {step}");
        }
    }
    let saved: Vec<u64> =
        named("checkpoint_saved").iter().filter_map(|event| event["step"].as_u64()).collect();
    assert_eq!(saved, [0, 5, 10, 12], "checkpoints as asked for, and the last");
    assert_eq!(checkpoints(&world.path("run")), saved, "and they are there");
    assert_eq!(named("evaluated").len(), 4, "each is measured");

    let summary = events.last().expect("events");
    assert_eq!(summary["event"], "summary", "last");
    assert_keys(summary, &SUMMARY);
    assert_eq!(summary["steps"], 12, "all of them");
    assert!((number(summary, "epochs") - 12.0 * 16.0 / 128.0).abs() < 1e-9, "passes over the data");
    for key in ["seconds", "images_per_s"] {
        assert!(number(summary, key) > 0.0, "{key} in {summary}");
    }
    let device = summary["device"].as_str().expect("a name");
    assert!(device.contains("CPU"), "as asked for: {device}");
    assert_eq!(summary["out"], "run", "where it is");
    for curve in curves {
        let name = curve.as_str().unwrap();
        let (last, final_value) = (number(steps[11], name), number(&summary["final"], name));
        assert!((last - final_value).abs() <= 1e-12, "final {name}: {final_value}, last {last}");
    }
    let first = number(steps[0], "loss");
    let last = number(steps[11], "loss");
    assert!(last < first, "it learns: {first} to {last}");
    assert!(ran.stderr.contains("run"), "logs go to standard error: {}", ran.stderr);
}

#[test]
fn without_json_only_the_directory_is_printed() {
    let world = World::new();
    let ran = world.tiny(&["--steps", "2", "--out", "run"]).ok();
    assert_eq!(ran.stdout, "run\n", "for $(…) in scripts");
    for file in ["config.json", "metrics.csv", "checkpoints/step-2/model.safetensors"] {
        assert!(world.path("run").join(file).is_file(), "{file}");
    }
    let csv = String::from_utf8(world.bytes("run/metrics.csv")).unwrap();
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 3, "a header and a row a step: {csv}");
    assert!(rows[0].contains("loss"), "{}", rows[0]);
}

#[test]
fn without_out_a_new_directory_under_the_runs_folder() {
    let world = World::new();
    let first = world.tiny(&["--steps", "1"]).ok();
    let second = world.tiny(&["--steps", "1", "--json"]).ok();
    let second = second.events().pop().expect("a summary")["out"].clone();
    let paths = [first.stdout.trim_end(), second.as_str().expect("a path")];
    assert_ne!(paths[0], paths[1], "a new one each time");
    for path in paths.map(Path::new) {
        assert!(path.is_absolute(), "found from anywhere: {}", path.display());
        let runs = world.runs().canonicalize().unwrap();
        assert_eq!(path.parent().unwrap().canonicalize().unwrap(), runs, "in the runs folder");
        assert!(path.join("checkpoints/step-1/model.safetensors").is_file(), "with the run in it");
    }
}

#[test]
fn a_run_begins_with_the_weights_of_another() {
    let world = World::trained();
    let trained = world.tensors("run/checkpoints/step-12/model.safetensors");
    for (init, taken) in [
        ("run@latest", &["encoder.", "decoder."][..]),
        ("run@latest:encoder", &["encoder."]),
        ("run/checkpoints/step-12:decoder", &["decoder."]),
    ] {
        let out = init.replace(['/', ':', '@'], "-");
        world.tiny(&["--steps", "1", "--seed=9", "--out", &out, "--init", init]).ok();
        let begun = world.tensors(&format!("{out}/checkpoints/step-0/model.safetensors"));
        for (name, tensor) in begun {
            let is_taken = taken.iter().any(|part| name.starts_with(part));
            assert_eq!(tensor == trained[&name], is_taken, "{name} from {init}");
        }
        let config = String::from_utf8(world.bytes(&format!("{out}/config.json"))).unwrap();
        assert!(
            config.contains("run/checkpoints/step-12"),
            "it is noted where they come from: {config}"
        );
    }
}

#[test]
fn equal_commands_make_equal_models() {
    let world = World::new();
    for (out, seed) in [("a", "7"), ("b", "7"), ("c", "8")] {
        world.tiny(&["--steps", "6", "--seed", seed, "--out", out]).ok();
    }
    let weights = |run: &str| world.bytes(&format!("{run}/checkpoints/step-6/model.safetensors"));
    assert!(weights("a") == weights("b"), "the same seed");
    assert!(weights("a") != weights("c"), "another seed");
}

#[test]
fn a_run_goes_on_where_it_was() {
    let world = World::trained();
    world.tiny(&["--steps", "5", "--out", "parts"]).ok();
    let ran = world.run(&["train", "--resume", "--out", "parts", "--steps", "12", "--json"]).ok();
    let events = ran.events();
    assert_eq!(events[0]["first_step"], 5, "from the newest checkpoint");
    assert_eq!(events[0]["total_steps"], 12, "--steps is a total, not an addition");
    let steps = events.iter().filter(|event| event["event"] == "step").count();
    assert_eq!(steps, 7, "the rest");
    let summary = events.last().expect("events");
    assert_keys(summary, &SUMMARY);
    assert_eq!(summary["steps"], 12, "in all");
    assert_eq!(
        world.bytes("parts/checkpoints/step-12/model.safetensors"),
        world.bytes("run/checkpoints/step-12/model.safetensors"),
        "in two parts as in one, bit for bit"
    );

    // --epochs is a total as well: 8 updates a pass.
    let ran = world.run(&["train", "--resume", "--out", "parts", "--epochs", "2"]).ok();
    assert_eq!(ran.stdout, "parts\n", "the directory");
    assert_eq!(checkpoints(&world.path("parts")).last(), Some(&16), "two passes");
}

#[test]
fn a_run_that_is_done_says_so() {
    let world = World::trained();
    for more in [&[][..], &["--steps", "12"], &["--steps", "3"], &["--epochs", "1"]] {
        let before = world.tree();
        let ran = world.run(&[&["train", "--resume", "--out", "run"], more].concat());
        assert_eq!(ran.status, Some(2), "{ran:#?}");
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{ran:#?}");
        for word in ["12", "--steps", "total"] {
            assert!(ran.stderr.contains(word), "{word:?} in {ran:#?}");
        }
        assert!(world.tree() == before, "nothing is touched by {more:?}");
    }
}

#[test]
fn force_replaces_the_run_and_nothing_else() {
    let world = World::trained();
    world.write("run/notes.txt", "mine");
    let first = world.bytes("run/checkpoints/step-0/model.safetensors");
    world.tiny(&["--steps", "2", "--seed", "9", "--out", "run", "--force"]).ok();
    assert_eq!(checkpoints(&world.path("run")), [0, 2], "the old checkpoints are gone");
    assert!(world.bytes("run/checkpoints/step-0/model.safetensors") != first, "a new model");
    assert_eq!(world.bytes("run/notes.txt"), b"mine", "what is no part of a run stays");
    let csv = String::from_utf8(world.bytes("run/metrics.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3, "the old curves are gone: {csv}");
}

#[test]
fn keys_come_from_a_file() {
    let world = World::trained();
    let keys = r#"{"arch": "mlp", "hidden": 24, "latent_dim": 5, "lr": 0.002}"#;
    world.write("keys.json", keys);
    let train = |config: &str, out: &str, more: &[&str]| {
        let data = "shapes?size=16&train=64&test=16";
        let args = ["train", "vae", "--data", data, "--device=cpu", "--batch=16", "--steps=1"];
        let rest = ["--config", config, "--out", out];
        world.run(&[&args[..], &rest, more].concat()).ok();
        let config: Value =
            serde_json::from_slice(&world.bytes(&format!("{out}/config.json"))).expect("JSON");
        config["settings"].clone()
    };
    let found = train("keys.json", "a", &[]);
    assert!((number(&found, "latent_dim") - 5.0).abs() < 1e-12, "{found}");
    assert!((number(&found, "lr") - 0.002).abs() < 1e-12, "{found}");
    assert!((number(&found, "beta") - 1.0).abs() < 1e-12, "others at their defaults: {found}");
    let found = train("keys.json", "b", &["--set", "latent_dim=6"]);
    assert!((number(&found, "latent_dim") - 6.0).abs() < 1e-12, "--set comes after: {found}");
    let found = train("run/config.json", "c", &[]);
    let run: Value = serde_json::from_slice(&world.bytes("run/config.json")).expect("JSON");
    assert_eq!(found, run["settings"], "the keys of a run");
}

#[test]
fn help_lists_every_key_with_its_default() {
    let world = World::new();
    for args in [&["train", "--help"][..], &["train", "vae", "--help"]] {
        let help = world.run(args).ok().stdout;
        for recipe in Recipe::ALL {
            assert!(help.contains(recipe.about()), "{} is told of", recipe.name());
            let defaults = Settings::defaults(recipe.keys());
            for key in recipe.keys() {
                let default = format!("{} = {}", key.name, defaults.values()[key.name]);
                let line = help.lines().find(|line| line.trim_start().starts_with(&default));
                let line = line.unwrap_or_else(|| panic!("{default:?} is told"));
                assert!(line.contains(key.unit), "in {:?}: {line}", key.unit);
                let first_word_of_source = key.source.split_whitespace().next().unwrap();
                assert!(help.contains(first_word_of_source), "the source of {}", key.name);
            }
        }
        for flag in ["--data", "--out", "--epochs", "--steps", "--batch", "--seed", "--device"] {
            assert!(help.contains(flag), "{flag}");
        }
        for flag in ["--set", "--config", "--resume", "--force", "--json"] {
            assert!(help.contains(flag), "{flag}");
        }
    }
    let help = world.run(&["--help"]).ok().stdout;
    for verb in ["train", "info", "encode", "decode", "reconstruct", "eval", "sample", "data"] {
        assert!(help.contains(&format!("  {verb} ")), "{verb} in {help}");
        assert!(!world.run(&[verb, "--help"]).ok().stdout.is_empty(), "{verb} --help");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_saves_a_checkpoint_and_says_where() {
    for (signal, json) in [("-INT", false), ("-TERM", true)] {
        let world = World::new();
        let more = ["--steps", "900000000", "--set", "checkpoint_every=100000000", "--out", "run"];
        let json_flag: &[&str] = if json { &["--json"] } else { &[] };
        let mut child = world.command(&[&TINY[..], &more, json_flag].concat()).spawn().unwrap();
        // Whatever it prints is read, so that it never waits for a reader.
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let reader = std::thread::Builder::new()
            .spawn(move || {
                let mut text = String::new();
                stdout.read_to_string(&mut text).map(|_| text)
            })
            .unwrap();
        let metrics = world.path("run/metrics.csv");
        wait_for(|| std::fs::read_to_string(&metrics).is_ok_and(|csv| csv.lines().count() > 20));
        // The shell's own kill: a bare system has no program of that name.
        let killed =
            Command::new("sh").args(["-c", &format!("kill {signal} {}", child.id())]).status();
        assert!(killed.unwrap().success(), "the signal is sent");
        let mut ended = None;
        wait_for(|| {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        let status = ended.unwrap().code();
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        let stdout = reader.join().unwrap().unwrap();
        assert!(matches!(status, Some(0 | 130)), "{status:?}: {told}");
        assert!(!told.contains("panicked") && !told.contains("error:"), "{told}");

        let saved = checkpoints(&world.path("run"));
        let last = *saved.last().expect("a checkpoint");
        assert!(saved.len() == 2 && last > 0, "one more than the first: {saved:?}");
        let place = format!("run/checkpoints/step-{last}");
        assert!(told.contains(&place), "{place:?} is told: {told}");
        assert!(told.contains("--resume"), "and how to go on: {told}");
        world.run(&["info", &place]).ok();
        if json {
            let summary: Value =
                serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON");
            assert_keys(&summary, &SUMMARY);
            assert_eq!(summary["steps"], last, "what was done");
        }
        let total = (last + 2).to_string();
        world.run(&["train", "--resume", "--out", "run", "--steps", &total]).ok();
    }
}

fn wait_for(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited for half a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let world = World::trained();
    let json = [&TINY[..], &["--steps", "40", "--out", "more", "--json"]].concat();
    let commands: [&[&str]; 5] = [
        &["info", "run", "--json"],
        &["info", "run"],
        &["train", "--help"],
        &["eval", "run", "--data", "shapes?size=16&test=16", "--engine", "cpu"],
        &json,
    ];
    for args in commands {
        for close_stderr in [false, true] {
            let mut child = world.command(args).spawn().unwrap();
            // As `| head -c0` does.
            drop(child.stdout.take());
            if close_stderr {
                drop(child.stderr.take());
            }
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!told.contains("panicked"), "{args:?}: {told}");
            assert_ne!(output.status.code(), Some(101), "{args:?} is no panic");
            assert!(output.status.code().is_some(), "{args:?} is not killed");
        }
        std::fs::remove_dir_all(world.path("more")).ok();
    }
}

/// A loss that is no number ends the run with an error that says which step, and what to do.
#[test]
fn a_run_that_diverges_says_so() {
    let world = World::new();
    let ran = world.tiny(&[
        "--steps",
        "2000",
        "--set",
        "lr=1",
        "--set",
        "beta=1000",
        "--out",
        "run",
        "--json",
    ]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(!ran.panicked(), "{}", ran.stderr);
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(told.len() == 1 && told[0].contains("step"), "{}", ran.stderr);
    assert!(ran.stderr.contains("run/checkpoints/step-"), "the last good one: {}", ran.stderr);
    let events = ran.events();
    assert!(events.iter().any(|event| event["event"] == "diverged"), "told as an event");
}

/// The learning rates of a tiny run's steps.
fn rates(more: &[&str]) -> Vec<f64> {
    let world = World::new();
    let args = ["--steps", "8", "--out", "run", "--json", "--set", "lr=0.8"];
    let events = world.tiny(&[&args, more].concat()).ok().events();
    let steps = events.iter().filter(|event| event["event"] == "step");
    steps.map(|step| number(step, "lr")).collect()
}

#[test]
fn learning_rates_follow_their_schedule() {
    let close = |found: &[f64], expected: &[f64]| {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    };
    // 0.8 would break training without clipping.
    let tame = ["--set", "clip=1e-6"];
    close(&rates(&tame), &[0.8; 8]);
    let linear = [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
    close(&rates(&[&tame[..], &["--set", "lr_schedule=linear"]].concat()), &linear);
    let warm = ["--set", "lr_schedule=linear", "--set", "lr_warmup=4"];
    close(&rates(&[&tame[..], &warm].concat()), &[0.2, 0.4, 0.6, 0.8, 0.8, 0.6, 0.4, 0.2]);
    let cosine: Vec<f64> = (1..=8)
        .rev()
        .map(|left| 0.4 - 0.4 * (std::f64::consts::PI * f64::from(left) / 8.0).cos())
        .collect();
    close(&rates(&[&tame[..], &["--set", "lr_schedule=cosine"]].concat()), &cosine);
}

#[test]
fn a_transferred_part_can_stay_as_it_was() {
    let world = World::trained();
    let args =
        ["--steps", "3", "--out", "next", "--init", "run:encoder", "--set", "freeze=encoder"];
    world.tiny(&args).ok();
    let taken = |run: &str, step: u64| {
        world.tensors(&format!("{run}/checkpoints/step-{step}/model.safetensors"))
    };
    let best = world.run(&["info", "run", "--json"]).ok().json()["step"].as_u64().expect("a step");
    let (from, now) = (taken("run", best), taken("next", 3));
    for (name, tensor) in &now {
        assert_eq!(from[name] == *tensor, name.starts_with("encoder."), "{name}");
    }
    world.run(&["train", "--resume", "--out", "next", "--steps", "5"]).ok();
    let later = taken("next", 5);
    assert!(
        later
            .iter()
            .all(|(name, tensor)| { (now[name] == *tensor) == name.starts_with("encoder.") })
    );
}
