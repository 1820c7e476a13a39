//! Which words the codes of an image attend to.

use super::course::Course;
use super::{SampleError, Sampler, prepared, texts};
use crate::array::Array;
use crate::text::Tokenizer;

/// What the codes of an image attend to among the words of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The words, and signs between them.
    pub words: Vec<String>,
    /// The share of attention of each word where a code is told, in each layer: `[layers][places * words]`.
    pub layers: Vec<Vec<f32>>,
    /// The share of all codes before it: `[layers][places]`. What is left is the start's, the end's and that of empty
    /// places behind it.
    pub codes: Vec<Vec<f32>>,
}

impl Words {
    /// The share of a word where a code is told, in a layer or, without one, the mean over all layers.
    pub fn share(&self, layer: Option<usize>, place: usize, word: usize) -> f32 {
        mean(&self.layers, layer, place * self.words.len() + word)
    }

    /// The share of all codes before it.
    pub fn of_codes(&self, layer: Option<usize>, place: usize) -> f32 {
        mean(&self.codes, layer, place)
    }
}

fn mean(layers: &[Vec<f32>], layer: Option<usize>, at: usize) -> f32 {
    let one = layer.and_then(|layer| layers.get(layer));
    let layers = one.map_or(layers, std::slice::from_ref);
    let sum: f32 = layers.iter().filter_map(|layer| layer.get(at)).sum();
    sum / layers.len().max(1) as f32
}

impl Sampler {
    /// Where a place looks as it tells its token, in the sequence of a text and then the codes of its image: for each
    /// layer softmax(Q Kᵀ / √d), the mean over its heads. Place p sees the start, in column 0, and in column j the
    /// token of place j - 1; nothing from its own on. Nothing of a prior that knows no texts.
    ///
    /// # Shapes
    /// - `codes`: `[places]`; `text`: `[text_places]`
    /// - result: a `[t, t]` for each layer, t the places of both
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// Never: every layer has its queries and keys.
    ///
    /// # Source
    /// Attention Is All You Need (Vaswani et al., 2017, section 3.2.1, arXiv:1706.03762).
    pub fn attention(&mut self, codes: &[u32], text: &[u32]) -> Result<Vec<Array>, SampleError> {
        if self.config.text.is_none() {
            return Ok(Vec::new());
        }
        let known: Vec<Option<u32>> = codes.iter().map(|&code| Some(code)).collect();
        let options = super::Options::default();
        let course = Course::image(&self.config, &options, Some(text), &known);
        let transformer = self.config.transformer();
        let (t, layers) = (transformer.places, transformer.layers);
        let before = course.given[0][..t - 1].iter().map(|token| token.unwrap_or(0) as f32);
        let rows = course.places.iter().map(|place| place.row as f32);
        let input = [course.starts[0] as f32].into_iter().chain(before).chain(rows).collect();
        let input = Array::new([1, 2, t], input).expect("tokens and places");
        let names = |layer: usize| ["query", "key"].map(|part| format!("blocks.{layer}.{part}"));
        let runner = match &mut self.attention {
            Some(runner) => runner,
            none => {
                let graph = transformer.sequence(&self.tensors)?;
                let names: Vec<String> = (0..layers).flat_map(names).collect();
                let outputs =
                    names.iter().filter_map(|name| Some((name.as_str(), graph.find(name)?)));
                let part = graph.part(&outputs.collect::<Vec<_>>())?;
                none.insert(prepared(&part, self.engine, self.gpu.as_ref())?)
            }
        };
        let outputs = runner.run(&input)?;
        let of_layer = |layer: usize| {
            let [query, key] = names(layer).map(|name| outputs[&name].data());
            weights([query, key], transformer.heads, t, transformer.causal)
        };
        Ok((0..layers).map(of_layer).collect())
    }

    /// What the codes of an image attend to among the words of a text.
    ///
    /// # Shapes
    /// - `codes`: `[places]`
    ///
    /// # Errors
    /// When the device fails.
    pub fn words(
        &mut self,
        tokenizer: &Tokenizer,
        codes: &[u32],
        text: &str,
    ) -> Result<Words, SampleError> {
        let tokens = texts::tokens_of(tokenizer, &self.config, text);
        let words = texts::words_of(tokenizer, &self.config, &tokens);
        let start = self.config.text_places();
        let mut told = Words {
            words: words.iter().map(|(word, _)| word.clone()).collect(),
            layers: Vec::new(),
            codes: Vec::new(),
        };
        for weights in self.attention(codes, &tokens)? {
            let sum = |place: usize, tokens: std::ops::Range<usize>| -> f32 {
                // Of the first column is the start.
                weights.row(start + place)[tokens.start + 1..=tokens.end].iter().sum()
            };
            let of_place = |place: usize| words.iter().map(move |(_, at)| (place, at.clone()));
            let places = 0..codes.len();
            let shares = places.clone().flat_map(of_place);
            told.layers.push(shares.map(|(place, at)| sum(place, at)).collect());
            told.codes.push(places.map(|place| sum(place, start..start + place)).collect());
        }
        Ok(told)
    }
}

/// The mean over heads of softmax(Q Kᵀ / √d), `[t, t]`: summed in `f64`.
///
/// # Shapes
/// - `query`, `key`: `[heads * d, t]`
fn weights([query, key]: [&[f32]; 2], heads: usize, t: usize, is_causal: bool) -> Array {
    let dim = query.len() / (heads * t);
    let scale = 1.0 / (dim as f64).sqrt();
    let mut mean = vec![0.0; t * t];
    for head in 0..heads {
        let at = |i: usize, place: usize| (head * dim + i) * t + place;
        for (place, row) in mean.chunks_exact_mut(t).enumerate() {
            let seen = if is_causal { place + 1 } else { t };
            let score = |other: usize| {
                let product = |i| f64::from(query[at(i, place)]) * f64::from(key[at(i, other)]);
                (0..dim).map(product).sum::<f64>() * scale
            };
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exps: Vec<f64> = scores.into_iter().map(|score| (score - most).exp()).collect();
            let all = exps.iter().sum::<f64>() * heads as f64;
            row.iter_mut().zip(exps).for_each(|(sum, exp)| *sum += (exp / all) as f32);
        }
    }
    Array::new([t, t], mean).expect("a square")
}
