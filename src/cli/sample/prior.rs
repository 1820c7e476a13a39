//! Codes drawn from a prior.

use std::path::Path;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::array::Array;
use crate::cli::{Failure, ModelArgs, usage};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::prior::PriorConfig;
use crate::open::{Opened, open};
use crate::sample::{Options, Sampler, places};

/// How codes are drawn, for models with a prior over them.
#[derive(Debug, Args)]
pub(super) struct PriorArgs {
    /// A run of the recipe prior over the codes of MODEL
    #[arg(long, value_name = "RUN")]
    prior: Option<String>,
    /// What logits are divided by; 0 for the most probable code everywhere
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    temperature: f32,
    /// Draw only of the K most probable codes; 0 for all
    #[arg(long, value_name = "K", default_value_t = 0)]
    top_k: usize,
    /// Draw only of the most probable codes, up to so much probability
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f32,
    /// How far to go from no class towards the class and beyond; 1 for the class alone
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    guidance: f32,
    /// In how many steps a masked prior fills a picture
    #[arg(long, value_name = "N", default_value_t = 12)]
    steps: usize,
}

impl PriorArgs {
    /// The model that has the prior: the one that is named, else MODEL itself; nothing where neither is a prior.
    pub(super) fn opened(&self, model: &Opened) -> Result<Option<Opened>, Failure> {
        let Some(path) = &self.prior else {
            let is_prior = matches!(model.model, ModelConfig::Prior(_));
            return Ok(is_prior.then(|| model.clone()));
        };
        let refused = |found: String| {
            usage(anyhow::anyhow!(
                "sample: --prior {path}: {found} (expected a run of the recipe prior over the codes of {})",
                model.path.display()
            ))
        };
        let opened = open(path)?;
        if !matches!(opened.model, ModelConfig::Prior(_)) {
            return Err(refused(format!("it is a {}", opened.model.family())));
        }
        let codebook = |opened: &Opened| {
            let codes = opened.networks.codes.as_ref()?;
            Some((codes.codebook().clone(), codes.grid()))
        };
        if codebook(&opened) != codebook(model) {
            return Err(refused("its codes are those of another model".to_owned()));
        }
        Ok(Some(opened))
    }

    /// Draws the codes of `n` images, `[n, h, w]` or `[n, q, h, w]`.
    pub(super) fn draw(
        &self,
        prior: &Opened,
        model: &ModelArgs,
        (class, seed, n): (Option<&str>, u64, usize),
    ) -> Result<Array, Failure> {
        self.check()?;
        let ModelConfig::Prior(config) = &prior.model else {
            return Err(usage(anyhow::anyhow!("sample: {} is no prior", prior.path.display())));
        };
        let options = Options {
            class: class.map(|text| class_from(text, config, &prior.path)).transpose()?,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            guidance: self.guidance,
            seed,
            steps: self.steps,
        };
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % drawn, {eta} left")
        {
            bar.set_style(style);
        }
        let mut sampler = Sampler::new(config, &prior.tensors, model.engine, None);
        let codes = sampler.draw(&options, None, [0, n as u64], &mut |_, share| {
            bar.set_position((share * 1000.0) as u64);
            true
        });
        bar.finish_and_clear();
        Ok(places::to_indices(&codes?.concat(), config.grid(), config.per_cell()))
    }

    fn check(&self) -> Result<(), Failure> {
        let is_amount = |value: f32| value.is_finite() && value >= 0.0;
        let wrong = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
            usage(anyhow::anyhow!("sample: --{key} is {found} (expected {expected})"))
        };
        if !is_amount(self.temperature) {
            return Err(wrong("temperature", &self.temperature, "0 or more"));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(wrong("top-p", &self.top_p, "more than 0, at most 1"));
        }
        if !is_amount(self.guidance) {
            return Err(wrong("guidance", &self.guidance, "0 or more"));
        }
        if !(1..=1000).contains(&self.steps) {
            return Err(wrong("steps", &self.steps, "1 to 1000"));
        }
        Ok(())
    }
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
