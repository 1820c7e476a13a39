//! Large models: pieces agree with the whole, what a run takes is known beforehand, and it can be watched and ended.

mod pieces;
mod previews;
mod splitting;
mod watching;

use zscope::array::NamedArrays;
use zscope::graph::Graph;
use zscope::graph::lower::Architecture as _;
use zscope::graph::lower::vq_model::{DownBlock, Latents, NormType, UpBlock, VqModelConfig};
use zscope::picture::ImageShape;

use crate::engine_matches_twin::random_weights;

/// An autoencoder of normal latents for square images, with attention in the middle.
pub fn autoencoder(side: usize, channels: &[usize], layers: usize, groups: usize) -> VqModelConfig {
    let config = VqModelConfig {
        image: ImageShape::new(3, side, side),
        block_out_channels: channels.to_vec(),
        layers_per_block: layers,
        down_block_types: vec![DownBlock::Plain; channels.len()],
        up_block_types: vec![UpBlock::Plain; channels.len()],
        mid_block_add_attention: true,
        norm_num_groups: groups,
        norm_type: NormType::Group,
        latent_channels: 4,
        latents: Latents::Normal { use_quant_conv: true, use_post_quant_conv: true },
    };
    config.check().expect("sizes that go together");
    config
}

/// Its tensors, drawn.
pub fn tensors(config: &VqModelConfig, seed: u64) -> NamedArrays {
    let shapes = config.tensors();
    let shapes: Vec<_> = shapes.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
    random_weights(seed, &shapes)
}

/// Its decoder with random weights.
fn decoder(config: &VqModelConfig, seed: u64) -> Graph {
    let networks = config.lower(&tensors(config, seed)).expect("its graphs");
    networks.decoder.expect("a decoder")
}
