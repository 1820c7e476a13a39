//! Why a network cannot be run.

use super::EngineKind;
use crate::graph::GraphError;
use crate::graph::lower::NoDecoder;
use crate::picture::ValueRange;
use crate::watch::Stopped;

/// What the engines refuse or run into; every message says what was attempted, found and expected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// No engine has this name.
    #[error("engine `{0}` does not exist (expected auto, wgsl, wgsl-f16, cpu, twin or burn)")]
    UnknownKind(String),
    /// This engine does not run graphs.
    #[error(
        "engine `{0}` does not run lowered networks (expected wgsl, wgsl-f16, cpu or twin; burn runs the training module itself)"
    )]
    NotForGraphs(EngineKind),
    /// The input has another shape than the network's, or no items.
    #[error(
        "network input: found shape {found:?}, expected [b, ..] of one or more items of {expected:?}"
    )]
    Input {
        /// The shape that was given.
        found: Vec<usize>,
        /// The network's input shape, without the batch.
        expected: Vec<usize>,
    },
    /// The number of values given is not the number needed.
    #[error("{what}: found {found} values, expected {expected}")]
    Length {
        /// What was given.
        what: String,
        /// How many values it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// New weights come from a network of another structure.
    #[error(
        "updating weights: found a network of another structure, expected the same nodes, outputs and weight shapes"
    )]
    OtherStructure,
    /// The network has no such output.
    #[error("output `{found}` does not exist (expected one of: {expected})")]
    UnknownOutput {
        /// The name that was asked for.
        found: String,
        /// The names that exist.
        expected: String,
    },
    /// An output cannot be shown.
    #[error(
        "output `{output}` as a picture: found shape {found:?}, expected [1, h, w] or [3, h, w]"
    )]
    NotAPicture {
        /// The output's name.
        output: String,
        /// The shape of one item.
        found: Vec<usize>,
    },
    /// Black and white are not two values in this order.
    #[error("range of a picture: found black at {} and white at {}, expected white above black", range.lo, range.hi)]
    Range {
        /// What was given.
        range: ValueRange,
    },
    /// Something does not fit on the device.
    #[error(
        "{what} on the graphics device: found {found}, expected at most {limit} (the engine cpu has no such limit)"
    )]
    TooLarge {
        /// What does not fit, with its unit.
        what: String,
        /// Its size.
        found: u64,
        /// The device's limit.
        limit: u64,
    },
    /// A run of a network that keeps something for the next one does not fit at once.
    #[error(
        "run of a network that keeps earlier places: found {found} items, expected at most {limit} at once"
    )]
    TooManyKept {
        /// The number of items.
        found: usize,
        /// How many fit.
        limit: usize,
    },
    /// A weight is no number in half precision.
    #[error(
        "weight `{weight}` in half precision: found {value}, expected -65504 to 65504 (the engine wgsl stores it as it is)"
    )]
    PastHalves {
        /// Its name.
        weight: String,
        /// Its first value that is too large.
        value: f32,
    },
    /// The network in bands is none.
    #[error("fitting the network to the graphics device: {0}")]
    Split(#[from] GraphError),
    /// A choice among codes has no gradient, nor has what earlier runs made.
    #[error(
        "gradient of the network: `{node}` chooses codes or reads what earlier runs made (expected a network that does neither)"
    )]
    NoGradient {
        /// The node that does.
        node: String,
    },
    /// Whoever watched the run ended it.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The model has no decoder to run.
    #[error(transparent)]
    NoDecoder(#[from] NoDecoder),
    /// There is no graphics device that could run shaders.
    #[error(
        "looking for a graphics device: found no Vulkan, Metal or DX12 adapter \
         (install the graphics driver, or mesa-vulkan-drivers for a software one, or choose the engine cpu)"
    )]
    NoAdapter,
    /// The graphics device or the tensor library reported an error.
    #[error("{what}: {message}")]
    Backend {
        /// What was attempted.
        what: String,
        /// What was reported.
        message: String,
    },
    /// A shader imports a file that does not exist.
    #[error(
        "shader import `{name}`: found no such file in shaders/shared (expected one of the files there)"
    )]
    Import {
        /// The name after `#import`.
        name: String,
    },
}
