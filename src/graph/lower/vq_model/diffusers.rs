//! The autoencoder's `config.json` as diffusers writes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{DownBlock, Latents, NormType, UpBlock, VqModelConfig, VqModelConfigError};
use crate::graph::lower::diffusers::unknown_keys;
use crate::picture::ImageShape;

/// The keys that matter here, with diffusers' defaults.
#[derive(Deserialize, Serialize)]
#[serde(default)]
struct Config {
    #[serde(rename = "_class_name")]
    class_name: String,
    act_fn: String,
    block_out_channels: Vec<usize>,
    down_block_types: Vec<DownBlock>,
    in_channels: usize,
    latent_channels: Option<usize>,
    layers_per_block: usize,
    mid_block_add_attention: bool,
    norm_num_groups: usize,
    norm_type: NormType,
    num_vq_embeddings: usize,
    out_channels: usize,
    sample_size: Value,
    up_block_types: Vec<UpBlock>,
    use_post_quant_conv: bool,
    use_quant_conv: bool,
    vq_embed_dim: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            class_name: String::new(),
            act_fn: "silu".to_owned(),
            block_out_channels: vec![64],
            down_block_types: vec![DownBlock::Plain],
            in_channels: 3,
            latent_channels: None,
            layers_per_block: 1,
            mid_block_add_attention: true,
            norm_num_groups: 32,
            norm_type: NormType::Group,
            num_vq_embeddings: 256,
            out_channels: 3,
            sample_size: 32.into(),
            up_block_types: vec![UpBlock::Plain],
            use_post_quant_conv: true,
            use_quant_conv: true,
            vq_embed_dim: None,
        }
    }
}

/// Keys that say nothing of the network; every other one that [`Config`] lacks is unknown.
const BESIDE: [&str; 6] = [
    "force_upcast",
    "latents_mean",
    "latents_std",
    "lookup_from_codebook",
    "scaling_factor",
    "shift_factor",
];

impl VqModelConfig {
    /// The description in a `config.json` of diffusers' `VQModel` or `AutoencoderKL`, for images of its `sample_size`
    /// (rounded up to what can be halved as often as the network does); and the keys that are not known.
    ///
    /// # Errors
    /// When a value is of another type, when it describes a model of another kind, or when its sizes do not go
    /// together.
    pub fn from_diffusers(
        config: &Map<String, Value>,
    ) -> Result<(Self, Vec<String>), VqModelConfigError> {
        let unknown = unknown_keys(config, &Config::default(), &BESIDE);
        let config: Config = serde_json::from_value(Value::Object(config.clone()))
            .map_err(|error| VqModelConfigError::Json(error.to_string()))?;
        config.check_kind()?;
        let described = Self {
            image: config.image()?,
            latents: config.latents()?,
            latent_channels: config.latent_channels(),
            block_out_channels: config.block_out_channels,
            layers_per_block: config.layers_per_block,
            down_block_types: config.down_block_types,
            up_block_types: config.up_block_types,
            mid_block_add_attention: config.mid_block_add_attention,
            norm_num_groups: config.norm_num_groups,
            norm_type: config.norm_type,
        };
        described.check()?;
        Ok((described, unknown))
    }

    /// The same as a `config.json` of diffusers.
    pub fn to_diffusers(&self) -> Map<String, Value> {
        let image = self.image;
        let mut config = json!({
            "_class_name": "VQModel",
            "act_fn": "silu",
            "block_out_channels": self.block_out_channels,
            "down_block_types": self.down_block_types,
            "in_channels": image.channels,
            "latent_channels": self.latent_channels,
            "layers_per_block": self.layers_per_block,
            "mid_block_add_attention": self.mid_block_add_attention,
            "norm_num_groups": self.norm_num_groups,
            "out_channels": image.channels,
            "sample_size": image.height,
            "up_block_types": self.up_block_types,
        });
        if image.height != image.width {
            config["sample_size"] = json!([image.height, image.width]);
        }
        match self.latents {
            Latents::Codes { num_vq_embeddings, vq_embed_dim, .. } => {
                config["num_vq_embeddings"] = json!(num_vq_embeddings);
                config["vq_embed_dim"] = json!(vq_embed_dim);
                config["norm_type"] = json!(self.norm_type);
            }
            Latents::Normal { use_quant_conv, use_post_quant_conv } => {
                config["_class_name"] = json!("AutoencoderKL");
                config["use_quant_conv"] = json!(use_quant_conv);
                config["use_post_quant_conv"] = json!(use_post_quant_conv);
            }
        }
        match config {
            Value::Object(config) => config,
            _ => Map::new(),
        }
    }
}

impl Config {
    /// Refuses what the architecture does not have.
    fn check_kind(&self) -> Result<(), VqModelConfigError> {
        let expect = |holds, key, found: &str, expected| {
            let found = found.to_owned();
            if holds {
                Ok(())
            } else {
                Err(VqModelConfigError::Unsupported { key, found, expected })
            }
        };
        let is_silu = self.act_fn == "silu" || self.act_fn == "swish";
        expect(is_silu, "act_fn", &self.act_fn, "silu")?;
        let outputs = self.out_channels.to_string();
        let as_many = self.out_channels == self.in_channels;
        expect(as_many, "out_channels", &outputs, "as many as in_channels")
    }

    /// Images of the size that the model was trained on: a number, or height and width.
    fn image(&self) -> Result<ImageShape, VqModelConfigError> {
        let side = |value: &Value| value.as_u64().map(|side| side as usize);
        let sides = match &self.sample_size {
            Value::Array(sides) => sides.iter().map(side).collect::<Option<Vec<_>>>(),
            other => side(other).map(|side| vec![side; 2]),
        };
        let halvings = self.block_out_channels.len().saturating_sub(1).min(16);
        let whole = |side: usize| side.min(1 << 16).next_multiple_of(1 << halvings);
        match sides.as_deref() {
            Some(&[height, width]) => {
                Ok(ImageShape::new(self.in_channels, whole(height), whole(width)))
            }
            _ => Err(VqModelConfigError::Unsupported {
                key: "sample_size",
                found: self.sample_size.to_string(),
                expected: "a whole number, or two for height and width",
            }),
        }
    }

    fn latent_channels(&self) -> usize {
        let default = if self.class_name == "VQModel" { 3 } else { 4 };
        self.latent_channels.unwrap_or(default)
    }

    fn latents(&self) -> Result<Latents, VqModelConfigError> {
        match self.class_name.as_str() {
            "VQModel" => Ok(Latents::Codes {
                num_vq_embeddings: self.num_vq_embeddings,
                vq_embed_dim: self.vq_embed_dim.unwrap_or(self.latent_channels()),
                by_projection: false,
            }),
            "AutoencoderKL" => Ok(Latents::Normal {
                use_quant_conv: self.use_quant_conv,
                use_post_quant_conv: self.use_post_quant_conv,
            }),
            _ => Err(VqModelConfigError::Unsupported {
                key: "_class_name",
                found: format!("{:?}", self.class_name),
                expected: "VQModel or AutoencoderKL",
            }),
        }
    }
}
