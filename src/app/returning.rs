//! What was chosen at the last end and comes back once what it is chosen of is there: the model, its watched images,
//! the data.

use super::ZscopeApp;
use crate::session::anchor::Anchor;
use crate::session::map::{Ask, Choices};

/// What is yet to come back.
#[derive(Default)]
pub(super) struct Returning {
    /// Whether its model is there.
    is_due: bool,
    /// What traversals hold the other dimensions at.
    base: Option<Anchor>,
    /// What the film strip draws.
    strip: Option<Anchor>,
    map: Option<Choices>,
}

impl Returning {
    /// All of it, for the model that is opened next.
    pub(super) fn new(base: Option<Anchor>, strip: Option<Anchor>, map: Option<Choices>) -> Self {
        Self { is_due: false, base, strip, map }
    }

    /// There is another model: the one that all waits for, or one after it.
    pub(super) fn model_shown(&mut self) {
        *self = Self {
            is_due: true,
            ..if self.is_due { Self::default() } else { std::mem::take(self) }
        };
    }

    /// What a person asks of the map holds.
    pub(super) fn map_asked(&mut self, ask: &Ask) {
        if matches!(ask, Ask::Extent(_) | Ask::Project(_) | Ask::Colour(_) | Ask::Measure(_)) {
            self.map = None;
        }
    }
}

impl ZscopeApp {
    /// Brings back what can be.
    pub(super) fn bring_back(&mut self) {
        if !self.returning.is_due {
            return;
        }
        if let Some(base) = self.returning.base
            && (self.view.traversals.base != Anchor::Point || self.anchors().latent(base).is_some())
        {
            self.returning.base = None;
            // Whatever a person has chosen since stays.
            if self.view.traversals.base == Anchor::Point {
                self.view.traversals.base = base;
            }
        }
        if let Some(source) = self.returning.strip
            && (self.film.strip.is_chosen() || self.bring_strip_source(source))
        {
            self.returning.strip = None;
        }
        // Points of other data would begin anew.
        if self.opening.is_none()
            && let Some(choices) = self.returning.map.take()
        {
            let factors = self.dataset.as_ref().map_or(0, |(_, data)| data.factors().len());
            self.map.state.choose(choices.admitted(self.explore.latent().len(), factors));
        }
    }

    /// What traversals hold the other dimensions at, or will.
    pub(super) fn kept_base(&self) -> Anchor {
        let base = self.view.traversals.base;
        self.returning.base.unwrap_or(if base.is_kept() { base } else { Anchor::Point })
    }

    /// What a person has the film strip draw.
    pub(super) fn kept_strip_source(&self) -> Option<Anchor> {
        let strip = &self.film.strip;
        let source = strip.is_chosen().then(|| strip.source()).filter(|source| source.is_kept());
        self.returning.strip.or(source)
    }

    /// How the map is looked at, or will be.
    pub(super) fn kept_map(&self) -> Choices {
        self.returning.map.clone().unwrap_or_else(|| self.map.state.choices())
    }
}
