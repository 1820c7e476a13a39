//! How well a model that encodes and decodes does on a set of images.

use serde::Serialize;

use super::code_use::{codes_used, perplexity};
use super::{
    KlPerDim, Mean, bernoulli_nats_from_logits, gaussian_nats, mse, psnr_db, psnr_db_from_mse, ssim,
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
    /// Whether to measure structural similarity, which takes longer than all the rest.
    pub ssim: bool,
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
/// an image, drawn from (seed, number of the image), so the batch size does not matter.
///
/// # Shapes
/// - each batch: `[b, c, h, w]` in `[0, 1]`
///
/// # Errors
/// When there is no image or the model fails.
pub fn evaluate(
    codec: &mut dyn Codec,
    batches: impl IntoIterator<Item = Array>,
    options: &EvaluateOptions,
) -> Result<Evaluation, CodecError> {
    evaluate_mending(codec, batches, options, None)
}

/// Measures a model that mends: as [`evaluate`], but it encodes what a corruption makes of the images, each by its
/// place among them (see [`Corruption::apply_to_held_out`]), and what it decodes is compared with the clean ones.
///
/// # Shapes
/// - each batch: `[b, c, h, w]` in `[0, 1]`
///
/// # Errors
/// When there is no image or the model fails.
pub fn evaluate_mending(
    codec: &mut dyn Codec,
    batches: impl IntoIterator<Item = Array>,
    options: &EvaluateOptions,
    corruption: Option<Corruption>,
) -> Result<Evaluation, CodecError> {
    let mut sums = Sums::default();
    for images in batches {
        let seen = corruption.map(|corruption| corruption.apply_to_held_out(&images, sums.images));
        if let Some(spoilt) = &seen {
            let psnr_db = |index| psnr_db(spoilt.row(index), images.row(index));
            (0..images.num_rows())
                .map(psnr_db)
                .for_each(|psnr_db| sums.corrupted_psnr.add(psnr_db));
        }
        sums.add(codec, seen.as_ref().unwrap_or(&images), &images, options)?;
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
        ssim: sums.ssim.mean(),
        elbo,
        codebook,
    })
}

#[derive(Default)]
struct Sums {
    images: u64,
    mse: Mean,
    psnr: Mean,
    corrupted_psnr: Mean,
    ssim: Mean,
    reconstruction: Mean,
    kl: KlPerDim,
    quantization: Mean,
    /// How many vectors chose each code.
    usage: Vec<u64>,
}

impl Sums {
    /// Adds images by what becomes of them as they are `seen`.
    fn add(
        &mut self,
        codec: &mut dyn Codec,
        seen: &Array,
        images: &Array,
        options: &EvaluateOptions,
    ) -> Result<(), CodecError> {
        let mut codes = codec.encode(&options.range.images_from_unit(seen))?;
        let mean = take(&mut codes, "latent")?;
        let decoded = take(&mut codec.decode(&mean)?, "image")?;
        let &[_, c, h, w] = images.shape() else {
            return Err(
                format!("images of shape {:?} (expected [b, c, h, w])", images.shape()).into()
            );
        };
        let shape = ImageShape::new(c, h, w);
        for index in 0..images.num_rows() {
            let original = images.row(index);
            let unit: Vec<f32> = decoded
                .row(index)
                .iter()
                .map(|&value| options.range.to_unit(value).clamp(0.0, 1.0))
                .collect();
            let error = mse(&unit, original);
            self.mse.add(error);
            self.psnr.add(psnr_db_from_mse(error));
            if options.ssim {
                self.ssim.add(ssim(&unit, original, shape));
            }
        }
        if let Some(likelihood) = options.likelihood {
            let logvar = take(&mut codes, "logvar")?;
            self.add_bound(codec, images, &mean, &logvar, likelihood, options.seed)?;
        }
        self.add_codes(&codes, &mean);
        self.images += images.num_rows() as u64;
        Ok(())
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
