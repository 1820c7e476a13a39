//! Training a VQ-VAE: losses fall, codes live, die and are revived, and a resumed run equals an unbroken one.

use std::path::Path;
use std::time::{Duration, Instant};

use zscope::data::Split;
use zscope::event::{Event, StepRecord};
use zscope::formats::run_dir::{Pick, RunDir};
use zscope::metrics::code_use::{CodeEventKind, CodeUse};
use zscope::open::open;
use zscope::session::codebook::ReviveFrom;
use zscope::train::init::{Init, Part};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start::{Length, Request, resume};
use zscope::train::worker::{Control, Plan, Training};

use crate::common::{Tolerance, assert_close, runs};

const PATIENCE: Duration = Duration::from_mins(1);
const CODES: usize = 24;
const STEPS: u64 = 120;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn plan(dir: &Path, keys: &[&str], steps: u64) -> Plan {
    request(keys, steps).plan(Some(dir), false).expect("a plan")
}

fn request(keys: &[&str], steps: u64) -> Request {
    let mut settings = Settings::defaults(Recipe::VqVae.keys());
    let small = [
        "hidden=8",
        "res_hidden=4",
        "res_blocks=1",
        "code_dim=5",
        "codebook_size=24",
        "eval_images=16",
    ];
    for text in small.iter().chain(keys) {
        settings.set_text(text).expect("a setting");
    }
    Request {
        recipe: Recipe::VqVae,
        settings,
        data: "shapes?size=16&train=64&test=16".parse().expect("a source"),
        length: Length::Steps(steps),
        batch: 16,
        seed: 3,
        device: "cpu",
        threads: 1,
        watched: true,
        init: None,
    }
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

fn run(plan: Plan) -> Vec<Event> {
    let events = rest(&Training::start(plan).expect("a thread"));
    assert!(matches!(events.last(), Some(Event::Finished { .. })), "{:?}", events.last());
    events
}

fn until(training: &Training, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = training.events().recv_timeout(PATIENCE).expect("an event");
        if wanted(&event) {
            return event;
        }
    }
}

fn steps(events: &[Event]) -> Vec<&StepRecord> {
    let told = events.iter().filter_map(|event| match event {
        Event::StepsDone { steps, .. } => Some(steps),
        _ => None,
    });
    told.flatten().collect()
}

fn curve(events: &[Event], name: &str) -> Vec<f32> {
    let Some(Event::Started(started)) = events.first() else { panic!("no start") };
    let index = started.curves.iter().position(|curve| curve == name).expect(name);
    steps(events).iter().map(|record| record.values[index]).collect()
}

fn usage(dir: &Path) -> CodeUse {
    let (run, _) = RunDir::open(dir).expect("a run");
    let checkpoint = run.pick(Pick::Latest).expect("a checkpoint");
    let arrays = checkpoint.codes().expect("readable").expect("the use of codes");
    CodeUse::from_arrays(&arrays).expect("its own arrays")
}

#[test]
fn losses_fall_and_codes_are_counted() {
    for keys in [
        &["codebook_update=ema"][..],
        &["codebook_update=loss"],
        &["similarity=cosine"],
        &["codebook_init=random", "restart_threshold=0"],
    ] {
        let base = folder();
        let events = run(plan(base.path(), &[keys, &["lr=0.003"]].concat(), STEPS));
        let loss = curve(&events, "reconstruction");
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (first, last) = (mean(&loss[..5]), mean(&loss[loss.len() - 5..]));
        assert!(last < 0.6 * first, "{keys:?}: from {first} to {last}");
        for (name, most) in [
            ("perplexity", CODES as f32),
            ("perplexity_window", CODES as f32),
            ("codes_used", CODES as f32),
            ("codes_used_window", CODES as f32),
        ] {
            let values = curve(&events, name);
            let fine = values.iter().all(|value| (1.0..=most + 1e-3).contains(value));
            assert!(fine, "{keys:?}: {name} {values:?}");
        }
        // Of 16 images of 4×4 codes.
        let usage = usage(base.path());
        assert_eq!(usage.vectors_seen(), STEPS * 16 * 16, "{keys:?}: every vector is counted");
        assert_eq!(usage.step(), STEPS, "{keys:?}: up to the last step");
        let model = open(&base.path().to_string_lossy()).expect("it opens");
        assert_eq!(model.info().codebook.map(|codebook| codebook.size), Some(CODES));
        let (run, _) = RunDir::open(base.path()).expect("a run");
        let state = |step| run.pick(Pick::Step(step)).expect("there").state;
        assert!(state(STEPS).eval_loss < state(0).eval_loss, "{keys:?}: held-out images agree");
        assert!(state(STEPS).eval.contains_key("perplexity"), "{:?}", state(STEPS).eval);
    }
}

/// Whatever a run counts and keeps goes through a checkpoint unharmed.
#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    for keys in [&["codebook_update=ema"][..], &["codebook_update=loss"]] {
        let (whole, parts) = (folder(), folder());
        run(plan(whole.path(), keys, 30));
        run(plan(parts.path(), keys, 13));
        run(resume(parts.path(), Some(Length::Steps(30)), false).expect("resumed"));
        for file in ["model.safetensors", "optimizer.safetensors", "codes.safetensors"] {
            let read = |dir: &Path| std::fs::read(dir.join("checkpoints/step-30").join(file));
            assert_eq!(
                read(whole.path()).unwrap(),
                read(parts.path()).unwrap(),
                "{keys:?}: {file}"
            );
        }
        let values = |dir: &Path| -> Vec<String> {
            let text = std::fs::read_to_string(dir.join("metrics.csv")).unwrap();
            let without_clock = |line: &str| {
                line.split(',')
                    .enumerate()
                    .filter(|(i, _)| *i != 1 && *i != 2)
                    .map(|(_, cell)| cell)
                    .collect::<Vec<_>>()
                    .join(",")
            };
            text.lines().map(without_clock).collect()
        };
        assert_eq!(values(whole.path()), values(parts.path()), "{keys:?}: every curve");
    }
}

/// Without help a codebook that begins badly stays half dead; what restarts it says so.
#[test]
fn dead_codes_are_restarted_and_the_steps_are_remembered() {
    let (without, with) = (folder(), folder());
    let bad = ["codebook_init=random", "codebook_update=loss"];
    run(plan(without.path(), &[&bad[..], &["restart_threshold=0"]].concat(), 60));
    let events = run(plan(with.path(), &[&bad[..], &["restart_threshold=2"]].concat(), 60));
    let used = |dir: &Path| usage(dir).window().iter().filter(|&&count| count > 0).count();
    let (collapsed, alive) = (used(without.path()), used(with.path()));
    assert!(collapsed < CODES / 2, "{collapsed} codes without restarts");
    assert!(alive > collapsed, "{alive} codes with restarts, {collapsed} without");
    let restarts: f32 = curve(&events, "restarts").iter().sum();
    let usage = usage(with.path());
    let told: u64 = (0..CODES)
        .flat_map(|code| usage.events(code))
        .filter(|event| event.kind == CodeEventKind::Restarted)
        .map(|event| event.times)
        .sum();
    assert!(told > 0 && told <= restarts as u64, "{told} of {restarts} restarts are remembered");
}

#[test]
fn a_person_revives_freezes_and_undoes() {
    let base = folder();
    let keys = ["codebook_init=random", "codebook_update=loss", "restart_threshold=0"];
    let training = Training::start(plan(base.path(), &keys, 100_000_000)).expect("a thread");
    until(&training, |event| matches!(event, Event::StepsDone { .. }));
    training.ask(Control::Pause);
    until(&training, |event| matches!(event, Event::Paused { .. }));
    let codebook = || {
        let (_, weights) = training.live().weights.newer_than(0).expect("weights");
        weights.tensors["quantizer.codebook"].clone()
    };
    let changed =
        |event: &Event| matches!(event, Event::CodesChanged { .. } | Event::Warning { .. });
    let before = codebook();
    training.ask(Control::Revive { codes: vec![3, 5, 3, 999], from: ReviveFrom::Random });
    let told = until(&training, changed);
    assert!(
        matches!(&told, Event::CodesChanged { message, .. } if message == "revived 2 codes"),
        "{told:?}"
    );
    let revived = codebook();
    for code in 0..CODES {
        assert_eq!(revived.row(code) != before.row(code), [3, 5].contains(&code), "code {code}");
    }
    let (_, live) = training.live().codes.newer_than(0).expect("codes");
    assert_eq!(live.usage.events(3).last().unwrap().kind, CodeEventKind::Revived);
    training.ask(Control::UndoCodes);
    until(&training, changed);
    assert_eq!(codebook(), before, "put back");
    // One after the other, with no update between: not onto the same vector.
    for code in [3, 5] {
        training.ask(Control::Revive { codes: vec![code], from: ReviveFrom::Random });
        until(&training, changed);
    }
    let revived = codebook();
    assert_ne!(revived.row(3), revived.row(5), "two codes, two vectors");
    let vector = vec![0.25; 5];
    training.ask(Control::Revive { codes: vec![7], from: ReviveFrom::Vector(vector.clone()) });
    until(&training, changed);
    assert_eq!(codebook().row(7), vector, "onto the chosen vector");
    training.ask(Control::Revive { codes: vec![7], from: ReviveFrom::Vector(vec![1.0; 4]) });
    let told = until(&training, changed);
    assert!(matches!(told, Event::Warning { .. }), "a vector of another length: {told:?}");
    training.ask(Control::FreezeCodes { codes: vec![0, 1, 2, 7], frozen: true });
    until(&training, changed);
    let frozen = codebook();
    training.ask(Control::Resume);
    until(&training, |event| matches!(event, Event::StepsDone { .. }));
    training.ask(Control::Pause);
    until(&training, |event| matches!(event, Event::Paused { .. }));
    for code in [0, 1, 2, 7] {
        assert_eq!(codebook().row(code), frozen.row(code), "code {code} stays");
    }
    assert_ne!(codebook(), frozen, "the others move");
    training.ask(Control::Stop);
    rest(&training);
    // A resumed run keeps them frozen.
    let (run, _) = RunDir::open(base.path()).expect("a run");
    let marks = run.pick(Pick::Latest).unwrap().codes().unwrap().unwrap()["frozen"].clone();
    assert_eq!(marks.data().iter().filter(|mark| **mark > 0.0).count(), 4, "four are kept");
}

/// The use of another codebook tells nothing of this one: neither who opens the model nor who goes on with it
/// takes it over.
#[test]
fn the_use_of_another_codebook_is_not_taken() {
    let [base, other] = [folder(), folder()];
    run(plan(base.path(), &[], 4));
    run(plan(other.path(), &["codebook_size=7"], 4));
    let file = |dir: &Path| dir.join("checkpoints/step-4/codes.safetensors");
    std::fs::copy(file(other.path()), file(base.path())).expect("a copy");
    let opened = open(&format!("{}@4", base.path().display())).expect("the model is whole");
    assert!(opened.usage.is_none(), "nothing is known of its use");
    let plan = resume(base.path(), Some(Length::Steps(8)), false).expect("a plan");
    run(plan);
    assert_eq!(usage(base.path()).size(), CODES, "counted afresh");
}

/// A run that begins with a whole model keeps its codes: no k-means moves them.
#[test]
fn codes_are_begun_with() {
    let [base, other] = [folder(), folder()];
    run(plan(base.path(), &[], 6));
    let trained = open(&format!("{}@6", base.path().display())).expect("a model").tensors;
    let init =
        |part| Init { name: "base".to_owned(), part, tensors: trained.clone(), network: None };
    for (part, is_kept) in [(Part::Whole, true), (Part::Encoder, false)] {
        let request = Request { init: Some(init(part)), ..request(&[], 2) };
        run(request.plan(Some(other.path()), true).expect("a plan"));
        let begun = open(&format!("{}@0", other.path().display())).expect("a model").tensors;
        for name in ["quantizer.codebook", "quantizer.cluster_size", "quantizer.embed_avg"] {
            assert_eq!(begun[name] == trained[name], is_kept, "{name} from {part:?}");
        }
        assert_eq!(begun["encoder.conv.weight"], trained["encoder.conv.weight"], "{part:?}");
    }
}

/// Before the first update pictures lie on the way to the mean pixel, whatever the quantizer: from grey, the first
/// updates on dark digits darken everything and no code comes back from that.
#[test]
fn pictures_begin_on_the_way_to_the_mean_pixel() {
    let base = folder();
    let source = "shapes?size=16&train=64&test=16".parse().expect("a source");
    let shapes = zscope::data::open(&source).expect("shapes");
    let numbers: Vec<u32> = (0..64).collect();
    let images = zscope::data::batch(shapes.as_ref(), Split::Train, &numbers);
    for keys in [&[][..], &["codebook_init=random"], &["quantizer=fsq", "fsq_levels=4,3,2"]] {
        run(request(keys, 1).plan(Some(base.path()), true).expect("a plan"));
        let begun = open(&format!("{}@0", base.path().display())).expect("a model").tensors;
        let bias = begun["decoder.up.1.bias"].data();
        for (channel, &bias) in bias.iter().enumerate() {
            let of_image = |image: &[f32]| image[channel * 256..(channel + 1) * 256].to_vec();
            let pixels: Vec<f32> = images.data().chunks(3 * 256).flat_map(of_image).collect();
            let mean = pixels.iter().sum::<f32>() / pixels.len() as f32;
            let brightness = 1.0 / (1.0 + (-4.0 * bias).exp());
            assert!((brightness - mean).abs() < 1e-4, "{keys:?}: {brightness} for {mean}");
        }
    }
}

/// The keys of every quantizer beside the plain codebook.
const QUANTIZERS: [&[&str]; 7] = [
    &["quantizer=fsq", "fsq_levels=4,3,2"],
    &["quantizer=simvq"],
    &["quantizer=simvq", "gradient=rotation"],
    &["quantizer=residual", "quantizers=3"],
    &["quantizer=multi-head", "heads=2", "code_dim=6"],
    &[
        "quantizer=multi-head",
        "heads=2",
        "code_dim=6",
        "head_codebooks=separate",
        "codebook_update=loss",
    ],
    &["gradient=rotation"],
];

#[test]
fn every_quantizer_trains_and_is_opened() {
    for keys in QUANTIZERS {
        let base = folder();
        let events = run(plan(base.path(), &[keys, &["lr=0.003"]].concat(), STEPS));
        let loss = curve(&events, "reconstruction");
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (first, last) = (mean(&loss[..5]), mean(&loss[loss.len() - 5..]));
        assert!(last < 0.6 * first, "{keys:?}: from {first} to {last}");
        let model = open(&base.path().to_string_lossy()).expect("it opens");
        let quantizer = model.info().quantizer.expect("a quantizer");
        let codes = model.info().codebook.expect("a codebook").size;
        let usage = usage(base.path());
        assert_eq!(usage.size(), codes, "{keys:?}");
        // Of 16 images of 4×4 cells.
        let choices = STEPS * 16 * 16 * quantizer.quantizers as u64;
        assert_eq!(usage.vectors_seen(), choices, "{keys:?}: every choice is counted");
        let perplexity = curve(&events, "perplexity");
        let fine = perplexity.iter().all(|value| (0.999..=codes as f32 * 1.001).contains(value));
        assert!(fine, "{keys:?}: {perplexity:?}");
        assert_eq!(model.told_use().map(<[f32]>::len), Some(codes), "{keys:?}");
    }
}

#[test]
fn every_quantizer_resumes_bit_for_bit() {
    for keys in QUANTIZERS {
        let (whole, parts) = (folder(), folder());
        run(plan(whole.path(), keys, 16));
        run(plan(parts.path(), keys, 7));
        run(resume(parts.path(), Some(Length::Steps(16)), false).expect("resumed"));
        for file in ["model.safetensors", "optimizer.safetensors", "codes.safetensors"] {
            let read = |dir: &Path| std::fs::read(dir.join("checkpoints/step-16").join(file));
            let [whole, parts] = [&whole, &parts].map(|dir| read(dir.path()).unwrap());
            assert_eq!(whole, parts, "{keys:?}: {file}");
        }
    }
}

/// Codes of a second quantizer are put onto what the first left over; codes that cannot move say why.
#[test]
fn codes_of_every_quantizer_are_asked_to_move() {
    for (keys, moves) in [
        (&["quantizer=residual", "quantizers=2"][..], true),
        (&["quantizer=fsq", "fsq_levels=4,3,2"], false),
        (&["quantizer=simvq"], false),
    ] {
        let base = folder();
        let training = Training::start(plan(base.path(), keys, 100_000)).expect("a thread");
        until(&training, |event| matches!(event, Event::StepsDone { .. }));
        let codes = vec![1, if moves { 2 * CODES - 1 } else { 2 }];
        let controls = [
            Control::FreezeCodes { codes: codes.clone(), frozen: true },
            Control::Revive { codes: codes.clone(), from: ReviveFrom::Random },
            Control::Revive { codes, from: ReviveFrom::Farthest },
        ];
        for control in controls {
            training.ask(control.clone());
            let answer = until(&training, |event| {
                matches!(event, Event::CodesChanged { .. } | Event::Warning { .. })
            });
            match answer {
                Event::CodesChanged { message, .. } => assert!(moves, "{keys:?}: {message}"),
                Event::Warning { message, .. } => {
                    assert!(!moves, "{keys:?}, {control:?}: {message}");
                    let why = message.contains("fixed grid") || message.contains("one linear map");
                    assert!(why, "{keys:?}: {message}");
                }
                other => panic!("{other:?}"),
            }
        }
        training.ask(Control::Stop);
        rest(&training);
    }
}

#[test]
fn quantizers_that_make_no_sense_are_refused() {
    for (keys, words) in [
        (&["quantizer=fsq", "codebook_size=17"][..], "no levels of 2 to 16"),
        (&["quantizer=fsq", "gradient=rotation"], "quantizer=fsq with gradient=rotation"),
        (&["quantizer=fsq", "fsq_levels=64,64,64,64"], "codebook_size is 16777216"),
        (&["quantizer=simvq", "similarity=cosine"], "quantizer=simvq with similarity=cosine"),
        (&["quantizer=residual", "similarity=cosine"], "quantizer=residual with similarity=cosine"),
        (&["quantizer=multi-head", "heads=4"], "vectors of 5 dimensions have no 4 parts"),
        (&["quantizer=residual", "codebook_size=65536", "quantizers=32"], "(expected 1 to 262144)"),
    ] {
        let base = folder();
        let error = request(keys, 4).plan(Some(&base.path().join("run")), false).err();
        let message = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(words), "{keys:?}: {message:?} does not say {words:?}");
        assert!(!base.path().join("run").exists(), "nothing is written");
    }
}

/// Three threads work at parts of 6, 6 and 4 of 16 images.
#[test]
fn parts_of_a_batch_take_the_update_of_the_whole() {
    let small = ["hidden=8", "res_hidden=4", "res_blocks=1", "code_dim=5", "eval_images=8"];
    for keys in [
        &["codebook_size=12"][..],
        &["codebook_size=12", "codebook_update=loss", "codebook_init=random"],
        &["codebook_size=6", "quantizer=residual", "quantizers=3"],
        &["quantizer=fsq"],
    ] {
        let keys = [&small[..], keys].concat();
        let by_threads = |threads| {
            let base = folder();
            let plan = Request { threads, ..runs::request(Recipe::VqVae, &keys, 12) };
            let events = runs::run(runs::planned(plan, &base.path().join("run")));
            ["loss", "reconstruction"].map(|name| runs::curve(&events, name))
        };
        let tolerance = Tolerance { abs: 1e-4, rel: 1e-4 };
        for (whole, parts) in by_threads(1).into_iter().zip(by_threads(3)) {
            assert_close(&parts, &whole, tolerance);
        }
    }
}
