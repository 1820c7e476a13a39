//! The language of the window: English in the code, and a file of translations for each other one.
//!
//! Texts are their own keys: `tr!("Open")` is "Open", or what the file of the window's language has for it; values go
//! where `{}` stands, or `{0}`, `{1}` in a translation that wants another order. Texts that are kept before a language
//! is known (constants, names of views) stand in `tr_later!`, and are translated by [`told`] where they are shown:
//! only the window translates, whatever layer a text comes from.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

/// A language that the window has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// As the texts stand in the code.
    #[default]
    English,
    /// 简体中文.
    SimplifiedChinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::SimplifiedChinese => "简体中文",
        }
    }

    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// The language of a tag, whatever its script and region; Chinese in traditional characters is not there.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.replace('_', "-").to_lowercase();
        let mut parts = tag.split(['-', '.', '@']);
        match parts.next() {
            Some("en") => Some(Self::English),
            Some("zh") if parts.all(|part| !["hant", "tw", "hk", "mo"].contains(&part)) => {
                Some(Self::SimplifiedChinese)
            }
            _ => None,
        }
    }

    fn translations(self) -> Option<&'static BTreeMap<String, String>> {
        static CHINESE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
            let text = include_str!("../assets/languages/zh-CN.json");
            let parsed = serde_json::from_str(text);
            parsed.inspect_err(|error| log::error!("zh-CN.json: {error}")).unwrap_or_default()
        });
        match self {
            Self::English => None,
            Self::SimplifiedChinese => Some(&CHINESE),
        }
    }
}

thread_local! {
    /// The language of the window of this thread.
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language of this thread's window.
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// Sets the language of this thread's window.
pub fn speak(language: Language) {
    SPOKEN.set(language);
}

/// A text in the language of the window; as it is where there is no translation.
pub fn told(text: &str) -> &str {
    spoken().translations().and_then(|all| all.get(text)).map_or(text, String::as_str)
}

/// A text in the language of the window, with values in it.
pub(crate) fn filled(text: &str, values: &[&dyn Display]) -> String {
    fill(told(text), values)
}

/// A text as it is, with values in it.
pub(crate) fn fill(text: &str, values: &[&dyn Display]) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut next = 0;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((place, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let place = place.parse().unwrap_or(next);
        next = place + 1;
        if let Some(value) = values.get(place) {
            out += &value.to_string();
        }
        rest = after;
    }
    out + rest
}

/// A text in the language of the window: alone as a `&'static str`, with values for its `{}` as a `String`.
macro_rules! tr {
    ($text:literal) => {
        $crate::language::told($text)
    };
    ($text:literal, $($value:expr),+ $(,)?) => {
        $crate::language::filled($text, &[$(&$value as &dyn std::fmt::Display),+])
    };
}

/// A text that is translated where it is shown.
macro_rules! tr_later {
    ($text:literal) => {
        $text
    };
}

pub(crate) use {tr, tr_later};
