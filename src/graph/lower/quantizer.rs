//! Vector quantization as a description: which quantizer, its sizes, and how its tensors become pieces of graphs.
//!
//! Every family with a codebook uses these. Tensors are named `quantizer.…` in all of them.

mod pieces;

use serde::{Deserialize, Serialize};

use super::extent::{ExtentError, check_extents};
use crate::language::tr_later;
use crate::latent::{CodeLayout, Levels};

pub use pieces::{codes_of, quantized};

/// The codes that training moves, or that SimVQ maps, `[parts * k, d]`.
pub const CODEBOOK: &str = "quantizer.codebook";
/// How often each code was chosen of late.
pub const CLUSTER_SIZE: &str = "quantizer.cluster_size";
/// What the codes of [`CodebookUpdate::Ema`] are means of.
pub const EMBED_AVG: &str = "quantizer.embed_avg";
/// SimVQ's map, `[d, d]`.
pub const TRANSFORM: &str = "quantizer.transform.weight";
/// What SimVQ's map adds, `[d]`.
pub const TRANSFORM_BIAS: &str = "quantizer.transform.bias";

/// What moves the codes in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodebookUpdate {
    /// The gradient of a loss that pulls every code to the vectors it stands for (eq. 3).
    Loss,
    /// Moving averages of the vectors that every code stands for (appendix A.1).
    Ema,
}

/// How vectors become codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The nearest code of one codebook.
    ///
    /// # Source
    /// Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937).
    #[default]
    Codebook,
    /// Several codebooks, each of which quantizes what those before it left over.
    ///
    /// # Source
    /// SoundStream (Zeghidour et al., 2021, section III-C, arXiv:2107.03312).
    Residual {
        /// How many.
        quantizers: usize,
    },
    /// Every part of a vector is quantized for itself.
    MultiHead {
        /// How many parts.
        heads: usize,
        /// Whether all parts choose from one codebook, or each from its own.
        shared: bool,
    },
    /// The nearest code of a random codebook that never moves, seen through a linear map that is learned.
    ///
    /// # Source
    /// SimVQ (Zhu et al., 2024, arXiv:2411.02038).
    SimVq,
    /// Every dimension is bounded and rounded: the codes are all points of a grid.
    ///
    /// # Source
    /// Finite Scalar Quantization (Mentzer et al., 2023, arXiv:2309.15505).
    Fsq {
        /// The levels of every dimension.
        levels: Levels,
    },
}

impl Method {
    /// All names, as `--set quantizer=…` takes them; the default first.
    pub const NAMES: [&str; 5] = ["codebook", "residual", "fsq", "simvq", "multi-head"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Codebook => tr_later!("codebook"),
            Self::Residual { .. } => tr_later!("residual"),
            Self::MultiHead { .. } => tr_later!("multi-head"),
            Self::SimVq => "simvq",
            Self::Fsq { .. } => "fsq",
        }
    }
}

/// How the gradient passes from the codes to the vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientPath {
    /// As it is (van den Oord et al., 2017, section 3.2).
    #[default]
    StraightThrough,
    /// Turned and scaled as the vector is onto its code.
    ///
    /// # Source
    /// Restructuring Vector Quantization with the Rotation Trick (Fifty et al., 2024, arXiv:2410.06424).
    Rotation,
}

/// Everything that fixes the shapes of a quantizer and the meaning of its codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantizerConfig {
    /// Number of codes of one codebook, k.
    pub codebook_size: usize,
    /// Dimensions of a vector.
    pub code_dim: usize,
    /// Weight of the commitment term, β.
    pub commitment: f32,
    /// What moves the codes, where training moves single codes.
    pub update: CodebookUpdate,
    /// Whether vectors and codes are compared by their angle. Codes are then stored with unit length, where
    /// the code nearest to a vector is also the one at the smallest angle, whatever the vector's length:
    /// |z − e|² = |z|² + 1 − 2 z·e.
    pub cosine: bool,
    /// How vectors become codes.
    #[serde(default)]
    pub method: Method,
    /// How the gradient passes from the codes to the vectors.
    #[serde(default)]
    pub gradient: GradientPath,
}

/// A quantizer's sizes do not go together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantizerConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// The weight of the commitment term is no sensible number.
    #[error("commitment is {found} (expected 0 to 100)")]
    Commitment {
        /// Its value.
        found: f32,
    },
    /// The heads of a vector are not of one size.
    #[error(
        "vectors of {dim} dimensions have no {heads} parts of one size (expected a code_dim that is a multiple \
         of heads)"
    )]
    Heads {
        /// The dimensions.
        dim: usize,
        /// The parts.
        heads: usize,
    },
    /// The grid is not what the sizes say.
    #[error(
        "levels {levels} make {} codes of {} dimensions, codebook_size is {size} and code_dim {dim} (expected the \
         same)",
        levels.num_codes().unwrap_or(usize::MAX),
        levels.numbers().len()
    )]
    Levels {
        /// The levels.
        levels: Levels,
        /// The number of codes.
        size: usize,
        /// The dimensions.
        dim: usize,
    },
    /// Two choices exclude each other.
    #[error("quantizer={method} with {choice} (expected {expected}: {because})")]
    Together {
        /// The quantizer.
        method: &'static str,
        /// The other choice.
        choice: &'static str,
        /// What it should be.
        expected: &'static str,
        /// Why.
        because: &'static str,
    },
}

impl QuantizerConfig {
    /// The quantizer of the paper: 512 codes of 64 dimensions and β = 0.25, which follow moving averages.
    pub fn new() -> Self {
        Self {
            codebook_size: 512,
            code_dim: 64,
            commitment: 0.25,
            update: CodebookUpdate::Ema,
            cosine: false,
            method: Method::Codebook,
            gradient: GradientPath::StraightThrough,
        }
    }

    /// The same with a grid of codes in place of what there is.
    pub fn with_levels(self, levels: Levels) -> Self {
        Self {
            codebook_size: levels.num_codes().unwrap_or(usize::MAX),
            code_dim: levels.numbers().len(),
            method: Method::Fsq { levels },
            ..self
        }
    }

    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When a value is out of range, or choices exclude each other.
    pub fn check(&self) -> Result<(), QuantizerConfigError> {
        let count = match self.method {
            Method::Residual { quantizers } => ("quantizers", quantizers, 2, 32),
            Method::MultiHead { heads, .. } => ("heads", heads, 2, 64),
            _ => ("the number of codebooks", 1, 1, 1),
        };
        let extents = [
            ("codebook_size", self.codebook_size, 1, 65_536),
            ("code_dim", self.code_dim, 1, 4096),
            count,
            ("codebook_size times the number of codebooks", self.num_codes(), 1, 262_144),
        ];
        check_extents(extents)?;
        if !(0.0..=100.0).contains(&self.commitment) {
            return Err(QuantizerConfigError::Commitment { found: self.commitment });
        }
        self.check_choices()
    }

    fn check_choices(&self) -> Result<(), QuantizerConfigError> {
        let (size, dim) = (self.codebook_size, self.code_dim);
        let together = |choice, expected, because| {
            let method = self.method.name();
            Err(QuantizerConfigError::Together { method, choice, expected, because })
        };
        match &self.method {
            Method::MultiHead { heads, .. } if !dim.is_multiple_of(*heads) => {
                return Err(QuantizerConfigError::Heads { dim, heads: *heads });
            }
            Method::Fsq { levels }
                if levels.num_codes() != Some(size) || levels.numbers().len() != dim =>
            {
                return Err(QuantizerConfigError::Levels { levels: levels.clone(), size, dim });
            }
            Method::Fsq { .. } if self.gradient == GradientPath::Rotation => {
                let because = "rounding has no code to turn a vector onto";
                return together("gradient=rotation", "gradient=straight-through", because);
            }
            Method::Fsq { .. } | Method::SimVq | Method::Residual { .. } if self.cosine => {
                let because = "its codes have lengths of their own";
                return together("similarity=cosine", "similarity=euclidean", because);
            }
            _ => {}
        }
        Ok(())
    }

    /// What a code is, and how several of them make one vector.
    pub fn layout(&self) -> CodeLayout {
        match &self.method {
            Method::Codebook => CodeLayout::Whole,
            Method::SimVq => CodeLayout::Mapped,
            Method::Fsq { levels } => CodeLayout::Levels(levels.clone()),
            Method::Residual { quantizers } => CodeLayout::Residual { quantizers: *quantizers },
            Method::MultiHead { heads, shared } => {
                CodeLayout::Heads { heads: *heads, shared: *shared }
            }
        }
    }

    /// The codes of all codebooks together.
    pub fn num_codes(&self) -> usize {
        self.codebook_size.saturating_mul(self.layout().parts())
    }

    /// The dimensions of a code: those of a vector, or of a part of it.
    pub fn row_dim(&self) -> usize {
        match self.method {
            Method::MultiHead { heads, .. } => self.code_dim / heads.max(1),
            _ => self.code_dim,
        }
    }

    /// The shape of the indices of one image with `[h, w]` cells: `[h, w]`, or `[q, h, w]`.
    pub fn indices_shape(&self, [h, w]: [usize; 2]) -> Vec<usize> {
        match self.layout().per_cell() {
            1 => vec![h, w],
            several => vec![several, h, w],
        }
    }

    /// Whether training moves codes one by one.
    pub fn moves_codes(&self) -> bool {
        !matches!(self.method, Method::SimVq | Method::Fsq { .. })
    }

    /// Whether moving averages move the codes.
    pub fn keeps_averages(&self) -> bool {
        self.moves_codes() && self.update == CodebookUpdate::Ema
    }

    /// What the mean squared difference of vectors from what stands for them counts in the loss. Where quantizers
    /// follow each other it is the last term of their sum alone.
    pub fn weight_of_quantization(&self) -> f64 {
        let commitment = f64::from(self.commitment);
        match self.method {
            Method::Fsq { .. } => 0.0,
            _ if self.keeps_averages() => commitment,
            _ => commitment + 1.0,
        }
    }

    /// The name and shape of every tensor.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (k, d) = (self.num_codes(), self.row_dim());
        let mut tensors = vec![(CLUSTER_SIZE, vec![k])];
        if !matches!(self.method, Method::Fsq { .. }) {
            tensors.push((CODEBOOK, vec![k, d]));
        }
        if self.keeps_averages() {
            tensors.push((EMBED_AVG, vec![k, d]));
        }
        if self.method == Method::SimVq {
            tensors.extend([(TRANSFORM, vec![d, d]), (TRANSFORM_BIAS, vec![d])]);
        }
        tensors.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
    }

    /// Whether a tensor of [`QuantizerConfig::tensors`] is fitted by training's gradients or averages, rather than
    /// kept beside it.
    pub fn fits(&self, tensor: &str) -> bool {
        match tensor {
            CLUSTER_SIZE | EMBED_AVG => false,
            CODEBOOK => self.moves_codes(),
            _ => true,
        }
    }
}

impl Default for QuantizerConfig {
    fn default() -> Self {
        Self::new()
    }
}
