//! What is true of the codebook that is shown: its vectors, how they are used, where they occur.
//!
//! Plain data that the window's program puts together; knows nothing of models, files or windows.

mod beside;
mod changes;
mod survey;
mod table;
mod used_by;
mod why;

use std::path::PathBuf;
use std::sync::Arc;

use crate::array::Array;
use crate::latent::{CodeLayout, PrincipalPlane, squared_distance};
use crate::metrics::code_use::{CodeState, CodeUse, code_state, code_states};
pub use beside::{Beside, Direction, Pair};
pub use changes::{Change, Changes, ChangesOrder, Fate, Pairing, Side, Summary};
pub use survey::{Patch, Survey};
pub use table::{Uses, write_table};
pub use used_by::UsedBy;

/// A codebook of `k` codes of `d` values; where there are several, the codes of all of them.
#[derive(Clone, Debug)]
pub struct Codebook {
    /// The vectors, `[k, d]`.
    pub codes: Arc<Array>,
    /// What a code is.
    pub layout: CodeLayout,
    /// How often each code is chosen.
    pub usage: Usage,
    /// How often texts choose each code, where they share the codebook with images.
    pub text_usage: Option<Arc<CodeUse>>,
    /// Which codes training leaves where they are, `[k]`; codes beyond its end are free.
    pub frozen: Vec<bool>,
    /// Where the codes lie on the plane of their two first principal components, and their order along the first;
    /// of the codes as they were a little while ago, where these move.
    pub plane: Option<Arc<PrincipalPlane>>,
    /// The codes in an order in which each lies near the one before, a permutation of `0..k`; nothing where that is not
    /// known or there are too many.
    pub chain: Option<Arc<[usize]>>,
    /// Where the codes occur in pictures.
    pub survey: Option<Arc<Survey>>,
    /// Whether a change of codes can be taken back.
    pub can_undo: bool,
}

/// How often each code of a codebook is chosen, as far as that is known.
#[derive(Clone, Debug, Default)]
pub enum Usage {
    /// Nothing was counted.
    #[default]
    Unknown,
    /// Counted once over some images: how many vectors chose each code, `[k]`.
    Evaluated(Arc<[u64]>),
    /// Told by the checkpoint, which kept a moving average: among a million vectors, how many chose each code, `[k]`.
    Averaged(Arc<[u64]>),
    /// Counted while training.
    Trained(Arc<CodeUse>),
}

impl Usage {
    /// Whether this is the very count that `other` is, not only an equal one.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) => true,
            (Self::Evaluated(a), Self::Evaluated(b)) | (Self::Averaged(a), Self::Averaged(b)) => {
                Arc::ptr_eq(a, b)
            }
            (Self::Trained(a), Self::Trained(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// A code and how far it lies from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its number.
    pub code: usize,
    /// Euclidean distance between the two vectors.
    pub distance: f32,
}

/// Where a code is put when it is revived.
#[derive(Clone, Debug, PartialEq)]
pub enum ReviveFrom {
    /// Onto a random vector that the encoder made of a training image.
    Random,
    /// Onto the encoder's vector that lies farthest from the codes.
    Farthest,
    /// Onto this vector, `[d]`.
    Vector(Vec<f32>),
}

/// The codebook beside that of another model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedCodes {
    /// The checkpoints of the run that the model belongs to, by their steps, the newest first.
    pub checkpoints: Vec<(u64, PathBuf)>,
    /// The share that is done, while they are compared.
    pub share: Option<f32>,
    /// What was found.
    pub changes: Option<Arc<Changes>>,
    /// Why they cannot be compared.
    pub error: Option<String>,
}

/// The codes of the picture that is shown, as its grid; the grids of several quantizers or heads one below the
/// other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeMap {
    /// Rows of all grids and columns, `[q * h, w]`.
    pub shape: [usize; 2],
    /// How many grids there are, q; 0 counts as one.
    pub grids: usize,
    /// The code of each cell, `[q * h * w]`, row by row.
    pub codes: Vec<u32>,
    /// Which cells a person has changed, `[q * h * w]`.
    pub edited: Vec<bool>,
}

impl CodeMap {
    /// The code of a cell.
    pub fn code(&self, cell: usize) -> Option<usize> {
        self.codes.get(cell).map(|&code| code as usize)
    }

    /// Whether a person has changed a cell.
    pub fn is_edited(&self, cell: usize) -> bool {
        self.edited.get(cell).copied().unwrap_or(false)
    }

    /// The row and the column of a cell in its grid.
    pub fn place(&self, cell: usize) -> [usize; 2] {
        let columns = self.shape[1].max(1);
        let row = cell / columns;
        let of_grid = if self.grids > 1 { row % (self.shape[0] / self.grids).max(1) } else { row };
        [of_grid, cell % columns]
    }

    /// Rows and columns of one grid.
    pub fn grid_shape(&self) -> [usize; 2] {
        [self.shape[0] / self.grids.max(1), self.shape[1]]
    }

    /// The cell of a grid at a row and a column; nothing where there is none.
    pub fn cell(&self, grid: usize, [row, column]: [usize; 2]) -> Option<usize> {
        let [rows, columns] = self.grid_shape();
        let is_inside = grid < self.grids.max(1) && row < rows && column < columns;
        is_inside.then_some((grid * rows + row) * columns + column)
    }

    /// The codes of one grid, row by row.
    pub fn grid_codes(&self, grid: usize) -> &[u32] {
        let [rows, columns] = self.grid_shape();
        let cells = rows * columns;
        self.codes.get(grid * cells..(grid + 1) * cells).unwrap_or_default()
    }

    /// Which of the grids a cell is in.
    pub fn grid_of(&self, cell: usize) -> usize {
        let cells = self.shape[0] / self.grids.max(1) * self.shape[1];
        cell / cells.max(1)
    }
}

impl Codebook {
    /// A codebook of whose use nothing is known.
    ///
    /// # Shapes
    /// - `codes`: `[k, d]`
    pub fn new(codes: Arc<Array>) -> Self {
        Self {
            codes,
            layout: CodeLayout::default(),
            usage: Usage::Unknown,
            text_usage: None,
            frozen: Vec::new(),
            plane: None,
            chain: None,
            survey: None,
            can_undo: false,
        }
    }

    /// The number of codes, k.
    pub fn size(&self) -> usize {
        self.codes.num_rows()
    }

    /// The codes of the codebook that a code is in: all, or those of one of several.
    pub fn siblings(&self, code: usize) -> std::ops::Range<usize> {
        let k = (self.size() / self.layout.parts()).max(1);
        let part = (code / k).min(self.layout.parts() - 1);
        part * k..(part + 1) * k
    }

    /// Whether training leaves a code where it is.
    pub fn is_frozen(&self, code: usize) -> bool {
        self.frozen.get(code).copied().unwrap_or(false)
    }

    /// What training counted, where it did.
    pub fn history(&self) -> Option<&CodeUse> {
        match &self.usage {
            Usage::Trained(history) => Some(history),
            Usage::Unknown | Usage::Evaluated(_) | Usage::Averaged(_) => None,
        }
    }

    /// How many vectors chose each code, `[k]`: over the rolling window of training, in the evaluation of
    /// a model without a history, or among a million. Empty where nothing was counted.
    pub fn window_counts(&self) -> &[u64] {
        match &self.usage {
            Usage::Unknown => &[],
            Usage::Evaluated(counts) | Usage::Averaged(counts) => counts,
            Usage::Trained(history) => history.window(),
        }
    }

    /// How many vectors of the last batch chose each code, `[k]`; known only in training.
    pub fn batch_counts(&self) -> Option<&[u32]> {
        self.history().map(CodeUse::batch)
    }

    /// Where a code stands, over the window; nothing where that was not counted.
    pub fn state(&self, code: usize) -> Option<CodeState> {
        let counts = self.window_counts();
        (code < counts.len()).then(|| code_state(counts, code))
    }

    /// Where all codes stand, over the window, `[k]`; empty where nothing was counted.
    pub fn states(&self) -> Vec<CodeState> {
        code_states(self.window_counts())
    }

    /// The vector of a code, `[d]`; empty for one that is not there.
    pub fn vector(&self, code: usize) -> &[f32] {
        if code < self.size() { self.codes.row(code) } else { &[] }
    }

    /// The Euclidean norm of every code, `[k]`.
    pub fn norms(&self) -> Vec<f32> {
        (0..self.size()).map(|code| norm(self.codes.row(code))).collect()
    }

    /// The codes nearest to a code, nearest first, `most` at most; of equally near ones the lower first. Codes
    /// whose distance is no number are left out. Costs a look at all codes.
    pub fn neighbours(&self, code: usize, most: usize) -> Vec<Neighbour> {
        let mut all = self.distances(code);
        let nearer = |a: &Neighbour, b: &Neighbour| {
            a.distance.total_cmp(&b.distance).then(a.code.cmp(&b.code))
        };
        if all.len() > most && most > 0 {
            all.select_nth_unstable_by(most - 1, nearer);
        }
        all.truncate(most);
        all.sort_by(nearer);
        all
    }

    /// The nearest code that is not dead; nothing where nothing was counted.
    pub fn nearest_living(&self, code: usize) -> Option<Neighbour> {
        let counts = self.window_counts();
        let is_alive = |near: &Neighbour| counts.get(near.code).is_some_and(|&count| count > 0);
        let living = self.distances(code).into_iter().filter(is_alive);
        living.min_by(|a, b| a.distance.total_cmp(&b.distance))
    }

    /// All other codes of its codebook with their distance, by number.
    fn distances(&self, code: usize) -> Vec<Neighbour> {
        let vector = self.vector(code);
        let others = self.siblings(code).filter(|&other| other != code && code < self.size());
        let all = others.map(|other| {
            let distance = squared_distance(vector, self.vector(other)).sqrt();
            Neighbour { code: other, distance }
        });
        all.filter(|near| near.distance.is_finite()).collect()
    }
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
}
