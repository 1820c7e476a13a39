//! A TOML file beside a checkpoint that tells the layers of an autoencoder of no standard layout.
//!
//! Every mistake in it is told with its line; so is what does not fit the checkpoint's tensors.

mod layers;
mod table;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use self::table::{Lines, Problem};
use super::FormatError;
use crate::array::NamedArrays;
use crate::graph::GraphError;
use crate::graph::lower::described::{DescribedConfig, Description};

const READ: &str = "cannot read the description";
const FIT: &str = "cannot fit the weights to the description";

/// The longest text that is read, in bytes: a hundred times what the most layers take.
const MAX_BYTES: u64 = 1 << 20;

/// What weights may be called that lie beside a description of their name, the first that is there.
const ENDINGS: [&str; 4] = ["safetensors", "pth", "pt", "ckpt"];

/// A description that was read, and the lines that it stands on.
#[derive(Clone, Debug)]
pub struct Described {
    path: PathBuf,
    description: Description,
    weights: Option<(String, usize)>,
    lines: Lines,
}

impl Described {
    /// Reads the description in a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no description; the message tells the line.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        let refused = |error| FormatError::io(READ, path)(error);
        let file = File::open(path).map_err(refused)?;
        let mut text = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(refused)?;
        let wrong = |found: &str, expected| FormatError::content(READ, found, expected, path);
        if text.len() as u64 > MAX_BYTES {
            let expected = format!("a text of at most {MAX_BYTES} bytes");
            return Err(wrong("a longer file", expected));
        }
        let text = String::from_utf8(text).map_err(|error| {
            wrong("bytes that are no text", format!("a text in UTF-8: {error}"))
        })?;
        Self::parse(&text, path)
    }

    /// The description in a text; `path` is where it stands.
    ///
    /// # Errors
    /// When it is none; the message tells the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, FormatError> {
        let parsed = layers::parse(text);
        let (description, weights, lines) = parsed.map_err(|problem| problem.at(READ, path))?;
        let described = Self { path: path.to_owned(), description, weights, lines };
        let checked = described.description.check();
        checked.map_err(|error| described.graph_error(READ, error))?;
        Ok(described)
    }

    /// Where the description stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it tells.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The file of the weights, which lies in the description's folder or in one within: the one that it names, else
    /// the one of its own name.
    ///
    /// # Errors
    /// When there is none, or when it lies elsewhere.
    pub fn weights_file(&self) -> Result<PathBuf, FormatError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let Some((name, line)) = &self.weights else { return self.weights_beside(folder) };
        let wrong = |found: String| {
            let expected = "a path within the description's folder, without .. and links out of it";
            Problem { line: *line, found, expected: expected.to_owned() }.at(READ, &self.path)
        };
        let relative = Path::new(name);
        let is_plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if name.is_empty() || !relative.components().all(is_plain) {
            return Err(wrong(format!("weights is {}", table::quoted(name))));
        }
        within(folder, &folder.join(relative), wrong)
    }

    /// The weights that are called as the description is.
    fn weights_beside(&self, folder: &Path) -> Result<PathBuf, FormatError> {
        let beside = ENDINGS.map(|ending| self.path.with_extension(ending));
        let Some(file) = beside.iter().find(|file| file.is_file()) else {
            let names = ENDINGS.map(|ending| {
                let stem = self.path.file_stem().unwrap_or_default();
                format!("{}.{ending}", stem.to_string_lossy())
            });
            let expected = format!("{}, or weights = \"FILE\"", names.join(", "));
            let found = "no weights beside it";
            return Err(FormatError::content(READ, found, expected, &self.path));
        };
        let wrong = |found: String| {
            let expected = "weights in the description's folder, not a link out of it";
            FormatError::content(READ, found, expected, &self.path)
        };
        within(folder, file, wrong)
    }

    /// The names of the tensors that it tells of, sorted, each once.
    pub fn names(&self) -> Vec<String> {
        self.description.names().into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Checks that a file with tensors of the names `found` has all that it tells of.
    ///
    /// # Errors
    /// When one is missing, with its line and the names most like it; when a layer is told to have no bias and has one.
    pub fn check_names(&self, found: &[String]) -> Result<(), FormatError> {
        let there: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        let told = self.description.names();
        if let Some(name) = told.into_iter().find(|name| !there.contains(name.as_str())) {
            return Err(self.missing(&name, found).at(FIT, &self.path));
        }
        for (bias, line) in self.lines.denied_biases() {
            if there.contains(bias) {
                let found = format!("a bias, {}, where there is to be none", table::quoted(bias));
                let expected = "no bias = false in this layer".to_owned();
                return Err(Problem { line, found, expected }.at(FIT, &self.path));
            }
        }
        Ok(())
    }

    fn missing(&self, name: &str, found: &[String]) -> Problem {
        let alike = most_alike(name, found);
        let what_to_do = if last_part(name) == "bias" {
            "; write bias = false where the layer has none"
        } else {
            ""
        };
        let expected = match alike.as_slice() {
            [] => format!("a tensor of this name{what_to_do}"),
            alike => format!("one of the file's tensors, such as {}{what_to_do}", alike.join(", ")),
        };
        let found = format!("no tensor {} in the weights", table::quoted(name));
        Problem { line: self.lines.of_key(name), found, expected }
    }

    /// Those of the names `found` that it does not tell of: perhaps of layers that were left out. The counts that batch
    /// normalizations keep are no layer's tensors.
    pub fn untold<'f>(&self, found: &'f [String]) -> Vec<&'f str> {
        let told: BTreeSet<String> = self.names().into_iter().collect();
        let is_untold =
            |name: &&String| !told.contains(*name) && last_part(name) != "num_batches_tracked";
        found.iter().filter(is_untold).map(String::as_str).collect()
    }

    /// The model that it is of the tensors.
    ///
    /// # Errors
    /// When a tensor is missing or holds values that are not finite, or when shapes do not fit each other; the message
    /// tells the line.
    pub fn model(&self, tensors: &NamedArrays) -> Result<DescribedConfig, FormatError> {
        let model = self.description.clone().with_tensors(tensors);
        model.map_err(|error| self.graph_error(FIT, error))
    }

    /// What a graph refused, with the line of the layer or the tensor.
    fn graph_error(&self, attempt: &'static str, error: GraphError) -> FormatError {
        let problem = match error {
            GraphError::Mismatch { node, what, found, expected } => {
                let place = node.split(' ').next().unwrap_or_default();
                let found = format!("{place}: {what}: {found}");
                Problem { line: self.lines.of_place(place), found, expected }
            }
            GraphError::MissingWeight { weight, .. } => self.missing(&weight, &[]),
            GraphError::NotFinite { ref weight, .. } => self.not_finite(weight, &error),
            GraphError::NotFiniteCodes { ref codebook, .. } => self.not_finite(codebook, &error),
            other => Problem {
                line: self.lines.of_place(""),
                found: other.to_string(),
                expected: "layers that make a network".to_owned(),
            },
        };
        problem.at(attempt, &self.path)
    }

    fn not_finite(&self, name: &str, error: &GraphError) -> Problem {
        let line = self.lines.of_key(name);
        Problem { line, found: error.to_string(), expected: "finite values".to_owned() }
    }
}

/// `file`, if it is there and really lies in `folder`.
fn within(
    folder: &Path,
    file: &Path,
    wrong: impl Fn(String) -> FormatError,
) -> Result<PathBuf, FormatError> {
    let real = |path: &Path| path.canonicalize().map_err(FormatError::io(READ, path));
    let (real_folder, real_file) = (real(folder)?, real(file)?);
    if !real_file.starts_with(&real_folder) {
        return Err(wrong(format!("weights outside of the folder, in {}", real_file.display())));
    }
    if !real_file.is_file() {
        return Err(wrong(format!("no file but something else, {}", file.display())));
    }
    Ok(file.to_owned())
}

/// What a tensor is called in its layer.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// The few of `names` that share the most with `name`, as texts in quotes.
fn most_alike(name: &str, names: &[String]) -> Vec<String> {
    const FEW: usize = 3;
    let shared = |other: &String| {
        let front = name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let back = name.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).count();
        front + back
    };
    let mut by_shared: Vec<&String> = names.iter().collect();
    by_shared.sort_by_cached_key(|other| std::cmp::Reverse(shared(other)));
    by_shared.into_iter().take(FEW).map(|other| table::quoted(other)).collect()
}
