//! Keys that several families have.

use crate::array::Array;
use crate::data::augment::Augment;
use crate::data::corrupt::{self, Corruption};
use crate::language::tr_later;
use crate::train::settings::{Default, Key, Kind, SettingError, Settings, Value};

pub(super) const IMAGE_SIZE: Key = Key {
    name: "image_size",
    kind: Kind::Integer { lo: 0, hi: 1024 },
    default: Default::Number(0.0),
    unit: tr_later!("pixels"),
    help: tr_later!(
        "Side of the images (shapes, dsprites: 32 or 64; folder: any); 0 takes the data's own."
    ),
    source: tr_later!("the data"),
    live: false,
};

pub(super) const LR: Key = Key {
    name: "lr",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(1e-3),
    unit: "",
    help: tr_later!("Learning rate of Adam."),
    source: "Kingma & Ba 2014, arXiv:1412.6980",
    live: true,
};

pub(super) const CHECKPOINT_EVERY: Key = Key {
    name: "checkpoint_every",
    kind: Kind::Integer { lo: 1, hi: 1_000_000_000 },
    default: Default::Number(500.0),
    unit: tr_later!("steps"),
    help: tr_later!("Steps between checkpoints; each is evaluated on held-out images."),
    source: tr_later!("half a minute to a few minutes of work at most is lost"),
    live: true,
};

pub(super) const KEEP_CHECKPOINTS: Key = Key {
    name: "keep_checkpoints",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(5.0),
    unit: tr_later!("checkpoints"),
    help: tr_later!("How many of the newest stay on the disk, beside the best one."),
    source: tr_later!("a checkpoint holds the weights three times over"),
    live: true,
};

pub(super) const KEEP_HISTORY: Key = Key {
    name: "keep_history",
    kind: Kind::Integer { lo: 0, hi: 1000 },
    default: Default::Number(12.0),
    unit: tr_later!("checkpoints"),
    help: tr_later!(
        "How many stay beside those at the most, from the first to the newest, each at a multiple of the step before: the film strip shows them."
    ),
    source: tr_later!("a run changes most at its beginning"),
    live: true,
};

pub(super) const EVAL_IMAGES: Key = Key {
    name: "eval_images",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(1000.0),
    unit: tr_later!("images"),
    help: tr_later!("Held-out images that each checkpoint is measured on."),
    source: tr_later!("standard error of a nat or so"),
    live: false,
};

pub(super) const LR_WARMUP: Key = Key {
    name: "lr_warmup",
    kind: Kind::Integer { lo: 0, hi: 1_000_000_000 },
    default: Default::Number(0.0),
    unit: tr_later!("steps"),
    help: tr_later!("Steps over which learning rates grow from 0 to theirs."),
    source: "Goyal et al. 2017, section 2.2, arXiv:1706.02677",
    live: true,
};

pub(super) const LR_SCHEDULE: Key = Key {
    name: "lr_schedule",
    kind: Kind::Choice(&["constant", "linear", "cosine"]),
    default: Default::Word("constant"),
    unit: "",
    help: tr_later!(
        "How learning rates fall to 0 at the end of the run: not at all, evenly, or along half a cosine."
    ),
    source: "Loshchilov & Hutter 2016, eq. 5, arXiv:1608.03983",
    live: true,
};

pub(super) const WEIGHT_DECAY: Key = Key {
    name: "weight_decay",
    kind: Kind::Number { lo: 0.0, hi: 100.0 },
    default: Default::Number(0.0),
    unit: tr_later!("of the learning rate"),
    help: tr_later!("How much kernels and matrices shrink in each update, beside their gradients."),
    source: "Loshchilov & Hutter 2017, algorithm 2, arXiv:1711.05101",
    live: true,
};

pub(super) const CLIP: Key = Key {
    name: "clip",
    kind: Kind::Number { lo: 0.0, hi: 1e6 },
    default: Default::Number(0.0),
    unit: "",
    help: tr_later!(
        "The greatest length of a network's gradient: a longer one is cut; 0 cuts none."
    ),
    source: "Pascanu et al. 2013, section 3.2, arXiv:1211.5063",
    live: true,
};

pub(super) const FREEZE: Key = Key {
    name: "freeze",
    kind: Kind::Choice(&["nothing", "encoder", "decoder"]),
    default: Default::Word("nothing"),
    unit: "",
    help: tr_later!(
        "The part whose weights stay as they are, as when it comes from another model (--init RUN:encoder)."
    ),
    source: "Yosinski et al. 2014, arXiv:1411.1792",
    live: false,
};

pub(super) const DROPOUT: Key = Key {
    name: "dropout",
    kind: Kind::Number { lo: 0.0, hi: 0.95 },
    default: Default::Number(0.0),
    unit: tr_later!("of the values"),
    help: tr_later!(
        "Share of the last hidden layer's values that are left out at random in each update."
    ),
    source: "Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html",
    live: true,
};

pub(super) const CONDITIONAL: Key = Key {
    name: "conditional",
    kind: Kind::Choice(&["no", "yes"]),
    default: Default::Word("no"),
    unit: "",
    help: tr_later!(
        "Whether both networks are told the class of an image, so that a class can be asked for."
    ),
    source: "",
    live: false,
};

/// The number of classes that a model is told of, of so many that the images have.
///
/// # Errors
/// When it is to be told, and there are none.
pub(super) fn told_classes(settings: &Settings, classes: usize) -> Result<usize, SettingError> {
    match (settings.word("conditional"), classes) {
        ("yes", 0) => {
            let message = "conditional is yes, but the images have no classes (expected conditional=no, or data with \
                           labels)";
            Err(SettingError::Together { message: message.to_owned() })
        }
        ("yes", classes) => Ok(classes),
        _ => Ok(0),
    }
}

pub(super) const CORRUPT: Key = Key {
    name: corrupt::KEY,
    kind: Kind::Corruption { word: "none" },
    default: Default::Word("none"),
    unit: "",
    help: tr_later!(
        "How images are spoilt before they are encoded (by noise, hidden patches or fewer pixels); the model is to give back the clean ones."
    ),
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

/// The settings at an update of a run of so many: learning rates follow their schedule.
pub(in crate::train) fn scheduled(settings: &Settings, step: u64, total: u64) -> Settings {
    let warmup = settings.value("lr_warmup").map_or(0.0, |_| settings.number("lr_warmup"));
    let grown = if warmup > 0.0 { (step as f64 / warmup).min(1.0) } else { 1.0 };
    // From 1 before the first update that falls to 0 after the last.
    let left = total.saturating_sub(step) as f64 + 1.0;
    let share = (left / (total as f64 - warmup).max(1.0)).clamp(0.0, 1.0);
    let fallen = match settings.word("lr_schedule") {
        "linear" => share,
        "cosine" => 0.5 - 0.5 * (std::f64::consts::PI * share).cos(),
        _ => 1.0,
    };
    let mut now = settings.clone();
    for name in ["lr", "d_lr"] {
        if settings.value(name).is_some() {
            let rate = settings.number(name) * grown * fallen;
            now.set(name, Value::Number(rate)).expect("a share of a rate is one");
        }
    }
    now
}

const SHORTEN: &str = "Shorten & Khoshgoftaar 2019, doi:10.1186/s40537-019-0197-0";

pub(super) const FLIP: Key = Key {
    name: "flip",
    kind: Kind::Choice(&["no", "yes"]),
    default: Default::Word("no"),
    unit: "",
    help: tr_later!(
        "Whether half of the training images are mirrored left to right; wrong for writing."
    ),
    source: SHORTEN,
    live: true,
};

pub(super) const CROP: Key = Key {
    name: "crop",
    kind: Kind::Integer { lo: 0, hi: 64 },
    default: Default::Number(0.0),
    unit: tr_later!("pixels"),
    help: tr_later!(
        "How far training images are moved each way, at random; what comes in is a reflection."
    ),
    source: SHORTEN,
    live: true,
};

pub(super) const ROTATE: Key = Key {
    name: "rotate",
    kind: Kind::Number { lo: 0.0, hi: 180.0 },
    default: Default::Number(0.0),
    unit: tr_later!("degrees"),
    help: tr_later!("How far training images are turned each way, at random."),
    source: SHORTEN,
    live: true,
};

pub(super) const COLOUR: Key = Key {
    name: "colour",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(0.0),
    unit: "",
    help: tr_later!(
        "How far brightness, contrast and saturation of coloured training images vary, at random."
    ),
    source: SHORTEN,
    live: true,
};

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
