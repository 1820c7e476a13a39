//! What the card of an opened model tells.

use crate::open::{CodebookInfo, ImageInfo, Opened};
use crate::session::words;
use crate::ui::Card;

/// The card of a model.
pub(super) fn card(opened: &Opened) -> Card {
    let info = opened.info();
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("Family", info.family.to_owned());
    row("Source", source(info.source).to_owned());
    row("File", opened.path.display().to_string());
    row("Parameters", words::grouped(info.parameters));
    if let Some(run) = &opened.run {
        let of = words::grouped(run.total_steps);
        row("Updates", format!("{} of {of}", words::grouped(info.step)));
        row("Trained on", run.data.clone());
    }
    let ImageInfo { channels, height, width, range: [lo, hi] } = info.image;
    row("Images", format!("{channels}×{height}×{width}, from {lo} to {hi}"));
    let shape: Vec<String> = info.latent.shape.iter().map(ToString::to_string).collect();
    if !shape.is_empty() {
        row("Latent", format!("{}, {}", shape.join("×"), info.latent.kind));
    }
    if let Some(CodebookInfo { size, dim }) = info.codebook {
        row("Codebook", format!("{} codes of {dim}", words::grouped(size as u64)));
    }
    if let Some(quantizer) = info.quantizer {
        row("Quantizer", format!("{}, {} a vector", quantizer.method, quantizer.quantizers));
    }
    for (key, value) in &info.facts {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        row(key, value);
    }
    Card { rows, notes: info.notes }
}

/// Whose format a file has, in words.
fn source(source: &str) -> &str {
    match source {
        "zscope" => "a run of this program",
        "diffusers" => "diffusers",
        "taming" => "taming-transformers",
        "ldm" => "latent-diffusion",
        "taesd" => "TAESD",
        "described" => "a description in TOML",
        other => other,
    }
}
