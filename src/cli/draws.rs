//! How codes are drawn from priors: the same keys for every verb that draws.

use clap::Args;

use super::{Failure, usage};
use crate::sample::Options;

/// Draws of which the best is kept, at most.
const MOST_BEST: u64 = 256;

/// How codes are drawn, for models with a prior over them.
#[derive(Debug, Args)]
pub(super) struct DrawArgs {
    /// What logits are divided by; 0 for the most probable code everywhere [default: 1]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Draw only of the K most probable codes; 0 for all [default: 0]
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Draw only of the most probable codes, up to so much probability [default: 1]
    #[arg(long, value_name = "P")]
    top_p: Option<f32>,
    /// How far to go from no class or text towards that which is asked for and beyond; 1 for that alone [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    guidance: Option<f32>,
    /// Of so many draws of a text, keep the one that the prior finds the text likeliest of [default: 1]
    #[arg(long, value_name = "N")]
    best: Option<u64>,
    /// In how many steps a masked prior fills a picture [default: 12]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
}

impl DrawArgs {
    /// The first key that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let keys = [
            ("temperature", self.temperature.is_some()),
            ("top-k", self.top_k.is_some()),
            ("top-p", self.top_p.is_some()),
            ("guidance", self.guidance.is_some()),
            ("best", self.best.is_some()),
            ("steps", self.steps.is_some()),
        ];
        keys.into_iter().find(|(_, is_given)| *is_given).map(|(key, _)| key)
    }

    /// Of how many draws of a text the best is kept; `verb` is who asks.
    pub(super) fn best(&self, verb: &str) -> Result<u64, Failure> {
        let best = self.best.unwrap_or(1);
        if !(1..=MOST_BEST).contains(&best) {
            return Err(usage(anyhow::anyhow!(
                "{verb}: --best is {best} (expected 1 to {MOST_BEST})"
            )));
        }
        Ok(best)
    }

    /// How codes are drawn, without a class and a seed; `verb` is who asks.
    pub(super) fn options(&self, verb: &str) -> Result<Options, Failure> {
        let known = Options::default();
        let options = Options {
            temperature: self.temperature.unwrap_or(known.temperature),
            top_k: self.top_k.unwrap_or(known.top_k),
            top_p: self.top_p.unwrap_or(known.top_p),
            guidance: self.guidance.unwrap_or(known.guidance),
            steps: self.steps.unwrap_or(known.steps),
            ..known
        };
        check(verb, &options).map(|()| options)
    }
}

fn check(verb: &str, options: &Options) -> Result<(), Failure> {
    let is_amount = |value: f32| value.is_finite() && value >= 0.0;
    let wrong = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
        usage(anyhow::anyhow!("{verb}: --{key} is {found} (expected {expected})"))
    };
    if !is_amount(options.temperature) {
        return Err(wrong("temperature", &options.temperature, "0 or more"));
    }
    if !(options.top_p > 0.0 && options.top_p <= 1.0) {
        return Err(wrong("top-p", &options.top_p, "more than 0, at most 1"));
    }
    if !is_amount(options.guidance) {
        return Err(wrong("guidance", &options.guidance, "0 or more"));
    }
    if !(1..=1000).contains(&options.steps) {
        return Err(wrong("steps", &options.steps, "1 to 1000"));
    }
    Ok(())
}
