//! What the configurations of diffusers' models have in common.

use serde::Serialize;
use serde_json::{Map, Value};

/// The keys of a `config.json` that are neither the network's own, those of `known`, nor among those that say nothing
/// of it; private ones, which begin with an underscore, are left out.
pub(super) fn unknown_keys(
    config: &Map<String, Value>,
    known: &impl Serialize,
    beside: &[&str],
) -> Vec<String> {
    let known = serde_json::to_value(known).unwrap_or_default();
    let is_known =
        |key: &str| key.starts_with('_') || beside.contains(&key) || known.get(key).is_some();
    config.keys().filter(|key| !is_known(key)).cloned().collect()
}
