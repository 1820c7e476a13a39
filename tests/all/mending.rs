//! Models that mend: encoders see spoilt images, everything else goes by the clean ones.

mod measures;
mod runs;

use std::path::Path;
use std::time::{Duration, Instant};

use zscope::data::corrupt::Corruption;
use zscope::event::{Event, StepRecord};
use zscope::formats::run_dir::{Checkpoint, Pick, RunDir};
use zscope::train::recipe::Recipe;
use zscope::train::settings::Settings;
use zscope::train::start::{Length, Request};
use zscope::train::worker::{Plan, Training};

const PATIENCE: Duration = Duration::from_mins(2);

/// Every family with an encoder, tiny, with its adversary at work from early on.
const FAMILIES: [(Recipe, &[&str]); 6] = [
    (Recipe::Vae, &["arch=mlp", "hidden=32", "latent_dim=8", "lr=0.003"]),
    (Recipe::Vae, &["hidden=16", "latent_dim=5", "channels=4", "lr=0.005", "likelihood=gaussian"]),
    (Recipe::VqVae, &["hidden=8", "res_hidden=4", "code_dim=6", "codebook_size=16", "lr=0.005"]),
    (
        Recipe::VaeGan,
        &[
            "channels=4",
            "d_channels=4",
            "latent_dim=5",
            "hidden=16",
            "lr=0.003",
            "pretrain_steps=40",
            "join_steps=4",
            "adversarial_steps=4",
        ],
    ),
    (Recipe::Vqgan, &CODES),
    (Recipe::Vqgan, &NORMAL),
];

const CODES: [&str; 8] = [
    "channels=4",
    "groups=2",
    "code_dim=5",
    "codebook_size=16",
    "d_channels=4",
    "lr=0.003",
    "disc_start=44",
    "disc_warmup=4",
];

const NORMAL: [&str; 8] = [
    "latents=normal",
    "channels=4",
    "groups=2",
    "latent_channels=3",
    "d_channels=4",
    "lr=0.003",
    "disc_start=44",
    "disc_warmup=4",
];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn corruption(text: &str) -> Corruption {
    text.parse().expect(text)
}

fn request(recipe: Recipe, keys: &[&str], steps: u64) -> Request {
    let mut settings = Settings::defaults(recipe.keys());
    for text in ["eval_images=20"].iter().chain(keys) {
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

fn plan(dir: &Path, recipe: Recipe, keys: &[&str], steps: u64) -> Plan {
    request(recipe, keys, steps).plan(Some(dir), false).expect("a plan")
}

/// All that a run says; it has to come to its end.
fn rest(training: &Training) -> Vec<Event> {
    let mut events = Vec::new();
    let begun = Instant::now();
    while let Ok(event) = training.events().recv_timeout(PATIENCE) {
        events.push(event);
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {:?}", events.last());
    }
    assert!(matches!(events.last(), Some(Event::Finished { .. })), "{:?}", events.last());
    events
}

fn run(plan: Plan) -> Vec<Event> {
    rest(&Training::start(plan).expect("a thread"))
}

fn curve(events: &[Event], name: &str) -> Vec<f32> {
    let Some(Event::Started(started)) = events.first() else { panic!("no start") };
    let index = started.curves.iter().position(|curve| curve == name).expect(name);
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

fn checkpoint(dir: &Path, pick: Pick) -> Checkpoint {
    RunDir::open(dir).expect("a run").0.pick(pick).expect("a checkpoint")
}

/// Whether two runs came to the same, bit for bit, at a step.
fn is_same(a: &Path, b: &Path, step: u64) -> bool {
    let tensors = |dir: &Path| {
        let checkpoint = checkpoint(dir, Pick::Step(step));
        (checkpoint.model().expect("a model"), checkpoint.optimizer().expect("moments"))
    };
    tensors(a) == tensors(b)
}
