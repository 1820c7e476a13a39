//! Watching a run from outside: how far it is, and whether it goes on.

use std::fmt;
use std::sync::Arc;

/// A run ended before it was done, because whoever watched it said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before it was done")]
pub struct Stopped;

/// Is told the share of a run that is done, in `[0, 1]`, and answers whether the run goes on. Clones share it.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(f64) -> bool + Send + Sync>);

impl Watch {
    /// Watches with a function, which is called on the thread that runs.
    pub fn new(goes_on: impl Fn(f64) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(goes_on))
    }

    /// A whole run.
    pub fn whole(&self) -> Part<'_> {
        Part { watch: self, from: 0.0, to: 1.0 }
    }
}

impl Default for Watch {
    /// Takes no notice, and stops nothing.
    fn default() -> Self {
        Self::new(|_| true)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// A run or a part of one, which tells of itself as of the whole.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    watch: &'a Watch,
    from: f64,
    to: f64,
}

impl Part<'_> {
    /// The part of this one between two shares of it.
    pub fn between(self, from: f64, to: f64) -> Self {
        let place = |share: f64| self.from + share * (self.to - self.from);
        Self { from: place(from), to: place(to), ..self }
    }

    /// Tells that a share of this part is done.
    ///
    /// # Errors
    /// When the run is to stop.
    pub fn tell(self, share: f64) -> Result<(), Stopped> {
        if (self.watch.0)(self.between(share, share).from) { Ok(()) } else { Err(Stopped) }
    }
}
