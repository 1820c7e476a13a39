//! The recipes: which keys each family has, and how settings become a model's configuration.

use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use crate::graph::lower::vq_vae::{CodebookUpdate, VqVaeConfig};
use crate::picture::ImageShape;

use super::settings::{Default, Key, Kind, SettingError, Settings};

/// A family that can be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Variational autoencoder, β included.
    Vae,
    /// Vector-quantized autoencoder.
    VqVae,
}

impl Recipe {
    /// All recipes.
    pub const ALL: &'static [Self] = &[Self::Vae, Self::VqVae];

    /// The name on the command line and in run directories.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::VqVae => "vq-vae",
        }
    }

    /// The recipe of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|recipe| recipe.name() == name)
    }

    /// One sentence on what it trains.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Vae => "Variational autoencoder: a smooth latent space to drag through",
            Self::VqVae => {
                "Vector-quantized autoencoder: pictures as grids of codes from a codebook"
            }
        }
    }

    /// The sizes of a model from its settings and the images it is to learn.
    ///
    /// # Errors
    /// When the sizes do not go together.
    pub fn model_config(
        self,
        settings: &Settings,
        image: ImageShape,
    ) -> Result<ModelConfig, SettingError> {
        match self {
            Self::Vae => vae_config(settings, image).map(ModelConfig::Vae),
            Self::VqVae => vq_vae_config(settings, image).map(ModelConfig::VqVae),
        }
    }

    /// Its keys.
    pub const fn keys(self) -> &'static [Key] {
        match self {
            Self::Vae => VAE_KEYS,
            Self::VqVae => VQ_VAE_KEYS,
        }
    }
}

fn vae_config(settings: &Settings, image: ImageShape) -> Result<VaeConfig, SettingError> {
    let arch = if settings.word("arch") == "mlp" { Arch::Mlp } else { Arch::Conv };
    let hidden = match (settings.integer("hidden"), arch) {
        (0, Arch::Mlp) => 400,
        (0, Arch::Conv) => 256,
        (hidden, _) => hidden,
    };
    let likelihood = if settings.word("likelihood") == "gaussian" {
        Likelihood::Gaussian
    } else {
        Likelihood::Bernoulli
    };
    let sigma = settings.number("sigma");
    let config = VaeConfig {
        arch,
        image,
        latent_dim: settings.integer("latent_dim"),
        hidden,
        channels: settings.integer("channels"),
        likelihood,
        sigma: if sigma.is_nan() { Sigma::Learned } else { Sigma::Fixed(sigma as f32) },
    };
    config.check().map_err(|error| SettingError::Together { message: error.to_string() })?;
    Ok(config)
}

fn vq_vae_config(settings: &Settings, image: ImageShape) -> Result<VqVaeConfig, SettingError> {
    let config = VqVaeConfig {
        image,
        hidden: settings.integer("hidden"),
        res_blocks: settings.integer("res_blocks"),
        res_hidden: settings.integer("res_hidden"),
        levels: settings.integer("levels"),
        codebook_size: settings.integer("codebook_size"),
        code_dim: settings.integer("code_dim"),
        commitment: settings.number("commitment") as f32,
        update: match settings.word("codebook_update") {
            "loss" => CodebookUpdate::Loss,
            _ => CodebookUpdate::Ema,
        },
        cosine: settings.word("similarity") == "cosine",
    };
    config.check().map_err(|error| SettingError::Together { message: error.to_string() })?;
    Ok(config)
}

const VAE: &str = "Kingma & Welling 2013, arXiv:1312.6114";

const IMAGE_SIZE: Key = Key {
    name: "image_size",
    kind: Kind::Integer { lo: 0, hi: 1024 },
    default: Default::Number(0.0),
    unit: "pixels",
    help: "Side of the images (shapes, dsprites: 32 or 64; folder: any); 0 takes the data's own.",
    source: "the data",
    live: false,
};

const LR: Key = Key {
    name: "lr",
    kind: Kind::Number { lo: 0.0, hi: 1.0 },
    default: Default::Number(1e-3),
    unit: "",
    help: "Learning rate of Adam.",
    source: "Kingma & Ba 2014, arXiv:1412.6980",
    live: true,
};

const CHECKPOINT_EVERY: Key = Key {
    name: "checkpoint_every",
    kind: Kind::Integer { lo: 1, hi: 1_000_000_000 },
    default: Default::Number(500.0),
    unit: "steps",
    help: "Steps between checkpoints; each is evaluated on held-out images.",
    source: "half a minute to a few minutes of work at most is lost",
    live: true,
};

const KEEP_CHECKPOINTS: Key = Key {
    name: "keep_checkpoints",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(5.0),
    unit: "checkpoints",
    help: "How many of the newest stay on the disk, beside the best one.",
    source: "a checkpoint holds the weights three times over",
    live: true,
};

const EVAL_IMAGES: Key = Key {
    name: "eval_images",
    kind: Kind::Integer { lo: 1, hi: 1_000_000 },
    default: Default::Number(1000.0),
    unit: "images",
    help: "Held-out images that each checkpoint is measured on.",
    source: "standard error of a nat or so",
    live: false,
};

const VAE_KEYS: &[Key] = &[
    Key {
        name: "arch",
        kind: Kind::Choice(&["mlp", "conv"]),
        default: Default::Word("conv"),
        unit: "",
        help: "Linear layers only, or strided convolutions.",
        source: VAE,
        live: false,
    },
    IMAGE_SIZE,
    Key {
        name: "latent_dim",
        kind: Kind::Integer { lo: 1, hi: 4096 },
        default: Default::Number(20.0),
        unit: "dimensions",
        help: "Dimensions of the latent vector.",
        source: VAE,
        live: false,
    },
    Key {
        name: "hidden",
        kind: Kind::Integer { lo: 0, hi: 65_536 },
        default: Default::Number(0.0),
        unit: "units",
        help: "Width of the hidden linear layer on either side; 0 takes 400 for mlp, 256 for conv.",
        source: "784-400-20 is PyTorch's example for MNIST",
        live: false,
    },
    Key {
        name: "channels",
        kind: Kind::Integer { lo: 1, hi: 1024 },
        default: Default::Number(32.0),
        unit: "channels",
        help: "Channels after the first convolution (conv); doubled by each further one, up to four times.",
        source: "Higgins et al. 2017, table 1",
        live: false,
    },
    Key {
        name: "likelihood",
        kind: Kind::Choice(&["bernoulli", "gaussian"]),
        default: Default::Word("bernoulli"),
        unit: "",
        help: "Distribution of a pixel around its reconstruction.",
        source: VAE,
        live: false,
    },
    Key {
        name: "sigma",
        kind: Kind::NumberOr { lo: 0.001, hi: 10.0, word: "learned" },
        default: Default::Word("learned"),
        unit: "of the pixel range",
        help: "Deviation of a pixel (gaussian).",
        source: "Rybkin et al. 2021, arXiv:2006.13202",
        live: false,
    },
    Key {
        name: "beta",
        kind: Kind::Number { lo: 0.0, hi: 1000.0 },
        default: Default::Number(1.0),
        unit: "",
        help: "Weight of the KL term: more makes dimensions independent, less makes pictures sharp.",
        source: "Higgins et al. 2017, eq. 4",
        live: true,
    },
    Key {
        name: "kl_warmup",
        kind: Kind::Integer { lo: 0, hi: 1_000_000_000 },
        default: Default::Number(0.0),
        unit: "steps",
        help: "Steps over which the KL weight grows from 0 to beta.",
        source: "Bowman et al. 2016, arXiv:1511.06349",
        live: true,
    },
    Key {
        name: "free_bits",
        kind: Kind::Number { lo: 0.0, hi: 100.0 },
        default: Default::Number(0.0),
        unit: "nats a dimension",
        help: "KL that each dimension may spend without being penalised.",
        source: "Kingma et al. 2016, arXiv:1606.04934, eq. 15",
        live: true,
    },
    LR,
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    EVAL_IMAGES,
];

const VQ_VAE: &str = "van den Oord et al. 2017, arXiv:1711.00937";

const VQ_VAE_KEYS: &[Key] = &[
    IMAGE_SIZE,
    Key {
        name: "codebook_size",
        kind: Kind::Integer { lo: 1, hi: 65_536 },
        default: Default::Number(512.0),
        unit: "codes",
        help: "Codes in the codebook, K.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "code_dim",
        kind: Kind::Integer { lo: 1, hi: 4096 },
        default: Default::Number(64.0),
        unit: "dimensions",
        help: "Dimensions of a code, D.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "hidden",
        kind: Kind::Integer { lo: 2, hi: 4096 },
        default: Default::Number(128.0),
        unit: "channels",
        help: "Channels of the convolutions at the resolution of the codes.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "res_blocks",
        kind: Kind::Integer { lo: 0, hi: 64 },
        default: Default::Number(2.0),
        unit: "blocks",
        help: "Residual blocks on either side.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "res_hidden",
        kind: Kind::Integer { lo: 1, hi: 4096 },
        default: Default::Number(32.0),
        unit: "channels",
        help: "Channels inside a residual block.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "levels",
        kind: Kind::Integer { lo: 1, hi: 6 },
        default: Default::Number(2.0),
        unit: "halvings",
        help: "How often the image is halved: a code stands for 2^levels pixels on a side, and more around.",
        source: VQ_VAE,
        live: false,
    },
    Key {
        name: "commitment",
        kind: Kind::Number { lo: 0.0, hi: 100.0 },
        default: Default::Number(1.0),
        unit: "",
        help: "Weight of the term that keeps the encoder near its codes.",
        source: "van den Oord et al. 2017, eq. 3, on the commitment term; 0.25 there, beside a codebook loss",
        live: false,
    },
    Key {
        name: "codebook_update",
        kind: Kind::Choice(&["ema", "loss"]),
        default: Default::Word("ema"),
        unit: "",
        help: "Codes follow moving averages of their vectors, or the gradient of a loss.",
        source: "van den Oord et al. 2017, appendix A.1 and eq. 3",
        live: false,
    },
    Key {
        name: "codebook_init",
        kind: Kind::Choice(&["kmeans", "random"]),
        default: Default::Word("kmeans"),
        unit: "",
        help: "Codes begin at the k-means of the first vectors (random ones of them over 4096 codes), or like weights.",
        source: "Łańcucki et al. 2020, arXiv:2005.08520",
        live: false,
    },
    Key {
        name: "similarity",
        kind: Kind::Choice(&["euclidean", "cosine"]),
        default: Default::Word("euclidean"),
        unit: "",
        help: "Vectors choose the nearest code, or the one at the smallest angle.",
        source: "Yu et al. 2021, arXiv:2110.04627, section 3.2",
        live: false,
    },
    Key {
        name: "ema_decay",
        kind: Kind::Number { lo: 0.0, hi: 0.9999 },
        default: Default::Number(0.95),
        unit: "",
        help: "Share of the past in the moving averages of codes and of their use.",
        source: "van den Oord et al. 2017, appendix A.1; 0.99 there, for longer runs",
        live: true,
    },
    Key {
        name: "restart_threshold",
        kind: Kind::Number { lo: 0.0, hi: 1e6 },
        default: Default::Number(2.0),
        unit: "vectors a batch",
        help: "A code that fewer vectors choose, on average, starts again at a random vector of the batch; counted as a third of an even share at most; 0 for never.",
        source: "Dhariwal et al. 2020, arXiv:2005.00341, section 3.1",
        live: true,
    },
    LR,
    CHECKPOINT_EVERY,
    KEEP_CHECKPOINTS,
    EVAL_IMAGES,
];
