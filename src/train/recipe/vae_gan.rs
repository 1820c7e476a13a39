//! The keys of an autoencoder with an adversary, and the sizes that they stand for.

use super::adversarial::{D_CHANNELS, D_LR, D_NORM, LABEL_SMOOTHING, LOSS, norm};
use super::shared::{
    CHECKPOINT_EVERY, CLIP, COLOUR, CORRUPT, CROP, EVAL_IMAGES, FLIP, FREEZE, IMAGE_SIZE,
    KEEP_CHECKPOINTS, KEEP_HISTORY, LR, LR_SCHEDULE, LR_WARMUP, ROTATE, WEIGHT_DECAY,
};
use super::vae::{BETA, CHANNELS, FREE_BITS, HIDDEN, KL_WARMUP, LATENT_DIM};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::discriminator::DiscriminatorConfig;
use crate::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use crate::graph::lower::vae_gan::VaeGanConfig;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(settings: &Settings, image: ImageShape) -> Result<VaeGanConfig, SettingError> {
    let hidden = match settings.integer("hidden") {
        0 => 256,
        hidden => hidden,
    };
    let channels = settings.integer("d_channels");
    let config = VaeGanConfig {
        vae: VaeConfig {
            arch: Arch::Conv,
            image,
            latent_dim: settings.integer("latent_dim"),
            hidden,
            channels: settings.integer("channels"),
            likelihood: Likelihood::Bernoulli,
            sigma: Sigma::Learned,
            classes: 0,
        },
        discriminator: DiscriminatorConfig { channels, norm: norm(settings) },
    };
    config.check().map_err(|message| SettingError::Together { message })?;
    Ok(config)
}

const PAPER: &str = "Larsen et al. 2016, arXiv:1512.09300";

const fn steps(name: &'static str, default: f64, help: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer { lo: 0, hi: 1_000_000_000 },
        default: Default::Number(default),
        unit: tr_later!("steps"),
        help,
        source: tr_later!("the schedule is ours: the paper starts with all three at once"),
        live: true,
    }
}

const fn weight(name: &'static str, default: f64, help: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Number { lo: 0.0, hi: 1000.0 },
        default: Default::Number(default),
        unit: "",
        help,
        source: PAPER,
        live: true,
    }
}

pub(super) const KEYS: &[Key] = &[
    IMAGE_SIZE,
    LATENT_DIM,
    HIDDEN,
    CHANNELS,
    BETA,
    KL_WARMUP,
    FREE_BITS,
    steps("pretrain_steps", 500.0, tr_later!("First the VAE alone, by its bound on pixels.")),
    steps(
        "join_steps",
        200.0,
        tr_later!("Then the discriminator learns beside it, without a say."),
    ),
    steps(
        "adversarial_steps",
        0.0,
        tr_later!(
            "Then the decoder plays against it, while the encoder rests; after that all three."
        ),
    ),
    weight(
        "feature_weight",
        1.0,
        tr_later!(
            "Weight of the distance between what the discriminator sees in images and in reconstructions (joint)."
        ),
    ),
    weight(
        "pixel_weight",
        1.0,
        tr_later!("Weight of the pixels' likelihood (joint); the paper has none of it."),
    ),
    weight(
        "adversarial_weight",
        0.002,
        tr_later!(
            "Weight of the adversarial term in the decoder's loss, a pixel: 1 / γ of the paper."
        ),
    ),
    LOSS,
    LABEL_SMOOTHING,
    D_CHANNELS,
    Key { default: Default::Word("spectral"), ..D_NORM },
    Key {
        default: Default::Number(5e-4),
        source: tr_later!("half of a VAE's: against an adversary faster decoders paint patterns"),
        ..LR
    },
    Key { default: Default::Number(2e-4), ..D_LR },
    Key {
        name: "d_beta_1",
        kind: Kind::Number { lo: 0.0, hi: 0.9999 },
        default: Default::Number(0.5),
        unit: "",
        help: tr_later!("Share of the past in the mean of the discriminator's gradients (Adam)."),
        source: "Radford et al. 2015, arXiv:1511.06434",
        live: false,
    },
    LR_WARMUP,
    LR_SCHEDULE,
    WEIGHT_DECAY,
    CLIP,
    FREEZE,
    CORRUPT,
    FLIP,
    CROP,
    ROTATE,
    COLOUR,
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    KEEP_HISTORY,
    EVAL_IMAGES,
];
