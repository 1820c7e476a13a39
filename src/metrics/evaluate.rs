//! How well a model that encodes and decodes does on a set of images.

use serde::Serialize;

use super::code_use::{codes_used, perplexity};
use super::generate::Judge;
use super::{
    Gaussian, KlPerDim, Mean, SHARPNESS_LEAST_PX, SampleError, bernoulli_nats_from_logits,
    frechet_distance, gaussian_nats, laplacian_variance, ms_ssim, mse, psnr_db, psnr_db_from_mse,
    ssim,
};
use crate::array::{Array, NamedArrays};
use crate::codec::{Codec, CodecError, take};
use crate::data::corrupt::Corruption;
use crate::picture::{ImageShape, PixelLikelihood, ValueRange};
use crate::random::{Purpose, normals};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluateOptions {
    /// Seed of the one sample z ~ q that each image gets.
    pub seed: u64,
    /// The pixel distribution of a VAE; nothing for other families.
    pub likelihood: Option<PixelLikelihood>,
    /// The range of the model's pixels.
    pub range: ValueRange,
    /// What is done to images before they are encoded, each by its place among them (see
    /// [`Corruption::apply_to_held_out`]), while reconstructions are compared with the clean ones.
    pub corruption: Option<Corruption>,
    /// Whether to measure what takes longer than all the rest: structural similarity, and how the set of all
    /// reconstructions stands beside that of the images.
    pub in_depth: bool,
}

/// Images that a model is measured on.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// The images, `[b, c, h, w]` in `[0, 1]`.
    pub images: Array,
    /// The class of each, where they have some.
    pub labels: Option<Vec<u32>>,
}

impl From<Array> for Examined {
    /// As they are, of no known class.
    fn from(images: Array) -> Self {
        Self { images, labels: None }
    }
}

impl Examined {
    /// Those from `start` to before `end`.
    #[must_use]
    pub fn rows(&self, start: usize, end: usize) -> Self {
        Self {
            images: self.images.rows(start, end),
            labels: self.labels.as_ref().map(|labels| labels[start..end].to_vec()),
        }
    }
}

/// What was measured; means over all images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// How many images.
    pub images: u64,
    /// Images with a measure that is no number, left out of its mean.
    pub skipped: u64,
    /// Mean squared error over all pixels, on `[0, 1]`.
    pub mse: f64,
    /// Mean of each image's PSNR, in dB.
    pub psnr_db: f64,
    /// The same of what was encoded, where that was spoilt: what a model that mends has to better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupted_psnr_db: Option<f64>,
    /// Mean of each image's SSIM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssim: Option<f64>,
    /// Mean of each image's MS-SSIM, over as many scales as fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_ssim: Option<f64>,
    /// Mean variance of the Laplacian of reconstructions over that of the images; below 1 where they are blurred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconstruction_sharpness: Option<f64>,
    /// Fréchet distance between features of all reconstructions and of all images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconstruction_frechet: Option<f64>,
    /// The terms of the evidence lower bound, for VAE families.
    #[serde(flatten)]
    pub elbo: Option<Elbo>,
    /// The use of the codebook, for families that have one.
    #[serde(flatten)]
    pub codebook: Option<CodebookMeasures>,
}

/// How a codebook was used by everything that was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CodebookMeasures {
    /// Codes.
    pub codebook_size: usize,
    /// Codes that at least one vector chose.
    pub codes_used: usize,
    /// exp of the entropy of use.
    pub perplexity: f64,
    /// Mean squared difference of vectors, as they are compared with codes, from what their codes stand for, over
    /// all values.
    pub quantization_mse: f64,
}

/// The evidence lower bound and its terms, in nats an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Elbo {
    /// Negative log-likelihood of an image under one sample of its posterior.
    pub reconstruction_nats: f64,
    /// KL divergence of the posterior from the prior.
    pub kl_nats: f64,
    /// Minus the sum of the two.
    pub elbo_nats: f64,
    /// The pixel distribution.
    pub likelihood: PixelLikelihood,
    /// The KL term of every latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Dimensions whose KL is over 0.1 nat.
    pub active_units: usize,
}

impl Elbo {
    /// The share of dimensions that a posterior which has not collapsed keeps active, at least.
    pub const ALIVE: f64 = 0.25;

    /// Whether hardly any dimension tells anything of an image: the decoder has learnt to do without the latent.
    pub fn has_collapsed(&self) -> bool {
        (self.active_units as f64) < Self::ALIVE * self.kl_per_dim.len() as f64
    }
}

impl Evaluation {
    /// What a checkpoint is judged by, lower is better: the negative bound with the KL term weighted by
    /// `beta`, or the squared error for families without one.
    pub fn loss(&self, beta: f64) -> f64 {
        match &self.elbo {
            Some(elbo) => elbo.reconstruction_nats + beta * elbo.kl_nats,
            None => self.mse,
        }
    }

    /// The numbers worth a curve, with their names.
    pub fn headline(&self) -> Vec<(&'static str, f64)> {
        let mut values = vec![("mse", self.mse), ("psnr_db", self.psnr_db)];
        values.extend(self.corrupted_psnr_db.map(|psnr_db| ("corrupted_psnr_db", psnr_db)));
        let in_depth = [
            ("ssim", self.ssim),
            ("ms_ssim", self.ms_ssim),
            ("reconstruction_frechet", self.reconstruction_frechet),
            ("reconstruction_sharpness", self.reconstruction_sharpness),
        ];
        values.extend(in_depth.into_iter().filter_map(|(name, value)| Some((name, value?))));
        if let Some(elbo) = &self.elbo {
            values.push(("elbo_nats", elbo.elbo_nats));
            values.push(("reconstruction_nats", elbo.reconstruction_nats));
            values.push(("kl_nats", elbo.kl_nats));
            values.push(("active_units", elbo.active_units as f64));
        }
        if let Some(codebook) = &self.codebook {
            values.push(("perplexity", codebook.perplexity));
            values.push(("codes_used", codebook.codes_used as f64));
            values.push(("quantization_mse", codebook.quantization_mse));
        }
        values
    }
}

/// Measures a model on batches of images.
///
/// Squared error, PSNR and SSIM take the reconstruction from the mean latent; the bound takes one sample
/// an image, drawn from (seed, number of the image), so the batch size does not matter. In depth, the sets of all
/// images and of all reconstructions are compared by what `judge` says, or by pooled pixels.
///
/// # Errors
/// When there is no image or the model fails.
pub fn evaluate(
    codec: &mut dyn Codec,
    batches: impl IntoIterator<Item = Examined>,
    mut judge: Option<&mut Judge<'_>>,
    options: &EvaluateOptions,
) -> Result<Evaluation, CodecError> {
    let mut sums = Sums::default();
    for batch in batches {
        let unit = sums.add(codec, &batch, options)?;
        if options.in_depth {
            sums.sets.add(&batch.images, &unit, judge.as_deref_mut())?;
        }
    }
    if sums.images == 0 {
        return Err("evaluate: no image (expected at least one)".into());
    }
    // Where not one image gave a number, there is none to tell.
    let told = |mean: &Mean| mean.mean().unwrap_or(f64::NAN);
    let (mse, psnr_db) = (told(&sums.mse), told(&sums.psnr));
    let elbo = options.likelihood.zip(sums.reconstruction.mean()).map(|(likelihood, nats)| {
        let kl_per_dim = sums.kl.per_dim();
        let kl_nats = sums.kl.total();
        Elbo {
            reconstruction_nats: nats,
            kl_nats,
            elbo_nats: -(nats + kl_nats),
            likelihood,
            active_units: sums.kl.active_units(),
            kl_per_dim,
        }
    });
    let skipped = sums.mse.skipped().max(sums.reconstruction.skipped());
    let skipped = skipped.max(sums.quantization.skipped());
    let codebook = (!sums.usage.is_empty()).then(|| CodebookMeasures {
        codebook_size: sums.usage.len(),
        codes_used: codes_used(&sums.usage),
        perplexity: perplexity(&sums.usage),
        quantization_mse: told(&sums.quantization),
    });
    Ok(Evaluation {
        images: sums.images,
        skipped,
        mse,
        psnr_db,
        corrupted_psnr_db: sums.corrupted_psnr.mean(),
        ssim: sums.sets.ssim.mean(),
        ms_ssim: sums.sets.ms_ssim.mean(),
        reconstruction_sharpness: sums.sets.sharpness(),
        reconstruction_frechet: sums.sets.frechet()?,
        elbo,
        codebook,
    })
}

/// What is measured in depth.
#[derive(Default)]
struct Sets {
    ssim: Mean,
    ms_ssim: Mean,
    /// The variance of the Laplacian of images, then of reconstructions.
    laplacian: [Mean; 2],
    /// Features of images, then of reconstructions, row by row.
    features: [Vec<f32>; 2],
    images: usize,
}

impl Sets {
    /// Adds images and their reconstructions, `[b, c, h, w]` in `[0, 1]`.
    fn add(
        &mut self,
        images: &Array,
        made: &Array,
        mut judge: Option<&mut Judge<'_>>,
    ) -> Result<(), CodecError> {
        let shape = ImageShape::of_batch(images.shape());
        let has_edges = shape.height.min(shape.width) >= SHARPNESS_LEAST_PX;
        for index in 0..images.num_rows() {
            let (made, original) = (made.row(index), images.row(index));
            self.ssim.add(ssim(made, original, shape));
            self.ms_ssim.add(ms_ssim(made, original, shape));
            if has_edges {
                self.laplacian[0].add(laplacian_variance(original, shape));
                self.laplacian[1].add(laplacian_variance(made, shape));
            }
        }
        for (known, set) in self.features.iter_mut().zip([images, made]) {
            known.extend(Judge::features(judge.as_deref_mut(), set)?.into_data());
        }
        self.images += images.num_rows();
        Ok(())
    }

    /// Nothing where the images have no edges.
    fn sharpness(&self) -> Option<f64> {
        let [of_images, of_made] = self.laplacian.map(|mean| mean.mean());
        of_images.filter(|&mean| mean > 0.0).zip(of_made).map(|(images, made)| made / images)
    }

    /// Nothing for fewer than two images, or where a reconstruction is no image.
    fn frechet(&self) -> Result<Option<f64>, CodecError> {
        if self.images < 2 {
            return Ok(None);
        }
        let fit = |features: &Vec<f32>| {
            let rows = Array::new([self.images, features.len() / self.images], features.clone())?;
            Ok::<_, CodecError>(Gaussian::fit(&rows))
        };
        let [of_images, of_made] = &self.features;
        match (fit(of_images)?, fit(of_made)?) {
            (Ok(images), Ok(made)) => Ok(Some(frechet_distance(&images, &made)?)),
            (_, Err(SampleError::OutOfRange { .. })) => Ok(None),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
        }
    }
}

#[derive(Default)]
struct Sums {
    images: u64,
    mse: Mean,
    psnr: Mean,
    corrupted_psnr: Mean,
    /// Empty where nothing is measured in depth.
    sets: Sets,
    reconstruction: Mean,
    kl: KlPerDim,
    quantization: Mean,
    /// How many vectors chose each code.
    usage: Vec<u64>,
}

impl Sums {
    /// Adds a batch; gives its reconstructions, `[b, c, h, w]` in `[0, 1]`.
    fn add(
        &mut self,
        codec: &mut dyn Codec,
        batch: &Examined,
        options: &EvaluateOptions,
    ) -> Result<Array, CodecError> {
        let images = &batch.images;
        codec.set_classes(batch.labels.as_deref());
        let spoilt = options.corruption.map(|how| how.apply_to_held_out(images, self.images));
        if let Some(spoilt) = &spoilt {
            let psnr_db = |index| psnr_db(spoilt.row(index), images.row(index));
            self.corrupted_psnr.extend((0..images.num_rows()).map(psnr_db));
        }
        let seen = spoilt.as_ref().unwrap_or(images);
        let mut codes = codec.encode(&options.range.images_from_unit(seen))?;
        let mean = take(&mut codes, "latent")?;
        let mut unit = take(&mut codec.decode(&mean)?, "image")?;
        if unit.shape() != images.shape() {
            let (found, expected) = (unit.shape(), images.shape());
            return Err(
                format!("reconstructions of shape {found:?} (expected {expected:?})").into()
            );
        }
        for value in unit.data_mut() {
            *value = options.range.to_unit(*value).clamp(0.0, 1.0);
        }
        for index in 0..images.num_rows() {
            let error = mse(unit.row(index), images.row(index));
            self.mse.add(error);
            self.psnr.add(psnr_db_from_mse(error));
        }
        if let Some(likelihood) = options.likelihood {
            let logvar = take(&mut codes, "logvar")?;
            self.add_bound(codec, images, &mean, &logvar, likelihood, options.seed)?;
        }
        self.add_codes(&codes, &mean);
        self.images += images.num_rows() as u64;
        Ok(unit)
    }

    /// Counts codes, where the family has them.
    fn add_codes(&mut self, codes: &NamedArrays, latent: &Array) {
        let (Some(usage), Some(quantized)) = (codes.get("usage"), codes.get("quantized")) else {
            return;
        };
        self.usage.resize(usage.data().len(), 0);
        for (sum, &count) in self.usage.iter_mut().zip(usage.data()) {
            *sum += count as u64;
        }
        let compared = codes.get("bounded").unwrap_or(latent);
        for index in 0..compared.num_rows() {
            self.quantization.add(mse(compared.row(index), quantized.row(index)));
        }
    }

    fn add_bound(
        &mut self,
        codec: &mut dyn Codec,
        images: &Array,
        mean: &Array,
        logvar: &Array,
        likelihood: PixelLikelihood,
        seed: u64,
    ) -> Result<(), CodecError> {
        let mut sample = mean.clone();
        let d = mean.row_len();
        for (index, row) in sample.data_mut().chunks_exact_mut(d).enumerate() {
            let noise = normals(seed, self.images + index as u64, Purpose::Evaluate, d);
            for ((z, logvar), noise) in row.iter_mut().zip(logvar.row(index)).zip(noise) {
                *z += (0.5 * logvar).exp() * noise;
            }
        }
        let mut outputs = codec.decode(&sample)?;
        let name = match likelihood {
            PixelLikelihood::Bernoulli => "logits",
            PixelLikelihood::Gaussian { .. } => "image",
        };
        let decoded = take(&mut outputs, name)?;
        for index in 0..images.num_rows() {
            let (found, original) = (decoded.row(index), images.row(index));
            self.reconstruction.add(match likelihood {
                PixelLikelihood::Bernoulli => bernoulli_nats_from_logits(found, original),
                PixelLikelihood::Gaussian { sigma } => gaussian_nats(found, original, sigma),
            });
        }
        self.kl.add(mean, logvar);
        Ok(())
    }
}
