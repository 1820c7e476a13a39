//! Texts that somebody began, and the prior ends.

use super::course::Course;
use super::{OnCodes, Options, SampleError, Sampler, drawn_among};
use crate::graph::lower::prior::PriorConfig;
use crate::random::{self, Purpose};
use crate::text::{END, Tokenizer};

/// The beginning of a text, up to its last letter.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Its tokens, as those of a sequence.
    tokens: Vec<u32>,
    /// What the token behind them is one of, as the last word may be but a part; empty for any.
    next: Vec<u32>,
}

impl Begun {
    /// The beginning of a text. Of the last word every longer one counts, unless a space follows it.
    ///
    /// Pieces of which texts are spelt depend on what follows: "gre" is never a beginning of "green" where that is one
    /// piece. So the last piece may be any that begins with the last word; where there is none, the word stands as it is
    /// spelt.
    pub fn new(tokenizer: &Tokenizer, config: &PriorConfig, text: &str) -> Self {
        let spelt = |text: &str| -> Vec<u32> {
            let tokens = tokenizer.encode(text, config.text_places() + 2);
            let words = tokens.into_iter().skip(1).take_while(|&token| token != END);
            let words: Vec<u32> = words.take(config.text_places()).collect();
            config.of_text(&words)
        };
        let is_whole = text.is_empty() || text.ends_with(char::is_whitespace);
        let last = text.split_whitespace().next_back().filter(|_| !is_whole);
        if let Some(last) = last {
            let begun = format!(" {}", last.to_lowercase());
            let all = 0..tokenizer.vocabulary() as u32;
            let next: Vec<u32> = all
                .filter(|&token| token > END)
                .filter(|&token| {
                    tokenizer.spelling(token).is_some_and(|word| word.starts_with(&begun))
                })
                .collect();
            let before = spelt(text.trim_end().strip_suffix(last).unwrap_or_default());
            if !next.is_empty() && before.len() < config.text_places() {
                return Self { tokens: before, next: config.of_text(&next) };
            }
        }
        Self { tokens: spelt(text), next: Vec::new() }
    }
}

impl Sampler {
    /// Draws texts with this beginning, of an image if there is one, each as tokens of a sequence,
    /// `[count][text_places]`; nothing of a prior that knows none.
    ///
    /// # Shapes
    /// - `codes`: `[places]`
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn complete(
        &mut self,
        begun: &Begun,
        codes: Option<&[u32]>,
        options: &Options,
        [first, count]: [u64; 2],
        on_tokens: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        if self.config.text.is_none() {
            return Ok(Vec::new());
        }
        let course = Course::text(&self.config, codes);
        let known = begun.tokens.len();
        let mut text = vec![None; course.told.len()];
        text.iter_mut().zip(&begun.tokens).for_each(|(place, &token)| *place = Some(token));
        let mut rows = vec![text; count as usize];
        if !begun.next.is_empty() {
            let logits = self.logits_behind(&course, &begun.tokens)?;
            let among: Vec<f32> = begun.next.iter().map(|&token| logits[token as usize]).collect();
            for (number, row) in (first..).zip(&mut rows) {
                let n = course.told.len();
                let draws = random::uniforms(options.seed, number, Purpose::Prior, n, 0.0, 1.0);
                let controls = options.controls(draws[known], [0, among.len()]);
                row[known] = Some(begun.next[drawn_among(&among, controls)]);
            }
        }
        self.draw_rows(&course, rows, options, first, on_tokens)
    }

    /// What a course tells behind the first tokens of what it tells, `[k]`.
    fn logits_behind(&mut self, course: &Course, begun: &[u32]) -> Result<Vec<f32>, SampleError> {
        let places = self.config.transformer().places;
        let before = course.given[0][..course.told.start].iter().map(|token| token.unwrap_or(0));
        let mut tokens: Vec<u32> = [course.starts[0]].into_iter().chain(before).collect();
        tokens.extend(begun);
        let place = tokens.len() - 1;
        tokens.resize(places, 0);
        let rows: Vec<u32> = course.places.iter().map(|place| place.row as u32).collect();
        let logits = self.logits_at(&[tokens], &rows)?;
        Ok(logits.row(0)[place..].iter().step_by(places).copied().collect())
    }
}
