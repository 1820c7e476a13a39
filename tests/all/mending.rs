//! Models that mend: encoders see spoilt images, everything else goes by the clean ones.

mod measures;
mod runs;

use std::path::Path;

use zscope::data::corrupt::Corruption;
use zscope::formats::run_dir::{Checkpoint, Pick, RunDir};
use zscope::train::recipe::Recipe;
use zscope::train::start::Request;
use zscope::train::worker::Plan;

use crate::common::runs::{planned, request as small_run};

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

fn corruption(text: &str) -> Corruption {
    text.parse().expect(text)
}

fn request(recipe: Recipe, keys: &[&str], steps: u64) -> Request {
    small_run(recipe, &[&["eval_images=20"], keys].concat(), steps)
}

fn plan(dir: &Path, recipe: Recipe, keys: &[&str], steps: u64) -> Plan {
    planned(request(recipe, keys, steps), dir)
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
