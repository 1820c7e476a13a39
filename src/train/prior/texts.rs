//! The captions of a data set as tokens.

use std::path::Path;
use std::sync::Arc;

use crate::data::{Dataset, Split};
use crate::formats::FormatError;
use crate::graph::lower::prior::{PriorConfig, TextConfig};
use crate::random::{self, Purpose};
use crate::sample::texts::{FILE, numbers_of, tokens_of};
use crate::text::{LEAST_VOCABULARY, Tokenizer};

/// Captions that a tokenizer is trained on, at most.
const MOST_CAPTIONS: usize = 20_000;

/// A tokenizer of the captions of a data set, and the places that they take.
///
/// # Errors
/// When there are none.
pub(in crate::train) fn tokenizer_of(
    dataset: &dyn Dataset,
    vocabulary: usize,
    most_places: usize,
) -> Result<(Tokenizer, TextConfig), String> {
    let count = dataset.len(Split::Train);
    let stride = count.div_ceil(MOST_CAPTIONS).max(1);
    let lone = dataset.lone_texts().iter().take(MOST_CAPTIONS).cloned();
    let captions: Vec<String> = (0..count)
        .step_by(stride)
        .filter_map(|image| dataset.caption(Split::Train, image))
        .chain(lone)
        .collect();
    if captions.is_empty() {
        return Err(
            "the images have no captions (expected shapes, or a folder with a captions.tsv)"
                .to_owned(),
        );
    }
    let tokenizer = Tokenizer::train(captions.iter(), vocabulary.max(LEAST_VOCABULARY));
    // Its own start takes a place that a sequence has already.
    let longest =
        captions.iter().map(|caption| tokenizer.places_of(caption) - 1).max().unwrap_or(1);
    let text = TextConfig { places: longest.min(most_places), tokens: tokenizer.vocabulary() };
    Ok((tokenizer, text))
}

/// The texts of images.
pub(in crate::train) struct Texts {
    tokenizer: Tokenizer,
    dataset: Arc<dyn Dataset>,
}

impl Texts {
    /// Those of a run.
    ///
    /// # Errors
    /// When its tokenizer cannot be read.
    pub(in crate::train) fn open(
        run: &Path,
        dataset: &Arc<dyn Dataset>,
    ) -> Result<Self, FormatError> {
        let tokenizer = Tokenizer::load(&run.join(FILE))?;
        Ok(Self { tokenizer, dataset: Arc::clone(dataset) })
    }

    /// The text of an image as tokens of a prior's sequence, if it has one.
    pub(super) fn of(&self, config: &PriorConfig, split: Split, image: usize) -> Option<Vec<u32>> {
        let caption = self.dataset.caption(split, image)?;
        Some(tokens_of(&self.tokenizer, config, &caption))
    }

    /// Texts of no image that are learnt beside a batch of `b` images: so many that all of them are met as often as all
    /// images.
    pub(in crate::train) fn lone(&self, b: usize, (seed, step): (u64, u64)) -> Vec<&str> {
        let all = self.dataset.lone_texts();
        let images = self.dataset.len(Split::Train).max(1);
        let count = if all.is_empty() { 0 } else { (b * all.len()).div_ceil(images).min(b) };
        let draws =
            random::uniforms(seed, step, Purpose::LoneTexts, count, 0.0, all.len().max(1) as f32);
        let chosen = draws.into_iter().filter_map(|draw| all.get(draw as usize));
        chosen.map(String::as_str).collect()
    }

    /// What spells them.
    pub(in crate::train) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The text of an image as `places` tokens with its end, if it has one.
    pub(in crate::train) fn numbers(
        &self,
        places: usize,
        split: Split,
        image: usize,
    ) -> Option<Vec<u32>> {
        let caption = self.dataset.caption(split, image)?;
        Some(numbers_of(&self.tokenizer, places, &caption))
    }
}
