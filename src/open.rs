//! From the MODEL that a person names to a network that runs.

mod demo;
mod info;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

pub use self::info::{CodebookInfo, ImageInfo, Info, LatentInfo, PriorInfo, QuantizerInfo};

use crate::array::{Array, NamedArrays};
use crate::codec::Codec;
use crate::data::DataSpec;
use crate::data::corrupt::Corruption;
use crate::engine::codec::{ByClass, EngineCodec};
use crate::engine::{EngineError, EngineKind, Runner, wgsl::Gpu};
use crate::formats::FormatError;
use crate::formats::arrays::ArrayFile;
use crate::formats::foreign::{self, Foreign};
use crate::formats::run_dir::{ModelConfig, Pick, RunConfig, RunDir};
use crate::graph::GraphError;
use crate::graph::lower::prior::PRIOR;
use crate::graph::lower::quantizer::CLUSTER_SIZE;
use crate::graph::lower::vqgan::DISCRIMINATOR;
use crate::graph::lower::{CodeGraphs, Networks, Shown};
use crate::metrics::code_use::{CodeUse, text_use};
use crate::model::codec::{ClassifierCodec, GanCodec, VaeCodec, VqVaeCodec, VqganCodec};
use crate::model::params::{self, ParamError};
use crate::picture::{ImageShape, ValueRange};
use crate::sample::texts;
use crate::text::Tokenizer;

/// A model is there but cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The tensors are not those of the configuration.
    #[error("open the model: {0}")]
    Graph(#[from] GraphError),
    /// The same, found by the training module.
    #[error("open the model: {0}")]
    Param(#[from] ParamError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The family is run as a graph alone.
    #[error(
        "run the model: {family} has no training module for --engine burn (expected auto, wgsl, wgsl-f16, cpu or twin)"
    )]
    NoModule {
        /// The family.
        family: &'static str,
    },
    /// Images of which the network makes no latent.
    #[error(
        "run the model: images of {found} (expected at least {least}×{least}, of which a latent has one cell)"
    )]
    TooSmall {
        /// The images.
        found: ImageShape,
        /// The fewest rows and columns.
        least: usize,
    },
    /// The path.
    #[error(
        "open the model: {found} (expected a run directory, DIR@latest, DIR@STEP, a checkpoint's \
         model.safetensors, demo:vae, demo:vq-vae, or a model of diffusers, taming-transformers, latent-diffusion or TAESD): {path}"
    )]
    Path {
        /// What is there.
        found: &'static str,
        /// Where.
        path: String,
    },
}

/// An opened model.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Where it came from.
    pub path: PathBuf,
    /// The directory of the run it belongs to, where there is one.
    pub run_dir: Option<PathBuf>,
    /// The run it belongs to, where it is one of this program's.
    pub run: Option<RunConfig>,
    /// Whose file format it is: `zscope`, `diffusers`, `taming`, `ldm`, `taesd`, `described` by a person, or a
    /// `tensor` alone.
    pub source: &'static str,
    /// The network.
    pub model: ModelConfig,
    /// The images.
    pub image: ImageShape,
    /// The range of their values.
    pub range: ValueRange,
    /// The names of the classes that can be asked for, where there are some.
    pub classes: Vec<String>,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
    /// What its own configuration says beyond the network.
    pub facts: Map<String, Value>,
    /// Updates behind its weights.
    pub step: u64,
    /// How images were spoilt for its encoder when these weights were saved, where they were: it is to mend them.
    pub corruption: Option<Corruption>,
    /// The tensors by name.
    pub tensors: NamedArrays,
    /// The same as graphs.
    pub networks: Networks,
    /// Which of the model's networks these are.
    pub shown: Shown,
    /// How the codes were used in training, where there is a codebook and its checkpoint tells.
    pub usage: Option<Arc<CodeUse>>,
    /// How texts used them, where they share the codebook with images.
    pub text_usage: Option<Arc<CodeUse>>,
}

/// Opens `DIR`, `DIR@latest`, `DIR@STEP`, a checkpoint's directory or its `model.safetensors`, or with `PATH#TENSOR` a
/// tensor of any checkpoint as a codebook alone. `demo:vae` and `demo:vq-vae` are part of the program.
///
/// # Errors
/// When nothing usable is there.
pub fn open(model: &str) -> Result<Opened, OpenError> {
    if let Some(embedded) = demo::named(model) {
        return embedded;
    }
    if let Some((path, tensor)) = path_and_tensor(model) {
        let found = foreign::find_codebook(&path, tensor)?;
        return of_another_library(path, found);
    }
    let (path, pick) = path_and_pick(model);
    if RunDir::is_run(&path) {
        let (run, config) = RunDir::open(&path)?;
        let checkpoint = run.pick(pick)?;
        let tensors = checkpoint.model()?;
        let arrays = checkpoint.codes()?.unwrap_or_default();
        // A file of another codebook tells nothing of this one.
        let codes = config.model.codebook().map_or(0, |[k, _]| k);
        let fitting =
            |usage: Option<CodeUse>| usage.filter(|usage| usage.size() == codes).map(Arc::new);
        let [usage, text_usage] = [CodeUse::from_arrays(&arrays), text_use(&arrays)].map(fitting);
        let (step, corruption) = (checkpoint.state.step, checkpoint.state.corruption());
        let opened = opened(checkpoint.path, Some(path), config, step, tensors)?;
        return Ok(Opened { corruption, usage, text_usage, ..opened });
    }
    let file = if path.is_dir() { path.join("model.safetensors") } else { path.clone() };
    // A checkpoint's directory lies in `checkpoints/` of its run; a copied one has its config beside it.
    let beside = file.parent().unwrap_or(Path::new("."));
    let own = [beside.to_owned(), beside.join("../..")];
    let own = own.into_iter().find(|dir| RunDir::is_described(dir));
    let Some(run_dir) = own.filter(|_| file.is_file()) else {
        let found = if path.exists() { foreign::find(&path)? } else { None };
        let nothing = if path.exists() { "no model there" } else { "no such file or directory" };
        let found = found.ok_or(OpenError::Path { found: nothing, path: model.to_owned() })?;
        return of_another_library(path, found);
    };
    let (_, config) = RunDir::open(&run_dir)?;
    let state = std::fs::read_to_string(beside.join("state.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .unwrap_or_default();
    let step = state.get("step").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let tensors = ArrayFile::open(&file)?.arrays()?;
    let run_dir = RunDir::is_run(&run_dir).then_some(run_dir);
    let opened = opened(file, run_dir, config, step, tensors)?;
    Ok(match state.get("settings").and_then(serde_json::Value::as_object) {
        Some(settings) => Opened { corruption: Corruption::of_settings(settings), ..opened },
        None => opened,
    })
}

/// Whether a path that is not there itself names a checkpoint of a run, `DIR@latest`, `DIR@best` or `DIR@STEP`, a
/// tensor of a checkpoint, `PATH#TENSOR`, or an embedded model.
pub fn names_model(path: &Path) -> bool {
    let names = |text| {
        RunDir::is_run(&path_and_pick(text).0)
            || path_and_tensor(text).is_some()
            || demo::is_named(text)
    };
    path.to_str().is_some_and(names)
}

/// What `PATH#TENSOR` names, where that is not a path itself.
fn path_and_tensor(model: &str) -> Option<(PathBuf, &str)> {
    let (path, tensor) = model.rsplit_once('#')?;
    let path = PathBuf::from(path);
    (!Path::new(model).exists() && path.exists()).then_some((path, tensor))
}

fn path_and_pick(model: &str) -> (PathBuf, Pick) {
    let whole = PathBuf::from(model);
    if whole.exists() {
        return (whole, Pick::Best);
    }
    match model.rsplit_once('@') {
        Some((dir, "latest")) => (dir.into(), Pick::Latest),
        Some((dir, "best")) => (dir.into(), Pick::Best),
        Some((dir, step)) => match step.parse() {
            Ok(step) => (dir.into(), Pick::Step(step)),
            Err(_) => (whole, Pick::Best),
        },
        None => (whole, Pick::Best),
    }
}

fn opened(
    path: PathBuf,
    run_dir: Option<PathBuf>,
    run: RunConfig,
    step: u64,
    tensors: NamedArrays,
) -> Result<Opened, OpenError> {
    let opened = Opened::of_run(path, run, step, tensors)?;
    Ok(Opened { run_dir, ..opened })
}

/// A model of another library with its tensors.
fn of_another_library(path: PathBuf, found: Foreign) -> Result<Opened, OpenError> {
    let Foreign { source, model, weights, notes, facts } = found;
    let tensors = weights.read(&model.tensors())?;
    let networks = model.lower(&tensors)?;
    Ok(Opened {
        path,
        run_dir: None,
        run: None,
        source,
        image: model.image(),
        range: model.range(),
        model,
        classes: Vec::new(),
        notes,
        facts,
        step: 0,
        corruption: None,
        tensors,
        networks,
        shown: Shown::default(),
        usage: None,
        text_usage: None,
    })
}

impl Opened {
    /// The model of a run as it was after `step` updates.
    ///
    /// # Errors
    /// When the tensors are not those of the run's network.
    pub fn of_run(
        path: PathBuf,
        run: RunConfig,
        step: u64,
        tensors: NamedArrays,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            path,
            run_dir: None,
            source: "zscope",
            model: run.model.clone(),
            image: run.image,
            range: run.range,
            classes: run.classes.clone(),
            notes: Vec::new(),
            facts: Map::new(),
            step,
            corruption: Corruption::of_settings(&run.settings),
            networks: run.model.lower(&tensors)?,
            run: Some(run),
            tensors,
            shown: Shown::default(),
            usage: None,
            text_usage: None,
        })
    }

    /// What spells the texts of a model that knows some: of its run, or beside its checkpoint.
    ///
    /// # Errors
    /// When it is missing or damaged; nothing without an error for other models.
    pub fn tokenizer(&self) -> Result<Option<Tokenizer>, FormatError> {
        let Some(text) = self.model.text() else { return Ok(None) };
        let beside = self.path.parent().unwrap_or(Path::new("."));
        let dir = self.run_dir.as_deref().unwrap_or(beside);
        texts::tokenizer_in(dir, text).map(Some)
    }

    /// The data that it was trained on, as it was named; for models of other libraries drawn shapes, where there are
    /// some of its images' size.
    pub fn data(&self) -> Option<String> {
        let ImageShape { channels, height, width } = self.image;
        let shapes = || {
            let shapes = format!("shapes?size={height}");
            let is_source = channels == 3 && height == width && shapes.parse::<DataSpec>().is_ok();
            is_source.then_some(shapes)
        };
        self.run.as_ref().map(|run| run.data.clone()).or_else(shapes)
    }

    /// The same model for images of other sides, rows first; itself where it takes none.
    ///
    /// # Errors
    /// When the network cannot be built at that size.
    pub fn at(self, sides: [usize; 2]) -> Result<Self, OpenError> {
        if [self.image.height, self.image.width] == sides {
            return Ok(self);
        }
        let Some(model) = self.model.at(sides) else { return Ok(self) };
        if model.latent().contains(&0) {
            let least = model.sides_of([1, 1]).map_or(1, |sides| sides[0]);
            return Err(OpenError::TooSmall { found: model.image(), least });
        }
        let networks = model.lower_shown(&self.tensors, self.shown)?;
        Ok(Self { image: model.image(), model, networks, ..self })
    }

    /// The same model for images of a data set: of other sides where the network takes any; itself where it cannot.
    ///
    /// # Errors
    /// As [`Opened::at`].
    pub fn fitted(self, images: ImageShape) -> Result<Self, OpenError> {
        if self.image.channels == images.channels {
            self.at([images.height, images.width])
        } else {
            Ok(self)
        }
    }

    /// The model, to be run by `engine`; `gpu` is the one to use where there is one already.
    ///
    /// # Errors
    /// When the engine cannot run here.
    pub fn codec(
        &self,
        engine: EngineKind,
        gpu: Option<&Gpu>,
    ) -> Result<Box<dyn Codec>, OpenError> {
        if engine == EngineKind::Burn {
            return self.module(&burn::tensor::Device::flex());
        }
        let encoder = self.networks.encoder.as_ref();
        let encoder = encoder.map(|graph| Runner::new(engine, graph, gpu)).transpose()?;
        let decoder = self.networks.decoder.as_ref();
        let decoder = decoder.map(|graph| Runner::new(engine, graph, gpu)).transpose()?;
        let code_decoder = self.networks.codes.as_ref().and_then(|codes| codes.decoder.as_ref());
        let code_decoder = code_decoder.map(|graph| Runner::new(engine, graph, gpu)).transpose()?;
        Ok(Box::new(EngineCodec::new(encoder, decoder, code_decoder)))
    }

    /// The training module itself, on a device of burn.
    ///
    /// # Errors
    /// When the family has none.
    pub fn module(&self, device: &burn::tensor::Device) -> Result<Box<dyn Codec>, OpenError> {
        Ok(match &self.model {
            ModelConfig::Prior(config) => {
                let (model, tensors) = (&*config.codes, params::without(&self.tensors, PRIOR));
                let codes = Self { model: model.clone(), tensors, ..self.clone() };
                return codes.module(device);
            }
            ModelConfig::Vae(config) => {
                Box::new(VaeCodec::new(config, &self.tensors, self.shown, device)?)
            }
            ModelConfig::VqVae(config) => Box::new(VqVaeCodec::new(config, &self.tensors, device)?),
            ModelConfig::Multimodal(config) => {
                let own = config.tensors_of_images(&self.tensors);
                Box::new(VqVaeCodec::new(&config.images, &own, device)?)
            }
            ModelConfig::VaeGan(config) => {
                let own = params::without(&self.tensors, "discriminator");
                Box::new(VaeCodec::new(&config.vae, &own, self.shown, device)?)
            }
            ModelConfig::Vqgan(config) => {
                let own = params::without(&self.tensors, DISCRIMINATOR);
                Box::new(VqganCodec::new(config, &own, device)?)
            }
            ModelConfig::Classifier(config) => {
                Box::new(ClassifierCodec::new(config, &self.tensors, device)?)
            }
            ModelConfig::Gan(config) => {
                Box::new(GanCodec::new(config, &self.tensors, self.shown, device)?)
            }
            ModelConfig::VqModel(config) if config.has_module() => {
                Box::new(VqganCodec::of_autoencoder(config, &self.tensors, device)?)
            }
            ModelConfig::VqModel(_)
            | ModelConfig::Tiny(_)
            | ModelConfig::Described(_)
            | ModelConfig::Codebook(_) => {
                return Err(OpenError::NoModule { family: self.model.family() });
            }
        })
    }

    /// The model as what makes images of all its classes in turn, or of those that it is told, where it knows some.
    ///
    /// # Errors
    /// When the engine cannot run here.
    pub fn sampler(
        &self,
        engine: EngineKind,
        gpu: Option<&Gpu>,
    ) -> Result<Box<dyn Codec>, OpenError> {
        let classes = self.model.classes();
        if classes == 0 {
            return self.codec(engine, gpu);
        }
        let of_class = |class| {
            let shown = Shown { class, ..self.shown };
            self.clone().with_shown(shown)?.codec(engine, gpu)
        };
        let codecs = (0..classes).map(of_class).collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(ByClass::new(codecs)))
    }

    /// The same model with another class or other weights.
    ///
    /// # Errors
    /// When the model knows no such class.
    pub fn with_shown(self, shown: Shown) -> Result<Self, OpenError> {
        let networks = self.model.lower_shown(&self.tensors, shown)?;
        Ok(Self { networks, shown, ..self })
    }

    /// Held-out images as its encoder is to see them, the first of which has the number `first`: spoilt, where it is
    /// to mend them.
    ///
    /// # Shapes
    /// `images` and result: `[b, c, h, w]` in `[0, 1]`.
    pub fn seen(&self, images: Array, first: usize) -> Array {
        match self.corruption {
            Some(corruption) => corruption.apply_to_held_out(&images, first as u64),
            None => images,
        }
    }

    /// How often each code was chosen in training, as shares of no fixed sum, `[q * k]`; nothing where there is no
    /// codebook, or where the checkpoint does not tell.
    pub fn told_use(&self) -> Option<&[f32]> {
        self.networks.codes.as_ref()?;
        self.tensors.get(CLUSTER_SIZE).map(Array::data)
    }

    /// How often each code is drawn; nothing where there is no codebook.
    pub fn code_shares(&self) -> Option<Arc<[f32]>> {
        self.networks.codes.as_ref().map(|codes| code_shares(codes, &self.tensors))
    }
}

/// How often each code is drawn, as shares of no fixed sum, `[q * k]`: as often as it was chosen in training where
/// `tensors` tell, else each alike.
pub fn code_shares(codes: &CodeGraphs, tensors: &NamedArrays) -> Arc<[f32]> {
    match tensors.get(CLUSTER_SIZE) {
        Some(told) => told.data().into(),
        None => vec![1.0; codes.codebook().num_rows()].into(),
    }
}
