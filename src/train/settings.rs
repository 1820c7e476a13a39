//! The keys of a recipe: one table that the command line, config files, run directories and the window read.

use std::collections::BTreeMap;

pub use crate::event::Value;

use crate::data::corrupt::Corruption;
use crate::latent::Levels;

/// What a key accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number in a closed interval.
    Integer {
        /// Least value.
        lo: i64,
        /// Greatest value.
        hi: i64,
    },
    /// A number in a closed interval.
    Number {
        /// Least value.
        lo: f64,
        /// Greatest value.
        hi: f64,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A number in a closed interval, or one word.
    NumberOr {
        /// Least value.
        lo: f64,
        /// Greatest value.
        hi: f64,
        /// The word.
        word: &'static str,
    },
    /// Levels of finite scalar quantization such as `8,5,5,5`, or one word.
    Levels {
        /// The word.
        word: &'static str,
    },
    /// What is done to images, such as `noise:0.2`, or one word.
    Corruption {
        /// The word.
        word: &'static str,
    },
    /// Where something lies, as text, or nothing.
    Path,
}

/// One key of a recipe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Its name, as typed after `--set`.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// Its value when nothing is said.
    pub default: Default,
    /// What its number counts, or nothing.
    pub unit: &'static str,
    /// One sentence on what it does.
    pub help: &'static str,
    /// Where it comes from: a paper, or why the default is what it is.
    pub source: &'static str,
    /// Whether it may change while the model trains.
    pub live: bool,
}

/// The value of a key when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer { lo, hi } => write!(f, "a whole number from {lo} to {hi}"),
            Self::Number { lo, hi } => write!(f, "a number from {lo} to {hi}"),
            Self::Choice(words) => write!(f, "{}", words.join(" or ")),
            Self::NumberOr { lo, hi, word } => write!(f, "a number from {lo} to {hi}, or {word}"),
            Self::Levels { word } => {
                let ([lo, hi], most) = (Levels::RANGE, Levels::MOST);
                write!(f, "1 to {most} whole numbers from {lo} to {hi} such as 8,5,5,5, or {word}")
            }
            Self::Corruption { word } => write!(f, "{}, or {word}", Corruption::FORMS),
            Self::Path => write!(f, "a path, or nothing"),
        }
    }
}

impl Kind {
    /// Whether a value is one that the key accepts.
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer { lo, hi }, Value::Number(n)) => {
                n.fract() == 0.0 && (lo as f64..=hi as f64).contains(n)
            }
            (Self::Number { lo, hi } | Self::NumberOr { lo, hi, .. }, Value::Number(n)) => {
                (lo..=hi).contains(n)
            }
            (Self::Choice(words), Value::Word(w)) => words.contains(&w.as_str()),
            (Self::NumberOr { word, .. }, Value::Word(w)) => word == w,
            (Self::Levels { word }, Value::Word(w)) => word == w || Levels::from_text(w).is_some(),
            (Self::Corruption { word }, Value::Word(w)) => {
                word == w || w.parse::<Corruption>().is_ok()
            }
            (Self::Path, Value::Word(_)) => true,
            _ => false,
        }
    }
}

/// A value as JSON, whole numbers without a fraction.
pub(crate) fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            serde_json::json!(*number as i64)
        }
        _ => serde_json::json!(value),
    }
}

/// A setting was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The recipe has no such key.
    #[error("unknown key {name:?} (the keys of this recipe are {known})")]
    UnknownKey {
        /// What was given.
        name: String,
        /// All keys, comma-separated.
        known: String,
    },
    /// The key does not accept the value.
    #[error("{name} is {found} (expected {expected})")]
    Value {
        /// The key.
        name: String,
        /// What was given.
        found: String,
        /// What the key accepts.
        expected: String,
    },
    /// The text is not `key=value`.
    #[error("setting {found:?} has no value (expected key=value)")]
    Syntax {
        /// What was given.
        found: String,
    },
    /// The key is fixed once training has begun.
    #[error("{name} cannot change while training (only {live} can)")]
    Fixed {
        /// The key.
        name: String,
        /// The keys that can.
        live: String,
    },
    /// Settings that are fine one by one do not go together.
    #[error("{message}")]
    Together {
        /// What was found and expected.
        message: String,
    },
}

/// A value for every key of a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    keys: &'static [Key],
    values: BTreeMap<&'static str, Value>,
}

impl Settings {
    /// All keys at their defaults.
    pub fn defaults(keys: &'static [Key]) -> Self {
        let values = keys
            .iter()
            .map(|key| {
                let value = match key.default {
                    Default::Number(number) => Value::Number(number),
                    Default::Word(word) => Value::Word(word.to_owned()),
                };
                (key.name, value)
            })
            .collect();
        Self { keys, values }
    }

    /// The table behind the values.
    pub fn keys(&self) -> &'static [Key] {
        self.keys
    }

    /// Changes one key.
    ///
    /// # Errors
    /// When there is no such key or it does not accept the value.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), SettingError> {
        let key = self.key(name)?;
        if !key.kind.admits(&value) {
            return Err(SettingError::Value {
                name: name.to_owned(),
                found: value.to_string(),
                expected: key.kind.to_string(),
            });
        }
        self.values.insert(key.name, value);
        Ok(())
    }

    /// Changes one key while the model trains.
    ///
    /// # Errors
    /// As [`Settings::set`], and when the key is fixed once training has begun.
    pub fn set_live(&mut self, name: &str, value: impl Into<Value>) -> Result<(), SettingError> {
        if !self.key(name)?.live {
            let live: Vec<_> =
                self.keys.iter().filter(|key| key.live).map(|key| key.name).collect();
            return Err(SettingError::Fixed { name: name.to_owned(), live: live.join(", ") });
        }
        self.set(name, value.into())
    }

    /// Changes one key from a text `key=value`.
    ///
    /// # Errors
    /// When the text has another form, or as [`Settings::set`].
    pub fn set_text(&mut self, text: &str) -> Result<(), SettingError> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| SettingError::Syntax { found: text.to_owned() })?;
        let (name, value) = (name.trim(), value.trim());
        match self.key(name)?.kind {
            // A single level is no number, and a folder may be called 7.
            Kind::Levels { .. } | Kind::Corruption { .. } | Kind::Path => {
                self.set(name, Value::Word(value.to_owned()))
            }
            _ => self.set(name, Value::from_text(value)),
        }
    }

    /// A key's value, where there is such a key.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A numeric key's value; NaN for a key that holds a word, which the table rules out.
    pub fn number(&self, name: &str) -> f64 {
        match self.values.get(name) {
            Some(Value::Number(number)) => *number,
            _ => f64::NAN,
        }
    }

    /// A whole-number key's value.
    pub fn integer(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// A word key's value, empty for a key that holds a number.
    pub fn word(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// Every key with its value, by name.
    pub fn values(&self) -> &BTreeMap<&'static str, Value> {
        &self.values
    }

    fn key(&self, name: &str) -> Result<&'static Key, SettingError> {
        self.keys.iter().find(|key| key.name == name).ok_or_else(|| SettingError::UnknownKey {
            name: name.to_owned(),
            known: self.keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", "),
        })
    }
}
