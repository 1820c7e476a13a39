//! Training with an adversary, and classifiers: networks learn, stand still when told to, and resume bit for bit.

use std::path::Path;

use zscope::array::NamedArrays;
use zscope::event::Event;
use zscope::formats::run_dir::{Pick, RunDir};
use zscope::open::open;
use zscope::picture::ImageShape;
use zscope::train::recipe::Recipe;
use zscope::train::settings::SettingError;
use zscope::train::start::{Length, Request, StartError, resume};
use zscope::train::worker::Plan;

use crate::common::runs::{self, curve, folder, mean, planned, run, steps};

/// Small networks on small shapes.
fn request(recipe: Recipe, keys: &[&str], steps: u64) -> Request {
    let small: &[&str] = match recipe {
        Recipe::Gan => &["channels=4", "d_channels=4", "latent_dim=5"],
        Recipe::VaeGan => &["channels=4", "d_channels=4", "latent_dim=5", "hidden=16"],
        _ => &["channels=4", "features=16", "lr=0.003"],
    };
    runs::request(recipe, &[small, &["eval_images=24"], keys].concat(), steps)
}

fn plan(dir: &Path, recipe: Recipe, keys: &[&str], steps: u64) -> Plan {
    planned(request(recipe, keys, steps), dir)
}

fn tensors(dir: &Path) -> NamedArrays {
    let (run, _) = RunDir::open(dir).expect("a run");
    run.pick(Pick::Latest).expect("a checkpoint").model().expect("readable")
}

/// The tensors of one part that differ between two models.
fn moved(a: &NamedArrays, b: &NamedArrays, part: &str) -> usize {
    a.iter().filter(|(name, array)| name.starts_with(part) && b[*name] != **array).count()
}

const LOSSES: [&str; 5] = ["non-saturating", "minimax", "hinge", "least-squares", "wasserstein"];

#[test]
fn every_loss_plays_without_breaking() {
    for loss in LOSSES {
        let base = folder();
        let loss_key = format!("loss={loss}");
        let events =
            run(plan(base.path(), Recipe::Gan, &[&loss_key, "lr=0.002", "d_lr=0.002"], 40));
        assert_eq!(steps(&events).len(), 40, "{loss}");
        let gap = curve(&events, "d_gap");
        assert!(mean(&gap[37..]) > mean(&gap[..3]), "{loss}: the discriminator learns: {gap:?}");
        assert!(curve(&events, "g_grad_norm").iter().all(|norm| *norm > 0.0), "{loss}");
        let punished = curve(&events, "penalty").iter().all(|value| *value > 0.0);
        assert_eq!(punished, loss == "wasserstein", "{loss}: slopes are punished there alone");
        let opened = open(&base.path().to_string_lossy()).expect("it opens");
        assert_eq!((opened.step, opened.model.family()), (40, "gan"));
    }
}

#[test]
fn each_network_rests_when_the_other_learns() {
    let parts = ["generator.", "average.", "discriminator."];
    for (learns, rests) in
        [("discriminator", [true, true, false]), ("generator", [false, false, true])]
    {
        let base = folder();
        let key = format!("learns={learns}");
        run(plan(base.path(), Recipe::Gan, &[&key, "d_norm=none", "arch=mlp"], 3));
        let (dir, _) = RunDir::open(base.path()).expect("a run");
        let first = dir.pick(Pick::Step(0)).expect("the start").model().expect("readable");
        let last = tensors(base.path());
        for (part, rests) in parts.into_iter().zip(rests) {
            // Batch normalisation sees images in either case.
            let of_part = |model: &NamedArrays| -> NamedArrays {
                let fitted = model.iter().filter(|(name, _)| !name.contains("running_"));
                fitted.map(|(name, array)| (name.clone(), array.clone())).collect()
            };
            let count = moved(&of_part(&first), &of_part(&last), part);
            assert_eq!(count == 0, rests, "{learns} learns: {count} of {part} moved");
        }
    }
}

#[test]
fn the_generator_learns_every_so_often() {
    let base = folder();
    let events = run(plan(base.path(), Recipe::Gan, &["d_steps=4"], 9));
    let told = curve(&events, "g_loss");
    let changes = told.windows(2).filter(|pair| pair[0].to_bits() != pair[1].to_bits()).count();
    assert_eq!(changes, 2, "at steps 4 and 8: {told:?}");
    assert_eq!(told[..3], [0.0; 3], "nothing before the first");
}

#[test]
fn phases_follow_each_other_and_are_told() {
    let base = folder();
    let keys = ["pretrain_steps=6", "join_steps=5", "adversarial_steps=4"];
    let events = run(plan(base.path(), Recipe::VaeGan, &keys, 20));
    let told: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::PhaseChanged { step, .. } => Some(*step),
            _ => None,
        })
        .collect();
    assert_eq!(told, [7, 12, 16], "the first update of each");
    let (judged, fooled, seen) =
        (curve(&events, "d_loss"), curve(&events, "adversarial"), curve(&events, "features"));
    let begins = |values: &[f32]| values.iter().position(|value| *value != 0.0);
    assert_eq!((begins(&judged), begins(&fooled), begins(&seen)), (Some(6), Some(11), Some(15)));
}

#[test]
fn an_autoencoder_with_an_adversary_learns() {
    let base = folder();
    let keys = ["pretrain_steps=60", "join_steps=20", "lr=0.003", "beta=0.1"];
    let events = run(plan(base.path(), Recipe::VaeGan, &keys, 140));
    let loss = curve(&events, "reconstruction");
    assert!(mean(&loss[50..60]) < 0.95 * mean(&loss[..5]), "pre-training: {loss:?}");
    assert!(mean(&loss[130..]) < 1.05 * mean(&loss[50..60]), "and nothing is undone: {loss:?}");
    let opened = open(&base.path().to_string_lossy()).expect("it opens");
    assert!(opened.networks.encoder.is_some() && opened.networks.decoder.is_some());
}

#[test]
fn a_classifier_learns_its_classes() {
    let base = folder();
    let events = run(plan(base.path(), Recipe::Classifier, &[], 400));
    let right = curve(&events, "accuracy");
    let last = mean(&right[370..]);
    assert!(last > 0.3, "one of six classes told right: {last}");
    let opened = open(&base.path().to_string_lossy()).expect("it opens");
    assert!(opened.networks.decoder.is_none(), "it makes no images");
    assert_eq!(opened.info().latent.shape, [0usize; 0]);
}

#[test]
fn resumed_runs_equal_unbroken_ones() {
    let games: [(Recipe, &[&str]); 4] = [
        (Recipe::Gan, &["d_steps=3", "checkpoint_every=10"]),
        (Recipe::Gan, &["d_norm=batch", "arch=mlp", "conditional=yes", "checkpoint_every=10"]),
        (Recipe::VaeGan, &["pretrain_steps=4", "join_steps=4", "checkpoint_every=10"]),
        (Recipe::Classifier, &["labels=rotation", "rotate=20", "flip=yes", "checkpoint_every=10"]),
    ];
    for (recipe, keys) in games {
        let (whole, broken) = (folder(), folder());
        let unbroken = run(plan(whole.path(), recipe, keys, 20));
        let mut told = run(plan(broken.path(), recipe, keys, 10));
        let length = Some(Length::Steps(20));
        told.extend(run(resume(broken.path(), length, false).expect("a plan")));
        let values = |events: &[Event]| -> Vec<(u64, Vec<f32>)> {
            steps(events).into_iter().map(|step| (step.step, step.values.clone())).collect()
        };
        assert_eq!(values(&told), values(&unbroken), "{recipe:?} {keys:?}");
        assert_eq!(tensors(broken.path()), tensors(whole.path()), "{recipe:?} {keys:?}");
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let cases: [(Recipe, &[&str], &str); 4] = [
        (Recipe::Gan, &["d_norm=batch", "r1=1"], "expected none or spectral"),
        (Recipe::Gan, &["loss=wasserstein", "d_norm=batch"], "expected none or spectral"),
        (Recipe::Gan, &["image_size=50"], "image_size"),
        (Recipe::VaeGan, &["image_size=50"], "image_size"),
    ];
    for (recipe, keys, message) in cases {
        let base = folder();
        let error = request(recipe, keys, 2).plan(Some(base.path()), false).err().expect("refused");
        assert!(
            matches!(&error, StartError::Setting(SettingError::Together { .. })),
            "{keys:?}: {error:?}"
        );
        assert!(error.to_string().contains(message), "{keys:?}: {error}");
    }
    let settings = request(Recipe::Gan, &["conditional=yes"], 2).settings;
    let refused = Recipe::Gan.model_config(&settings, ImageShape::new(1, 16, 16), &[], None);
    let error = refused.expect_err("no classes").to_string();
    assert!(error.contains("have no classes"), "{error}");
}
