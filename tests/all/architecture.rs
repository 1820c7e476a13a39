//! Who may import whom, read from the sources: each rule says where the thing belongs instead.

use std::fs;
use std::path::{Path, PathBuf};

/// Two lines a rule: `PART: what it must not name [+ what it may all the same]`, then the rest of
/// the sentence "src/ui/plot.rs:12 names burn, but …", which says where the thing belongs.
/// `burn`, `egui` and `wgpu` mean their whole families of crates.
const RULES: &str = "
main: zscope burn egui wgpu + zscope::app zscope::cli
  main sends the arguments to cli or app, and knows nothing else
lib: crate burn egui wgpu
  lib.rs only lists the modules
array panics picture random latest event watch codec language urgency: crate burn egui wgpu + crate::array crate::picture crate::random crate::latest crate::event crate::watch crate::language
  it is a plain type that crosses every border: convert where it is used
ui: burn wgpu crate::model crate::train crate::engine + crate::train::recipe crate::train::settings
  ui draws from &Session and returns commands: app owns what computes, and hands over plain data
ui: crate::app crate::cli + crate::app::Command crate::app::command crate::app::commands
  ui knows the commands of app and nothing else of it
cli: crate::app crate::ui egui + crate::app::run
  cli works without a window: share it through the library, or open one with app::run
open: egui wgpu crate::app crate::ui crate::cli crate::train
  open turns what a person names into a model that runs: training and windows use it, not the reverse
text: burn wgpu crate::model crate::train crate::engine crate::app crate::ui crate::cli egui
  text turns captions into numbers: what learns from them belongs in model and train
measure: burn wgpu egui crate::app crate::ui crate::cli crate::train
  measure turns an opened model and images into numbers: the command line and windows show them
sample: burn wgpu egui crate::app crate::ui crate::cli crate::train
  sample draws codes from a lowered prior: who looks at them is known elsewhere
train: wgpu
  train has a burn device of its own: what the window's device does belongs in engine
model: wgpu crate::engine crate::train
  model is burn modules alone: steps belong in train, running a lowered graph in engine
data: wgpu burn::nn burn::module crate::model crate::train crate::engine
  data turns sources into batches: networks belong in model
fused: wgpu crate::model crate::train crate::engine crate::data crate::session
  fused makes single operations fast: networks of them belong in model, shaders in engine
graph: burn wgpu crate::model crate::train crate::engine
  graph is a network as plain data: running it belongs in engine, burn modules in model
engine: crate::model crate::train
  engine runs a lowered graph and knows no model: what it needs belongs in graph
engine/twin: burn wgpu
  a twin is the specification: plain, scalar Rust
formats: burn::nn wgpu crate::model crate::train crate::engine
  formats turns files into named arrays and back: what they mean belongs in graph::lower or model
layout: burn wgpu egui crate::app crate::ui crate::cli crate::train crate::model crate::engine crate::session
  layout turns vectors into places: where they come from and who looks at them is known elsewhere
latent metrics: burn wgpu crate::model crate::train crate::engine
  this is pure mathematics on plain data: run the model elsewhere and pass the numbers in
session: burn wgpu crate::model crate::train crate::engine
  session is a reducer over events: what it should know must reach it as an event
train model data graph engine fused formats latent metrics session: crate::app crate::ui crate::cli egui
  only app, ui, cli and main face the person: what both sides need belongs below them
";

/// Parts without a border of their own: app sees every side.
const FREE: &[&str] = &["app"];

struct Rule {
    never: Vec<&'static str>,
    except: Vec<&'static str>,
    because: &'static str,
}

/// The rules for a file, by its path under `src`; nothing for a part that no rule knows.
fn rules(file: &str) -> Option<Vec<Rule>> {
    let stem = file.trim_end_matches(".rs");
    let is_in = |part: &str| stem == part || stem.starts_with(&format!("{part}/"));
    let lines: Vec<&str> = RULES.trim().lines().collect();
    let mut rules = Vec::new();
    for line in lines.chunks(2) {
        let (parts, names) = line[0].split_once(": ").expect("a rule names its parts");
        if parts.split(' ').any(is_in) {
            let (never, except) = names.split_once(" + ").unwrap_or((names, ""));
            rules.push(Rule {
                never: never.split_whitespace().collect(),
                except: except.split_whitespace().collect(),
                because: line[1].trim(),
            });
        }
    }
    (!rules.is_empty() || FREE.iter().any(|part| is_in(part))).then_some(rules)
}

/// The crates that a rule means by one name.
fn family(name: &str) -> &'static [&'static str] {
    match name {
        "burn" => &["burn", "burn_core", "burn_cubecl", "burn_store", "burn_tensor", "cubecl"],
        "egui" => &["egui", "eframe", "egui_extras", "egui_plot", "egui_tiles", "egui_wgpu"],
        "wgpu" => &["wgpu", "naga", "egui_wgpu", "eframe::wgpu", "eframe::egui_wgpu"],
        _ => &[],
    }
}

/// Whether `path` is `prefix` or lies under it.
fn lies_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// One sentence for each forbidden path in a source text; `file` is its path under `src`.
fn violations(file: &str, source: &str) -> Vec<String> {
    let Some(rules) = rules(file) else {
        return vec![format!("src/{file} is of no known part: write its rule in this test")];
    };
    let mut found = Vec::new();
    for (line, path) in paths(file, source) {
        let means = |name: &str| {
            lies_under(&path, name) || family(name).iter().any(|member| lies_under(&path, member))
        };
        for rule in &rules {
            if rule.never.iter().any(|name| means(name))
                && !rule.except.iter().any(|name| means(name))
            {
                found.push(format!("src/{file}:{line} names {path}, but {}", rule.because));
            }
        }
    }
    found
}

/// A word, `::` or another character, and the line it is on.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    text: String,
}

/// The words and signs of a source, without its comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let at = |i: usize| text.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut i, mut line) = (Vec::new(), 0, 1);
    while i < text.len() {
        let start = i;
        if at(i) == '/' && at(i + 1) == '/' {
            while i < text.len() && at(i) != '\n' {
                i += 1;
            }
        } else if at(i) == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= text.len() {
                    break;
                }
            }
        } else if at(i) == '"' {
            i = end_of_quoted(&text, i, '"');
        } else if at(i) == '\'' {
            // 'a' and '\n' are characters; 'a without a closing quote is a lifetime.
            let is_character = at(i + 1) == '\\' || at(i + 2) == '\'';
            i = if is_character { end_of_quoted(&text, i, '\'') } else { i + 1 };
        } else if is_word(at(i)) {
            while is_word(at(i)) {
                i += 1;
            }
            let word: String = text[start..i].iter().collect();
            let hashes = text[i..].iter().take_while(|&&c| c == '#').count();
            if ["r", "br", "cr"].contains(&word.as_str()) && at(i + hashes) == '"' {
                i = end_of_raw(&text, i + hashes + 1, hashes);
            } else if word == "r" && hashes == 1 {
                i += 1; // r#name is the word that follows
            } else {
                tokens.push(Token { line, text: word });
            }
        } else if at(i) == ':' && at(i + 1) == ':' {
            i += 2;
            tokens.push(Token { line, text: "::".to_owned() });
        } else {
            i += 1;
            if !at(start).is_whitespace() {
                tokens.push(Token { line, text: at(start).to_string() });
            }
        }
        line += text[start..i.min(text.len())].iter().filter(|&&c| c == '\n').count();
    }
    tokens
}

/// The place after a string or character that opens at `open`.
fn end_of_quoted(text: &[char], open: usize, quote: char) -> usize {
    let mut i = open + 1;
    while i < text.len() && text[i] != quote {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// The place after a raw string whose content begins at `start`.
fn end_of_raw(text: &[char], start: usize, hashes: usize) -> usize {
    (start..text.len())
        .find(|&i| {
            text[i] == '"' && text[i + 1..].iter().take_while(|&&c| c == '#').count() >= hashes
        })
        .map_or(text.len(), |i| i + 1 + hashes)
}

/// Every path of two or more names, and every name that a `use` brings in, with its line;
/// groups are spelt out, and `super` and `self` are resolved from the file's place.
fn paths(file: &str, source: &str) -> Vec<(usize, String)> {
    let tokens = tokens(source);
    let text = |i: usize| tokens.get(i).map_or("", |token: &Token| token.text.as_str());
    let is_name = |i: usize| text(i).starts_with(|c: char| c.is_alphabetic() || c == '_');
    let (mut found, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        // A name after `.` is a field or method; one after `>::` belongs to a type already seen.
        let follows_a_type = i >= 2 && text(i - 1) == "::" && text(i - 2) == ">";
        let is_keyword = ["use", "as", "in", "return", "dyn", "impl", "mut"].contains(&text(i));
        let is_path = is_name(i) && !is_keyword && !follows_a_type;
        if is_path && (i == 0 || text(i - 1) != ".") {
            let in_use = i >= 1 && text(i - 1) == "use" || i >= 2 && text(i - 2) == "use";
            let mut tree = Vec::new();
            i = read_tree(&tokens, i, "", &mut tree);
            tree.retain(|(_, path)| in_use || path.contains("::"));
            found.append(&mut tree);
        } else {
            i += 1;
        }
    }
    for (_, path) in &mut found {
        *path = absolute(file, path);
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` and so on from `i` under `prefix`; returns the place after it.
fn read_tree(
    tokens: &[Token],
    mut i: usize,
    prefix: &str,
    found: &mut Vec<(usize, String)>,
) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |token: &Token| token.text.as_str());
    let is_name = |i: usize| text(i).starts_with(|c: char| c.is_alphabetic() || c == '_');
    let line = tokens[i].line;
    let mut path = prefix.to_owned();
    while is_name(i) {
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(text(i));
        i += 1;
        if text(i) != "::" {
            break;
        }
        i += 1;
    }
    if text(i) == "{" && text(i - 1) == "::" {
        i += 1;
        while i < tokens.len() && text(i) != "}" {
            i = read_tree(tokens, i, &path, found);
            // What is left of an entry: `*`, `as name`, a comma.
            while i < tokens.len() && ![",", "}"].contains(&text(i)) {
                i += 1;
            }
            i += usize::from(text(i) == ",");
        }
        return i + 1;
    }
    found.push((line, path));
    i
}

/// A path from the root of the crate, for one that begins with `super` or `self`.
fn absolute(file: &str, path: &str) -> String {
    let mut module: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if ["mod", "lib", "main"].contains(&module[module.len() - 1]) {
        module.pop();
    }
    let mut names: Vec<&str> = path.split("::").collect();
    if !["self", "super"].contains(&names[0]) {
        return path.to_owned();
    }
    while let Some(&first) = names.first() {
        match first {
            "self" => {}
            "super" => {
                module.pop();
            }
            _ => break,
        }
        names.remove(0);
    }
    [&["crate"][..], &module, &names].concat().join("::")
}

/// Every Rust file under a folder, in order.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder's entry").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files.append(&mut rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}

#[test]
fn everyone_imports_only_what_is_theirs() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&src);
    assert!(files.len() > 10, "only {} files under {}", files.len(), src.display());
    let found: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let source = fs::read_to_string(path).expect("a source file is UTF-8");
            let file = path.strip_prefix(&src).expect("it was found there");
            violations(&file.to_string_lossy().replace('\\', "/"), &source)
        })
        .collect();
    assert!(found.is_empty(), "imports across a border:\n{}", found.join("\n"));
}

/// File, what must be seen in it, source.
const FORBIDDEN: &str = r##"
ui/plot.rs            | burn::tensor::Tensor | use burn::tensor::Tensor;
ui/plot.rs            | eframe::wgpu::Device | use eframe::{egui, wgpu::Device};
ui/plot.rs            | crate::engine::run   | fn f() { crate::engine::run(); }
ui/tabs/map.rs        | crate::model::Vae    | use super::super::super::model::Vae;
train/step.rs         | crate::ui::theme     | use crate::{data::Batch, ui::{self, theme}};
train/mod.rs          | egui::Ui             | fn f(ui: &mut egui::Ui) {}
data/mod.rs           | crate::model::Vae    | type T = Vec<crate::model::Vae>;
engine/plan.rs        | crate::model         | use crate::model as nets;
engine/twin/conv2d.rs | burn::prelude        | use burn::prelude::*;
graph/lower/vae.rs    | burn::tensor::Tensor | use ::burn::tensor::Tensor;
latent/mod.rs         | wgpu                 | use wgpu;
formats/pickle.rs     | burn::nn             | use burn::{nn, store::PytorchReader};
model/vae.rs          | crate::train::Step   | use crate :: train /* why */ :: Step;
cli/train.rs          | crate::app::logic    | use crate::app::logic;
picture.rs            | crate::data::Batch   | use crate::data::Batch;
main.rs               | zscope::train::run   | fn main() { zscope::train::run(); }
session/mod.rs        | crate::train::T      | const Q: char = '"'; use crate::train::T; // "
session/mod.rs        | crate::train::T      | const Q: &str = r#"""#; use crate::train::T;
session/mod.rs        | crate::train::T      | fn f<'a>(x: &'a str) -> crate::train::T<'a> {}
"##;

/// File, source in which nothing must be seen.
const ALLOWED: &str = r##"
ui/plot.rs     | use crate::session::Session; use egui::Color32; use crate::app::Command;
ui/plot.rs     | /* wgpu::Device /* crate::engine::x */ burn::nn */ //! crate::model::Vae
ui/plot.rs     | const A: &str = "burn::nn \" wgpu::x"; const B: &str = r#"crate::model::"x"#;
ui/engine.rs   | fn model(engine: u8) { self::model(engine); super::engine::model(1) }
cli/mod.rs     | fn open() { crate::app::run(); crate::train::start(); }
formats/mod.rs | use burn::store::ModuleStore;
data/mod.rs    | fn f(wgpu: u8) { let burn = wgpu; burn.model(); }
event.rs       | use std::path::PathBuf; use crate::latest::Latest;
main.rs        | fn main() { zscope::app::run(); zscope::cli::run(); }
app/mod.rs     | use crate::{engine, train, ui}; use burn::prelude::*; use wgpu::Device;
"##;

#[test]
fn forbidden_imports_are_seen() {
    for case in FORBIDDEN.trim().lines() {
        let parts: Vec<&str> = case.splitn(3, '|').map(str::trim).collect();
        let found = violations(parts[0], parts[2]);
        let wanted = format!("src/{}:1 names {}, but ", parts[0], parts[1]);
        assert!(
            found.iter().any(|sentence| sentence.starts_with(&wanted)),
            "not seen: {case}\nfound {found:?}"
        );
    }
    let third_line = violations("ui/plot.rs", "\n\nuse burn::nn;");
    assert!(third_line[0].starts_with("src/ui/plot.rs:3 "), "{third_line:?}");
    assert_eq!(violations("new/mod.rs", "").len(), 1, "a part without a rule");
}

#[test]
fn allowed_imports_comments_and_strings_pass() {
    for case in ALLOWED.trim().lines() {
        let (file, source) = case.split_once('|').expect("two columns");
        let found = violations(file.trim(), source);
        assert!(found.is_empty(), "{case}\nfound {found:?}");
    }
}
