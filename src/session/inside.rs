//! What is looked at inside of a network: which of its nodes, and which of their values are changed on the way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::wanted::Point;
use crate::array::Array;
use crate::graph::lower::Networks;
use crate::graph::{Graph, Perturbation, ValueId};
use crate::metrics::{NodeSpread, Spread};
use crate::picture::ValueRange;

/// The most changes that are made at once.
pub const MOST_CHANGES: usize = 32;

/// One of the networks of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// What makes the picture of the point.
    #[default]
    Decoder,
    /// What makes a point of a picture.
    Encoder,
    /// What tells made pictures from data, in training.
    Discriminator,
}

/// What is said of a node whether or not it has run.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeLine {
    /// Its name.
    pub name: String,
    /// What it computes, in words.
    pub op: String,
    /// The shape of its values for one item.
    pub shape: Vec<usize>,
    /// Values in the weights that it reads.
    pub parameters: usize,
    /// Its share of the network's floating-point operations, in `[0, 1]`.
    pub share: f32,
    /// Whether its values are numbers of codes, which cannot be changed.
    pub holds_codes: bool,
}

impl NodeLine {
    /// The number of channels, or of entries where it is a vector.
    pub fn channels(&self) -> usize {
        channels(&self.shape)
    }

    /// Whether a single channel can be changed.
    pub fn has_channels(&self) -> bool {
        matches!(self.shape.len(), 1 | 3) && !self.holds_codes
    }
}

/// The parts of a value that are looked at one by one: channels of planes, entries of a vector; a plane is one.
pub fn channels(shape: &[usize]) -> usize {
    match *shape {
        [len] => len,
        [c, _, _] => c,
        _ => 1,
    }
}

/// Rows and columns of a channel; those of a vector are single values.
pub fn plane(shape: &[usize]) -> [usize; 2] {
    match *shape {
        [.., h, w] => [h, w],
        _ => [1, 1],
    }
}

/// The watched images, by which channels are judged beside the picture that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The images, or what was made of the draws, `[b, c, h, w]` in `[0, 1]`.
    pub images: Array,
    /// What an encoder sees of them, of the same shape.
    pub seen: Array,
    /// Their latents, or draws, `[b, ..]`.
    pub latents: Array,
}

/// What is to be found out: everything that a thread needs for it.
#[derive(Clone, Debug)]
pub struct Look {
    /// Counts the models that were shown: the nodes of one have nothing to do with those of another.
    pub model: u64,
    /// The networks with their newest weights.
    pub networks: Networks,
    /// The discriminator with its newest weights, where that is looked into.
    pub discriminator: Option<Graph>,
    /// Counts the weights: equal numbers are equal weights.
    pub weights: u64,
    /// The range of the model's own pixels.
    pub range: ValueRange,
    /// The network that is looked into.
    pub side: Side,
    /// The point of the explorer.
    pub point: Point,
    /// What an encoder or a discriminator sees instead of the point's picture, `[c, h, w]` in `[0, 1]`.
    pub picture: Option<Array>,
    /// The images by which channels are judged too, where some are watched.
    pub watched: Option<Arc<Watched>>,
    /// The node whose values are wanted.
    pub chosen: Option<String>,
    /// Changes of values on their way.
    pub changes: Vec<Perturbation>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The network.
    pub side: Side,
    /// The node, with its values of the shape for one item, after all changes; and the spread of each channel.
    pub node: Option<SeenNode>,
    /// What comes of the changes, `[1, c, h, w]` in `[0, 1]`; nothing where nothing is changed.
    pub after: Option<Array>,
    /// The same without them, where that is not the explorer's picture.
    pub before: Option<Array>,
    /// What the discriminator says, where that is looked into.
    pub judged: Option<Judged>,
}

/// What a discriminator says of a picture: a score `[1]`, or a map of one for every patch, `[1, h, w]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Without changes.
    pub before: Array,
    /// After all changes; nothing where nothing is changed.
    pub after: Option<Array>,
}

impl Judged {
    /// The score, or the mean of a map.
    pub fn mean(score: &Array) -> f32 {
        Spread::of(score.data()).mean
    }

    /// Rows and columns of patches, where there is more than one.
    pub fn map(&self) -> Option<[usize; 2]> {
        Some(plane(self.before.shape())).filter(|map| *map != [1, 1])
    }
}

/// The values of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenNode {
    /// Its name.
    pub name: String,
    /// Its values for one item.
    pub values: Array,
    /// The spread of each channel.
    pub spreads: Vec<Spread>,
}

/// What was measured of all nodes, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The network.
    pub side: Side,
    /// How the values of the picture that is shown spread, after all changes; dead channels are those of all images.
    pub spreads: BTreeMap<String, NodeSpread>,
    /// How many images tell which channels are dead: the one that is shown and the watched ones. No more than 1 while
    /// the latter have not been looked through.
    pub images: usize,
    /// Which channels are dead in all of them, node by node; empty where there is but one image.
    pub dead: BTreeMap<String, Vec<bool>>,
    /// The seconds that each took for one picture; empty where no clock tells.
    pub secs: BTreeMap<String, f64>,
    /// What ran, for people.
    pub engine: String,
}

/// The state of looking inside. Holds numbers, no textures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    side: Side,
    /// Which networks there are beside the decoder.
    beside: Vec<Side>,
    lines: Vec<NodeLine>,
    chosen: [Option<String>; 3],
    changes: [Vec<Perturbation>; 3],
    seen: Option<Arc<Seen>>,
    measured: Option<Arc<Measured>>,
}

impl Inside {
    /// The network that is looked into.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whether there is such a network to look into.
    pub fn has(&self, side: Side) -> bool {
        side == Side::Decoder || self.beside.contains(&side)
    }

    /// The nodes of the network, in their order.
    pub fn lines(&self) -> &[NodeLine] {
        &self.lines
    }

    /// The node that is looked at.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen[self.side as usize].as_deref()
    }

    /// What is said of it.
    pub fn chosen_line(&self) -> Option<&NodeLine> {
        self.lines.iter().find(|line| Some(line.name.as_str()) == self.chosen())
    }

    /// Changes of values of this network, in the order in which they were made.
    pub fn changes(&self) -> &[Perturbation] {
        &self.changes[self.side as usize]
    }

    /// What was found last, where it is of this network.
    pub fn seen(&self) -> Option<&Arc<Seen>> {
        self.seen.as_ref().filter(|seen| seen.side == self.side)
    }

    /// The values of the node that is looked at.
    pub fn seen_node(&self) -> Option<&SeenNode> {
        let node = self.seen()?.node.as_ref()?;
        (Some(node.name.as_str()) == self.chosen()).then_some(node)
    }

    /// What was measured last, where it is of this network.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured.as_deref().filter(|measured| measured.side == self.side)
    }

    /// Whether a channel of the node that is looked at is dead in all images, and how many these are; nothing where
    /// but one is known.
    pub fn dead_in_all(&self, channel: usize) -> Option<(bool, usize)> {
        let measured = self.measured()?;
        let dead = measured.dead.get(self.chosen()?)?.get(channel)?;
        Some((*dead, measured.images))
    }

    /// The seconds that all nodes of the decoder take together, where the device's clock told.
    pub fn decoder_secs(&self) -> Option<f32> {
        let measured = self.measured.as_ref().filter(|measured| measured.side == Side::Decoder)?;
        let secs: f64 = measured.secs.values().sum();
        (secs > 0.0).then_some(secs as f32)
    }

    /// Begins anew with another model.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes the network of its side, and which others there are beside the decoder; what the network does not have is
    /// no longer chosen or changed.
    pub fn show(&mut self, graph: Option<&Graph>, beside: &[Side]) {
        self.beside = beside.to_vec();
        let lines = graph.map(lines).unwrap_or_default();
        if lines == self.lines {
            return;
        }
        let side = self.side as usize;
        let has = |name: &str| lines.iter().any(|line| line.name == name);
        self.chosen[side].take_if(|name| !has(name));
        self.changes[side].retain(|change| has(&change.node));
        // The last planes before the picture say most at a glance.
        if self.chosen[side].is_none() {
            let wide = |line: &&NodeLine| line.shape.len() == 3 && line.shape[0] > 3;
            let telling = lines.iter().rev().find(wide).or(lines.last());
            self.chosen[side] = telling.map(|line| line.name.clone());
        }
        self.lines = lines;
        self.measured = None;
    }

    /// Looks into another network, whose nodes come with [`Inside::show`].
    pub fn look_into(&mut self, side: Side) {
        if self.side != side {
            self.side = side;
            self.lines.clear();
        }
    }

    /// Looks at a node; ignored where there is none of that name.
    pub fn choose(&mut self, name: &str) {
        if self.lines.iter().any(|line| line.name == name) {
            self.chosen[self.side as usize] = Some(name.to_owned());
        }
    }

    /// Adds a change, or puts it in the place of the one of the same node and channel. Ignored unless the node can be
    /// changed so and the numbers are finite.
    pub fn change(&mut self, change: Perturbation) {
        let line = self.lines.iter().find(|line| line.name == change.node);
        let fits = line.is_some_and(|line| match change.channel {
            None => !line.holds_codes,
            Some(channel) => line.has_channels() && channel < line.channels(),
        });
        if !fits || !change.scale.is_finite() || !change.shift.is_finite() {
            return;
        }
        let changes = &mut self.changes[self.side as usize];
        let same =
            |other: &Perturbation| other.node == change.node && other.channel == change.channel;
        match changes.iter().position(same) {
            Some(known) => changes[known] = change,
            None if changes.len() < MOST_CHANGES => changes.push(change),
            None => {}
        }
    }

    /// Takes a change back, by its place.
    pub fn unchange(&mut self, index: usize) {
        let changes = &mut self.changes[self.side as usize];
        if index < changes.len() {
            changes.remove(index);
        }
    }

    /// Takes all changes back.
    pub fn unchange_all(&mut self) {
        self.changes[self.side as usize].clear();
    }

    /// Takes what was found.
    pub fn take_seen(&mut self, seen: Arc<Seen>) {
        self.seen = Some(seen);
    }

    /// Takes what was measured.
    pub fn take_measured(&mut self, measured: Arc<Measured>) {
        self.measured = Some(measured);
    }

    /// What is known of all nodes, as CSV.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from(
            "node,operation,shape,parameters,flops_share,mean,deviation,min,max,dead_channels,channels,dead_in_images,secs\n",
        );
        for line in &self.lines {
            let shape: Vec<String> = line.shape.iter().map(ToString::to_string).collect();
            let (shape, share) = (shape.join("x"), line.share);
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let (name, op) = (quoted(&line.name), quoted(&line.op));
            write!(csv, "{name},{op},{shape},{},{share}", line.parameters).ok();
            let measured = self.measured();
            match measured.and_then(|measured| measured.spreads.get(&line.name)) {
                Some(NodeSpread { all, channels, dead }) => {
                    let Spread { mean, deviation, min, max, .. } = all;
                    let images = measured.map_or(1, |measured| measured.images.max(1));
                    write!(csv, ",{mean},{deviation},{min},{max},{dead},{channels},{images}").ok();
                }
                None => csv.push_str(",,,,,,,"),
            }
            match measured.and_then(|measured| measured.secs.get(&line.name)) {
                Some(secs) => writeln!(csv, ",{secs}").ok(),
                None => writeln!(csv, ",").ok(),
            };
        }
        csv
    }
}

/// What is said of every node of a network.
fn lines(graph: &Graph) -> Vec<NodeLine> {
    let all = graph.flops().max(1);
    let line = |node: &crate::graph::Node| NodeLine {
        name: node.name.clone(),
        op: graph.describe(node),
        shape: node.shape.clone(),
        parameters: graph.parameters_of(node),
        share: (graph.flops_of(node) as f64 / all as f64) as f32,
        holds_codes: graph.find(&node.name).is_some_and(|value: ValueId| graph.holds_codes(value)),
    };
    graph.nodes().iter().map(line).collect()
}
