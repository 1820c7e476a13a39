//! Small runs from the beginning to the end, and what they told.

use std::path::Path;
use std::time::{Duration, Instant};

use zscope::event::{Event, StepRecord};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start::{Length, Request};
use zscope::train::worker::{Plan, Training};

const PATIENCE: Duration = Duration::from_mins(2);

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A run on small shapes, from `key=value` texts.
pub fn request(recipe: Recipe, keys: &[&str], steps: u64) -> Request {
    let mut settings = Settings::defaults(recipe.keys());
    for text in keys {
        settings.set_text(text).expect("a setting");
    }
    Request {
        recipe,
        settings,
        data: "shapes?size=16&train=96&test=32".parse().expect("a source"),
        length: Length::Steps(steps),
        batch: 16,
        seed: 3,
        device: "cpu",
        threads: 1,
        watched: false,
        init: None,
    }
}

pub fn planned(request: Request, dir: &Path) -> Plan {
    request.plan(Some(dir), false).expect("a plan")
}

/// All that a run says; it has to come to its end.
pub fn rest(training: &Training) -> Vec<Event> {
    let mut events = Vec::new();
    let begun = Instant::now();
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        events.push(event);
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {:?}", events.last());
    }
    assert!(matches!(events.last(), Some(Event::Finished { .. })), "{:?}", events.last());
    events
}

pub fn run(plan: Plan) -> Vec<Event> {
    rest(&Training::start(plan).expect("a thread"))
}

pub fn steps(events: &[Event]) -> Vec<&StepRecord> {
    let told = events.iter().filter_map(|event| match event {
        Event::StepsDone { steps, .. } => Some(steps),
        _ => None,
    });
    told.flatten().collect()
}

pub fn curve(events: &[Event], name: &str) -> Vec<f32> {
    let Some(Event::Started(started)) = events.first() else { panic!("no start") };
    let index = started.curves.iter().position(|curve| curve == name).expect(name);
    steps(events).iter().map(|record| record.values[index]).collect()
}

pub fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}
