//! Texts as tokens of a prior's sequences.

use crate::graph::lower::prior::PriorConfig;
use crate::text::{END, Tokenizer};

/// The tokenizer's file, in the directory of a run that knows texts.
pub const FILE: &str = "tokenizer.json";

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
