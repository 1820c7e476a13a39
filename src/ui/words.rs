//! Terms in plain words, for tooltips, and numbers for people.

use crate::language::tr;
use crate::metrics::code_use::CodeState;
use crate::session::words;
pub(super) use crate::session::words::{grouped, rounded};

/// Where a code stands, in a word.
pub(super) fn state(state: Option<CodeState>) -> &'static str {
    match state {
        None => tr!("not counted"),
        Some(CodeState::Dead) => tr!("dead"),
        Some(CodeState::Dying) => tr!("dying"),
        Some(CodeState::Used) => tr!("used"),
    }
}

/// What that means.
pub(super) fn explain_state(state: CodeState) -> &'static str {
    match state {
        CodeState::Dead => tr!("No vector of the window chose it."),
        CodeState::Dying => {
            tr!("Fewer vectors of the window chose it than a tenth of an even share.")
        }
        CodeState::Used => {
            tr!("At least a tenth of an even share of the window's vectors chose it.")
        }
    }
}

/// A measure with two digits that say something.
pub(super) fn measure(value: f32) -> String {
    if value.is_finite() { words::measure(value) } else { tr!("no number").to_owned() }
}

/// A share of a whole in per cent, with two digits that say something.
pub(super) fn percent(part: u64, whole: u64) -> String {
    format!("{} %", measure(100.0 * part as f32 / whole.max(1) as f32))
}

/// What a curve or a setting means, in a sentence or two.
pub(super) fn explain(term: &str) -> &'static str {
    match term {
        "loss" => {
            tr!(
                "What training minimises: reconstruction plus the weighted KL term, in nats an image."
            )
        }
        "reconstruction" | "eval/reconstruction_nats" => {
            tr!(
                "Negative log-likelihood of an image given its latent: how much of it the model misses, in nats."
            )
        }
        "kl" | "eval/kl_nats" => {
            tr!(
                "How far the encoder's answers lie from the prior, in nats an image: what the latent says about it."
            )
        }
        "eval/elbo_nats" => {
            tr!(
                "Evidence lower bound on held-out images, in nats: minus (reconstruction + KL). Higher is better."
            )
        }
        "commitment" => {
            tr!(
                "Mean squared distance of vectors from their codes, not weighted: how far the encoder strays from the codebook."
            )
        }
        "codebook" => {
            tr!(
                "Mean squared distance of codes from their vectors: what pulls codes to the encoder's vectors."
            )
        }
        "perplexity" => {
            tr!("How many codes, used evenly, would say as much as those of the last batch.")
        }
        "perplexity_window" | "eval/perplexity" => {
            tr!(
                "How many codes, used evenly, would say as much as those that are used: at best as many as there are."
            )
        }
        "codes_used" => tr!("Codes that at least one vector of the last batch chose."),
        "codes_used_window" => {
            tr!("Codes that at least one vector chose over the rolling window of an epoch.")
        }
        "restarts" => {
            tr!("Codes put onto a random vector of the batch, as too few vectors chose them.")
        }
        "beta" => {
            tr!(
                "Weight of the KL term. More makes dimensions independent, less makes pictures sharper."
            )
        }
        "lr" => tr!("Learning rate: the length of a step of the optimizer."),
        "sigma" => tr!("Deviation of a pixel around its reconstruction, of the pixel range."),
        "images_per_s" => tr!("Training images a second over the newest block of steps."),
        "eval/psnr_db" => {
            tr!("Peak signal-to-noise ratio of held-out reconstructions, in dB. Higher is better.")
        }
        "eval/corrupted_psnr_db" => {
            tr!(
                "Peak signal-to-noise ratio of held-out images as they are encoded, in dB: what a model that mends has to better."
            )
        }
        "eval/mse" => tr!("Mean squared error of held-out reconstructions, on pixels in [0, 1]."),
        "eval/active_units" => {
            tr!("Latent dimensions whose KL is over 0.1 nat on held-out images.")
        }
        _ if term.starts_with("kl_") => {
            tr!(
                "KL of one latent dimension, in nats. Near zero the dimension says nothing: it is dead."
            )
        }
        _ => "",
    }
}

/// A duration for people, for example `1 h 05 min`, `3 min 20 s` or `12 s`.
pub(super) fn duration(secs: f64) -> String {
    let secs = secs.clamp(0.0, 1e9).round() as u64;
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, s) => tr!("{} s", s),
        (0, m, s) => tr!("{} min {} s", m, format_args!("{s:02}")),
        (h, m, _) => tr!("{} h {} min", h, format_args!("{m:02}")),
    }
}

/// A size for people, for example `30 MB`.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", count.div_ceil(1000)),
        1_000_000..10_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{} GB", count / 1_000_000_000),
    }
}
