//! Keys that several families have.

use crate::array::Array;
use crate::data::augment::Augment;
use crate::data::corrupt::{self, Corruption};
use crate::train::settings::{Default, Key, Kind, Settings};

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

const SHORTEN: &str = "Shorten & Khoshgoftaar 2019, doi:10.1186/s40537-019-0197-0";

pub(super) const FLIP: Key = Key {
    name: "flip",
    kind: Kind::Choice(&["no", "yes"]),
    default: Default::Word("no"),
    unit: "",
    help: "Whether half of the training images are mirrored left to right; wrong for writing.",
    source: SHORTEN,
    live: true,
};

pub(super) const CROP: Key = Key {
    name: "crop",
    kind: Kind::Integer { lo: 0, hi: 64 },
    default: Default::Number(0.0),
    unit: "pixels",
    help: "How far training images are moved each way, at random; what comes in is a reflection.",
    source: SHORTEN,
    live: true,
};

pub(super) const ROTATE: Key = Key {
    name: "rotate",
    kind: Kind::Number { lo: 0.0, hi: 180.0 },
    default: Default::Number(0.0),
    unit: "degrees",
    help: "How far training images are turned each way, at random.",
    source: SHORTEN,
    live: true,
};

pub(super) const COLOUR: Key = Key {
    name: "colour",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(0.0),
    unit: "",
    help: "How far brightness, contrast and saturation of coloured training images vary, at random.",
    source: SHORTEN,
    live: true,
};

pub(super) const CORRUPT: Key = Key {
    name: corrupt::KEY,
    kind: Kind::Corruption { word: "none" },
    default: Default::Word("none"),
    unit: "",
    help: "How images are spoilt before they are encoded (by noise, hidden patches or fewer pixels); the model is to give back the clean ones.",
    source: "Vincent et al. 2008, doi:10.1145/1390156.1390294; Im et al. 2017, arXiv:1511.06406",
    live: true,
};

/// How images are spoilt for the encoder; not at all by recipes without the key.
pub(in crate::train) fn corruption(settings: &Settings) -> Option<Corruption> {
    settings.word(corrupt::KEY).parse().ok()
}

/// Training images as the encoder sees them at a step, where they are spoilt.
pub(in crate::train) fn spoilt(
    settings: &Settings,
    images: &Array,
    seed: u64,
    step: u64,
) -> Option<Array> {
    corruption(settings).map(|corruption| corruption.apply(images, seed, step))
}

/// How training images are varied; not at all by recipes without the keys.
pub(in crate::train) fn augment(settings: &Settings) -> Augment {
    let number = |name| if settings.value(name).is_some() { settings.number(name) } else { 0.0 };
    Augment {
        flip: settings.word("flip") == "yes",
        crop_px: number("crop") as usize,
        rotate_deg: number("rotate") as f32,
        colour: number("colour") as f32,
    }
}
