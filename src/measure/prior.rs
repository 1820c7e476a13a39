//! What a prior over codes is worth: how many bits it takes for the codes of images, and what its draws look like.

use serde_json::json;

use super::{BATCH, Classifier, FEWEST, MeasureError, Measuring, Report, examined_images};
use crate::array::Array;
use crate::codec::{Codec, take};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::prior::{Order, PriorConfig};
use crate::metrics::generate::{Generation, Known, evaluate_made};
use crate::metrics::mean_entropy_bits;
use crate::sample::{Options, SampleError, Sampler, places};

impl Measuring<'_> {
    /// Adds the measures of the prior of a model, which `codec` runs.
    pub(super) fn prior(
        &mut self,
        config: &PriorConfig,
        codec: &mut dyn Codec,
        report: &mut Report,
    ) -> Result<(), MeasureError> {
        let mut sampler = Sampler::new(config, &self.opened.tensors, self.options.engine, self.gpu);
        let Options { temperature, top_k, top_p, guidance, steps, .. } = self.options.how;
        // As they were typed: 0.7 is no 0.699999988.
        let typed = |value: f32| json!(value.to_string().parse::<f64>().unwrap_or(f64::NAN));
        let [temperature, top_p, guidance] = [temperature, top_p, guidance].map(typed);
        let mut how = json!({
            "temperature": temperature, "top_k": top_k, "top_p": top_p, "guidance": guidance,
        });
        if self.options.best > 1 {
            how["best"] = json!(self.options.best);
        }
        if config.order == Order::Masked {
            how["steps"] = json!(steps);
        }
        report.json.insert("drawn".to_owned(), how);
        let counts = self.bits(&mut sampler, codec, report)?;
        if !self.is_stopped {
            self.texts(&mut sampler, codec, report)?;
        }
        let draws = self.count.min(self.options.draws as u32);
        if self.is_stopped || (draws as usize) < FEWEST {
            return Ok(());
        }
        let (real, train) = self.known(draws);
        let known = Known { held_out: &real, train: train.as_ref() };
        let Some(codes) = self.drawn(&mut sampler, draws)? else { return Ok(()) };
        let made = self.decoded(&codes, config, codec)?;
        let mut judge = self.classifier.as_mut().map(Classifier::judge);
        let (found, logits) = evaluate_made(&made, known, judge.as_mut(), BATCH)?;
        report.add(&found);
        let Generation { classes, .. } = found;
        if let Some(cover) = classes {
            report.json.insert("classes_covered".to_owned(), json!(cover.covered));
            report.classes = Some(cover.counts);
            // A classifier of other classes cannot tell which one was asked for.
            let classes = config.classes.len();
            if let Some(logits) = logits.filter(|logits| logits.row_len() == classes) {
                let right = class_accuracy(&logits, classes);
                report.json.insert("class_accuracy".to_owned(), json!(right));
            }
        }
        // The control: the same codes as often, each drawn for itself.
        let codes = self.opened.networks.codes.as_ref();
        if let Some((codes, decoder)) =
            codes.and_then(|codes| Some((codes, codes.decoder.as_ref()?)))
        {
            let (space, [h, w]) = (codes.space(), config.grid());
            let shares: Vec<f32> = counts.concat().iter().map(|&count| count as f32).collect();
            let of_image =
                |index| space.indices(&space.draw(&shares, h * w, self.options.seed, index));
            let shape = [&[draws as usize], decoder.input_shape()].concat();
            let indices = Array::new(shape, (0..u64::from(draws)).flat_map(of_image).collect())
                .map_err(|error| MeasureError::Run(error.into()))?;
            let made = self.images_of(&indices, codec)?;
            let mut judge = self.classifier.as_mut().map(Classifier::judge);
            let (control, _) = evaluate_made(&made, known, judge.as_mut(), BATCH)?;
            report.json.insert("independent_frechet".to_owned(), json!(control.frechet));
        }
        report.json.insert("draws".to_owned(), json!(draws));
        Ok(())
    }

    /// Bits for the codes of the images; how often each code came, by codebook: `[parts][k]`.
    fn bits(
        &mut self,
        sampler: &mut Sampler,
        codec: &mut dyn Codec,
        report: &mut Report,
    ) -> Result<Vec<Vec<u64>>, MeasureError> {
        let config = sampler.config().clone();
        let n = config.num_places();
        let mut counts = vec![vec![0; config.num_codes()]; config.parts()];
        let (mut bits, mut told) = (0.0, 0.0);
        let batches = Self::batches(self.count, self.progress, &mut self.is_stopped);
        for numbers in batches {
            let examined = examined_images(self.dataset, self.options.split, &numbers);
            let seen = config.range().images_from_unit(&examined.images);
            let indices = take(&mut codec.encode(&seen)?, "indices")?;
            let codes = places::of_images(&indices, config.per_cell());
            places::count(&codes, config.per_cell(), &mut counts);
            let classes: Vec<Option<u32>> = (0..numbers.len())
                .map(|row| examined.labels.as_ref().map(|labels| labels[row]))
                .collect();
            let found = sampler.bits(&codes, &classes).map_err(run_error)?;
            bits += found.iter().map(|&bits| f64::from(bits)).sum::<f64>();
            told += found.len() as f64;
        }
        if told > 0.0 {
            let bits = bits / told;
            report.json.insert("bits_per_code".to_owned(), json!(bits));
            report.json.insert("unigram_bits".to_owned(), json!(mean_entropy_bits(&counts)));
            if config.order == Order::Raster {
                let per_dim = bits * n as f64 / config.image().len() as f64;
                report.json.insert("bits_per_dim".to_owned(), json!(per_dim));
            }
        }
        Ok(counts)
    }

    /// The codes of draws, `[n * places]`, of all classes in turn where the prior knows some; nothing when it was stopped.
    fn drawn(&mut self, sampler: &mut Sampler, n: u32) -> Result<Option<Vec<u32>>, MeasureError> {
        let classes = sampler.config().classes.len() as u32;
        let (options, places) = (self.options, sampler.config().num_places());
        let mut drawn = vec![0; n as usize * places];
        for class in 0..classes.max(1) {
            let asked = Options {
                class: (classes > 0).then_some(class),
                seed: options.seed,
                ..options.how
            };
            let rows: Vec<u32> = (class..n).step_by(classes.max(1) as usize).collect();
            let first = u64::from(class) << 32;
            let progress = &mut self.progress;
            let on_codes = &mut |_: &[Vec<Option<u32>>], share: f32| {
                let done = (class as f32 + share) / classes.max(1) as f32;
                progress((done * n as f32) as u32, n)
            };
            let codes = match sampler.draw(&asked, None, [first, rows.len() as u64], on_codes) {
                Err(SampleError::Cancelled) => {
                    self.is_stopped = true;
                    return Ok(None);
                }
                codes => codes.map_err(run_error)?,
            };
            for (row, codes) in rows.into_iter().zip(codes) {
                drawn[row as usize * places..][..places].copy_from_slice(&codes);
            }
        }
        Ok(Some(drawn))
    }

    /// The images of codes in the order of places, `[n, c, h, w]` in `[0, 1]`.
    pub(super) fn decoded(
        &self,
        codes: &[u32],
        config: &PriorConfig,
        codec: &mut dyn Codec,
    ) -> Result<Array, MeasureError> {
        self.images_of(&places::to_indices(codes, config.grid(), config.per_cell()), codec)
    }

    /// The images of indices, `[n, c, h, w]` in `[0, 1]`.
    fn images_of(&self, indices: &Array, codec: &mut dyn Codec) -> Result<Array, MeasureError> {
        let n = indices.num_rows();
        let mut data = Vec::new();
        for start in (0..n).step_by(BATCH) {
            let some = indices.rows(start, n.min(start + BATCH));
            let images = take(&mut codec.decode_indices(&some)?, "image")?;
            data.extend(self.opened.range.images_to_unit(&images).into_data());
        }
        let images = Array::new(self.opened.image.batch(n), data);
        images.map_err(|error| MeasureError::Run(error.into()))
    }
}

pub(super) fn run_error(error: SampleError) -> MeasureError {
    MeasureError::Run(error.into())
}

/// The share of draws in which a classifier sees the class that was asked for: row r of the class r modulo their number.
fn class_accuracy(logits: &Array, classes: usize) -> f64 {
    let is_right = |row: usize| {
        let told = logits.row(row).iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        told.is_some_and(|(class, _)| class == row % classes)
    };
    let n = logits.num_rows();
    (0..n).filter(|&row| is_right(row)).count() as f64 / n.max(1) as f64
}
