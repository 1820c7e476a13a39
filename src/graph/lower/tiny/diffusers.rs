//! The small autoencoder's `config.json` as diffusers writes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::TinyConfig;
use crate::graph::lower::diffusers::unknown_keys;
use crate::picture::{ImageShape, ValueRange};

/// The side of images that are assumed: the configuration tells none, and the network takes any.
const SIDE: usize = 256;

/// The keys that matter here, with diffusers' defaults.
#[derive(Deserialize, Serialize)]
#[serde(default)]
struct Config {
    act_fn: String,
    decoder_block_out_channels: Vec<usize>,
    encoder_block_out_channels: Vec<usize>,
    in_channels: usize,
    latent_channels: usize,
    num_decoder_blocks: Vec<usize>,
    num_encoder_blocks: Vec<usize>,
    out_channels: usize,
    upsample_fn: String,
    upsampling_scaling_factor: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            act_fn: "relu".to_owned(),
            decoder_block_out_channels: vec![64; 4],
            encoder_block_out_channels: vec![64; 4],
            in_channels: 3,
            latent_channels: 4,
            num_decoder_blocks: vec![3, 3, 3, 1],
            num_encoder_blocks: vec![1, 3, 3, 3],
            out_channels: 3,
            upsample_fn: "nearest".to_owned(),
            upsampling_scaling_factor: 2,
        }
    }
}

/// Keys that say nothing of the network; every other one that [`Config`] lacks is unknown.
const BESIDE: [&str; 6] = [
    "block_out_channels",
    "force_upcast",
    "latent_magnitude",
    "latent_shift",
    "scaling_factor",
    "shift_factor",
];

impl TinyConfig {
    /// The description in a `config.json` of diffusers' `AutoencoderTiny`, and the keys that are not known.
    ///
    /// # Errors
    /// When a value is of another type, or when it describes a network of another kind.
    pub fn from_diffusers(config: &Map<String, Value>) -> Result<(Self, Vec<String>), String> {
        let unknown = unknown_keys(config, &Config::default(), &BESIDE);
        let config: Config = serde_json::from_value(Value::Object(config.clone()))
            .map_err(|error| error.to_string())?;
        for (key, found, expected) in
            [("act_fn", &config.act_fn, "relu"), ("upsample_fn", &config.upsample_fn, "nearest")]
        {
            if found != expected {
                return Err(format!("{key} is {found:?} (expected {expected:?})"));
            }
        }
        if config.out_channels != config.in_channels {
            let found = config.out_channels;
            return Err(format!("out_channels is {found} (expected as many as in_channels)"));
        }
        let described = Self {
            image: ImageShape::new(config.in_channels, SIDE, SIDE),
            range: ValueRange::SIGNED,
            latent_channels: config.latent_channels,
            encoder_block_out_channels: config.encoder_block_out_channels,
            num_encoder_blocks: config.num_encoder_blocks,
            decoder_block_out_channels: config.decoder_block_out_channels,
            num_decoder_blocks: config.num_decoder_blocks,
            upsampling_scaling_factor: config.upsampling_scaling_factor,
        };
        Ok((described, unknown))
    }

    /// The same as a `config.json` of diffusers, whose images are in `[-1, 1]` whatever this one's range is.
    pub fn to_diffusers(&self) -> Map<String, Value> {
        let config = json!({
            "_class_name": "AutoencoderTiny",
            "act_fn": "relu",
            "decoder_block_out_channels": self.decoder_block_out_channels,
            "encoder_block_out_channels": self.encoder_block_out_channels,
            "in_channels": self.image.channels,
            "latent_channels": self.latent_channels,
            "num_decoder_blocks": self.num_decoder_blocks,
            "num_encoder_blocks": self.num_encoder_blocks,
            "out_channels": self.image.channels,
            "upsample_fn": "nearest",
            "upsampling_scaling_factor": self.upsampling_scaling_factor,
        });
        match config {
            Value::Object(config) => config,
            _ => Map::new(),
        }
    }
}
