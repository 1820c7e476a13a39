//! The keys of an autoencoder of images and of texts, and the sizes that they stand for.

use super::adversarial::{D_CHANNELS, D_LR};
use super::keys::{choice, steps, weight, whole};
use super::prior::{HEADS, LAYERS, TEXT_PLACES, VOCABULARY, WIDTH};
use super::quantizer;
use super::shared::{
    CHECKPOINT_EVERY, CLIP, EVAL_IMAGES, IMAGE_SIZE, KEEP_CHECKPOINTS, KEEP_HISTORY, LR,
    LR_SCHEDULE, LR_WARMUP, WEIGHT_DECAY,
};
use super::vq_vae::{
    CODE_DIM, CODEBOOK_INIT, CODEBOOK_SIZE, CODEBOOK_UPDATE, COMMITMENT, EMA_DECAY, HIDDEN, LEVELS,
    RES_BLOCKS, RES_HIDDEN, RESTART_THRESHOLD, SIMILARITY,
};
use crate::graph::lower::Architecture as _;
use crate::graph::lower::multimodal::{Adversary, Codebooks, Judged, MultimodalConfig};
use crate::graph::lower::patchgan::PatchGanConfig;
use crate::graph::lower::prior::TextConfig;
use crate::graph::lower::vq_vae::VqVaeConfig;
use crate::language::tr_later;
use crate::picture::ImageShape;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

/// The model of settings; its texts are as long and as various as they allow, until a tokenizer says how much is needed.
pub(super) fn config(
    settings: &Settings,
    image: ImageShape,
) -> Result<MultimodalConfig, SettingError> {
    let align = settings.integer("align");
    let judged = match settings.word("adversary") {
        "patches" => Some(Judged::Patches),
        "pairs" => Some(Judged::Pairs),
        _ => None,
    };
    let adversary = judged.map(|judged| {
        let of_text = if judged == Judged::Pairs { align } else { 0 };
        let network = PatchGanConfig {
            image_channels: image.channels + of_text,
            channels: settings.integer("d_channels"),
            layers: settings.integer("d_layers"),
        };
        Adversary { judged, network }
    });
    let config = MultimodalConfig {
        images: VqVaeConfig {
            image,
            hidden: settings.integer("hidden"),
            res_blocks: settings.integer("res_blocks"),
            res_hidden: settings.integer("res_hidden"),
            levels: settings.integer("levels"),
            quantizer: quantizer::config(settings)?,
        },
        text: TextConfig {
            places: settings.integer("text_places"),
            tokens: settings.integer("vocabulary"),
        },
        codebooks: match settings.word("codebooks") {
            "two" => Codebooks::Two,
            _ => Codebooks::Shared,
        },
        width: settings.integer("width"),
        layers: settings.integer("layers"),
        heads: settings.integer("heads"),
        align,
        adversary,
    };
    config.check().map_err(|message| SettingError::Together { message })?;
    Ok(config)
}

const OURS: &str = tr_later!("ours");
const CLIP_PAPER: &str = "Radford et al. 2021, arXiv:2103.00020";

pub(super) const KEYS: &[Key] = &[
    IMAGE_SIZE,
    choice(
        "codebooks",
        &["shared", "two"],
        "shared",
        tr_later!("Whether texts have the codes of images, or a codebook of their own."),
        OURS,
    ),
    // Where codes are many, few uses each, they change places too often at first for texts to follow.
    Key { default: Default::Number(128.0), ..CODEBOOK_SIZE },
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
    TEXT_PLACES,
    VOCABULARY,
    WIDTH,
    Key { default: Default::Number(3.0), ..LAYERS },
    HEADS,
    whole(
        "align",
        [1, 4096],
        64.0,
        tr_later!("dimensions"),
        tr_later!("Dimensions of the space that images and texts are compared in."),
        CLIP_PAPER,
    ),
    weight(
        "text_weight",
        0.05,
        tr_later!("Weight of a text's likelihood behind its own codes, in nats a token."),
        OURS,
    ),
    weight(
        "text_of_image_weight",
        0.2,
        tr_later!(
            "Weight of a text's likelihood behind the codes of its image: captions of pictures."
        ),
        OURS,
    ),
    weight(
        "image_of_text_weight",
        0.1,
        tr_later!(
            "Weight of an image's error through the codes of its text: pictures of captions."
        ),
        OURS,
    ),
    weight(
        "codes_of_text_weight",
        0.5,
        tr_later!("Weight of telling the codes of an image from its text, cell by cell."),
        "Chang et al. 2022, arXiv:2202.04200",
    ),
    weight(
        "contrastive_weight",
        0.05,
        tr_later!(
            "Weight of telling which text of the batch belongs to an image, and the reverse."
        ),
        CLIP_PAPER,
    ),
    Key {
        name: "unpaired",
        kind: Kind::Number { lo: 0.0, hi: 1.0 },
        default: Default::Number(0.0),
        unit: tr_later!("share of pairs"),
        help: tr_later!(
            "Pairs of which the image and the text are learnt each for itself, as if nobody had said that they belong together."
        ),
        source: OURS,
        live: true,
    },
    choice(
        "adversary",
        &["none", "patches", "pairs"],
        "none",
        tr_later!(
            "What a discriminator judges: nothing, patches of decoded images, or patches beside a text that may be another image's."
        ),
        "Isola et al. 2017, arXiv:1611.07004; Reed et al. 2016, arXiv:1605.05396",
    ),
    weight("adversarial_weight", 0.02, tr_later!("Weight of passing the discriminator."), OURS),
    steps(
        "disc_start",
        500.0,
        tr_later!("The discriminator learns, and has a say, from this step on."),
        "Esser et al. 2021, arXiv:2012.09841",
    ),
    D_CHANNELS,
    whole(
        "d_layers",
        [1, 8],
        2.0,
        tr_later!("halvings"),
        tr_later!("How often the discriminator halves the image before it judges every patch."),
        tr_later!("3 in Isola et al. 2017, arXiv:1611.07004, for patches of 70 pixels"),
    ),
    D_LR,
    LR,
    LR_WARMUP,
    LR_SCHEDULE,
    WEIGHT_DECAY,
    CLIP,
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    KEEP_HISTORY,
    EVAL_IMAGES,
];
