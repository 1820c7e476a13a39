//! The keys of a VQ-VAE, and the sizes that they stand for.

use super::quantizer;
use super::shared::{
    CHECKPOINT_EVERY, CLIP, COLOUR, CORRUPT, CROP, EVAL_IMAGES, FLIP, FREEZE, IMAGE_SIZE,
    KEEP_CHECKPOINTS, KEEP_HISTORY, LR, LR_SCHEDULE, LR_WARMUP, ROTATE, WEIGHT_DECAY,
};
use crate::graph::lower::vq_vae::VqVaeConfig;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(settings: &Settings, image: ImageShape) -> Result<VqVaeConfig, SettingError> {
    let config = VqVaeConfig {
        image,
        hidden: settings.integer("hidden"),
        res_blocks: settings.integer("res_blocks"),
        res_hidden: settings.integer("res_hidden"),
        levels: settings.integer("levels"),
        quantizer: quantizer::config(settings)?,
    };
    config.check().map_err(|error| SettingError::Together { message: error.to_string() })?;
    Ok(config)
}

const PAPER: &str = "van den Oord et al. 2017, arXiv:1711.00937";

pub(super) const CODEBOOK_INIT: Key = Key {
    name: "codebook_init",
    kind: Kind::Choice(&["kmeans", "random"]),
    default: Default::Word("kmeans"),
    unit: "",
    help: tr_later!(
        "Codes begin at the k-means of the first vectors (random ones of them over 4096 codes), or like weights; simvq: its codes spread as these do."
    ),
    source: "Łańcucki et al. 2020, arXiv:2005.08520",
    live: false,
};

pub(super) const EMA_DECAY: Key = Key {
    name: "ema_decay",
    kind: Kind::Number { lo: 0.0, hi: 0.9999 },
    default: Default::Number(0.95),
    unit: "",
    help: tr_later!("Share of the past in the moving averages of codes and of their use."),
    source: tr_later!("van den Oord et al. 2017, appendix A.1; 0.99 there, for longer runs"),
    live: true,
};

pub(super) const RESTART_THRESHOLD: Key = Key {
    name: "restart_threshold",
    kind: Kind::Number { lo: 0.0, hi: 1e6 },
    default: Default::Number(2.0),
    unit: tr_later!("vectors a batch"),
    help: tr_later!(
        "A code that fewer vectors choose, on average, starts again at a random vector of the batch; counted as a third of an even share at most; 0 for never."
    ),
    source: "Dhariwal et al. 2020, arXiv:2005.00341, section 3.1",
    live: true,
};

pub(super) const CODEBOOK_SIZE: Key = Key {
    name: "codebook_size",
    kind: Kind::Integer { lo: 1, hi: 65_536 },
    default: Default::Number(512.0),
    unit: tr_later!("codes"),
    help: tr_later!("Codes in the codebook, K; with several quantizers, of each."),
    source: PAPER,
    live: false,
};

pub(super) const CODE_DIM: Key = Key {
    name: "code_dim",
    kind: Kind::Integer { lo: 1, hi: 4096 },
    default: Default::Number(64.0),
    unit: tr_later!("dimensions"),
    help: tr_later!(
        "Dimensions of a code, D; for fsq as many as it has levels, whatever is said here."
    ),
    source: PAPER,
    live: false,
};

pub(super) const HIDDEN: Key = Key {
    name: "hidden",
    kind: Kind::Integer { lo: 2, hi: 4096 },
    default: Default::Number(128.0),
    unit: tr_later!("channels"),
    help: tr_later!("Channels of the convolutions at the resolution of the codes."),
    source: PAPER,
    live: false,
};

pub(super) const RES_BLOCKS: Key = Key {
    name: "res_blocks",
    kind: Kind::Integer { lo: 0, hi: 64 },
    default: Default::Number(2.0),
    unit: tr_later!("blocks"),
    help: tr_later!("Residual blocks on either side."),
    source: PAPER,
    live: false,
};

pub(super) const RES_HIDDEN: Key = Key {
    name: "res_hidden",
    kind: Kind::Integer { lo: 1, hi: 4096 },
    default: Default::Number(32.0),
    unit: tr_later!("channels"),
    help: tr_later!("Channels inside a residual block."),
    source: PAPER,
    live: false,
};

pub(super) const LEVELS: Key = Key {
    name: "levels",
    kind: Kind::Integer { lo: 1, hi: 6 },
    default: Default::Number(2.0),
    unit: tr_later!("halvings"),
    help: tr_later!(
        "How often the image is halved: a code stands for 2^levels pixels on a side, and more around."
    ),
    source: PAPER,
    live: false,
};

pub(super) const COMMITMENT: Key = Key {
    name: "commitment",
    kind: Kind::Number { lo: 0.0, hi: 100.0 },
    default: Default::Number(1.0),
    unit: "",
    help: tr_later!("Weight of the term that keeps the encoder near its codes."),
    source: tr_later!(
        "van den Oord et al. 2017, eq. 3, on the commitment term; 0.25 there, beside a codebook loss"
    ),
    live: false,
};

pub(super) const CODEBOOK_UPDATE: Key = Key {
    name: "codebook_update",
    kind: Kind::Choice(&["ema", "loss"]),
    default: Default::Word("ema"),
    unit: "",
    help: tr_later!(
        "Codes follow moving averages of their vectors, or the gradient of a loss; nothing to simvq and fsq."
    ),
    source: tr_later!("van den Oord et al. 2017, appendix A.1 and eq. 3"),
    live: false,
};

pub(super) const SIMILARITY: Key = Key {
    name: "similarity",
    kind: Kind::Choice(&["euclidean", "cosine"]),
    default: Default::Word("euclidean"),
    unit: "",
    help: tr_later!("Vectors choose the nearest code, or the one at the smallest angle."),
    source: "Yu et al. 2021, arXiv:2110.04627, section 3.2",
    live: false,
};

pub(super) const KEYS: &[Key] = &[
    IMAGE_SIZE,
    quantizer::QUANTIZER,
    CODEBOOK_SIZE,
    CODE_DIM,
    HIDDEN,
    RES_BLOCKS,
    RES_HIDDEN,
    LEVELS,
    COMMITMENT,
    CODEBOOK_UPDATE,
    CODEBOOK_INIT,
    SIMILARITY,
    EMA_DECAY,
    RESTART_THRESHOLD,
    quantizer::GRADIENT,
    quantizer::QUANTIZERS,
    quantizer::HEADS,
    quantizer::HEAD_CODEBOOKS,
    quantizer::FSQ_LEVELS,
    LR,
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
