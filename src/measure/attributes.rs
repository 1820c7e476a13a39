//! Whether pictures of drawn shapes have the attributes that they should, and texts name those that pictures have.

use serde_json::{Map, Value, json};

use super::{MeasureError, Measuring, Report, examined_images};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::data::shapes::{CaptionFactors, ShapeFactors, parse_caption};
use crate::data::{Dataset, Split};
use crate::metrics::evaluate::Examined;
use crate::metrics::{AttributeScore, read_attributes};

/// Reconstructions that are read, at most.
const MOST_READ: u32 = 1000;

impl Measuring<'_> {
    /// Adds how much of what images of drawn shapes have their reconstructions have as well; nothing of other images.
    pub(super) fn score_reconstructions(
        &mut self,
        codec: &mut dyn Codec,
        report: &mut Report,
    ) -> Result<(), MeasureError> {
        let (dataset, split, opened) = (self.dataset, self.options.split, self.opened);
        if attributes_of(dataset, split, 0).is_none() {
            return Ok(());
        }
        let count = self.count.min(MOST_READ);
        let mut scores = [AttributeScore::default(); 2];
        for numbers in Self::batches(count, self.progress, &mut self.is_stopped) {
            let Examined { images, labels } = examined_images(dataset, split, &numbers);
            codec.set_classes(labels.as_deref());
            let latents = codec.encode(&opened.range.images_from_unit(&images));
            let images = take(&mut codec.decode(&take(&mut latents?, "latent")?)?, "image")?;
            let images = opened.range.images_to_unit(&images);
            for (row, &number) in numbers.iter().enumerate() {
                let Some(truth) = attributes_of(dataset, split, number) else { continue };
                let seen = read_attributes(images.row(row), opened.image);
                let seen = seen.map(|seen| seen.named()).unwrap_or_default();
                let is_held_out = dataset.is_held_out(split, number as usize);
                scores[usize::from(is_held_out)].add(&truth, &seen);
            }
        }
        add(report, "reconstruction", scores);
        Ok(())
    }

    /// Adds how much of what captions name the pictures of them have.
    ///
    /// # Shapes
    /// - `pictures`: `[n, c, h, w]` in `[0, 1]`, of the captions of the images of these `numbers`
    pub(super) fn score_pictures(
        &self,
        numbers: &[u32],
        captions: &[Option<String>],
        pictures: &Array,
        report: &mut Report,
    ) {
        let mut scores = [AttributeScore::default(); 2];
        for (row, (&image, caption)) in numbers.iter().zip(captions).enumerate() {
            let truth = caption.as_deref().and_then(|caption| parse_caption(caption).ok());
            let Some(truth) = truth else { continue };
            let seen = read_attributes(pictures.row(row), self.opened.image);
            let seen = seen.map(|seen| seen.named()).unwrap_or_default();
            scores[usize::from(self.is_held_out(image))].add(&truth, &seen);
        }
        add(report, "text_to_image", scores);
    }

    /// Adds how much of what texts name the images of these `numbers` have.
    pub(super) fn score_texts(&self, numbers: &[u32], texts: &[String], report: &mut Report) {
        let mut scores = [AttributeScore::default(); 2];
        for (&image, text) in numbers.iter().zip(texts) {
            let truth = attributes_of(self.dataset, self.options.split, image);
            let Some(truth) = truth else { continue };
            let told = parse_caption(text).unwrap_or_default();
            let score = &mut scores[usize::from(self.is_held_out(image))];
            score.add(&told, &truth);
        }
        add(report, "image_to_text", scores);
    }

    fn is_held_out(&self, image: u32) -> bool {
        self.dataset.is_held_out(self.options.split, image as usize)
    }
}

/// What a caption of an image could name, where it shows a drawn shape.
fn attributes_of(dataset: &dyn Dataset, split: Split, image: u32) -> Option<CaptionFactors> {
    let values = dataset.factor_values(split, image as usize)?;
    ShapeFactors::from_values(&values).map(|factors| CaptionFactors::of(&factors))
}

/// Whether captions tell of drawn shapes, as one of another picture may happen to do.
pub(super) fn are_of_shapes(captions: &[Option<String>]) -> bool {
    let told = captions.iter().flatten();
    let of_shapes = told.clone().filter(|caption| parse_caption(caption).is_ok()).count();
    2 * of_shapes > told.count()
}

/// The shares of attributes that are right: of combinations that training knew, then of held-out ones.
fn add(report: &mut Report, name: &str, [known, held_out]: [AttributeScore; 2]) {
    let told = |score: &AttributeScore| -> Map<String, Value> {
        let each = crate::data::shapes::Attribute::ALL.into_iter().filter_map(|attribute| {
            Some((attribute.name().to_owned(), json!(score.share(attribute)?)))
        });
        let all = [("attributes", score.share_of_all()), ("pictures", score.pictures_right())];
        let all =
            all.into_iter().filter_map(|(name, share)| Some((name.to_owned(), json!(share?))));
        each.chain(all).collect()
    };
    if let Some(share) = known.share_of_all() {
        report.json.insert(format!("{name}_attributes"), json!(share));
    }
    if let Some(share) = held_out.share_of_all() {
        report.json.insert(format!("{name}_attributes_held_out"), json!(share));
    }
    let parts = json!({"known": told(&known), "held_out": told(&held_out)});
    report.json.insert(name.to_owned(), parts);
}
