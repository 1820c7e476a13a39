//! What the card of an opened model tells.

use crate::language::{told, tr};
use crate::open::{CodebookInfo, ImageInfo, Opened, PriorInfo};
use crate::session::words;
use crate::ui::Card;

/// The card of a model.
pub(super) fn card(opened: &Opened) -> Card {
    let info = opened.info();
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row(tr!("Family"), info.family.to_owned());
    row(tr!("Source"), source(info.source).to_owned());
    row(tr!("File"), opened.path.display().to_string());
    row(tr!("Parameters"), words::grouped(info.parameters));
    if let Some(run) = &opened.run {
        let of = words::grouped(run.total_steps);
        row(tr!("Updates"), tr!("{} of {}", words::grouped(info.step), of));
        row(tr!("Trained on"), run.data.clone());
    }
    let ImageInfo { channels, height, width, range: [lo, hi] } = info.image;
    row(tr!("Images"), tr!("{}×{}×{}, from {} to {}", channels, height, width, lo, hi));
    let shape: Vec<String> = info.latent.shape.iter().map(ToString::to_string).collect();
    if !shape.is_empty() {
        row(tr!("Latent"), tr!("{}, {}", shape.join("×"), told(info.latent.kind)));
    }
    if let Some(CodebookInfo { size, dim }) = info.codebook {
        row(tr!("Codebook"), tr!("{} codes of {}", words::grouped(size as u64), dim));
    }
    if let Some(quantizer) = info.quantizer {
        let (method, count) = (told(quantizer.method), quantizer.quantizers);
        row(tr!("Quantizer"), tr!("{}, {} a vector", method, count));
    }
    if let Some(prior) = &info.prior {
        let PriorInfo { over, places, width, layers, heads, .. } = prior;
        row(tr!("Prior"), tr!("{}, over {} codes of {}", prior.order.name(), places, over));
        row(tr!("Transformer"), tr!("{} layers, {} wide, {} heads", layers, width, heads));
        if !prior.classes.is_empty() {
            row(tr!("Classes"), prior.classes.join(", "));
        }
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
        "zscope" => tr!("a run of this program"),
        "diffusers" => "diffusers",
        "taming" => "taming-transformers",
        "ldm" => "latent-diffusion",
        "taesd" => "TAESD",
        "described" => tr!("a description in TOML"),
        other => other,
    }
}
