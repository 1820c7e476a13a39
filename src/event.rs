//! What a training run says: small, human-readable, plain data, in order, over a bounded channel.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One thing that a run says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run is set up and about to take its first step.
    Started(RunStarted),
    /// A block of steps was taken; its scalars were read back at once.
    StepsDone {
        /// One record a step, in order.
        steps: Vec<StepRecord>,
        /// Speed over the block.
        images_per_s: f64,
    },
    /// The model was measured on held-out images.
    Evaluated {
        /// Updates done so far.
        step: u64,
        /// Names and values, for example `("eval/elbo_nats", -106.0)`.
        values: Vec<(String, f64)>,
    },
    /// A checkpoint is on the disk, whole.
    CheckpointSaved {
        /// Updates done so far.
        step: u64,
        /// Its directory.
        path: PathBuf,
    },
    /// A setting was changed while training.
    SettingChanged {
        /// The first step that uses the new value.
        step: u64,
        /// The key, for example `lr`.
        name: String,
        /// The value before.
        from: Value,
        /// The value from now on.
        to: Value,
    },
    /// A person moved codes of the codebook, kept them where they are or let them go.
    CodesChanged {
        /// The first step that sees it.
        step: u64,
        /// What was done, for example `revived 3 codes`.
        message: String,
    },
    /// A run that trains in phases goes over to another one.
    PhaseChanged {
        /// The first step of the phase.
        step: u64,
        /// What it is called.
        phase: String,
    },
    /// The run waits for a person.
    Paused {
        /// Updates done so far.
        step: u64,
    },
    /// The run goes on.
    Resumed {
        /// Updates done so far.
        step: u64,
    },
    /// Something is odd, but the run goes on.
    Warning {
        /// Updates done so far.
        step: u64,
        /// One sentence.
        message: String,
    },
    /// A loss is not a number any more; the run has ended.
    Diverged {
        /// The step whose loss it was.
        step: u64,
        /// Which value, and what it was.
        message: String,
        /// The last good checkpoint.
        last_checkpoint: Option<PathBuf>,
    },
    /// The run broke (a panic, a failed allocation, a full disk); it has ended.
    Failed {
        /// Updates done so far.
        step: u64,
        /// What was attempted and what was found.
        message: String,
        /// The last good checkpoint.
        last_checkpoint: Option<PathBuf>,
    },
    /// The run has ended as it should.
    Finished {
        /// Updates done so far.
        step: u64,
        /// Why it ended.
        reason: FinishReason,
        /// Time spent training, over all parts of the run together; pauses do not count.
        elapsed_secs: f64,
    },
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => write!(f, "{word}"),
        }
    }
}

impl Value {
    /// A number where the text is one, else a word.
    pub fn from_text(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Word(text.to_owned()), Self::Number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// All steps are done.
    Completed,
    /// A person stopped it.
    Stopped,
}

/// What is known when a run starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Where the run is kept.
    pub run_dir: PathBuf,
    /// The recipe's name, for example `vae`.
    pub recipe: String,
    /// The data's specification, for example `shapes`.
    pub data: String,
    /// Updates done before this start (0 for a new run).
    pub first_step: u64,
    /// Updates in the whole run.
    pub total_steps: u64,
    /// Updates in one pass over the training images.
    pub steps_per_epoch: u64,
    /// Images in one update.
    pub batch: usize,
    /// Trainable values.
    pub parameters: u64,
    /// Estimated peak memory of training.
    pub memory_bytes: u64,
    /// Where it trains, for example `CPU (Flex, 2 threads)`.
    pub device: String,
    /// The curves that every [`StepRecord`] fills, in its order.
    pub curves: Vec<String>,
}

impl RunStarted {
    /// Whether the first updates take far longer than all others: kernels for a graphics device are chosen and
    /// compiled then, at every start.
    pub fn warms_up(&self) -> bool {
        self.device.starts_with("GPU")
    }
}

/// The scalars of one update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The update's number, from 1.
    pub step: u64,
    /// One value a curve, in the order of [`RunStarted::curves`].
    pub values: Vec<f32>,
}
