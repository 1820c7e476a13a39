//! How well the images that a model makes stand for held-out ones.

use serde::Serialize;

use super::{
    ClassCover, Gaussian, NEAR_DUPLICATE, NEIGHBOURS, NearDuplicates, POOL_GRID, PrecisionRecall,
    SampleError, class_cover, frechet_distance, mean_pairwise_distance, near_duplicates,
    nearer_to_train, pooled_pixels, precision_recall, sharpness_ratio, softmax,
};
use crate::array::Array;
use crate::codec::{Codec, CodecError, take};
use crate::latent::draws;
use crate::picture::ValueRange;

/// Fewer samples than this have no neighbourhoods to speak of.
pub const FEWEST: usize = NEIGHBOURS + 1;

/// What made images say beside held-out ones, of as many each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generation {
    /// How many of each.
    pub images: u64,
    /// Fréchet distance between the two sets' features; 0 for equal means and covariances.
    pub frechet: f64,
    /// Which features `frechet`, `precision`, `recall`, `density` and `coverage` are measured on.
    pub frechet_features: String,
    /// How many look right, and how much of the variety is there.
    #[serde(flatten)]
    pub precision_recall: PrecisionRecall,
    /// Mean distance of two made images over that of two held-out ones; near 0 when the generator always makes
    /// the same.
    pub diversity: f64,
    /// Mean variance of the Laplacian over that of the held-out images; below 1 where they are blurred.
    pub sharpness: f64,
    /// How many have a near twin.
    pub near_duplicates: NearDuplicates,
    /// Share that is nearer to a training image than to any held-out one, of as many: one half for a model that has
    /// learnt the distribution, more the more it repeats what it was shown. Nothing where no training images were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearer_to_train: Option<f64>,
    /// How they spread over classes, where a classifier told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassCover>,
}

impl Generation {
    /// A generator whose images differ so much less than the data has collapsed.
    pub const COLLAPSED: f64 = 0.3;

    /// The numbers worth a curve, with their names.
    pub fn headline(&self) -> Vec<(&'static str, f64)> {
        let mut values = vec![
            ("frechet", self.frechet),
            ("precision", self.precision_recall.precision),
            ("recall", self.precision_recall.recall),
            ("density", self.precision_recall.density),
            ("coverage", self.precision_recall.coverage),
            ("diversity", self.diversity),
            ("sharpness", self.sharpness),
            ("near_duplicates", self.near_duplicates.share),
        ];
        values.extend(self.nearer_to_train.map(|share| ("nearer_to_train", share)));
        values
    }
}

/// How images are made to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateOptions {
    /// Seed of the draws from the prior.
    pub seed: u64,
    /// The range of the model's pixels.
    pub range: ValueRange,
    /// The shape of a latent without its batch.
    pub latent: Vec<usize>,
    /// Images that are made at once.
    pub batch: usize,
}

/// A classifier that images are compared by.
pub struct Judge<'a> {
    /// Gives `logits` and `features` of images in `[0, 1]`.
    pub codec: &'a mut dyn Codec,
    /// What it is called.
    pub name: &'a str,
    /// Whether its classes are those of the data.
    pub tells_classes: bool,
}

impl Judge<'_> {
    /// What some images in `[0, 1]` are compared by: features of the classifier, or pooled pixels where there is none.
    ///
    /// # Errors
    /// When the classifier fails, or a value is no number.
    pub(super) fn features(judge: Option<&mut Self>, images: &Array) -> Result<Array, CodecError> {
        match judge {
            Some(judge) => take(&mut judge.codec.encode(images)?, "features"),
            None => Ok(pooled_pixels(images, POOL_GRID)?),
        }
    }

    /// What features are called.
    pub fn features_name(judge: Option<&Self>) -> String {
        match judge {
            Some(judge) => format!("features of the classifier {}", judge.name),
            None => format!("pixels pooled to {POOL_GRID}x{POOL_GRID}"),
        }
    }
}

/// Images that were not made.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Held-out ones, `[n, c, h, w]` in `[0, 1]`, at least 6.
    pub held_out: &'a Array,
    /// As many that were trained on, to look for repeated ones.
    pub train: Option<&'a Array>,
}

/// Makes as many images as there are held-out ones and compares the two sets: on pooled pixels, or on the features
/// of a classifier that had no part in the training.
///
/// # Errors
/// When there are too few images, a model fails, or makes values that are no numbers.
pub fn evaluate_generator(
    codec: &mut dyn Codec,
    known: Known<'_>,
    judge: Option<&mut Judge<'_>>,
    options: &GenerateOptions,
) -> Result<Generation, CodecError> {
    let real = known.held_out;
    if real.num_rows() < FEWEST {
        let found = real.num_rows();
        return Err(format!(
            "measure a generator: {found} held-out images (expected at least {FEWEST})"
        )
        .into());
    }
    let made = generate(codec, real.num_rows(), options)?;
    evaluate_made(&made, known, judge, options.batch).map(|(found, _)| found)
}

/// Compares images that were made, `[n, c, h, w]` in `[0, 1]`, with as many held-out ones; with what a classifier tells
/// of each, as logits `[n, classes]`.
///
/// # Errors
/// As [`evaluate_generator`].
pub fn evaluate_made(
    made: &Array,
    known: Known<'_>,
    judge: Option<&mut Judge<'_>>,
    batch: usize,
) -> Result<(Generation, Option<Array>), CodecError> {
    let real = known.held_out;
    let name = Judge::features_name(judge.as_deref());
    let Some(judge) = judge else {
        let features = [pooled_pixels(real, POOL_GRID)?, pooled_pixels(made, POOL_GRID)?];
        return Ok((compare(known, made, &features, name)?, None));
    };
    let (of_real, _) = judged(judge.codec, real, batch)?;
    let (of_made, logits) = judged(judge.codec, made, batch)?;
    let mut found = compare(known, made, &[of_real, of_made], name)?;
    found.classes = judge.tells_classes.then(|| class_cover(&softmax(&logits))).transpose()?;
    Ok((found, Some(logits)))
}

/// Features and logits of images.
fn judged(
    judge: &mut dyn Codec,
    images: &Array,
    batch: usize,
) -> Result<(Array, Array), CodecError> {
    let (mut features, mut logits) = (Vec::new(), Vec::new());
    let n = images.num_rows();
    for start in (0..n).step_by(batch.max(1)) {
        let mut told = judge.encode(&images.rows(start, n.min(start + batch.max(1))))?;
        features.extend(take(&mut told, "features")?.into_data());
        logits.extend(take(&mut told, "logits")?.into_data());
    }
    let rows = |data: Vec<f32>| Array::new([n, data.len() / n.max(1)], data);
    Ok((rows(features)?, rows(logits)?))
}

/// The first `n` images of the prior, `[n, c, h, w]` in `[0, 1]`.
///
/// # Errors
/// When the model fails.
pub fn generate(
    codec: &mut dyn Codec,
    n: usize,
    options: &GenerateOptions,
) -> Result<Array, CodecError> {
    let latents = draws(&options.latent, n, options.seed);
    let batch = options.batch.max(1);
    let mut shape = Vec::new();
    let mut data = Vec::new();
    for start in (0..n).step_by(batch) {
        let some = latents.rows(start, n.min(start + batch));
        let images = take(&mut codec.decode(&some)?, "image")?;
        shape = images.shape().to_vec();
        let unit = images.data().iter().map(|&value| options.range.to_unit(value).clamp(0.0, 1.0));
        data.extend(unit);
    }
    if let Some(count) = shape.first_mut() {
        *count = n;
    }
    Ok(Array::new(shape, data)?)
}

/// Two sets of one size in `[0, 1]`, with their features.
fn compare(
    known: Known<'_>,
    made: &Array,
    [of_real, of_made]: &[Array; 2],
    features: String,
) -> Result<Generation, SampleError> {
    let real = known.held_out;
    let of_data = mean_pairwise_distance(real)?;
    Ok(Generation {
        images: real.num_rows() as u64,
        frechet: frechet_distance(&Gaussian::fit(of_real)?, &Gaussian::fit(of_made)?)?,
        frechet_features: features,
        precision_recall: precision_recall(of_real, of_made, NEIGHBOURS)?,
        diversity: mean_pairwise_distance(made)? / of_data.max(f64::MIN_POSITIVE),
        sharpness: sharpness_ratio(made, real)?,
        near_duplicates: near_duplicates(made, real, NEAR_DUPLICATE)?,
        nearer_to_train: known.train.map(|train| nearer_to_train(made, train, real)).transpose()?,
        classes: None,
    })
}
