//! Draws from priors over codes: how an engine runs their transformers, and how tokens become grids of codes.

mod attention;
mod begun;
mod course;
mod edit;
mod masked;
pub mod places;
mod raster;
pub mod reading;
pub mod texts;

pub use self::attention::Words;
pub use self::begun::Begun;
pub use self::edit::LEAST_BITS;

use self::course::Course;
use crate::array::{Array, NamedArrays};
use crate::engine::params::DrawParams;
use crate::engine::wgsl::Gpu;
use crate::engine::{EngineError, EngineKind, Runner, twin};
use crate::graph::lower::prior::{Order, PRIOR, Place, PriorConfig};
use crate::graph::{DrawControls, Graph, GraphError};
use crate::model::params;

/// Logits of whole sequences that are held at once, about.
const MOST_LOGITS: usize = 1 << 24;

/// How codes are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The class that is asked for; nothing for any.
    pub class: Option<u32>,
    /// What logits are divided by; 0 for the most probable code at every place.
    pub temperature: f32,
    /// Only the most probable codes are drawn, so many of them; 0 for all.
    pub top_k: usize,
    /// Only the most probable codes are drawn, up to so much probability; 1 for all.
    pub top_p: f32,
    /// How far logits go from those without a class towards those of the class and beyond; 1 for those of the class.
    pub guidance: f32,
    /// The seed of all draws.
    pub seed: u64,
    /// In how many steps a masked prior fills a picture.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            class: None,
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            guidance: 1.0,
            seed: 0,
            steps: 12,
        }
    }
}

impl Options {
    /// What draws one token of so many from the first on, at `u` in `[0, 1)` among their probabilities.
    fn controls(&self, u: f32, [first, count]: [usize; 2]) -> DrawControls {
        let Self { temperature, top_k, top_p, guidance, .. } = *self;
        DrawControls { temperature, top_k, top_p, guidance, u, first, count }
    }
}

/// Drawing failed.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The tensors are not those of the prior.
    #[error("draw from the prior: {0}")]
    Graph(#[from] GraphError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Somebody ended it.
    #[error("draw from the prior: cancelled")]
    Cancelled,
}

/// Codes that are drawn, as they come: `[b][places]`, nothing at places that are still to come, and the share of the
/// work that is done. Says whether to go on.
pub type OnCodes<'a> = dyn FnMut(&[Vec<Option<u32>>], f32) -> bool + 'a;

/// A prior that is ready to be drawn from.
pub struct Sampler {
    config: PriorConfig,
    tensors: NamedArrays,
    engine: EngineKind,
    gpu: Option<Gpu>,
    /// One more token of one sequence, or of one with its twin of no class.
    steps: [Option<Runner>; 2],
    /// Whole sequences.
    sequence: Option<Runner>,
    /// What attends to what in them.
    attention: Option<Runner>,
}

impl Sampler {
    /// A prior of a model's tensors; networks are prepared when they are needed first.
    pub fn new(
        config: &PriorConfig,
        tensors: &NamedArrays,
        engine: EngineKind,
        gpu: Option<&Gpu>,
    ) -> Self {
        Self {
            config: config.clone(),
            tensors: params::under(tensors, PRIOR),
            engine,
            gpu: gpu.cloned(),
            steps: [None, None],
            sequence: None,
            attention: None,
        }
    }

    /// The prior.
    pub fn config(&self) -> &PriorConfig {
        &self.config
    }

    /// Draws the codes of images, in the order of places; where some are `known`, they stay, and the others follow.
    /// Image i of a call has the draws of the number `first + i`: the same ones whatever else is drawn beside it.
    ///
    /// # Shapes
    /// - `known`: `[places]`; result: `[count][places]`
    ///
    /// # Errors
    /// When the device fails, or `on_codes` ends it.
    pub fn draw(
        &mut self,
        options: &Options,
        known: Option<&[Option<u32>]>,
        range: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        self.draw_of(None, options, known, range, on_codes)
    }

    /// The same of images that a text tells of, for a prior that knows texts.
    ///
    /// # Shapes
    /// - `text`: `[text_places]`, tokens as [`PriorConfig::of_text`] gives them
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_of(
        &mut self,
        text: Option<&[u32]>,
        options: &Options,
        known: Option<&[Option<u32>]>,
        range: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let nothing = vec![None; self.config.num_places()];
        let known = known.filter(|known| known.len() == nothing.len()).unwrap_or(&nothing);
        match self.config.order {
            Order::Raster => {
                let course = Course::image(&self.config, options, text, known);
                self.draw_along(&course, options, range, on_codes)
            }
            Order::Masked => self.draw_masked(options, known, range, on_codes),
        }
    }

    /// Draws images of a text, of each the one of `best` draws that leaves the text most probable: the fewest bits given
    /// the image, over the tokens up to its end. With one draw it is [`Sampler::draw_of`].
    ///
    /// # Shapes
    /// - `text`: `[text_places]`; result: `[count][places]`
    ///
    /// # Source
    /// Ramesh et al. 2021, arXiv:2102.12092, section 2.6, with the prior itself as the judge.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_best(
        &mut self,
        text: &[u32],
        options: &Options,
        [first, count]: [u64; 2],
        best: u64,
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        if best <= 1 {
            return self.draw_of(Some(text), options, None, [first, count], on_codes);
        }
        let said = texts::said(&self.config, text);
        let mut kept = Vec::new();
        for image in first..first + count {
            let range = [image * best, best];
            let mut least: Option<(f32, Vec<u32>)> = None;
            for codes in self.draw_of(Some(text), options, None, range, on_codes)? {
                let bits = self.text_bits(text, Some(&codes))?[..said].iter().sum();
                if least.as_ref().is_none_or(|(fewest, _)| bits < *fewest) {
                    least = Some((bits, codes));
                }
            }
            kept.extend(least.map(|(_, codes)| codes));
        }
        Ok(kept)
    }

    /// Draws images between two texts, for a prior that knows texts: logits go from those of the first text, at a `share`
    /// of 0, to those of the second one, at 1. Without a share the images are a row from the first text to the second,
    /// all of them by the same chance: that of the first number. Guidance is another use of the same mixture, and does
    /// not count here.
    ///
    /// # Shapes
    /// - `texts`: `[2][text_places]`, as in [`Sampler::draw_of`]; result: `[count][places]`
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw_between(
        &mut self,
        texts: [&[u32]; 2],
        share: Option<f32>,
        options: &Options,
        [first, count]: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let row = match share {
            Some(_) => Vec::new(),
            None => (0..count).map(|image| image as f32 / (count.max(2) - 1) as f32).collect(),
        };
        let options = Options { guidance: share.unwrap_or_default(), ..*options };
        let known = vec![None; self.config.num_places()];
        let course = Course::between(&self.config, texts, &known, row);
        self.draw_along(&course, &options, [first, count], on_codes)
    }

    /// Draws texts of an image, each as tokens of a sequence, `[count][text_places]`; nothing of a prior that knows
    /// none.
    ///
    /// # Shapes
    /// - `codes`: `[places]`
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn captions(
        &mut self,
        codes: &[u32],
        options: &Options,
        range: [u64; 2],
        on_tokens: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        if self.config.text.is_none() {
            return Ok(Vec::new());
        }
        let course = Course::text(&self.config, Some(codes));
        self.draw_along(&course, options, range, on_tokens)
    }

    /// How many bits every code of images takes: minus the binary logarithm of its probability, given those before it or,
    /// for a masked prior, given all others.
    ///
    /// # Shapes
    /// - `codes`, result: `[b * places]`; `classes`: `[b]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn bits(
        &mut self,
        codes: &[u32],
        classes: &[Option<u32>],
    ) -> Result<Vec<f32>, SampleError> {
        let n = self.config.num_places();
        let mut bits = Vec::with_capacity(codes.len());
        for (codes, class) in codes.chunks_exact(n).zip(classes) {
            bits.extend(match self.config.mask() {
                None => self.image_bits(codes, *class, None)?,
                Some(mask) => self.masked_bits(codes, *class, mask)?,
            });
        }
        Ok(bits)
    }

    /// How many bits every code of an image takes, given a text if there is one.
    ///
    /// # Shapes
    /// - `codes`, result: `[places]`; `text`: `[text_places]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn image_bits(
        &mut self,
        codes: &[u32],
        class: Option<u32>,
        text: Option<&[u32]>,
    ) -> Result<Vec<f32>, SampleError> {
        let known: Vec<Option<u32>> = codes.iter().map(|&code| Some(code)).collect();
        let options = Options { class, ..Options::default() };
        let course = Course::image(&self.config, &options, text, &known);
        self.bits_along(&course)
    }

    /// How many bits every token of a text takes, given its image or, without `codes`, alone.
    ///
    /// # Shapes
    /// - `text`, result: `[text_places]`; `codes`: `[places]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn text_bits(
        &mut self,
        text: &[u32],
        codes: Option<&[u32]>,
    ) -> Result<Vec<f32>, SampleError> {
        let course = Course::text_given(&self.config, text, codes);
        self.bits_along(&course)
    }

    /// The bits of what a course tells, all of which is given.
    fn bits_along(&mut self, course: &Course) -> Result<Vec<f32>, SampleError> {
        let given: Vec<u32> = course.given[0].iter().map(|token| token.unwrap_or(0)).collect();
        let before = &given[..given.len() - 1];
        let tokens = [&[course.starts[0]], before].concat();
        let rows: Vec<u32> = course.places.iter().map(|place| place.row as u32).collect();
        let logits = self.logits_at(&[tokens], &rows)?;
        let t = self.config.transformer().places;
        let told = course.told.clone();
        Ok(told
            .map(|place| {
                let of_place: Vec<f32> =
                    logits.row(0)[place..].iter().step_by(t).copied().collect();
                let Place { first, count, .. } = course.places[place];
                bits_of(&of_place[first..first + count], given[place] as usize - first)
            })
            .collect())
    }

    /// The bits of codes of which each is hidden in turn.
    fn masked_bits(
        &mut self,
        codes: &[u32],
        class: Option<u32>,
        mask: u32,
    ) -> Result<Vec<f32>, SampleError> {
        let (start, k) = (self.config.start(class), self.config.num_codes());
        let mut bits = Vec::with_capacity(codes.len());
        let places: Vec<usize> = (0..codes.len()).collect();
        for places in places.chunks(self.sequences_at_once()) {
            let hidden = places.iter().map(|&place| {
                let mut tokens = [&[start], codes].concat();
                tokens[place + 1] = mask;
                tokens
            });
            let logits = self.logits(&hidden.collect::<Vec<_>>())?;
            let t = logits.row_len() / k;
            for (row, &place) in places.iter().enumerate() {
                let of_place: Vec<f32> =
                    logits.row(row)[place + 1..].iter().step_by(t).copied().collect();
                bits.push(bits_of(&of_place, codes[place] as usize));
            }
        }
        Ok(bits)
    }

    /// How many whole sequences are run together, so that what is told of them stays small: at least one.
    fn sequences_at_once(&self) -> usize {
        let transformer = self.config.transformer();
        let of_one = transformer.outputs * transformer.places;
        (MOST_LOGITS / of_one.max(1)).max(1)
    }

    /// The first token with the class and without it, and whether both are needed.
    fn starts(&self, options: &Options) -> ([u32; 2], bool) {
        let starts = [options.class, None].map(|class| self.config.start(class));
        let is_guided = (options.guidance - 1.0).abs() > f32::EPSILON && starts[0] != starts[1];
        (starts, is_guided)
    }

    /// What the transformer tells of whole sequences whose places lie in order, `[b, k, 1, t]`.
    fn logits(&mut self, sequences: &[Vec<u32>]) -> Result<Array, SampleError> {
        let rows: Vec<u32> = (0..self.config.transformer().places as u32).collect();
        self.logits_at(sequences, &rows)
    }

    /// The same of places with these rows in the table of positions.
    fn logits_at(&mut self, sequences: &[Vec<u32>], rows: &[u32]) -> Result<Array, SampleError> {
        let transformer = self.config.transformer();
        let runner = match &mut self.sequence {
            Some(runner) => runner,
            none => {
                let graph = transformer.sequence(&self.tensors)?;
                none.insert(prepared(&graph, self.engine, self.gpu.as_ref())?)
            }
        };
        let t = transformer.places;
        let mut input = Vec::with_capacity(sequences.len() * 2 * t);
        for tokens in sequences {
            input.extend(tokens.iter().map(|&token| token as f32));
            input.extend(rows.iter().map(|&row| row as f32));
        }
        let input = Array::new([sequences.len(), 2, t], input).expect("tokens and places");
        Ok(output(runner.run(&input)?, "logits"))
    }

    /// One more token of each sequence; see [`crate::graph::lower::transformer::TransformerConfig::step`].
    fn step(&mut self, streams: usize) -> Result<&mut Runner, SampleError> {
        let runner = &mut self.steps[streams - 1];
        Ok(match runner {
            Some(runner) => runner,
            none => {
                let graph = self.config.transformer().step(&self.tensors, streams)?;
                none.insert(prepared(&graph, self.engine, self.gpu.as_ref())?)
            }
        })
    }
}

/// A network that is ready to run.
///
/// # Errors
/// When the engine cannot run here.
pub fn prepared(
    graph: &Graph,
    engine: EngineKind,
    gpu: Option<&Gpu>,
) -> Result<Runner, EngineError> {
    // The training module is no graph: what it tells, the CPU engine tells too.
    let engine = if engine == EngineKind::Burn { EngineKind::Cpu } else { engine };
    Runner::new(engine, graph, gpu)
}

fn output(mut outputs: NamedArrays, name: &str) -> Array {
    outputs.remove(name).expect("an output of the graph")
}

/// The index that a draw among logits gives.
fn drawn_among(logits: &[f32], controls: DrawControls) -> usize {
    let params = DrawParams { items: 1, codes: logits.len() as u32, streams: 1, pad0: 0 };
    let mut index = [0.0];
    twin::draw(&params, logits, &controls.values(), &mut index);
    index[0] as usize
}

/// Minus the binary logarithm of a token's probability.
fn bits_of(logits: &[f32], token: usize) -> f32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
    (sum.ln() + most - logits[token]) / std::f32::consts::LN_2
}
