//! The keys of a prior over codes, and the sizes that they stand for.

use super::shared::{
    CHECKPOINT_EVERY, CLIP, EVAL_IMAGES, IMAGE_SIZE, KEEP_CHECKPOINTS, KEEP_HISTORY, LR,
    LR_SCHEDULE, LR_WARMUP, WEIGHT_DECAY,
};
use crate::graph::lower::ModelConfig;
use crate::graph::lower::prior::{Order, PriorConfig};
use crate::language::tr_later;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

pub(super) fn config(
    settings: &Settings,
    codes: Option<&ModelConfig>,
    classes: &[String],
) -> Result<PriorConfig, SettingError> {
    let refused = |message: String| SettingError::Together { message };
    let codes = codes.ok_or_else(|| {
        refused("codes names no autoencoder (expected a run of vq-vae or vqgan)".to_owned())
    })?;
    // The codes of a prior's own autoencoder.
    let codes = match codes {
        ModelConfig::Prior(prior) => &prior.codes,
        codes => codes,
    };
    let order = match settings.word("order") {
        "masked" => Order::Masked,
        _ => Order::Raster,
    };
    let classes = match settings.word("conditional") {
        "no" => &[],
        "yes" if classes.is_empty() => {
            let message = "conditional is yes, but the images have no classes (expected conditional=auto or no)";
            return Err(refused(message.to_owned()));
        }
        _ => classes,
    };
    let config = PriorConfig {
        codes: Box::new(codes.clone()),
        classes: classes.to_vec(),
        order,
        text: None,
        embedding: settings.integer("embedding"),
        width: settings.integer("width"),
        layers: settings.integer("layers"),
        heads: settings.integer("heads"),
    };
    ModelConfig::Prior(config.clone()).check().map_err(refused)?;
    Ok(config)
}

const TRANSFORMERS: &str = "Vaswani et al. 2017, arXiv:1706.03762";

pub(super) const TEXT_PLACES: Key = Key {
    name: "text_places",
    kind: Kind::Integer { lo: 1, hi: 4096 },
    default: Default::Number(48.0),
    unit: tr_later!("tokens"),
    help: tr_later!("Tokens of a caption at most; longer ones are cut off."),
    source: "Ramesh et al. 2021, arXiv:2102.12092",
    live: false,
};

pub(super) const VOCABULARY: Key = Key {
    name: "vocabulary",
    kind: Kind::Integer { lo: 259, hi: 65_536 },
    default: Default::Number(1024.0),
    unit: tr_later!("tokens"),
    help: tr_later!("Different tokens that captions are spelt in, at most."),
    source: "Sennrich et al. 2016, arXiv:1508.07909",
    live: false,
};

pub(super) const WIDTH: Key = Key {
    name: "width",
    kind: Kind::Integer { lo: 1, hi: 4096 },
    default: Default::Number(128.0),
    unit: tr_later!("values"),
    help: tr_later!("Values of a code inside of the transformer."),
    source: TRANSFORMERS,
    live: false,
};

pub(super) const LAYERS: Key = Key {
    name: "layers",
    kind: Kind::Integer { lo: 1, hi: 96 },
    default: Default::Number(4.0),
    unit: tr_later!("layers"),
    help: tr_later!("Pairs of attention and of the two layers behind it."),
    source: TRANSFORMERS,
    live: false,
};

pub(super) const HEADS: Key = Key {
    name: "heads",
    kind: Kind::Integer { lo: 1, hi: 256 },
    default: Default::Number(4.0),
    unit: tr_later!("heads"),
    help: tr_later!("Heads of attention, a divisor of the width."),
    source: TRANSFORMERS,
    live: false,
};

pub(super) const KEYS: &[Key] = &[
    IMAGE_SIZE,
    Key {
        name: "codes",
        kind: Kind::Path,
        default: Default::Word(""),
        unit: "",
        help: tr_later!(
            "The autoencoder whose codes are learnt: a run of vq-vae or vqgan, or another model with a codebook. It stays as it is."
        ),
        source: "van den Oord et al. 2017, arXiv:1711.00937, section 3.3",
        live: false,
    },
    Key {
        name: "order",
        kind: Kind::Choice(&["raster", "masked"]),
        default: Default::Word("raster"),
        unit: "",
        help: tr_later!(
            "Codes are told one after the other, row by row; or several at once, from all that are known, in a few steps."
        ),
        source: "Esser et al. 2021, arXiv:2012.09841; Chang et al. 2022, arXiv:2202.04200",
        live: false,
    },
    Key {
        name: "conditional",
        kind: Kind::Choice(&["auto", "yes", "no"]),
        default: Default::Word("auto"),
        unit: "",
        help: tr_later!("Whether it can be asked for a class; auto: where the data has some."),
        source: TRANSFORMERS,
        live: false,
    },
    Key {
        name: "text",
        kind: Kind::Choice(&["no", "yes"]),
        default: Default::Word("no"),
        unit: "",
        help: tr_later!(
            "Whether it learns the captions of images beside their codes, instead of classes: pictures of texts, and texts of pictures."
        ),
        source: "Ramesh et al. 2021, arXiv:2102.12092",
        live: false,
    },
    TEXT_PLACES,
    VOCABULARY,
    Key {
        name: "class_dropout",
        kind: Kind::Number { lo: 0.0, hi: 1.0 },
        default: Default::Number(0.1),
        unit: tr_later!("share of images"),
        help: tr_later!(
            "Images whose class or caption is not told, so that draws can be guided by the difference."
        ),
        source: "Ho & Salimans 2022, arXiv:2207.12598",
        live: true,
    },
    WIDTH,
    LAYERS,
    HEADS,
    Key {
        name: "embedding",
        kind: Kind::Integer { lo: 1, hi: 4096 },
        default: Default::Number(64.0),
        unit: tr_later!("values"),
        help: tr_later!("Values of a code in the table that it is looked up in."),
        source: "Lan et al. 2020, arXiv:1909.11942, section 3.1",
        live: false,
    },
    Key { default: Default::Number(0.002), ..LR },
    Key { default: Default::Number(200.0), ..LR_WARMUP },
    Key { default: Default::Word("cosine"), ..LR_SCHEDULE },
    WEIGHT_DECAY,
    Key { default: Default::Number(1.0), ..CLIP },
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    KEEP_HISTORY,
    EVAL_IMAGES,
];
