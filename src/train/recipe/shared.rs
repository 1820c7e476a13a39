//! Keys that several families have.

use crate::train::settings::{Default, Key, Kind};

pub(super) const IMAGE_SIZE: Key = Key {
    name: "image_size",
    kind: Kind::Integer { lo: 0, hi: 1024 },
    default: Default::Number(0.0),
    unit: "pixels",
    help: "Side of the images (shapes, dsprites: 32 or 64; folder: any); 0 takes the data's own.",
    source: "the data",
    live: false,
};

pub(super) const LR: Key = Key {
    name: "lr",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(1e-3),
    unit: "",
    help: "Learning rate of Adam.",
    source: "Kingma & Ba 2014, arXiv:1412.6980",
    live: true,
};

pub(super) const CHECKPOINT_EVERY: Key = Key {
    name: "checkpoint_every",
    kind: Kind::Integer { lo: 1, hi: 1_000_000_000 },
    default: Default::Number(500.0),
    unit: "steps",
    help: "Steps between checkpoints; each is evaluated on held-out images.",
    source: "half a minute to a few minutes of work at most is lost",
    live: true,
};

pub(super) const KEEP_CHECKPOINTS: Key = Key {
    name: "keep_checkpoints",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(5.0),
    unit: "checkpoints",
    help: "How many of the newest stay on the disk, beside the best one.",
    source: "a checkpoint holds the weights three times over",
    live: true,
};

pub(super) const EVAL_IMAGES: Key = Key {
    name: "eval_images",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(1000.0),
    unit: "images",
    help: "Held-out images that each checkpoint is measured on.",
    source: "standard error of a nat or so",
    live: false,
};
