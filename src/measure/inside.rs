//! Looks inside of networks: the values of one node, what comes of changes, and how all nodes spread and take time.

mod census;

use std::collections::BTreeMap;

pub use self::census::Due;
use self::census::{Census, Ranges, Subject};
use crate::array::{Array, NamedArrays};
use crate::codec::{CodecError, take};
use crate::engine::trace::{Traced, trace};
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineKind, Runner};
use crate::graph::lower::Networks;
use crate::graph::{Graph, Perturbation};
use crate::metrics::{Extremes, NodeSpread, Spread, channel_spreads};
use crate::session::inside::{Judged, Look, Measured, Seen, SeenNode, Side, channels};
use crate::session::wanted::Point;
use crate::watch::Watch;

/// What the values of a node are called among the outputs of its network.
const TAP: &str = "tap";

/// Looks again and again, and keeps prepared whatever stays the same.
#[derive(Debug)]
pub struct Inspector {
    kind: EngineKind,
    gpu: Option<Gpu>,
    /// What gives the node and what comes of changes, with what it was made for.
    tapped: Option<(Key, Runner)>,
    /// Point to picture, picture to point, and picture to score, without changes.
    decoder: Prepared,
    code_decoder: Prepared,
    encoder: Prepared,
    discriminator: Prepared,
    /// What was measured last of the picture that is shown.
    shown: Option<(Subject, Measured, Ranges)>,
    /// What the watched images tell of all channels.
    census: Census,
}

/// A network that is run as it is, and the number of its weights.
type Prepared = Option<(u64, Runner)>;

/// What a tapped network was made for.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    weights: u64,
    side: Side,
    is_of_codes: bool,
    chosen: Option<String>,
    changes: Vec<Perturbation>,
}

impl Key {
    fn of(look: &Look) -> Self {
        Self {
            weights: look.weights,
            side: look.side,
            is_of_codes: matches!(look.point, Point::Codes(_)),
            chosen: look.chosen.clone(),
            changes: look.changes.clone(),
        }
    }
}

impl Inspector {
    /// Looks with an engine.
    pub fn new(kind: EngineKind, gpu: Option<Gpu>) -> Self {
        Self {
            kind,
            gpu,
            tapped: None,
            decoder: None,
            code_decoder: None,
            encoder: None,
            discriminator: None,
            shown: None,
            census: Census::default(),
        }
    }

    /// The values of the node that is wanted, and what comes of the changes.
    ///
    /// # Errors
    /// When the model lacks the network, when a change does not fit it, when the device fails, or when whoever watches
    /// ends it.
    pub fn look(&mut self, look: &Look, watch: &Watch) -> Result<Seen, CodecError> {
        let nothing = Seen { side: look.side, ..Seen::default() };
        let key = Key::of(look);
        if !self.tapped.as_ref().is_some_and(|(known, _)| *known == key) {
            let Some(graph) = tapped(look)? else { return Ok(nothing) };
            self.prepare_tapped(key, &graph)?;
        }
        let input = self.input(look)?;
        let Some((_, runner)) = &mut self.tapped else { return Ok(nothing) };
        runner.watch(watch);
        let mut outputs = runner.run(&input)?;
        let node = look.chosen.as_ref().filter(|_| outputs.contains_key(TAP));
        let node = node.map(|name| seen_node(name, &mut outputs)).transpose()?;
        let (mut after, mut before, mut judged) = (None, None, None);
        match (look.side, look.changes.is_empty()) {
            (Side::Discriminator, is_same) => {
                let score = only_item(take(&mut outputs, "score")?)?;
                judged = Some(if is_same {
                    Judged { before: score, after: None }
                } else {
                    Judged { before: self.score(look, &input)?, after: Some(score) }
                });
            }
            (_, true) => {}
            (Side::Decoder, false) => after = Some(take(&mut outputs, "image")?),
            (Side::Encoder, false) => {
                let changed = take(&mut outputs, "latent")?;
                after = Some(self.decode(look, &changed)?);
                let latent = self.encode(look, &input)?;
                before = Some(self.decode(look, &latent)?);
            }
        }
        let in_unit = |image: Option<Array>| image.map(|image| look.range.images_to_unit(&image));
        let [after, before] = [after, before].map(in_unit);
        Ok(Seen { side: look.side, node, after, before, judged })
    }

    /// How the values of all nodes spread, after all changes, and how long each node takes. What is dead is judged by
    /// the watched images too, as soon as all of them have been looked through.
    ///
    /// # Errors
    /// As [`Inspector::look`].
    pub fn measure(&mut self, look: &Look, watch: &Watch) -> Result<Measured, CodecError> {
        let Some(graph) = graph_of(look) else {
            return Ok(Measured { side: look.side, ..Measured::default() });
        };
        let input = self.input(look)?;
        let mut spreads = BTreeMap::new();
        let mut ranges = Ranges::new();
        let mut secs = BTreeMap::new();
        let changed = graph.perturbed(&look.changes)?;
        trace(&changed, &input, watch, &mut |traced: Traced<'_>| {
            let node = &changed.nodes()[traced.index];
            if let Some(name) = Graph::original_name(&node.name) {
                let channels = channel_spreads(traced.values, channels(&node.shape));
                let spread = NodeSpread::of_channels(traced.values, &channels);
                spreads.insert(name.to_owned(), spread);
                ranges.insert(name.to_owned(), channels.iter().map(Extremes::from).collect());
            }
            if graph.find(&node.name).is_some() {
                secs.insert(node.name.clone(), traced.secs);
            }
        })?;
        let mut engine = "CPU (Flex)".to_owned();
        if self.kind != EngineKind::Cpu {
            let (gpu, weights) = (self.gpu.as_ref(), look.weights);
            let slot = match (look.side, &look.point) {
                (Side::Encoder, _) => &mut self.encoder,
                (Side::Discriminator, _) => &mut self.discriminator,
                (Side::Decoder, Point::Latent(_)) => &mut self.decoder,
                (Side::Decoder, Point::Codes(_)) => &mut self.code_decoder,
            };
            let runner = prepared(slot, self.kind, gpu, weights, graph)?;
            if runner.kind() != EngineKind::Cpu {
                let told = runner.node_secs(&input)?.unwrap_or_default();
                let names = graph.nodes().iter().map(|node| node.name.clone());
                secs = names.zip(told).collect();
                engine = runner.describe();
            }
        }
        let measured = Measured { side: look.side, spreads, secs, engine, ..Measured::default() };
        self.shown = Some((Subject::of(look), measured, ranges));
        Ok(self.counted(look).unwrap_or_default())
    }

    /// How soon the next of the watched images is due; nothing where there is none.
    pub fn due(&self, look: &Look) -> Option<Due> {
        self.census.due(look)
    }

    /// Looks through the next of the watched images, of which only the extremes of channels are kept; what was
    /// measured last, judged by all of them, where it was the last one.
    ///
    /// # Errors
    /// As [`Inspector::look`].
    pub fn census_next(
        &mut self,
        look: &Look,
        watch: &Watch,
    ) -> Result<Option<Measured>, CodecError> {
        let is_last = self.census.next(look, watch)?;
        Ok(if is_last { self.counted(look) } else { None })
    }

    /// What was measured last, judged by all images that are known.
    fn counted(&self, look: &Look) -> Option<Measured> {
        let (subject, measured, ranges) = self.shown.as_ref()?;
        let mut measured = measured.clone();
        self.census.tell(subject, ranges, &mut measured);
        (*subject == Subject::of(look)).then_some(measured)
    }

    /// What the network that is looked into reads.
    fn input(&mut self, look: &Look) -> Result<Array, CodecError> {
        let decoder = decoder_of(&look.networks, &look.point);
        match (look.side, &look.picture) {
            (Side::Decoder, _) => {
                batch(values(&look.point), decoder.ok_or("look inside: there is no decoder")?)
            }
            (_, Some(picture)) => {
                let own = look.range.images_from_unit(picture);
                batch(own.data(), graph_of(look).ok_or("look inside: there is no such network")?)
            }
            (_, None) => {
                let graph = decoder.ok_or("look inside: there is no decoder")?;
                let point = batch(values(&look.point), graph)?;
                let slot = match look.point {
                    Point::Latent(_) => &mut self.decoder,
                    Point::Codes(_) => &mut self.code_decoder,
                };
                let gpu = self.gpu.as_ref();
                let runner = prepared(slot, self.kind, gpu, look.weights, graph)?;
                take(&mut runner.run(&point)?, "image")
            }
        }
    }

    fn decode(&mut self, look: &Look, latent: &Array) -> Result<Array, CodecError> {
        let (graph, gpu) = (look.networks.decoder()?, self.gpu.as_ref());
        let runner = prepared(&mut self.decoder, self.kind, gpu, look.weights, graph)?;
        take(&mut runner.run(latent)?, "image")
    }

    fn encode(&mut self, look: &Look, image: &Array) -> Result<Array, CodecError> {
        let graph = look.networks.encoder.as_ref().ok_or("look inside: there is no encoder")?;
        let gpu = self.gpu.as_ref();
        let runner = prepared(&mut self.encoder, self.kind, gpu, look.weights, graph)?;
        take(&mut runner.run(image)?, "latent")
    }

    fn score(&mut self, look: &Look, image: &Array) -> Result<Array, CodecError> {
        let graph = look.discriminator.as_ref().ok_or("look inside: there is no discriminator")?;
        let gpu = self.gpu.as_ref();
        let runner = prepared(&mut self.discriminator, self.kind, gpu, look.weights, graph)?;
        only_item(take(&mut runner.run(image)?, "score")?)
    }

    /// Prepares a tapped network; the strength of a channel's change is but a weight of it.
    fn prepare_tapped(&mut self, key: Key, graph: &Graph) -> Result<(), CodecError> {
        let runner = match self.tapped.take() {
            Some((_, mut runner)) if runner.graph().same_structure(graph) => {
                runner.update_weights(graph)?;
                runner
            }
            _ => Runner::new(self.kind, graph, self.gpu.as_ref())?,
        };
        self.tapped = Some((key, runner));
        Ok(())
    }
}

/// The network that is looked into, where the model has it.
pub fn graph_of(look: &Look) -> Option<&Graph> {
    match look.side {
        Side::Decoder => decoder_of(&look.networks, &look.point),
        Side::Encoder => look.networks.encoder.as_ref(),
        Side::Discriminator => look.discriminator.as_ref(),
    }
}

/// What makes the picture of the point.
fn decoder_of<'a>(networks: &'a Networks, point: &Point) -> Option<&'a Graph> {
    match point {
        Point::Latent(_) => networks.decoder.as_ref(),
        Point::Codes(_) => networks.codes.as_ref()?.decoder.as_ref(),
    }
}

/// The changed network with no more than what is wanted of it; nothing where nothing is wanted.
fn tapped(look: &Look) -> Result<Option<Graph>, CodecError> {
    let graph = graph_of(look).ok_or("look inside: the model has no such network")?;
    let tap = look.chosen.as_ref().and_then(|name| graph.find(name));
    let made = match look.side {
        Side::Decoder => "image",
        Side::Encoder => "latent",
        Side::Discriminator => "score",
    };
    // A score is told whether or not anything is changed.
    let is_made = !look.changes.is_empty() || look.side == Side::Discriminator;
    let made_of = graph.output(made).filter(|_| is_made);
    let outputs = [(TAP, tap), (made, made_of)];
    let outputs: Vec<_> =
        outputs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    if outputs.is_empty() {
        return Ok(None);
    }
    Ok(Some(graph.part(&outputs)?.perturbed(&look.changes)?))
}

fn seen_node(name: &str, outputs: &mut NamedArrays) -> Result<SeenNode, CodecError> {
    let values = only_item(take(outputs, TAP)?)?;
    let spreads = channel_spreads(values.data(), channels(values.shape()));
    Ok(SeenNode { name: name.to_owned(), values, spreads })
}

/// The values of the only item.
fn only_item(values: Array) -> Result<Array, CodecError> {
    let shape = values.shape()[1..].to_vec();
    Ok(values.reshaped(shape)?)
}

fn prepared<'a>(
    slot: &'a mut Prepared,
    kind: EngineKind,
    gpu: Option<&Gpu>,
    weights: u64,
    graph: &Graph,
) -> Result<&'a mut Runner, CodecError> {
    let runner = match slot.take() {
        Some((known, runner)) if known == weights => runner,
        Some((_, mut runner)) if runner.graph().same_structure(graph) => {
            runner.update_weights(graph)?;
            runner
        }
        _ => Runner::new(kind, graph, gpu)?,
    };
    Ok(&mut slot.insert((weights, runner)).1)
}

fn values(point: &Point) -> &[f32] {
    match point {
        Point::Latent(values) | Point::Codes(values) => values,
    }
}

/// One item of what a network reads.
fn batch(values: &[f32], graph: &Graph) -> Result<Array, CodecError> {
    let shape = [&[1], graph.input_shape()].concat();
    Ok(Array::new(shape, values.to_vec())?)
}

/// The values of a node and the spread of its channels as named arrays: what is written to a file.
///
/// # Shapes
/// `values` as the node's; `mean`, `deviation`, `min` and `max` `[channels]`.
pub fn named(node: &SeenNode) -> NamedArrays {
    let of = |value: fn(&Spread) -> f32| {
        let values: Vec<f32> = node.spreads.iter().map(value).collect();
        Array::new([values.len()], values)
    };
    let spreads = [
        ("mean", of(|spread| spread.mean)),
        ("deviation", of(|spread| spread.deviation)),
        ("min", of(|spread| spread.min)),
        ("max", of(|spread| spread.max)),
    ];
    let spreads =
        spreads.into_iter().filter_map(|(name, array)| Some((name.to_owned(), array.ok()?)));
    spreads.chain([("values".to_owned(), node.values.clone())]).collect()
}
