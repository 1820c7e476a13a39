//! The numbers of a whole codebook.

use std::sync::Arc;

use super::{Clock, Order};
use crate::latent::PrincipalPlane;
use crate::metrics::code_use::{CodeState, perplexity};
use crate::session::codebook::{Codebook, Usage, UsedBy};
use crate::ui::heatmap;

/// The numbers of a whole codebook, kept until it changes.
#[derive(Clone, Debug, Default)]
pub(in crate::ui) struct Overview {
    made_for: Option<Sources>,
    /// Whether cells stayed where they were though their order has changed.
    is_out_of_order: bool,
    /// Changes with everything below.
    pub(super) version: u64,
    /// How often each code was chosen, by the clock that is looked at, `[k]`; empty where nothing was counted.
    pub counts: Vec<u64>,
    /// The sum of the counts.
    pub vectors: u64,
    /// The greatest count.
    pub most: u64,
    /// Where each code stands, over the window, `[k]`; empty where nothing was counted.
    pub states: Vec<CodeState>,
    /// The norm of each code, where nothing was counted or codes lie by their norms, `[k]`.
    pub norms: Vec<f32>,
    /// The least and the greatest of them.
    pub span: [f32; 2],
    /// The codes from the first place of the heatmap on.
    pub order: Vec<usize>,
    /// The place of each code.
    pub place: Vec<usize>,
    /// How many codes images, texts and both use, where they share the codebook; else zeros.
    pub sides: [usize; 3],
    /// Perplexity over the window.
    pub perplexity: f64,
    /// Perplexity of the last batch, in training.
    pub batch_perplexity: Option<f64>,
}

#[derive(Clone, Debug)]
struct Sources {
    usage: Usage,
    plane: Option<Arc<PrincipalPlane>>,
    k: usize,
    clock: Clock,
    order: Order,
}

impl Sources {
    fn is_same(&self, other: &Self) -> bool {
        let same_plane = match (&self.plane, &other.plane) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        same_plane
            && self.usage.is_same(&other.usage)
            && self.lies_like(other)
            && self.clock == other.clock
    }

    /// Whether both ask for the same codes in the same kind of order.
    fn lies_like(&self, other: &Self) -> bool {
        (self.k, self.order) == (other.k, other.order)
    }
}

impl Overview {
    /// Brings the numbers up to date; with `is_held`, cells that would change places stay.
    pub(super) fn update(
        &mut self,
        codebook: &Codebook,
        clock: Clock,
        order: Order,
        is_held: bool,
    ) {
        let sources = Sources {
            usage: codebook.usage.clone(),
            plane: codebook.plane.clone(),
            k: codebook.size(),
            clock,
            order,
        };
        let is_known = self.made_for.as_ref().is_some_and(|known| known.is_same(&sources));
        if is_known && (is_held || !self.is_out_of_order) {
            return;
        }
        let window = codebook.window_counts();
        let batch: Option<Vec<u64>> = codebook
            .batch_counts()
            .map(|counts| counts.iter().map(|&count| u64::from(count)).collect());
        self.perplexity = perplexity(window);
        self.batch_perplexity = batch.as_deref().map(perplexity);
        self.states = codebook.states();
        self.sides = [0; 3];
        let sides = codebook.counts_of_sides();
        if let Some([images, texts]) = &sides {
            for (&images, &texts) in images.iter().zip(texts) {
                if let Some(by) = UsedBy::of([images, texts]) {
                    self.sides[by as usize] += 1;
                }
            }
        }
        self.counts = match (clock, batch, sides) {
            (Clock::Batch, Some(batch), _) => batch,
            (Clock::Images, _, Some([images, _])) => images,
            (Clock::Texts, _, Some([_, texts])) => texts,
            _ => window.to_vec(),
        };
        self.vectors = self.counts.iter().sum();
        self.most = self.counts.iter().copied().max().unwrap_or(0);
        let shows_norms = self.counts.is_empty() || order == Order::Norm;
        self.norms = if shows_norms { codebook.norms() } else { Vec::new() };
        self.span = heatmap::span(&self.norms);
        let stays = is_held && self.made_for.as_ref().is_some_and(|old| old.lies_like(&sources));
        self.is_out_of_order = stays;
        if !stays {
            self.lay_out(codebook, order);
        }
        self.made_for = Some(sources);
        self.version += 1;
    }

    fn lay_out(&mut self, codebook: &Codebook, order: Order) {
        let k = codebook.size();
        self.order = match &codebook.plane {
            Some(plane) if order == Order::Similarity => plane.order.clone(),
            _ => (0..k).collect(),
        };
        if order == Order::Use {
            let count = |code: usize| self.counts.get(code).copied().unwrap_or(0);
            self.order.sort_by_key(|&code| (std::cmp::Reverse(count(code)), code));
        }
        if order == Order::Norm {
            self.order.sort_by(|&a, &b| self.norms[b].total_cmp(&self.norms[a]).then(a.cmp(&b)));
        }
        self.place = vec![usize::MAX; k];
        for (place, &code) in self.order.iter().enumerate() {
            if let Some(slot) = self.place.get_mut(code) {
                *slot = place;
            }
        }
        // An order of another codebook is none.
        if self.order.len() != k || self.place.contains(&usize::MAX) {
            self.order = (0..k).collect();
            self.place = (0..k).collect();
        }
    }

    /// Where a code stands, if that is known.
    pub(in crate::ui) fn state(&self, code: usize) -> Option<CodeState> {
        self.states.get(code).copied()
    }

    /// How often a code was chosen, by the clock that is looked at.
    pub(in crate::ui) fn count(&self, code: usize) -> u64 {
        self.counts.get(code).copied().unwrap_or(0)
    }

    /// How a code is drawn, by its use, or by its norm where that is not known: as what, and how bright.
    pub(in crate::ui) fn look(&self, code: usize, log: bool) -> (Option<CodeState>, f32) {
        match self.norms.get(code).filter(|_| self.states.is_empty()) {
            Some(&norm) => (Some(CodeState::Used), heatmap::norm_brightness(norm, self.span)),
            None => (self.state(code), heatmap::brightness(self.count(code), self.most, log)),
        }
    }

    /// How many codes stand there.
    pub(in crate::ui) fn number_of(&self, state: CodeState) -> usize {
        self.states.iter().filter(|&&found| found == state).count()
    }
}
