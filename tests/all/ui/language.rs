//! The window in other languages: every text has a translation that takes the same values, and none is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use zscope::language::{Language, speak, spoken, told};
use zscope::ui::{Kind, Page, Pane};

use super::behaviour::painted;
use super::window::{SIZES, Window, asked, nodes, phases};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn translations() -> (String, BTreeMap<String, String>) {
    let path = root().join("assets/languages/zh-CN.json");
    let text = fs::read_to_string(path).expect("the file of translations");
    let parsed = serde_json::from_str(&text).expect("texts by texts");
    (text, parsed)
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// The text of a string literal of Rust at the beginning of `code`.
fn literal(code: &str) -> Option<String> {
    let mut letters = code.trim_start().strip_prefix('"')?.chars().peekable();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                '\n' => while letters.next_if(|letter| letter.is_whitespace()).is_some() {},
                letter => text.push(letter),
            },
            letter => text.push(letter),
        }
    }
}

/// All texts of the code that are to be translated.
fn texts() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut texts = BTreeSet::new();
    for file in files {
        let code = fs::read_to_string(file).expect("code");
        for marker in ["tr!(", "tr_later!("] {
            let uses = code.match_indices(marker).filter(|(at, _)| {
                // Other macros' names end like that, too.
                !code[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
            });
            texts.extend(uses.filter_map(|(at, _)| literal(&code[at + marker.len()..])));
        }
    }
    texts
}

/// Where values go, in order of their numbers.
fn places(text: &str) -> Vec<usize> {
    let mut next = 0;
    let mut places = Vec::new();
    for part in text.split('{').skip(1) {
        let (place, _) = part.split_once('}').expect("a closing brace");
        let at = if place.is_empty() { next } else { place.parse().expect("a number") };
        next = at + 1;
        places.push(at);
    }
    places.sort_unstable();
    places
}

fn is_chinese(letter: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&letter) || ('\u{ff00}'..='\u{ffef}').contains(&letter)
}

#[test]
fn every_text_is_translated_and_nothing_else_is() {
    let (_, translations) = translations();
    let known: BTreeSet<String> = translations.keys().cloned().collect();
    let texts = texts();
    let missing: Vec<_> = texts.difference(&known).collect();
    let left_over: Vec<_> = known.difference(&texts).collect();
    assert!(missing.is_empty(), "without a translation: {missing:#?}");
    assert!(left_over.is_empty(), "in no code: {left_over:#?}");
    assert!(!texts.is_empty(), "the texts are found");
}

#[test]
fn translations_take_the_same_values() {
    for (text, translation) in translations().1 {
        assert_eq!(places(&text), places(&translation), "{text:?}: {translation:?}");
        assert!(translation.chars().any(is_chinese), "{text:?}: {translation:?}");
    }
}

/// Sorted and each once, so that two people's additions meet in one place.
#[test]
fn the_file_is_in_order() {
    let (text, translations) = translations();
    let sorted = serde_json::to_string_pretty(&translations).expect("texts") + "\n";
    assert!(text == sorted, "zh-CN.json is not sorted by its keys, or has one twice");
}

#[test]
fn a_language_is_this_threads_own() {
    speak(Language::SimplifiedChinese);
    assert_eq!(told("The language of the window."), "窗口的语言。");
    assert_eq!(told("A text that is not there"), "A text that is not there", "stays as it is");
    let elsewhere = std::thread::spawn(spoken).join().expect("it answers");
    assert_eq!(elsewhere, Language::English, "another thread's");
    speak(Language::English);
    assert_eq!(told("The language of the window."), "The language of the window.");
}

#[test]
fn languages_by_their_tags() {
    let chinese = Some(Language::SimplifiedChinese);
    for tag in ["zh", "zh-CN", "zh_CN.UTF-8", "zh-Hans-SG", "ZH-cn"] {
        assert_eq!(Language::from_tag(tag), chinese, "{tag}");
    }
    for tag in ["en", "en-GB", "en_US.UTF-8"] {
        assert_eq!(Language::from_tag(tag), Some(Language::English), "{tag}");
    }
    for tag in ["", "C", "de-DE", "zh-TW", "zh-Hant", "zho"] {
        assert_eq!(Language::from_tag(tag), None, "{tag}");
    }
    for language in Language::ALL {
        assert_eq!(Language::from_tag(language.tag()), Some(language), "its own tag");
    }
}

/// Words that stay as they are: units, keys and curves of recipes, and names that files and the command line know.
const NAMES: [&str; 17] = [
    "arch",
    "bernoulli",
    "beta",
    "captions",
    "conv",
    "demo",
    "latest",
    "likelihood",
    "loss",
    "multimodal",
    "nats",
    "prior",
    "reconstruction",
    "seed",
    "shapes",
    "tsv",
    "vae",
];

/// What the window shows, or tells to a screen reader, with English words in it.
fn english(harness: &Harness<'_, Window>) -> BTreeSet<String> {
    let mut told = painted(harness);
    for node in nodes(harness) {
        let node = node.accesskit_node();
        for text in [node.label(), node.value()].into_iter().flatten() {
            told.push('\n');
            told += &text;
        }
    }
    let is_word = |word: &str| {
        let is_plain = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        is_plain && !NAMES.contains(&word)
    };
    // Names of curves and tensors are one word with these in it.
    let is_within = |letter: char| letter.is_ascii_alphanumeric() || "_/".contains(letter);
    let has_word = |line: &&str| line.split(|letter| !is_within(letter)).any(is_word);
    told.lines().filter(has_word).map(str::to_owned).collect()
}

#[test]
fn a_window_in_chinese_has_no_english_in_it() {
    speak(Language::SimplifiedChinese);
    let mut found = BTreeSet::new();
    let mut look = |window: Window| {
        let mut harness = window.open(SIZES[0]);
        asked(&mut harness);
        found.append(&mut english(&harness));
    };
    for pane in Pane::ALL {
        for (kind, window) in
            [(Kind::Latent, Window::full(3)), (Kind::Codes, Window::with_codes(64))]
        {
            let mut window = window;
            if pane.suits(kind) {
                window.view.dock.show(pane);
                look(window);
            }
        }
    }
    for page in [Page::Explore, Page::Evaluate, Page::Runs] {
        for (_, mut window) in phases() {
            window.view.page = page;
            look(window);
        }
    }
    speak(Language::English);
    // The library's own name for the edges of its panels.
    found.remove("Resize panel");
    assert!(found.is_empty(), "{found:#?}");
    let mut harness = Window::full(3).open(SIZES[0]);
    asked(&mut harness);
    assert!(english(&harness).len() > 20, "in English there are many");
}
