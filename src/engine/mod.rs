//! Runs a [`Graph`] in one of three ways: WGSL compute passes, burn tensors on the CPU, scalar twins.
//!
//! The twins are the specification; the others agree with them within rounding. A [`Runner`] hides which one
//! runs; the window drives [`wgsl::Screen`] instead, which draws into a texture and reads nothing back.
//! Knows nothing of models, checkpoints or windows.

mod caches;
pub mod codec;
mod cpu;
pub mod dispatch;
mod error;
pub mod gradient;
pub mod kernel;
mod learning;
pub mod params;
pub mod plan;
mod results;
mod runner;
pub mod shader;
pub mod sizes;
pub mod split;
pub mod trace;
pub mod twin;
pub mod wgsl;

use std::str::FromStr;

pub use error::EngineError;
pub use results::Results;
pub use runner::Runner;

use self::shader::WeightStorage;

use crate::array::Array;
use crate::graph::Graph;

/// What runs a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// [`Self::Wgsl`] on a real graphics device, else [`Self::Cpu`].
    #[default]
    Auto,
    /// Compute shaders.
    Wgsl,
    /// Compute shaders over weights that are stored in half precision: half the memory, rounded to 11 bits.
    WgslHalf,
    /// burn tensors on the Flex CPU backend.
    Cpu,
    /// The scalar specification.
    Twin,
    /// The training module itself; whoever holds the module runs it, not this engine.
    Burn,
}

impl EngineKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Wgsl, Self::WgslHalf, Self::Cpu, Self::Twin, Self::Burn];

    /// How it stores weights on a graphics device.
    pub fn weights(self) -> WeightStorage {
        match self {
            Self::WgslHalf => WeightStorage::Half,
            _ => WeightStorage::Single,
        }
    }

    /// Whether shaders were asked for.
    pub fn is_wgsl(self) -> bool {
        matches!(self, Self::Wgsl | Self::WgslHalf)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Wgsl => "wgsl",
            Self::WgslHalf => "wgsl-f16",
            Self::Cpu => "cpu",
            Self::Twin => "twin",
            Self::Burn => "burn",
        }
    }
}

impl std::fmt::Display for EngineKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for EngineKind {
    type Err = EngineError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| EngineError::UnknownKind(name.to_owned()))
    }
}

/// How latents between corners are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mix {
    /// On straight lines.
    Lerp,
    /// Along great circles.
    #[default]
    Slerp,
}

/// The number of items of `input`.
fn check_input(graph: &Graph, input: &Array) -> Result<usize, EngineError> {
    match input.shape().split_first() {
        Some((&batch, item)) if batch > 0 && item == graph.input_shape() => Ok(batch),
        _ => Err(EngineError::Input {
            found: input.shape().to_vec(),
            expected: graph.input_shape().to_vec(),
        }),
    }
}

/// Whether this machine has a real graphics device.
pub fn has_real_gpu() -> bool {
    wgsl::headless_hardware().is_some_and(|gpu| !gpu.is_software())
}
