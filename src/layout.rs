//! Layouts of many vectors on a plane that keep who is whose neighbour: UMAP and t-SNE.
//!
//! Plain numbers in, plain numbers out. The window runs them in a process of its own ([`process`]), as no phase of
//! the libraries behind them can be ended from outside: see the page of the crate.

pub mod process;
mod tsne;
mod umap;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::array::Array;
use crate::latent::{nearest_rows, reduced};
use crate::watch::{Stopped, Watch};

/// The principal components that neighbours are searched in.
pub const MOST_DIMS: usize = 50;

/// Between two pictures of a layout that unfolds.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Which layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Uniform manifold approximation and projection.
    Umap,
    /// t-distributed stochastic neighbour embedding.
    Tsne,
}

impl Method {
    /// Fewer vectors have no layout.
    pub const FEWEST: usize = 12;

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Umap => "UMAP",
            Self::Tsne => "t-SNE",
        }
    }
}

/// What a layout is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which one.
    pub method: Method,
    /// The vectors, `[n, d]`, finite, n at least [`Method::FEWEST`].
    pub vectors: Array,
    /// Where they lie at first, `[n]`: a layout that was made before, from which the new one goes on; nothing for one
    /// that begins with the two first principal components.
    pub start: Option<Vec<[f32; 2]>>,
    /// How often every vector is moved, where it is not as often as is usual for so many.
    pub epochs: Option<usize>,
}

/// How far a layout is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Neighbours are searched; the share that is done, in `[0, 1]`.
    Neighbours(f32),
    /// Places move; the share that is done, in `[0, 1]`.
    Moving(f32),
    /// Where the vectors lie by now, `[n]`.
    Places(Vec<[f32; 2]>),
}

/// Hears how far a layout is, and answers whether it goes on.
pub type Tell = Arc<dyn Fn(Progress) -> bool + Send + Sync>;

/// Lays vectors out; `tell` hears how far it is, and where the vectors lie a few times a second.
///
/// # Errors
/// When `tell` says that it is not to go on.
///
/// # Panics
/// When there are fewer vectors than [`Method::FEWEST`], or values that are no numbers.
pub fn lay_out(request: &Request, tell: &Tell) -> Result<Vec<[f32; 2]>, Stopped> {
    let Request { method, vectors, start, epochs } = request;
    let n = vectors.num_rows();
    assert!(n >= Method::FEWEST, "{n} vectors, expected {} at least", Method::FEWEST);
    assert!(vectors.data().iter().all(|value| value.is_finite()), "a value that is no number");
    let searching = {
        let tell = Arc::clone(tell);
        Watch::new(move |share| tell(Progress::Neighbours(share as f32)))
    };
    let k = match method {
        Method::Umap => umap::neighbours(n),
        Method::Tsne => 3 * tsne::perplexity(n),
    };
    let whole = searching.whole();
    let neighbours = nearest_rows(vectors, k, whole.between(0.0, 0.98))?;
    let first = if let Some(start) = start {
        start.clone()
    } else {
        let plane = reduced(vectors, 2, whole.between(0.98, 1.0))?;
        (0..n).map(|row| place(plane.row(row))).collect()
    };
    let goes_on = start.is_some();
    let moving = Moving { tell, told: Instant::now() };
    match method {
        Method::Umap => umap::lay_out(&neighbours, &first, goes_on, *epochs, moving),
        Method::Tsne => tsne::lay_out(vectors, &neighbours, &first, goes_on, *epochs, moving),
    }
}

fn place(row: &[f32]) -> [f32; 2] {
    [row.first().copied().unwrap_or(0.0), row.get(1).copied().unwrap_or(0.0)]
}

/// Tells of places that move.
struct Moving<'a> {
    tell: &'a Tell,
    told: Instant,
}

impl Moving<'_> {
    /// Tells the share of all epochs that is done, and now and then where everything lies.
    fn tell(&mut self, share: f32, places: impl FnOnce() -> Vec<[f32; 2]>) -> Result<(), Stopped> {
        let mut goes_on = (self.tell)(Progress::Moving(share));
        if goes_on && self.told.elapsed() >= TELL_EVERY {
            goes_on = (self.tell)(Progress::Places(places()));
            self.told = Instant::now();
        }
        if goes_on { Ok(()) } else { Err(Stopped) }
    }
}
