//! What each measure is: its name, unit, direction and meaning.

use crate::language::tr_later;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is.
    Lower,
    /// More is.
    Higher,
    /// Neither: it only tells.
    Neither,
}

/// A measure, for those who read one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasureKind {
    /// The key in JSON.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Its unit; empty for numbers without one.
    pub unit: &'static str,
    /// Digits after the point that mean something.
    pub decimals: usize,
    /// Which way is better.
    pub better: Better,
    /// What it is, in one or two sentences.
    pub about: &'static str,
}

impl MeasureKind {
    /// The measure of a key.
    pub fn of(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// A value with its unit, for example `18.25 dB`.
    pub fn format(&self, value: f64) -> String {
        let space = if self.unit.is_empty() { "" } else { " " };
        format!("{value:.*}{space}{}", self.decimals, self.unit)
    }
}

const fn kind(
    name: &'static str,
    label: &'static str,
    (unit, decimals): (&'static str, usize),
    better: Better,
    about: &'static str,
) -> MeasureKind {
    MeasureKind { name, label, unit, decimals, better, about }
}

use Better::{Higher, Lower, Neither};

/// All measures, in the order in which they are told.
pub const KINDS: &[MeasureKind] = &[
    kind(
        "mse",
        "mse",
        ("", 6),
        Lower,
        tr_later!("Mean squared difference of a pixel from its reconstruction, on [0, 1]."),
    ),
    kind(
        "psnr_db",
        "psnr",
        ("dB", 2),
        Higher,
        tr_later!("Peak signal-to-noise ratio: the same error on a logarithmic scale."),
    ),
    kind(
        "corrupted_psnr_db",
        tr_later!("corrupted psnr"),
        ("dB", 2),
        Neither,
        tr_later!("The same of the images before the model mended them: what it has to better."),
    ),
    kind(
        "ssim",
        "ssim",
        ("", 4),
        Higher,
        tr_later!(
            "Structural similarity: 1 for a reconstruction that has the same local structure."
        ),
    ),
    kind(
        "ms_ssim",
        "ms-ssim",
        ("", 4),
        Higher,
        tr_later!(
            "Structural similarity over several scales, as many as the images have room for."
        ),
    ),
    kind(
        "reconstruction_frechet",
        tr_later!("rec. Fréchet"),
        ("", 4),
        Lower,
        tr_later!(
            "Fréchet distance between features of all reconstructions and of all images: 0 where the two sets look alike."
        ),
    ),
    kind(
        "reconstruction_sharpness",
        tr_later!("rec. sharpness"),
        ("", 3),
        Neither,
        tr_later!(
            "Variance of the Laplacian of reconstructions over that of the images: below 1 blurred, above 1 noisy."
        ),
    ),
    kind(
        "elbo_nats",
        "elbo",
        ("nats", 2),
        Higher,
        tr_later!("Evidence lower bound: how likely the model holds an image to be, at least."),
    ),
    kind(
        "reconstruction_nats",
        tr_later!("reconstruction"),
        ("nats", 2),
        Lower,
        tr_later!("The part of the bound that pixels cost, given the latent."),
    ),
    kind(
        "kl_nats",
        "kl",
        ("nats", 2),
        Neither,
        tr_later!("The part of the bound that the latent costs: what it says of an image."),
    ),
    kind(
        "active_units",
        tr_later!("active units"),
        ("", 0),
        Neither,
        tr_later!("Latent dimensions that say more than 0.1 nat of an image."),
    ),
    kind(
        "codes_used",
        tr_later!("codes used"),
        ("", 0),
        Higher,
        tr_later!("Codes that at least one piece of these images chose."),
    ),
    kind(
        "perplexity",
        tr_later!("perplexity"),
        ("", 1),
        Higher,
        tr_later!("exp of the entropy of use: the number of codes if all were used evenly."),
    ),
    kind(
        "quantization_mse",
        tr_later!("quantization mse"),
        ("", 6),
        Lower,
        tr_later!(
            "Mean squared difference of latents from the codes that stand for them, in the latent's own units."
        ),
    ),
    kind(
        "bits_per_code",
        tr_later!("bits per code"),
        ("bits", 3),
        Lower,
        tr_later!(
            "What a code takes where the prior tells how probable it is; of masked priors, given all others."
        ),
    ),
    kind(
        "unigram_bits",
        tr_later!("bits without a prior"),
        ("bits", 3),
        Neither,
        tr_later!("What a code takes by how often it comes alone: the entropy of use."),
    ),
    kind(
        "bits_per_dim",
        tr_later!("bits per dimension"),
        ("bits", 4),
        Lower,
        tr_later!("The bits of all codes of an image over its pixels and channels."),
    ),
    kind(
        "class_accuracy",
        tr_later!("class accuracy"),
        ("", 4),
        Higher,
        tr_later!("Share of draws in which the classifier sees the class that was asked for."),
    ),
    kind(
        "image_bits",
        tr_later!("bits of an image"),
        ("bits", 1),
        Lower,
        tr_later!("What the codes of an image take without its text."),
    ),
    kind(
        "image_bits_given_text",
        tr_later!("bits of an image, given its text"),
        ("bits", 1),
        Lower,
        tr_later!("What the codes of an image take where its text is known."),
    ),
    kind(
        "text_bits",
        tr_later!("bits of a text"),
        ("bits", 1),
        Lower,
        tr_later!("What a text takes without its image."),
    ),
    kind(
        "text_bits_given_image",
        tr_later!("bits of a text, given its image"),
        ("bits", 1),
        Lower,
        tr_later!("What a text takes where its image is known."),
    ),
    kind(
        "text_to_image_recall_1",
        tr_later!("image of a text found"),
        ("", 4),
        Higher,
        tr_later!("Share of texts whose image is the nearest of all, among up to 1000."),
    ),
    kind(
        "text_to_image_recall_10",
        tr_later!("image of a text found among ten"),
        ("", 4),
        Higher,
        tr_later!("Share of texts whose image is among the ten nearest."),
    ),
    kind(
        "image_to_text_recall_1",
        tr_later!("text of an image found"),
        ("", 4),
        Higher,
        tr_later!("Share of images whose text is the nearest of all, among up to 1000."),
    ),
    kind(
        "image_to_text_recall_10",
        tr_later!("text of an image found among ten"),
        ("", 4),
        Higher,
        tr_later!("Share of images whose text is among the ten nearest."),
    ),
    kind(
        "reconstruction_attributes",
        tr_later!("attributes kept"),
        ("", 4),
        Higher,
        tr_later!(
            "Of shape, colour, background, size and place, the share that reconstructions have as their images do, read back from their pixels."
        ),
    ),
    kind(
        "text_to_image_attributes",
        tr_later!("attributes of pictures right"),
        ("", 4),
        Higher,
        tr_later!(
            "Of all that texts say, the share that pictures drawn of them have, read back from their pixels."
        ),
    ),
    kind(
        "text_to_image_attributes_held_out",
        tr_later!("attributes right, new combinations"),
        ("", 4),
        Higher,
        tr_later!("The same of shapes in colours that training never saw together."),
    ),
    kind(
        "image_to_text_attributes",
        tr_later!("attributes of texts right"),
        ("", 4),
        Higher,
        tr_later!("Of all that texts drawn of images say, the share that is true of them."),
    ),
    kind(
        "image_to_text_attributes_held_out",
        tr_later!("attributes told right, new combinations"),
        ("", 4),
        Higher,
        tr_later!("The same of shapes in colours that training never saw together."),
    ),
    kind(
        "frechet",
        tr_later!("Fréchet"),
        ("", 4),
        Lower,
        tr_later!(
            "Fréchet distance between features of draws and of images that were not trained on: 0 where the sets look alike."
        ),
    ),
    kind(
        "independent_frechet",
        tr_later!("Fréchet of independent draws"),
        ("", 4),
        Neither,
        tr_later!(
            "The same of codes that are drawn each for itself, by their use: what a prior has to better."
        ),
    ),
    kind(
        "precision",
        tr_later!("precision"),
        ("", 3),
        Higher,
        tr_later!("Share of draws that lie among the images: how many look right."),
    ),
    kind(
        "recall",
        tr_later!("recall"),
        ("", 3),
        Higher,
        tr_later!("Share of the images that lie among the draws: how many could have been drawn."),
    ),
    kind(
        "density",
        tr_later!("density"),
        ("", 3),
        Higher,
        tr_later!("How densely images lie around a draw: near 1 for a model of the data."),
    ),
    kind(
        "coverage",
        tr_later!("coverage"),
        ("", 3),
        Higher,
        tr_later!(
            "Share of the images with a draw in their neighbourhood: how much of the variety is there."
        ),
    ),
    kind(
        "diversity",
        tr_later!("diversity"),
        ("", 3),
        Higher,
        tr_later!(
            "Mean distance of two draws over that of two images: near 0 when the model always draws the same."
        ),
    ),
    kind(
        "sharpness",
        tr_later!("sharpness"),
        ("", 3),
        Neither,
        tr_later!(
            "Variance of the Laplacian of draws over that of the images: below 1 blurred, above 1 noisy."
        ),
    ),
    kind(
        "near_duplicates",
        tr_later!("near duplicates"),
        ("", 4),
        Lower,
        tr_later!(
            "Share of draws with another one nearer than half of what is usual between images."
        ),
    ),
    kind(
        "nearer_to_train",
        tr_later!("nearer to train"),
        ("", 3),
        Neither,
        tr_later!(
            "Share of draws nearer to one of the training images than to one of as many others: a half for a model that \
         generalises, more where it repeats what it was shown."
        ),
    ),
    kind(
        "classes_covered",
        tr_later!("classes covered"),
        ("", 0),
        Higher,
        tr_later!("Classes that a classifier is confident to see among the draws."),
    ),
    kind(
        "accuracy",
        tr_later!("accuracy"),
        ("", 4),
        Higher,
        tr_later!("Share of images whose class is told rightly."),
    ),
    kind(
        "cross_entropy",
        tr_later!("cross entropy"),
        ("nats", 4),
        Lower,
        tr_later!("What the right class costs, given what the classifier tells."),
    ),
    kind(
        "images_per_s",
        tr_later!("speed"),
        (tr_later!("images/s"), 0),
        Higher,
        tr_later!("Images that are encoded, decoded and measured in a second."),
    ),
    kind(
        "latency_ms",
        tr_later!("latency"),
        ("ms", 2),
        Lower,
        tr_later!(
            "From one latent to its picture, or from a picture to a classifier's answer: the middle of some runs."
        ),
    ),
];
