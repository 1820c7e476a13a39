//! The keys of a GAN, and the sizes that they stand for.

use super::adversarial::{
    D_CHANNELS, D_LR, D_NORM, DCGAN, LABEL_SMOOTHING, LOSS, norm, punishes_slopes,
};
use super::shared::{
    CHECKPOINT_EVERY, CLIP, COLOUR, CONDITIONAL, CROP, DROPOUT, EVAL_IMAGES, FLIP, IMAGE_SIZE,
    KEEP_CHECKPOINTS, KEEP_HISTORY, LR_SCHEDULE, LR_WARMUP, ROTATE, WEIGHT_DECAY, told_classes,
};
use crate::graph::lower::discriminator::{DiscriminatorConfig, DiscriminatorNorm};
use crate::graph::lower::gan::GanConfig;
use crate::graph::lower::vae::Arch;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(
    settings: &Settings,
    image: ImageShape,
    classes: usize,
) -> Result<GanConfig, SettingError> {
    let classes = told_classes(settings, classes)?;
    let norm = norm(settings);
    if norm == DiscriminatorNorm::Batch && punishes_slopes(settings) {
        let message = "d_norm is batch beside a gradient penalty (expected none or spectral: the penalty is on the \
                       slope at each image by itself, which batch normalisation mixes)";
        return Err(SettingError::Together { message: message.to_owned() });
    }
    let config = GanConfig {
        arch: if settings.word("arch") == "mlp" { Arch::Mlp } else { Arch::Conv },
        image,
        latent_dim: settings.integer("latent_dim"),
        channels: settings.integer("channels"),
        discriminator: DiscriminatorConfig { channels: settings.integer("d_channels"), norm },
        classes,
    };
    config.check().map_err(|error| SettingError::Together { message: error.to_string() })?;
    Ok(config)
}

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "arch",
        kind: Kind::Choice(&["mlp", "conv"]),
        default: Default::Word("conv"),
        unit: "",
        help: tr_later!("Linear layers only, or strided convolutions."),
        source: DCGAN,
        live: false,
    },
    IMAGE_SIZE,
    Key {
        name: "latent_dim",
        kind: Kind::Integer { lo: 1, hi: 4096 },
        default: Default::Number(32.0),
        unit: tr_later!("dimensions"),
        help: tr_later!("Dimensions of the latent vector."),
        source: tr_later!(
            "100 in Radford et al. 2015; fewer reach all ten digits sooner and are easier to explore"
        ),
        live: false,
    },
    Key {
        name: "channels",
        kind: Kind::Integer { lo: 1, hi: 1024 },
        default: Default::Number(32.0),
        unit: tr_later!("channels"),
        help: tr_later!(
            "Channels of the generator before its last convolution (conv); doubled by each earlier one, up to eight times."
        ),
        source: tr_later!("64 in Radford et al. 2015; half of it trains on a CPU"),
        live: false,
    },
    D_CHANNELS,
    D_NORM,
    Key { source: "Miyato & Koyama 2018, arXiv:1802.05637", ..CONDITIONAL },
    LOSS,
    Key {
        name: "gradient_penalty",
        kind: Kind::Number { lo: 0.0, hi: 1000.0 },
        default: Default::Number(10.0),
        unit: "",
        help: tr_later!(
            "Weight of the penalty on slopes other than one between real and made images (wasserstein)."
        ),
        source: "Gulrajani et al. 2017, arXiv:1704.00028",
        live: true,
    },
    Key {
        name: "r1",
        kind: Kind::Number { lo: 0.0, hi: 1000.0 },
        default: Default::Number(0.0),
        unit: "",
        help: tr_later!("Weight γ of the penalty on the slope at real images; 0 for none."),
        source: "Mescheder et al. 2018, arXiv:1801.04406",
        live: true,
    },
    LABEL_SMOOTHING,
    Key {
        name: "lr",
        kind: Kind::Number { lo: 0.0, hi: 1.0 },
        default: Default::Number(1e-3),
        unit: "",
        help: tr_later!("Learning rate of the generator (Adam)."),
        source: tr_later!("2e-4 in Radford et al. 2015, for runs of many epochs"),
        live: true,
    },
    D_LR,
    Key {
        name: "beta_1",
        kind: Kind::Number { lo: 0.0, hi: 0.9999 },
        default: Default::Number(0.5),
        unit: "",
        help: tr_later!(
            "Share of the past in the mean of the gradients (Adam), for both networks."
        ),
        source: DCGAN,
        live: false,
    },
    Key {
        name: "beta_2",
        kind: Kind::Number { lo: 0.0, hi: 0.999_99 },
        default: Default::Number(0.999),
        unit: "",
        help: tr_later!(
            "Share of the past in the mean of the squared gradients (Adam), for both networks."
        ),
        source: "Kingma & Ba 2014, arXiv:1412.6980",
        live: false,
    },
    Key {
        name: "d_steps",
        kind: Kind::Integer { lo: 1, hi: 1000 },
        default: Default::Number(1.0),
        unit: tr_later!("updates"),
        help: tr_later!("Updates of the discriminator for each of the generator."),
        source: tr_later!(
            "Goodfellow et al. 2014, algorithm 1; 5 for wasserstein in Gulrajani et al. 2017"
        ),
        live: true,
    },
    Key {
        name: "learns",
        kind: Kind::Choice(&["both", "discriminator", "generator"]),
        default: Default::Word("both"),
        unit: "",
        help: tr_later!("Which of the two networks learns."),
        source: tr_later!("to see what one does while the other stands still"),
        live: true,
    },
    Key {
        name: "ema_decay",
        kind: Kind::Number { lo: 0.0, hi: 0.999_99 },
        default: Default::Number(0.995),
        unit: "",
        help: tr_later!(
            "Share of the past in the moving average of the generator's weights, an update of it."
        ),
        source: tr_later!("Yazıcı et al. 2019, arXiv:1806.04498; closer to one for longer runs"),
        live: true,
    },
    LR_WARMUP,
    LR_SCHEDULE,
    WEIGHT_DECAY,
    CLIP,
    DROPOUT,
    FLIP,
    CROP,
    ROTATE,
    COLOUR,
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    KEEP_HISTORY,
    EVAL_IMAGES,
];
