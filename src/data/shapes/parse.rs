//! Captions of shapes read back, in the words of the grammar and in any order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::grammar::{FORMS, PLACE_FRAMES, with_articles};
use super::{Attribute, CaptionFactors};

/// Words without a meaning of their own that people write, beside those of the forms.
const FILLERS: &str = "an image drawing coloured colored colour color shape size sized side edge corner part it this \
                       which at to near and has by over one";
/// Spellings that are read as others.
const SPELLINGS: &[(&str, &str)] =
    &[("center", "centre"), ("gray", "grey"), ("donut", "doughnut"), ("disk", "disc")];
/// The longest phrase, in words.
const LONGEST: usize = 3;
/// How many words that are not known are told of.
const MOST_UNKNOWN: usize = 20;

/// A caption that does not say what a picture of shapes can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptionError {
    /// Words that are not in the grammar.
    #[error(
        "read a caption: found {} (expected words such as {})", words.join(", "), Examples
    )]
    Unknown {
        /// The first of them, in lower case, each once.
        words: Vec<String>,
    },
    /// Two values of one attribute.
    #[error("read a caption: found {first:?} and {second:?} (expected one {})", attribute.name())]
    Twice {
        /// What there can be only one of.
        attribute: Attribute,
        /// The value that was named first, in its plain word.
        first: &'static str,
        /// The other one, in its plain word.
        second: &'static str,
    },
    /// A colour of shapes as that of the background, or the reverse.
    #[error(
        "read a caption: found {word:?} as a {role} (expected {})", words_of(*role).join(", ")
    )]
    Misplaced {
        /// What was named, in its plain word.
        word: &'static str,
        /// As what.
        role: Role,
    },
}

/// What a colour can be the colour of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The shape.
    Shape,
    /// What is behind it.
    Background,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shape => "colour of a shape",
            Self::Background => "background",
        })
    }
}

/// The colours that a role can have.
fn words_of(role: Role) -> Vec<&'static str> {
    let attribute = match role {
        Role::Shape => Attribute::Colour,
        Role::Background => Attribute::Background,
    };
    (0..attribute.num_values()).map(|value| attribute.word(value)).collect()
}

/// One word for each attribute.
struct Examples;

impl std::fmt::Display for Examples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = Attribute::ALL.map(|attribute| attribute.word(0));
        f.write_str(&words.join(", "))
    }
}

/// What a phrase stands for.
#[derive(Clone, Copy)]
enum Meaning {
    Value(Attribute, usize),
    Filler,
}

static PHRASES: LazyLock<BTreeMap<String, Meaning>> = LazyLock::new(|| {
    let mut phrases = BTreeMap::new();
    let frames = PLACE_FRAMES.iter().copied().flatten();
    for text in FORMS.iter().chain(frames).chain([&FILLERS]) {
        for word in text.split_whitespace().filter(|word| !word.contains('{')) {
            phrases.insert(word.trim_end_matches(',').to_owned(), Meaning::Filler);
        }
    }
    for attribute in Attribute::ALL {
        for value in 0..attribute.num_values() {
            for wording in attribute.wordings(value) {
                phrases.insert(wording.replace('-', " "), Meaning::Value(attribute, value));
            }
        }
    }
    phrases
});

/// A word of a caption, and whether a sign stands between it and the one before.
struct Word {
    text: String,
    apart: bool,
    /// Its letters in the caption.
    at: Range<usize>,
}

/// A phrase of a caption.
struct Phrase {
    meaning: Meaning,
    text: String,
    apart: bool,
    /// Its letters in the caption.
    at: Range<usize>,
}

/// What a caption names; an empty one names nothing. Case, space, punctuation and the order of words do not matter.
///
/// # Errors
/// When a word is not known, when an attribute has two values, or when a colour is named as that of a background that
/// has it not, or the reverse.
pub fn parse_caption(caption: &str) -> Result<CaptionFactors, CaptionError> {
    let phrases = phrases(&words(caption))?;
    let mut named = CaptionFactors::default();
    for (at, phrase) in phrases.iter().enumerate() {
        let Meaning::Value(attribute, value) = phrase.meaning else { continue };
        if let Some(role) = misplaced(&phrases, at) {
            return Err(CaptionError::Misplaced { word: attribute.word(value), role });
        }
        match named.get(attribute) {
            Some(earlier) if earlier != value => {
                return Err(CaptionError::Twice {
                    attribute,
                    first: attribute.word(earlier),
                    second: attribute.word(value),
                });
            }
            _ => named.set(attribute, Some(value)),
        }
    }
    Ok(named)
}

/// A caption with the values that other words name in place of its own, in those words. Of what it does not name, a size
/// and a colour come before the shape, if it has one, the rest at its end. Nothing where either is no caption of shapes,
/// or where the words name nothing.
pub fn with_values(caption: &str, other: &str) -> Option<String> {
    let known = parse_caption(caption).ok()?;
    let named = parse_caption(other).ok()?;
    let phrases = [caption, other].map(|text| phrases(&words(text)).unwrap_or_default());
    let values = phrases.map(|phrases| {
        let value = |phrase: Phrase| match phrase.meaning {
            Meaning::Value(attribute, _) => Some((attribute, phrase.at)),
            Meaning::Filler => None,
        };
        phrases.into_iter().filter_map(value).collect::<Vec<_>>()
    });
    let [own, others] = values;
    if named.num_named() == 0 {
        return None;
    }
    let wording = |attribute: Attribute| {
        let of_attribute = others.iter().find(|(other, _)| *other == attribute);
        of_attribute.map_or("", |(_, at)| &other[at.clone()])
    };
    let is_new = |attribute: Attribute| {
        let value = named.get(attribute);
        value.is_some() && value != known.get(attribute)
    };
    let replaced = own.iter().filter(|(attribute, _)| is_new(*attribute));
    let mut edits: Vec<(Range<usize>, String)> =
        replaced.map(|(attribute, at)| (at.clone(), wording(*attribute).to_owned())).collect();
    if let Some(at) = own.iter().position(|(attribute, _)| *attribute == Attribute::Shape) {
        let shape = own[at].1.start;
        let is_beside = |(attribute, at): &&(Attribute, Range<usize>)| {
            *attribute == Attribute::Colour && caption[at.end..shape].trim().is_empty()
        };
        let colour = own[..at].last().filter(is_beside).map_or(shape, |(_, at)| at.start);
        for (attribute, before) in [(Attribute::Colour, shape), (Attribute::Size, colour)] {
            if is_new(attribute) && known.get(attribute).is_none() {
                edits.push((before..before, format!("{} ", wording(attribute))));
            }
        }
    }
    // From the end on, so that what comes before stays where it is.
    edits.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
    let mut changed = caption.trim_end().to_owned();
    for (at, text) in edits {
        changed.replace_range(at, &text);
    }
    let has_shape = known.get(Attribute::Shape).is_some();
    for attribute in Attribute::ALL {
        let is_told = has_shape && matches!(attribute, Attribute::Colour | Attribute::Size);
        if is_new(attribute) && known.get(attribute).is_none() && !is_told {
            let on = if attribute == Attribute::Background { "on " } else { "" };
            changed = format!("{changed}, {on}{}", wording(attribute));
        }
    }
    Some(with_articles(&changed))
}

fn words(caption: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut apart = false;
    let is_sign = |c: char| c.is_ascii_punctuation() && c != '-';
    for piece in caption.split_whitespace() {
        for (i, text) in piece.split(is_sign).enumerate() {
            apart |= i > 0;
            for text in text.split('-').filter(|text| !text.is_empty()) {
                let lower = text.to_lowercase();
                let spelled = SPELLINGS.iter().find(|(other, _)| *other == lower);
                // Pieces are parts of the caption.
                let start = text.as_ptr().addr() - caption.as_ptr().addr();
                let at = start..start + text.len();
                let text = spelled.map_or(lower, |(_, text)| (*text).to_owned());
                words.push(Word { text, apart, at });
                apart = false;
            }
        }
    }
    words
}

/// The longest known phrases, one after the other.
fn phrases(words: &[Word]) -> Result<Vec<Phrase>, CaptionError> {
    let (mut phrases, mut unknown) = (Vec::new(), Vec::new());
    let mut rest = words;
    while let Some(first) = rest.first() {
        let found = (1..=LONGEST.min(rest.len())).rev().find_map(|length| {
            let words: Vec<&str> = rest[..length].iter().map(|word| word.text.as_str()).collect();
            let text = words.join(" ");
            PHRASES.get(&text).map(|&meaning| (length, meaning, text))
        });
        let Some((length, meaning, text)) = found else {
            if unknown.len() < MOST_UNKNOWN && !unknown.contains(&first.text) {
                unknown.push(first.text.clone());
            }
            rest = &rest[1..];
            continue;
        };
        let at = first.at.start..rest[length - 1].at.end;
        phrases.push(Phrase { meaning, text, apart: first.apart, at });
        rest = &rest[length..];
    }
    if unknown.is_empty() { Ok(phrases) } else { Err(CaptionError::Unknown { words: unknown }) }
}

/// As what a colour stands where it can be none.
fn misplaced(phrases: &[Phrase], at: usize) -> Option<Role> {
    let is = |phrase: &Phrase, words: &[&str]| words.contains(&phrase.text.as_str());
    let next = phrases.get(at + 1).filter(|phrase| !phrase.apart);
    match phrases[at].meaning {
        Meaning::Value(Attribute::Colour, _) => {
            let before = phrases[..at].iter().rev().find(|phrase| !is(phrase, &["a", "an", "the"]));
            let behind = before.is_some_and(|phrase| is(phrase, &["on", "against"]))
                || next.is_some_and(|phrase| is(phrase, &["background", "backdrop"]));
            behind.then_some(Role::Background)
        }
        Meaning::Value(Attribute::Background, _) => {
            let of_shape = next.is_some_and(|phrase| {
                matches!(phrase.meaning, Meaning::Value(Attribute::Shape | Attribute::Size, _))
            });
            of_shape.then_some(Role::Shape)
        }
        _ => None,
    }
}
