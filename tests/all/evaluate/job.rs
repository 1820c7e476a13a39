//! The job: real models, one that is missing, one of another size, a person who has seen enough.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zscope::data::{self, Dataset, Split};
use zscope::event::Event;
use zscope::measure::MeasureOptions;
use zscope::measure::side_by_side::{Pictures, Request, Told, measure_side_by_side};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start;
use zscope::train::worker::Training;

use crate::common::assert_says;

const PATIENCE: Duration = Duration::from_mins(2);

/// Trains for a moment.
fn trained(dir: &Path, recipe: Recipe, data: &str, keys: &[&str]) {
    let mut settings = Settings::defaults(recipe.keys());
    for key in [&["eval_images=16"], keys].concat() {
        settings.set_text(key).expect("a setting");
    }
    let request = start::Request {
        recipe,
        settings,
        data: data.parse().expect("a source"),
        length: start::Length::Steps(2),
        batch: 8,
        seed: 1,
        device: "cpu",
        threads: 1,
        watched: false,
        init: None,
    };
    let plan = request.plan(Some(dir), false).expect("a plan");
    let training = Training::start(plan).expect("a thread");
    let begun = Instant::now();
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {event:?}");
        assert!(!matches!(event, Event::Failed { .. } | Event::Diverged { .. }), "{event:?}");
    }
}

const DATA: &str = "shapes?size=16&train=64&test=48";
const VAE: [&str; 3] = ["arch=mlp", "hidden=16", "latent_dim=3"];

fn request(models: &[&Path], data: Option<&str>) -> Request {
    let name = |(id, model): (usize, &&Path)| (10 + id as u64, model.display().to_string());
    Request {
        models: models.iter().enumerate().map(name).collect(),
        data: data.map(str::to_owned),
        options: MeasureOptions { limit: Some(24), ..MeasureOptions::default() },
    }
}

fn told(request: &Request, known: Option<(&str, Arc<dyn Dataset>)>) -> Vec<Told> {
    let mut all = Vec::new();
    let open = |model: &str| zscope::open::open(model).map_err(|error| error.to_string());
    let cancel = AtomicBool::new(false);
    measure_side_by_side(request, known, &open, &cancel, &mut |told| all.push(told));
    all
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let [vae, gan, other, gone] =
        ["vae", "gan", "other", "gone"].map(|name| folder.path().join(name));
    trained(&vae, Recipe::Vae, DATA, &VAE);
    trained(&gan, Recipe::Gan, DATA, &["arch=mlp", "latent_dim=3"]);
    trained(&other, Recipe::Vae, "shapes?size=32&train=64&test=48", &VAE);
    let all = told(&request(&[&gone, &vae, &other, &gan], None), None);

    assert_eq!(all.last(), Some(&Told::Ended { message: None }), "the end comes last");
    let failures: Vec<(u64, &str)> = all
        .iter()
        .filter_map(|told| match told {
            Told::Failed { id, message } => Some((*id, message.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(failures.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [10, 12], "{failures:?}");
    assert_says(failures[0].1, &["no such file", "gone"]);
    assert_says(failures[1].1, &["3×16×16", "3×32×32"]);
    let opened: Vec<_> = all
        .iter()
        .filter_map(|told| match told {
            Told::Opened { images, originals } => Some((images, originals)),
            _ => None,
        })
        .collect();
    let [(images, originals)] = opened[..] else {
        panic!("the images are opened once: {opened:?}")
    };
    assert_eq!((images.count, images.all, images.split), (24, 48, Split::Test));
    assert_eq!(originals.shape(), [8, 3, 16, 16], "a few to look at");
    let mut families = Vec::new();
    for told in &all {
        let Told::Measured { id, family, report, pictures } = told else { continue };
        families.push((*id, *family));
        assert_eq!(report.images, 24, "{family}");
        let key = if *family == "vae" { "psnr_db" } else { "frechet" };
        assert!(report.measures().iter().any(|measure| measure.kind.name == key), "{family}");
        let Some(Pictures::Reconstructions(shown) | Pictures::Draws(shown)) = pictures else {
            panic!("{family} makes pictures")
        };
        assert_eq!(shown.shape(), [8, 3, 16, 16], "{family}");
        assert!(shown.data().iter().all(|value| (0.0..=1.0).contains(value)), "{family}");
        assert_eq!(matches!(pictures, Some(Pictures::Draws(_))), *family == "gan", "{family}");
    }
    assert_eq!(families, [(11, "vae"), (13, "gan")], "each under its number");
}

#[test]
fn cancelling_ends_it_soon() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("vae");
    trained(&run, Recipe::Vae, "shapes?size=16&train=64&test=5000", &VAE);
    let mut request = request(&[&run, &run, &run], None);
    request.options.limit = None;
    let open = |model: &str| zscope::open::open(model).map_err(|error| error.to_string());
    let cancel = AtomicBool::new(false);
    let mut all = Vec::new();
    measure_side_by_side(&request, None, &open, &cancel, &mut |told| {
        if matches!(told, Told::Progress { done: 100.., .. }) {
            cancel.store(true, Ordering::Relaxed);
        }
        all.push(told);
    });
    assert_eq!(all.last(), Some(&Told::Ended { message: None }), "it still says that it ended");
    let is_result = |told: &Told| matches!(told, Told::Measured { .. } | Told::Failed { .. });
    assert!(!all.iter().any(is_result), "a half is no result: {all:?}");
    let last = all.iter().rev().find_map(|told| match told {
        Told::Progress { id, done, .. } => Some((*id, *done)),
        _ => None,
    });
    assert_eq!(last, Some((10, 100)), "nothing more was begun");
    // Before it has begun, too.
    let mut all = Vec::new();
    measure_side_by_side(&request, None, &open, &cancel, &mut |told| all.push(told));
    assert_eq!(all, [Told::Ended { message: None }]);
}

#[test]
fn open_data_is_used_and_bad_data_is_told_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("vae");
    trained(&run, Recipe::Vae, DATA, &VAE);
    let other: &str = "shapes?size=16&train=64&test=32&seed=5";
    let dataset = data::open(&other.parse().expect("a source")).expect("it opens");
    let uses = || Arc::strong_count(&dataset);
    let before = uses();
    let all = told(&request(&[&run], Some(other)), Some((other, Arc::clone(&dataset))));
    assert!(all.iter().any(|told| matches!(told, Told::Measured { .. })), "{all:?}");
    assert_eq!(uses(), before, "it was given back");
    for bad in ["nonsense", "folder:/no/such/folder"] {
        let all = told(&request(&[&run, &run], Some(bad)), None);
        let Some(Told::Ended { message: Some(message) }) = all.last() else { panic!("{all:?}") };
        assert!(!message.is_empty(), "{bad}");
        assert!(
            !all.iter().any(|told| matches!(told, Told::Failed { .. })),
            "not each model's fault"
        );
    }
}
