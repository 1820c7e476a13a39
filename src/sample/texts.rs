//! Texts as tokens of a prior's sequences.

use std::ops::Range;
use std::path::Path;

use super::{SampleError, Sampler};
use crate::data::shapes::with_values;
use crate::formats::FormatError;
use crate::graph::lower::prior::{PriorConfig, TextConfig};
use crate::text::{END, Tokenizer};

/// The tokenizer's file, in the directory of a run that knows texts.
pub const FILE: &str = "tokenizer.json";

/// The tokenizer of a model that knows texts, from the directory of its run.
///
/// # Errors
/// When it is missing or damaged, or has other tokens than the model.
pub fn tokenizer_in(dir: &Path, text: TextConfig) -> Result<Tokenizer, FormatError> {
    let path = dir.join(FILE);
    let tokenizer = Tokenizer::load(&path)?;
    if tokenizer.vocabulary() != text.tokens {
        let found = format!("{} tokens", tokenizer.vocabulary());
        let expected = "as many as the model knows: the tokenizer.json of its own run";
        return Err(FormatError::content("cannot read a tokenizer", found, expected, &path));
    }
    Ok(tokenizer)
}

/// A text as tokens of a sequence, with its end; what does not fit is cut off.
///
/// # Shapes
/// - result: `[text_places]`
pub fn tokens_of(tokenizer: &Tokenizer, config: &PriorConfig, text: &str) -> Vec<u32> {
    config.of_text(&numbers_of(tokenizer, config.text_places(), text))
}

/// A text as `places` numbers with its end; what does not fit is cut off. Sequences have a start of their own.
pub fn numbers_of(tokenizer: &Tokenizer, places: usize, text: &str) -> Vec<u32> {
    tokenizer.encode(text, places + 1).split_off(1)
}

/// Tokens of a sequence as a text, up to its end.
pub fn text_of(tokenizer: &Tokenizer, config: &PriorConfig, tokens: &[u32]) -> String {
    tokenizer.decode(&config.to_text(&tokens[..said(config, tokens)]))
}

/// How many tokens a text has, with its end.
pub fn said(config: &PriorConfig, tokens: &[u32]) -> usize {
    let end = config.to_text(tokens).iter().position(|&token| token == END);
    end.map_or(tokens.len(), |end| end + 1)
}

/// Texts of an image, or of none, the likeliest first, each once, with the bits that it takes.
///
/// # Shapes
/// - `drawn`: `[n][text_places]`; `codes`: `[places]`
///
/// # Errors
/// When the device fails.
pub fn ranked(
    sampler: &mut Sampler,
    tokenizer: &Tokenizer,
    drawn: &[Vec<u32>],
    codes: Option<&[u32]>,
) -> Result<Vec<(String, f32)>, SampleError> {
    let mut found = Vec::new();
    for tokens in drawn {
        let bits = sampler.text_bits(tokens, codes)?;
        let config = sampler.config();
        let bits: f32 = bits[..said(config, tokens)].iter().sum();
        found.push((text_of(tokenizer, config, tokens), bits));
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found)
}

/// The words of a text and the places of each; signs between them are words, too.
///
/// # Shapes
/// - `tokens`: `[text_places]`
pub fn words_of(
    tokenizer: &Tokenizer,
    config: &PriorConfig,
    tokens: &[u32],
) -> Vec<(String, Range<usize>)> {
    let all = config.to_text(tokens);
    let end = all.iter().position(|&token| token == END).unwrap_or(all.len());
    let begins = |place: usize| {
        let spelling = tokenizer.spelling(all[place]).unwrap_or_default();
        place == 0 || spelling.starts_with(|c: char| c == ' ' || c.is_ascii_punctuation())
    };
    let starts: Vec<usize> = (0..end).filter(|&place| begins(place)).collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    let words = starts.iter().zip(ends).map(|(&start, end)| start..end);
    words.map(|at| (tokenizer.decode(&all[at.clone()]), at)).collect()
}

/// What a text that somebody gives makes of a caption. Captions of shapes take the values that the text names, in place of
/// their own. Otherwise a text that has half as many words as the caption or more stands for itself, and a shorter one
/// follows the caption.
pub fn changed(caption: &str, text: &str) -> String {
    let text = text.trim();
    let count = |text: &str| text.split_whitespace().count();
    with_values(caption, text).unwrap_or_else(|| {
        let is_whole = 2 * count(text) >= count(caption);
        if is_whole { text.to_owned() } else { format!("{caption}, {text}") }
    })
}
