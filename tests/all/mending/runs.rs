//! Whole runs of every family: they learn to mend, repeat, resume, and change what they mend.

use zscope::array::Array;
use zscope::data::{self, Dataset, Split};
use zscope::event::{Event, Value};
use zscope::formats::run_dir::Pick;
use zscope::metrics::mse;
use zscope::open::open;
use zscope::picture::ImageShape;
use zscope::train::live::Probe;
use zscope::train::recipe::Recipe;
use zscope::train::start::{Length, Request, resume};
use zscope::train::worker::{Control, Training};

use crate::common::runs::{curve, folder, mean, rest, run};

use super::{FAMILIES, checkpoint, corruption, is_same, plan, request};

/// The first held-out images.
fn held_out(count: u32) -> Array {
    let data: data::DataSpec = "shapes?size=16&train=96&test=32".parse().expect("a source");
    let data: std::sync::Arc<dyn Dataset> = data::open(&data).expect("shapes");
    data::batch(data.as_ref(), Split::Test, &(0..count).collect::<Vec<_>>())
}

#[test]
fn every_family_learns_to_mend() {
    for (recipe, keys) in FAMILIES {
        for corrupt in ["corrupt=noise:0.3", "corrupt=mask:0.4", "corrupt=downsample:4"] {
            let base = folder();
            let keys = [keys, &[corrupt]].concat();
            let events = run(plan(base.path(), recipe, &keys, 120));
            let loss = curve(&events, "reconstruction");
            let (first, last) = (mean(&loss[..5]), mean(&loss[100..]));
            assert!(first - last > 0.02 * first.abs(), "{keys:?}: from {first} to {last}");
            let state = checkpoint(base.path(), Pick::Latest).state;
            assert_eq!(state.corruption(), Some(corruption(&corrupt[8..])), "{keys:?}");
        }
    }
}

#[test]
fn the_same_seed_mends_the_same() {
    for (recipe, keys) in FAMILIES {
        let trained = |corrupt: &str| {
            let base = folder();
            run(plan(base.path(), recipe, &[keys, &[corrupt, "crop=2"]].concat(), 8));
            base
        };
        let [a, b] = [0, 1].map(|_| trained("corrupt=noise:0.3"));
        assert!(is_same(a.path(), b.path(), 8), "{keys:?}");
        // Negative controls.
        for other in ["corrupt=none", "corrupt=noise:0.31", "corrupt=mask:0.3"] {
            assert!(!is_same(a.path(), trained(other).path(), 8), "{keys:?}: {other}");
        }
    }
}

#[test]
fn no_strength_is_no_corruption() {
    for (recipe, keys) in FAMILIES {
        let trained = |corrupt: &str| {
            let base = folder();
            run(plan(base.path(), recipe, &[keys, &[corrupt]].concat(), 8));
            base
        };
        let plain = trained("corrupt=none");
        for weak in ["corrupt=noise:0", "corrupt=mask:0", "corrupt=downsample:1"] {
            assert!(is_same(plain.path(), trained(weak).path(), 8), "{keys:?}: {weak}");
        }
    }
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    for (recipe, keys) in FAMILIES {
        let keys = [keys, &["corrupt=mask:0.4"]].concat();
        let (whole, parts) = (folder(), folder());
        run(plan(whole.path(), recipe, &keys, 50));
        run(plan(parts.path(), recipe, &keys, 43));
        run(resume(parts.path(), Some(Length::Steps(50)), false).expect("resumed"));
        assert!(is_same(whole.path(), parts.path(), 50), "{keys:?}");
        let loss = |dir| checkpoint(dir, Pick::Latest).state.eval_loss.map(f64::to_bits);
        assert_eq!(loss(whole.path()), loss(parts.path()), "{keys:?}");
    }
}

/// Where everything is hidden, all images look alike to an encoder; the clean ones are still what is asked for.
#[test]
fn the_encoder_sees_no_clean_image_and_the_loss_no_other() {
    for (recipe, keys) in FAMILIES {
        let base = folder();
        let keys = [keys, &["corrupt=mask:1"]].concat();
        let request = Request { watched: true, ..request(recipe, &keys, 60) };
        let plan = request.plan(Some(base.path()), false).expect("a plan");
        let training = Training::start(plan).expect("a thread");
        rest(&training);
        let (_, probe) = training.live().probe.newer_than(0).expect("watched images");
        let spoilt = probe.spoilt.as_ref().expect("spoilt images");
        assert_eq!(spoilt, &Array::filled(spoilt.shape(), 0.5), "{keys:?}: all grey");
        let clean = probe.originals.as_ref().expect("clean images");
        assert_eq!(clean, &held_out(Probe::IMAGES as u32), "{keys:?}");
        for image in 1..Probe::IMAGES {
            let [first, other] = [0, image].map(|image| probe.images.row(image));
            assert!(mse(first, other) < 1e-9, "{keys:?}: image {image} is told from the first");
        }
        // The mean of the data is nearer to it than grey is.
        let [grey, restored] =
            [spoilt, &probe.images].map(|images| mse(images.data(), clean.data()));
        assert!(restored < 0.9 * grey, "{keys:?}: {restored}, grey {grey}");
    }
}

/// What a discriminator says of the data before its first update does not depend on what encoders see.
#[test]
fn discriminators_see_clean_images() {
    for (recipe, keys) in &FAMILIES[3..] {
        let told = |corrupt: &str| {
            let base = folder();
            let early: &[&str] = match recipe {
                Recipe::VaeGan => &["pretrain_steps=0", "join_steps=1"],
                _ => &["disc_start=1", "disc_warmup=1"],
            };
            let keys = [keys, early, &[corrupt]].concat();
            let events = run(plan(base.path(), *recipe, &keys, 1));
            ["d_real", "d_fake"].map(|name| curve(&events, name)[0])
        };
        let ([real, fake], [still_real, other_fake]) =
            (told("corrupt=none"), told("corrupt=mask:1"));
        assert_eq!(real.to_bits(), still_real.to_bits(), "{keys:?}: real images");
        assert!(real.abs() > 0.0, "{keys:?}: it is asked");
        assert_ne!(fake.to_bits(), other_fake.to_bits(), "{keys:?}: reconstructions differ");
    }
}

#[test]
fn mended_images_are_nearer_to_the_clean_ones() {
    let (vae, normal) = (FAMILIES[0], FAMILIES[5]);
    for ((recipe, keys), corrupt, steps) in
        [(vae, "noise:0.5", 250), (vae, "mask:0.6", 250), (normal, "noise:0.3", 250)]
    {
        let base = folder();
        let key = format!("corrupt={corrupt}");
        let alone: &[&str] = if recipe == Recipe::Vqgan { &["disc_start=1000"] } else { &[] };
        run(plan(base.path(), recipe, &[keys, alone, &[&key]].concat(), steps));
        let clean = held_out(20);
        let spoilt = corruption(corrupt).apply_to_held_out(&clean, 0);
        let before = mse(spoilt.data(), clean.data());
        let eval = checkpoint(base.path(), Pick::Latest).state.eval;
        let after = eval["mse"].as_f64().expect("a number");
        assert!(after < 0.8 * before, "{corrupt}: mse {before} before, {after} after");
    }
}

#[test]
fn the_pictures_have_a_row_more() {
    for (corrupt, rows) in [("corrupt=noise:0.2", 3), ("corrupt=none", 2)] {
        let base = folder();
        let (recipe, keys) = FAMILIES[0];
        run(plan(base.path(), recipe, &[keys, &[corrupt]].concat(), 1));
        let picture = base.path().join("samples/step-1.png");
        let (width, height) = image::image_dimensions(picture).expect("a picture");
        // Tiles of 16 pixels, one between them.
        assert_eq!([width, height], [16 * 17 - 1, rows * 17 - 1], "{corrupt}");
    }
}

#[test]
fn the_watched_images_stay_the_same() {
    let (recipe, keys) = FAMILIES[0];
    let seen = |seed: u64, batch: usize| {
        let base = folder();
        let keys = [keys, &["corrupt=noise:0.4"]].concat();
        let request = Request { watched: true, seed, batch, ..request(recipe, &keys, 3) };
        let plan = request.plan(Some(base.path()), false).expect("a plan");
        let training = Training::start(plan).expect("a thread");
        rest(&training);
        let (_, probe) = training.live().probe.newer_than(0).expect("watched images");
        probe.spoilt.clone().expect("spoilt images")
    };
    let expected = corruption("noise:0.4").apply_to_held_out(&held_out(16), 0);
    assert_eq!(seen(3, 16), expected, "by their numbers");
    assert_eq!(seen(4, 7), expected, "whatever the run");
}

#[test]
fn a_corruption_may_change_while_a_run_goes_on() {
    let base = folder();
    let (recipe, keys) = FAMILIES[0];
    let keys = [keys, &["corrupt=downsample:2", "checkpoint_every=10"]].concat();
    run(plan(base.path(), recipe, &keys, 40));
    let easy = checkpoint(base.path(), Pick::Best).state;
    let training =
        Training::start(resume(base.path(), Some(Length::Steps(60)), false).expect("resumed"))
            .expect("a thread");
    let set = |value: &str| Control::Set {
        name: "corrupt".to_owned(),
        value: Value::Word(value.to_owned()),
    };
    training.ask(set("mask:0.9"));
    let events = rest(&training);
    let changed = events.iter().any(|event| {
        matches!(event, Event::SettingChanged { name, to, .. }
            if name == "corrupt" && *to == Value::Word("mask:0.9".to_owned()))
    });
    assert!(changed, "the change is told: {events:?}");
    let newest = checkpoint(base.path(), Pick::Latest).state;
    assert_eq!(newest.corruption(), Some(corruption("mask:0.9")));
    // The other task is easier, and its losses lower: they do not count any more.
    let best = checkpoint(base.path(), Pick::Best).state;
    assert!(easy.eval_loss < best.eval_loss, "{:?}, {:?}", easy.eval_loss, best.eval_loss);
    assert_eq!(best.corruption(), newest.corruption(), "the best of the newest task");
    let dir = base.path().display();
    for (model, expected) in [(format!("{dir}"), "mask:0.9"), (format!("{dir}@40"), "downsample:2")]
    {
        let opened = open(&model).expect(&model);
        assert_eq!(opened.corruption, Some(corruption(expected)), "{model}");
    }
    let file = base.path().join("checkpoints/step-40/model.safetensors");
    let opened = open(&file.to_string_lossy()).expect("a file");
    assert_eq!(opened.corruption, Some(corruption("downsample:2")), "a file with its state beside");
    let clean = held_out(3);
    assert_eq!(opened.seen(clean.clone(), 5), corruption("downsample:2").apply(&clean, 0, 0));
    assert_eq!(opened.image, ImageShape::new(3, 16, 16));
}

#[test]
fn a_live_run_refuses_what_is_no_corruption() {
    let base = folder();
    let (recipe, keys) = FAMILIES[0];
    let training = Training::start(plan(base.path(), recipe, keys, 30)).expect("a thread");
    training
        .ask(Control::Set { name: "corrupt".to_owned(), value: Value::Word("blur:3".to_owned()) });
    let events = rest(&training);
    let warned = events.iter().any(|event| {
        matches!(event, Event::Warning { message, .. }
            if message.contains("blur:3") && message.contains("downsample:n"))
    });
    assert!(warned, "{events:?}");
    assert_eq!(checkpoint(base.path(), Pick::Latest).state.corruption(), None);
}
