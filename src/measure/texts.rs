//! What a prior over codes and texts is worth: bits of each side alone and given the other, and whether pictures have
//! what their texts say.

use serde_json::json;

use super::attributes::are_of_shapes;
use super::{MeasureError, Measuring, Report};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::graph::lower::Architecture as _;
use crate::sample::{Options, Sampler, places, texts};
use crate::text::Tokenizer;

/// Images whose bits are measured, at most: each takes a few passes of its own.
const MOST_BITS: usize = 500;

impl Measuring<'_> {
    /// Adds the measures of texts to those of a prior that knows some.
    pub(super) fn texts(
        &mut self,
        sampler: &mut Sampler,
        codec: &mut dyn Codec,
        report: &mut Report,
    ) -> Result<(), MeasureError> {
        let tokenizer = self.opened.tokenizer().map_err(|error| MeasureError::Run(error.into()))?;
        let Some(tokenizer) = tokenizer else { return Ok(()) };
        let count = self.count.min(self.options.draws as u32) as usize;
        let captions: Vec<Option<String>> =
            (0..count).map(|image| self.dataset.caption(self.options.split, image)).collect();
        let numbers: Vec<u32> = (0..count as u32).collect();
        let images = crate::data::batch(self.dataset, self.options.split, &numbers);
        let config = sampler.config().clone();
        let seen = config.range().images_from_unit(&images);
        let indices = take(&mut codec.encode(&seen)?, "indices")?;
        let codes = places::of_images(&indices, config.per_cell());
        text_bits(sampler, &tokenizer, &codes, &captions, report)?;
        // Pictures of another kind have no attributes that could be read.
        if !are_of_shapes(&captions) {
            return Ok(());
        }
        let drawn = self.pictures_of(sampler, &tokenizer, &captions, codec)?;
        let Some(drawn) = drawn else { return Ok(()) };
        self.score_pictures(&numbers, &captions, &drawn, report);
        let Some(told) = self.texts_of(sampler, &tokenizer, &codes)? else { return Ok(()) };
        self.score_texts(&numbers, &told, report);
        Ok(())
    }

    /// A picture of each text, `[n, c, h, w]` in `[0, 1]`; nothing when it was stopped.
    fn pictures_of(
        &mut self,
        sampler: &mut Sampler,
        tokenizer: &Tokenizer,
        captions: &[Option<String>],
        codec: &mut dyn Codec,
    ) -> Result<Option<Array>, MeasureError> {
        let config = sampler.config().clone();
        let options = Options { seed: self.options.seed, ..self.options.how };
        let mut codes = Vec::new();
        for (image, caption) in captions.iter().enumerate() {
            if !(self.progress)(image as u32, captions.len() as u32) {
                self.is_stopped = true;
                return Ok(None);
            }
            let text = texts::tokens_of(tokenizer, &config, caption.as_deref().unwrap_or_default());
            let range = [image as u64, 1];
            let best = self.options.best;
            let drawn = sampler.draw_best(&text, &options, range, best, &mut |_, _| true);
            codes.extend(drawn.map_err(super::prior::run_error)?.concat());
        }
        self.decoded(&codes, &config, codec).map(Some)
    }

    /// The likeliest text of each image; nothing when it was stopped.
    pub(super) fn texts_of(
        &mut self,
        sampler: &mut Sampler,
        tokenizer: &Tokenizer,
        codes: &[u32],
    ) -> Result<Option<Vec<String>>, MeasureError> {
        let config = sampler.config().clone();
        let options = Options { temperature: 0.0, ..Options::default() };
        let mut told = Vec::new();
        let count = codes.len() / config.num_places();
        for (image, codes) in codes.chunks_exact(config.num_places()).enumerate() {
            if !(self.progress)(image as u32, count as u32) {
                self.is_stopped = true;
                return Ok(None);
            }
            let tokens = sampler.captions(codes, &options, [0, 1], &mut |_, _| true);
            let tokens = tokens.map_err(super::prior::run_error)?.concat();
            told.push(texts::text_of(tokenizer, &config, &tokens));
        }
        Ok(Some(told))
    }
}

/// Bits of images and texts, alone and given the other side, each a mean over images that have both.
fn text_bits(
    sampler: &mut Sampler,
    tokenizer: &Tokenizer,
    codes: &[u32],
    captions: &[Option<String>],
    report: &mut Report,
) -> Result<(), MeasureError> {
    let config = sampler.config().clone();
    let (mut sums, mut n) = ([0.0_f64; 4], 0.0);
    let images = codes.chunks_exact(config.num_places()).zip(captions).take(MOST_BITS);
    for (codes, caption) in images {
        let Some(caption) = caption else { continue };
        let text = texts::tokens_of(tokenizer, &config, caption);
        let said = texts::said(&config, &text);
        let sum = |bits: Vec<f32>| bits.iter().map(|&bits| f64::from(bits)).sum::<f64>();
        let bits = [
            sum(sampler.image_bits(codes, None, None).map_err(super::prior::run_error)?),
            sum(sampler.image_bits(codes, None, Some(&text)).map_err(super::prior::run_error)?),
            sum(sampler.text_bits(&text, None).map_err(super::prior::run_error)?[..said].to_vec()),
            sum(sampler.text_bits(&text, Some(codes)).map_err(super::prior::run_error)?[..said]
                .to_vec()),
        ];
        sums.iter_mut().zip(bits).for_each(|(sum, bits)| *sum += bits);
        n += 1.0;
    }
    if n > 0.0 {
        let names = ["image_bits", "image_bits_given_text", "text_bits", "text_bits_given_image"];
        for (name, sum) in names.into_iter().zip(sums) {
            report.json.insert(name.to_owned(), json!(sum / n));
        }
    }
    Ok(())
}
