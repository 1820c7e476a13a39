//! Training: a worker thread, one step per family, recipes with their keys.
//!
//! Knows nothing of windows: it says [`crate::event::Event`]s, fills [`live::Live`] and obeys
//! [`worker::Control`]s.

mod classifier;
mod codebook;
mod codes;
pub mod device;
mod gan;
pub mod init;
pub(crate) mod learner;
pub mod live;
pub mod memory;
mod metrics_log;
mod multimodal;
pub mod optimizer;
mod parts;
mod perceptual;
mod prior;
pub mod recipe;
pub mod runs;
pub mod settings;
pub mod start;
pub mod vae;
mod vae_gan;
mod vq_vae;
mod vqgan;
pub mod worker;

/// Settings as JSON, for `config.json` and `state.json`.
pub(crate) fn settings_json(
    settings: &settings::Settings,
) -> serde_json::Map<String, serde_json::Value> {
    settings
        .values()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), settings::json_of(value)))
        .collect()
}
