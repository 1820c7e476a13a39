//! Keys of the families with a discriminator.

use crate::graph::lower::discriminator::DiscriminatorNorm;
use crate::train::settings::{Default, Key, Kind, Settings};

pub(super) const DCGAN: &str = "Radford et al. 2015, arXiv:1511.06434";

/// What keeps the discriminator in bounds.
pub(super) fn norm(settings: &Settings) -> DiscriminatorNorm {
    match settings.word("d_norm") {
        "batch" => DiscriminatorNorm::Batch,
        "spectral" => DiscriminatorNorm::Spectral,
        _ => DiscriminatorNorm::None,
    }
}

pub(super) const D_CHANNELS: Key = Key {
    name: "d_channels",
    kind: Kind::Integer { lo: 1, hi: 1024 },
    default: Default::Number(32.0),
    unit: "channels",
    help: "Channels of the discriminator after its first convolution (conv); doubled by each further one, up to eight times.",
    source: "64 in Radford et al. 2015; half of it trains on a CPU",
    live: false,
};

pub(super) const D_NORM: Key = Key {
    name: "d_norm",
    kind: Kind::Choice(&["spectral", "batch", "none"]),
    default: Default::Word("spectral"),
    unit: "",
    help: "What keeps the discriminator in bounds: division by singular values, batch normalisation, or nothing.",
    source: "Miyato et al. 2018, arXiv:1802.05957",
    live: false,
};

pub(super) const LABEL_SMOOTHING: Key = Key {
    name: "label_smoothing",
    kind: Kind::Number { lo: 0.0, hi: 0.5 },
    default: Default::Number(0.0),
    unit: "",
    help: "How much less than sure the discriminator is to be of real images (non-saturating, minimax, least-squares).",
    source: "Salimans et al. 2016, section 3.4, arXiv:1606.03498",
    live: true,
};

pub(super) const D_LR: Key = Key {
    name: "d_lr",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(2e-4),
    unit: "",
    help: "Learning rate of the discriminator (Adam).",
    source: "Heusel et al. 2017, arXiv:1706.08500: the two may differ",
    live: true,
};

pub(super) const LOSS: Key = Key {
    name: "loss",
    kind: Kind::Choice(&["non-saturating", "minimax", "hinge", "least-squares", "wasserstein"]),
    default: Default::Word("non-saturating"),
    unit: "",
    help: "What the two networks play for.",
    source: "Goodfellow et al. 2014; Lim & Ye 2017; Mao et al. 2017; Arjovsky et al. 2017",
    live: true,
};
