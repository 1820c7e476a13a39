//! The keys of a VAE, and the sizes that they stand for.

use super::shared::{
    CHECKPOINT_EVERY, CLIP, COLOUR, CONDITIONAL, CORRUPT, CROP, DROPOUT, EVAL_IMAGES, FLIP, FREEZE,
    IMAGE_SIZE, KEEP_CHECKPOINTS, KEEP_HISTORY, LR, LR_SCHEDULE, LR_WARMUP, ROTATE, WEIGHT_DECAY,
    told_classes,
};
use crate::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(
    settings: &Settings,
    image: ImageShape,
    classes: usize,
) -> Result<VaeConfig, SettingError> {
    let arch = if settings.word("arch") == "mlp" { Arch::Mlp } else { Arch::Conv };
    let hidden = match (settings.integer("hidden"), arch) {
        (0, Arch::Mlp) => 400,
        (0, Arch::Conv) => 256,
        (hidden, _) => hidden,
    };
    let likelihood = if settings.word("likelihood") == "gaussian" {
        Likelihood::Gaussian
    } else {
        Likelihood::Bernoulli
    };
    let sigma = settings.number("sigma");
    let config = VaeConfig {
        arch,
        image,
        latent_dim: settings.integer("latent_dim"),
        hidden,
        channels: settings.integer("channels"),
        likelihood,
        sigma: if sigma.is_nan() { Sigma::Learned } else { Sigma::Fixed(sigma as f32) },
        classes: told_classes(settings, classes)?,
    };
    config.check().map_err(|error| SettingError::Together { message: error.to_string() })?;
    Ok(config)
}

const PAPER: &str = "Kingma & Welling 2013, arXiv:1312.6114";

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "arch",
        kind: Kind::Choice(&["mlp", "conv"]),
        default: Default::Word("conv"),
        unit: "",
        help: tr_later!("Linear layers only, or strided convolutions."),
        source: PAPER,
        live: false,
    },
    IMAGE_SIZE,
    LATENT_DIM,
    HIDDEN,
    CHANNELS,
    Key {
        name: "likelihood",
        kind: Kind::Choice(&["bernoulli", "gaussian"]),
        default: Default::Word("bernoulli"),
        unit: "",
        help: tr_later!("Distribution of a pixel around its reconstruction."),
        source: PAPER,
        live: false,
    },
    Key {
        name: "sigma",
        kind: Kind::NumberOr { lo: 0.001, hi: 10.0, word: "learned" },
        default: Default::Word("learned"),
        unit: tr_later!("of the pixel range"),
        help: tr_later!("Deviation of a pixel (gaussian)."),
        source: "Rybkin et al. 2021, arXiv:2006.13202",
        live: false,
    },
    Key { source: "Sohn et al. 2015, Kingma et al. 2014, eq. 3", ..CONDITIONAL },
    BETA,
    KL_WARMUP,
    FREE_BITS,
    LR,
    LR_WARMUP,
    LR_SCHEDULE,
    WEIGHT_DECAY,
    CLIP,
    DROPOUT,
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

pub(super) const LATENT_DIM: Key = Key {
    name: "latent_dim",
    kind: Kind::Integer { lo: 1, hi: 4096 },
    default: Default::Number(20.0),
    unit: tr_later!("dimensions"),
    help: tr_later!("Dimensions of the latent vector."),
    source: PAPER,
    live: false,
};

pub(super) const HIDDEN: Key = Key {
    name: "hidden",
    kind: Kind::Integer { lo: 0, hi: 65_536 },
    default: Default::Number(0.0),
    unit: tr_later!("units"),
    help: tr_later!(
        "Width of the hidden linear layer on either side; 0 takes 400 for mlp, 256 for conv."
    ),
    source: tr_later!("784-400-20 is PyTorch's example for MNIST"),
    live: false,
};

pub(super) const CHANNELS: Key = Key {
    name: "channels",
    kind: Kind::Integer { lo: 1, hi: 1024 },
    default: Default::Number(32.0),
    unit: tr_later!("channels"),
    help: tr_later!(
        "Channels after the first convolution (conv); doubled by each further one, up to four times."
    ),
    source: "Higgins et al. 2017, table 1",
    live: false,
};

pub(super) const BETA: Key = Key {
    name: "beta",
    kind: Kind::Number { lo: 0.0, hi: 1000.0 },
    default: Default::Number(1.0),
    unit: "",
    help: tr_later!(
        "Weight of the KL term: more makes dimensions independent, less makes pictures sharp."
    ),
    source: "Higgins et al. 2017, eq. 4",
    live: true,
};

pub(super) const KL_WARMUP: Key = Key {
    name: "kl_warmup",
    kind: Kind::Integer { lo: 0, hi: 1_000_000_000 },
    default: Default::Number(0.0),
    unit: tr_later!("steps"),
    help: tr_later!("Steps over which the KL weight grows from 0 to beta."),
    source: "Bowman et al. 2016, arXiv:1511.06349",
    live: true,
};

pub(super) const FREE_BITS: Key = Key {
    name: "free_bits",
    kind: Kind::Number { lo: 0.0, hi: 100.0 },
    default: Default::Number(0.0),
    unit: tr_later!("nats a dimension"),
    help: tr_later!("KL that each dimension may spend without being penalised."),
    source: "Kingma et al. 2016, arXiv:1606.04934, eq. 15",
    live: true,
};
