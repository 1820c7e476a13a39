//! The autoencoder with an adversary that judges patches: its adaptive weight, its training, its engines, its keys.

mod adaptive;
mod engines;
mod perceptual;
mod settings;
mod training;

use std::path::Path;
use std::time::{Duration, Instant};

use zscope::event::{Event, StepRecord};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start::{Length, Request};
use zscope::train::worker::{Plan, Training};

const PATIENCE: Duration = Duration::from_mins(2);
const CODES: usize = 24;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A small model of drawn shapes.
fn request(recipe: Recipe, keys: &[&str], steps: u64) -> Request {
    let mut settings = Settings::defaults(recipe.keys());
    settings.set_text("eval_images=16").expect("a setting");
    if recipe == Recipe::Vqgan {
        let small = ["channels=4", "groups=2", "code_dim=5", "codebook_size=24", "d_channels=4"];
        for text in small {
            settings.set_text(text).expect("a setting");
        }
    }
    for text in keys {
        settings.set_text(text).expect("a setting");
    }
    Request {
        recipe,
        settings,
        data: "shapes?size=16&train=64&test=16".parse().expect("a source"),
        length: Length::Steps(steps),
        batch: 16,
        seed: 3,
        device: "cpu",
        threads: 1,
        watched: false,
        init: None,
    }
}

fn plan(dir: &Path, keys: &[&str], steps: u64) -> Plan {
    request(Recipe::Vqgan, keys, steps).plan(Some(dir), false).expect("a plan")
}

/// All that a run says.
fn events(plan: Plan) -> Vec<Event> {
    let training = Training::start(plan).expect("a thread");
    let mut events = Vec::new();
    let begun = Instant::now();
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        events.push(event);
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {:?}", events.last());
    }
    events
}

/// The same of a run that comes to its end.
fn run(plan: Plan) -> Vec<Event> {
    let events = events(plan);
    assert!(matches!(events.last(), Some(Event::Finished { .. })), "{:?}", events.last());
    events
}

fn curves(events: &[Event]) -> &[String] {
    let Some(Event::Started(started)) = events.first() else { panic!("no start") };
    &started.curves
}

fn curve(events: &[Event], name: &str) -> Vec<f32> {
    let index = curves(events).iter().position(|curve| curve == name).expect(name);
    let told = events.iter().filter_map(|event| match event {
        Event::StepsDone { steps, .. } => Some(steps),
        _ => None,
    });
    let records: Vec<&StepRecord> = told.flatten().collect();
    records.iter().map(|record| record.values[index]).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
