//! Why a network cannot be.

/// What a graph refuses; every message says where, what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A shape or a number does not fit the others.
    #[error("node `{node}`: {what}: found {found}, expected {expected}")]
    Mismatch {
        /// The node's name.
        node: String,
        /// The quantity.
        what: String,
        /// Its value.
        found: String,
        /// What it should have been.
        expected: String,
    },
    /// A node names a weight that was not given.
    #[error("node `{node}`: weight `{weight}`: found nothing under this name, expected an array")]
    MissingWeight {
        /// The node's name.
        node: String,
        /// The weight's name.
        weight: String,
    },
    /// A node or output refers to a value that does not exist yet.
    #[error("`{node}` reads value {value}: found {count} values so far, expected a lower number")]
    UnknownValue {
        /// The name of the node or output.
        node: String,
        /// The value's number.
        value: usize,
        /// The number of values that exist.
        count: usize,
    },
    /// Two nodes or two outputs have one name.
    #[error("`{name}` is the name of two nodes or outputs, expected every name once")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// An output has a name that runs give something else.
    #[error("`{name}` is what runs call the use of codes, expected another name for an output")]
    ReservedName {
        /// The name.
        name: String,
    },
    /// A weight holds infinities or values that are no numbers.
    #[error(
        "weight `{weight}`: found {count} of {total} values that are not finite, expected none (has training diverged?)"
    )]
    NotFinite {
        /// The weight's name.
        weight: String,
        /// How many values are not finite.
        count: usize,
        /// How many there are.
        total: usize,
    },
    /// Codes hold infinities or values that are no numbers.
    #[error(
        "{} of `{codebook}` {} values that are not finite, expected none (has training diverged?)",
        listed(codes),
        if codes.len() == 1 { "holds" } else { "hold" }
    )]
    NotFiniteCodes {
        /// The codebook's name.
        codebook: String,
        /// The indices of these codes.
        codes: Vec<usize>,
    },
    /// Nothing was named as an output.
    #[error("the graph names no output, expected at least one")]
    NoOutput,
}

/// The first few codes by their indices and the number of the rest: `codes 3, 17 and 5 more`.
fn listed(codes: &[usize]) -> String {
    const FEW: usize = 5;
    let indices =
        |codes: &[usize]| codes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    match codes {
        [code] => format!("code {code}"),
        [few @ .., last] if few.len() < FEW => format!("codes {} and {last}", indices(few)),
        _ => {
            let (few, rest) = codes.split_at(FEW.min(codes.len()));
            format!("codes {} and {} more", indices(few), rest.len())
        }
    }
}

impl GraphError {
    /// A [`GraphError::Mismatch`].
    pub(in crate::graph) fn mismatch(
        node: &str,
        what: impl Into<String>,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> Self {
        Self::Mismatch {
            node: node.to_owned(),
            what: what.into(),
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }
}
