//! The captions of a data set as tokens.

use std::path::Path;
use std::sync::Arc;

use crate::data::{Dataset, Split};
use crate::formats::FormatError;
use crate::graph::lower::prior::{PriorConfig, TextConfig};
use crate::sample::texts::{FILE, tokens_of};
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
    let captions: Vec<String> = (0..count)
        .step_by(stride)
        .filter_map(|image| dataset.caption(Split::Train, image))
        .collect();
    if captions.is_empty() {
        return Err(
            "text is yes, but the images have no captions (expected shapes, or a folder with a captions.tsv)"
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
pub(super) struct Texts {
    tokenizer: Tokenizer,
    dataset: Arc<dyn Dataset>,
}

impl Texts {
    /// Those of a run.
    ///
    /// # Errors
    /// When its tokenizer cannot be read.
    pub(super) fn open(run: &Path, dataset: &Arc<dyn Dataset>) -> Result<Self, FormatError> {
        let tokenizer = Tokenizer::load(&run.join(FILE))?;
        Ok(Self { tokenizer, dataset: Arc::clone(dataset) })
    }

    /// The text of an image, if it has one.
    pub(super) fn of(&self, config: &PriorConfig, split: Split, image: usize) -> Option<Vec<u32>> {
        let caption = self.dataset.caption(split, image)?;
        Some(tokens_of(&self.tokenizer, config, &caption))
    }
}
