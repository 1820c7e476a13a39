//! The film strip: one point or image as every kept checkpoint of a run draws it, and which of them the explorer shows.

use std::collections::BTreeSet;

use super::anchor::Anchor;

/// The state of the strip. Holds no picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    /// Ascending.
    steps: Vec<u64>,
    drawn: BTreeSet<u64>,
    source: Anchor,
    /// Whether a person chose the source.
    is_chosen: bool,
    shown: Option<u64>,
    wanted: Option<u64>,
    is_loading: bool,
    is_drawing: bool,
    trouble: Option<String>,
}

impl Strip {
    /// The steps of the kept checkpoints, ascending.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// Whether the picture of a checkpoint is there.
    pub fn is_drawn(&self, step: u64) -> bool {
        self.drawn.contains(&step)
    }

    /// What is drawn.
    pub fn source(&self) -> Anchor {
        self.source
    }

    /// Whether a person chose what is drawn.
    pub fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// Draws something else from now on.
    pub fn set_source(&mut self, source: Anchor, is_chosen: bool) {
        self.source = source;
        self.is_chosen = is_chosen;
        self.drawn.clear();
        self.trouble = None;
    }

    /// Takes the checkpoints that there are now; pictures of those that are gone go with them.
    pub fn set_steps(&mut self, mut steps: Vec<u64>) {
        steps.sort_unstable();
        steps.dedup();
        self.drawn.retain(|step| steps.binary_search(step).is_ok());
        self.steps = steps;
    }

    /// The picture of a checkpoint is there.
    pub fn draw(&mut self, step: u64) {
        if self.steps.binary_search(&step).is_ok() {
            self.drawn.insert(step);
        }
    }

    /// Whether pictures are being made.
    pub fn is_drawing(&self) -> bool {
        self.is_drawing
    }

    /// Pictures are being made from now on, or not any more.
    pub fn set_drawing(&mut self, is_drawing: bool) {
        self.is_drawing = is_drawing;
    }

    /// The share of the checkpoints that is drawn, in `[0, 1]`.
    pub fn share(&self) -> f32 {
        self.drawn.len() as f32 / self.steps.len().max(1) as f32
    }

    /// Why the newest pictures could not be made.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Pictures could not be made.
    pub fn fail(&mut self, why: String) {
        self.trouble = Some(why);
    }

    /// The checkpoint that the explorer shows instead of the newest weights.
    pub fn shown(&self) -> Option<u64> {
        self.shown
    }

    /// The checkpoint that a person is at: the one that is shown, or on its way.
    pub fn at(&self) -> Option<u64> {
        self.wanted.or(self.shown)
    }

    /// Asks for a checkpoint's weights; gives its step where they are to be read now. While others are read, the last
    /// one that was asked for comes next.
    pub fn go(&mut self, step: u64) -> Option<u64> {
        if self.steps.binary_search(&step).is_err() || self.at() == Some(step) {
            return None;
        }
        self.wanted = Some(step);
        (!std::mem::replace(&mut self.is_loading, true)).then_some(step)
    }

    /// Weights were read, or not (`is_there`): whether they are still wanted, and what is to be read next.
    pub fn loaded(&mut self, step: u64, is_there: bool) -> (bool, Option<u64>) {
        self.is_loading = false;
        let next = self.wanted.filter(|wanted| *wanted != step);
        // What was left for the newest weights meanwhile is not to come back.
        let is_wanted = self.wanted.is_some() && is_there;
        if is_wanted {
            self.shown = Some(step);
        }
        if next.is_none() {
            self.wanted = None;
        }
        self.is_loading = next.is_some();
        (is_wanted, next)
    }

    /// Leaves the checkpoints for the newest weights.
    pub fn leave(&mut self) {
        (self.shown, self.wanted) = (None, None);
    }

    /// The place of the checkpoint that lies `by` places beside the one that a person is at; the newest where they are
    /// at none.
    pub fn beside(&self, by: isize) -> Option<u64> {
        let last = self.steps.len().checked_sub(1)?;
        let at = self.at().and_then(|step| self.steps.binary_search(&step).ok()).unwrap_or(last);
        self.steps.get(at.saturating_add_signed(by).min(last)).copied()
    }
}
