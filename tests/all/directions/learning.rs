//! Directions learnt from the demo models.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use zscope::data::{self, Dataset};
use zscope::latent::directions::{Direction, cosine, length};
use zscope::measure::directions::{LearnError, Learner, Lesson, Method, Source};
use zscope::open::{Opened, open};
use zscope::watch::Watch;

fn demo(name: &str) -> (Opened, Learner) {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/demo").join(name);
    let opened = open(dir.to_str().expect("a plain path")).expect("a demo opens");
    let Opened { model, tensors, shown, image, range, corruption, .. } = &opened;
    let learner = Learner::new(model, tensors, *shown, *image, *range, *corruption);
    let learner = learner.expect("its own tensors");
    (opened, learner)
}

fn shapes(options: &str) -> Arc<dyn Dataset> {
    data::open(&format!("shapes?{options}").parse().expect("data")).expect("shapes open")
}

fn lesson(source: Source) -> Lesson {
    Lesson { source, method: Method::Logistic, images: 400, count: 4 }
}

fn learn(
    learner: &Learner,
    data: &Arc<dyn Dataset>,
    lesson: &Lesson,
) -> Result<Vec<Direction>, LearnError> {
    learner.learn(Some(data.as_ref()), lesson, &Watch::default())
}

#[test]
fn a_vae_tells_what_its_images_differ_in() {
    let (opened, learner) = demo("vae");
    let data = shapes("size=32&train=800&test=300");
    let d: usize = opened.model.latent().iter().product();
    let classes = learn(&learner, &data, &lesson(Source::Classes)).expect("directions");
    let names: Vec<&str> = classes.iter().map(|direction| direction.name.as_str()).collect();
    assert_eq!(names, data.class_names(), "one a class");
    assert!(classes.iter().all(|direction| direction.fits(d)));
    let mut factors = Vec::new();
    for factor in data.factors() {
        let source = Source::Factor(factor.name.clone());
        factors.extend(learn(&learner, &data, &lesson(source)).expect("directions"));
    }
    let gain =
        |direction: &Direction| direction.accuracy.map_or(0.0, |[right, chance]| right - chance);
    let best = factors.iter().map(gain).fold(0.0, f64::max);
    assert!(best > 0.2, "some factor is told far better than by chance: {best}");
    for direction in &factors {
        let [right, chance] = direction.accuracy.expect("held-out images");
        assert!((0.0..=1.0).contains(&right) && (0.5..=1.0).contains(&chance), "{direction:?}");
    }
    let means = Lesson { method: Method::Means, ..lesson(Source::Classes) };
    let means = learn(&learner, &data, &means).expect("directions");
    assert_ne!(means, classes, "another method");
    assert!(means[0].source.contains("difference of means, 400 images"), "{}", means[0].source);
}

#[test]
fn pca_and_the_first_layer() {
    for name in ["vae", "vq-vae"] {
        let (opened, learner) = demo(name);
        let data = shapes("size=32&train=300&test=60");
        let d: usize = opened.model.latent().iter().product();
        let found = learn(&learner, &data, &lesson(Source::Encodings)).expect("directions");
        assert_eq!(found.len(), 4, "{name}");
        let shares: Vec<f64> = found.iter().filter_map(|direction| direction.share).collect();
        assert!(shares.len() == 4 && shares.is_sorted_by(|a, b| a >= b), "{name}: {shares:?}");
        for (index, direction) in found.iter().enumerate() {
            assert!(direction.fits(d), "{name}");
            for other in &found[..index] {
                assert!(cosine(&direction.step, &other.step).abs() < 1e-3, "at right angles");
            }
        }
        let first = learner.learn(None, &lesson(Source::FirstLayer), &Watch::default());
        match first {
            Ok(found) => {
                assert_eq!(name, "vae", "only its decoder begins so");
                assert!(found.iter().all(|one| (length(&one.step) - 1.0).abs() < 1e-5), "one σ");
            }
            Err(error) => assert!(matches!(error, LearnError::NotLinear) && name == "vq-vae"),
        }
    }
    let (_, learner) = demo("vae");
    let draws = Lesson { images: 200, ..lesson(Source::Draws) };
    let found = learner.learn(None, &draws, &Watch::default()).expect("directions");
    assert!(found.len() == 4 && found.iter().all(|one| one.source.contains("200 draws")));
}

#[test]
fn what_cannot_be_learnt_is_said() {
    let (_, learner) = demo("vae");
    let small = shapes("size=16&train=20&test=20");
    let error = learn(&learner, &small, &lesson(Source::Classes)).expect_err("another size");
    assert!(error.to_string().contains("3×16×16 (expected 3×32×32"), "{error}");
    let data = shapes("size=32&train=40&test=20");
    let error = learn(&learner, &data, &lesson(Source::Factor("smile".to_owned())));
    let error = error.expect_err("no such factor").to_string();
    assert!(error.contains("smile") && error.contains(&data.factors()[0].name), "{error}");
    let error = learner.learn(None, &lesson(Source::Classes), &Watch::default());
    assert!(error.expect_err("no data").to_string().contains("no data is open"));
    for text in ["", "factor", "labels", "pca:3"] {
        assert!(text.parse::<Source>().is_err(), "{text}");
    }
    assert_eq!("factor:a:b".parse::<Source>().ok(), Some(Source::Factor("a:b".to_owned())));
}

#[test]
fn learning_tells_how_far_it_is_and_stops() {
    let (_, learner) = demo("vae");
    let data = shapes("size=32&train=300&test=100");
    let farthest = Arc::new(AtomicU32::new(0));
    let told = Arc::clone(&farthest);
    let watch = Watch::new(move |share| {
        assert!((0.0..=1.0).contains(&share), "{share}");
        told.fetch_max((share * 100.0) as u32, Ordering::Relaxed);
        share < 0.4
    });
    let found = learner.learn(Some(data.as_ref()), &lesson(Source::Classes), &watch);
    assert!(matches!(found, Err(LearnError::Stopped(_))), "{found:?}");
    let farthest = farthest.load(Ordering::Relaxed);
    assert!((35..60).contains(&farthest), "{farthest} %");
}
