//! Run directories: round trips, what is refused, what is left alone, and what a killed process or a
//! hostile hand leaves behind.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use zscope::array::{Array, NamedArrays};
use zscope::formats::FormatError;
use zscope::formats::run_dir::{
    Checkpoint, CheckpointState, FORMAT, ModelConfig, Pick, RunConfig, RunDir,
};
use zscope::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use zscope::model::{params, vae::Vae};
use zscope::open::open;
use zscope::picture::{ImageShape, ValueRange};
use zscope::train::start::{Length, resume};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn config() -> RunConfig {
    let image = ImageShape::new(3, 16, 16);
    RunConfig {
        format: FORMAT,
        program: "zscope test".to_owned(),
        recipe: "vae".to_owned(),
        data: "shapes?size=16&train=64&test=16".to_owned(),
        image,
        range: ValueRange::UNIT,
        batch: 16,
        seed: u64::MAX,
        total_steps: 100,
        threads: 2,
        device: "cpu".to_owned(),
        settings: Map::from_iter([
            ("lr".to_owned(), json!(0.1)),
            ("arch".to_owned(), json!("mlp")),
        ]),
        model: ModelConfig::Vae(VaeConfig {
            arch: Arch::Mlp,
            image,
            latent_dim: 2,
            hidden: 3,
            channels: 1,
            likelihood: Likelihood::Gaussian,
            sigma: Sigma::Fixed(0.1),
            classes: 0,
        }),
        classes: Vec::new(),
        init: None,
    }
}

fn new_run(path: &Path) -> RunDir {
    RunDir::create(path, &config(), false).expect("a new run")
}

fn state(step: u64, eval_loss: Option<f64>) -> CheckpointState {
    CheckpointState {
        step,
        optimizer_updates: step,
        elapsed_secs: 1.5,
        settings: Map::from_iter([("lr".to_owned(), json!(0.25))]),
        eval_loss,
        eval: Map::from_iter([("mse".to_owned(), json!(0.125))]),
    }
}

/// The tensors of the model that [`config`] describes.
fn tensors() -> NamedArrays {
    let ModelConfig::Vae(vae) = config().model else { unreachable!("a VAE") };
    params::collect(&Vae::new(&vae, 1, &burn::tensor::Device::flex()))
}

fn moments() -> NamedArrays {
    NamedArrays::from([("fc.moment_1".to_owned(), Array::filled([3], 0.5))])
}

fn save(run: &RunDir, step: u64, eval_loss: Option<f64>) -> Checkpoint {
    run.save(&state(step, eval_loss), &tensors(), &moments(), None).expect("saved")
}

fn steps(run: &RunDir) -> Vec<u64> {
    run.checkpoints().expect("listed").iter().map(|checkpoint| checkpoint.state.step).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort_unstable();
    names
}

fn checkpoints_dir(run: &RunDir) -> PathBuf {
    run.path().join("checkpoints")
}

/// A message says where, what was found and what was expected.
#[track_caller]
fn assert_says(error: &FormatError, path: &Path, parts: &[&str]) {
    let message = error.to_string();
    assert!(message.contains(&path.display().to_string()), "{message}: no {}", path.display());
    assert_eq!(error.path(), path, "{message}");
    for part in parts {
        assert!(message.contains(part), "{message}: says nothing of {part:?}");
    }
}

#[test]
fn a_run_comes_back_as_it_was_written() {
    let base = folder();
    let path = base.path().join("new/deep/run");
    assert!(!RunDir::is_run(&path), "nothing there");
    let run = new_run(&path);
    assert!(RunDir::is_run(&path), "a run");
    assert!(!RunDir::is_run(base.path()), "the folder around it is none");
    assert_eq!(names(&path), ["checkpoints", "config.json"]);
    let (again, read) = RunDir::open(&path).expect("opened");
    assert_eq!((&again, &read), (&run, &config()));
    let longer = RunConfig { total_steps: 200, ..config() };
    run.write_config(&longer).expect("written");
    assert_eq!(RunDir::open(&path).expect("opened").1, longer);
    assert_eq!(names(&path), ["checkpoints", "config.json"], "no temporary stays behind");
    assert_eq!(run.checkpoints().expect("listed"), []);
    let text: Value =
        serde_json::from_str(&fs::read_to_string(path.join("config.json")).expect("read"))
            .expect("JSON");
    assert_eq!(text["model"]["family"], "vae", "scripts read this");
}

#[test]
fn checkpoints_come_back_bit_for_bit() {
    let base = folder();
    let run = new_run(base.path());
    let mut model = tensors();
    let odd = [f32::NAN, -0.0, 1e-45, f32::MAX, f32::INFINITY, f32::MIN_POSITIVE];
    model.insert("odd".to_owned(), Array::new([2, 3], odd.to_vec()).expect("six"));
    model.insert("empty".to_owned(), Array::zeros([0, 4]));
    model.insert("scalar".to_owned(), Array::filled(Vec::new(), 2.0));
    let written = run.save(&state(7, Some(0.1)), &model, &moments(), None).expect("saved");
    assert_eq!(written.path, base.path().join("checkpoints/step-7"));
    assert_eq!(
        names(&written.path),
        ["model.safetensors", "optimizer.safetensors", "state.json"],
        "the files that scripts rely on"
    );
    assert_eq!(names(&checkpoints_dir(&run)), ["step-7"], "nothing temporary");
    let read = run.pick(Pick::Step(7)).expect("there");
    assert_eq!(read, written);
    let bits = |arrays: &NamedArrays| -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let of = |array: &Array| array.data().iter().map(|value| value.to_bits()).collect();
        arrays.iter().map(|(name, a)| (name.clone(), a.shape().to_vec(), of(a))).collect()
    };
    assert_eq!(bits(&read.model().expect("model")), bits(&model));
    assert_eq!(bits(&read.optimizer().expect("optimizer")), bits(&moments()));
    // The same content gives the same bytes, elsewhere too.
    let other = folder();
    let twin =
        new_run(other.path()).save(&state(7, Some(0.1)), &model, &moments(), None).expect("saved");
    for name in names(&written.path) {
        let bytes = |checkpoint: &Checkpoint| fs::read(checkpoint.path.join(&name)).expect("read");
        assert_eq!(bytes(&written), bytes(&twin), "{name}");
    }
}

#[test]
fn occupied_directories_are_refused() {
    let base = folder();
    let refused =
        |path: &Path, force: bool| RunDir::create(path, &config(), force).expect_err("refused");
    let file = base.path().join("file");
    fs::write(&file, "mine").expect("written");
    for force in [false, true] {
        assert_says(&refused(&file, force), &file, &["run directory", "file", "expected"]);
    }
    assert_eq!(fs::read(&file).expect("read"), b"mine", "the file stays");
    let occupied = base.path().join("occupied");
    fs::create_dir(&occupied).expect("made");
    RunDir::create(&occupied, &config(), false).expect("an empty directory will do");
    let run = RunDir::open(&occupied).expect("opened").0;
    save(&run, 3, None);
    assert_says(&refused(&occupied, false), &occupied, &["not empty", "--force", "expected"]);
    assert_eq!(steps(&run), [3], "the old run stays");
    let other = base.path().join("other");
    fs::create_dir(&other).expect("made");
    fs::write(other.join(".hidden"), "").expect("written");
    assert_says(&refused(&other, false), &other, &["not empty"]);
    assert_eq!(names(&other), [".hidden"], "nothing was written");
    // Below a file no directory can be.
    let error = refused(&file.join("run"), false);
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
}

#[test]
fn force_replaces_the_run_and_nothing_else() {
    let base = folder();
    let run = new_run(base.path());
    save(&run, 3, None);
    fs::write(run.metrics_file(), "step\n1\n").expect("written");
    fs::create_dir(run.samples_dir()).expect("made");
    fs::write(run.samples_dir().join("step-3.png"), "").expect("written");
    fs::write(base.path().join("notes.txt"), "mine").expect("written");
    fs::create_dir(base.path().join("thesis")).expect("made");
    fs::write(base.path().join("thesis/1.tex"), "mine").expect("written");
    let other = RunConfig { seed: 5, ..config() };
    let run = RunDir::create(base.path(), &other, true).expect("replaced");
    assert_eq!(RunDir::open(base.path()).expect("opened").1, other);
    assert_eq!(steps(&run), Vec::<u64>::new(), "the old checkpoints are gone");
    assert!(!run.metrics_file().exists() && !run.samples_dir().exists(), "the old curves are gone");
    let left = ["checkpoints", "config.json", "notes.txt", "thesis"];
    assert_eq!(names(base.path()), left);
    assert_eq!(fs::read(base.path().join("thesis/1.tex")).expect("there"), b"mine");
}

#[test]
fn force_leaves_a_strangers_files_in_samples_and_checkpoints() {
    // A run with somebody's files among its own.
    let base = folder();
    let run = new_run(base.path());
    save(&run, 3, None);
    fs::create_dir(run.samples_dir()).expect("made");
    fs::write(run.samples_dir().join("step-3.png"), "").expect("written");
    let mine = [run.samples_dir().join("favourite.png"), checkpoints_dir(&run).join("notes.txt")];
    for file in &mine {
        fs::write(file, "mine").expect("written");
    }
    RunDir::create(base.path(), &config(), true).expect("replaced");
    for file in &mine {
        assert_eq!(fs::read(file).ok().as_deref(), Some(&b"mine"[..]), "{}", file.display());
    }
    assert!(!base.path().join("samples/step-3.png").exists(), "the run's own picture is gone");
}

#[test]
fn force_deletes_nothing_where_no_run_was() {
    let base = folder();
    let music = base.path().join("samples/drums");
    fs::create_dir_all(&music).expect("made");
    fs::write(music.join("kick.wav"), "boom").expect("written");
    // Whether it makes a run there or refuses: the stranger's files stay.
    drop(RunDir::create(base.path(), &config(), true));
    assert_eq!(fs::read(music.join("kick.wav")).ok().as_deref(), Some(&b"boom"[..]), "kick.wav");
}

/// A kill between the two things that a new run begins with leaves a place that a run can begin in again.
#[test]
fn force_replaces_a_run_that_hardly_began() {
    let refused = |only: &str| {
        let base = folder();
        new_run(base.path());
        if only == "checkpoints" {
            fs::remove_file(base.path().join("config.json")).expect("removed");
        } else {
            fs::remove_dir(base.path().join("checkpoints")).expect("removed");
        }
        let careful = RunDir::create(base.path(), &config(), false);
        assert!(careful.is_err(), "only {only} is not empty");
        RunDir::create(base.path(), &config(), true)
            .err()
            .map(|error| format!("only {only}: {error}"))
    };
    let refused: Vec<_> = ["checkpoints", "config.json"].into_iter().filter_map(refused).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn a_checkpoint_that_is_there_stays() {
    let base = folder();
    let run = new_run(base.path());
    let first = save(&run, 5, Some(1.0));
    let before = fs::read(first.path.join("model.safetensors")).expect("read");
    let zeros = tensors().into_iter().map(|(n, a)| (n, Array::zeros(a.shape()))).collect();
    run.save(&state(5, Some(2.0)), &zeros, &moments(), None).expect("nothing to do");
    assert_eq!(fs::read(first.path.join("model.safetensors")).expect("read"), before);
    assert_eq!(run.pick(Pick::Step(5)).expect("there").state.eval_loss, Some(1.0));
}

/// After a resume from an earlier checkpoint the run comes by the damaged one again; what it reports
/// as saved then has to be whole.
#[test]
fn saving_over_a_damaged_checkpoint_makes_it_whole() {
    for damage in ["state.json", "model.safetensors"] {
        let base = folder();
        let run = new_run(base.path());
        save(&run, 0, None);
        let damaged = save(&run, 5, Some(1.0));
        fs::remove_file(damaged.path.join(damage)).expect("removed");
        let again = save(&run, 5, Some(1.0));
        assert_eq!(steps(&run), [0, 5], "{damage} was missing");
        assert_eq!(again.model().expect("whole"), tensors(), "{damage} was missing");
    }
}

#[test]
fn failed_saving_leaves_nothing_behind() {
    let base = folder();
    let run = new_run(base.path());
    // A name that the format reserves: writing the tensors fails after the directory was made.
    let reserved = NamedArrays::from([("__metadata__".to_owned(), Array::zeros([1]))]);
    run.save(&state(4, None), &reserved, &moments(), None).expect_err("reserved");
    run.save(&state(4, None), &tensors(), &reserved, None).expect_err("reserved");
    assert_eq!(names(&checkpoints_dir(&run)), Vec::<String>::new());
    fs::remove_dir(checkpoints_dir(&run)).expect("removed");
    let error = run.save(&state(4, None), &tensors(), &moments(), None).expect_err("no directory");
    assert!(error.to_string().contains(&*base.path().to_string_lossy()), "{error}");
    let error = run.checkpoints().expect_err("no directory");
    assert_says(&error, &checkpoints_dir(&run), &["list"]);
    fs::write(checkpoints_dir(&run), "a file").expect("written");
    assert!(run.checkpoints().is_err() && run.sweep().is_err(), "a file in its place");
    assert!(run.pick(Pick::Best).is_err() && run.prune(1, 0).is_err(), "a file in its place");
    assert!(!RunDir::is_run(base.path()), "no run any more");
}

#[test]
fn picks_best_latest_and_by_step() {
    let base = folder();
    let run = new_run(base.path());
    for pick in [Pick::Best, Pick::Latest, Pick::Step(1)] {
        let error = run.pick(pick).expect_err("empty");
        assert_says(&error, base.path(), &["no whole checkpoint", "expected", "step-N"]);
    }
    let picked = |pick| run.pick(pick).expect("picked").state.step;
    save(&run, 0, None);
    assert_eq!((picked(Pick::Best), picked(Pick::Latest)), (0, 0), "the only one");
    save(&run, 9, None);
    save(&run, 10, None);
    assert_eq!((picked(Pick::Best), picked(Pick::Latest)), (10, 10), "the newest: none evaluated");
    save(&run, 2, Some(3.0));
    assert_eq!((picked(Pick::Best), picked(Pick::Latest)), (2, 10), "the only one evaluated");
    save(&run, 100, Some(-7.5));
    save(&run, 30, Some(-7.5));
    save(&run, 200, Some(8.0));
    assert_eq!((picked(Pick::Best), picked(Pick::Latest)), (30, 200), "the older of two equals");
    assert_eq!(steps(&run), [0, 2, 9, 10, 30, 100, 200], "by number, not by name");
    for step in steps(&run) {
        assert_eq!(picked(Pick::Step(step)), step);
    }
    let error = run.pick(Pick::Step(31)).expect_err("no such step");
    assert_says(&error, base.path(), &["no step 31", "0, 2, 9, 10, 30, 100, 200", "expected"]);
    // Losses that are no numbers never win.
    save(&run, 300, Some(f64::NAN));
    save(&run, 301, Some(f64::NEG_INFINITY));
    assert_eq!((picked(Pick::Best), picked(Pick::Latest)), (30, 301));
}

#[test]
fn pruning_keeps_the_newest_and_the_best() {
    let base = folder();
    let run = new_run(base.path());
    save(&run, 0, Some(9.0));
    run.prune(1, 0).expect("pruned");
    assert_eq!(steps(&run), [0], "step 0 while nothing else is there");
    for (step, loss) in [(5, 4.0), (10, 1.0), (15, 2.0), (20, 3.0), (25, 3.5)] {
        save(&run, step, Some(loss));
    }
    run.prune(10, 0).expect("pruned");
    assert_eq!(steps(&run), [0, 5, 10, 15, 20, 25], "fewer than allowed");
    run.prune(2, 0).expect("pruned");
    assert_eq!(steps(&run), [10, 20, 25], "two newest and the best");
    assert_eq!(names(&checkpoints_dir(&run)), ["step-10", "step-20", "step-25"], "nothing else");
    run.prune(1, 0).expect("pruned");
    assert_eq!(steps(&run), [10, 25]);
    save(&run, 30, Some(0.5));
    run.prune(1, 0).expect("pruned");
    assert_eq!(steps(&run), [30], "newest and best at once");
    // A stranger's files are none of its business.
    fs::write(checkpoints_dir(&run).join("notes.txt"), "mine").expect("written");
    fs::create_dir(checkpoints_dir(&run).join("step-best")).expect("made");
    save(&run, 35, None);
    run.prune(1, 0).expect("pruned");
    assert_eq!(names(&checkpoints_dir(&run)), ["notes.txt", "step-30", "step-35", "step-best"]);
}

#[test]
fn sweeping_removes_what_a_kill_leaves() {
    let base = folder();
    let run = new_run(base.path());
    let whole = save(&run, 5, None);
    let dir = checkpoints_dir(&run);
    // Killed while saving step 10: half of its files are there.
    let unfinished = dir.join(".step-10.unfinished");
    fs::create_dir(&unfinished).expect("made");
    fs::copy(whole.path.join("model.safetensors"), unfinished.join("model.safetensors"))
        .expect("copied");
    fs::write(unfinished.join(".state.json.1-2.tmp"), "{").expect("written");
    // Killed while pruning step 0.
    let deleted = dir.join(".step-0.deleted");
    fs::create_dir(&deleted).expect("made");
    fs::write(deleted.join("model.safetensors"), "").expect("written");
    fs::write(dir.join("notes.txt"), "mine").expect("written");
    assert_eq!(steps(&run), [5], "neither is a checkpoint");
    for pick in [Pick::Best, Pick::Latest] {
        assert_eq!(run.pick(pick).expect("picked"), whole);
    }
    run.pick(Pick::Step(10)).expect_err("not whole");
    run.prune(1, 0).expect("pruned");
    // Saving step 10 again does not stumble over it.
    assert_eq!(save(&run, 10, None).model().expect("whole"), tensors());
    assert!(!unfinished.exists(), "replaced");
    fs::create_dir(&unfinished).expect("made");
    run.sweep().expect("swept");
    assert_eq!(names(&dir), ["notes.txt", "step-10", "step-5"]);
    run.sweep().expect("nothing to do");
}

#[test]
fn damaged_states_are_never_picked() {
    let base = folder();
    let run = new_run(base.path());
    let good = save(&run, 5, None);
    let bad = save(&run, 6, Some(-100.0));
    let file = bad.path.join("state.json");
    let whole = fs::read_to_string(&file).expect("read");
    let mut texts: Vec<Vec<u8>> =
        (0..whole.len()).map(|n| whole.as_bytes()[..n].to_vec()).collect();
    let other_step = whole.replace("\"step\": 6", "\"step\": 7");
    assert_ne!(other_step, whole);
    for text in [
        "null",
        "[]",
        "{}",
        "6",
        "\"step\"",
        r#"{"step": 6}"#,
        r#"{"step": "6"}"#,
        r#"{"step": -6}"#,
        r#"{"step": 1e400}"#,
        &other_step,
        &whole.replace("\"settings\": {", "\"settings\": [{"),
        &whole.replace("1.5", "\"long\""),
        &"[".repeat(100_000),
    ] {
        texts.push(text.as_bytes().to_vec());
    }
    texts.push([whole.as_bytes(), &[0xff, 0xfe]].concat());
    texts.push(vec![0; whole.len()]);
    for text in texts {
        fs::write(&file, &text).expect("written");
        let text = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        assert_eq!(steps(&run), [5], "{text}");
        for pick in [Pick::Best, Pick::Latest] {
            assert_eq!(run.pick(pick).expect("picked"), good, "{text}");
        }
        assert!(run.pick(Pick::Step(6)).is_err(), "{text}");
        assert_eq!(open(&base.path().to_string_lossy()).expect("opened").step, 5, "{text}");
    }
    fs::remove_file(&file).expect("removed");
    assert_eq!(steps(&run), [5], "missing");
    fs::create_dir(&file).expect("made");
    assert_eq!(steps(&run), [5], "a directory in its place");
    fs::remove_dir(&file).expect("removed");
    fs::write(&file, &whole).expect("written");
    assert_eq!(steps(&run), [5, 6], "whole again");
    run.prune(1, 0).expect("pruned");
    // Directories that only look like checkpoints, and files that do.
    for name in ["step-", "step-x", "step--1", "step-99999999999999999999", "step-8 ", "Step-8"] {
        fs::create_dir(checkpoints_dir(&run).join(name)).expect("made");
    }
    fs::write(checkpoints_dir(&run).join("step-9"), "a file").expect("written");
    assert_eq!(steps(&run), [6]);
}

#[test]
fn damaged_tensors_are_errors_and_never_picked() {
    let base = folder();
    let run = new_run(base.path());
    let good = save(&run, 5, Some(2.0));
    let bad = save(&run, 6, Some(1.0));
    for (name, read) in [
        ("model.safetensors", Checkpoint::model as fn(&Checkpoint) -> _),
        ("optimizer.safetensors", Checkpoint::optimizer),
    ] {
        let file = bad.path.join(name);
        let whole = fs::read(&file).expect("read");
        let check = |parts: &[&str]| {
            assert_says(&read(&bad).expect_err("damaged"), &file, parts);
            for pick in [Pick::Best, Pick::Latest] {
                assert_eq!(run.pick(pick).expect("picked"), good, "{name}");
            }
            run.pick(Pick::Step(6)).expect_err("not whole");
        };
        // Every length of the header, and a few of the values.
        let lengths = (0..900.min(whole.len())).chain((900..whole.len()).step_by(997));
        for len in lengths.chain([whole.len() - 1]) {
            fs::write(&file, &whole[..len]).expect("written");
            check(&["expected"]);
        }
        for bytes in [[whole.as_slice(), b"x"].concat(), vec![0xff; 64], vec![0; 4096]] {
            fs::write(&file, &bytes).expect("written");
            check(&["expected"]);
        }
        assert_eq!(open(&base.path().to_string_lossy()).expect("opened").step, 5, "{name}");
        fs::remove_file(&file).expect("removed");
        check(&[]);
        fs::create_dir(&file).expect("made");
        check(&[]);
        fs::remove_dir(&file).expect("removed");
        fs::write(&file, &whole).expect("written");
        assert_eq!(steps(&run), [5, 6], "whole again");
    }
    // The only one there is: said in words.
    fs::remove_dir_all(&good.path).expect("removed");
    fs::write(bad.path.join("model.safetensors"), "").expect("written");
    let error = run.pick(Pick::Best).expect_err("none whole");
    assert_says(&error, base.path(), &["no whole checkpoint", "expected"]);
}

/// `config.json` as JSON, with one change.
fn changed(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let Ok(Value::Object(mut object)) = serde_json::to_value(config()) else {
        panic!("a configuration is an object")
    };
    change(&mut object);
    Value::Object(object).to_string()
}

#[test]
fn hostile_descriptions_are_errors() {
    let base = folder();
    let run = new_run(base.path());
    save(&run, 1, None);
    let file = base.path().join("config.json");
    let whole = changed(|_| ());
    fs::write(&file, &whole).expect("written");
    RunDir::open(base.path()).expect("unchanged");
    let mut texts: Vec<(Vec<u8>, &str)> = (0..whole.len())
        .step_by(7)
        .map(|len| (whole.as_bytes()[..len].to_vec(), "zscope train"))
        .collect();
    for text in ["null", "[]", "42", "\"\"", "{}", &"[".repeat(100_000), &"{\"a\":".repeat(50_000)]
    {
        texts.push((text.as_bytes().to_vec(), "zscope train"));
    }
    texts.push((vec![0; 100], "zscope train"));
    let keys: Vec<String> = match serde_json::to_value(config()) {
        Ok(Value::Object(object)) => object.keys().cloned().collect(),
        other => panic!("{other:?}"),
    };
    for key in &keys {
        texts.push((changed(|o| drop(o.remove(key))).into_bytes(), "zscope train"));
        for wrong in [json!(null), json!([1]), json!(-1), json!({"x": 1}), json!(1e300)] {
            if key == "settings" && wrong.is_object() {
                continue;
            }
            texts.push((changed(|o| o[key] = wrong).into_bytes(), "zscope train"));
        }
    }
    texts.push((changed(|o| o["model"]["family"] = json!("gan")).into_bytes(), "zscope train"));
    texts.push((changed(|o| o["model"]["arch"] = json!("rnn")).into_bytes(), "zscope train"));
    texts.push((changed(|o| o["model"]["hidden"] = json!(1.5)).into_bytes(), "zscope train"));
    for (text, part) in texts {
        fs::write(&file, &text).expect("written");
        let error = RunDir::open(base.path()).expect_err("hostile");
        assert_says(&error, &file, &["expected", part]);
        let model = open(&base.path().to_string_lossy()).expect_err("hostile").to_string();
        assert_eq!(model, error.to_string(), "opening a model says the same");
        resume(base.path(), None, false).map(|_| ()).expect_err("hostile");
    }
    // Not text, a directory, nothing.
    fs::write(&file, [whole.as_bytes(), &[0xff]].concat()).expect("written");
    assert_says(&RunDir::open(base.path()).expect_err("not text"), &file, &[]);
    fs::remove_file(&file).expect("removed");
    assert_says(&RunDir::open(base.path()).expect_err("missing"), &file, &[]);
    assert!(!RunDir::is_run(base.path()), "no description, no run");
    fs::create_dir(&file).expect("made");
    assert_says(&RunDir::open(base.path()).expect_err("a directory"), &file, &[]);
}

#[test]
fn other_formats_are_named() {
    let base = folder();
    new_run(base.path());
    let file = base.path().join("config.json");
    let current = format!("format {FORMAT}");
    for text in [
        changed(|o| o["format"] = json!(2)),
        changed(|o| o["format"] = json!(0)),
        changed(|o| o["format"] = json!(u32::MAX)),
        // A later layout need not have today's keys.
        r#"{"format": 2, "program": "zscope 9.0", "runs": []}"#.to_owned(),
    ] {
        fs::write(&file, &text).expect("written");
        let format = serde_json::from_str::<Value>(&text).expect("JSON")["format"].to_string();
        let error = RunDir::open(base.path()).expect_err("another format");
        assert_says(&error, &file, &[&format!("format {format}"), &current, "expected"]);
    }
}

/// Numbers of the right type that make no sense: an error wherever the run is used, never a panic.
#[test]
fn senseless_numbers_are_errors() {
    let base = folder();
    let run = new_run(base.path());
    save(&run, 1, None);
    let file = base.path().join("config.json");
    let with = |change: fn(&mut Map<String, Value>)| {
        fs::write(&file, changed(change)).expect("written");
        let model = open(&base.path().to_string_lossy()).map(|opened| opened.step);
        let plan = resume(base.path(), Some(Length::Epochs(100)), false).map(|plan| plan.config);
        (model, plan)
    };
    assert!(matches!(with(|_| ()), (Ok(1), Ok(_))), "unchanged");
    let (_, plan) = with(|o| o["recipe"] = json!("cooking"));
    assert!(plan.is_err_and(|e| e.to_string().contains("cooking")), "an unknown recipe");
    let (_, plan) = with(|o| o["data"] = json!("shapes?size=17"));
    assert!(plan.is_err(), "data that is refused");
    let (_, plan) = with(|o| o["data"] = json!("folder:/no/such/folder"));
    assert!(plan.is_err_and(|e| e.to_string().contains("/no/such/folder")), "data that is gone");
    let (_, plan) = with(|o| o["image"]["width"] = json!(15));
    assert!(plan.is_err(), "images of another shape");
    for change in [
        (|o| o["model"]["latent_dim"] = json!(0)) as fn(&mut Map<String, Value>),
        |o| o["model"]["latent_dim"] = json!(3),
        |o| o["model"]["latent_dim"] = json!(1_u64 << 62),
        |o| o["model"]["image"]["height"] = json!(0),
        |o| o["model"]["image"]["height"] = json!(1_u64 << 63),
        |o| o["model"]["image"]["channels"] = json!(u64::MAX),
        |o| o["model"]["arch"] = json!("conv"),
    ] {
        let (model, _) = with(change);
        let config = fs::read_to_string(&file).expect("read");
        assert!(model.is_err(), "opened with {config}");
    }
}

#[test]
fn a_batch_of_none_is_an_error() {
    let base = folder();
    let run = new_run(base.path());
    save(&run, 1, None);
    let text = changed(|o| o["batch"] = json!(0));
    fs::write(base.path().join("config.json"), text).expect("written");
    for length in [Length::Epochs(100), Length::Steps(100)] {
        resume(base.path(), Some(length), false).map(|_| ()).expect_err("a batch of 0");
    }
}
