//! Keys of the families with a discriminator.

use crate::graph::lower::discriminator::DiscriminatorNorm;
use crate::language::tr_later;
use crate::train::settings::{Default, Key, Kind, Settings};

pub(super) const DCGAN: &str = "Radford et al. 2015, arXiv:1511.06434";

/// Whether a penalty is on the discriminator's slope at each image by itself, which batch normalization would mix.
pub(super) fn punishes_slopes(settings: &Settings) -> bool {
    let between =
        settings.word("loss") == "wasserstein" && settings.number("gradient_penalty") > 0.0;
    between || settings.number("r1") > 0.0
}

/// What keeps the discriminator in bounds.
pub(super) fn norm(settings: &Settings) -> DiscriminatorNorm {
    match settings.word("d_norm") {
        "batch" => DiscriminatorNorm::Batch,
        "spectral" => DiscriminatorNorm::Spectral,
        "auto" if !punishes_slopes(settings) => DiscriminatorNorm::Batch,
        _ => DiscriminatorNorm::None,
    }
}

pub(super) const D_CHANNELS: Key = Key {
    name: "d_channels",
    kind: Kind::Integer { lo: 1, hi: 1024 },
    default: Default::Number(32.0),
    unit: tr_later!("channels"),
    help: tr_later!(
        "Channels of the discriminator after its first convolution (conv); doubled by each further one, up to eight times."
    ),
    source: tr_later!("64 in Radford et al. 2015; half of it trains on a CPU"),
    live: false,
};

pub(super) const D_NORM: Key = Key {
    name: "d_norm",
    kind: Kind::Choice(&["auto", "batch", "spectral", "none"]),
    default: Default::Word("auto"),
    unit: "",
    help: tr_later!(
        "What keeps the discriminator in bounds: batch normalization, division by singular values, or nothing; auto takes batch normalization, and nothing beside a penalty on slopes."
    ),
    source: "Radford et al. 2015; Miyato et al. 2018, arXiv:1802.05957",
    live: false,
};

pub(super) const LABEL_SMOOTHING: Key = Key {
    name: "label_smoothing",
    kind: Kind::Number { lo: 0.0, hi: 0.5 },
    default: Default::Number(0.0),
    unit: "",
    help: tr_later!(
        "How much less than sure the discriminator is to be of real images (non-saturating, minimax, least-squares)."
    ),
    source: "Salimans et al. 2016, section 3.4, arXiv:1606.03498",
    live: true,
};

pub(super) const D_LR: Key = Key {
    name: "d_lr",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(5e-4),
    unit: "",
    help: tr_later!("Learning rate of the discriminator (Adam)."),
    source: tr_later!(
        "half the generator's, so that a small discriminator does not win; Heusel et al. 2017, arXiv:1706.08500"
    ),
    live: true,
};

pub(super) const LOSS: Key = Key {
    name: "loss",
    kind: Kind::Choice(&["non-saturating", "minimax", "hinge", "least-squares", "wasserstein"]),
    default: Default::Word("non-saturating"),
    unit: "",
    help: tr_later!("What the two networks play for."),
    source: "Goodfellow et al. 2014; Lim & Ye 2017; Mao et al. 2017; Arjovsky et al. 2017",
    live: true,
};
