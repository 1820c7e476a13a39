//! What `zscope eval` and the Evaluate view are told of a model.

use std::collections::BTreeSet;
use std::path::PathBuf;

use zscope::data::shapes::{Attribute, CaptionFactors, ShapeFactors};
use zscope::data::{self, Split};
use zscope::engine::EngineKind;
use zscope::measure::{KINDS, MeasureError, MeasureKind, MeasureOptions, Report, measure};
use zscope::metrics::{AttributeScore, read_attributes};
use zscope::open::{Opened, open};

fn demo(name: &str) -> Opened {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/demo").join(name);
    open(dir.to_str().expect("a plain path")).expect("a demo opens")
}

fn options() -> MeasureOptions {
    let engine = EngineKind::Cpu;
    MeasureOptions { limit: Some(60), draws: 20, engine, ..MeasureOptions::default() }
}

/// Measures a demo on the images that it was made for.
fn report(name: &str, size: usize, options: &MeasureOptions) -> Result<Report, MeasureError> {
    let dataset =
        data::open(&format!("shapes?size={size}&test=60&train=60").parse().expect("data"))
            .expect("shapes open");
    measure(&demo(name), dataset.as_ref(), options, None, &mut |_, _| true)
        .map(|report| report.expect("nobody stopped it"))
}

fn value(report: &Report, name: &str) -> Option<f64> {
    report.measures().iter().find(|measure| measure.kind.name == name).map(|found| found.value)
}

#[test]
fn measures_have_one_name_each_and_say_what_they_are() {
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let labels: BTreeSet<&str> = KINDS.iter().map(|kind| kind.label).collect();
    assert_eq!((names.len(), labels.len()), (KINDS.len(), KINDS.len()), "{names:?} {labels:?}");
    for kind in KINDS {
        assert!(kind.about.ends_with('.'), "{} is explained in sentences", kind.name);
    }
    let psnr = MeasureKind::of("psnr_db").expect("a known one");
    assert_eq!(psnr.format(18.254), "18.25 dB", "digits and unit");
    assert_eq!(MeasureKind::of("nonsense"), None, "an unknown one");
}

#[test]
fn a_vae_is_measured_by_its_reconstructions_and_its_draws() {
    let found = report("vae", 32, &options()).expect("it can be measured");
    assert_eq!((found.images, found.json["draws"].as_u64()), (60, Some(20)), "{:?}", found.json);
    for name in [
        "mse",
        "psnr_db",
        "ms_ssim",
        "elbo_nats",
        "frechet",
        "nearer_to_train",
        "images_per_s",
        "latency_ms",
    ] {
        assert!(value(&found, name).is_some_and(f64::is_finite), "{name}: {:?}", found.json);
    }
    assert_eq!(value(&found, "codes_used"), None, "it has no codebook");
    let order: Vec<&str> = found.measures().iter().map(|measure| measure.kind.name).collect();
    let known: Vec<&str> =
        KINDS.iter().map(|kind| kind.name).filter(|name| order.contains(name)).collect();
    assert_eq!(order, known, "in the order of all");
    let on_train = MeasureOptions { split: Split::Train, ..options() };
    let on_train = report("vae", 32, &on_train).expect("it can be measured");
    assert_eq!(value(&on_train, "nearer_to_train"), None, "training images are no others");
}

#[test]
fn a_codebook_has_no_draws() {
    let found = report("vq-vae", 32, &options()).expect("it can be measured");
    assert!(value(&found, "codes_used").is_some(), "{:?}", found.json);
    assert!(value(&found, "latency_ms").is_some_and(|ms| ms > 0.0), "{:?}", found.json);
    assert!(value(&found, "reconstruction_frechet").is_some(), "{:?}", found.json);
    assert_eq!(value(&found, "frechet"), None, "nothing to draw from");
}

#[test]
fn what_reconstructions_keep_of_shapes_is_counted() {
    let found = report("vq-vae", 32, &options()).expect("it can be measured");
    let dataset = data::open(&"shapes?size=32&test=60&train=60".parse().expect("data"));
    let dataset = dataset.expect("shapes open");
    let opened = demo("vq-vae");
    let mut codec = opened.codec(EngineKind::Cpu, None).expect("it runs");
    let numbers: Vec<u32> = (0..60).collect();
    let images = data::batch(dataset.as_ref(), Split::Test, &numbers);
    let latents = codec.encode(&opened.range.images_from_unit(&images)).expect("codes");
    let decoded = codec.decode(&latents["latent"]).expect("images");
    let pictures = opened.range.images_to_unit(&decoded["image"]);
    let [mut kept, mut of_others] = [AttributeScore::default(); 2];
    for number in 0..60 {
        let factors = |image: usize| {
            let values = dataset.factor_values(Split::Test, image).expect("factors");
            CaptionFactors::of(&ShapeFactors::from_values(&values).expect("of a shape"))
        };
        let seen = read_attributes(pictures.row(number), opened.image).expect("a picture").named();
        kept.add(&factors(number), &seen);
        of_others.add(&factors((number + 1) % 60), &seen);
    }
    let share = value(&found, "reconstruction_attributes").expect("shapes have attributes");
    assert_eq!(Some(share), kept.share_of_all(), "as counted one by one");
    assert!(share > 0.7, "the demo keeps most: {share}");
    assert!(of_others.share_of_all().is_some_and(|share| share < 0.5), "{of_others:?}");
    let parts = &found.json["reconstruction"]["known"];
    assert_eq!(parts["shape"].as_f64(), kept.share(Attribute::Shape), "{parts}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let error = report("vae", 64, &options()).expect_err("another size");
    assert!(error.is_usage() && error.to_string().contains("64"), "{error}");
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/demo/vq-vae");
    let classifier = Some(dir.display().to_string());
    let error = report("vae", 32, &MeasureOptions { classifier, ..options() });
    let error = error.expect_err("a VQ-VAE tells no classes");
    assert!(error.is_usage() && error.to_string().contains("vq-vae"), "{error}");
    let classifier = Some("nowhere".to_owned());
    let error = report("vae", 32, &MeasureOptions { classifier, ..options() });
    let error = error.expect_err("no such run");
    assert!(!error.is_usage() && error.to_string().contains("nowhere"), "{error}");
}

/// A network of convolutions takes images of any size; one of another number of channels it does not.
#[test]
fn a_model_is_measured_at_the_size_of_the_images() {
    let of = |name: &str| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let opened = open(path.to_str().expect("a plain path")).expect("a model");
        let dataset = data::open(&"shapes?size=32&test=4&train=4".parse().expect("data"));
        let dataset = dataset.expect("shapes open");
        measure(&opened, dataset.as_ref(), &options(), None, &mut |_, _| true)
    };
    let report = of("gumbel/last.ckpt").expect("a report").expect("nobody stopped it");
    assert_eq!(report.images, 4);
    assert!(value(&report, "codes_used").is_some_and(|used| used > 1.0), "its codes");
    let error = of("kl_shards").expect_err("grey images").to_string();
    assert!(error.contains("3×32×32") && error.contains("1×"), "{error}");
}

#[test]
fn measuring_stops_when_nobody_wants_it() {
    let dataset = data::open(&"shapes?size=32&test=400&train=60".parse().expect("data"))
        .expect("shapes open");
    let options = MeasureOptions { limit: Some(400), ..options() };
    let mut seen = Vec::new();
    let mut progress = |done, all| {
        seen.push((done, all));
        done < 200
    };
    let found = measure(&demo("vae"), dataset.as_ref(), &options, None, &mut progress);
    assert_eq!(found.expect("no error"), None, "it was stopped");
    assert_eq!(seen, [(0, 400), (100, 400), (200, 400)], "asked before every hundred");
}
