//! A codebook without its model: the tensor of a checkpoint of no known layout that looks most like one, or the one
//! that a person names.

use super::{Foreign, OPEN, name_of};
use crate::formats::FormatError;
use crate::formats::run_dir::ModelConfig;
use crate::formats::weights::Weights;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::codebook::CodebookConfig;
use crate::graph::lower::quantizer::{CLUSTER_SIZE, CODEBOOK};

/// Heads that have codes of their own, at most.
const MOST_HEADS: usize = 64;
/// Other candidates that a note names, at most.
const NAMED: usize = 8;
/// What the use of codes is called, where it lies beside them.
const USES: [&str; 3] = ["cluster_size", "ema_cluster_size", "cluster_usage"];
/// What a tensor of codes is called inside of a quantizer.
const EMBEDDINGS: [&str; 4] = ["embed", "embedding", "embeddings", "emb"];
/// Words of names that speak of tables of other things.
const TABLES: [&str; 14] = [
    "text",
    "token",
    "tokens",
    "word",
    "words",
    "position",
    "positional",
    "pos",
    "time",
    "label",
    "class",
    "vocab",
    "bert",
    "gpt",
];

/// A tensor that looks like a codebook.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    name: String,
    config: CodebookConfig,
    /// What tells how often each code was chosen.
    usage: Option<String>,
    /// How little it looks like one.
    rank: Rank,
}

/// From those that look most like a codebook to those that look least like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The use of each code lies beside it.
    Counted,
    /// It is called a codebook, or is the embedding of a quantizer.
    Called,
    /// It is an embedding, and the only matrix that there is.
    Alone,
    /// It is called a codebook, and a table of something else.
    Table,
}

/// The tensors that look like codebooks, the likeliest first.
pub(super) fn candidates(weights: &Weights) -> Vec<Candidate> {
    let matrices = weights.names().filter(|name| weights.shape(name).is_some_and(|s| s.len() > 1));
    let is_alone = matrices.count() == 1;
    let mut found: Vec<Candidate> =
        weights.names().filter_map(|name| candidate(weights, name, is_alone)).collect();
    found.sort_by(|a, b| {
        let key = |one: &Candidate| (one.rank, one.name.matches('.').count(), one.name.len());
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    found
}

fn candidate(weights: &Weights, name: &str, is_alone: bool) -> Option<Candidate> {
    let lower = name.to_lowercase();
    let mut parts: Vec<&str> = lower.split('.').collect();
    if parts.iter().any(|part| part.starts_with("optim") || part.contains("exp_avg")) {
        return None;
    }
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.pop_if(|part| *part == "weight");
    while parts.pop_if(|part| is_number(part)).is_some() {}
    let word = parts.pop()?.trim_start_matches('_');
    let is_codebook = word.ends_with("codebook") || word == "codebooks" || word == "codevectors";
    if !is_codebook && !EMBEDDINGS.contains(&word) {
        return None;
    }
    let (config, usage) = config_of(weights, name).ok()?;
    let words = || parts.iter().flat_map(|part| part.split('_')).chain(word.split('_'));
    let is_called = is_codebook || parts.iter().any(|part| part.split('_').any(is_quantizer));
    let is_table = words().any(|word| TABLES.contains(&word));
    let rank = match (&usage, is_called) {
        (Some(_), _) => Rank::Counted,
        (None, true) if is_table => Rank::Table,
        (None, true) => Rank::Called,
        (None, false) if is_alone && !is_table => Rank::Alone,
        (None, false) => return None,
    };
    Some(Candidate { name: name.to_owned(), config, usage, rank })
}

/// Whether a word of a name speaks of vector quantization.
fn is_quantizer(word: &str) -> bool {
    let starts = ["quant", "vq", "codebook"].iter().any(|start| word.starts_with(start));
    starts || word.ends_with("vq") || word.ends_with("quantizer") || word.ends_with("quantize")
}

/// The codebook that a tensor is, with the name of what tells the use of its codes.
fn config_of(weights: &Weights, name: &str) -> Result<(CodebookConfig, Option<String>), String> {
    let stored = weights.shape(name).unwrap_or_default().to_vec();
    let (rows, columns) = match stored[..] {
        [rows, columns] => (rows, Some(columns)),
        [heads, rows, _] if heads <= MOST_HEADS => (heads.saturating_mul(rows), None),
        _ => return Err(format!("a tensor of the shape {stored:?}")),
    };
    let uses = uses_beside(weights, name);
    let of_length =
        |len: usize| uses.iter().find(|(_, shape)| shape.iter().product::<usize>() == len);
    // Some store codes as columns; only their use can tell.
    let by_columns = columns.and_then(of_length).filter(|_| of_length(rows).is_none());
    let (usage, is_transposed) = (of_length(rows).or(by_columns), by_columns.is_some());
    let (usage_name, usage) = usage.cloned().unzip();
    let config = CodebookConfig { stored, is_transposed, usage };
    config.check()?;
    Ok((config, usage_name))
}

/// Tensors beside one, or beside its module, that are called as the use of codes is, with their shapes.
fn uses_beside(weights: &Weights, name: &str) -> Vec<(String, Vec<usize>)> {
    let mut found = Vec::new();
    let mut place = name;
    for _ in 0..2 {
        place = place.rsplit_once('.').map_or("", |(place, _)| place);
        let before = if place.is_empty() { String::new() } else { format!("{place}.") };
        for (underline, word) in ["", "_"].iter().flat_map(|line| USES.map(|word| (line, word))) {
            let name = format!("{before}{underline}{word}");
            found.extend(weights.shape(&name).map(|shape| (name.clone(), shape.to_vec())));
        }
    }
    found
}

/// The likeliest of the candidates, at least one.
pub(super) fn open(weights: Weights, found: &[Candidate]) -> Result<Foreign, FormatError> {
    let (best, others) = found.split_first().expect("a candidate");
    let mut notes = vec![format!(
        "No network of a known layout is in the file: it is opened as a codebook alone, {}.",
        best.name
    )];
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().take(NAMED).map(|other| other.name.as_str()).collect();
        let more = others.len() - names.len();
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        notes.push(format!(
            "Other tensors that look like codebooks: {}{more}; {}#{} opens another one.",
            names.join(", "),
            name_of(weights.path()),
            names[0]
        ));
    }
    opened(weights, &best.name, best.config.clone(), best.usage.as_deref(), notes)
}

/// The tensor of a name, whatever it looks like.
pub(super) fn named(weights: Weights, name: &str) -> Result<Foreign, FormatError> {
    let wrong = |found: String, expected: String| {
        Err(FormatError::content(OPEN, found, expected, weights.path()))
    };
    if !weights.has(name) {
        let found = candidates(&weights);
        let names: Vec<&str> = found.iter().take(NAMED).map(|one| one.name.as_str()).collect();
        let expected = if names.is_empty() {
            "the name of a tensor; none looks like a codebook".to_owned()
        } else {
            format!("one of {}", names.join(", "))
        };
        return wrong(format!("no tensor {name:?}"), expected);
    }
    match config_of(&weights, name) {
        Ok((config, usage)) => opened(weights, name, config, usage.as_deref(), Vec::new()),
        Err(error) => wrong(format!("{name} is {error}"), "a codebook".to_owned()),
    }
}

fn opened(
    weights: Weights,
    name: &str,
    config: CodebookConfig,
    usage: Option<&str>,
    mut notes: Vec<String>,
) -> Result<Foreign, FormatError> {
    notes.push(match usage {
        Some(usage) => format!("How often each code is used is taken from {usage}."),
        None => "Nothing in the file tells how often each code is used.".to_owned(),
    });
    if config.is_transposed {
        notes.push("Its columns are the codes: their use has as many values.".to_owned());
    }
    let weights = weights.renamed(|own| match own {
        _ if own == name => Some(CODEBOOK.to_owned()),
        _ if Some(own) == usage => Some(CLUSTER_SIZE.to_owned()),
        _ => None,
    })?;
    let facts = [("tensor".to_owned(), name.into())].into_iter().collect();
    let model = ModelConfig::Codebook(config);
    Ok(Foreign { source: "tensor", model, weights, notes, facts })
}
