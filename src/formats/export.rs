//! Models as other libraries open them.

use std::path::Path;

use serde_json::{Map, Value};

use super::run_dir::ModelConfig;
use super::{FormatError, arrays, write_whole, write_whole_folder};
use crate::array::NamedArrays;
use crate::graph::lower::Architecture;

/// Writes a folder that `from_pretrained` of diffusers opens: `config.json` and
/// `diffusion_pytorch_model.safetensors`, without what only training needs.
///
/// `facts` are keys of the configuration beyond the network, such as `scaling_factor`; the library's defaults stand
/// for those that are missing.
///
/// # Errors
/// When diffusers has no such network, when the folder is there and not empty, or when it cannot be written.
pub fn to_diffusers(
    folder: &Path,
    model: &ModelConfig,
    tensors: &NamedArrays,
    facts: &Map<String, Value>,
) -> Result<(), FormatError> {
    let (network, config): (&dyn Architecture, _) = match model {
        ModelConfig::Vqgan(vqgan) => (&vqgan.autoencoder, vqgan.autoencoder.to_diffusers()),
        ModelConfig::VqModel(config) if !config.is_projected() => (config, config.to_diffusers()),
        ModelConfig::Tiny(config) => (config, config.to_diffusers()),
        other => {
            return Err(FormatError::content(
                "cannot export for diffusers",
                format!("a {} model", other.family()),
                "a vqgan, with codes or with normal latents, or an autoencoder of diffusers",
                folder,
            ));
        }
    };
    let known = |key: &&String| config.contains_key(*key) || is_fact(model, key);
    let facts = facts.iter().filter(|(key, _)| known(key));
    let mut config = config.clone();
    config.extend(facts.map(|(key, value)| (key.clone(), value.clone())));
    let own = network.tensors().into_iter().filter_map(|(name, _)| tensors.get_key_value(&name));
    let own: NamedArrays = own.map(|(name, array)| (name.clone(), array.clone())).collect();
    write_whole_folder(folder, |folder| {
        let text = serde_json::to_string_pretty(&config).unwrap_or_default();
        write_whole(&folder.join("config.json"), |out| {
            std::io::Write::write_all(out, text.as_bytes())
        })?;
        let texts = std::collections::BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let file = folder.join("diffusion_pytorch_model.safetensors");
        arrays::write_arrays(&file, &own, &arrays::NamedIndices::new(), &texts)
    })
}

/// Whether a key is one of the network's class that says nothing of its shapes.
fn is_fact(model: &ModelConfig, key: &str) -> bool {
    match key {
        "scaling_factor" | "force_upcast" => true,
        "lookup_from_codebook" => model.codebook().is_some(),
        "shift_factor" => model.codebook().is_none(),
        "latents_mean" | "latents_std" => {
            model.codebook().is_none() && !matches!(model, ModelConfig::Tiny(_))
        }
        "latent_magnitude" | "latent_shift" => matches!(model, ModelConfig::Tiny(_)),
        _ => false,
    }
}
