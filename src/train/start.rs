//! From what a person asked for to a [`Plan`].

use std::path::Path;
use std::sync::Arc;

use super::init::{Init, InitError};
use super::perceptual;
use super::prior;
use super::recipe::Recipe;
use super::runs;
use super::settings::{SettingError, Settings, Value};
use super::worker::{Plan, Start};
use crate::data::{self, DataError, DataSpec, Dataset, Split};
use crate::formats::FormatError;
use crate::formats::run_dir::{FORMAT, ModelConfig, Pick, RunConfig, RunDir};
use crate::sample::texts;
use crate::text::Tokenizer;

/// How long a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Passes over the training images.
    Epochs(u64),
    /// Updates.
    Steps(u64),
    /// Passes beyond what the run was to take so far.
    MoreEpochs(u64),
}

/// What a new run is to be.
#[derive(Clone, Debug)]
pub struct Request {
    /// The family.
    pub recipe: Recipe,
    /// Its keys.
    pub settings: Settings,
    /// The images.
    pub data: DataSpec,
    /// How long.
    pub length: Length,
    /// Images in one update.
    pub batch: usize,
    /// Seed of every random number.
    pub seed: u64,
    /// `cpu` or `gpu`.
    pub device: &'static str,
    /// Threads that train on the CPU.
    pub threads: usize,
    /// Whether somebody looks at weights and reconstructions while they change.
    pub watched: bool,
    /// A trained model that the first values are taken from, instead of random ones.
    pub init: Option<Init>,
}

/// A run could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The images.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The keys.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The run directory.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The model that the first values are taken from.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A number on the command line.
    #[error("{0}")]
    Usage(String),
    /// The runs folder.
    #[error("make the run directory: {0}")]
    Folder(std::io::Error),
}

impl Request {
    /// Opens the images, checks everything, and makes the run directory: `dir`, or a new one under the runs
    /// folder.
    ///
    /// # Errors
    /// When anything does not fit; nothing is written then.
    pub fn plan(self, dir: Option<&Path>, force: bool) -> Result<Plan, StartError> {
        let size = self.settings.integer("image_size");
        let data = with_image_size(self.data.clone(), size).map_err(|error| {
            let message = format!("image_size is {size}: {error}");
            SettingError::Together { message }
        })?;
        let dataset = data::open(&data)?;
        self.plan_with(&data, dataset, dir, force)
    }

    /// As [`Request::plan`], with images that are open already.
    ///
    /// # Errors
    /// When anything does not fit; nothing is written then.
    pub fn plan_with(
        self,
        data: &DataSpec,
        dataset: Arc<dyn Dataset>,
        dir: Option<&Path>,
        force: bool,
    ) -> Result<Plan, StartError> {
        let wanted = self.settings.integer("image_size");
        let image = dataset.shape();
        if wanted != 0 && (image.height != wanted || image.width != wanted) {
            let message = format!(
                "image_size is {wanted}, the images are {image} (leave image_size out, or choose data that can be resized)"
            );
            return Err(SettingError::Together { message }.into());
        }
        if self.batch == 0 || self.batch > 65_536 {
            return Err(StartError::Usage(format!(
                "batch is {} (expected 1 to 65536)",
                self.batch
            )));
        }
        let codes = match self.recipe {
            Recipe::Prior => Some(prior::autoencoder(&self.settings, image)?),
            _ => None,
        };
        let of_codes = codes.as_ref().map(|opened| &opened.model);
        let classes = dataset.class_names();
        let model = self.recipe.model_config(&self.settings, image, classes, of_codes)?;
        let (model, tokenizer) = self.with_texts(model, dataset.as_ref())?;
        let model = match &self.init {
            Some(init) => init.described(model, image).map_err(StartError::Usage)?,
            None => model,
        };
        let model = perceptual::pinned(model, &self.settings, image)?;
        let config = RunConfig {
            format: FORMAT,
            program: format!("zscope {}", env!("CARGO_PKG_VERSION")),
            recipe: self.recipe.name().to_owned(),
            data: data.clone().absolute().to_string(),
            image,
            range: model.range(),
            batch: self.batch,
            seed: self.seed,
            total_steps: total_steps(self.length, 0, dataset.as_ref(), self.batch)?,
            threads: self.threads.max(1),
            device: self.device.to_owned(),
            settings: super::settings_json(&self.settings),
            classes: if model.classes() > 0 { dataset.class_names().to_vec() } else { Vec::new() },
            init: self.init.as_ref().map(ToString::to_string),
            model,
        };
        let init = self.init.map(|init| init.first_values(&config.model)).transpose()?;
        let mut init = init.unwrap_or_default();
        if let (Some(opened), ModelConfig::Prior(prior)) = (&codes, &config.model) {
            init.extend(prior::first_values(prior, opened));
        }
        let fresh = || runs::fresh(self.recipe.name()).map_err(StartError::Folder);
        let dir = dir.map_or_else(fresh, |dir| Ok(dir.to_owned()))?;
        let run = RunDir::create(&dir, &config, force)?;
        if let Some(tokenizer) = tokenizer {
            tokenizer.save(&run.path().join(texts::FILE))?;
        }
        Ok(Plan {
            run,
            config,
            settings: self.settings,
            dataset,
            start: Start::New { init },
            watched: self.watched,
        })
    }
}

impl Request {
    /// A model that knows the texts of its data, where it is one or its settings ask for that, with their tokenizer.
    fn with_texts(
        &self,
        mut model: ModelConfig,
        dataset: &dyn Dataset,
    ) -> Result<(ModelConfig, Option<Tokenizer>), SettingError> {
        let refused = |message: String| SettingError::Together { message };
        let knows_texts = match &model {
            ModelConfig::Prior(_) => self.settings.word("text") == "yes",
            ModelConfig::Multimodal(_) => true,
            _ => false,
        };
        if !knows_texts {
            return Ok((model, None));
        }
        let [vocabulary, places] =
            ["vocabulary", "text_places"].map(|key| self.settings.integer(key));
        let (tokenizer, text) =
            prior::texts::tokenizer_of(dataset, vocabulary, places).map_err(refused)?;
        match &mut model {
            ModelConfig::Prior(config) => {
                config.text = Some(text);
                config.classes.clear();
            }
            ModelConfig::Multimodal(config) => config.text = text,
            _ => {}
        }
        model.check().map_err(refused)?;
        Ok((model, Some(tokenizer)))
    }
}

/// Goes on with a run from its newest checkpoint.
///
/// # Errors
/// When the directory is no run, its data is gone, or it is done already.
pub fn resume(dir: &Path, length: Option<Length>, watched: bool) -> Result<Plan, StartError> {
    let (run, mut config) = RunDir::open(dir)?;
    let recipe = Recipe::from_name(&config.recipe).ok_or_else(|| {
        StartError::Usage(format!("the run's recipe {:?} is unknown", config.recipe))
    })?;
    let data: DataSpec = config.data.parse()?;
    let dataset = data::open(&data)?;
    if dataset.shape() != config.image {
        return Err(StartError::Usage(format!(
            "the images of {} are {} now (expected {}, as when the run began)",
            config.data,
            dataset.shape(),
            config.image
        )));
    }
    let from = run.pick(Pick::Latest)?;
    if let Some(length) = length {
        config.total_steps =
            total_steps(length, config.total_steps, dataset.as_ref(), config.batch)?;
    }
    if config.total_steps <= from.state.step {
        return Err(StartError::Usage(format!(
            "the run has done {} of {} steps already (pass a larger --steps or --epochs; they are totals)",
            from.state.step, config.total_steps
        )));
    }
    let settings = settings_from_json(recipe, &from.state.settings)?;
    run.write_config(&config)?;
    Ok(Plan { run, config, settings, dataset, start: Start::GoOn(from), watched })
}

/// Settings as `config.json` and `state.json` keep them.
///
/// # Errors
/// When a key is unknown or its value is refused.
pub fn settings_from_json(
    recipe: Recipe,
    json: &serde_json::Map<String, serde_json::Value>,
) -> Result<Settings, SettingError> {
    let mut settings = Settings::defaults(recipe.keys());
    for (name, value) in json {
        let value = match value {
            serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(word) => Value::Word(word.clone()),
            other => Value::Word(other.to_string()),
        };
        settings.set(name, value)?;
    }
    Ok(settings)
}

/// The data with its pictures at `size`, where the source can give any size; 0 leaves it alone.
fn with_image_size(data: DataSpec, size: usize) -> Result<DataSpec, DataError> {
    let data = if size == 0 { data } else { data.with_size(size) };
    // The sizes that each source can give are checked where its text is parsed.
    data.to_string().parse()
}

/// The updates of a run that was to take `planned` before.
fn total_steps(
    length: Length,
    planned: u64,
    dataset: &dyn Dataset,
    batch: usize,
) -> Result<u64, StartError> {
    if batch == 0 {
        return Err(StartError::Usage("the batch is 0 (expected 1 to 65536)".to_owned()));
    }
    let per_epoch = (dataset.len(Split::Train) as u64).div_ceil(batch as u64);
    let steps = match length {
        Length::Epochs(epochs) => epochs.saturating_mul(per_epoch),
        Length::Steps(steps) => steps,
        Length::MoreEpochs(epochs) => planned.saturating_add(epochs.saturating_mul(per_epoch)),
    };
    if steps == 0 || steps > 1_000_000_000 {
        return Err(StartError::Usage(format!(
            "a run of {steps} steps (expected 1 to 1000000000)"
        )));
    }
    Ok(steps)
}
