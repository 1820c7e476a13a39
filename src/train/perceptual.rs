//! The classifier that a run compares images by: pinned when the run begins, checked when it goes on.

use std::path::Path;

use burn::module::Module as _;
use burn::tensor::Device;
use sha2::{Digest as _, Sha256};

use super::settings::{SettingError, Settings};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::vqgan::{PinnedClassifier, VqganConfig};
use crate::model::classifier::Classifier;
use crate::model::params;
use crate::open::{Opened, open};
use crate::picture::ImageShape;

/// The key that names the classifier's run.
pub(super) const KEY: &str = "perceptual";

/// The description of a model with the classifier that its settings name, if they name one.
///
/// # Errors
/// When no classifier of such images is there.
pub(super) fn pinned(
    model: ModelConfig,
    settings: &Settings,
    image: ImageShape,
) -> Result<ModelConfig, SettingError> {
    let run = settings.word(KEY);
    let ModelConfig::Vqgan(config) = model else { return Ok(model) };
    if run.is_empty() {
        return Ok(ModelConfig::Vqgan(config));
    }
    let refused = |found: String| SettingError::Together {
        message: format!("{KEY} is {run}: {found} (expected a run of the recipe classifier)"),
    };
    let opened = open(run).map_err(|error| refused(error.to_string()))?;
    let file = weights(&opened);
    let file = std::path::absolute(&file).unwrap_or(file).display().to_string();
    let ModelConfig::Classifier(classifier) = &opened.model else {
        let recipe = opened.run.map(|run| format!("run of the recipe {}", run.recipe));
        let what = recipe.unwrap_or_else(|| format!("model of {}", opened.source));
        return Err(refused(format!("it is a {what}")));
    };
    if classifier.image.channels != image.channels {
        let found = format!("it looks at images of {}, these are {image}", classifier.image);
        return Err(refused(found));
    }
    let sha256 = sha256_of(Path::new(&file)).map_err(refused)?;
    let perceptual = Some(PinnedClassifier { file, sha256 });
    Ok(ModelConfig::Vqgan(VqganConfig { perceptual, ..config }))
}

/// The classifier that a run began with, on a device with gradients; it gets none itself.
///
/// # Errors
/// When the file is gone or another one.
pub(super) fn load(pinned: &PinnedClassifier, device: &Device) -> Result<Classifier, String> {
    let attempt = |found: String| {
        format!(
            "open the classifier of the perceptual term: {found} (expected the file that the run began with; put it \
             back, or begin a new run): {}",
            pinned.file
        )
    };
    let found = sha256_of(Path::new(&pinned.file)).map_err(attempt)?;
    if found != pinned.sha256 {
        let found = format!("its SHA-256 is {found}, not {}", pinned.sha256);
        return Err(attempt(found));
    }
    let opened = open(&pinned.file).map_err(|error| attempt(error.to_string()))?;
    let ModelConfig::Classifier(config) = &opened.model else {
        return Err(attempt(format!("it is a {}", opened.model.family())));
    };
    let classifier = params::load(Classifier::new(config, 0, device), &opened.tensors);
    classifier.map(Classifier::no_grad).map_err(|error| attempt(error.to_string()))
}

/// The file of a model's weights.
fn weights(opened: &Opened) -> std::path::PathBuf {
    if opened.path.is_dir() { opened.path.join("model.safetensors") } else { opened.path.clone() }
}

/// The SHA-256 of a file in hexadecimal digits.
fn sha256_of(file: &Path) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("it cannot be read, {error}"))?;
    Ok(format!("{:x}", Sha256::digest(bytes)))
}
