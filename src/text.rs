//! Captions as numbers: byte-level BPE, trained on the captions of a data set and kept in a `tokenizer.json`.
//!
//! Nothing is unknown to it: what is no word of the vocabulary is spelt in pieces, at worst in bytes. Case does not
//! matter, nor how accents are composed, nor how much space stands between words. Knows nothing of models.
//!
//! A vocabulary follows from its merges alone: the special tokens, the 256 bytes, then what each merge makes. A file is
//! therefore read for its merges, and must be what this program would write of them; no settings of a stranger run.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::normalizers::{Lowercase, NFC, NormalizerWrapper, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, TokenizerBuilder, TokenizerImpl};

use crate::formats::{FormatError, read_text, write_whole};

/// The number of the token that fills places after the end.
pub const PAD: u32 = 0;
/// The number of the token before a caption.
pub const START: u32 = 1;
/// The number of the token after a caption.
pub const END: u32 = 2;

/// The spellings of [`PAD`], [`START`] and [`END`]. A caption that holds them holds them as letters.
const SPECIAL: [&str; 3] = ["<pad>", "<start>", "<end>"];
/// The smallest vocabulary: the special tokens and every byte.
pub const LEAST_VOCABULARY: usize = SPECIAL.len() + 256;
/// The largest vocabulary.
pub const MOST_VOCABULARY: usize = 1 << 16;
/// What is read of a caption, in characters.
pub const MOST_CHARS: usize = 4096;

/// The longest token, in bytes.
const LONGEST_TOKEN: usize = 32;
/// More than the largest vocabulary takes.
const MOST_FILE_BYTES: u64 = 32 << 20;
const READ: &str = "cannot read a tokenizer";

type Inner = TokenizerImpl<BPE, Sequence, ByteLevel, ByteLevel, ByteLevel>;

/// Texts to numbers and back.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: Inner,
}

impl Tokenizer {
    /// The tokenizer of at most `vocabulary` tokens that suits captions best; the same captions give the same one,
    /// in any order. Fewer tokens are enough for a few captions.
    ///
    /// # Panics
    /// When `vocabulary` is not in [`LEAST_VOCABULARY`]..=[`MOST_VOCABULARY`].
    pub fn train<T: AsRef<str>>(
        captions: impl Iterator<Item = T> + Send,
        vocabulary: usize,
    ) -> Self {
        let allowed = LEAST_VOCABULARY..=MOST_VOCABULARY;
        assert!(allowed.contains(&vocabulary), "a vocabulary of {vocabulary} tokens");
        let mut trainer = BpeTrainerBuilder::new()
            .show_progress(false)
            .vocab_size(vocabulary)
            .min_frequency(2)
            .max_token_length(Some(LONGEST_TOKEN))
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(special_tokens())
            .build();
        let mut inner = around(BPE::default());
        inner
            .train(&mut trainer, captions.map(|caption| tidy(caption.as_ref())))
            .expect("normalizing and splitting text cannot fail");
        inner.set_encode_special_tokens(true);
        Self { inner }
    }

    /// The number of tokens, special ones among them.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// How many places a text takes, with its start and end.
    pub fn places_of(&self, text: &str) -> usize {
        self.tokens(text).len() + 2
    }

    /// A text as `places` numbers: [`START`], its tokens, [`END`], and [`PAD`] for what is left. What does not fit is cut
    /// off before the end. An empty text is a start and an end.
    ///
    /// # Panics
    /// When there are fewer than 2 places.
    pub fn encode(&self, text: &str, places: usize) -> Vec<u32> {
        assert!(places >= 2, "{places} places have no room for a start and an end");
        let tokens = self.tokens(text).into_iter().take(places - 2);
        let mut numbers: Vec<u32> = [START].into_iter().chain(tokens).chain([END]).collect();
        numbers.resize(places, PAD);
        numbers
    }

    fn tokens(&self, text: &str) -> Vec<u32> {
        let text = tidy(text);
        if text.is_empty() {
            return Vec::new();
        }
        let encoding = self.inner.encode_fast(text, false);
        encoding.expect("normalizing and splitting text cannot fail").get_ids().to_vec()
    }

    /// The text of numbers, in lower case: special tokens, and numbers that are no tokens, are left out. Bytes that are no
    /// text, such as half of a letter that was cut off, become U+FFFD.
    pub fn decode(&self, numbers: &[u32]) -> String {
        let words: Vec<u32> = numbers.iter().copied().filter(|&number| number > END).collect();
        self.text_of(&words).trim().to_owned()
    }

    fn text_of(&self, words: &[u32]) -> String {
        self.inner.decode(words, true).expect("bytes always decode")
    }

    /// The token of a number as it is spelt, with a space before a word where it begins one; nothing for a number that is
    /// none. Bytes that are no text become U+FFFD.
    pub fn spelling(&self, number: u32) -> Option<String> {
        if let Some(special) = SPECIAL.get(number as usize) {
            return Some((*special).to_owned());
        }
        self.inner.id_to_token(number)?;
        Some(self.text_of(&[number]))
    }

    /// Its `tokenizer.json`, which the library of Hugging Face reads, too.
    pub fn to_json(&self) -> String {
        self.serialized() + "\n"
    }

    fn serialized(&self) -> String {
        self.inner.to_string(true).expect("a tokenizer serializes")
    }

    /// Writes its `tokenizer.json`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), FormatError> {
        write_whole(path, |file| file.write_all(self.to_json().as_bytes()))
    }

    /// Reads a `tokenizer.json` that [`Self::save`] wrote.
    ///
    /// # Errors
    /// When it cannot be read, is too long, or is another kind of tokenizer.
    pub fn load(path: &Path) -> Result<Self, FormatError> {
        let text = read_text(path, MOST_FILE_BYTES)?;
        Self::from_json(&text)
            .map_err(|(found, expected)| FormatError::content(READ, found, expected, path))
    }

    /// What [`Self::to_json`] gave, or what was found and what was expected.
    fn from_json(text: &str) -> Result<Self, (String, &'static str)> {
        const EXPECTED: &str = "a tokenizer.json that Zscope wrote";
        let given: Value =
            serde_json::from_str(text).map_err(|error| (format!("no JSON: {error}"), EXPECTED))?;
        let merges = given.pointer("/model/merges").and_then(Value::as_array);
        let merges = merges.ok_or_else(|| ("no list of merges".to_owned(), EXPECTED))?;
        if merges.len() > MOST_VOCABULARY {
            return Err((format!("{} merges", merges.len()), "at most 65536"));
        }
        let merges: Vec<(String, String)> = merges
            .iter()
            .map(|merge| serde_json::from_value(merge.clone()))
            .collect::<Result<_, _>>()
            .map_err(|error| (format!("a merge that is none: {error}"), "two tokens"))?;
        let tokenizer = Self::of(merges)?;
        let own: Value = serde_json::from_str(&tokenizer.to_json()).expect("it was just written");
        match difference(&given, &own) {
            Some(part) => Err((format!("another `{part}`"), EXPECTED)),
            None => Ok(tokenizer),
        }
    }

    /// The tokenizer of these merges.
    fn of(merges: Vec<(String, String)>) -> Result<Self, (String, &'static str)> {
        let mut bytes: Vec<char> = ByteLevel::alphabet().into_iter().collect();
        bytes.sort_unstable();
        let mut vocabulary: BTreeMap<String, u32> = SPECIAL
            .iter()
            .map(|&special| special.to_owned())
            .chain(bytes.into_iter().map(String::from))
            .zip(0..)
            .collect();
        for (first, second) in &merges {
            let is_part = |part: &String| vocabulary.get(part).is_some_and(|&number| number > END);
            if !is_part(first) || !is_part(second) {
                return Err((format!("a merge of {first:?} and {second:?}"), "tokens from before"));
            }
            let both = format!("{first}{second}");
            if both.chars().count() > LONGEST_TOKEN {
                return Err((format!("the token {both:?}"), "at most 32 bytes"));
            }
            let next = vocabulary.len() as u32;
            vocabulary.entry(both).or_insert(next);
        }
        if vocabulary.len() > MOST_VOCABULARY {
            return Err((format!("{} tokens", vocabulary.len()), "at most 65536"));
        }
        // Every merge was checked above; the library would panic at a bad one.
        let mut inner = around(BPE::new(vocabulary.into_iter().collect(), merges));
        inner.add_special_tokens(special_tokens()).expect("they are in the vocabulary");
        inner.set_encode_special_tokens(true);
        Ok(Self { inner })
    }
}

/// A model with all that surrounds it.
fn around(model: BPE) -> Inner {
    let normalizer =
        Sequence::new(vec![NormalizerWrapper::NFC(NFC), NormalizerWrapper::Lowercase(Lowercase)]);
    TokenizerBuilder::new()
        .with_model(model)
        .with_normalizer(Some(normalizer))
        .with_pre_tokenizer(Some(ByteLevel::new(true, true, true)))
        .with_post_processor(None)
        .with_decoder(Some(ByteLevel::new(true, true, true)))
        .build()
        .expect("it has a model")
}

fn special_tokens() -> Vec<AddedToken> {
    SPECIAL.iter().map(|&special| AddedToken::from(special, true)).collect()
}

/// Single spaces between words, and no more of them than are read.
fn tidy(text: &str) -> String {
    let start: String = text.chars().take(MOST_CHARS).collect();
    start.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first part of a file that differs.
fn difference(given: &Value, own: &Value) -> Option<String> {
    if given == own {
        return None;
    }
    let (Some(given), Some(own)) = (given.as_object(), own.as_object()) else {
        return Some("file".to_owned());
    };
    let keys = own.keys().chain(given.keys());
    keys.filter(|key| given.get(*key) != own.get(*key)).map(ToString::to_string).next()
}
