//! The keys of quantizers beside the plain codebook, and the description that they stand for.

use crate::graph::lower::quantizer::{CodebookUpdate, GradientPath, Method, QuantizerConfig};
use crate::language::tr_later;
use crate::latent::Levels;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings};

/// The word for levels that follow from the number of codes.
const AUTO: &str = "auto";

/// The quantizer of settings that have all its keys.
pub(super) fn config(settings: &Settings) -> Result<QuantizerConfig, SettingError> {
    let config = QuantizerConfig {
        codebook_size: settings.integer("codebook_size"),
        code_dim: settings.integer("code_dim"),
        commitment: settings.number("commitment") as f32,
        update: match settings.word("codebook_update") {
            "loss" => CodebookUpdate::Loss,
            _ => CodebookUpdate::Ema,
        },
        cosine: settings.word("similarity") == "cosine",
        method: method(settings),
        gradient: match settings.word("gradient") {
            "rotation" => GradientPath::Rotation,
            _ => GradientPath::StraightThrough,
        },
    };
    if settings.word(QUANTIZER.name) == "fsq" {
        return Ok(config.with_levels(levels(settings)?));
    }
    Ok(config)
}

fn method(settings: &Settings) -> Method {
    match settings.word(QUANTIZER.name) {
        "residual" => Method::Residual { quantizers: settings.integer(QUANTIZERS.name) },
        "multi-head" => Method::MultiHead {
            heads: settings.integer(HEADS.name),
            shared: settings.word(HEAD_CODEBOOKS.name) == "shared",
        },
        "simvq" => Method::SimVq,
        _ => Method::Codebook,
    }
}

fn levels(settings: &Settings) -> Result<Levels, SettingError> {
    let (size, text) = (settings.integer("codebook_size"), settings.word(FSQ_LEVELS.name));
    if text != AUTO {
        let refused = || SettingError::Value {
            name: FSQ_LEVELS.name.to_owned(),
            found: text.to_owned(),
            expected: FSQ_LEVELS.kind.to_string(),
        };
        return Levels::from_text(text).ok_or_else(refused);
    }
    Levels::of_codes(size).ok_or_else(|| SettingError::Together {
        message: format!(
            "codebook_size is {size}, which no levels of 2 to 16 make (expected a product of such: try 240, 1000, \
             1024 or 4375, or set fsq_levels)"
        ),
    })
}

pub(super) const QUANTIZER: Key = Key {
    name: "quantizer",
    kind: Kind::Choice(&Method::NAMES),
    default: Default::Word("codebook"),
    unit: "",
    help: tr_later!(
        "Vectors become the nearest code; a sum of codes; points of a grid; the nearest of codes behind a learned map; or a code for each part."
    ),
    source: "Zeghidour et al. 2021, arXiv:2107.03312; Mentzer et al. 2023, arXiv:2309.15505; Zhu et al. 2024, arXiv:2411.02038",
    live: false,
};

pub(super) const GRADIENT: Key = Key {
    name: "gradient",
    kind: Kind::Choice(&["straight-through", "rotation"]),
    default: Default::Word("straight-through"),
    unit: "",
    help: tr_later!(
        "The gradient passes from codes to vectors as it is, or turned and scaled as the vector is onto its code."
    ),
    source: "Fifty et al. 2024, arXiv:2410.06424",
    live: false,
};

pub(super) const QUANTIZERS: Key = Key {
    name: "quantizers",
    kind: Kind::Integer { lo: 2, hi: 32 },
    default: Default::Number(4.0),
    unit: tr_later!("quantizers"),
    help: tr_later!(
        "For residual: how many quantizers follow each other, each with codebook_size codes."
    ),
    source: tr_later!("Zeghidour et al. 2021, arXiv:2107.03312, who take 4 to 16"),
    live: false,
};

pub(super) const HEADS: Key = Key {
    name: "heads",
    kind: Kind::Integer { lo: 2, hi: 64 },
    default: Default::Number(4.0),
    unit: tr_later!("heads"),
    help: tr_later!(
        "For multi-head: how many parts of one size a vector is cut into; code_dim is the whole."
    ),
    source: tr_later!("a divisor of the usual code_dim"),
    live: false,
};

pub(super) const HEAD_CODEBOOKS: Key = Key {
    name: "head_codebooks",
    kind: Kind::Choice(&["shared", "separate"]),
    default: Default::Word("shared"),
    unit: "",
    help: tr_later!("For multi-head: all heads choose from one codebook, or each from its own."),
    source: tr_later!("the usual choice of libraries"),
    live: false,
};

pub(super) const FSQ_LEVELS: Key = Key {
    name: "fsq_levels",
    kind: Kind::Levels { word: AUTO },
    default: Default::Word(AUTO),
    unit: tr_later!("levels a dimension"),
    help: tr_later!(
        "For fsq: the levels of every dimension, whose product is the number of codes; auto finds some for codebook_size."
    ),
    source: tr_later!("Mentzer et al. 2023, arXiv:2309.15505, table 1: at least 5 each"),
    live: false,
};
