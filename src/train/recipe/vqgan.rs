//! The keys of a VQGAN and of its twin with normal latents, and the sizes that they stand for.

use super::adversarial::{D_CHANNELS, D_LR, DCGAN, LABEL_SMOOTHING};
use super::keys::{choice, steps, weight, whole};
use super::shared::{
    CHECKPOINT_EVERY, CLIP, COLOUR, CORRUPT, CROP, EVAL_IMAGES, FLIP, FREEZE, IMAGE_SIZE,
    KEEP_CHECKPOINTS, KEEP_HISTORY, LR, LR_SCHEDULE, LR_WARMUP, ROTATE, WEIGHT_DECAY,
};
use super::vq_vae::{CODEBOOK_INIT, EMA_DECAY, RESTART_THRESHOLD};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::patchgan::PatchGanConfig;
use crate::graph::lower::quantizer::CodebookUpdate;
use crate::graph::lower::vq_model::{DownBlock, Latents, NormType, UpBlock, VqModelConfig};
use crate::graph::lower::vqgan::VqganConfig;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::perceptual;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(settings: &Settings, image: ImageShape) -> Result<VqganConfig, SettingError> {
    let config = VqganConfig {
        autoencoder: autoencoder(settings, image)?,
        discriminator: PatchGanConfig {
            image_channels: image.channels,
            channels: settings.integer("d_channels"),
            layers: settings.integer("d_layers"),
        },
        update: match settings.word("codebook_update") {
            "loss" => CodebookUpdate::Loss,
            _ => CodebookUpdate::Ema,
        },
        perceptual: None,
    };
    config.check().map_err(|message| SettingError::Together { message })?;
    Ok(config)
}

fn autoencoder(settings: &Settings, image: ImageShape) -> Result<VqModelConfig, SettingError> {
    let (channels, groups) = (settings.integer("channels"), settings.integer("groups"));
    if !channels.is_multiple_of(groups) {
        let message = format!("channels is {channels} (expected a multiple of groups, {groups})");
        return Err(SettingError::Together { message });
    }
    let levels = settings.integer("levels") + 1;
    let code_dim = settings.integer("code_dim");
    let (latents, latent_channels) = if settings.word("latents") == "normal" {
        let latents = Latents::Normal { use_quant_conv: true, use_post_quant_conv: true };
        (latents, settings.integer("latent_channels"))
    } else {
        let num_vq_embeddings = settings.integer("codebook_size");
        (
            Latents::Codes { num_vq_embeddings, vq_embed_dim: code_dim, by_projection: false },
            code_dim,
        )
    };
    Ok(VqModelConfig {
        norm_type: NormType::Group,
        image,
        block_out_channels: (0..levels).map(|level| channels << level.min(1)).collect(),
        layers_per_block: settings.integer("res_blocks"),
        down_block_types: vec![DownBlock::Plain; levels],
        up_block_types: vec![UpBlock::Plain; levels],
        mid_block_add_attention: settings.word("attention") == "yes",
        norm_num_groups: groups,
        latent_channels,
        latents,
    })
}

const PAPER: &str = "Esser et al. 2021, arXiv:2012.09841";

const fn beta(name: &'static str, default: f64, help: &'static str) -> Key {
    let kind = Kind::Number { lo: 0.0, hi: 0.9999 };
    let default = Default::Number(default);
    Key { name, kind, default, unit: "", help, source: DCGAN, live: false }
}

pub(super) const KEYS: &[Key] = &[
    IMAGE_SIZE,
    choice(
        "latents",
        &["codes", "normal"],
        "codes",
        tr_later!(
            "What a latent is: codes of a codebook (VQGAN), or normal distributions, as in latent diffusion."
        ),
        "Esser et al. 2021; Rombach et al. 2022, arXiv:2112.10752",
    ),
    whole(
        "codebook_size",
        [1, 65_536],
        512.0,
        tr_later!("codes"),
        tr_later!("Codes in the codebook, K (codes)."),
        tr_later!("1024 in Esser et al. 2021; fewer are all used by a small model"),
    ),
    whole(
        "code_dim",
        [1, 4096],
        32.0,
        tr_later!("dimensions"),
        tr_later!("Dimensions of a code, D (codes)."),
        PAPER,
    ),
    whole(
        "latent_channels",
        [1, 4096],
        4.0,
        tr_later!("dimensions"),
        tr_later!("Dimensions of the latent at every place (normal)."),
        "Rombach et al. 2022",
    ),
    whole(
        "channels",
        [1, 4096],
        16.0,
        tr_later!("channels"),
        tr_later!("Channels at the resolution of the image; twice as many at every lower one."),
        tr_later!("128 in Esser et al. 2021; an eighth of it trains on a CPU"),
    ),
    whole(
        "levels",
        [0, 6],
        2.0,
        tr_later!("halvings"),
        tr_later!(
            "How often the image is halved: a latent has a place for 2^levels pixels on a side."
        ),
        tr_later!("4 in Esser et al. 2021, for images of 256 pixels"),
    ),
    whole(
        "res_blocks",
        [1, 16],
        1.0,
        tr_later!("blocks"),
        tr_later!("Residual blocks of a resolution; the decoder has one more."),
        tr_later!("2 in Esser et al. 2021"),
    ),
    whole(
        "groups",
        [1, 4096],
        8.0,
        tr_later!("groups"),
        tr_later!("Groups of channels that are normalized together."),
        tr_later!("32 in Esser et al. 2021, of four times the channels"),
    ),
    choice(
        "attention",
        &["yes", "no"],
        "yes",
        tr_later!("Whether every place sees all others at the lowest resolution."),
        PAPER,
    ),
    weight(
        "commitment",
        0.25,
        tr_later!("Weight of the term that keeps the encoder near its codes (codes)."),
        tr_later!("van den Oord et al. 2017, eq. 3, on the commitment term"),
    ),
    choice(
        "codebook_update",
        &["ema", "loss"],
        "ema",
        tr_later!("Codes follow moving averages of their vectors, or the gradient of a loss."),
        tr_later!("van den Oord et al. 2017, appendix A.1 and eq. 3"),
    ),
    CODEBOOK_INIT,
    EMA_DECAY,
    RESTART_THRESHOLD,
    weight(
        "kl_weight",
        1e-6,
        tr_later!(
            "Weight of the KL term (normal), where both it and the pixels' error are sums over an image."
        ),
        "Rombach et al. 2022, section G",
    ),
    weight("l1_weight", 1.0, tr_later!("Weight of the pixels' absolute error."), PAPER),
    weight("l2_weight", 0.0, tr_later!("Weight of the pixels' squared error."), PAPER),
    Key {
        name: perceptual::KEY,
        kind: Kind::Path,
        default: Default::Word(""),
        unit: "",
        help: tr_later!(
            "A run of the recipe classifier: images are also compared by what it sees in them (not LPIPS); nothing turns the term off."
        ),
        source: tr_later!("after Zhang et al. 2018, arXiv:1801.03924; Esser et al. 2021 use LPIPS"),
        live: false,
    },
    weight(
        "perceptual_weight",
        1.0,
        tr_later!("Weight of the classifier's distance, where there is one."),
        PAPER,
    ),
    choice(
        "loss",
        &["hinge", "non-saturating"],
        "hinge",
        tr_later!("What decoder and discriminator play for."),
        "Lim & Ye 2017, arXiv:1705.02894; Goodfellow et al. 2014",
    ),
    steps("disc_start", 500.0, tr_later!("The discriminator has a say from this step on."), PAPER),
    steps(
        "disc_warmup",
        50.0,
        tr_later!(
            "So many steps before, it begins to learn without a say: one that knows nothing yet would mislead the decoder."
        ),
        tr_later!("ours"),
    ),
    weight(
        "disc_weight",
        0.4,
        tr_later!("Weight of the adversarial term, beside the adaptive one."),
        tr_later!(
            "0.8 in Esser et al. 2021, eq. 7; less costs a small model less of its likeness when the adversary begins"
        ),
    ),
    LABEL_SMOOTHING,
    D_CHANNELS,
    whole(
        "d_layers",
        [1, 8],
        2.0,
        tr_later!("halvings"),
        tr_later!("How often the discriminator halves the image before it judges every patch."),
        tr_later!("3 in Isola et al. 2017, arXiv:1611.07004, for patches of 70 pixels"),
    ),
    Key { default: Default::Number(5e-4), ..LR },
    D_LR,
    beta("beta_1", 0.5, tr_later!("Share of the past in the mean of gradients (Adam), of both.")),
    beta(
        "beta_2",
        0.9,
        tr_later!("Share of the past in the mean of squared gradients (Adam), of both."),
    ),
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
