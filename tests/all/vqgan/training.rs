//! Tiny runs: they learn, survive their discriminator's start, resume bit for bit, and let codes be moved.

use std::path::Path;

use zscope::event::Event;
use zscope::formats::run_dir::{Pick, RunDir};
use zscope::metrics::code_use::CodeUse;
use zscope::open::open;
use zscope::session::codebook::ReviveFrom;
use zscope::train::init::{Init, Part};
use zscope::train::recipe::Recipe;
use zscope::train::start::{Length, resume};
use zscope::train::worker::{Control, Training};

use super::{CODES, PATIENCE, curve, curves, folder, mean, plan, request, run};

const PHASED: [&str; 2] = ["disc_start=60", "disc_warmup=20"];

/// The names and the first steps of phases.
fn phases(events: &[Event]) -> Vec<(u64, &str)> {
    let told = events.iter().filter_map(|event| match event {
        Event::PhaseChanged { step, phase } => Some((*step, phase.as_str())),
        _ => None,
    });
    told.collect()
}

#[test]
fn it_learns_through_the_start_of_the_discriminator() {
    for keys in [
        &["codebook_update=ema"][..],
        &["codebook_update=loss", "l2_weight=1"],
        &["codebook_init=random", "restart_threshold=1", "loss=non-saturating"],
        &["latents=normal"],
    ] {
        let base = folder();
        let keys = [keys, &PHASED, &["lr=0.002"]].concat();
        let events = run(plan(base.path(), &keys, 120));
        let loss = curve(&events, "reconstruction");
        let (first, before, last) = (mean(&loss[..5]), mean(&loss[50..60]), mean(&loss[110..]));
        assert!(before < 0.7 * first, "{keys:?}: from {first} to {before}");
        assert!(last < 1.3 * before, "{keys:?}: from {before} to {last} with the discriminator");
        let [weight, adversarial, judged] =
            ["adaptive_weight", "adversarial", "d_loss"].map(|name| curve(&events, name));
        assert!(weight[..60].iter().chain(&adversarial[..60]).all(|&value| value == 0.0));
        assert!(weight[60..].iter().all(|&value| value > 0.0 && value < 1e4), "{weight:?}");
        assert!(judged[..40].iter().all(|&value| value == 0.0), "{judged:?}");
        assert!(judged[40..].iter().all(|&value| value > 0.0), "{judged:?}");
        let told = phases(&events);
        assert_eq!(told.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [41, 61], "{told:?}");
        assert!(told[1].1.contains("adversarial"), "{told:?}");
        let (run, _) = RunDir::open(base.path()).expect("a run");
        let state = |step| run.pick(Pick::Step(step)).expect("there").state;
        assert!(state(120).eval_loss < state(0).eval_loss, "{keys:?}: held-out images agree");
    }
}

#[test]
fn codes_are_used_and_counted() {
    let base = folder();
    let events = run(plan(base.path(), &PHASED, 100));
    for name in ["perplexity", "codes_used"] {
        let values = curve(&events, name);
        let fine = values.iter().all(|value| (1.0..=CODES as f32 + 1e-3).contains(value));
        assert!(fine, "{name} {values:?}");
    }
    let used = mean(&curve(&events, "codes_used")[80..]);
    assert!(used > 0.5 * CODES as f32, "{used} of {CODES} codes are used");
    let (run, _) = RunDir::open(base.path()).expect("a run");
    let checkpoint = run.pick(Pick::Latest).expect("a checkpoint");
    let usage = CodeUse::from_arrays(&checkpoint.codes().unwrap().unwrap()).expect("the use");
    assert_eq!(usage.vectors_seen(), 100 * 16 * 16, "every vector is counted");
    for name in ["mse", "psnr_db", "perplexity", "codes_used"] {
        assert!(checkpoint.state.eval.contains_key(name), "{name}: {:?}", checkpoint.state.eval);
    }
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    let phased = ["disc_start=14", "disc_warmup=6"];
    for (keys, parted) in [
        (&["codebook_update=ema"][..], 11),
        (&["codebook_update=loss"], 5),
        (&["latents=normal"], 17),
    ] {
        let keys = [keys, &phased].concat();
        let (whole, parts) = (folder(), folder());
        run(plan(whole.path(), &keys, 24));
        run(plan(parts.path(), &keys, parted));
        run(resume(parts.path(), Some(Length::Steps(24)), false).expect("resumed"));
        for file in ["model.safetensors", "optimizer.safetensors"] {
            let read = |dir: &Path| std::fs::read(dir.join("checkpoints/step-24").join(file));
            let is_same = read(whole.path()).unwrap() == read(parts.path()).unwrap();
            assert!(is_same, "{keys:?}: {file}");
        }
        let values = |dir: &Path| -> Vec<String> {
            let text = std::fs::read_to_string(dir.join("metrics.csv")).unwrap();
            let without_clock = |line: &str| {
                let cells = line.split(',').enumerate();
                let kept = cells.filter(|(index, _)| *index != 1 && *index != 2);
                kept.map(|(_, cell)| cell).collect::<Vec<_>>().join(",")
            };
            text.lines().map(without_clock).collect()
        };
        assert_eq!(values(whole.path()), values(parts.path()), "{keys:?}: every curve");
    }
}

#[test]
fn curves_and_the_word_at_the_start() {
    let base = folder();
    let events = run(plan(base.path(), &[], 2));
    let expected = "loss reconstruction adversarial adaptive_weight commitment perplexity codes_used restarts d_loss \
                    d_real d_fake d_gap g_grad_norm d_grad_norm lr d_lr perplexity_window codes_used_window";
    assert_eq!(curves(&events).join(" "), expected);
    let warnings: Vec<_> =
        events.iter().filter(|event| matches!(event, Event::Warning { .. })).collect();
    assert_eq!(warnings.len(), 1, "once: {warnings:?}");
    assert!(format!("{warnings:?}").contains("no perceptual term"), "{warnings:?}");
    let base = folder();
    let events = run(plan(base.path(), &["latents=normal"], 2));
    assert!(curves(&events).contains(&"kl".to_owned()), "{:?}", curves(&events));
}

/// Sides that are no powers of two.
#[test]
fn pictures_of_twenty_eight_pixels() {
    let Some(path) = crate::common::shared("data/fashion-mnist") else { return };
    let base = folder();
    let keys = ["eval_images=4", "disc_start=1", "disc_warmup=1"];
    let mut grey = request(Recipe::Vqgan, &keys, 2);
    grey.data = format!("fashion-mnist:{}", path.display()).parse().expect("a source");
    run(grey.plan(Some(base.path()), false).expect("a plan"));
    let opened = open(&base.path().to_string_lossy()).expect("it opens");
    assert_eq!(opened.info().latent.shape, [5, 7, 7]);
}

#[test]
fn a_run_begins_with_parts_of_another() {
    let [base, other] = [folder(), folder()];
    run(plan(base.path(), &["disc_start=0"], 3));
    let trained = open(&format!("{}@3", base.path().display())).expect("a model").tensors;
    for (part, is_kept) in [(Part::Whole, true), (Part::Encoder, false)] {
        let init = Init { name: "base".to_owned(), part, tensors: trained.clone(), network: None };
        let request =
            zscope::train::start::Request { init: Some(init), ..request(Recipe::Vqgan, &[], 2) };
        run(request.plan(Some(other.path()), true).expect("a plan"));
        let begun = open(&format!("{}@0", other.path().display())).expect("a model").tensors;
        for name in
            ["quantize.embedding.weight", "quantizer.cluster_size", "discriminator.main.0.weight"]
        {
            assert_eq!(begun[name] == trained[name], is_kept, "{name} from {part:?}");
        }
        assert_eq!(begun["encoder.conv_in.weight"], trained["encoder.conv_in.weight"], "{part:?}");
    }
}

/// A person revives, freezes and thaws codes while it trains.
#[test]
fn codes_obey() {
    let base = folder();
    let training = Training::start(plan(base.path(), &PHASED, 100_000)).expect("a thread");
    let until = |wanted: &dyn Fn(&Event) -> bool| loop {
        let event = training.events().recv_timeout(PATIENCE).expect("an event");
        if wanted(&event) {
            return;
        }
    };
    let is_paused = |event: &Event| matches!(event, Event::Paused { .. });
    let is_saved = |event: &Event| matches!(event, Event::CheckpointSaved { .. });
    let is_changed = |event: &Event| matches!(event, Event::CodesChanged { .. });
    let codebook = || {
        training.ask(Control::Save);
        until(&is_saved);
        let opened = open(&format!("{}@latest", base.path().display())).expect("a model");
        opened.tensors["quantize.embedding.weight"].clone()
    };
    until(&|event| matches!(event, Event::StepsDone { .. }));
    training.ask(Control::Pause);
    until(&is_paused);
    let vector = vec![0.25; 5];
    let revive = |codes: Vec<usize>, from| {
        training.ask(Control::Revive { codes, from });
        until(&is_changed);
    };
    revive(vec![7], ReviveFrom::Vector(vector.clone()));
    revive(vec![3], ReviveFrom::Farthest);
    assert_eq!(codebook().row(7), vector, "onto the chosen vector");
    training.ask(Control::FreezeCodes { codes: vec![3, 7], frozen: true });
    until(&is_changed);
    training.ask(Control::Step);
    until(&is_paused);
    let before = codebook();
    training.ask(Control::Step);
    until(&is_paused);
    let after = codebook();
    for code in [3, 7] {
        assert_eq!(before.row(code), after.row(code), "code {code} stays");
    }
    assert_ne!(before, after, "the others move");
}
