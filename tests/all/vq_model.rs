//! The autoencoder of VQGAN and latent diffusion: its description, its graphs, its module.

mod description;
mod module;
mod oracles;

use zscope::graph::lower::vq_model::{
    DownBlock, Latents, NormType, UpBlock, VqModelConfig, VqModelConfigError,
};
use zscope::picture::ImageShape;

/// Codes that [`config`] has.
const CODES: Latents =
    Latents::Codes { num_vq_embeddings: 13, vq_embed_dim: 5, by_projection: false };

/// A small model of one level for each entry of `channels`; `attention` has an entry for each, from the image down.
fn config(image: [usize; 3], channels: &[usize], attention: &[bool]) -> VqModelConfig {
    let [c, h, w] = image;
    let down = |attended: &bool| if *attended { DownBlock::Attention } else { DownBlock::Plain };
    let up = |attended: &bool| if *attended { UpBlock::Attention } else { UpBlock::Plain };
    let config = VqModelConfig {
        image: ImageShape::new(c, h, w),
        block_out_channels: channels.to_vec(),
        layers_per_block: 1,
        down_block_types: attention.iter().map(down).collect(),
        up_block_types: attention.iter().rev().map(up).collect(),
        mid_block_add_attention: true,
        norm_num_groups: 2,
        norm_type: NormType::Group,
        latent_channels: 3,
        latents: CODES,
    };
    config.check().expect("sizes that go together");
    config
}

/// The description in the text of a `config.json`.
fn described(text: &str) -> Result<VqModelConfig, VqModelConfigError> {
    let config = serde_json::from_str(text).expect("JSON");
    VqModelConfig::from_diffusers(&config).map(|(config, _)| config)
}

/// Models with and without attention, of codes and of normal latents, of one level and of several.
fn configs() -> Vec<VqModelConfig> {
    let normal = |use_quant_conv, use_post_quant_conv| Latents::Normal {
        use_quant_conv,
        use_post_quant_conv,
    };
    let three = config([1, 12, 20], &[4, 6, 4], &[false, false, true]);
    let two = config([3, 6, 10], &[6, 8], &[true, false]);
    let one = config([2, 5, 7], &[4], &[false]);
    vec![
        three.clone(),
        VqModelConfig { layers_per_block: 2, mid_block_add_attention: false, ..two.clone() },
        VqModelConfig { latents: normal(true, true), ..two },
        VqModelConfig { latents: normal(false, false), norm_num_groups: 1, ..one.clone() },
        VqModelConfig { latents: normal(true, false), ..one },
    ]
}
