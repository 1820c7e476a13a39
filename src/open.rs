//! From the MODEL that a person names to a network that runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::array::{Array, NamedArrays};
use crate::codec::Codec;
use crate::data::corrupt::Corruption;
use crate::engine::codec::{ByClass, EngineCodec};
use crate::engine::{EngineError, EngineKind, Runner, wgsl::Gpu};
use crate::formats::FormatError;
use crate::formats::arrays::ArrayFile;
use crate::formats::run_dir::{ModelConfig, Pick, RunConfig, RunDir};
use crate::graph::GraphError;
use crate::graph::lower::quantizer::CLUSTER_SIZE;
use crate::graph::lower::vqgan::DISCRIMINATOR;
use crate::graph::lower::{Networks, Shown};
use crate::metrics::code_use::CodeUse;
use crate::model::codec::{ClassifierCodec, GanCodec, VaeCodec, VqVaeCodec, VqganCodec};
use crate::model::params::{self, ParamError};

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
    /// The path.
    #[error(
        "open the model: {found} (expected a run directory, DIR@latest, DIR@STEP, or a checkpoint's \
         model.safetensors): {path}"
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
    /// The run it belongs to.
    pub run: RunConfig,
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
}

/// What `zscope info` tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Info {
    /// The family's name.
    pub family: &'static str,
    /// Whose file format it is.
    pub source: &'static str,
    /// Values that training fits.
    pub parameters: u64,
    /// Updates behind the weights.
    pub step: u64,
    /// The images.
    pub image: ImageInfo,
    /// The latents.
    pub latent: LatentInfo,
    /// The codebook, where there is one.
    pub codebook: Option<CodebookInfo>,
    /// How vectors become codes, where there is a codebook.
    pub quantizer: Option<QuantizerInfo>,
}

/// The codebook of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CodebookInfo {
    /// Codes, those of several quantizers together.
    pub size: usize,
    /// Dimensions of a code.
    pub dim: usize,
}

/// How a model's vectors become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuantizerInfo {
    /// As `--set quantizer=…` names it.
    pub method: &'static str,
    /// Codes that stand for one vector: those of several quantizers or heads.
    pub quantizers: usize,
}

/// The images of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageInfo {
    /// Colour planes.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Black and white.
    pub range: [f32; 2],
}

/// The latents of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatentInfo {
    /// `continuous` or `codes`.
    pub kind: &'static str,
    /// The shape without its batch.
    pub shape: Vec<usize>,
    /// Rows and columns, where it has them.
    pub grid: Option<[usize; 2]>,
}

/// Opens `DIR`, `DIR@latest`, `DIR@STEP`, a checkpoint's directory or its `model.safetensors`.
///
/// # Errors
/// When nothing usable is there.
pub fn open(model: &str) -> Result<Opened, OpenError> {
    let (path, pick) = path_and_pick(model);
    if RunDir::is_run(&path) {
        let (run, config) = RunDir::open(&path)?;
        let checkpoint = run.pick(pick)?;
        let tensors = checkpoint.model()?;
        let usage = checkpoint.codes()?.and_then(|arrays| CodeUse::from_arrays(&arrays));
        // A file of another codebook tells nothing of this one.
        let codes = config.model.codebook().map_or(0, |[k, _]| k);
        let usage = usage.filter(|usage| usage.size() == codes);
        let (step, corruption) = (checkpoint.state.step, checkpoint.state.corruption());
        let opened = opened(checkpoint.path, Some(path), config, step, tensors)?;
        return Ok(Opened { usage: usage.map(Arc::new), corruption, ..opened });
    }
    let file = if path.is_dir() { path.join("model.safetensors") } else { path.clone() };
    if !file.is_file() {
        let found = if path.exists() { "no model there" } else { "no such file or directory" };
        return Err(OpenError::Path { found, path: model.to_owned() });
    }
    // A checkpoint's directory lies in `checkpoints/` of its run; a copied one has its config beside it.
    let beside = file.parent().unwrap_or(Path::new("."));
    let run_dir = [beside, &beside.join("../..")]
        .into_iter()
        .find(|dir| dir.join("config.json").is_file())
        .ok_or(OpenError::Path {
            found: "no config.json beside the weights",
            path: model.to_owned(),
        })?
        .to_owned();
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

/// Whether a path that is not there itself names a checkpoint of a run: `DIR@latest`, `DIR@best`, `DIR@STEP`.
pub fn names_checkpoint(path: &Path) -> bool {
    path.to_str().is_some_and(|text| RunDir::is_run(&path_and_pick(text).0))
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
    let networks = run.model.lower(&tensors)?;
    Ok(Opened {
        path,
        run_dir,
        corruption: Corruption::of_settings(&run.settings),
        run,
        step,
        tensors,
        networks,
        shown: Shown::default(),
        usage: None,
    })
}

impl Opened {
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
            let device = burn::tensor::Device::flex();
            return Ok(match &self.run.model {
                ModelConfig::Vae(config) => {
                    Box::new(VaeCodec::new(config, &self.tensors, self.shown, &device)?)
                }
                ModelConfig::VqVae(config) => {
                    Box::new(VqVaeCodec::new(config, &self.tensors, &device)?)
                }
                ModelConfig::VaeGan(config) => {
                    let own = params::without(&self.tensors, "discriminator");
                    Box::new(VaeCodec::new(&config.vae, &own, self.shown, &device)?)
                }
                ModelConfig::Vqgan(config) => {
                    let own = params::without(&self.tensors, DISCRIMINATOR);
                    Box::new(VqganCodec::new(config, &own, &device)?)
                }
                ModelConfig::Classifier(config) => {
                    Box::new(ClassifierCodec::new(config, &self.tensors, &device)?)
                }
                ModelConfig::Gan(config) => {
                    Box::new(GanCodec::new(config, &self.tensors, self.shown, &device)?)
                }
            });
        }
        let encoder = self.networks.encoder.as_ref();
        let encoder = encoder.map(|graph| Runner::new(engine, graph, gpu)).transpose()?;
        let decoder = self.networks.decoder.as_ref();
        let decoder = decoder.map(|graph| Runner::new(engine, graph, gpu)).transpose()?;
        let codes = self.networks.codes.as_ref();
        let code_decoder =
            codes.map(|codes| Runner::new(engine, &codes.decoder, gpu)).transpose()?;
        Ok(Box::new(EngineCodec::new(encoder, decoder, code_decoder)))
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
        let classes = self.run.model.classes();
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
        let networks = self.run.model.lower_shown(&self.tensors, shown)?;
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
    /// codebook.
    pub fn code_shares(&self) -> Option<&[f32]> {
        self.networks.codes.as_ref()?;
        self.tensors.get(CLUSTER_SIZE).map(Array::data)
    }

    /// What it is, in numbers.
    pub fn info(&self) -> Info {
        let image = self.run.image;
        let shape = self.run.model.latent();
        let grid = match shape[..] {
            [_, h, w] => Some([h, w]),
            _ => None,
        };
        let codebook = self.run.model.codebook().map(|[size, dim]| CodebookInfo { size, dim });
        let quantizer = self.run.model.quantizer().map(|config| QuantizerInfo {
            method: config.method.name(),
            quantizers: config.layout().per_cell(),
        });
        Info {
            family: self.run.model.family(),
            source: "zscope",
            parameters: self.run.model.num_parameters(),
            step: self.step,
            image: ImageInfo {
                channels: image.channels,
                height: image.height,
                width: image.width,
                range: [self.run.range.lo, self.run.range.hi],
            },
            latent: LatentInfo {
                kind: if codebook.is_some() { "codes" } else { "continuous" },
                shape,
                grid,
            },
            codebook,
            quantizer,
        }
    }
}
