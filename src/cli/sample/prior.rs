//! Codes drawn from a prior.

use std::path::Path;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::array::Array;
use crate::cli::{Failure, ModelArgs, usage};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::prior::PriorConfig;
use crate::open::{Opened, open};
use crate::sample::{Options, Sampler, places, texts};

/// How codes are drawn, for models with a prior over them.
#[derive(Debug, Args)]
pub(super) struct PriorArgs {
    /// A run of the recipe prior over the codes of MODEL
    #[arg(long, value_name = "RUN")]
    prior: Option<String>,
    /// Draw images of a text, with a prior that knows texts
    #[arg(long, value_name = "CAPTION", conflicts_with = "class")]
    text: Option<String>,
    /// What logits are divided by; 0 for the most probable code everywhere [default: 1]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Draw only of the K most probable codes; 0 for all [default: 0]
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Draw only of the most probable codes, up to so much probability [default: 1]
    #[arg(long, value_name = "P")]
    top_p: Option<f32>,
    /// How far to go from no class towards the class and beyond; 1 for the class alone [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    guidance: Option<f32>,
    /// In how many steps a masked prior fills a picture [default: 12]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
}

/// The images that are drawn before the next ones are begun with.
const AT_ONCE: u64 = 64;

impl PriorArgs {
    /// The model that has the prior: the one that is named, else MODEL itself; nothing where neither is a prior.
    pub(super) fn opened(&self, model: &Opened) -> Result<Option<Opened>, Failure> {
        let Some(path) = &self.prior else {
            if matches!(model.model, ModelConfig::Prior(_)) {
                return Ok(Some(model.clone()));
            }
            return match self.given() {
                Some(key) => Err(usage(anyhow::anyhow!(
                    "sample: --{key} is for draws from a prior over codes, and {} has none (expected --prior RUN, or a run of the recipe prior)",
                    model.path.display()
                ))),
                None => Ok(None),
            };
        };
        let refused = |found: String| {
            usage(anyhow::anyhow!(
                "sample: --prior {path}: {found} (expected a run of the recipe prior over the codes of {})",
                model.path.display()
            ))
        };
        let opened = open(path)?;
        let ModelConfig::Prior(config) = &opened.model else {
            return Err(refused(format!("it is a {}", opened.model.family())));
        };
        let codebook = |opened: &Opened| Some(opened.networks.codes.as_ref()?.codebook().clone());
        // Levels are the same for every network, so that the codebook alone tells too little.
        let is_same = |(name, _): &(String, Vec<usize>)| {
            let own = model.tensors.get(name);
            own.is_none_or(|own| opened.tensors.get(name) == Some(own))
        };
        let is_own = codebook(&opened) == codebook(model);
        if !is_own || !config.codes.tensors().iter().all(is_same) {
            return Err(refused("its codes are those of another model".to_owned()));
        }
        Ok(Some(opened))
    }

    /// The text, where no other prior is named.
    pub(super) fn only_text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.prior.is_none())
    }

    /// Draws the codes of `n` images, `[n, h, w]` or `[n, q, h, w]`.
    pub(super) fn draw(
        &self,
        prior: &Opened,
        model: &ModelArgs,
        (class, seed, n): (Option<&str>, u64, usize),
    ) -> Result<Array, Failure> {
        let ModelConfig::Prior(config) = &prior.model else {
            return Err(usage(anyhow::anyhow!("sample: {} is no prior", prior.path.display())));
        };
        let class = class.map(|text| class_from(text, config, &prior.path)).transpose()?;
        let options = Options { class, seed, ..self.options()? };
        let text = self.text.as_ref().map(|text| tokens_of(text, prior, config)).transpose()?;
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % drawn, {eta} left")
        {
            bar.set_style(style);
        }
        let mut sampler = Sampler::new(config, &prior.tensors, model.engine, None);
        let n = n as u64;
        let mut codes = Vec::new();
        for start in (0..n).step_by(AT_ONCE as usize) {
            let count = AT_ONCE.min(n - start);
            let drawn = sampler.draw_of(
                text.as_deref(),
                &options,
                None,
                [start, count],
                &mut |_, share| {
                    let done = start as f32 + share * count as f32;
                    bar.set_position((done / n as f32 * 1000.0) as u64);
                    true
                },
            )?;
            codes.extend(drawn.into_iter().flatten());
        }
        bar.finish_and_clear();
        Ok(places::to_indices(&codes, config.grid(), config.per_cell()))
    }

    /// The first key that is given.
    fn given(&self) -> Option<&'static str> {
        let keys = [
            ("text", self.text.is_some()),
            ("temperature", self.temperature.is_some()),
            ("top-k", self.top_k.is_some()),
            ("top-p", self.top_p.is_some()),
            ("guidance", self.guidance.is_some()),
            ("steps", self.steps.is_some()),
        ];
        keys.into_iter().find(|(_, is_given)| *is_given).map(|(key, _)| key)
    }

    /// How codes are drawn, without a class and a seed.
    fn options(&self) -> Result<Options, Failure> {
        let known = Options::default();
        let options = Options {
            temperature: self.temperature.unwrap_or(known.temperature),
            top_k: self.top_k.unwrap_or(known.top_k),
            top_p: self.top_p.unwrap_or(known.top_p),
            guidance: self.guidance.unwrap_or(known.guidance),
            steps: self.steps.unwrap_or(known.steps),
            ..known
        };
        check(&options).map(|()| options)
    }
}

/// A text as tokens of a prior that knows some.
fn tokens_of(text: &str, prior: &Opened, config: &PriorConfig) -> Result<Vec<u32>, Failure> {
    let tokenizer = prior.tokenizer()?.ok_or_else(|| {
        usage(anyhow::anyhow!(
            "sample: --text with a prior that knows no texts (expected one that was trained with text=yes): {}",
            prior.path.display()
        ))
    })?;
    Ok(texts::tokens_of(&tokenizer, config, text))
}

fn check(options: &Options) -> Result<(), Failure> {
    let is_amount = |value: f32| value.is_finite() && value >= 0.0;
    let wrong = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
        usage(anyhow::anyhow!("sample: --{key} is {found} (expected {expected})"))
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

/// The number of a class from its number or its name.
fn class_from(text: &str, config: &PriorConfig, path: &Path) -> Result<u32, Failure> {
    let names = &config.classes;
    if names.is_empty() {
        return Err(usage(anyhow::anyhow!(
            "sample: --class with a prior that knows no classes (expected one that was trained on data with classes): {}",
            path.display()
        )));
    }
    let by_name = names.iter().position(|name| name == text);
    let by_number = text.parse().ok().filter(|&number: &usize| number < names.len());
    by_name.or(by_number).map(|class| class as u32).ok_or_else(|| {
        usage(anyhow::anyhow!(
            "sample: there is no class {text:?} (expected 0 to {}, or one of {})",
            names.len() - 1,
            names.join(", ")
        ))
    })
}
