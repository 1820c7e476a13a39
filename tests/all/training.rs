//! Whole runs, tiny and seeded: they learn, repeat, resume bit for bit, obey, and end in order.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zscope::array::{Array, NamedArrays};
use zscope::data::{self, DataSpec, Dataset, Split};
use zscope::event::{Event, FinishReason, RunStarted, StepRecord, Value};
use zscope::formats::run_dir::{CheckpointState, ModelConfig, Pick, RunDir};
use zscope::model::{params, vae::Vae};
use zscope::open::open;
use zscope::picture::ImageShape;
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start::{Length, Request, resume};
use zscope::train::worker::{Control, Plan, Training};

const DATA: &str = "shapes?size=16&train=64&test=16";

/// Long enough for a slow machine; nothing here takes a tenth of it.
const PATIENCE: Duration = Duration::from_mins(1);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn request(keys: &[&str], steps: u64) -> Request {
    let mut settings = Settings::defaults(Recipe::Vae.keys());
    let small = ["hidden=16", "latent_dim=3", "channels=4", "eval_images=16"];
    for text in small.iter().chain(keys) {
        settings.set_text(text).expect("a setting");
    }
    Request {
        recipe: Recipe::Vae,
        settings,
        data: DATA.parse().expect("a source"),
        length: Length::Steps(steps),
        batch: 10,
        seed: 3,
        device: "cpu",
        threads: 1,
        watched: false,
        init: None,
    }
}

fn plan(dir: &Path, keys: &[&str], steps: u64) -> Plan {
    request(keys, steps).plan(Some(dir), false).expect("a plan")
}

fn start(plan: Plan) -> Training {
    Training::start(plan).expect("a thread")
}

/// Everything that a run says until it ends.
fn run(plan: Plan) -> Vec<Event> {
    rest(&start(plan))
}

fn rest(training: &Training) -> Vec<Event> {
    let mut events = Vec::new();
    let begun = Instant::now();
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        events.push(event);
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {:?}", events.last());
    }
    events
}

/// Takes events until one of them is wanted; gives all of them.
#[track_caller]
fn until(training: &Training, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        match training.events().recv_timeout(PATIENCE) {
            Ok(event) => events.push(event),
            Err(error) => panic!("{error}, after {events:?}"),
        }
        if events.last().is_some_and(&wanted) {
            return events;
        }
    }
}

fn steps(events: &[Event]) -> Vec<&StepRecord> {
    let records = events.iter().filter_map(|event| match event {
        Event::StepsDone { steps, .. } => Some(steps),
        _ => None,
    });
    records.flatten().collect()
}

fn started(events: &[Event]) -> &RunStarted {
    match events.first() {
        Some(Event::Started(started)) => started,
        other => panic!("{other:?} came first"),
    }
}

/// One curve by name, over all steps.
fn curve(events: &[Event], name: &str) -> Vec<f32> {
    let index = started(events).curves.iter().position(|curve| curve == name).expect("a curve");
    steps(events).iter().map(|record| record.values[index]).collect()
}

#[track_caller]
fn assert_finished(events: &[Event], step: u64, reason: FinishReason) {
    match events.last() {
        Some(Event::Finished { step: s, reason: r, .. }) if (*s, *r) == (step, reason) => {}
        other => panic!("{other:?} came last, expected {reason:?} at step {step}"),
    }
    let ends = |event: &&Event| {
        matches!(event, Event::Finished { .. } | Event::Failed { .. } | Event::Diverged { .. })
    };
    assert_eq!(events.iter().filter(ends).count(), 1, "a run ends once");
}

/// The steps of a run are all there, in order.
#[track_caller]
fn assert_steps(events: &[Event], first: u64, last: u64) {
    let found: Vec<u64> = steps(events).iter().map(|record| record.step).collect();
    let expected: Vec<u64> = (first..=last).collect();
    assert_eq!(found, expected, "steps");
}

fn latest(dir: &Path) -> (u64, CheckpointState) {
    let (run, _) = RunDir::open(dir).expect("a run");
    let state = run.pick(Pick::Latest).expect("a checkpoint").state;
    (state.step, state)
}

fn bytes(dir: &Path, step: u64, name: &str) -> Vec<u8> {
    fs::read(dir.join(format!("checkpoints/step-{step}/{name}"))).expect("a file of a checkpoint")
}

/// The rows of metrics.csv without the columns of the clock, and the header.
fn table(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("metrics.csv")).expect("metrics.csv");
    assert!(text.ends_with('\n'), "the last line is whole");
    let without_clock = |line: &str| {
        let columns: Vec<&str> = line.split(',').collect();
        [&columns[..1], &columns[3..]].concat().join(",")
    };
    text.lines().map(without_clock).collect()
}

#[track_caller]
fn assert_same_run(a: &Path, b: &Path, step: u64) {
    for name in ["model.safetensors", "optimizer.safetensors"] {
        assert!(bytes(a, step, name) == bytes(b, step, name), "{name} differs at step {step}");
    }
    assert_eq!(table(a), table(b), "metrics.csv");
    let state = |dir| {
        let mut state = latest(dir).1;
        state.elapsed_secs = 0.0;
        state
    };
    assert_eq!(state(a), state(b), "state.json");
}

#[test]
fn losses_fall() {
    for arch in ["arch=mlp", "arch=conv"] {
        for likelihood in [
            &["likelihood=bernoulli"][..],
            &["likelihood=gaussian"],
            &["likelihood=gaussian", "sigma=0.3"],
        ] {
            let base = folder();
            let keys = [&[arch, "lr=0.005"], likelihood].concat();
            let events = run(plan(base.path(), &keys, 80));
            assert_finished(&events, 80, FinishReason::Completed);
            assert_steps(&events, 1, 80);
            let loss = curve(&events, "loss");
            let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
            let (first, last) = (mean(&loss[..7]), mean(&loss[73..]));
            assert!(first - last > 0.03 * first.abs(), "{keys:?}: from {first} to {last}");
            let (nll, kl) = (curve(&events, "reconstruction"), curve(&events, "kl"));
            let dims = ["kl_0", "kl_1", "kl_2"].map(|name| curve(&events, name));
            for i in 0..80 {
                assert!(kl[i] >= 0.0, "{keys:?}: KL {}", kl[i]);
                let bound = 1e-3 + 1e-5 * loss[i].abs();
                assert!((loss[i] - nll[i] - kl[i]).abs() < bound, "{keys:?}: terms of step {i}");
                let sum: f32 = dims.iter().map(|dim| dim[i]).sum();
                assert!((kl[i] - sum).abs() < bound, "{keys:?}: dimensions of step {i}");
            }
            let learned = likelihood.len() == 1 && likelihood[0].ends_with("gaussian");
            assert_eq!(started(&events).curves.contains(&"sigma".to_owned()), learned);
            if learned {
                let sigma = curve(&events, "sigma");
                assert!((sigma[0] - 1.0).abs() < 0.01 && sigma[79] < 0.95, "{sigma:?}");
            }
            // Held-out images agree: the last checkpoint is the better one.
            let (run, _) = RunDir::open(base.path()).expect("a run");
            let loss = |step| run.pick(Pick::Step(step)).expect("there").state.eval_loss;
            assert!(loss(80) < loss(0) && loss(80).is_some(), "{:?}, {:?}", loss(0), loss(80));
            assert_eq!(open(&base.path().to_string_lossy()).expect("opened").step, 80, "the best");
        }
    }
}

#[test]
fn a_collapsed_posterior_is_told() {
    let collapses = |beta: &str| {
        let base = folder();
        let keys = ["arch=mlp", "hidden=16", "latent_dim=4", "checkpoint_every=200", beta];
        let events = run(plan(base.path(), &keys, 200));
        let tells = |event: &&Event| match event {
            Event::Warning { message, .. } => message.contains("posterior collapse"),
            _ => false,
        };
        events.iter().filter(tells).count()
    };
    assert_eq!(collapses("beta=500"), 1, "nothing is worth telling at that price");
    assert_eq!(collapses("beta=0"), 0, "all is, without one");
}

#[test]
fn the_first_checkpoint_precedes_the_first_update() {
    let base = folder();
    let events = run(plan(base.path(), &["arch=conv"], 3));
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::Started(_) => "started",
            Event::Evaluated { .. } => "evaluated",
            Event::CheckpointSaved { .. } => "saved",
            Event::StepsDone { .. } => "steps",
            Event::Finished { .. } => "finished",
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["started", "evaluated", "saved", "steps", "evaluated", "saved", "finished"];
    assert_eq!(kinds, expected);
    assert!(matches!(&events[2], Event::CheckpointSaved { step: 0, path }
        if *path == base.path().join("checkpoints/step-0")));
    let (run, config) = RunDir::open(base.path()).expect("a run");
    let ModelConfig::Vae(vae) = &config.model else { unreachable!("a VAE") };
    let first = run.pick(Pick::Step(0)).expect("step 0");
    let fresh = params::collect(&Vae::new(vae, config.seed, &burn::tensor::Device::flex()));
    assert_eq!(first.model().expect("whole"), fresh, "the model before the first update");
    assert_eq!(first.optimizer().expect("whole"), NamedArrays::new(), "no moments yet");
    assert_eq!(first.state.optimizer_updates, 0);
    let last = run.pick(Pick::Latest).expect("step 3");
    assert_eq!((last.state.step, last.state.optimizer_updates), (3, 3));
    assert_ne!(last.model().expect("whole"), fresh, "updated");
    let started = started(&events);
    assert_eq!((started.first_step, started.total_steps), (0, 3));
    assert_eq!((started.steps_per_epoch, started.batch), (7, 10), "64 images by tens");
    assert_eq!(started.run_dir, base.path());
    assert_eq!(started.data, DATA);
    let values: usize = fresh.values().map(|array| array.data().len()).sum();
    assert_eq!(started.parameters, values as u64);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for arch in ["arch=mlp", "arch=conv"] {
        for threads in [1, 2] {
            let keys = [arch, "likelihood=gaussian", "lr=0.01"];
            let train = |seed: u64| {
                let base = folder();
                let request = Request { seed, threads, ..request(&keys, 12) };
                let events = run(request.plan(Some(base.path()), false).expect("a plan"));
                assert_finished(&events, 12, FinishReason::Completed);
                base
            };
            let (a, b) = (train(3), train(3));
            assert_same_run(a.path(), b.path(), 12);
            // Negative control.
            let other = bytes(train(4).path(), 12, "model.safetensors");
            assert!(other != bytes(a.path(), 12, "model.safetensors"), "another seed");
        }
    }
}

#[test]
fn watching_changes_nothing() {
    let (a, b) = (folder(), folder());
    run(plan(a.path(), &["arch=conv"], 12));
    let watched = Request { watched: true, ..request(&["arch=conv"], 12) };
    let training = start(watched.plan(Some(b.path()), false).expect("a plan"));
    rest(&training);
    assert_same_run(a.path(), b.path(), 12);
    let (generation, weights) = training.live().weights.newer_than(0).expect("weights");
    assert!(generation > 0 && weights.step == 12, "step {}", weights.step);
    let (run, _) = RunDir::open(b.path()).expect("a run");
    assert_eq!(weights.tensors, run.pick(Pick::Latest).expect("there").model().expect("whole"));
    let (_, probe) = training.live().probe.newer_than(0).expect("a probe");
    assert_eq!(probe.step, 12);
    let originals = probe.originals.as_ref().expect("held-out images");
    assert_eq!(originals.shape(), [16, 3, 16, 16]);
    assert_eq!(probe.images.shape(), originals.shape());
    assert_eq!(probe.latents.shape(), [16, 3]);
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    let keys: [&[&str]; 3] = [
        &["arch=mlp", "kl_warmup=9", "beta=2"],
        &["arch=conv", "likelihood=gaussian", "lr=0.01", "free_bits=0.05"],
        &["arch=conv", "checkpoint_every=5"],
    ];
    // A break within an epoch, at its end (7 steps of at most 10 images), right at the start, and two.
    let breaks: [&[u64]; 4] = [&[5], &[7], &[1], &[3, 8]];
    for (keys, threads) in keys.into_iter().zip([1, 2, 2]) {
        let unbroken = folder();
        let request = || Request { threads, ..request(keys, 12) };
        run(request().plan(Some(unbroken.path()), false).expect("a plan"));
        for breaks in breaks {
            let broken = folder();
            let first = Request { length: Length::Steps(breaks[0]), ..request() };
            run(first.plan(Some(broken.path()), false).expect("a plan"));
            let mut done = breaks[0];
            for &total in breaks[1..].iter().chain(&[12]) {
                let plan =
                    resume(broken.path(), Some(Length::Steps(total)), false).expect("resumed");
                let events = run(plan);
                assert_finished(&events, total, FinishReason::Completed);
                assert_steps(&events, done + 1, total);
                assert_eq!(started(&events).first_step, done);
                done = total;
            }
            assert_same_run(unbroken.path(), broken.path(), 12);
        }
    }
}

#[test]
fn resuming_checks_what_is_there() {
    let base = folder();
    let error = |result: Result<Plan, zscope::train::start::StartError>| {
        result.map(|_| ()).expect_err("refused").to_string()
    };
    let nothing = error(resume(base.path(), None, false));
    assert!(nothing.contains(&*base.path().to_string_lossy()), "{nothing}");
    run(plan(base.path(), &["arch=mlp"], 4));
    let config = fs::read(base.path().join("config.json")).expect("read");
    for length in [None, Some(Length::Steps(4)), Some(Length::Steps(2)), Some(Length::Steps(0))] {
        let done = error(resume(base.path(), length, false));
        assert!(done.contains("steps"), "{done}");
        assert_eq!(fs::read(base.path().join("config.json")).expect("read"), config, "unchanged");
    }
    // Epochs are totals too: two epochs are 14 steps.
    let plan = resume(base.path(), Some(Length::Epochs(2)), false).expect("resumed");
    assert_eq!(plan.config.total_steps, 14);
    assert_finished(&run(plan), 14, FinishReason::Completed);
    // A checkpoint without its moments is not whole: the run goes on from the one before.
    fs::remove_file(base.path().join("checkpoints/step-14/optimizer.safetensors")).expect("there");
    let events = run(resume(base.path(), Some(Length::Steps(20)), false).expect("a plan"));
    assert_eq!(started(&events).first_step, 4);
    assert_finished(&events, 20, FinishReason::Completed);
    let unbroken = folder();
    run(self::plan(unbroken.path(), &["arch=mlp"], 20));
    assert_same_run(base.path(), unbroken.path(), 20);
    for step in [0, 4, 14, 20] {
        fs::write(base.path().join(format!("checkpoints/step-{step}/model.safetensors")), "x")
            .expect("written");
    }
    let message = error(resume(base.path(), Some(Length::Steps(30)), false));
    assert!(message.contains("no whole checkpoint"), "{message}");
}

#[test]
fn refused_plans_write_nothing() {
    let base = folder();
    let dir = base.path().join("run");
    let refused = |request: Request| {
        let error = request.plan(Some(&dir), false).map(|_| ()).expect_err("refused");
        assert!(!dir.exists(), "nothing is written: {error}");
        error.to_string()
    };
    let small = |text: &str| Request { data: text.parse().expect("a source"), ..request(&[], 5) };
    let message = refused(Request { batch: 0, ..request(&[], 5) });
    assert!(message.contains("batch is 0"), "{message}");
    refused(Request { batch: 65_537, ..request(&[], 5) });
    refused(Request { length: Length::Steps(0), ..request(&[], 5) });
    refused(Request { length: Length::Epochs(u64::MAX), ..request(&[], 5) });
    refused(request(&["image_size=17"], 5));
    let message = refused(small("mnist:/no/such/folder"));
    assert!(message.contains("/no/such/folder"), "{message}");
    fs::create_dir(&dir).expect("made");
    fs::write(dir.join("mine"), "").expect("written");
    let error =
        request(&[], 5).plan(Some(&dir), false).map(|_| ()).expect_err("occupied").to_string();
    assert!(error.contains("not empty"), "{error}");
    assert_eq!(fs::read_dir(&dir).expect("there").count(), 1, "nothing is written");
}

/// Rows beyond the checkpoint, a torn line, and lines that are no rows go when the run is resumed.
#[test]
fn curves_are_cut_back_on_resume() {
    let unbroken = folder();
    run(plan(unbroken.path(), &["arch=mlp"], 12));
    let expected = table(unbroken.path());
    assert_eq!(expected.len(), 13, "a header and a row a step");
    assert!(expected[0].starts_with("step,loss,reconstruction,kl,beta,lr,kl_0"), "{}", expected[0]);
    let tails = [
        "8,1,1,9,9,9,9,9,9,9,9\n9,1,1,9,9,9,9,9,9,9,9\n10,0.5,1",
        "8,1,1,9,9,9,9,9,9,9,9",
        "7",
        "\n\n,,,\nnot a row\n-1,0\n99999999999999999999,1,1,9,9,9,9,9,9,9,9\n",
        "\0\0\0\0\0\0\0\0",
    ];
    for tail in tails {
        let base = folder();
        run(plan(base.path(), &["arch=mlp"], 7));
        let file = base.path().join("metrics.csv");
        let text = fs::read_to_string(&file).expect("read");
        fs::write(&file, text + tail).expect("written");
        run(resume(base.path(), Some(Length::Steps(12)), false).expect("resumed"));
        assert_eq!(table(base.path()), expected, "after {tail:?}");
    }
}

#[test]
fn one_damaged_byte_costs_no_other_row() {
    let base = folder();
    run(plan(base.path(), &["arch=mlp"], 7));
    let file = base.path().join("metrics.csv");
    let mut bytes = fs::read(&file).expect("read");
    bytes.extend(b"8,0.1,\xff\xfe");
    fs::write(&file, bytes).expect("written");
    run(resume(base.path(), Some(Length::Steps(12)), false).expect("resumed"));
    assert_eq!(table(base.path()).len(), 13, "a header and a row a step");
}

#[test]
fn controls_are_obeyed() {
    let base = folder();
    let training = start(plan(base.path(), &["arch=mlp", "checkpoint_every=1000000"], 100_000_000));
    let ask = |control| training.ask(control);
    let set = |name: &str, value: f64| {
        ask(Control::Set { name: name.to_owned(), value: value.into() });
    };
    ask(Control::Pause);
    let mut events = until(&training, |event| matches!(event, Event::Paused { .. }));
    let Some(Event::Paused { step: paused_at }) = events.last().cloned() else { unreachable!() };
    assert_steps(&events, 1, paused_at);
    std::thread::sleep(Duration::from_millis(150));
    assert!(training.events().try_recv().is_err(), "nothing moves while paused");
    assert!(!training.is_over(), "it waits");

    // One step at a time, and then it waits again and says so.
    for expected in paused_at + 1..=paused_at + 3 {
        ask(Control::Step);
        let step = until(&training, |event| matches!(event, Event::Paused { .. }));
        assert!(
            matches!(step[..], [Event::StepsDone { .. }, Event::Paused { step }] if step == expected)
        );
        assert_steps(&step, expected, expected);
        events.extend(step);
    }
    let now = paused_at + 3;
    ask(Control::Pause);
    // A save while paused, of this very step.
    ask(Control::Save);
    let saved = until(&training, |event| matches!(event, Event::CheckpointSaved { .. }));
    assert!(
        matches!(&saved[..], [Event::Evaluated { step: a, .. }, Event::CheckpointSaved { step: b, path }]
        if (*a, *b) == (now, now) && path.is_dir()),
        "{saved:?}"
    );
    ask(Control::Save); // there already: nothing to do

    // Live settings take effect with the next step; the others are refused in words.
    set("lr", 0.125);
    let changed = until(&training, |_| true);
    let expected = Event::SettingChanged {
        step: now + 1,
        name: "lr".to_owned(),
        from: 0.001.into(),
        to: 0.125.into(),
    };
    assert_eq!(changed, [expected]);
    for (name, value, word) in [
        ("hidden", 32.0, "lr"), // tells which keys can change
        ("arch", 0.0, "cannot change"),
        ("no_such_key", 1.0, "no_such_key"),
        ("lr", f64::NAN, "lr is NaN"),
        ("lr", 2.0, "from 0 to 1"),
        ("lr", -1e-9, "from 0 to 1"),
        ("checkpoint_every", 0.0, "checkpoint_every"),
        ("checkpoint_every", 2.5, "whole number"),
    ] {
        set(name, value);
        match &until(&training, |_| true)[..] {
            [Event::Warning { step, message }] if *step == now => {
                assert!(message.contains(word), "{name} = {value}: {message}");
            }
            other => panic!("{name} = {value}: {other:?}"),
        }
    }
    ask(Control::Step);
    let step = until(&training, |event| matches!(event, Event::Paused { .. }));
    assert_steps(&step, now + 1, now + 1);
    events.extend(step);
    let lr = curve(&events, "lr");
    let (before, after) = lr.split_at(now as usize);
    assert_eq!((before, after), (&vec![0.001; now as usize][..], &[0.125][..]));

    set("lr", 0.0001);
    ask(Control::Resume);
    let gone_on = until(&training, |event| matches!(event, Event::Resumed { .. }));
    assert!(
        matches!(gone_on[..], [Event::SettingChanged { .. }, Event::Resumed { step }] if step == now + 1)
    );
    let more = until(&training, |event| matches!(event, Event::StepsDone { .. }));
    ask(Control::Stop);
    events.extend(more);
    events.extend(rest(&training));
    let last = steps(&events).last().expect("steps").step;
    assert_steps(&events, 1, last);
    assert_finished(&events, last, FinishReason::Stopped);
    assert!(last > now + 1, "it went on");
    let begun = Instant::now();
    while !training.is_over() {
        assert!(begun.elapsed() < PATIENCE, "the thread does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
    let (step, state) = latest(base.path());
    assert_eq!(step, last, "stopping saves");
    assert_eq!(state.settings["lr"], 0.0001, "the changed setting is kept");
    // And holds after a resume.
    let plan = resume(base.path(), Some(Length::Steps(last + 2)), false).expect("resumed");
    let events = run(plan);
    assert_eq!(curve(&events, "lr"), [0.0001, 0.0001]);
}

/// `Step` asked of a run that goes on: one more step, then it waits and says so.
#[test]
fn a_single_step_of_a_running_run_ends_in_a_pause() {
    let base = folder();
    let training = start(plan(base.path(), &["arch=mlp"], 100_000_000));
    let mut events = until(&training, |event| matches!(event, Event::StepsDone { .. }));
    training.ask(Control::Step);
    let begun = Instant::now();
    let mut paused_at = None;
    while paused_at.is_none() && begun.elapsed() < Duration::from_secs(3) {
        let Ok(event) = training.events().recv_timeout(Duration::from_millis(100)) else {
            continue;
        };
        if let Event::Paused { step } = event {
            paused_at = Some(step);
        }
        events.push(event);
    }
    let Some(step) = paused_at else {
        let last = steps(&events).last().map(|record| record.step);
        panic!("no event says that the run waits; the last step told was {last:?}");
    };
    assert_steps(&events, 1, step);
}

/// What a run tells of its time is time spent training.
#[test]
fn pauses_are_not_counted() {
    let base = folder();
    let begun = Instant::now();
    let training = start(plan(base.path(), &["arch=mlp"], 100_000_000));
    until(&training, |event| matches!(event, Event::StepsDone { .. }));
    training.ask(Control::Pause);
    until(&training, |event| matches!(event, Event::Paused { .. }));
    let busy = begun.elapsed();
    std::thread::sleep(Duration::from_secs(2));
    training.ask(Control::Step);
    until(&training, |event| matches!(event, Event::Paused { .. }));
    training.ask(Control::Stop);
    let events = rest(&training);
    let Some(Event::Finished { elapsed_secs, .. }) = events.last() else {
        panic!("{events:?} has no end")
    };
    let most = busy.as_secs_f64() + 1.5;
    assert!((0.0..most).contains(elapsed_secs), "{elapsed_secs} s told, {most} s at most");
    let saved = latest(base.path()).1.elapsed_secs;
    assert!((0.0..most).contains(&saved), "{saved} s saved, {most} s at most");
}

/// A run that is done can be taken further, by passes beyond those that it was to take.
#[test]
fn a_finished_run_goes_on_for_more_epochs() {
    let base = folder();
    let first = plan(base.path(), &["arch=mlp"], 3);
    let per_epoch = (first.dataset.len(Split::Train) as u64).div_ceil(first.config.batch as u64);
    assert_finished(&run(first), 3, FinishReason::Completed);
    let plan = resume(base.path(), Some(Length::MoreEpochs(2)), false).expect("goes on");
    assert_eq!(plan.config.total_steps, 3 + 2 * per_epoch, "two passes more");
}

#[test]
fn a_pause_lasts_until_stop_or_drop() {
    for drop_it in [false, true] {
        let base = folder();
        let training = start(plan(base.path(), &["arch=mlp"], 100_000_000));
        until(&training, |event| matches!(event, Event::StepsDone { .. }));
        training.ask(Control::Pause);
        let events = until(&training, |event| matches!(event, Event::Paused { .. }));
        let Some(Event::Paused { step }) = events.last().cloned() else { unreachable!() };
        if drop_it {
            drop(training);
        } else {
            training.ask(Control::Stop);
            assert_finished(&rest(&training), step, FinishReason::Stopped);
        }
        assert_eq!(latest(base.path()).0, step, "saved where it paused");
    }
}

#[test]
fn dropping_a_run_stops_and_saves_it() {
    let base = folder();
    // At once, before it said anything.
    drop(start(plan(base.path(), &["arch=conv"], 100_000_000)));
    let (first, _) = latest(base.path());
    let training = start(resume(base.path(), None, false).expect("resumed"));
    let events = until(&training, |event| matches!(event, Event::StepsDone { .. }));
    let told = steps(&events).last().expect("steps").step;
    assert!(told > first, "it went on from {first}");
    let begun = Instant::now();
    drop(training);
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    let (step, _) = latest(base.path());
    assert!(step >= told, "saved at {step}, told of {told}");
    assert_eq!(table(base.path()).len() as u64, step + 1, "a header and a row a step");
    assert_eq!(open(&format!("{}@latest", base.path().display())).expect("opens").step, step);
    let plan = resume(base.path(), Some(Length::Steps(step + 3)), false).expect("resumed");
    assert_finished(&run(plan), step + 3, FinishReason::Completed);
}

#[test]
fn a_run_that_nobody_listens_to_is_slowed_and_loses_nothing() {
    let base = folder();
    let keys = ["arch=mlp", "hidden=2", "checkpoint_every=1000000"];
    let training = start(plan(base.path(), &keys, 100_000_000));
    training.ask(Control::Pause);
    let mut events = until(&training, |event| matches!(event, Event::Paused { .. }));
    // As a hand that drags does: many values, of which the last has to count.
    let rate = |index: u32| 1e-6 * f64::from(index + 1);
    for index in 0..300 {
        training.ask(Control::Set { name: "lr".to_owned(), value: rate(index).into() });
        if index % 40 == 39 {
            std::thread::sleep(Duration::from_millis(60));
        }
    }
    training.ask(Control::Resume);
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..280 {
        events.push(training.events().recv_timeout(PATIENCE).expect("an event"));
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(300));
    training.ask(Control::Stop);
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        events.push(event);
        std::thread::sleep(Duration::from_millis(5));
    }
    let last = steps(&events).last().expect("steps").step;
    assert_steps(&events, 1, last);
    let (mut lr, mut changes, mut told) = (1e-3, 0, 0);
    for event in &events {
        match event {
            Event::SettingChanged {
                step,
                from: Value::Number(from),
                to: Value::Number(to),
                ..
            } => {
                assert!((from - lr).abs() < 1e-15, "from {from}, was {lr}");
                assert_eq!(*step, told + 1, "a change for the next step");
                lr = *to;
                changes += 1;
            }
            Event::StepsDone { steps, .. } => told = steps.last().expect("steps").step,
            _ => {}
        }
    }
    // Of several values that wait, the newest is taken.
    assert!(changes > 0, "a change is told");
    assert!((lr - rate(299)).abs() < 1e-15, "the last value is the one in force, not {lr}");
    assert_finished(&events, last, FinishReason::Stopped);
    assert_eq!(latest(base.path()).0, last);
}

/// Keys under which the loss is no number after a step or two.
const EXPLODING: [&str; 4] = ["arch=conv", "hidden=16", "latent_dim=256", "lr=1"];

fn diverged(events: &[Event]) -> (u64, &str, &Path) {
    match events.last() {
        Some(Event::Diverged { step, message, last_checkpoint: Some(path) }) => {
            (*step, message, path)
        }
        other => panic!("{other:?} came last"),
    }
}

#[test]
fn divergence_ends_the_run_and_names_the_last_good_checkpoint() {
    let base = folder();
    let events = run(plan(base.path(), &EXPLODING, 1000));
    let (step, message, path) = diverged(&events);
    assert!(step < 100 && message.contains("loss"), "step {step}: {message}");
    let records = steps(&events);
    let bad = records.iter().find(|record| record.values.iter().any(|value| !value.is_finite()));
    assert_eq!(bad.expect("a broken step").step, step, "the first broken step is named");
    assert_eq!(path, base.path().join("checkpoints/step-0"));
    let opened = open(&path.to_string_lossy()).expect("opens");
    assert_eq!(opened.step, 0);
    assert!(opened.tensors.values().flat_map(Array::data).all(|value| value.is_finite()));
    // Nothing came after it, and nothing of it was saved.
    assert!(
        !events.iter().any(|event| matches!(event, Event::Finished { .. } | Event::Failed { .. }))
    );
    assert_eq!(latest(base.path()).0, 0);
}

/// A checkpoint whose bound is no number is neither good nor the best one.
#[test]
fn a_broken_checkpoint_is_never_the_best() {
    let base = folder();
    let keys = [&EXPLODING[..], &["checkpoint_every=1"]].concat();
    let events = run(plan(base.path(), &keys, 1000));
    let (_, _, path) = diverged(&events);
    let (run, _) = RunDir::open(base.path()).expect("a run");
    let has_bound = |state: &CheckpointState| {
        state.eval.get("elbo_nats").and_then(serde_json::Value::as_f64).is_some_and(f64::is_finite)
    };
    let best = run.pick(Pick::Best).expect("there").state;
    assert!(has_bound(&best), "the best is step {}, measured {:?}", best.step, best.eval);
    let named = run.checkpoints().expect("listed").into_iter().find(|c| c.path == path);
    let named = named.expect("the named checkpoint is there").state;
    assert!(has_bound(&named), "called good: step {}, measured {:?}", named.step, named.eval);
}

/// Shapes with something amiss.
struct Odd {
    shapes: Arc<dyn Dataset>,
    split: Split,
    index: usize,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Panic,
    NotANumber,
}

impl Dataset for Odd {
    fn name(&self) -> &str {
        self.shapes.name()
    }

    fn shape(&self) -> ImageShape {
        self.shapes.shape()
    }

    fn len(&self, split: Split) -> usize {
        self.shapes.len(split)
    }

    fn pixels(&self, split: Split, index: usize, out: &mut [f32]) {
        self.shapes.pixels(split, index, out);
        if (split, index) == (self.split, self.index) {
            assert!(self.fault != Fault::Panic, "the disk is on fire");
            out[0] = f32::NAN;
        }
    }

    fn label(&self, split: Split, index: usize) -> Option<u32> {
        self.shapes.label(split, index)
    }

    fn class_names(&self) -> &[String] {
        self.shapes.class_names()
    }

    fn caption(&self, split: Split, index: usize) -> Option<String> {
        self.shapes.caption(split, index)
    }

    fn warnings(&self) -> &[String] {
        &[]
    }
}

const ODD_KEYS: [&str; 3] = ["arch=mlp", "checkpoint_every=2", "keep_checkpoints=9"];

fn odd_plan(dir: &Path, split: Split, index: usize, fault: Fault) -> Plan {
    let spec: DataSpec = DATA.parse().expect("a source");
    let shapes = data::open(&spec).expect("shapes");
    let odd = Arc::new(Odd { shapes, split, index, fault });
    request(&ODD_KEYS, 30).plan_with(&spec, odd, Some(dir), false).expect("a plan")
}

/// The step that meets the fault.
const BROKEN: u64 = 5;

/// An image that step [`BROKEN`] sees and none before it.
fn broken_index() -> usize {
    let shapes = data::open(&DATA.parse().expect("a source")).expect("shapes");
    let mut batches = data::Batches::new(shapes, Split::Train, 10, 3, BROKEN).expect("batches");
    batches.next().expect("a batch").expect("whole").indices[7] as usize
}

#[test]
fn a_panic_in_the_data_becomes_an_event() {
    let base = folder();
    let events = run(odd_plan(base.path(), Split::Train, broken_index(), Fault::Panic));
    let Some(Event::Failed { step, message, last_checkpoint: Some(path) }) = events.last() else {
        panic!("{:?} came last", events.last())
    };
    assert!(message.contains("the disk is on fire"), "{message}");
    assert_eq!(*step, BROKEN - 1, "the last step that was done");
    assert_eq!(*path, base.path().join("checkpoints/step-4"));
    assert_eq!(open(&path.to_string_lossy()).expect("opens").step, 4);
    // Once the disk is put out, the run goes on as if nothing had been.
    run(resume(base.path(), Some(Length::Steps(12)), false).expect("resumed"));
    let unbroken = folder();
    run(plan(unbroken.path(), &ODD_KEYS, 12));
    assert_same_run(base.path(), unbroken.path(), 12);
}

/// Every step that was done is told, also when the next one fails.
#[test]
fn steps_before_a_failure_are_told() {
    let base = folder();
    let mut plan = odd_plan(base.path(), Split::Train, broken_index(), Fault::Panic);
    plan.settings.set_text("checkpoint_every=3").expect("a setting");
    let events = run(plan);
    assert!(matches!(events.last(), Some(Event::Failed { .. })), "{:?}", events.last());
    assert_steps(&events, 1, BROKEN - 1);
}

#[test]
fn a_panic_in_the_held_out_data_becomes_an_event() {
    let base = folder();
    let events = run(odd_plan(base.path(), Split::Test, 3, Fault::Panic));
    match events.last() {
        Some(Event::Failed { step: 0, message, last_checkpoint: None }) => {
            assert!(message.contains("the disk is on fire"), "{message}");
        }
        other => panic!("{other:?} came last"),
    }
}

#[test]
fn a_pixel_that_is_no_number_is_a_divergence() {
    let base = folder();
    let events = run(odd_plan(base.path(), Split::Train, broken_index(), Fault::NotANumber));
    let (step, _, path) = diverged(&events);
    assert_eq!(step, BROKEN, "the step that saw it");
    // The next step may have been taken before this one was read back.
    let last = steps(&events).last().expect("steps").step;
    assert_steps(&events, 1, last);
    assert!((BROKEN..=BROKEN + 1).contains(&last), "went on to {last}");
    assert_eq!(path, base.path().join("checkpoints/step-4"));
    assert_eq!(open(&path.to_string_lossy()).expect("opens").step, 4);
    assert_eq!(latest(base.path()).0, 4, "nothing broken was saved");
}

#[test]
fn a_run_far_beyond_the_memory_fails_in_words() {
    let base = folder();
    let request = Request {
        data: "shapes?size=128&train=64&test=16".parse().expect("a source"),
        batch: 65_536,
        ..request(&["arch=conv", "channels=64"], 5)
    };
    let events = run(request.plan(Some(base.path()), false).expect("a plan"));
    match &events[..] {
        [Event::Failed { step: 0, message, last_checkpoint: None }] => {
            assert!(message.contains("needs about") && message.contains("TiB"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// A random number generator for moments: splitmix64.
struct Moments(u64);

impl Moments {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

#[cfg(unix)]
mod process {
    use std::process::{Command, Output, Stdio};

    use serde_json::Value;

    use super::*;

    const ZSCOPE: &str = env!("CARGO_BIN_EXE_zscope");
    const EVERY: u64 = 5;

    fn info(model: &str) -> Value {
        let Output { status, stdout, stderr } =
            Command::new(ZSCOPE).args(["info", model, "--json"]).output().expect("zscope runs");
        assert!(status.success(), "info {model}: {}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).expect("one JSON value")
    }

    /// What a killed process had told; its last line may be torn.
    fn told(log: &Path) -> Vec<Value> {
        let text = fs::read_to_string(log).expect("the log");
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn last_step(events: &[Value], kind: &str) -> Option<u64> {
        events.iter().rev().find(|event| event["event"] == kind)?["step"].as_u64()
    }

    /// Killed again and again, at moments that a seed chooses, the run loses nothing but the steps since
    /// its last checkpoint.
    #[test]
    fn a_killed_run_loses_only_the_steps_since_its_last_checkpoint() {
        let base = folder();
        let dir = base.path().join("run");
        let dir_text = dir.to_str().expect("text");
        let data = "shapes?size=16&train=256&test=32";
        let mut moments = Moments(20);
        let mut done_before = 0;
        for round in 0..8 {
            let log = base.path().join(format!("log-{round}"));
            let mut command = Command::new(ZSCOPE);
            command.args(["train", "--out", dir_text, "--json"]);
            if round == 0 {
                command.args(["vae", "--data", data, "--steps", "100000", "--batch", "16"]);
                command.args(["--device", "cpu", "--set", "arch=mlp", "--set", "hidden=32"]);
                command.args(["--set", "latent_dim=4", "--set", "checkpoint_every=5"]);
            } else {
                command.arg("--resume");
            }
            let output = fs::File::create(&log).expect("a log");
            let mut child =
                command.stdout(output).stderr(Stdio::null()).spawn().expect("zscope starts");
            // From here on a checkpoint is there; a kill before that leaves no run to speak of.
            let begun = Instant::now();
            while !dir.join("checkpoints/step-0").is_dir() && round == 0 {
                assert!(begun.elapsed() < PATIENCE, "no first checkpoint");
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(Duration::from_millis(moments.below(350)));
            child.kill().expect("it was still going"); // SIGKILL
            let status = child.wait().expect("it has ended");
            assert_eq!(status.code(), None, "killed, not ended by itself");

            let events = told(&log);
            let latest = info(&format!("{dir_text}@latest"))["step"].as_u64().expect("a step");
            let best = info(dir_text)["step"].as_u64().expect("a step");
            assert!(best <= latest, "best {best}, latest {latest}");
            assert!(latest >= done_before, "fell back from {done_before} to {latest}");
            assert_eq!(latest % EVERY, 0, "a whole number of intervals");
            if let Some(started) = events.first() {
                assert_eq!(started["first_step"], done_before, "it went on from the newest");
            }
            if let Some(saved) = last_step(&events, "checkpoint_saved") {
                assert!(latest >= saved, "step {saved} was told to be saved, {latest} is there");
            }
            if let Some(step) = last_step(&events, "step") {
                assert!(step <= latest + EVERY, "step {step} was told, {latest} is there");
            }
            // Every checkpoint that is listed is whole.
            let (run, _) = RunDir::open(&dir).expect("a run");
            for checkpoint in run.checkpoints().expect("listed") {
                let updates = checkpoint.optimizer().expect("whole").len();
                assert_eq!(updates, if checkpoint.state.step == 0 { 0 } else { 20 });
                checkpoint.model().expect("whole");
            }
            done_before = latest;
        }
        assert!(done_before > 0, "it came forward");
        // The end: it finishes, the curves have every step once, and nothing temporary is left.
        let total = (done_before + 7).to_string();
        let output = Command::new(ZSCOPE)
            .args(["train", "--resume", "--out", dir_text, "--steps", &total, "--json"])
            .output()
            .expect("zscope runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rows = table(&dir);
        let steps: Vec<u64> = rows[1..]
            .iter()
            .map(|row| row.split(',').next().expect("a step").parse().expect("a step"))
            .collect();
        assert_eq!(steps, (1..=done_before + 7).collect::<Vec<_>>());
        let hidden = |folder: &Path| -> Vec<String> {
            let entries = fs::read_dir(folder).expect("a folder");
            let names =
                entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
            names.filter(|name| name.starts_with('.')).collect()
        };
        assert_eq!(hidden(&dir.join("checkpoints")), Vec::<String>::new());
        // And it is the run that it would have been without the kills.
        let unbroken = base.path().join("unbroken");
        let output = Command::new(ZSCOPE)
            .args(["train", "vae", "--out", unbroken.to_str().expect("text"), "--data", data])
            .args(["--steps", &total, "--batch", "16", "--device", "cpu", "--set", "arch=mlp"])
            .args([
                "--set",
                "hidden=32",
                "--set",
                "latent_dim=4",
                "--set",
                "checkpoint_every=100000",
            ])
            .output()
            .expect("zscope runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let step = done_before + 7;
        for name in ["model.safetensors", "optimizer.safetensors"] {
            assert!(bytes(&dir, step, name) == bytes(&unbroken, step, name), "{name}");
        }
        assert_eq!(table(&dir), table(&unbroken), "metrics.csv");
    }

    /// Sizes in config.json that no machine has: an error in words, neither a panic nor an abort.
    #[test]
    fn hostile_sizes_fail_in_words() {
        let base = folder();
        run(plan(base.path(), &["arch=mlp"], 2));
        let file = base.path().join("config.json");
        let config: Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("read")).expect("JSON");
        for key in ["hidden", "latent_dim", "channels"] {
            for size in [0, 1_000_000_000, 1 << 40, 1 << 62, u64::MAX] {
                let mut hostile = config.clone();
                hostile["model"][key] = size.into();
                hostile["model"]["arch"] = if key == "channels" { "conv" } else { "mlp" }.into();
                fs::write(&file, hostile.to_string()).expect("written");
                let output = Command::new("sh")
                    .args(["-c", "ulimit -v 8000000 && exec \"$0\" \"$@\"", ZSCOPE, "train"])
                    .args(["--resume", "--steps", "5", "--out"])
                    .arg(base.path())
                    .output()
                    .expect("zscope runs");
                let errors = String::from_utf8_lossy(&output.stderr);
                let what = format!("{key} = {size}: {}: {errors}", output.status);
                assert!(matches!(output.status.code(), Some(1 | 2)), "{what}");
                assert!(errors.contains("error: ") && !errors.contains("panicked"), "{what}");
            }
        }
    }

    /// The weights alone are over what the process may have: an error in words, not an abort.
    #[test]
    fn a_model_far_beyond_the_memory_fails_in_words() {
        let base = folder();
        let dir = base.path().join("run");
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 8000000 && exec \"$0\" \"$@\"", ZSCOPE, "train", "vae"])
            .args(["--data", "shapes?size=128&train=64&test=16", "--device", "cpu", "--steps", "3"])
            .args(["--set", "arch=mlp", "--set", "hidden=65536", "--batch", "1", "--out"])
            .arg(&dir)
            .output()
            .expect("zscope runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{}: {errors}", output.status);
        assert!(errors.contains("error: ") && errors.contains("needs about"), "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
