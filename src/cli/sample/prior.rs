//! Codes drawn from a prior.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::array::Array;
use crate::cli::draws::DrawArgs;
use crate::cli::{Failure, ModelArgs, codec_verbs, output, usage};
use crate::codec::take;
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::prior::PriorConfig;
use crate::open::{Opened, open};
use crate::sample::{LEAST_BITS, Options, Sampler, places, texts};

/// How codes are drawn, for models with a prior over them.
#[derive(Debug, Args)]
pub(super) struct PriorArgs {
    /// A run of the recipe prior over the codes of MODEL
    #[arg(long, value_name = "RUN")]
    prior: Option<String>,
    /// Draw images of a text, with a prior that knows texts
    #[arg(long, value_name = "CAPTION", conflicts_with = "class")]
    text: Option<String>,
    /// Draw a row of images from --text to this one, all of them by the same chance
    #[arg(long, value_name = "CAPTION", requires = "text", conflicts_with = "guidance")]
    towards: Option<String>,
    /// A picture of which the images differ only as --but says, with a prior that knows texts
    #[arg(long, value_name = "FILE", requires = "but", conflicts_with_all = ["text", "class"])]
    input: Option<PathBuf>,
    /// What is to be true of --input: a caption, or the words of it that change, such as blue
    #[arg(long, value_name = "TEXT", requires = "input")]
    but: Option<String>,
    #[command(flatten)]
    how: DrawArgs,
}

/// The images that are drawn before the next ones are begun with.
const AT_ONCE: u64 = 64;

/// A text, as tokens, and the codes of a picture that stay.
type Edited = (Vec<u32>, Vec<Option<u32>>);

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
        let best = self.best()?;
        if best > 1 && (self.text.is_none() || self.towards.is_some()) {
            return Err(usage(anyhow::anyhow!(
                "sample: --best tells draws apart by their text (expected --text CAPTION, without --towards)"
            )));
        }
        let tokens = |text: &String| tokens_of(text, prior, config);
        let text = self.text.as_ref().map(tokens).transpose()?;
        let towards = self.towards.as_ref().map(tokens).transpose()?;
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % drawn, {eta} left")
        {
            bar.set_style(style);
        }
        let mut sampler = Sampler::new(config, &prior.tensors, model.engine, None);
        let edited = self.edited(&mut sampler, prior, model)?;
        let (text, known) = match &edited {
            Some((text, known)) => (Some(text), Some(known.as_slice())),
            None => (text.as_ref(), None),
        };
        let n = n as u64;
        let mut codes = Vec::new();
        // A row is one draw.
        let at_once = if towards.is_some() { n } else { AT_ONCE };
        for start in (0..n).step_by(at_once as usize) {
            let count = at_once.min(n - start);
            let on_codes = &mut |_: &[Vec<Option<u32>>], share: f32| {
                let done = start as f32 + share * count as f32;
                bar.set_position((done / n as f32 * 1000.0) as u64);
                true
            };
            let range = [start, count];
            let drawn = match (text, &towards) {
                (Some(text), Some(towards)) => {
                    sampler.draw_between([text, towards], None, &options, range, on_codes)?
                }
                (Some(text), None) if best > 1 => {
                    sampler.draw_best(text, &options, range, best, on_codes)?
                }
                (text, _) => {
                    let text = text.map(Vec::as_slice);
                    sampler.draw_of(text, &options, known, range, on_codes)?
                }
            };
            codes.extend(drawn.into_iter().flatten());
        }
        bar.finish_and_clear();
        Ok(places::to_indices(&codes, config.grid(), config.per_cell()))
    }

    /// How codes are drawn.
    pub(super) fn options(&self) -> Result<Options, Failure> {
        self.how.options("sample")
    }

    /// Of how many draws of a text the best is kept.
    pub(super) fn best(&self) -> Result<u64, Failure> {
        self.how.best("sample")
    }

    /// Whether images are a row.
    pub(super) fn is_row(&self) -> bool {
        self.towards.is_some()
    }

    /// What is to be said of the picture that is given, and those of its codes that stay.
    fn edited(
        &self,
        sampler: &mut Sampler,
        prior: &Opened,
        model: &ModelArgs,
    ) -> Result<Option<Edited>, Failure> {
        let (Some(input), Some(but)) = (&self.input, &self.but) else { return Ok(None) };
        let tokenizer = prior.tokenizer()?.ok_or_else(|| no_texts("but", prior))?;
        let (images, _) = codec_verbs::read_images(input, prior.clone())?;
        if images.num_rows() != 1 {
            return Err(usage(anyhow::anyhow!(
                "sample: --input has {} images (expected one): {}",
                images.num_rows(),
                input.display()
            )));
        }
        let mut codec = prior.codec(model.engine, None)?;
        let indices = codec.encode(&images).and_then(|mut codes| take(&mut codes, "indices"));
        let indices = indices.map_err(anyhow::Error::from_boxed)?;
        let config = sampler.config().clone();
        let codes = places::of_images(&indices, config.per_cell());
        let likeliest = Options { temperature: 0.0, ..Options::default() };
        let from = sampler.captions(&codes, &likeliest, [0, 1], &mut |_, _| true)?.concat();
        let said = texts::text_of(&tokenizer, &config, &from);
        let said_then = texts::changed(&said, but);
        let [from, to] =
            [&said, &said_then].map(|text| texts::tokens_of(&tokenizer, &config, text));
        let changed = sampler.changes(&codes, [&from, &to], LEAST_BITS)?;
        let count = changed.iter().filter(|&&is_changed| is_changed).count();
        output::note(&format!(
            "{count} of {} codes change, from {said:?} to {said_then:?}",
            codes.len()
        ));
        let stays = |(code, is_changed): (u32, bool)| (!is_changed).then_some(code);
        Ok(Some((to, codes.into_iter().zip(changed).map(stays).collect())))
    }

    /// The first key that is given.
    fn given(&self) -> Option<&'static str> {
        let keys = [("text", self.text.is_some()), ("but", self.but.is_some())];
        let own = keys.into_iter().find(|(_, is_given)| *is_given).map(|(key, _)| key);
        own.or_else(|| self.how.given())
    }
}

/// A text as tokens of a prior that knows some.
fn tokens_of(text: &str, prior: &Opened, config: &PriorConfig) -> Result<Vec<u32>, Failure> {
    let tokenizer = prior.tokenizer()?.ok_or_else(|| no_texts("text", prior))?;
    Ok(texts::tokens_of(&tokenizer, config, text))
}

pub(super) fn no_texts(key: &str, prior: &Opened) -> Failure {
    usage(anyhow::anyhow!(
        "sample: --{key} with a prior that knows no texts (expected one that was trained with text=yes): {}",
        prior.path.display()
    ))
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
