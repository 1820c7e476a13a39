//! What an autoencoder of images and texts is worth: whether it finds the text of an image among others, and the reverse,
//! what it paints of texts, and what it writes of pictures.

use serde_json::json;

use super::attributes::are_of_shapes;
use super::prior::run_error;
use super::{MeasureError, Measuring, Report};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::data;
use crate::engine::Runner;
use crate::graph::lower::Architecture as _;
use crate::graph::lower::multimodal::MultimodalConfig;
use crate::metrics::{RECALLED, recall};
use crate::sample::reading::{Reader, captioner};
use crate::sample::{Sampler, places, prepared, texts};
use crate::text::Tokenizer;

/// Texts and images that are searched among, at most.
const MOST: u32 = 1000;

/// Images with their texts, and what became of both.
#[derive(Default)]
struct Pairs {
    numbers: Vec<u32>,
    captions: Vec<Option<String>>,
    /// Pictures of the texts, `[n, c, h, w]` in `[0, 1]`, a batch each.
    painted: Vec<Array>,
    /// Of the images, `[n * places]`.
    codes: Vec<u32>,
    /// `[n, align]`, a batch each.
    image_points: Vec<Array>,
    text_points: Vec<Array>,
}

impl Measuring<'_> {
    /// Adds the measures of texts to those of images.
    pub(super) fn multimodal(
        &mut self,
        config: &MultimodalConfig,
        codec: &mut dyn Codec,
        report: &mut Report,
    ) -> Result<(), MeasureError> {
        let tokenizer = self.opened.tokenizer().map_err(|error| MeasureError::Run(error.into()))?;
        let Some(tokenizer) = tokenizer else { return Ok(()) };
        let pairs = self.pairs(config, &tokenizer, codec)?;
        if self.is_stopped || pairs.captions.is_empty() {
            return Ok(());
        }
        let [of_images, of_texts] =
            [&pairs.image_points, &pairs.text_points].map(|points| Array::joined(points));
        // Images that the same is said of are right for each other's text.
        let belongs = |a: usize, b: usize| pairs.captions[a] == pairs.captions[b];
        for (name, queries, answers) in [
            ("text_to_image_recall", &of_texts, &of_images),
            ("image_to_text_recall", &of_images, &of_texts),
        ] {
            for (share, most) in recall(queries, answers, belongs).into_iter().zip(RECALLED) {
                report.json.insert(format!("{name}_{most}"), json!(share));
            }
        }
        report.json.insert("searched_among".to_owned(), json!(pairs.captions.len()));
        let model = &self.opened.model;
        let Some((writer, tensors)) = captioner(model, &self.opened.tensors) else {
            return Ok(());
        };
        let mut sampler = Sampler::new(&writer, &tensors, self.options.engine, self.gpu);
        let bits = bits_of_texts(&mut sampler, &tokenizer, &pairs)?;
        report.json.insert("text_bits_given_image".to_owned(), json!(bits));
        if are_of_shapes(&pairs.captions) {
            let painted = Array::joined(&pairs.painted);
            self.score_pictures(&pairs.numbers, &pairs.captions, &painted, report);
            let codes = &pairs.codes;
            let Some(written) = self.texts_of(&mut sampler, &tokenizer, codes)? else {
                return Ok(());
            };
            self.score_texts(&pairs.numbers, &written, report);
        }
        Ok(())
    }

    fn pairs(
        &mut self,
        config: &MultimodalConfig,
        tokenizer: &Tokenizer,
        codec: &mut dyn Codec,
    ) -> Result<Pairs, MeasureError> {
        let (tensors, engine, gpu) = (&self.opened.tensors, self.options.engine, self.gpu);
        let mut reader = Reader::new(config, tensors, engine, gpu).map_err(run_error)?;
        let broken = |error: crate::graph::GraphError| MeasureError::Run(error.into());
        let align = config.lower_image_align(tensors).map_err(broken)?;
        let mut align = prepared(&align, engine, gpu).map_err(|error| run_error(error.into()))?;
        let mut pairs = Pairs::default();
        let (dataset, split) = (self.dataset, self.options.split);
        let batches = Self::batches(self.count.min(MOST), self.progress, &mut self.is_stopped);
        for numbers in batches {
            let caption = |&image: &u32| dataset.caption(split, image as usize);
            let told = numbers.into_iter().filter(|image| caption(image).is_some());
            let numbers: Vec<u32> = told.collect();
            if numbers.is_empty() {
                continue;
            }
            let images = data::batch(dataset, split, &numbers);
            let mut encoded = codec.encode(&config.range().images_from_unit(&images))?;
            let latents = take(&mut encoded, "latent")?;
            pairs.codes.extend(places::of_images(&take(&mut encoded, "indices")?, 1));
            let captions = numbers.iter().map(caption);
            let captions: Vec<Option<String>> = captions.collect();
            let of_text = |text: &Option<String>| {
                let text = text.as_deref().unwrap_or_default();
                texts::numbers_of(tokenizer, config.text.places, text)
            };
            let read: Vec<Vec<u32>> = captions.iter().map(of_text).collect();
            let mut read = reader.read(&read).map_err(run_error)?;
            let painted = take(&mut codec.decode_indices(&take(&mut read, "indices")?)?, "image")?;
            pairs.painted.push(config.range().images_to_unit(&painted));
            pairs.text_points.push(take(&mut read, "embedding")?);
            pairs.image_points.push(points_of(&mut align, &latents)?);
            pairs.numbers.extend(numbers);
            pairs.captions.extend(captions);
        }
        Ok(pairs)
    }
}

/// Bits of a text behind the codes of its image, a mean.
fn bits_of_texts(
    sampler: &mut Sampler,
    tokenizer: &Tokenizer,
    pairs: &Pairs,
) -> Result<f64, MeasureError> {
    let config = sampler.config().clone();
    let (mut sum, mut count) = (0.0, 0.0);
    for (codes, caption) in pairs.codes.chunks_exact(config.num_places()).zip(&pairs.captions) {
        let text = texts::tokens_of(tokenizer, &config, caption.as_deref().unwrap_or_default());
        let bits = sampler.text_bits(&text, Some(codes)).map_err(run_error)?;
        sum += bits[..texts::said(&config, &text)].iter().map(|&it| f64::from(it)).sum::<f64>();
        count += 1.0;
    }
    Ok(sum / f64::max(count, 1.0))
}

/// Where images lie beside texts, `[n, align]`.
fn points_of(align: &mut Runner, latents: &Array) -> Result<Array, MeasureError> {
    let mut told = align.run(latents).map_err(|error| MeasureError::Run(error.into()))?;
    Ok(take(&mut told, "embedding")?)
}
