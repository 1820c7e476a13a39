//! Which channels say nothing in any of many images: one image after another, of which only extremes are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::graph_of;
use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::engine::trace::{Traced, trace};
use crate::engine::{EngineKind, Runner};
use crate::graph::{Graph, Perturbation};
use crate::metrics::{Extremes, channel_spreads};
use crate::picture::ValueRange;
use crate::session::inside::{Look, Measured, Side, Watched, channels};
use crate::session::wanted::Point;
use crate::watch::Watch;

/// The extremes of every channel of every node, by name.
pub(super) type Ranges = BTreeMap<String, Vec<Extremes>>;

/// How soon the next image is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// As soon as there is nothing else to do.
    Soon,
    /// What is known is of older weights or images, which serves for a while.
    Later,
}

/// What is counted: of another subject nothing that is known holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subject {
    model: u64,
    side: Side,
    is_of_codes: bool,
    changes: Vec<Perturbation>,
}

impl Subject {
    pub(super) fn of(look: &Look) -> Self {
        Self {
            model: look.model,
            side: look.side,
            is_of_codes: matches!(look.point, Point::Codes(_)),
            changes: look.changes.clone(),
        }
    }
}

/// Looks through the watched images.
#[derive(Debug, Default)]
pub(super) struct Census {
    round: Option<Round>,
    known: Option<Known>,
}

/// The images as far as they have been looked through, by the weights with which that began.
#[derive(Debug)]
struct Round {
    subject: Subject,
    weights: u64,
    watched: Arc<Watched>,
    range: ValueRange,
    graph: Graph,
    /// Latents to indices, where the network reads these.
    quantizer: Option<Runner>,
    done: usize,
    ranges: Ranges,
}

/// What all images together have told.
#[derive(Debug)]
struct Known {
    subject: Subject,
    weights: u64,
    watched: Arc<Watched>,
    images: usize,
    ranges: Ranges,
}

impl Census {
    /// How soon the next image is due; nothing where all is known, or there are no images that fit.
    pub(super) fn due(&self, look: &Look) -> Option<Due> {
        let watched = look.watched.as_ref().filter(|watched| fits(look, watched))?;
        let subject = Subject::of(look);
        if self.round.as_ref().is_some_and(|round| round.subject == subject) {
            return Some(Due::Soon);
        }
        let Some(known) = self.known.as_ref().filter(|known| known.subject == subject) else {
            return Some(Due::Soon);
        };
        let is_new = known.weights == look.weights && Arc::ptr_eq(&known.watched, watched);
        (!is_new).then_some(Due::Later)
    }

    /// Looks at one more image; whether it was the last one.
    pub(super) fn next(&mut self, look: &Look, watch: &Watch) -> Result<bool, CodecError> {
        let subject = Subject::of(look);
        let round = match self.round.take().filter(|round| round.subject == subject) {
            Some(round) => self.round.insert(round),
            None => match Round::begin(look, subject)? {
                Some(round) => self.round.insert(round),
                None => return Ok(false),
            },
        };
        round.next(watch)?;
        if round.done < round.count() {
            return Ok(false);
        }
        self.known = self.round.take().map(|round| Known {
            images: round.count(),
            subject: round.subject,
            weights: round.weights,
            watched: round.watched,
            ranges: round.ranges,
        });
        Ok(true)
    }

    /// Counts as dead what is so in the picture that is shown, of `shown` extremes, and in all images that are known.
    pub(super) fn tell(&self, subject: &Subject, shown: &Ranges, measured: &mut Measured) {
        let known = self.known.as_ref().filter(|known| known.subject == *subject);
        let Some(known) = known else { return };
        measured.images = 1 + known.images;
        for (name, shown) in shown {
            let Some(ranges) = known.ranges.get(name) else { continue };
            let both = ranges.iter().zip(shown).map(|(all, shown)| all.with(*shown).is_dead());
            let dead: Vec<bool> = both.collect();
            if let Some(spread) = measured.spreads.get_mut(name) {
                spread.dead = dead.iter().filter(|is_dead| **is_dead).count();
            }
            measured.dead.insert(name.clone(), dead);
        }
    }
}

impl Round {
    /// Begins with the first image; nothing where there are none that fit.
    fn begin(look: &Look, subject: Subject) -> Result<Option<Self>, CodecError> {
        let fitting = look.watched.as_ref().filter(|watched| fits(look, watched));
        let graph = graph_of(look);
        let (Some(watched), Some(graph)) = (fitting, graph) else { return Ok(None) };
        let codes = look.networks.codes.as_ref().filter(|_| subject.is_of_codes);
        let quantizer =
            codes.map(|codes| Runner::new(EngineKind::Cpu, &codes.quantizer, None)).transpose()?;
        Ok(Some(Self {
            subject,
            weights: look.weights,
            watched: Arc::clone(watched),
            range: look.range,
            graph: graph.perturbed(&look.changes)?,
            quantizer,
            done: 0,
            ranges: Ranges::new(),
        }))
    }

    fn count(&self) -> usize {
        rows(self.subject.side, &self.watched).num_rows()
    }

    /// What the network reads of the next image.
    fn input(&mut self) -> Result<Array, CodecError> {
        let side = self.subject.side;
        let row = rows(side, &self.watched).rows(self.done, self.done + 1);
        if side != Side::Decoder {
            return Ok(self.range.images_from_unit(&row));
        }
        let Some(quantizer) = &mut self.quantizer else { return Ok(row) };
        let indices = take(&mut quantizer.run(&row)?, "indices")?;
        let shape = [&[1], self.graph.input_shape()].concat();
        Ok(indices.reshaped(shape)?)
    }

    fn next(&mut self, watch: &Watch) -> Result<(), CodecError> {
        let input = self.input()?;
        let ranges = ranges(&self.graph, &input, watch)?;
        for (name, found) in ranges {
            match self.ranges.get_mut(&name) {
                None => {
                    self.ranges.insert(name, found);
                }
                Some(known) => {
                    let pairs = known.iter_mut().zip(found);
                    pairs.for_each(|(known, found)| *known = known.with(found));
                }
            }
        }
        self.done += 1;
        Ok(())
    }
}

/// The extremes of every channel in one run; those after a change take the place of those before.
fn ranges(graph: &Graph, input: &Array, watch: &Watch) -> Result<Ranges, CodecError> {
    let mut ranges = Ranges::new();
    trace(graph, input, watch, &mut |traced: Traced<'_>| {
        let node = &graph.nodes()[traced.index];
        if let Some(name) = Graph::original_name(&node.name) {
            let spreads = channel_spreads(traced.values, channels(&node.shape));
            ranges.insert(name.to_owned(), spreads.iter().map(Extremes::from).collect());
        }
    })?;
    Ok(ranges)
}

/// What a network is given of the watched images.
fn rows(side: Side, watched: &Watched) -> &Array {
    match side {
        Side::Encoder => &watched.seen,
        Side::Discriminator => &watched.images,
        Side::Decoder => &watched.latents,
    }
}

/// Whether the network, or the quantizer before it, takes the watched images.
fn fits(look: &Look, watched: &Watched) -> bool {
    let graph = match (&look.point, look.side) {
        (Point::Codes(_), Side::Decoder) => {
            look.networks.codes.as_ref().map(|codes| &codes.quantizer)
        }
        _ => graph_of(look),
    };
    let rows = rows(look.side, watched);
    rows.num_rows() > 0 && graph.is_some_and(|graph| graph.input_shape() == &rows.shape()[1..])
}
